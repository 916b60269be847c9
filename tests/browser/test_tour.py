"""The whole tour: by keyboard alone; in every state that a page has, for those who do not see it; at 200 and 400 %."""

import pytest

from gru_viz.ui.pages import HOME, PAGES
from tests.browser.watching import axe_violations, settled

LENSES = {
    "Contrast": "Which cell still feels the first",
    "Step through": "What happens in one step",
    "Gates": "Which gate opened when",
    "Trajectories": "What path does the state take",
    "Gradients": "How far back does learning reach",
    "Compare": "What does each cell cost and keep",
    "Equations": "What exactly is computed",
}
FOCUSED = """() => {
    let at = document.activeElement;
    while (at.shadowRoot && at.shadowRoot.activeElement) at = at.shadowRoot.activeElement;
    return at.getAttribute("aria-label") || at.innerText || at.value || at.tagName;
}"""
MOST = 120  # presses of Tab that nobody would make


def tab_to(page, words):
    """Press Tab until what has the focus says these words."""
    said = []
    for _ in range(MOST):
        page.keyboard.press("Tab")
        said.append(str(page.evaluate(FOCUSED)).strip())
        if said[-1].removeprefix("keyboard_arrow_right").strip().startswith(words):
            return
    raise AssertionError(f"{words!r} cannot be reached by Tab; there were {said}")


def test_the_tour_by_keyboard_alone(server, open_page):
    page = open_page(server)
    settled(page)
    tab_to(page, "Sequence")
    page.keyboard.press("Control+A")
    page.keyboard.type("Eve met Adam")
    page.keyboard.press("Enter")
    settled(page)
    assert "text=Eve+met+Adam" in page.url
    for title, question in LENSES.items():
        tab_to(page, title)
        page.keyboard.press("Enter")
        settled(page)
        assert question in page.locator("h1").inner_text()
        assert "text=Eve+met+Adam" in page.url
        if title not in ("Step through", "Equations"):
            tab_to(page, "The numbers")
            page.keyboard.press("Enter")
            settled(page)
            assert page.get_by_role("table").count() > 0
    page.go_back()
    settled(page)
    assert LENSES["Compare"] in page.locator("h1").inner_text()
    assert page.get_by_role("textbox", name="Sequence").input_value() == "Eve met Adam"


def test_the_player_by_keyboard_alone(server, open_page):
    page = open_page(f"{server}/step?text=Eve+met+Adam&step=3")
    settled(page)
    tab_to(page, "One step on")
    page.keyboard.press("Enter")
    page.get_by_text("Step 4 of 12").first.wait_for()
    page.keyboard.press("End")
    page.get_by_text("Step 12 of 12").first.wait_for()


# -- every state -------------------------------------------------------------------------------------------------------

# Opens whatever is folded, all at once; how many there were.
UNFOLD = """() => {
    const folded = document.querySelectorAll('details:not([open]) > summary')
    const seen = [...folded].filter(each => each.checkVisibility())
    seen.forEach(each => each.click())
    return seen.length
}"""


def unfolded(page):
    while page.evaluate(UNFOLD):
        settled(page, quiet=0.2)


def address_of(server, name):
    return f"{server}/{'' if name == HOME else name}"


def states(page):
    """A page with all that is folded opened, in each of its tabs, and with a mistake in each field for a text."""
    unfolded(page)
    yield "unfolded"
    for name in page.get_by_role("tab", selected=False).all_inner_texts():
        page.get_by_role("tab", name=name, exact=True).click()
        settled(page)
        unfolded(page)
        yield f"the tab {name}"
    for box in page.get_by_role("textbox").all():
        if box.is_visible() and box.is_editable():
            box.fill("")
            box.press("Enter")
            settled(page)
    if page.get_by_role("alert").count():
        yield "a mistake"


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_accessible_in_every_state(server, open_page, name, theme, width):
    page = open_page(address_of(server, name), theme=theme, width=width)
    seen = set()
    for state in states(page):
        page.mouse.move(0, 0)
        page.evaluate("document.activeElement?.blur()")
        assert axe_violations(page) == [], state
        seen.add(state)
    assert {"unfolded", "a mistake"} <= seen
    assert "the tab Spectra" in seen or name != "gradients"


# -- 200 and 400 % -----------------------------------------------------------------------------------------------------

# Where each text in sight stands, but for what scrolls by itself: [text, left, top, right, bottom, right end of room].
TEXTS = """drawings => [...document.querySelectorAll('[data-testid=stMain] *')].filter(each =>
    each.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim())
    && !each.closest('style, title, script, math, [aria-hidden=true]')
    && !each.closest('[data-testid=stTabs] [role=tablist]') && (drawings || !each.closest('svg'))
).map(each => {
    let scrolls = false
    for (let at = each.parentElement; at; at = at.parentElement)
        scrolls ||= /auto|scroll/.test(getComputedStyle(at).overflowX) && at.scrollWidth > at.clientWidth + 1
    const range = document.createRange()
    range.selectNodeContents(each)
    const box = (each instanceof SVGElement ? each : range).getBoundingClientRect()
    const drawing = each.closest('svg.main-svg')
    const room = drawing ? drawing.getBoundingClientRect().right : innerWidth
    return scrolls ? null : [each.textContent.trim(), box.left, box.top, box.right, box.bottom, room]
}).filter(each => each && each[3] - each[1] > 2)"""


def lost(texts):
    """What begins or ends outside of its room."""
    return [text for text, left, _, right, _, room in texts if left < -1 or right > room + 1]


def on_another(texts):
    """Pairs of texts of which one stands on the other; a text may be a part of another."""
    for k, (one, left, top, right, bottom, _) in enumerate(texts):
        for other, *box, _ in texts[k + 1 :]:
            wide, high = min(right, box[2]) - max(left, box[0]), min(bottom, box[3]) - max(top, box[1])
            if wide > 3 and high > 4 and one not in other and other not in one:
                yield one, other


@pytest.mark.parametrize(("width", "drawings"), [(640, True), (320, False)])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_lost_at_200_and_400_percent(server, open_page, name, width, drawings):
    """A page of 1280 pixels is 640 wide when it is read at 200 %, and 320 at 400 %, where the small words inside of a
    figure may touch: its numbers are in the table below it."""
    page = open_page(address_of(server, name), width=width)
    for state in states(page):
        across = page.evaluate("[document.scrollingElement, document.querySelector('[data-testid=stMain]')]"
                               ".map(each => each.scrollWidth - each.clientWidth)")  # fmt: skip
        assert across == [0, 0], state
        texts = page.evaluate(TEXTS, drawings)
        assert len(texts) > 5
        assert lost(texts) == [], state
        assert list(on_another(texts)) == [], state
