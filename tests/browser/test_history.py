"""The browser's Back and Forward, pressed faster than a page is drawn."""

import pytest

from tests.browser.visiting import address, experiment, press
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


def test_back_to_a_link_that_cannot_be_read_leaves_it_in_the_address_and_in_its_field(server, open_page):
    page = open_page(address(server, numbers="1 two 3", seed=3))
    for _ in range(2):
        said = page.get_by_role("alert").filter(has_text="The figures show another sequence.")
        said.wait_for()
        assert page.get_by_role("textbox", name="Sequence", exact=True).input_value() == "1 two 3"
        assert "two" in page.url
        press(page, "next_seed", "Next seed")
        assert (experiment(page).seed, "two" in page.url) == (4, False)
        said.wait_for()
        assert page.get_by_role("textbox", name="Sequence", exact=True).input_value() == "1 two 3"
        page.go_back()
        settled(page)
    page.go_forward()
    assert experiment(settled(page)).seed == 4
