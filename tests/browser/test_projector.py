"""The projector in a real browser: Step through, one cell that fills the picture."""

import itertools

import pytest

import gru_viz
from gru_viz.cells import cell_names
from gru_viz.figures.projector import TEXT
from gru_viz.player import Start, pack, page, styles
from gru_viz.player.page import compressed
from tests.browser.playing import opened_file, player, press, slider, where
from tests.browser.visiting import experiment, main, overflow
from tests.browser.watching import settled
from tests.test_diagram import TYPED

PICTURES = [(1280, 720, "light"), (1920, 1080, "dark")]
TITLES = [gru_viz.cell(name).title for name in cell_names()]
QUERIES = {  # numbers of every length: forward and backward
    "as it opens": "text=My+name+is+Ada.+What+is+my+name%3F",
    "tiny": "text=Ada+saw&input_gain=0.00001&recurrent_gain=0.00001",
    "long labels": "words=antidisestablishmentarianism+is+a+word&backward=1",
    "faint": "text=My+name+is+Ada.+What+is+my+name%3F&step=2&backward=1",
}
# Of all text that is seen: [what, its letters' px on the screen, left, top, right, bottom of the letters themselves,
# the kind of element].
WORDS = """() => {
  const found = []
  const look = root => {
    for (const each of root.querySelectorAll("*")) {
      if (each.shadowRoot) look(each.shadowRoot)
      if (!each.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue
      if (each.closest("style, script, title, option, .status, [data-testid=stSkipToContent]")) continue
      const drawing = each.ownerSVGElement
      const words = [...each.childNodes].filter(node => node.nodeType === 3 ? node.data.trim() : drawing)
      if (!words.length || (drawing && each.tagName !== "text")) continue
      const range = document.createRange()
      range.setStartBefore(words[0])
      range.setEndAfter(words.at(-1))
      const box = (drawing ? each : range).getBoundingClientRect()
      const { left, right } = each.closest(".token, .where, .st-key-bar p")?.getBoundingClientRect() ?? box
      const window = each.closest(".tokens")?.getBoundingClientRect()
      if (window && (box.left < window.left || box.right > window.right)) continue
      const own = drawing?.viewBox.baseVal?.width
      const enlarged = own ? drawing.getBoundingClientRect().width / own : each.currentCSSZoom
      const letters = [each, ...(drawing ? each.querySelectorAll("*") : [])]
      const size = enlarged * Math.min(...letters.map(one => parseFloat(getComputedStyle(one).fontSize)))
      const middle = (box.top + box.bottom) / 2
      const kind = each.closest("sub, msub > :nth-child(2)") ? "lower" : each.closest(".token") ? "token" : each.tagName
      const half = box.height > 2 * size ? box.height / 2 : 0.36 * size  // of several lines, or turned
      const text = words.map(node => node.textContent).join("")
      const [from, to] = [Math.max(box.left, left), Math.min(box.right, right)]
      if (to - from > 2) found.push([text, size, from, middle - half, to, middle + half, kind])
    }
  }
  look(document)
  return found
}"""
# What scrolls, of the page and of the player's parts.
SCROLLS = """() => {
  const found = []
  const look = root => {
    for (const each of root.querySelectorAll("*")) {
      if (each.shadowRoot) look(each.shadowRoot)
      if (!each.checkVisibility() || !/auto|scroll/.test(getComputedStyle(each).overflow)) continue
      const [across, down] = [each.scrollWidth - each.clientWidth, each.scrollHeight - each.clientHeight]
      if (across > 1 || down > 1) found.push([each.tagName, each.className, across, down])
    }
  }
  look(document)
  return found
}"""
# The diagram that is seen: its box, the room for it, its thinnest wire in px, and by how much of the drawing at least a
# number is above its strip and narrower than its frame.
DRAWN = """root => {
  const diagram = [...root.querySelectorAll(".diagram")].find(each => each.checkVisibility())
  const { width } = diagram.querySelector("svg").getBoundingClientRect()
  const scale = width / diagram.querySelector("svg").viewBox.baseVal.width
  const numbers = [...diagram.querySelectorAll("[data-node]:has(.frame) .number")].map(number => {
    const frame = number.parentNode.querySelector(".frame").getBBox()
    const half = 0.36 * parseFloat(getComputedStyle(number).fontSize)
    const y = Number(number.getAttribute("y"))
    return [frame.y + frame.height - 8 - (y + half), frame.width - number.getBBox().width]
  })
  const seen = selector => [...root.querySelectorAll(selector)].filter(each => each.checkVisibility())
  const wires = [...diagram.querySelectorAll(".wire")].map(each => parseFloat(getComputedStyle(each).strokeWidth))
  return {
    count: seen(".diagram").length, formulas: seen(".formulas").length, wire: scale * Math.min(...wires),
    box: diagram.getBoundingClientRect().toJSON(), room: seen(".cells")[0].getBoundingClientRect().toJSON(),
    above: Math.min(...numbers.map(([above]) => above)), beside: Math.min(...numbers.map(([, beside]) => beside)),
  }
}"""


# Of each wire that is seen and ends in a head: how wide the head is, and the wire, in px.
HEADS = """root => [...root.querySelectorAll(".diagram .wire + path")]
  .filter(head => head.checkVisibility() && head.getAttribute("d")).map(head => {
    const drawing = head.ownerSVGElement
    const scale = drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width
    return [head.getBoundingClientRect().width, scale * parseFloat(getComputedStyle(head.previousSibling).strokeWidth)]
  })"""


def at(server, query):
    return f"{server}/step?projector=1&cells={','.join(cell_names())}&{query}"


def pictured(page, width, height):
    page.set_viewport_size({"width": width, "height": height})
    return settled(page)


def tell(page):
    page.get_by_role("button", name="Show the conclusion", exact=True).click()
    return settled(page)


def over_each_other(words):
    """Pairs of words whose letters share more than a px."""

    def shared(one, other, low, high):
        return min(one[high], other[high]) - max(one[low], other[low]) > 1

    return [
        (one[0], other[0])
        for one, other in itertools.combinations(words, 2)
        if "lower" not in (one[6], other[6]) and shared(one, other, 2, 4) and shared(one, other, 3, 5)
    ]


def check_room(page, width, height, what, narrower=-5):
    """What holds of every cell, step and direction in a room."""
    words = page.evaluate(WORDS)
    assert len(words) > 12, what
    assert [word[:2] for word in words if word[1] < TEXT - 0.05] == [], what
    assert [word for word in words if word[2] < 0 or word[3] < 0 or word[4] > width or word[5] > height] == [], what
    assert over_each_other(words) == [], what
    assert page.evaluate(SCROLLS) == [], what
    drawn = player(page).evaluate(DRAWN)
    assert drawn["count"] == 1, what
    box, room = drawn["box"], drawn["room"]
    assert room["height"] > 0.6 * height, what
    assert max(box["width"] / room["width"], box["height"] / room["height"]) > 0.7, what
    assert drawn["above"] >= 0, what
    assert drawn["beside"] > narrower, what
    return drawn


# -- one cell, large ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height", "theme"), PICTURES)
@pytest.mark.parametrize("query", QUERIES)
def test_one_cell_fills_the_picture_and_the_back_row_reads_all_of_it(server, open_page, query, width, height, theme):
    page = pictured(open_page(at(server, QUERIES[query]), theme=theme), width, height)
    for title in TITLES:
        press(page, title)
        for _ in range(2):
            forward = player(page).get_by_role("button", name="Backward").get_attribute("aria-pressed") == "false"
            drawn = check_room(page, width, height, (title, query, forward))
            assert drawn["wire"] >= 2 or not forward, (title, query)
            page.keyboard.press("ArrowLeft")
            press(page, "Backward")


def test_formulas_stand_beside_a_diagram_that_leaves_them_room(server, open_page):
    page = pictured(open_page(at(server, "")), 1280, 720)
    for title in TITLES:
        press(page, title)
        shown = player(page).evaluate(DRAWN)["formulas"]
        assert shown == (title != "GRU (reset after)"), title


# What each formula that is no state's says that it comes to, and the name it has there.
VALUES = """root => [...root.querySelectorAll(".formula:not(.state)")].filter(each => each.checkVisibility())
  .map(each => [each.querySelector(".name").textContent,
    [...each.querySelectorAll(".numbers math")].filter(one => one.checkVisibility()).map(one => one.textContent)])"""


def test_each_gates_formula_says_what_it_comes_to(server, open_page):
    page = pictured(open_page(at(server, "text=Ada")), 1280, 720)
    for title, names in (("LSTM", "fiog"), ("LSTM (peepholes)", "figo"), ("GRU", "rzn")):
        press(page, title)
        found = player(page).evaluate(VALUES)
        assert [name for name, _ in found] == list(names)
        for name, values in found:
            shown = player(page).locator(f".cell:visible [data-node][data-name={name}] .number").text_content()
            assert values == [shown], (title, name)
        assert page.evaluate(SCROLLS) == []


def test_a_strip_says_that_there_is_more_before_what_it_shows(server, open_page):
    page = pictured(open_page(at(server, "text=My+name+is+Ada.+What+is+my+name%3F")), 1280, 720)
    before = (
        """() => getComputedStyle(document.activeElement.shadowRoot.querySelector(".tokens"), "::before").content"""
    )
    assert page.evaluate(before) == '"…"'
    page.keyboard.press("Home")
    assert where(page).startswith("Step 1 of 32")
    assert page.evaluate(before) == "none"


@pytest.mark.parametrize(("width", "height", "theme"), PICTURES)
@pytest.mark.parametrize("name", cell_names())
def test_the_back_row_reads_all_of_an_equation(server, open_page, name, width, height, theme):
    page = pictured(open_page(f"{server}/equations?projector=1&focus={name}", theme=theme), width, height)
    words = [word for word in page.evaluate(WORDS) if word[6] != "text"]  # the diagram is as large as its column
    assert {"lower", "mi"} <= {word[6] for word in words}
    assert [word[:2] for word in words if word[1] < TEXT - 0.05] == []
    assert [word for word in words if word[4] > width or word[5] > height] == []
    assert page.evaluate(SCROLLS) == []
    assert not any("Copy" in word[0] for word in words)
    page.get_by_role("button", name="Leave").click()
    settled(page).get_by_role("button", name="Copy LaTeX").wait_for()
    lower, upper = (page.evaluate(SIZE, part) for part in ("msub > :nth-child(2)", "msub > :first-child"))
    assert lower < 0.8 * upper  # as in a book


# Of a formula's part how large its letters are, px.
SIZE = """part => [...document.querySelectorAll("*")].map(each => each.shadowRoot?.querySelector(part)).filter(Boolean)
  .map(each => parseFloat(getComputedStyle(each).fontSize))[0]"""


def large_file(folder, cell):
    """The player alone, large, in a picture of 1280 × 720 with what the page shows above it."""
    trace = gru_viz.run(cell, gru_viz.init_params(cell, 3, 5, seed=1), [[0.3, -1, 2], [1, 0, -0.4], [-2, 1, 1]])
    packed = pack({cell.title: trace}, labels=["one", "two", "three"])
    text = page(packed, Start(), "large").replace(compressed(packed.at(Start())), compressed(packed.at(Start(), True)))
    assert len(text) > 20_000
    room = "main { position: absolute; inset: 66px 32px 16px; font-family: sans-serif } main > * { zoom: 1.5 }"
    path = folder / "large.html"
    path.write_text(text.replace("</style>", f"{styles('room')}\n{room}</style>"), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["minimal gated unit", "coupled LSTM", "update gate", "relu"])
def test_a_cell_that_someone_typed_fills_the_picture_too(browser, tmp_path, name):
    with opened_file(browser, large_file(tmp_path, gru_viz.Cell(name, TYPED[name], title=name))) as page:
        page.set_viewport_size({"width": 1280, "height": 720})
        page.wait_for_timeout(200)
        for _ in range(2):
            check_room(page, 1280, 720, name, narrower=-16)  # in the wide letters of a machine without the app's own
            press(page, "Backward")


@pytest.mark.parametrize("name", ["long names", "chain", "three states"])
def test_what_is_too_large_for_a_picture_scrolls_in_its_own_box(browser, tmp_path, name):
    with opened_file(browser, large_file(tmp_path, gru_viz.Cell(name, TYPED[name], title=name))) as page:
        page.set_viewport_size({"width": 1280, "height": 720})
        page.wait_for_timeout(200)
        assert min(word[1] for word in page.evaluate(WORDS)) >= TEXT - 0.05
        assert {kind for _, kind, *_ in page.evaluate(SCROLLS)} <= {"diagram", "formulas"}
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_on_a_phone_it_can_be_used_too(server, open_page):
    page = open_page(at(server, "text=Ada"), width=390)
    for title in TITLES:
        press(page, title)
        assert overflow(page) <= 0
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
        assert player(page).locator(".diagram:visible").count() == 1
    assert min(word[1] for word in page.evaluate(WORDS)) >= TEXT - 0.05


def test_a_wires_head_is_wider_than_the_wire_in_both_directions(server, open_page):
    page = pictured(open_page(at(server, "text=Ada")), 1280, 720)
    for _ in range(2):
        for title in TITLES:
            press(page, title)
            found = player(page).evaluate(HEADS)
            assert len(found) >= 2
            assert min(head / wire for head, wire in found) > 1.1, title
        press(page, "Backward")


def test_the_strips_of_all_units_are_as_sharp_as_the_screen(server, open_page):
    for width, height, _ in PICTURES:
        page = pictured(open_page(at(server, "text=Ada")), width, height)
        press(page, "GRU")
        canvas = player(page).locator(".diagram:visible canvas")
        assert canvas.evaluate("each => each.width") == pytest.approx(canvas.bounding_box()["width"], abs=1)


# -- the hand ----------------------------------------------------------------------------------------------------------


def test_cells_and_steps_are_chosen_by_keyboard_and_by_pointer(server, open_page):
    page = pictured(open_page(at(server, "text=My+name+is+Ada.")), 1280, 720)
    for title in ("LSTM", "GRU"):
        player(page).get_by_role("button", name=title, exact=True).focus()
        page.keyboard.press("Enter")
        assert player(page).locator(".cell:visible").get_attribute("aria-label") == title
    player(page).get_by_role("button", name="One step back", exact=True).focus()
    page.keyboard.press("Enter")
    assert where(page).startswith("Step 14 of 15")
    page.keyboard.press("ArrowLeft")
    assert where(page).startswith("Step 13 of 15")
    box = slider(page).bounding_box()
    for step in (2, 9, 15):  # where it is pointed at, in a page that is enlarged
        page.mouse.click(box["x"] + box["width"] * (step - 0.5) / 15, box["y"] + 20)
        assert where(page).startswith(f"Step {step} of 15")
    press(page, "First step")
    press(page, "Play")
    player(page).locator(".where", has_text="Step 2 of 15").wait_for()
    press(page, "Pause")


def test_a_clicker_moves_the_step_at_once(server, open_page):
    page = open_page(f"{server}/step?projector=1&text=abcdef")
    page.keyboard.press("PageUp")
    assert where(page).startswith("Step 5 of 6")
    page.keyboard.press("ArrowLeft")
    assert where(page).startswith("Step 4 of 6")
    away = open_page(f"{server}/step?text=abcdef")
    away.keyboard.press("ArrowLeft")  # else the page is the reader's
    assert where(away).startswith("Step 6 of 6")


def test_a_number_that_is_opened_lies_beside_the_diagram_and_closes_again(server, open_page):
    page = pictured(open_page(at(server, "text=My+name+is+Ada.")), 1280, 720)
    press(page, "GRU")
    player(page).locator(".cell:visible [data-node][data-name=z]").click()
    opened = player(page).get_by_role("region", name="An opened number")
    box, diagram = opened.bounding_box(), player(page).locator(".diagram:visible").bounding_box()
    assert diagram["x"] + diagram["width"] <= box["x"]
    assert box["y"] + box["height"] <= 720
    assert min(word[1] for word in page.evaluate(WORDS)) >= TEXT - 0.05
    press(page, "Close the opened number")
    check_room(page, 1280, 720, "closed")
    player(page).locator(".cell:visible [data-node][data-name=z]").click()
    press(page, "RNN")
    check_room(page, 1280, 720, "another cell")


@pytest.mark.parametrize("path", ["help", "lessons", ""])
@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (2560, 1440)])
def test_the_end_of_each_page_without_a_figure_can_be_reached(server, open_page, size, path):
    page = pictured(open_page(f"{server}/{path}?projector=1" + "&lesson=1" * (not path)), *size)
    ends = page.evaluate(ENDS)
    assert size[1] - 100 < ends["box"] <= size[1]
    assert ends["text"] <= size[1]
    if not path:
        assert page.locator(".st-key-large_link code").bounding_box()["height"] < 72  # in one line
        assert ends["link"] <= size[1]


# Scrolls to the end. Where the page's box, its last text and the link below a code end, px.
ENDS = """() => {
    const main = document.querySelector('[data-testid=stMain]')
    main.scrollTo(0, 1e6)
    const end = each => each.getBoundingClientRect().bottom
    const ends = selector => Math.max(...[...main.querySelectorAll(selector)].map(end))
    return { box: main.getBoundingClientRect().bottom, text: ends('p, li'), link: ends('.st-key-large_link code') }
}"""


def test_no_conclusion_is_offered_where_there_is_none_and_the_keys_work_inside_the_player(server, open_page):
    page = pictured(open_page(at(server, "").replace("/step", "/")), 1280, 720)
    tell(page)
    page.keyboard.press("Escape")
    settled(page).get_by_role("link", name="Step through", exact=True).click()
    settled(page).keyboard.press("p")
    settled(page)
    assert page.get_by_role("button", name="Show the conclusion").count() == 0
    assert "an underlined number" not in main(page).inner_text()
    press(page, "LSTM")
    press(page, "Keys")
    page.keyboard.press("Escape")  # the list of keys, and no more
    assert not player(settled(page)).locator(".keys").is_visible()
    assert experiment(page).projector
    page.keyboard.press("Escape")
    assert not experiment(settled(page)).projector
    assert player(page).locator(".diagram:visible").count() == len(TITLES)
    slider(page).focus()
    page.keyboard.press("p")
    assert experiment(settled(page)).projector
    assert player(page).locator(".diagram:visible").count() == 1
