"""What the page says of a run: each sentence on a run that was built to make it true, and on one that does not."""

import itertools
import math
import random
import re

import numpy as np
import pytest

from gru_viz.cells import cell, cell_names
from gru_viz.conclusions import contrast as conclusions
from gru_viz.conclusions.common import called
from gru_viz.experiment import Experiment
from gru_viz.measures import what_if
from gru_viz.measures.gradients import WHOLE
from gru_viz.measures.what_if import Seeds, seeds
from gru_viz.runs import CellReport, Difference, contrast
from gru_viz.sequences import parse_sequence
from tests.expected import all_found, facts
from tests.pieces import finished
from tests.saying import assert_first_step, assert_left_over, assert_reaches

THREE = ("rnn", "lstm", "gru")
THREE_CELLS = [cell(name) for name in THREE]
AVOIDED = (
    "remembers", "understand", "attention", "learn", "solve", "explod", "better", "best", "worse", "win", "forgot",
    "clearly", "obviously", "because of",
)  # fmt: skip


def built(name, log10, states=None):
    """A report whose carried gradient has these norms."""
    norm = np.array(log10, dtype=float)
    reach = len(norm) - int(np.flatnonzero(norm >= norm[-1] - 2)[0])
    of = cell(name)
    shown = {state: np.zeros((len(norm), 2)) for state in of.states} | (states or {})
    return CellReport(of, shown, norm, dict.fromkeys(of.states, norm), norm, reach)


def fallen(name, reach, steps=40):
    """A report whose gradient has 1 % over so many steps, and less before."""
    return built(name, [-3.0] * (steps - reach) + [0.0] * reach)


def text(typed="abcdef"):
    return parse_sequence("text", typed)


def said(names, reaches, steps=40, **settings):
    reports = [fallen(name, reach, steps) for name, reach in zip(names, reaches, strict=True)]
    return conclusions.reaches(Experiment(cells=names, **settings), reports)


# -- how far back ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reaches", "sentence"),
    [
        ((6, 23, 40), "The gradient reaches back over 6 steps in the RNN, 23 in the LSTM, all 40 in the GRU."),
        ((1, 2, 3), "The gradient reaches back over 1 step in the RNN, 2 in the LSTM, 3 in the GRU."),
        ((40, 4, 4), "The gradient reaches back over all 40 steps in the RNN, 4 in the LSTM, 4 in the GRU."),
        ((4, 6, 7), "The gradient reaches back over 4 steps in the RNN, 6 in the LSTM, 7 in the GRU."),
        ((39, 39, 40), "The gradient reaches back over 39 steps in the RNN, 39 in the LSTM, all 40 in the GRU."),
    ],
)
def test_a_contrast_is_told_cell_by_cell(reaches, sentence):
    assert said(THREE, reaches) == sentence


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"keep": 0.0}, "the gates start by keeping only half of the state"),
        ({"keep": 2.0}, "there is hardly a difference"),
        ({"keep": 0.0, "biases": (("f", 5.0),)}, "there is hardly a difference"),
    ],
)
def test_without_a_contrast_that_is_said(settings, why):
    assert said(THREE, (6, 7, 8), **settings) == f"All three fall below 1 % within 9 steps: {why}."
    assert said(THREE, (6, 7, 9), **settings) == f"All three fall below 1 % within 10 steps: {why}."
    assert said(THREE, (6, 7, 10), **settings).startswith("The gradient reaches back over 6 steps")


def test_without_gates_no_gate_is_named():
    assert "gate" not in conclusions.reaches(Experiment(keep=0.0), [fallen("rnn", 5), fallen("rnn", 5)])


@pytest.mark.parametrize(("count", "begin"), [(2, "Both fall"), (3, "All three fall"), (5, "All five fall")])
def test_cells_are_counted_in_words(count, begin):
    assert said(cell_names()[:count], (5,) * count).startswith(f"{begin} below 1 % within 6 steps")


def test_one_cell_is_compared_with_nothing():
    assert said(("gru",), (5,)) == "The gradient reaches back over 5 steps in the GRU."


def test_a_gradient_that_never_falls_is_not_said_to_fall():
    sentence = said(THREE, (40, 40, 40))
    assert "40" in sentence
    assert all(f"the {name}" in sentence for name in ("RNN", "LSTM", "GRU"))
    assert "fall" not in sentence


def test_a_gradient_that_falls_on_its_way_is_not_said_to_keep_its_size_over_all_steps():
    dips = [built(name, [0.0, -3.0, 0.0]) for name in THREE]
    assert "over all" not in conclusions.reaches(Experiment(), dips)


def test_one_step_reaches_nowhere():
    sentence = said(THREE, (1, 1, 1), steps=1)
    assert "one step" in sentence
    assert not re.search(r"\d", sentence)


# -- the first step ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "shares", "sentence"),
    [
        ("abc", (-13.6, -2.43, -1.74),
         '2 letters back | "a" | 2.5·10⁻¹⁴ of | in the RNN, 0.0037 in the LSTM, 0.018 in the GRU.'),
        ("ab", (-1.0,), '1 letter back | "a" | 0.10 of | in the RNN.'),
        ("a b", (-math.inf, 0.0), '2 characters back | "a" | 0 of | in the RNN, 1.0 in the LSTM.'),
        ("ab", (1.0, 0.3), '1 letter back | "a" | 10 times | in the RNN, 2.0 in the LSTM.'),
        ("ab", (-1.0, 0.3), '1 letter back | "a" | 0.10 times | in the RNN, 2.0 in the LSTM.'),
        (" b", (-1.0,), '1 character back | "␣" | 0.10 of | in the RNN.'),
        ("👨‍👩‍👧!b", (-1.0,), '2 characters back | "👨‍👩‍👧" | 0.10 of | in the RNN.'),
    ],
)  # fmt: skip
def test_the_first_step_is_compared_with_the_last(typed, shares, sentence):
    steps = len(text(typed).tokens)
    reports = [built(name, [share + 0.5, *[0.5] * (steps - 1)]) for name, share in zip(THREE, shares, strict=False)]
    back, at, number, rest = sentence.split(" | ")
    wanted = f"At {at}, {back}, the gradient is {number} the last step's {rest}"
    assert conclusions.first_step(text(typed), reports) == wanted


def test_numbers_are_called_numbers():
    sequence = parse_sequence("numbers", "-1 2 3")
    assert conclusions.first_step(sequence, [built("gru", [-1, 0, 0])]) == (
        "At the first number (−1), 2 numbers back, the gradient is 0.10 of the last step's in the GRU."
    )
    assert conclusions.question(sequence, THREE_CELLS) == "Which cell still feels the first number?"


@pytest.mark.parametrize("rows", ["-1 2\n0 0.5", "1 2 3 4\n0 0.5 0 0"])
def test_a_row_of_numbers_is_not_quoted(rows):
    sequence = parse_sequence("rows", rows)
    assert conclusions.first_step(sequence, [built("gru", [-1, 0])]) == (
        "At the first row, 1 row back, the gradient is 0.10 of the last step's in the GRU."
    )
    assert conclusions.question(sequence, THREE_CELLS) == "Which cell still feels the first row?"


def test_of_one_cell_nobody_asks_which():
    assert conclusions.question(text("ab"), [cell("gru")]) == "Does the GRU still feel the first letter?"
    assert conclusions.question(text("ab"), THREE_CELLS[:2]) == "Which cell still feels the first letter?"


def test_one_step_has_nothing_to_compare():
    assert not re.search(r"\d", conclusions.first_step(text("a"), [built("rnn", [0.5])]))


# -- settings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ({"keep": 2.0}, ("set to keep 88 % a step", "Set them to 50 %")),
        ({"keep": 3.0}, ("set to keep 95 % a step", "Set them to 50 %")),
        ({"keep": 0.0}, ("set to keep 50 % a step", "“LSTMs don't vanish”", "Set them to 88 %")),
        ({"biases": (("f", 1.5), ("z", -2.0))}, ("by hand: f = 1.50, z = −2.00.",)),
        ({"cells": ("rnn",)}, ("No cell here has a gate",)),
    ],
)
def test_what_the_gates_were_set_to_and_what_to_try(settings, parts):
    of = Experiment(**settings)
    cells = [cell(name) for name in of.cells]
    assert conclusions.gates_kept(of, cells, 1) == ""  # one step keeps nothing
    sentence = conclusions.gates_kept(of, cells, 2)
    assert all(part in sentence for part in parts)
    assert sentence.endswith("?")
    assert ("LSTMs" in sentence) is (of.keep == 0)


@pytest.mark.parametrize(
    ("states", "sentence"),
    [
        ([[1.0], [-0.5]], "At the end h is −0.500; its largest size on the way was 1.00."),
        ([[-1, 1], [0.9999, 0.5]],
         "At the end h is 1.00 in unit 1, 0.500 in unit 2; its largest size on the way was 1.00 in both units."),
        ([[0.25, -3], [0, 2]],
         "At the end h is 0 in unit 1, 2.00 in unit 2; its largest size on the way was 0.250 in unit 1, 3.00 in unit "
         "2."),
        ([[2, -2, 2]] * 2,
         "At the end h is 2.00 in unit 1, −2.00 in unit 2, 2.00 in unit 3; its largest size on the way was 2.00 in all "
         "units."),
    ],
)  # fmt: skip
def test_what_is_held_and_the_largest_size_are_said_of_each_unit(states, sentence):
    assert conclusions.held([built("gru", [0.0] * len(states), {"h": np.array(states, dtype=float)})]) == sentence


# -- what is left ------------------------------------------------------------------------------------------------------


def test_what_is_left_of_a_difference_is_a_share_of_its_largest():
    found = [
        Difference(cell(name), range(2, 5), np.array(d)) for name, d in (("rnn", [2, 4, 0.0]), ("gru", [1, 4.0, 3]))
    ]
    assert conclusions.left_over(found, '"Ada"', '"Bob"', 1) == (
        'With "Bob" in place of "Ada", less than 10⁻¹⁴ of the largest difference'
        " is left at the end in the RNN, 0.75 in the GRU."
    )
    most = [
        Difference(cell("rnn"), range(2), np.array([4, 4.0])),
        Difference(cell("gru"), range(2), np.array([4, 3.99])),
    ]
    assert conclusions.left_over(most, "1", "2", 0).endswith(
        "GRU. No step comes after it that could keep or lose the difference."
    )
    assert "at the end in the RNN, nearly all in the GRU." in conclusions.left_over(most, "1", "2 at step 1", 1)
    assert conclusions.left_over(most, "1", "2 at step 1", 1).startswith(
        "With 2 at step 1 in place of 1, all of the largest"
    )
    words = conclusions.described_differences(found)
    assert "RNN: largest at step 4, at the end 0 of it. GRU: largest at step 4, at the end 0.75 of it." in words


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (-0.996, 0.9949, "−0.996 and 0.995"), (-0.9996, 0.9999997, "−1 + 4·10⁻⁴ and 1 − 3·10⁻⁷"),
        (-1.0, 1.0, "−1 and 1"),
        (-1.01, 1.002, "−1.01 and 1 + 0.002"),
    ],
)  # fmt: skip
def test_a_state_below_1_is_not_called_1(low, high, said):
    reports = [built("rnn", [0, 0], {"h": np.array([[low, 0], [0.5, high]])})]
    assert f"between {said}." in conclusions.states_range(reports)


def test_the_range_of_the_states_is_that_of_the_trace_and_says_when_a_cell_state_leaves_it():
    hidden, cells = np.array([[0.5, -0.25], [0.75, 0.0]]), np.array([[-1.5, 0.0], [0.25, 0.5]])
    reports = [built("rnn", [0, 0], {"h": hidden}), built("lstm", [0, 0], {"h": hidden / 2, "c": cells})]
    assert conclusions.states_range(reports) == (
        "Each hidden state h stays between −0.250 and 0.750; c of the LSTM between −1.50 and 0.500: it is not "
        "bounded by 1."
    )
    small = [built("lstm", [0, 0], {"h": hidden, "c": cells / 2})]
    assert "bounded" not in conclusions.states_range(small)
    assert conclusions.states_range(small).startswith("The hidden state")


# -- luck --------------------------------------------------------------------------------------------------------------


def lucky(name, reach):
    return Seeds(cell(name), {WHOLE: (np.zeros(9),) * 3}, {0.01: np.array(reach)})


def test_only_seeds_in_which_every_gated_cell_reaches_farther_are_counted():
    found = [lucky("rnn", [3, 3, 3, 3, 3]), lucky("lstm", [4, 3, 4, 2, 9]), lucky("gru", [4, 4, 3, 9, 9])]
    assert conclusions.luck(found).startswith("In 2 of 5 seeds the LSTM and the GRU reach farther back than the RNN. ")
    assert conclusions.luck(found[:2]).startswith("In 3 of 5 seeds the LSTM reaches farther back than the RNN. ")


def test_without_the_plain_cell_or_without_gates_nothing_is_counted():
    assert conclusions.luck([lucky("lstm", [1, 2])]).startswith("Over seeds 0 to 1 the median reach")
    assert conclusions.luck([lucky("rnn", [1, 2])]).startswith("Over seeds 0 to 1 the median reach")


def test_the_spread_over_seeds_is_the_median_and_where_80_percent_lie():
    reach = random.Random(0).sample(range(1, 201), 200)
    assert conclusions.luck([lucky("gru", reach)]).endswith("is 100 (20 to 180) in the GRU.")


def test_luck_is_that_of_the_seeds(monkeypatch):
    monkeypatch.setattr(what_if, "SEEDS", range(20))
    of = Experiment(text="abcabc", hidden_size=2)
    found = finished(seeds(of, parse_sequence("text", of.text)))[0]
    reach = {name: np.array([facts(of, name, seed=seed).reach for seed in range(20)]) for name in of.cells}
    farther = int(np.sum((reach["lstm"] > reach["rnn"]) & (reach["gru"] > reach["rnn"])))
    assert conclusions.luck(found).startswith(f"In {farther} of 20 seeds ")


# -- over many runs ----------------------------------------------------------------------------------------------------


def any_experiment(seed):
    rng = random.Random(seed)
    return Experiment(
        text="a" + "".join(rng.choices("abc 👩.", k=rng.choice([0, 1, 2, 12, 30]))),
        cells=tuple(rng.sample(cell_names(), rng.randrange(1, 6))),
        hidden_size=rng.choice([1, 2, 8]),
        keep=rng.choice([0.0, 1.0, 2.0, 3.0]),
        seed=rng.randrange(1_000),
        scheme=rng.choice(["uniform", "orthogonal"]),
        recurrent_gain=rng.choice([0.0, 0.5, 1.0, 1.5, 4.0]),
        input_gain=rng.choice([0.5, 4.0, 16.0]),
        biases=rng.choice([(), (), (("f", 5.0),)]),
        replace="a",
        by=rng.choice(["b", "xyz"]),
    )


def everything_said(of, found):
    cells = [each.cell for each in found.reports]
    return {
        "question": conclusions.question(found.sequence, cells),
        "first": conclusions.first_step(found.sequence, found.reports),
        "gates": conclusions.gates_kept(of, cells, len(found.sequence.tokens)),
        "reaches": conclusions.reaches(of, found.reports),
        "states": conclusions.states_range(found.reports),
        "left": conclusions.left_over(found.differences, *found.replaced_text, found.later),
        "described": conclusions.described(found.reports, found.sequence),
        "described states": conclusions.described_states(found.reports),
        "described differences": conclusions.described_differences(found.differences),
    }


@pytest.mark.parametrize("seed", range(60))
def test_sentences_are_true_of_any_run_and_avoid_what_is_not_measured(seed):
    of = any_experiment(seed)
    found = contrast(of)
    sentences = everything_said(of, found)
    wanted = all_found(of)
    assert_first_step(sentences["first"], wanted)
    assert_reaches(sentences["reaches"], wanted)
    assert_left_over(sentences["left"], {each.cell.title: each.distance for each in found.differences})
    assert bool(sentences["gates"]) is (len(found.sequence.tokens) > 1)
    for sentence in filter(None, sentences.values()):
        assert not [word for word in AVOIDED if word in sentence.lower()]
        assert not re.search(r"nan|inf\b|\d-\d|-\d|e-\d", sentence)
        assert re.search(r"[.?]$", sentence)


@pytest.mark.parametrize("steps", [1, 2])
def test_one_is_singular_and_two_are_plural(steps):
    found = contrast(Experiment(text="ab"[:steps], hidden_size=steps, replace="a", by="c", recurrent_gain=0.0))
    for sentence in everything_said(Experiment(), found).values():
        assert not re.search(r"\b1 (steps|letters|characters|numbers|units)\b", sentence)
        assert not re.search(r"\b2 (step|letter|character|number|unit)\b", sentence)


def test_the_fixed_words_avoid_it_too():
    fixed = [
        conclusions.lesson(Experiment(), [built("gru", [0.0, 0.0])]),
        conclusions.lesson(Experiment(), [built("rnn", [-1.0, 0.0])]),
        conclusions.lesson(Experiment(), [built("rnn", [2.0, 0.0])]),
        *conclusions.HOW_TO_READ.values(),
        *conclusions.CURVES.values(),
    ]
    assert not [word for word, sentence in itertools.product(AVOIDED, fixed) if word in sentence.lower()]


def test_what_is_said_in_general_fits_the_run():
    def said(*reports):
        return conclusions.lesson(Experiment(), reports)

    assert "vanishes" in said(built("rnn", [-3.0, 0.0]))
    assert "vanishes" in said(built("rnn", [0.9, 0.0]))  # not even tenfold
    assert "grows" in said(built("rnn", [3.0, 0.0]))
    assert "gates" in said(built("rnn", [3.0, 0.0]), built("gru", [0.0, 0.0]))


def test_the_figure_is_described_by_its_numbers():
    reports = [built("rnn", [-math.inf, -math.inf, -1.0, 0.5]), built("gru", [0.0, 0.1, 0.2, 0.3])]
    words = conclusions.described(reports, text("abcd"))
    assert "4 steps" in words
    assert "RNN: between 0.10 and 3.2, down to 1 % over the last 2 steps, exactly zero at 2 steps" in words
    assert "GRU: between 1.0 and 2.0, down to 1 % over the last 4 steps." in words


def test_a_long_word_is_shortened_where_a_sentence_names_it():
    sequence = parse_sequence("words", f"{'d' * 60} ends")
    assert (called(sequence, 0), called(sequence, 1)) == (f'"{"d" * 20}…"', '"ends"')
