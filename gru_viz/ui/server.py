"""What a server process does once."""

import functools

from threadpoolctl import threadpool_limits


@functools.cache
def prepare() -> None:
    """One BLAS thread: at these sizes a second gains nothing, and on a busy machine it costs a hundred times more."""
    threadpool_limits(limits=1)
