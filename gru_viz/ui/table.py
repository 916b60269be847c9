"""A table of numbers as a real HTML table: read by screen readers, scrolled by keyboard, and light on the server.

Streamlit's own tables import pandas and pyarrow, which take 70 MB of a small server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from gru_viz.labels import grouped

MAX_CELLS = 20_000  # a browser's table with more is slow

_HTML = """
<div class="scroll" tabindex="0" role="region"><table><thead></thead><tbody></tbody></table></div>
"""
_CSS = """
.scroll {
  overflow: auto; border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
}
.scroll.long { max-height: 24rem; }
.scroll:focus-visible { outline: 2px solid var(--st-primary-color); }
table {
  border-collapse: collapse; min-width: 100%; color: var(--st-text-color);
  font-family: var(--st-font); font-size: .875rem; font-variant-numeric: tabular-nums;
}
th, td { padding: .25rem .75rem; text-align: right; white-space: nowrap; }
tr { background: var(--st-background-color); }
thead tr, tbody tr:nth-child(even) { background: var(--st-secondary-background-color); }
thead th, thead td { position: sticky; top: 0; background: inherit; }
tr > :first-child {
  position: sticky; left: 0; z-index: 1; background: inherit; text-align: left; font-weight: inherit;
}
thead tr > :first-child { z-index: 2; }
@media (max-width: 640px) {
  th, td { padding: .25rem .4rem; white-space: normal; }
  tbody tr > :first-child { min-width: 6rem; }
}
"""
_JS = """
const SHORT = 12  // rows

export default function ({ data: bytes, parentElement }) {
  const data = JSON.parse(new TextDecoder().decode(bytes))
  const cell = (kind, text) => {
    const element = document.createElement(kind)
    element.textContent = text
    return element
  }
  const name = (text, scope) => Object.assign(cell("th", text), { scope })
  const row = cells => {
    const element = document.createElement("tr")
    element.append(...cells)
    return element
  }
  const head = row(data.head.map(text => text ? name(text, "col") : cell("td", text)))
  parentElement.querySelector("thead").replaceChildren(head)
  const rows = data.rows.map(([first, ...others]) => row([name(first, "row"), ...others.map(text => cell("td", text))]))
  parentElement.querySelector("tbody").replaceChildren(...rows)
  const scroll = parentElement.querySelector(".scroll")
  scroll.classList.toggle("long", rows.length > SHORT)  // of a short one no row is hidden, also where lines wrap
  scroll.setAttribute("aria-label", data.label)
}
"""
_component = st.components.v2.component("gru_viz_table", html=_HTML, css=_CSS, js=_JS)


def table(columns: Mapping[str, Sequence[Any]], key: str, label: str) -> None:
    """Columns of texts and numbers under their names; the first names the rows. As many rows as MAX_CELLS allows,
    and a word about the others.
    """
    count = len(next(iter(columns.values())))
    shown = min(count, max(1, MAX_CELLS // len(columns)))
    texts = [[_text(value) for value in values[:shown]] for values in columns.values()]
    rows = [list(row) for row in zip(*texts, strict=True)]
    # As bytes: a dict would be searched for data frames, and that too imports pandas.
    _component(key=key, data=json.dumps({"label": label, "head": list(columns), "rows": rows}).encode())
    if shown < count:
        st.caption(f"The first {grouped(shown)} of {grouped(count)} rows are listed.")


def _text(value: Any) -> str:
    """Ten digits of a number. What is pasted into a spreadsheet runs if it begins like a formula: such a text gets an
    apostrophe."""
    if isinstance(value, str):
        return "'" + value if value.startswith(("=", "+", "-", "@")) else value
    return f"{value:.10g}"
