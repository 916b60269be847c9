"""Eigenvalues, singular values and horizon maps: against torch, the gradient of each row, and their limits."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from gru_viz.cells import cell, cell_names
from gru_viz.conclusions import spectra as words
from gru_viz.engine import run
from gru_viz.errors import InputError
from gru_viz.experiment import Experiment
from gru_viz.figures.common import untyped
from gru_viz.figures.horizon import horizon_figure, horizon_limits
from gru_viz.figures.spectra import circle_figure, circle_limit, stretch_figure
from gru_viz.gradients import backpropagate
from gru_viz.measures import spectra as measures
from gru_viz.measures.gradients import Reached, gradients, runs_to_loss
from gru_viz.measures.spectra import Horizon, Spectra, horizons, reached_in_rows, spectra
from gru_viz.sequences import parse_sequence
from gru_viz.theme import LIGHT
from tests import expected
from tests.pieces import finished

SMALL = Experiment(text="abcabdabca", cells=cell_names(), hidden_size=4, seed=3, replace="a", by="b", step=9)
SHARES = measures.SHARES


def sequence_of(experiment):
    return parse_sequence(experiment.kind, experiment.text)


def runs(experiment=SMALL):
    return runs_to_loss(experiment, sequence_of(experiment))


def jacobians_by_torch(experiment, name):
    x, names = expected.inputs(experiment, list(experiment.text))
    params = {key: torch.tensor(value) for key, value in expected.weights(experiment, name, names).items()}
    taken, _ = expected._forward(name, params, x[: experiment.step], experiment.hidden_size)
    found = []
    for leaves in taken:

        def step(state, leaves=leaves):
            values = expected.STEPS[name](params, leaves[0].detach(), *state.split(experiment.hidden_size))
            return torch.cat([values[each] for each in cell(name).states])

        found.append(
            torch.autograd.functional.jacobian(step, torch.cat([each.detach() for each in leaves[1:]])).numpy()
        )
    return found


def sorted_by_place(values):
    return values[np.lexsort((values.imag.round(9), values.real.round(9)))]


def test_eigenvalues_and_stretch_are_torchs():
    found, said = finished(spectra(runs()))
    for each in found:
        wanted = jacobians_by_torch(SMALL, each.cell.name)
        assert each.steps.tolist() == list(range(9))
        for k, matrix in enumerate(wanted):
            own = sorted_by_place(np.linalg.eigvals(matrix).astype(complex))
            np.testing.assert_allclose(sorted_by_place(each.eigenvalues[k]), own, atol=1e-9)
            assert each.stretch[k] == pytest.approx(np.linalg.svd(matrix)[1][0], abs=1e-10)
    assert said[-1] == (1.0, "LSTM (peepholes): 9 of 9 steps")


def test_too_many_steps_are_thinned_and_the_last_is_there(monkeypatch):
    everything, _ = finished(spectra(runs()))
    monkeypatch.setattr(measures, "MAX_EIGENVALUES", 5 * 8 * 3)
    monkeypatch.setattr(measures, "PIECE", 1)
    thinned, said = finished(spectra(runs()))
    lstm = next(each for each in thinned if each.cell.name == "lstm")
    whole = next(each for each in everything if each.cell.name == "lstm")
    assert lstm.steps.tolist() == [2, 5, 8]
    np.testing.assert_array_equal(lstm.eigenvalues, whole.eigenvalues[lstm.steps])
    assert "every 3rd step" in words.circle_how([lstm])
    assert len(said) > len(thinned)
    monkeypatch.setattr(measures, "MAX_WORK", 1)
    alone, _ = finished(spectra(runs()))
    assert all(each.steps.tolist() == [8] for each in alone)


def test_each_row_of_the_horizon_is_the_gradient_of_its_step():
    found, _ = finished(horizons(runs(), 50_000))
    for step in (1, 4, 9):
        rows = gradients(dataclasses.replace(SMALL, step=step), sequence_of(SMALL))
        for each, row in zip(found, rows, strict=True):
            np.testing.assert_allclose(each.norm[step - 1, :step], row.norm, rtol=1e-5)
            assert np.isnan(each.norm[step - 1, step:]).all()
            for share in SHARES:
                assert each.reaches[share][step - 1] == row.reach(share)


def test_large_maps_are_thinned_and_reach_is_of_every_step():
    whole, _ = finished(horizons(runs(), 50_000))
    thinned, _ = finished(horizons(runs(), 5 * 4 * 4))
    for one, other in zip(whole, thinned, strict=True):
        assert other.steps.tolist() == [2, 5, 8]
        np.testing.assert_array_equal(other.norm, one.norm[np.ix_(other.steps, other.steps)])
        assert other.norm.size * 5 <= 80
        assert other.norm.dtype == np.float32
        assert other.reaches[0.01].tolist() == one.reaches[0.01].tolist()
    assert "Every 3rd row" in words.horizon_how(thinned, 0.01)
    assert "row and column is drawn" not in words.horizon_how(whole, 0.01)


def test_a_map_of_too_many_steps_is_refused_before_it_is_made(monkeypatch):
    monkeypatch.setattr(measures, "horizon", lambda ran: pytest.fail("it was made"))
    experiment = Experiment(text="ab" * 501, cells=("rnn",), replace="a", by="b")
    with pytest.raises(InputError, match="1002 × 1002 steps for each cell is too large: up to 1000 steps"):
        next(horizons(runs(experiment), 50_000))


def test_reach_in_rows():
    nan = math.nan
    norm = np.array([[0.0, nan, nan], [-1.0, 0.0, nan], [-3.0, -1.5, 0.0]])
    assert reached_in_rows(norm, 0.01).tolist() == [1, 2, 2]
    assert reached_in_rows(norm, 0.1).tolist() == [1, 2, 1]
    assert reached_in_rows(np.array([[2.0, nan], [-1.0, -1.0]]), 0.1).tolist() == [1, 2]  # by each row's own last
    assert reached_in_rows(np.array([[-np.inf, nan], [0.0, -np.inf]]), 0.1).tolist() == [0, 0]


# -- sentences ---------------------------------------------------------------------------------------------------------


def with_matrices(recurrent, slope, name="rnn", plain=True):
    norm = slope * np.arange(10.0, -1, -1)
    found = Spectra(cell(name), np.arange(1), np.zeros((1, 1)), np.zeros(1), recurrent, plain)
    return found, Reached(cell(name), norm, {"": norm}, {}, norm, 0.0)


def of_matrices(*case, **more):
    found, reached = with_matrices(*case, **more)
    return words.of_matrices([found], [reached])


def test_rho_above_one_is_no_verdict():
    said = of_matrices({"U_h": (1.5, 2.5)}, -0.3)
    assert said.startswith("Of U, not of the step: ρ = 1.5 and σₘₐₓ = 2.5 in the RNN.")
    assert said.endswith("in the RNN it is above 1, and the gradient shrinks.")
    for radius, slope, plain in ((0.9, -0.3, True), (1.5, 0.3, True), (1.5, -0.3, False)):
        assert "not true in general" in of_matrices({"U_h": (radius, radius + 1)}, slope, plain=plain)
    both = (with_matrices({"U_h": (1.5, 2.5)}, -0.3), with_matrices({"U_n": (1.6, 2.0)}, 0.3, "gru", plain=False))
    assert "in the RNN it is above 1, and the gradient shrinks" in words.of_matrices(*zip(*both, strict=True))
    two = {"U_z": (0.5, 1.0), "U_n": (0.7, 0.8)}
    assert "ρ = 0.70 and σₘₐₓ = 0.80 (U_n, the largest ρ) in the GRU" in of_matrices(two, 0.0, "gru", plain=False)
    columns = words.matrix_numbers([dataclasses.replace(built_spectra("gru"), recurrent=two)])
    assert list(columns.values()) == [["GRU", "GRU"], ["U_z", "U_n"], [0.5, 0.7], [1.0, 0.8]]
    grows = of_matrices({"U_h": (0.9, 2.0)}, 0.3)  # tanh may do it: see the test below
    assert "not all: in the RNN it is below 1, and the gradient grows" in grows
    assert "gradient grows" not in of_matrices({"U_h": (0.9, 2.0)}, 0.3, plain=False)


def test_the_gradient_of_a_plain_rnn_may_grow_for_ever_though_all_eigenvalues_of_u_are_zero():
    """The inputs hold unit 1 where tanh is steepest and unit 2 where it is flat: what is left of U is (2, −2; 0, 0)."""
    u, h, x = np.array([[2.0, -2.0], [2.0, -2.0]]), np.zeros(2), []
    for _ in range(40):
        x.append([0.0, 10.0] - u @ h)
        h = np.tanh([0.0, 10.0])
    params = {"W_h": np.eye(2), "U_h": u, "b_h": np.zeros(2)}
    norm = backpropagate(run(cell("rnn"), params, np.array(x))).log10_norm()
    assert not (u @ u).any()
    np.testing.assert_allclose(np.diff(norm)[:-1], -np.log10(2), rtol=0, atol=1e-6)


def built_spectra(name="rnn"):
    values = np.array([[0.5 + 0j, 0.1], [1.5, 0.2], [0.9j, -0.3]])
    return Spectra(cell(name), np.array([0, 1, 2]), values, np.array([0.6, 2.0, 1.0]), {}, True)


def test_spectra_in_words():
    found = [built_spectra()]
    assert words.spectra(found) == "Step 3: the eigenvalue farthest from 0 has the size 0.90 in the RNN."
    assert words.stretches(found) == "One step multiplies a gradient by at most 0.60 to 2.0 in the RNN."
    alike = dataclasses.replace(found[0], stretch=np.array([0.6, 0.601, 0.6]))
    assert words.stretches([alike]) == "One step multiplies a gradient by at most 0.60 in the RNN."
    assert "1 of 6 outside the unit circle" in words.described_circle(found[0])
    assert "sizes from 0.10 to 1.5" in words.described_circle(found[0])
    assert "every step, large those of step 3" in words.circle_how(found)


def test_eigenvalues_in_a_table_are_those_of_the_step_with_the_loss():
    found, _ = finished(spectra(runs()))
    columns = words.eigenvalue_numbers(found)
    assert columns["eigenvalue"] == list(range(1, 9))
    for each in found:
        real, imaginary = (columns[f"{each.cell.title}, {part} part"] for part in ("real", "imaginary"))
        size = 4 * len(each.cell.states)
        assert real[size:] == imaginary[size:] == [""] * (8 - size)
        wanted = np.linalg.eigvals(jacobians_by_torch(SMALL, each.cell.name)[-1]).astype(complex)
        shown = np.array(real[:size]) + 1j * np.array(imaginary[:size])
        np.testing.assert_allclose(sorted_by_place(shown), sorted_by_place(wanted), atol=1e-9)


def test_the_horizon_in_words():
    found = [Horizon(cell("rnn"), np.arange(3), np.zeros((3, 3), np.float32), {0.01: np.array([1, 2, 2])})]
    assert words.horizon(found, 0.01) == (
        "Down to 1 %, step 3 hangs on this many steps: 2 in the RNN. The median of all steps: 2 in the RNN."
    )
    found = [Horizon(cell("rnn"), np.arange(4), np.zeros((4, 4), np.float32), {0.01: np.array([1, 2, 3, 4])})]
    assert words.horizon(found, 0.01).endswith("The median of all steps: 2.5 in the RNN.")


# -- figures -----------------------------------------------------------------------------------------------------------


def test_circles_share_an_edge_and_show_every_eigenvalue():
    found, _ = finished(spectra(runs()))
    limit = circle_limit(found)
    assert limit >= max(np.abs(each.eigenvalues).max() for each in found)
    for each in found:
        figure = circle_figure(each, limit, LIGHT)
        others, last = figure["data"]
        np.testing.assert_allclose(untyped(others["x"]), each.eigenvalues[:-1].real.ravel(), atol=1e-6)
        np.testing.assert_allclose(untyped(last["y"]), each.eigenvalues[-1].imag, atol=1e-6)
        assert figure["layout"]["xaxis"]["range"] == [-limit, limit]
        assert figure["layout"]["shapes"][0]["type"] == "circle"
    figure = stretch_figure(found, list("abcabdabca"), LIGHT)
    for line, each in zip(figure["data"], found, strict=True):
        np.testing.assert_allclose(untyped(line["y"]), each.stretch, rtol=1e-6)


def test_horizon_maps_share_a_scale_and_draw_the_reach():
    found, _ = finished(horizons(runs(), 50_000))
    limits = horizon_limits(found)
    for each in found:
        heat, _, line = horizon_figure(each, limits, 0.01, LIGHT)["data"]
        assert (heat["zmin"], heat["zmax"]) == limits
        np.testing.assert_array_equal(np.isnan(untyped(heat["z"])), np.isnan(each.norm))
        assert [9 - int(x) + 1 for x in line["x"][-1:]] == [each.reaches[0.01][-1]]
        assert line["y"] == [str(k + 1) for k in range(9)]
    thinned, _ = finished(horizons(runs(), 5 * 4 * 4))
    heat, _, line = horizon_figure(thinned[0], limits, 0.01, LIGHT)["data"]
    assert heat["x"] == ["3", "6", "9"]
    assert set(line["x"]) <= set(heat["x"])
