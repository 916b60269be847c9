"""What do you expect? The ready examples as a course: a question first, then what this run shows."""

import streamlit as st

from gru_viz.lessons import LESSONS
from gru_viz.ui.lessons import expected_in, is_answered, start
from gru_viz.ui.parts import sentence
from gru_viz.ui.words import markdown

st.title("What do you expect?", anchor=False)
sentence(
    f"{len(LESSONS)} lessons, each with a question that is asked before its figures are seen. The numbers are those of "
    "a real run; with another seed the answer may be another one."
)
for lesson in LESSONS:
    with st.container(border=True):
        st.markdown(f"**{lesson.number}.** {markdown(lesson.question)}")
        with st.container(horizontal=True, vertical_alignment="center"):
            start(lesson)
            if is_answered(lesson):  # a title may give the answer away
                st.markdown(f"**{markdown(lesson.example.title)}**", width="content")
            if expected := expected_in(lesson):
                st.markdown(f"You expected “{markdown(expected)}”.", width="content")
sentence(
    "For a class: the sidebar has a code to scan, a link to type and the projector. Start a lesson, and its handout is "
    "there too."
)
