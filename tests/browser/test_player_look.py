"""How the player looks: nothing cut off, letters that can be read, both themes, for everyone."""

import re

import pytest

from gru_viz.cells import cell_names
from tests.browser.playing import opened_file, player, press, saved
from tests.browser.watching import axe_violations

LEGIBLE = """root => {
  const wide = each => each.getBoundingClientRect().width
  const seen = (scope, selector) => [...scope.querySelectorAll(selector)].filter(wide)
  const size = text => {
    const { width } = text.ownerSVGElement.getBoundingClientRect()
    return (parseFloat(getComputedStyle(text).fontSize) * width) / text.ownerSVGElement.viewBox.baseVal.width
  }
  const boxes = seen(root, ".diagram [data-node]").filter(each => each.querySelector(".frame"))
  return {
    formulas: seen(root, ".formula").length,
    cut: seen(root, ".formula").filter(formula => seen(formula, "math").some(each =>
      each.getBoundingClientRect().right > formula.getBoundingClientRect().right + 1)).length,
    least: Math.min(...seen(root, ".diagram text, .diagram tspan").map(text => size(text))),
    covered: boxes.filter(box => {
      const number = box.querySelector(".number")
      const bottom = Number(number.getAttribute("y")) + 0.36 * parseFloat(getComputedStyle(number).fontSize) + 1.5
      return bottom > box.querySelector(".frame").getBBox().height / 2 - 8
    }).length,
    outside: boxes.filter(box =>
      box.querySelector(".number").getBBox().width > box.querySelector(".frame").getBBox().width + 4).length,
  }
}"""


def test_formulas_are_whole_and_diagrams_can_be_read(browser, tmp_path):
    """All cells, with numbers that are long, powers of ten, forward and backward."""
    path = saved(tmp_path, "Ada", hidden_size=3, cells=cell_names(), input_gain=1e-6, recurrent_gain=1e-6)
    with opened_file(browser, path) as page:
        for width in (1280, 822):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_function("width => document.querySelector('.gru-viz').clientWidth <= width", arg=width)
            for _ in range(2):
                shown = player(page).evaluate(LEGIBLE)
                assert (shown["formulas"], shown["cut"], shown["covered"], shown["outside"]) == (21, 0, 0, 0)
                assert shown["least"] >= 10.99
                press(page, "Backward")
        page.set_viewport_size({"width": 390, "height": 844})
        player(page).locator("xpath=self::*[contains(@class, 'narrow')]").wait_for()
        for title in ("RNN", "LSTM", "GRU", "GRU (reset after)", "LSTM (peepholes)"):
            press(page, title)
            for _ in range(2):
                shown = player(page).evaluate(LEGIBLE)
                assert shown["formulas"] == (1 if title == "RNN" else shown["formulas"])
                assert (shown["cut"], shown["covered"], shown["outside"]) == (0, 0, 0)
                assert shown["least"] >= 11.99
                press(page, "Backward")


LEGENDS = """root => [...root.querySelectorAll(".legend")].filter(each => each.checkVisibility()).map(legend => {
  const [name, number] = [document.createRange(), document.createRange()]
  name.selectNodeContents(legend)
  name.setEndBefore(legend.querySelector("b"))
  number.selectNodeContents(legend.querySelector("b"))
  const [left, right] = [name.getBoundingClientRect(), number.getBoundingClientRect()]
  return [legend.textContent, right.left - left.right, legend.nextSibling.getBoundingClientRect().left - right.right,
    legend.querySelector(".swatch").getBoundingClientRect().width]
})"""


@pytest.mark.parametrize("width", [1280, 390])
def test_a_long_number_in_the_history_does_not_touch_its_name(browser, tmp_path, width):
    path = saved(
        tmp_path,
        "My name is Ada. What is my name? a b c d e f g",
        hidden_size=4,
        cells=cell_names(),
        recurrent_gain=1e-6,
    )
    with opened_file(browser, path, width=width) as page:
        press(page, "Backward")
        press(page, "First step")
        rows = player(page).evaluate(LEGENDS)
        assert any(text.startswith("h−") and "·10⁻²⁸" in text for text, *_ in rows)
        for text, apart, before_map, swatch in rows:
            assert (apart >= 4, before_map >= 4, swatch == 10) == (True, True, True), (text, apart, before_map)


def stroke(page):
    """The colour of the frame of z."""
    frame = player(page).locator(".cell[aria-label=GRU] [data-node][data-name=z] .frame")
    return frame.evaluate("each => getComputedStyle(each).stroke")


def test_a_file_in_both_themes_is_accessible_and_nothing_is_cut_off(browser, tmp_path):
    path = saved(tmp_path, "Ada saw", hidden_size=3, cells=("rnn", "gru", "gru_reset_after"))
    with opened_file(browser, path, bypass_csp=True) as page:  # the file lets no other script run, and axe is one
        press(page, "Keys")
        colours = {}
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            if width == 390:
                press(page, "GRU (reset after)")  # which scrolls in its own box
            for theme in ("light", "dark"):
                page.emulate_media(color_scheme=theme)
                player(page).locator(f"xpath=self::*[@data-theme='{theme}']").wait_for()
                colours[theme] = stroke(page)  # at once
                openers = player(page).get_by_role("button", name=re.compile("^Open h' of"))
                openers.locator("visible=true").first.click()
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
                assert small(page) == 0
                assert axe_violations(page) == []
                press(page, "Backward")  # the next one is of gradients
        assert colours == {"light": "rgb(202, 128, 43)", "dark": "rgb(253, 172, 61)"}


def small(page):
    """Controls below what a finger needs."""
    return page.evaluate(
        """() => [...document.querySelectorAll("button, select")].filter(each => each.offsetParent &&
          (each.getBoundingClientRect().width < 24 || each.getBoundingClientRect().height < 24)).length"""
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_file_begins_in_the_theme_of_the_system(browser, tmp_path, theme):
    with opened_file(browser, saved(tmp_path, "Ada", hidden_size=2, cells=("rnn",)), theme=theme) as page:
        assert player(page).get_attribute("data-theme") == theme
