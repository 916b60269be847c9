"""What every page is made of: the question, sentences, figures with their words, tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from gru_viz.figures.common import CONFIG, zooms
from gru_viz.figures.projector import WIDTH, enlarged
from gru_viz.figures.ready import Ready
from gru_viz.handset import HAND_SET
from gru_viz.sequences import parse_sequence
from gru_viz.theme import THEMES, Theme
from gru_viz.ui import state
from gru_viz.ui.pages import PAGES, REGISTERED
from gru_viz.ui.projector import lowest
from gru_viz.ui.save import figure_buttons
from gru_viz.ui.table import table
from gru_viz.ui.words import markdown


def theme() -> Theme:
    """The colours of the visitor's ground."""
    return THEMES[st.context.theme.type or "light"]


def question(text: str, badge: str) -> None:
    """The title of a page, and where its weights come from."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(markdown(text), width="content", anchor=False)
        st.badge(badge, color="gray")
        go_to("help", PAGES["help"])


def finding(text: str) -> None:
    """The title of a figure: what is to be seen in it."""
    st.subheader(markdown(text), anchor=False)


def sentence(text: str) -> None:
    st.markdown(markdown(text))


def figure(
    drawn: Mapping[str, Any],
    key: str,
    alt: str,
    columns: Callable[[], Mapping[str, Sequence[Any]]] | None = None,
    label: str = "",
    pick: Callable[[dict[str, Any]], None] | None = None,
    grid: tuple[int, int] = (1, 1),
) -> None:
    """A figure and what is below it: its numbers, where ``columns`` makes them, and the buttons that save it.

    ``alt`` says what it shows, to whom does not see it; ``label`` what its table holds; ``pick`` gets a point that was
    clicked; ``grid`` of how many rows and columns of figures it is one.
    """

    def picked() -> None:
        if pick and (points := st.session_state[key].selection.points):
            pick(points[0])

    shown = enlarged(dict(drawn), lowest() // grid[0], WIDTH // grid[1]) if state.current().projector else drawn
    st.plotly_chart(
        Ready(shown), key=key, theme=None, config=CONFIG, alt=alt, on_select=picked if pick else "ignore",
        selection_mode="points",
    )  # fmt: skip
    if zooms(drawn):
        st.caption("Drag over some steps to see them closer; click or tap twice to see all.")
    saved = not state.current().projector
    if columns is not None:
        with st.container(horizontal=True, horizontal_alignment="right"):
            numbers(key, label, columns)
            if saved:
                figure_buttons(key)
    elif saved:
        figure_buttons(key, width="stretch")


def numbers(key: str, label: str, columns: Callable[[], Mapping[str, Sequence[Any]]]) -> None:
    """The numbers of a figure as a table, made when it is opened; ``columns``: name -> a value for each row."""
    opened = st.expander("The numbers", key=f"numbers_{key}", on_change="rerun")
    if opened.open:
        with opened:
            st.caption(markdown(label))
            table(columns(), f"table_{key}", label)


def go_to(page: str, label: str) -> None:
    """A link to another page, which shows the same experiment."""
    st.page_link(st.session_state[REGISTERED][page], label=label)


def silence_note() -> None:
    """That hand-set weights read nothing of the sequence."""
    experiment = state.current()
    if own := HAND_SET.get(experiment.weights):
        tokens = parse_sequence(experiment.kind, experiment.text).tokens
        if own.is_silence(tokens):
            st.warning(f"{markdown(own.notice(tokens))} Type some of them, or choose random weights.")


def link_notes() -> None:
    """What was wrong with the link, until something is changed."""
    if text := state.problems().get("link"):
        st.warning(markdown(text))
