"""What the tests of the Compare page share: an experiment's numbers, made-up ones, and a run by torch."""

import numpy as np
import torch

from gru_viz.cells import cell, cell_names
from gru_viz.measures.compare import Comparison, Price, compare, cost
from gru_viz.runs import cells_of
from gru_viz.sequences import parse_sequence
from tests.reference import STEPS

STATES = {name: ("h", "c") if "lstm" in name else ("h",) for name in cell_names()}
TEXT = parse_sequence("text", "Abc")


def found_for(experiment):
    sequence = parse_sequence(experiment.kind, experiment.text)
    return [compare(experiment, of, sequence) for of in cells_of(experiment)], sequence


def made(name="gru", points=((1e-6, 5), (1e-3, 50)), c=None):
    """A comparison with these shares and steps at 50 % and 95 %; one point has no setting."""
    keeps = (0.0, 3.0) if len(points) > 1 else (2.0,)
    prices = tuple(
        Price(keep, {"h": left} | ({} if c is None else {"c": c}), steps)
        for keep, (left, steps) in zip(keeps, points, strict=True)
    )
    return Comparison(cost(cell(name)), prices, prices[-1], 1e-5)


def by_torch(name, params, rows):
    """State -> (T, H), step by step in torch."""
    params = {key: torch.tensor(value) for key, value in params.items()}
    values = {
        state: torch.zeros(
            len(params["U_h" if name == "rnn" else "U_z" if "gru" in name else "U_f"]), dtype=torch.float64
        )
        for state in STATES[name]
    }
    after = []
    for row in rows:
        values = STEPS[name](params, torch.tensor(row), *(values[state] for state in STATES[name]))
        after.append({state: values[state].numpy() for state in STATES[name]})
    return {state: np.array([step[state] for step in after]) for state in STATES[name]}
