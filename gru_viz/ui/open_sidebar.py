"""On a phone the sidebar is out of sight: a button on the page opens it, by pressing Streamlit's own, and goes to the
field of the sequence; where there is none, to the way in that is chosen."""

from __future__ import annotations

import streamlit as st

from gru_viz.ui.button import BUTTON_CSS

_HTML = """
<button type="button">Type your own sequence</button>
"""
_JS = """
export default function ({ parentElement }) {
  parentElement.querySelector("button").onclick = () => {
    document.querySelector("[data-testid=stExpandSidebarButton]")?.click()
    const sidebar = document.querySelector("[data-testid=stSidebar]")
    const field = sidebar.querySelector("[aria-label=Sequence]")
      ?? sidebar.querySelector(".st-key-experiment_kind [aria-checked=true]")
    field.focus({ preventScroll: true })  // at once: later a phone would show no keyboard
    field.select?.()
    sidebar.addEventListener("transitionend", () => field.scrollIntoView({ block: "nearest" }), { once: true })
  }
}
"""
_component = st.components.v2.component("gru_viz_open_sidebar", html=_HTML, css=BUTTON_CSS, js=_JS)


def open_sidebar() -> None:
    st.html("<style>@media (min-width: 768px) { .st-key-open_sidebar { display: none } }</style>")
    with st.container(key="open_sidebar"):
        _component(key="open_sidebar_button")
