"""A button that copies the address of the page, which is the experiment; and tells Python what happens to the page: its
theme changes, or its server comes back."""

from __future__ import annotations

import streamlit as st

from gru_viz.ui.button import BUTTON_CSS

_HTML = """
<button type="button">Copy link</button>
<span role="status" aria-live="polite"></span>
<input type="text" readonly hidden aria-label="Link to this experiment">
"""
_CSS = """
:host, div { font-family: var(--st-font); }
span { color: var(--st-text-color); font-size: .875rem; margin-left: .5rem; }
input {
  font: inherit; font-size: .8rem; width: 100%; box-sizing: border-box; margin-top: .5rem; padding: .35rem;
  color: var(--st-text-color); background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
}
input[hidden] { display: none; }
"""
_JS = """
const grounds = new WeakMap()

export default function ({ parentElement, setStateValue, setTriggerValue }) {
  const button = parentElement.querySelector("button")
  const status = parentElement.querySelector("[role=status]")
  const field = parentElement.querySelector("input")
  let timer = 0

  const say = text => {
    clearTimeout(timer)
    status.textContent = text
    timer = setTimeout(() => { status.textContent = "" }, 4000)
  }
  // Without https a page may not write to the clipboard: the old command then, or a field to copy from by hand.
  const byHand = () => {
    field.hidden = false
    field.value = location.href
    field.focus()
    field.select()
    return document.execCommand("copy")
  }
  button.onclick = async () => {
    let done = true
    try {
      await navigator.clipboard.writeText(location.href)
    } catch {
      done = byHand()
      if (done) { field.hidden = true; button.focus() }
    }
    say(done ? "Link copied" : "Press Ctrl+C to copy")
  }
  button.onkeydown = event => event.stopPropagation()  // Streamlit has shortcuts of its own

  // Streamlit does not run the script when the theme changes, but the figures' colours are made there.
  const ground = getComputedStyle(button).getPropertyValue("--st-background-color").trim()
  const seen = grounds.get(parentElement)
  grounds.set(parentElement, ground)
  if (seen !== undefined && seen !== ground) setStateValue("ground", ground)

  // A server that was started again knows nothing of this page, and would not hear its first click: a run before it.
  const app = document.querySelector("[data-testid=stApp]")
  let lost = false
  const line = new MutationObserver(() => {
    const connected = app.dataset.testConnectionState === "CONNECTED"
    if (connected && lost) setTriggerValue("back", true)
    lost = !connected
  })
  line.observe(app, { attributeFilter: ["data-test-connection-state"] })
  return () => {
    clearTimeout(timer)
    line.disconnect()
  }
}
"""
_component = st.components.v2.component("gru_viz_copy_link", html=_HTML, css=BUTTON_CSS + _CSS, js=_JS)


def copy_link() -> None:
    _component(key="copy_link", on_ground_change=lambda: None, on_back_change=lambda: None)
