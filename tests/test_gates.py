"""Which values are gates and what they did: against torch, plain counting and closed forms."""

import math

import numpy as np
import pytest
import torch

import gru_viz
from gru_viz.cells import Cell, cell, cell_names
from gru_viz.measures.gates import flat_share, gates
from tests import expected
from tests.gating import FOUND, SETTINGS, gate, runs_of
from tests.reference import STEPS

# -- which gates -------------------------------------------------------------------------------------------------------

# Name -> role, in the order of the page; one minus z plays the other part.
SHOWN = {
    "rnn": {},
    "lstm": {"f": "keep", "i": "write", "o": "show"},
    "gru": {"r": "look back", "z": "write", "1−z": "keep"},
    "gru_reset_after": {"r": "look back", "z": "keep", "1−z": "write"},
    "lstm_peephole": {"f": "keep", "i": "write", "o": "show"},
}


def typed(text, roles=None, **params):
    """The gates of a cell that somebody typed, with random weights."""
    own = Cell("typed", text, roles=roles or {})
    weights = gru_viz.init_params(own, 2, 3, seed=1)
    return gates(gru_viz.run(own, weights, np.random.default_rng(0).standard_normal((6, 2))))


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
