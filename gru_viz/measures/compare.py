"""What each cell costs and keeps: counted from its equations, measured on its run.

Shapes: T time, I input, H hidden.
"""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Mapping
from collections.abc import Sequence as Many
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from gru_viz.cells import Cell
from gru_viz.engine import run
from gru_viz.equations import INPUT_MATRIX, RECURRENT_MATRIX, VECTOR
from gru_viz.experiment import Experiment
from gru_viz.forward import forward_plan
from gru_viz.graph import Node, reachable
from gru_viz.parameters import Parameters
from gru_viz.runs import parameters, until
from gru_viz.sequences import Sequence
from gru_viz.settings import KEEP_CHOICES

FLOAT = 8  # bytes of a float64
SETTLE_STEPS, BLOCK = 3_000, 100  # the most steps in which h may come to rest, and how many are run before a look
REST, ROUGHLY = 1e-6, 1e-4  # h is at rest if it moved less than this share of its size in the last BLOCK steps
NO_CHANGE = 1e-6  # of the size of h: what changes it less does not change it, as no place of rest is known better
MAX_STEPS = 500  # of the sequence, over which the memory of the first step is measured
LEAST = 1e-14  # a share below it is rounding: nothing is left
TIMED_RUNS, TIMED_SECONDS = 3, 0.02  # for each cell: at most so many runs, and no further one after that time


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
    left: dict[str, float | None]  # state -> what the first step still changes at the end, as a share of its largest
    # change; None where it changes nothing at any step
    steps: int | None  # until 90 % of a change; 0 where h does not change, None where h does not settle

    @property
    def has_point(self) -> bool:
        """Whether there is both a memory and a price of it to set against each other."""
        return bool(self.steps) and self.left["h"] is not None


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
    steps = steps_after_jump(of, [weights[keep] for keep in keeps], sequence.values.shape[1])
    prices = {
        keep: Price(keep, first_step_left(of, weights[keep], sequence), count)
        for keep, count in zip(keeps, steps, strict=True)
    }
    seconds = seconds_a_step(of, own, sequence)
    return Comparison(cost(of), tuple(prices.values()), prices[experiment.keep], seconds)


def _same(one: Parameters, other: Parameters) -> bool:
    return all(np.array_equal(one[name], other[name]) for name in one)


def first_step_left(of: Cell, params: Parameters, sequence: Sequence) -> dict[str, float | None]:
    """State -> how far two runs are apart at the end, as a share of where they were farthest apart; None if never.

    One run is that of the sequence, of its first MAX_STEPS if it is longer. The other has the same weights, and 0 as
    its first input; 1 where that is 0 anyway.
    """
    inputs = sequence.values[:MAX_STEPS]
    without = inputs.copy()
    without[0] = 0.0 if inputs[0].any() else 1.0
    one, other = run(of, params, inputs), run(of, params, without)
    found: dict[str, float | None] = {}
    for state in of.states:
        distance = np.linalg.norm(one[state] - other[state], axis=1)
        found[state] = float(distance[-1] / distance.max()) if distance.any() else None
    return found


def steps_after_jump(of: Cell, sets: Many[Parameters], inputs: int) -> list[int | None]:
    """For each set of parameters the steps until 90 % of the change of h when the first input jumps from 0 to 1: from
    rest to rest. 0 where h stays, None where it does not come to rest. All sets run side by side.
    """
    params = {name: np.stack([each[name] for each in sets]) for name in sets[0]}
    zero, one = np.zeros(inputs), np.eye(1, inputs)[0]
    before = rest(of, params, zero, ROUGHLY)
    after = rest(of, params, one, REST, before.states)
    path = after.path
    found: list[int | None] = []
    for k in range(len(sets)):
        if not before.settled[k] or not after.settled[k]:
            found.append(None)
            continue
        size = max(np.linalg.norm(path[0, k]), np.linalg.norm(path[-1, k]))
        moved = np.linalg.norm(path[-1, k] - path[0, k]) > NO_CHANGE * size
        found.append(until(path[:, k]) if moved else 0)
    return found


@dataclass(frozen=True, eq=False)
class Rest:
    """Where h stays under an input that stays, and how it came there, for each set of parameters."""

    states: Mapping[str, np.ndarray]  # state -> (sets, H)
    path: np.ndarray  # (steps + 1, sets, H): h, from where it began
    settled: np.ndarray  # (sets,): whether it stays


def rest(
    of: Cell, params: Parameters, x: np.ndarray, least: float, start: Mapping[str, np.ndarray] = MappingProxyType({})
) -> Rest:
    """Under the input x (I,), from the states given or from zeros: until no h moves by more than the share ``least`` of
    its size in BLOCK steps, or SETTLE_STEPS are over."""
    inputs, path = np.tile(x, (BLOCK, 1)), list[np.ndarray]()
    while len(path) * BLOCK < SETTLE_STEPS:
        ran = run(of, params, inputs, start)
        path.append(ran.states["h"][0 if not path else 1 :])
        start = {name: values[-1] for name, values in ran.states.items()}
        settled = np.ptp(ran["h"], axis=0).max(axis=-1) <= least * np.abs(ran["h"]).max(axis=(0, -1))
        if settled.all():
            break
    return Rest(start, np.concatenate(path), settled)


def seconds_a_step(of: Cell, params: Parameters, sequence: Sequence) -> float:
    """The median over a few runs of the sequence, every value recorded; it depends on the machine and its load."""
    found: list[float] = []
    while len(found) < TIMED_RUNS and sum(found) < TIMED_SECONDS:
        start = time.perf_counter()
        run(of, params, sequence.values)
        found.append(time.perf_counter() - start)
    return statistics.median(found) / len(sequence.values)
