"""The sentences of the Trajectories page, on runs that make them true and on runs that do not."""

import dataclasses
import math
import re

import numpy as np
import pytest

from gru_viz.cells import cell
from gru_viz.conclusions import trajectories as conclusions
from gru_viz.experiment import Experiment
from gru_viz.measures.portrait import STARTS, FixedPoint
from gru_viz.measures.trajectories import Path, closeness, plane_of, trajectories
from gru_viz.sequences import parse_sequence
from tests.paths import CELLS, DEFAULT, FOUND, SIGN, drawn, two
from tests.saying import assert_shows, by_cell, read
from tests.test_conclusions import AVOIDED


def with_states(tokens, *states, cells=("rnn", "lstm", "gru")):
    sequence = parse_sequence("text", tokens)
    paths = tuple(
        Path(cell(name), np.array(each, float), plane_of(np.array(each, float)))
        for name, each in zip(cells, states, strict=False)
    )
    return dataclasses.replace(FOUND, sequence=sequence, paths=paths)


def test_how_near_the_path_comes_back_is_said_cell_by_cell():
    said = conclusions.comes_back(FOUND)
    shown = by_cell(said)
    for each in FOUND.paths:
        assert_shows(shown[each.cell.title], math.log10(closeness(each.states[1:], DEFAULT.text)))
    assert said.startswith("Two states after the same character are")


@pytest.mark.parametrize(
    ("tokens", "words"),
    [("a", "one step"), ("abc", "No letter comes twice"), ("aaa", "Every letter is the same")],
)
def test_where_nothing_can_come_back_that_is_said(tokens, words):
    states = np.random.default_rng(0).standard_normal((len(tokens) + 1, 3))
    said = conclusions.comes_back(with_states(tokens, states))
    assert words in said
    assert not re.search(r"\d", said)


def test_a_path_that_stays_is_not_said_to_come_back():
    still, moving = np.zeros((5, 3)), np.random.default_rng(0).standard_normal((5, 3))
    assert conclusions.comes_back(with_states("abab", still)) == (
        "After all its steps the RNN is in nearly the same state: after different letters they differ by less than 1 % "
        "of their size."
    )
    said = conclusions.comes_back(with_states("abab", still, moving))
    assert list(by_cell(said)) == ["LSTM"]
    assert "After all its steps the RNN is in nearly the same state" in said


def test_the_variance_is_that_of_both_directions():
    said = conclusions.variance(FOUND, "own")
    assert said == (
        "Two directions hold 57 % of the variance of h, the start included, in the RNN, 60 % in the LSTM, 68 % in the "
        "GRU."
    )
    for each, number in zip(
        FOUND.paths,
        by_cell(said.replace(" % of the variance of h, the start included,", "").replace(" %", "")).values(),
        strict=True,
    ):
        assert read(number) == pytest.approx(100 * sum(each.shares), abs=0.5)
    assert conclusions.variance(FOUND, "shared").startswith("The two shared directions hold")


@pytest.mark.parametrize(("hidden", "words"), [(1, "one number"), (2, "the whole of h")])
def test_small_states_are_seen_whole(hidden, words):
    assert words in conclusions.variance(trajectories(Experiment(hidden_size=hidden)), "own")


def test_a_state_that_does_not_move_holds_nothing():
    still = trajectories(Experiment(input_gain=0.0, recurrent_gain=0.0, scheme="orthogonal"))
    assert conclusions.variance(still, "own").startswith("No hidden state moves")


def test_random_and_hand_set_weights_are_told_apart():
    assert "With random weights it means nothing" in conclusions.honesty(DEFAULT)
    assert "random" not in conclusions.honesty(SIGN)


def test_what_is_left_at_the_end_is_said_in_full_and_in_the_plane():
    said = conclusions.apart(FOUND)
    for each, one, other in zip(FOUND.differences, FOUND.paths, FOUND.others, strict=True):
        whole, inside = re.search(rf"([^ ]+) \(([^ ]+) in the plane\) in the {each.cell.title}", said).groups()
        assert_shows(whole, math.log10(each.distance[-1]))
        assert_shows(inside, math.log10(np.linalg.norm((one.states[-1] - other.states[-1]) @ one.plane.directions.T)))
    assert "in the plane" not in conclusions.apart(trajectories(two()))
    assert "less than 10⁻¹⁴ in the RNN" in conclusions.apart(trajectories(two()))


def made(*kinds, came=(), swinging=0):
    values = {"stable": (0.5, 0.1), "saddle": (2, 0.5), "unstable": (3, 2), "neutral": (1, 0)}
    points = tuple(
        FixedPoint(np.array([0.1 * k, 0.0]), np.array(values[kind], complex)) for k, kind in enumerate(kinds)
    )
    own = drawn(two(), "gru")
    return dataclasses.replace(own, points=points, came=np.array(came or [0] * len(kinds)), swinging=swinging)


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        ((), "no fixed point of the GRU was found"),
        (("stable",), "the GRU has one fixed point, and it is stable."),
        (("unstable",), "the GRU has one fixed point, and it is unstable."),
        (("stable", "saddle", "stable"), "the GRU has 3 fixed points: 2 stable, 1 saddle."),
        (("neutral",) * 10, "fill a line or more"),
    ],
)
def test_fixed_points_are_counted_by_kind(kinds, words):
    assert words in conclusions.fixed(made(*kinds))
    assert conclusions.fixed(made(*kinds)).startswith("Under the constant input 0")


def test_where_long_runs_come_is_said():
    everyone = STARTS**2
    assert f"All {everyone} runs begun all over the plane are at it after" in conclusions.ends(
        made("stable", came=[64])
    )
    assert f"5 of {everyone} runs begun all over the plane are at it" in conclusions.ends(made("stable", came=[5]))
    both = conclusions.ends(made("stable", "saddle", "stable", came=[40, 0, 24]))
    assert "40 and 24 are at the stable ones" in both
    assert "the start decides at which" in both
    assert "decides" not in conclusions.ends(made("stable", "stable", came=[64, 0]))
    assert "32 of 64 go to and fro between two states" in conclusions.ends(made("unstable", swinging=32))
    assert " fro " not in conclusions.ends(made("stable", came=[64]))
    assert conclusions.ends(made()) == ""
    assert not re.search(r"\d", conclusions.ends(made(*["neutral"] * 10)))  # a distance to one of many says nothing


def test_how_to_read_names_the_kinds_that_are_there_and_what_is_not_drawn():
    assert "saddle" not in conclusions.how_to_read(drawn(two(), "gru"))
    assert "settles" not in conclusions.how_to_read(drawn(two(), "gru"))
    assert "h is where it settles while c is held" in conclusions.how_to_read(drawn(two(), "lstm"))
    assert "not proved" in conclusions.how_to_read(made("saddle"))


def test_no_sentence_says_what_is_avoided():
    for experiment in (
        DEFAULT,
        two(cells=CELLS),
        two(recurrent_gain=4.0, held="a"),
        SIGN,
        Experiment(weights="counter"),
    ):
        found = trajectories(experiment)
        said = [
            conclusions.comes_back(found), conclusions.variance(found, "own"), conclusions.honesty(experiment),
            conclusions.apart(found), *map(conclusions.described, found.paths),
        ]  # fmt: skip
        if experiment.hidden_size == 2:
            for name in experiment.cells:
                own = drawn(experiment, name)
                said += [
                    conclusions.fixed(own),
                    conclusions.ends(own),
                    conclusions.how_to_read(own),
                    conclusions.described_portrait(own),
                ]
        for sentence in said:
            assert not any(word in sentence.lower() for word in AVOIDED), sentence
            assert "nan" not in sentence.lower().split()
            assert "-" not in re.sub(r"\w-\w", "", sentence)


def test_a_cue_that_is_kept_is_no_coming_back():
    found = trajectories(Experiment(weights="sign", kind="numbers", text="1" + " 0" * 40, replace="1", by="-1"))
    said = conclusions.comes_back(found)
    assert "comes back" not in said
    assert said.startswith("After all its steps the RNN is in nearly the same state")


def test_a_jump_from_the_start_is_not_said_to_move_later():
    """Without inputs and recurrence the state goes from 0 to one place and stays there: both sentences say so."""
    found = trajectories(Experiment(input_gain=0.0, recurrent_gain=0.0))
    assert "100 % of the variance of h, the start included, in the RNN" in conclusions.variance(found, "own")
    assert "After all its steps the RNN is in nearly the same state" in conclusions.comes_back(found)
