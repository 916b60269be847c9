"""A player in a browser: how it is opened and moved, and what is read off the screen.

A number on the screen is right when it is the value, rounded to the digits that it shows.
"""

import functools
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Locator, Page

import gru_viz
from gru_viz.experiment import Experiment
from gru_viz.player import save_html
from gru_viz.runs import cells_of, trace
from gru_viz.sequences import parse_sequence
from gru_viz.trace import Trace

TEXT, HIDDEN = "Ada saw a saw.", 5
RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
SCREEN = """() => {
  const root = document.querySelector(".gru-viz") ?? document.querySelector(".player")
  const read = (scope, selector) => [...scope.querySelectorAll(selector)]
  return read(root, ".cell").map(cell => ({
    title: cell.querySelector("h3").textContent,
    parts: read(cell, "[data-node][data-name]").filter(part => part.querySelector("text.number")).map(part =>
      [part.dataset.name, part.dataset.kind, part.querySelector("text.number").textContent]),
    slots: read(cell, ".numbers [data-symbol]").map(slot => [slot.dataset.symbol, slot.textContent]),
    gradients: read(cell, ".gradient").map(each => each.textContent),
    openings: read(cell, ".opening").map(each => each.style.transform),
  }))
}"""


# -- files -------------------------------------------------------------------------------------------------------------


@functools.cache
def runs(text: str = TEXT, **settings: object) -> tuple[dict[str, Trace], tuple[str, ...]]:
    """Title -> run, and what each step is called."""
    experiment = Experiment(text=text, **{"hidden_size": HIDDEN, **settings})
    sequence = parse_sequence(experiment.kind, experiment.text)
    return {of.title: trace(experiment, of, sequence) for of in cells_of(experiment)}, sequence.labels


def saved(folder: Path, *what: str, **settings: object) -> Path:
    traces, labels = runs(*what, **settings)
    return save_html(traces, folder / "player.html", labels=labels)


@contextmanager
def opened_file(browser: Browser, path: Path, *, theme="light", width=1280, **more) -> Iterator[Page]:
    """A file in the browser without a network; nothing may be asked for, and nothing go wrong."""
    context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 900}, offline=True, **more)
    page = context.new_page()
    wrong, asked = [], []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.locator(".gru-viz .diagram").first.wait_for(state="attached")
    try:
        yield page
    finally:
        context.close()
    assert wrong == []
    assert asked == [path.as_uri()]


# -- the hand ----------------------------------------------------------------------------------------------------------


def player(page: Page) -> Locator:
    return page.locator(".gru-viz")


def where(page: Page) -> str:
    return player(page).locator(".where").inner_text()


def press(page: Page, name: str) -> None:
    player(page).get_by_role("button", name=name, exact=True).click()


def type_at_once(page: Page, *keys: str) -> None:
    """Keys where the focus is, faster than any hand: however busy the machine, it does not let go in between."""
    page.evaluate(AT_ONCE, keys)


AT_ONCE = """keys => {
    let at = document.activeElement
    while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement
    const written = { bubbles: true, cancelable: true, composed: true }
    for (const key of keys) at.dispatchEvent(new KeyboardEvent("keydown", { key, ...written }))
}"""


def slider(page: Page) -> Locator:
    return player(page).get_by_role("slider", name="Step")


def go(page: Page, step: int, unit: int, backward: bool = False) -> None:
    """By the keyboard and the list of units, as a person would; without motion all is there when this returns."""
    slider(page).focus()
    page.keyboard.press("Home")
    for _ in range(step - 1):
        page.keyboard.press("ArrowRight")
    player(page).get_by_role("combobox", name="Unit").select_option(str(unit))
    turn = player(page).get_by_role("button", name="Backward")
    if (turn.get_attribute("aria-pressed") == "true") != backward:
        turn.click()


# -- what is read off the screen ---------------------------------------------------------------------------------------


def value_of(text: str) -> tuple[float, float]:
    """(value, half a unit of its last digit) of a number as the player writes it; brackets are left out."""
    plain = text.strip("()").replace("−", "-").replace("\u202f", "")
    mantissa, _, power = plain.partition("·10")
    exponent = int(power.translate(RAISED) or "1") if "·10" in plain else 0
    places = len(mantissa.partition(".")[2])
    return float(mantissa) * 10.0**exponent, 0.5 * 10.0 ** (exponent - places)


def shows(text: str, value: float, slack: float = 3e-6) -> bool:
    shown, half = value_of(text)
    return abs(shown - value) <= 1.02 * max(half, 5e-4 * abs(value)) + slack * max(1.0, abs(value))


def shows_size(text: str, value: float) -> bool:
    """A gradient, however small."""
    if value == 0:
        return text == "0"
    sign, log10 = np.sign(value), math.log10(abs(value))
    mantissa, _, power = text.replace("−", "-").partition("·10")
    if "·10" not in text:
        return shows(text, value, 1e-5)
    expected = sign * 10.0 ** (log10 - int(power.translate(RAISED)))
    return abs(float(mantissa) - expected) <= 0.502 * 10.0 ** -len(mantissa.partition(".")[2])


def check_screen(page: Page, traces: Mapping[str, Trace], step: int, unit: int, backward: bool) -> None:
    """Everything that is shown of one step and unit."""
    shown = {cell["title"]: cell for cell in page.evaluate(SCREEN)}
    assert list(shown) == list(traces)
    for title, run in traces.items():
        for symbol, text in shown[title]["slots"]:
            assert shows(text, run.value(symbol)[step - 1, unit - 1]), (title, symbol, text)
        parts = [part for part in shown[title]["parts"] if part[0] != "x"]
        assert {line.symbol for line in run.cell.equations.lines} <= {expression for expression, _, _ in parts}
        if backward:
            check_gradients(run, shown[title], parts, step, unit)
            continue
        for expression, _, text in parts:
            assert shows(text, run.value(expression)[step - 1, unit - 1]), (title, expression, text)


def check_gradients(run: Trace, shown: Mapping, parts: list, step: int, unit: int) -> None:
    flow = gru_viz.backpropagate(run)
    for line, text in zip(run.cell.equations.lines, shown["gradients"], strict=True):
        assert text.startswith(f"∂L/∂{line.symbol.replace(chr(39), '′')} = ")
        value = flow[line.name][step - 1, unit - 1]
        assert shows_size(text.partition(" = ")[2], value), (run.cell.title, line.symbol, text, value)
    for expression, kind, text in parts:
        name = expression.strip("'")
        if kind == "before":
            value = flow.before[name][step - 1, unit - 1]
        elif kind == "after":
            value = flow.carried[name][step - 1, unit - 1]
        elif name in run.cell.names:
            value = flow[name][step - 1, unit - 1]
        else:
            continue
        assert shows_size(text, value), (run.cell.title, expression, text, value)
