"""The player on its page: links, messages, other widgets, other pages, and the file that it offers."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.playing import opened_file, player, press, slider, type_at_once, where
from tests.browser.watching import Record, axe_violations, settled


class Messages:
    """What goes to the server over web sockets."""

    def __init__(self, page):
        self.sent = []
        page.on("websocket", lambda socket: socket.on("framesent", lambda frame: self.sent.append(frame)))


def there(page):
    player(page).locator(".diagram").first.wait_for(state="attached")
    return page


def query(page):
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def unit(page):
    return player(page).get_by_role("combobox", name="Unit").input_value()


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_a_link_says_where_the_player_stands_and_the_page_is_accessible(open_page, server, theme, width):
    page = there(open_page(f"{server}/step?step=5&unit=3&backward=1&text=Ada+saw&hidden=5", theme=theme, width=width))
    assert where(page).startswith("Step 5 of 7")
    assert unit(page) == "3"
    assert player(page).get_by_role("button", name="Backward").get_attribute("aria-pressed") == "true"
    assert player(page).get_attribute("data-theme") == theme
    assert axe_violations(page) == []


def test_nothing_is_sent_while_the_hand_moves_and_one_message_when_it_lets_go(browser, server, tmp_path):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    record, messages = Record.of(page), Messages(page)
    page.goto(f"{server}/step?text=Ada+saw+a+saw.&hidden=4")
    there(settled(page))
    messages.sent.clear()
    box = slider(page).bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 10)
    page.mouse.down()
    for k in range(15):
        page.mouse.move(box["x"] + 30 + 12 * k, box["y"] + 10)
    page.wait_for_timeout(300)
    assert messages.sent == []
    page.mouse.up()
    settled(page)
    assert len(messages.sent) == 1
    assert query(page)["step"] == re.findall(r"\d+", where(page))[0]
    messages.sent.clear()
    press(page, "First step")
    settled(page)
    messages.sent.clear()
    press(page, "Play")  # slowly: a busy machine must see step 3
    player(page).locator(".where", has_text="Step 3 of 14").wait_for()
    assert messages.sent == []
    press(page, "Pause")
    settled(page)
    assert len(messages.sent) == 1
    type_at_once(page, "ArrowLeft", "ArrowLeft", "ArrowDown", "b", "r", "c")
    settled(page)
    assert len(messages.sent) == 2
    assert query(page)["unit"] == "2"
    with page.expect_download() as download:  # the file stands where the page does
        page.get_by_role("button", name="Save as one HTML file").click()
    path, here = tmp_path / "saved.html", where(page)
    download.value.save_as(path)
    context.close()
    record.assert_clean(server)
    with opened_file(browser, path) as offline:
        assert where(offline) == here
        assert unit(offline) == "2"


def test_it_keeps_its_place_through_other_widgets_other_runs_and_other_pages(open_page, server):
    page = there(open_page(f"{server}/step?step=9&unit=4"))
    player(page).evaluate("root => { root.querySelector('.cells').mark = 1 }")
    page.get_by_text("Save this run").click()
    settled(page)
    assert player(page).evaluate("root => root.querySelector('.cells').mark") == 1  # not even built again
    player(page).evaluate("root => { root.mark = 1 }")
    slider(page).focus()
    page.keyboard.press("ArrowRight")
    settled(page)
    page.get_by_role("button", name="Next seed", exact=True).click()
    settled(page)
    assert where(page).startswith("Step 10 of 32")
    assert unit(page) == "4"
    assert player(page).evaluate("root => root.mark") == 1  # not mounted again
    page.get_by_role("link", name="Contrast", exact=True).click()
    settled(page)
    page.get_by_role("link", name="Step through", exact=True).click()
    there(settled(page))
    assert where(page).startswith("Step 10 ")
    slider(page).focus()
    page.keyboard.press("ArrowRight")
    settled(page)
    page.go_back()
    settled(page)
    assert where(page).startswith("Step 10 ")
    box = page.get_by_role("textbox", name="Sequence", exact=True)
    box.fill("Ada")
    box.press("Enter")
    settled(page)
    assert where(page).startswith("Step 3 of 3")
