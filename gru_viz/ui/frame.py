"""What surrounds every page: page settings, navigation, the sidebar, the course, the projector."""

from base64 import b64encode
from typing import Any

import streamlit as st

from gru_viz.lessons import Lesson
from gru_viz.ui import state
from gru_viz.ui.examples import example_note
from gru_viz.ui.follow import for_a_class, invite
from gru_viz.ui.lessons import ask, go_to_its_page, is_covered, lesson_bar, lesson_in_view, lesson_note
from gru_viz.ui.pages import ABOUT, DRAWN, HOME, LAST, PAGES, REGISTERED, ROOT, STEP, script
from gru_viz.ui.parts import link_notes, silence_note
from gru_viz.ui.projector import projector_buttons, projector_keys, projector_style
from gru_viz.ui.save import save_run
from gru_viz.ui.server import prepare
from gru_viz.ui.sidebar import sidebar
from gru_viz.ui.turns import turn

# As text: Streamlit would read the file again in every run.
ICON = "data:image/svg+xml;base64," + b64encode((ROOT / "static/icon.svg").read_bytes()).decode()
SIDEBAR_WIDTH = 330  # px: no row of buttons breaks


def frame() -> None:
    with turn():
        _frame()


def _frame() -> None:
    st.set_page_config("GRU, LSTM and RNN, step by step", ICON, "wide", SIDEBAR_WIDTH)
    prepare()
    state.begin()
    page = st.navigation(list(_pages().values()), position="top")
    name = page.url_path or HOME
    go_to_its_page(name)
    sidebar()
    with st.sidebar:
        for_a_class(name)
        projector_keys()
    lesson, about = lesson_in_view(), name in ABOUT
    covered = not about and is_covered()
    can_tell = not (about or covered) and name != STEP
    _bar(lesson, can_tell)
    link_notes()
    shown = lesson if lesson and lesson.page == name and lesson.fits(state.current()) else None
    if state.current().projector:
        projector_style(None if about or covered else shown.figure if shown else "", can_tell)
    before, st.session_state[DRAWN] = st.session_state.get(DRAWN), ""
    if about:
        page.run()
        return
    st.session_state[LAST] = name
    if lesson and covered:
        _ask(lesson, name)
        return
    if before != name:
        state.fields_in_the_page_are_new()
    st.session_state[DRAWN] = name
    if lesson:
        lesson_note(lesson, is_shown=shown is not None)
    example_note()
    silence_note()
    page.run()
    save_run()


def _pages() -> dict[str, Any]:
    """By name; kept for the visit: to find nine files again in every run takes a twentieth of it."""
    if REGISTERED not in st.session_state:
        st.session_state[REGISTERED] = {
            name: st.Page(script(name), title=title, url_path=name, default=name == HOME)
            for name, title in PAGES.items()
        }
    return st.session_state[REGISTERED]


def _ask(lesson: Lesson, page: str) -> None:
    """In a room the code to scan stands beside the question."""
    if not state.current().projector:
        ask(lesson)
        return
    left, right = st.columns(2, gap="medium")
    with left:
        ask(lesson)
    with right:
        invite(page)


def _bar(lesson: Lesson | None, can_tell: bool) -> None:
    """Above each page, where there is something to say in it."""
    is_large = state.current().projector
    if lesson or is_large:
        with st.container(horizontal=True, vertical_alignment="center", key="bar"):
            if lesson:
                lesson_bar(lesson)
            if is_large:
                projector_buttons(can_tell)
