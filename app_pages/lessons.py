"""What do you expect? The ready examples as a course: a question first, then what this run shows."""

import streamlit as st

from gru_viz.lessons import LESSONS
from gru_viz.ui import state
from gru_viz.ui.lessons import expected_in, is_answered, start
from gru_viz.ui.parts import sentence
from gru_viz.ui.words import markdown

is_large = state.current().projector  # then all lessons fit the picture; the question comes with its lesson

st.title("What do you expect?", anchor=False)
sentence(
    "Each lesson asks before its figures are seen. The answers are those of real runs: another seed may give another."
)
with st.container(key="course", gap="xsmall"):
    for lesson in LESSONS:
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            start(lesson)
            topic, title = markdown(lesson.topic), markdown(lesson.example.title) if is_answered(lesson) else ""
            words = f"**{(is_large and title) or topic}.**"  # a title may give the answer away
            if not is_large:
                words += f" {markdown(lesson.question)}" + f" *{title}.*" * bool(title)
            if expected := expected_in(lesson):
                words += f" You expected “{markdown(expected)}”."
            st.markdown(words)
if not is_large:
    sentence(
        "For a class: the sidebar has a code to scan, a link to type and the projector. Start a lesson, and its "
        "handout is there too."
    )
