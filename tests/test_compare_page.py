"""The figure of the Compare page and the page itself."""

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from gru_viz.cells import cell, cell_names
from gru_viz.conclusions import compare as conclusions
from gru_viz.experiment import Experiment
from gru_viz.figures.compare import price_figure
from gru_viz.theme import DARK, LIGHT, cell_colour
from tests.comparing import TEXT, found_for, made
from tests.saying import by_cell, plain, read

# -- drawn -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_figure_has_a_point_for_each_price(theme):
    found, _ = found_for(Experiment(cells=cell_names(), keep=1.0))
    drawn = price_figure(found, 1.0, theme)
    low, high = drawn["layout"]["xaxis"]["range"]
    bottom, top = drawn["layout"]["yaxis"]["range"]
    assert len(drawn["data"]) == len(found)
    for line, each in zip(drawn["data"], found, strict=True):
        assert [x is not None for x in line["x"]] == [one.has_point for one in each.prices]
        places = [np.log10(one.left["h"]) for one in each.prices if one.has_point]
        assert [x for x in line["x"] if x is not None] == pytest.approx(places, rel=1e-12)
        assert any(one.has_point for one in each.prices)
        assert [y and round(10**y) for y in line["y"]] == [one.steps for one in each.prices]
        assert all(low < x < high for x in line["x"] if x is not None)
        assert all(bottom < y < top for y in line["y"] if y)
        assert each.cell.title in [text for text, x in zip(line["text"], line["x"], strict=True) if x is not None][-1]
        assert line["marker"]["color"] == cell_colour(theme, each.cell)
        largest = [one.keep for one, size in zip(each.prices, line["marker"]["size"], strict=True) if size > 9]
        assert largest == [1.0]


def test_nothing_left_stands_at_the_edge_that_says_so():
    drawn = price_figure([made("gru", ((0.0, 5), (1e-20, None)))], 3.0, LIGHT)
    axis, (line,) = drawn["layout"]["xaxis"], drawn["data"]
    assert line["x"] == [-14, None]
    assert line["y"][1] is None
    assert (axis["tickvals"][0], axis["ticktext"][0]) == (-14, "nothing")
    assert "nothing" not in price_figure([made()], 3.0, LIGHT)["layout"]["xaxis"]["ticktext"]


@pytest.mark.parametrize(
    ("points", "texts"),
    [
        (((0.1, 5), (0.5, 50)), ["50 %", "GRU, 95 %"]),
        (((0.1, 5), (0.5, None)), ["GRU, 50 %", ""]),
        (((0.1, 0), (0.5, 50)), ["", "GRU, 95 %"]),
        (((None, 5), (0.5, 0)), ["", ""]),
        (((0.1, 5),), ["GRU"]),
    ],
)
def test_the_name_of_a_cell_stands_at_its_last_point_whichever_that_is(points, texts):
    (line,) = price_figure([made("gru", points)], 3.0, LIGHT)["data"]
    assert line["text"] == texts


def test_a_cell_whose_most_keeping_settings_do_not_settle_is_named_all_the_same():
    """By brute force two of the four settings come to rest."""
    found, _ = found_for(Experiment(cells=("gru",), hidden_size=16, seed=6229, recurrent_gain=4, input_gain=0.5))
    assert [each.steps is None for each in found[0].prices] == [True, True, False, False]
    (line,) = price_figure(found, 2.0, LIGHT)["data"]
    assert [bool(text) for text in line["text"]] == [x is not None for x in line["x"]] == [False, False, True, True]


def test_a_price_without_both_numbers_has_no_point():
    found = [made("gru", ((None, 5), (0.5, 0)))]
    drawn = price_figure(found, 3.0, LIGHT)
    assert drawn["data"][0]["x"] == drawn["data"][0]["y"] == [None, None]
    read = conclusions.how_to_read(found, TEXT)
    assert "Where one of the two changes nothing there is none either." in read
    assert "come to rest" not in read
    assert "come to rest in 3000 steps" in conclusions.how_to_read([made("gru", ((0.1, 5), (0.5, None)))], TEXT)
    assert conclusions.prices_table(found)["left in h"] == ["no difference", 0.5]


def test_labels_stand_away_from_the_other_line():
    left, right, flat = ((0.01, 50), (0.03, 500)), ((0.1, 5), (0.5, 50)), ((0.1, 50), (0.5, 50))
    for points, sides in (((left, right), (0, 1)), ((right, left), (1, 0)), ((flat, flat), (0, 1))):
        found = [made("rnn", ((0.1, 5),)), *map(made, ("lstm", "gru"), points)]
        alone, *lines = price_figure(found, 3.0, LIGHT)["data"]
        assert [line["textposition"] for line in lines] == [("top left", "bottom right")[side] for side in sides]
        assert alone["textposition"] == "top right"
    (line,) = price_figure([made("gru", flat)], 3.0, LIGHT)["data"]  # no height at all
    assert line["textposition"] == "top left"


def test_the_labels_of_many_cells_stand_in_a_legend():
    three, five = (
        price_figure([made(name, ((0.1, 5), (0.5, 50))) for name in names], 3.0, LIGHT)
        for names in (("rnn", "lstm", "gru"), cell_names())
    )
    assert all("text" in each["mode"] for each in three["data"])
    assert not three["layout"]["showlegend"]
    assert not any("text" in each["mode"] for each in five["data"])
    assert five["layout"]["showlegend"]
    assert [each["name"] for each in five["data"]] == [cell(name).title for name in cell_names()]
    plots = [
        each["layout"]["height"] - each["layout"]["margin"]["t"] - each["layout"]["margin"]["b"]
        for each in (three, five)
    ]
    assert plots[0] == plots[1]
    assert five["layout"]["margin"]["b"] - three["layout"]["margin"]["b"] >= 20 * len(cell_names())


# -- the page ----------------------------------------------------------------------------------------------------------

APP = Path(__file__).resolve().parents[1] / "app.py"
WAYS = {
    "default": {},
    "numbers": {"numbers": "1 0 0 0 0 0 0 0"},
    "words": {"words": "the cat sat on the mat"},
    "rows": {"rows": "0 2\n3 4\n5 6"},
    "signal": {"signal": "adding 30 1"},
    "one step": {"text": "a"},
    "one cell": {"cells": "rnn"},
    "without effect": {"gain": "0", "input_gain": "0"},
    "counter": {"weights": "counter"},
    "turning": {"gain": "4"},
    "all cells": {"cells": ",".join(cell_names()), "hidden": "16"},
    "hand-set": {"weights": "counter", "text": "(())"},
    "markup": {"text": "*<b>:red[x]"},
    "long": {"text": "ab" * 1000, "hidden": "64"},
}


@pytest.mark.parametrize("way", WAYS)
def test_the_page_says_and_draws_what_was_measured(way):
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params.update(WAYS[way])
    app.run()
    app.switch_page("app_pages/compare.py").run()
    assert not app.exception, app.exception
    found, sequence = found_for(app.session_state["experiment"])
    assert [plain(each.value) for each in app.main.title] == ["What does each cell cost and keep?"]
    said = [plain(each.value) for each in app.main.markdown]
    assert conclusions.costs(found, sequence, app.session_state["experiment"].hidden_size) in said
    assert conclusions.memory(found, sequence) in said
    assert plain(app.main.subheader[0].value) == conclusions.finding(found, sequence)
    charts = [chart.proto.alt for chart in app.get("plotly_chart")]
    points = any(one.steps and one.left["h"] is not None for each in found for one in each.prices)
    assert charts == [conclusions.described(found, sequence)] * points


def test_what_is_shown_of_the_default_is_right():
    app = AppTest.from_file(APP, default_timeout=60).run()
    app.switch_page("app_pages/compare.py").run()
    said = plain(app.main.markdown[2].value)
    shares = {title: read(number) for title, number in by_cell(said).items()}
    assert shares == {"RNN": 3.3e-14, "LSTM": 0.015, "GRU": 0.014}
