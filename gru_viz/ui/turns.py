"""Whose page is drawn now: one at a time, in the order in which they asked.

Python runs one thread at a time anyway. Where forty pages of a class are drawn side by side, each waits for the others
again and again, and no cache holds what it needs: all together take half as long one after the other
(python -m benchmarks.load), and the memory of one page is enough.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 20.0  # seconds: a page that hangs holds up the others so long, once each

_one = threading.Semaphore(1)
_mine = threading.local()


@contextmanager
def turn() -> Iterator[None]:
    """Wait for the turn and hold it in the body."""
    _mine.held = _one.acquire(timeout=PATIENCE)
    try:
        yield
    finally:
        _give_back()


@contextmanager
def aside() -> Iterator[None]:
    """The body, which takes long, runs while others have the turn, if this thread had it."""
    held = _give_back()
    try:
        yield
    finally:
        if held:
            _mine.held = _one.acquire(timeout=PATIENCE)


def _give_back() -> bool:
    held = getattr(_mine, "held", False)
    _mine.held = False
    if held:
        _one.release()
    return held
