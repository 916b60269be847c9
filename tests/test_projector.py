"""A figure for the back row: the same data, with text of 24 px and more."""

import copy

import pytest

from gru_viz.experiment import Experiment
from gru_viz.figures.contrast import difference_figure, gradient_figure, states_figure
from gru_viz.figures.projector import TEXT, enlarged
from gru_viz.runs import contrast
from gru_viz.theme import DARK, LIGHT

FOUND = contrast(Experiment())
LABELS = FOUND.sequence.labels
FIGURES = {
    "gradient": gradient_figure(FOUND.reports, LABELS, LIGHT),
    "states": states_figure(FOUND.reports, LABELS, DARK),
    "difference": difference_figure(FOUND.differences, LABELS, LIGHT),
}


def values(part, path=()):
    """Each plain value of a figure, under its path."""
    if isinstance(part, dict | list):
        for key, inner in part.items() if isinstance(part, dict) else enumerate(part):
            yield from values(inner, (*path, key))
    else:
        yield path, part


@pytest.mark.parametrize("name", FIGURES)
def test_all_text_can_be_read_from_the_back_row(name):
    large = dict(values(enlarged(FIGURES[name])))
    sizes = [v for path, v in large.items() if path[-1] == "size" and str(path[-2]).endswith("font")]
    assert sizes
    assert min(sizes) >= TEXT
    assert not any("font-size:1" in v for v in large.values() if isinstance(v, str))


@pytest.mark.parametrize("name", FIGURES)
def test_the_data_stay_and_only_lengths_grow(name):
    small, before = dict(values(FIGURES[name])), copy.deepcopy(FIGURES[name])
    large = dict(values(enlarged(FIGURES[name])))
    assert FIGURES[name] == before
    assert list(small) == list(large)
    lengths = {"size", "width", "height", "l", "r", "t", "b", "xshift", "yshift", "standoff", "thickness", "xpad"}
    for path, value in small.items():
        if path[-1] in lengths and isinstance(value, int | float):
            assert abs(large[path]) > abs(value) or value == 0, path
        elif not (isinstance(value, str) and "font-size" in value):
            assert large[path] == value, path
