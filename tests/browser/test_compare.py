"""The Compare page in a real browser: its table has all its rows in sight on a phone too."""

import pytest

from tests.browser.visiting import address, main, overflow
from tests.browser.watching import axe_violations


@pytest.mark.parametrize("width", [1280, 390])
def test_no_row_of_a_short_table_is_hidden(server, open_page, width):
    page = open_page(address(f"{server}/compare").replace("/?", "?"), width=width)
    table = main(page).get_by_role("region", name="What each cell costs and keeps")
    whole, shown = table.evaluate("each => [each.scrollHeight, each.clientHeight]")
    assert whole <= shown
    assert table.get_by_role("row").count() == 11
    assert overflow(page) <= 0
    assert axe_violations(page) == []
