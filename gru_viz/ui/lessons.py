"""The course in the app: a lesson's bar, its question before anything is seen, and what this run answers."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from gru_viz.conclusions.lessons import answered
from gru_viz.experiment import Experiment, without_view
from gru_viz.handout import shortened
from gru_viz.lessons import LESSONS, Lesson, lesson_of, neighbours, to_link
from gru_viz.ui import state
from gru_viz.ui.lead import lead
from gru_viz.ui.pages import PAGES, script
from gru_viz.ui.parts import go_to
from gru_viz.ui.projector import other_figure_button, tell_nothing_yet
from gru_viz.ui.words import markdown

_GOES = "goes_to"  # in the session: the page of the lesson that has just begun, or been answered
_ANSWERS = "answers"  # in the session: lesson -> run that was asked about -> which answer was expected
_NEW = "said_anew"  # in the session: whether a button of the course was pressed, and the focus follows


def lesson_in_view() -> Lesson | None:
    """That of the example that was chosen last, whatever has been changed since."""
    return lesson_of(state.current().example)


def steps_named() -> tuple[int, ...]:
    """The steps that the lesson in view speaks of, where they are those of this experiment."""
    lesson = lesson_in_view()
    return lesson.steps if lesson and lesson.fits(state.current()) else ()


def is_covered() -> bool:
    """Whether a question is to be answered before this experiment is seen. After an answer about any run all others may
    be looked at, but for the lesson's own: that of the class."""
    lesson, experiment = lesson_in_view(), state.current()
    if not (lesson and experiment.predict and lesson.fits(experiment)) or is_explained():
        return False
    return not is_answered(lesson) or _is_own(lesson)


def is_explained() -> bool:
    """Whether what this experiment shows is said by its lesson."""
    return _run() in _answers(state.current().example)


def lesson_bar(lesson: Lesson) -> None:
    """The way back and on, which keep their places; where in the course this is; and back to its run where something
    but the seed was changed. Its title may give the answer away: before that is asked for there is its topic."""
    before, after = neighbours(lesson.name)
    is_open = is_answered(lesson) or not state.current().predict
    place, title = f"Lesson {lesson.number} of {len(LESSONS)}", lesson.example.title if is_open else lesson.topic
    with st.container(horizontal=True, width="content"):  # on a phone they stay side by side
        for label, other in (("Previous lesson", before), ("Next lesson", after)):
            key = label.lower().replace(" ", "_")
            st.button(label, key=key, disabled=other is None, on_click=_show, args=(other or lesson,))
    st.markdown(f"**{place}**" if is_covered() else f"**{place}:** {markdown(title)}", width="content")
    if not lesson.fits(state.current()):
        st.button("Back to the lesson's run", key="lesson_run", type="tertiary", on_click=_back, args=(lesson,))


def start(lesson: Lesson) -> None:
    """A button that begins a lesson; its question is asked, also of those who have answered it before."""
    st.button(f"Start lesson {lesson.number}", key=f"start_{lesson.name}", on_click=_begin, args=(lesson,))


def go_to_its_page(here: str) -> None:
    """Leaves this page where another lesson has just begun that is seen better elsewhere."""
    page = st.session_state.pop(_GOES, here)
    if page != here:
        st.switch_page(script(page), query_params=to_link(state.current()))


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
    lead(st.session_state.pop(_NEW, False))


def lesson_note(lesson: Lesson, is_shown: bool) -> None:
    """The question again; beside it what was expected and what this run shows, with the way to the figure that shows
    it, or a button that asks. What can be tried next stays while it can be, for those who have answered. Above the
    figure a room reads the question in place of the page's."""
    experiment, is_new = state.current(), st.session_state.pop(_NEW, False)
    question = f"{markdown(lesson.question)} "
    then = f"\n\n**Then.** {markdown(lesson.example.then)}" * (is_answered(lesson) and lesson.leads_on(experiment))
    if experiment.projector and is_shown:
        with st.container(horizontal=True, vertical_alignment="center", key="asked"):
            st.title(question, anchor=False)
            if lesson.other:
                other_figure_button()
        question = ""
    if is_explained():
        right, explained = _measured(lesson.name, _run())
        verdict, said = answered(lesson, _answers(lesson.name)[_run()], right)
        look = f"\n\n**Look.** {markdown(lesson.example.look)}" * _is_own(lesson)
        st.info(f"{question}**{verdict}** {markdown(said)}\n\n{markdown(explained)}{look}{then}")
        _lead_on(lesson, is_shown, is_new)
        return
    own = _own_run(lesson)
    with st.container(horizontal=True, vertical_alignment="center", key="said"):
        if words := f"{question}{own}{then * bool(own)}":
            st.markdown(words, width="content")
        if lesson.fits(experiment):
            st.button("Predict first", key="predict", on_click=_begin, args=(lesson, experiment))
    if is_new:
        lead(is_new)


def _own_run(lesson: Lesson) -> str:
    """That the visitor has left the run that was asked about, where they have."""
    if not lesson.fits(state.current()):
        return "This run is your own: the figures show what it does, and the question is about the lesson's own."
    return "This run has a seed of your own." * (is_answered(lesson) and not _is_own(lesson))


def _lead_on(lesson: Lesson, is_shown: bool, is_new: bool) -> None:
    """From what was said to the figures that show it; in a room there is one, and its question above it."""
    if state.current().projector:
        lead(is_new)
    elif is_shown:
        lead(is_new, *filter(None, (lesson.figure, lesson.other)))
    else:
        go_to(lesson.page, f"Its figure is on {PAGES[lesson.page]}")


def is_answered(lesson: Lesson) -> bool:
    """Whether this visitor has seen what it shows, in any of its runs."""
    return bool(_answers(lesson.name))


def expected_in(lesson: Lesson) -> str:
    """The answer that this visitor gave last, or nothing."""
    expected = next(reversed(_answers(lesson.name).values()), None)
    return "" if expected is None else lesson.answers[expected]


def _run() -> Experiment:
    """What an answer is about; no seed makes another run of weights that are set by hand."""
    run = without_view(state.current())
    return replace(run, seed=Experiment.seed) if run.is_hand_set else run


def _is_own(lesson: Lesson) -> bool:
    """Whether the lesson's own run is in view: that of the class."""
    return _run() == without_view(lesson.example.experiment)


def _answers(name: str) -> dict[Experiment, int | None]:
    """Those of this visit. They are in no link, as that is for others too: a page that is loaded anew asks again."""
    found: dict[Experiment, int | None] = st.session_state.setdefault(_ANSWERS, {}).setdefault(name, {})
    return found


def _answer(lesson: Lesson, expected: int | None) -> None:
    _answers(lesson.name)[_run()] = expected
    st.session_state[_NEW], st.session_state[_GOES] = True, lesson.page


def _begin(lesson: Lesson, experiment: Experiment | None = None) -> None:
    _answers(lesson.name).clear()
    _show(lesson, experiment)


def _show(lesson: Lesson, experiment: Experiment | None = None) -> None:
    """Cover the lesson's own experiment, or another one that its question is about; in a room it stays large."""
    covered = replace(experiment, predict=True) if experiment else replace(lesson.covered, seed=_seed_for(lesson))
    st.session_state[_NEW] = True
    tell_nothing_yet()
    if experiment is None:
        st.session_state[_GOES] = lesson.page
    state.show(replace(covered, projector=state.current().projector))


def _back(lesson: Lesson) -> None:
    """What was changed is as the lesson has it; the seed stays, as that is a pupil's own."""
    now = state.current()
    st.session_state[_NEW] = True
    state.show(replace(lesson.covered, seed=now.seed, predict=now.predict, projector=now.projector))


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
