"""Where a value has a sign it is seen without colour: what is below 0 fills only the lower half of its square."""

import json
import re

import numpy as np
import pytest

from gru_viz.cells import cell_names
from gru_viz.experiment import Experiment
from gru_viz.figures.common import untyped
from gru_viz.figures.contrast import MAX_RUNS, states_figure
from gru_viz.lessons import LESSONS
from gru_viz.runs import contrast
from gru_viz.theme import DARK, LIGHT
from tests.test_app import open_app
from tests.test_theme import luminance

TYPED = "A ship in the Ada harbour, 31 letters."
RUNS = {
    "default": Experiment(),
    "every cell": Experiment(cells=cell_names(), hidden_size=5, text=TYPED),
    "one unit, one step": Experiment(hidden_size=1, text="Ada", replace="A", by="B"),
    "many units": Experiment(hidden_size=24, text=TYPED, seed=3),
    **{lesson.name: lesson.example.experiment for lesson in LESSONS},
}
NUMBER = r"(-?\d+(?:\.\d+)?)"
COVER = re.compile(rf"M{NUMBER},{NUMBER}H{NUMBER}V{NUMBER}H{NUMBER}")


def drawn(experiment, theme=LIGHT):
    found = contrast(experiment)
    return states_figure(found.reports, found.sequence.labels, theme)


def covered(figure, axis, shape):
    """(units, T): whether the upper half of a square of that heatmap lies under a cover. The rows run downwards."""
    upper = np.zeros(shape, dtype=int)
    for cover in figure["layout"]["shapes"]:
        if cover["yref"] != axis:
            continue
        assert COVER.sub("", cover["path"]) == ""
        for left, top, right, bottom, back in np.array(COVER.findall(cover["path"]), dtype=float):
            assert (back, bottom - top) == (left, 0.5)
            assert {left % 1, right % 1, top % 1} == {0.5}  # the edges of squares, never the name of a step
            upper[int(top - 0.5), int(left + 0.5) : int(right + 0.5)] += 1
    assert set(np.unique(upper)) <= {0, 1}  # nothing is covered twice
    return upper == 1


@pytest.mark.parametrize("name", RUNS)
def test_exactly_what_is_negative_is_half_covered(name):
    figure = drawn(RUNS[name])
    for heatmap in figure["data"]:
        values = untyped(heatmap["z"])
        assert figure["layout"][heatmap["yaxis"].replace("y", "yaxis")]["autorange"] == "reversed"
        np.testing.assert_array_equal(covered(figure, heatmap["yaxis"], values.shape), values < 0)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_without_colour_only_the_covers_tell_the_signs_apart(theme):
    """Colours of −v and v may be equally bright: a cover in the colour of the page is what cannot be mistaken."""
    figure = drawn(Experiment(), theme)
    assert {cover["fillcolor"] for cover in figure["layout"]["shapes"]} == {theme.ground}
    assert {cover["line"]["width"] for cover in figure["layout"]["shapes"]} == {0}
    ground = luminance(theme.ground)
    for colour in (theme.signed[1], theme.signed[2]):  # a square that is seen at all is seen to be half a square
        light, dark = sorted([luminance(colour), ground], reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3


def test_of_too_many_squares_none_is_covered_and_nothing_says_so():
    long = Experiment(text="Ada " * 200, hidden_size=16)
    assert drawn(long)["layout"]["shapes"] == []
    said = [open_app(text=text, hidden="16") for text in ("Ada ", "Ada " * 200)]
    assert [any("lower half" in each.value for each in app.caption) for app in said] == [True, False]


def test_a_figure_does_not_grow_much_by_it():
    worst = 0
    for steps in range(20, 160, 20):
        figure = drawn(Experiment(text=("Ada saw " * 30)[:steps], hidden_size=16))
        paths = [cover["path"] for cover in figure["layout"]["shapes"]]
        assert sum(path.count("M") for path in paths) <= MAX_RUNS
        worst = max(worst, len(json.dumps(paths)))
    assert 5_000 < worst < 25_000
