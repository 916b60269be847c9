"""The app as a visitor meets it: a real browser, a real server, a mouse, a keyboard, a phone.

The numbers that a page shows are compared with `expected`, for the experiment that its address names.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gru_viz.experiment import Experiment, from_query
from tests.browser.serving import ROOT, serve
from tests.browser.visiting import (
    address,
    alerts,
    colours,
    experiment,
    figures,
    findings,
    keyed,
    main,
    overflow,
    page_says,
    press,
    slide,
    text,
    ticks,
    unfold,
    write,
)  # fmt: skip
from tests.browser.watching import axe_violations, settled
from tests.expected import all_found
from tests.saying import assert_first_step, assert_reaches, by_cell
from tests.test_words import HOSTILE, MARKED, UNMARKED, reads

FAMILY = "👨‍👩‍👧"
MEGABYTES = 150


def shares(page):
    """The sentence about the first step."""
    said = text(main(page).get_by_role("paragraph"))
    (found,) = [words for words in said if " back, the gradient is " in words]
    return found


def assert_right(page, tokens=None):
    """The page's numbers are those of the experiment in its address."""
    found = all_found(experiment(page), tokens)
    assert_reaches(findings(page)[0], found)
    assert_first_step(shares(page), found)


# -- links -------------------------------------------------------------------------------------------------------------


def test_a_deep_link_may_be_the_first_request_to_a_server(fresh_server, open_page):
    query = {
        "text": "Read Zoe",
        "cells": "rnn,gru",
        "hidden": "5",
        "keep": "3",
        "seed": "11",
        "replace": "Zoe",
        "by": "Eve",
    }
    page = open_page(address(fresh_server, **query))
    assert experiment(page) == from_query(query)[0]
    assert page.get_by_role("textbox", name="Sequence").input_value() == "Read Zoe"
    assert page.get_by_label("Seed").input_value() == "11"
    assert list(by_cell(findings(page)[2])) == ["RNN", "GRU"]
    assert_right(page)


def test_a_copied_link_shows_another_visitor_the_same(server, open_page):
    page = open_page(server)
    write(page, "Sequence", f"Ada é {FAMILY} & <b>+%#?")
    press(page, "experiment_keep", "95 %")
    press(page, "experiment_cells", "LSTM")
    slide(page, "hidden_size", "ArrowRight", 3)
    press(page, "next_seed", "Next seed")
    page.get_by_role("button", name="Copy link").click()
    page.get_by_role("status").filter(has_text="Link copied").wait_for()  # the clipboard answers when it can
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url
    other = open_page(link, theme="dark")
    assert page_says(other) == page_says(page)
    assert len(findings(other)) == 3
    assert other.get_by_role("textbox", name="Sequence").input_value() == f"Ada é {FAMILY} & <b>+%#?"
    assert experiment(other).hidden_size == 11


def test_reload_back_and_forward_show_the_same_numbers_again(server, open_page):
    page = open_page(server)
    seen = [page_says(page)]
    press(page, "experiment_keep", "50 %")
    seen.append(page_says(page))
    write(page, "Sequence", "Ada and Bob")
    seen.append(page_says(page))
    press(page, "next_seed", "Next seed")
    seen.append(page_says(page))
    page.reload()
    assert page_says(settled(page)) == seen[3]
    for move, place in ((page.go_back, 2), (page.go_back, 1), (page.go_forward, 2)):
        move()
        assert page_says(settled(page, quiet=0.6)) == seen[place]
        assert page.get_by_role("textbox", name="Sequence").input_value() == experiment(page).text
        assert page.get_by_label("Seed").input_value() == str(experiment(page).seed)
        assert keyed(page, "experiment_keep").locator("[aria-checked=true]").inner_text() == "50 %"


# -- entries -----------------------------------------------------------------------------------------------------------


def test_an_emoji_is_one_step(server, open_page):
    page = write(open_page(server), "Sequence", f"e\u0301 {FAMILY}{FAMILY}!")
    assert ticks(page) == ["é", "␣", FAMILY, FAMILY, "!"]
    assert "at each of 5 steps" in figures(page)[0]
    assert_right(page, ["é", " ", FAMILY, FAMILY, "!"])


def test_a_mistake_gets_a_sentence_and_the_figures_stay(server, open_page):
    page = open_page(server)
    before = page_says(page)
    write(page, "Sequence", "   ")
    (sentence,) = alerts(page)
    assert "blanks" in sentence
    assert page.get_by_test_id("stSidebar").get_by_role("alert").count() == 1
    assert page_says(page) == before
    box = page.get_by_role("textbox", name="Sequence")
    box.fill("")
    box.press_sequentially("Ada met Bob", delay=30)  # and nothing that ends the entry
    settled(page, quiet=1)
    assert alerts(page) == []
    assert experiment(page).text == "Ada met Bob"
    assert_right(page)


def test_numbers_on_several_lines(server, open_page):
    page = press(open_page(server), "experiment_kind", "Numbers")
    write(page, "Sequence", "0.5, -1 2\n3\n0 0 0", done="Control+Enter")
    assert experiment(page).text == "0.5, -1 2\n3\n0 0 0"
    assert ticks(page) == ["0.5", "−1", "2", "3", "0", "0", "0"]
    assert_right(page, [0.5, -1.0, 2.0, 3.0, 0.0, 0.0, 0.0])


def test_cells_hidden_units_and_what_the_gates_keep(server, open_page):
    page = open_page(server)
    press(page, "experiment_cells", "RNN")
    assert list(by_cell(findings(page)[0])) == ["LSTM", "GRU"]
    assert_right(page)
    slide(page, "hidden_size", "ArrowRight", 4)
    assert experiment(page).hidden_size == 12
    assert "each of 12 units" in figures(page)[1]
    press(page, "experiment_keep", "50 %")
    assert experiment(page).keep == 0
    assert_right(page)


def test_the_other_seeds_are_drawn(server, open_page):
    page = open_page(server)
    lines = len(colours(page))
    press(page, "luck", "Is this luck? 200 seeds")
    assert experiment(page).luck
    assert len(colours(page)) > lines
    assert any(re.search(r"In \d+ of 200 seeds", words) for words in page_says(page))


MARKUP = "<b>![x](http://example.com/x.png) :smile: $x$ www.example.com"


def test_markup_in_a_sequence_stays_text(server, open_page):
    """That no other host is asked for the image is seen by ``open_page``."""
    page = open_page(address(server, text=MARKUP, replace=MARKUP[:30], by=":smile: $x$"))
    unfold(page, "The numbers")
    write(page, "Replace", MARKUP + "!")
    assert "does not occur" in alerts(page)[0]
    assert '"<b>![x](http://examp…"' in alerts(page)[0]
    assert '":smile:␣$x$"' in findings(page)[2]
    for markup in ("img", "a[href*=example]", "b", ".katex", "[role=img]", "em", "code"):
        assert main(page).locator(markup).count() == 0, markup
    assert "😄" not in main(page).inner_text()
    tokens = {re.sub("[0-9]+$", "", tick) for tick in ticks(page)}  # as many as there is room for, above their numbers
    assert tokens <= {"␣", *MARKUP}


EVERY_SIGN = """
import sys
sys.path.insert(0, {root!r})
import streamlit as st
from gru_viz.ui.words import markdown
for text in {texts!r}:
    st.markdown(markdown(text) or "nothing")
"""

COPIED = """found => found.map(each => {
    getSelection().selectAllChildren(each)
    return getSelection().toString()
})"""


def test_every_text_is_shown_and_copied_sign_by_sign(tmp_path, open_page):
    texts = [each for each in (*HOSTILE, *MARKED, *UNMARKED) if each.strip()]
    script = tmp_path / "signs.py"
    script.write_text(EVERY_SIGN.format(root=str(ROOT), texts=texts), encoding="utf-8")
    with serve(script) as url:
        page = open_page(url)
        found = page.get_by_test_id("stMarkdown").get_by_test_id("stMarkdownContainer")
        shown = [words.replace("\u2060", "").strip() for words in found.all_text_contents()]
        assert shown == [re.sub(r"\s+", " ", each).strip() for each in texts]
        assert found.locator(":not(p)").count() == 0
        for each, words in zip(texts, found.evaluate_all(COPIED), strict=True):
            typed = re.sub(r"\s+", " ", each).strip()
            assert (words.replace("\u2060", "") if reads(typed) else words).strip() == typed


# -- keyboard, phone, theme --------------------------------------------------------------------------------------------


def tab_to(page, role, name):
    """Press Tab until something has the focus."""
    wanted = page.get_by_role(role, name=name, exact=True)
    for _ in range(60):
        if wanted.evaluate("each => each === document.activeElement || each === each.getRootNode().activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"The keyboard does not reach {name!r}.")


def test_the_keyboard_is_enough(server, open_page):
    page = open_page(server)
    tab_to(page, "textbox", "Sequence")
    page.keyboard.press("Control+a")
    page.keyboard.type("Only keys")
    tab_to(page, "button", "Next seed")
    page.keyboard.press("Enter")
    settled(page)
    assert (experiment(page).text, experiment(page).seed) == ("Only keys", 8)
    tab_to(page, "button", "Copy link")
    page.keyboard.press("Enter")
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    assert_right(page)


def test_a_phone_shows_everything_and_opens_the_sidebar_by_a_button(server, open_page):
    page = open_page(address(server, text="A long sequence of letters " * 3, replace="long", by="x" * 60), width=390)
    assert overflow(page) <= 0
    assert not in_view(page.get_by_role("textbox", name="Sequence"))
    open_sidebar(page)
    assert overflow(page) <= 0


def test_on_a_phone_the_sidebar_stays_open_while_it_is_used(server, open_page):
    page = open_sidebar(open_page(server, width=390))
    box = page.get_by_role("textbox", name="Sequence")
    box.fill("")
    settled(page, quiet=1)
    assert in_view(box)
    assert in_view(page.get_by_role("alert"))
    box.fill("Ada on the phone")
    settled(page, quiet=1)
    assert in_view(box)
    unfold(page, "More")
    page.wait_for_timeout(500)
    assert in_view(page.get_by_text("Recurrent gain"))
    page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    page.wait_for_timeout(500)
    assert not in_view(box)
    assert_right(open_sidebar(page))


def open_sidebar(page):
    page.get_by_role("button", name="Type your own sequence").click()
    settled(page)
    page.wait_for_timeout(500)  # it slides in
    assert in_view(page.get_by_role("textbox", name="Sequence"))
    return page


def in_view(locator):
    place = locator.bounding_box() if locator.count() else None
    return place is not None and place["x"] >= 0 and place["x"] + place["width"] <= 390


def test_a_wide_page_has_the_sidebar_open_and_no_button_for_it(server, open_page):
    page = open_page(server)
    assert page.get_by_role("textbox", name="Sequence").is_visible()
    assert not page.get_by_role("button", name="Type your own sequence").is_visible()
    assert overflow(page) <= 0


def test_the_figures_follow_the_theme_at_once(server, open_page):
    page = open_page(server)
    light = colours(page)
    assert "rgb(11, 95, 165)" in light
    page.emulate_media(color_scheme="dark")
    settled(page, quiet=1)
    assert "rgb(108, 180, 245)" in colours(page)
    assert not set(colours(page)) & set(light)
    page.emulate_media(color_scheme="light")
    settled(page, quiet=1)
    assert colours(page) == light


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_hard_to_access(server, open_page, theme, width):
    page = open_page(address(server, luck="1", bias="f:1"), theme=theme, width=width)
    unfold(page, "The numbers")
    if width == 390:
        assert axe_violations(page) == []
        assert overflow(page) <= 0
        open_sidebar(page)
    page.get_by_role("textbox", name="Sequence").fill("")
    settled(page, quiet=1)
    unfold(page, "More")
    assert len(alerts(page)) == 1
    assert keyed(page, "bias_f").is_visible()
    assert axe_violations(page) == []
    assert overflow(page) <= 0


# -- the server --------------------------------------------------------------------------------------------------------


def process_of(server):
    """The folder in /proc of the process that listens there."""
    option = f"--server.port={urlsplit(server).port}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if option in (folder / "cmdline").read_bytes().split(b"\0"):
                return folder
        except OSError:
            continue  # it has ended meanwhile
    raise AssertionError("The server's process is not in /proc.")


def peak(process):
    """The most memory that a process ever held, in MB."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", (process / "status").read_text())[1]) / 1024


def loaded(process):
    """The libraries that a process has loaded."""
    return set(re.findall(r"/site-packages/(\w+)/", (process / "maps").read_text()))


needs_proc = pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="there is no /proc to read")


@needs_proc
def test_the_server_stays_small_and_never_loads_torch(fresh_server, open_page):
    process = process_of(fresh_server)
    page = press(open_page(fresh_server), "luck", "Is this luck? 200 seeds")
    unfold(page, "More")
    write(page, "Sequence", "Ada met Bob. Who met Ada? " * 4)
    assert_right(open_page(address(fresh_server, text="a" * 100, hidden="16", replace="a", by="b")))
    assert "numpy" in loaded(process)
    assert "torch" not in loaded(process)
    assert peak(process) < MEGABYTES


@needs_proc
def test_the_server_stays_small_with_the_tables_open(fresh_server, open_page):
    unfold(open_page(fresh_server), "The numbers")
    assert peak(process_of(fresh_server)) < MEGABYTES


def test_a_fresh_visit_opens_on_the_lesson(server, open_page):
    page = open_page(server)
    assert experiment(page) == Experiment()
    assert by_cell(findings(page)[0]) == {"RNN": "6", "LSTM": "23", "GRU": "32"}
    assert_right(page)
