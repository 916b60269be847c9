"""The course and the help in a real browser: by mouse, by keyboard, by link."""

import pytest

from gru_viz.lessons import LESSONS, lesson_of
from gru_viz.ui.pages import ABOUT, PAGES
from tests.browser.visiting import experiment, keyed, main, overflow, text, unfold
from tests.browser.watching import axe_violations, settled
from tests.saying import plain

LENSES = [name for name in PAGES if name not in ABOUT]
SEEN = """() => [...document.querySelectorAll('[data-testid=stMain] .js-plotly-plot')]
    .filter(each => each.checkVisibility()).length"""


def at(server, page, query=""):
    return f"{server}/{'' if page == 'contrast' else page}?{query}"


def click(page, name):
    page.get_by_role("button", name=name, exact=True).click()
    return settled(page)


def drawn(page):
    """How many figures are seen."""
    return page.evaluate(SEEN)


def tell(page):
    return click(page, "Show the conclusion")


# -- access ------------------------------------------------------------------------------------------------------------

STATES = {  # the pages Lessons and How to read this are in test_tour
    "a question": ("contrast", "lesson=5", None),
    "an answer": ("contrast", "lesson=5", lambda page: click(page, "About as much")),
    "asked for again": (
        "gates",
        "lesson=8",
        lambda page: click(click(page, "Show it without an answer"), "Next lesson"),
    ),
    "for a class": ("contrast", "lesson=3", lambda page: unfold(page, "For a class")),
    "a large code": ("contrast", "lesson=3", lambda page: click(unfold(page, "For a class"), "Large code")),
    "a room that is asked": ("contrast", "lesson=1&projector=1", None),
    "a room": ("contrast", "lesson=1&projector=1", lambda page: tell(click(page, "In one of them"))),
}


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_nothing_is_hard_to_access(server, open_page, theme, width):
    page = open_page(at(server, "lessons"), theme=theme, width=width)
    for state, (name, query, act) in STATES.items():
        page.goto(at(server, name, query))
        settled(page)
        opens = page.get_by_test_id("stExpandSidebarButton")
        if state in ("for a class", "a large code") and opens.is_visible():  # the browser remembers it
            opens.click()
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
    page.get_by_role("button", name="Next lesson", exact=True).focus()
    page.keyboard.press("Enter")
    settled(page)
    assert page.url.startswith(f"{server}/equations?")
    assert (experiment(page).example, drawn(page)) == ("two_grus", 0)
    click(page, "Previous lesson")
    assert page.url.startswith(f"{server}/gates?")
    assert drawn(page) > 0  # the answer has been given
    other = open_page(page.url)
    assert drawn(other) == 0  # and is in no link


def keyed_on(page, name):
    """Presses a button by keyboard; what has the focus then."""
    page.get_by_role("button", name=name, exact=True).focus()
    page.keyboard.press("Enter")
    settled(page)
    return plain(page.evaluate("document.activeElement.innerText"))


def test_the_keyboard_lands_at_the_question(server, open_page):
    """Where a page follows another, too, and where nothing is asked again."""
    page = open_page(at(server, "lessons"))
    assert keyed_on(page, "Start lesson 8") == LESSONS[7].question
    assert keyed_on(page, "Previous lesson") == LESSONS[6].question
    assert keyed_on(page, "Next lesson") == LESSONS[7].question
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == LESSONS[7].answers[0]
    assert keyed_on(page, "At brackets only").startswith(LESSONS[7].question)
    assert keyed_on(page, "Next lesson") == LESSONS[8].question
    said = keyed_on(page, "Previous lesson")
    assert said.startswith(LESSONS[7].question)
    assert "Right. You expected" in said
    page.get_by_role("textbox", name="Sequence").fill("(()")
    page.keyboard.press("Enter")
    assert "Then. Type brackets of your own" in plain(main(settled(page)).inner_text())
    assert keyed_on(page, "Back to the lesson's run").startswith(LESSONS[7].question)


def test_the_buttons_of_the_course_keep_their_places(server, open_page):
    page, places = open_page(f"{server}/?lesson=1"), []
    for lesson in LESSONS:
        assert lesson.question in text(page.get_by_role("heading", level=1))
        for asked in (True, False):
            bar = keyed(page, "bar").get_by_role("button")
            assert text(bar) == ["Previous lesson", "Next lesson"]
            aside = page.get_by_test_id("stSidebar")
            shifts = [*bar.all(), aside.locator("summary", has_text="Examples"), keyed(page, "experiment_kind")]
            places.append([each.bounding_box() for each in shifts])
            if asked:
                click(page, "Show it without an answer")
        if lesson is not LESSONS[-1]:
            click(page, "Next lesson")
    assert all(each == places[0] for each in places)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080)])
def test_the_way_out_of_a_room_keeps_its_place(server, open_page, width, height):
    page, places = open_page(f"{server}/?lesson=1&projector=1"), []
    page.set_viewport_size({"width": width, "height": height})

    def see():
        settled(page)
        out = keyed(page, "bar").get_by_role("button", name="Leave", exact=True).bounding_box()
        places.append(out)
        tells = keyed(page, "tell")
        if tells.count():  # close to it, and within reach of the same hand
            end = tells.bounding_box()
            assert 0 < out["x"] - end["x"] - end["width"] < 40

    for number in (1, 2, 3):  # their topics are of different lengths
        see()
        click(page, "Show it without an answer")
        see()
        tell(page)
        see()
        click(page, "Hide the conclusion")
        if number < 3:
            click(page, "Next lesson")
    page.goto(f"{server}/gates?projector=1")
    see()
    assert [place["x"] for place in places] == pytest.approx([places[0]["x"]] * len(places), abs=1)
    assert [place["y"] for place in places] == pytest.approx([places[0]["y"]] * len(places), abs=1)


def test_the_course_is_seen_at_once(server, open_page):
    page = open_page(at(server, "lessons"), width=1280)
    page.set_viewport_size({"width": 1280, "height": 720})
    box = keyed(settled(page), "course").bounding_box()
    assert box["y"] + box["height"] <= 720
    assert page.get_by_role("button", name="Start lesson").count() == len(LESSONS)


def test_both_halves_of_a_lesson_are_one_click_away(server, open_page):
    page = open_page(f"{server}/?lesson=7")
    click(page, "Less than a hundredth")
    for name, key in (("Go to its other figure", "difference"), ("Go to its figure", "gradient")):
        click(page, name)
        box = keyed(page, key).bounding_box()
        assert (box["y"] > 50, box["y"] + min(box["height"], 300) <= page.viewport_size["height"]) == (True, True), key
    click(page, "Next lesson")
    click(page, "Show it without an answer")
    assert not page.get_by_role("button", name="Go to its other figure").is_visible()


def test_the_short_link_may_be_the_first_request(fresh_server, open_page):
    page = open_page(f"{fresh_server}/?lesson=8")
    assert page.url == f"{fresh_server}/?lesson=8"
    assert text(page.get_by_role("heading", level=1)) == [lesson_of("counting_brackets").question]
    click(page, "At brackets only")
    assert page.url == f"{fresh_server}/gates?lesson=8"  # where its figure is
    assert drawn(page) > 0


@pytest.mark.parametrize("number", [4, 8])
def test_back_leaves_a_short_link_with_one_press(server, open_page, number):
    lesson = LESSONS[number - 1]
    page = open_page(f"{server}/help")
    page.goto(f"{server}/?lesson={number}")
    settled(page)
    page.go_back()
    page.wait_for_url(f"{server}/help")
    page.goto(f"{server}/?lesson={number}")
    click(settled(page), "Show it without an answer")
    if lesson.page != "contrast":  # one page more was seen
        assert page.url == f"{server}/{lesson.page}?lesson={number}"
        page.go_back()
        settled(page)
        assert (page.url, experiment(page).example) == (f"{server}/?lesson={number}", lesson.name)
    page.go_back()
    page.wait_for_url(f"{server}/help")


@pytest.mark.parametrize("number", range(1, 10))
def test_an_answer_is_read_out_and_leads_to_its_figure(server, open_page, number):
    lesson = LESSONS[number - 1]
    page = open_page(f"{server}/?lesson={number}")
    page.get_by_role("button", name=lesson.answers[0], exact=True).focus()
    page.keyboard.press("Enter")
    settled(page)
    said = page.evaluate("document.activeElement.innerText")
    assert plain(said).startswith(lesson.question)
    assert "This run shows" in said or "Right." in said
    page.keyboard.press("Tab")  # from there on the way goes on
    page.keyboard.press("Enter")
    plot = keyed(page, lesson.figure).locator(".js-plotly-plot")
    plot.wait_for()
    box = settled(page) and plot.bounding_box()
    heading = page.evaluate("document.activeElement.getBoundingClientRect().top")
    assert 50 < heading < box["y"]
    assert box["y"] + min(box["height"], 400) <= page.viewport_size["height"]
    assert page.evaluate("document.activeElement.tagName") == "H3"
    for name in ("Compare", PAGES[lesson.page]):  # who comes back is not read it again
        page.get_by_role("link", name=name, exact=True).click()
        settled(page)
    page.get_by_role("button", name="Go to its figure").wait_for()
    assert lesson.question not in plain(settled(page).evaluate("document.activeElement.innerText.slice(0, 200)"))


def test_help_opens_where_the_visitor_came_from(server, open_page):
    page = open_page(at(server, "gates"))
    main(page).get_by_role("link", name="How to read this").click()
    settled(page)
    assert page.url == f"{server}/help"
    assert text(main(page).locator("details[open] summary p")) == ["Gates"]
    main(page).get_by_role("link", name="Back to Gates").click()
    settled(page)
    assert page.url == f"{server}/gates"


# -- what a page asks, after a question has covered it -----------------------------------------------------------------


def test_the_fields_of_a_page_show_the_experiment_after_a_question(server, open_page):
    page = open_page(at(server, "contrast", "lesson=4"), width=1280)
    click(page, "Show it without an answer")
    click(page, "Next lesson")
    click(page, "Show it without an answer")
    found = experiment(page)
    assert page.get_by_role("textbox", name="Replace the step", exact=True).input_value() == found.replace != ""
    assert page.get_by_role("textbox", name="by the number", exact=True).input_value() == found.by != ""
    assert page.get_by_role("radio", name="carried state").is_checked()
    click(page, "Is this luck? 200 seeds")
    assert not page.get_by_role("alert").filter(has_text="is expected").count()
