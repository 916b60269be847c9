"""An experiment's numbers, computed apart from the package: weights by the recipe, cells in torch, step by step.

``facts`` is what a page must say and draw. It knows neither equations, graph nor loops of ``gru_viz``, only the cells
that `reference` writes in torch. Gradients are scaled at each step, so that they are right far below 1e-308 as well.
"""

import math
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import torch

from tests.reference import STEPS

TITLES = {
    "rnn": "RNN",
    "lstm": "LSTM",
    "gru": "GRU",
    "gru_reset_after": "GRU (reset after)",
    "lstm_peephole": "LSTM (peepholes)",
}
# Which bias shifts the gate that keeps the old state, and in which direction.
KEEPS = {"rnn": {}, "lstm": {"b_f": 1}, "gru": {"b_z": -1}, "gru_reset_after": {"b_z": 1}, "lstm_peephole": {"b_f": 1}}
MATRICES = {"rnn": "h", "lstm": "fiog", "gru": "rzn", "gru_reset_after": "rzn", "lstm_peephole": "fiog"}
VECTORS = {
    "rnn": ["b_h"],
    "lstm": ["b_f", "b_i", "b_o", "b_g"],
    "gru": ["b_r", "b_z", "b_n"],
    "gru_reset_after": ["b_r", "b_z", "b_n", "c_n"],
    "lstm_peephole": ["b_f", "b_i", "b_o", "b_g", "p_f", "p_i", "p_o"],
}
GATES = {"rnn": "", "lstm": "fio", "gru": "rz", "gru_reset_after": "rz", "lstm_peephole": "fio"}


@dataclass(frozen=True)
class Facts:
    """Of one cell: states after each step (T, H), and log10 norms of gradients of the sum of the last h, (T,)."""

    states: dict[str, np.ndarray]
    norm: np.ndarray  # of what the cell hands on after each step
    parts: dict[str, np.ndarray]  # the same through one state alone
    input_norm: np.ndarray

    @property
    def share(self) -> float:
        return self.norm[0] - self.norm[-1]

    @property
    def reach(self) -> int:
        return len(self.norm) - int(np.flatnonzero(self.norm >= self.norm[-1] - 2)[0])


def tokens_of(experiment) -> list:
    """One step a character or number, for plain texts."""
    if experiment.kind == "text":
        return list(experiment.text)
    return [float(number) for number in experiment.text.replace(",", " ").split()]


def inputs(experiment, tokens) -> tuple[np.ndarray, list[str]]:
    """(T, I) and whom its columns belong to."""
    if experiment.kind == "numbers":
        return np.array(tokens, dtype=float)[:, None], ["0"]
    names = list(dict.fromkeys(tokens))
    return np.eye(len(names))[[names.index(token) for token in tokens]], names


def weights(experiment, cell: str, names: list[str], seed: int | None = None) -> dict[str, np.ndarray]:
    """The recipe: a stream for each name, one for each column of an input matrix."""
    hidden, seed = experiment.hidden_size, experiment.seed if seed is None else seed
    k = 1 / math.sqrt(hidden)

    def stream(name):
        return np.random.default_rng([seed, crc32(name.encode("utf-8"))])

    found = {}
    for gate in MATRICES[cell]:
        columns = [stream(f"W_{gate}|{name}").uniform(-k, k, hidden) for name in names]
        found[f"W_{gate}"] = experiment.input_gain * np.array(columns).T
        if experiment.scheme == "uniform":
            square = stream(f"U_{gate}").uniform(-k, k, (hidden, hidden))
        else:
            q, r = np.linalg.qr(stream(f"U_{gate}").standard_normal((hidden, hidden)))
            square = q @ np.diag(np.sign(np.diag(r)))
        found[f"U_{gate}"] = experiment.recurrent_gain * square
    for name in VECTORS[cell]:
        found[name] = stream(name).uniform(-k, k, hidden) if experiment.scheme == "uniform" else np.zeros(hidden)
    set_to = {bias: sign * experiment.keep for bias, sign in KEEPS[cell].items()}
    set_to |= {f"b_{gate}": bias for gate, bias in experiment.biases if gate in GATES[cell]}
    return found | {name: np.full(hidden, float(value)) for name, value in set_to.items()}


def facts(experiment, cell: str, tokens=None, seed: int | None = None) -> Facts:
    """One run and its gradients, step by step."""
    x, names = inputs(experiment, tokens_of(experiment) if tokens is None else tokens)
    params = {name: torch.tensor(value) for name, value in weights(experiment, cell, names, seed).items()}
    taken, after = _forward(cell, params, x, experiment.hidden_size)
    states = {name: np.array([step[name].detach().numpy() for step in after]) for name in after[0]}
    norm, parts, input_norm = np.empty(len(x)), {name: np.empty(len(x)) for name in states}, np.empty(len(x))
    handed = {name: torch.ones(experiment.hidden_size) * (name == "h") for name in states}
    handed, scale = {name: value.double() for name, value in handed.items()}, 0.0
    for t in reversed(range(len(x))):
        norm[t] = scale + _log10(torch.cat(list(handed.values())))
        for name, value in handed.items():
            parts[name][t] = scale + _log10(value)
        total = sum((after[t][name] * value).sum() for name, value in handed.items())
        by_input, *by_states = torch.autograd.grad(total, taken[t])
        input_norm[t] = scale + _log10(by_input)
        size = float(torch.cat(by_states).abs().max()) or 1.0
        handed, scale = dict(zip(states, (value / size for value in by_states), strict=True)), scale + math.log10(size)
    return Facts(states, norm, parts, input_norm)


def all_found(experiment, tokens=None) -> dict[str, Facts]:
    """Title -> facts for the cells of an experiment, in the order of the page."""
    return {TITLES[name]: facts(experiment, name, tokens) for name in experiment.cells}


def _forward(cell, params, x, hidden):
    """What each step took in, as leaves of its own graph, and the states that it made."""
    names = ["h", "c"] if "lstm" in cell else ["h"]
    taken, after = [], []
    state = [torch.zeros(hidden, dtype=torch.float64) for _ in names]
    for row in x:
        leaves = [torch.tensor(row, requires_grad=True), *(value.detach().requires_grad_() for value in state)]
        values = STEPS[cell](params, *leaves)
        taken.append(leaves)
        after.append({name: values[name] for name in names})
        state = list(after[-1].values())
    return taken, after


def _log10(vector: torch.Tensor) -> float:
    size = float(torch.linalg.vector_norm(vector))
    return math.log10(size) if size else -math.inf


def distances(experiment, cell: str, tokens, others) -> np.ndarray:
    """‖difference of h‖ at each step from the first that differs, paired from the end; the weights are shared."""
    start = next(k for k, (one, other) in enumerate(zip(tokens, others, strict=False)) if one != other)
    one, other = (facts(experiment, cell, some).states["h"] for some in (tokens, others))
    count = min(len(one), len(other)) - start
    return np.linalg.norm(one[-count:] - other[-count:], axis=1)
