"""The tokens below the figures, on the screen: upright where there is room, and nowhere over each other or cut off."""

import itertools

import pytest

from tests.browser.visiting import address
from tests.browser.watching import settled

LONG = "The quick brown internationalization jumps over the lazy extraordinarily dog"
# Of each plot the boxes of its tokens, whether they are turned, and where the plot ends.
TICKS = """plots => plots.map(plot => {
  const { x, right, bottom } = plot.getBoundingClientRect()
  const words = [...plot.querySelectorAll(".xaxislayer-above .xtick text")]
  return [words.map(each => each.getBoundingClientRect()).map(box => [box.left, box.right, box.top, box.bottom]),
          words.some(each => /rotate/.test(each.getAttribute("transform"))), x, right, bottom]
})"""


@pytest.mark.parametrize(
    ("query", "width", "turned"),
    [({"numbers": "1 -0.5 0.25 0 1.125"}, 1280, False), ({"words": "The quick brown fox"}, 390, False),
     ({"words": LONG}, 1280, True), ({"words": LONG * 2}, 390, True)],
)  # fmt: skip
def test_tokens_stand_upright_where_they_have_room(server, open_page, query, width, turned):
    page = open_page(address(f"{server}/gradients", **query).replace("/?", "?"), width=width)
    plots = page.locator(".js-plotly-plot").evaluate_all(TICKS)
    assert len(plots) >= 2
    for boxes, is_turned, left, right, bottom in plots:
        assert is_turned == turned
        assert all(left <= box[0] <= box[1] <= right and box[3] <= bottom for box in boxes)
        assert all(one[1] <= other[0] + 1 for one, other in itertools.pairwise(sorted(boxes)))


@pytest.mark.parametrize(
    "text", ["mMWmmWMmmmMM", "My name is Ad", "mMWmmWMmmmMMmWWm", "My name is Ada. What is my name?", "W" * 60]
)
def test_on_a_phone_all_letters_that_have_room_stand_below_a_plot(server, open_page, text):
    page = open_page(address(server, text=text), width=390)
    boxes, is_turned, *_ = page.locator(".js-plotly-plot").first.evaluate_all(TICKS)[0]
    shown = page.locator(".js-plotly-plot").first.locator(".xtick text").all_text_contents()
    assert not is_turned
    assert all(one[1] <= other[0] + 1 for one, other in itertools.pairwise(sorted(boxes)))
    typed, above = [letter.replace(" ", "␣") for letter in text], set(numbers_above(page))
    numbered = [letter if step in above else f"{letter}{step}" for step, letter in enumerate(typed, 1)]
    every = -(-len(typed) // 16)  # letters apart, of which a phone has room for 16
    assert shown == (typed if len(typed) <= 12 else numbered[::every])
    assert (len(typed) in above) == (len(typed) > 40)


# -- the numbers of steps that are spoken of ---------------------------------------------------------------------------

# Of a plot the numbers in the row above its tokens: text, box, colour, where its step is; the tokens; where it ends.
NUMBERS = """plot => {
  const { xaxis, yaxis } = plot._fullLayout, { x, top, bottom } = plot.getBoundingClientRect()
  const scale = plot.getBoundingClientRect().width / plot.offsetWidth
  const box = each => { const b = each.getBoundingClientRect(); return [b.left, b.right, b.top, b.bottom] }
  const end = top + scale * (yaxis._offset + yaxis._length)
  const found = [...plot.querySelectorAll(".annotation-text")].filter(
    each => /^[0-9]+$/.test(each.textContent) && box(each)[2] > end - 2 && box(each)[0] > x + scale * xaxis._offset - 20
  )
  return [found.map(each => [Number(each.textContent), ...box(each), each.style.fill,
                             x + scale * (xaxis._offset + xaxis.l2p(Number(each.textContent) - 1))]),
          [...plot.querySelectorAll(".xtick text")].map(box), bottom]
}"""


def first_plot(page):
    return page.locator(".js-plotly-plot").first


def numbers_above(page):
    return [number for number, *_ in first_plot(page).evaluate(NUMBERS)[0]]


def seen(page):
    page.get_by_role("button", name="Show it without an answer", exact=True).click()
    return settled(page)


@pytest.mark.parametrize(
    ("query", "width", "steps"),
    [("?lesson=1", 1280, {7, 12, 21, 39, 44}), ("?lesson=1", 390, {7, 12, 21, 39, 44}),
     ("?lesson=1&projector=1", 1280, {7, 12, 21, 39, 44}), ("?lesson=6", 390, {65}), ("?lesson=5", 390, {32, 41})],
)  # fmt: skip
def test_steps_that_are_spoken_of_and_the_last_are_numbered_on_every_screen(server, open_page, query, width, steps):
    page = seen(open_page(f"{server}/{query}", width=width))
    found, tokens, bottom = first_plot(page).evaluate(NUMBERS)
    assert {number for number, *_ in found} == steps
    for number, left, right, *_, colour, at in found:
        assert (left + right) / 2 == pytest.approx(at, abs=2), number
        assert colour
    boxes = sorted(box for _, *box, _, _ in found)
    assert all(one[1] <= other[0] + 0.5 for one, other in itertools.pairwise(boxes))
    below = min(top for _, _, top, _ in tokens)
    assert all(box[3] - below <= 0.2 * (box[3] - box[2]) for box in boxes)  # the line is higher than its digits
    assert max(token[3] for token in tokens) <= bottom


# -- names -------------------------------------------------------------------------------------------------------------

# Of the first plot each name beside it: text, colour, box, the ends of the line that leads from it; and of each curve
# the colour and where it begins.
NAMES = """plot => {
  const box = each => { const b = each.getBoundingClientRect(); return [b.left, b.right, b.top, b.bottom] }
  const at = (path, length) => {
    const { x, y } = path.getPointAtLength(length).matrixTransform(path.getScreenCTM())
    return [x, y]
  }
  const ends = path => [at(path, 0), at(path, path.getTotalLength())]
  const names = [...plot.querySelectorAll(".annotation")].filter(each => /^(RNN|LSTM|GRU)/.test(each.textContent))
  return [
    names.map(each => {
      const text = each.querySelector(".annotation-text"), path = each.querySelector(".annotation-arrow-g path")
      return [text.textContent, text.style.fill, box(text), path ? ends(path) : null, path?.style.stroke]
    }),
    [...plot.querySelectorAll(".js-line")].map(each => [each.style.stroke, ...ends(each)]),
    plot.getBoundingClientRect().x,
  ]
}"""


@pytest.mark.parametrize(
    ("width", "theme", "more"),
    [(1280, "light", ""), (390, "dark", ""), (390, "light", "&curve=parts"), (1280, "dark", "&projector=1")],
)
def test_a_line_leads_from_each_name_that_was_moved_to_the_curve_it_belongs_to(server, open_page, width, theme, more):
    url = f"{server}/?cells=rnn,lstm,gru,gru_reset_after,lstm_peephole{more}"
    names, curves, edge = first_plot(open_page(url, width=width, theme=theme)).evaluate(NAMES)
    assert len(names) == len(curves) == (7 if "parts" in more else 5)
    for (name, colour, box, led, led_colour), (stroke, begins, _) in zip(names, curves, strict=True):
        assert colour == stroke, name
        assert box[0] >= edge, name  # nothing of it is cut off
        if led is None:
            assert (box[2] + box[3]) / 2 == pytest.approx(begins[1], abs=12 if "projector" in more else 7)
            continue
        (outer, inner) = sorted(led)
        assert led_colour == stroke, name
        assert 0 <= outer[0] - box[1] <= 6, name  # from the name …
        assert box[2] <= outer[1] <= box[3], name
        assert inner[1] == pytest.approx(begins[1], abs=2.5), name  # … to the height of its curve's first point
        assert 0 <= begins[0] - inner[0] <= 30, name
    assert sum(led is not None for *_, led, _ in names) >= 3
    boxes = sorted(box[2:] for _, _, box, *_ in names)
    assert all(below - above >= -5 for (_, above), (below, _) in itertools.pairwise(boxes))


def test_in_a_room_it_is_said_what_the_shade_is(server, open_page):
    page = open_page(f"{server}/?projector=1&luck=1")
    said = first_plot(page).get_by_text("Shade: 80 % of the seeds; hairline: their median")
    assert said.evaluate("each => parseFloat(getComputedStyle(each).fontSize)") >= 24
    page.get_by_role("button", name="Show the conclusion", exact=True).click()
    settled(page)
    box = said.bounding_box()
    assert box["x"] >= 0
    assert box["y"] + box["height"] <= 720
