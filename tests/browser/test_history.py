"""The browser's Back and Forward, pressed faster than a page is drawn."""

import pytest

from tests.browser.visiting import experiment
from tests.browser.watching import settled


@pytest.mark.parametrize("pause", [0, 20, 60])  # ms
def test_back_three_times_at_once_leaves_the_way_forward(server, open_page, pause):
    page = open_page(server)
    own = experiment(page).seed
    for _ in range(5):
        page.get_by_role("button", name="Next seed", exact=True).click()
        settled(page)
    assert experiment(page).seed == own + 5
    page.evaluate("pause => { for (const k of [0, 1, 2]) setTimeout(() => history.back(), k * pause) }", pause)
    page.wait_for_url(f"**seed={own + 2}*")
    assert experiment(settled(page)).seed == own + 2
    for seed in (own + 3, own + 4, own + 5):
        page.go_forward()
        assert experiment(settled(page)).seed == seed
        assert page.get_by_role("spinbutton", name="Seed").input_value() == str(seed)
    page.go_back()
    assert experiment(settled(page)).seed == own + 4
    page.get_by_role("button", name="Next seed", exact=True).click()  # a change ends the way forward
    assert experiment(settled(page)).seed == own + 5
