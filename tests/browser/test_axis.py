"""The tokens below the figures, on the screen: upright where there is room, and nowhere over each other or cut off."""

import itertools

import pytest

from tests.browser.visiting import address

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
    typed = [letter.replace(" ", "␣") for letter in text]
    numbered = [f"{letter}{step}" for step, letter in enumerate(typed, 1)]
    every = -(-len(typed) // 16)  # letters apart, of which a phone has room for 16
    assert shown == (typed if len(typed) <= 12 else numbered[::every])
