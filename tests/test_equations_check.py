"""The check of a run against PyTorch, what is said of it, and on the page in a process of its own."""

import subprocess
import sys
import time
from dataclasses import replace

import pytest

from gru_viz.cells import cell
from gru_viz.conclusions import equations as conclusions
from gru_viz.experiment import Experiment
from gru_viz.gradients import backpropagate
from gru_viz.layouts import find_layout
from gru_viz.measures import equations as measures
from gru_viz.measures.equations import Checked
from gru_viz.runs import trace
from gru_viz.torch_bridge import TorchCheck
from gru_viz.ui.worker import Worker
from tests import drills
from tests.saying import plain
from tests.test_equations_conclusions import CELLS, CHAOS, OURS, sequence_of
from tests.visitor import APP, calm, open_app, words

# -- the check ---------------------------------------------------------------------------------------------------------


def flow_of(experiment, name):
    return backpropagate(trace(experiment, cell(name), sequence_of(experiment)))


def checked(value, gradient, own_value=1e-16, own_gradient=1e-16):
    of = TorchCheck(
        ("the equations, written in torch",), {"z": value / 2, "h": value}, {"x": gradient, "h": gradient / 2}
    )
    return Checked(of, own_value, own_gradient)


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (checked(3e-16, 2e-15), "PyTorch computes the same over 7 steps: no value differs by more than 3.0·10⁻¹⁶, "
         "and no gradient by more than 2.0·10⁻¹⁵"),
        (checked(0.25, 2e-15), "something else over 7 steps: h differs by 0.25, and the gradient by x by"),
        (checked(3e-16, 0.5), "something else"),
        (checked(0.25, 0.5, own_value=0.1), "This run magnifies rounding"),
        (checked(0.25, 1e9, own_value=0.1, own_gradient=0.1), "This run magnifies rounding"),
        (checked(3e-16, 0.5, own_gradient=0.1), "This run magnifies rounding"),
        (checked(0.25, 0.5, own_gradient=0.1), "something else"),
        (checked(3e-16, 0.5, own_value=0.1), "something else"),
    ],
)  # fmt: skip
def test_the_result_in_words(of, words):
    assert words in conclusions.checked(of, 7)


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_agrees_with_torch(name):
    of = measures.check(measures.to_check(OURS, cell(name)))
    assert of.torch.agrees
    assert not of.magnifies
    assert max(of.own_value, of.own_gradient) < 1e-12
    assert ("torch.nn." in conclusions.compared(of.torch)) == (find_layout(cell(name), "PyTorch") is not None)
    assert ("no such cell" in conclusions.before_check(cell(name))) == (find_layout(cell(name), "PyTorch") is None)
    rows = list(zip(*conclusions.differences(of.torch).values(), strict=True))
    assert [row[0] for row in rows if row[1] != "–"] == list(cell(name).names)
    assert {row[0] for row in rows} >= {"x", "carried state h", "h before step 1", *cell(name).parameters}
    assert "–" not in [row[2] for row in rows]


def test_a_chaotic_run_is_no_disagreement():
    of = measures.check(measures.to_check(replace(CHAOS, text="ab" * 600), cell("rnn")))
    assert not of.torch.agrees
    assert of.magnifies
    assert "magnifies rounding, so over 1200 steps nothing can be compared" in conclusions.checked(of, 1_200)


@pytest.mark.parametrize("seed", [0, 1, 4])
def test_slopes_of_which_rounding_leaves_no_digit_are_no_disagreement(seed):
    """With f held open c grows to 75, and 1 - tanh(c)² is what rounding leaves; a small c leaves it all its digits."""
    saturated = Experiment(text="ab" * 200, biases=(("f", 10.0),), seed=seed)
    of = measures.check(measures.to_check(saturated, cell("lstm")))
    assert of.torch.worst_value < 1e-14
    assert of.own_gradient > 1e-6
    assert max(measures.turned(flow_of(saturated, "lstm"))) < 1e-12  # the order of sums is not what decides here
    assert of.torch.agrees or of.magnifies  # as this machine's tanh rounds like PyTorch's or not
    assert of.torch.agrees or "not every gradient can be compared" in conclusions.checked(of, 400)
    usual = measures.check(measures.to_check(replace(saturated, biases=()), cell("lstm")))
    assert usual.own_gradient < 1e-12
    assert "PyTorch computes the same over 400 steps" in conclusions.checked(usual, 400)


@pytest.mark.parametrize("name", CELLS)
def test_units_in_reverse_order_are_the_same_run(name):
    value, gradient = measures.turned(flow_of(OURS, name))
    assert value < 1e-13
    assert gradient < 1e-12


def test_visitors_with_equal_runs_share_a_check():
    one = measures.to_check(replace(OURS, replace="Bob", by="Eve", step=3, cells=("rnn", "gru")), cell("gru"))
    assert one == measures.to_check(replace(OURS, cells=("lstm",), focus="rnn"), cell("gru"))
    assert one != measures.to_check(OURS, cell("rnn"))
    assert one != measures.to_check(replace(OURS, seed=4), cell("gru"))
    assert measures.to_check(replace(OURS, weights="shared"), cell("gru")).weights == "shared"


def test_waiting_and_running_in_words():
    assert conclusions.waiting(1) == "1 check is before yours."
    assert conclusions.waiting(12) == "12 checks are before yours."
    assert conclusions.running(2.6, 60.0) == "PyTorch is at work: 3 of at most 60 seconds."


# -- the page ----------------------------------------------------------------------------------------------------------


def finish(app, seconds=60):
    deadline = time.monotonic() + seconds
    while any(button.key == "stop_check" for button in app.button):
        assert time.monotonic() < deadline
        time.sleep(0.2)
        calm(app.run())
    return app


def test_the_check_runs_elsewhere_and_its_result_stays():
    app = open_app("equations", text="Ada", focus="gru_reset_after")
    calm(app.button(key="check").click().run())
    finish(app)
    (result,) = [plain(each.value) for each in app.main.success]
    assert result.startswith("PyTorch computes the same over 3 steps: no value differs by more than")
    assert any("and with torch.nn.GRU" in text for text in words(app))
    app.session_state["differences"] = True
    calm(app.run())
    app.get_by_key("experiment_focus").set_value("gru").run()
    assert [each.value for each in calm(app).main.success] == []  # another cell's is not shown
    app.get_by_key("experiment_focus").set_value("gru_reset_after").run()
    assert [plain(each.value) for each in calm(app).main.success] == [result]


@pytest.mark.parametrize(
    ("drill", "sentence"),
    [
        (drills.ends, "ended without an answer"),
        (drills.raises, "ended without an answer"),
        (drills.lacks_torch, "module no_such_torch is needed"),
        (drills.sleeps, "more than 1 seconds"),
        (drills.eats_memory, "more than 300 MB"),
    ],
)
def test_whatever_becomes_of_the_check_is_a_sentence(monkeypatch, drill, sentence):
    monkeypatch.setattr("gru_viz.ui.equations.check", drill)
    seconds = 1 if drill is drills.sleeps else 30
    monkeypatch.setattr("gru_viz.ui.equations.CHECKS", Worker(seconds, megabytes=300))
    app = open_app("equations", text="Ada")
    finish(calm(app.button(key="check").click().run()))
    (error,) = [plain(each.value) for each in app.main.error]
    assert sentence in error
    assert app.button(key="check").label == "Check against PyTorch again"
    monkeypatch.undo()
    finish(calm(app.button(key="check").click().run()))
    assert app.main.success[0].value


def test_stop_takes_the_work_away(monkeypatch):
    monkeypatch.setattr("gru_viz.ui.equations.check", drills.sleeps)
    monkeypatch.setattr("gru_viz.ui.equations.CHECKS", worker := Worker(seconds=60, megabytes=300, patience=0.5))
    app = open_app("equations", text="Ada")
    calm(app.button(key="check").click().run())
    job = app.session_state["torch_check"]
    calm(app.button(key="stop_check").click().run())
    assert app.button(key="check").label == "Check against PyTorch"
    assert "Nobody waited" in str(job.future.exception(timeout=10))
    assert worker.ahead(job) == 0


def test_who_waits_is_told_how_many_are_before(monkeypatch):
    monkeypatch.setattr("gru_viz.ui.equations.CHECKS", worker := Worker(seconds=60, megabytes=300))
    worker.submit(drills.sleeps, 1)
    worker.submit(drills.sleeps, 2)
    app = open_app("equations", text="Ada")
    calm(app.button(key="check").click().run())
    assert "2 checks are before yours." in words(app)
    worker.stop()


def test_too_many_are_told_to_come_back(monkeypatch):
    worker = Worker(seconds=20, megabytes=300, most=0)
    monkeypatch.setattr("gru_viz.ui.equations.CHECKS", worker)
    app = open_app("equations", text="Ada")
    calm(app.button(key="check").click().run())
    assert ["others are waiting already" in plain(each.value) for each in app.main.error] == [True]


def test_the_server_has_no_torch():
    """The page and its check, in a fresh process: torch is loaded in the worker alone."""
    code = f"""
import sys, time
from streamlit.testing.v1 import AppTest
app = AppTest.from_file({str(APP)!r}, default_timeout=30)
app.query_params["text"] = "Ada"
app.run()
app.switch_page("app_pages/equations.py")
app.run()
app.button(key="check").click().run()
while any(button.key == "stop_check" for button in app.button):
    time.sleep(0.2)
    app.run()
print(len(app.main.success), "torch" in sys.modules, "pandas" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=APP.parent, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == ["1", "False", "False"]
