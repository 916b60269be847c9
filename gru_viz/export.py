"""What a visitor takes along: a run as a tidy table (CSV), as arrays (NPZ), and as a script that makes it again.

Shapes: T time, I input, H hidden. Steps, units and channels count from 1 in the table and from 0 in the arrays.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import numpy as np

from gru_viz.errors import InputError
from gru_viz.experiment import Experiment
from gru_viz.gradients import GradientFlow, backpropagate
from gru_viz.settings import SETTINGS
from gru_viz.trace import Trace

MAX_BYTES = 64 * 2**20  # of one file, before it is compressed
COLUMNS = ("step", "token", "cell", "quantity", "unit", "value")
_VALUE_BYTES = 24  # the longest float64 in decimal digits: -1.7976931348623157e+308
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # a spreadsheet may run a text that begins with one of these
_MARK = "\ufeff"  # by which a spreadsheet knows UTF-8

README = """One run of each cell, exported by gru_viz. Arrays are float64; T time, I input, H hidden units.
x: the input (T, I), a row for each step. labels: (T,), the name of each step.
In each name below, lstm stands for the cell's name, as in the app's links.
lstm/h, lstm/f, ...: a value of the cell after each step (T, H), as its equations name it. The state before the first
    step is zero.
lstm/param/W_f, ...: a parameter as the equations name it: (H, I), (H, H) or (H,). W_f @ x + U_f @ h + b_f.
lstm/gradient/h, ...: (T, H), the gradient of L, the sum of the last h, by what the cell hands on after each step
    through that state, the other states held fixed.
lstm/log10_norm: (T,), log10 of the norm of that gradient over all states; -inf for an exact zero."""


# The table -----------------------------------------------------------------------------------------------------------


def to_csv(traces: Sequence[Trace], labels: Sequence[str]) -> bytes:
    """One row for each number of each run: step, token, cell, quantity, unit, value. UTF-8, marked for spreadsheets.

    ``labels`` (T,) names the steps of all runs. The quantity is a name of the cell's equations; x stands once, with
    no cell and a row for each channel, and not at all where each step is one-hot, as the token says it. Values have
    all their digits: they read back as the same float64. A text that a spreadsheet would run as a formula begins with
    an apostrophe. Raises InputError where ``check_csv`` does, and for a batch.
    """
    check_csv(traces, labels)
    return "".join(_rows(traces, labels)).encode()


def check_csv(traces: Sequence[Trace], labels: Sequence[str]) -> None:
    """Raises InputError, without making it, for a table that may be larger than MAX_BYTES."""
    _check_runs(traces, labels)
    size = 0
    for cell, name, values in _quantities(traces):
        row = len(f"{len(labels)},{cell},{name},{values.shape[1]},") + 2 + _VALUE_BYTES
        size += values.shape[1] * sum(row + len(_field(label).encode()) for label in labels)
    if size > MAX_BYTES:
        raise InputError(
            f"The table would take up to {size / 2**20:,.0f} MB; at most {MAX_BYTES >> 20} MB are written. Take fewer "
            "cells, hidden units or steps, or the arrays (NPZ), which are smaller."
        )


def _rows(traces: Sequence[Trace], labels: Sequence[str]) -> Iterator[str]:
    yield _MARK + ",".join(COLUMNS) + "\r\n"
    starts = [f"{step},{_field(label)}," for step, label in enumerate(labels, 1)]
    for cell, name, values in _quantities(traces):
        middles = [f"{_field(cell)},{_field(name)},{unit + 1}," for unit in range(values.shape[1])]
        for start, row in zip(starts, values.tolist(), strict=True):
            for middle, value in zip(middles, row, strict=True):
                yield f"{start}{middle}{value!r}\r\n"


def _quantities(traces: Sequence[Trace]) -> Iterator[tuple[str, str, np.ndarray]]:
    """(cell, name, values): the input where no token says it, and then all values of each run."""
    inputs = traces[0]["x"]
    one_hot = inputs.shape[1] > 1 and np.isin(inputs, (0.0, 1.0)).all() and (inputs.sum(axis=1) == 1.0).all()
    if not one_hot:
        yield "", "x", inputs
    for ran in traces:
        for name in ran.cell.names:
            yield ran.cell.title, name, ran[name]


def _field(text: str) -> str:
    """A text as one field of a line: never a formula, and in quotes where it holds what separates."""
    guarded = "'" + text if text.startswith(_FORMULA) else text
    return '"' + guarded.replace('"', '""') + '"' if any(sign in guarded for sign in ',"\r\n') else guarded


# The arrays ----------------------------------------------------------------------------------------------------------


def to_npz(traces: Sequence[Trace], labels: Sequence[str]) -> bytes:
    """All values, parameters and carried gradients of each run, as ``numpy.load`` reads them, without pickle.

    The array README says what each name holds. Raises InputError where ``check_npz`` does, and for a batch.
    """
    check_npz(traces, labels)
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays(traces, [backpropagate(ran) for ran in traces], labels))
    return file.getvalue()


def check_npz(traces: Sequence[Trace], labels: Sequence[str]) -> None:
    """Raises InputError, without making them, for arrays of more than MAX_BYTES."""
    _check_runs(traces, labels)
    size = traces[0]["x"].nbytes
    for ran in traces:
        values = (len(ran.cell.names) + len(ran.cell.states)) * ran["h"].nbytes
        size += values + sum(each.nbytes for each in ran.params.values())
    if size > MAX_BYTES:
        raise InputError(
            f"The arrays would take {size / 2**20:,.0f} MB; at most {MAX_BYTES >> 20} MB are written. Take fewer "
            "cells, hidden units or steps."
        )


def arrays(traces: Sequence[Trace], flows: Sequence[GradientFlow], labels: Sequence[str]) -> dict[str, np.ndarray]:
    """Name -> array, as README says."""
    found = {"README": np.array(README), "labels": np.array(labels), "x": traces[0]["x"]}
    for ran, flow in zip(traces, flows, strict=True):
        cell = ran.cell.name
        found |= {f"{cell}/{name}": ran[name] for name in ran.cell.names}
        found |= {f"{cell}/param/{name}": values for name, values in ran.params.items()}
        found |= {f"{cell}/gradient/{name}": flow.carried[name] for name in ran.cell.states}
        found[f"{cell}/log10_norm"] = flow.log10_norm()
    return found


def _check_runs(traces: Sequence[Trace], labels: Sequence[str]) -> None:
    if not traces or any(ran.lead or ran.steps != len(labels) for ran in traces):
        raise InputError(f"One or more runs over {len(labels):,} steps are expected, each of one sequence, no batch.")


# The script ----------------------------------------------------------------------------------------------------------

_SCRIPT = '''"""One experiment of gru_viz: the same weights, runs and gradients as in the app, to continue with.

Run it where gru_viz can be imported, such as the project's folder. It needs NumPy alone.
"""

import gru_viz
from gru_viz.experiment import Experiment
from gru_viz.runs import traces
from gru_viz.sequences import parse_sequence

experiment = Experiment(
{settings}
)
sequence = parse_sequence(experiment.kind, experiment.text)
runs = traces(experiment, sequence)  # one a cell: run["h"] is (T, H), run.params["U_h"] a parameter
flows = [gru_viz.backpropagate(run) for run in runs]  # of L, the sum of the last h: flow.carried["h"] is (T, H)

for run, flow in zip(runs, flows, strict=True):
    norm = flow.log10_norm()
    print(f"{{run.cell.title}}: {{run.steps}} steps, {{run.hidden_size}} units")
    print("  values:", ", ".join(run.names))
    print("  parameters:", ", ".join(f"{{name}} {{value.shape}}" for name, value in run.params.items()))
    print("  h after the last step:", run["h"][-1])
    print("  log10 of the carried gradient's norm, first and last step:", norm[0], norm[-1])
    print("  steps back to which it keeps 1 %:", int(gru_viz.reach(flow)))
'''


def to_script(experiment: Experiment) -> str:
    """A Python script that makes the experiment's runs and gradients again, to the last bit on the same machine.

    It states every setting that the numbers depend on, so that it does not hang on a default, and holds what was typed
    as a literal: nothing of it is executed.
    """
    names = ["kind", *(name for name, setting in SETTINGS.items() if name != "kind" and not setting.view)]
    settings = "\n".join(f"    {name}={getattr(experiment, name)!a}," for name in names)
    return _SCRIPT.format(settings=settings)
