"""The whole tour by keyboard alone: from page to page, with another experiment, into the tables, and back."""

from tests.browser.watching import settled

PAGES = {
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
    for title, question in PAGES.items():
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
    assert PAGES["Compare"] in page.locator("h1").inner_text()
    assert page.get_by_role("textbox", name="Sequence").input_value() == "Eve met Adam"


def test_the_player_by_keyboard_alone(server, open_page):
    page = open_page(f"{server}/step?text=Eve+met+Adam&step=3")
    settled(page)
    tab_to(page, "One step on")
    page.keyboard.press("Enter")
    page.get_by_text("Step 4 of 12").first.wait_for()
    page.keyboard.press("End")
    page.get_by_text("Step 12 of 12").first.wait_for()
