"""The Gates page: gates are torch's, figures draw them, and each sentence is true of the run that it is about."""

import itertools
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

import gru_viz
from gru_viz.cells import Cell, cell, cell_names
from gru_viz.conclusions import gates as conclusions
from gru_viz.experiment import Experiment
from gru_viz.figures.common import untyped
from gru_viz.figures.gates import (
    gates_figure,
    half_life_figure,
    lines_figure,
    saturation_figure,
    units_shown,
)  # fmt: skip
from gru_viz.measures.gates import Gate, flat_share, gates
from gru_viz.runs import traces
from gru_viz.sequences import parse_sequence
from gru_viz.theme import DARK, LIGHT, THEMES
from tests import expected
from tests.reference import STEPS
from tests.saying import NUMBER, plain, read

# Name -> role, in the order of the page; one minus z plays the other part.
SHOWN = {
    "rnn": {},
    "lstm": {"f": "keep", "i": "write", "o": "show"},
    "gru": {"r": "look back", "z": "write", "1−z": "keep"},
    "gru_reset_after": {"r": "look back", "z": "keep", "1−z": "write"},
    "lstm_peephole": {"f": "keep", "i": "write", "o": "show"},
}
SETTINGS = Experiment(text="Ada and Bob", cells=cell_names(), hidden_size=5, seed=3, input_gain=6.0, keep=1.0)


def runs_of(experiment):
    sequence = parse_sequence(experiment.kind, experiment.text)
    return traces(experiment, sequence), sequence


def all_gates(experiment):
    runs, sequence = runs_of(experiment)
    return [gate for run in runs for gate in gates(run)], sequence


FOUND, SEQUENCE = all_gates(SETTINGS)
CELLS = [cell(name) for name in cell_names()]


def gate(values, name="f", role="keep", of="lstm", **more):
    """A gate with these values, a list for each step."""
    return Gate(cell(of), name, role, np.array(values, dtype=float), **more)


def typed(text, roles=None, **params):
    """The gates of a cell that somebody typed, with random weights."""
    own = Cell("typed", text, roles=roles or {})
    weights = gru_viz.init_params(own, 2, 3, seed=1)
    return gates(gru_viz.run(own, weights, np.random.default_rng(0).standard_normal((6, 2))))


# -- which gates -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", cell_names())
def test_the_gates_of_a_cell_are_those_of_torch(name):
    x, names = expected.inputs(SETTINGS, list(SETTINGS.text))
    params = {key: torch.tensor(value) for key, value in expected.weights(SETTINGS, name, names).items()}
    states = [torch.zeros(5, dtype=torch.float64)] * (2 if "lstm" in name else 1)
    seen = []
    for row in x:
        seen.append(STEPS[name](params, torch.tensor(row), *states))
        states = [seen[-1][state] for state in ("h", "c")[: len(states)]]
    found = {each.name: each for each in FOUND if each.cell.name == name}
    assert {each.name: each.role for each in found.values()} == SHOWN[name]
    for each in found.values():
        right = np.array([step[each.name.removeprefix("1−")].numpy() for step in seen])
        right = 1 - right if each.name.startswith("1−") else right
        np.testing.assert_allclose(each.values, right, rtol=0, atol=1e-13)
        assert each.is_complement == each.name.startswith("1−")


@pytest.mark.parametrize(
    ("text", "roles", "names"),
    [
        # a candidate that is a sigmoid, and a state that is one
        ("g = sigmoid(W @ x + b)\nf = sigmoid(U @ h)\nh' = f * h + g", {"g": "candidate"}, {"f": "keep"}),
        ("f = sigmoid(W @ x)\nh' = sigmoid(U @ h + f)", {}, {"f": "gate"}),
        # one minus z with a name of its own, and the same without it
        ("z = sigmoid(W @ x)\nk = 1 - z\nh' = k * h + z * tanh(U @ h)", {}, {"z": "write", "k": "keep"}),
        ("z = sigmoid(W @ x)\nh' = (1 - z) * h + z * tanh(U @ h)", {}, {"z": "write", "1−z": "keep"}),
        ("z = sigmoid(W @ x)\nk = 1 - z\nh' = k * h + z * tanh(U @ h) + (1 - z) * b", {}, {"z": "write", "k": "keep"}),
        # one minus a gate that neither keeps nor writes says nothing of its own
        ("s = sigmoid(W @ x)\nh' = tanh(U @ h + (1 - s) * b)", {}, {"s": "gate"}),
        # what no state needs
        ("s = sigmoid(W @ x)\nh' = tanh(U @ h)", {}, {"s": "gate"}),
        ("h' = tanh(W @ x + U @ h)", {}, {}),
    ],
)
def test_typed_cells_show_their_gates_and_nothing_else(text, roles, names):
    found = typed(text, roles)
    assert {each.name: each.role for each in found} == names
    assert len(found) == len(names)
    for each in found:
        assert each.values.shape == (6, 3)
        assert ((each.values >= 0) & (each.values <= 1)).all()


# -- what they did -----------------------------------------------------------------------------------------------------


def test_measures_are_those_of_plain_counting():
    values = np.random.default_rng(5).random((40, 3)) ** 4
    each = gate(values)
    for unit in range(3):
        path = [float(value) for value in values[:, unit]]
        assert each.shut[unit] == sum(value < 0.1 for value in path) / 40
        assert each.open[unit] == sum(value > 0.9 for value in path) / 40
        assert math.prod(path) == pytest.approx(0.5 ** (40 / each.half_lives[unit]), rel=1e-9)
    assert len(each.moves) == 39
    assert each.moves[6] == pytest.approx(sum(abs(values[7, k] - values[6, k]) for k in range(3)) / 3, rel=1e-12)


def test_at_the_edges_a_gate_is_not_saturated():
    assert gate([[0.1], [0.9]]).shut.tolist() == [0]
    assert gate([[0.1], [0.9]]).open.tolist() == [0]


@pytest.mark.parametrize(("bias", "life"), [(0, 1.0), (1, 2.2), (2, 5.5), (3, 14.3), (5, 103)])
def test_half_lives_of_a_bias(bias, life):
    """The table in the project's facts: what a constant gate sigmoid(b) keeps."""
    found = gate([[1 / (1 + math.exp(-bias))]] * 7).half_lives
    assert found.tolist() == [pytest.approx(life, rel=0.01)]


def test_a_gate_at_one_keeps_for_ever_and_one_at_zero_nothing():
    assert gate([[1.0, 0.0, 1.0], [1.0, 1.0, 0.5]]).half_lives.tolist() == [math.inf, 0.0, pytest.approx(2.0)]


@pytest.mark.parametrize(("name", "state"), [("lstm", "c"), ("gru", "h"), ("gru_reset_after", "h")])
def test_without_recurrent_weights_the_half_life_is_that_of_the_gradient(name, state):
    """With U = 0 the direct path is the only one: the gradient back to the start is the product of the gates."""
    own = cell(name)
    params = gru_viz.init_params(own, 3, 4, seed=2, input_gain=3.0)
    params = {key: value * (not key.startswith("U_")) for key, value in params.items()}
    run = gru_viz.run(own, params, np.random.default_rng(1).standard_normal((9, 3)))
    loss = np.zeros((9, 4))
    loss[-1] = 1.0
    flow = gru_viz.backpropagate(run, loss_grad={state: loss})
    (keeping,) = [each for each in gates(run) if each.keeps]
    np.testing.assert_allclose(flow.before[state][0], 0.5 ** (9 / keeping.half_lives), rtol=1e-10)


def test_a_state_near_one_is_counted_where_it_is_a_tanh():
    runs, _ = runs_of(SETTINGS)
    shares = {run.cell.name: flat_share(run) for run in runs}
    h = expected.facts(SETTINGS, "rnn", list(SETTINGS.text)).states["h"]
    assert shares["rnn"] == np.mean(np.abs(h) > 0.9) > 0
    assert {name for name, share in shares.items() if share is None} == set(cell_names()) - {"rnn"}


# -- figures -----------------------------------------------------------------------------------------------------------


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


# -- sentences ---------------------------------------------------------------------------------------------------------


def text(typed="abcdef"):
    return parse_sequence("text", typed)


def test_the_question_names_what_a_step_is():
    assert conclusions.question(text()) == "Which gate opened when, for which letter?"
    assert conclusions.question(parse_sequence("numbers", "1 2")) == "Which gate opened when, for which number?"


def test_the_largest_move_is_found_with_its_token():
    f = gate([[0.5, 0.5], [0.75, 0.75], [0.5, 0.5], [0.75, 0.75]])  # more in all, but never as much at once
    i = gate([[0.2, 0.2], [0.2, 0.2], [0.2, 0.2], [0.5, 0.7]], "i", "write")
    z = gate([[0.1, 0.1], [0.9, 0.1], [0.9, 0.1], [0.9, 0.1]], "z", "write", "gru")
    assert conclusions.moved_most([f, i, z], text("abcd")) == (
        "The gate that moved most from one step to the next, on average over its units: "
        'in the LSTM i at "d" (step 4), by 0.40; in the GRU z at "b" (step 2), by 0.40.'
    )


def test_equal_moves_are_counted_and_none_is_said():
    f = gate([[0.0], [1.0], [0.0], [0.0]])
    z = gate([[0.3]] * 4, "z", "write", "gru")
    sentence = conclusions.moved_most([f, z], text("abcd"))
    assert 'in the LSTM f at "b" (step 2), by 1, and as much at 1 other step' in sentence
    assert sentence.endswith("in the GRU none moves.")
    assert "one step" in conclusions.moved_most([gate([[0.3]])], text("a"))


@pytest.mark.parametrize(
    ("kind", "typed", "where"),
    [
        ("text", "abcd", 'at "c" (step 3)'), ("words", "a bc def g", 'at "def" (step 3)'),
        ("numbers", "1 0 -2.5 0", "at step 3 (−2.5)"), ("rows", "1 0\n0 0\n2 1\n0 0", "at step 3"),
    ],
)  # fmt: skip
def test_where_a_gate_moved_is_said_as_one_reads_it(kind, typed, where):
    moved = conclusions.moved_most([gate([[0.1], [0.1], [0.6], [0.6]])], parse_sequence(kind, typed))
    assert moved.endswith(f": in the LSTM f {where}, by 0.50.")


def test_a_real_run_moves_where_counting_says():
    sentence = conclusions.moved_most(FOUND, SEQUENCE)
    for name in ("LSTM", "GRU"):
        said = re.search(rf'in the {name} (\S+) at "(.+?)" \(step (\d+)\), by ({NUMBER})', sentence)
        own = [each for each in FOUND if each.cell.title == name]
        changes = {
            (each.name, t + 1): np.mean([abs(each.values[t, k] - each.values[t - 1, k]) for k in range(5)])
            for each in own
            for t in range(1, 11)
        }
        size = changes[said[1], int(said[3])]
        assert size == pytest.approx(max(changes.values()))
        assert read(said[4]) == pytest.approx(size, abs=0.006)
        assert said[2] == SEQUENCE.labels[int(said[3]) - 1]


def test_only_hand_set_weights_mean_something():
    assert "means nothing" in conclusions.meaning(Experiment())
    assert "on purpose" in conclusions.meaning(Experiment(weights="counter"))
    assert "nothing" not in conclusions.meaning(Experiment(weights="counter"))


def test_the_counter_opens_at_brackets_and_the_latch_after_a_flag():
    assert conclusions.switched(*all_gates(Experiment(weights="counter", text="((a)b)"))) == (
        'i of unit 1 is open at "(" and ")" and else shut.'
    )
    assert conclusions.switched(*all_gates(Experiment(weights="counter", text="[(]"))) == (
        'i of unit 1 is open at "(" and else shut, i of unit 2 is open at "[" and "]" and else shut.'
    )
    assert conclusions.switched(*all_gates(Experiment(weights="latch", text="77!7592"))) == (
        'z of unit 2 is open at step 4 ("7") and else shut.'
    )
    assert "No gate" in conclusions.switched(*all_gates(Experiment(weights="counter", text="abc")))
    assert "No gate" in conclusions.switched(*all_gates(Experiment()))


def test_many_steps_are_counted_instead_of_named():
    found, sequence = all_gates(Experiment(weights="latch", text="7" + "!7" * 7))
    assert conclusions.switched(found, sequence).startswith(
        'z of unit 2 is open at steps 3 ("7") and 5 ("7") and 7 ("7") and 9 ("7") and 3 more steps and else shut.'
    )


def test_average_openings():
    f, i = gate([[0.8, 1.0]]), gate([[0.25, 0.5]], "i", "write")
    z, k = gate([[0.1]], "z", "write", "gru"), gate([[0.9]], "1−z", "keep", "gru", is_complement=True)
    assert conclusions.averages([cell("rnn"), cell("lstm"), cell("gru")], [f, i, z, k]) == (
        "What keeps the old is open by 0.90 (f) in the LSTM, 0.90 (1−z) in the GRU on average; the other gates by 0.10 "
        "to 0.38; the RNN has no gates."
    )
    assert conclusions.averages([cell("lstm")], [i]) == "No gate keeps the old; the gates are open by 0.38."


def test_one_colour_is_one_part_whatever_its_name():
    def said(*names):
        return conclusions.how_to_read([each for each in FOUND if each.cell.name in names])

    assert "f in the LSTM, 1−z in the GRU keep the old; i in the LSTM, z in the GRU write the new." in said(
        "lstm", "gru"
    )
    assert "z = 1" not in said("lstm", "gru")
    assert "z and 1−z change sides" in said("gru", "gru_reset_after")
    assert "part" not in said("lstm")


@pytest.mark.parametrize(
    ("value", "said"),
    [(1.0, "1"), (0.0, "0"), (0.5, "0.50"), (0.9963, "1 − 0.0037"), (1 - 2**-40, "1 − 9.1·10⁻¹³"), (1e-9, "1.0·10⁻⁹")],
)
def test_a_gate_near_one_is_told_from_one(value, said):
    assert conclusions.opening(value) == said


def test_the_widest_swing():
    f = gate([[0.5, 0.2], [0.6, 0.9]])
    assert conclusions.widest([f], (0, 1)) == (
        "Of units 1 and 2 the widest swing is that of f of unit 2 in the LSTM: from 0.20 to 0.90."
    )
    assert "f of unit 1" in conclusions.widest([f], (0,))
    assert conclusions.widest([gate([[0.5], [0.5]])], (0,)) == "Of unit 1 no gate moves."
    assert "one step" in conclusions.widest([gate([[0.5]])], (0,))


def test_saturation_is_said_in_shares():
    f = gate([[0.95, 0.95], [0.95, 0.5]])
    i = gate([[0.5, 0.5], [0.5, 0.5]], "i", "write")
    z, k = (
        gate([[0.05], [0.95]], "z", "write", "gru"),
        gate([[0.95], [0.05]], "1−z", "keep", "gru", is_complement=True),
    )
    assert conclusions.saturated([f, i, z, k]) == (
        "What keeps the old is above 0.9 at 75 % of steps and units (f) in the LSTM, 50 % (1−z; below 0.1 at 50 %) in "
        "the GRU; z, its complement, is below 0.1 just as often; i is above 0.9 or below 0.1 at 0 %."
    )
    assert conclusions.saturated([i]) == "i is above 0.9 or below 0.1 at 0 % of steps and units."


@pytest.mark.parametrize("experiment", [Experiment(), SETTINGS, Experiment(weights="latch", text="3!14")])
def test_what_is_said_of_saturation_is_true_of_every_gate_that_it_names(experiment):
    """Each gate is in the sentence once, and with its own share of steps and units near 0 or 1."""
    found, _ = all_gates(experiment)
    whole = conclusions.saturated(found)
    assert "other gates" not in whole
    partners = {each.name: other for each in found for other in found if each.cell == other.cell and each.keeps
                and other.name in (f"1−{each.name}", each.name.removeprefix("1−")) and each is not other}  # fmt: skip
    last = re.search(r"(?:^|; )([^;]+) (?:are|is) above 0.9 or below 0.1 at (\S+) %(?: to (\S+) %)?", whole)
    named = set(re.split(", | and ", last[1]))
    assert named == {each.name for each in found if not each.keeps} - {other.name for other in partners.values()}
    for each in found:
        if each.name in named:
            share = 100 * float(np.mean((each.values > 0.9) | (each.values < 0.1)))
            assert float(last[2]) - 0.51 <= share <= float(last[3] or last[2]) + 0.51
    for name, other in partners.items():
        assert re.search(rf"{other.name}\b.*complements?, (?:is|are) below 0.1 just as often", whole)
        own = next(each for each in found if each.cell == other.cell and each.name == name)
        assert np.mean(own.values > 0.9) == np.mean(other.values < 0.1)


def test_lines_stand_on_an_axis_from_zero_to_one():
    layout = figures()["lines"]["layout"]
    axes = [each for name, each in layout.items() if name.startswith("yaxis")]
    assert len(axes) == 8
    for axis in axes:
        assert axis["tickvals"] == [0, 1]
        assert axis.get("showticklabels", True)
        assert axis.get("side", "left") == "left"  # to the right stand the gates' names


def test_the_lesson_says_which_gate_and_what_shut_means():
    assert "nearly shut to the new: when what keeps the old (f, 1−z) is nearly 1" in conclusions.LESSON


def test_saturation_of_a_state_is_another_matter():
    runs, _ = runs_of(SETTINGS)
    said = conclusions.is_saturation_bad(runs)
    assert "what keeps the old, at 1, is memory, a state at ±1 a dead gradient" in said
    assert re.findall(rf"({NUMBER}) % of all steps and units in the (\S+)\.", said) == [
        (f"{100 * flat_share(runs[0]):.0f}", "RNN")
    ]
    assert "%" not in conclusions.is_saturation_bad(runs[1:])


def test_half_lives_are_said_with_their_range_and_where_there_is_none():
    f = gate([[0.5, 0.5**0.5, 0.5**0.25]])
    assert conclusions.half_lives([f]) == (
        "Half-life of what is kept, in the median unit: 2.0 steps in the LSTM (f, from 1.0 to 4.0 over its units)."
    )
    assert conclusions.no_half_lives([f]) == []
    ends = gate([[1.0, 0.0, 1.0], [1.0, 0.5, 0.5]])
    zero, one = conclusions.no_half_lives([ends])
    assert zero.startswith("f of unit 2 of the LSTM is exactly 0 at some step")
    assert one.startswith("f of unit 1 of the LSTM is exactly 1 at every step")
    assert "∞" in conclusions.half_lives([gate([[1.0]])])
    assert "no half-life" in conclusions.half_lives([gate([[0.5]], "o", "show")])
    assert "40 units" in conclusions.no_half_lives([gate([[1.0] * 40])])[0]


def test_the_general_lesson_holds():
    assert conclusions.LESSON.startswith("In general")
    for value, steps in re.findall(r"at (0\.\d+) (?:a half is left )?after (\d+)", conclusions.LESSON.lower()):
        assert float(value) ** int(steps) <= 0.5 < float(value) ** (int(steps) - 1)
    assert len(re.findall(r"after \d+", conclusions.LESSON)) == 3


def test_no_gates_is_an_answer():
    runs, _ = runs_of(Experiment(cells=("rnn",), text="Ada and Bob"))
    said = conclusions.without_gates(Experiment(cells=("rnn",)), runs)
    h = expected.facts(Experiment(cells=("rnn",)), "rnn", list("Ada and Bob")).states["h"]
    assert "the RNN has no gates" in said
    assert read(re.findall(NUMBER, said)[0]) == pytest.approx(np.abs(h[1:] - h[:-1]).mean(), rel=0.05)
    assert "Compare" in said
    hand_set = Experiment(weights="sign", kind="numbers", text="1 0 0")
    assert "Choose random weights" in conclusions.without_gates(hand_set, runs_of(hand_set)[0])
    one = conclusions.without_gates(Experiment(cells=("rnn",)), runs_of(Experiment(cells=("rnn",), text="a"))[0])
    assert not re.search(r"\d", one)


def test_descriptions_are_made_from_the_data():
    said = conclusions.described(CELLS, FOUND)
    assert "each of 11 steps, a row for each of 5 units" in said
    assert "RNN: no gates" in said
    for each in FOUND:
        numbers = re.search(rf"{re.escape(each.cell.title)} {each.name} \({each.role}\): from (.+?) to (.+?), on", said)
        assert numbers[1] == conclusions.opening(each.values.min())
        assert numbers[2] == conclusions.opening(each.values.max())
    assert len(re.findall(" of unit ", conclusions.described_lines(FOUND, (0, 3)))) == 2 * len(FOUND)
    assert "GRU 1−z: shut at" in conclusions.described_saturation(FOUND)
    assert "GRU 1−z: " in conclusions.described_half_lives(FOUND)


AVOIDED = ("remembers", "understand", "attention", "learn", "solve", "explod", "better", "best", "because of")


@pytest.mark.parametrize("experiment", [SETTINGS, Experiment(), Experiment(weights="latch", text="3!14")])
def test_the_words_say_nothing_that_they_should_not(experiment):
    found, sequence = all_gates(experiment)
    runs, _ = runs_of(experiment)
    cells = [run.cell for run in runs]
    said = [
        conclusions.moved_most(found, sequence), conclusions.meaning(experiment), conclusions.averages(cells, found),
        conclusions.saturated(found), conclusions.half_lives(found), conclusions.is_saturation_bad(runs),
        conclusions.switched(found, sequence), conclusions.widest(found, (0,)), conclusions.LESSON,
        conclusions.how_to_read(found), conclusions.HALF_LIFE, *conclusions.no_half_lives(found),
    ]  # fmt: skip
    for text in said:
        assert not [word for word in AVOIDED if word in text.lower()]
        assert "nan" not in text
        assert not re.search(r"\de-|-\d", text)


# -- the page ----------------------------------------------------------------------------------------------------------

APP = Path(__file__).resolve().parents[1] / "app.py"


def open_gates(**query):
    app = AppTest.from_file(APP, default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    return calm(app.switch_page("app_pages/gates.py").run())


def calm(app):
    """The app after a run that raised nothing."""
    assert not app.exception, app.exception
    return app


def findings(app):
    return [plain(each.value) for each in app.main.subheader]


def sentences(app):
    return [plain(each.value) for each in app.main.markdown]


def drawn(app, key):
    return json.loads(app.get_by_key(key).proto.spec)


def test_the_page_says_and_draws_the_run():
    app = open_gates()
    found, sequence = all_gates(Experiment())
    assert plain(app.main.title[0].value) == "Which gate opened when, for which letter?"
    assert conclusions.moved_most(found, sequence) in sentences(app)
    assert any("means nothing" in each for each in sentences(app))
    assert findings(app) == [
        conclusions.averages([cell(name) for name in Experiment().cells], found),
        conclusions.widest(found, (0, 1, 2)),
        conclusions.saturated(found),
        conclusions.half_lives(found),
    ]
    for each, heat in zip(found, drawn(app, "gates")["data"], strict=True):
        np.testing.assert_allclose(untyped(heat["z"]), each.values.T, rtol=1e-6)
    for key in ("gates", "units", "saturation", "half_life"):
        assert len(app.get_by_key(key).proto.alt) > 40
        assert drawn(app, key)["data"]


UNUSUAL = {
    "one step": {"text": "a"},
    "an emoji and markup": {"text": "👨‍👩‍👧<b>*x* :smile:"},
    "numbers": {"numbers": "1 0 -2.5 1000000"},
    "five cells": {"cells": ",".join(cell_names())},
    "one unit": {"hidden": "1", "units": "5,6"},
    "many units": {"hidden": "64", "units": "1,64", "text": "Ada"},
    "wide open": {"input_gain": "16", "keep": "3"},
    "counting": {"weights": "counter", "text": "((a)b)"},
    "a latch": {"weights": "latch", "text": "3!14"},
    "one cell": {"cells": "gru"},
    "the same number": {"numbers": "0 0 0", "input_gain": "0", "gain": "0"},
}


@pytest.mark.parametrize("kind", UNUSUAL)
def test_an_unusual_run_is_shown_as_well(kind):
    app = open_gates(**UNUSUAL[kind])
    found, sequence = all_gates(app.session_state["experiment"])
    assert len(findings(app)) == 4
    assert conclusions.moved_most(found, sequence) in sentences(app)
    assert not app.error


def test_a_run_at_all_its_limits():
    app = open_gates()
    query = {"text": "ab" * 1_000, "hidden": "64", "cells": ",".join(cell_names()), "units": "1,2,3"}
    app = open_gates(**query)
    assert sum(untyped(each["z"]).size for each in drawn(app, "gates")["data"]) <= 50_000
    said = [plain(each.value) for each in app.main.caption]
    assert "The first 2 of 64 units are drawn; the table has all." in said
    assert "The first 2 of 3 chosen units are drawn; the table has all." in said


@pytest.mark.parametrize("query", [{"cells": "rnn"}, {"weights": "sign", "numbers": "1 0 0 0.2"}])
def test_without_gates_the_page_answers(query):
    app = open_gates(**query)
    assert findings(app) == []
    assert any("the RNN has no gates" in each for each in sentences(app))
    assert len(app.main.info) == 1


def test_hand_set_weights_are_said_to_mean_something_and_are_a_button_away():
    app = open_gates()
    app = calm(app.button(key="hand_set").click().run())
    assert app.session_state["experiment"].weights == "counter"
    said = " ".join(sentences(app))
    assert "on purpose" in said
    assert 'i of unit 1 is open at "(" and ")" and else shut' in said
    assert "means nothing" not in said
    assert [each for each in app.main.button if each.key == "hand_set"] == []


def test_units_are_picked_kept_in_the_link_and_refused_in_words():
    app = open_gates(units="2")
    picker = app.get_by_key("experiment_units")
    assert picker.value == [2]
    app = calm(picker.set_value([2, 8]).run())
    assert app.session_state["experiment"].units == (2, 8)
    assert app.query_params["units"] == "2,8"
    names = {each["name"] for each in drawn(app, "units")["data"]}
    assert {name.rpartition(" ")[2] for name in names} == {"2", "8"}
    app = calm(app.get_by_key("experiment_units").set_value([1, 2, 3, 4, 5, 6, 7]).run())
    assert "1 to 6 different whole numbers" in plain(app.error[0].value)
    assert app.get_by_key("experiment_units").value == [1, 2, 3, 4, 5, 6, 7]
    assert app.session_state["experiment"].units == (2, 8)
    app = calm(app.get_by_key("experiment_units").set_value([]).run())
    assert len(app.error) == 1


def test_units_that_are_not_there_come_back_with_more_units():
    app = open_gates(units="3,8", hidden="4")
    assert app.get_by_key("experiment_units").value == [3]
    app = calm(app.get_by_key("experiment_hidden_size").set_value(8).run())
    assert app.get_by_key("experiment_units").value == [3, 8]
    assert app.session_state["experiment"].units == (3, 8)


def test_every_figure_has_its_numbers():
    app = open_gates(hidden="3", text="Ada")
    for key in ("gates", "units", "saturation", "half_life"):
        app.session_state[f"numbers_{key}"] = True
    app = calm(app.run())
    found, _ = all_gates(Experiment(hidden_size=3, text="Ada"))
    tables = {each.key: json.loads(each.proto.bytes) for each in app.get("bidi_component") if "table" in str(each.key)}
    assert len(tables) == 4
    head, rows = tables["table_gates"]["head"], tables["table_gates"]["rows"]
    assert head[:3] == ["step", "token", "LSTM f 1"]
    assert len(head) == 2 + 3 * len(found)
    assert float(rows[2][2]) == pytest.approx(found[0].values[2, 0], rel=1e-9)
    lives = tables["table_half_life"]["rows"]
    assert [row[:4] for row in lives] == [
        [each.cell.title, each.name, "keep", str(unit + 1)] for each in found if each.keeps for unit in range(3)
    ]
