"""Widgets for the fields of the experiment: label, range and check are those of the field's Setting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from gru_viz.cells import Cell, cell
from gru_viz.settings import SETTINGS
from gru_viz.ui import state
from gru_viz.ui.words import markdown


def choice(field: str, options: tuple[Any, ...], name: Callable[[Any], str], label: str = "", **more: Any) -> None:
    """A row of buttons for a field, of which one is pressed."""
    st.segmented_control(
        label or SETTINGS[field].label, options, key=state.shown(field), format_func=name, required=True,
        on_change=state.change, args=(field,), **more,
    )  # fmt: skip
    problem(field)


def cell_choice(shown: Cell, names: tuple[str, ...], **more: Any) -> None:
    """The cell in view among these: the one that is shown, whatever was chosen where there were others."""
    st.session_state[state.key("focus")] = shown.name
    choice("focus", names, lambda name: cell(name).title, **more)


def choices(field: str, label: str, options: tuple[Any, ...], name: Callable[[Any], str]) -> None:
    """A row of buttons for a field, of which any are pressed."""
    st.pills(
        label, options, key=state.shown(field), format_func=name, selection_mode="multi",
        on_change=state.change, args=(field,),
    )  # fmt: skip
    problem(field)


def number(widget: Callable[..., Any], field: str, step: float = 1) -> None:
    """A slider or a field for a number; whole numbers with ``step=1``."""
    setting = SETTINGS[field]
    kind = int if step == 1 else float
    low, high = (kind(limit) for limit in setting.limits)
    widget(setting.label, low, high, step=step, key=state.shown(field), on_change=state.change, args=(field,))


def problem(field: str) -> None:
    """What is wrong with the last entry of a field, right below it."""
    if sentence := state.problems().get(field):
        st.error(markdown(sentence))


def text(field: str, label: str = "") -> None:
    st.text_input(
        label or SETTINGS[field].label, key=state.shown(field), live=True, on_change=state.change, args=(field,)
    )
