"""How to read this: what the figures of each page show, what is measured, and what it does not say."""

import streamlit as st

from gru_viz.conclusions.help import FIGURES, GENERAL, MISCONCEPTIONS
from gru_viz.ui.lessons import is_covered
from gru_viz.ui.pages import HOME, LAST, PAGES
from gru_viz.ui.parts import go_to, sentence
from gru_viz.ui.words import markdown


def explained(parts: dict[str, str]) -> None:
    st.markdown("\n\n".join(f"**{markdown(name)}.** {markdown(text)}" for name, text in parts.items()))


came_from = st.session_state.get(LAST, HOME)
st.title(PAGES["help"], anchor=False)
go_to(came_from, f"Back to {PAGES[came_from]}")
for page, figures in FIGURES.items():
    with st.expander(PAGES[page], expanded=page == came_from):
        explained(figures)
st.subheader("On every page", anchor=False)
explained(GENERAL)
st.subheader("What is often said, and is not so", anchor=False)
if is_covered():
    sentence("Some of it would answer the question of this lesson: it stands here after the answer.")
else:
    explained(MISCONCEPTIONS)
