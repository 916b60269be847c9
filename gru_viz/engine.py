"""Forward in time: ``run`` checks what it is given, computes what needs no state, and walks the compiled loop."""

from __future__ import annotations

import copyreg
import math
from collections.abc import Mapping

import numpy as np

from gru_viz.bulk import product, product_into
from gru_viz.cells import Cell
from gru_viz.errors import InputError, check_kind, shown
from gru_viz.forward import ForwardPlan, forward_plan
from gru_viz.graph import Array, Node
from gru_viz.labels import grouped
from gru_viz.loop import each_step, slots_of
from gru_viz.parameters import (
    A_CELL,
    MAX_INPUT_SIZE,
    Sizes,
    all_finite,
    as_float64,
    as_numbers,
    check_finite,
    check_shapes,
)
from gru_viz.stacks import Packed, Stack
from gru_viz.trace import Trace

MAX_STEPS = 10_000
_SHAPES = "(T, I) or (T, B, I) is expected"
MAX_NUMBERS = MAX_STEPS * MAX_INPUT_SIZE  # of x
MAX_BYTES = 64 * 2**20  # of all the values that one run keeps


@np.errstate(over="ignore", invalid="ignore")
def run(cell: Cell, params: Mapping[str, object], x: object, state: Mapping[str, object] | None = None) -> Trace:
    """Run a cell over a sequence and keep every value of every step.

    ``params``: name -> array, exactly the cell's names and shapes; in a sweep each has one more leading axis, the
    number of parameter sets, which run side by side. ``x``: (T, I), or (T, B, I) for a batch. ``state``: the states
    before the first step, (H,) or (B, H); zeros where left out. At most 10,000 steps, I 1,024, H 512, and 64 MB
    for all values. Raises InputError for whatever does not fit, before memory is allocated, and when a state grows
    beyond the largest number.
    """
    check_kind(cell, *A_CELL)
    inputs = _check_input(x)
    given = {} if state is None else _check_states(cell, state)
    own_size = next((value.shape[-1] for value in given.values() if value.ndim), None) if given else None
    arrays, sizes = check_shapes(cell, params, inputs.shape[-1], own_size)
    row = (*_lead(inputs, sizes), sizes.hidden)
    plan = forward_plan(cell)
    _check_memory(plan, (len(inputs), *row), len(cell.states))
    packed = Packed(plan.layout, arrays, sizes)
    if not all_finite(packed.flat):
        check_finite(cell, arrays)

    states = {}
    for name in cell.states:
        states[name] = np.zeros((len(inputs) + 1, *row))
        if name in given:
            states[name][0] = _initial(name, given[name], row)
    sweep = sizes.sets is not None
    x = inputs[:, None] if sweep and inputs.ndim == 2 else inputs
    recorded = _walk(plan, packed, x, states, (len(inputs), *row), sweep)
    for name, values in states.items():
        if not all_finite(values[-1]):
            raise _overflow(name, values)
        values.setflags(write=False)
    return Trace(cell, packed, inputs, states, recorded, sweep)


def _again(trace: Trace) -> tuple[object, ...]:
    """A copy of a run, in another process too, is the same run again: its nodes are those of one cell object."""
    return run, (
        trace.cell,
        dict(trace.params),
        trace.inputs,
        {name: values[0] for name, values in trace.states.items()},
    )


copyreg.pickle(Trace, _again)  # type: ignore[arg-type]


def _check_input(x: object) -> Array:
    """A copy that nobody changes later: a run stays what it was."""
    if isinstance(x, (list, tuple, range)):
        _check_steps(len(x))  # before an array is made of it
    given = as_numbers(x, "x", expected=f"; {_SHAPES}")
    if given.ndim not in (2, 3) or 0 in given.shape:
        raise InputError(f"x has the shape {given.shape}; {_SHAPES}, each at least 1.")
    _check_steps(len(given))
    if given.size > MAX_NUMBERS:
        raise InputError(f"x holds {grouped(given.size)} numbers; at most {grouped(MAX_NUMBERS)} are allowed.")
    inputs = as_float64(given, "x")
    if not all_finite(inputs):
        step = int(np.argwhere(~np.isfinite(inputs))[0][0]) + 1
        raise InputError(f"x holds a value that is not finite (nan or inf) at step {step}.")
    copied = inputs.copy()
    copied.setflags(write=False)
    return copied


def _check_steps(steps: int) -> None:
    if steps > MAX_STEPS:
        raise InputError(f"x has {grouped(steps)} steps; at most {grouped(MAX_STEPS)} are allowed.")


def _check_states(cell: Cell, state: Mapping[str, object]) -> dict[str, Array]:
    """As they came: what they hold is looked at when their shape is known to be right."""
    check_kind(state, Mapping, "state", "a mapping of names to arrays")
    if unknown := [name for name in state if name not in cell.states]:
        raise InputError(f"state names {shown(unknown[0])}; the states of {cell.name} are {', '.join(cell.states)}.")
    return {name: as_numbers(value, "state {}", name) for name, value in state.items()}


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
        text = " x ".join(grouped(n) for n in shape)
        raise InputError(
            f"This run would take {grouped(round(size / 2**20))} MB ({values} values of {text}); "
            f"at most {MAX_BYTES >> 20} MB are allowed."
        )


def _initial(name: str, given: Array, shape: tuple[int, ...]) -> Array:
    if given.shape not in (shape, shape[-1:]):
        raise InputError(f"state {name} has the shape {given.shape}; {shape} is expected.")
    values = as_float64(given, "state {}", name)
    if not all_finite(values):
        raise InputError(f"state {name} holds a value that is not finite (nan or inf).")
    return values


def _overflow(name: str, values: Array) -> InputError:
    finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
    return InputError(
        f"The state {name} grows beyond 1.8e308 at step {int(np.argmin(finite))}; "
        "smaller weights, inputs or fewer steps are needed."
    )


def _walk(
    plan: ForwardPlan, packed: Packed, x: Array, states: Mapping[str, Array], shape: tuple[int, ...], sweep: bool
) -> dict[Node, Array]:
    """Fill the states, and give every node whose values the run leaves behind, the states and the input too.

    ``x``: (T, I), or (T, B, I) with B = 1 where all sets share a sequence; ``shape``: (T, *lead, H).
    """
    values = {plan.x: x}
    plan.before.run(values, packed, sweep)
    picks = packed.stacked()
    stacks = [_independent(stack, picks, values, x, shape, sweep) for stack in plan.stacks]
    products = [product_into(picks[stack.matrix], sweep, len(shape) > 2) for stack in plan.stacks]
    fixed, first, rows, recorded = plan.make(stacks, states, values, shape)
    plan.steps.run(products, fixed, first, each_step(rows))
    return recorded


def _independent(
    stack: Stack, picks: list[Array], values: Mapping[Node, Array], x: Array, shape: tuple[int, ...], sweep: bool
) -> Array:
    """(T, slots, *lead, H): what needs no state in each slot; the products with the input are one.

    A slot of a step is one piece of memory: where it is a part of each row, a call takes twice as long.
    """
    if stack.inputs:
        first, *more = stack.inputs
        matrix = picks[first]
        for k in more:
            matrix = matrix + picks[k]
        side_by_side = product(x, matrix, sweep)
    else:
        side_by_side = np.zeros((*shape[:-1], stack.count * shape[-1]))
    for k in stack.shifts:
        side_by_side += picks[k]
    steps, *lead, hidden = shape
    if lead:
        result = np.ascontiguousarray(slots_of(side_by_side, stack.count, axis=1))
    else:
        result = side_by_side.reshape(steps, stack.count, hidden)
    for slot, sign, node in stack.others:
        result[:, slot] += sign * values[node]
    return result
