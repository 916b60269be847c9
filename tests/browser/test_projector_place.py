"""The projector in a real browser: where the reader was, the other figure of a lesson that has two, all lessons."""

import itertools

import pytest

from gru_viz.cells import cell_names
from gru_viz.figures.projector import TEXT
from gru_viz.lessons import LESSONS
from tests.browser.playing import slider
from tests.browser.test_projector import PICTURES, SCROLLS, WORDS, over_each_other, pictured, tell
from tests.browser.test_projector_figures import check_conclusion
from tests.browser.test_teaching import click, drawn
from tests.browser.visiting import experiment, keyed, main, unfold
from tests.browser.watching import settled
from tests.saying import plain

TWO = [lesson for lesson in LESSONS if lesson.other]
# What has the focus: the kind of element and its text.
FOCUS = """() => {
  let each = document.activeElement
  while (each.shadowRoot?.activeElement) each = each.shadowRoot.activeElement
  return [each.tagName, each.textContent.trim()]
}"""


def top(page):
    return main(page).evaluate("each => each.scrollTop")


def scrolled(page, down):
    main(page).evaluate("(each, down) => each.scrollTo(0, down)", down)
    return settled(page)


def pressed(page, key):
    page.keyboard.press(key)
    settled(page).wait_for_function("document.activeElement !== document.body")
    return page


# -- the place ---------------------------------------------------------------------------------------------------------


PLACES = {  # page: what has the focus there
    "": lambda page: keyed(page, "numbers_gradient").locator("summary"),
    "gradients": lambda page: main(page).get_by_role("button", name="Set the gates to 50 %"),
    "step": slider,
}


@pytest.mark.parametrize("back", ["Escape", "P", "Leave"])
@pytest.mark.parametrize("name", PLACES)
def test_who_leaves_it_is_where_they_were(server, open_page, name, back):
    page = open_page(f"{server}/{name}")
    PLACES[name](page).evaluate("each => each.focus({ preventScroll: true })")
    scrolled(page, 200)
    before, focus = top(page), page.evaluate(FOCUS)
    assert before > 50
    assert focus[0] != "BODY"
    pressed(page, "p")
    assert experiment(page).projector
    assert page.evaluate(FOCUS)[0] == ("DIV" if name == "step" else "H1")  # the player takes the arrow keys
    if back == "Leave":
        click(page, "Leave").wait_for_timeout(300)
    else:
        pressed(page, back)
    assert not experiment(page).projector
    assert top(page) == pytest.approx(before, abs=2)
    assert page.evaluate(FOCUS) == focus


def test_who_came_by_a_button_or_a_link_is_not_lost_either(server, open_page):
    page = unfold(open_page(server), "For a class")
    scrolled(page, 500)
    click(page, "Projector (key P)").wait_for_timeout(300)
    assert page.evaluate(FOCUS)[0] == "H1"
    pressed(page, "Escape")
    assert page.evaluate(FOCUS) == ["BUTTON", "Projector (key P)"]
    assert top(page) == pytest.approx(500, abs=2)
    page.goto(f"{server}/?projector=1")
    pressed(settled(page), "Escape")
    assert page.evaluate(FOCUS)[0] == "H1"
    assert top(page) == 0


def test_after_an_answer_the_question_has_the_focus(server, open_page):
    page = pictured(open_page(f"{server}/?lesson=3&projector=1"), 1280, 720)
    for act, lesson in ((LESSONS[2].answers[1], LESSONS[2]), ("Next lesson", LESSONS[3])):
        click(page, act)
        kind, words = page.evaluate(FOCUS)
        assert (kind, plain(words)) == ("H1", lesson.question)


# -- two figures -------------------------------------------------------------------------------------------------------


def test_there_is_a_lesson_with_two_figures():
    assert [lesson.number for lesson in TWO] == [7]


@pytest.mark.parametrize(("width", "height", "theme"), PICTURES)
@pytest.mark.parametrize("lesson", TWO, ids=lambda lesson: lesson.name)
def test_the_other_figure_of_a_lesson_takes_the_place_of_the_first(server, open_page, lesson, width, height, theme):
    page = pictured(open_page(f"{server}/?lesson={lesson.number}&projector=1", theme=theme), width, height)
    assert page.get_by_role("button", name="Other figure").count() == 0  # before the answer there is none
    click(page, "Show it without an answer")
    for told in (False, True):
        if told:
            tell(page)
        for seen, hidden in ((lesson.figure, lesson.other), (lesson.other, lesson.figure)):
            assert keyed(page, seen).is_visible()
            assert not keyed(page, hidden).is_visible()
            assert drawn(page) == 1
            box = keyed(page, seen).bounding_box()
            assert box["y"] + box["height"] <= height
            if width == 1280:
                check_conclusion(page, (seen, told))
            click(page, "Other figure")
    click(page, "Next lesson")
    assert page.get_by_role("button", name="Other figure").count() == 0


# -- all lessons -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height", "theme"), PICTURES)
def test_all_lessons_fit_the_picture_before_and_after_their_answers(server, open_page, width, height, theme):
    page = pictured(open_page(f"{server}/lessons?projector=1", theme=theme), width, height)
    for answered in (0, 1):
        words = page.evaluate(WORDS)
        assert min(word[1] for word in words) >= TEXT - 0.05
        assert max(word[5] for word in words) <= height
        assert over_each_other(words) == []
        assert page.evaluate(SCROLLS) == []
        for lesson in LESSONS:
            is_answered = answered and lesson.number == 1
            named = lesson.example.title if is_answered else lesson.topic
            row = keyed(page, "course").get_by_role("paragraph").filter(has_text=named)
            assert row.is_visible()
            assert page.get_by_role("button", name=f"Start lesson {lesson.number}", exact=True).is_visible()
            assert (lesson.example.title in plain(row.inner_text())) == is_answered
        if not answered:
            click(page, "Start lesson 1")
            click(page, LESSONS[0].answers[0])
            page.evaluate("history.back()")
            page.wait_for_url("**/lessons**")
            settled(page)


# -- what strains it ---------------------------------------------------------------------------------------------------


def test_who_presses_the_key_fast_and_often_stays_connected(server, open_page):
    """Each press is a run, and the next one begins before the browser has all of the last one's."""
    page = open_page(server)
    for _ in range(5):
        for _ in range(7):
            page.keyboard.press("p")
            page.wait_for_timeout(30)
        settled(page)
    assert experiment(page).projector
    pressed(page, "p")
    assert not experiment(page).projector
    assert page.get_by_text("Connection error").count() == 0


@pytest.mark.parametrize("name", ["", "compare", "trajectories"])
def test_on_a_phone_its_rows_break_and_a_figure_is_moved_sideways(server, open_page, name):
    page = open_page(f"{server}/{name}?projector=1&cells=rnn,lstm,gru,lstm_peephole", width=390)
    for button in ("Show the conclusion", "Leave"):
        box = main(page).get_by_role("button", name=button, exact=True).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    wider = main(page).evaluate("each => each.scrollWidth - each.clientWidth")
    assert (wider > 0) == (name != "trajectories")  # the page is moved, which holds what can have the focus
    plots = [plot.bounding_box() for plot in page.locator(".js-plotly-plot").all() if plot.is_visible()]
    if name == "trajectories":
        tops = [(plot["y"], plot["y"] + plot["height"]) for plot in plots]
        assert all(above[1] <= below[0] for above, below in itertools.pairwise(tops))
        assert len(plots) >= 4
    else:
        assert plots[0]["width"] >= 700


# -- diagrams ----------------------------------------------------------------------------------------------------------

# The smallest letters of the diagram in px, and where it ends.
DIAGRAM = """() => {
  const host = [...document.querySelectorAll(".st-key-diagram *")].find(each => each.shadowRoot)
  const drawn = host.shadowRoot.querySelector("svg"), scale = drawn.getScreenCTM().a
  const letters = [...drawn.querySelectorAll("text, tspan")].filter(each => each.textContent.trim())
  return [Math.min(...letters.map(each => scale * parseFloat(getComputedStyle(each).fontSize))),
          drawn.getBoundingClientRect().bottom]
}"""


@pytest.mark.parametrize("of", cell_names())
def test_the_letters_of_a_diagram_are_read_from_the_back_row_with_its_conclusion_too(server, open_page, of):
    page = pictured(open_page(f"{server}/equations?projector=1&cells={of}"), 1280, 720)
    for told in (False, True):
        if told:
            tell(page)
        smallest, bottom = page.evaluate(DIAGRAM)
        assert smallest >= TEXT, told
        assert bottom <= 720 - 16
        assert page.evaluate(SCROLLS) == []
        words = page.evaluate(WORDS)
        assert over_each_other(words) == []
