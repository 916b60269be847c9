"""An experiment's numbers, held against `expected`, which computes them from the recipe with torch."""

import re

import numpy as np
import pytest

from gru_viz.cells import Cell, cell, cell_names
from gru_viz.errors import InputError
from gru_viz.experiment import Experiment
from gru_viz.runs import contrast, difference, parameters, report, trace, with_fitting_replacement
from gru_viz.sequences import parse_sequence, replace
from tests import expected

SOME = Experiment(
    text="abcab cba",
    cells=cell_names(),
    hidden_size=5,
    keep=1.0,
    seed=3,
    recurrent_gain=1.25,
    input_gain=2.5,
    biases=(("f", 0.5), ("r", -1.5)),
    replace="ab",
    by="bc",
)
BY_SCHEME = {"uniform": SOME, "orthogonal": Experiment(**{**vars(SOME), "scheme": "orthogonal", "seed": 4})}


def read(of):
    return parse_sequence(of.kind, of.text)


def assert_same(found, wanted):
    """Arrays by name agree to the last digits."""
    assert found.keys() == wanted.keys()
    for name, value in found.items():
        np.testing.assert_allclose(value, wanted[name], rtol=1e-13, atol=1e-13, err_msg=name)


# -- weights -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", BY_SCHEME)
@pytest.mark.parametrize("name", cell_names())
def test_weights_follow_the_recipe(name, scheme):
    of = BY_SCHEME[scheme]
    names = list(dict.fromkeys(of.text))
    assert_same(parameters(of, cell(name), read(of)), expected.weights(of, name, names))
    assert_same(parameters(of, cell(name), read(of), seed=9), expected.weights(of, name, names, seed=9))


@pytest.mark.parametrize("name", cell_names())
@pytest.mark.parametrize("keep", [0.0, 1.0, 2.0, 3.0])
def test_gates_start_by_keeping_and_no_other_bias_is_touched(name, keep):
    of, other = (Experiment(cells=(name,), keep=value) for value in (keep, 3.0 - keep))
    found, others = (parameters(each, cell(name), read(each)) for each in (of, other))
    changed = {key for key in found if not np.array_equal(found[key], others[key])}
    assert changed == set(expected.KEEPS[name])
    for bias, sign in expected.KEEPS[name].items():
        assert found[bias].tolist() == [sign * keep] * 8


def test_a_bias_set_apart_wins_over_what_the_gates_keep_and_knows_only_its_gate():
    of = Experiment(keep=3.0, biases=(("f", -1.0), ("nobody", 9.0), ("o", 0.25), ("z", 2.0)))
    lstm, gru, rnn = (parameters(of, cell(name), read(of)) for name in ("lstm", "gru", "rnn"))
    assert (lstm["b_f"][0], lstm["b_o"][0], gru["b_z"][0]) == (-1.0, 0.25, 2.0)
    usual = Experiment(keep=3.0)
    assert_same(rnn, parameters(usual, cell("rnn"), read(usual)))


def test_a_bias_is_that_of_the_gate_also_where_the_equation_subtracts_it():
    turned = Cell("turned", "k = sigmoid(W_k @ x - b_k)\nh' = k * h + (1 - k) * tanh(W_n @ x)")
    of = Experiment(keep=2.0)
    assert parameters(of, turned, read(of))["b_k"].tolist() == [-2.0] * 8
    of = Experiment(biases=(("k", 1.5),))
    assert parameters(of, turned, read(of))["b_k"].tolist() == [-1.5] * 8


# -- reports -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", BY_SCHEME)
@pytest.mark.parametrize("name", cell_names())
def test_a_report_holds_the_numbers_of_torch(name, scheme):
    of = BY_SCHEME[scheme]
    found, wanted = report(trace(of, cell(name), read(of))), expected.facts(of, name)
    assert_same(found.states, wanted.states)
    np.testing.assert_allclose(found.norm, wanted.norm, atol=1e-10)
    np.testing.assert_allclose(found.input_norm, wanted.input_norm, atol=1e-10)
    assert found.parts.keys() == wanted.parts.keys()
    for state, norm in found.parts.items():
        np.testing.assert_allclose(norm, wanted.parts[state], atol=1e-10)
    assert found.reach == wanted.reach
    assert found.share == pytest.approx(wanted.share, abs=1e-10)


def test_the_lesson_has_the_numbers_that_were_measured():
    found = contrast(Experiment())
    assert [each.reach for each in found.reports] == [6, 23, 32]
    np.testing.assert_allclose([10**each.share for each in found.reports], [2.44e-14, 3.74e-3, 1.81e-2], rtol=3e-3)
    np.testing.assert_allclose([each.left for each in found.differences], [1.5e-8, 0.041, 0.091], rtol=3e-2)
    half_open = contrast(Experiment(keep=0.0))
    assert [each.reach for each in half_open.reports] == [6, 7, 8]


def test_numbers_are_read_as_they_are():
    of = Experiment(kind="numbers", text="0.5 -2 0 1", replace="1", by="3", hidden_size=3)
    found, wanted = report(trace(of, cell("lstm"), read(of))), expected.facts(of, "lstm")
    assert_same(found.states, wanted.states)
    np.testing.assert_allclose(found.norm, wanted.norm, atol=1e-10)


def test_one_step_is_enough():
    (found,) = contrast(Experiment(text="a", cells=("lstm",), replace="a", by="b")).reports
    assert (found.reach, found.share, found.norm.tolist()) == (1, 0.0, [pytest.approx(np.log10(8) / 2)])


# -- differences -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("old", "new"), [("ab", "bc"), ("ca", "x"), ("b", "wxyz"), ("ba", "q"), ("abcab cba", "z")])
@pytest.mark.parametrize("name", ["rnn", "lstm", "gru_reset_after"])
def test_a_difference_is_paired_from_the_end(name, old, new):
    sequence = read(SOME)
    replaced = replace(sequence, old, new)
    found = difference(*(trace(SOME, cell(name), each) for each in (sequence, replaced.sequence)), replaced.start)
    tokens, others = list(SOME.text), list(SOME.text.replace(old, new, 1))
    assert replaced.sequence.tokens == tuple(others)
    start = SOME.text.index(old)
    one, other = (expected.facts(SOME, name, some).states["h"] for some in (tokens, others))
    count = min(len(tokens), len(others)) - start
    assert found.steps == range(len(tokens) - count, len(tokens))
    for k in range(1, count + 1):
        assert found.distance[-k] == pytest.approx(np.linalg.norm(one[-k] - other[-k]), abs=1e-12)
    assert found.left == pytest.approx(found.distance[-1] / max(found.distance), abs=1e-12)


def test_where_nothing_differs_nothing_is_left():
    of = Experiment(input_gain=0.0)
    (first, *_) = contrast(of).differences
    assert first.distance.max() == 0
    assert (first.left, first.shares.max()) == (0.0, 0.0)


def test_what_was_replaced_is_named_as_it_stands_in_the_sequence():
    assert contrast(Experiment(text="cafe\u0301 noir", replace="é", by="e\u0301e")).replaced_text == ('"é"', '"ée"')
    found = contrast(Experiment(kind="numbers", text="1 2.50 3", replace="2", by="-.5"))
    assert found.replaced_text == ("2.5", "−0.5 at step 2")


def test_a_replacement_that_does_not_fit_is_an_error_with_words():
    with pytest.raises(InputError, match=re.escape('"Zoe" does not occur')):
        contrast(Experiment(replace="Zoe"))


def test_a_fitting_replacement_is_kept_and_another_takes_the_place_of_one_that_does_not_fit():
    assert with_fitting_replacement(SOME, read(SOME)) is SOME
    for of in (Experiment(text="We met Eve"), Experiment(kind="numbers", text="3 4"), Experiment(text="Ada", by="Ada")):
        fitting = with_fitting_replacement(of, read(of))
        assert replace(read(of), fitting.replace, fitting.by).start >= 0
        assert {**vars(fitting), "replace": of.replace, "by": of.by} == vars(of)
