"""What each cell costs and keeps: counted from its equations, measured on its run.

Shapes: T time, I input, H hidden.
"""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from gru_viz.cells import Cell
from gru_viz.engine import run
from gru_viz.equations import INPUT_MATRIX, RECURRENT_MATRIX, VECTOR
from gru_viz.experiment import Experiment
from gru_viz.forward import forward_plan
from gru_viz.graph import Node, reachable
from gru_viz.jacobians import step_jacobians
from gru_viz.parameters import Parameters, init_params, stacked_sets
from gru_viz.runs import keep_sets, until
from gru_viz.sequences import Sequence
from gru_viz.trace import Trace

FLOAT = 8  # bytes of a float64
SETTLE_STEPS, BLOCK = 3_000, 50  # the most steps in which h may come to rest, and how many are run before a look
REST = 1e-6  # h is at rest if it moved less than this share of its size in the last BLOCK steps
NEAR = 0.05  # h was near a place if in the last quarter of BLOCK steps at most this share of its way was left
NEWTON_STEPS, EXACT = 8, 1e-5  # the last of them moves by no more than this share of the size: it doubles the digits
SQUARINGS = 22  # of a Jacobian: its power of 2**21 is small where its eigenvalues are within 1 - REST or so
NO_CHANGE = 1e-6  # of the size of h: what changes it less does not change it, as no place of rest is known better
MAX_STEPS = 500  # of the sequence, over which the memory of the first step is measured
LEAST = 1e-14  # a share below it is rounding: nothing is left
TIMED_RUNS, TIMED_SECONDS = 9, 0.02  # for each cell: at most so many runs, and after that time no more than …
TIMED_ALWAYS = 3  # … these: one that others held up is not the median


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


@functools.lru_cache(maxsize=64)
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
    weights = keep_sets(experiment, of, sequence)
    sets = stacked_sets(of, list(weights.values()))
    left = first_step_left(of, sets, sequence)
    steps = steps_after_jump(of, sets, sequence.values.shape[1])
    prices = {keep: Price(keep, *found) for keep, found in zip(weights, zip(left, steps, strict=True), strict=True)}
    seconds = seconds_a_step(of, *sequence.values.shape, experiment.hidden_size)
    return Comparison(cost(of), tuple(prices.values()), prices[experiment.keep], seconds)


def first_step_left(of: Cell, sets: Parameters, sequence: Sequence) -> list[dict[str, float | None]]:
    """For each set of parameters: state -> how far two runs are apart at the end, as a share of where they were
    farthest apart; None if never.

    One run is that of the sequence, of its first MAX_STEPS if it is longer. The other has the same weights, and 0 as
    its first input; 1 where that is 0 anyway. All run side by side.
    """
    inputs = sequence.values[:MAX_STEPS]
    count = len(next(iter(sets.values())))
    twice = {name: np.concatenate([values, values]) for name, values in sets.items()}
    start: dict[str, np.ndarray] = {}
    distances: dict[str, list[np.ndarray]] = {state: [] for state in of.states}
    for first in range(0, len(inputs), BLOCK):  # a part at a time takes less room
        both = np.repeat(inputs[first : first + BLOCK, None], 2 * count, axis=1)
        if first == 0:
            both[0, count:] = 0.0 if inputs[0].any() else 1.0
        ran = run(of, twice, both, start)
        start = at_the_end(ran)
        for state in of.states:
            distances[state].append(np.linalg.norm(ran[state][:, :count] - ran[state][:, count:], axis=-1))
    shares: list[dict[str, float | None]] = [{} for _ in range(count)]
    for state, parts in distances.items():
        for found, distance in zip(shares, np.concatenate(parts).T, strict=True):
            found[state] = float(distance[-1] / distance.max()) if distance.any() else None
    return shares


def steps_after_jump(of: Cell, sets: Parameters, inputs: int) -> list[int | None]:
    """For each set of parameters the steps until 90 % of the change of h when the first input jumps from 0 to 1: from
    rest to rest. 0 where h stays, None where it does not come to rest. All run side by side.
    """
    before = rest(of, sets, np.zeros(inputs), of.states)
    after = rest(of, sets, np.eye(1, inputs)[0], ("h",), before.states)  # to be near in all states is not to be so in h
    found: list[int | None] = []
    for path, settled in zip(after.path.swapaxes(0, 1), before.settled & after.settled, strict=True):
        size = max(np.linalg.norm(path[0]), np.linalg.norm(path[-1]))
        moved = np.linalg.norm(path[-1] - path[0]) > NO_CHANGE * size
        found.append(None if not settled else until(path) if moved else 0)
    return found


@dataclass(frozen=True, eq=False)
class Rest:
    """Where a cell stays under an input that stays, and how h came there, for each set of parameters."""

    states: Mapping[str, np.ndarray]  # state -> (sets, H)
    path: np.ndarray  # (steps + 2, sets, H): h, from where it began; in the last row where it stays
    settled: np.ndarray  # (sets,): whether it stays


def rest(
    of: Cell,
    sets: Parameters,
    x: np.ndarray,
    watched: Collection[str],
    start: Mapping[str, np.ndarray] = MappingProxyType({}),
) -> Rest:
    """Under the input x (I,), from the states given or from zeros: until it is known of each set where it comes to
    rest, or SETTLE_STEPS are over.

    A set has come to rest if no state moved by more than the share REST of the largest in BLOCK steps. It will come to
    rest where the states ``watched`` were NEAR a place that draws it there, which is looked for when all slow down.
    """
    inputs, path, looked = np.tile(x, (BLOCK, 1)), list[np.ndarray](), 0
    while True:
        ran = run(of, sets, inputs, start)
        start, seen = at_the_end(ran), joined(ran.states, watched)
        path.append(seen[bool(path) :])
        is_over = len(path) * BLOCK >= SETTLE_STEPS
        if is_over or (len(path) >= 2 * looked and slows_down(path[0][0], seen).all()):
            place, draws = attractor(ran, sets)
            goal = joined(place, watched)
            far, left = (np.linalg.norm(part - goal, axis=-1) for part in (path[0][0], seen[-BLOCK // 4 :]))
            drawn = draws & (left.max(axis=0) <= NEAR * far)
            settled = drawn if drawn.all() else drawn | stays(joined(ran.states, of.states)[1:])
            if is_over or settled.all():
                break
            looked = len(path)
    states = {name: np.where(drawn[:, None], place[name], start[name]) for name in start}
    h = states["h"]  # the first of the states
    return Rest(states, np.concatenate([*(part[..., : h.shape[-1]] for part in path), h[None]]), settled)


def stays(values: np.ndarray) -> np.ndarray:
    """For each set whether none of these (BLOCK, sets, S) moved by more than the share REST of the largest."""
    still: np.ndarray = np.ptp(values, axis=0).max(axis=-1) <= REST * np.abs(values).max(axis=(0, -1))
    return still


def slows_down(first: np.ndarray, values: np.ndarray) -> np.ndarray:
    """For each set whether it stands, or would have been NEAR where it comes to rest a quarter of BLOCK steps ago, as
    seen from ``first`` (sets, S), if the moves went on to shrink as in these (BLOCK + 1, sets, S)."""
    begin, middle, end = values[:: BLOCK // 2]
    before, after, way, size = np.linalg.norm([middle - begin, end - middle, end - first, end], axis=-1)
    left = after * np.sqrt(after * before)  # times before - after: the sum of a geometric series
    return (after <= REST * size) | (left <= NEAR * way * (before - after))


def attractor(ran: Trace, sets: Parameters) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Newton's method from the last step of a run of these sets: where such a step changes nothing, and for each set
    whether that place was found and draws what is near it."""
    of, hidden, x = ran.cell, ran.hidden_size, ran.inputs[-1:]
    end, unity = joined(at_the_end(ran), of.states), np.eye(len(of.states) * hidden)
    bound = 1e3 * max(1.0, float(np.abs(end).max()))
    for _ in range(NEWTON_STEPS):
        before, after = joined(ran.states, of.states)[-2:]
        jacobians = step_jacobians(ran, [ran.steps - 1])[0]
        change, is_one = solved(unity - jacobians, after - before)
        place = np.clip(before + change, -bound, bound)
        states = {name: place[:, k * hidden : (k + 1) * hidden] for k, name in enumerate(of.states)}
        exact = is_one & (np.abs(change).max(axis=-1) <= EXACT * np.abs(place).max(axis=-1))
        if exact.all():
            break
        ran = run(of, sets, x, states)
    return states, exact & shrinks(jacobians)


def shrinks(jacobians: np.ndarray) -> np.ndarray:
    """For each set whether a high power of its matrix (sets, S, S) makes all that it is multiplied by smaller: all
    eigenvalues are within the unit circle. False too where they are too near it, or the powers too large, to say
    so. The powers take a quarter of the eigenvalues' time."""
    power, is_small = jacobians, np.zeros(len(jacobians), dtype=bool)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(SQUARINGS):
            is_small |= np.linalg.norm(power, axis=(-2, -1)) < 1  # Frobenius: no smaller than how much it stretches
            if is_small.all():
                break
            power = power @ power
    return is_small


def solved(matrices: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each set the solution of its equations (sets, S), and whether there is just one; zeros where there is not."""
    try:
        found = np.linalg.solve(matrices, right[..., None])[..., 0]
        is_one = np.asarray(np.isfinite(found).all(axis=-1))
        return np.where(is_one[:, None], found, 0.0), is_one
    except np.linalg.LinAlgError:
        if len(right) == 1:
            return np.zeros_like(right), np.zeros(1, dtype=bool)
    alone = [solved(matrices[k : k + 1], right[k : k + 1]) for k in range(len(right))]
    return np.concatenate([found for found, _ in alone]), np.concatenate([is_one for _, is_one in alone])


def at_the_end(ran: Trace) -> dict[str, np.ndarray]:
    return {name: values[-1] for name, values in ran.states.items()}


def joined(states: Mapping[str, np.ndarray], names: Collection[str]) -> np.ndarray:
    """(…, sets, S): those of these names side by side"""
    return np.concatenate([states[name] for name in names], axis=-1)


@functools.lru_cache(maxsize=256)
def seconds_a_step(of: Cell, steps: int, inputs: int, hidden_size: int) -> float:
    """The median over a few runs of so many steps, every value recorded; it depends on the machine and its load.

    Measured once for each size: it hardly depends on the weights, and each visitor would wait for it at each change.
    """
    params, x = init_params(of, inputs, hidden_size, seed=0), np.ones((steps, inputs))
    found: list[float] = []
    while len(found) < TIMED_RUNS and (len(found) < TIMED_ALWAYS or sum(found) < TIMED_SECONDS):
        start = time.perf_counter()
        run(of, params, x)
        found.append(time.perf_counter() - start)
    return statistics.median(found) / steps
