"""The figure of the Compare page and the page itself."""

import re
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from gru_viz.cells import cell_names
from gru_viz.conclusions import compare as conclusions
from gru_viz.experiment import Experiment
from gru_viz.figures.compare import HEIGHT, price_figure
from gru_viz.settings import KEEP_CHOICES
from gru_viz.theme import DARK, LIGHT, cell_colour
from tests.comparing import TEXT, found_for, made
from tests.saying import by_cell, plain, read

# -- drawn -------------------------------------------------------------------------------------------------------------


BESIDE = {
    "rnn": "RNN", "lstm": "LSTM {}", "gru": "GRU {}", "gru_reset_after": "GRU {} (reset after)",
    "lstm_peephole": "LSTM {} (peepholes)",
}  # fmt: skip


def named(drawn):
    """Name beside the plot -> where the hairline begins that leads to it"""
    names = [each for each in drawn["layout"]["annotations"] if each["x"] == 1]
    low, high = drawn["layout"]["yaxis"]["range"]
    for name, line in zip(names, drawn["layout"]["shapes"], strict=True):
        assert line["x1"] == drawn["layout"]["xaxis"]["range"][1]
        assert line["y1"] == pytest.approx(low + name["y"] * (high - low))
        assert line["line"]["color"] == name["font"]["color"]
    return {
        re.sub("(<[^>]*>)+", " ", name["text"]).strip(): (line["x0"], line["y0"])
        for name, line in zip(names, drawn["layout"]["shapes"], strict=True)
    }


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
        last = max((k for k, one in enumerate(each.prices) if one.has_point), key=lambda k: each.prices[k].left["h"])
        name = BESIDE[each.cell.name].format(KEEP_CHOICES[each.prices[last].keep])
        assert named(drawn).pop(name) == (line["x"][last], line["y"][last])
        assert line["marker"]["color"] == cell_colour(theme, each.cell)
        largest = [one.keep for one, size in zip(each.prices, line["marker"]["size"], strict=True) if size > 9]
        assert largest == [1.0]
    assert len(named(drawn)) == len(found)


def test_nothing_left_stands_at_the_edge_that_says_so():
    drawn = price_figure([made("gru", ((0.0, 5), (1e-20, None)))], 3.0, LIGHT)
    axis, (line,) = drawn["layout"]["xaxis"], drawn["data"]
    assert line["x"] == [-14, None]
    assert line["y"][1] is None
    assert (axis["tickvals"][0], axis["ticktext"][0]) == (-14, "nothing")
    assert "nothing" not in price_figure([made()], 3.0, LIGHT)["layout"]["xaxis"]["ticktext"]


@pytest.mark.parametrize(
    ("points", "name", "at", "texts"),
    [
        (((0.1, 5), (0.5, 50)), "GRU 95 %", (0.5, 50), ["50 %", ""]),
        (((0.5, 50), (0.1, 5)), "GRU 50 %", (0.5, 50), ["", "95 %"]),
        (((0.0, 5), (0.0, 50)), "GRU 95 %", (1e-14, 50), ["50 %", ""]),
        (((0.1, 5), (0.5, None)), "GRU 50 %", (0.1, 5), ["", ""]),
        (((0.1, 0), (0.5, 50)), "GRU 95 %", (0.5, 50), ["", ""]),
        (((0.1, 5),), "GRU", (0.1, 5), [""]),
    ],
)
def test_a_cell_is_named_at_its_point_to_the_right_whichever_that_is(points, name, at, texts):
    drawn = price_figure([made("gru", points)], 3.0, LIGHT)
    assert named(drawn) == {name: tuple(np.log10(at))}
    assert drawn["data"][0]["text"] == texts


def test_a_cell_without_a_point_has_no_name_beside_the_plot():
    assert named(price_figure([made("gru", ((None, 5), (0.5, 0))), made("rnn", ((0.1, 5),))], 3.0, LIGHT)) == {
        "RNN": tuple(np.log10((0.1, 5)))
    }


def test_names_lie_over_no_other():
    found = [made(name, ((0.1, 50), (0.5, 50))) for name in cell_names()]
    drawn = price_figure(found, 3.0, LIGHT)
    places = sorted(each["y"] for each in drawn["layout"]["annotations"] if each["x"] == 1)
    assert len(places) == len(cell_names())
    assert np.diff(places).min() * HEIGHT >= 2 * 15  # two lines of 13 px
    assert 0 <= places[0] <= places[-1] <= 1


def test_a_cell_whose_most_keeping_settings_do_not_settle_is_named_all_the_same():
    """By brute force two of the four settings come to rest."""
    found, _ = found_for(Experiment(cells=("gru",), hidden_size=16, seed=6229, recurrent_gain=4, input_gain=0.5))
    assert [each.steps is None for each in found[0].prices] == [True, True, False, False]
    drawn = price_figure(found, 2.0, LIGHT)
    (line,) = drawn["data"]
    assert [x is not None for x in line["x"]] == [False, False, True, True]
    assert list(named(drawn).values()) == [max((line["x"][k], line["y"][k]) for k in (2, 3))]


@pytest.mark.parametrize("plain", [0.9, 10.0, 200.0])  # of the RNN's share of the GRU's: which stands at the left
@pytest.mark.parametrize("decades", [*np.arange(1, 14, 0.25), 15])
def test_the_labels_of_the_shares_are_level_and_lie_over_no_other_on_a_phone(decades, plain):
    """A digit is some 7 px wide and a raised one 5, a setting 32, and a phone's plot 190 px."""
    share = 10.0**-decades
    found = [made("rnn", ((share / plain, 5),)), made("gru", ((share, 5), (0.5, 50)))]
    drawn = price_figure(found, 3.0, LIGHT)
    axis = drawn["layout"]["xaxis"]
    assert axis["tickangle"] == 0
    low, high = axis["range"]
    assert drawn["data"][1]["text"] == ["50 %", ""]
    assert 190 * (drawn["data"][1]["x"][0] - low) / (high - low) >= 32 + 4
    places = [190 * (tick - low) / (high - low) for tick in axis["tickvals"]]
    widths = [sum(7 if each.isascii() else 5 for each in text) for text in axis["ticktext"]]
    assert len(places) >= 2
    assert all(0 <= place <= 190 for place in places)
    for k in range(1, len(places)):
        assert places[k] - places[k - 1] - (widths[k] + widths[k - 1]) / 2 >= 3, (axis["ticktext"], k)


@pytest.mark.parametrize("steps", [(1, 1), (11, 16), (10, 10), (12, 12), (3000, 3000), (1, 3000), (7, 9)])
def test_at_least_two_labels_say_how_many_steps(steps):
    axis = price_figure([made("gru", ((0.1, steps[0]), (0.5, steps[1])))], 3.0, LIGHT)["layout"]["yaxis"]
    low, high = axis["range"]
    shown = [tick for tick in axis["tickvals"] if low <= tick <= high]
    assert len(shown) >= 2
    assert shown[0] <= np.log10(min(steps)) <= np.log10(max(steps)) <= shown[-1]


def test_a_price_without_both_numbers_has_no_point():
    found = [made("gru", ((None, 5), (0.5, 0)))]
    drawn = price_figure(found, 3.0, LIGHT)
    assert drawn["data"][0]["x"] == drawn["data"][0]["y"] == [None, None]
    read = conclusions.how_to_read(found, TEXT)
    assert "Where one of the two changes nothing there is none either." in read
    assert "come to rest" not in read
    assert "come to rest in 3000 steps" in conclusions.how_to_read([made("gru", ((0.1, 5), (0.5, None)))], TEXT)
    assert conclusions.prices_table(found)["left in h"] == ["no difference", 0.5]


def test_the_settings_at_the_left_stand_away_from_the_other_lines():
    left, right, flat = ((0.01, 50), (0.03, 500)), ((0.1, 5), (0.5, 50)), ((0.1, 50), (0.5, 50))
    for points, sides in (((left, right), (0, 1)), ((right, left), (1, 0)), ((flat, flat), (0, 1))):
        found = [made("rnn", ((0.1, 5),)), *map(made, ("lstm", "gru"), points)]
        alone, *lines = price_figure(found, 3.0, LIGHT)["data"]
        assert [line["textposition"] for line in lines] == [("top left", "bottom right")[side] for side in sides]
        assert [line["text"] for line in lines] == [["50 %", ""]] * 2
        assert alone["text"] == [""]
    (line,) = price_figure([made("gru", flat)], 3.0, LIGHT)["data"]  # no height at all
    assert line["textposition"] == "top left"
    between = ((0.05, 20), (0.2, 200))
    found = [made("lstm", right), made("gru", between), made("gru_reset_after", left)]
    assert [line["text"] for line in price_figure(found, 3.0, LIGHT)["data"]] == [["50 %", ""], ["", ""], ["50 %", ""]]


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


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("rnn,lstm", []),
        ("rnn,lstm_peephole", ["And, under More: LSTM (peepholes)."]),
        (",".join(cell_names()), ["And, under More: GRU (reset after) and LSTM (peepholes)."]),
    ],
)
def test_the_sidebar_names_the_variants_too_that_are_compared(cells, said):
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params.update({"cells": cells})
    app.run()
    assert [each.value for each in app.sidebar.caption if "under More" in each.value] == said
