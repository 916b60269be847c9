"""What a server process does once."""

import functools
import gc

from threadpoolctl import threadpool_limits

# So many new objects, three times as usual, until those of a rerun are looked through, which took 5 % of it. All of
# them are looked through as often as before, so that what a class leaves behind is given back.
THRESHOLDS = 2_000, 6, 6


@functools.cache
def prepare() -> None:
    """One BLAS thread: at these sizes a second gains nothing, and on a busy machine it costs a hundred times more.

    And no more looking for garbage in what was loaded at the start: that stopped everyone for 0.1 s every two seconds.
    """
    threadpool_limits(limits=1)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
