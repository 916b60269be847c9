"""What a visitor takes along: a run as a tidy table (CSV), as arrays (NPZ), and as a script that makes it again.

Shapes: T time, I input, H hidden. Steps, units and channels count from 1 in the table and from 0 in the arrays.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from gru_viz.errors import InputError, check_kind, step_labels
from gru_viz.experiment import Experiment
from gru_viz.gradients import GradientFlow, backpropagate
from gru_viz.settings import SETTINGS
from gru_viz.trace import A_RUN, Trace

Traces = Mapping[str, Trace] | Sequence[Trace] | Trace
Quantity = tuple[str, str, np.ndarray]  # cell, name, values

MAX_BYTES = 64 * 2**20  # of one file, before it is compressed
COLUMNS = ("step", "token", "cell", "quantity", "unit", "value")
_VALUE_BYTES = 24  # the longest float64 in decimal digits: -1.7976931348623157e+308
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # a spreadsheet may run a text that begins with one of these
_MARK = "\ufeff"  # by which a spreadsheet knows UTF-8

README = """One run of each cell, exported by gru_viz. Arrays are float64; T time, I input, H hidden units.
x: the input (T, I), a row for each step. labels: (T,), the name of each step.
In each name below, lstm stands for the cell's name, as in the app's links.
lstm/h, lstm/f, ...: a value of the cell after each step (T, H), as its equations name it.
lstm/before/h, ...: a state before the first step (H,).
lstm/param/W_f, ...: a parameter as the equations name it: (H, I), (H, H) or (H,). W_f @ x + U_f @ h + b_f.
lstm/gradient/h, ...: (T, H), the gradient of L, the sum of the last h, by what the cell hands on after each step
    through that state, the other states held fixed.
lstm/log10_norm: (T,), log10 of the norm of that gradient over all states; -inf for an exact zero."""


# The table -----------------------------------------------------------------------------------------------------------


def to_csv(traces: Traces, labels: Sequence[str] | None = None) -> bytes:
    """A file with one row for each number of each run: step, token, cell, quantity, unit, value. For spreadsheets.

    ``traces``: a run, several or a dict of them, each of another cell and all over the same x. ``labels`` (T,) names
    the steps, which else are numbered. The quantity is a name of the cell's equations, its value that after the step;
    x stands once, with no cell and a row for each channel, and not at all where each step is one-hot and has a label,
    which says it. Steps and units count from 1. Values have all their digits: they read back as the same float64. A
    text that a spreadsheet would run as a formula begins with an apostrophe. UTF-8. Raises InputError, also for a batch
    and above 64 MB.
    """
    check_csv(traces, labels)
    runs, names = _one_of_each(traces, labels)
    return "".join(_rows(_quantities(runs, labels), names)).encode(errors="replace")


def check_csv(traces: Traces, labels: Sequence[str] | None = None) -> None:
    """Raises InputError, without making it, for a table that may be larger than MAX_BYTES."""
    runs, names = _one_of_each(traces, labels)
    size = 0
    for cell, name, values in _quantities(runs, labels):
        row = len(f"{len(names)},{cell},{name},{values.shape[1]},") + 2 + _VALUE_BYTES
        size += values.shape[1] * sum(row + len(_field(label).encode(errors="replace")) for label in names)
    if size > MAX_BYTES:
        raise InputError(
            f"The table would take up to {round(size / 2**20)} MB; at most {MAX_BYTES >> 20} MB are written. Take "
            "fewer cells, hidden units or steps, or the arrays (NPZ), which are smaller."
        )


def _rows(quantities: Iterable[Quantity], names: Sequence[str]) -> Iterator[str]:
    yield _MARK + ",".join(COLUMNS) + "\r\n"
    starts = [f"{step},{_field(label)}," for step, label in enumerate(names, 1)]
    for cell, name, values in quantities:
        middles = [f"{_field(cell)},{_field(name)},{unit + 1}," for unit in range(values.shape[1])]
        for start, row in zip(starts, values.tolist(), strict=True):
            for middle, value in zip(middles, row, strict=True):
                yield f"{start}{middle}{value!r}\r\n"


def _quantities(runs: Sequence[Trace], labels: Sequence[str] | None) -> Iterator[Quantity]:
    """The input where no token says it, and then all values of each run."""
    if labels is None or not runs[0].one_hot:
        yield "", "x", runs[0]["x"]
    for ran in runs:
        for name in ran.cell.names:
            yield ran.cell.title, name, ran[name]


def _field(text: str) -> str:
    """A text as one field of a line: never a formula, and in quotes where it holds what separates."""
    guarded = "'" + text if text.startswith(_FORMULA) else text
    return '"' + guarded.replace('"', '""') + '"' if any(sign in guarded for sign in ',"\r\n') else guarded


# The arrays ----------------------------------------------------------------------------------------------------------


def to_npz(traces: Traces, labels: Sequence[str] | None = None) -> bytes:
    """A file of all values, parameters and carried gradients of each run, as ``numpy.load`` reads it, without pickle.

    ``traces`` and ``labels`` as in ``to_csv``. Gradients are those of L, the sum of the last h. The array README in the
    file says what each name holds. Raises InputError, also for a batch and above 64 MB.
    """
    runs, names = _one_of_each(traces, labels)
    check_npz(runs, names)
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays(runs, [backpropagate(ran) for ran in runs], names))
    return file.getvalue()


def check_npz(traces: Traces, labels: Sequence[str] | None = None) -> None:
    """Raises InputError, without making them, for arrays of more than MAX_BYTES."""
    runs, names = _one_of_each(traces, labels)
    size = runs[0]["x"].nbytes + 4 * len(names) * max(map(len, names))
    for ran in runs:
        values = (len(ran.cell.names) + len(ran.cell.states)) * ran["h"].nbytes
        size += values + sum(each.nbytes for each in ran.params.values())
    if size > MAX_BYTES:
        raise InputError(
            f"The arrays would take {round(size / 2**20)} MB; at most {MAX_BYTES >> 20} MB are written. Take fewer "
            "cells, hidden units or steps."
        )


def arrays(traces: Sequence[Trace], flows: Sequence[GradientFlow], labels: Sequence[str]) -> dict[str, np.ndarray]:
    """Name -> array, as README says."""
    found = {"README": np.array(README), "labels": np.array(labels), "x": traces[0]["x"]}
    for ran, flow in zip(traces, flows, strict=True):
        cell = ran.cell.name
        found |= {f"{cell}/{name}": ran[name] for name in ran.cell.names}
        found |= {f"{cell}/before/{name}": ran.before[name][0] for name in ran.cell.states}
        found |= {f"{cell}/param/{name}": values for name, values in ran.params.items()}
        found |= {f"{cell}/gradient/{name}": flow.carried[name] for name in ran.cell.states}
        found[f"{cell}/log10_norm"] = flow.log10_norm()
    return found


def _one_of_each(traces: Traces, labels: Sequence[str] | None) -> tuple[tuple[Trace, ...], tuple[str, ...]]:
    """The runs and the names of their steps; InputError for what one file cannot hold."""
    given = [traces] if isinstance(traces, Trace) else traces
    given = list(given.values()) if isinstance(given, Mapping) else given
    check_kind(given, Sequence, "traces", "a run or a list of runs")
    for ran in given:
        check_kind(ran, *A_RUN)
    runs = tuple(given)
    if not runs or any(ran.lead for ran in runs):
        raise InputError("One or more runs are expected, each of one sequence, no batch.")
    x, steps = runs[0]["x"], runs[0].steps
    if not all(np.array_equal(ran["x"], x) for ran in runs):
        raise InputError("The runs have different x; one file holds runs over one sequence.")
    for called in ([ran.cell.name for ran in runs], [ran.cell.title for ran in runs]):
        if twice := [name for name in called if called.count(name) > 1]:
            raise InputError(f"Several runs are of a cell called {twice[0]}; one file holds one run of each cell.")
    names = tuple(map(str, range(1, steps + 1))) if labels is None else step_labels(labels, steps)
    return runs, names


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
    as a literal: nothing of it is executed. Raises InputError.
    """
    check_kind(experiment, Experiment, "experiment", "an Experiment, such as gru_viz.example('half_open').experiment,")
    names = ["kind", *(name for name, setting in SETTINGS.items() if name != "kind" and not setting.view)]
    settings = "\n".join(f"    {name}={getattr(experiment, name)!a}," for name in names)
    return _SCRIPT.format(settings=settings)
