"""Planes against the eigenvectors of the covariance, two sequences against torch, closeness against all pairs."""

import itertools
import math

import numpy as np
import pytest

from gru_viz.cells import cell
from gru_viz.conclusions import trajectories as conclusions
from gru_viz.experiment import Experiment
from gru_viz.measures.trajectories import Path, closeness, plane_of, trajectories
from tests import expected
from tests.paths import DEFAULT, FOUND

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


def test_states_too_small_to_be_squared_have_their_variance():
    tiny = Experiment(kind="numbers", text="1e-200 0 0", scheme="orthogonal", replace="1", by="2e-200")
    (path, *_) = trajectories(tiny).paths
    assert 0.5 < sum(path.shares) <= 1 + 1e-12


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
