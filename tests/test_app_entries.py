"""A sequence, a replacement and cells as a visitor enters them: they move the page or get a sentence."""

import numpy as np
import pytest

from gru_viz.experiment import Experiment
from gru_viz.figures.common import untyped
from gru_viz.handset import HAND_SET
from gru_viz.sequences import default_replacement, from_signal, from_text, parse_sequence
from tests import expected
from tests.expected import TITLES, all_found
from tests.visitor import (
    FIGURES,
    MISTAKE,
    assert_draws,
    assert_left,
    assert_says,
    calm,
    enter,
    errors,
    experiment,
    figure,
    findings,
    link,
    open_app,
    press,
    unfold,
    warnings,
)

# -- mistakes ----------------------------------------------------------------------------------------------------------


MISTAKES = {"": "empty", "   ": "blanks", "a" * 2_001: "2000", "a" * 50_001: "50\u202f000"}


@pytest.mark.parametrize("typed", MISTAKES, ids=MISTAKES.values())
def test_a_mistake_gets_a_sentence_and_the_last_good_figures_stay(typed):
    app = open_app(text="Hello Bob", replace="Bob", by="Eve")
    before = [figure(app, key) for key in FIGURES], findings(app), link(app)
    enter(app, "text", typed)
    assert len(errors(app)) == 1
    assert MISTAKES[typed] in errors(app)[0]
    assert MISTAKE in errors(app)[0]
    assert app.sidebar.error.len == 1
    assert ([figure(app, key) for key in FIGURES], findings(app), link(app)) == before
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


@pytest.mark.parametrize(
    ("emptied", "of", "then", "chosen"),
    [("cells", "rnn", "variants", "gru_reset_after"), ("variants", "gru_reset_after", "cells", "rnn")],
)
def test_no_cell_is_compared_that_is_not_seen_to_be_chosen(emptied, of, then, chosen):
    app = unfold(open_app(cells=of), "more")
    enter(app, emptied, [])
    assert "has no cell" in errors(app)[0]
    enter(app, then, [chosen])
    assert not errors(app)
    shown = [*app.get_by_key("experiment_cells").value, *app.get_by_key("experiment_variants").value]
    assert list(experiment(app).cells) == shown == ["rnn", "gru_reset_after"]


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


# -- replacements and long sequences -----------------------------------------------------------------------------------


def test_a_replacement_in_a_link_that_does_not_occur_gets_a_note():
    app = open_app(text="Hello Ada", replace="Zoe", by="Bob", seed="4")
    (note,) = warnings(app)
    assert 'The link replaces "Zoe" by "Bob", which is not possible in its sequence' in note
    assert (experiment(app).replace, experiment(app).seed) == ("Ada", 4)
    assert warnings(open_app(text="Hello Eve")) == []  # it named none


def test_hand_set_weights_in_a_link_show_their_own_text():
    app = open_app(weights="counter")
    assert "(" in experiment(app).text
    assert (link(app), warnings(app), errors(app)) == ({"weights": "counter"}, [], [])


@pytest.mark.parametrize(
    "query",
    [{"weights": "counter", "text": ""}, {"weights": "latch", "text": " "}, {"weights": "sign", "numbers": "x"}],
)
def test_hand_set_weights_keep_their_cell_where_the_sequence_of_the_link_cannot_be_read(query):
    app = open_app(**query)
    own = HAND_SET[query["weights"]]
    found = experiment(app)
    assert (found.weights, found.cells, found.kind, found.text) == (own.name, (own.cell,), own.kind, own.text)
    assert "cannot be read" in warnings(app)[0]


def test_of_a_first_visit_nobody_says_that_a_sequence_was_read_before():
    app = open_app(text="", seed="3")
    assert warnings(app) == [
        "The sequence in the link cannot be read. The sequence is empty: type at least one letter, digit or sign. "
        "The figures show another in its place."
    ]
    assert experiment(app) == Experiment(seed=3)
    enter(app, "text", " ")
    assert errors(app)[0].endswith(MISTAKE)


@pytest.mark.parametrize(
    ("kind", "refused", "said", "mended"),
    [
        ("text", "  ", "blanks", "Ada"),
        ("numbers", "1 two 3", 'Number 2 is "two"', "1 2 3"),
        ("rows", "1 2\n3", "Row 2", "1 2\n3 4"),
    ],
)
def test_what_a_link_could_not_say_stays_in_its_field_until_it_is_mended(kind, refused, said, mended):
    app = open_app(**{kind: refused, "seed": "3"})
    for seed in (3, 4, 5):
        (sentence,) = errors(app)
        assert sentence.endswith("The figures show another sequence.")
        assert said in sentence
        (typed,) = [each.value for each in (*app.text_input, *app.text_area) if each.key == f"experiment_{kind}"]
        assert typed == refused
        found = experiment(app)
        assert (found.kind, found.seed) == (kind, seed)
        assert len(parse_sequence(kind, found.text).tokens) > 1
        enter(app, "seed", seed + 1)
        assert warnings(app) == []
    enter(app, kind, mended)
    assert (errors(app), experiment(app).text) == ([], mended)


def test_lines_of_a_refused_text_stay_lines():
    refused = ("My name\nis Ada, " * 140)[:2_100]
    app = open_app(text=refused)
    assert [each.value for each in app.text_area if each.key == "experiment_text"] == [refused]
    enter(app, "text", refused[:1_900])
    assert (errors(app), experiment(app).text) == ([], refused[:1_900])


@pytest.mark.parametrize("query", [{"signal": "nosuch 40 0"}, {"csv": "x"}])
def test_what_has_no_field_for_a_text_is_refused_once(query):
    app = open_app(**query)
    assert "cannot be read" in warnings(app)[0]
    assert errors(app) == []
    enter(app, "seed", 4)
    assert (warnings(app), errors(app)) == ([], [])


def test_a_replacement_comes_back_when_it_fits_again():
    app = open_app()
    enter(app, "by", "Eve")
    for typed in ("My name is Ad. What is my name?", "My name", "My name is Ada again"):
        enter(app, "text", typed)
    assert (experiment(app).replace, experiment(app).by) == ("Ada", "Eve")
    assert app.text_input(key="experiment_by").value == "Eve"
    enter(app, "text", "Nobody")
    assert experiment(app).replace in "Nobody"
    enter(app, "kind", "numbers")
    enter(app, "by", "5")
    enter(app, "kind", "text")
    enter(app, "text", "Ada")
    assert (experiment(app).replace, experiment(app).by) == ("Ada", "Eve")
    enter(app, "kind", "numbers")
    assert experiment(app).by == "5"


def put(app, kind, text):
    """Write another sequence, and read what is replaced by what."""
    enter(app, kind, text)
    assert app.text_input(key="experiment_by").value == experiment(app).by
    return experiment(app).replace, experiment(app).by


def test_our_suggestion_of_a_replacement_follows_the_sequence():
    app = enter(open_app(), "kind", "numbers")
    assert put(app, "numbers", "0 0 5 0 0") == ("3", "0")
    assert put(app, "numbers", "0.25 0 2") == ("1", "1.25")
    assert put(app, "numbers", "-2 1") == ("1", "-1")
    enter(app, "kind", "signal")
    calm(app.selectbox(key="signal_name").select("noise").run())
    for seed in (1, 2):
        calm(app.number_input(key="signal_seed").set_value(seed).run())
        (first, *_), *_ = from_signal(f"noise 40 {seed}").values.tolist()
        assert (experiment(app).replace, float(experiment(app).by)) == ("1", pytest.approx(first + 1, abs=5e-4))
    enter(app, "kind", "text")
    assert put(app, "text", "Bob and Ada") == default_replacement(from_text("Bob and Ada")) == ("Ada", "Bob")
    assert put(app, "text", "xy") == default_replacement(from_text("xy"))


def test_a_replacement_that_was_asked_for_stays_while_it_fits():
    app = enter(open_app(numbers="5 0 0"), "by", "9")
    assert put(app, "numbers", "7 0 0") == ("1", "9")
    assert put(app, "numbers", "9 0 0") == ("1", "0")  # by itself
    assert put(app, "numbers", "4 0 0") == ("1", "9")
    enter(app, "by", "0")  # just what we suggest
    assert put(app, "numbers", "0 2 0 0") == ("2", "0")
    app = open_app(numbers="5 0 0", by="9", replace="2")
    assert put(app, "numbers", "6 0 0") == ("2", "9")
    assert put(app, "numbers", "6") == ("1", "7")


def test_the_replacement_of_an_example_stays_while_it_fits():
    app = open_app()
    assert put(app, "text", "Ada is my name") == ("Ada", "Bob")
    assert put(app, "text", "Eve is her name") == default_replacement(from_text("Eve is her name"))
    assert put(app, "text", "Ada again") == ("Ada", "Bob")


def test_a_sequence_too_long_for_a_link_is_packed():
    app = enter(open_app(seed="3"), "text", "é" * 1_000 + "a")
    assert (warnings(app), {*link(app)} - {"replace", "by"}) == ([], {"z", "seed"})
    assert experiment(open_app(**link(app))) == experiment(app)


def test_a_sequence_that_cannot_be_packed_is_said_to_be_missing_and_kept_for_back():
    long = "".join(chr(0x4E00 + code) for code in np.random.default_rng(0).integers(0, 900, 2_000))
    app = enter(open_app(seed="3"), "text", long)
    assert "This sequence is too long for a link" in warnings(app)[0]
    assert (link(app)["seed"], "text" in link(app)) == ("3", False)
    there = link(app)
    assert experiment(app).text == long
    enter(app, "text", "Hello Ada")
    assert (warnings(app), link(app)["text"]) == ([], "Hello Ada")
    del app.session_state["experiment"]  # as Back does: the link decides
    app.query_params.clear()
    for name, value in there.items():
        app.query_params[name] = value
    calm(app.run())
    assert (experiment(app).text, experiment(app).seed) == (long, 3)
    fresh = open_app(**there)  # as after a restart of the server
    assert "missing" in warnings(fresh)[0]
    assert (experiment(fresh).text, experiment(fresh).seed) == (Experiment().text, 3)
