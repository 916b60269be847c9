"""Formulas, diagrams and tables of words as they are: MathML, SVG and HTML that this package wrote.

`st.html` takes no MathML and `st.markdown` no SVG. What is shown here is written by functions that escape every text;
nothing that a visitor typed goes in unescaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

_HTML = """
<div class="markup"></div>
"""
_CSS = """
.markup { font-family: var(--st-font); color: var(--st-text-color); font-size: 1rem; line-height: 1.5; }
.scroll {
  overflow-x: auto;
  /* A shade at an edge beyond which there is more; at the ends it is covered by what moves with the content. */
  background:
    linear-gradient(90deg, var(--st-background-color) 40%, transparent) left / 2.5rem 100% local,
    linear-gradient(270deg, var(--st-background-color) 40%, transparent) right / 2.5rem 100% local,
    linear-gradient(90deg, rgb(128 128 128 / 45%), transparent) left / .9rem 100% scroll,
    linear-gradient(270deg, rgb(128 128 128 / 45%), transparent) right / .9rem 100% scroll;
  background-repeat: no-repeat;
}
.scroll:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
.scroll { columns: var(--columns, auto); padding-bottom: var(--below, 0); }
math { font-size: 1.15rem; margin: var(--apart, .4rem) 0; text-align: left; width: max-content; break-inside: avoid; }
msub > :nth-child(2) { font-size: var(--lower, revert); }  /* in a room it can be read too, and nobody copies there */
[data-copy] { display: var(--copies, inline-block); }
figure { margin: 0; }
svg { display: block; width: 100%; height: auto; max-height: calc(var(--room, 999rem) - var(--rows, 0) * 1.92rem); }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; width: 100%; }
th, td { padding: .3rem .75rem .3rem 0; text-align: left; vertical-align: top; }
thead th { border-bottom: 1px solid var(--st-border-color); font-weight: 600; }
tbody th { font-weight: 600; white-space: nowrap; }
tbody tr + tr > * { border-top: 1px solid var(--st-border-color); }
td { min-width: 2.5rem; }
.whole td { white-space: nowrap; }
i { display: inline-block; width: .75em; height: .75em; margin-left: .4em; border-radius: 2px; }
button {
  font: inherit; font-size: .875rem; color: var(--st-text-color); background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius, var(--st-base-radius));
  padding: .25rem .75rem; min-height: 2.5rem; margin: .25rem .5rem .25rem 0; cursor: pointer;
}
button:hover { border-color: var(--st-primary-color); color: var(--st-primary-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
[role=status] { font-size: .875rem; }
textarea {
  display: block; box-sizing: border-box; width: 100%; min-height: 8rem; font-family: monospace; font-size: .8rem;
  color: var(--st-text-color); background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
}
"""
_JS = """
export default function ({ data: bytes, parentElement }) {
  const root = parentElement.querySelector(".markup")
  root.innerHTML = new TextDecoder().decode(bytes)
  let timer = 0
  const say = text => {
    const status = root.querySelector("[role=status]")
    clearTimeout(timer)
    status.textContent = text
    timer = setTimeout(() => { status.textContent = "" }, 4000)
  }
  // Without https a page may not write to the clipboard: the old command then, or a field to copy from by hand.
  const byHand = (button, text) => {
    const field = document.createElement("textarea")
    field.readOnly = true
    field.value = text
    field.setAttribute("aria-label", button.textContent)
    button.parentElement.append(field)
    field.focus()
    field.select()
    if (!document.execCommand("copy")) return false
    field.remove()
    button.focus()
    return true
  }
  for (const button of root.querySelectorAll("button[data-copy]")) {
    button.onclick = async () => {
      let done = true
      try {
        await navigator.clipboard.writeText(button.dataset.copy)
      } catch {
        root.querySelector("textarea")?.remove()
        done = byHand(button, button.dataset.copy)
      }
      say(done ? "Copied" : "Press Ctrl+C to copy")
    }
    button.onkeydown = event => event.stopPropagation()  // Streamlit has shortcuts of its own
  }
  return () => clearTimeout(timer)
}
"""
_component = st.components.v2.component("gru_viz_markup", html=_HTML, css=_CSS, js=_JS)


def markup(html: str, key: str) -> None:
    """``html`` as it is: written by this package, with every text escaped."""
    _component(key=key, data=html.encode())


def region(html: str, label: str) -> str:
    """What is wider than a phone scrolls by itself, by keyboard too."""
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}">{html}</div>'


def copy_buttons(texts: Mapping[str, str]) -> str:
    """A button for each text, under its label, that copies it."""
    buttons = "".join(
        f'<button type="button" data-copy="{escape(text)}">{escape(label)}</button>' for label, text in texts.items()
    )
    return f'<div>{buttons}<span role="status" aria-live="polite"></span></div>'


def text_table(
    columns: Mapping[str, Sequence[str]], label: str, swatches: Mapping[str, str] | None = None, breaks: bool = True
) -> str:
    """Columns of texts under their names; the first names the rows. ``swatches``: row -> a colour beside its name.

    Long texts break, unless they are code.
    """
    head = "".join(f'<th scope="col">{escape(name)}</th>' if name else "<td></td>" for name in columns)
    colours = {name: f'<i style="background: {escape(colour)}"></i>' for name, colour in (swatches or {}).items()}
    rows = [
        f'<tr><th scope="row">{escape(first)}{colours.get(first, "")}</th>'
        f"{''.join(f'<td>{escape(text)}</td>' for text in others)}</tr>"
        for first, *others in zip(*columns.values(), strict=True)
    ]
    table = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return region(f"<table{'' if breaks else ' class=whole'}>{table}</table>", label)
