"""On a phone the sidebar is out of sight: a button on the page opens it, by pressing Streamlit's own."""

from __future__ import annotations

import streamlit as st

_HTML = """
<button type="button">Type your own sequence</button>
"""
_CSS = """
button {
  font: inherit; font-size: .875rem; color: var(--st-text-color); background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius, var(--st-base-radius));
  padding: .25rem .75rem; min-height: 2.5rem; cursor: pointer;
}
button:hover { border-color: var(--st-primary-color); color: var(--st-primary-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
"""
_JS = """
export default function ({ parentElement }) {
  parentElement.querySelector("button").onclick = () => {
    document.querySelector("[data-testid=stExpandSidebarButton]")?.click()
  }
}
"""
_component = st.components.v2.component("gru_viz_open_sidebar", html=_HTML, css=_CSS, js=_JS)


def open_sidebar() -> None:
    st.html("<style>@media (min-width: 768px) { .st-key-open_sidebar { display: none } }</style>")
    with st.container(key="open_sidebar"):
        _component(key="open_sidebar_button")
