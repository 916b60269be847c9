"""What a server process does once."""

import functools
import gc

from threadpoolctl import threadpool_limits


@functools.cache
def prepare() -> None:
    """One BLAS thread: at these sizes a second gains nothing, and on a busy machine it costs a hundred times more.

    And no more looking for garbage in what was loaded at the start: that stopped everyone for 0.1 s every two seconds.
    """
    threadpool_limits(limits=1)
    gc.collect()
    gc.freeze()
