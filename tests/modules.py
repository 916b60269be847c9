"""torch.nn's recurrent modules with known weights, and what they compute: what the bridge is held against."""

import pytest
import torch
from torch import nn

from gru_viz import Cell, cell, cell_names
from tests.systems import INPUTS, H, T, numbers

torch.set_num_threads(1)
B = 4
# Which rows of torch's arrays are which gate, written out once more from PyTorch's documentation.
GATES = {"RNN": ["h"], "GRU": ["r", "z", "n"], "LSTM": ["i", "f", "g", "o"]}
MODULES = {
    "RNN tanh": lambda **options: nn.RNN(INPUTS, H, nonlinearity="tanh", **options),
    "RNN relu": lambda **options: nn.RNN(INPUTS, H, nonlinearity="relu", **options),
    "GRU": lambda **options: nn.GRU(INPUTS, H, **options),
    "LSTM": lambda **options: nn.LSTM(INPUTS, H, **options),
}
CELLS = {
    "RNN tanh": lambda **options: nn.RNNCell(INPUTS, H, nonlinearity="tanh", **options),
    "RNN relu": lambda **options: nn.RNNCell(INPUTS, H, nonlinearity="relu", **options),
    "GRU": lambda **options: nn.GRUCell(INPUTS, H, **options),
    "LSTM": lambda **options: nn.LSTMCell(INPUTS, H, **options),
}
RELU_RNN = Cell("rnn_relu", "h' = relu(W_h @ x + U_h @ h + b_h)")
WITH_EQUAL = {"rnn": "RNN", "gru_reset_after": "GRU", "lstm": "LSTM", "rnn_relu": "RNN"}
ALL_CELLS = [*map(cell, cell_names()), RELU_RNN]
by_lead = pytest.mark.parametrize("lead", [(), (B,)], ids=["one sequence", "batch"])


def made(make, seed=1, **options):
    """A module in float64 with normal weights: different in each gate, row, column and bias."""
    module = make(dtype=torch.float64, **options)
    with torch.no_grad():
        for k, tensor in enumerate(module.parameters()):
            tensor.copy_(torch.from_numpy(numbers(*tensor.shape, seed=seed + k, scale=0.5)))
    return module


def sequence(kind, lead):
    """x, the initial states, and dL/d(state after each step)."""
    names = ["h", "c"] if kind == "LSTM" else ["h"]
    states = {name: numbers(*lead, H, seed=k) for k, name in enumerate(names)}
    loss = {name: numbers(T, *lead, H, seed=9 + k) for k, name in enumerate(names)}
    return numbers(T, *lead, INPUTS, seed=5), states, loss


def tensors(arrays):
    return [torch.from_numpy(array).requires_grad_() for array in arrays]


def torch_states_of_sequence(module, x, states, loss):
    """torch.nn.RNN, LSTM or GRU over the whole sequence, which shows h at each step and c at the last alone."""
    first = tuple(state[None] for state in states)
    out, last = module(x, first if len(first) > 1 else first[0])
    total = (out * torch.from_numpy(loss["h"])).sum()
    if "c" not in loss:
        return {"h": out}, total
    loss["c"][:-1] = 0.0
    return {"h": out, "c": last[1]}, total + (last[1][0] * torch.from_numpy(loss["c"][-1])).sum()


def torch_states_of_steps(module, x, states, loss):
    """torch.nn's cells, one call a step: every state, and a loss at every step of each."""
    states, found = tuple(states), []
    for row in x:
        after = module(row, states if len(states) > 1 else states[0])
        states = after if len(states) > 1 else (after,)
        found.append(states)
    found = dict(zip(loss, map(torch.stack, zip(*found, strict=True)), strict=True))
    return found, sum((found[name] * torch.from_numpy(loss[name])).sum() for name in loss)
