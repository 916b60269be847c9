"""The phase portrait of a cell with two units: where one step leads from each state when the input stays the same.

Fixed points are found with Newton's method, as in D. Sussillo and O. Barak, Opening the Black Box: Low-Dimensional
Dynamics in High-Dimensional Recurrent Neural Networks, Neural Computation 25 (2013), who minimise the step's length.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass

import numpy as np

from gru_viz.cells import Cell
from gru_viz.engine import run
from gru_viz.errors import InputError
from gru_viz.experiment import Experiment
from gru_viz.jacobians import step_jacobians
from gru_viz.labels import quoted
from gru_viz.parameters import Parameters
from gru_viz.runs import parameters, trace
from gru_viz.sequences import Sequence, parse_sequence
from gru_viz.trace import Trace

UNITS = 2  # what a plane has room for
GRID = 15  # arrows, and starts of Newton's method, along each axis
NEWTON_STEPS = 40
RESIDUAL = 1e-12  # of a fixed point: the largest change in one step, for values up to 1
APART = 1e-3  # fixed points nearer than this count as one: near a bifurcation no more is certain
NEUTRAL = 1e-6  # an eigenvalue whose size is this near to 1 neither draws nor pushes
STARTS = 8  # of long runs, along each axis
LONG = 500  # steps after which it is seen where such a run has come …
NEAR = 1e-2  # … and how near to a fixed point counts as having come there
SETTLED = 1e-6  # a state that moves less in a step has come to rest


@dataclass(frozen=True)
class Held:
    """A cell whose input stays the same: a map from states to states, (B, S), one state below the other."""

    cell: Cell
    params: Parameters
    x: np.ndarray  # (I,)

    def run(self, states: np.ndarray, steps: int = 1) -> Trace:
        parts = np.split(states, len(self.cell.states), axis=1)
        inputs = np.broadcast_to(self.x, (steps, len(states), len(self.x)))
        return run(self.cell, self.params, inputs, dict(zip(self.cell.states, parts, strict=True)))

    def step(self, states: np.ndarray) -> np.ndarray:
        return last(self.run(states))


def last(ran: Trace) -> np.ndarray:
    """(B, S): all states after the last step of a batch."""
    return np.concatenate([ran[name][-1] for name in ran.cell.states], axis=1)


@dataclass(frozen=True)
class FixedPoint:
    """A state that one step leaves where it is."""

    state: np.ndarray  # (S,) in the order of cell.states
    eigenvalues: np.ndarray  # (S,) complex, of the step's Jacobian there, largest first

    @property
    def kind(self) -> str:
        """What becomes of a small push: it dies out along all directions, grows along all, or along some."""
        sizes = np.abs(self.eigenvalues)
        if (np.abs(sizes - 1) < NEUTRAL).any():
            return "neutral"
        return "stable" if sizes[0] < 1 else "unstable" if sizes[-1] > 1 else "saddle"


def fixed_points(held: Held, starts: np.ndarray) -> tuple[FixedPoint, ...]:
    """The fixed points that Newton's method finds from the starts (B, S); that there are no others is not proved.

    Nearer ones than APART count as one. Where a whole line stays, it is found at as many places as there were starts.
    """
    points, unity, moving = starts.copy(), np.eye(starts.shape[1]), np.arange(len(starts))
    bound = 1e3 * max(1.0, float(np.abs(starts).max()))
    for _ in range(NEWTON_STEPS):
        ran = held.run(points[moving])
        away = unity - step_jacobians(ran)[0]  # singular along a line that stays
        change = (np.linalg.pinv(away, rcond=1e-12) @ (last(ran) - points[moving])[..., None])[..., 0]
        points[moving] = np.clip(points[moving] + change, -bound, bound)
        moving = moving[np.abs(change).max(axis=1) > 1e-15 * bound]
        if not moving.size:
            break
    ran = held.run(points)
    size = np.maximum(1.0, np.abs(points).max(axis=1))
    residual = np.abs(last(ran) - points).max(axis=1) / size
    values = np.linalg.eigvals(step_jacobians(ran)[0]).astype(complex)
    found: list[FixedPoint] = []
    for k in np.argsort(residual, kind="stable"):
        if residual[k] > RESIDUAL:
            break
        if all(np.abs(points[k] - other.state).max() > APART * size[k] for other in found):
            order = np.lexsort((-values[k].imag, -values[k].real, -np.round(np.abs(values[k]), 9)))
            found.append(FixedPoint(points[k], values[k][order]))
    return tuple(sorted(found, key=lambda point: tuple(np.round(point.state, 9))))


@dataclass(frozen=True)
class Portrait:
    """One cell with two units under a constant input. Drawn is the state that the cell carries last: h, in an LSTM c.

    For every arrow the states that are not drawn stand where they settle while the drawn one is held: at a fixed point
    they do, so that the arrows vanish just there.
    """

    cell: Cell
    label: str  # of the input that is held
    starts: np.ndarray  # (N, 2): of the arrows
    steps: np.ndarray  # (N, 2): where one step leads, minus the start; NaN where the other states do not settle
    points: tuple[FixedPoint, ...]
    path: np.ndarray  # (T + 1, 2): the run with its own inputs
    end: np.ndarray  # (S,): all states after its last step
    came: np.ndarray  # (len(points),): how many of the long runs are near it at their end
    swinging: int  # how many of them go to and fro between two states
    limit: float  # of both axes

    @property
    def drawn(self) -> str:
        return self.cell.states[-1]

    @functools.cached_property
    def places(self) -> np.ndarray:
        """(len(points), 2): the fixed points in the plane."""
        return np.array([point.state[-UNITS:] for point in self.points]).reshape(-1, UNITS)

    def count(self, kind: str) -> int:
        return sum(point.kind == kind for point in self.points)

    @property
    def nearest(self) -> tuple[FixedPoint, float] | None:
        """The fixed point nearest to the end of the run, and how far it is, over all states."""
        if not self.points:
            return None
        distances = [float(np.linalg.norm(point.state - self.end)) for point in self.points]
        return self.points[int(np.argmin(distances))], min(distances)


def held_input(experiment: Experiment, sequence: Sequence) -> Sequence:
    """The one step that is held: a token of the sequence or any other, or the input 0 if none is named.

    Only the columns that it uses are left, as the weights of a column belong to its name. Raises InputError.
    """
    token, names = experiment.held, sequence.input_names
    if not token:
        label, row = "0", np.zeros(len(names))
    elif token in sequence.tokens:
        at = sequence.tokens.index(token)
        label, row = sequence.labels[at], sequence.values[at]
    else:
        one = parse_sequence("rows" if not sequence.is_one_hot and len(names) > 1 else sequence.kind, token)
        if len(one.tokens) > 1 or not (sequence.is_one_hot or len(one.input_names) == len(names)):
            width = "" if sequence.is_one_hot else f" of {len(names)} numbers" if len(names) > 1 else ", a number,"
            raise InputError(f"The input to be held is {quoted(token)}: one step{width} is expected.")
        label, row = one.labels[0], one.values[0]
        names = one.input_names if sequence.is_one_hot else names
    used = np.flatnonzero(row) if row.any() else np.array([0])
    return dataclasses.replace(
        sequence, tokens=(token,), labels=(label,), values=row[None, used], input_names=tuple(names[k] for k in used)
    )


def portrait(experiment: Experiment, of: Cell, sequence: Sequence) -> Portrait:
    """Raises InputError for an input to be held that cannot be read, and for another number of units than two."""
    if experiment.hidden_size != UNITS:
        raise InputError(f"A phase portrait is for {UNITS} hidden units; there are {experiment.hidden_size}.")
    one = held_input(experiment, sequence)
    held = Held(of, parameters(experiment, of, one), one.values[0])
    own = trace(experiment, of, sequence)
    path = own.states[of.states[-1]]
    reach = max(1.0, float(np.abs(path).max()))
    ends = last(held.run(np.nan_to_num(settled(held, grid(reach, STARTS))), LONG))
    limit = 1.08 * max(reach, float(np.abs(ends[:, -UNITS:]).max()))
    starts = grid(limit, GRID)
    states = settled(held, starts)
    points = tuple(point for point in fixed_points(held, np.nan_to_num(states)) if is_within(point, limit))
    came = [int((np.abs(ends - point.state).max(axis=1) < NEAR).sum()) for point in points]
    return Portrait(
        cell=of,
        label=f'"{one.labels[0]}"' if experiment.held and sequence.is_one_hot else one.labels[0],
        starts=starts,
        steps=np.where(np.isnan(states[:, :1]), np.nan, held.step(np.nan_to_num(states))[:, -UNITS:] - starts),
        points=points,
        path=path,
        end=np.concatenate([own[name][-1] for name in of.states]),
        came=np.array(came, dtype=int),
        swinging=int(_swinging(held, ends).sum()),
        limit=limit,
    )


def _swinging(held: Held, states: np.ndarray) -> np.ndarray:
    """(B,): whether two steps lead back and one does not."""
    once = held.step(states)
    twice = held.step(once)
    back, away = (np.abs(after - states).max(axis=1) for after in (twice, once))
    return (back < SETTLED) & (away > NEAR)


def is_within(point: FixedPoint, limit: float) -> bool:
    """Whether it lies in the plane that is drawn, and can be reached: no h that began at 0 leaves ±1."""
    return bool(np.abs(point.state[:UNITS]).max() <= 1 + RESIDUAL and np.abs(point.state[-UNITS:]).max() <= limit)


def grid(limit: float, count: int) -> np.ndarray:
    """(count², 2) places in the middle of equal squares between ±limit."""
    edge = limit * (2 * np.arange(count) + 1 - count) / count
    return np.stack(np.meshgrid(edge, edge), axis=-1).reshape(-1, UNITS)


def settled(held: Held, drawn: np.ndarray, steps: int = 100) -> np.ndarray:
    """(B, S): the drawn states (B, 2), and the others where they come to rest while those are held; NaN if nowhere."""
    hidden = (len(held.cell.states) - 1) * UNITS
    states = np.concatenate([np.zeros((len(drawn), hidden)), drawn], axis=1)
    if not hidden:
        return states
    for _ in range(steps):
        before = states[:, :hidden].copy()
        states[:, :hidden] = held.step(states)[:, :hidden]
        moved = np.abs(states[:, :hidden] - before).max(axis=1)
        if moved.max() < 1e-12:
            break
    states[moved > SETTLED, :hidden] = np.nan
    return states
