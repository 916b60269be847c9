"""What each cell costs and keeps: counted from its equations, measured on its run.

Shapes: T time, I input, H hidden.
"""

from __future__ import annotations

import dataclasses
import statistics
import time
from dataclasses import dataclass

import numpy as np

from gru_viz.cells import Cell
from gru_viz.engine import run
from gru_viz.equations import INPUT_MATRIX, RECURRENT_MATRIX, VECTOR
from gru_viz.experiment import Experiment
from gru_viz.forward import forward_plan
from gru_viz.graph import Node, reachable
from gru_viz.parameters import Parameters
from gru_viz.runs import parameters, steps_until
from gru_viz.sequences import Sequence
from gru_viz.settings import KEEP_CHOICES
from gru_viz.trace import Trace

FLOAT = 8  # bytes of a float64
BEFORE, AFTER = 40, 160  # steps of the input 0, and then of 1, over which the price of memory is measured
MAX_STEPS = 500  # of the sequence, over which the memory of the first step is measured
LEAST = 1e-14  # a share below it is rounding: nothing is left
TIMED_RUNS, TIMED_SECONDS = 7, 0.02  # for each cell: at most so many runs, and no further one after that time
NOTHING_MOVES = 0.1  # a change that moves less than this share of itself in its last quarter has come to its end


# Counted from the equations ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Count:
    """inputs * H * I + recurrents * H * H + vectors * H."""

    inputs: int
    recurrents: int
    vectors: int

    def total(self, input_size: int, hidden_size: int) -> int:
        return hidden_size * (self.inputs * input_size + self.recurrents * hidden_size + self.vectors)


@dataclass(frozen=True)
class Cost:
    """What one step of a cell needs, in parts that its sizes multiply."""

    cell: Cell
    parameters: Count  # as the equations have them
    two_biases: Count  # with a bias for each matrix, as PyTorch has them
    multiplications: Count  # a step: matrix products, and elementwise products as vectors
    squashings: int  # sigmoid, tanh and relu a step, times H
    carried: int  # values handed on from step to step, times H
    kept: int  # values that a run keeps of each step, times H, so that gradients can be computed


def cost(cell: Cell) -> Cost:
    """Read off the equations and their graph; a value that is written twice is computed once."""
    shapes = list(cell.parameters.values())
    inputs, recurrents, vectors = (shapes.count(shape) for shape in (INPUT_MATRIX, RECURRENT_MATRIX, VECTOR))
    nodes = reachable(cell.graph.values.values())
    factors = {node.name for node in _factors(nodes) if node.op == "vector"}  # peepholes: no biases
    products = [node.args[0] is cell.graph.input for node in nodes if node.op == "matrix"]
    return Cost(
        cell,
        parameters=Count(inputs, recurrents, vectors),
        two_biases=Count(inputs, recurrents, inputs + recurrents + len(factors)),
        multiplications=Count(sum(products), products.count(False), sum(node.op == "product" for node in nodes)),
        squashings=sum(node.op in ("sigmoid", "tanh", "relu") for node in nodes),
        carried=len(cell.states),
        kept=len(cell.states) + forward_plan(cell).arrays,
    )


def _factors(nodes: list[Node]) -> list[Node]:
    return [factor for node in nodes if node.op == "product" for factor in node.args]


# Measured on runs ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Price:
    """What a cell keeps, and what that costs, where its gates start by keeping so much of the old state."""

    keep: float  # a key of KEEP_CHOICES
    left: dict[str, float]  # state -> what the first step still changes at the end, as a share of its largest change
    steps: int | None  # until 90 % of a change; None where h does not settle in time


@dataclass(frozen=True)
class Comparison:
    """What the Compare page shows of one cell."""

    cost: Cost
    prices: tuple[Price, ...]  # one where the cell has no gate that `keep` sets
    own: Price  # at the experiment's own setting
    seconds: float  # of one step of its run: the median of a few runs

    @property
    def cell(self) -> Cell:
        return self.cost.cell


def compare(experiment: Experiment, of: Cell, sequence: Sequence) -> Comparison:
    weights = {
        keep: parameters(dataclasses.replace(experiment, keep=keep), of, sequence)
        for keep in (experiment.keep, *KEEP_CHOICES)
    }
    own = weights[experiment.keep]
    keeps = [experiment.keep] if all(_same(own, other) for other in weights.values()) else list(KEEP_CHOICES)
    prices = {keep: price(of, weights[keep], sequence, keep) for keep in keeps}
    seconds = seconds_a_step(of, own, sequence)
    return Comparison(cost(of), tuple(prices.values()), prices[experiment.keep], seconds)


def _same(one: Parameters, other: Parameters) -> bool:
    return all(np.array_equal(one[name], other[name]) for name in one)


def price(of: Cell, params: Parameters, sequence: Sequence, keep: float) -> Price:
    jump = np.zeros((BEFORE + AFTER, sequence.values.shape[1]))
    jump[BEFORE:, 0] = 1.0
    return Price(keep, first_step_left(of, params, sequence), settled_after(run(of, params, jump)))


def first_step_left(of: Cell, params: Parameters, sequence: Sequence) -> dict[str, float]:
    """State -> how far two runs are apart at the end, as a share of where they were farthest apart; 0 if never.

    One run is that of the sequence, of its first MAX_STEPS if it is longer. The other has the same weights, and 0 as
    its first input; 1 where that is 0 anyway.
    """
    inputs = sequence.values[:MAX_STEPS]
    without = inputs.copy()
    without[0] = 0.0 if inputs[0].any() else 1.0
    one, other = run(of, params, inputs), run(of, params, without)
    found = {}
    for state in of.states:
        distance = np.linalg.norm(one[state] - other[state], axis=1)
        found[state] = float(distance[-1] / (distance.max() or 1.0))
    return found


def settled_after(ran: Trace) -> int | None:
    """``steps_until`` 90 % of the change after the jump; None where h still moves at the end."""
    after = ran["h"][BEFORE - 1 :]
    change = np.linalg.norm(after[0] - after[-1])
    last = np.linalg.norm(after[-AFTER // 4 :] - after[-1], axis=1).max()
    return None if last > NOTHING_MOVES * change else steps_until(ran)


def seconds_a_step(of: Cell, params: Parameters, sequence: Sequence) -> float:
    """The median over a few runs of the sequence, every value recorded; it depends on the machine and its load."""
    found: list[float] = []
    while len(found) < TIMED_RUNS and sum(found) < TIMED_SECONDS:
        start = time.perf_counter()
        run(of, params, sequence.values)
        found.append(time.perf_counter() - start)
    return statistics.median(found) / len(sequence.values)
