"""What z means: the other convention has the same states and gradients, and where there is no exact map it says so."""

import numpy as np
import pytest

from gru_viz import Cell, InputError, backpropagate, cell, cell_names, check_against_torch, run
from gru_viz.conventions import negated_parameters, swap_z, update_gates
from gru_viz.parameters import parameter_shapes

T, H, INPUTS = 9, 5, 3


def numbers(*shape, seed=0, scale=1.0):
    return scale * np.random.default_rng([seed, *shape]).normal(size=shape)


def random_params(own):
    """Normal numbers: different in each gate, row, column and vector."""
    shapes = parameter_shapes(own, INPUTS, H)
    return {name: numbers(*shape, seed=k, scale=0.6) for k, (name, shape) in enumerate(shapes.items())}


X = numbers(T, INPUTS, seed=1)
PEEPING = Cell("peeping", """
    z  = sigmoid(-(W_z @ x - p_z * (1 - h)) + (b_z))
    k  = 1 - (1 - z) * b_z2
    n  = tanh( 1 - z ) * tanh (W_n @ x + V_n @ z + U_n @ (1-z))
    s' = relu(z * b_s) - (1 - k) * s + z
    h' = (1 - z) * h + z * n""")  # fmt: skip
WITH_Z = [cell("gru"), cell("gru_reset_after"), PEEPING]


@pytest.mark.parametrize("lead", [(), (4,)], ids=["one sequence", "batch"])
@pytest.mark.parametrize("own", WITH_Z, ids=lambda own: own.name)
def test_the_other_convention_is_exact_for_every_state_and_gradient(own, lead):
    params = random_params(own)
    swapped, turned = swap_z(own, params)
    negated = negated_parameters(own)
    assert all(name.endswith("_z") for name in negated)
    assert update_gates(swapped)["z"] != update_gates(own)["z"]
    x, states = numbers(T, *lead, INPUTS, seed=1), {name: numbers(*lead, H, seed=4) for name in own.states}
    ours, theirs = run(own, params, x, states), run(swapped, turned, x, states)
    for name in own.names:
        np.testing.assert_allclose(theirs[name], 1 - ours[name] if name == "z" else ours[name], rtol=0, atol=1e-12)
    loss = {name: numbers(T, *lead, H, seed=6) for name in own.states}
    flow, other = backpropagate(ours, loss), backpropagate(theirs, loss)
    pairs = [(name, flow[name], other[name]) for name in ours.names]
    pairs += [(name, flow.params[name], other.params[name]) for name in own.parameters]
    pairs += [(name, part[name], same[name]) for name in own.states
              for part, same in ((flow.carried, other.carried), (flow.before, other.before))]  # fmt: skip
    for name, one, two in pairs:
        sign = -1 if name == "z" or name in negated else 1
        np.testing.assert_allclose(two, sign * one, rtol=0, atol=1e-12 * max(1, np.abs(one).max()))
    assert np.abs(ours["z"] - theirs["z"]).max() > 0.1
    if not lead:
        assert check_against_torch(theirs).agrees


@pytest.mark.parametrize("own", WITH_Z, ids=lambda own: own.name)
def test_swapped_twice_all_is_as_it_was(own):
    params = random_params(own)
    again, same = swap_z(*swap_z(own, params))
    assert (again.name, again.title, again.source) == (own.name, own.title, own.source)
    if own.name in cell_names():
        assert again is own
    for name, value in params.items():
        np.testing.assert_array_equal(same[name], value)
        assert not np.shares_memory(same[name], value)
    x = numbers(T, INPUTS)
    np.testing.assert_allclose(run(again, same, x)["h"], run(own, params, x)["h"], rtol=0, atol=1e-12)


def test_what_is_said_of_the_swapped_cell():
    swapped, turned = swap_z(cell("gru"), random_params(cell("gru")))
    assert (swapped.name, swapped.title, swapped.variant_of) == ("gru_keep", "GRU, z in the keep convention", "gru")
    assert "h' = z * h + (1 - z) * n" in swapped.text
    assert swapped.meanings["z"] == "update gate: the share of the old state that is kept"
    assert swapped.source.startswith(cell("gru").source)
    assert "exchanged" in swapped.source
    assert {name: cell("gru").roles[name] for name in "rzn"} == {"r": "look back", "z": "write", "n": "candidate"}
    assert {name: swapped.roles[name] for name in "rzn"} == {"r": "look back", "z": "keep", "n": "candidate"}
    assert update_gates(swapped) == {"z": "keep"}
    assert negated_parameters(cell("gru")) == ("W_z", "U_z", "b_z")
    assert swapped.keep_biases(2.0) == {"b_z": 2.0}
    assert cell("gru").keep_biases(2.0) == {"b_z": -2.0}
    after = swap_z(cell("gru_reset_after"), random_params(cell("gru_reset_after")))[0]
    assert (after.name, after.roles["z"], after.variant_of) == ("gru_reset_after_update", "write", "gru")
    assert after.meanings["z"].endswith("1 - z of the old state is kept")
    assert turned["U_z"].shape == (H, H)


def test_several_gates_and_sweeps_are_swapped_together():
    two = Cell(
        "two",
        """
        z  = sigmoid(U_z @ h + b_z)
        k  = sigmoid(W_k @ x + b_k)
        s' = k * s + (1 - k) * tanh(W_s @ x)
        h' = (1 - z) * h + z * s'""",
    )
    assert update_gates(two) == {"z": "update", "k": "keep"}
    params = {name: np.stack([value, 2 * value]) for name, value in random_params(two).items()}
    swapped, turned = swap_z(two, params)
    assert update_gates(swapped) == {"z": "keep", "k": "update"}
    ours, theirs = run(two, params, X), run(swapped, turned, X)
    for name, right in {"h": ours["h"], "s": ours["s"], "z": 1 - ours["z"], "k": 1 - ours["k"]}.items():
        np.testing.assert_allclose(theirs[name], right, rtol=0, atol=1e-12)


OWN = "h' = (1 - z) * h + z * tanh(W_n @ x)"
EXACT = (
    "z of mine has no exact opposite: each term in its sigmoid needs a parameter that is written nowhere else, so that "
    "all of them can change sign."
)
CONVENTION = (
    "{} has no update gate (one that keeps the old state while one minus it lets in the new, or the other way round), "
    "so there is no convention to swap."
)


@pytest.mark.parametrize(
    ("own", "message"),
    [
        *[(cell(name), CONVENTION.format(name)) for name in ("rnn", "lstm", "lstm_peephole")],
        (Cell("mine", "h' = 0.5 * h"), CONVENTION.format("mine")),
        (Cell("mine", f"z = sigmoid(W_z @ x + 1)\n{OWN}"), EXACT),  # a number has no sign to change
        (Cell("mine", f"z = sigmoid(W_z @ x + h)\n{OWN}"), EXACT),
        (Cell("mine", f"z = sigmoid(W_z @ x + b_z * b_z)\n{OWN}"), EXACT),
        (Cell("mine", f"z = sigmoid(W_n @ x + b_z)\n{OWN}"), EXACT),  # shared with the candidate
        (Cell("mine", f"a = W_z @ x + b_z\nz = sigmoid(a)\n{OWN}"), EXACT),
        (Cell("mine", f"z = sigmoid(tanh(W_z @ x))\n{OWN}"), EXACT),
        (
            Cell("mine", "z = sigmoid(W_z @ x)\nk = (1 - z)\nh' = k * h + z * tanh(W_n @ x)"),
            "mine hides 1 - z behind another name; (1 - z) is expected in its place.",
        ),
    ],
)
def test_without_an_exact_map_there_is_none(own, message):
    with pytest.raises(InputError) as caught:
        swap_z(own, {name: numbers(*shape) for name, shape in parameter_shapes(own, INPUTS, H).items()})
    assert str(caught.value) == message


def test_swapping_checks_the_parameters():
    with pytest.raises(InputError, match=r"Parameter b_z of gru has the shape \(2,\); \(5,\) is expected\."):
        swap_z(cell("gru"), random_params(cell("gru")) | {"b_z": np.zeros(2)})
    without = {name: value for name, value in random_params(cell("gru")).items() if name != "b_z"}
    with pytest.raises(InputError, match="missing: b_z"):
        swap_z(cell("gru"), without)
