"""The course, the projector, the handouts and the help in a real browser: by mouse, by keyboard, from the back row."""

import re

import pytest

from gru_viz.cells import cell_names
from gru_viz.handout import handout
from gru_viz.lessons import BESIDE, LESSONS, lesson_of
from gru_viz.ui.pages import ABOUT, PAGES
from tests.browser.visiting import experiment, figures, keyed, main, overflow, text, unfold
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
# Of each figure that is seen the words that are not inside it, and where it ends.
PLOTS = """() => [...document.querySelectorAll('[data-testid=stMain] .js-plotly-plot')]
    .filter(each => each.checkVisibility()).map(plot => {
        const edge = plot.getBoundingClientRect()
        return [[...plot.querySelectorAll('svg text')].filter(each => {
            const box = each.getBoundingClientRect()
            return box.width && (box.left < edge.left - 1 || box.right > edge.right + 1 || box.top < edge.top - 1
                || box.bottom > edge.bottom + 1)
        }).map(each => each.textContent), edge.bottom]
    })"""
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

STATES = {  # the pages Lessons and How to read this are in test_tour
    "a question": ("contrast", "lesson=5", None),
    "an answer": ("contrast", "lesson=5", lambda page: click(page, "About as much")),
    "asked for again": ("gates", "lesson=8", lambda page: click(click(page, "Show it without an answer"), "Next")),
    "for a class": ("contrast", "lesson=3", lambda page: unfold(page, "For a class")),
    "a room": ("contrast", "lesson=1&projector=1", lambda page: tell(click(page, "In the GRU"))),
}


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_nothing_is_hard_to_access(server, open_page, theme, width):
    page = open_page(at(server, "lessons"), theme=theme, width=width)
    for state, (name, query, act) in STATES.items():
        page.goto(at(server, name, query))
        settled(page)
        if width == 390 and state == "for a class":
            page.get_by_test_id("stExpandSidebarButton").click()
            settled(page)
        if act:
            act(page)
        assert axe_violations(page) == [], state
        assert overflow(page) <= 0, state


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


def test_a_room_reads_every_page(server, open_page):
    page = room(open_page(at(server, "help", "projector=1")))
    for name in LENSES:
        page.goto(at(server, name, "projector=1"))
        settled(page)
        for told in (False, True):
            if told:
                tell(page)
            letters = page.evaluate(LETTERS)
            assert letters, name
            assert [each for each in letters if each[1] < 24] == [], name
            assert [each for each in letters if each[2] < 0 or each[3] > 1280] == [], name
            assert overflow(page) <= 0, name
            assert drawn(page) == {"step": 0, "equations": 0, "trajectories": 3}.get(name, 1), name
        assert not page.get_by_test_id("stSidebar").is_visible()
        assert not page.get_by_test_id("stHeader").is_visible()
        assert "svg+xml" in main(page).evaluate("each => getComputedStyle(each).cursor")


ODD = {  # sequences and cells that need more room than those of the app's start
    "": "",
    "sixty letters": "text=" + "%F0%9F%98%80%D9%85%D8%B1%D8%AD%D8%A8" * 12,
    "numbers": "numbers=" + "+".join(str(k * 37 % 101 - 50.25) for k in range(30)),
    "two letters": "text=ab",
    "every cell": "cells=" + ",".join(cell_names()),
}


@pytest.mark.parametrize(("width", "height", "theme"), [(1280, 720, "light"), (1920, 1080, "dark")])
def test_every_figure_fits_the_picture_and_fills_it(server, open_page, width, height, theme):
    page = open_page(at(server, "help", "projector=1"), theme=theme)
    page.set_viewport_size({"width": width, "height": height})
    for odd, query in ODD.items():
        for name in LENSES if not odd else ("gates",):
            page.goto(at(server, name, f"projector=1&{query}"))
            plots = settled(page).evaluate(PLOTS)
            assert bool(plots) is (name not in ("step", "equations")), (odd, name)
            assert all(bottom <= height for *_, bottom in plots), (odd, name)
            assert all(outside == [] for outside, *_ in plots), (odd, name)
            if plots:
                assert max(bottom for *_, bottom in plots) >= height - 40, (odd, name)  # no empty space below


def test_a_lessons_question_and_its_figure_fit_the_picture(server, open_page):
    page = room(open_page(at(server, "help", "projector=1")))
    for name in NAMES:
        lesson = lesson_of(name)
        page.goto(at(server, lesson.page, f"lesson={lesson.number}&projector=1"))
        assert min(each[1] for each in settled(page).evaluate(LETTERS)) >= 24, name
        code = page.get_by_role("img", name=f"Code to scan: {server}/?lesson={lesson.number}").bounding_box()
        assert (code["width"] >= 220, code["y"] + code["height"] <= 720) == (True, True), name
        click(page, "Show it without an answer")
        assert drawn(page) == 1, name
        box = keyed(page, lesson.figure).bounding_box()
        assert (box["x"] >= 0, box["x"] + box["width"] <= 1280) == (True, True), name
        assert box["y"] + box["height"] <= 720, name
        assert [words for words in text(page.get_by_role("heading", level=1)) if words] == [lesson.question]
        said = lesson.explained(lesson.example.experiment)[:40]
        assert said not in plain(main(page).inner_text())
        tell(page)
        assert said in plain(main(page).inner_text())
        assert min(each[1] for each in page.evaluate(LETTERS)) >= 24, name


def test_the_letter_p_switches_it_on_and_off_and_escape_off(server, open_page):
    page = open_page(server)
    before = widths(page)
    page.keyboard.press("Control+p")
    page.keyboard.press("Escape")
    assert not is_large(settled(page))
    page.keyboard.press("p")
    assert is_large(settled(page))
    page.keyboard.press("Escape")
    assert not is_large(settled(page))
    assert widths(page) == pytest.approx(before, abs=1)  # the figures come back whole
    assert min(page.evaluate("[...document.querySelectorAll('.main-svg')].map(each => each.clientWidth)")) > 0.9 * min(
        before
    )
    page.keyboard.press("P")
    assert is_large(settled(page))
    click(page, "Leave")
    assert not is_large(page)
    box = page.get_by_role("textbox", name="Sequence")  # in a field it is a letter
    box.fill("")
    box.press_sequentially("pip")
    box.press("Enter")
    settled(page)
    assert (experiment(page).text, experiment(page).projector) == ("pip", False)


def widths(page):
    assert len(figures(page)) == 3
    return [main(page).get_by_role("figure").nth(k).bounding_box()["width"] for k in range(3)]


# -- for a class -------------------------------------------------------------------------------------------------------


def test_a_handout_is_one_page_of_paper(browser):
    page = browser.new_page()
    for lesson in (*LESSONS, *BESIDE):
        page.set_content(handout(lesson, lesson.example.experiment, "https://example.org/some/where/gates?lesson=8"))
        paper = page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1, lesson.name
    page.close()


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
    click(page, "Projector (key P)")
    assert is_large(page)


# -- what a page asks, after a question has covered it -----------------------------------------------------------------


def test_the_fields_of_a_page_show_the_experiment_after_a_question(server, open_page):
    page = open_page(at(server, "contrast", "lesson=4"), width=1280)
    click(page, "Show it without an answer")
    main(page).get_by_role("button", name="Next", exact=True).click()
    click(settled(page), "Show it without an answer")
    found = experiment(page)
    assert page.get_by_role("textbox", name="Replace the step", exact=True).input_value() == found.replace != ""
    assert page.get_by_role("textbox", name="by the number", exact=True).input_value() == found.by != ""
    assert page.get_by_role("radio", name="carried state").is_checked()
    click(page, "Is this luck? 200 seeds")
    assert not page.get_by_role("alert").filter(has_text="is expected").count()
