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
