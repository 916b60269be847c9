"""What the engine is measured against: cells written by hand in torch, autograd, and one comparison for all tests.

``expected`` computes the numbers that a cell must give, without equations, graph or loops of ``gru_viz``; ``found``
collects the same numbers from the engine; ``disagreements`` compares them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

import gru_viz

torch.set_num_threads(1)

VALUE_TOLERANCE = 1e-12  # absolute below 1, else relative to the largest entry
GRADIENT_TOLERANCE = 1e-10  # relative to the largest entry
CLOSE = {"rtol": 0, "atol": VALUE_TOLERANCE}  # for assert_allclose of values below 1

Arrays = dict[str, np.ndarray]
Step = Callable[..., dict[str, Tensor]]  # (params, x, states…) -> every named value of the step, states included


# -- the cells, by hand ------------------------------------------------------------------------------------------------


def apply(matrix: Tensor, vector: Tensor) -> Tensor:
    """matrix @ vector for one, a batch of vectors, or as many matrices as vectors."""
    return (matrix @ vector[..., None])[..., 0]


def affine(p: Mapping[str, Tensor], gate: str, x: Tensor, h: Tensor) -> Tensor:
    return apply(p[f"W_{gate}"], x) + apply(p[f"U_{gate}"], h) + p[f"b_{gate}"]


def rnn(p, x, h):
    return {"h": torch.tanh(affine(p, "h", x, h))}


def lstm(p, x, h, c):
    f, i, o = (torch.sigmoid(affine(p, gate, x, h)) for gate in "fio")
    g = torch.tanh(affine(p, "g", x, h))
    new_c = f * c + i * g
    return {"f": f, "i": i, "o": o, "g": g, "c": new_c, "h": o * torch.tanh(new_c)}


def gru(p, x, h):
    r, z = (torch.sigmoid(affine(p, gate, x, h)) for gate in "rz")
    n = torch.tanh(affine(p, "n", x, r * h))
    return {"r": r, "z": z, "n": n, "h": (1 - z) * h + z * n}


def gru_reset_after(p, x, h):
    r, z = (torch.sigmoid(affine(p, gate, x, h)) for gate in "rz")
    n = torch.tanh(apply(p["W_n"], x) + p["b_n"] + r * (apply(p["U_n"], h) + p["c_n"]))
    return {"r": r, "z": z, "n": n, "h": (1 - z) * n + z * h}


def lstm_peephole(p, x, h, c):
    f, i = (torch.sigmoid(affine(p, gate, x, h) + p[f"p_{gate}"] * c) for gate in "fi")
    g = torch.tanh(affine(p, "g", x, h))
    new_c = f * c + i * g
    o = torch.sigmoid(affine(p, "o", x, h) + p["p_o"] * new_c)
    return {"f": f, "i": i, "g": g, "c": new_c, "o": o, "h": o * torch.tanh(new_c)}


STEPS: dict[str, Step] = {
    "rnn": rnn,
    "lstm": lstm,
    "gru": gru,
    "gru_reset_after": gru_reset_after,
    "lstm_peephole": lstm_peephole,
}


# -- a problem, and the numbers that belong to it ----------------------------------------------------------------------


@dataclass
class Problem:
    """Parameters, input, states before the first step, and dL/d(state) at every step."""

    params: Arrays
    x: np.ndarray
    state: Arrays
    loss: Arrays | None = None  # None: the sum of the last h

    def at(self, distance: float, along: "Problem") -> "Problem":
        """Every number of the problem moved along a direction; the loss stays."""

        def moved(arrays: Arrays, by: Arrays) -> Arrays:
            return {name: value + distance * by[name] for name, value in arrays.items()}

        params, state = moved(self.params, along.params), moved(self.state, along.state)
        return Problem(params, self.x + distance * along.x, state, self.loss)


class Numbers(NamedTuple):
    values: Arrays
    gradients: Arrays


@dataclass
class _Recorded:
    """Tensors of each step by name, stacked in the end."""

    by_name: dict[str, list[Tensor]] = field(default_factory=dict)

    def add(self, name: str, value: Tensor) -> Tensor:
        value.retain_grad()
        self.by_name.setdefault(name, []).append(value)
        return value

    def values(self, name: str) -> np.ndarray:
        return torch.stack(self.by_name[name]).detach().numpy()

    def gradients(self, name: str) -> np.ndarray:
        return torch.stack([gradient(value) for value in self.by_name[name]]).numpy()


def problem(
    cell: gru_viz.Cell,
    seed: int,
    steps: int = 6,
    inputs: int = 3,
    hidden: int = 4,
    batch: int | None = None,
    sets: int | None = None,
    scale: float = 0.7,
) -> Problem:
    """Random numbers for everything: weights with no symmetry, states that are not zero, a loss at every step."""
    rng = np.random.default_rng([seed, steps, inputs, hidden])
    letters = {"I": inputs, "H": hidden}
    own = () if sets is None else (sets,)
    rows = own if batch is None else (batch,)
    return Problem(
        params={
            name: scale * rng.standard_normal(own + tuple(letters[letter] for letter in shape))
            for name, shape in cell.parameters.items()
        },
        x=rng.standard_normal((steps, *(() if batch is None else rows), inputs)),
        state={name: rng.standard_normal((*rows, hidden)) for name in cell.states},
        loss={name: rng.standard_normal((steps, *rows, hidden)) for name in cell.states},
    )


def gradient(tensor: Tensor) -> Tensor:
    return torch.zeros_like(tensor) if tensor.grad is None else tensor.grad


def leaves(arrays: Arrays) -> dict[str, Tensor]:
    return {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in arrays.items()}


def expected(step: Step, given: Problem) -> Numbers:
    """The step run in torch, and autograd's gradients.

    Between two steps each state passes two identities, so that autograd tells apart the value itself, what is handed
    on (with the loss of that step) and what the next step takes in.
    """
    params, state = leaves(given.params), leaves(given.state)
    lead = next(iter(given.state.values())).shape[:-1]
    recorded = _Recorded()
    handed, losses = state, []
    for t, row in enumerate(given.x):
        x = recorded.add("x", torch.tensor(np.broadcast_to(row, (*lead, row.shape[-1])), requires_grad=True))
        before = {name: recorded.add(f"before {name}", value * 1.0) for name, value in handed.items()}
        values = step(params, x, *before.values())
        for name, value in values.items():
            recorded.add(name, value)
        handed = {name: recorded.add(f"carried {name}", values[name] * 1.0) for name in state}
        for name, weights in (given.loss or {}).items():
            losses.append((torch.tensor(weights[t]) * handed[name]).sum())
    total = sum(losses) if given.loss is not None else handed["h"].sum()
    total.backward()

    names = [name for name in recorded.by_name if not name.startswith("carried")]
    gradients = {name: recorded.gradients(name) for name in recorded.by_name}
    gradients |= {f"parameter {name}": gradient(value).numpy() for name, value in params.items()}
    gradients["norm"] = norm([gradients[f"carried {name}"] for name in state])
    return Numbers({name: recorded.values(name) for name in names if name != "x"}, gradients)


def traced(name: str, given: Problem) -> gru_viz.Trace:
    """The run of a ready cell."""
    return gru_viz.run(gru_viz.cell(name), given.params, given.x, given.state)


def found(cell: gru_viz.Cell, given: Problem) -> Numbers:
    """The same numbers from the engine."""
    trace = gru_viz.run(cell, given.params, given.x, given.state)
    flow = gru_viz.backpropagate(trace, given.loss)
    values = {name: trace[name] for name in cell.names}
    values |= {f"before {name}": trace.before[name] for name in cell.states}
    gradients = {name: flow[name] for name in trace.names}
    gradients |= {f"before {name}": flow.before[name] for name in cell.states}
    gradients |= {f"carried {name}": flow.carried[name] for name in cell.states}
    gradients |= {f"parameter {name}": value for name, value in flow.params.items()}
    gradients["norm"] = 10 ** flow.log10_norm()
    return Numbers(values, gradients)


def norm(parts: list[np.ndarray]) -> np.ndarray:
    """The Euclidean norm over all units of all parts, at each step."""
    return np.sqrt(sum((part**2).sum(axis=-1) for part in parts))


# -- the comparison ----------------------------------------------------------------------------------------------------


def disagreements(found: Numbers, expected: Numbers) -> list[str]:
    """What is not as expected, in words; an empty list is agreement of every name, shape and number."""
    wrong = []
    for kind, ours, theirs, tolerance, floor in (
        ("value", found.values, expected.values, VALUE_TOLERANCE, 1.0),
        ("gradient", found.gradients, expected.gradients, GRADIENT_TOLERANCE, 0.0),
    ):
        wrong += [f"{kind} {name}: only on one side" for name in sorted(ours.keys() ^ theirs.keys())]
        for name in ours.keys() & theirs.keys():
            allowed = tolerance * max(floor, np.abs(theirs[name]).max())
            if ours[name].shape != theirs[name].shape:
                wrong.append(f"{kind} {name}: shape {ours[name].shape} instead of {theirs[name].shape}")
            elif not (error := np.abs(ours[name] - theirs[name]).max()) <= allowed:
                wrong.append(f"{kind} {name}: off by {error:.1e}, allowed is {allowed:.1e}")
    return wrong


def loss_of(cell: gru_viz.Cell, given: Problem) -> float:
    """The loss itself, forward only: what central differences are taken of."""
    trace = gru_viz.run(cell, given.params, given.x, given.state)
    return float(sum((weights * trace[name]).sum() for name, weights in given.loss.items()))


# -- the default experiment --------------------------------------------------------------------------------------------

DEFAULT_TEXT = "My name is Ada. What is my name?"


def default_run(name: str, text: str = DEFAULT_TEXT, seed: int = 7, keep: float = 2.0) -> gru_viz.Trace:
    """A letter sequence, one step a letter: 8 units, input gain 4, gates that start by keeping."""
    cell = gru_viz.cell(name)
    letters = sorted(set(text))
    x = np.eye(len(letters))[[letters.index(letter) for letter in text]]
    bias = cell.keep_biases(keep)
    params = gru_viz.init_params(cell, len(letters), 8, seed, input_names=letters, input_gain=4.0, bias=bias)
    return gru_viz.run(cell, params, x)
