"""The check of a run against PyTorch agrees for every cell, and notices what is wrong."""

import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest
import torch

import gru_viz
from gru_viz import (
    Cell,
    InputError,
    Trace,
    cell,
    check_against_torch,
    init_params,
    run,
)
from gru_viz.forward import forward_plan
from gru_viz.torch_bridge import check as bridge_check
from tests.modules import ALL_CELLS, WITH_EQUAL, by_lead
from tests.systems import INPUTS, H, T, numbers

FULL = [*ALL_CELLS, Cell("odd", """
    z  = 0.5
    a  = z
    s' = s - relu(U_s @ b + V_s @ (a * h) + W_s @ x) * a
    n  = -tanh(b + s' - (-h))
    h' = (1 - z) * h + a * n
    u  = s * s"""),
    Cell("stacked", "h' = tanh(U_a @ (U_b @ h) + U_c @ h + W @ x)"),
    Cell("numbers", "a = 0.25\nh' = tanh(U_a @ a + U_b @ (0.5) + U_c @ (0 * h + 1) + W @ x) + sigmoid(0) * h"),
    Cell("no input", "h' = tanh(U_a @ b_a) + 0.5 * h"),
    # Gates that are finished by one call and take in something else beside their product: with unlike signs and inputs,
    # the same for two of them, one that has a name, and another product.
    Cell("unlike rests", """
    f  = sigmoid(W_f @ x + U_f @ h + p_f * c)
    i  = sigmoid(U_i @ h - p_i * c + b_i)
    o  = sigmoid(W_o @ x + U_o @ h + p_o * c)
    c' = f * c + i * tanh(W_g @ x)
    h' = o * c'"""),
    Cell("one rest for two", """
    f  = sigmoid(W_f @ x + U_f @ h + p_c * c)
    i  = sigmoid(W_i @ x + U_i @ h + p_c * c)
    c' = f * c - i * h
    h' = tanh(c' + W @ x)"""),
    Cell("a named rest", """
    m  = p_m * h
    f  = sigmoid(U_f @ h + m)
    i  = sigmoid(U_i @ h + p_i * h)
    h' = f * tanh(W @ x) + i * h"""),
    Cell("products for rests", """
    f  = sigmoid(U_f @ h - (V_f @ (p_h * h) + b_f))
    i  = sigmoid(U_i @ h - (V_i @ (p_h * h) + b_i))
    h' = f * tanh(W @ x) + i * h"""),
    # The product with the input is itself what another matrix or the next step takes.
    Cell("a factored input", "h' = tanh(U_h @ h + P_h @ (W_h @ x))"),
    Cell("the input alone", "h' = W @ x"),
    Cell("the input for a state", "d' = W @ x\nh' = tanh(d + U @ (d'))"),
]  # fmt: skip


def a_run(own, lead=(), seed=2):
    states = {state: numbers(*lead, H, seed=k) for k, state in enumerate(own.states)}
    return run(own, init_params(own, INPUTS, H, seed=seed), numbers(T, *lead, INPUTS), states)


@pytest.mark.parametrize("own", FULL, ids=lambda own: own.name)
@by_lead
def test_every_cell_agrees_with_torch(own, lead):
    trace = a_run(own, lead)
    for loss in (None, {state: numbers(*trace[state].shape, seed=4) for state in own.states}, {}):
        check = check_against_torch(trace, loss)
        assert check.agrees
        assert check.worst_value == max(check.values.values()) < 1e-12
        assert check.worst_gradient == max(check.gradients.values()) < 1e-10
        module = WITH_EQUAL.get(own.name)
        assert check.against == ("the equations, written in torch", *([f"torch.nn.{module}"] if module else []))
        assert set(check.values) == set(own.names)
        both = {f"carried {state}" for state in own.states} | {f"{state} before step 1" for state in own.states}
        assert set(check.gradients) == {"x", *own.names, *own.parameters} | both
    with pytest.raises(FrozenInstanceError):
        check.values = {}


def disguised(shown, computed, renamed=None):
    """A run of ``computed`` that says it is one of ``shown``, a cell with the same names."""
    run_as = a_run(computed)
    recorded = {
        shown.node(name): run_as[(renamed or {}).get(name, name)] for name in shown.names if name not in shown.states
    }
    for name, values in run_as.states.items():
        recorded |= {shown.graph.values[name]: values[:-1], shown.node(name): values[1:]}
    recorded[shown.graph.input] = run_as.inputs
    said = Trace(shown, run_as.params, run_as.inputs, run_as.states, recorded, False).bulk()
    recorded |= {node: said[node] for node in forward_plan(shown).kept}  # also what has no name, as tanh(c')
    return Trace(shown, run_as.params, run_as.inputs, run_as.states, recorded, False)


@pytest.mark.parametrize(
    ("name", "was", "instead"),
    [
        ("lstm", "f * c + i * g", "i * c + f * g"),
        ("lstm", "o * tanh(c')", "o * c'"),
        ("lstm", "g  = tanh", "g  = sigmoid"),
        ("gru", "(1 - z) * h + z * n", "z * h + (1 - z) * n"),
        ("gru", "U_n @ (r * h)", "r * (U_n @ h)"),
        ("gru_reset_after", "b_n + r * (U_n @ h + c_n)", "b_n + c_n + r * (U_n @ h)"),
        ("lstm_peephole", "p_o * c'", "p_o * c"),
        ("rnn", "U_h @ h", "U_h @ (-h)"),
    ],
)
def test_a_run_by_other_equations_is_noticed(name, was, instead):
    own = cell(name)
    assert was in own.text
    check = check_against_torch(disguised(own, Cell(name, own.text.replace(was, instead))))
    assert not check.agrees
    assert check.worst_value > 1e-4
    assert check_against_torch(disguised(own, own)).agrees


def test_gates_parameters_and_states_that_are_exchanged_are_noticed():
    own = cell("lstm")
    trace = a_run(own)
    check = check_against_torch(disguised(own, own, {"f": "i", "i": "f"}))
    assert check.values["h"] < 1e-12 < 1e-3 < check.values["f"]
    assert check.worst_gradient > 1e-3
    params = {**trace.params, "U_f": trace.params["U_i"], "U_i": trace.params["U_f"]}
    assert check_against_torch(replace(trace, params=params)).worst_value > 1e-3
    params = {**trace.params, "U_o": trace.params["U_o"].T}
    assert check_against_torch(replace(trace, params=params)).worst_value > 1e-3
    late = {state: np.concatenate([0 * values[:1], values[1:]]) for state, values in trace.states.items()}
    assert check_against_torch(replace(trace, states=late)).worst_value > 1e-3
    late["h"][-1, -1] = np.nan
    assert check_against_torch(replace(trace, states=late)).values["h"] == np.inf


def test_a_wrong_gradient_is_noticed(monkeypatch):
    trace = a_run(cell("gru"))
    right = bridge_check.compared_gradients
    for name in ("x", "z", "W_n", "b_r", "h", "carried h", "h before step 1"):
        monkeypatch.setattr(
            bridge_check, "compared_gradients", lambda flow, n=name: right(flow) | {n: right(flow)[n] * (1 + 1e-9)}
        )
        check = check_against_torch(trace)
        assert not check.agrees
        assert [wrong for wrong, size in check.gradients.items() if size > 1e-10] == [name]


@pytest.mark.parametrize(("weight", "steps"), [(0.25, 3), (0.25, 520), (0.25, 3001), (2.0, 900)])
def test_very_small_and_large_gradients_agree(weight, steps):
    params = {"W_h": np.zeros((1, 1)), "U_h": np.full((1, 1), weight), "b_h": np.zeros(1)}
    assert check_against_torch(run(cell("rnn"), params, np.zeros((steps, 1)))).agrees


def test_gradients_beyond_the_largest_number_and_sweeps_are_refused():
    params = {"W_h": np.zeros((1, 1)), "U_h": np.full((1, 1), 2.0), "b_h": np.zeros(1)}
    with pytest.raises(InputError, match=r"PyTorch's gradient by .* leaves the range of its numbers \(1\.8e308\)"):
        check_against_torch(run(cell("rnn"), params, np.zeros((1100, 1))))
    sweep = {name: np.stack([value, value]) for name, value in params.items()}
    with pytest.raises(InputError, match="A sweep is not checked against PyTorch"):
        check_against_torch(run(cell("rnn"), sweep, np.zeros((3, 1))))
    with pytest.raises(InputError, match="loss_grad names 'c'"):
        check_against_torch(run(cell("rnn"), params, np.zeros((3, 1))), {"c": np.zeros((3, 1))})


def test_the_check_does_not_depend_on_the_mode_torch_is_in():
    trace = a_run(cell("lstm"))
    with torch.inference_mode():
        assert check_against_torch(trace).agrees
    with torch.no_grad():
        assert check_against_torch(trace).agrees


def test_torch_is_imported_only_when_it_is_needed():
    program = """
import sys
import gru_viz
from gru_viz import from_torch
assert "torch" not in sys.modules
import numpy as np
cell, params = gru_viz.from_torch({"weight_ih": np.ones((3, 2)), "weight_hh": np.ones((3, 1))})
assert cell is gru_viz.cell("gru_reset_after")
assert "torch" not in sys.modules
assert gru_viz.check_against_torch(gru_viz.run(cell, params, np.ones((2, 2)))).agrees
assert "torch" in sys.modules
"""
    root = Path(gru_viz.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
