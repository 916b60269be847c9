"""The Gates page: what it says and draws, its units and buttons, on usual and unusual runs."""

import json
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from gru_viz.cells import cell, cell_names
from gru_viz.conclusions import gates as conclusions
from gru_viz.experiment import Experiment
from gru_viz.figures.common import untyped
from tests.gating import all_gates
from tests.saying import plain

APP = Path(__file__).resolve().parents[1] / "app.py"


def open_gates(**query):
    app = AppTest.from_file(APP, default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    return calm(app.switch_page("app_pages/gates.py").run())


def calm(app):
    """The app after a run that raised nothing."""
    assert not app.exception, app.exception
    return app


def findings(app):
    return [plain(each.value) for each in app.main.subheader]


def sentences(app):
    return [plain(each.value) for each in app.main.markdown]


def drawn(app, key):
    return json.loads(app.get_by_key(key).proto.spec)


def test_the_page_says_and_draws_the_run():
    app = open_gates()
    found, sequence = all_gates(Experiment())
    assert plain(app.main.title[0].value) == "Which gate opened when, for which letter?"
    assert conclusions.moved_most(found, sequence) in sentences(app)
    assert any("means nothing" in each for each in sentences(app))
    assert findings(app) == [
        conclusions.averages([cell(name) for name in Experiment().cells], found),
        conclusions.widest(found, (0, 1, 2)),
        conclusions.saturated(found),
        conclusions.half_lives(found),
    ]
    for each, heat in zip(found, drawn(app, "gates")["data"], strict=True):
        np.testing.assert_allclose(untyped(heat["z"]), each.values.T, rtol=1e-6)
    for key in ("gates", "units", "saturation", "half_life"):
        assert len(app.get_by_key(key).proto.alt) > 40
        assert drawn(app, key)["data"]


UNUSUAL = {
    "one step": {"text": "a"},
    "an emoji and markup": {"text": "👨‍👩‍👧<b>*x* :smile:"},
    "numbers": {"numbers": "1 0 -2.5 1000000"},
    "five cells": {"cells": ",".join(cell_names())},
    "one unit": {"hidden": "1", "units": "5,6"},
    "many units": {"hidden": "64", "units": "1,64", "text": "Ada"},
    "wide open": {"input_gain": "16", "keep": "3"},
    "counting": {"weights": "counter", "text": "((a)b)"},
    "a latch": {"weights": "latch", "text": "3!14"},
    "one cell": {"cells": "gru"},
    "the same number": {"numbers": "0 0 0", "input_gain": "0", "gain": "0"},
}


@pytest.mark.parametrize("kind", UNUSUAL)
def test_an_unusual_run_is_shown_as_well(kind):
    app = open_gates(**UNUSUAL[kind])
    found, sequence = all_gates(app.session_state["experiment"])
    assert len(findings(app)) == 4
    assert conclusions.moved_most(found, sequence) in sentences(app)
    assert not app.error


def test_a_run_at_all_its_limits():
    app = open_gates()
    query = {"text": "ab" * 1_000, "hidden": "64", "cells": ",".join(cell_names()), "units": "1,2,3"}
    app = open_gates(**query)
    assert sum(untyped(each["z"]).size for each in drawn(app, "gates")["data"]) <= 50_000
    said = [plain(each.value) for each in app.main.caption]
    assert "The first 2 of 64 units are drawn; the table has all." in said
    assert "The first 2 of 3 chosen units are drawn; the table has all." in said


@pytest.mark.parametrize("query", [{"cells": "rnn"}, {"weights": "sign", "numbers": "1 0 0 0.2"}])
def test_without_gates_the_page_answers(query):
    app = open_gates(**query)
    assert findings(app) == []
    assert any("the RNN has no gates" in each for each in sentences(app))
    assert len(app.main.info) == 1


def test_hand_set_weights_are_said_to_mean_something_and_are_a_button_away():
    app = open_gates()
    app = calm(app.button(key="hand_set").click().run())
    assert app.session_state["experiment"].weights == "counter"
    said = " ".join(sentences(app))
    assert "on purpose" in said
    assert 'i of unit 1 is open at "(" and ")" and else shut' in said
    assert "means nothing" not in said
    assert [each for each in app.main.button if each.key == "hand_set"] == []


def test_units_are_picked_kept_in_the_link_and_refused_in_words():
    app = open_gates(units="2")
    picker = app.get_by_key("experiment_units")
    assert picker.value == [2]
    app = calm(picker.set_value([2, 8]).run())
    assert app.session_state["experiment"].units == (2, 8)
    assert app.query_params["units"] == "2,8"
    names = {each["name"] for each in drawn(app, "units")["data"]}
    assert {name.rpartition(" ")[2] for name in names} == {"2", "8"}
    app = calm(app.get_by_key("experiment_units").set_value([1, 2, 3, 4, 5, 6, 7]).run())
    assert "1 to 6 different whole numbers" in plain(app.error[0].value)
    assert app.get_by_key("experiment_units").value == [1, 2, 3, 4, 5, 6, 7]
    assert app.session_state["experiment"].units == (2, 8)
    app = calm(app.get_by_key("experiment_units").set_value([]).run())
    assert len(app.error) == 1


def test_units_that_are_not_there_come_back_with_more_units():
    app = open_gates(units="3,8", hidden="4")
    assert app.get_by_key("experiment_units").value == [3]
    app = calm(app.get_by_key("experiment_hidden_size").set_value(8).run())
    assert app.get_by_key("experiment_units").value == [3, 8]
    assert app.session_state["experiment"].units == (3, 8)


def test_every_figure_has_its_numbers():
    app = open_gates(hidden="3", text="Ada")
    for key in ("gates", "units", "saturation", "half_life"):
        app.session_state[f"numbers_{key}"] = True
    app = calm(app.run())
    found, _ = all_gates(Experiment(hidden_size=3, text="Ada"))
    tables = {each.key: json.loads(each.proto.bytes) for each in app.get("bidi_component") if "table" in str(each.key)}
    assert len(tables) == 4
    head, rows = tables["table_gates"]["head"], tables["table_gates"]["rows"]
    assert head[:3] == ["step", "token", "LSTM f 1"]
    assert len(head) == 2 + 3 * len(found)
    assert float(rows[2][2]) == pytest.approx(found[0].values[2, 0], rel=1e-9)
    lives = tables["table_half_life"]["rows"]
    assert [row[:4] for row in lives] == [
        [each.cell.title, each.name, "keep", str(unit + 1)] for each in found if each.keeps for unit in range(3)
    ]
