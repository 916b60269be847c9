"""In a class, in a real browser: the projector from the back row, the code to scan, the handouts on paper."""

import io
import re
import zlib

import numpy as np
import pytest
import segno
from PIL import Image

from gru_viz.cells import cell_names
from gru_viz.handout import LONGEST, handout
from gru_viz.lessons import BESIDE, LESSONS, lesson_of
from gru_viz.ui.pages import STEP
from tests.browser.test_teaching import LENSES, at, click, drawn, tell
from tests.browser.visiting import experiment, figures, keyed, main, overflow, text, unfold
from tests.browser.watching import settled
from tests.saying import plain

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
MAIN_SCROLLS = """() => {
    const main = document.querySelector('[data-testid=stMain]')
    return main.scrollHeight - main.clientHeight
}"""


def room(page):
    """A page as wide and as high as a projector's picture."""
    page.set_viewport_size({"width": 1280, "height": 720})
    return settled(page)


def is_large(page):
    return experiment(page).projector and not page.get_by_test_id("stSidebar").is_visible()


# -- projector ---------------------------------------------------------------------------------------------------------


def test_a_room_reads_every_page(server, open_page):
    page = room(open_page(at(server, "help", "projector=1")))
    for name in LENSES:
        page.goto(at(server, name, "projector=1"))
        settled(page)
        for told in (False, True) if name != STEP else (False,):  # its numbers say it
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
    for lesson in LESSONS:
        name = lesson.name
        page.goto(at(server, lesson.page, f"lesson={lesson.number}&projector=1"))
        assert min(each[1] for each in settled(page).evaluate(LETTERS)) >= 24, name
        code = page.get_by_role("img", name=f"Code to scan: {server}/?lesson={lesson.number}").bounding_box()
        assert (code["width"] >= 500, code["y"] + code["height"] <= 720) == (True, True), name
        link = page.get_by_test_id("stCode").bounding_box()
        assert (link["y"] >= code["y"] + code["height"], link["y"] + link["height"] <= 720) == (True, True), name
        assert page.evaluate(MAIN_SCROLLS) == 0, name
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


def test_a_handout_is_one_page_of_paper_and_its_answer_another_when_it_is_opened(browser):
    page = browser.new_page()
    for lesson in (*LESSONS, *BESIDE):
        link = "https://example.org/some/where/gates?lesson=8&".ljust(LONGEST, "x")
        page.set_content(handout(lesson, lesson.example.experiment, link))
        said = page.get_by_text(lesson.explained(lesson.example.experiment))
        fronts = {}
        for count in (1, 2):
            assert said.is_visible() is (count == 2), lesson.name
            for paper in ("A4", "Letter"):
                printed = page.pdf(format=paper)
                assert len(re.findall(rb"/Type\s*/Page\b", printed)) == count, (lesson.name, paper)
                front = lines_of(page.pdf(format=paper, page_ranges="1"))
                assert front > 20
                assert fronts.setdefault(paper, front) == front, (lesson.name, paper)  # nothing of the answer
            page.emulate_media(media="print")
            seen = np.asarray(Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")).astype(int)
            assert np.ptp(seen, axis=2).max() <= 1, lesson.name  # grey
            page.emulate_media(media="null")
            if count == 1:
                page.get_by_text("The answer, for the back of the sheet").click()
    page.close()


def lines_of(paper):
    """How many pieces of text a PDF shows."""
    packed = re.findall(rb"FlateDecode.*?stream\r?\n(.*?)endstream", paper, re.DOTALL)
    parts = [zlib.decompressobj().decompress(part) for part in packed]
    return sum(len(re.findall(rb"\bT[jJ]\b", part)) for part in parts if b" Tf" in part)


@pytest.mark.parametrize(("theme", "width", "height"), [("light", 1280, 720), ("dark", 1920, 1080)])
def test_the_code_on_the_screen_is_that_of_the_link(server, open_page, theme, width, height):
    """Every module of it is looked at on the picture, with the quiet border that readers need."""
    page = open_page(at(server, "help", "projector=1"), theme=theme)
    page.set_viewport_size({"width": width, "height": height})
    page.goto(at(server, "contrast", "lesson=3&projector=1"))
    settled(page)
    link = page.get_by_test_id("stCode").inner_text().strip()
    assert link == f"{server}/?lesson=3"
    picture = page.get_by_role("img", name=f"Code to scan: {link}").screenshot()
    seen = np.asarray(Image.open(io.BytesIO(picture)).convert("L"))
    wanted = np.pad(np.array([list(row) for row in segno.make(link, micro=False).matrix]), 4)
    side = len(wanted)
    assert seen.shape[1] / side >= 0.018 * height  # px of a module
    centres = [((np.arange(side) + 0.5) * length / side).astype(int) for length in seen.shape]
    modules = seen[np.ix_(*centres)]
    assert set(modules.ravel().tolist()) <= {0, 255}
    np.testing.assert_array_equal(modules == 0, wanted == 1)


def test_a_class_without_a_projector_gets_a_large_code_too(server, open_page):
    page = open_page(at(server, "gates", "seed=9"), theme="dark")
    click(unfold(page, "For a class"), "Large code")
    dialog = page.get_by_role("dialog")
    code = dialog.get_by_role("img", name=f"Code to scan: {server}/gates?seed=9").bounding_box()
    assert code["width"] >= 0.65 * page.viewport_size["height"]
    letters = dialog.get_by_text(f"{server}/gates?seed=9").last.evaluate(
        "each => parseFloat(getComputedStyle(each).fontSize)"
    )
    assert letters >= 24
    link = dialog.get_by_test_id("stCode").bounding_box()
    assert link["y"] + link["height"] <= page.viewport_size["height"]
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert not experiment(settled(page)).projector


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
