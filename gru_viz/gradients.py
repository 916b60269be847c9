"""Backward in time: ``backpropagate``, what it finds, and how far back a gradient reaches.

A gradient that shrinks or grows over many steps leaves the range of a float64 long before it stops being of interest.
So the walk backwards works on mantissas: at most every ``CHUNK`` steps each batch row is rescaled by an exact power of
two, whose exponent is kept aside, and a chunk in which the mantissas leave the safe range is done again in halves.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from gru_viz.backward import BackwardPlan, backward_plan
from gru_viz.bulk import Bulk, product, product_into
from gru_viz.errors import InputError
from gru_viz.graph import Array, Node
from gru_viz.loop import Steps, Variable
from gru_viz.trace import ByName, Trace, read_only

MAX_BYTES = 256 * 2**20  # of all the values that one walk backwards keeps
CHUNK = 128
SAFE = 2.0**400  # norms of mantissas stay between 1 / SAFE and SAFE
NEAR = 128  # exponents up to this one need no rescaling
NEAR_ONE = 2.0 ** (2 * NEAR - 2)  # … nor squared norms below this and above its inverse
NOTHING = -(2**60)  # stands for the exponent of an exact zero
LOG10_2 = np.log10(2.0)


def backpropagate(trace: Trace, loss_grad: Mapping[str, object] | None = None) -> GradientFlow:
    """The gradient of a loss L by every value of a run, through all steps.

    Without ``loss_grad`` L is the sum of the last h (in a batch, of each row's own). Else it gives dL/d(state) for
    any states, each an array shaped like ``trace[state]``: (T, H) or (T, B, H). Raises InputError.
    """
    loss = _check_loss(trace, loss_grad)
    return _Walk(trace, loss).flow()


def reach(flow: GradientFlow, share: float = 0.01) -> int | Array:
    """How many steps back the gradient reaches: T if it never falls below ``share`` of its norm at the last step.

    Counted from the farthest step at which the carried gradient's norm still has that share, to the last step,
    both included; 0 if it is zero at the last step. An int, or (B,) for a batch.
    """
    if not 0 < share <= 1:
        raise InputError(f"share is {share!r}; a number above 0 and up to 1 is allowed.")
    norm = flow.log10_norm()
    enough = (norm >= norm[-1] + np.log10(share)) & (norm[-1] > -np.inf)
    steps = np.where(enough.any(axis=0), len(norm) - np.argmax(enough, axis=0), 0)
    return int(steps) if steps.ndim == 0 else steps


@dataclass(frozen=True, eq=False)
class GradientFlow:
    """dL/d(every value of a run). ``flow["z"]`` is shaped like ``trace["z"]``; made by ``backpropagate``.

    ``flow[name]`` counts every use of the value, in its own step and later. ``flow.carried[state]`` is the gradient of
    what the cell hands on after each step through that state, the other states held fixed, so that for an LSTM the
    path from c through h of the same step is left out; it includes the loss's own gradient there.
    ``flow.before[state]`` is the gradient by the state before each step, through that step and later; row 0 is dL/dh_0.
    """

    trace: Trace
    _plan: BackwardPlan = field(repr=False)
    _bulk: Bulk = field(repr=False)
    _variables: Mapping[Variable, Array] = field(repr=False)  # mantissas that the loop has left, (T, *lead, …)
    _states: Mapping[str, Array] = field(repr=False)  # mantissas of the carried gradient, (T + 1, *lead, H)
    _kept: Mapping[str, Array] = field(repr=False)  # mantissas before the loss of that step was added, (T, *lead, H)
    _exponent: Array = field(repr=False)  # of the mantissas used in each step, (T, *lead)
    _state_exponent: Array = field(repr=False)  # of ``_states``, (T + 1, *lead)
    _kept_exponent: Array = field(repr=False)  # of ``_kept``, (T, *lead)
    _square: Array = field(repr=False)  # squared norm of all rows of ``_states``, (T + 1, *lead)

    @property
    def carried(self) -> ByName:
        return ByName({name: _scaled(values[1:], self._state_exponent[1:]) for name, values in self._states.items()})

    @property
    def before(self) -> ByName:
        return ByName({name: _scaled(values, self._kept_exponent) for name, values in self._kept.items()})

    def __getitem__(self, name: str) -> Array:
        found = self._mantissa(name)
        return read_only(_scaled(found, self._exponent) if self._rescaled else found)

    def log10_norm(self, name: str | None = None, carried: bool = False) -> Array:
        """log10 of the Euclidean norm at each step, (T,) or (T, B); exact below 1e-308 too, -inf for an exact zero.

        Of all carried states together; with ``name`` of ``flow[name]``, or of ``flow.carried[name]`` alone. Parts share
        the exponent of the whole: one that is 10⁻³⁰⁰ of it or less may read as zero.
        """
        if name is None and _between(self._square[1:], SAFE**2):
            return _shifted(0.5 * np.log10(self._square[1:]), self._state_exponent[1:])
        if name is None:
            parts = [values[1:] for values in self._states.values()]
            together = np.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
            return log10_norm_of(together, self._state_exponent[1:])
        if carried:
            if name not in self._states:
                raise InputError(f"{name!r} is not carried; the states are {', '.join(self._states)}.")
            return log10_norm_of(self._states[name][1:], self._state_exponent[1:])
        return log10_norm_of(self._mantissa(name), self._exponent)

    @functools.cached_property
    def params(self) -> Mapping[str, Array]:
        """dL/d(parameter), summed over steps and batch; in a sweep for each set. Shaped like ``trace.params``."""
        found = {name: np.zeros_like(value) for name, value in self.trace.params.items()}
        for node in self._nodes():
            if node.op in ("vector", "matrix"):
                found[node.name] += self._summed(node)
        return ByName(found)

    # -- adjoints of any node ---------------------------------------------------------------------------------------

    @functools.cached_property
    def _rescaled(self) -> bool:
        return bool(self._exponent.any())

    def _nodes(self) -> Iterator[Node]:
        """Every node that the loss depends on, once."""
        between = (node for found in self._plan.coefficients.values() for node in found)
        return iter(dict.fromkeys((*self._plan.adjoint_of, *between)))

    def _adjoint(self, node: Node) -> Array:
        """The mantissas of dL/d(node), (T, *lead, H)."""
        node = self._plan.twin.get(node, node)
        if node in self._plan.adjoint_of:
            return self._variables[self._plan.adjoint_of[node]]
        terms = [
            self._bulk[found[node]] * self._variables[self._plan.adjoint_of[target]]
            for target, found in self._plan.coefficients.items()
            if node in found
        ]
        if not terms:
            return np.zeros((self.trace.steps, *self.trace.lead, self.trace.hidden_size))
        return functools.reduce(np.add, terms)

    def _mantissa(self, name: str) -> Array:
        trace = self.trace
        if name != "x":
            if name not in trace.cell.names:
                raise InputError(f"{trace.cell.name} has no value {name!r}; its values are {', '.join(trace.names)}.")
            return self._adjoint(trace.cell.node(name))
        parts = [
            product(self._adjoint(node), trace.params[node.name].swapaxes(-1, -2), trace.sweep)
            for node in self._plan.input_products
        ]
        if not parts:
            return np.zeros((trace.steps, *trace.lead, trace.inputs.shape[-1]))
        return functools.reduce(np.add, parts)

    def _summed(self, node: Node) -> Array:
        """dL/d(parameter) through one use of it."""
        trace, adjoint, exponent = self.trace, self._adjoint(node), self._exponent
        keep = trace.sweep  # one gradient for each set of parameters
        largest = exponent.max(axis=0) if keep else exponent.max()
        if exponent.any():
            adjoint = np.ldexp(adjoint, (exponent - largest)[..., None])
        axes = tuple(range(adjoint.ndim - 1 - keep))
        if node.op == "vector":
            total = adjoint.sum(axis=axes)
        else:
            width = trace.params[node.name].shape[-1]
            operand = np.broadcast_to(self._bulk[node.args[0]], (*adjoint.shape[:-1], width))
            if keep:
                total = np.matmul(adjoint.transpose(1, 2, 0), operand.swapaxes(0, 1))
            else:
                total = np.dot(adjoint.reshape(-1, adjoint.shape[-1]).T, operand.reshape(-1, operand.shape[-1]))
        with np.errstate(over="ignore", under="ignore"):
            return np.ldexp(total, np.reshape(largest, np.shape(largest) + (1,) * (total.ndim - keep)))


def _scaled(mantissa: Array, exponent: Array) -> Array:
    if not exponent.any():
        return mantissa
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(mantissa, exponent[..., None])


def log10_norm_of(mantissa: Array, exponent: Array) -> Array:
    """log10 of the norm over the last axis; rows whose squares leave the range of a float64 are scaled first."""
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        square = np.vecdot(mantissa, mantissa)
        result = 0.5 * np.log10(square)
        if not _between(square, SAFE**2):
            odd = ~((square > SAFE**-2) & (square < SAFE**2))
            largest = np.abs(mantissa[odd]).max(axis=-1)
            unit = mantissa[odd] / np.where(largest > 0, largest, 1.0)[..., None]
            result[odd] = np.log10(largest) + 0.5 * np.log10(np.vecdot(unit, unit))
            result[odd] = np.where(largest > 0, result[odd], -np.inf)
    return _shifted(result, exponent)


def _shifted(log10: Array, exponent: Array) -> Array:
    return log10 + exponent * LOG10_2 if exponent.any() else log10


def _between(square: Array, limit: float) -> bool:
    """Whether all are above 1 / limit and below limit; False for nan."""
    if square.size == 1:
        return 1 / limit < square.item() < limit
    return bool(np.minimum.reduce(square, axis=None) > 1 / limit and np.maximum.reduce(square, axis=None) < limit)


def _check_loss(trace: Trace, loss_grad: Mapping[str, object] | None) -> dict[str, Array]:
    """dL/d(state), a row for each step from the first on where any is not zero, else for the last step alone."""
    if loss_grad is None:
        return {"h": np.ones((1, *trace.lead, trace.hidden_size))}
    shape, loss = (trace.steps, *trace.lead, trace.hidden_size), {}
    for name, given in loss_grad.items():
        if name not in trace.cell.states:
            known = ", ".join(trace.cell.states)
            raise InputError(f"loss_grad names {name!r}; the states of {trace.cell.name} are {known}.")
        loss[name] = np.asarray(given, dtype=np.float64)
        if loss[name].shape != shape:
            raise InputError(f"loss_grad of {name} has the shape {loss[name].shape}; {shape} is expected.")
        if not np.isfinite(loss[name]).all():
            raise InputError(f"loss_grad of {name} holds a value that is not finite (nan or inf).")
    if not any(values[:-1].any() for values in loss.values()):
        return {name: values[-1:] for name, values in loss.items()}
    return loss


class _Walk:
    """One walk backwards: the arrays of the loop, the chunks, the exponents."""

    def __init__(self, trace: Trace, loss: Mapping[str, Array]) -> None:
        self.trace, self.loss = trace, loss
        self.plan, self.bulk = backward_plan(trace.cell), trace.bulk()
        steps, lead, hidden = trace.steps, trace.lead, trace.hidden_size
        self.shape = (*lead, hidden)
        self.check_memory()
        self.early = any(len(values) > 1 for values in loss.values())  # there is a loss before the last step
        self.states = {name: np.zeros((steps + 1, *self.shape)) for name in trace.cell.states}
        self.kept = {
            name: np.empty((steps, *self.shape)) if self.early else values[:-1] for name, values in self.states.items()
        }
        self.squares = np.empty((steps + 1, *lead))  # of the carried mantissas, as ``square`` gives them
        self.exponent = np.zeros((steps, *lead), dtype=np.int64)
        self.state_exponent = np.zeros((steps + 1, *lead), dtype=np.int64)
        self.stacks = [np.empty((steps, *lead, len(nodes) * hidden)) for _, nodes in self.plan.stacks]
        self.scaled_loss = {name: np.zeros((steps, *self.shape)) for name in self.states} if self.early else {}
        self.arrays: dict[Variable, Array] = {}

    def check_memory(self) -> None:
        plan = self.plan
        values = len(plan.needed.nodes) + len(plan.adjoint_of) + 2 * len(self.trace.cell.states)
        size = 8 * values * self.trace.steps * math.prod(self.shape)
        if size > MAX_BYTES:
            raise InputError(
                f"The gradients of this run would take {size / 2**20:,.0f} MB ({values} values at "
                f"{self.trace.steps:,} steps); at most {MAX_BYTES >> 20} MB are allowed."
            )

    def flow(self) -> GradientFlow:
        plan, early = self.plan, self.early
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            self.bulk.evaluate_compiled(plan.needed)
            for variable in plan.adjoint_of.values():
                self.array(variable)
            self.walk(plan.steps_with_loss if early else plan.steps)
        kept_exponent = self.exponent if early else self.state_exponent[:-1]
        return GradientFlow(
            self.trace,
            plan,
            self.bulk,
            self.arrays,
            self.states,
            self.kept,
            self.exponent,
            self.state_exponent,
            kept_exponent,
            self.squares,
        )

    def walk(self, steps: Steps) -> None:
        """Chunk after chunk; a chunk in which a row's norm leaves the safe range is done again with half its length."""
        rows = [self.array(variable) for variable in steps.rows]
        products, fixed = self.products(), [self.array(variable) for variable in steps.fixed]
        exponent = np.zeros(self.trace.lead, dtype=np.int64)
        hi, length = self.trace.steps, CHUNK
        while hi > 0:
            exponent, start = self.align(hi, exponent)
            while True:
                lo = max(0, hi - length)
                if self.early:
                    self.scale_loss(lo, hi, exponent)
                back = slice(hi - 1, lo - 1 if lo else None, -1)
                first = [self.states[name][hi] for _, name in steps.first]
                steps.run(products, fixed, first, zip(*[row[back] for row in rows], strict=True))
                square = self.square(lo, hi)
                if _between(square, SAFE**2) or hi - lo == 1:
                    break
                if ((square < SAFE**2) & ((square > SAFE**-2) | (start == 0))).all():
                    break
                length = (hi - lo) // 2
            if hi - lo == 1:
                self.check_finite(lo)
            self.exponent[lo:hi] = self.state_exponent[lo:hi] = exponent
            self.squares[lo:hi], self.squares[hi] = square, start[0]
            if length < CHUNK and _between(square, SAFE):
                length *= 2
            hi = lo

    def align(self, hi: int, exponent: Array) -> tuple[Array, Array]:
        """Add the loss after step ``hi`` to that row, near 1 on a common scale for each batch row.

        The new exponent, and the row's squared norm.
        """
        rows = {name: values[hi] for name, values in self.states.items()}
        loss = {}
        if hi == self.trace.steps:  # nothing has arrived here: the row is the loss
            for name, values in self.loss.items():
                rows[name][...] = values[-1]
        elif self.early:
            loss = {name: values[hi - 1] for name, values in self.loss.items()}
        square = self.square(hi, hi + 1)
        if not loss and _between(square, NEAR_ONE):
            self.state_exponent[hi] = exponent
            return exponent, square
        here, arriving = _binary_exponent(rows.values()) + exponent, _binary_exponent(loss.values())
        wanted = np.maximum(here, arriving)
        stay = (np.abs(wanted - exponent) <= NEAR) | (wanted < NOTHING / 2)
        new = np.where(stay, exponent, wanted)
        if not stay.all():
            for row in rows.values():
                row[...] = np.ldexp(row, (exponent - new)[..., None])
        for name, values in loss.items():
            rows[name] += np.ldexp(values, -new[..., None])
        self.state_exponent[hi] = new
        return new, self.square(hi, hi + 1)

    def check_finite(self, lo: int) -> None:
        if not all(np.isfinite(values[lo]).all() for values in self.states.values()):
            raise InputError(f"There is no gradient at step {lo + 1}: a value inside the step grows beyond 1.8e308.")

    def scale_loss(self, lo: int, hi: int, exponent: Array) -> None:
        """The losses inside a chunk, on its scale; the one after step ``lo`` is added by the next ``align``."""
        for name, scaled in self.scaled_loss.items():
            scaled[lo] = 0.0
            if name in self.loss:
                scaled[lo + 1 : hi] = np.ldexp(self.loss[name][lo : hi - 1], -exponent[..., None])

    def square(self, lo: int, hi: int) -> Array:
        """Squared norms of the carried mantissas in the rows lo … hi - 1, (hi - lo, *lead)."""
        squares = [np.vecdot(rows, rows) for rows in (values[lo:hi] for values in self.states.values())]
        return squares[0] if len(squares) == 1 else functools.reduce(np.add, squares)

    def array(self, variable: Variable) -> Array:
        if variable not in self.arrays:
            self.arrays[variable] = self.make(variable)
        return self.arrays[variable]

    def make(self, variable: Variable) -> Array:
        kind, what, *slots = variable
        hidden = self.shape[-1]
        if kind == "node":
            value = self.bulk[what]
            shape = (self.trace.steps, *self.shape) if what.timed else self.shape
            return value if np.shape(value) == shape else np.broadcast_to(value, shape)
        if kind == "products":
            return self.stacks[what][..., slots[0] * hidden : slots[1] * hidden]
        if kind == "adjoint":
            return np.empty((self.trace.steps, *self.shape))
        if kind in ("after", "before"):
            return self.states[what][1:] if kind == "after" else self.states[what][:-1]
        if kind in ("kept", "loss"):
            return self.kept[what] if kind == "kept" else self.scaled_loss[what]
        return np.full(self.shape, what if kind == "full" else 0.0)

    def products(self) -> list[Callable[[Array, Array], object]]:
        """For each operand a function (adjoints of its products, out): the stack, transposed."""
        trace = self.trace
        made = []
        for _, nodes in self.plan.stacks:
            matrices = [trace.params[node.name] for node in nodes]
            stack = matrices[0] if len(nodes) == 1 else np.concatenate(matrices, axis=-2)
            made.append(product_into(stack.swapaxes(-1, -2), trace.sweep, bool(trace.lead)))
        return made


def _binary_exponent(rows: Collection[Array]) -> Array:
    """The exponent of two of the largest entry over all arrays and units, (*lead); NOTHING where all are 0."""
    if not rows:
        return np.array(NOTHING)
    largest = functools.reduce(np.maximum, (np.abs(row).max(axis=-1) for row in rows))
    return np.where(largest > 0, np.frexp(largest)[1].astype(np.int64), NOTHING)
