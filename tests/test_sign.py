"""Where a value has a sign it is seen without colour: what is below 0 fills only the lower half of its square."""

import json

import numpy as np
import pytest

from gru_viz.cells import cell_names
from gru_viz.experiment import Experiment
from gru_viz.figures.common import untyped
from gru_viz.figures.contrast import states_figure
from gru_viz.lessons import LESSONS
from gru_viz.runs import contrast
from gru_viz.theme import DARK, LIGHT
from tests.test_theme import luminance

TYPED = "A ship in the Ada harbour, 31 letters."
RUNS = {
    "default": Experiment(),
    "every cell": Experiment(cells=cell_names(), hidden_size=5, text=TYPED),
    "one unit, one step": Experiment(hidden_size=1, text="Ada", replace="A", by="B"),
    "many units": Experiment(hidden_size=24, text=TYPED, seed=3),
    "as many as are drawn": Experiment(hidden_size=64, text="Ada " * 500),
    **{lesson.name: lesson.example.experiment for lesson in LESSONS},
}


def drawn(experiment, theme=LIGHT):
    found = contrast(experiment)
    return states_figure(found.reports, found.sequence.labels, theme)


def layers(figure):
    """Each heatmap with its cover, which lies above it."""
    half = len(figure["data"]) // 2
    return list(zip(figure["data"][:half], figure["data"][half:], strict=True))


@pytest.mark.parametrize("name", RUNS)
def test_exactly_what_is_negative_is_half_covered(name):
    figure = drawn(RUNS[name])
    for heatmap, cover in layers(figure):
        values, halves = untyped(heatmap["z"]), untyped(cover["z"])
        assert (cover["yaxis"], cover["x"]) == (heatmap["yaxis"], heatmap["x"])
        assert (
            figure["layout"][heatmap["yaxis"].replace("y", "yaxis")]["autorange"] == "reversed"
        )  # the first row on top
        rows = [cover["y0"] + cover["dy"] * row for row in range(len(halves))]
        assert rows == [unit + part for unit in heatmap["y"] for part in (-0.25, 0.25)]
        np.testing.assert_array_equal(halves[::2], values < 0)
        assert not halves[1::2].any()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_without_colour_only_the_covers_tell_the_signs_apart(theme):
    """Colours of −v and v may be equally bright: a cover in the colour of the page is what cannot be mistaken."""
    for _, cover in layers(drawn(Experiment(), theme)):
        assert cover["colorscale"] == [[0, "rgba(0,0,0,0)"], [1, theme.ground]]
        assert (cover["zmin"], cover["zmax"]) == (0, 1)
    ground = luminance(theme.ground)
    for colour in (theme.signed[1], theme.signed[2]):  # a square that is seen at all is seen to be half a square
        light, dark = sorted([luminance(colour), ground], reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3


def test_covers_are_neither_pointed_at_nor_named_by_a_scale():
    assert {(cover["hoverinfo"], cover["showscale"]) for _, cover in layers(drawn(Experiment()))} == {("skip", False)}


def test_a_figure_does_not_grow_much_by_it():
    """A byte for each half of a square, where its value takes four."""
    sizes = [[len(json.dumps(each["z"])) for each in pair] for pair in layers(drawn(RUNS["as many as are drawn"]))]
    assert all(cover <= 0.51 * own for own, cover in sizes)
    assert sum(map(sum, sizes)) < 410_000
