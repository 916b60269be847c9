"""Weights that a cell and its variant share, and how long a change takes."""

import math
from dataclasses import replace

import numpy as np
import pytest

from gru_viz import Cell, cell, init_params, run
from gru_viz.cells import cell_names
from gru_viz.experiment import Experiment
from gru_viz.runs import cells_of, contrast, keep_sets, parameters, until, variant_params
from gru_viz.sequences import parse_sequence
from gru_viz.settings import KEEP_CHOICES, SCHEMES

# One set of weights for a cell and its variant


def plain_grus(params, x):
    """h of both conventions from the parameters of the first, written out."""
    sigmoid = lambda a: 1 / (1 + np.exp(-a))  # noqa: E731
    before, after, found = np.zeros(params["b_z"].shape), np.zeros(params["b_z"].shape), []
    for row in x:
        h = before
        r, z = (sigmoid(params[f"W_{k}"] @ row + params[f"U_{k}"] @ h + params[f"b_{k}"]) for k in "rz")
        n = np.tanh(params["W_n"] @ row + params["U_n"] @ (r * h) + params["b_n"])
        before = (1 - z) * h + z * n
        h = after
        r = sigmoid(params["W_r"] @ row + params["U_r"] @ h + params["b_r"])
        keep = sigmoid(-params["W_z"] @ row - params["U_z"] @ h - params["b_z"])
        n = np.tanh(params["W_n"] @ row + params["b_n"] + r * (params["U_n"] @ h))
        after = (1 - keep) * n + keep * h
        found.append((before, after))
    return np.array(found).transpose(1, 0, 2)


@pytest.mark.parametrize("biases", [(), (("z", 1.25), ("r", -0.5))])
@pytest.mark.parametrize("keep", [0.0, 3.0])
def test_two_grus_with_one_set_of_weights_agree_at_step_1_alone(keep, biases):
    experiment = Experiment(cells=("gru", "gru_reset_after"), weights="shared", keep=keep, biases=biases, seed=11)
    sequence = parse_sequence("text", experiment.text)
    base, variant = (parameters(experiment, cell(name), sequence) for name in experiment.cells)
    for name, values in parameters(replace(experiment, weights="random"), cell("gru"), sequence).items():
        np.testing.assert_array_equal(base[name], values)
    ours = [report.states["h"] for report in contrast(experiment).reports]
    np.testing.assert_allclose(ours, plain_grus(base, sequence.values), rtol=0, atol=1e-14)
    apart = np.abs(ours[0] - ours[1]).max(axis=1)
    assert apart[0] < 1e-15
    assert (apart[1:] > 1e-5).all()
    np.testing.assert_array_equal(variant["c_n"], 0.0)


def test_two_grus_with_one_set_of_weights_are_the_same_where_reset_has_no_neighbours():
    """H = 1, or U_n diagonal: there the place of the reset gate makes no difference."""
    experiment = Experiment(cells=("gru", "gru_reset_after"), weights="shared", hidden_size=1)
    one, other = (report.states["h"] for report in contrast(experiment).reports)
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-14)
    base, variant, x = cell("gru"), cell("gru_reset_after"), np.random.default_rng(5).normal(size=(40, 3))
    params = init_params(base, 3, 6, seed=1)
    params["U_n"] = np.diag(np.diag(params["U_n"]))
    one, other = run(base, params, x), run(variant, variant_params(base, params, variant), x)
    np.testing.assert_allclose(one["h"], other["h"], rtol=0, atol=1e-14)
    np.testing.assert_allclose(one["z"], 1 - other["z"], rtol=0, atol=1e-14)


def test_an_lstm_and_its_variant_with_one_set_of_weights_are_one():
    experiment = Experiment(cells=("lstm", "lstm_peephole"), weights="shared")
    one, other = contrast(experiment).reports
    for name in ("h", "c"):
        np.testing.assert_allclose(one.states[name], other.states[name], rtol=0, atol=1e-14)
    apart = [report.states["h"] for report in contrast(replace(experiment, weights="random")).reports]
    assert np.abs(apart[0] - apart[1]).max() > 1e-3


# The settings of ``keep``


@pytest.mark.parametrize("biases", [(), (("f", 1.0), ("z", -1.0)), (("i", 0.5), ("r", 2.0))])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_sets_are_those_of_experiments_with_each_setting(scheme, biases):
    one = Experiment(cells=cell_names(), scheme=scheme, biases=biases, keep=1.0, seed=9)
    sequence = parse_sequence("text", one.text)
    for experiment in (one, replace(one, cells=("gru", "gru_reset_after"), weights="shared")):
        for of in cells_of(experiment):
            sets = keep_sets(experiment, of, sequence)
            expected = {keep: parameters(replace(experiment, keep=keep), of, sequence) for keep in KEEP_CHOICES}
            follows = any((expected[0.0][name] != expected[3.0][name]).any() for name in of.parameters)
            assert list(sets) == (list(KEEP_CHOICES) if follows else [1.0])
            for keep, params in sets.items():
                for name in of.parameters:
                    np.testing.assert_array_equal(params[name], expected[keep][name])


def test_a_bias_that_was_set_apart_stays_while_another_follows():
    text = (
        "f = sigmoid(W_f @ x + b_f)\nk = sigmoid(W_k @ x + b_k)\nc' = f * c + tanh(W_c @ x)\nh' = k * h + (1 - k) * c'"
    )
    experiment, of = Experiment(biases=(("f", 0.75),)), Cell("two", text)
    for keep, params in keep_sets(experiment, of, parse_sequence("text", experiment.text)).items():
        assert set(params["b_f"]) == {0.75}
        assert set(params["b_k"]) == {keep}


# Steps until most of a change is done


def path(cell, params, x):
    """(steps + 1, H): h from before the first step on."""
    return run(cell, params, x).states["h"]


LEAK = Cell("leak", "h' = 0.8 * h + W @ x")


def test_a_leak_takes_steps_by_its_logarithm():
    way = path(LEAK, {"W": np.array([[1.0], [-2.0]])}, np.array([3.0] * 7 + [1.0] * 200)[:, None])[7:]
    for share in (0.5, 0.9, 0.99):
        assert until(way, share) == math.ceil(math.log(1 - share) / math.log(0.8))
    assert until(way) == until(way, 0.9) == 11


def test_a_path_has_not_arrived_before_it_stays():
    """It swings past its end."""
    swing = Cell("swing", "h' = U @ h + W @ x")
    params = {"U": np.array([[0.8, 1.5], [-0.1, 0.8]]), "W": np.array([[1.0], [0.0]])}
    way = path(swing, params, np.ones((300, 1)))
    distance = [np.linalg.norm(way[k] - way[-1]) for k in range(100)]
    near = [each <= 0.1 * distance[0] for each in distance]
    assert near.index(True) == 15
    assert until(way) == 100 - near[::-1].index(False) == 26


def test_no_step_is_taken_where_nothing_moves():
    assert until(path(LEAK, {"W": np.array([[1.0]])}, np.zeros((9, 1)))) == 0
