"""The Gradients page in a real browser: pointing at figures, tabs, Stop, both themes, a laptop and a phone."""

from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from gru_viz.experiment import from_query
from gru_viz.ui.gradients import TABS
from tests.browser.conftest import HEIGHTS
from tests.browser.watching import axe_violations, settled
from tests.expected import facts
from tests.saying import by_cell, plain, read

LONG = "The quick brown fox jumps over the lazy dog " * 25


def address(server, **query):
    return f"{server}/gradients?{urlencode(query)}"


def main(page):
    return page.get_by_test_id("stMain")


def findings(page):
    return [plain(words) for words in main(page).get_by_role("heading", level=3).all_inner_texts()]


def experiment(page):
    found, notes = from_query(parse_qs(urlsplit(page.url).query, keep_blank_values=True))
    assert not notes
    return found


def open_tab(page, name):
    page.get_by_role("tab", name=name, exact=True).click()
    return settled(page)


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()
    return settled(page)


def figure(page, key):
    found = page.locator(f"[class*='st-key-{key}'] .js-plotly-plot").first
    found.scroll_into_view_if_needed()
    return found


def point_at(page, key, x, y):
    """Click a place of a figure, in parts of its plot's width and height from its upper left, once it says what is
    there."""
    shown = figure(page, key)
    drag = shown.locator(".nsewdrag").first.bounding_box()
    page.mouse.move(drag["x"] + x * drag["width"], drag["y"] + y * drag["height"])
    shown.locator(".hovertext").first.wait_for()
    page.mouse.down()
    page.mouse.up()
    return settled(page)


def overflow(page):
    return page.evaluate("document.scrollingElement.scrollWidth") - page.viewport_size["width"]


def facts_at(page, name):
    now = experiment(page)
    return facts(replace(now, text=now.text[: now.step]), name).reach


def test_figures_are_pointed_at_by_mouse_and_the_same_is_done_by_keyboard(server, open_page):
    page = open_page(address(server))
    slider = page.get_by_role("slider", name="The step with the loss")
    point_at(page, "saliency_", 9.5 / 32, 0.5)
    assert experiment(page).step == 10
    assert read(by_cell(findings(page)[0])["GRU"]) == facts_at(page, "gru")
    slider.focus()
    page.keyboard.press("ArrowRight")
    settled(page)
    assert experiment(page).step == 11
    assert "h after step 11" in " ".join(findings(page))
    point_at(page, "saliency_", 9.5 / 32, 0.5)
    assert experiment(page).step == 10
    slider.focus()
    page.keyboard.press("End")
    settled(page)
    assert experiment(page).step == 0

    press(page, "Map the reach")
    assert "places of the map" in " ".join(findings(page))
    point_at(page, "map_", 8.5 / 17, 0.125)
    assert (experiment(page).recurrent_gain, experiment(page).keep) == (2.0, 3.0)
    assert figure(page, "map_").is_visible()  # the map is that of the same runs: it stays
    page.get_by_role("combobox", name="Go to a place of the map").focus()
    page.keyboard.type("gain 0.5, gates keep 50")
    page.keyboard.press("Enter")
    settled(page)
    assert (experiment(page).recurrent_gain, experiment(page).keep) == (0.5, 0.0)
    page.locator(".st-key-experiment_focus").get_by_role("radio", name="LSTM", exact=True).click()
    settled(page)
    assert experiment(page).focus == "lstm"
    assert page.get_by_role("button", name="Map the reach").is_visible()


def test_tabs_are_made_when_they_are_opened_by_keyboard_and_stand_in_the_link(server, open_page):
    page = open_page(address(server))
    figures = main(page).get_by_role("figure")
    assert figures.count() == 2
    page.get_by_role("tab", name="What if").focus()
    for (name, label), count in zip(list(TABS.items())[1:], (4, 4, 3, 1), strict=True):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        settled(page)
        assert page.get_by_role("tab", name=label, selected=True).count() == 1
        assert experiment(page).tab == name
        visible = [each for each in figures.all() if each.is_visible()]
        assert len(visible) == 2 + count
        assert all(each.get_attribute("aria-label") for each in visible)
    press(page, "Open the sign keeper")
    assert experiment(page).weights == "sign"
    page.locator("summary", has_text="The numbers").first.click()
    settled(page)
    assert main(page).get_by_role("table").count() == 1
    page.go_back()
    settled(page)
    assert page.get_by_role("tab", name=TABS[experiment(page).tab], selected=True).count() == 1


def test_too_much_is_refused_and_what_takes_long_shows_progress_and_can_be_stopped(server, open_page):
    page = open_page(address(server, text=LONG, hidden="32", cells="lstm", tab="horizon"))
    refused = plain(main(page).get_by_role("alert").inner_text())
    assert f"{len(LONG)} × {len(LONG)} steps for each cell is too large" in refused
    page.get_by_role("button", name="Is this luck? 200 seeds").click()
    page.get_by_role("progressbar").wait_for()
    page.get_by_text("of 200 seeds").wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    settled(page)
    assert not experiment(page).luck
    assert page.get_by_role("progressbar").count() == 0
    assert page.get_by_role("button", name="Is this luck? 200 seeds").is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_hard_to_access(server, open_page, theme):
    page = open_page(address(server, luck="1", loss="target", step="20"), theme=theme)
    press(page, "Map the reach")
    for width, labels in ((1280, list(TABS.values())), (390, list(TABS.values())[::-1])):
        page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        for label in labels:
            open_tab(page, label)
            assert axe_violations(page) == []
            assert overflow(page) <= 0
