"""What a visitor takes along, read back as others read it: csv, numpy.load without pickle, a fresh Python."""

import csv
import dataclasses
import io
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gru_viz
from gru_viz import export
from gru_viz.cells import cell_names
from gru_viz.errors import InputError
from gru_viz.experiment import Experiment, with_weights
from gru_viz.export import COLUMNS, arrays, check_csv, check_npz, to_csv, to_npz, to_script
from gru_viz.gradients import backpropagate
from gru_viz.runs import traces
from gru_viz.sequences import parse_sequence
from gru_viz.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[1]
HOSTILE = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1", "a,b", 'a"b', '"', "a\nb", "−1", "1", "", "'")
EXPERIMENTS = {
    "default": Experiment(),
    "all cells": Experiment(cells=cell_names(), hidden_size=5, keep=0.0, seed=3, biases=(("f", 1.5), ("z", -0.1))),
    "numbers": Experiment(kind="numbers", text="0.1 -2.5 1e-7 3", replace="1", by="2", scheme="orthogonal"),
    "two channels": Experiment(kind="signal", text="adding 12 3", replace="1", by="0"),
    "shared": Experiment(cells=("gru", "gru_reset_after"), weights="shared", recurrent_gain=1.3),
    "hand-set": with_weights(Experiment(), "counter"),
    "hostile": Experiment(text="\"\"\"');\nimport os # \\ {0} %s \u202e👨‍👩‍👧é'''", replace="i", by="j"),
}


def run_of(experiment):
    sequence = parse_sequence(experiment.kind, experiment.text)
    return traces(experiment, sequence), sequence.labels


def some_runs(steps=4, inputs=2, hidden=3, names=("rnn", "lstm", "gru")):
    x = np.random.default_rng(0).normal(size=(steps, inputs)) * 10.0 ** np.arange(-150, 150, 300 // steps)[:steps, None]
    cells = [gru_viz.cell(name) for name in names]
    return [gru_viz.run(cell, gru_viz.init_params(cell, inputs, hidden, seed=5), x) for cell in cells]


def read(data):
    """The rows of a table, as a spreadsheet or pandas reads them."""
    assert data.startswith(b"\xef\xbb\xbf")
    head, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
    assert tuple(head) == COLUMNS == ("step", "token", "cell", "quantity", "unit", "value")
    return rows


# -- the table ---------------------------------------------------------------------------------------------------------


def test_the_table_holds_every_number_of_every_run_with_all_its_digits():
    runs, labels = some_runs(), tuple("abcd")
    rows = {
        (cell, quantity, int(step), int(unit)): value
        for step, _, cell, quantity, unit, value in read(to_csv(runs, labels))
    }
    expected = {("", "x", t + 1, k + 1): runs[0]["x"][t, k] for t in range(4) for k in range(2)}
    expected |= {
        (ran.cell.title, name, t + 1, k + 1): ran[name][t, k]
        for ran in runs
        for name in ran.cell.names
        for t in range(4)
        for k in range(3)
    }
    assert rows.keys() == expected.keys()
    assert all(float(rows[key]).hex() == float(value).hex() for key, value in expected.items())
    assert any(float(value) < 0 for value in rows.values())  # and they are numbers, without an apostrophe


def test_each_row_names_its_token():
    rows = read(to_csv(some_runs(), ("a", "␣", "−0.5", "é")))
    assert {(row[0], row[1]) for row in rows} == {("1", "a"), ("2", "␣"), ("3", "−0.5"), ("4", "é")}


def test_the_input_is_left_out_where_each_step_is_one_hot():
    one_hot, numbers = (to_csv(*run_of(EXPERIMENTS[name])) for name in ("default", "numbers"))
    assert "x" not in {row[3] for row in read(one_hot)}
    assert [float(row[5]) for row in read(numbers) if row[3] == "x"] == [0.1, -2.5, 1e-7, 3.0]
    (ran,) = some_runs(names=("gru",))
    for x in ([[1.0], [1.0]], [[1.0, 1.0], [0.0, 0.0]], [[1.0, 0.0], [0.5, 0.5]]):  # what only looks like one-hot
        params = gru_viz.init_params(ran.cell, len(x[0]), 2, seed=0)
        rows = read(to_csv([gru_viz.run(ran.cell, params, x)], "ab"))
        assert [float(row[5]) for row in rows if row[3] == "x"] == [value for row in x for value in row]


def test_no_text_is_a_formula_and_every_text_comes_back():
    runs = some_runs(steps=len(HOSTILE))
    found = {int(row[0]): row[1] for row in read(to_csv(runs, HOSTILE))}
    for step, label in enumerate(HOSTILE, 1):
        assert found[step] in (label, "'" + label)
        assert not found[step].startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))
        assert (found[step] == label) == (label[:1] in ("a", '"', "−", "1", "", "'"))


def test_titles_are_guarded_too():
    evil = gru_viz.Cell("mine", "h' = tanh(W @ x + U @ h + b)", title="=cmd,x")
    ran = gru_viz.run(evil, gru_viz.init_params(evil, 1, 2, seed=0), [[1.0], [2.0]])
    assert {row[2] for row in read(to_csv([ran], ("a", "b")))} == {"", "'=cmd,x"}


def test_the_size_is_known_before_the_table_is_made(monkeypatch):
    runs, labels = some_runs(steps=40, hidden=7), tuple('x"=,\n'[k % 5] * (k % 3 + 1) for k in range(40))
    size = len(to_csv(runs, labels))
    monkeypatch.setattr(export, "MAX_BYTES", size - 1)
    with pytest.raises(InputError, match="at most"):  # never under the true size …
        check_csv(runs, labels)
    monkeypatch.setattr(export, "MAX_BYTES", 2 * size)  # … and not far above it
    check_csv(runs, labels)


def test_what_is_too_large_is_refused_in_words():
    experiment = Experiment(text="ab" * 1000, hidden_size=64, cells=cell_names())
    runs, labels = run_of(experiment)
    with pytest.raises(InputError, match=r"would take up to \d+ MB; at most 64 MB are written.*NPZ"):
        to_csv(runs, labels)
    check_npz(runs, labels)
    half = [ran for ran in runs if ran.cell.name in ("rnn", "gru")]
    assert 20 * 2**20 < len(to_csv(half, labels)) < 64 * 2**20


def test_arrays_that_are_too_large_are_refused(monkeypatch):
    runs, labels = some_runs(), "abcd"
    found = arrays(runs, [backpropagate(ran) for ran in runs], labels)
    size = sum(value.nbytes for value in found.values() if value.dtype == float and value.ndim > 1)
    size += sum(value.nbytes for name, value in found.items() if "/param/" in name and value.ndim == 1)
    size += found["labels"].nbytes
    monkeypatch.setattr(export, "MAX_BYTES", size)
    check_npz(runs, labels)
    monkeypatch.setattr(export, "MAX_BYTES", size - 1)
    with pytest.raises(InputError, match="arrays would take"):
        check_npz(runs, labels)


@pytest.mark.parametrize("write", [to_csv, to_npz])
def test_what_is_no_run_over_these_steps_is_refused(write):
    cell = gru_viz.cell("rnn")
    batch = gru_viz.run(cell, gru_viz.init_params(cell, 1, 2, seed=0), np.ones((4, 3, 1)))
    runs, (other,) = some_runs(), some_runs(inputs=1, names=("lstm_peephole",))
    twin = gru_viz.run(dataclasses.replace(runs[0].cell, title="Mine"), runs[0].params, runs[0]["x"])
    for given, labels, words in (
        ([], "abcd", "One or more runs are expected, each of one sequence, no batch."),
        ({}, "abcd", "One or more runs are expected, each of one sequence, no batch."),
        ([batch], "abcd", "One or more runs are expected, each of one sequence, no batch."),
        (runs, "abc", "labels holds 3 texts; one for each of the 4 steps is expected."),
        ([*runs, other], "abcd", "The runs have different x; one file holds runs over one sequence."),
        ([*runs, twin], "abcd", "Several runs are of a cell called rnn; one file holds one run of each cell."),
    ):
        with pytest.raises(InputError) as caught:
            write(given, labels)
        assert str(caught.value) == words


# -- the arrays --------------------------------------------------------------------------------------------------------


def loaded(data):
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def test_the_arrays_are_the_runs():
    experiment = EXPERIMENTS["all cells"]
    runs, labels = run_of(experiment)
    found = loaded(to_npz(runs, labels))
    assert found.pop("labels").tolist() == list(labels)
    assert same(found.pop("x"), runs[0]["x"])
    text = str(found.pop("README"))
    for ran in runs:
        flow, cell = backpropagate(ran), ran.cell.name
        for name in ran.cell.names:
            assert same(found.pop(f"{cell}/{name}"), ran[name])
        for name, value in ran.params.items():
            assert same(found.pop(f"{cell}/param/{name}"), value)
        for name in ran.cell.states:
            assert same(found.pop(f"{cell}/gradient/{name}"), flow.carried[name])
            assert same(found.pop(f"{cell}/before/{name}"), np.zeros(5))
        assert same(found.pop(f"{cell}/log10_norm"), flow.log10_norm())
    assert not found
    assert all(f"lstm/{name}" in text for name in ("h", "before/h", "param/W_f", "gradient/h", "log10_norm"))


def test_a_state_before_the_first_step_is_kept():
    cell = gru_viz.cell("lstm")
    ran = gru_viz.run(cell, gru_viz.init_params(cell, 1, 2, seed=0), [[1.0], [2.0]], {"c": [3.0, -4.0]})
    found = loaded(to_npz(ran))
    assert found["lstm/before/c"].tolist() == [3.0, -4.0]
    assert found["lstm/before/h"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("write", [to_csv, to_npz])
def test_runs_come_alone_in_a_list_or_by_name(write):
    runs = some_runs()
    assert write(runs, "abcd") == write({"one": runs[0], "two": runs[1], "three": runs[2]}, list("abcd"))
    assert write(runs[0], "abcd") == write(runs[:1], "abcd") != write(runs, "abcd")


def test_without_labels_the_steps_are_numbered_and_nothing_is_left_out():
    one_hot = np.eye(4)
    (ran,) = (gru_viz.run(each.cell, gru_viz.init_params(each.cell, 4, 3, 0), one_hot) for each in some_runs()[:1])
    rows = read(to_csv(ran))
    assert all(row[1] == row[0] for row in rows)
    assert [float(row[5]) for row in rows if row[3] == "x"] == one_hot.ravel().tolist()
    assert not [row for row in read(to_csv(ran, "abcd")) if row[3] == "x"]
    assert loaded(to_npz(ran))["labels"].tolist() == ["1", "2", "3", "4"]


def test_half_a_character_is_no_reason_to_fail():
    (ran,) = some_runs(names=("rnn",))
    assert read(to_csv(ran, ("\ud800", "a", "b", "c")))[0][1] == "?"
    assert len(loaded(to_npz(ran, ("\ud800", "a", "b", "c")))["labels"]) == 4


def test_the_arrays_keep_their_promise():
    """With what the file holds, and NumPy alone, the LSTM's values come out again, step by step."""
    found = loaded(to_npz(*run_of(Experiment())))
    p = {name.removeprefix("lstm/param/"): value for name, value in found.items() if name.startswith("lstm/param/")}
    h = c = np.zeros(8)
    for t, x in enumerate(found["x"]):
        a = {gate: p[f"W_{gate}"] @ x + p[f"U_{gate}"] @ h + p[f"b_{gate}"] for gate in "fiog"}
        f, i, o = (1 / (1 + np.exp(-a[gate])) for gate in "fio")
        c = f * c + i * np.tanh(a["g"])
        h = o * np.tanh(c)
        np.testing.assert_allclose(found["lstm/h"][t], h, rtol=0, atol=1e-14)
        np.testing.assert_allclose(found["lstm/c"][t], c, rtol=0, atol=1e-14)


def same(one, other):
    return (
        one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == np.ascontiguousarray(other).tobytes()
    )


# -- the script --------------------------------------------------------------------------------------------------------

DUMP = """
import numpy as np
from gru_viz.export import arrays
np.savez({path!r}, **arrays(runs, flows, sequence.labels))
"""


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_script_makes_the_same_numbers_in_a_fresh_process(name, tmp_path):
    experiment = EXPERIMENTS[name]
    script, path = tmp_path / "continue.py", tmp_path / "found.npz"
    script.write_text(to_script(experiment) + DUMP.format(path=str(path)), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)], cwd=tmp_path, env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    found, expected = loaded(path.read_bytes()), loaded(to_npz(*run_of(experiment)))
    assert found.keys() == expected.keys()
    assert all(same(found[key], expected[key]) for key in expected)
    for ran in run_of(experiment)[0]:
        assert f"{ran.cell.title}: {ran.steps} steps" in done.stdout
        reach = gru_viz.reach(backpropagate(ran))
        assert f"1 %: {reach}\n" in done.stdout


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_script_states_every_setting_that_a_number_depends_on(name):
    script = to_script(EXPERIMENTS[name])
    assert script.isascii()
    _, call = script.split("experiment = ")
    built = eval(call.split("\nsequence")[0], {"Experiment": lambda **given: given})
    assert built.keys() == {field for field, setting in SETTINGS.items() if not setting.view}
    assert all(getattr(EXPERIMENTS[name], field) == value for field, value in built.items())


def test_what_is_only_shown_is_no_part_of_the_script():
    shown = dataclasses.replace(Experiment(), step=3, unit=2, curve="input")
    assert to_script(shown) == to_script(Experiment())


def test_a_value_is_written_in_as_many_bytes_as_its_size_counts():
    for value in (-1.7976931348623157e308, -2.2250738585072014e-308, -5e-324, -math.pi, -1234567890.123456789e-5):
        assert len(repr(value)) <= export._VALUE_BYTES
