"""Every number in every sentence is computed again: random weights by the recipe and the cells in torch, as `expected`
does it, and hand-set ones by loops written out here."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

import gru_viz
from gru_viz import InputError, backpropagate, cell, run
from gru_viz.examples import EXAMPLES, example, example_names
from gru_viz.experiment import MAX_QUERY_BYTES, Experiment, from_query, link_fits, to_query
from gru_viz.findings import gradient_reach
from gru_viz.runs import cells_of, contrast, parameters, trace
from gru_viz.sequences import parse_sequence
from tests.expected import TITLES, distances, facts, tokens_of, weights
from tests.saying import NUMBER, assert_shows, by_cell, read

NAMES = [
    "who_keeps_the_name",
    "half_open",
    "a_little_bias",
    "plain_rnn_remembers",
    "until_something_arrives",
    "theorys_line",
    "exploding",
    "memory_without_gradient",
    "counting_brackets",
    "latching_a_flag",
    "two_grus",
    "the_price",
]
AVOIDED = "understand|attention|learned|the gate learn|solve|better than|worse than|clearly|simply"


def assert_numbers(sentence, *wanted):
    """All numbers of a sentence, in order: whole ones as they are, (value, digits) as rounded to so many digits."""
    shown = re.findall(NUMBER, sentence)
    assert len(shown) == len(wanted), shown
    for text, value in zip(shown, wanted, strict=True):
        if isinstance(value, tuple):
            assert (text[0] == "−") == (value[0] < 0), text
            assert_shows(text.removeprefix("−"), math.log10(abs(value[0])) if value[0] else -math.inf, value[1])
        else:
            assert read(text) == value, (text, value)


def power(log10):
    return 10.0**log10, 2


def left(experiment, name):
    """The share of the largest difference of h that the replacement leaves, in torch; its first step is replaced."""
    tokens = tokens_of(experiment)
    apart = distances(experiment, name, tokens, [float(experiment.by), *tokens[1:]])
    return float(apart[-1] / apart.max())


def reaches(experiment):
    return [facts(experiment, name).reach for name in experiment.cells]


# The list


def test_the_examples_are_those_that_were_promised_in_this_order():
    assert list(example_names()) == NAMES == [each.name for each in EXAMPLES]
    assert gru_viz.example is example
    assert example("half_open").experiment == Experiment(keep=0)
    text = "My name is Ada. I can sail. What is my name?"  # what the first page shows answers no question of a lesson
    assert example("who_keeps_the_name").experiment == Experiment(text=text)
    with pytest.raises(InputError, match=rf"^There is no example 'foo'; the examples are {', '.join(NAMES)}\.$"):
        example("foo")


@pytest.mark.parametrize("each", EXAMPLES, ids=NAMES)
def test_a_link_holds_the_example(each):
    query = to_query(each.experiment)
    assert from_query(query) == (each.experiment, ())
    assert link_fits(each.experiment)
    assert sum(len(key) + len(text) for key, text in query.items()) < MAX_QUERY_BYTES / 2


@pytest.mark.parametrize("each", EXAMPLES, ids=NAMES)
def test_what_is_said_is_a_sentence_about_this_run(each):
    sentence = each.sentence()
    assert re.fullmatch(r"[A-Z0-9].*\.", sentence)
    assert ". " not in sentence
    assert "\n" not in sentence
    assert len(sentence) < 300
    assert ("hand-set" in sentence) == each.experiment.badge.startswith("hand-set")
    assert (f"(seed {each.experiment.seed})" in sentence) == each.experiment.badge.startswith("random")
    for text in (sentence, each.title, each.look, each.then):
        assert re.search(AVOIDED, text) is None
    assert all(text and text[0].isupper() for text in (each.look, each.then))
    assert re.search("[.?]$", each.look)
    assert re.search("[.?]$", each.then)


def test_no_two_examples_are_one():
    for what in ("name", "title", "experiment", "look", "then"):
        assert len({getattr(each, what) for each in EXAMPLES}) == len(EXAMPLES)
    assert len({each.sentence() for each in EXAMPLES}) == len(EXAMPLES)


@pytest.mark.parametrize("each", EXAMPLES, ids=NAMES)
def test_an_example_runs_in_a_notebook_and_on_the_page(each):
    traces, found = each.traces(), contrast(each.experiment)
    assert tuple(traces) == each.experiment.cells
    for report in found.reports:
        ran = traces[report.cell.name]
        np.testing.assert_array_equal(ran["h"], report.states["h"])
        again = run(ran.cell, ran.params, ran["x"])
        np.testing.assert_array_equal(again["h"], ran["h"])


def test_parameters_of_examples_are_what_the_cells_take():
    for each in EXAMPLES:
        sequence = parse_sequence(each.experiment.kind, each.experiment.text)
        for of in cells_of(each.experiment):
            assert parameters(each.experiment, of, sequence).keys() == of.parameters.keys()
            assert of.title == TITLES[of.name]


# The sentences


@pytest.mark.parametrize(
    ("name", "kept", "found"),
    [("who_keeps_the_name", 88, [6, 24, 38]), ("half_open", 50, [6, 7, 8]), ("a_little_bias", 73, [6, 15, 15])],
)
def test_how_far_the_gradient_reaches(name, kept, found):
    each = example(name)
    assert reaches(each.experiment) == found  # the numbers of product.md, but for the first: its text is longer
    assert_numbers(each.sentence(), 7, kept, 1, *found)
    assert list(by_cell(each.sentence())) == ["RNN", "LSTM", "GRU"]
    assert ("hardly a difference" in each.sentence()) == (name == "half_open")


def test_what_a_little_bias_is_compared_with_is_that_run():
    found = by_cell(example("a_little_bias").look)
    assert [int(found[title]) for title in ("RNN", "LSTM", "GRU")] == reaches(Experiment(keep=0.0))


def test_the_bias_of_the_gates_leaves_the_rnn_alone():
    lines = [facts(each, "rnn").norm for each in (Experiment(), *(example(name).experiment for name in NAMES[1:3]))]
    np.testing.assert_array_equal(lines[0], lines[1])
    np.testing.assert_array_equal(lines[0], lines[2])


def test_all_steps_are_called_all():
    assert "all 32 in the GRU" in gradient_reach(Experiment())
    assert "all" not in example("who_keeps_the_name").sentence()


def test_a_plain_rnn_remembers_until_something_arrives():
    silent, noisy = example("plain_rnn_remembers"), example("until_something_arrives")
    kept = {name: left(silent.experiment, name) for name in silent.experiment.cells}
    lost = {name: left(noisy.experiment, name) for name in noisy.experiment.cells}
    assert_numbers(silent.sentence(), 7, 50, 1, -1, 40, *((share, 2) for share in kept.values()))
    shares = ((share, 2) for share in lost.values())
    assert_numbers(noisy.sentence(), 7, 1, -1, 40, 0, 3, *shares, 40, (kept["rnn"], 2))
    for each in (silent, noisy):
        assert list(by_cell(each.sentence()))[:3] == ["RNN", "LSTM", "GRU"]
    assert facts(silent.experiment, "rnn").reach == 41  # all
    assert facts(noisy.experiment, "rnn").reach == 10
    assert left(replace(noisy.experiment, input_gain=1.0), "rnn") > 1e4 * lost["rnn"]


def test_the_noise_is_what_it_is_said_to_be():
    noise = np.random.default_rng(0).normal(0, 3, 40).round(2)
    text = example("until_something_arrives").experiment.text
    assert [float(number) for number in text.split()] == [1.0, *noise]
    assert replace(example("until_something_arrives").experiment, text="1" + " 0" * 40) == (
        example("plain_rnn_remembers").experiment
    )


def test_theorys_line():
    each = example("theorys_line")
    (name,) = each.experiment.cells
    u = weights(each.experiment, name, ["0"])["U_h"]
    np.testing.assert_allclose(u @ u.T, 0.25 * np.eye(8), atol=1e-14)  # so that sigma_max is 0.5
    share = facts(each.experiment, name).share
    assert_numbers(
        each.sentence(), 7, 10, (share / 40, 4), 40, 10, (math.log10(0.5), 4), power(share - 40 * math.log10(0.5))
    )
    assert 0.9 < 10 ** (share - 40 * math.log10(0.5)) <= 1  # nearly tight


def test_no_sequence_lifts_the_gradient_above_the_bound():
    experiment = example("theorys_line").experiment
    for seed in range(5):
        text = " ".join(f"{value:.2f}" for value in np.random.default_rng(seed).normal(0, 1, 40))
        norm = facts(replace(experiment, text=text), "rnn").norm
        bound = norm[-1] + math.log10(0.5) * np.arange(39, -1, -1)
        assert (norm[:-1] < bound[:-1]).all()


def test_exploding():
    each = example("exploding")
    found = facts(each.experiment, "rnn")
    largest = np.abs(found.states["h"]).max()
    assert found.share > 3
    assert largest < 1
    assert_numbers(each.sentence(), 7, 64, power(found.share), 1, 1, (1 - largest, 1))


def test_memory_without_gradient():
    each = example("memory_without_gradient")
    one, other, slopes = 0.0, 0.0, []
    for k in range(41):
        one, other = math.tanh(3 * (k == 0) + 3 * one), math.tanh(-3 * (k == 0) + 3 * other)
        slopes.append(math.log10(3 * (1 - one**2)))
    assert_numbers(each.sentence(), 40, (one, 3), 1, (other, 3), -1, power(sum(slopes[1:])))
    assert contrast(each.experiment).differences[0].left > 0.999


def test_counting_brackets():
    each = example("counting_brackets")
    depth, most, text = {"(": 0, "[": 0}, {"(": 0, "[": 0}, each.experiment.text
    for token in text:
        for kind, closing in zip("([", ")]", strict=True):
            depth[kind] += (token == kind) - (token == closing)
            most[kind] = max(most[kind], depth[kind])
    brackets = sum(map(text.count, "()[]"))
    assert_numbers(
        each.sentence(), (1.0, 3), brackets, 0, len(text) - brackets, most["("], most["["], max(depth.values())
    )
    assert min(depth.values()) == 0


def test_latching_a_flag():
    each = example("latching_a_flag")
    text = each.experiment.text
    digit, others = text.split("!")[1][0], len(text.split("!")[1]) - 1
    assert_numbers(each.sentence(), (1.0, 3), int(digit), 0, (int(digit) / 10, 3), others, 0)
    norm = backpropagate(each.traces()["gru"]).log10_norm()
    flag = text.index("!")
    assert (norm[: flag + 1] == -math.inf).all()
    assert (norm[flag + 1 :] >= 0).all()
    second = trace(replace(each.experiment, text=text + "!4"), cell("gru"), parse_sequence("text", text + "!4"))
    assert second["h"][-1, 1] == pytest.approx(0.4, abs=1e-15)


def test_two_grus():
    each = example("two_grus")
    params = weights(each.experiment, "gru", list(dict.fromkeys(each.experiment.text)))
    one, other = np.zeros(8), np.zeros(8)
    apart = []
    for token in each.experiment.text:
        k = list(dict.fromkeys(each.experiment.text)).index(token)
        gates = {}
        for which, h in (("one", one), ("other", other)):
            for gate in "rz":
                drive = params[f"W_{gate}"][:, k] + params[f"U_{gate}"] @ h + params[f"b_{gate}"]
                gates[which, gate] = 1 / (1 + np.exp(-drive))
        n = np.tanh(params["W_n"][:, k] + params["U_n"] @ (gates["one", "r"] * one) + params["b_n"])
        m = np.tanh(params["W_n"][:, k] + gates["other", "r"] * (params["U_n"] @ other) + params["b_n"])
        one = (1 - gates["one", "z"]) * one + gates["one", "z"] * n
        other = (1 - gates["other", "z"]) * other + gates["other", "z"] * m
        apart.append(np.abs(one - other).max())
    shown = re.findall(NUMBER, each.sentence())
    assert_numbers(each.sentence(), 7, (read(shown[1]), 2), 1, (apart[1], 2), 2, (max(apart), 2))
    assert read(shown[1]) < 1e-15  # rounding: written out as here, it is 0
    assert apart[0] == 0.0


def test_the_price():
    """From rest to rest: the example's own steps are not enough for an LSTM that keeps 95 %."""
    each, jump = example("the_price"), 400
    rested = replace(each.experiment, text="0 " * jump + "1 " * 1_600, replace="401", by="0")
    found = {}
    for name in each.experiment.cells:
        for keep in (0.0, 1.0, 2.0, 3.0):
            h = facts(replace(rested, keep=keep), name).states["h"]
            whole = np.linalg.norm(h[-1] - h[jump - 1])
            steps = len(h) - jump
            while steps and np.linalg.norm(h[-1] - h[jump + steps - 2]) <= 0.1 * whole:
                steps -= 1
            found.setdefault(name, []).append(steps)
    assert len(set(found["rnn"])) == 1
    for name in ("lstm", "gru"):
        assert found[name] == sorted(set(found[name]))  # the more is kept, the longer it takes
    numbers = [found["rnn"][0], *found["lstm"], *found["gru"]]
    assert_numbers(each.sentence(), 7, 90, *numbers, 50, 73, 88, 95)


# How far it holds over seeds


@pytest.mark.parametrize(
    ("name", "holds", "of_40"),
    [
        ("half_open", lambda found: found["lstm"].reach <= 12 and found["gru"].reach <= 12, 36),
        ("plain_rnn_remembers", lambda found: found["rnn"].reach > found["lstm"].reach, 40),
        ("until_something_arrives", lambda found: found["rnn"].share < -3, 38),
        ("theorys_line", lambda found: -0.32 < found["rnn"].share / 40 < -0.301, 40),
        ("exploding", lambda found: found["rnn"].share > 3, 38),
    ],
)
def test_it_is_not_luck(name, holds, of_40):
    count = 0
    for seed in range(40):
        found = contrast(replace(example(name).experiment, seed=seed))
        count += holds({report.cell.name: report for report in found.reports})
    assert count >= of_40
