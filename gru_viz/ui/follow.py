"""For a class: the page as a code to scan and a link to type, for a projector and for paper."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import streamlit as st

from gru_viz.examples import example
from gru_viz.experiment import Experiment, to_query, without_view
from gru_viz.handout import LONGEST, code, handout
from gru_viz.lessons import Lesson, question_of, to_link
from gru_viz.settings import SETTINGS
from gru_viz.ui import state
from gru_viz.ui.lessons import lesson_in_view
from gru_viz.ui.markup import markup
from gru_viz.ui.pages import HOME
from gru_viz.ui.parts import go_to

_GROWN = "var(--grown, 1)"  # in a room all is zoomed, what is measured by the screen too
_VIEWS = {setting.key for setting in SETTINGS.values() if setting.view}


def for_a_class(page: str) -> None:
    """Folded up in the sidebar; what is in it is made when it is opened."""
    opened = st.expander("For a class", key="for_a_class", on_change="rerun")
    if not opened.open:
        return
    experiment, lesson = state.current(), lesson_in_view()
    question, link = question_of(experiment.example), _link_here(page)
    with opened:
        if len(link) <= LONGEST:
            markup(code(link), "class_code")
            st.code(link, language=None, wrap_lines=True)
            if st.button("Large code", key="enlarge"):
                _alone(link)
        else:
            st.markdown("This link is too long for a code to scan.")
            st.code(link, language=None, wrap_lines=True)
        st.button("Projector (key P)", key="projector_on", on_click=state.put, args=("projector", True))
        if question:
            own = replace(question.example.experiment, example=question.name)
            shown = experiment if question.fits(experiment) else own
            opens = class_link(st.context.url or "", page, shown, lesson)
            of, name = ("lesson", f"lesson_{lesson.number}") if lesson else ("example", question.name)
            st.download_button(
                f"Handout of this {of}", lambda: handout(question, shown, opens), f"{name}.html", "text/html",
                key="save_handout", on_click="ignore",
            )  # fmt: skip
            st.caption("One sheet to print: a question with room for a prediction; its back, the answer, when opened.")
        elif page == "lessons":
            st.caption("Start a lesson, and its handout is here.")
        else:
            go_to("lessons", "Lessons, each with a handout")


def invite(page: str) -> None:
    """In a room: the way for everyone to see the same on a screen of their own."""
    _large(_link_here(page), 11)


@st.dialog("Scan it, or type it", width="large")
def _alone(link: str) -> None:
    _large(link, 17)


def _large(link: str, beside: int) -> None:
    """As large as the screen allows when the rest of it is ``beside`` rem high; the letters stand in one line where
    that is not too small for the back row."""
    st.html(
        f"<style>.st-key-large_code {{ width: min(100%, calc(100dvh / {_GROWN} - {beside}rem)); margin: auto }}\n"
        "body .st-key-large_link.st-key-large_link code "  # stronger than the projector's
        f"{{ font-size: clamp(24px, calc({70 / len(link):.2f}vw / {_GROWN}), 48px) !important }}</style>"
    )
    with st.container(key="large_code"):
        markup(code(link), "large_code_drawn")
    with st.container(key="large_link"):
        st.code(link, language=None, wrap_lines=True)


def _link_here(page: str) -> str:
    experiment, lesson = state.current(), lesson_in_view()
    asked = lesson if lesson and lesson.fits(experiment) else None
    return class_link(st.context.url or "", page, experiment, asked)


def class_link(here: str, page: str, experiment: Experiment, lesson: Lesson | None) -> str:
    """Where others see the same: a lesson's short link, which leads to its page and its question, or else the whole
    experiment on this page.

    ``here``: the address of this page, without what follows a question mark.
    """
    root = here.rstrip("/")
    if page != HOME:
        root = root.removesuffix(f"/{page}")
    query = to_query(experiment)
    if experiment.example and without_view(experiment) == without_view(example(experiment.example).experiment):
        query = {key: text for key, text in query.items() if key in _VIEWS}  # the example's name says all the rest
    if lesson:
        page, query = HOME, to_link(replace(without_view(experiment), example=lesson.name, predict=True))
    return f"{root}/{'' if page == HOME else page}" + (f"?{urlencode(query)}" if query else "")
