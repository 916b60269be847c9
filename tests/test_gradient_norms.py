"""The norms of gradients of any size, far outside of a float64 too, what a walk costs, and reach."""

import copy
import math
import pickle

import numpy as np
import pytest

import gru_viz
from gru_viz import InputError, backpropagate, cell, reach, run
from tests.reference import default_run, found, norm, problem
from tests.test_gradients import CELLS, LINEAR, RNN, log10, scalar_params


def test_norms_are_of_all_carried_states_together_or_of_one_value():
    given = problem(cell("lstm"), seed=11, batch=2)
    flow = backpropagate(run(cell("lstm"), given.params, given.x, given.state), given.loss)
    both = norm([flow.carried["h"], flow.carried["c"]])
    np.testing.assert_allclose(flow.log10_norm(), np.log10(both), rtol=0, atol=1e-14)
    for name in ("x", "f", "i", "o", "g", "c", "h"):
        np.testing.assert_allclose(flow.log10_norm(name), np.log10(norm([flow[name]])), rtol=0, atol=1e-14)
    for name in ("c", "h"):
        alone = np.log10(norm([flow.carried[name]]))
        np.testing.assert_allclose(flow.log10_norm(name, carried=True), alone, rtol=0, atol=1e-14)


STEPS_OF_A_LONG_RUN = 3_001


@pytest.mark.parametrize("own", [RNN, LINEAR], ids=lambda own: own.name)
@pytest.mark.parametrize(
    ("u", "first"),
    [
        (0.25, -1806.1799739838872),
        (2.0, 903.0899869919435),
        (1e-9, -27_000),
        (1e6, 18_000),
        (-0.25, -1806.1799739838872),
    ],
)
def test_norms_far_outside_float64(own, u, first):
    """Every step of a run of zeros, to 1e-13 of the number of digits."""
    flow = backpropagate(run(own, scalar_params(u, own), np.zeros((STEPS_OF_A_LONG_RUN, 1))))
    norms = flow.log10_norm()
    assert norms[0] == pytest.approx(first, rel=1e-13)
    np.testing.assert_allclose(norms, log10(abs(u)) * np.arange(3_000, -1, -1), rtol=1e-13, atol=1e-13)
    np.testing.assert_array_equal(flow.log10_norm("h"), norms)
    np.testing.assert_allclose(flow.log10_norm("x"), norms, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("u", [0.5, 2.0, -0.125])
@pytest.mark.parametrize("middle", [0.0, 2.0**-700], ids=["last", "last and first"])
def test_numbers_inside_float64_are_exact_wherever_the_scale_has_changed(u, middle):
    """Powers of two over 300 steps: each view of the gradient, at every step, to the last bit."""
    loss = np.zeros((300, 1))
    loss[-1], loss[0] = 1.0, middle
    flow = backpropagate(run(LINEAR, scalar_params(u, LINEAR), np.zeros((300, 1))), {"h": loss})
    powers = u ** np.arange(300.0, -1, -1)[:, None]
    assert np.abs(np.log2(np.abs(powers))).max() < 1000
    np.testing.assert_array_equal(flow.before["h"][1:], powers[1:-1])
    np.testing.assert_array_equal(flow.carried["h"][1:], powers[2:])
    np.testing.assert_array_equal(flow["h"][1:], powers[2:])
    np.testing.assert_array_equal(flow["x"][1:], powers[2:])
    assert flow.before["h"][0] == u * (powers[1] + middle)
    np.testing.assert_allclose(flow.params["b"], powers[1:].sum() + middle, rtol=1e-14)


def test_numbers_outside_float64_round_to_zero_and_to_infinity():
    for u, beyond, total in ((0.25, 0.0, 4 / 3), (2.0, np.inf, np.inf)):
        flow = backpropagate(run(RNN, scalar_params(u), np.zeros((STEPS_OF_A_LONG_RUN, 1))))
        assert flow["x"][0] == flow["h"][0] == flow.carried["h"][0] == flow.before["h"][0] == beyond
        assert flow["h"][-2] == u
        assert flow.params["b_h"] == pytest.approx(total)
        assert flow.params["W_h"] == flow.params["U_h"] == 0.0


@pytest.mark.parametrize("middle", [1.0, 1e-300, 1e300])
def test_a_second_loss_in_the_middle_of_a_vanished_flow(middle):
    loss = np.zeros((STEPS_OF_A_LONG_RUN, 1))
    loss[-1], loss[1_500] = 1.0, middle
    trace = run(RNN, scalar_params(0.25), np.zeros((STEPS_OF_A_LONG_RUN, 1)))
    flow = backpropagate(trace, {"h": loss})
    norms, back = flow.log10_norm(), log10(4) * np.arange(STEPS_OF_A_LONG_RUN)
    np.testing.assert_allclose(norms[1_501:], -back[:1_500][::-1], rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(norms[:1_501], log10(middle) - back[:1_501][::-1], rtol=1e-13, atol=1e-10)
    assert flow.before["h"][1_500] == middle / 4  # row t of `before` leaves out the loss after step t - 1
    assert flow.log10_norm("h")[1_500] == pytest.approx(log10(middle))


@pytest.mark.parametrize("early", [1_000, 1_500, 2_000])
def test_an_early_loss_where_the_later_gradient_has_vanished_has_its_own_gradient(early):
    """What a loss of ordinary size is on the scale of what has arrived there is no float64 at all."""
    of = cell("lstm")
    params = gru_viz.init_params(of, 1, 8, seed=0)
    trace = run(of, params, np.zeros((3_000, 1)))
    loss = np.zeros((3_000, 8))
    loss[-1] = loss[early] = 1.0
    flow = backpropagate(trace, {"h": loss})
    alone = backpropagate(run(of, params, np.zeros((early + 1, 1))))
    np.testing.assert_allclose(flow.log10_norm()[: early + 1], alone.log10_norm(), rtol=0, atol=1e-10)


def test_a_second_loss_is_lost_in_an_exploded_flow():
    loss = np.zeros((STEPS_OF_A_LONG_RUN, 1))
    loss[-1] = loss[1_500] = 1.0
    flow = backpropagate(run(RNN, scalar_params(2.0), np.zeros((STEPS_OF_A_LONG_RUN, 1))), {"h": loss})
    np.testing.assert_allclose(flow.log10_norm(), log10(2) * np.arange(3_000, -1, -1), rtol=1e-13, atol=1e-13)


def test_two_losses_of_equal_size_cancel_exactly_far_from_one():
    """-2^-600 meets what 600 steps of a half have left of 1: the gradient is exactly 0 from there on."""
    loss = np.zeros((1_001, 1))
    loss[-1], loss[400] = 1.0, -(2.0**-600)
    norms = backpropagate(run(LINEAR, scalar_params(0.5, LINEAR), np.zeros((1_001, 1))), {"h": loss}).log10_norm()
    assert norms[401] == pytest.approx(-599 * log10(2), rel=1e-13)
    assert (norms[:401] == -np.inf).all()


def test_losses_of_every_size_at_once():
    """A loss at each step, from 1e-300 to 1e300 in random order: the norm is the sum in exact numbers."""
    rng = np.random.default_rng(12)
    exponents = rng.permutation(np.linspace(-300, 300, 601))
    norms = backpropagate(
        run(LINEAR, scalar_params(2.0**-20, LINEAR), np.zeros((601, 1))), {"h": 10.0 ** exponents[:, None]}
    ).log10_norm()
    total, exact = -np.inf, []
    for own in exponents[::-1]:
        total = np.logaddexp(total - 20 * math.log(2), own * math.log(10))
        exact.append(total / math.log(10))
    np.testing.assert_allclose(norms, exact[::-1], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("gap", [0, 40])
def test_a_vanishing_and_an_exploding_row_in_one_batch(gap):
    """One row is pushed to where tanh is flat, one rests at 0 where U = 2 doubles every gradient."""
    steps = 2_000
    x = np.zeros((steps, 3, 1))
    x[:, 0], x[steps - gap :, 0] = 3.0, 0.0
    trace = run(RNN, scalar_params(2.0), x)
    norms = backpropagate(trace).log10_norm()
    slope = np.log10(2 * (1 - trace["h"][..., 0] ** 2))
    slope[0] = 0
    np.testing.assert_allclose(norms, slope[::-1].cumsum(axis=0)[::-1] - slope, rtol=1e-12, atol=1e-11)
    assert norms[0, 0] < -2_500
    np.testing.assert_allclose(norms[0, 1:], 601.76, atol=0.01)


def test_a_sweep_of_vanishing_and_exploding_sets():
    u = np.array([1e-9, 0.25, 1.0, 2.0, 1e6])
    norms = backpropagate(run(RNN, scalar_params(u), np.zeros((STEPS_OF_A_LONG_RUN, 1)))).log10_norm()
    np.testing.assert_allclose(norms, np.log10(u) * np.arange(3_000, -1, -1)[:, None], rtol=1e-13, atol=1e-12)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("scale", [0.02, 3.0], ids=["vanishing", "exploding"])
def test_norms_of_long_runs_of_every_cell(name, scale):
    """Against the same gradient in steps of 20, each begun anew with the direction that the last one found."""
    own = cell(name)
    given = problem(own, seed=13, steps=400, scale=scale)
    given.x *= 0.02
    trace = run(own, given.params, given.x, given.state)
    flow = backpropagate(trace)
    size, loss, pieces = 0.0, {key: np.full(4, float(key == "h")) for key in own.states}, []
    for start in range(380, -1, -20):
        piece = run(
            own, given.params, given.x[start : start + 20], {key: trace.before[key][start] for key in own.states}
        )
        last = {key: np.concatenate([np.zeros((19, 4)), [value]]) for key, value in loss.items()}
        back = backpropagate(piece, last)
        pieces.append(size + back.log10_norm())
        length = norm([back.before[key][0] for key in own.states])
        size, loss = size + np.log10(length), {key: back.before[key][0] / length for key in own.states}
    np.testing.assert_allclose(flow.log10_norm(), np.concatenate(pieces[::-1]), rtol=1e-11, atol=1e-11)


def test_an_exact_zero_has_the_norm_minus_infinity():
    """tanh(20) is 1 in float64, and its slope 0."""
    params = scalar_params(1.0)
    x = np.array([[0.0], [20.0], [0.0]])
    flow = backpropagate(run(cell("rnn"), params, x, {"h": [0.5]}))
    assert flow.log10_norm()[0] == -np.inf
    assert np.isfinite(flow.log10_norm()[1:]).all()
    assert backpropagate(run(cell("rnn"), params, x), {"h": np.zeros((3, 1))}).log10_norm().tolist() == [-np.inf] * 3


def test_a_saturated_cell_has_gradients_and_no_nan():
    for name in CELLS:
        given = problem(cell(name), seed=14, steps=80, scale=300.0)
        numbers = found(cell(name), given)
        assert all(np.isfinite(value).all() for value in (*numbers.values.values(), *numbers.gradients.values()))


def test_a_row_without_a_gradient_costs_no_more_than_others(monkeypatch):
    """A zero is not a number that has left the range: no chunk is done again for it."""
    squares = []
    original = gru_viz.walk.Walk.square
    monkeypatch.setattr(gru_viz.walk.Walk, "square", lambda *rows: squares.append(rows) or original(*rows))
    loss = np.ones((600, 2, 1))
    loss[:, 0] = 0.0
    backpropagate(run(RNN, scalar_params(0.9), np.zeros((600, 2, 1))), {"h": loss})
    assert len(squares) <= 20


def rows_walked(monkeypatch, of: gru_viz.Cell, params, x) -> tuple[gru_viz.GradientFlow, int]:
    """The gradients, and how many rows of the carried gradient the walk has looked at to find them."""
    rows = []
    original = gru_viz.walk.Walk.square
    monkeypatch.setattr(
        gru_viz.walk.Walk, "square", lambda walk, lo, hi: rows.append(hi - lo) or original(walk, lo, hi)
    )
    return backpropagate(run(of, params, x)), sum(rows)


@pytest.mark.parametrize("u", [2.0**-40, 2.0**-11, 0.5, 1.0, 2.0, 2.0**40])
def test_a_gradient_is_walked_nearly_once_however_fast_it_shrinks_or_grows(u, monkeypatch):
    """Only what the first chunk has computed beyond the safe range is done again."""
    flow, rows = rows_walked(monkeypatch, LINEAR, scalar_params(u, LINEAR), np.zeros((2_000, 1)))
    np.testing.assert_allclose(flow.log10_norm(), log10(u) * np.arange(1_999, -1, -1), rtol=1e-13, atol=1e-13)
    assert rows <= 2_000 + 128 + 2_000 / 15


def test_a_gradient_that_ends_costs_no_more_than_one_that_does_not(monkeypatch):
    """relu passes nothing on below zero: the gradient is an exact zero from there on, and no number out of range."""
    own = gru_viz.Cell("relu", "h' = relu(U @ h + W @ x)")
    x = np.full((2_000, 1), -1.0)
    x[1_000:] = 1.0
    flow, rows = rows_walked(monkeypatch, own, {"U": [[0.5]], "W": [[1.0]]}, x)
    assert (flow.log10_norm()[:999] == -np.inf).all()
    np.testing.assert_allclose(flow.log10_norm()[999:], log10(0.5) * np.arange(1_000, -1, -1), rtol=1e-13)
    assert rows <= 2_400


def test_a_drift_that_turns_round_within_a_chunk():
    """Growing by 2^30 a step for 150 steps, then shrinking by 2^-35: each chunk expects the opposite of what comes."""
    own = gru_viz.Cell("turns", "h' = b_v * h * tanh(W @ x) + b * h")
    x = np.where(np.arange(300)[:, None] < 150, 20.0, 0.0)
    trace = run(own, {"b_v": [2.0**30], "W": [[1.0]], "b": [2.0**-35]}, x, {"h": [0.0]})
    grows = np.log10(2.0**30 * np.tanh(20.0) + 2.0**-35)
    steps = np.where(np.arange(300) < 150, grows, log10(2.0**-35))
    exact = np.append(steps[:0:-1].cumsum()[::-1], 0.0)
    np.testing.assert_allclose(backpropagate(trace).log10_norm(), exact, rtol=1e-13, atol=1e-11)


@pytest.mark.parametrize("u", [2.0**-20, 2.0**-300, 2.0**-1000, 2.0**300])
def test_a_loss_for_one_row_of_a_batch_that_arrives_late(u):
    """The first row has no gradient at all until step 250; both then run far out of the range of a float64."""
    loss = np.zeros((300, 2, 1))
    loss[250, 0] = loss[299, 1] = 1.0
    norms = backpropagate(run(LINEAR, scalar_params(u, LINEAR), np.zeros((300, 2, 1))), {"h": loss}).log10_norm()
    back = np.stack([250 - np.arange(300), 299 - np.arange(300)], axis=1)
    np.testing.assert_allclose(norms[:251], log10(u) * back[:251], rtol=1e-13, atol=1e-11)
    assert (norms[251:, 0] == -np.inf).all()


@pytest.mark.parametrize("early", [False, True])
def test_a_copy_of_a_flow_is_the_flow(early):
    trace = default_run("lstm")
    loss = np.zeros_like(trace["c"])
    loss[-1], loss[3] = 2.0, 5.0 * early
    flow = backpropagate(trace, {"c": loss})
    loss[:] = 9.0
    for copied in (pickle.loads(pickle.dumps(flow)), copy.deepcopy(flow), copy.copy(flow)):
        for name in trace.names:
            np.testing.assert_array_equal(copied[name], flow[name])
        np.testing.assert_array_equal(copied.log10_norm(), flow.log10_norm())
        np.testing.assert_array_equal(copied.params["U_f"], flow.params["U_f"])


def test_a_gradient_that_does_not_exist_is_refused_without_a_warning():
    """1e400 h² is inf and tanh of it 1, but their slopes are inf and 0."""
    own = gru_viz.Cell("beyond", "h' = tanh(1e200 * h * 1e200 * h)")
    trace = run(own, {}, np.zeros((3, 1)), {"h": [0.5]})
    assert trace["h"].tolist() == [[1.0]] * 3
    assert trace.value("1e200 * h * 1e200 * h").tolist() == [[np.inf]] * 3
    with pytest.raises(InputError, match="There is no gradient at step 3: a value inside the step grows beyond"):
        backpropagate(trace)


# -- reach -------------------------------------------------------------------------------------------------------------


def reach_in_words(norms: np.ndarray, share: float) -> int:
    """Steps from the farthest that still has this share of the last step's norm to the last, both counted."""
    enough = [t for t, norm in enumerate(norms) if norm >= share * norms[-1]]
    return len(norms) - enough[0]


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("share", [0.01, 0.3, 1.0, 1e-7])
def test_reach_is_what_it_says(name, share):
    for seed in range(8):
        given = problem(cell(name), seed, steps=25, scale=0.5)
        flow = backpropagate(run(cell(name), given.params, given.x, given.state))
        assert reach(flow, share) == reach_in_words(10 ** flow.log10_norm(), share)


def test_reach_counts_both_ends_and_is_one_number_for_each_row():
    u = np.array([0.0, 0.09, 0.11, 0.9, 1.0, 2.0])
    flow = backpropagate(run(LINEAR, scalar_params(u, LINEAR), np.zeros((20, 1))))
    assert reach(flow, 0.1).tolist() == [1, 1, 2, 20, 20, 20]
    assert reach(flow, 0.5).tolist() == [1, 1, 1, 7, 20, 20]  # 0.9^6 = 0.53 of it is left after 6 steps
    single = backpropagate(run(LINEAR, scalar_params(0.9, LINEAR), np.zeros((20, 1))))
    assert reach(single, 0.5) == 7
    assert type(reach(single)) is int


def test_reach_looks_past_a_gap():
    """A second loss far back makes the gradient large again: the farthest step counts."""
    loss = np.zeros((20, 1))
    loss[-1] = loss[4] = 1.0
    flow = backpropagate(run(LINEAR, scalar_params(0.01, LINEAR), np.zeros((20, 1))), {"h": loss})
    assert reach(flow, 0.5) == 16


def test_reach_of_no_gradient_is_nothing():
    trace = default_run("rnn")
    assert reach(backpropagate(trace, {"h": np.zeros_like(trace["h"])})) == 0


@pytest.mark.parametrize("share", [0, -0.1, 1.1, float("nan"), "a", None])
def test_reach_refuses_what_is_no_share(share):
    with pytest.raises(InputError, match=r"share is .*; a number above 0 and up to 1 is allowed\."):
        reach(backpropagate(default_run("rnn")), share)
