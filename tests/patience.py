"""A guard against work that does not end: how long the body of a test may compute."""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """The body may use that much time of its own thread: neither a busy machine nor the garbage of a thousand tests
    before it counts. It is no measurement: what is allowed is many times what is needed."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        started = time.thread_time()
        yield
        took = time.thread_time() - started
    finally:
        if collecting:
            gc.enable()
    assert took < seconds, f"{took:.2f} seconds of computing, where {seconds:g} are allowed"
