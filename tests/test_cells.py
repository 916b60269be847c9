"""The ready cells, what is read off their equations, and how little a new cell takes."""

import dataclasses

import numpy as np
import pytest
import torch

import gru_viz
from gru_viz import Cell, InputError, cell, init_params, run
from gru_viz.roles import ROLES, read_roles
from tests.reference import affine, disagreements, expected, found, problem

CELLS = gru_viz.cell_names()


def sigmoid(a: float) -> float:
    return 1 / (1 + np.exp(-a))


# -- the ready cells ---------------------------------------------------------------------------------------------------


def test_the_ready_cells_in_the_order_of_the_pages():
    assert CELLS == ("rnn", "lstm", "gru", "gru_reset_after", "lstm_peephole")
    assert [cell(name).title for name in CELLS] == ["RNN", "LSTM", "GRU", "GRU (reset after)", "LSTM (peepholes)"]
    assert [cell(name).name for name in CELLS] == list(CELLS)


@pytest.mark.parametrize(
    ("name", "states", "names", "gates"),
    [
        ("rnn", ("h",), ("h",), ()),
        ("lstm", ("h", "c"), ("f", "i", "o", "g", "c", "h"), ("f", "i", "o")),
        ("gru", ("h",), ("r", "z", "n", "h"), ("r", "z")),
        ("gru_reset_after", ("h",), ("r", "z", "n", "h"), ("r", "z")),
        ("lstm_peephole", ("h", "c"), ("f", "i", "g", "c", "o", "h"), ("f", "i", "o")),
    ],
)
def test_states_names_and_gates(name, states, names, gates):
    assert (cell(name).states, cell(name).names, cell(name).gates) == (states, names, gates)


@pytest.mark.parametrize("name", CELLS)
def test_parameters_of_the_ready_cells(name):
    gates = {"rnn": "h", "lstm": "fiog", "lstm_peephole": "fiog"}.get(name, "rzn")
    shapes = {}
    for gate in gates:
        shapes |= {f"W_{gate}": ("H", "I"), f"U_{gate}": ("H", "H"), f"b_{gate}": ("H",)}
    if name == "lstm_peephole":
        shapes |= {"p_f": ("H",), "p_i": ("H",), "p_o": ("H",)}
    if name == "gru_reset_after":
        shapes["c_n"] = ("H",)
    assert cell(name).parameters == shapes


@pytest.mark.parametrize("name", CELLS)
def test_every_name_of_a_ready_cell_has_a_meaning_and_a_source(name):
    own = cell(name)
    assert own.meanings.keys() == set(own.names)
    assert all(meaning and meaning == meaning.strip() for meaning in own.meanings.values())
    assert own.source


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("rnn", {"h": "state"}),
        ("lstm", {"f": "keep", "i": "write", "o": "show", "g": "candidate", "h": "state", "c": "state"}),
        ("gru", {"r": "look back", "z": "write", "n": "candidate", "h": "state"}),
        ("gru_reset_after", {"r": "look back", "z": "keep", "n": "candidate", "h": "state"}),
        ("lstm_peephole", {"f": "keep", "i": "write", "o": "show", "g": "candidate", "h": "state", "c": "state"}),
    ],
)
def test_roles_of_the_ready_cells_are_those_that_the_equations_show(name, roles):
    assert cell(name).roles == roles
    assert read_roles(cell(name).graph, cell(name).states) == roles
    assert set(roles.values()) <= set(ROLES)


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("g = sigmoid(b_g)\nh' = g * h", {"g": "keep"}),
        ("g = sigmoid(b_g)\nh' = (1 - g) * h", {"g": "gate"}),
        ("g = sigmoid(b_g)\nk = 1 - g\nh' = k * h + g * tanh(b)", {"g": "write", "k": "keep"}),
        ("g = sigmoid(b_g)\nh' = tanh(U @ (g * h))", {"g": "look back"}),
        ("g = sigmoid(b_g)\nh' = tanh(g * (U @ h))", {"g": "look back"}),
        ("g = sigmoid(b_g)\nc' = tanh(W @ x)\nh' = g * tanh(c')", {"g": "show"}),
        ("g = sigmoid(b_g)\nh' = tanh(h + g)", {"g": "gate"}),
        ("n = relu(W @ x)\nh' = 0.5 * h + n", {"n": "candidate"}),
    ],
)
def test_roles_are_read_off_any_equations(text, roles):
    own = Cell("any", text)
    assert own.roles == roles | dict.fromkeys(own.states, "state")


def test_what_is_given_goes_before_what_is_read():
    own = Cell("mine", "g = sigmoid(b_g)\nh' = g * h", roles={"g": "gate"}, meanings={"g": "a tap"}, source="me")
    assert own.roles["g"] == "gate"
    assert (own.meanings, own.source, own.title) == ({"g": "a tap"}, "me", "mine")


def test_gates_are_sigmoids_and_one_minus_gates():
    own = Cell(
        "gates",
        "a = sigmoid(b_a)\nb_ = 1 - a\nc_ = 1 - b_\nd = 1 + a\ne = a * a\nf = 1 - h\nh' = tanh(a * d * e * f * c_)",
    )
    assert own.gates == ("a", "b_", "c_")


# -- gates that start by keeping ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "biases"),
    [
        ("rnn", {}),
        ("lstm", {"b_f": 2.0}),
        ("gru", {"b_z": -2.0}),
        ("gru_reset_after", {"b_z": 2.0}),
        ("lstm_peephole", {"b_f": 2.0}),
    ],
)
def test_the_biases_with_which_gates_start_by_keeping(name, biases):
    assert cell(name).keep_biases(2.0) == biases
    assert set(cell(name).keep_biases(0.0).values()) <= {0.0}


@pytest.mark.parametrize(
    "text",
    [
        "g = sigmoid(b_g)\nh' = g * h + (1 - g) * b",
        "g = sigmoid(b_g)\nh' = (1 - g) * h + g * b",
        "g = sigmoid(-b_g)\nh' = g * h + (1 - g) * b",
        "g = sigmoid(U @ h - b_g)\nh' = (1 - g) * h + g * b",
        "g = sigmoid(W @ x + b_g + b_k)\nk = 1 - g\nh' = b + k * h",
        "g = sigmoid(b_g)\nk = 1 - g\nl = 1 - k\nh' = b - b * g + h * l",
        "g = sigmoid(b_g)\nc' = g * c\nh' = tanh(c')",
    ],
)
@pytest.mark.parametrize("keep", [2.0, -1.0, 0.5])
def test_a_cell_with_its_keep_biases_keeps_that_share(text, keep):
    """By the numbers: with all else 0, the state that the gate updates falls to sigmoid(keep) in one step."""
    own = Cell("any", text)
    biases = own.keep_biases(keep)
    assert len(biases) == 1
    shapes = {"H": 1, "I": 1}
    params = {
        name: np.full([shapes[k] for k in shape], biases.get(name, 0.0)) for name, shape in own.parameters.items()
    }
    held = own.states[-1]
    trace = run(own, params, [[1.0]], {held: [0.8]})
    assert trace[held][0, 0] == pytest.approx(0.8 * sigmoid(keep), rel=1e-12)


def test_only_what_keeps_the_state_that_it_updates_counts_as_keeping():
    assert Cell("crossed", "g = sigmoid(b_g)\nc' = g * h\nh' = tanh(c')").keep_biases(1.0) == {}
    assert Cell("no bias", "g = sigmoid(U @ h)\nh' = g * h").keep_biases(1.0) == {}


# -- adding a cell: its lines, and nothing else ------------------------------------------------------------------------

MINIMAL = Cell(
    "mgu",
    """
    f  = sigmoid(W_f @ x + U_f @ h + b_f)
    n  = tanh(W_n @ x + U_n @ (f * h) + b_n)
    h' = (1 - f) * h + f * n
    """,
    title="Minimal gated unit",
    meanings={
        "f": "the only gate: what is written and how much is looked back at",
        "n": "candidate",
        "h": "the memory",
    },
    source="G.-B. Zhou et al., Minimal Gated Unit for Recurrent Neural Networks (2016)",
)
COUPLED = Cell(
    "lstm_coupled",
    """
    f  = sigmoid(W_f @ x + U_f @ h + b_f)
    i  = 1 - f
    o  = sigmoid(W_o @ x + U_o @ h + b_o)
    g  = tanh(W_g @ x + U_g @ h + b_g)
    c' = f * c + i * g
    h' = o * tanh(c')
    """,
)


def minimal(p, x, h):
    f = torch.sigmoid(affine(p, "f", x, h))
    n = torch.tanh(affine(p, "n", x, f * h))
    return {"f": f, "n": n, "h": (1 - f) * h + f * n}


def coupled(p, x, h, c):
    f, o = torch.sigmoid(affine(p, "f", x, h)), torch.sigmoid(affine(p, "o", x, h))
    i, g = 1 - f, torch.tanh(affine(p, "g", x, h))
    new_c = f * c + i * g
    return {"f": f, "i": i, "o": o, "g": g, "c": new_c, "h": o * torch.tanh(new_c)}


@pytest.mark.parametrize(("own", "step"), [(MINIMAL, minimal), (COUPLED, coupled)], ids=["minimal", "coupled"])
@pytest.mark.parametrize("rows", [{}, {"batch": 3}, {"sets": 3}], ids=str)
def test_a_new_cell_runs_and_has_gradients(own, step, rows):
    given = problem(own, seed=1, steps=30, **rows)
    assert disagreements(found(own, given), expected(step, given)) == []


def test_a_new_cell_has_gates_roles_parameters_and_biases():
    assert MINIMAL.gates == ("f",)
    assert MINIMAL.roles == {"f": "write", "n": "candidate", "h": "state"}
    assert MINIMAL.keep_biases(2.0) == {"b_f": -2.0}
    assert MINIMAL.title == "Minimal gated unit"
    assert sum(value.size for value in init_params(MINIMAL, 3, 4, seed=0).values()) == 2 * (4 * 3 + 4 * 4 + 4)
    assert COUPLED.gates == ("f", "i", "o")
    assert COUPLED.roles == {"f": "keep", "i": "write", "o": "show", "g": "candidate", "h": "state", "c": "state"}
    assert COUPLED.keep_biases(2.0) == {"b_f": 2.0}
    assert COUPLED.states == ("h", "c")
    assert "W_i" not in COUPLED.parameters


def test_a_new_cell_is_ready_when_it_stands_in_the_catalogue(monkeypatch):
    monkeypatch.setattr(gru_viz.cells, "CATALOGUE", (*gru_viz.cells.CATALOGUE, MINIMAL))
    assert gru_viz.cell_names()[-1] == "mgu"
    assert gru_viz.cell("mgu") is MINIMAL


# -- cells as values ---------------------------------------------------------------------------------------------------


def test_cells_compare_by_what_they_are():
    text = "h' = tanh(U @ h)"
    assert Cell("a", text) == Cell("a", text)
    assert hash(Cell("a", text)) == hash(Cell("a", text))
    assert Cell("a", text) != Cell("b", text)
    with pytest.raises(dataclasses.FrozenInstanceError):
        Cell("a", text).name = "b"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"meanings": {"q": "?"}}, "meanings of 'mine' names 'q'; its names are U, h."),
        ({"roles": {"q": "keep"}}, "roles of 'mine' names 'q'; its names are U, h."),
        (
            {"roles": {"h": "king"}},
            "roles of 'mine' holds 'king'; the roles are keep, write, show, look back, candidate, state, gate.",
        ),
    ],
)
def test_words_for_names_that_the_cell_does_not_have_are_refused(given, words):
    with pytest.raises(InputError) as caught:
        Cell("mine", "h' = tanh(U @ h)", **given)
    assert str(caught.value).replace("h, x", "h") == words


def test_an_unknown_cell_is_refused_with_the_list_of_those_there_are():
    with pytest.raises(InputError) as caught:
        cell("transformer")
    assert str(caught.value) == (
        "There is no cell 'transformer'; the cells are rnn, lstm, gru, gru_reset_after, lstm_peephole."
    )


def test_the_promised_names_are_there():
    promised = {
        "Cell",
        "EquationError",
        "backpropagate",
        "cell",
        "cell_names",
        "init_params",
        "reach",
        "run",
        "from_torch",
    }
    assert promised <= set(gru_viz.__all__)
    assert all(getattr(gru_viz, name) for name in gru_viz.__all__)
