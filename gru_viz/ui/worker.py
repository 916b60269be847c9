"""Heavy work in a process of its own, one at a time on this server: watched, limited, killed, never waited for.

A fresh Python runs one function and ends, so that its memory goes back and whatever becomes of it is a sentence on a
page. `concurrent.futures.ProcessPoolExecutor` would start its processes with the server's ``__main__``, which under
Streamlit is the app, and has no way to kill a task; its Future is used.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import pickle
import subprocess
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gru_viz.errors import InputError

ROOT = Path(__file__).resolve().parents[2]  # where the package is found
KEPT = 32  # results that the next visitor with the same question gets at once
PATIENCE = 10.0  # s after which work that nobody asks about any more is given up
BEAT = 0.1  # s between two looks at a running process
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

DONE, REFUSED, MISSING, MEMORY, FAILED = range(5)  # what the process answers


@dataclass(eq=False)
class Job:
    """One call, which equal ones share. ``future`` has its result, or an InputError with a sentence."""

    work: tuple[Any, ...]  # the function and its arguments
    future: Future = field(default_factory=Future)
    asked: float = field(default_factory=time.monotonic)
    started: float = 0.0

    def ask(self) -> bool:
        """Whether it is done. Who waits asks again and again: work that nobody asks about is given up."""
        self.asked = time.monotonic()
        return self.future.done()

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.started if self.started else 0.0

    @property
    def failed(self) -> bool:
        return self.future.done() and self.future.exception() is not None


class Worker:
    """Runs functions that can be pickled, each at most so many seconds and with so many megabytes.

    ``most`` different jobs may wait; one more is refused with an InputError.
    """

    def __init__(self, seconds: float, megabytes: int, most: int = 20, patience: float = PATIENCE) -> None:
        self.seconds, self.megabytes, self._most, self._patience = seconds, megabytes, most, patience
        self._lock = threading.Lock()
        self._waiting: deque[Job] = deque()
        self._jobs: dict[tuple[Any, ...], Job] = {}  # by their work, oldest first: waiting, running, and KEPT results
        self._running: Job | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False
        atexit.register(self.stop)

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Job:
        """The job for this call: the one there is, or a new one behind all that wait."""
        work = (function, *arguments)
        with self._lock:
            job = self._jobs.get(work)
            if job is None or job.failed:
                if len(self._waiting) >= self._most:
                    raise InputError(f"{self._most} others are waiting already, which is the most. Try it in a minute.")
                job = self._jobs[work] = Job(work)
                self._waiting.append(job)
                if self._running is None:
                    self._running = job
                    threading.Thread(target=self._work, name="worker", daemon=True).start()
            job.ask()
            return job

    def ahead(self, job: Job) -> int:
        """How many are before it: 0 for the one that runs or has run."""
        with self._lock:
            return self._waiting.index(job) + (self._running is not job) if job in self._waiting else 0

    def stop(self) -> None:
        """Kill what runs and begin nothing more: at the server's end."""
        with self._lock:
            self._stopped = True
        if (process := self._process) is not None:
            process.kill()

    def _work(self) -> None:
        """The thread: one job after the other, and an end when none is left."""
        while True:
            with self._lock:
                for work in [work for work, job in self._jobs.items() if job.future.done()][:-KEPT]:
                    del self._jobs[work]
                self._running = self._waiting.popleft() if self._waiting else None
                job = self._running
            if job is None:
                return
            try:
                job.future.set_result(self._result(job))
            except InputError as sentence:
                job.future.set_exception(sentence)
            except Exception:
                logging.exception("A worker process could not be used.")
                job.future.set_exception(InputError("It could not be started on this server. Try it again later."))

    def _result(self, job: Job) -> Any:
        self._given_up(job)
        limits = [str(self.seconds), str(self.megabytes)]
        pipe, job.started = subprocess.PIPE, time.monotonic()
        command = [sys.executable, "-m", __name__, *limits]
        with subprocess.Popen(command, cwd=ROOT, env=os.environ | ONE_THREAD, stdin=pipe, stdout=pipe) as process:
            self._process = process
            try:
                answer = self._answer(process, job)
            finally:
                process.kill()
                self._process = None
        kind, value = pickle.loads(answer) if process.returncode == 0 and answer else (FAILED, "")
        if kind == DONE:
            return value
        raise InputError(
            {
                REFUSED: value,
                MISSING: f"The module {value} is needed, and it is not installed where this server runs.",
                MEMORY: f"It needed more than {self.megabytes} MB of memory, which is the most, and was stopped.",
                FAILED: "The process that worked on it ended without an answer. Trying again starts a new one.",
            }[kind]
        )

    def _answer(self, process: subprocess.Popen[bytes], job: Job) -> bytes:
        """What the process writes; InputError when its time is over or nobody waits for it."""
        sent: bytes | None = pickle.dumps(job.work)
        while True:
            try:
                return process.communicate(sent, timeout=BEAT)[0]
            except subprocess.TimeoutExpired:
                sent = None
            if job.seconds > self.seconds:
                raise InputError(f"It took more than {self.seconds:g} seconds, which is the most, and was stopped.")
            self._given_up(job)

    def _given_up(self, job: Job) -> None:
        """InputError where it is not worth going on."""
        if self._stopped:
            raise InputError("The server was stopped.")
        if time.monotonic() - job.asked > self._patience:
            raise InputError("Nobody waited for it any more, so it was stopped.")


# -- in the process ----------------------------------------------------------------------------------------------------


def _main(seconds: float, megabytes: int) -> None:
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the work prints belongs into the server's log
    _limit(seconds, megabytes)
    result: tuple[int, Any]
    try:
        function, *arguments = pickle.load(sys.stdin.buffer)
        result = DONE, function(*arguments)
    except InputError as refusal:
        result = REFUSED, str(refusal)
    except ModuleNotFoundError as missing:
        result = MISSING, missing.name
    except Exception as problem:
        if isinstance(problem, MemoryError) or "allocate memory" in str(problem):  # torch's is a RuntimeError
            result = MEMORY, ""
        else:
            traceback.print_exc()
            result = FAILED, ""
    with contextlib.suppress(BrokenPipeError), answer:  # a server that is gone needs no answer
        pickle.dump(result, answer)


def _limit(seconds: float, megabytes: int) -> None:
    """What the system enforces, even when the server is gone; on Windows there is neither."""
    if sys.platform == "win32":
        return
    import resource
    import signal

    signal.alarm(int(seconds) + 5)
    os.nice(10)  # visitors' pages come first
    with contextlib.suppress(ValueError, OSError):  # a system that sets lower limits, or knows none
        resource.setrlimit(resource.RLIMIT_DATA, (megabytes * 2**20, megabytes * 2**20))


if __name__ == "__main__":
    _main(float(sys.argv[1]), int(sys.argv[2]))
