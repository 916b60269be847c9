"""The projector: one figure and its question, large enough for the back row; what it shows is said when asked for."""

from __future__ import annotations

import streamlit as st

from gru_viz.experiment import without_view
from gru_viz.figures.projector import BELOW_CONCLUSION, LOWEST, TEXT
from gru_viz.lessons import lesson_of
from gru_viz.ui import state

_TOLD, _OTHER = "told", "other_seen"  # in the session: the experiment whose conclusion, or other figure, is shown
_HTML = """
<span hidden></span>
"""
_JS = """
const hands = new WeakMap()
let place = null  // where the reader was when it was switched on
let wasOn = false

export default function ({ data, parentElement, setTriggerValue }) {
  hands.get(parentElement)?.abort()
  const hand = new AbortController()
  hands.set(parentElement, hand)
  const isOn = data[0] === 1
  const writes = element => element.matches?.(
    "input:not([type=range], [type=checkbox], [type=radio]), textarea, select, [contenteditable=true]"
  )
  document.addEventListener("keydown", event => {
    if (event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.composedPath().some(writes)) return
    if (event.key.toLowerCase() === "p" || (isOn && event.key === "Escape")) {
      keep()
      setTriggerValue("pressed", true)
    }
  }, { signal: hand.signal })
  const main = document.querySelector("[data-testid=stMain]")
  const keep = () => { if (!isOn) place = { top: main.scrollTop, focus: focused() } }
  document.addEventListener("click", keep, { capture: true, signal: hand.signal })
  if (isOn !== wasOn) {
    wasOn = isOn
    arrive(main, isOn ? null : place, hand.signal)
  }
  return () => hand.abort()
}

const FIELDS = "a, button, input, summary, textarea, [tabindex]"
const within = (root, at) => root?.querySelectorAll(FIELDS)[at]
const indexIn = (root, element) => [...root.querySelectorAll(FIELDS)].indexOf(element)

// What has the focus, as a page that is drawn anew has it too: [name of what holds it, which in there, which inside]
function focused() {
  const element = document.activeElement
  const holder = element.closest("[class*=st-key-]")
  const name = [...(holder?.classList ?? [])].find(each => each.startsWith("st-key-"))
  const inner = element.shadowRoot?.activeElement
  return name && [name, indexIn(holder, element), inner ? indexIn(element.shadowRoot, inner) : -1]
}

function find([name, at, inner]) {
  const element = within(document.getElementsByClassName(name)[0], at)
  return within(element?.shadowRoot, inner) ?? element
}

// To the place, once the page is drawn; what had the focus is gone: on to what had it there, the player or the title.
function arrive(main, place, signal) {
  const began = performance.now()
  const isDone = () => document.querySelector("[data-testid=stApp]").dataset.testScriptState === "notRunning"
  const look = () => {
    if (signal.aborted) return
    const hosts = [...main.querySelectorAll(".st-key-player *")].filter(each => each.shadowRoot)
    const title = [...main.querySelectorAll("h1")].find(each => each.checkVisibility())
    const found = (place?.focus && find(place.focus)) ?? hosts[0]?.shadowRoot.querySelector("[role=slider]") ?? title
    const isHigh = main.scrollHeight - main.clientHeight >= (place?.top ?? 0)
    if (!(isDone() && found && isHigh) && performance.now() - began < 3000) return setTimeout(look, 50)
    if (place) main.scrollTop = place.top
    if (!found || document.activeElement !== document.body) return
    if (found === title) title.tabIndex = -1
    found.focus({ preventScroll: true })
  }
  setTimeout(look, 50)
}
"""
_component = st.components.v2.component("gru_viz_projector", html=_HTML, js=_JS)

_SIZES = (1.25, 1.5, 1.75, 2, 2.5, 3)  # of a picture, in parts of one of 1280 × 720


def _grown() -> str:
    """How much larger all of it is where there is room, and the pointer, as large as browsers let it be."""
    rules = [":root { --grown: 1; --pointer: " + _pointer(1) + " }"]
    for size in _SIZES:
        wide = f"@media (min-width: {1280 * size:g}px) and (min-height: {720 * size:g}px)"
        rules.append(f"{wide} {{ :root {{ --grown: {size}; --pointer: {_pointer(min(size, 2))} }} }}")
    return "\n".join(rules)


def _pointer(size: float) -> str:
    return (
        f"url(\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='{48 * size:g}' "
        f"height='{64 * size:g}' viewBox='0 0 12 16'%3E%3Cpath d='M1 1v12l3-3 2 5 2-1-2-5h5z' fill='black' "
        f"stroke='white'/%3E%3C/svg%3E\") {4 * size:g} {4 * size:g}"
    )


_NARROW = "56rem"  # of a screen: below it rows break
_PARTS = "[data-testid=stMainBlockContainer] > [data-testid=stVerticalBlock]"  # of a page, one below the other
# Plotly finds the pointer in what is transformed, but not in what is zoomed; it fills the box that Streamlit measures.
_STYLE = f"""
{_grown()}
[data-testid=stMain] {{ zoom: var(--grown); height: calc(100dvh / var(--grown)) }}
:has(> .stPlotlyChart) {{
  zoom: calc(1 / var(--grown));
  width: calc(100% / var(--grown)) !important; height: calc(100% / var(--grown)) !important;
}}
.js-plotly-plot {{ transform: scale(var(--grown)); transform-origin: 0 0 }}
[data-testid=stSidebar], [data-testid=stHeader] {{ display: none !important }}
[data-testid=stApp], [data-testid=stApp] *, .js-plotly-plot .plotly .cursor-crosshair {{
  cursor: var(--pointer), auto !important
}}
[data-testid=stMainBlockContainer] {{ padding: 1rem 2rem }}
{_PARTS} {{ gap: .5rem; position: relative }}
[data-testid=stMain] :is(p, li, label, summary, code, td, th, input, button, .stMarkdownBadge) {{
  font-size: {TEXT}px !important; line-height: 1.35; height: auto
}}
[data-testid=stMain] h1 {{ font-size: 30px; padding: 0; text-wrap: balance; outline: none }}
.st-key-course .stHorizontalBlock {{ overflow: visible }}
[data-testid=stMain] :is(h2, h3) {{ font-size: 28px; padding: 0 }}
[data-testid=stMain] [data-testid=stHeading] [data-testid=stMarkdownContainer] {{ margin-bottom: 0 }}
[data-testid=stMain] button p {{ padding: .2rem }}
[data-testid=stMain] .stBidiComponent {{ zoom: {TEXT / 16}; --lower: 1rem; --copies: none }}
[data-testid=stMain] :is(
  [data-testid=stPageLink], [class*=st-key-save_], :has(> .st-key-open_sidebar), .st-key-hand_set
) {{ display: none }}
"""
# What stands in one row where there is room, which a phone has not: the buttons, beside the title but in a lesson.
_BESIDE = f"""
@media (min-width: {_NARROW}) {{{{
.st-key-asked {{{{ flex-wrap: nowrap }}}}
.st-key-bar {{{{ flex-wrap: nowrap }}}}
.st-key-bar p {{{{ overflow: hidden; white-space: nowrap; text-overflow: ellipsis }}}}
.st-key-bar :has(> .stMarkdown) {{{{ flex: 0 1 auto; min-width: 11rem }}}}
.st-key-bar > :is(.st-key-tell, :not(.st-key-tell) + .st-key-projector_off) {{{{ margin-left: auto }}}}
.st-key-bar:not(:has(.stMarkdown)) {{{{ position: absolute; top: 0; right: 0; width: auto; z-index: 1 }}}}
{_PARTS}:not(:has(.st-key-bar .stMarkdown)) > :has(h1) {{{{ max-width: calc(100% - {{}}) }}}}
}}}}
"""
# A cell's formulas, and below them its diagram, as large as can be.
_ROWS = ".stHorizontalBlock:has(.st-key-diagram)"
_DIAGRAM = f"""
@media (min-width: {_NARROW}) {{
{_ROWS} {{ flex-direction: column; gap: .25rem; --columns: 2; --largest: 4; --apart: .05rem; --below: .4rem }}
{_ROWS} > .stColumn {{ width: 100%; flex: none }}
{_ROWS} [data-testid=stCaptionContainer] {{ display: none }}
{_ROWS} .st-key-diagram {{ --room: calc((100dvh / var(--grown) - 8.87rem) * {16 / TEXT}) }}
{_PARTS}:has(.st-key-diagram) .stButtonGroup [data-testid=stWidgetLabel] {{ display: none }}
}}
"""
_PANEL = ".stColumn > .stVerticalBlock > :has(.stPlotlyChart)"
# The figure takes the height that the rest of the page leaves, and at least its own; nothing stands below the first.
_FIGURE = f"""
{_PARTS} {{ height: calc(100dvh / var(--grown) - 2rem) }}
{_PARTS} > :has(.stPlotlyChart), {_PANEL} {{ flex-grow: 1 !important }}
.stColumn:has(.stPlotlyChart) > .stVerticalBlock, .stPlotlyChart {{ height: 100% !important }}
[class*=st-key-panels_] {{ height: 100%; gap: .5rem }}
[class*=st-key-panels_] > * {{ flex: 1 1 0 !important; min-height: 0 }}
@media not (min-width: {_NARROW}) {{
{_PARTS}:has([class*=st-key-panels_]), [class*=st-key-panels_] {{ height: auto }}
.stColumn:has(.stPlotlyChart) > .stVerticalBlock {{ height: auto !important }}
[class*=st-key-panels_] > * {{ flex: none !important }}
[data-testid=stMainBlockContainer] :has(> .stPlotlyChart):not(.stColumn *) {{ min-width: 46rem }}
{_PARTS} :has(.stPlotlyChart):not(.stColumn *) {{ overflow: visible !important }}
}}
"""
_PLAYER = """
.st-key-player { position: relative; flex: 1 0 26rem }
.st-key-player ~ * { display: none !important }
"""
_FIRST = f"""
{_PARTS} > :has(.stPlotlyChart, .st-key-diagram) ~ * {{ display: none }}
"""
# A conclusion leaves its figure room.
_COMPACT = f"""
{_PARTS} {{ gap: .3rem }}
[data-testid=stMain] :is(p, h1, h3) {{ line-height: 1.25 }}
[data-testid=stAlertContainer] {{ padding: .3rem .8rem }}
{_PARTS}:has(.st-key-diagram) > :has(.stButtonGroup) {{ display: none }}
[data-testid=stAlertContainer] p {{ margin-bottom: .3rem }}
[data-testid=stAlertContainer] [data-testid=stMarkdownContainer] {{ margin-bottom: -.3rem }}
[data-testid=stAlertContainer] p:nth-child(n + 3) {{ display: none }}
{_PARTS} > .stElementContainer:has([data-testid=stCaptionContainer]) {{ display: none }}
"""
_SENTENCES = ":has(> [data-testid=stMarkdown])"
# Of many cells what the figure shows is said, and no more: a sentence names each of them.
_MANY = 3
_SHORT = f"""
{_PARTS} > {_SENTENCES} {{ display: none }}
[data-testid=stMain] h3 {{ font-size: {TEXT}px }}
"""
_UNTOLD = f"""
{_PARTS} > :is(
  {_SENTENCES}, :has(> [data-testid=stHeading] h3), :has(> [data-testid=stAlert]), .st-key-said
) {{ display: none }}
"""


def projector_keys() -> None:
    """P switches it on and off where no field is being written in, Escape switches it off."""
    _component(key="projector_keys", data=bytes([state.current().projector]), on_pressed_change=_switch)


def projector_buttons(can_tell: bool) -> None:
    """The conclusion, where there is one, and the way back."""
    if can_tell:
        label = "Hide the conclusion" if _is_now(_TOLD) else "Show the conclusion"
        st.button(label, key="tell", on_click=_toggle, args=(_TOLD,))
    st.button("Leave", key="projector_off", on_click=_switch)


def other_figure_button() -> None:
    """From a lesson's figure to its other one, and back."""
    st.button("Other figure", key="other_figure", on_click=_toggle, args=(_OTHER,))


def projector_style(figure: str | None, can_tell: bool) -> None:
    """Large; and of a page the figure under that key or, with "", the first one; with None all that there is."""
    style = _STYLE + _DIAGRAM + _BESIDE.format("23rem" if can_tell else "8rem")
    if figure is not None:
        style += _FIGURE + _PLAYER + (_only(figure) if figure else _FIRST)
        style += (_COMPACT + _SHORT * _is_many()) if can_tell and _is_now(_TOLD) else _UNTOLD
    st.html(f"<style>{style}</style>")


def lowest() -> int:
    """px of height that a figure may take at least."""
    return BELOW_CONCLUSION if _is_now(_TOLD) else LOWEST


def _only(figure: str) -> str:
    """A lesson's question stands above its figure, or its other one, in place of the page's, and what it says in
    between."""
    lesson = lesson_of(state.current().example)
    if lesson and lesson.other and _is_now(_OTHER):
        figure = lesson.other
    seen = f".st-key-bar, .st-key-asked, .stAlert, .st-key-{figure}"
    below = f"{_PARTS} > :is(.st-key-{figure}, :has(.st-key-{figure})) ~ *"
    return f"{_PARTS} > :not({seen}, :has({seen})), {below} {{ display: none }}\n"


def tell_nothing_yet() -> None:
    """The question is new: neither its conclusion is shown nor its other figure."""
    for kept in (_TOLD, _OTHER):
        st.session_state.pop(kept, None)


def _is_now(kept: str) -> bool:
    return st.session_state.get(kept) == without_view(state.current())


def _is_many() -> bool:
    return len(state.current().cells) > _MANY


def _toggle(kept: str) -> None:
    st.session_state[kept] = None if _is_now(kept) else without_view(state.current())


def _switch() -> None:
    state.put("projector", not state.current().projector)
