"""From what a lesson says to the figure that shows it: a button that brings it into view."""

from __future__ import annotations

import streamlit as st

from gru_viz.ui.button import BUTTON_CSS

_HTML = """
<button type="button">Go to its figure</button>
"""
_JS = """
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button")
  const main = document.querySelector("[data-testid=stMain]")
  // What was pressed is gone, and the focus with it: on to what has been said.
  if (data[0]) {
    const said = [...main.querySelectorAll("[data-testid=stAlert]")].filter(each => isBefore(each, host(button))).at(-1)
    said.tabIndex = -1
    said.focus()
  }
  button.onclick = () => {
    const figure = main.querySelector(".st-key-" + new TextDecoder().decode(data.slice(1)))
    const finding = [...main.querySelectorAll("h3")].filter(each => isBefore(each, figure)).at(-1) ?? figure
    finding.tabIndex = -1
    finding.style.scrollMarginTop = "5rem"  // below the navigation
    finding.focus({ preventScroll: true })
    finding.scrollIntoView()
  }
  button.onkeydown = event => event.stopPropagation()  // Streamlit has shortcuts of its own
}

const host = element => element.getRootNode().host ?? element
const isBefore = (one, other) => one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING
"""
_component = st.components.v2.component("gru_viz_lead", html=_HTML, css=BUTTON_CSS, js=_JS)


def lead(figure: str, is_new: bool) -> None:
    """``figure``: its key; ``is_new``: what stands above has just appeared, and the focus goes there."""
    _component(key="lead", data=bytes([is_new]) + figure.encode())
