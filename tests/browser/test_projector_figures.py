"""The projector's figures in a real browser: with their conclusions, in pictures of any size, under the pointer."""

import pytest

from gru_viz.cells import cell_names
from gru_viz.figures.projector import TEXT
from gru_viz.lessons import LESSONS
from gru_viz.ui.pages import ABOUT, PAGES, STEP
from tests.browser.test_projector import PICTURES, SCROLLS, WORDS, at, over_each_other, pictured, tell
from tests.browser.visiting import keyed, main
from tests.browser.watching import settled

# -- larger pictures ---------------------------------------------------------------------------------------------------

LARGER = [(1920, 1080, 1.5, "dark"), (2560, 1440, 2, "light")]


def seen_words(page):
    """Of all words on the screen their text, left, right and middle in px, from above."""
    return sorted(
        (text, left, right, (top + bottom) / 2) for text, _, left, top, right, bottom, _ in page.evaluate(WORDS)
    )


@pytest.mark.parametrize(("width", "height", "larger", "theme"), LARGER)
@pytest.mark.parametrize("name", ["", "gates", "trajectories", "compare", "equations", "step", "lessons"])
def test_a_larger_picture_shows_the_same_larger(server, open_page, name, width, height, larger, theme):
    page = pictured(open_page(f"{server}/{name}?projector=1", theme=theme), 1280, 720)
    if page.get_by_role("button", name="Show the conclusion", exact=True).count():
        tell(page)
    small = seen_words(page)
    large = seen_words(pictured(page, width, height))
    assert len(small) > 10
    assert [word[0] for word in large] == [word[0] for word in small]
    for one, other in zip(small, large, strict=True):
        assert other[1:] == pytest.approx([larger * at for at in one[1:]], abs=6 * larger), one


@pytest.mark.parametrize(("width", "height", "larger", "theme"), [(1280, 720, 1, "light"), *LARGER])
def test_what_is_pointed_at_says_itself_in_a_picture_of_any_size(server, open_page, width, height, larger, theme):
    page = pictured(open_page(f"{server}/gates?projector=1&text=abcdefghijklmnopqrst", theme=theme), width, height)
    plot = keyed(page, "gates").locator(".js-plotly-plot")
    box = plot.locator(".nsewdrag").first.bounding_box()
    for step, unit in ((1, 1), (8, 3), (20, 8)):
        x, y = box["x"] + box["width"] * (step - 0.5) / 20, box["y"] + box["height"] * (unit - 0.5) / 8
        page.mouse.move(x, y)
        plot.locator(".hovertext", has_text=f"of unit {unit}:").wait_for()
        said = plot.locator(".hovertext")
        assert said.text_content().startswith(f"{'abcdefghijklmnopqrst'[step - 1]}{step}LSTM f")
        edge = said.bounding_box()
        assert edge["x"] - box["width"] / 20 <= x <= edge["x"] + edge["width"] + box["width"] / 20
        assert edge["y"] <= y <= edge["y"] + edge["height"]


@pytest.mark.parametrize(("width", "height", "larger", "theme"), LARGER)
def test_the_steps_that_a_hand_drags_over_are_seen_closer(server, open_page, width, height, larger, theme):
    page = pictured(open_page(f"{server}/?projector=1&text={'abcdefghij' * 8}", theme=theme), width, height)
    plot = keyed(page, "gradient").locator(".js-plotly-plot")
    box = plot.locator(".nsewdrag").first.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 20 / 80, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 60 / 80, middle, steps=5)
    page.mouse.up()
    settled(page)
    assert plot.evaluate("plot => plot.layout.xaxis.range") == pytest.approx([19.5, 59.5], abs=0.2)


# -- figures -----------------------------------------------------------------------------------------------------------

# Of each figure that is seen: its box, the words of it that are outside, and how much of its height and width what is
# drawn in it takes.
FIGURES = """() => [...document.querySelectorAll('[data-testid=stMain] .js-plotly-plot')]
  .filter(each => each.checkVisibility()).map(plot => {
    const edge = plot.getBoundingClientRect()
    const outside = [...plot.querySelectorAll("svg text")].filter(each => {
      const box = each.getBoundingClientRect()
      return box.width && (box.left < edge.left - 1 || box.right > edge.right + 1 || box.top < edge.top - 1 ||
        box.bottom > edge.bottom + 1)
    })
    const points = [...plot.querySelectorAll(".points path")].map(each => each.getBoundingClientRect())
    const span = (low, high) => Math.max(...points.map(box => box[high])) - Math.min(...points.map(box => box[low]))
    const panel = plot.querySelector(".xy .gridlayer, .gridlayer .xy")?.getBoundingClientRect()
    return { box: edge.toJSON(), outside: outside.map(each => each.textContent),
      filled: panel ? Math.max(span("left", "right") / panel.width, span("top", "bottom") / panel.height) : null }
  })"""


def check_conclusion(page, what):
    """A conclusion and its figure stand on one screen of 1280 × 720, the figure not too low to be read."""
    assert page.evaluate(SCROLLS) == [], what
    assert over_each_other(page.evaluate(WORDS)) == [], what
    for frame in main(page).get_by_test_id("stAlertContainer").filter(visible=True).all():
        last = frame.locator("p").filter(visible=True).last.bounding_box()
        box = frame.bounding_box()
        assert last["y"] + last["height"] <= box["y"] + box["height"] - 2, what
    for each in page.evaluate(FIGURES):
        assert each["outside"] == [], what
        assert each["box"]["height"] >= 280, what
        assert each["box"]["bottom"] <= 720, what


@pytest.mark.parametrize("name", [name for name in PAGES if name not in (*ABOUT, STEP)])
def test_a_figure_and_its_conclusion_fit_the_picture_together(server, open_page, name):
    page = pictured(open_page(f"{server}/{name if name != 'contrast' else ''}?projector=1"), 1280, 720)
    before = main(page).inner_text()
    tell(page)
    assert len(main(page).inner_text()) > len(before) + 80
    check_conclusion(page, name)


@pytest.mark.parametrize("name", ["", "gates", "gradients", "trajectories", "compare"])
def test_all_cells_and_what_they_show_fit_the_picture_together(server, open_page, name):
    page = pictured(open_page(at(server, "").replace("/step", f"/{name}")), 1280, 720)
    check_conclusion(page, name)
    tell(page)
    check_conclusion(page, name)
    assert main(page).get_by_role("heading", level=3).filter(visible=True).count() == 1


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_lessons_answer_and_its_figure_fit_the_picture_together(server, open_page, lesson):
    page = pictured(open_page(f"{server}/?lesson={lesson.number}&projector=1"), 1280, 720)
    page.get_by_role("button", name="Show it without an answer", exact=True).click()
    tell(settled(page))
    check_conclusion(page, lesson.name)
    assert keyed(page, lesson.figure).is_visible()


def angles(page):
    """By what the words below the plot are turned, in degrees."""
    turned = (
        page.locator(".js-plotly-plot")
        .first.locator(".xtick text")
        .evaluate_all("all => all.map(each => each.getAttribute('transform'))")
    )
    return {transform.partition("rotate(")[2].partition(",")[0] for transform in turned}


def test_words_below_a_plot_stand_upright_where_there_is_room(server, open_page):
    words = "Ada is my name what is my name again please"
    page = pictured(open_page(f"{server}/?projector=1&words={words.replace(' ', '+')}"), 1920, 1080)
    assert page.locator(".js-plotly-plot").first.locator(".xtick text").all_text_contents() == words.split()
    assert angles(page) == {""}
    page.goto(f"{server}/?projector=1&words={'+'.join([words.replace(' ', '+')] * 3)}")
    assert angles(pictured(page, 1280, 720)) == {"-90"}
    assert page.evaluate(FIGURES)[0]["outside"] == []


@pytest.mark.parametrize(("width", "height", "theme"), PICTURES)
def test_a_path_fills_its_plane(server, open_page, width, height, theme):
    page = pictured(open_page(f"{server}/trajectories?projector=1", theme=theme), width, height)
    found = page.evaluate(FIGURES)
    assert len(found) == 3
    assert min(each["filled"] for each in found) > 0.75


# Of each plane its width and height, and of its panel the left and upper edge, in px.
PLANES = """() => [...document.querySelectorAll('[data-testid=stMain] .js-plotly-plot')]
  .filter(each => each.checkVisibility()).map(plot => {
    const { width, height } = plot.querySelector(".nsewdrag").getBoundingClientRect()
    const { left, top } = plot.getBoundingClientRect()
    return [width, height, left, top]
  })"""
# Of 1280 × 720: how many rows there are, and px that the longer side of each plane has at least, before its conclusion
# is shown and below it.
SIDES = {1: (1, 500, 390), 2: (1, 500, 390), 3: (1, 320, 320), 4: (2, 240, 210), 5: (2, 240, 210)}


@pytest.mark.parametrize(("width", "height", "theme"), PICTURES)
@pytest.mark.parametrize("count", SIDES)
def test_planes_are_as_large_as_the_picture_allows(server, open_page, count, width, height, theme):
    cells = ",".join(cell_names()[:count])
    page = pictured(open_page(f"{server}/trajectories?projector=1&cells={cells}", theme=theme), width, height)
    rows, *sides = SIDES[count]
    for side in sides:
        planes = page.evaluate(PLANES)
        assert len(planes) == count
        assert len({round(top) for *_, top in planes}) == rows
        assert len({round(left) for *_, left, _ in planes}) == -(-count // rows)
        assert min(max(across, up) for across, up, *_ in planes) >= side * width / 1280
        words = page.evaluate(WORDS)
        assert [word[:2] for word in words if word[1] < TEXT - 0.05] == []
        assert over_each_other(words) == []
        said = " ".join(word[0] for word in words)
        assert said.count("→") == said.count("↑") == count + (count == 5)
        assert [each["outside"] for each in page.evaluate(FIGURES)] == [[]] * count
        assert "variance" in said
        assert page.evaluate(SCROLLS) == []
        if side != sides[-1]:
            tell(page)
