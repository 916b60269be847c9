"""The paths of the state: principal planes, two sequences, phase portraits; their sentences, figures and page.

Planes are held against the eigenvectors of the covariance, fixed points against closed forms, bisection and steps
written in torch, stability against central differences.
"""

import dataclasses
import itertools
import math
import re
from pathlib import Path as File

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from gru_viz.cells import cell, cell_names
from gru_viz.conclusions import trajectories as conclusions
from gru_viz.errors import InputError
from gru_viz.experiment import Experiment
from gru_viz.figures.common import untyped
from gru_viz.figures.portrait import portrait_figure
from gru_viz.figures.trajectories import INNER, LINE, TIME, limits, pair_figure, path_figure
from gru_viz.measures.portrait import (
    GRID,
    NEAR,
    STARTS,
    FixedPoint,
    Held,
    fixed_points,
    grid,
    held_input,
    is_within,
    portrait,
    settled,
)
from gru_viz.measures.trajectories import Path, closeness, plane_of, trajectories
from gru_viz.parameters import init_params
from gru_viz.runs import parameters
from gru_viz.sequences import parse_sequence
from gru_viz.theme import DARK, LIGHT, THEMES
from tests import expected
from tests.reference import STEPS
from tests.saying import assert_shows, by_cell, plain, read
from tests.test_conclusions import AVOIDED
from tests.test_theme import contrast as contrast_ratio

APP = File(__file__).resolve().parents[1] / "app.py"
DEFAULT = Experiment()
FOUND = trajectories(DEFAULT)
CELLS = cell_names()
SIGN = Experiment(weights="sign", kind="numbers", text="1 0 0 0 0", replace="1", by="-1")


def two(**fields):
    return Experiment(hidden_size=2, **fields)


def drawn(experiment, name):
    return portrait(experiment, cell(name), parse_sequence(experiment.kind, experiment.text))


# -- the plane ---------------------------------------------------------------------------------------------------------


def cloud(count=60, hidden=5, seed=3):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((count, hidden)) @ rng.standard_normal((hidden, hidden)) + rng.standard_normal(hidden)


def path(states, plane=None):
    return Path(cell("gru"), states, plane or plane_of(states))


@pytest.mark.parametrize(("count", "hidden"), [(60, 5), (4, 7), (50, 2)])
def test_the_directions_are_the_eigenvectors_of_the_covariance_of_the_largest_variance(count, hidden):
    states = cloud(count, hidden)
    values, vectors = np.linalg.eigh(np.cov(states, rowvar=False, bias=True))
    plane = plane_of(states)
    for row, column in zip(plane.directions, vectors.T[::-1], strict=False):
        np.testing.assert_allclose(abs(row @ column), 1, atol=1e-12)
    np.testing.assert_allclose(path(states).shares, values[::-1][:2] / values.sum(), atol=1e-12)
    np.testing.assert_allclose(plane.mean, states.mean(axis=0))


def test_turning_the_space_turns_no_path():
    states = cloud()
    turn = np.linalg.qr(np.random.default_rng(5).standard_normal((5, 5)))[0]
    one, other = path(states), path(states @ turn + 3)
    np.testing.assert_allclose(one.shares, other.shares, atol=1e-12)
    np.testing.assert_allclose(np.abs(one.points), np.abs(other.points), atol=1e-12)


def test_a_direction_has_its_largest_component_positive():
    for seed in range(10):
        directions = plane_of(cloud(seed=seed)).directions
        assert (directions[[0, 1], np.abs(directions).argmax(axis=1)] > 0).all()
        np.testing.assert_array_equal(directions, plane_of(cloud(seed=seed)).directions)
    step = np.array([[0.0, 0.0], [-1.0, 1.0]])  # of equal ones the first
    np.testing.assert_allclose(plane_of(step).directions[0], np.array([1.0, -1.0]) / math.sqrt(2))


def test_one_unit_has_one_direction():
    one = path(cloud(hidden=1))
    np.testing.assert_array_equal(one.points[:, 1], 0)
    np.testing.assert_allclose(one.shares, (1, 0))


def test_a_state_that_does_not_move_has_no_variance_to_hold():
    still = path(np.full((7, 3), 0.1))
    assert not still.moves
    assert still.shares == (0, 0)
    assert path(np.array([[0.1, 0.1], [0.1, 0.1 + 1e-9]])).moves


def test_paths_are_the_runs_from_zero_on():
    for each, name in zip(FOUND.paths, DEFAULT.cells, strict=True):
        states = expected.facts(DEFAULT, name).states["h"]
        np.testing.assert_array_equal(each.states[0], 0)
        np.testing.assert_allclose(each.states[1:], states, atol=1e-12)


def test_a_shared_plane_is_that_of_all_states_together():
    found = trajectories(Experiment(basis="shared"))
    together = np.concatenate([each.states for each in FOUND.paths])
    vectors = np.linalg.eigh(np.cov(together, rowvar=False))[1].T[::-1]
    for each in (*found.paths, *found.others):
        np.testing.assert_allclose(np.abs(np.sum(each.plane.directions * vectors[:2], axis=1)), 1, atol=1e-12)
    for each, own in zip(found.paths, FOUND.paths, strict=True):
        np.testing.assert_array_equal(each.states, own.states)
        assert sum(each.shares) < sum(own.shares)
        projected = (each.states - each.states.mean(axis=0)) @ vectors[:2].T
        shares = (projected**2).sum(axis=0) / ((each.states - each.states.mean(axis=0)) ** 2).sum()
        np.testing.assert_allclose(each.shares, shares, atol=1e-12)


def test_the_other_sequence_is_seen_in_the_same_plane():
    tokens, others = list(DEFAULT.text), list(DEFAULT.text.replace("Ada", "Bob"))
    for one, other, each in zip(FOUND.paths, FOUND.others, FOUND.differences, strict=True):
        states = expected.facts(DEFAULT, each.cell.name, others).states["h"]
        assert other.plane is one.plane
        np.testing.assert_allclose(other.states[1:], states, atol=1e-12)
        np.testing.assert_allclose(
            each.distance, expected.distances(DEFAULT, each.cell.name, tokens, others), atol=1e-12
        )
    assert FOUND.replaced_text == ('"Ada"', '"Bob"')
    assert conclusions.how_two(*FOUND.replaced_text).startswith('Filled: with "Ada". Hollow: with "Bob". A bar')


# -- does it come back? ------------------------------------------------------------------------------------------------


def test_closeness_is_that_of_all_pairs():
    states, tokens = cloud(20), "aababcabcddabcaabbca"
    same, different = [], []
    for a, b in itertools.combinations(range(20), 2):
        (same if tokens[a] == tokens[b] else different).append(((states[a] - states[b]) ** 2).sum())
    assert closeness(states, tokens) == pytest.approx(math.sqrt(np.mean(same) / np.mean(different)), rel=1e-12)


def test_closeness_is_zero_where_the_token_decides_and_about_one_where_it_does_not():
    tokens = "abc" * 200
    place = {"a": (0.0, 1.0), "b": (2.0, 0.0), "c": (-1.0, 0.5)}
    assert closeness(np.array([place[token] for token in tokens]), tokens) == 0
    assert closeness(np.random.default_rng(0).standard_normal((600, 4)), tokens) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("tokens", ["abcdef", "aaaaaa"])
def test_without_both_kinds_of_pairs_there_is_no_closeness(tokens):
    assert closeness(cloud(6), tokens) is None


def test_states_that_are_all_the_same_have_no_closeness():
    assert closeness(np.full((6, 2), 0.3), "ababab") is None


@pytest.mark.parametrize(("apart", "said"), [(0.001, False), (0.005, False), (0.02, True), (1.0, True)])
def test_states_that_hardly_differ_for_their_size_have_no_closeness(apart, said):
    """Two places, one for each token, at distance ``apart`` from each other, far from 0."""
    states = np.array([[1.0, 0.0], [1.0, apart]] * 3)
    assert (closeness(states, "ababab") is not None) == said


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


# -- fixed points ------------------------------------------------------------------------------------------------------


def weights(name, **given):
    """All zero but the given ones."""
    params = init_params(cell(name), input_size=1, hidden_size=2, seed=0)
    zero = {key: np.zeros_like(value) for key, value in params.items()}
    return Held(cell(name), zero | {key: np.asarray(value, dtype=float) for key, value in given.items()}, np.zeros(1))


def found_in(held, reach=1.0):
    return fixed_points(held, np.nan_to_num(settled(held, grid(reach, GRID))))


def root(weight):
    """The positive x = tanh(weight x), by bisection."""
    low, high = 1e-6, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if math.tanh(weight * middle) > middle else (low, middle)
    return low


@pytest.mark.parametrize("weight", [-0.9, 0.0, 0.5, 0.99])
def test_a_weak_tanh_has_one_stable_point_at_zero(weight):
    (point,) = found_in(weights("rnn", U_h=np.eye(2) * weight))
    assert point.kind == "stable"
    np.testing.assert_allclose(point.state, 0, atol=1e-12)
    np.testing.assert_allclose(point.eigenvalues, weight, atol=1e-12)


@pytest.mark.parametrize("weights_of", [(1.5, 3.0), (1.01, 2.0)])
def test_two_strong_tanhs_have_nine_of_three_kinds(weights_of):
    """Past the pitchfork at 1 each unit has -x, 0 and x, independently of the other."""
    found = found_in(weights("rnn", U_h=np.diag(weights_of)))
    places = {unit: (-root(weight), 0.0, root(weight)) for unit, weight in enumerate(weights_of)}
    assert len(found) == 9
    for point, wanted in zip(found, itertools.product(*places.values()), strict=True):
        np.testing.assert_allclose(point.state, wanted, atol=1e-11)
        slopes = [weight * (1 - x**2) for weight, x in zip(weights_of, wanted, strict=True)]
        np.testing.assert_allclose(point.eigenvalues, sorted(slopes, key=abs, reverse=True), atol=1e-9)
        zeros = sum(x == 0 for x in wanted)
        assert point.kind == ("stable", "saddle", "unstable")[zeros]


def test_at_the_pitchfork_itself_a_point_is_neutral():
    (point,) = found_in(weights("rnn", U_h=np.diag([1.0, 0.5])))
    assert point.kind == "neutral"
    np.testing.assert_allclose(point.state, 0, atol=1e-3)


def test_without_recurrence_a_gru_goes_to_its_candidate():
    held = weights("gru", b_n=[0.7, -2.0], b_z=[-1.0, 0.5], b_r=[0.3, 0.1])
    (point,) = found_in(held)
    np.testing.assert_allclose(point.state, np.tanh([0.7, -2.0]), atol=1e-12)
    np.testing.assert_allclose(point.eigenvalues, sorted(1 - 1 / (1 + np.exp([1.0, -0.5])))[::-1], atol=1e-12)
    assert point.kind == "stable"


def test_without_recurrence_an_lstm_goes_to_what_it_writes_over_what_it_loses():
    b = {"f": [2.0, 0.5], "i": [0.3, -1.0], "o": [1.0, 0.2], "g": [0.8, -1.5]}
    held = weights("lstm", **{f"b_{gate}": value for gate, value in b.items()})
    f, i, o = (1 / (1 + np.exp(-np.array(b[gate]))) for gate in "fio")
    c = i * np.tanh(b["g"]) / (1 - f)
    (point,) = found_in(held, 4.0)
    np.testing.assert_allclose(point.state, [*(o * np.tanh(c)), *c], atol=1e-12)
    np.testing.assert_allclose(point.eigenvalues, [*f, 0, 0], atol=1e-12)


def stepped(held, states):
    """One step in torch, (B, S) -> (B, S)."""
    params = {name: torch.tensor(value) for name, value in held.params.items()}
    parts = [torch.tensor(part) for part in np.split(states, len(held.cell.states), axis=1)]
    values = STEPS[held.cell.name](params, torch.tensor(np.tile(held.x, (len(states), 1))), *parts)
    return np.concatenate([values[name].numpy() for name in held.cell.states], axis=1)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("gain", [0.7, 4.0])
@pytest.mark.parametrize("token", ["", "a"])
def test_fixed_points_stay_and_their_eigenvalues_are_those_of_central_differences(name, gain, token):
    experiment = two(recurrent_gain=gain, held=token, seed=3)
    one = held_input(experiment, parse_sequence("text", experiment.text))
    held = Held(cell(name), parameters(experiment, cell(name), one), one.values[0])
    found = drawn(experiment, name)
    assert found.points or name == "lstm_peephole"  # whose f may come so near to 1 that c grows for ever
    for point in found.points:
        state = point.state[None]
        np.testing.assert_allclose(stepped(held, state), state, atol=1e-11)
        size, small = state.shape[1], 1e-5
        ahead, behind = (stepped(held, state + sign * small * np.eye(size)) for sign in (1, -1))
        jacobian = (ahead - behind).T / (2 * small)
        slopes = np.linalg.eigvals(jacobian)
        for value in point.eigenvalues:
            assert np.abs(slopes - value).min() < 1e-6
        inside = (np.abs(slopes) < 1).mean()
        assert point.kind == ("stable" if inside == 1 else "unstable" if inside == 0 else "saddle")


def test_kinds_are_told_by_the_sizes_of_the_eigenvalues():
    def kind(*values):
        return FixedPoint(np.zeros(2), np.array(values, dtype=complex)).kind

    assert kind(0.9, -0.2) == "stable"
    assert kind(0.6 + 0.6j, 0.6 - 0.6j) == "stable"
    assert kind(0.8 + 0.8j, 0.8 - 0.8j) == "unstable"
    assert kind(-1.5, 0.5) == "saddle"
    assert kind(1.0, 0.5) == kind(1j, -1j) == "neutral"


def test_the_sign_keeper_has_two_places_to_stay_and_swings_elsewhere():
    found = drawn(SIGN, "rnn")
    x = root(3.0)
    assert [point.kind for point in found.points] == ["stable", "unstable", "stable"]
    np.testing.assert_allclose(found.places, [(-x, -x), (0, 0), (x, x)], atol=1e-11)
    np.testing.assert_allclose(found.points[1].eigenvalues, [3, -3], atol=1e-9)
    quarter = STARTS**2 // 4  # of the starts in each quadrant; where the signs differ, they change places for ever
    assert found.came.tolist() == [quarter, 0, quarter]
    assert found.swinging == 2 * quarter
    point, distance = found.nearest
    assert (point.state > 0).all()
    assert distance < 1e-6


def test_pushed_hard_enough_the_sign_keeper_has_one_place_to_stay():
    assert drawn(SIGN, "rnn").count("stable") == 2
    held = drawn(dataclasses.replace(SIGN, held="1"), "rnn")
    assert held.count("stable") == 1
    assert (held.places > 0.9).all()


def test_what_is_latched_stays_along_a_line():
    found = drawn(Experiment(weights="latch"), "gru")
    assert len(found.points) == found.count("neutral") > 9
    np.testing.assert_allclose(found.places[:, 0], 0, atol=1e-12)
    assert np.ptp(found.places[:, 1]) > 1.5


def test_only_points_that_a_run_can_reach_are_kept():
    """Far outside the GRU's gate shuts and every state would stay."""
    for gain in (3.0, 4.0):
        for name in ("gru", "gru_reset_after"):
            assert np.abs(drawn(two(recurrent_gain=gain, held="a"), name).places).max() <= 1
    for h, inside in ((0.99, True), (1.0, True), (1.01, False)):
        assert is_within(FixedPoint(np.array([0.0, -h, 0.5, 0.5]), np.zeros(4)), 1.08) is inside
    assert not is_within(FixedPoint(np.array([0.0, 0.5, 0.5, -1.1]), np.zeros(4)), 1.08)


# -- the portrait ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rnn", "gru", "gru_reset_after"])
def test_arrows_lead_where_one_step_leads(name):
    experiment = two(held="n")
    one = held_input(experiment, parse_sequence("text", experiment.text))
    held = Held(cell(name), parameters(experiment, cell(name), one), one.values[0])
    found = drawn(experiment, name)
    np.testing.assert_allclose(found.starts + found.steps, stepped(held, found.starts), atol=1e-12)
    np.testing.assert_allclose(found.path[1:], expected.facts(experiment, name).states["h"], atol=1e-12)


@pytest.mark.parametrize("name", ["lstm", "lstm_peephole"])
def test_of_an_lstm_h_settles_while_c_is_held_so_that_arrows_vanish_at_fixed_points(name):
    experiment = two(held="n", seed=2)
    one = held_input(experiment, parse_sequence("text", experiment.text))
    held = Held(cell(name), parameters(experiment, cell(name), one), one.values[0])
    found = drawn(experiment, name)
    states = settled(held, found.starts)
    after = stepped(held, states)
    np.testing.assert_allclose(after[:, :2], states[:, :2], atol=1e-5)
    np.testing.assert_allclose(found.starts + found.steps, after[:, 2:], atol=1e-12)
    for point in found.points:
        np.testing.assert_allclose(settled(held, point.state[None, 2:])[0], point.state, atol=1e-5)
    np.testing.assert_allclose(found.path[1:], expected.facts(experiment, name).states["c"], atol=1e-12)
    assert found.drawn == "c"


def test_long_runs_are_counted_where_they_come():
    experiment = two(recurrent_gain=4.0)
    found = drawn(experiment, "rnn")
    one = held_input(experiment, parse_sequence("text", experiment.text))
    held = Held(cell("rnn"), parameters(experiment, cell("rnn"), one), one.values[0])
    states = grid(1.0, STARTS)
    for _ in range(500):
        states = stepped(held, states)
    for point, count in zip(found.points, found.came, strict=True):
        near = int((np.abs(states - point.state).max(axis=1) < NEAR).sum())
        assert count == near
    assert found.came.sum() == STARTS**2


def test_the_grid_is_symmetric_and_of_equal_squares():
    places = grid(3.0, 4)
    assert sorted({float(x) for x in places[:, 0]}) == [-2.25, -0.75, 0.75, 2.25]
    assert len(np.unique(places, axis=0)) == 16


@pytest.mark.parametrize(
    ("kind", "text", "held", "label", "width"),
    [("text", "ab a", "a", "a", 1), ("text", "ab a", " ", "␣", 1), ("text", "ab", "é", "é", 1),
     ("text", "ab", "", "0", 1),
     ("numbers", "1 0 0.5", "0.5", "0.5", 1), ("numbers", "1 0", "-0.25", "−0.25", 1), ("numbers", "1 0", "0", "0", 1),
     ("words", "to be or not", "be", "be", 1)],
)  # fmt: skip
def test_a_held_token_drives_the_cell_as_in_a_sequence(kind, text, held, label, width):
    experiment = two(kind=kind, text=text, held=held)
    sequence = parse_sequence(kind, text)
    one = held_input(experiment, sequence)
    assert one.labels == (label,)
    assert one.values.shape == (1, width)
    params = parameters(experiment, cell("rnn"), one)
    whole = parse_sequence(kind, text + {"text": held, "words": f" {held}"}.get(kind, f" {held or 0}"))
    full = parameters(experiment, cell("rnn"), whole)
    drive = full["W_h"] @ whole.values[-1] if held else np.zeros(2)
    np.testing.assert_allclose(params["W_h"] @ one.values[0], drive, atol=1e-15)
    for name in ("U_h", "b_h"):
        np.testing.assert_array_equal(params[name], full[name])


@pytest.mark.parametrize(
    ("kind", "text", "held"), [("text", "ab", "xy"), ("numbers", "1 2", "x"), ("numbers", "1", "1 2")]
)
def test_what_is_no_single_step_cannot_be_held(kind, text, held):
    with pytest.raises(InputError):
        held_input(two(kind=kind, text=text, held=held), parse_sequence(kind, text))


def test_a_portrait_is_for_two_units():
    with pytest.raises(InputError, match="2 hidden units; there are 8"):
        drawn(DEFAULT, "rnn")


# -- sentences ---------------------------------------------------------------------------------------------------------


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


# -- figures -----------------------------------------------------------------------------------------------------------


def points_of(line):
    return np.stack(
        [np.asarray(untyped(line[axis]) if isinstance(line[axis], dict) else line[axis]) for axis in "xy"], 1
    )


def line(figure, name):
    (found,) = [each for each in figure["data"] if each.get("name") == name]
    return found


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_a_path_is_drawn_as_it_is_with_time_as_colour(theme):
    own = FOUND.paths[1]
    figure = path_figure(own, FOUND.sequence.labels, limits([own]), theme)
    dots = line(figure, "LSTM")
    np.testing.assert_allclose(points_of(dots), own.points[1:], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(points_of(figure["data"][0]), own.points, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(points_of(line(figure, "start: h = 0")), own.points[:1], atol=1e-6)
    assert dots["marker"]["color"] == list(range(1, 33))
    assert dots["marker"]["size"][-1] > max(dots["marker"]["size"][:-1])
    assert dots["customdata"][11] == "step 12, A"
    assert figure["layout"]["yaxis"]["scaleanchor"] == "x"
    for axis, share in zip("xy", own.shares, strict=True):
        assert f"{100 * share:.0f} % of variance" in figure["layout"][f"{axis}axis"]["title"]["text"]
        low, high = figure["layout"][f"{axis}axis"]["range"]
        values = own.points[:, "xy".index(axis)]
        assert low < values.min() <= values.max() < high


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_every_step_is_seen_against_the_ground_and_later_ones_better(theme):
    ratios = [contrast_ratio(colour, theme.ground) for colour in TIME[theme.name]]
    assert min(ratios) >= 3
    assert ratios == sorted(ratios)


@pytest.mark.parametrize("text", ["My name is Ada. What is my name?", "ab" * 300, "a"])
def test_labels_do_not_lie_over_each_other(text):
    found = trajectories(Experiment(text=text, replace=text[0], by="q"))
    for own in found.paths:
        extent = limits([own])
        dots = line(path_figure(own, found.sequence.labels, extent, LIGHT), own.cell.title)
        shown = [k for k, label in enumerate(dots["text"]) if label]
        assert len(text) - 1 in shown
        scale = INNER / max(high - low for low, high in extent)
        for a, b in itertools.combinations(shown, 2):
            across, up = np.abs(own.points[a + 1] - own.points[b + 1]) * scale
            assert up > LINE or across > 8
        for k in set(range(len(text))) - set(shown):  # and none is left out that had room
            apart = np.abs(own.points[k + 1] - own.points[[late + 1 for late in shown if late > k]]) * scale
            assert (apart <= [12, LINE]).all(axis=1).any()


def test_a_long_word_leaves_its_neighbours_their_room():
    found = trajectories(Experiment(kind="words", text="internationalization is by words", replace="is", by="by"))
    for own in found.paths:
        dots = line(path_figure(own, found.sequence.labels, limits([own]), LIGHT), own.cell.title)
        assert {label for label in dots["text"] if label} <= {"interna…", "is", "by", "words"}
        assert max(map(len, dots["text"])) <= 8
        assert dots["customdata"][0] == "step 1, internationalization"  # the whole word where it is pointed at


def test_a_visitors_text_is_no_markup():
    found = trajectories(Experiment(kind="words", text="<b>x</b> <b>x</b> &amp;", replace="&amp;", by="<i>"))
    figure = path_figure(found.paths[0], found.sequence.labels, limits([found.paths[0]]), LIGHT)
    assert "<b>" not in str(figure["data"])


def test_two_paths_part_where_the_sequences_do_and_bars_join_their_steps():
    own, other = FOUND.paths[2], FOUND.others[2]
    start, labels = FOUND.replaced.start, FOUND.sequence.labels
    figure = pair_figure(own, other, start, (labels, FOUND.replaced.sequence.labels), limits([own, other]), DARK)
    assert start == 11
    for name, each in (("GRU, as typed", own), ("GRU, with the replacement", other)):
        dots = line(figure, name)
        np.testing.assert_allclose(points_of(dots), each.points[12:], rtol=1e-5, atol=1e-6)
        assert dots["customdata"][0].startswith("step 12, ")
    bars = points_of(line(figure, "the same step")).reshape(-1, 3, 2)
    assert len(bars) == 21
    assert np.isnan(bars[:, 2]).all()
    np.testing.assert_allclose(bars[:, 0], own.points[12:], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(bars[:, 1], other.points[12:], rtol=1e-5, atol=1e-6)
    dashes = [each["line"]["dash"] for each in figure["data"] if each["mode"] == "lines"]
    assert dashes == ["solid", "solid", "dash"]


@pytest.mark.parametrize(("old", "new"), [("Ada", "Z"), ("Ada", "Zachary"), ("?", "!"), ("M", "mm")])
def test_steps_of_other_lengths_are_paired_from_the_end(old, new):
    found = trajectories(Experiment(replace=old, by=new))
    own, other = found.paths[0], found.others[0]
    labels = (found.sequence.labels, found.replaced.sequence.labels)
    figure = pair_figure(own, other, found.replaced.start, labels, limits([own, other]), LIGHT)
    bars = points_of(line(figure, "the same step")).reshape(-1, 3, 2)
    np.testing.assert_allclose(bars[-1, 0], own.points[-1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(bars[-1, 1], other.points[-1], rtol=1e-5, atol=1e-6)
    assert len(bars) == len(found.differences[0].distance)


@pytest.mark.parametrize("name", ["rnn", "lstm"])
def test_arrows_point_where_steps_lead_and_are_longer_where_those_are(name):
    found = drawn(two(recurrent_gain=3.0, held="a"), name)
    figure = portrait_figure(found, list(DEFAULT.text), LIGHT)
    strokes = points_of(line(figure, "one step with the input held")).reshape(-1, 7, 2)
    moving = np.hypot(*found.steps.T) > 0
    steps = found.steps[moving]
    assert len(strokes) == moving.sum()
    arrows = strokes[:, 1] - strokes[:, 0]
    lengths, wanted = np.hypot(*arrows.T), np.hypot(*steps.T)
    np.testing.assert_allclose(arrows / lengths[:, None], steps / wanted[:, None], atol=1e-3)
    np.testing.assert_allclose(lengths / lengths.max(), np.sqrt(wanted / wanted.max()), atol=1e-3)
    assert lengths.max() < 2 * found.limit / GRID
    np.testing.assert_allclose((strokes[:, 0] + strokes[:, 1]) / 2, found.starts[moving], atol=1e-5)
    if name == "lstm":
        assert not moving.all()  # where h does not settle there is no arrow


def test_fixed_points_are_marked_by_symbol_and_word():
    found = drawn(SIGN, "rnn")
    figure = portrait_figure(found, ["1", "0", "0", "0", "0"], DARK)
    np.testing.assert_allclose(points_of(line(figure, "stable fixed point")), found.places[[0, 2]], atol=1e-6)
    np.testing.assert_allclose(points_of(line(figure, "unstable fixed point")), found.places[[1]], atol=1e-6)
    symbols = [each["marker"]["symbol"] for each in figure["data"] if "fixed point" in each["name"]]
    assert len(set(symbols)) == 2
    assert [each["text"] for each in figure["layout"]["annotations"]] == ["stable", "unstable", "stable"]
    assert figure["layout"]["yaxis"]["scaleanchor"] == "x"


def test_where_nothing_moves_no_arrow_is_drawn():
    held = drawn(Experiment(weights="counter"), "lstm")
    figure = portrait_figure(held, list("abc"), LIGHT)
    assert len(points_of(line(figure, "one step with the input held"))) == 0
    assert figure["layout"]["annotations"] == []  # too many to be named


# -- the page ----------------------------------------------------------------------------------------------------------


def open_page(**query):
    app = AppTest.from_file(APP, default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    return calm(app.switch_page("app_pages/trajectories.py").run())


def calm(app):
    assert not app.exception, app.exception
    return app


def findings(app):
    return [plain(found.value) for found in app.main.subheader]


def charts(app):
    return app.main.get("plotly_chart")


def test_the_page_shows_the_experiment():
    app = open_page()
    assert plain(app.title[0].value) == conclusions.QUESTION
    first, second, third = findings(app)
    assert first == conclusions.variance(FOUND, "own")
    assert second.startswith('With "Bob" in place of "Ada"')
    assert third == "The phase portrait"
    assert len(charts(app)) == 7
    shares = by_cell(second)
    for each in FOUND.differences:
        assert_shows(shares[each.cell.title], math.log10(each.left))


def test_a_button_brings_the_portrait_and_the_link_has_it():
    app = open_page()
    calm(app.button(key="two_units").click().run())
    assert app.session_state["experiment"].hidden_size == 2
    assert findings(app)[2] == "Under the constant input 0 the GRU has one fixed point, and it is stable."
    calm(app.get_by_key("experiment_focus").set_value("rnn").run())
    calm(app.get_by_key("experiment_held").set_value("n").run())
    assert findings(app)[2] == plain(conclusions.fixed(drawn(two(held="n"), "rnn")))
    assert (app.query_params["held"], app.query_params["focus"]) == ("n", "rnn")


def test_what_cannot_be_held_is_said_and_the_portrait_stays():
    app = open_page(hidden="2", held="xyz")
    (error,) = app.main.error
    assert 'The input to be held is "xyz": one step is expected.' in plain(error.value)
    assert findings(app)[2].startswith("Under the constant input 0")


@pytest.mark.parametrize(
    ("query", "drawn", "said"),
    [
        ({"cells": "rnn,lstm"}, "LSTM", ""),
        ({"cells": "rnn,lstm", "focus": "rnn"}, "RNN", ""),
        ({"cells": "rnn,lstm", "focus": "gru"}, "LSTM", "The GRU is not compared here: shown is the LSTM."),
        ({"weights": "counter"}, "LSTM", ""),
        ({"weights": "counter", "focus": "lstm"}, "LSTM", ""),
        ({"weights": "counter", "focus": "gru"}, "LSTM", "The GRU is not compared here: shown is the LSTM."),
        ({"weights": "sign", "focus": "gru"}, "RNN", "The GRU is not compared here: shown is the RNN."),
    ],
)
def test_a_cell_that_was_chosen_but_is_not_compared_is_not_passed_over_in_silence(query, drawn, said):
    app = open_page(hidden="2", **query)
    assert f" the {drawn} " in findings(app)[2]
    assert [each.value for each in app.main.caption if "is not compared" in each.value] == [said] * bool(said)


def test_another_basis_is_part_of_the_link():
    app = open_page()
    calm(app.get_by_key("experiment_basis").set_value("shared").run())
    assert app.query_params["basis"] == "shared"
    assert findings(app)[0].startswith("The two shared directions hold")


UNUSUAL = {
    "one step": {"text": "a"},
    "one unit": {"hidden": "1"},
    "one cell": {"cells": "lstm", "hidden": "2", "focus": "gru"},
    "five cells": {"cells": ",".join(CELLS), "hidden": "2", "gain": "4"},
    "long": {"text": "ab" * 1000, "hidden": "2"},
    "hostile": {"text": "<b>$x$</b> :red[a]", "hidden": "2", "held": "<"},
    "a counter": {"weights": "counter"},
    "a latch": {"weights": "latch", "held": "!"},
    "a sign": {"weights": "sign", "numbers": "1 0 0 0 0", "held": "0.3"},
    "nothing moves": {"gain": "0", "input_gain": "0", "scheme": "orthogonal", "hidden": "2"},
    "numbers": {"numbers": "1 0 -2.5 0 300000", "hidden": "2", "held": "300000"},
}


@pytest.mark.parametrize("query", UNUSUAL.values(), ids=UNUSUAL)
def test_unusual_runs_have_a_page(query):
    app = open_page(**query)
    cells = len(app.session_state["experiment"].cells)
    portrait_drawn = app.session_state["experiment"].hidden_size == 2
    assert len(charts(app)) == 2 * cells + 1 + portrait_drawn
    for key in ("numbers_path", "numbers_distance", "numbers_pair", *["numbers_portrait"] * portrait_drawn):
        app.session_state[key] = True
    calm(app.run())
    for chart in charts(app):
        assert not re.search(r"[:,\[](NaN|-?Infinity)", chart.proto.spec)


def test_states_too_small_to_be_squared_have_their_variance():
    tiny = Experiment(kind="numbers", text="1e-200 0 0", scheme="orthogonal", replace="1", by="2e-200")
    (path, *_) = trajectories(tiny).paths
    assert 0.5 < sum(path.shares) <= 1 + 1e-12
