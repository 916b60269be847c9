"""The Trajectories page in a real browser: both themes, a laptop and a phone, unusual runs, nothing hard to access."""

import re

import pytest

from gru_viz.cells import cell, cell_names
from gru_viz.conclusions import trajectories as conclusions
from gru_viz.measures.portrait import portrait
from gru_viz.measures.trajectories import trajectories
from gru_viz.sequences import parse_sequence
from tests.browser.visiting import (
    address,
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
    write,
)  # fmt: skip
from tests.browser.watching import axe_violations, settled

TABLES = ("path", "distance", "pair", "portrait")


def page_of(server, **query):
    return address(f"{server}/trajectories", **query).replace("/?", "?")


def assert_right(page):
    """What the page says is what follows from the experiment in its address."""
    shown, said = experiment(page), page_says(page)
    found = trajectories(shown)
    assert conclusions.comes_back(found) in said
    assert conclusions.variance(found, shown.basis) in said
    assert conclusions.apart(found) in said
    for path in found.paths:
        assert conclusions.described(path) in figures(page)
    if shown.hidden_size == 2:
        name = shown.focus if shown.focus in shown.cells else shown.cells[-1]
        drawn = portrait(shown, cell(name), parse_sequence(shown.kind, shown.text))
        assert conclusions.fixed(drawn) in findings(page)
        assert conclusions.ends(drawn) in said
        assert conclusions.described_portrait(drawn) in figures(page)


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_hard_to_access(server, open_page, width):
    page = open_page(page_of(server, hidden="2", gain="4", focus="rnn"), width=width)
    for key in TABLES:
        keyed(page, f"numbers_{key}").locator("summary").click()
    settled(page)
    for theme in in_both_themes(page):
        assert text(main(page).get_by_role("heading", level=1)) == [conclusions.QUESTION]
        assert len(figures(page)) == 8
        assert main(page).get_by_role("table").count() == len(TABLES)
        assert_right(page)
        assert axe_violations(page) == [], theme
        assert overflow(page) <= 0


def test_the_portrait_is_asked_for_and_follows_what_is_held(server, open_page):
    page = open_page(page_of(server))
    assert_right(page)
    press(page, "two_units", "Set two hidden units")
    assert experiment(page).hidden_size == 2
    press(page, "experiment_focus", "RNN")
    box = keyed(page, "experiment_held").get_by_role("combobox")
    box.click()
    box.fill("n")
    box.press("Enter")
    settled(page)
    assert (experiment(page).held, experiment(page).focus) == ("n", "rnn")
    assert 'Under the constant input "n" the RNN' in findings(page)[2]
    assert_right(page)
    press(page, "experiment_basis", "shared by all")
    assert experiment(page).basis == "shared"
    assert_right(page)
    page.reload()
    settled(page)
    assert_right(page)


def test_an_input_that_no_step_of_the_sequence_has_can_be_typed(server, open_page):
    page = open_page(page_of(server, weights="sign", numbers="1 0 0 0 0"))
    assert "3 fixed points: 2 stable, 1 unstable" in findings(page)[2]
    box = keyed(page, "experiment_held").get_by_role("combobox")
    box.click()
    box.fill("1.5")
    box.press("Enter")
    settled(page)
    assert findings(page)[2] == "Under the constant input 1.5 the RNN has one fixed point, and it is stable."
    assert_right(page)


def test_a_replacement_moves_the_second_path_alone(server, open_page):
    page = open_page(page_of(server))
    before = figures(page)
    write(page, "by the letters", "Eve")
    assert_right(page)
    after = figures(page)
    assert after[:3] == before[:3]
    assert all(one != other for one, other in zip(before[3:], after[3:], strict=True))


@pytest.mark.parametrize("width", [1280, 390])
def test_both_axes_have_one_scale(server, open_page, width):
    page = open_page(page_of(server, hidden="2"), width=width)
    scales = page.evaluate(
        """() => [...document.querySelectorAll(".js-plotly-plot")].map(plot => {
            const { xaxis, yaxis } = plot._fullLayout
            return yaxis.scaleanchor && [xaxis._length / (xaxis.range[1] - xaxis.range[0]),
                                         yaxis._length / (yaxis.range[1] - yaxis.range[0])]
        }).filter(Boolean)"""
    )
    assert len(scales) == 7
    for across, up in scales:
        assert across == pytest.approx(up, rel=0.01)


UNUSUAL = {
    "emoji": {"text": "👨‍👩‍👧<b>x & 😀", "hidden": "2", "held": "😀"},
    "one step": {"text": "a", "hidden": "1"},
    "five cells": {"cells": ",".join(cell_names()), "hidden": "2", "basis": "shared"},
    "counting": {"weights": "counter", "text": "((a)b)"},
    "a sign": {"weights": "sign", "numbers": "1 0 0 0 0"},
    "long": {"text": "ab" * 400},
    "cannot be held": {"hidden": "2", "held": "nothing such"},
}


@pytest.mark.parametrize("query", UNUSUAL.values(), ids=UNUSUAL)
def test_unusual_runs_fit_a_phone(server, open_page, query):
    page = open_page(page_of(server, **query), theme="dark", width=390)
    assert not re.search("NaN|nan |undefined|inf", " ".join(page_says(page)))
    assert text(main(page).get_by_role("heading", level=1)) == [conclusions.QUESTION]
    assert axe_violations(page) == []
    assert overflow(page) <= 0
