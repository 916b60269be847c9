"""The Compare page in a real browser: its table has all its rows in sight on a phone too, and its figure all names."""

import pytest

from gru_viz.cells import cell_names
from tests.browser.test_projector import WORDS, over_each_other
from tests.browser.visiting import address, keyed, main, overflow
from tests.browser.watching import axe_violations
from tests.saying import plain


@pytest.mark.parametrize("width", [1280, 390])
def test_no_row_of_a_short_table_is_hidden(server, open_page, width):
    page = open_page(address(f"{server}/compare").replace("/?", "?"), width=width)
    table = main(page).get_by_role("region", name="What each cell costs and keeps")
    whole, shown = table.evaluate("each => [each.scrollHeight, each.clientHeight]")
    assert whole <= shown
    assert table.get_by_role("row").count() == 11
    assert overflow(page) <= 0
    assert axe_violations(page) == []


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["RNN", "LSTM 95 %", "GRU 95 %"]),
        ({"cells": "gru"}, ["GRU 95 %"]),
        ({"cells": "rnn,lstm,lstm_peephole"}, ["RNN", "LSTM 95 %", "LSTM 50 %(peepholes)"]),
        ({"cells": ",".join(cell_names())},
         ["RNN", "LSTM 95 %", "GRU 95 %", "GRU 95 %(reset after)", "LSTM 50 %(peepholes)"]),
        ({"keep": "0", "text": "ab" * 40}, ["RNN", "LSTM 95 %", "GRU 95 %"]),  # nothing is left at 50 %
    ],
)  # fmt: skip
def test_each_cell_is_named_beside_its_line_and_no_word_is_slanted_cut_or_lies_over_another(
    server, open_page, query, names, theme, width
):
    page = open_page(address(f"{server}/compare", **query).replace("/?", "?"), theme=theme, width=width)
    figure = keyed(page, "price")
    beside = figure.locator(".annotation-text").filter(has_not_text="steps until")
    assert list(map(plain, beside.all_text_contents())) == names
    assert (
        figure.locator(".xtick text[transform*=rotate]").evaluate_all(
            "found => found.map(each => each.getAttribute('transform')).filter(each => !each.startsWith('rotate(0,'))"
        )
        == []
    )
    assert figure.locator(".xtick").count() >= 2
    left, right = figure.evaluate("each => [each.getBoundingClientRect().left, each.getBoundingClientRect().right]")
    box = figure.bounding_box()
    words = [
        word for word in page.evaluate(WORDS)
        if box["y"] <= word[3] <= word[5] <= box["y"] + box["height"] and word[2] >= left - 1
    ]  # fmt: skip
    assert len(words) > len(names) + 4
    assert [word for word in words if not left <= word[2] <= word[4] <= min(right, width)] == []
    assert over_each_other(words) == []
