"""What the tests of the Gradients page share: its numbers of an experiment, autograd's, and made-up ones."""

import math

import numpy as np
import torch

from gru_viz.cells import cell, cell_names
from gru_viz.experiment import Experiment
from gru_viz.measures.gradients import WHOLE, Reached, gradients
from gru_viz.sequences import parse_sequence
from tests import expected

LOSSES = ("last", "target", "every")
SMALL = Experiment(text="abacabad", cells=cell_names(), hidden_size=5, seed=3, replace="a", by="b")


def sequence_of(experiment):
    return parse_sequence(experiment.kind, experiment.text)


def measured(experiment):
    return {each.cell.name: each for each in gradients(experiment, sequence_of(experiment))}


def built(name, norm, clip=0.0, theory=None):
    """One cell whose carried gradient has these norms, log10."""
    norm = np.array(norm, dtype=float)
    return Reached(cell(name), norm, {WHOLE: norm}, theory or {}, norm, clip)


def sloping(name, rate, steps=11):
    return built(name, [rate * (steps - 1 - k) for k in range(steps)])


def with_end(experiment):
    """The experiment whose text ends at its step with the loss, and every token's weights: for an oracle that cuts."""
    tokens = list(experiment.text)
    x, names = expected.inputs(experiment, tokens)
    return x[: experiment.step or len(tokens)], names


def by_torch(experiment, name):
    """(carried norms, input norms, log10 norm by all parameters), one graph through all steps and autograd."""
    x, names = with_end(experiment)
    weights = expected.weights(experiment, name, names)
    params = {each: torch.tensor(value, requires_grad=True) for each, value in weights.items()}
    leaves = [torch.tensor(row, requires_grad=True) for row in x]
    states = ["h", "c"] if "lstm" in name else ["h"]
    state = [torch.zeros(experiment.hidden_size, dtype=torch.float64) for _ in states]
    handed, hidden = [], []
    for row in leaves:
        values = expected.STEPS[name](params, row, *state)
        hidden.append(values["h"])
        # what is handed on is a copy of its own: the other uses of the state in this step do not count
        state = [values[each].clone() for each in states]
        for each in state:
            each.retain_grad()
        handed.append(state)
    loss = {
        "last": lambda: hidden[-1].sum(),
        "target": lambda: ((hidden[-1] - experiment.target) ** 2).sum(),
        "every": lambda: sum(each.sum() for each in hidden),
    }[experiment.loss]()
    loss.backward()
    own = [np.zeros(experiment.hidden_size) for _ in hidden]  # the loss's gradient by each h
    if experiment.loss == "every":
        own = [np.ones(experiment.hidden_size) for _ in hidden]
    elif experiment.loss == "last":
        own[-1] = np.ones(experiment.hidden_size)
    else:
        own[-1] = 2 * (hidden[-1].detach().numpy() - experiment.target)
    carried = []
    for step, pieces in enumerate(handed):
        flows = [np.zeros(len(own[step])) if each.grad is None else each.grad.numpy() for each in pieces]
        flows[0] = flows[0] + own[step]
        carried.append(np.linalg.norm(np.concatenate(flows)))
    total = math.sqrt(sum(float((each.grad**2).sum()) for each in params.values() if each.grad is not None))
    return np.log10(carried), np.log10([float(each.grad.norm()) for each in leaves]), math.log10(total)
