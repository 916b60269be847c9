"""The course, the projector, the handouts and the help in a real browser: by mouse, by keyboard, from the back row."""

import re

import pytest

from gru_viz.handout import handout
from gru_viz.lessons import LESSONS, lesson_of
from gru_viz.ui.pages import ABOUT, PAGES
from tests.browser.test_contrast import experiment, figures, keyed, main, overflow, text, unfold
from tests.browser.watching import axe_violations, settled
from tests.saying import plain

LENSES = [name for name in PAGES if name not in ABOUT]
NAMES = [lesson.name for lesson in LESSONS]
# Elements with text of their own that are seen, with the size of their letters on the screen; not in components.
LETTERS = """() => [...document.querySelectorAll('[data-testid=stApp] *')].filter(each =>
    each.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim()) && !each.closest('style, title')
).map(each => {
    const box = each.getBoundingClientRect()
    return [each.textContent.trim().slice(0, 40), parseFloat(getComputedStyle(each).fontSize), box.left, box.right]
}).filter(([, , left, right]) => right - left > 2)"""  # what is only heard is one pixel wide
SEEN = """() => [...document.querySelectorAll('[data-testid=stMain] .js-plotly-plot')]
    .filter(each => each.checkVisibility()).length"""


def at(server, page, query=""):
    return f"{server}/{'' if page == 'contrast' else page}?{query}"


def click(page, name):
    page.get_by_role("button", name=name, exact=True).click()
    return settled(page)


def room(page):
    """A page as wide and as high as a projector's picture."""
    page.set_viewport_size({"width": 1280, "height": 720})
    return settled(page)


def drawn(page):
    """How many figures are seen."""
    return page.evaluate(SEEN)


def tell(page):
    return click(page, "Show the conclusion")


def is_large(page):
    return experiment(page).projector and not page.get_by_test_id("stSidebar").is_visible()


# -- access ------------------------------------------------------------------------------------------------------------

STATES = {
    "lessons": ("lessons", "", None),
    "help": ("help", "", None),
    "a question": ("contrast", "lesson=5", None),
    "an answer": ("contrast", "lesson=5", lambda page: click(page, "About as much")),
    "asked for again": ("gates", "lesson=8", lambda page: click(click(page, "Show it without an answer"), "Next")),
    "for a class": ("contrast", "lesson=3", lambda page: unfold(page, "For a class")),
    "a room": ("contrast", "lesson=1&projector=1", lambda page: tell(click(page, "In the GRU"))),
}


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
@pytest.mark.parametrize("state", STATES)
def test_nothing_is_hard_to_access(server, open_page, state, theme, width):
    name, query, act = STATES[state]
    page = open_page(at(server, name, query), theme=theme, width=width)
    if width == 390 and state == "for a class":
        page.get_by_test_id("stExpandSidebarButton").click()
        settled(page)
    if act:
        act(page)
    assert axe_violations(page) == []
    assert overflow(page) <= 0


# -- lessons -----------------------------------------------------------------------------------------------------------


def test_the_course_leads_from_page_to_page_and_by_keyboard(server, open_page):
    page = open_page(at(server, "lessons"))
    click(page, "Start lesson 8")
    assert page.url.startswith(f"{server}/gates?")
    assert text(page.get_by_role("heading", level=1)) == [lesson_of("counting_brackets").question]
    assert drawn(page) == 0
    click(page, "At brackets only")
    assert drawn(page) > 0
    assert "Right. You expected “At brackets only”, and this run shows it." in main(page).inner_text()
    next_lesson = page.get_by_role("button", name="Next", exact=True).last
    next_lesson.focus()
    page.keyboard.press("Enter")
    settled(page)
    assert page.url.startswith(f"{server}/equations?")
    assert (experiment(page).example, drawn(page)) == ("two_grus", 0)
    click(page, "Back")
    assert page.url.startswith(f"{server}/gates?")
    assert drawn(page) > 0  # the answer has been given
    other = open_page(page.url)
    assert drawn(other) == 0  # and is in no link


def test_the_short_link_may_be_the_first_request_and_back_leaves_it(fresh_server, open_page):
    page = open_page(f"{fresh_server}/?lesson=8")
    assert page.url.startswith(f"{fresh_server}/gates?")
    assert text(page.get_by_role("heading", level=1)) == [lesson_of("counting_brackets").question]
    click(page, "At brackets only")
    page.go_back()
    settled(page)
    assert experiment(page).example == "counting_brackets"


def test_help_opens_where_the_visitor_came_from(server, open_page):
    page = open_page(at(server, "gates"))
    main(page).get_by_role("link", name="How to read this").click()
    settled(page)
    assert page.url == f"{server}/help"
    assert text(main(page).locator("details[open] summary p")) == ["Gates"]
    main(page).get_by_role("link", name="Back to Gates").click()
    settled(page)
    assert page.url == f"{server}/gates"


# -- projector ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("name", LENSES)
def test_a_room_reads_every_page(server, open_page, name, told):
    page = room(open_page(at(server, name, "projector=1")))
    if told:
        tell(page)
    letters = page.evaluate(LETTERS)
    assert letters
    assert [each for each in letters if each[1] < 24] == []
    assert [each for each in letters if each[2] < 0 or each[3] > 1280] == []
    assert overflow(page) <= 0
    assert drawn(page) == {"step": 0, "trajectories": 3}.get(name, 1)
    assert not page.get_by_test_id("stSidebar").is_visible()
    assert not page.get_by_test_id("stHeader").is_visible()
    assert "svg+xml" in main(page).evaluate("each => getComputedStyle(each).cursor")


@pytest.mark.parametrize("name", NAMES)
def test_a_lessons_question_and_its_figure_fit_the_picture(server, open_page, name):
    lesson = lesson_of(name)
    page = room(open_page(at(server, lesson.page, f"lesson={lesson.number}&projector=1")))
    assert min(each[1] for each in page.evaluate(LETTERS)) >= 24
    click(page, "Show it without an answer")
    assert drawn(page) == 1
    box = keyed(page, lesson.figure).bounding_box()
    assert (box["x"] >= 0, box["x"] + box["width"] <= 1280) == (True, True)
    assert box["y"] + box["height"] <= 720 + 40  # what is below the figure's last label is its own margin
    seen = [words for words in text(page.get_by_role("heading", level=1)) if words]
    assert seen == [lesson.question]
    said = lesson.explained(lesson.example.experiment)[:40]
    assert said not in plain(main(page).inner_text())
    tell(page)
    assert said in plain(main(page).inner_text())
    assert min(each[1] for each in page.evaluate(LETTERS)) >= 24


def test_the_letter_p_switches_it_on_and_off_and_escape_off(server, open_page):
    page = open_page(server)
    assert not is_large(page)
    page.keyboard.press("Control+p")
    page.keyboard.press("Escape")
    assert not is_large(settled(page))
    page.keyboard.press("p")
    assert is_large(settled(page))
    page.keyboard.press("Escape")
    assert not is_large(settled(page))
    page.keyboard.press("P")
    page.wait_for_timeout(300)
    click(page, "Leave")
    assert not is_large(page)


def test_p_in_a_field_is_a_letter(server, open_page):
    page = open_page(server)
    box = page.get_by_role("textbox", name="Sequence")
    box.fill("")
    box.press_sequentially("pip")
    box.press("Enter")
    settled(page)
    assert (experiment(page).text, experiment(page).projector) == ("pip", False)


def test_the_figures_come_back_whole(server, open_page):
    page = open_page(server)
    before = [main(page).get_by_role("figure").nth(k).bounding_box()["width"] for k in range(3)]
    page.keyboard.press("p")
    settled(page)
    page.keyboard.press("p")
    settled(page)
    after = [main(page).get_by_role("figure").nth(k).bounding_box()["width"] for k in range(3)]
    assert after == pytest.approx(before, abs=1)
    drawn_widths = page.evaluate("[...document.querySelectorAll('.main-svg')].map(each => each.clientWidth)")
    assert min(drawn_widths) > 0.9 * min(before)
    assert len(figures(page)) == 3


# -- for a class -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_handout_is_one_page_of_paper(browser, name):
    lesson = lesson_of(name)
    page = browser.new_page()
    try:
        page.set_content(handout(lesson, lesson.example.experiment, "https://example.org/some/where/gates?lesson=8"))
        paper = page.pdf(prefer_css_page_size=True)
    finally:
        page.close()
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1


def test_a_class_gets_a_code_a_link_and_a_handout(server, open_page):
    page = open_page(at(server, "contrast", "lesson=3"))
    unfold(page, "For a class")
    code = page.get_by_role("img", name=f"Code to scan: {server}/?lesson=3")
    assert code.bounding_box()["width"] > 150
    assert page.get_by_test_id("stCode").inner_text().strip() == f"{server}/?lesson=3"
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Handout of this lesson").click()
    name, path = waiting.value.suggested_filename, waiting.value.path()
    lesson = lesson_of("a_little_bias")
    assert name == "lesson_3.html"
    assert path.read_text(encoding="utf-8") == handout(lesson, lesson.example.experiment, f"{server}/?lesson=3")
    settled(page)
    page.get_by_role("button", name="Projector (key P)").click()
    assert is_large(settled(page))
