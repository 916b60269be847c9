"""The app through AppTest: what a visitor enters, and what the page, the link and the figures then hold.

Numbers on the page are read from its text and compared with `expected`, which knows nothing of the package.
"""

import json
import math
import random
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from gru_viz.cells import cell_names
from gru_viz.experiment import Experiment, to_query
from gru_viz.figures.common import untyped
from gru_viz.settings import SETTINGS
from tests import expected
from tests.expected import TITLES, all_found, facts
from tests.saying import NUMBER, assert_finding, assert_first_step, assert_left_over, assert_shows, by_cell, plain, read

APP = Path(__file__).resolve().parents[1] / "app.py"
MISTAKE = "The figures show the last sequence that could be read."


# -- a visitor ---------------------------------------------------------------------------------------------------------


def open_app(theme="light", **query):
    app = AppTest.from_file(APP, default_timeout=30)
    app.context = {"theme": theme}
    for name, value in query.items():
        app.query_params[name] = value
    return calm(app.run())


def calm(app):
    """The app after a run that raised nothing."""
    assert not app.exception, app.exception
    return app


def enter(app, field, value):
    """Give the widget of a field another value."""
    return calm(app.get_by_key(f"experiment_{field}").set_value(value).run())


def press(app, key):
    return calm(app.button(key=key).click().run())


def unfold(app, *keys):
    """Open expanders."""
    for key in keys:
        app.session_state[key] = True
    return calm(app.run())


def experiment(app):
    return app.session_state["experiment"]


def link(app):
    """The address bar, one text a name."""
    return {name: value if isinstance(value, str) else value[0] for name, value in app.query_params.items()}


def errors(app):
    return [plain(error.value) for error in app.error]


# -- what the page says ------------------------------------------------------------------------------------------------


def findings(app):
    """The sentences of which each stands above a figure."""
    return [plain(found.value) for found in app.main.subheader]


def first_step(app):
    return plain(app.main.markdown[1].value)


def assert_says(app, found):
    """The page's sentences hold the numbers of ``found``, title -> Facts."""
    assert_first_step(first_step(app), found)
    assert_finding(findings(app)[0], found, experiment(app).curve)


def assert_left(app, distances):
    """The sentence above the last figure holds what is left of each largest difference."""
    assert_left_over(findings(app)[2], distances)


# -- what the page draws -----------------------------------------------------------------------------------------------


def proto(app, key):
    return app.get_by_key(key).proto


def figure(app, key):
    spec = json.loads(proto(app, key).spec)
    spec["layout"].pop("template", None)  # Streamlit's own
    return spec


def line(app, key, name):
    """The values of one line or heatmap."""
    (found,) = [trace for trace in figure(app, key)["data"] if trace["name"] == name]
    return untyped(found["z" if found["type"] == "heatmap" else "y"])


def lines(app, key):
    return [trace["name"] for trace in figure(app, key)["data"]]


def assert_draws(app, found):
    """The curves of the carried gradient and the heatmaps are the numbers of ``found``."""
    for title, each in found.items():
        drawn = line(app, "gradient", title)
        finite = np.isfinite(each.norm)
        assert np.isfinite(drawn).tolist() == finite.tolist()
        np.testing.assert_allclose(drawn[finite], each.norm[finite], rtol=1e-6, atol=1e-6)
        for name, values in each.states.items():
            heat = line(app, "states", f"{title} {name}")
            np.testing.assert_allclose(heat, values.T[: len(heat)], rtol=1e-6, atol=1e-6)


# -- opening -----------------------------------------------------------------------------------------------------------


def test_it_opens_on_the_lesson():
    app = open_app()
    assert experiment(app) == Experiment()
    assert (link(app), errors(app), app.main.title.len) == ({}, [], 1)
    assert by_cell(findings(app)[0]) == {"RNN": "6", "LSTM": "23", "GRU": "32"}
    assert by_cell(first_step(app)) == {"RNN": "2.4·10⁻¹⁴", "LSTM": "0.0037", "GRU": "0.018"}
    assert by_cell(findings(app)[2]) == {"RNN": "1.5·10⁻⁸", "LSTM": "0.041", "GRU": "0.091"}
    assert "seed 7" in plain(app.main.markdown[0].value)


def test_the_numbers_of_the_lesson_are_those_of_torch():
    app, of = open_app(), Experiment()
    found = all_found(of)
    assert_says(app, found)
    assert_draws(app, found)
    one, other = list(of.text), list(of.text.replace("Ada", "Bob"))
    assert_left(app, {TITLES[name]: expected.distances(of, name, one, other) for name in of.cells})


def test_the_hidden_states_lie_in_the_range_that_is_said():
    app, found = open_app(), all_found(Experiment())
    low, high, lowest_c, highest_c = re.findall(NUMBER, findings(app)[1])[:4]
    hidden = np.concatenate([each.states["h"].ravel() for each in found.values()])
    cells = found["LSTM"].states["c"]
    assert [read(n) for n in (low, high, lowest_c, highest_c)] == [
        float(f"{value:.2g}") for value in (hidden.min(), hidden.max(), cells.min(), cells.max())
    ]


# Field -> (the link, the field's value, what its widget shows)
IN_LINK = {
    "kind": ({"numbers": "1 2 3"}, "numbers", "numbers"),
    "text": ({"text": "Hello, Bob"}, "Hello, Bob", "Hello, Bob"),
    "cells": ({"cells": "gru"}, ("gru",), ["gru"]),
    "hidden_size": ({"hidden": "3"}, 3, 3),
    "keep": ({"keep": "0"}, 0.0, 0.0),
    "seed": ({"seed": "4294967295"}, 2**32 - 1, 2**32 - 1),
    "scheme": ({"scheme": "orthogonal"}, "orthogonal", "orthogonal"),
    "recurrent_gain": ({"gain": "1.5"}, 1.5, 1.5),
    "input_gain": ({"input_gain": "8"}, 8.0, 8.0),
    "biases": ({"bias": "f:1,z:-2"}, (("f", 1.0), ("z", -2.0)), None),
    "replace": ({"replace": "name"}, "name", "name"),
    "by": ({"by": "Eve"}, "Eve", "Eve"),
    "curve": ({"curve": "input"}, "input", "input"),
    "luck": ({"luck": "1"}, True, None),
    "weights": ({"weights": "shared"}, "shared", None),
    "step": ({"step": "5"}, 5, None),
    "unit": ({"unit": "2"}, 2, None),
    "backward": ({"backward": "1"}, True, None),
    "focus": ({"focus": "lstm"}, "lstm", None),
    "units": ({"units": "2,5"}, (2, 5), None),
    "basis": ({"basis": "shared"}, "shared", None),
    "held": ({"held": "a"}, "a", None),
    "loss": ({"loss": "every"}, "every", None),
    "target": ({"target": "-1"}, -1.0, None),
    "norm": ({"norm": "parts"}, "parts", None),
    "share": ({"share": "0.1"}, 0.1, None),
    "clip": ({"clip": "2"}, 2.0, None),
    "tab": ({"tab": "spectra"}, "spectra", None),
    "example": ({"example": "half_open", "keep": "0"}, "half_open", None),
    "predict": ({"predict": "1"}, True, None),
    "projector": ({"projector": "1"}, True, None),
}


def test_every_field_has_its_place_in_a_link():
    assert set(IN_LINK) == set(SETTINGS)


@pytest.mark.parametrize("field", IN_LINK)
def test_a_field_comes_from_the_link_and_stays_in_it(field):
    query, value, shown = IN_LINK[field]
    app = unfold(open_app(**query), "more")
    assert getattr(experiment(app), field) == value
    assert {name: text for name, text in link(app).items() if name not in ("replace", "by")} == {
        name: text for name, text in query.items() if name not in ("replace", "by")
    }
    assert not errors(app)
    if shown is not None:
        assert app.get_by_key(f"experiment_{field}").value == shown


def test_a_whole_link_gives_the_same_page_to_another_visitor():
    query = {"text": "ab b", "cells": "rnn,lstm_peephole", "hidden": "5", "keep": "3", "seed": "1", "gain": "1.25"}
    query |= {"input_gain": "2.5", "bias": "f:0.5", "replace": "b", "by": "a", "curve": "parts", "scheme": "orthogonal"}
    one = open_app(**query)
    other = open_app(**link(calm(one.run())))
    assert experiment(one) == experiment(other) != Experiment()
    assert (findings(one), first_step(one)) == (findings(other), first_step(other))
    assert [figure(one, key) for key in ("gradient", "states", "difference")] == [
        figure(other, key) for key in ("gradient", "states", "difference")
    ]


BAD_LINKS = {
    "an unknown name": ({"speed": "3"}, '"speed"'),
    "a repeated name": ({"seed": ["1", "2"]}, "seed= stands 2 times"),
    "two sequences": ({"text": "ab", "numbers": "1 2"}, "numbers= is not used"),
    "text for a number": ({"hidden": "many"}, '"many"'),
    "a number out of range": ({"hidden": "65"}, "from 1 to 64"),
    "no number": ({"gain": "nan"}, '"nan"'),
    "an unknown choice": ({"keep": "4"}, '"4"'),
    "an unknown cell": ({"cells": "rnn,gpt"}, '"rnn,gpt"'),
    "no cell": ({"cells": ""}, "one or more of rnn"),
    "a broken character": ({"text": "a\ufffdb"}, "may have lost a character"),
    "far too much": ({"text": "a" * 5_000}, "more than 4,096 bytes"),
    "markup": ({"![x](http://example.com/x.png)": "1"}, '"![x]'),
}


@pytest.mark.parametrize("kind", BAD_LINKS)
def test_a_bad_link_gets_a_sentence_and_the_rest_of_it_holds(kind):
    query, words = BAD_LINKS[kind]
    app = open_app(scheme="orthogonal", **query)
    said = [plain(each.value) for each in [*app.error, *app.warning]]
    assert len(said) == 1
    assert words in said[0]
    assert experiment(app).scheme == ("uniform" if kind == "far too much" else "orthogonal")
    assert len(findings(app)) == 3


def test_a_sequence_in_a_link_that_cannot_be_read_gets_its_sentence_beside_the_field():
    app = open_app(numbers="1 two 3", seed="5")
    assert '"two"' in " ".join(errors(app))
    assert (experiment(app).seed, experiment(app).text) == (5, Experiment().text)
    assert len(findings(app)) == 3


# -- every widget ------------------------------------------------------------------------------------------------------

# Field -> (a new value, the link, the figures that must change)
BOTH, ALL = ("gradient", "states"), ("gradient", "states", "difference")
ENTERED = {
    "text": ("My nose is Ada. What is my nose?", {"text": "My nose is Ada. What is my nose?"}, ALL),
    "cells": (["rnn", "gru"], {"cells": "rnn,gru"}, ALL),
    "hidden_size": (16, {"hidden": "16"}, ALL),
    "keep": (0.0, {"keep": "0"}, ALL),
    "seed": (8, {"seed": "8"}, ALL),
    "variants": (["gru_reset_after"], {"cells": "rnn,lstm,gru,gru_reset_after"}, ALL),
    "scheme": ("orthogonal", {"scheme": "orthogonal"}, ALL),
    "recurrent_gain": (1.5, {"gain": "1.5"}, ALL),
    "input_gain": (2.0, {"input_gain": "2"}, ALL),
    "replace": ("name", {"replace": "name"}, ("difference",)),
    "by": ("Eve", {"by": "Eve"}, ("difference",)),
    "curve": ("input", {"curve": "input"}, ("gradient",)),
}


@pytest.mark.parametrize("field", ENTERED)
def test_a_widget_changes_the_experiment_the_link_and_the_figures(field):
    value, query, changing = ENTERED[field]
    app = unfold(open_app(), "more")
    before = {key: figure(app, key) for key in ALL}
    enter(app, field, value)
    assert link(app) == query
    assert experiment(app) == experiment(open_app(**query))
    assert {key for key in ALL if figure(app, key) != before[key]} == set(changing)
    if field in ("replace", "by", "curve"):
        return
    assert_says(app, all_found(experiment(app)))
    assert_draws(app, all_found(experiment(app)))


def test_next_takes_the_next_seed_and_the_first_after_the_last():
    app = press(open_app(), "next_seed")
    assert (experiment(app).seed, app.number_input(key="experiment_seed").value, link(app)) == (8, 8, {"seed": "8"})
    app = press(open_app(seed=str(2**32 - 1)), "next_seed")
    assert (experiment(app).seed, app.number_input(key="experiment_seed").value) == (0, 0)


def test_back_to_the_example_takes_everything_back():
    app = open_app()
    assert "reset" not in [button.key for button in app.button]
    whole = open_app(numbers="1 0 2", cells="lstm_peephole", hidden="5", keep="3", seed="1", gain="1.25", bias="f:0.5")
    unfold(whole, "more")
    press(whole, "reset")
    assert (experiment(whole), link(whole)) == (Experiment(), {})
    for field, value in {
        "kind": "text",
        "text": Experiment().text,
        "hidden_size": 8,
        "seed": 7,
        "variants": [],
    }.items():
        assert whole.get_by_key(f"experiment_{field}").value == value
    assert not any(box.value for box in whole.checkbox)
    assert figure(whole, "gradient") == figure(app, "gradient")
    enter(whole, "seed", 8)
    assert link(whole) == {"seed": "8"}


# -- mistakes ----------------------------------------------------------------------------------------------------------

MISTAKES = {"": "empty", "   ": "blanks", "a" * 2_001: "2,000", "a" * 50_001: "50,000"}


@pytest.mark.parametrize("typed", MISTAKES, ids=MISTAKES.values())
def test_a_mistake_gets_a_sentence_and_the_last_good_figures_stay(typed):
    app = open_app(text="Hello Bob", replace="Bob", by="Eve")
    before = [figure(app, key) for key in ALL], findings(app), link(app)
    enter(app, "text", typed)
    assert len(errors(app)) == 1
    assert MISTAKES[typed] in errors(app)[0]
    assert MISTAKE in errors(app)[0]
    assert app.sidebar.error.len == 1
    assert ([figure(app, key) for key in ALL], findings(app), link(app)) == before
    assert app.text_input(key="experiment_text").value == typed
    enter(app, "seed", 9)
    assert (len(errors(app)), experiment(app).seed, experiment(app).text) == (1, 9, "Hello Bob")
    enter(app, "text", "Hello Eve")
    assert (errors(app), experiment(app).text) == ([], "Hello Eve")


def test_the_last_cell_cannot_be_taken_away_without_a_word():
    app = open_app(cells="gru")
    enter(app, "cells", [])
    assert '"Compare"' in errors(app)[0]
    assert (experiment(app).cells, len(findings(app))) == (("gru",), 3)
    enter(app, "cells", ["lstm"])
    assert (errors(app), experiment(app).cells) == ([], ("lstm",))


def test_a_replacement_that_does_not_fit_gets_its_sentence():
    app = open_app()
    before = figure(app, "difference")
    for field, value, words in (
        ("replace", "Zoe", '"Zoe" does not occur'),
        ("by", "", "in place of"),
        ("by", "Ada", "itself"),
    ):
        enter(app, field, value)
        assert words in errors(app)[0]
        assert app.main.error.len == 1
        assert figure(app, "difference") == before
        enter(app, field, getattr(Experiment(), field))
        assert errors(app) == []


def test_a_replacement_follows_the_sequence():
    app = open_app()
    enter(app, "text", "We met Eve there")
    kept = experiment(app)
    assert kept.replace in "We met Eve there"
    assert app.text_input(key="experiment_replace").value == kept.replace
    assert app.text_input(key="experiment_by").value == kept.by
    assert f'With "{kept.by}" in place of "{kept.replace}"' in findings(app)[2]
    tokens, others = list(kept.text), list(kept.text.replace(kept.replace, kept.by, 1))
    assert_left(app, {TITLES[name]: expected.distances(kept, name, tokens, others) for name in kept.cells})


def test_the_two_fields_of_a_replacement_may_be_changed_one_after_the_other():
    app = open_app(text="Ada and Bob", replace="Ada", by="Bob")
    enter(app, "replace", "Bob")
    assert "itself" in errors(app)[0]
    enter(app, "by", "Ada")
    assert (errors(app), experiment(app).replace, experiment(app).by) == ([], "Bob", "Ada")


def test_a_mistake_in_a_replacement_goes_with_the_sequence_that_it_was_made_for():
    app = enter(open_app(), "replace", "Eve")
    assert len(errors(app)) == 1
    enter(app, "text", "We met Eve there")
    assert experiment(app).replace == app.text_input(key="experiment_replace").value
    assert errors(app) == []


def test_what_was_refused_is_taken_up_when_the_sequence_fits_it():
    app = open_app()
    enter(app, "replace", "Eve")
    assert "does not occur" in errors(app)[0]
    enter(app, "text", "My name is Ada. Eve, what is my name?")
    assert not errors(app)
    assert (experiment(app).replace, experiment(app).by) == ("Eve", "Bob")
    app = open_app(numbers="1 0 0", replace="1", by="2")
    enter(app, "replace", "9")
    assert "from 1 to 3" in errors(app)[0]
    enter(app, "numbers", "1 0 0 0")
    assert "from 1 to 4" in errors(app)[0]
    enter(app, "numbers", "1 0 0 0 0 0 0 0 0 0")
    assert not errors(app)
    assert experiment(app).replace == "9"


def test_a_button_on_a_page_moves_the_widget_in_the_sidebar_too():
    app = calm(open_app().switch_page("app_pages/trajectories.py").run())
    press(app, "two_units")
    assert experiment(app).hidden_size == app.get_by_key("experiment_hidden_size").value == 2
    app = calm(open_app().switch_page("app_pages/gradients.py").run())
    press(app, "set_keep_3")
    assert experiment(app).keep == app.get_by_key("experiment_keep").value == 3.0


def test_no_cell_is_compared_that_is_not_seen_to_be_chosen():
    app = open_app(cells="rnn")
    enter(app, "cells", [])
    assert "has no cell" in errors(app)[0]
    unfold(app, "more")
    enter(app, "variants", ["gru_reset_after"])
    assert not errors(app)
    shown = [*app.get_by_key("experiment_cells").value, *app.get_by_key("experiment_variants").value]
    assert list(experiment(app).cells) == shown


def test_a_replacement_of_another_length_is_paired_from_the_end():
    app = enter(open_app(), "by", "Robert")
    of = experiment(app)
    one, other = list(of.text), list(of.text.replace("Ada", "Robert"))
    distances = {TITLES[name]: expected.distances(of, name, one, other) for name in of.cells}
    assert_left(app, distances)
    (drawn,) = [each for each in figure(app, "difference")["data"] if each["name"] == "RNN"]
    assert drawn["x"] == [str(step + 1) for step in range(len(one) - len(distances["RNN"]), len(one))]
    np.testing.assert_allclose(untyped(drawn["y"]), distances["RNN"] / distances["RNN"].max(), rtol=1e-6, atol=1e-7)


# -- numbers -----------------------------------------------------------------------------------------------------------


def test_switching_the_kind_back_and_forth_loses_nothing():
    app = open_app(text="Hello Bob", replace="Bob", by="Eve")
    enter(app, "kind", "numbers")
    assert experiment(app).kind == "numbers"
    enter(app, "numbers", "0.5, -1 2\n3")
    assert (link(app)["numbers"], "text" in link(app)) == ("0.5, -1 2\n3", False)
    enter(app, "kind", "text")
    assert (experiment(app).text, link(app)["text"]) == ("Hello Bob", "Hello Bob")
    enter(app, "kind", "numbers")
    assert (experiment(app).text, app.text_area(key="experiment_numbers").value) == ("0.5, -1 2\n3", "0.5, -1 2\n3")
    assert errors(app) == []


def test_numbers_are_read_one_a_step():
    app = open_app(numbers="0.5, -1 2\n-3e-1", hidden="4")
    assert_says(app, all_found(experiment(app), [0.5, -1.0, 2.0, -0.3]))
    assert_draws(app, all_found(experiment(app), [0.5, -1.0, 2.0, -0.3]))
    assert list(figure(app, "gradient")["layout"]["xaxis"]["labelalias"].values()) == ["0.5", "−1", "2", "−0.3"]


def test_one_number_is_replaced_by_its_step():
    app = open_app(numbers="1 0 3 0 0 0")
    enter(app, "replace", "3")
    enter(app, "by", "-2.5")
    of = experiment(app)
    one, others = [1.0, 0.0, 3.0, 0.0, 0.0, 0.0], [1.0, 0.0, -2.5, 0.0, 0.0, 0.0]
    assert_left(app, {TITLES[name]: expected.distances(of, name, one, others) for name in of.cells})
    enter(app, "replace", "7")
    assert "from 1 to 6" in errors(app)[0]


def test_a_mistake_among_numbers_names_its_place():
    app = open_app(numbers="1 2 3")
    enter(app, "numbers", "1 2 three")
    assert "Number 3" in errors(app)[0]
    assert '"three"' in errors(app)[0]
    assert experiment(app).text == "1 2 3"
    enter(app, "numbers", "1 2 4")
    assert (errors(app), experiment(app).text) == ([], "1 2 4")


def test_a_mistake_is_forgotten_when_another_kind_is_chosen_and_chosen_again():
    app = enter(open_app(), "text", "")
    enter(app, "kind", "numbers")
    assert (errors(app), experiment(app).kind) == ([], "numbers")
    enter(app, "kind", "text")
    shown = app.text_input(key="experiment_text").value
    assert (shown == experiment(app).text) is (errors(app) == [])


# -- more --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["uniform", "orthogonal"])
def test_the_spectrum_is_that_of_the_recurrent_matrices(scheme):
    app = unfold(open_app(gain="1.5", scheme=scheme, cells=",".join(cell_names())), "more")
    of = experiment(app)
    said = [plain(caption.value) for caption in app.sidebar.caption if "ρ" in caption.value]
    assert len(said) == len(of.cells)
    for name, sentence in zip(of.cells, said, strict=True):
        _, names = expected.inputs(of, expected.tokens_of(of))
        matrices = [m for key, m in expected.weights(of, name, names).items() if key.startswith("U")]
        radius = max(np.abs(np.linalg.eigvals(m)).max() for m in matrices)
        norm = max(np.sqrt(np.linalg.eigvalsh(m.T @ m).max()) for m in matrices)
        found = re.match(rf"{re.escape(TITLES[name])}: \D*= ({NUMBER}), \D*= ({NUMBER})", sentence)
        assert_shows(found[1], math.log10(radius), 3)
        assert_shows(found[2], math.log10(norm), 3)


def test_biases_are_set_apart_moved_and_cleared():
    app = unfold(open_app(), "more")
    before = figure(app, "gradient")
    assert [box.value for box in app.checkbox] == [False] * 5
    calm(app.checkbox(key="own_f").check().run())
    assert experiment(app).biases == (("f", 2.0),)
    assert figure(app, "gradient") == before
    calm(app.checkbox(key="own_z").check().run())
    assert experiment(app).biases == (("f", 2.0), ("z", -2.0))
    calm(app.slider(key="bias_f").set_value(-1.0).run())
    assert (experiment(app).biases, link(app)) == ((("f", -1.0), ("z", -2.0)), {"bias": "f:-1,z:-2"})
    assert_says(app, all_found(experiment(app)))
    assert_draws(app, all_found(experiment(app)))
    calm(app.checkbox(key="own_f").uncheck().run())
    calm(app.checkbox(key="own_z").uncheck().run())
    assert (experiment(app), link(app), figure(app, "gradient")) == (Experiment(), {}, before)


def test_a_bias_that_was_cleared_by_the_example_starts_afresh():
    app = unfold(open_app(bias="f:-3"), "more")
    assert app.slider(key="bias_f").value == -3.0
    press(app, "reset")
    assert not app.checkbox(key="own_f").value
    calm(app.checkbox(key="own_f").check().run())
    assert experiment(app).biases == (("f", 2.0),)
    assert app.slider(key="bias_f").value == 2.0


def test_a_bias_belongs_to_the_gates_at_hand():
    app = unfold(open_app(cells="rnn"), "more")
    assert app.checkbox.len == 0
    app = unfold(open_app(cells="gru_reset_after", bias="z:1"), "more")
    assert [box.key for box in app.checkbox] == ["own_r", "own_z"]
    assert_says(app, all_found(experiment(app)))


# -- curves, seeds, tables ---------------------------------------------------------------------------------------------


def test_the_parts_and_the_input_are_drawn_by_choice():
    app, found = open_app(), all_found(Experiment())
    enter(app, "curve", "parts")
    assert lines(app, "gradient") == ["RNN h", "LSTM h", "LSTM c", "GRU h"]
    for title, each in found.items():
        for name, norm in each.parts.items():
            drawn, finite = line(app, "gradient", f"{title} {name}"), np.isfinite(norm)
            assert np.isfinite(drawn).tolist() == finite.tolist()
            np.testing.assert_allclose(drawn[finite], norm[finite], rtol=1e-6)
    enter(app, "curve", "input")
    for title, each in found.items():
        np.testing.assert_allclose(line(app, "gradient", title), each.input_norm, rtol=1e-6)


def test_the_seeds_are_drawn_on_demand_and_counted():
    app = open_app(text="abcabcab", hidden="3")
    plainly = figure(app, "gradient")
    press(app, "luck")
    of = experiment(app)
    assert (of.luck, link(app)["luck"]) == (True, "1")
    every = {name: [facts(of, name, seed=seed) for seed in range(200)] for name in of.cells}
    reach = {name: np.array([each.reach for each in found]) for name, found in every.items()}
    for name, found in every.items():
        ordered = np.sort([each.norm for each in found], axis=0)
        for share, label in ((20, "10 % of seeds"), (100, "median of seeds"), (180, "90 % of seeds")):
            np.testing.assert_allclose(
                line(app, "gradient", f"{TITLES[name]}, {label}"), ordered[share - 1], rtol=1e-6, atol=1e-6
            )
    sentence, mine = [words for each in app.main.markdown if "seeds" in (words := plain(each.value))]
    own = by_cell(findings(app)[0])
    farther = re.findall(r"(\d+) in the \w+ \((?:as far as or farther than )?(\d+) of 200", mine.replace(" steps", ""))
    assert farther == [(own[TITLES[name]], str(np.sum(each <= int(own[TITLES[name]])))) for name, each in reach.items()]
    counted, of_all = re.match(r"In (\d+) of (\d+) seeds", sentence).groups()
    assert int(counted) == np.sum((reach["lstm"] > reach["rnn"]) & (reach["gru"] > reach["rnn"]))
    assert of_all == "200"
    said = re.findall(r"(\d+) \((\d+) to (\d+)\)", sentence)
    assert [list(map(int, each)) for each in said] == [list(np.sort(each)[[99, 19, 179]]) for each in reach.values()]
    press(app, "luck")
    assert (experiment(app).luck, figure(app, "gradient")) == (False, plainly)


def test_too_much_work_for_all_seeds_is_refused_in_words():
    app = open_app(hidden="64", cells="rnn")
    enter(app, "text", "ab" * 1_000)
    press(app, "luck")
    assert "64 units" in app.warning[0].value
    assert lines(app, "gradient") == ["RNN", "RNN reaches back to here"]


TABLES = ("numbers_gradient", "numbers_states", "numbers_difference")


def tables(app):
    """Those that are open, in the order of the page, as the browser gets them: texts, all but the tokens of numbers."""
    drawn = [each.proto for each in app.get("bidi_component") if each.proto.component_name == "gru_viz_table"]
    sent = [json.loads(proto.bytes) for proto in drawn]
    frames = [pd.DataFrame(each["rows"], columns=each["head"]) for each in sent]
    return [frame.astype({name: float for name in frame.columns if name != "token"}) for frame in frames]


def test_the_tables_hold_the_numbers_of_the_figures():
    app = unfold(open_app(), *TABLES)
    of, found = Experiment(), all_found(Experiment())
    gradients, states, distances = tables(app)
    assert gradients["token"].tolist() == ["␣" if token == " " else token for token in of.text]
    assert gradients["step"].tolist() == list(range(1, 33))
    for title, each in found.items():
        np.testing.assert_allclose(gradients[f"{title}, carried"], each.norm, rtol=1e-9)
        np.testing.assert_allclose(gradients[f"{title}, x"], each.input_norm, rtol=1e-9)
    np.testing.assert_allclose(gradients["LSTM, c"].iloc[:-1], found["LSTM"].parts["c"][:-1], rtol=1e-9)
    assert gradients["LSTM, c"].iloc[-1] == -math.inf
    for title, each in found.items():
        for name, values in each.states.items():
            columns = [f"{title} {name} {unit + 1}" for unit in range(8)]
            np.testing.assert_allclose(states[columns], values, rtol=1e-9, atol=1e-12)
    one, other = list(of.text), list(of.text.replace("Ada", "Bob"))
    assert distances["step"].tolist() == list(range(12, 33))
    assert "".join(distances["token"][:3]) == "Ada"
    for name in of.cells:
        np.testing.assert_allclose(distances[TITLES[name]], expected.distances(of, name, one, other), rtol=1e-6)


@pytest.mark.parametrize("key", ALL)
def test_each_figure_has_its_numbers_below_it(key):
    app = unfold(open_app(), f"numbers_{key}")
    drawn = [each.proto for each in app.main if each.type in ("plotly_chart", "bidi_component")]
    ids = [each.id for each in drawn]
    place = next(k for k, each in enumerate(ids) if each.endswith(f"-{key}"))
    assert [each.rpartition("-")[2] for each in ids[place : place + 2]] == [key, f"table_{key}"]
    assert len(tables(app)) == 1


def test_a_table_starts_no_formula_in_a_spreadsheet():
    app = unfold(open_app(text="=+-@a"), *TABLES)
    for each in tables(app):
        assert each["token"].tolist() == ["'=", "'+", "'-", "'@", "a"][-len(each) :]


def test_an_exact_zero_is_a_gap_in_the_figure_and_minus_infinity_in_the_table():
    app = unfold(open_app(gain="0", cells="rnn"), TABLES[0])
    assert np.isfinite(line(app, "gradient", "RNN")).sum() == 1
    assert tables(app)[0]["RNN, carried"].tolist()[:-1] == [-math.inf] * 31
    assert "exactly zero at 31 steps" in proto(app, "gradient").alt
    assert_says(app, all_found(experiment(app)))


# -- the figures' words, the theme, the link ---------------------------------------------------------------------------


def test_every_figure_says_its_numbers_to_those_who_do_not_see_it():
    app, found = open_app(), all_found(Experiment())
    gradient, states, difference = (proto(app, key).alt for key in ALL)
    for title, each in found.items():
        low, high, reach = re.search(
            rf"{title}: between ({NUMBER}) and ({NUMBER}), down to 1 % over the last (\d+) steps", gradient
        ).groups()
        assert_shows(low, each.norm.min())
        assert_shows(high, each.norm.max())
        assert int(reach) == each.reach
        for name, values in each.states.items():
            low, high = re.search(rf"{title} {name} from ({NUMBER}) to ({NUMBER})", states).groups()
            assert (read(low), read(high)) == tuple(float(f"{edge:.3g}") for edge in (values.min(), values.max()))
    of = Experiment()
    for name in of.cells:
        distance = expected.distances(of, name, list(of.text), list(of.text.replace("Ada", "Bob")))
        step, left = re.search(
            rf"{TITLES[name]}: largest at step (\d+), at the end ({NUMBER}) of it", difference
        ).groups()
        assert int(step) == 12 + distance.argmax()
        assert_shows(left, math.log10(distance[-1] / distance.max()))
    other = open_app(seed="8")
    assert not {proto(app, key).alt for key in ALL} & {proto(other, key).alt for key in ALL}


def test_the_figures_are_dark_on_a_dark_page():
    light, dark = open_app(), open_app(theme="dark")
    for key in ALL:
        one, other = figure(light, key), figure(dark, key)
        assert (one["layout"]["paper_bgcolor"], other["layout"]["paper_bgcolor"]) == ("#FFFFFF", "#0E1420")
        assert [trace["name"] for trace in one["data"]] == [trace["name"] for trace in other["data"]]
        colours = [json.dumps([each["data"], each["layout"]]) for each in (one, other)]
        assert not set(re.findall("#[0-9A-Fa-f]{6}", colours[0])) & set(re.findall("#[0-9A-Fa-f]{6}", colours[1]))


def test_what_was_typed_is_never_markup():
    typed = "![x](http://example.com/x.png) :smile: <b>$x$ *y* _z_ `c` www.example.com"
    app = open_app(text=typed, replace="<b>$x$ *y* _z_", by="![y](x) `c` :smile:")
    assert '"![y](x)␣`c`␣:smile:"' in findings(app)[2]
    shown = [*app.main.markdown, *app.main.subheader, *app.main.title, *app.main.caption]
    for element in shown[1:]:  # the first is the badge
        assert not re.search(r"[*_`$<>\[\]!]|:\w+:|www\.", element.value), element.value
    enter(app, "replace", "![y](http://example.com)")
    assert not re.search(r"[*_`$<>\[\]!]|http:", app.error[0].value)


# -- any experiment ----------------------------------------------------------------------------------------------------

LETTERS = "ab <b>&é=*:"


def any_experiment(seed):
    rng = random.Random(seed)
    steps = rng.choice([1, 2, 3, rng.randrange(4, 40), rng.randrange(4, 40), 70])
    kind = rng.choice(["text", "text", "numbers"])
    if kind == "text":
        text = rng.choice(LETTERS.replace(" ", "")) + "".join(rng.choices(LETTERS, k=steps - 1))
    else:
        text = " ".join(str(rng.choice([0, 1, -1, 0.25, -3, 1e-3])) for _ in range(steps))
    return Experiment(
        kind=kind,
        text=text,
        cells=tuple(rng.sample(cell_names(), rng.randrange(1, 6))),
        hidden_size=rng.choice([1, 2, 3, 8, 16]),
        keep=rng.choice([0.0, 1.0, 2.0, 3.0]),
        seed=rng.randrange(1_000),
        scheme=rng.choice(["uniform", "orthogonal"]),
        recurrent_gain=rng.choice([0.0, 0.5, 1.0, 1.5, 4.0]),
        input_gain=rng.choice([0.0, 0.5, 4.0, 16.0]),
        biases=rng.choice([(), (), (("f", 5.0),), (("o", 0.5), ("r", -1.0), ("z", 1.5))]),
        curve=rng.choice(["state", "state", "parts", "input"]),
    )


EXTREMES = [
    Experiment(text="a", hidden_size=64, cells=cell_names()),
    Experiment(text="ab" * 150, hidden_size=64, cells=cell_names()),
    Experiment("numbers", " ".join(["1000000"] * 20), cells=cell_names(), input_gain=16.0),
]


@pytest.mark.parametrize("of", [*map(any_experiment, range(40)), *EXTREMES], ids=range(43))
def test_any_experiment_gives_a_page_with_its_numbers(of):
    app = open_app(**to_query(of))
    assert not errors(app)
    shown = experiment(app)
    found = all_found(shown)
    assert_says(app, found)
    if of.curve == "state":
        assert_draws(app, found)
    assert all(proto(app, key).alt for key in ALL)
