"""Fixed points against closed forms, bisection, steps in torch and central differences, and the phase portrait."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
import torch

from gru_viz.cells import cell
from gru_viz.errors import InputError
from gru_viz.experiment import Experiment
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
    settled,
)
from gru_viz.parameters import init_params
from gru_viz.runs import parameters
from gru_viz.sequences import parse_sequence
from tests import expected
from tests.paths import CELLS, DEFAULT, SIGN, drawn, two
from tests.reference import STEPS

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
