"""The Equations page in a real browser: formulas and diagrams are seen, copied and read; the check is pressed."""

import re
from urllib.parse import urlencode

import pytest

from gru_viz.cells import CATALOGUE, cell
from gru_viz.equations import parse_equations
from gru_viz.notation import formulas
from tests.browser.visiting import in_both_themes
from tests.browser.watching import axe_violations, settled
from tests.saying import plain

SECONDS = 60_000  # ms that a check may take on a busy machine


def address(server, **query):
    return f"{server}/equations?{urlencode(query)}"


def main(page):
    return page.get_by_test_id("stMain")


def unfold(page, name):
    page.locator("summary", has_text=name).click()
    return settled(page)


def checked(page):
    page.get_by_role("button", name="Check against PyTorch", exact=True).click()
    page.get_by_text("PyTorch computes").wait_for(timeout=SECONDS)
    return settled(page)


def said(page):
    return plain(main(page).inner_text())


def overflow(page):
    """What is wider than the screen and does not scroll by itself."""
    return page.evaluate(
        """() => {
          const found = []
          const visit = root => { for (const element of root.querySelectorAll("*")) {
            if (element.shadowRoot) visit(element.shadowRoot)
            if (element.closest(".scroll, [data-testid=stSidebar]")) continue
            if (element.getBoundingClientRect().right > innerWidth + 1) found.push(element.outerHTML.slice(0, 80))
          } }
          visit(document.querySelector("[data-testid=stMain]"))
          return found
        }"""
    )


@pytest.mark.parametrize("width", [1280, 390])
def test_everything_is_readable_by_everyone(server, open_page, width):
    page = checked(open_page(address(server, focus="gru_reset_after"), width=width))
    for name in ("Each quantity and gradient", "Each of our parameters in their arrays", "The numbers"):
        unfold(page, name)
    for theme in in_both_themes(page):
        assert axe_violations(page) == [], theme
        assert overflow(page) == [], theme
        assert "PyTorch computes the same over 32 steps" in said(page)


@pytest.mark.parametrize("each", CATALOGUE, ids=lambda each: each.name)
def test_each_cell_has_its_formulas_and_its_diagram(server, open_page, each):
    page = open_page(address(server, focus=each.name), width=390)
    lines = page.locator("math")
    spoken = lines.evaluate_all("all => all.map(line => line.getAttribute('aria-label'))")
    assert spoken == [formula.words for formula in formulas(each).values()]
    picture = page.get_by_role("img", name=re.compile(f"^One step of the {re.escape(each.title)} Time"))
    box = picture.bounding_box()
    assert box["width"] <= 390
    size = picture.evaluate("svg => parseFloat(getComputedStyle(svg).fontSize) * svg.getBoundingClientRect().width"
                            " / svg.viewBox.baseVal.width")  # fmt: skip
    assert size >= 12  # px of its letters
    assert overflow(page) == []
    assert axe_violations(page) == []


def test_formulas_are_copied_as_latex_and_as_text(server, open_page):
    page = open_page(address(server, focus="gru"))
    page.get_by_role("button", name="Copy text").click()
    page.get_by_role("status").filter(has_text="Copied").wait_for()
    text = page.evaluate("navigator.clipboard.readText()")
    assert parse_equations(text) == parse_equations(cell("gru").text)
    page.get_by_role("button", name="Copy LaTeX").click()
    page.wait_for_function("async () => (await navigator.clipboard.readText()).startsWith('\\\\begin{aligned}')")
    latex = page.evaluate("navigator.clipboard.readText()")
    assert latex.count(r"\\") == 3
    assert r"\mathbf{h}_{t} &= (1 - \mathbf{z}_{t}) \odot \mathbf{h}_{t-1}" in latex


def test_another_cell_by_keyboard(server, open_page):
    page = open_page(address(server, focus="gru"))
    page.get_by_role("radio", name="GRU", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    settled(page)
    page.get_by_role("img", name="One step of the LSTM").wait_for()
    assert "focus=lstm" in page.url
    assert "PyTorch stacks i, f, g and o; ONNX stacks i, o, f and g" in said(page)


def test_a_deep_link_may_be_the_first_request_to_a_server(fresh_server, open_page):
    page = open_page(address(fresh_server, text="Read Zoe", focus="lstm_peephole", cells="rnn"))
    page.get_by_role("img", name="One step of the LSTM (peepholes)").wait_for()
    checked(page)
    assert "PyTorch computes the same over 8 steps" in said(page)
    page.get_by_role("link", name="Contrast").click()
    settled(page)
    page.get_by_role("link", name="Equations").click()
    settled(page)
    assert "PyTorch computes the same over 8 steps" in said(page)  # the result is still there


def test_a_check_can_be_stopped(server, open_page):
    page = open_page(address(server, text="ab" * 900, hidden="64", focus="gru_reset_after"))
    page.get_by_role("button", name="Check against PyTorch", exact=True).click()
    page.get_by_role("button", name="Stop", exact=True).click()
    settled(page)
    assert page.get_by_role("button", name="Check against PyTorch", exact=True).is_enabled()
    assert page.get_by_role("progressbar").count() == 0
