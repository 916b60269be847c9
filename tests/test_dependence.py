"""Direct paths, saliency and sweeps."""

import numpy as np
import pytest

import gru_viz
from tests.reference import problem

CELLS = gru_viz.cell_names()
KEEPS = {"lstm": ("c", "f"), "lstm_peephole": ("c", "f"), "gru": ("h", "1 - z"), "gru_reset_after": ("h", "z")}


def traced(name, batch=None):
    cell = gru_viz.cell(name)
    given = problem(cell, seed=4, batch=batch)
    return gru_viz.run(cell, given.params, given.x, given.state)


@pytest.mark.parametrize("batch", [None, 2])
@pytest.mark.parametrize("name", KEEPS)
def test_the_direct_path_is_the_product_of_what_keeps(name, batch):
    trace = traced(name, batch)
    state, keeps = KEEPS[name]
    found = gru_viz.direct_paths(trace)
    assert list(found) == [state]
    factor = trace.value(f"{keeps} + 0 * h")
    for step in range(trace.steps):
        expected = np.log10(np.prod(factor[step + 1 :], axis=0))
        np.testing.assert_allclose(found[state][step], expected, rtol=0, atol=1e-12)


def test_a_plain_rnn_has_none():
    assert gru_viz.direct_paths(traced("rnn")) == {}


def test_a_typed_cell_has_its_own():
    cell = gru_viz.Cell("leaky", "h' = 0.75 * h + tanh(W @ x + U @ h) - 0.25 * h")
    trace = gru_viz.run(cell, gru_viz.init_params(cell, 2, 3, seed=0), np.ones((5, 2)))
    np.testing.assert_allclose(gru_viz.direct_paths(trace)["h"][0], 4 * np.log10(0.5), rtol=1e-14)


@pytest.mark.parametrize(("name", "state", "matrices"), [("lstm", "c", "fiog"), ("gru", "h", "rzn")])
def test_without_recurrent_weights_it_is_the_gradient(name, state, matrices):
    cell = gru_viz.cell(name)
    given = problem(cell, seed=4, steps=40)
    for gate in matrices:
        given.params[f"U_{gate}"][:] = 0.0
    trace = gru_viz.run(cell, given.params, given.x)
    loss = np.zeros_like(trace[state])
    loss[-1] = 1.0
    flow = gru_viz.backpropagate(trace, {state: loss})
    carried = np.log10(np.abs(flow.carried[state]))
    np.testing.assert_allclose(carried, gru_viz.direct_paths(trace)[state], rtol=0, atol=1e-11)


def test_it_goes_on_where_floats_end():
    """Known: b_f = -30 and U = W = 0 give log10 of the product over 100 steps as -1302.8834."""
    cell = gru_viz.cell("lstm")
    params = {name: np.zeros((1,) * len(shape)) for name, shape in cell.parameters.items()}
    params["b_f"] = np.array([-30.0])
    trace = gru_viz.run(cell, params, np.zeros((101, 1)))
    assert round(float(gru_viz.direct_paths(trace)["c"][0, 0]), 4) == -1302.8834


@pytest.mark.parametrize("name", CELLS)
def test_saliency_is_the_gradient_of_the_chosen_step_by_each_input(name):
    """Central differences of the sum of h after step 3."""
    cell = gru_viz.cell(name)
    given = problem(cell, seed=4)
    trace = gru_viz.run(cell, given.params, given.x)
    found = gru_viz.saliency(trace, 3)
    assert (found[4:] == -np.inf).all()
    small = 1e-6
    for step in range(4):
        slopes = []
        for channel in range(given.x.shape[1]):
            sums = []
            for sign in (1, -1):
                x = given.x.copy()
                x[step, channel] += sign * small
                sums.append(gru_viz.run(cell, given.params, x)["h"][3].sum())
            slopes.append((sums[0] - sums[1]) / (2 * small))
        np.testing.assert_allclose(10 ** found[step], np.linalg.norm(slopes), rtol=1e-6)


def test_saliency_of_the_last_step_is_the_usual_gradient():
    trace = traced("gru")
    usual = gru_viz.backpropagate(trace).log10_norm("x")
    np.testing.assert_array_equal(gru_viz.saliency(trace), usual)
    np.testing.assert_array_equal(gru_viz.saliency(trace, 5), usual)


@pytest.mark.parametrize("step", [6, -1, True, 1.0])
def test_saliency_refuses_what_is_no_step(step):
    with pytest.raises(gru_viz.InputError, match="a whole number from 0 to 5 is allowed"):
        gru_viz.saliency(traced("gru"), step)


@pytest.mark.parametrize("name", CELLS)
def test_a_sweep_is_its_single_runs_in_pieces(name):
    cell = gru_viz.cell(name)
    x = np.random.default_rng(0).standard_normal((5, 2))
    sets = [gru_viz.init_params(cell, 2, 3, seed=seed) for seed in range(7)]
    pieces = list(gru_viz.sweep(cell, sets, x, at_once=3))
    assert [done for done, _ in pieces] == [3, 6, 7]
    together = np.concatenate([trace["h"] for _, trace in pieces], axis=1)
    norms = np.concatenate([gru_viz.backpropagate(trace).log10_norm() for _, trace in pieces], axis=1)
    for place, params in enumerate(sets):
        alone = gru_viz.run(cell, params, x)
        np.testing.assert_allclose(together[:, place], alone["h"], rtol=0, atol=1e-13)
        np.testing.assert_allclose(norms[:, place], gru_viz.backpropagate(alone).log10_norm(), rtol=0, atol=1e-12)


def test_a_sweep_does_no_more_than_it_is_asked_for():
    cell, taken = gru_viz.cell("rnn"), []

    def sets():
        for seed in range(100):
            taken.append(seed)
            yield gru_viz.init_params(cell, 1, 2, seed=seed)

    pieces = gru_viz.sweep(cell, sets(), np.zeros((3, 1)), at_once=4)
    assert taken == []
    next(pieces)
    next(pieces)
    assert taken == list(range(8))


@pytest.mark.parametrize("at_once", [0, -1, 1.5, True])
def test_a_sweep_refuses_what_is_no_number_of_sets(at_once):
    with pytest.raises(gru_viz.InputError, match="at_once is"):
        next(gru_viz.sweep(gru_viz.cell("rnn"), [], np.zeros((3, 1)), at_once=at_once))


def sets_of(*changes: dict[str, object]) -> list[dict[str, object]]:
    return [gru_viz.init_params(gru_viz.cell("rnn"), 1, 2, seed=0) | changed for changed in changes]


@pytest.mark.parametrize(
    ("sets", "words"),
    [
        (sets_of({}, {"b_q": 0}), "rnn takes exactly the parameters W_h, U_h, b_h; extra: b_q."),
        ([{}], "rnn takes exactly the parameters W_h, U_h, b_h; missing: W_h, U_h, b_h."),
        ([None], "params is None; a mapping of names to arrays is expected."),
        (
            sets_of({}, {"b_h": [0.0] * 3}),
            "Parameter b_h of rnn has the shape (2,) in one set and (3,) in another; all sets must have the same.",
        ),
        (sets_of({}, {"b_h": ["a", "b"]}), "Parameter b_h of rnn is not an array of numbers."),
        (sets_of({})[0], "params is a dict; a list of mappings, one for each set, is expected."),
        (None, "params is None; a list of mappings, one for each set, is expected."),
    ],
)
def test_a_sweep_refuses_what_a_run_refuses(sets, words):
    with pytest.raises(gru_viz.InputError) as caught:
        next(gru_viz.sweep(gru_viz.cell("rnn"), sets, np.zeros((3, 1))))
    assert str(caught.value) == words
