"""The Trajectories page: what it says and draws, its widgets and links, on usual and unusual runs."""

import math
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gru_viz.conclusions import trajectories as conclusions
from tests.paths import CELLS, FOUND, drawn, two
from tests.saying import assert_shows, by_cell, plain

APP = Path(__file__).resolve().parents[1] / "app.py"


def open_page(**query):
    app = AppTest.from_file(APP, default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    return calm(app.switch_page("app_pages/trajectories.py").run())


def calm(app):
    assert not app.exception, app.exception
    return app


def findings(app):
    return [plain(found.value) for found in app.main.subheader]


def charts(app):
    return app.main.get("plotly_chart")


def test_the_page_shows_the_experiment():
    app = open_page()
    assert plain(app.title[0].value) == conclusions.QUESTION
    first, second, third = findings(app)
    assert first == conclusions.variance(FOUND, "own")
    assert second.startswith('With "Bob" in place of "Ada"')
    assert third == "The phase portrait"
    assert len(charts(app)) == 7
    shares = by_cell(second)
    for each in FOUND.differences:
        assert_shows(shares[each.cell.title], math.log10(each.left))


def test_a_button_brings_the_portrait_and_the_link_has_it():
    app = open_page()
    calm(app.button(key="two_units").click().run())
    assert app.session_state["experiment"].hidden_size == 2
    assert findings(app)[2] == "Under the constant input 0 the GRU has one fixed point, and it is stable."
    calm(app.get_by_key("experiment_focus").set_value("rnn").run())
    calm(app.get_by_key("experiment_held").set_value("n").run())
    assert findings(app)[2] == plain(conclusions.fixed(drawn(two(held="n"), "rnn")))
    assert (app.query_params["held"], app.query_params["focus"]) == ("n", "rnn")


def test_what_cannot_be_held_is_said_and_the_portrait_stays():
    app = open_page(hidden="2", held="xyz")
    (error,) = app.main.error
    assert 'The input to be held is "xyz": one step is expected.' in plain(error.value)
    assert findings(app)[2].startswith("Under the constant input 0")


@pytest.mark.parametrize(
    ("query", "drawn", "said"),
    [
        ({"cells": "rnn,lstm"}, "LSTM", ""),
        ({"cells": "rnn,lstm", "focus": "rnn"}, "RNN", ""),
        ({"cells": "rnn,lstm", "focus": "gru"}, "LSTM", "The GRU is not compared here: shown is the LSTM."),
        ({"weights": "counter"}, "LSTM", ""),
        ({"weights": "counter", "focus": "lstm"}, "LSTM", ""),
        ({"weights": "counter", "focus": "gru"}, "LSTM", "The GRU is not compared here: shown is the LSTM."),
        ({"weights": "sign", "focus": "gru"}, "RNN", "The GRU is not compared here: shown is the RNN."),
    ],
)
def test_a_cell_that_was_chosen_but_is_not_compared_is_not_passed_over_in_silence(query, drawn, said):
    app = open_page(hidden="2", **query)
    assert f" the {drawn} " in findings(app)[2]
    assert [each.value for each in app.main.caption if "is not compared" in each.value] == [said] * bool(said)


def test_another_basis_is_part_of_the_link():
    app = open_page()
    calm(app.get_by_key("experiment_basis").set_value("shared").run())
    assert app.query_params["basis"] == "shared"
    assert findings(app)[0].startswith("The two shared directions hold")


UNUSUAL = {
    "one step": {"text": "a"},
    "one unit": {"hidden": "1"},
    "one cell": {"cells": "lstm", "hidden": "2", "focus": "gru"},
    "five cells": {"cells": ",".join(CELLS), "hidden": "2", "gain": "4"},
    "long": {"text": "ab" * 1000, "hidden": "2"},
    "hostile": {"text": "<b>$x$</b> :red[a]", "hidden": "2", "held": "<"},
    "a counter": {"weights": "counter"},
    "a latch": {"weights": "latch", "held": "!"},
    "a sign": {"weights": "sign", "numbers": "1 0 0 0 0", "held": "0.3"},
    "nothing moves": {"gain": "0", "input_gain": "0", "scheme": "orthogonal", "hidden": "2"},
    "numbers": {"numbers": "1 0 -2.5 0 300000", "hidden": "2", "held": "300000"},
}


@pytest.mark.parametrize("query", UNUSUAL.values(), ids=UNUSUAL)
def test_unusual_runs_have_a_page(query):
    app = open_page(**query)
    cells = len(app.session_state["experiment"].cells)
    portrait_drawn = app.session_state["experiment"].hidden_size == 2
    assert len(charts(app)) == 2 * cells + 1 + portrait_drawn
    for key in ("numbers_path", "numbers_distance", "numbers_pair", *["numbers_portrait"] * portrait_drawn):
        app.session_state[key] = True
    calm(app.run())
    for chart in charts(app):
        assert not re.search(r"[:,\[](NaN|-?Infinity)", chart.proto.spec)
