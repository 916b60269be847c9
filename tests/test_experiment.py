"""An experiment: its defaults and limits, what a value becomes, and what is refused by name."""

import math
import re
import reprlib
from dataclasses import fields, replace
from fractions import Fraction
from urllib.parse import parse_qs, urlencode

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_viz.cells import cell_names
from gru_viz.errors import InputError
from gru_viz.examples import example_names
from gru_viz.experiment import (
    Experiment,
    from_query,
    to_query,
    with_weights,
)
from gru_viz.sequences import KINDS
from gru_viz.settings import KEEP_CHOICES, SETTINGS
from tests.refusals import assert_sentence

KEPT = "one of 0, 1, 2, 3, for 50 %, 73 %, 88 %, 95 %, is expected"
CELLS = "one or more of rnn, lstm, gru, gru_reset_after, lstm_peephole, each once, is expected"
BIASES = "up to 16 gates, each once with a number from -10 to 10, as in f:1,z:-2, is expected"

texts = st.text(max_size=40)


def through_a_link(experiment):
    return from_query(parse_qs(urlencode(to_query(experiment)), keep_blank_values=True, max_num_fields=99))


def test_the_default_is_the_lesson():
    default = Experiment()
    assert (default.kind, default.text) == ("text", "My name is Ada. What is my name?")
    assert (default.cells, default.hidden_size, default.keep, default.seed) == (("rnn", "lstm", "gru"), 8, 2.0, 7)
    assert (default.scheme, default.recurrent_gain, default.input_gain) == ("uniform", 1.0, 4.0)
    assert (default.biases, default.replace, default.by, default.luck) == ((), "Ada", "Bob", False)
    assert default.weights == "random"
    assert default.text.count(default.replace) == 1


def test_every_field_has_its_setting_and_no_two_share_a_name():
    assert list(SETTINGS) == [field.name for field in fields(Experiment)]
    assert (
        len({setting.key for setting in SETTINGS.values()})
        == len({s.label for s in SETTINGS.values()})
        == len(SETTINGS)
    )


def test_the_choices_say_what_is_kept():
    assert KEEP_CHOICES == {0.0: "50 %", 1.0: "73 %", 2.0: "88 %", 3.0: "95 %"}
    assert SETTINGS["keep"].options == tuple(KEEP_CHOICES)
    assert SETTINGS["kind"].options == tuple(KINDS) == ("text", "words", "numbers", "rows", "signal", "csv")
    assert SETTINGS["example"].options == ("", *example_names())


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("hidden_size", 1, 64),
        ("seed", 0, 4_294_967_295),
        ("recurrent_gain", 0.0, 4.0),
        ("input_gain", 0.0, 16.0),
    ],
)
def test_limits_are_allowed_and_what_lies_beyond_is_not(name, low, high):
    assert SETTINGS[name].limits == (low, high)
    below, above = (low - 1, high + 1) if isinstance(low, int) else (-5e-324, math.nextafter(high, 99))
    for value in (low, high):
        assert getattr(Experiment(**{name: value}), name) == value
    for value in (below, above, 10**5_000, -(10**5_000), math.nan, True, np.True_, None, str(low), [low]):
        with pytest.raises(InputError, match=re.escape(f'"{SETTINGS[name].label}" is ')):
            Experiment(**{name: value})


@pytest.mark.parametrize(
    ("name", "value", "held"),
    [
        ("hidden_size", np.int64(16), 16),
        ("seed", np.uint32(2**32 - 1), 2**32 - 1),
        ("keep", 1, 1.0),
        ("keep", np.float32(3), 3.0),
        ("recurrent_gain", 2, 2.0),
        ("recurrent_gain", -0.0, 0.0),
        ("input_gain", np.float64(0.1), 0.1),
        ("input_gain", Fraction(1, 4), 0.25),
        ("luck", np.True_, True),
        ("text", np.str_("abc"), "abc"),
        ("kind", np.str_("numbers"), "numbers"),
        ("cells", ["gru", "rnn"], ("rnn", "gru")),
        ("cells", cell_names()[::-1], cell_names()),
        ("cells", (np.str_("gru"),), ("gru",)),
        ("biases", [["z", -2], ("f", np.float64(-0.0))], (("f", 0.0), ("z", -2.0))),
        ("text", "", ""),
        ("text", "x" * 50_000, "x" * 50_000),
        ("by", "x" * 200, "x" * 200),
        ("biases", [("g" * 20, 10), ("b_", -10)], (("b_", -10.0), ("g" * 20, 10.0))),
    ],
    ids=reprlib.repr,
)
def test_a_value_has_one_form(name, value, held):
    experiment = Experiment(**{name: value})
    kept = getattr(experiment, name)
    assert repr(kept) == repr(held)  # also tells 1 from 1.0, and a NumPy number from Python's
    assert experiment == Experiment(**{name: held})
    assert hash(experiment) == hash(Experiment(**{name: held}))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("hidden_size", 65, '"Hidden units" is 65: a whole number from 1 to 64 is expected.'),
        ("hidden_size", 8.0, '"Hidden units" is 8.0: a whole number from 1 to 64 is expected.'),
        ("hidden_size", True, '"Hidden units" is True: a whole number from 1 to 64 is expected.'),
        ("recurrent_gain", math.inf, '"Recurrent gain" is inf: a number from 0 to 4 is expected.'),
        ("input_gain", math.nan, '"Input gain" is nan: a number from 0 to 16 is expected.'),
        ("keep", 1.5, f'"Gates start by keeping" is 1.5: {KEPT}.'),
        (
            "keep",
            math.nan,
            f'"Gates start by keeping" is nan: {KEPT}.',
        ),
        ("keep", True, f'"Gates start by keeping" is True: {KEPT}.'),
        (
            "keep",
            np.zeros(2),
            f'"Gates start by keeping" is array([0., 0.]): {KEPT}.',
        ),
        ("scheme", "Uniform\n", '"Scheme" is "Uniform↵": one of uniform, orthogonal is expected.'),
        ("kind", None, '"Kind of sequence" is None: one of text, words, numbers, rows, signal, csv is expected.'),
        ("luck", 2, '"Is this luck?" is 2: one of 0, 1 is expected.'),
        ("weights", "trained", '"Weights" is "trained": one of random, shared, counter, latch, sign is expected.'),
        ("weights", "sign", '"Weights" is "sign": it reads numbers, and the sequence is text.'),
        ("cells", (), f'"Compare" is (): {CELLS}.'),
        ("cells", "rnn", f'"Compare" is "rnn": {CELLS}.'),
        ("cells", ("gru", "gru"), f"\"Compare\" is ('gru', 'gru'): {CELLS}."),
        ("cells", ("foo",), f"\"Compare\" is ('foo',): {CELLS}."),
        ("cells", ([],), f'"Compare" is ([],): {CELLS}.'),
        ("cells", ("rnn",) * 10**6, f"\"Compare\" is ('rnn', 'rnn', 'rnn'…: {CELLS}."),
        ("biases", 5, f'"Separate biases" is 5: {BIASES}.'),
        ("biases", (("f", 11.0),), f"\"Separate biases\" is (('f', 11.0),): {BIASES}."),
        ("biases", (("f", 1), ("f", 2)), f"\"Separate biases\" is (('f', 1), ('f', 2)): {BIASES}."),
        ("biases", (("f", True),), f"\"Separate biases\" is (('f', True),): {BIASES}."),
        ("biases", (("é", 1),), f"\"Separate biases\" is (('é', 1),): {BIASES}."),
        ("biases", ((None, 1),), f'"Separate biases" is ((None, 1),): {BIASES}.'),
        ("biases", ("f",), f"\"Separate biases\" is ('f',): {BIASES}."),
        (
            "text",
            "\ud800",
            '"Sequence" is "U+D800": a text of at most 2\u202f000\u202f000 whole characters is expected.',
        ),
        (
            "text",
            "x" * 2_000_001,
            f'"Sequence" is "{"x" * 20}…" (2\u202f000\u202f001 characters): a text of at most '
            "2\u202f000\u202f000 whole characters is expected.",
        ),
        ("by", b"x", "\"By\" is b'x': a text of at most 1700 whole characters is expected."),
    ],
    ids=reprlib.repr,
)
def test_a_value_that_is_not_allowed_is_named(name, value, message):
    with pytest.raises(InputError) as caught:
        Experiment(**{name: value})
    assert str(caught.value) == message
    assert_sentence(message)


@pytest.mark.parametrize(
    ("weights", "kind", "cells", "hidden_size"),
    [("counter", "text", ("lstm",), 2), ("latch", "text", ("gru",), 2), ("sign", "numbers", ("rnn",), 2)],
)
def test_hand_set_weights_fix_what_belongs_to_them(weights, kind, cells, hidden_size):
    experiment = Experiment(kind=kind, weights=weights, cells=("rnn", "lstm"), hidden_size=64, luck=True, seed=8)
    assert (experiment.cells, experiment.hidden_size, experiment.luck) == (cells, hidden_size, False)
    assert (experiment.seed, experiment.kind) == (8, kind)
    assert experiment == Experiment(kind=kind, weights=weights, seed=8)
    assert experiment.badge.startswith("hand-set weights: ")
    assert replace(experiment, weights="random").cells == cells


def test_other_weights_bring_a_sequence_that_they_read_only_where_there_is_none():
    for weights, text in (("counter", "a(b)"), ("latch", "only 1")):
        kept = with_weights(Experiment(text=text, replace="a", by="b"), weights)
        assert (kept.text, kept.replace, kept.by, kept.weights) == (text, "a", "b", weights)
    assert with_weights(Experiment(kind="numbers", text="0 2"), "sign").text == "0 2"
    for before in (Experiment(), Experiment(kind="numbers", text="1 2"), Experiment(kind="numbers", text="[1]")):
        brought = with_weights(before, "counter")
        assert (brought.kind, brought.weights) == ("text", "counter")
        assert "(" in brought.text
        assert brought.replace in brought.text
    back = with_weights(with_weights(Experiment(hidden_size=5, seed=3), "counter"), "random")
    assert (back.cells, back.hidden_size, back.seed) == (Experiment().cells, Experiment().hidden_size, 3)
    assert "(" in back.text
    assert with_weights(Experiment(hidden_size=5), "shared") == Experiment(hidden_size=5, weights="shared")
    with pytest.raises(InputError, match='"Weights" is "foo": one of random'):
        with_weights(Experiment(), "foo")


def test_the_badge_says_where_the_weights_come_from():
    assert Experiment(seed=8).badge == "random weights, seed 8"
    assert Experiment(weights="shared").badge == "random weights, seed 7, shared by variants"
    assert Experiment(weights="latch").badge == "hand-set weights: flag latch"


def test_a_number_too_long_to_be_written_is_refused():
    with pytest.raises(InputError, match="is a value of type int: a whole number"):
        Experiment(seed=10**5_000)


@pytest.mark.parametrize(
    "biases",
    [
        [(f"g{place}", 0.0) for place in range(17)],
        [("g" * 21, 0.0)],
        [("", 0.0)],
        [("a:b", 0.0)],
        [("f\n", 0.0)],
        [("1f", 0.0)],
        [("f", math.nan)],
        [("f", "1")],
        [("f", 1.0, 2.0)],
        [(["f"], 1.0)],
        [(b"f", 1.0)],
    ],
)
def test_biases_that_are_none(biases):
    Experiment(biases=[(f"g{place}", 0.0) for place in range(16)])
    with pytest.raises(InputError):
        Experiment(biases=biases)


@given(
    st.sampled_from(list(SETTINGS)),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | texts | st.binary(max_size=5),
        lambda some: st.lists(some, max_size=3) | st.tuples(some, some) | st.dictionaries(texts, some, max_size=2),
        max_leaves=8,
    ),
)
def test_any_value_is_taken_or_refused_with_a_sentence(name, value):
    try:
        experiment = Experiment(**{name: value})
    except InputError as error:
        assert_sentence(str(error))
    else:
        assert through_a_link(experiment)[0] == experiment
        hash(experiment)
