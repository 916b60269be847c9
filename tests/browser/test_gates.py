"""The Gates page in a real browser: both themes, a laptop and a phone, unusual runs, and nothing hard to access."""

import re

import pytest

from gru_viz.cells import cell_names
from gru_viz.experiment import Experiment
from tests.browser.visiting import (
    address,
    colours,
    experiment,
    figures,
    findings,
    in_both_themes,
    keyed,
    main,
    overflow,
    page_says,
    press,
    text,
    ticks,
)  # fmt: skip
from tests.browser.watching import axe_violations, settled

KEYS = ("gates", "units", "saturation", "half_life")


def gates(server, **query):
    return address(f"{server}/gates", **query).replace("/?", "?")


def unfold_numbers(page):
    """Open all tables."""
    for key in KEYS:
        keyed(page, f"numbers_{key}").locator("summary").click()
    return settled(page)


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_hard_to_access(server, open_page, width):
    page = unfold_numbers(open_page(gates(server), width=width))
    for theme in in_both_themes(page):
        assert text(main(page).get_by_role("heading", level=1)) == ["Which gate opened when, for which letter?"]
        assert len(findings(page)) == len(figures(page)) == main(page).get_by_role("table").count() == 4
        assert axe_violations(page) == [], theme
        assert overflow(page) <= 0


UNUSUAL = {
    "emoji": {"text": "👨‍👩‍👧<b>x & 😀"},
    "numbers": {"numbers": "1 0 0 -2.5 0 300000"},
    "many units": {"hidden": "64", "units": "1,64"},
    "five cells": {"cells": ",".join(cell_names())},
    "counting": {"weights": "counter", "text": "((a)b)"},
    "no gates": {"cells": "rnn"},
    "one step": {"text": "a"},
}


@pytest.mark.parametrize("kind", UNUSUAL)
def test_an_unusual_run_fits_a_phone_as_well(server, open_page, kind):
    page = open_page(gates(server, **UNUSUAL[kind]), width=390)
    assert overflow(page) <= 0
    assert len(figures(page)) == (0 if kind == "no gates" else 4)
    assert axe_violations(page) == []


def test_a_link_to_the_page_may_be_the_first_request_to_a_server(fresh_server, open_page):
    page = open_page(gates(fresh_server, text="Read Zoe", units="2,4", cells="lstm"))
    assert (experiment(page).text, experiment(page).units) == ("Read Zoe", (2, 4))
    assert "units 2 and 4" in findings(page)[1]
    assert ticks(page) == ["R", "e", "a", "d", "␣", "Z", "o", "e"]


def test_units_are_picked_with_buttons_and_stay_in_the_link(server, open_page):
    page = open_page(gates(server))
    before, lines = figures(page), len(colours(page))
    press(page, "experiment_units", "8")
    assert experiment(page).units == (1, 2, 3, 8)
    assert "of unit 8" in figures(page)[1]
    assert figures(page)[0] == before[0]
    page.wait_for_function("count => document.querySelectorAll('.js-line').length > count", arg=lines)
    other = open_page(page.url, theme="dark")
    assert page_says(other) == page_says(page)


def test_the_pointer_reads_the_gate_and_its_letter(server, open_page):
    page = open_page(gates(server))
    box = main(page).get_by_role("figure").first.bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 70)
    label = main(page).locator(".hoverlayer .hovertext")
    label.wait_for()
    (said,) = label.all_text_contents()
    assert re.fullmatch(r"\S(1[5-8])LSTM f of unit \d: 0\.\d{3}", said)  # the letter, its step below it


def test_weights_that_mean_something_are_one_button_away(server, open_page):
    page = press(open_page(gates(server)), "hand_set", "See gates that open on purpose")
    assert experiment(page).weights == "counter"
    assert any('i of unit 1 is open at "(" and ")"' in words for words in text(main(page).get_by_role("paragraph")))
    assert experiment(page) != Experiment()
