"""Runs ──► one ``bytes`` for the browser: where to start, a JSON header, and the numbers.

Layout, little-endian, int32: header length, step (1 … T, or 0 for the last), unit (1 … H), backward (0 or 1), call,
large (0 or 1); the header, UTF-8, filled up with blanks to a multiple of 8; the arrays, whose places the header names.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gru_viz.errors import InputError, check_kind, step_labels
from gru_viz.gradients import GradientFlow, backpropagate
from gru_viz.labels import grouped
from gru_viz.player.arrays import Blob
from gru_viz.player.cells import cell_data
from gru_viz.theme import THEMES, number
from gru_viz.trace import Trace

Traces = Mapping[str, Trace] | Sequence[Trace] | Trace
Flows = Mapping[str, GradientFlow] | Sequence[GradientFlow] | GradientFlow
MAX_RUNS = 8  # side by side and below each other
MAX_STEPS = 20_000  # a heatmap has a pixel for each, and no browser's picture is wider than some 30,000
MAX_BYTES = 64 * 2**20  # of the numbers of all runs
_RUNS = "a run, a list of runs or a dict that names them"


@dataclass(frozen=True)
class Start:
    """Where the player stands at first. ``step`` 1 … T, or 0 for the last; ``unit`` 1 … H.

    A player that runs already stays where it is when it gets other data, but goes there when ``call`` is another.
    """

    step: int = 0
    unit: int = 1
    backward: bool = False
    call: int = 0


@dataclass(frozen=True)
class Packed:
    """The data of some runs, without a start."""

    header: bytes
    blob: bytes

    def at(self, start: Start, large: bool = False) -> bytes:
        """``large``: for the back row of a room, one cell at a time, as large as what holds the player."""
        prefix = struct.pack("<6i", len(self.header), start.step, start.unit, start.backward, start.call, large)
        return prefix + self.header + self.blob


def pack(traces: Traces, flows: Flows | None = None, labels: Sequence[str] | None = None) -> Packed:
    """Runs over the same steps, side by side; each of one sequence, not of a batch.

    ``traces``: a run, several, or a dict that names them. ``flows``: their gradients, in the same form; without them
    those of the sum of the last h. ``labels``: what each step is called, T texts; without them a number where the input
    has one channel, else the step. Raises InputError, also for more than MAX_RUNS, MAX_STEPS or MAX_BYTES.
    """
    runs = _named(traces)
    steps = _steps(runs)
    named = _labels(next(iter(runs.values()))) if labels is None else step_labels(labels, steps)
    found = _flows(runs, flows)
    blob = Blob()
    header: dict[str, Any] = {
        "steps": steps,
        "labels": list(named),
        "themes": {name: _theme(name) for name in THEMES},
        "cells": [cell_data(name, trace, found[name], blob) for name, trace in runs.items()],
    }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8", errors="replace")
    return Packed(text + b" " * (-len(text) % 8), blob.bytes())


def _named(traces: Traces) -> dict[str, Trace]:
    """Title -> run. A run has the name that it is given, or its cell's title; those that are alike get numbers."""
    named = _listed(traces, Trace, "traces", _RUNS)
    if not named:
        raise InputError("There is no run to show: at least one is expected.")
    if len(named) > MAX_RUNS:
        raise InputError(f"There are {len(named)} runs to show; at most {MAX_RUNS} are allowed.")
    runs: dict[str, Trace] = {}
    for name, trace in named:
        wanted = title = trace.cell.title if name in (None, trace.cell.name) else str(name)
        count = 2
        while title in runs:
            title, count = f"{wanted} {count}", count + 1
        if trace.lead:
            raise InputError(f"The run {title!r} is a batch of {trace.lead[0]}; one sequence is expected.")
        runs[title] = trace
    numbers = sum(array.size for trace in runs.values() for array in (*trace.params.values(), *trace.states.values()))
    if (size := 8 * numbers) > MAX_BYTES:  # at most: each once as float64, or twice as float32
        raise InputError(
            f"The numbers of these runs would take up to {size / 2**20:.0f} MB; at most {MAX_BYTES >> 20} MB are "
            f"allowed: show fewer steps, units or runs."
        )
    return runs


def _listed(given: Any, kind: type, what: str, expected: str) -> list[tuple[Any, Any]]:
    """[(name or None, one of that kind)]; InputError for all else."""
    if isinstance(given, kind):
        given = [given]
    if not isinstance(given, Mapping | Sequence) or isinstance(given, str):
        check_kind(given, kind, what, expected)
    found = list(given.items()) if isinstance(given, Mapping) else [(None, each) for each in given]
    for _, each in found:
        check_kind(each, kind, f"An entry of {what}", expected)
    return found


def _flows(runs: Mapping[str, Trace], flows: Flows | None) -> dict[str, GradientFlow]:
    if flows is None:
        return {title: backpropagate(trace) for title, trace in runs.items()}
    each = [flow for _, flow in _listed(flows, GradientFlow, "flows", "the gradients of each run, in the same form")]
    if len(each) != len(runs) or any(flow.trace is not trace for flow, trace in zip(each, runs.values(), strict=True)):
        raise InputError("flows are of other runs: the gradients of the same runs in the same order are expected.")
    return dict(zip(runs, each, strict=True))


def _steps(runs: Mapping[str, Trace]) -> int:
    lengths = {title: trace.steps for title, trace in runs.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{title} {grouped(steps)}" for title, steps in lengths.items())
        raise InputError(f"The runs have different numbers of steps ({shown}): runs over one sequence are expected.")
    steps = next(iter(lengths.values()))
    if steps > MAX_STEPS:
        raise InputError(f"The runs have {grouped(steps)} steps; at most {grouped(MAX_STEPS)} can be shown.")
    return steps


def _labels(trace: Trace) -> list[str]:
    if trace.inputs.shape[1] == 1:
        return [number(value) for value in trace.inputs[:, 0].tolist()]
    return [str(step) for step in range(1, trace.steps + 1)]


def _theme(name: str) -> dict[str, Any]:
    theme = THEMES[name]
    return {
        "ground": theme.ground,
        "text": theme.text,
        "quiet": theme.quiet,
        "faint": theme.faint,
        "cells": theme.cells,
        "roles": dict(theme.roles),
        "signed": theme.signed,
    }
