"""The app through AppTest: what a visitor enters, and what the page, the link and the figures then hold.

Numbers on the page are read from its text and compared with `expected`, which knows nothing of the package.
"""

import math
import random
import re

import numpy as np
import pytest

from gru_viz.cells import cell_names
from gru_viz.experiment import Experiment, to_query
from gru_viz.settings import SETTINGS
from tests import expected
from tests.expected import TITLES, all_found
from tests.saying import NUMBER, assert_shows, by_cell, plain, read
from tests.visitor import (
    FIGURES,
    assert_draws,
    assert_left,
    assert_says,
    calm,
    enter,
    errors,
    experiment,
    figure,
    findings,
    first_step,
    link,
    open_app,
    press,
    proto,
    unfold,
    warnings,
)

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
        float(f"{value:.3g}") for value in (hidden.min(), hidden.max(), cells.min(), cells.max())
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
    "far too much": ({"text": "a" * 5_000}, "more than 4096 bytes"),
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


def test_a_sequence_in_a_link_that_cannot_be_read_gets_its_sentence_on_the_page_until_something_is_changed():
    app = open_app(numbers="1 two 3", seed="5")
    [sentence] = [warning.value for warning in app.main.warning]  # in the sidebar a phone would not show it
    assert '"two"' in sentence
    assert (experiment(app).seed, experiment(app).kind) == (5, "numbers")
    assert len(findings(app)) == 3
    enter(app, "seed", 6)
    assert warnings(app) == []


# -- every widget ------------------------------------------------------------------------------------------------------


# Field -> (a new value, the link, the figures that must change)
ENTERED = {
    "text": ("My nose is Ada. What is my nose?", {"text": "My nose is Ada. What is my nose?"}, FIGURES),
    "cells": (["rnn", "gru"], {"cells": "rnn,gru"}, FIGURES),
    "hidden_size": (16, {"hidden": "16"}, FIGURES),
    "keep": (0.0, {"keep": "0"}, FIGURES),
    "seed": (8, {"seed": "8"}, FIGURES),
    "variants": (["gru_reset_after"], {"cells": "rnn,lstm,gru,gru_reset_after"}, FIGURES),
    "scheme": ("orthogonal", {"scheme": "orthogonal"}, FIGURES),
    "recurrent_gain": (1.5, {"gain": "1.5"}, FIGURES),
    "input_gain": (2.0, {"input_gain": "2"}, FIGURES),
    "replace": ("name", {"replace": "name"}, ("difference",)),
    "by": ("Eve", {"by": "Eve"}, ("difference",)),
    "curve": ("input", {"curve": "input"}, ("gradient",)),
}


@pytest.mark.parametrize("field", ENTERED)
def test_a_widget_changes_the_experiment_the_link_and_the_figures(field):
    value, query, changing = ENTERED[field]
    app = unfold(open_app(), "more")
    before = {key: figure(app, key) for key in FIGURES}
    enter(app, field, value)
    assert link(app) == query
    assert experiment(app) == experiment(open_app(**query))
    assert {key for key in FIGURES if figure(app, key) != before[key]} == set(changing)
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
    assert all(proto(app, key).alt for key in FIGURES)
