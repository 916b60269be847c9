"""Jacobians against torch, and what follows from them against autograd, closed forms and each other."""

import numpy as np
import pytest
import torch

import gru_viz
from gru_viz import jacobians
from tests.reference import STEPS, default_run, problem

CELLS = gru_viz.cell_names()
LINEAR = gru_viz.Cell("linear", "h' = U @ h + W @ x")


def traced(name, batch=None, steps=6):
    cell = gru_viz.cell(name)
    given = problem(cell, seed=3, steps=steps, batch=batch)
    return gru_viz.run(cell, given.params, given.x, given.state)


def torch_jacobian(trace, step, row=()):
    """d state after / d state before of the cell written by hand, by torch.func."""
    params = {name: torch.tensor(value) for name, value in trace.params.items()}
    x = torch.tensor(trace["x"][(step, *row)].copy())
    before = tuple(torch.tensor(trace.before[name][(step, *row)].copy()) for name in trace.cell.states)

    def after(*states):
        named = STEPS[trace.cell.name](params, x, *states)
        return torch.cat([named[name] for name in trace.cell.states])

    return torch.cat(torch.func.jacrev(after, argnums=tuple(range(len(before))))(*before), dim=1).numpy()


@pytest.mark.parametrize("name", CELLS)
def test_each_step_is_torchs(name):
    trace = traced(name)
    found = gru_viz.step_jacobians(trace)
    for step in range(trace.steps):
        np.testing.assert_allclose(found[step], torch_jacobian(trace, step), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", CELLS)
def test_a_batch_and_chosen_steps(name):
    trace = traced(name, batch=3)
    found = gru_viz.step_jacobians(trace, [4, 1])
    for place, step in enumerate((4, 1)):
        for row in range(3):
            np.testing.assert_allclose(found[place, row], torch_jacobian(trace, step, (row,)), rtol=0, atol=1e-12)


def test_a_sweep_is_its_single_runs():
    cell = gru_viz.cell("gru")
    given = [problem(cell, seed=seed) for seed in range(3)]
    together = {name: np.stack([each.params[name] for each in given]) for name in cell.parameters}
    found = gru_viz.step_jacobians(gru_viz.run(cell, together, given[0].x))
    for row, each in enumerate(given):
        one = gru_viz.step_jacobians(gru_viz.run(cell, each.params, given[0].x))
        np.testing.assert_allclose(found[:, row], one, rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", CELLS)
def test_their_product_carries_the_gradient(name):
    trace = traced(name)
    flow = gru_viz.backpropagate(trace)
    row = np.concatenate([np.ones(trace.hidden_size), np.zeros((len(trace.cell.states) - 1) * trace.hidden_size)])
    for step in reversed(range(trace.steps)):
        carried = np.concatenate([flow.carried[state][step] for state in trace.cell.states])
        np.testing.assert_allclose(carried, row, rtol=0, atol=1e-12)
        row = row @ gru_viz.step_jacobians(trace, [step])[0]


@pytest.mark.parametrize("name", CELLS)
def test_the_horizon_is_a_gradient_for_each_loss_step(name):
    trace = traced(name, steps=70)  # more steps than are held at once
    found = gru_viz.horizon(trace)
    for step in (0, 1, 33, 69):
        loss = np.zeros((trace.steps, trace.hidden_size))
        loss[step] = 1.0
        expected = gru_viz.backpropagate(trace, {"h": loss}).log10_norm()
        np.testing.assert_allclose(found[step, : step + 1], expected[: step + 1], rtol=0, atol=1e-11)
        assert np.isnan(found[step, step + 1 :]).all()


def test_the_horizon_goes_on_where_floats_end():
    params = {"U_h": np.array([[1e-9]]), "W_h": np.zeros((1, 1)), "b_h": np.zeros(1)}
    trace = gru_viz.run(gru_viz.cell("rnn"), params, np.zeros((200, 1)))
    found = gru_viz.horizon(trace)
    steps = np.arange(200)
    np.testing.assert_allclose(found[-1], -9.0 * (199 - steps), rtol=1e-13, atol=1e-12)
    np.testing.assert_allclose(gru_viz.spectral_norms(trace), -9.0 * (199 - steps), rtol=1e-13, atol=1e-12)
    params["U_h"][:] = 0.0
    dead = gru_viz.horizon(gru_viz.run(gru_viz.cell("rnn"), params, np.zeros((5, 1))))
    assert (dead[np.tril_indices(5, -1)] == -np.inf).all()
    assert (np.diag(dead) == 0).all()


@pytest.mark.parametrize("name", CELLS)
def test_spectral_norms_are_those_of_the_product(name):
    trace = traced(name, batch=2)
    found = gru_viz.spectral_norms(trace)
    for row in range(2):
        product = np.eye(len(trace.cell.states) * trace.hidden_size)
        for step in reversed(range(trace.steps)):
            np.testing.assert_allclose(found[step, row], np.log10(np.linalg.norm(product, 2)), rtol=0, atol=1e-12)
            product = product @ torch_jacobian(trace, step, (row,))


def test_spectra_of_a_linear_cell_are_those_of_its_matrix():
    matrix = np.random.default_rng(5).standard_normal((6, 6))
    trace = gru_viz.run(LINEAR, {"U": matrix, "W": np.zeros((6, 1))}, np.zeros((3, 1)))
    wanted = np.linalg.eigvals(matrix)
    for found in gru_viz.eigenvalues(trace):
        assert (np.diff(np.abs(found)) <= 1e-12).all()
        np.testing.assert_allclose(np.sort_complex(found), np.sort_complex(wanted), rtol=0, atol=1e-12)
    found = gru_viz.singular_values(trace, [2])
    np.testing.assert_allclose(found[0], np.linalg.svd(matrix, compute_uv=False), rtol=0, atol=1e-12)


def test_an_orthogonal_matrix_keeps_the_norm():
    params = gru_viz.init_params(LINEAR, 1, 8, seed=2, scheme="orthogonal")
    trace = gru_viz.run(LINEAR, params, np.zeros((50, 1)))
    np.testing.assert_allclose(gru_viz.spectral_norms(trace), 0.0, rtol=0, atol=1e-12)


def test_the_bound_of_pascanu_et_al():
    """‖∂h_T/∂h_t‖ ≤ ∏ ‖diag(1 − h²) U‖ ≤ σ_max(U)^k for a tanh RNN."""
    trace = default_run("rnn")
    each = np.log10(np.linalg.norm(gru_viz.step_jacobians(trace), 2, axis=(1, 2)))
    largest = np.log10(np.linalg.norm(trace.params["U_h"], 2))
    for step, norm in enumerate(gru_viz.spectral_norms(trace)):
        bound = each[step + 1 :].sum()
        assert norm <= bound + 1e-12
        assert bound <= (trace.steps - 1 - step) * largest + 1e-12


def test_what_is_refused():
    trace = traced("lstm")
    for steps in ([6], [-1], [0.5], [[1]], ["a"]):
        with pytest.raises(gru_viz.InputError, match="whole numbers from 0 to 5"):
            gru_viz.step_jacobians(trace, steps)
    with pytest.raises(gru_viz.InputError, match="batch of 3"):
        gru_viz.horizon(traced("rnn", batch=3))
    long = gru_viz.run(LINEAR, {"U": np.eye(1), "W": np.zeros((1, 1))}, np.zeros((1001, 1)))
    with pytest.raises(gru_viz.InputError, match=r"1001 x 1001 steps.*at most 1000"):
        gru_viz.horizon(long)


def test_too_many_are_refused_before_they_are_made(monkeypatch):
    monkeypatch.setattr(jacobians, "MAX_BYTES", 6 * 8 * 8 * 8)
    trace = traced("lstm")  # S = 8
    assert gru_viz.step_jacobians(trace).nbytes == jacobians.MAX_BYTES
    monkeypatch.setattr(jacobians, "MAX_BYTES", 6 * 8 * 8 * 8 - 1)
    monkeypatch.setattr(jacobians, "_Jacobians", None)
    with pytest.raises(gru_viz.InputError, match=r"6 Jacobians of 8 x 8 would take"):
        gru_viz.step_jacobians(trace)
