"""One walk backwards through a run: the arrays of the compiled loop, chunk by chunk, and the exponents of each.

A gradient that shrinks or grows over many steps leaves the range of a float64 long before it stops being of interest.
So the walk works on mantissas: between chunks each batch row is rescaled by an exact power of two, whose exponent is
kept aside. What a chunk has computed beyond the safe range is dropped, and begun again from there on a new scale.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from gru_viz.backward import backward_plan
from gru_viz.bulk import product_into
from gru_viz.errors import InputError
from gru_viz.graph import Array
from gru_viz.labels import grouped
from gru_viz.loop import Steps, each_step
from gru_viz.stacks import transposed
from gru_viz.trace import Trace

MAX_BYTES = 256 * 2**20  # of all the values that one walk backwards keeps
CHUNK = 256  # steps at most
FIRST = 64  # of the first chunk, whose drift nobody knows: few enough to end before the numbers that are slow
LOW, HIGH = -400, 500  # norms of mantissas stay between these powers of two, their squares within a float64
LOWEST, HIGHEST = 2.0 ** (2 * LOW), 2.0 ** (2 * HIGH)  # of a squared norm
MIDDLE, ROOM = (LOW + HIGH) // 2, HIGH - LOW - 40
NEAR = 128  # exponents up to this one need no rescaling
NEAR_ONE = 2.0 ** (2 * NEAR - 2)  # … nor squared norms between the inverse of this and this
NOTHING = -(2**60)  # stands for the exponent of an exact zero
LOG10_2 = np.log10(2.0)


class Walk:
    """Made for one loss, dL/d(state) of at least one: in each a row for every step, or for the last step alone."""

    @np.errstate(over="ignore", under="ignore", invalid="ignore")
    def __init__(self, trace: Trace, loss: Mapping[str, Array]) -> None:
        self.trace, self.loss = trace, loss
        self.plan, self.bulk = backward_plan(trace.cell), trace.bulk()
        self.steps, self.lead, self.hidden = trace.steps, trace.lead, trace.hidden_size
        self.row = (*self.lead, self.hidden)
        self.shape = shape = (self.steps, *self.row)
        self.check_memory()
        self.early = len(next(iter(loss.values()))) > 1  # there is a loss before the last step
        # Mantissas of the carried gradient after each step and before the first, (T + 1, *lead, H), …
        self.states = {name: np.zeros((self.steps + 1, *self.row)) for name in trace.cell.states}
        # … before the loss of that step was added, (T, *lead, H), …
        self.kept = self.states if not self.early else {name: np.empty(shape) for name in self.states}
        self.scaled_loss = {name: np.zeros(shape) for name in self.states} if self.early else {}
        # … their squared norms, all states together, and the exponents of both, (T + 1, *lead).
        self.squares = np.empty((self.steps + 1, *self.lead))
        self.state_exponent = np.zeros((self.steps + 1, *self.lead), dtype=np.int64)
        self.exponent = np.zeros((self.steps, *self.lead), dtype=np.int64)  # of the mantissas used in each step
        self.rescaled, self.plain = False, True  # whether any exponent is not 0, and all squares are in range
        self.stacks = [np.empty((*shape[:-1], len(nodes) * self.hidden)) for nodes in self.plan.stacks]
        self.bulk.evaluate_compiled(self.plan.needed)
        make = self.plan.make_with_loss if self.early else self.plan.make
        arrays = self.stacks, self.states, self.bulk.values, shape, self.kept, self.scaled_loss
        fixed, rows, self.adjoints = make(*arrays)  # of these the mantissas, (T, *lead, …)
        self.walk(self.plan.steps_with_loss if self.early else self.plan.steps, fixed, rows)

    @property
    def kept_exponent(self) -> Array:
        """Of ``kept``, (T, *lead)."""
        return self.exponent if self.early else self.state_exponent[:-1]

    def check_memory(self) -> None:
        values = self.plan.values + 2 * len(self.trace.cell.states)
        size = 8 * values * math.prod(self.shape)
        if size > MAX_BYTES:
            raise InputError(
                f"The gradients of this run would take {grouped(round(size / 2**20))} MB ({values} values at "
                f"{grouped(self.steps)} steps); at most {MAX_BYTES >> 20} MB are allowed."
            )

    # -- chunks -----------------------------------------------------------------------------------------------------

    def walk(self, steps: Steps, fixed: Sequence[Array], rows: Sequence[Array]) -> None:
        products = self.products()
        for name, values in self.loss.items():
            self.states[name][-1] = values[-1]
        exponent: Array = np.zeros(self.lead, dtype=np.int64)
        hi, length, start = self.steps, FIRST, None
        square: Array | None = None
        while hi > 0:
            if square is not None:
                exponent = self.rescale(hi, exponent, start, square[0])
            lo = max(0, hi - length)
            if self.early:
                self.scale_loss(lo, hi, exponent)
            first = [self.states[name][hi] for _, name in steps.first]
            chunk = rows if hi - lo == self.steps else [row[lo:hi] for row in rows]
            steps.run(products, fixed, first, each_step(map(reversed, chunk)))
            is_first, square = square is None, self.square(lo, hi + 1)
            if is_first and not _is_near_one(square[-1:]):  # most losses are: so it is looked at afterwards
                square = square[-1:]
                continue
            if not in_range(square):
                self.plain, stayed = False, _stayed(square)
                if not stayed and start is not None:
                    length, start, square = 1, None, square[-1:]  # the step alone, from near 1
                    continue
                if not stayed:
                    self.check_finite(hi - 1)
                lo = hi - max(stayed, 1)
                square = square[lo - hi - 1 :]
            if self.rescaled:
                self.exponent[lo:hi] = self.state_exponent[lo:hi] = exponent
            self.squares[lo : hi + 1] = square
            if lo:
                length, start = _next_chunk(square, lo)
                if self.early:
                    exponent = self.add_loss(lo, exponent)
                    square = self.square(lo, lo + 1)
            hi = lo

    def rescale(self, hi: int, exponent: Array, start: Array | None, square: Array) -> Array:
        """Bring each batch row after step ``hi`` to 2**start, or near 1, and return the exponent of its mantissas."""
        if start is not None:
            shift = np.where(square > 0, np.frexp(square)[1] // 2 - start, 0)
        elif not _is_near_one(square):
            mantissa = _binary_exponent([values[hi] for values in self.states.values()])
            shift = np.where((mantissa == NOTHING) | (np.abs(mantissa) <= NEAR), 0, mantissa)
        else:
            shift = None
        if shift is not None:
            down = -shift[..., None]
            for values in self.states.values():
                np.ldexp(values[hi], down, values[hi])
            exponent = exponent + shift
            self.rescaled = self.rescaled or bool(np.any(exponent))
        self.state_exponent[hi] = exponent
        return exponent

    def add_loss(self, hi: int, exponent: Array) -> Array:
        """Add the loss after step ``hi`` to what has arrived there, on a scale common to both: its exponent."""
        rows = {name: self.states[name][hi] for name in self.states}
        for name, row in rows.items():
            row[...] = self.kept[name][hi]  # a chunk that was cut short has added it on its own scale
        loss = {name: values[hi - 1] for name, values in self.loss.items()}
        wanted = np.maximum(_binary_exponent(rows.values()) + exponent, _binary_exponent(loss.values()))
        stay = (np.abs(wanted - exponent) <= NEAR) | (wanted < NOTHING / 2)
        new = np.where(stay, exponent, wanted)
        for name, row in rows.items():
            row[...] = np.ldexp(row, (exponent - new)[..., None])
            if name in loss:
                row += np.ldexp(loss[name], -new[..., None])
        self.rescaled = self.rescaled or bool(np.any(new))
        return new

    def scale_loss(self, lo: int, hi: int, exponent: Array) -> None:
        """The losses inside a chunk, on its scale; the one after step ``lo`` is added by ``add_loss``."""
        for name, scaled in self.scaled_loss.items():
            scaled[lo] = 0.0
            if name in self.loss:
                scaled[lo + 1 : hi] = np.ldexp(self.loss[name][lo : hi - 1], -exponent[..., None])

    def check_finite(self, step: int) -> None:
        """A loss of that step is on no scale yet, and may be infinite on that of what has arrived."""
        if not all(np.isfinite(values[step]).all() for values in self.kept.values()):
            raise InputError(f"There is no gradient at step {step + 1}: a value inside the step grows beyond 1.8e308.")

    def square(self, lo: int, hi: int) -> Array:
        """Squared norms of the carried mantissas in the rows lo … hi - 1, (hi - lo, *lead)."""
        return _squares([values[lo:hi] for values in self.states.values()])

    def products(self) -> list[Callable[[Array, Array], object]]:
        """For each operand a function (adjoints of its products, out): the stack, transposed."""
        trace = self.trace
        matrices = [transposed(trace.params, nodes) for nodes in self.plan.stacks]
        return [product_into(matrix, trace.sweep, bool(self.lead)) for matrix in matrices]


def _squares(rows: Sequence[Array]) -> Array:
    """Squared norms over the last axis, all arrays together."""
    total = np.vecdot(rows[0], rows[0])
    for more in rows[1:]:
        total += np.vecdot(more, more)
    return total


def _binary_exponent(rows: Collection[Array]) -> Array:
    """The exponent of two of the largest entry over all arrays and units, (*lead); NOTHING where all are 0."""
    if not rows:
        return np.array(NOTHING)
    largest = functools.reduce(np.maximum, (np.abs(row).max(axis=-1) for row in rows))
    return np.where(largest > 0, np.frexp(largest)[1].astype(np.int64), NOTHING)


def _stayed(square: Array) -> int:
    """How many steps below the chunk's first row, the last one here, stayed in range in every batch row.

    A row that began as an exact zero may stay one.
    """
    down = square.reshape(len(square), -1)[::-1]
    fine = (down > LOWEST) & (down < HIGHEST) | np.logical_and.accumulate(down == 0)
    left = np.flatnonzero(np.logical_not(np.logical_and.reduce(fine, axis=1))[1:])
    return int(left[0]) if left.size else len(square) - 1


def _next_chunk(square: Array, left: int) -> tuple[int, Array | None]:
    """How many of the steps that are left the next chunk may have and at which power of two it begins, or None for
    near 1.

    It is taken to drift as the last one has: it begins so that it has as far to go above the middle as below.
    """
    steps = len(square) - 1
    after, before = np.frexp(square[::steps])[1]
    drift = (after - before) / (2 * steps)
    rate = float(np.abs(drift).max())
    if rate > ROOM:
        return 1, None
    length = min(CHUNK, left)
    if rate * length <= 2 * NEAR:  # from near 1 it stays in range, and may need no rescaling at all
        return length, None
    length = min(length, int(ROOM / rate))
    return length, np.rint(MIDDLE - drift * length / 2).astype(np.int64)


def _between(square: Array, low: float, high: float) -> bool:
    """Whether all are; False for nan, which counts as the least and as the largest."""
    return low < square.item(square.argmin()) and square.item(square.argmax()) < high


def _is_near_one(square: Array) -> bool:
    """Whether these squared norms need no rescaling."""
    return _between(square, 1 / NEAR_ONE, NEAR_ONE)


def in_range(square: Array) -> bool:
    """Whether all are squares of norms in the safe range."""
    return _between(square, LOWEST, HIGHEST)


def log10_norm_of(mantissa: Array, exponent: Array) -> Array:
    """log10 of the norm over the last axis; rows whose squares leave the range of a float64 are scaled first."""
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        square = np.vecdot(mantissa, mantissa)
        result = 0.5 * np.log10(square)
        if not in_range(square):
            odd = ~((square > LOWEST) & (square < HIGHEST))
            largest = np.abs(mantissa[odd]).max(axis=-1)
            unit = mantissa[odd] / np.where(largest > 0, largest, 1.0)[..., None]
            result[odd] = np.log10(largest) + 0.5 * np.log10(np.vecdot(unit, unit))
            result[odd] = np.where((largest > 0) & (largest < np.inf), result[odd], np.log10(largest))
    return result + exponent * LOG10_2 if exponent.any() else result
