"""The ways in: text, numbers, a signal, a table; and what the vector of each step is."""

from __future__ import annotations

from typing import Any

import streamlit as st

from gru_viz.runs import step_in_view
from gru_viz.sequences import MAX_STEPS, parse_sequence
from gru_viz.sequences.describing import describe_steps, vectors
from gru_viz.sequences.signals import MAX_SEED, SIGNALS, read_signal, signal_text
from gru_viz.ui import state
from gru_viz.ui.table import table
from gru_viz.ui.upload import upload
from gru_viz.ui.widgets import choice, problem
from gru_viz.ui.words import markdown

_WAYS = {"text": "Text", "numbers": "Numbers", "signal": "Signal", "csv": "CSV"}
_STEPS = {"text": "a character", "words": "a word", "numbers": "a number", "rows": "a line"}
_ONE_LINE = "one_line"  # in the session: whether the last field for typing had one
_SHOWN = 20  # steps whose vectors are listed


def sequence() -> None:
    choice("kind", tuple(state.WAYS), _WAYS.__getitem__, label_visibility="collapsed", width="stretch", wrap=False)
    kind = state.current().kind
    if kind in _STEPS:
        way = next(kinds for kinds in state.WAYS.values() if kind in kinds)
        _typed(kind)
        problem(kind)
        choice("reading", way, _STEPS.__getitem__, label="A step is", width="stretch", wrap=False)
    else:
        {"signal": _signal, "csv": upload}[kind]()
        problem(kind)
    _described()


def _typed(kind: str) -> None:
    """A field for what is typed: one line that is read at each key, or several."""
    arguments: dict[str, Any] = {
        "label": "Sequence",
        "key": state.shown(kind),
        "on_change": state.change,
        "args": (kind,),
    }
    one_line = kind in state.WAYS["text"] and "\n" not in st.session_state[arguments["key"]]
    if st.session_state.get(_ONE_LINE) != one_line:  # another field under the same key is told what it holds
        st.session_state[arguments["key"]] = st.session_state[arguments["key"]]
    st.session_state[_ONE_LINE] = one_line
    if one_line:
        st.text_input(**arguments, live=True)
    else:
        st.text_area(**arguments, height=120)
        st.caption("Read when you leave the field, or with Ctrl+Enter.")


def _signal() -> None:
    """A signal's name, length and seed make its text."""
    name, steps, seed = read_signal(state.current().text)
    for key, value in (("signal_name", name), ("signal_steps", steps), ("signal_seed", seed)):
        if st.session_state.get(key) != value:  # the experiment is the state, and these widgets show it
            st.session_state[key] = value
    st.selectbox("Signal", tuple(SIGNALS), key="signal_name", format_func=_title, on_change=_change_signal)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input("Length", SIGNALS[name].least, MAX_STEPS, key="signal_steps", on_change=_change_signal)
        if SIGNALS[name].by_chance:
            st.number_input("Its seed", 0, MAX_SEED, key="signal_seed", on_change=_change_signal)
    st.caption(markdown(SIGNALS[name].does))


def _title(name: str) -> str:
    return SIGNALS[name].title


def _change_signal() -> None:
    name, seed = st.session_state["signal_name"], st.session_state.get("signal_seed", 0)
    state.put("signal", signal_text(name, max(SIGNALS[name].least, st.session_state["signal_steps"]), seed))


def _described() -> None:
    """What the vector of each step is, in words and as numbers."""
    experiment = state.current()
    read = parse_sequence(experiment.kind, experiment.text)
    st.caption(markdown(describe_steps(read)))
    opened = st.expander("What each step's vector x is", key="vectors", on_change="rerun")
    if not opened.open:
        return
    count = len(read.tokens)
    seen = step_in_view(experiment, count) if experiment.step else 0
    first = max(0, min(seen - _SHOWN // 2, count - _SHOWN))
    last = min(first + _SHOWN, count)
    with opened:
        table(vectors(read, first, last), "vectors_table", "The vector of each step")
        if last - first < count:
            st.caption(f"Steps {first + 1} to {last} of {count}.")
