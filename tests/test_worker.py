"""Work in a process of its own: whatever becomes of it is a sentence, and the next call works.

What is run are functions of the standard library that sleep, end, raise or eat memory.
"""

import importlib
import math
import operator
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from gru_viz.errors import InputError
from gru_viz.ui.worker import ROOT, Worker

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits are those of POSIX")


@pytest.fixture
def worker():
    made = Worker(seconds=60, megabytes=300)
    yield made
    made.stop()


def done(job):
    """The job's future, after asking for it as a page does."""
    deadline = time.monotonic() + 60
    while not job.ask():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return job.future


def result(job):
    return done(job).result()


def refusal(job):
    problem = done(job).exception()
    assert isinstance(problem, InputError), problem
    return str(problem)


def running(worker, job):
    """Wait until the job's process is there."""
    deadline = time.monotonic() + 10
    while worker._process is None or not job.started:
        assert time.monotonic() < deadline
        job.ask()
        time.sleep(0.01)
    return worker._process


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_result_comes_back(worker):
    assert result(worker.submit(operator.add, 2, 3)) == 5
    assert result(worker.submit(math.hypot, 3.0, 4.0)) == 5.0


def test_it_is_computed_in_another_process_that_then_ends(worker):
    pid = result(worker.submit(os.getpid))
    assert pid != os.getpid()
    deadline = time.monotonic() + 5
    while is_alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_the_work_prints_does_not_spoil_its_answer(worker):
    assert result(worker.submit(print, "hello")) is None


# Each drill, and what its sentence says.
DRILLS = {
    "ends": ((os._exit, 1), "ended without an answer"),
    "ends without an error": ((os._exit, 0), "ended without an answer"),
    "is killed": ((signal.raise_signal, signal.SIGKILL), "ended without an answer"),
    "crashes": ((os.abort,), "ended without an answer"),
    "raises": ((operator.truediv, 1, 0), "ended without an answer"),
    "cannot be sent": ((threading.Lock,), "ended without an answer"),
    "needs a module": ((importlib.import_module, "no_such_torch"), "module no_such_torch is needed"),
    "eats memory": ((bytearray, 2 * 10**9), "more than 300 MB"),
    "refuses": ((importlib.import_module("gru_viz").cell, "no_such_cell"), "There is no cell 'no_such_cell'"),
}


@pytest.mark.parametrize("drill", DRILLS)
def test_every_end_is_a_sentence_and_the_next_call_works(worker, drill):
    work, words = DRILLS[drill]
    sentence = refusal(worker.submit(*work))
    assert words in sentence
    assert "Traceback" not in sentence
    assert result(worker.submit(operator.add, 2, 3)) == 5


def test_what_takes_too_long_is_killed():
    worker = Worker(seconds=0.5, megabytes=300)
    started = time.monotonic()
    job = worker.submit(time.sleep, 60)
    process = running(worker, job)
    assert "more than 0.5 seconds" in refusal(job)
    assert time.monotonic() - started < 15
    assert process.poll() is not None
    worker.seconds = 60
    assert result(worker.submit(operator.add, 2, 3)) == 5


def test_a_process_ends_by_itself_when_its_server_is_gone():
    command = [sys.executable, "-m", "gru_viz.ui.worker", "-4", "300"]  # 1 s: a server waits 5 s less
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.wait(timeout=10) == -signal.SIGALRM  # nothing was ever sent to it
        finally:
            process.kill()


def test_only_one_runs_at_a_time_and_all_others_wait_in_order(worker):
    first = worker.submit(time.sleep, 60)
    process = running(worker, first)
    others = [worker.submit(operator.add, 1, k) for k in range(3)]
    assert [worker.ahead(job) for job in (first, *others)] == [0, 1, 2, 3]
    assert not any(job.started or job.future.done() for job in others)
    process.kill()
    assert [result(job) for job in others] == [1, 2, 3]
    assert "without an answer" in refusal(first)
    assert [worker.ahead(job) for job in others] == [0, 0, 0]


def test_a_hundred_who_ask_the_same_share_one_process(worker):
    jobs = [worker.submit(os.getpid) for _ in range(100)]
    assert len({id(job) for job in jobs}) == 1
    assert result(worker.submit(os.getpid)) == result(jobs[0])  # and so does who comes later


def test_what_failed_is_tried_again(worker):
    first = worker.submit(os._exit, 1)
    refusal(first)
    assert worker.submit(os._exit, 1) is not first


def test_more_than_the_most_are_refused_with_a_sentence():
    worker = Worker(seconds=20, megabytes=300, most=3)
    running(worker, first := worker.submit(time.sleep, 60))
    for k in range(3):
        worker.submit(operator.add, 1, k)
    with pytest.raises(InputError, match="3 others are waiting already"):
        worker.submit(operator.add, 1, 99)
    assert worker.submit(operator.add, 1, 2).future is not None  # who waits already is not refused
    worker.stop()
    refusal(first)


def test_a_stopped_worker_begins_nothing_more(worker):
    first, second = worker.submit(time.sleep, 60), worker.submit(operator.add, 2, 3)
    process = running(worker, first)
    worker.stop()
    assert "without an answer" in refusal(first)
    assert refusal(second) == "The server was stopped."
    assert process.poll() is not None
    assert not second.started


def test_work_that_nobody_asks_about_is_given_up():
    worker = Worker(seconds=60, megabytes=300, patience=0.5)
    job, other = worker.submit(time.sleep, 60), worker.submit(operator.add, 2, 3)
    process = running(worker, job)
    for each in (job, other):  # what has not begun never does
        assert "Nobody waited" in str(each.future.exception(timeout=30))
    assert process.poll() is not None
    assert not other.started


def test_work_that_somebody_asks_about_goes_on():
    worker = Worker(seconds=60, megabytes=300, patience=0.5)
    job = worker.submit(time.sleep, 1.2)
    assert result(job) is None


def test_only_some_results_are_kept(worker, monkeypatch):
    monkeypatch.setattr("gru_viz.ui.worker.KEPT", 2)
    jobs = [worker.submit(operator.add, 1, k) for k in range(4)]
    assert [result(job) for job in jobs] == [1, 2, 3, 4]
    again = [worker.submit(operator.add, 1, k) for k in (3, 0)]
    assert [result(job) for job in again] == [4, 1]
    assert [job in jobs for job in again] == [True, False]


def test_the_worker_has_no_thread_left_when_nothing_is_to_do(worker):
    result(worker.submit(operator.add, 2, 3))
    deadline = time.monotonic() + 5
    while any(thread.name == "worker" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_process_loads_neither_streamlit_nor_torch(worker):
    loaded = "[name for name in ('streamlit', 'torch', 'pandas') if name in __import__('sys').modules]"
    assert result(worker.submit(eval, f"__import__('gru_viz.measures.equations') and {loaded}")) == []
