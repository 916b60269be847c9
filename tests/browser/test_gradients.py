"""The Gradients page in a real browser: pointing at figures, tabs, Stop, both themes, a laptop and a phone."""

from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from gru_viz.experiment import from_query
from tests.browser.watching import axe_violations, settled
from tests.expected import facts
from tests.saying import by_cell, plain, read

LONG = "The quick brown fox jumps over the lazy dog " * 22
TABS = ("What if", "Four gains", "Spectra", "Horizon map", "Memory without gradient")


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
    """Click a place of a figure, in parts of its plot's width and height from its upper left."""
    drag = figure(page, key).locator(".nsewdrag").first.bounding_box()
    page.mouse.move(drag["x"] + x * drag["width"], drag["y"] + y * drag["height"])
    page.wait_for_timeout(200)
    page.mouse.down()
    page.mouse.up()
    return settled(page)


def overflow(page):
    return page.evaluate("document.scrollingElement.scrollWidth") - page.viewport_size["width"]


def test_a_step_of_the_strip_becomes_the_loss_by_mouse_and_by_keyboard(server, open_page):
    page = open_page(address(server))
    point_at(page, "saliency_", 9.5 / 32, 0.5)
    assert experiment(page).step == 10
    assert read(by_cell(findings(page)[0])["GRU"]) == facts_at(page, "gru")
    page.get_by_role("slider", name="The step with the loss").focus()
    page.keyboard.press("ArrowRight")
    settled(page)
    assert experiment(page).step == 11
    assert "h after step 11" in " ".join(findings(page))
    point_at(page, "saliency_", 9.5 / 32, 0.5)
    assert experiment(page).step == 10
    page.get_by_role("slider", name="The step with the loss").focus()
    page.keyboard.press("End")
    settled(page)
    assert experiment(page).step == 0


def facts_at(page, name):
    now = experiment(page)
    return facts(replace(now, text=now.text[: now.step]), name).reach


def test_a_place_of_the_map_is_gone_to_by_mouse_and_by_keyboard(server, open_page):
    page = press(open_page(address(server)), "Map the reach")
    assert "places of the map" in " ".join(findings(page))
    point_at(page, "map_", 8.5 / 17, 0.125)
    assert (experiment(page).recurrent_gain, experiment(page).keep) == (2.0, 3.0)
    assert figure(page, "map_").is_visible()  # the map is that of the same runs: it stays
    box = page.get_by_role("combobox", name="Go to a place of the map")
    box.focus()
    page.keyboard.type("gain 0.5, gates keep 50")
    page.keyboard.press("Enter")
    settled(page)
    assert (experiment(page).recurrent_gain, experiment(page).keep) == (0.5, 0.0)
    page.get_by_role("radio", name="LSTM", exact=True).or_(
        page.locator(".st-key-experiment_focus").get_by_role("button", name="LSTM", exact=True)
    ).first.click()
    settled(page)
    assert experiment(page).focus == "lstm"
    assert page.get_by_role("button", name="Map the reach").is_visible()


def test_what_takes_long_shows_progress_and_can_be_stopped(server, open_page):
    page = open_page(address(server, text=LONG[:480], hidden="64", cells="lstm"))
    page.get_by_role("button", name="Is this luck? 200 seeds").click()
    page.get_by_role("progressbar").wait_for()
    page.get_by_text("of 200 seeds").wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    settled(page)
    assert not experiment(page).luck
    assert page.get_by_role("progressbar").count() == 0
    assert page.get_by_role("button", name="Is this luck? 200 seeds").is_visible()


def test_tabs_are_made_when_they_are_opened_and_reached_by_keyboard(server, open_page):
    page = open_page(address(server))
    figures = main(page).get_by_role("figure")
    assert figures.count() == 2
    page.get_by_role("tab", name="What if").focus()
    for name, count in zip(TABS[1:], (4, 4, 3, 1), strict=True):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        settled(page)
        assert page.get_by_role("tab", name=name, selected=True).count() == 1
        visible = [each for each in figures.all() if each.is_visible()]
        assert len(visible) == 2 + count
        assert all(each.get_attribute("aria-label") for each in visible)


def test_a_map_of_too_many_steps_is_refused_in_words(server, open_page):
    page = open_tab(open_page(address(server, text="ab" * 600, cells="rnn", replace="a", by="b")), "Horizon map")
    assert "1,200 × 1,200 steps for each cell is too large" in plain(main(page).get_by_role("alert").inner_text())


def test_the_latch_opens_and_the_numbers_are_a_table(server, open_page):
    page = press(open_tab(open_page(address(server)), "Memory without gradient"), "Open this latch")
    assert experiment(page).weights == "sign"
    page.locator("summary", has_text="The numbers").first.click()
    settled(page)
    assert main(page).get_by_role("table").count() == 1


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_hard_to_access(server, open_page, theme, width):
    page = open_page(address(server, luck="1", loss="target", step="20"), theme=theme, width=width)
    press(page, "Map the reach")
    assert axe_violations(page) == []
    for name in TABS[1:]:
        open_tab(page, name)
        assert axe_violations(page) == []
        assert overflow(page) <= 0
