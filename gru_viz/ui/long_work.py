"""Work that takes longer than a page may: done in pieces, with progress and a button to stop, and kept for everyone."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Generator, Hashable
from typing import Any, TypeVar

import streamlit as st

from gru_viz.ui.turns import aside

T = TypeVar("T")

KEPT = 24  # results, shared by all visitors; the largest takes 0.3 MB
# One piece at a time, whoever asked for it, and then a rest in which nobody's is done: a page that is drawn beside two
# sweeps then takes twice as long, without the rest four times (python -m benchmarks.gradients_page).
_TURN = threading.Lock()
REST = 0.5  # of the time that the piece took


@st.cache_resource(max_entries=1, show_spinner=False)
def _results() -> OrderedDict[Hashable, Any]:
    return OrderedDict()


def worked(key: Hashable, work: Callable[[], Generator[tuple[float, str], None, T]], stop: Callable[[], None]) -> T:
    """What long work returns, which yields (share that is done, words) after each piece.

    Each word to the page is a place where Streamlit ends a run whose visitor has left, pressed Stop or changed
    something; ``stop`` must see to it that the next run does not begin again. Raises what the work raises.
    """
    results = _results()
    if key in results:
        return results[key]
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, "Starting")
        st.button("Stop", key=f"stop_{key[0] if isinstance(key, tuple) else key}", on_click=stop)
    try:
        with aside():
            found = _in_pieces(work(), bar)
    finally:
        place.empty()
    results[key] = found
    while len(results) > KEPT:
        results.popitem(last=False)
    return found


def _in_pieces(pieces: Generator[tuple[float, str], None, T], bar: Any) -> T:
    while True:
        with _TURN:
            start = time.perf_counter()
            try:
                share, text = next(pieces)
            except StopIteration as end:
                return end.value
            time.sleep(REST * (time.perf_counter() - start))
        bar.progress(min(share, 1.0), text)
