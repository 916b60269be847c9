"""The ready examples: a list to choose from, and what to notice in the one that is shown."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from gru_viz.examples import EXAMPLES, example
from gru_viz.experiment import without_view
from gru_viz.ui import state
from gru_viz.ui.lessons import is_covered, is_explained
from gru_viz.ui.words import markdown

LIST_HEIGHT = 460  # px: some three examples, the others by scrolling


def examples() -> None:
    """The list, each a button that loads one, with its sentence and what to try; it folds up when one was chosen. Each
    says what it shows: before an answer the box, which keeps its place, says why it has none."""
    opened = st.expander("Examples", key="examples", on_change="rerun")
    if opened.open and is_covered():
        opened.caption("They say what each shows: they are here after your answer.")
    elif opened.open:
        with opened, st.container(height=LIST_HEIGHT, border=False, key="example_list"):
            for each in EXAMPLES:
                st.button(each.title, key=f"example_{each.name}", on_click=_choose, args=(each.name,), width="stretch")
                st.caption(f"{markdown(_sentence(each.name))} **Then.** {markdown(each.then)}")


def _choose(name: str) -> None:
    st.session_state["examples"] = False
    state.choose_example(name)


def back_to_the_example() -> None:
    """Offered where something was changed since the last example was chosen."""
    if replace(state.current(), predict=False, projector=False) != state.as_chosen():
        st.button("Back to the example", key="reset", on_click=state.reset)


def example_note() -> None:
    """What is true of the chosen example, where to look and what to try, as long as it is the one that is shown and no
    lesson has said it."""
    chosen = state.current().example
    if chosen and not is_explained() and without_view(state.current()) == without_view(state.as_chosen()):
        found = example(chosen)
        with st.container(key="example_note"):
            st.info(
                f"**{markdown(found.title)}.** {markdown(_sentence(chosen))}\n\n"
                f"**Look.** {markdown(found.look)}\n\n**Then.** {markdown(found.then)}"
            )


@st.cache_data(max_entries=len(EXAMPLES), show_spinner=False)
def _sentence(name: str) -> str:
    return example(name).sentence()
