"""The figures of the Gates page draw the gates as they are, each in its place and colour."""

import itertools
import json
import math
import re

import numpy as np
import pytest

import gru_viz
from gru_viz.cells import Cell, cell, cell_names
from gru_viz.experiment import Experiment
from gru_viz.figures.common import untyped
from gru_viz.figures.gates import gates_figure, half_life_figure, lines_figure, saturation_figure, units_shown
from gru_viz.measures.gates import gates
from gru_viz.theme import DARK, LIGHT, THEMES
from tests.gating import CELLS, FOUND, SEQUENCE, all_gates, gate


def figures(found=FOUND, cells=CELLS, labels=SEQUENCE.labels, theme=LIGHT, units=(0, 3)):
    return {
        "gates": gates_figure(cells, found, labels, theme),
        "lines": lines_figure(cells, found, units, labels, theme),
        "saturation": saturation_figure(found, theme),
        "half_life": half_life_figure(found, theme),
    }


def texts(drawn):
    return [re.sub("<[^>]*>", " ", each["text"]) for each in drawn["layout"]["annotations"]]


def test_heatmaps_are_the_gates_in_the_order_of_the_cells():
    drawn = figures()["gates"]
    assert [each["name"] for each in drawn["data"]] == [f"{each.cell.title} {each.name}" for each in FOUND]
    tops = [drawn["layout"]["yaxis" + each["yaxis"][1:]]["domain"] for each in drawn["data"]]
    assert all(above[0] > below[1] for above, below in itertools.pairwise(tops))
    assert 0 <= tops[-1][0] < tops[0][1] <= 1
    for each, heat in zip(FOUND, drawn["data"], strict=True):
        np.testing.assert_allclose(untyped(heat["z"]), each.values.T, rtol=1e-6)
        assert (heat["zmin"], heat["zmax"]) == (0, 1)
        assert heat["colorscale"] == [[0, LIGHT.ground], [1, LIGHT.roles[each.role]]]
        assert heat["x"] == [str(step) for step in range(1, 12)]


def test_what_keeps_has_one_colour_whatever_it_is_called():
    drawn = {each["name"]: each["colorscale"] for each in figures()["gates"]["data"]}
    assert drawn["LSTM f"] == drawn["GRU 1−z"] == drawn["GRU (reset after) z"]
    assert drawn["LSTM i"] == drawn["GRU z"] == drawn["GRU (reset after) 1−z"]
    assert drawn["LSTM f"] != drawn["LSTM i"]


def test_a_cell_without_gates_has_a_line_that_says_so():
    said = [text.strip() for text in texts(figures()["gates"])]
    assert " ".join(said[0].split()) == "RNN : no gates"
    assert sum("no gates" in text for text in said) == 1
    assert not any("RNN" in text for text in texts(figures()["lines"]))


def test_lines_are_the_gates_of_the_chosen_units():
    drawn = figures()["lines"]
    lines = {each["name"]: each for each in drawn["data"]}
    assert len(lines) == 2 * len(FOUND)
    panels = {}
    for each, unit in itertools.product(FOUND, (0, 3)):
        line = lines[f"{each.cell.title} {each.name} of unit {unit + 1}"]
        np.testing.assert_allclose(untyped(line["y"]), each.values[:, unit], rtol=1e-6)
        assert line["line"]["color"] == LIGHT.roles[each.role]
        panels.setdefault(line["yaxis"], set()).add((each.cell.name, unit))
    assert len(panels) == 8
    assert all(len(owners) == 1 for owners in panels.values())


def test_names_at_the_ends_of_lines_do_not_lie_over_each_other():
    """Also where one panel's line ends at its lower edge, and the next one's at its upper edge."""
    ends = [[[0.5, 0.5], [low, 1 - low]] for low in (0.0, 0.01, 0.02)]
    found = [gate(values, name) for values, name in zip(ends, "fio", strict=True)]
    drawn = lines_figure([cell("lstm")], found, (0, 1), ("a", "b"), LIGHT)["layout"]
    plot = drawn["height"] - drawn["margin"]["t"] - drawn["margin"]["b"]
    places = sorted(plot * each["y"] for each in drawn["annotations"] if each["x"] == 1)
    assert len(places) == 6
    assert min(np.diff(places)) >= 17 - 1e-6


def test_gates_of_one_cell_are_told_apart_by_dash_as_well():
    lines = figures(units=(0,))["lines"]["data"]
    for name in ("LSTM", "GRU"):
        dashes = [each["line"]["dash"] for each in lines if re.match(rf"{name} \S+ of", each["name"])]
        assert len(set(dashes)) == len(dashes) == 3


def test_each_unit_has_its_place_in_the_triangle():
    drawn = figures()["saturation"]
    assert [each["name"] for each in drawn["data"]] == [f"{each.cell.title} {each.name}" for each in FOUND]
    for each, marks in zip(FOUND, drawn["data"], strict=True):
        x, y = untyped(marks["x"]), untyped(marks["y"])
        assert (x + y <= 1 + 1e-6).all()
        places = {}
        for k, (text, size) in enumerate(zip(marks["customdata"], marks["text"], strict=True)):
            units = [int(unit) - 1 for unit in re.findall(r"\d+", text)]
            places |= dict.fromkeys(units, (x[k], y[k]))
            assert size in ("", f"×{len(units)}")
            assert size == "" or len(units) > 1
        assert sorted(places) == list(range(5))
        assert sorted(zip(x, y, strict=True)) == list(zip(x, y, strict=True))  # whichever unit is where
        for unit, (shut, opened) in places.items():
            assert shut == pytest.approx(np.mean(each.values[:, unit] < 0.1), abs=1e-6)
            assert opened == pytest.approx(np.mean(each.values[:, unit] > 0.9), abs=1e-6)


def panel(drawn, marks):
    """Where a gate's panel stands, in parts of the plot: left, right, lower and upper end."""
    assert marks["xaxis"][1:] == marks["yaxis"][1:]
    return [end for axis in "xy" for end in drawn["layout"][f"{axis}axis{marks['xaxis'][1:]}"]["domain"]]


@pytest.mark.parametrize("names", [("lstm",), ("gru", "lstm"), tuple(cell_names())])
def test_each_gate_has_a_panel_of_its_own_below_its_name(names):
    found = [each for each in FOUND if each.cell.name in names]
    drawn = saturation_figure(found, LIGHT)
    panels = [panel(drawn, marks) for marks in drawn["data"]]
    assert len(panels) == len(found)
    for one, other in itertools.combinations(panels, 2):
        assert one[1] < other[0] or other[1] < one[0] or one[3] < other[2] or other[3] < one[2]
    assert all(0 <= low < high <= 1 + 1e-12 for each in panels for low, high in (each[:2], each[2:]))
    labels = [(re.sub("<[^>]*>", "", each["text"]), each["x"], each["y"]) for each in drawn["layout"]["annotations"]]
    for each, place in zip(found, panels, strict=True):
        assert (f"■ {each.name}", place[0], place[3]) in labels
    rows = {each.cell.name: place[2:] for each, place in zip(found, panels, strict=True)}
    assert all(place[2:] == rows[each.cell.name] for each, place in zip(found, panels, strict=True))
    assert len({tuple(row) for row in rows.values()}) == len(rows)
    assert len(drawn["layout"]["shapes"]) == len(found)


def test_how_many_units_share_a_place_is_said_where_there_is_room():
    crowd = np.full((20, 12), 0.5)
    crowd[:, :5] = 0.95  # five always open, …
    crowd[:19, 5:8] = 0.95  # … three nearly always, too near to them for a number, …
    crowd[:, 8:11] = 0.05  # … three always shut; one is always in between
    (marks,) = saturation_figure([gate(crowd)], LIGHT)["data"]
    said = dict(zip(marks["customdata"], marks["text"], strict=True))
    assert said == {"units 1, 2, 3, 4, 5": "×5", "units 6, 7, 8": "", "units 9, 10, 11": "×3", "unit 12": ""}


def test_half_lives_stand_on_a_log_axis_and_the_bar_at_their_median():
    drawn = figures()["half_life"]
    keeping = [each for each in FOUND if each.keeps]
    assert [each["name"] for each in drawn["data"]] == [f"{each.cell.title} {each.name}" for each in keeping]
    low, high = drawn["layout"]["xaxis"]["range"]
    for each, marks, bar in zip(keeping, drawn["data"], drawn["layout"]["shapes"], strict=True):
        np.testing.assert_allclose(10.0 ** untyped(marks["x"]), each.half_lives, rtol=1e-5)
        assert bar["x0"] == bar["x1"] == pytest.approx(math.log10(np.median(each.half_lives)))
        assert ((low < untyped(marks["x"])) & (untyped(marks["x"]) < high)).all()
    axis = drawn["layout"]["xaxis"]
    for place, text in zip(axis["tickvals"], axis["ticktext"], strict=True):
        assert 10**place == pytest.approx(float(text))


@pytest.mark.parametrize("values", [[[1.0, 1.0]], [[0.0, 0.0]], [[0.0, 1.0]], [[0.5, 1.0]], [[0.0, 0.9]], [[0.3, 0.3]]])
def test_no_half_life_and_an_endless_one_stand_at_the_ends(values):
    drawn = half_life_figure([gate(values)], LIGHT)
    json.dumps(drawn, allow_nan=False)
    x, axis = untyped(drawn["data"][0]["x"]), drawn["layout"]["xaxis"]
    assert np.isfinite(x).all()
    ticks = dict(zip(axis["ticktext"], axis["tickvals"], strict=True))
    assert sorted(axis["tickvals"]) == axis["tickvals"]
    assert ("∞" in ticks, "0" in ticks) == (1.0 in values[0], 0.0 in values[0])
    for value, place in zip(values[0], x, strict=True):
        if value in (0.0, 1.0):
            assert place == pytest.approx(ticks["∞" if value else "0"])
    assert axis["range"][0] < x.min() <= x.max() < axis["range"][1]


def test_a_figure_plots_at_most_fifty_thousand_values_and_begins_with_the_first_units():
    rng = np.random.default_rng(0)
    found = [gate(rng.random((2_000, 64)), each.name, each.role, each.cell.name) for each in FOUND]
    labels = ("a",) * 2_000
    drawn = figures(found, labels=labels, units=range(units_shown(found)))
    assert units_shown(found) == 2
    heat = [untyped(each["z"]) for each in drawn["gates"]["data"]]
    assert sum(each.size for each in heat) <= 50_000
    np.testing.assert_allclose(heat[3], found[3].values.T[:2], rtol=1e-6)
    assert sum(untyped(each["y"]).size for each in drawn["lines"]["data"]) <= 50_000
    assert all(len(json.dumps(each)) < 1_500_000 for each in drawn.values())
    assert units_shown(FOUND) == 5
    assert units_shown(found[:1]) == 25


def test_one_step_is_drawn_as_marks():
    found, sequence = all_gates(Experiment(text="a"))
    drawn = figures(found, CELLS, sequence.labels, units=(0,))
    assert all(each["mode"] == "markers" for each in drawn["lines"]["data"])
    assert untyped(drawn["gates"]["data"][0]["z"]).shape == (8, 1)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_a_figure_is_plain_json_in_the_colours_of_its_ground(theme):
    other = LIGHT if theme is DARK else DARK
    for drawn in figures(theme=theme).values():
        words = json.dumps(drawn, allow_nan=False)
        assert json.loads(words) == drawn
        assert drawn["layout"]["paper_bgcolor"] == theme.ground
        assert not [colour for colour in (other.ground, *other.cells, *other.roles.values()) if colour in words]


def test_typed_names_and_titles_are_no_markup_and_leave_the_plot_its_room():
    own = Cell("own", "a_very_long_gate_name = sigmoid(W @ x)\nh' = a_very_long_gate_name * h", title="<b>%{x}</b>")
    run = gru_viz.run(own, gru_viz.init_params(own, 2, 3, seed=0), np.ones((4, 2)))
    for drawn in figures(gates(run), [own], tuple("abcd"), units=(0,)).values():
        words = json.dumps(drawn)
        assert "<b>%" not in words
        assert all(
            each["hovertemplate"].removeprefix("%{x}<br>").startswith("%{fullData.name}") for each in drawn["data"]
        )
        assert "a_very_long_gate_name" not in json.dumps(drawn["layout"])


def test_lines_stand_on_an_axis_from_zero_to_one():
    layout = figures()["lines"]["layout"]
    axes = [each for name, each in layout.items() if name.startswith("yaxis")]
    assert len(axes) == 8
    for axis in axes:
        assert axis["tickvals"] == [0, 1]
        assert axis.get("showticklabels", True)
        assert axis.get("side", "left") == "left"  # to the right stand the gates' names
