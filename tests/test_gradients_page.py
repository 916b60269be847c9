"""The Gradients page: what it says and draws, its widgets, tabs and links, and what it refuses."""

import dataclasses
import math
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gru_viz.cells import cell_names
from gru_viz.conclusions import gradients as conclusions
from gru_viz.experiment import Experiment, to_query, without_view
from gru_viz.measures.gradients import gradients
from gru_viz.settings import SETTINGS
from tests.expected import TITLES, facts
from tests.flowing import by_torch, sequence_of
from tests.saying import assert_shows, by_cell, plain, read

APP = Path(__file__).resolve().parents[1] / "app.py"


def open_page(theme="light", **query):
    app = AppTest.from_file(APP, default_timeout=60)
    app.context = {"theme": theme}
    for name, value in query.items():
        app.query_params[name] = value
    return calm(app.switch_page("app_pages/gradients.py").run())


def calm(app):
    assert not app.exception, app.exception
    return app


def open_tab(app, name):
    app.session_state["experiment"] = dataclasses.replace(app.session_state["experiment"], tab=name)
    return calm(app.run())


def findings(app):
    return [plain(found.value) for found in app.main.subheader]


def texts(app):
    return [plain(found.value) for found in (*app.main.markdown, *app.main.caption)]


def charts(app):
    return len(app.get("plotly_chart"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_opens_on_the_lesson(theme):
    app = open_page(theme)
    found = {TITLES[name]: facts(Experiment(), name) for name in ("rnn", "lstm", "gru")}
    assert {title: read(shown) for title, shown in by_cell(findings(app)[0]).items()} == {
        title: each.reach for title, each in found.items()
    }
    (named,) = [text for text in texts(app) if text.startswith("For each step back")]
    for title, shown in by_cell(named.partition(" It ")[0]).items():
        assert_shows(shown, found[title].share / 31, digits=3)
    assert charts(app) == 2  # what takes longer is not made before it is opened


@pytest.mark.parametrize(
    "query",
    [
        {"text": "a"}, {"text": "ab", "loss": "every"}, {"loss": "target", "target": "0"}, {"norm": "parts"},
        {"norm": "jacobian", "luck": "1"}, {"norm": "input", "luck": "1"}, {"step": "3", "share": "0.000001"},
        {"weights": "sign"}, {"weights": "counter"}, {"weights": "latch"}, {"cells": ",".join(cell_names())},
        {"text": "a" * 600, "cells": "rnn", "scheme": "orthogonal", "gain": "4", "input_gain": "0"},  # 10³⁶¹
        {"gain": "0"}, {"numbers": "1 0 0 0 0"}, {"numbers": "1e6 " * 9, "input_gain": "16"},
        {"text": "a" * 2000, "hidden": "64", "cells": "rnn,lstm"},
    ],
)  # fmt: skip
def test_no_experiment_breaks_the_page(query):
    app = open_page(**query)
    assert len(findings(app)) >= 3
    for name in ("gains", "spectra", "memory"):
        if len(query.get("text", "")) < 1000:
            open_tab(app, name)


def test_the_widgets_change_the_experiment_and_the_link():
    app = open_page()
    calm(app.get_by_key("experiment_loss").set_value("target").run())
    calm(app.get_by_key("experiment_target").set_value(-0.5).run())
    calm(app.get_by_key("experiment_norm").set_value("jacobian").run())
    calm(app.get_by_key("experiment_share").set_value(1e-6).run())
    calm(app.get_by_key("experiment_clip").set_value(3.5).run())
    calm(app.get_by_key("loss_step").set_value(9).run())
    experiment = app.session_state["experiment"]
    assert experiment == Experiment(loss="target", target=-0.5, norm="jacobian", share=1e-6, clip=3.5, step=9)
    link = {name: value if isinstance(value, str) else value[0] for name, value in app.query_params.items()}
    assert link == to_query(experiment)
    assert "distance of h after step 9 to −0.5" in " ".join(texts(app))
    calm(app.get_by_key("loss_step").set_value(32).run())
    assert app.session_state["experiment"].step == 0


@pytest.mark.parametrize("tab", SETTINGS["tab"].options)
def test_a_link_opens_its_tab(tab):
    begins = {"what_if": "Clipping at 1", "gains": "At 32 units the gradient", "spectra": "Step 32: the eigenvalue",
              "horizon": "Down to 1 %, step 32 hangs", "memory": "40 steps after the cue"}  # fmt: skip
    app = open_page(tab=tab)
    found = findings(app)[2:]  # from the one on clipping, above the tabs
    assert len(found) == 1 + {"what_if": 0, "spectra": 2}.get(tab, 1)
    assert any(words.startswith(begins[tab]) for words in found)
    assert to_query(app.session_state["experiment"]) == ({} if tab == "what_if" else {"tab": tab})
    assert without_view(Experiment(tab=tab)) == Experiment()  # nothing is computed anew for it


def test_another_loss_gives_other_numbers_at_once():
    app = open_page(cells="gru")
    before = by_cell(findings(app)[-1].partition(": ")[2])
    calm(app.get_by_key("experiment_loss").set_value("every").run())
    after = by_cell(findings(app)[-1].partition(": ")[2])
    assert read(after["GRU"]) > 2 * read(before["GRU"])
    wanted = by_torch(Experiment(loss="every"), "gru")[2]
    assert_shows(after["GRU"], wanted, digits=3)


def test_of_a_loss_at_every_step_nothing_is_said_of_a_reach():
    app = open_page(loss="every", luck="1")
    assert "map_reach" not in {button.key for button in app.button}
    assert texts(app).count(conclusions.EVERY) == 2
    assert not any("reach of the" in text for text in texts(app))
    assert findings(open_tab(app, "gains"))[-1] == conclusions.EVERY


def test_the_numbers_of_a_figure_are_those_that_it_draws():
    experiment = dataclasses.replace(Experiment(), norm="parts", step=12)
    found = gradients(experiment, sequence_of(experiment))
    columns = conclusions.norm_numbers(found, sequence_of(experiment))
    assert list(columns) == ["step", "token", "RNN h", "LSTM h", "LSTM c", "GRU h"]
    assert columns["LSTM c"] == found[1].curves["c"].tolist()
    assert columns["token"] == list("My␣name␣is␣A")
    app = open_page(norm="parts", step="12")
    for key in ("numbers_norms", "numbers_saliency_12"):
        app.session_state[key] = True
    calm(app.run())
    tables = [each for each in app.get("bidi_component") if "table" in str(each.proto.id)]
    assert len(tables) >= 2


def test_the_map_is_of_a_cell_that_is_compared():
    app = open_page(cells="rnn,lstm", focus="gru")
    calm(app.button(key="map_reach").click().run())
    assert findings(app)[-1].startswith("The LSTM reaches")
    calm(app.get_by_key("experiment_focus").set_value("rnn").run())
    assert "How far does the gradient of the RNN reach" in " ".join(texts(app))
    calm(app.button(key="map_reach").click().run())
    assert findings(app)[-1].startswith("The RNN reaches")
    calm(app.get_by_key("go_there").set_value((0, 8)).run())
    assert app.session_state["experiment"].recurrent_gain == 2
    assert findings(app)[-1].startswith("The RNN reaches")


def test_the_step_with_the_loss_cuts_everything():
    app = open_page(step="9")
    found = facts(dataclasses.replace(Experiment(), text=Experiment().text[:9]), "gru")
    assert read(by_cell(findings(app)[0])["GRU"]) == found.reach


def test_a_loss_before_the_end_is_said_and_can_be_taken_back():
    app = open_page(step="27")
    assert "L is taken after step 27 of 32, the step in view." in texts(app)
    calm(app.button(key="last_step").click().run())
    assert app.session_state["experiment"].step == 0
    assert not any("the step in view" in text for text in texts(app))
    for query in ({}, {"step": "32"}, {"step": "99"}, {"text": "a", "step": "5"}):
        assert "last_step" not in {button.key for button in open_page(**query).button}


def test_buttons_change_what_the_gates_keep_and_the_gain():
    app = open_page()
    calm(app.button(key="set_keep_0").click().run())
    assert app.session_state["experiment"].keep == 0
    assert "gates that start by keeping half of the state" in " ".join(texts(app))
    calm(app.button(key="set_gain_2").click().run())
    assert app.session_state["experiment"].recurrent_gain == 2
    keys = {button.key for button in app.button}
    assert "set_gain_2" not in keys
    assert "set_keep_0" not in keys
    for query in ({"cells": "rnn"}, {"bias": "f:1"}):
        assert not any(str(button.key).startswith("set_keep") for button in open_page(**query).button)
    assert not any(str(button.key).startswith("set_") for button in open_page(weights="sign").button)


def test_other_seeds_are_a_band_and_a_sentence():
    app = open_page()
    calm(app.button(key="gradients_luck").click().run())
    (said,) = [text for text in texts(app) if text.startswith("Over seeds 0 to 199")]
    reaches = sorted(facts(Experiment(), "rnn", seed=seed).reach for seed in range(200))
    low, middle, high = (reaches[math.ceil(200 * part) - 1] for part in (0.1, 0.5, 0.9))
    assert f"is {middle} ({low} to {high}) in the RNN" in said
    calm(app.button(key="gradients_luck").click().run())
    assert not any(text.startswith("Over seeds") for text in texts(app))


def test_too_much_is_refused_in_words_and_nothing_breaks():
    app = open_page(text="ab" * 1000, hidden="64", norm="jacobian", cells="lstm")
    (warning,) = [plain(each.value) for each in app.main.warning]
    assert "2000 Jacobians of 128 × 128" in warning
    calm(app.get_by_key("experiment_norm").set_value("state").run())
    assert not app.main.warning
    open_tab(app, "horizon")
    (warning,) = [plain(each.value) for each in app.main.warning]
    assert "2000 × 2000" in warning
