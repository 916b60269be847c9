"""Forward in time: ``run`` checks what it is given, computes what needs no state, and walks the compiled loop."""

from __future__ import annotations

import copyreg
import math
from collections.abc import Callable, Mapping

import numpy as np

from gru_viz.bulk import Bulk, product, product_into
from gru_viz.cells import Cell
from gru_viz.errors import InputError
from gru_viz.forward import ForwardPlan, Part, Stack, forward_plan
from gru_viz.graph import Array, Node
from gru_viz.loop import Variable
from gru_viz.parameters import Sizes, all_finite, check_params
from gru_viz.trace import Trace

MAX_STEPS = 10_000
MAX_BYTES = 64 * 2**20  # of all the values that one run keeps


def run(cell: Cell, params: Mapping[str, object], x: object, state: Mapping[str, object] | None = None) -> Trace:
    """Run a cell over a sequence and keep every value of every step.

    ``params``: name -> array, exactly the cell's names and shapes; in a sweep each has one more leading axis, the
    number of parameter sets, which run side by side. ``x``: (T, I), or (T, B, I) for a batch. ``state``: the states
    before the first step, (H,) or (B, H); zeros where left out. Raises InputError for whatever does not fit, before
    memory is allocated, and when a state grows beyond the largest number.
    """
    inputs = _kept(_check_input(x))
    given = _check_states(cell, state or {})
    own_size = next((value.shape[-1] for value in given.values() if value.ndim), None)
    arrays, sizes = check_params(cell, params, inputs.shape[-1], own_size)
    arrays = {name: _kept(array) for name, array in arrays.items()}
    lead = _lead(inputs, sizes)
    plan = forward_plan(cell)
    _check_memory(plan, (len(inputs), *lead, sizes.hidden), len(cell.states))

    states = {}
    for name in cell.states:
        states[name] = np.empty((len(inputs) + 1, *lead, sizes.hidden))
        states[name][0] = _initial(name, given.get(name), (*lead, sizes.hidden))
    work = _Work(cell, plan, arrays, inputs, states, sweep=sizes.sets is not None)
    with np.errstate(over="ignore", invalid="ignore"):
        steps = plan.steps
        first = [states[name][0] for _, name in steps.first]
        fixed, rows = map(work.array, steps.fixed), map(work.array, steps.rows)
        steps.run(work.products(), fixed, first, zip(*rows, strict=True))
    _check_overflow(states)
    return Trace(cell, arrays, inputs, states, work.recorded(cell), sizes.sets is not None)


def _again(trace: Trace) -> tuple[object, ...]:
    """A copy of a run, in another process too, is the same run again: its nodes are those of one cell object."""
    return run, (trace.cell, trace.params, trace.inputs, {name: values[0] for name, values in trace.states.items()})


copyreg.pickle(Trace, _again)  # type: ignore[arg-type]


def _kept(array: Array) -> Array:
    """A copy that nobody changes later: a run stays what it was."""
    copied = array.copy()
    copied.flags.writeable = False
    return copied


def _check_input(x: object) -> Array:
    try:
        inputs = np.asarray(x, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("x is not an array of numbers; (T, I) or (T, B, I) is expected.") from None
    if inputs.ndim not in (2, 3) or 0 in inputs.shape:
        raise InputError(f"x has the shape {inputs.shape}; (T, I) or (T, B, I) is expected, each at least 1.")
    if len(inputs) > MAX_STEPS:
        raise InputError(f"x has {len(inputs):,} steps; at most {MAX_STEPS:,} are allowed.")
    if not all_finite(inputs):
        step = int(np.argwhere(~np.isfinite(inputs))[0][0]) + 1
        raise InputError(f"x holds a value that is not finite (nan or inf) at step {step}.")
    return inputs


def _check_states(cell: Cell, state: Mapping[str, object]) -> dict[str, Array]:
    if unknown := [name for name in state if name not in cell.states]:
        raise InputError(f"state names {unknown[0]!r}; the states of {cell.name} are {', '.join(cell.states)}.")
    given = {}
    for name, value in state.items():
        try:
            given[name] = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError(f"state {name} is not an array of numbers.") from None
        if not all_finite(given[name]):
            raise InputError(f"state {name} holds a value that is not finite (nan or inf).")
    return given


def _lead(inputs: Array, sizes: Sizes) -> tuple[int, ...]:
    """The axes between time and units: () or (B,)."""
    batch = inputs.shape[1:-1]
    if sizes.sets is None:
        return batch
    if batch not in ((), (sizes.sets,)):
        raise InputError(f"x has {batch[0]} batch rows and the parameters {sizes.sets} sets; there must be as many.")
    return (sizes.sets,)


def _check_memory(plan: ForwardPlan, shape: tuple[int, ...], states: int) -> None:
    values = states + plan.arrays
    size = 8 * values * math.prod(shape)
    if size > MAX_BYTES:
        text = " x ".join(f"{n:,}" for n in shape)
        raise InputError(
            f"This run would take {size / 2**20:,.0f} MB ({values} values of {text}); "
            f"at most {MAX_BYTES >> 20} MB are allowed."
        )


def _initial(name: str, given: Array | None, shape: tuple[int, ...]) -> Array | float:
    if given is None:
        return 0.0
    if given.shape not in (shape, shape[-1:]):
        raise InputError(f"state {name} has the shape {given.shape}; {shape} is expected.")
    return given


def _check_overflow(states: Mapping[str, Array]) -> None:
    for name, values in states.items():
        if not all_finite(values[-1]):
            finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
            raise InputError(
                f"The state {name} grows beyond 1.8e308 at step {int(np.argmin(finite))}; "
                "smaller weights, inputs or fewer steps are needed."
            )


class _Work:
    """The arrays of one run, by what a variable of the loop stands for."""

    def __init__(
        self,
        cell: Cell,
        plan: ForwardPlan,
        params: Mapping[str, Array],
        inputs: Array,
        states: Mapping[str, Array],
        sweep: bool,
    ) -> None:
        self.plan, self.params, self.states, self.sweep = plan, params, states, sweep
        self.steps, self.lead, self.hidden = len(inputs), states["h"].shape[1:-1], states["h"].shape[-1]
        self.x_node = cell.graph.input
        self.x = inputs[:, None] if sweep and inputs.ndim == 2 else inputs
        self.bulk = Bulk({self.x_node: self.x}, params, sweep)
        self.stacks = [np.empty((self.steps, *self.lead, len(stack.slots) * self.hidden)) for stack in plan.stacks]
        self.own = {node: np.empty((self.steps, *self.lead, self.hidden)) for node in plan.recorded}

    def array(self, variable: Variable) -> Array:
        match variable:
            case ("after", name):
                return self.states[name][1:]
            case ("slots", number, lo, hi):
                return self.stacks[number][..., lo * self.hidden : hi * self.hidden]
            case ("independent", number):
                return self.independent(self.plan.stacks[number])
            case ("recorded", node):
                return self.own[node]
            case ("scratch", _):
                return np.empty((*self.lead, self.hidden))
            case ("full", value, width):
                return np.full((*self.lead, width * self.hidden), value)
            case ("node", node):
                value = np.asarray(self.bulk[node])
                return np.broadcast_to(value, ((self.steps,) if node.timed else ()) + (*self.lead, self.hidden))
        raise AssertionError(variable)

    def products(self) -> list[Callable[[Array, Array], object]]:
        """For each stack a function (operand, out) that computes all its products of one step."""
        return [
            product_into(self.matrices(stack.products, len(stack.slots)), self.sweep, bool(self.lead))
            for stack in self.plan.stacks
        ]

    def independent(self, stack: Stack) -> Array:
        """(T, *lead, slots * H): what needs no state in each slot; the products with the input are one."""
        count = len(stack.slots)
        if stack.inputs:
            result = product(self.x, self.matrices(stack.inputs, count), self.sweep)
        else:
            result = np.zeros((self.steps, *self.lead, count * self.hidden))
        if stack.shifts:
            result += self.vectors(stack.shifts, count)
        for part in stack.others:
            block = slice(part.slot * self.hidden, (part.slot + 1) * self.hidden)
            result[..., block] += part.sign * self.bulk[part.node]
        return result

    def matrices(self, parts: tuple[Part, ...], count: int) -> Array:
        """(…, count * H, K): the matrices of some products, each in its slot and with its sign."""
        return _stacked(parts, [self.params[part.node.name] for part in parts], count, self.hidden, axis=-2)

    def vectors(self, parts: tuple[Part, ...], count: int) -> Array:
        """(…, count * H): values that are the same at every step, each in its slot and with its sign."""
        params, shape = self.params, (*self.lead, self.hidden) if self.sweep else (self.hidden,)
        values = [
            params[part.node.name] if part.node.op == "vector" else np.broadcast_to(self.bulk[part.node], shape)
            for part in parts
        ]
        return _stacked(parts, values, count, self.hidden, axis=-1)

    def recorded(self, cell: Cell) -> dict[Node, Array]:
        """Every node whose values the run leaves behind, the states and the input too."""
        kept = self.own | {node: self.array(variable) for node, variable in self.plan.in_slots}
        for name, values in self.states.items():
            if (after := cell.node(name)).timed:
                kept[after] = values[1:]
        for name, values in self.states.items():
            kept[cell.graph.values[name]] = values[:-1]
        kept[self.x_node] = self.x
        return kept


def _stacked(parts: tuple[Part, ...], arrays: list[Array], count: int, hidden: int, axis: int) -> Array:
    """The arrays joined along ``axis``, slot by slot; an empty slot is zero, and what shares a slot is added."""
    if [part.slot for part in parts] == list(range(count)):
        if count == 1:
            return arrays[0] if parts[0].sign > 0 else -arrays[0]
        joined = np.concatenate(arrays, axis)
        for part in parts:
            if part.sign < 0:
                block = _block(joined, part.slot, hidden, axis)
                np.negative(block, block)
        return joined
    shape = list(arrays[0].shape)
    shape[axis] = count * hidden
    joined = np.zeros(shape)
    for part, array in zip(parts, arrays, strict=True):
        block = _block(joined, part.slot, hidden, axis)
        (np.add if part.sign > 0 else np.subtract)(block, array, block)
    return joined


def _block(joined: Array, slot: int, hidden: int, axis: int) -> Array:
    rows = slice(slot * hidden, (slot + 1) * hidden)
    return joined[..., rows] if axis == -1 else joined[..., rows, :]
