"""Gradients: against autograd, differences and products of Jacobians, and in closed form."""

import math
import tracemalloc

import numpy as np
import pytest
import torch

import gru_viz
from gru_viz import InputError, backpropagate, cell, reach, run
from tests.reference import STEPS, Problem, apply, default_run, disagreements, expected, found, loss_of, problem

CELLS = gru_viz.cell_names()
RNN = cell("rnn")
LINEAR = gru_viz.Cell("linear", "h' = W @ x + U @ h + b")


def log10(number: float) -> float:
    return math.log10(number)


def scalar_params(u, own=RNN):
    """One unit without bias that hands on ``u`` times its state; several ``u`` make a sweep."""
    u = np.asarray(u, dtype=float)
    arrays = (np.ones((*u.shape, 1, 1)), u[..., None, None], np.zeros((*u.shape, 1)))
    return dict(zip(own.parameters, arrays, strict=True))


# -- autograd ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize(
    "sizes",
    [{}, {"batch": 3}, {"sets": 3}, {"sets": 3, "batch": 3}, {"steps": 1}, {"hidden": 1}, {"inputs": 1}, {"batch": 1},
     {"steps": 150, "scale": 0.4}],
    ids=str,
)  # fmt: skip
def test_every_gradient_is_that_of_autograd(name, sizes):
    given = problem(cell(name), seed=1, **sizes)
    assert disagreements(found(cell(name), given), expected(STEPS[name], given)) == []


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("rows", [{}, {"batch": 2}, {"sets": 2}], ids=str)
def test_the_loss_is_the_sum_of_the_last_h_when_none_is_given(name, rows):
    given = problem(cell(name), seed=2, **rows)
    given.loss = None
    assert disagreements(found(cell(name), given), expected(STEPS[name], given)) == []


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("at", [[0], [2], [5], [0, 3], [1, 5]], ids=str)
def test_a_loss_may_stand_at_any_steps(name, at):
    given = problem(cell(name), seed=3)
    for weights in given.loss.values():
        weights[[t for t in range(6) if t not in at]] = 0.0
    assert disagreements(found(cell(name), given), expected(STEPS[name], given)) == []


@pytest.mark.parametrize("name", ["lstm", "lstm_peephole"])
def test_a_loss_may_stand_on_one_state_alone(name):
    given = problem(cell(name), seed=4)
    del given.loss["h"]
    assert disagreements(found(cell(name), given), expected(STEPS[name], given)) == []


@pytest.mark.parametrize("name", CELLS)
def test_directional_differences_of_the_loss(name):
    """Every parameter, input and initial state moves at once, along random directions."""
    given, eps = problem(cell(name), seed=5, batch=2), 1e-6
    numbers = found(cell(name), given).gradients
    for seed in (6, 7, 8):
        along = problem(cell(name), seed, batch=2)
        slope = sum((numbers[f"parameter {key}"] * move).sum() for key, move in along.params.items())
        slope += (numbers["x"] * along.x).sum()
        slope += sum((numbers[f"before {key}"][0] * move).sum() for key, move in along.state.items())
        difference = loss_of(cell(name), given.at(eps, along)) - loss_of(cell(name), given.at(-eps, along))
        assert difference / (2 * eps) == pytest.approx(slope, rel=1e-6)


def test_the_slope_of_relu_at_zero_is_zero_as_in_torch():
    own = gru_viz.Cell("hinge", "h' = relu(h) + relu(U @ h)")
    given = Problem({"U": np.array([[0.0, 1.0], [2.0, 0.0]])}, np.zeros((2, 1)), {"h": np.array([0.0, 3.0])})

    def hinge(p, x, h):
        return {"h": torch.relu(h) + torch.relu(apply(p["U"], h))}

    assert disagreements(found(own, given), expected(hinge, given)) == []
    np.testing.assert_array_equal(found(own, given).gradients["before h"][1], [3.0, 2.0])


# -- what is handed on -------------------------------------------------------------------------------------------------


def step_jacobians(name: str, given: Problem) -> np.ndarray:
    """(T, S, S): d state after / d state before, of the hand-written step along the run."""
    own, params = cell(name), {key: torch.tensor(value) for key, value in given.params.items()}
    trace = run(own, given.params, given.x, given.state)

    def one_step(x):
        def joined(state):
            values = STEPS[name](params, x, *state.chunk(len(own.states)))
            return torch.cat([values[key] for key in own.states])

        return joined

    before = torch.tensor(np.concatenate([trace.before[key] for key in own.states], axis=-1))
    return np.stack([torch.func.jacrev(one_step(torch.tensor(x)))(at) for x, at in zip(given.x, before, strict=True)])


@pytest.mark.parametrize("name", CELLS)
def test_the_carried_gradient_is_a_product_of_step_jacobians(name):
    given = problem(cell(name), seed=9)
    states = cell(name).states
    flow = backpropagate(run(cell(name), given.params, given.x, given.state), given.loss)
    carried = np.concatenate([flow.carried[key] for key in states], axis=-1)
    before = np.concatenate([flow.before[key] for key in states], axis=-1)
    loss = np.concatenate([given.loss[key] for key in states], axis=-1)
    row = np.zeros_like(loss[0])
    for t, jacobian in reversed(list(enumerate(step_jacobians(name, given)))):
        row = row + loss[t]
        np.testing.assert_allclose(carried[t], row, rtol=0, atol=1e-10 * np.abs(row).max())
        row = row @ jacobian
        np.testing.assert_allclose(before[t], row, rtol=0, atol=1e-10 * np.abs(row).max())


@pytest.mark.parametrize("name", CELLS)
def test_what_is_carried_is_what_the_next_step_takes_in_and_the_loss_in_between(name):
    given = problem(cell(name), seed=10)
    flow = backpropagate(run(cell(name), given.params, given.x, given.state), given.loss)
    for key in cell(name).states:
        np.testing.assert_allclose(
            flow.carried[key][:-1], flow.before[key][1:] + given.loss[key][:-1], rtol=1e-13, atol=1e-14
        )
        np.testing.assert_array_equal(flow.carried[key][-1], given.loss[key][-1])


def test_dL_dc_counts_the_path_through_h_and_the_carried_gradient_of_c_does_not():
    trace = default_run("lstm")
    flow = backpropagate(trace)
    o, squashed = trace["o"], np.tanh(trace["c"])
    through_h = flow["h"] * o * (1 - squashed**2)
    np.testing.assert_allclose(flow["c"], flow.carried["c"] + through_h, rtol=0, atol=1e-15)
    assert np.abs(through_h[-1]).min() > 0
    assert not flow.carried["c"][-1].any()


def joined(p, x, h, c):
    inside = apply(p["U"], h)
    return {"h": inside, "c": inside + apply(p["W"], x) + p["b"]}


def operand(p, x, h):
    inside = apply(p["U"], h)
    outside = apply(p["V"], inside) + inside + apply(p["W"], x) + p["b"]
    return {"a": inside, "n": outside, "h": 0.5 * torch.tanh(outside)}


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("h' = U @ h\nc' = h' + W @ x + b", joined),
        ("a = U @ h\nn = V @ a + a + W @ x + b\nh' = 0.5 * tanh(n)", operand),
    ],
)
def test_a_product_that_is_a_state_or_an_operand_has_more_than_its_sums_gradient(text, step):
    own = gru_viz.Cell("own", text)
    given = problem(own, seed=18)
    assert disagreements(found(own, given), expected(step, given)) == []


# -- closed forms ------------------------------------------------------------------------------------------------------


def test_a_linear_scalar_network_hands_back_powers_of_its_weight():
    flow = backpropagate(run(LINEAR, scalar_params(0.9, LINEAR), np.zeros((40, 1)), {"h": [1.0]}))
    np.testing.assert_allclose(flow.before["h"][:, 0], 0.9 ** np.arange(40, 0, -1), rtol=1e-13)


def test_orthogonal_weights_without_a_squashing_function_keep_the_norm():
    params = gru_viz.init_params(LINEAR, 2, 7, seed=3, scheme="orthogonal")
    norms = backpropagate(run(LINEAR, params, np.ones((500, 2)))).log10_norm()
    np.testing.assert_allclose(norms, 0.5 * log10(7), rtol=0, atol=1e-12)


def without_recurrence(name: str) -> gru_viz.Trace:
    given = problem(cell(name), seed=15, steps=30)
    params = {key: value * (not key.startswith("U")) for key, value in given.params.items()}
    return run(cell(name), params, given.x, given.state)


def test_without_recurrent_weights_a_cell_state_hands_back_the_product_of_forget_gates():
    trace = without_recurrence("lstm")
    last = np.zeros((30, 4))
    last[-1] = 1.0
    before = backpropagate(trace, {"c": last}).before["c"]
    np.testing.assert_allclose(before, trace["f"][::-1].cumprod(axis=0)[::-1], rtol=1e-13)


def test_without_recurrent_weights_a_gru_hands_back_the_product_of_what_it_keeps():
    for name, kept in (("gru", "1 - z"), ("gru_reset_after", "z")):
        trace = without_recurrence(name)
        product = trace.value(kept)[::-1].cumprod(axis=0)[::-1]
        np.testing.assert_allclose(backpropagate(trace).before["h"], product, rtol=1e-13)


@pytest.mark.parametrize("seed", range(5))
def test_a_tanh_network_stays_below_the_bound_of_its_jacobians(seed):
    """‖dh_T/dh_0‖ ≤ ∏ ‖diag(1 - h²) U‖ ≤ σ_max(U)^T (Pascanu et al. 2013)."""
    given = problem(cell("rnn"), seed, steps=12)
    trace = run(cell("rnn"), given.params, given.x, given.state)
    u = given.params["U_h"]
    total, bound = np.eye(4), 1.0
    for h in trace["h"]:
        factor = (1 - h**2)[:, None] * u
        total, bound = factor @ total, bound * np.linalg.norm(factor, 2)
    assert np.linalg.norm(total, 2) <= bound <= np.linalg.norm(u, 2) ** 12
    np.testing.assert_allclose(backpropagate(trace).before["h"][0], total.sum(axis=0), rtol=0, atol=1e-12)


def test_the_second_bias_of_a_reset_after_candidate_feels_the_reset_gate():
    """dn/dc_n = r dn/db_n: at one step the gradients of the two differ by exactly that factor."""
    given = problem(cell("gru_reset_after"), seed=16, steps=1)
    trace = run(cell("gru_reset_after"), given.params, given.x, given.state)
    params = backpropagate(trace).params
    np.testing.assert_allclose(params["c_n"], trace["r"][0] * params["b_n"], rtol=1e-14)


ROUNDED = 2.5e-5  # the published gradients are products of rounded numbers


def test_the_published_lstm_of_gomez():
    """A. Gomez, Backpropagating an LSTM: A Numerical Example (2016): two steps, L = half the squared error."""
    order = "gifo"
    w, u, b = [[0.45, 0.25], [0.95, 0.8], [0.7, 0.45], [0.6, 0.4]], [0.15, 0.8, 0.1, 0.25], [0.2, 0.65, 0.15, 0.1]
    params = {}
    for gate, own_w, own_u, own_b in zip(order, w, u, b, strict=True):
        params |= {f"W_{gate}": [own_w], f"U_{gate}": [[own_u]], f"b_{gate}": [own_b]}
    trace = run(cell("lstm"), params, [[1.0, 2.0], [0.5, 3.0]])
    published = {
        "g": [0.81775, 0.84980], "i": [0.96083, 0.98118], "f": [0.85195, 0.87030], "o": [0.81757, 0.84993],
        "c": [0.78572, 1.5176], "h": [0.53631, 0.77198],
    }  # fmt: skip
    for name, digits in published.items():
        np.testing.assert_allclose(trace[name][:, 0], digits, rtol=0, atol=5e-5 if name == "c" else 6e-6)
    flow = backpropagate(trace, {"h": trace["h"] - [[0.5], [1.25]]})
    np.testing.assert_allclose(flow["c"][:, 0], [-0.05349, -0.07111], rtol=0, atol=ROUNDED)
    np.testing.assert_allclose(flow["x"][1], [-0.04743, -0.03073], rtol=0, atol=ROUNDED)
    np.testing.assert_allclose(flow.before["h"][1], [-0.01828], rtol=0, atol=ROUNDED)
    w_gradients = [[-0.02672, -0.0922], [-0.00221, -0.00666], [-0.00316, -0.01893], [-0.02593, -0.16262]]
    u_gradients, b_gradients = [-0.01039, -0.00060, -0.00338, -0.02970], [-0.03641, -0.00277, -0.00631, -0.05362]
    for gate, of_w, of_u, of_b in zip(order, w_gradients, u_gradients, b_gradients, strict=True):
        np.testing.assert_allclose(flow.params[f"W_{gate}"][0], of_w, rtol=0, atol=ROUNDED)
        np.testing.assert_allclose(flow.params[f"U_{gate}"][0], of_u, rtol=0, atol=ROUNDED)
        np.testing.assert_allclose(flow.params[f"b_{gate}"][0], of_b, rtol=0, atol=ROUNDED)


# -- the default experiment --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "left", "steps"), [("rnn", 2.44e-14, 6), ("lstm", 3.74e-3, 23), ("gru", 1.81e-2, 32)])
def test_the_default_experiment(name, left, steps):
    flow = backpropagate(default_run(name))
    norms = flow.log10_norm()
    assert 10 ** (norms[0] - norms[-1]) == pytest.approx(left, rel=3e-3)
    assert reach(flow) == steps


@pytest.mark.parametrize(("name", "of_40"), [("rnn", (5, 4, 6)), ("lstm", (32, 23, 32)), ("gru", (32, 30, 32))])
def test_the_default_experiment_over_seeds(name, of_40):
    """The median, and between which numbers eight of ten lie."""
    reaches = [reach(backpropagate(default_run(name, seed=seed))) for seed in range(40)]
    assert np.percentile(reaches, [50, 10, 90]).round().tolist() == list(of_40)


@pytest.mark.parametrize(("name", "steps"), [("rnn", 6), ("lstm", 7), ("gru", 8)])
def test_gates_remember_when_nearly_shut_and_not_by_existing(name, steps):
    assert reach(backpropagate(default_run(name, keep=0.0))) == steps


# -- what backpropagate and its result refuse --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        ({"c": np.zeros((32, 8))}, "loss_grad names 'c'; the states of gru are h."),
        ({"h": np.zeros(8)}, "loss_grad of h has the shape (8,); (32, 8) is expected."),
        ({"h": [["one"]]}, "loss_grad of h is not an array of numbers."),
        ({"h": np.zeros((32, 8), dtype=complex)}, "loss_grad of h is not an array of numbers."),
        ([1.0], "loss_grad is a list; a mapping of states to arrays is expected."),
        ({"h": np.full((32, 8), np.nan)}, "loss_grad of h holds a value that is not finite (nan or inf)."),
    ],
)
def test_a_loss_that_does_not_fit_is_refused(loss, words):
    with pytest.raises(InputError) as caught:
        backpropagate(default_run("gru"), loss)
    assert str(caught.value) == words


def test_unknown_names_are_refused():
    flow = backpropagate(default_run("gru"))
    with pytest.raises(InputError, match="gru has no value 'c'; its values are x, r, z, n, h"):
        flow["c"]
    with pytest.raises(InputError, match="'z' is not carried; the states are h"):
        flow.log10_norm("z", carried=True)
    with pytest.raises(InputError, match="There is no 'c' here; there are h"):
        flow.carried["c"]


def test_gradients_are_read_only_and_keep_their_shapes():
    trace = default_run("lstm")
    flow = backpropagate(trace)
    for array in (
        *map(flow.__getitem__, trace.names),
        *flow.carried.values(),
        *flow.before.values(),
        *flow.params.values(),
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    assert all(flow[name].shape == trace[name].shape for name in trace.names)
    assert {name: value.shape for name, value in flow.params.items()} == {
        name: value.shape for name, value in trace.params.items()
    }


def test_one_flow_does_not_change_another():
    trace = default_run("lstm_peephole")
    first = backpropagate(trace)
    kept = {name: np.array(first[name]) for name in trace.names}
    backpropagate(trace, {"c": np.ones_like(trace["c"])})["x"]
    for name, values in kept.items():
        np.testing.assert_array_equal(first[name], values)
        np.testing.assert_array_equal(backpropagate(trace)[name], values)


def test_a_shared_parameter_gets_the_sum_of_its_uses():
    own = gru_viz.Cell("tied", "z = sigmoid(W @ x + U @ h + b)\nh' = tanh(W @ x + U @ (z * h) + U @ z + b + b * z)")

    def tied(p, x, h):
        z = torch.sigmoid(apply(p["W"], x) + apply(p["U"], h) + p["b"])
        return {"z": z, "h": torch.tanh(apply(p["W"], x) + apply(p["U"], z * h + z) + p["b"] + p["b"] * z)}

    for rows in ({}, {"batch": 2}, {"sets": 2}):
        given = problem(own, seed=17, **rows)
        assert disagreements(found(own, given), expected(tied, given)) == []


def test_gradients_that_would_take_too_much_are_refused_before_they_are_made():
    """A product of many factors is one value forward and many backward."""
    cell = gru_viz.Cell("steep", "h' = " + " * ".join(["h"] * 400))
    trace = gru_viz.run(cell, {}, np.zeros((2_000, 1)), {"h": np.ones(64)})
    tracemalloc.start()
    with pytest.raises(gru_viz.InputError, match=r"The gradients of this run would take .* at most 256 MB are allowed"):
        gru_viz.backpropagate(trace)
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()
