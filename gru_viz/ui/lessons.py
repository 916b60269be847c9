"""The course in the app: a lesson's bar, its question before anything is seen, and what this run answers."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from gru_viz.conclusions.lessons import answered
from gru_viz.experiment import Experiment, to_query, without_view
from gru_viz.handout import shortened
from gru_viz.lessons import LESSONS, Lesson, lesson_of, neighbours
from gru_viz.ui import state
from gru_viz.ui.pages import script
from gru_viz.ui.words import markdown

LINK = "lesson"  # ?lesson=3 is short enough to be typed from a screen
_GOES = "goes_to"  # in the session: the page of the lesson that has just begun
_ANSWERS = "answers"  # in the session: lesson -> the experiment that was asked about, and which answer was expected


def take_link() -> str:
    """A lesson's number in the address stands for its whole link, which takes its place; what else is in the address
    stays. To be called before the address is read; returns what is wrong with the number, or nothing."""
    if LINK not in st.query_params:
        return ""
    rest = {name: st.query_params.get_all(name) for name in st.query_params}
    numbers = {str(lesson.number): lesson for lesson in LESSONS}
    lesson = numbers.get(rest.pop(LINK)[-1])
    if lesson:
        st.session_state[_GOES] = lesson.page
    st.query_params.from_dict({**(to_query(lesson.covered) if lesson else {}), **rest})
    return "" if lesson else f"In the link, {LINK}= is not used: a number from 1 to {len(LESSONS)} is expected."


def lesson_in_view() -> Lesson | None:
    """That of the example that was chosen last, whatever has been changed since."""
    return lesson_of(state.current().example)


def is_covered() -> bool:
    """Whether a question is to be answered before this experiment is seen."""
    lesson, experiment = lesson_in_view(), state.current()
    return bool(lesson and experiment.predict and lesson.fits(experiment) and lesson.name not in _answers())


def is_explained() -> bool:
    """Whether what this experiment shows is said by its lesson."""
    experiment = state.current()
    return _answers().get(experiment.example, (None, None))[0] == without_view(experiment)


def lesson_bar(lesson: Lesson) -> None:
    """Where in the course this is, the way back and on, and back to its own run where something was changed. Its title
    may give the answer away: not before the question is answered."""
    before, after = neighbours(lesson.name)
    place, title = f"Lesson {lesson.number} of {len(LESSONS)}", markdown(lesson.example.title)
    st.markdown(f"**{place}**" if is_covered() else f"**{place}:** {title}", width="content")
    with st.container(horizontal=True, width="content"):  # on a phone they stay side by side
        for label, other in (("Back", before), ("Next", after)):
            st.button(
                label, key=f"lesson_{label.lower()}", disabled=other is None, on_click=_show, args=(other or lesson,)
            )
        if not lesson.is_own(state.current()):
            st.button("Back to the lesson's run", key="lesson_run", type="tertiary", on_click=state.reset)


def start(lesson: Lesson) -> None:
    """A button that begins a lesson; its question is asked, also of those who have answered it before."""
    st.button(f"Start lesson {lesson.number}", key=f"start_{lesson.name}", on_click=_begin, args=(lesson,))


def go_to_its_page(here: str) -> None:
    """Leaves this page where another lesson has just begun that is seen better elsewhere."""
    page = st.session_state.pop(_GOES, here)
    if page != here:
        st.switch_page(script(page))


def ask(lesson: Lesson) -> None:
    """The question with its answers, in place of the page."""
    st.title(markdown(lesson.question), anchor=False)
    experiment = state.current()
    st.markdown(
        f"The cells read “{markdown(shortened(experiment.text))}” with {markdown(experiment.badge)}. "
        "What do you expect? The figures come after the answer."
    )
    for k, answer in enumerate(lesson.answers):
        st.button(markdown(answer), key=f"answer_{k}", on_click=_answer, args=(lesson, k), width=420)
    st.button("Show it without an answer", key="answer_none", on_click=_answer, args=(lesson, None))
    if not (experiment.is_hand_set or experiment.projector):  # in a room the code to scan stands there
        st.caption("In a class: type a seed of your own in the sidebar; the weights are then yours alone.")


def lesson_note(lesson: Lesson, is_shown: bool) -> None:
    """The question again; beside it what was expected and what this run shows, or a button that asks. Above the figure
    that shows it, a room reads the question in place of the page's."""
    experiment = state.current()
    question = f"{markdown(lesson.question)} "
    if experiment.projector and is_shown:
        with st.container(key="asked"):
            st.title(question, anchor=False)
        question = ""
    if is_explained():
        asked, expected = _answers()[lesson.name]
        right, explained = _measured(lesson.name, asked)
        verdict, said = answered(lesson, expected, right)
        look = f"**Look.** {markdown(lesson.example.look)} **Then.** {markdown(lesson.example.then)}"
        st.info(
            f"{question}**{verdict}** {markdown(said)}\n\n{markdown(explained)}"
            + f"\n\n{look}" * (asked == without_view(lesson.example.experiment))
        )
    elif lesson.fits(experiment):
        with st.container(horizontal=True, vertical_alignment="center", key="said"):
            if question:
                st.markdown(question, width="content")
            st.button("Predict first", key="predict", on_click=_begin, args=(lesson, experiment))
    else:
        st.markdown(f"{question}Something was changed: the question is about the lesson's own run.")


def is_answered(lesson: Lesson) -> bool:
    """Whether this visitor has seen what it shows."""
    return lesson.name in _answers()


def expected_in(lesson: Lesson) -> str:
    """The answer that this visitor gave, or nothing."""
    _, expected = _answers().get(lesson.name, (None, None))
    return "" if expected is None else lesson.answers[expected]


def _answers() -> dict[str, tuple[Experiment, int | None]]:
    found: dict[str, tuple[Experiment, int | None]] = st.session_state.setdefault(_ANSWERS, {})
    return found


def _answer(lesson: Lesson, expected: int | None) -> None:
    _answers()[lesson.name] = without_view(state.current()), expected


def _begin(lesson: Lesson, experiment: Experiment | None = None) -> None:
    _answers().pop(lesson.name, None)
    _show(lesson, experiment)


def _show(lesson: Lesson, experiment: Experiment | None = None) -> None:
    """Cover the lesson's own experiment, or another one that its question is about; in a room it stays large."""
    covered = replace(experiment, predict=True) if experiment else replace(lesson.covered, seed=_seed_for(lesson))
    if experiment is None:
        st.session_state[_GOES] = lesson.page
    state.show(replace(covered, projector=state.current().projector))


def _seed_for(lesson: Lesson) -> int:
    """The lesson's own; but a seed that somebody chose in one lesson is theirs in all that follow."""
    before, seed = lesson_in_view(), state.current().seed
    return seed if before and seed != before.example.experiment.seed else lesson.example.experiment.seed


@st.cache_data(max_entries=100, show_spinner=False)
def _measured(name: str, experiment: Experiment) -> tuple[int, str]:
    """Which answer is right of this experiment, and why."""
    lesson = lesson_of(name)
    assert lesson is not None
    return lesson.right(experiment), lesson.explained(experiment)
