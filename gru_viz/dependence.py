"""What depends on what: the direct path through a memory, the inputs that a step hangs on, sweeps over weights."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from gru_viz.cells import Cell
from gru_viz.engine import run
from gru_viz.errors import InputError, check_kind, shown, whole_number
from gru_viz.gradients import backpropagate
from gru_viz.graph import OPERATIONS, Array, Graph, Node, derivatives
from gru_viz.parameters import A_CELL, stacked_sets
from gru_viz.trace import A_RUN, Trace

MAX_AT_ONCE = 1_000  # sets of a sweep side by side


def direct_paths(trace: Trace) -> dict[str, Array]:
    """log10 of the direct path's factor from each step's state to the last, (T, H) or (T, B, H), by state.

    The factor is ∏ f of an LSTM's c, ∏ (1 - z) of a GRU's h: what multiplies the state's old value where gates are
    taken as given, found in the graph of any cell. It is neither an upper nor a lower bound of the gradient; only with
    U = 0 and no peepholes it is the gradient. A state that is nowhere kept has no entry. Row t: after step t; the last
    is 0. Raises InputError.
    """
    check_kind(trace, *A_RUN)
    cell, bulk, found = trace.cell, trace.bulk(), {}
    graph = Graph(cell.graph)
    shape = (trace.steps, *trace.lead, trace.hidden_size)
    for name in cell.states:
        factor = derivatives(graph, cell.node(name), _ends_direct_path).get(cell.graph.values[name])
        if factor is not None:
            with np.errstate(divide="ignore"):
                log = np.log10(np.abs(np.broadcast_to(bulk[factor], shape)))
            found[name] = np.zeros(shape)
            found[name][:-1] = np.cumsum(log[:0:-1], axis=0)[::-1]
    return found


def _ends_direct_path(node: Node) -> bool:
    return node.op in OPERATIONS or node.op in ("matrix", "state")


def saliency(trace: Trace, step: int | None = None) -> Array:
    """log10 of the norm of d(sum of h after ``step``) / dx at each step, (T,) or (T, B); -inf after it.

    How much the chosen step's h (counted from 0; else the last one's) hangs on each input. Raises InputError.
    """
    check_kind(trace, *A_RUN)
    chosen = -1 if step is None else whole_number(step, "step", 0, trace.steps - 1)
    loss = np.zeros((trace.steps, *trace.lead, trace.hidden_size))
    loss[chosen] = 1.0
    return backpropagate(trace, {"h": loss}).log10_norm("x")


def sweep(
    cell: Cell,
    params: Iterable[Mapping[str, Array]],
    x: object,
    state: Mapping[str, object] | None = None,
    at_once: int = 20,
) -> Iterator[tuple[int, Trace]]:
    """Runs of one cell over many sets of parameters (seeds, gains, biases), some of them side by side as one batch.

    Yields (how many sets are done, the run of the latest ones), whose batch rows are the sets in their order. A piece
    is computed when it is asked for: to stop is not to ask. ``x``: (T, I), the same for all sets. ``at_once``: at most
    1,000. Raises InputError, for a set or an x that does not fit when its piece is asked for.
    """
    check_kind(cell, *A_CELL)
    if isinstance(params, (Mapping, np.ndarray)) or not isinstance(params, Iterable):
        raise InputError(f"params is {shown(params)}; a list of mappings, one for each set, is expected.")
    return _pieces(cell, iter(params), x, state, whole_number(at_once, "at_once", 1, MAX_AT_ONCE))


def _pieces(
    cell: Cell, sets: Iterator[Mapping[str, Array]], x: object, state: Mapping[str, object] | None, at_once: int
) -> Iterator[tuple[int, Trace]]:
    done = 0
    while some := list(itertools.islice(sets, at_once)):
        done += len(some)
        yield done, run(cell, stacked_sets(cell, some), x, state)
