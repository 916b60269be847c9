"""The Jacobian of each step, d state after / d state before, and what follows from their products.

States stand one below the other in the order of ``cell.states``: S = H times their number. Every Jacobian is a sum of
products of diagonal matrices and U's, read off the same cut graph as the gradients and computed for all steps at once.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gru_viz.backward import backward_plan
from gru_viz.cells import Cell
from gru_viz.errors import InputError, check_kind
from gru_viz.graph import Array, Node
from gru_viz.labels import grouped
from gru_viz.parameters import as_numbers
from gru_viz.trace import A_RUN, Trace
from gru_viz.walk import LOG10_2, log10_norm_of

MAX_BYTES = 64 * 2**20  # of all Jacobians that one call returns
MAX_HORIZON = 1_000  # steps of a T x T map
LARGEST = 1e300  # number in a Jacobian: products of what is near 1 with it, and their sums, stay floats
TOGETHER = 64  # steps whose Jacobians are held at once where only their products are kept, unless that is too much


def step_jacobians(trace: Trace, steps: Sequence[int] | None = None) -> Array:
    """d state after / d state before at each step, or at some (counted from 0): (T, S, S) or (T, B, S, S).

    Row: which unit after the step; column: which unit before it. Raises InputError, above 64 MB before they are made,
    and for numbers beyond 1e300.
    """
    check_kind(trace, *A_RUN)
    chosen = np.arange(trace.steps) if steps is None else _check_steps(trace, steps)
    size, count, bytes_needed = _size(trace), len(chosen) * math.prod(trace.lead), len(chosen) * _bytes(trace)
    if bytes_needed > MAX_BYTES:
        raise InputError(
            f"{grouped(count)} Jacobians of {size} x {size} would take {grouped(round(bytes_needed / 2**20))} MB; "
            f"at most {MAX_BYTES >> 20} MB are allowed: ask for fewer steps."
        )
    return _Jacobians(trace).of(chosen)


def eigenvalues(trace: Trace, steps: Sequence[int] | None = None) -> Array:
    """Of the Jacobian of each chosen step, largest first: complex, (T, S) or (T, B, S). O(S³) a step.

    ``steps`` and what is refused as in ``step_jacobians``.
    """
    found = np.linalg.eigvals(step_jacobians(trace, steps)).astype(np.complex128)
    return np.take_along_axis(found, np.argsort(-np.abs(found), axis=-1, kind="stable"), axis=-1)


def singular_values(trace: Trace, steps: Sequence[int] | None = None) -> Array:
    """Of the Jacobian of each chosen step, largest first: (T, S) or (T, B, S). O(S³) a step.

    ``steps`` and what is refused as in ``step_jacobians``.
    """
    return np.linalg.svd(step_jacobians(trace, steps), compute_uv=False)


def spectral_norms(trace: Trace) -> Array:
    """log10 ‖d s_T / d s_t‖₂ after each step t, (T,) or (T, B); 0 at the last one. Exact below 1e-308 too. O(T S³).

    Raises InputError.
    """
    check_kind(trace, *A_RUN)
    size = _size(trace)
    through = np.broadcast_to(np.eye(size), (*trace.lead, size, size))
    exponent = np.zeros(trace.lead, dtype=np.int64)
    result = np.empty((trace.steps, *trace.lead))
    result[-1] = 0.0
    for step, jacobian in _backward(trace):
        if step == 0:
            break  # what lies before the first step is no state after a step
        through, moved = _near_one(through @ jacobian, axes=(-2, -1))
        exponent = exponent + moved
        with np.errstate(divide="ignore"):
            result[step - 1] = np.log10(np.linalg.norm(through, 2, axis=(-2, -1))) + exponent * LOG10_2
    return result


def horizon(trace: Trace) -> Array:
    """(T, T): [t, s] is log10 of the norm of d(sum of h after step t) / d(carried state after step s); NaN where s > t.

    Row t tells how far back step t depends. One pass backwards carries a row for each t. Exact below 1e-308 too, -inf
    for an exact zero. Raises InputError for a batch and above 1,000 steps.
    """
    check_kind(trace, *A_RUN)
    if trace.lead:
        raise InputError(f"horizon is for one sequence; this run has a batch of {trace.lead[0]}.")
    if trace.steps > MAX_HORIZON:
        steps = grouped(trace.steps)
        raise InputError(f"A map of {steps} x {steps} steps is too large; at most {MAX_HORIZON} are allowed.")
    hidden, size = trace.hidden_size, _size(trace)
    result = np.full((trace.steps, trace.steps), np.nan)
    rows, exponent = np.zeros((trace.steps, size)), np.zeros(trace.steps, dtype=np.int64)
    rows[:, :hidden] = 1.0  # h stands first
    for step, jacobian in _backward(trace):
        result[step:, step] = log10_norm_of(rows[step:], exponent[step:])
        rows[step:], moved = _near_one(rows[step:] @ jacobian, axes=(-1,))
        exponent[step:] += moved
    return result


def _near_one(values: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """(values, exponent): values * 2**exponent are those given, each block over ``axes`` brought near 1."""
    moved = np.frexp(np.abs(values).max(axis=axes))[1].astype(np.int64)
    return np.ldexp(values, -np.expand_dims(moved, axes)), moved


def _check_steps(trace: Trace, steps: Sequence[int]) -> Array:
    allowed = f"whole numbers from 0 to {grouped(trace.steps - 1)} are allowed"
    chosen = as_numbers(steps, "steps", expected=f"; {allowed}")
    if chosen.ndim != 1 or (chosen.size and chosen.dtype.kind not in "iu"):
        raise InputError(f"steps is not a list of whole numbers; {allowed}.")
    if chosen.size and not (chosen.min() >= 0 and chosen.max() < trace.steps):
        wrong = next(step for step in chosen.tolist() if not 0 <= step < trace.steps)
        raise InputError(f"steps holds {grouped(wrong)}; {allowed}.")
    return chosen.astype(np.intp)


def _size(trace: Trace) -> int:
    """S"""
    return len(trace.cell.states) * trace.hidden_size


def _bytes(trace: Trace) -> int:
    """Of the Jacobians of one step."""
    return 8 * math.prod(trace.lead) * _size(trace) ** 2


def _backward(trace: Trace) -> Iterator[tuple[int, Array]]:
    """(step, its Jacobian) from the last step to the first, some at a time."""
    jacobians, together = _Jacobians(trace), max(1, min(TOGETHER, MAX_BYTES // _bytes(trace)))
    for high in range(trace.steps, 0, -together):
        low = max(0, high - together)
        found = jacobians.of(np.arange(low, high))
        for step in range(high - 1, low - 1, -1):
            yield step, found[step - low]


class _Jacobians:
    """Chain rule forward through the cut values of one step: each has a block (H, H) for each state before it."""

    def __init__(self, trace: Trace) -> None:
        self.trace, self.blocks, self.bulk = trace, _blocks(trace.cell), trace.bulk()
        with np.errstate(over="ignore", invalid="ignore"):
            self.bulk.evaluate_compiled(backward_plan(trace.cell).needed)

    def of(self, steps: Array) -> Array:
        trace, blocks, hidden = self.trace, self.blocks, self.trace.hidden_size
        size = _size(trace)
        result = np.zeros((len(steps), *trace.lead, size, size))
        with np.errstate(over="ignore", invalid="ignore"):
            matrices = [trace.params[name] for name in blocks.matrices]
            columns = [self.column(coefficient, steps) for coefficient in blocks.coefficients]
            found = blocks.run(np.eye(hidden), matrices, columns)
        for (row, column), block in zip(blocks.places, found, strict=True):
            result[..., row * hidden : (row + 1) * hidden, column * hidden : (column + 1) * hidden] = block
        if not (np.abs(result) < LARGEST).all():
            raise InputError(f"A Jacobian of {trace.cell.name} holds a number beyond 1e300; smaller ones are needed.")
        return result

    def column(self, coefficient: Node, steps: Array) -> Array:
        """The coefficient as a diagonal matrix from the left: (n, *lead, H, 1), or (*lead, H, 1) for every step."""
        value = np.asarray(self.bulk[coefficient])
        if coefficient.timed:
            value = value[steps]
        return value[..., None] if value.ndim else value


@dataclass(frozen=True)
class _Blocks:
    """The blocks of a cell's Jacobians as straight-line code, ``run(identity, matrices, columns)``."""

    matrices: tuple[str, ...]
    coefficients: tuple[Node, ...]
    places: tuple[tuple[int, int], ...]  # (state after the step, state before it): what is not here is zero
    run: Callable[[Array, list[Array], list[Array]], tuple[Array, ...]]


@functools.lru_cache(maxsize=128)
def _blocks(cell: Cell) -> _Blocks:
    plan = backward_plan(cell)
    matrices: dict[str, str] = {}
    columns: dict[Node, str] = {}
    blocks: dict[Node, dict[str, str]] = {}  # of each node those that are not zero, by the state before
    lines: list[str] = []
    for node in sorted(plan.adjoint_of, key=lambda node: node.index):
        blocks[node] = {}
        terms: list[tuple[str, str]] = []
        if node.op == "state":
            blocks[node][node.name] = "one"
        elif node.op == "matrix":
            matrix = matrices.setdefault(node.name, f"m{len(matrices)}")
            for state, block in blocks.get(node.args[0], {}).items():
                terms.append((state, matrix if block == "one" else f"{matrix} @ {block}"))
        else:
            for part, coefficient in plan.coefficients[node].items():
                for state, block in blocks.get(part, {}).items():  # nothing yet of the node itself
                    terms.append((state, f"{columns.setdefault(coefficient, f'c{len(columns)}')} * {block}"))
        for state, term in terms:
            before = blocks[node].get(state)
            blocks[node][state] = f"b{len(lines)}"
            lines.append(f"    b{len(lines)} = {f'{before} + ' if before else ''}{term}")
    found = {
        (row, column): blocks[cell.node(after)][before]
        for row, after in enumerate(cell.states)
        for column, before in enumerate(cell.states)
        if before in blocks[cell.node(after)]
    }
    given = ((matrices, "matrices"), (columns, "columns"))
    source = ["def run(one, matrices, columns):"]
    source += [f"    {', '.join(names.values())}, = {of}" for names, of in given if names]
    source += [*lines, f"    return ({''.join(f'{block}, ' for block in found.values())})"]
    namespace: dict[str, Any] = {}
    exec(compile("\n".join(source), "<blocks>", "exec"), namespace)
    return _Blocks(tuple(matrices), tuple(columns), tuple(found), namespace["run"])
