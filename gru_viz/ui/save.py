"""What a visitor takes along: each figure as SVG or PNG, and the whole run as a table, as arrays and as a script."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import streamlit as st

from gru_viz import export
from gru_viz.errors import InputError
from gru_viz.experiment import Experiment, without_view
from gru_viz.runs import traces
from gru_viz.sequences import parse_sequence
from gru_viz.trace import Trace
from gru_viz.ui import state
from gru_viz.ui.button import BUTTON_CSS

_HTML = """
<div class="row">
  <span role="status" aria-live="polite"></span>
  <span aria-hidden="true">Save</span> <button type="button">SVG</button> <button type="button">PNG</button>
</div>
"""
_CSS = """
.row {
  display: flex; flex-wrap: wrap; gap: .375rem; align-items: center; justify-content: flex-end; min-height: 2.5rem;
  font-family: var(--st-font); font-size: .8125rem; color: var(--st-text-color);
}
button { font-size: inherit; padding: .125rem .5rem; min-height: 1.75rem; }
"""
_JS = """
const SCALE = 2  // pixels of a PNG for each of the page

// Plotly's own picture of the figure as it is now, with the words that describe it.
async function picture(plot, words) {
  const text = await window.Plotly.toImage(plot, { format: "svg", imageDataOnly: true })
  const svg = new DOMParser().parseFromString(text, "image/svg+xml")
  if (svg.querySelector("parsererror")) throw new Error("no picture")
  const title = svg.createElementNS("http://www.w3.org/2000/svg", "title")
  title.textContent = words
  svg.documentElement.prepend(title)
  svg.documentElement.setAttribute("role", "img")
  return svg
}

const asBlob = svg => new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" })

const asAddress = blob => new Promise((done, failed) => {
  const reader = new FileReader()
  reader.onload = () => done(reader.result)
  reader.onerror = failed
  reader.readAsDataURL(blob)
})

// A picture that is drawn as an image sees no font of the page: the page's own is put into it.
async function fontFace() {
  const family = getComputedStyle(document.body).fontFamily.split(",")[0].replaceAll('"', "").trim()
  for (const sheet of document.styleSheets) {
    let rules = []
    try { rules = sheet.cssRules } catch { continue }  // of another host
    for (const rule of rules) {
      if (!(rule instanceof CSSFontFaceRule) || rule.style.fontStyle === "italic") continue
      if (rule.style.getPropertyValue("font-family").replaceAll('"', "").trim() !== family) continue
      const url = new URL(rule.style.src.match(/url\\("?([^")]+)/)[1], sheet.href ?? location.href)
      const address = await asAddress(await (await fetch(url)).blob())
      return `@font-face { font-family: "${family}"; font-weight: 100 900; src: url(${address}) format("woff2"); }`
    }
  }
  return ""
}

async function asPixels(svg) {
  const style = svg.createElementNS("http://www.w3.org/2000/svg", "style")
  style.textContent = await fontFace()
  svg.documentElement.prepend(style)
  const image = new Image()
  image.src = URL.createObjectURL(asBlob(svg))
  try {
    await image.decode()
    const canvas = document.createElement("canvas")
    canvas.width = SCALE * svg.documentElement.getAttribute("width")
    canvas.height = SCALE * svg.documentElement.getAttribute("height")
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height)
    return await new Promise(done => canvas.toBlob(done, "image/png"))
  } finally {
    URL.revokeObjectURL(image.src)
  }
}

function download(blob, filename) {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = filename
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60000)
}

const makers = { SVG: async svg => asBlob(svg), PNG: asPixels }

export default function ({ data: bytes, parentElement }) {
  const { key, name } = JSON.parse(new TextDecoder().decode(bytes))
  const status = parentElement.querySelector("[role=status]")
  let timer = 0
  const say = text => {
    clearTimeout(timer)
    status.textContent = text
    timer = setTimeout(() => { status.textContent = "" }, 4000)
  }
  for (const button of parentElement.querySelectorAll("button")) {
    const format = button.textContent
    button.setAttribute("aria-label", `Save the figure ${name} as ${format}`)
    button.onkeydown = event => event.stopPropagation()  // Streamlit has shortcuts of its own
    button.onclick = async () => {
      const filename = `gru_viz_${key}.${format.toLowerCase()}`
      try {
        const figure = document.querySelector(`.st-key-${key}`)
        const words = figure.querySelector("[role=figure]")?.getAttribute("aria-label") ?? name
        download(await makers[format](await picture(figure.querySelector(".js-plotly-plot"), words)), filename)
        say(`Saved as ${filename}`)
      } catch {
        say(`This browser could not save the figure as ${format}.`)
      }
    }
  }
  return () => clearTimeout(timer)
}
"""
_component = st.components.v2.component("gru_viz_save", html=_HTML, css=BUTTON_CSS + _CSS, js=_JS)


def figure_buttons(key: str, width: Literal["content", "stretch"] = "content") -> None:
    """Two buttons that save the figure under ``key``: Plotly draws it in the browser, and the server hears nothing.

    They have no key of their own: for a component with one Streamlit makes a class each time that a field is drawn.
    """
    words = {"key": key, "name": key.replace("_", " ")}
    _component(data=json.dumps(words).encode(), width=width)


_ABOUT = (
    "CSV: a row for each step, cell, quantity and unit, with all digits. NPZ: every value, parameter and carried "
    "gradient, for numpy.load; its README says what each name holds. Python: a short script that makes the same "
    "numbers again with gru_viz."
)


def save_run() -> None:
    """At the end of each page: the whole run. Each file is made when its button is pressed, and never for a rerun."""
    opened = st.expander("Save this run", key="save_run", on_change="rerun")
    if not opened.open:
        return
    experiment = without_view(state.current())
    run = _run(experiment)
    refused = {"csv": _refusal(export.check_csv, *run), "npz": _refusal(export.check_npz, *run)}
    with opened:
        with st.container(horizontal=True):
            for label, ending, mime, make in _FILES:
                st.download_button(
                    label, partial(make, experiment), f"gru_viz_run.{ending}", mime, key=f"save_{ending}",
                    on_click="ignore", disabled=bool(refused.get(ending)),
                )  # fmt: skip
        for sentence in filter(None, refused.values()):
            st.info(sentence)
        st.caption(_ABOUT)


def _run(experiment: Experiment) -> tuple[tuple[Trace, ...], tuple[str, ...]]:
    sequence = parse_sequence(experiment.kind, experiment.text)
    return traces(experiment, sequence), sequence.labels


def _csv(experiment: Experiment) -> bytes:
    return export.to_csv(*_run(experiment))


def _npz(experiment: Experiment) -> bytes:
    return export.to_npz(*_run(experiment))


_FILES: tuple[tuple[str, str, str, Callable[[Experiment], str | bytes]], ...] = (
    ("Table (CSV)", "csv", "text/csv", _csv),
    ("Arrays (NPZ)", "npz", "application/zip", _npz),
    ("Continue in Python", "py", "text/x-python", export.to_script),
)


def _refusal(check: Callable[[Sequence[Trace], Sequence[str]], None], *run: Any) -> str:
    """Why a file is not made, or nothing."""
    try:
        check(*run)
    except InputError as refused:
        return str(refused)
    return ""
