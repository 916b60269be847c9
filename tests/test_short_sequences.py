"""A sequence of one step or two: every sentence still makes sense, also those for whom no figure is seen."""

import re

import pytest

from gru_viz.ui.pages import ABOUT, PAGES
from tests.saying import plain
from tests.visitor import findings, open_app

LENSES = [name for name in PAGES if name not in ABOUT]
SHORT = {
    "a letter": {"text": "a"},
    "a word": {"words": "Hi", "luck": "1"},
    "a number": {"numbers": "1", "hidden": "2"},
    "a row": {"rows": "1 0"},
    "a bracket": {"weights": "counter", "text": "("},
    "two letters": {"text": "ab"},
    "two numbers": {"numbers": "0 1", "cells": "gru"},
}
NONSENSE = (
    r"(?<![\d.,])1 (steps|letters|characters|words|numbers|rows|units|inputs|entries|parameters)\b",
    r"\b([2-9]|\d{2,}) (step|letter|character|word|number|row|unit|input|parameter)\b(?! of)",
    r"\beach of 1 |\blast 1 step|\ball [12] steps",
    r"\b(between|from) ([−\d]\S*) (and|to) \2(?![\w.·])",
    r"\b(\d+ %) to \1",
    r"10⁻¹[⁶⁷⁸⁹]\)",
    r"\bin the RNN, step \d in the LSTM",
)


def said(app):
    found = [*app.main.title, *app.main.subheader, *app.main.markdown, *app.main.info, *app.main.caption]
    return [plain(each.value) for each in found] + [plain(each.proto.alt) for each in app.main.get("plotly_chart")]


@pytest.mark.parametrize("page", LENSES)
@pytest.mark.parametrize("query", SHORT.values(), ids=SHORT)
def test_every_sentence_of_a_short_sequence_makes_sense(query, page):
    words = said(open_app(page, **query))
    assert [(text, nonsense) for text in words for nonsense in NONSENSE if re.search(nonsense, text)] == []


def test_what_one_step_cannot_show_is_said():
    assert findings(open_app(text="a"))[2] == (
        'With "b" in place of "a", the last h is another one: no step comes after it that could keep or lose the '
        "difference."
    )
    assert "Two points always lie on a line: with its start, each whole path does." in said(
        open_app("trajectories", text="a")
    )
    assert "Three points always lie in a plane: with its start, each whole path does." in said(
        open_app("trajectories", text="ab")
    )
    gates = " ".join(said(open_app("gates", text="a")))
    assert "at this place means nothing" not in gates  # as no gate was named
    assert "at this place means nothing" in " ".join(said(open_app("gates", text="ab")))
    hangs = "There is one step up to the loss: h hangs on its input and on no other."
    assert hangs in findings(open_app("gradients", text="a"))
    assert hangs in findings(open_app("gradients", text="abc", step="1"))


def test_a_replaced_last_step_has_nothing_after_it():
    app = open_app(numbers="1 0 3", replace="3", by="5")
    assert "the last h is another one" in findings(app)[2]
    assert "is left at the end" in findings(open_app(numbers="1 0 3", replace="2", by="5"))[2]


def test_hand_set_weights_that_read_nothing_say_so():
    app = open_app(weights="counter", text="hello world")
    (words,) = [plain(each.value) for each in app.main.warning]
    assert words == (
        "The bracket counter reads ( ) [ ], and the sequence holds none of them: each of its steps counts as silence. "
        "Type some of them, or choose random weights."
    )
    assert app.session_state["experiment"].text == "hello world"
    assert "The hidden state h stays at 0; c of the LSTM at 0." in findings(app)
    assert not open_app(weights="counter", text="hello (world").main.warning
    assert not open_app(weights="sign", numbers="7 8").main.warning
