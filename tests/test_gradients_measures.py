"""The numbers of the Gradients page against autograd and central differences, its theory against closed forms."""

import dataclasses
import math

import numpy as np
import pytest
import torch

import gru_viz
from gru_viz.cells import cell, cell_names
from gru_viz.experiment import Experiment
from gru_viz.figures.common import untyped
from gru_viz.figures.gradients import norms_figure
from gru_viz.gradients import backpropagate, reached
from gru_viz.measures.gradients import (
    DIRECT,
    POWER,
    PRODUCT,
    WHOLE,
    all_parameters,
    gradients,
    latch,
    loss_grad,
    runs_to_loss,
    slope,
    theory,
)
from gru_viz.settings import SETTINGS
from gru_viz.theme import LIGHT
from tests import expected
from tests.expected import facts
from tests.flowing import LOSSES, SMALL, by_torch, measured, sequence_of, with_end

# -- numbers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [0, 5])
@pytest.mark.parametrize("loss", LOSSES)
def test_norms_are_autograds_for_every_loss(loss, step):
    experiment = dataclasses.replace(SMALL, loss=loss, target=0.3, step=step)
    found, by_input = measured(experiment), measured(dataclasses.replace(experiment, norm="input"))
    for name in cell_names():
        carried, inputs, total = by_torch(experiment, name)
        np.testing.assert_allclose(found[name].norm, carried, rtol=0, atol=1e-10)
        np.testing.assert_allclose(found[name].curves[WHOLE], carried, rtol=0, atol=1e-10)
        np.testing.assert_allclose(by_input[name].curves[WHOLE], inputs, rtol=0, atol=1e-10)
        assert found[name].all_parameters == pytest.approx(total, abs=1e-10)


def test_the_gradient_of_a_target_is_a_central_difference():
    experiment = dataclasses.replace(SMALL, loss="target", target=-0.4, step=3)
    for ran in runs_to_loss(experiment, sequence_of(experiment)):
        flow = backpropagate(ran, loss_grad(ran, "target", -0.4))
        start, way, size = {}, {}, 1e-5
        for k, name in enumerate(ran.cell.states):
            start[name] = np.zeros(5)
            way[name] = np.random.default_rng(k).normal(size=5)

        def loss(sign, ran=ran, start=start, way=way, size=size):
            state = {name: start[name] + sign * size * way[name] for name in start}
            end = gru_viz.run(ran.cell, ran.params, ran["x"], state)["h"][-1]
            return float(((end + 0.4) ** 2).sum())

        slope_there = (loss(1) - loss(-1)) / (2 * size)
        assert sum(float(flow.before[name][0] @ way[name]) for name in way) == pytest.approx(slope_there, rel=1e-6)


def test_parts_are_those_of_each_state():
    found = measured(dataclasses.replace(SMALL, norm="parts"))
    for name, each in found.items():
        assert list(each.curves) == list(cell(name).states)
        together = 0.5 * np.log10(sum(10.0 ** (2 * values) for values in each.curves.values()))
        np.testing.assert_allclose(together, each.norm, atol=1e-12)
    torch_parts = facts(SMALL, "lstm").parts
    for state, values in found["lstm"].curves.items():
        np.testing.assert_allclose(values, torch_parts[state], atol=1e-10)


def test_saliency_is_of_the_chosen_step_whatever_the_loss():
    for loss in LOSSES:
        found = measured(dataclasses.replace(SMALL, loss=loss, step=6))
        for name, each in found.items():
            _, inputs, _ = by_torch(dataclasses.replace(SMALL, step=6), name)
            np.testing.assert_allclose(each.saliency, inputs, atol=1e-10)


def test_products_of_jacobians_are_torchs():
    experiment = dataclasses.replace(SMALL, norm="jacobian", step=7)
    found = measured(experiment)
    x, names = with_end(experiment)
    for name in cell_names():
        params = {key: torch.tensor(value) for key, value in expected.weights(experiment, name, names).items()}
        taken, _ = expected._forward(name, params, x, 5)
        through, wanted = torch.eye(5 * len(cell(name).states), dtype=torch.float64), [0.0]
        for leaves in reversed(taken[1:]):

            def step(state, leaves=leaves, params=params, name=name):
                values = expected.STEPS[name](params, leaves[0].detach(), *state.split(5))
                return torch.cat([values[each] for each in cell(name).states])

            own = torch.autograd.functional.jacobian(step, torch.cat([each.detach() for each in leaves[1:]]))
            through = through @ own
            wanted.append(math.log10(float(torch.linalg.matrix_norm(through, 2))))
        np.testing.assert_allclose(found[name].curves[WHOLE], wanted[::-1], atol=1e-10)


def test_all_parameters_together_far_outside_a_floats_squares():
    ran = runs_to_loss(dataclasses.replace(SMALL, cells=("rnn",)), sequence_of(SMALL))[0]
    for size in (1e-200, 1e200):
        flow = backpropagate(ran, {"h": np.full_like(ran["h"], size)})
        usual = backpropagate(ran, {"h": np.ones_like(ran["h"])})
        assert all_parameters(flow) == pytest.approx(all_parameters(usual) + math.log10(size), abs=1e-9)
    zero = backpropagate(ran, {"h": np.zeros_like(ran["h"])})
    assert all_parameters(zero) == -math.inf


def test_curves_go_on_far_below_what_a_float_holds():
    experiment = Experiment(text="a" * 400, cells=("rnn",), hidden_size=4, recurrent_gain=0.05, replace="a", by="b")
    (found,) = gradients(experiment, sequence_of(experiment))
    assert found.norm[0] < -400
    assert np.isfinite(found.norm).all()
    np.testing.assert_allclose(found.norm, facts(experiment, "rnn").norm, rtol=1e-9)
    drawn = untyped(norms_figure([found], ["a"] * 400, LIGHT, "state", 0.01)["data"][0]["y"])
    np.testing.assert_allclose(drawn, found.norm, rtol=1e-6)


def test_reach_is_the_librarys_for_any_share():
    for loss in LOSSES:
        for ran in runs_to_loss(SMALL, sequence_of(SMALL)):
            flow = backpropagate(ran, loss_grad(ran, loss, 0.5))
            for share in SETTINGS["share"].options:
                assert reached(flow.log10_norm(), share) == gru_viz.reach(flow, share)
    assert reached(np.array([-9.0, -1.0, -3.0, 0.0]), 0.1) == 3
    assert reached(np.array([[-9.0, 0.0], [-np.inf, -np.inf], [0.0, -np.inf]]), 0.1).tolist() == [1, 0]


def test_the_latch_holds_and_has_no_gradient():
    found = latch()
    assert found.held.min() > 0.99
    assert found.norm[0] - found.norm[-1] < -50
    u = 3.0 * found.held[-1]
    assert math.tanh(u) == pytest.approx(found.held[-1], abs=1e-12)
    assert slope(found.norm) == pytest.approx(math.log10(3 * (1 - found.held[-1] ** 2)), abs=1e-3)


# -- theory ------------------------------------------------------------------------------------------------------------


def theory_of(of, gain=1.0, norm="state", steps=12, hidden=4, seed=0):
    params = gru_viz.init_params(of, 2, hidden, seed, recurrent_gain=gain)
    ran = gru_viz.run(of, params, np.random.default_rng(seed).normal(size=(steps, 2)))
    flow = backpropagate(ran)
    return ran, flow, theory(ran, flow, norm)


@pytest.mark.parametrize("gain", [0.5, 1.0, 3.0])
def test_bounds_of_a_plain_rnn_are_bounds_and_pascanus(gain):
    ran, flow, found = theory_of(cell("rnn"), gain)
    assert list(found) == [PRODUCT, POWER]
    matrix = ran.params["U_h"]
    largest = [np.linalg.svd(np.diag(1 - h**2) @ matrix)[1][0] for h in ran["h"]]
    stretch = math.sqrt(np.linalg.eigvalsh(matrix.T @ matrix)[-1])
    for step in range(ran.steps):
        later = ran.steps - 1 - step
        at_loss = math.log10(math.sqrt(4))
        assert found[PRODUCT][step] == pytest.approx(at_loss + sum(map(math.log10, largest[step + 1 :])), abs=1e-10)
        assert found[POWER][step] == pytest.approx(at_loss + later * math.log10(stretch), abs=1e-10)
    assert (flow.log10_norm() <= found[PRODUCT] + 1e-12).all()
    assert (found[PRODUCT] <= found[POWER] + 1e-12).all()
    _, _, products = theory_of(cell("rnn"), gain, "jacobian")
    np.testing.assert_allclose(products[PRODUCT], found[PRODUCT] - math.log10(2), atol=1e-12)


def test_theory_follows_from_the_equations_and_not_from_a_name():
    diagonal = gru_viz.Cell("other", "a = U @ h + W @ x + b\nh' = relu(a)")
    assert set(theory_of(diagonal)[2]) == {PRODUCT, POWER}
    steep = gru_viz.Cell("steep", "h' = 3 * tanh(W @ x + U @ h + b)")
    assert list(theory_of(steep)[2]) == [PRODUCT]
    ran, flow, found = theory_of(steep, 0.3)
    assert (flow.log10_norm() <= found[PRODUCT] + 1e-12).all()
    leaky = gru_viz.Cell("leaky", "h' = 0.5 * h + 0.5 * tanh(W @ x + U @ h + b)")
    ran, _, found = theory_of(leaky)
    assert list(found) == [DIRECT]
    assert found[DIRECT][0] == pytest.approx(math.log10(2 * 0.5 ** (ran.steps - 1)), abs=1e-12)
    two = gru_viz.Cell("two", "h' = tanh(W @ x + U @ h + V @ h + b)")
    assert theory_of(two)[2] == {}
    inside = gru_viz.Cell("inside", "h' = tanh(W @ x + U @ (tanh(h)) + b)")  # diag U diag
    assert theory_of(inside)[2] == {}
    for name in cell_names():
        assert (DIRECT in theory_of(cell(name))[2]) == bool(cell(name).keep_biases(1.0))


@pytest.mark.parametrize("name", ["lstm", "gru", "gru_reset_after"])
def test_the_direct_path_is_the_gradient_where_no_u_is(name):
    """Before the last step, where an LSTM's loss still stands on h alone."""
    _, flow, found = theory_of(cell(name), gain=0.0)
    np.testing.assert_allclose(found[DIRECT][:-1], flow.log10_norm()[:-1], atol=1e-10)
    ran, _, products = theory_of(cell(name), gain=0.0, norm="jacobian")
    if name != "lstm":  # whose h' also depends on the old c
        np.testing.assert_allclose(products[DIRECT], gru_viz.spectral_norms(ran), atol=1e-10)
    _, flow, found = theory_of(cell(name), gain=2.0)
    assert np.abs(found[DIRECT] - flow.log10_norm())[:-1].max() > 1e-3


def test_theory_is_drawn_only_where_it_applies():
    for norm, loss, drawn in (
        ("state", "last", True), ("state", "target", True), ("state", "every", False), ("parts", "last", False),
        ("input", "last", False), ("jacobian", "every", True),
    ):  # fmt: skip
        found = measured(dataclasses.replace(SMALL, norm=norm, loss=loss))
        assert all(bool(each.theory) == drawn for each in found.values()), (norm, loss)
