"""Values forward in time against closed forms, bounds and identities between cells."""

import math

import numpy as np
import pytest

import gru_viz
from gru_viz import cell, cell_names, init_params, run
from tests.reference import CLOSE, default_run, disagreements, found, problem, traced

LSTMS, GRUS = ("lstm", "lstm_peephole"), ("gru", "gru_reset_after")


def all_zero(name: str, state, steps: int = 12) -> gru_viz.Trace:
    shapes = {"I": 2, "H": 3}
    params = {key: np.zeros([shapes[k] for k in shape]) for key, shape in cell(name).parameters.items()}
    return run(cell(name), params, np.ones((steps, 2)), state)


def test_a_cell_whose_parameters_are_zero_halves_what_it_remembers():
    start = np.array([0.3, -1.7, 4.0])
    halved = start / 2.0 ** np.arange(1, 13)[:, None]
    assert not all_zero("rnn", {"h": start})["h"].any()
    for name in GRUS:
        np.testing.assert_array_equal(all_zero(name, {"h": start})["h"], halved)
    for name in LSTMS:
        trace = all_zero(name, {"c": start})
        np.testing.assert_array_equal(trace["c"], halved)
        np.testing.assert_allclose(trace["h"], np.tanh(halved) / 2, rtol=1e-15)


@pytest.mark.parametrize(
    ("name", "shut", "kept"),
    [
        ("gru", {"b_z": -1e4}, "h"),
        ("gru_reset_after", {"b_z": 1e4}, "h"),
        ("lstm", {"b_f": 1e4, "b_i": -1e4}, "c"),
        ("lstm_peephole", {"b_f": 1e4, "b_i": -1e4}, "c"),
    ],
)
def test_a_gate_that_keeps_everything_keeps_the_state_exactly(name, shut, kept):
    given = problem(cell(name), seed=10, steps=30)
    for bias, value in shut.items():
        given.params[bias][:] = value
    np.testing.assert_array_equal(traced(name, given)[kept], np.tile(given.state[kept], (30, 1)))


@pytest.mark.parametrize("name", cell_names())
@pytest.mark.parametrize("scale", [0.5, 5.0, 100.0])
def test_states_stay_within_their_bounds(name, scale):
    given = problem(cell(name), seed=11, steps=60, scale=scale)
    trace, steps = traced(name, given), np.arange(1, 61)[:, None]
    start = {key: np.abs(value) for key, value in given.state.items()}
    if name in GRUS:
        assert (np.abs(trace["h"]) <= np.maximum(start["h"], 1)).all()
    else:
        assert (np.abs(trace["h"]) <= 1).all()
    if name in LSTMS:
        assert (np.abs(trace["c"]) <= start["c"] + steps).all()
    for gate in cell(name).gates:
        assert ((trace[gate] >= 0) & (trace[gate] <= 1)).all()


def test_a_tanh_network_without_bias_is_odd():
    given = problem(cell("rnn"), seed=12)
    given.params["b_h"][:] = 0.0
    mirrored = run(cell("rnn"), given.params, -given.x, {"h": -given.state["h"]})
    np.testing.assert_array_equal(mirrored["h"], -traced("rnn", given)["h"])


def test_the_update_gate_is_one_minus_a_keep_gate():
    """h' = (1 - z) h + z n with negated W_z, U_z and b_z is h' = z h + (1 - z) n: values, gradients, everything."""
    keeping = gru_viz.Cell("keeping", cell("gru").text.replace("(1 - z) * h + z * n", "z * h + (1 - z) * n"))
    given = problem(cell("gru"), seed=13, steps=20)
    ours = found(cell("gru"), given)
    for name in ("W_z", "U_z", "b_z"):
        given.params[name] *= -1
    theirs = found(keeping, given)
    theirs.values["z"] = 1 - theirs.values["z"]
    for name in ("z", "parameter W_z", "parameter U_z", "parameter b_z"):
        theirs.gradients[name] = -theirs.gradients[name]
    assert disagreements(ours, theirs) == []


@pytest.mark.parametrize("name", cell_names())
def test_two_biases_of_one_gate_are_their_sum(name):
    """Not so for c_n of the reset-after candidate, which the reset gate scales: there the sum is another cell."""
    vectors = [key for key in cell(name).parameters if key.startswith("b")]
    text = cell(name).text
    for key in vectors:
        text = text.replace(f"+ {key}", f"+ {key} + d{key[1:]}")
    two = gru_viz.Cell("two", text)
    given = problem(cell(name), seed=14)
    extra = {f"d{key[1:]}": np.random.default_rng(15).standard_normal(4) for key in vectors}
    split = run(two, given.params | extra, given.x, given.state)
    merged = given.params | {key: given.params[key] + extra[f"d{key[1:]}"] for key in vectors}
    np.testing.assert_allclose(split["h"], run(cell(name), merged, given.x, given.state)["h"], **CLOSE)


def after_of(params, z: int = -1):
    """A reset-before GRU's parameters as those of a reset-after one: z means the opposite, c_n is zero."""
    flipped = {key: z * value if key.endswith("_z") else value for key, value in params.items()}
    return flipped | {"c_n": np.zeros_like(params["b_n"])}


def differences_of_reset(params, x, state) -> np.ndarray:
    before = run(cell("gru"), params, x, {"h": state})["h"]
    return np.abs(run(cell("gru_reset_after"), after_of(params), x, {"h": state})["h"] - before).max(axis=-1)


def test_reset_before_and_after_coincide_where_they_must():
    given = problem(cell("gru"), seed=16)
    state = given.state["h"]
    diagonal = given.params | {"U_n": np.diag(np.diag(given.params["U_n"]))}
    assert differences_of_reset(diagonal, given.x, state).max() < 1e-13
    same_reset = given.params | {"W_r": np.zeros((4, 3)), "U_r": np.zeros((4, 4)), "b_r": np.full(4, 0.3)}
    assert differences_of_reset(same_reset, given.x, state).max() < 1e-13
    scalar = problem(cell("gru"), seed=16, hidden=1)
    assert differences_of_reset(scalar.params, scalar.x, scalar.state["h"]).max() < 1e-13


def test_reset_before_and_after_differ_from_the_second_step_of_a_zero_state():
    given = problem(cell("gru"), seed=17)
    differences = differences_of_reset(given.params, given.x, np.zeros(4))
    assert differences[0] < 1e-15
    assert (differences[1:] > 1e-3).all()


def test_a_gate_that_is_shut_is_tiny_and_not_zero():
    """sigmoid(-30), multiplied over 100 steps: what a form with tanh rounds to 0."""
    given = problem(cell("lstm"), seed=18, steps=100)
    params = {key: np.zeros_like(value) for key, value in given.params.items()} | {"b_f": np.full(4, -30.0)}
    trace = run(cell("lstm"), params, given.x, given.state)
    np.testing.assert_allclose(np.log10(trace["f"]).sum(axis=0), -1302.8834457, rtol=0, atol=1e-7)
    last = np.zeros((100, 4))
    last[-1] = 1.0
    flow = gru_viz.backpropagate(trace, {"c": last})
    assert flow.log10_norm("c")[0] == pytest.approx(-1302.8834457 * 0.99 + math.log10(2), abs=1e-6)


@pytest.mark.parametrize("a", [-745.0, -700.0, -50.0, -36.0, -1e-9, 0.0, 1e-9, 3.0, 36.0, 800.0, 1e300, -1e300])
def test_a_sigmoid_is_right_to_the_last_bits_everywhere(a):
    own = gru_viz.Cell("gate", "z = sigmoid(b_z + U_z @ h)\nh' = z * h")
    trace = run(own, {"b_z": [a], "U_z": [[0.0]]}, [[0.0]])
    exact = 1 / (1 + math.exp(-a)) if a > -700 else (math.exp(a) if a > -709 else 0.0)
    assert trace["z"][0, 0] == pytest.approx(exact, rel=4e-16)
    assert trace.value("sigmoid(b_z)")[0, 0] == pytest.approx(exact, rel=4e-16)


def test_forget_bias_and_memory():
    """The share that is kept at each step, and after how many steps one half of the state is left."""
    for bias, share, half_life in ((0, 0.5, 1), (1, 0.731, 2.2), (2, 0.881, 5.5), (3, 0.953, 14.3), (5, 0.993, 103)):
        params = {key: value * 0 for key, value in problem(cell("lstm"), 0).params.items()} | {"b_f": np.full(4, bias)}
        kept = run(cell("lstm"), params, np.zeros((1, 3)))["f"][0, 0]
        assert kept == pytest.approx(share, abs=5e-4)
        assert math.log(0.5) / math.log(kept) == pytest.approx(half_life, rel=0.01)


@pytest.mark.parametrize(
    ("name", "gates", "vectors"), [("rnn", 1, 1), ("lstm", 4, 4), ("gru", 3, 3), ("gru_reset_after", 3, 4)]
)
def test_how_many_numbers_a_cell_has(name, gates, vectors):
    params = init_params(cell(name), 3, 4, seed=0)
    assert sum(value.size for value in params.values()) == gates * (4 * 3 + 4 * 4) + vectors * 4
    one_bias = {1: 32, 3: 96, 4: 128}
    assert sum(value.size for key, value in params.items() if key != "c_n") == one_bias[gates]


@pytest.mark.parametrize(("name", "left"), [("rnn", 1.5e-8), ("lstm", 0.041), ("gru", 0.091)])
def test_what_another_name_in_the_default_sentence_leaves_behind(name, left):
    """Ada or Bob: the difference of h at the end, as a share of the largest."""
    ada, bob = (default_run(name, f"My name is {who}. What is my name?") for who in ("Ada", "Bob"))
    differences = np.linalg.norm(ada["h"] - bob["h"], axis=-1)
    np.testing.assert_array_equal(differences[:11], 0)
    assert differences[-1] / differences.max() == pytest.approx(left, rel=0.03)
