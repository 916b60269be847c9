"""From what a lesson says to the figures that show it: buttons; and the focus to what has just appeared."""

from __future__ import annotations

from secrets import token_hex

import streamlit as st

from gru_viz.ui.button import BUTTON_CSS

_HTML = """
<div><button type="button">Go to its figure</button> <button type="button">Go to its other figure</button></div>
"""
_CSS = """
div { display: flex; flex-wrap: wrap; gap: .5rem; }
"""
_JS = """
export default function ({ data, parentElement }) {
  const row = parentElement.querySelector("div")
  const main = document.querySelector("[data-testid=stMain]")
  const last = (sought, other) =>
    [...main.querySelectorAll(sought)].filter(each => each.checkVisibility() && isBefore(each, other)).at(-1)
  const [isNew, ...figures] = new TextDecoder().decode(data).split(" ")
  // What was pressed is gone, and the focus with it: on to what is asked or has been said.
  if (isNew) {
    const said = last("h1, .st-key-said, [data-testid=stAlert]", host(row))
    said.tabIndex = -1
    said.focus()
  }
  for (const [k, button] of row.querySelectorAll("button").entries()) {
    button.hidden = !figures[k]
    button.onclick = () => {
      const figure = main.querySelector(".st-key-" + figures[k])
      const finding = last("h3", figure) ?? figure
      finding.tabIndex = -1
      finding.style.scrollMarginTop = "5rem"  // below the navigation
      finding.focus({ preventScroll: true })
      finding.scrollIntoView()
    }
    button.onkeydown = event => event.stopPropagation()  // Streamlit has shortcuts of its own
  }
}

const host = element => element.getRootNode().host ?? element
const isBefore = (one, other) => one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING
"""
_component = st.components.v2.component("gru_viz_lead", html=_HTML, css=BUTTON_CSS + _CSS, js=_JS)


def lead(is_new: bool, *figures: str) -> None:
    """``is_new``: what stands above has just appeared, and the focus goes there; ``figures``: two keys at most."""
    once = token_hex(4) if is_new else ""  # the browser does nothing about what it has got before
    _component(key="lead", data=" ".join([once, *figures]).encode())
