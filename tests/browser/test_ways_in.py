"""The ways in and the list of examples in a real browser: files, signals, words, Back, phone and laptop, axe."""

import numpy as np
import pytest

from gru_viz.examples import example
from gru_viz.experiment import Experiment
from gru_viz.sequences import parse_sequence
from tests.browser.visiting import (
    address,
    alerts,
    experiment,
    in_both_themes,
    keyed,
    main,
    press,
    ticks,
    unfold,
    write,
)  # fmt: skip
from tests.browser.watching import axe_violations, settled
from tests.saying import plain

BOTH = pytest.mark.parametrize("width", [1280, 390])
PRICES = "day;open;close\n" + "".join(f"2020-01-{k:02};{k % 7},5;{-k * k % 11}\n" for k in range(1, 25))


def assert_accessible(page):
    """At rest: what is pressed and in focus as well is darker than the theme's colours allow for."""
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement?.blur()")
    settled(page)
    for theme in in_both_themes(page):
        assert not axe_violations(page), theme


def sidebar(page):
    return page.get_by_test_id("stSidebar")


def unfolded(page, width):
    """The page with its sidebar, which a phone has out of sight."""
    if width == 390:
        main(page).get_by_role("button", name="Type your own sequence").click()
        settled(page)
    return page


def way(page, name):
    return press(page, "experiment_kind", name)


def upload(page, name, data):
    files = [{"name": name, "mimeType": "text/csv", "buffer": data if isinstance(data, bytes) else data.encode()}]
    page.locator("input[type=file]").set_input_files(files=files)
    page.get_by_text(name, exact=True).first.wait_for()
    return settled(page)


@BOTH
def test_each_way_in_is_used_and_is_accessible(server, open_page, width):
    page = unfolded(open_page(server, width=width), width)
    press(page, "experiment_reading", "a word")
    assert experiment(page) == Experiment(kind="words")
    assert_accessible(page)
    way(page, "Numbers")
    press(page, "experiment_reading", "a line")
    assert experiment(page).kind == "rows"
    assert_accessible(page)
    way(page, "Signal")
    keyed(page, "signal_name").get_by_role("combobox").click()
    page.get_by_role("option", name="Noise").click()
    settled(page)
    box = page.get_by_role("spinbutton", name="Length")
    box.fill("25")
    box.press("Enter")
    settled(page)
    assert experiment(page).text == "noise 25 0"
    unfold(page, "What each step's vector x is")
    assert_accessible(page)
    way(page, "CSV")
    assert_accessible(page)
    upload(page, "prices.csv", PRICES)
    unfold(page, "Read it in another way")
    assert parse_sequence("csv", experiment(page).text).input_names == ("open", "close")
    press(page, "csv_columns", "open")
    assert parse_sequence("csv", experiment(page).text).input_names == ("close",)
    assert_accessible(page)
    assert not alerts(page)


@BOTH
def test_an_example_is_chosen_changed_and_found_again(server, open_page, width):
    page = unfolded(open_page(server, width=width), width)
    unfold(page, "Examples")
    assert_accessible(page)
    page.get_by_role("button", name="A little bias", exact=True).click()
    settled(page)
    chosen = example("a_little_bias")
    assert experiment(page).example == "a_little_bias"
    note = page.locator(".st-key-example_note")
    assert chosen.sentence() in plain(note.inner_text())
    assert_accessible(page)
    press(page, "experiment_keep", "50 %")
    assert note.count() == 0
    sidebar(page).get_by_role("button", name="Back to the example").click()
    settled(page)
    assert (experiment(page).keep, note.count()) == (1.0, 1)
    page.go_back()
    settled(page)
    assert experiment(page).keep == 0.0


def test_a_bad_file_leaves_the_last_good_one(server, open_page):
    page = open_page(address(server, csv="as they are\na\n1\n2\n3\n"))
    upload(page, "picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(99))
    assert any("PNG picture" in alert for alert in alerts(page))
    assert ticks(page) == ["1", "2", "3"]
    upload(page, "table.csv", "b\n4\n5\n")
    assert (alerts(page), experiment(page).text) == ([], "as they are\nb\n4\n5\n")


def test_a_million_characters_get_a_sentence_and_the_next_visitor_notices_nothing(server, open_page):
    one, other = open_page(server), open_page(server)
    before = experiment(one)
    box = one.get_by_role("textbox", name="Sequence", exact=True)
    box.fill("x" * 1_000_000)
    box.press("Enter")
    press(other, "next_seed", "Next seed")
    assert experiment(other).seed == 8
    assert alerts(other) == alerts(open_page(server))
    assert any("1\u202f000\u202f000 characters long" in alert for alert in alerts(settled(one)))
    assert experiment(one) == before
    assert len(main(one).get_by_role("figure").all()) == 3
    write(one, "Sequence", "Ada again")
    assert experiment(one).text == "Ada again"
    assert not any("characters long" in alert for alert in alerts(one))


def test_a_link_with_a_packed_sequence_is_opened(server, open_page):
    page = open_page(server)
    write(page, "Sequence", "é" * 1_500)
    assert "z=" in page.url
    assert experiment(page).text == "é" * 1_500
    other = open_page(page.url)
    assert experiment(other) == experiment(page)
    assert not alerts(other)


def test_back_finds_a_sequence_that_no_link_holds(server, open_page):
    page = open_page(server)
    long = "".join(chr(0x4E00 + k) for k in np.random.default_rng(0).integers(0, 900, 1_990))
    write(page, "Sequence", long)
    assert "missing=" in page.url
    write(page, "Sequence", "Hello Ada")
    assert experiment(page).text == "Hello Ada"
    page.go_back()
    settled(page)
    assert "missing=" in page.url
    assert page.get_by_role("textbox", name="Sequence", exact=True).input_value() == long
    other = open_page(page.url)
    assert any("missing" in alert for alert in alerts(other))


def test_a_field_that_loses_its_second_line_keeps_its_text(server, open_page):
    page = open_page(f"{server}/?text=hello%0Aworld", width=1280)
    field = page.get_by_role("textbox", name="Sequence")
    field.fill("hello world")
    field.press("Control+Enter")
    settled(page)
    assert experiment(page).text == "hello world"
    assert page.get_by_role("textbox", name="Sequence").input_value() == "hello world"


@pytest.mark.parametrize(
    ("query", "name", "typed"),
    [
        ({}, "Sequence", True),
        ({"numbers": "1 0 0"}, "Sequence", True),
        ({"signal": "adding 30 1"}, "Signal", False),
    ],
)
@pytest.mark.parametrize("by_key", [False, True])
def test_the_button_on_a_phone_leads_to_the_field(server, open_page, query, name, typed, by_key):
    page = open_page(address(server, **query), width=390)
    opens = main(page).get_by_role("button", name="Type your own sequence")
    if by_key:
        opens.focus()
        page.keyboard.press("Enter")
    else:
        opens.click()
    focused = sidebar(page).locator(":focus")
    assert focused.count() == 1  # at once: the keyboard of a phone comes with the press or not at all
    settled(page)
    page.wait_for_timeout(500)  # it slides in
    box = focused.bounding_box()
    assert 0 <= box["x"] <= box["x"] + box["width"] <= 390
    assert 0 <= box["y"] <= box["y"] + box["height"] <= page.viewport_size["height"]
    if typed:
        assert focused.get_attribute("aria-label") == name
        page.keyboard.type("0 1")  # in place of what was there
        page.keyboard.press("Control+Enter")
        settled(page)
        assert experiment(page).text == "0 1"
    else:
        assert (focused.get_attribute("role"), focused.inner_text()) == ("radio", name)
    page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    page.wait_for_timeout(500)
    assert sidebar(page).bounding_box()["x"] < 0
