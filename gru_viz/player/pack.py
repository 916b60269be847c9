"""Runs ──► one ``bytes`` for the browser: where to start, a JSON header, and the numbers.

Layout, little-endian, int32: header length, step (1 … T, or 0 for the last), unit (1 … H), backward (0 or 1), call, 0;
the header, UTF-8, filled up with blanks to a multiple of 8; the arrays, whose places the header names.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gru_viz.errors import InputError
from gru_viz.gradients import GradientFlow, backpropagate
from gru_viz.player.arrays import Blob
from gru_viz.player.cells import cell_data
from gru_viz.theme import THEMES, number
from gru_viz.trace import Trace

Traces = Mapping[str, Trace] | Sequence[Trace] | Trace
Flows = Mapping[str, GradientFlow] | Sequence[GradientFlow] | GradientFlow


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

    def at(self, start: Start) -> bytes:
        prefix = struct.pack("<6i", len(self.header), start.step, start.unit, start.backward, start.call, 0)
        return prefix + self.header + self.blob


def pack(traces: Traces, flows: Flows | None = None, labels: Sequence[str] | None = None) -> Packed:
    """Runs over the same steps, side by side; each of one sequence, not of a batch.

    ``traces``: a run, several, or a dict that names them. ``flows``: their gradients, in the same form; without them
    those of the sum of the last h. ``labels``: what each step is called, T texts; without them a number where the input
    has one channel, else the step. Raises InputError.
    """
    runs = _named(traces)
    found = _flows(runs, flows)
    steps = _steps(runs)
    first = next(iter(runs.values()))
    if labels is not None and len(labels) != steps:
        raise InputError(f"labels holds {len(labels):,} texts; one for each of the {steps:,} steps is expected.")
    blob = Blob()
    header: dict[str, Any] = {
        "steps": steps,
        "labels": [str(label) for label in labels] if labels is not None else _labels(first),
        "themes": {name: _theme(name) for name in THEMES},
        "cells": [cell_data(name, trace, found[name], blob) for name, trace in runs.items()],
    }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8", errors="replace")
    return Packed(text + b" " * (-len(text) % 8), blob.bytes())


def _named(traces: Traces) -> dict[str, Trace]:
    """Title -> run."""
    if isinstance(traces, Trace):
        traces = [traces]
    if isinstance(traces, Mapping):
        runs = {trace.cell.title if trace.cell.name == name else str(name): trace for name, trace in traces.items()}
    else:
        runs = {}
        for trace in traces:
            title, count = trace.cell.title, 2
            while title in runs:
                title, count = f"{trace.cell.title} {count}", count + 1
            runs[title] = trace
    if not runs:
        raise InputError("There is no run to show: at least one is expected.")
    for title, trace in runs.items():
        if trace.lead:
            raise InputError(f"The run {title!r} is a batch of {trace.lead[0]:,}; one sequence is expected.")
    return runs


def _flows(runs: Mapping[str, Trace], flows: Flows | None) -> dict[str, GradientFlow]:
    if flows is None:
        return {title: backpropagate(trace) for title, trace in runs.items()}
    each = [flows] if isinstance(flows, GradientFlow) else list(flows.values() if isinstance(flows, Mapping) else flows)
    if len(each) != len(runs) or any(flow.trace is not trace for flow, trace in zip(each, runs.values(), strict=True)):
        raise InputError("flows are of other runs: the gradients of the same runs in the same order are expected.")
    return dict(zip(runs, each, strict=True))


def _steps(runs: Mapping[str, Trace]) -> int:
    lengths = {title: trace.steps for title, trace in runs.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{title} {steps:,}" for title, steps in lengths.items())
        raise InputError(f"The runs have different numbers of steps ({shown}): runs over one sequence are expected.")
    return next(iter(lengths.values()))


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
