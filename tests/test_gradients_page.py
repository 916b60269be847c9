"""The Gradients page: its numbers against torch and closed forms, its sentences on runs built true and false."""

import dataclasses
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

import gru_viz
from gru_viz.cells import cell, cell_names
from gru_viz.conclusions import gradients as conclusions
from gru_viz.experiment import Experiment, to_query, without_view
from gru_viz.figures.common import untyped
from gru_viz.figures.gradients import MAX_TARGETS, norms_figure, saliency_figure
from gru_viz.gradients import (
    backpropagate,
    reached,
)
from gru_viz.measures.gradients import (
    DIRECT,
    POWER,
    PRODUCT,
    WHOLE,
    Reached,
    all_parameters,
    gradients,
    latch,
    loss_grad,
    runs_to_loss,
    slope,
    theory,
)
from gru_viz.sequences import parse_sequence
from gru_viz.settings import SETTINGS
from gru_viz.theme import DARK, LIGHT
from tests import expected
from tests.expected import TITLES, facts
from tests.saying import assert_shows, by_cell, plain, read

APP = Path(__file__).resolve().parents[1] / "app.py"
SMALL = Experiment(text="abacabad", cells=cell_names(), hidden_size=5, seed=3, replace="a", by="b")
LOSSES = ("last", "target", "every")


def sequence_of(experiment):
    return parse_sequence(experiment.kind, experiment.text)


def measured(experiment):
    return {each.cell.name: each for each in gradients(experiment, sequence_of(experiment))}


def with_end(experiment):
    """The experiment whose text ends at its step with the loss, and every token's weights: for an oracle that cuts."""
    tokens = list(experiment.text)
    x, names = expected.inputs(experiment, tokens)
    return x[: experiment.step or len(tokens)], names


def by_torch(experiment, name):
    """(carried norms, input norms, log10 norm by all parameters), one graph through all steps and autograd."""
    x, names = with_end(experiment)
    weights = expected.weights(experiment, name, names)
    params = {each: torch.tensor(value, requires_grad=True) for each, value in weights.items()}
    leaves = [torch.tensor(row, requires_grad=True) for row in x]
    states = ["h", "c"] if "lstm" in name else ["h"]
    state = [torch.zeros(experiment.hidden_size, dtype=torch.float64) for _ in states]
    handed, hidden = [], []
    for row in leaves:
        values = expected.STEPS[name](params, row, *state)
        hidden.append(values["h"])
        # what is handed on is a copy of its own: the other uses of the state in this step do not count
        state = [values[each].clone() for each in states]
        for each in state:
            each.retain_grad()
        handed.append(state)
    loss = {
        "last": lambda: hidden[-1].sum(),
        "target": lambda: ((hidden[-1] - experiment.target) ** 2).sum(),
        "every": lambda: sum(each.sum() for each in hidden),
    }[experiment.loss]()
    loss.backward()
    own = [np.zeros(experiment.hidden_size) for _ in hidden]  # the loss's gradient by each h
    if experiment.loss == "every":
        own = [np.ones(experiment.hidden_size) for _ in hidden]
    elif experiment.loss == "last":
        own[-1] = np.ones(experiment.hidden_size)
    else:
        own[-1] = 2 * (hidden[-1].detach().numpy() - experiment.target)
    carried = []
    for step, pieces in enumerate(handed):
        flows = [np.zeros(len(own[step])) if each.grad is None else each.grad.numpy() for each in pieces]
        flows[0] = flows[0] + own[step]
        carried.append(np.linalg.norm(np.concatenate(flows)))
    total = math.sqrt(sum(float((each.grad**2).sum()) for each in params.values() if each.grad is not None))
    return np.log10(carried), np.log10([float(each.grad.norm()) for each in leaves]), math.log10(total)


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


# -- sentences ---------------------------------------------------------------------------------------------------------


def built(name, norm, clip=0.0, theory=None):
    """One cell whose carried gradient has these norms, log10."""
    norm = np.array(norm, dtype=float)
    return Reached(cell(name), norm, {WHOLE: norm}, theory or {}, norm, clip)


def sloping(name, rate, steps=11):
    return built(name, [rate * (steps - 1 - k) for k in range(steps)])


@pytest.mark.parametrize(
    ("rate", "verdict"), [(-0.4, "vanishes"), (-0.21, "vanishes"), (-0.19, "shrinks"),
                          (-0.011, "shrinks"), (-0.009, "holds"), (0.009, "holds"),
                          (0.011, "explodes"), (2.0, "explodes"), (-math.inf, "vanishes")],
)  # fmt: skip
def test_the_verdict_is_read_from_the_slope(rate, verdict):
    found = sloping("rnn", rate) if rate > -math.inf else built("rnn", [-math.inf, -1.0, 0.0])
    assert found.slope == pytest.approx(rate)
    said = conclusions.named(Experiment(recurrent_gain=4.0), [found])
    clause = ", where 1 % or more is still there at step 1" * (verdict == "shrinks")
    assert f"It {verdict} in the RNN{clause}." in said
    (shown,) = by_cell(said.partition(".  It")[0].split(". It")[0]).values()
    assert_shows(shown, rate, digits=3)


def test_a_verdict_for_each_cell():
    found = [sloping("rnn", -0.5), sloping("lstm", 0.0), sloping("gru", -0.3)]
    said = conclusions.named(Experiment(), found)
    assert said.endswith("It vanishes in the RNN and the GRU; it holds in the LSTM.")
    said = conclusions.named(Experiment(share=1e-6), found)
    assert said.endswith(
        "It shrinks in the RNN and the GRU, where 0.0001 % or more is still there at step 1; it holds in the LSTM."
    )
    assert "0.0001 % of the last step's is then left at step 1" in conclusions.thresholds(Experiment(share=1e-6))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("norm", SETTINGS["norm"].options)
def test_the_headline_is_of_what_is_drawn(norm, loss):
    experiment = dataclasses.replace(SMALL, norm=norm, loss=loss, cells=("rnn", "lstm", "gru"), share=0.1)
    found = gradients(experiment, sequence_of(experiment))
    said = conclusions.named(experiment, found)
    if loss == "every" and norm != "jacobian":
        assert said.startswith("Every step adds a gradient of its own")
        return
    own = {"state": "carried gradient", "input": "gradient by the input", "jacobian": "product of Jacobians"}
    pieces = said.split("For each step back the norm of the ")[1:]
    parts = ["h", "c"] if norm == "parts" else [WHOLE]
    for part, piece in zip(parts, pieces, strict=True):
        assert piece.startswith(f"gradient through {part} is" if part else f"{own[norm]} is")
        drawn = {each.cell.title: each.curves[part] for each in found if part in each.curves}
        numbers, _, verdicts = piece.partition(". It ")
        shown = by_cell(numbers)
        assert list(shown) == list(drawn)
        clauses = re.split(r"[;.] ?(?:it )?", verdicts)
        for title, values in drawn.items():
            values = values[:-1] if part == "c" else values  # of the last c nothing goes into L
            rate = (values[0] - values[-1]) / (len(values) - 1)
            assert_shows(shown[title], rate, digits=3)
            left = values[0] - values[-1] >= -1
            word = "explodes" if rate > 0.01 else "holds" if rate >= -0.01 else "shrinks" if left else "vanishes"
            (clause,) = [each for each in clauses if re.search(rf"the {title}(,| and|$)", each)]
            assert clause.startswith(word)


def test_gates_that_keep_half_a_step_vanish_too():
    found = [sloping("lstm", -0.3)]
    half = "not true of gates that start by keeping half of the state"
    assert half in conclusions.named(Experiment(keep=0.0), found)
    assert half not in conclusions.named(Experiment(keep=2.0), found)
    assert half not in conclusions.named(Experiment(keep=0.0, biases=(("f", 2.0),)), found)
    assert half not in conclusions.named(Experiment(keep=0.0), [sloping("lstm", 0.0)])
    assert half not in conclusions.named(Experiment(keep=0.0), [sloping("rnn", -0.4)])


def test_no_slope_without_two_steps_or_a_gradient():
    for found in (built("rnn", [0.0]), built("rnn", [-math.inf, -math.inf])):
        assert math.isnan(found.slope)
        assert "needs two steps" in conclusions.named(Experiment(), [found])
    assert "not how far" in conclusions.named(Experiment(loss="every"), [sloping("rnn", 0.5)])


def test_reach_in_words():
    found = [built("rnn", [-3, -3, 0]), built("gru", [-1, -1, 0])]
    assert conclusions.reaches(found, 0.01) == (
        "Down to 1 %, the gradient reaches back over 1 step in the RNN, all 3 in the GRU."
    )
    assert (
        conclusions.reaches(found, 0.001) == "Down to 0.1 %, the gradient reaches back over all 3 steps in each cell."
    )
    assert conclusions.reaches(found[1:], 0.01).endswith("over all 3 steps in the GRU.")
    assert "0.0001 %" in conclusions.reaches(found, 1e-6)
    assert "no gradient here" in conclusions.reaches([built("rnn", [-math.inf] * 3)], 0.01)


@pytest.mark.parametrize("norm", SETTINGS["norm"].options)
@pytest.mark.parametrize("loss", LOSSES)
def test_the_title_says_what_is_drawn(norm, loss):
    experiment = dataclasses.replace(SMALL, norm=norm, loss=loss, cells=("rnn", "lstm", "gru"))
    found = gradients(experiment, sequence_of(experiment))
    said = conclusions.finding(experiment, found)
    shown = by_cell(said)
    for each in found:
        first = next(iter(each.curves.values()))[0]
        if norm == "state" and loss != "every":
            assert read(shown[each.cell.title]) == each.reach(0.01)
        elif norm == "state":
            assert_shows(shown[each.cell.title], each.norm[0] - each.norm[-1])
        elif norm == "parts":
            assert ("c" in each.curves) == (each.cell.title in shown)
            if "c" in each.curves:
                assert_shows(shown[each.cell.title], each.curves["c"][0])
        else:
            assert_shows(shown[each.cell.title], first)


def test_clipping_acts_where_the_norm_is_above():
    found = [built("rnn", [0, 0], clip=math.log10(0.5)), built("gru", [0, 0], clip=math.log10(2.0))]
    said = conclusions.clipping(Experiment(clip=1.0), found)
    assert said.startswith("Clipping at 1 would act in the GRU: ")
    assert by_cell(said.partition(": ")[2]) == {"RNN": "0.500", "GRU": "2.00"}
    assert "act in no cell here" in conclusions.clipping(Experiment(clip=3.0), found)
    assert "act in the RNN and the GRU" in conclusions.clipping(Experiment(clip=0.1), found)
    assert "would act in the RNN" in conclusions.clipping(Experiment(clip=0.0), found[:1])
    assert "would not act in the RNN" in conclusions.clipping(Experiment(clip=3.0), found[:1])
    assert "∞" not in conclusions.clipping(Experiment(), [built("rnn", [0, 0], clip=400.0)])
    beyond = conclusions.clipping(Experiment(), [built("rnn", [0, 0], clip=math.inf)])
    assert beyond.endswith("act in the RNN: the gradient by all parameters has the norm more than 10³⁰⁸ in the RNN.")


def test_that_near_steps_still_teach_is_said_only_where_something_is_lost():
    assert "the RNN the near" in conclusions.still_teaches(Experiment(), [sloping("rnn", -0.5), sloping("gru", 0.0)])
    assert conclusions.still_teaches(Experiment(), [sloping("gru", 0.0)]) == ""
    assert conclusions.still_teaches(Experiment(loss="every"), [sloping("gru", -1.0)]) == ""
    dead = built("rnn", [-2.0, 0.0], clip=-math.inf)
    assert conclusions.still_teaches(Experiment(), [dead]) == ""


def test_theory_in_words():
    found = [
        built("rnn", [-3, 0], theory={PRODUCT: np.array([-1.0, 0.0]), POWER: np.array([1.0, 0.0])}),
        built("gru", [-1, 0], theory={DIRECT: np.array([-2.0, 0.0])}),
    ]
    said = conclusions.theory(found)
    bound, power = said.partition(" At step 1 the direct")[0].split("At step 1 the bound ")[1:]
    assert bound.strip() == "∏‖J‖₂ is 100 times the norm in the RNN."
    assert {title: read(shown) for title, shown in by_cell(power).items()} == {"RNN": 10_000}
    assert by_cell(said.partition("the direct")[2].partition("“")[0]) == {"GRU": "0.10"}
    assert "add to it or cancel it" in said
    assert "hardly any part here" in conclusions.theory([built("gru", [-1, 0], theory={DIRECT: np.array([-1.0, 0.0])})])
    assert conclusions.theory([built("rnn", [-3, 0])]) == ""
    assert conclusions.theory([built("rnn", [-math.inf, 0], theory={PRODUCT: np.zeros(2)})]) == ""


def test_saliency_in_words():
    found = [built("rnn", [-3, 0, -1]), built("gru", [-math.inf] * 3)]
    said = conclusions.saliency(found)
    assert said == "h after step 3 hangs most on the input of step 2 in the RNN, no input in the GRU."
    assert "most on no input in the GRU, the input of step 2 in the RNN" in conclusions.saliency(found[::-1])
    assert "does not move with a small change of any input" in conclusions.saliency(found[1:])
    alt = conclusions.described_saliency(found)
    assert "GRU: exactly zero throughout" in alt
    assert "RNN: between 0.0010 and 1.0" in alt


def test_what_l_is():
    assert conclusions.loss(Experiment(), 7) == "L is the sum of h after step 7."
    assert "distance of h after step 7 to −0.5 in every" in conclusions.loss(Experiment(loss="target", target=-0.5), 7)
    assert "every step up to 1200" in conclusions.loss(Experiment(loss="every"), 1200)


def test_the_latch_holds_and_has_no_gradient():
    found = latch()
    assert found.held.min() > 0.99
    assert found.norm[0] - found.norm[-1] < -50
    u = 3.0 * found.held[-1]
    assert math.tanh(u) == pytest.approx(found.held[-1], abs=1e-12)
    assert slope(found.norm) == pytest.approx(math.log10(3 * (1 - found.held[-1] ** 2)), abs=1e-3)


# -- figures -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("norm", SETTINGS["norm"].options)
def test_the_main_figure_draws_every_curve_and_theory(norm, theme):
    experiment = dataclasses.replace(SMALL, norm=norm, step=6)
    found = gradients(experiment, sequence_of(experiment))
    figure = norms_figure(found, list(experiment.text), theme, norm, 0.01 if norm == "state" else None)
    lines = [each for each in figure["data"] if each["mode"] == "lines"]
    curves = [values for each in found for values in (*each.curves.values(),)]
    theories = [values for each in found for values in each.theory.values()]
    assert len(lines) == len(curves) + len(theories)
    for line, values in zip(lines, [*curves, *theories], strict=True):
        shown = np.where(np.isfinite(values), values, np.nan)  # an exact zero has no place on a log axis
        np.testing.assert_allclose(untyped(line["y"]), shown, rtol=1e-6)
        assert line["x"] == [str(k + 1) for k in range(6)]
    direct = [each for each in figure["data"] if "neither an upper nor a lower bound" in each["hovertemplate"]]
    assert len(direct) == sum(DIRECT in each.theory for each in found)
    markers = [each for each in figure["data"] if each["mode"] == "markers"]
    assert [int(each["x"][0]) for each in markers] == [7 - each.reach(0.01) for each in found if norm == "state"]
    low, high = figure["layout"]["yaxis"]["range"]
    assert all(low <= value <= high for values in (*curves, *theories) for value in values if value > -math.inf)
    places = sorted(each["y"] for each in figure["layout"]["annotations"] if each.get("x") == 0 and "xshift" in each)
    assert places[0] >= -0.001
    assert places[-1] <= 1.001


def test_labels_are_of_the_curves_alone_and_stand_at_their_ends():
    experiment = Experiment(cells=cell_names())
    found = gradients(experiment, sequence_of(experiment))
    figure = norms_figure(found, list(experiment.text), LIGHT, "state", 0.01)
    labels = [each for each in figure["layout"]["annotations"] if each["x"] == 0 and each["xanchor"] == "right"]
    assert len(labels) == len(found)
    low, high = figure["layout"]["yaxis"]["range"]
    ends = [(each.norm[0] - low) / (high - low) for each in found]
    assert max(abs(label["y"] - end) for label, end in zip(labels, ends, strict=True)) < 0.25
    said = conclusions.how_to_read(experiment, 32, found)
    assert all(
        words in said for words in ("Thin and solid: the direct path", "Thin and dashed: a bound", "dash-dotted")
    )


@pytest.mark.parametrize(("cells", "names"), [(("rnn",), [PRODUCT, POWER]), (("lstm", "gru"), [DIRECT]),
                                              (cell_names(), [DIRECT, PRODUCT, POWER])])  # fmt: skip
def test_a_row_above_the_plot_says_what_each_dash_of_theory_is(cells, names):
    dash_of = {"———": "solid", "– – –": "dash", "— · —": "longdashdot"}
    found = measured(dataclasses.replace(SMALL, cells=cells)).values()
    figure = norms_figure(list(found), list(SMALL.text), DARK, "state", 0.01)
    (row,) = [each["text"] for each in figure["layout"]["annotations"] if "\u2002" in each["text"]]
    said = dict(reversed(each.split("\u2002")) for each in row.split("\u2002 "))
    assert list(said) == names
    for each in found:
        for name in each.theory:
            (drawn,) = [line for line in figure["data"] if line["name"] == f"{each.cell.title}, {name}"]
            assert drawn["line"]["dash"] == dash_of[said[name]]
    less = norms_figure(list(measured(dataclasses.replace(SMALL, norm="input")).values()), list(SMALL.text), DARK,
                        "input", 0.01)["layout"]  # fmt: skip
    assert len(less["annotations"]) == 6
    assert less["height"] - less["margin"]["t"] == figure["layout"]["height"] - figure["layout"]["margin"]["t"]


@pytest.mark.parametrize("span", [0.3, 0.9, 1.9, 3.2, 8.0])
@pytest.mark.parametrize("cells", [("rnn",), cell_names()])
def test_ticks_of_the_colour_bar_are_at_least_two_and_apart(span, cells):
    found = [built(name, np.linspace(-span, 0, 12)) for name in cells]
    figure = saliency_figure(found, list("abcdefghijkl"), LIGHT)
    heat, layout = figure["data"][0], figure["layout"]
    height = layout["height"] - layout["margin"]["t"] - layout["margin"]["b"]
    ticks = sorted(heat["colorbar"]["tickvals"])
    assert len(ticks) >= 2
    assert min(np.diff(ticks)) / (heat["zmax"] - heat["zmin"]) * height >= 17


def test_one_value_has_one_tick():
    bar = saliency_figure([built("rnn", [-2.0])], ["a"], LIGHT)["data"][0]["colorbar"]
    assert bar["ticktext"] == ["1"]


def test_the_strip_of_saliency_can_be_pointed_at_everywhere():
    experiment = dataclasses.replace(SMALL, step=6)
    found = gradients(experiment, sequence_of(experiment))
    figure = saliency_figure(found, list(experiment.text), LIGHT)
    strip, *rows = figure["data"]
    values = untyped(strip["z"])
    assert values.shape == (5, 8)
    assert np.isnan(values[:, 6:]).all()
    for row, each in enumerate(found):
        share = each.saliency - each.saliency.max()
        np.testing.assert_allclose(values[row, :6], np.maximum(share, strip["zmin"]), atol=1e-5)
        assert rows[row]["x"] == [str(k + 1) for k in range(8)]
        assert rows[row]["y"] == [row] * 8
    frame = figure["layout"]["shapes"][-1]
    assert (frame["x0"], frame["x1"]) == (4.5, 5.5)
    zero = saliency_figure([built("rnn", [-math.inf, 0.0]), built("gru", [-math.inf] * 2)], ["a", "b", "c"], LIGHT)
    least = zero["data"][0]["zmin"]
    np.testing.assert_allclose(untyped(zero["data"][0]["z"]), [[least, 0, math.nan], [least, least, math.nan]])
    assert MAX_TARGETS >= 2_000


# -- the page ----------------------------------------------------------------------------------------------------------


def open_page(theme="light", **query):
    app = AppTest.from_file(APP, default_timeout=60)
    app.context = {"theme": theme}
    for name, value in query.items():
        app.query_params[name] = value
    return calm(app.switch_page("app_pages/gradients.py").run())


def calm(app):
    assert not app.exception, app.exception
    return app


def open_tab(app, name):
    app.session_state["experiment"] = dataclasses.replace(app.session_state["experiment"], tab=name)
    return calm(app.run())


def findings(app):
    return [plain(found.value) for found in app.main.subheader]


def texts(app):
    return [plain(found.value) for found in (*app.main.markdown, *app.main.caption)]


def charts(app):
    return len(app.get("plotly_chart"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_opens_on_the_lesson(theme):
    app = open_page(theme)
    found = {TITLES[name]: facts(Experiment(), name) for name in ("rnn", "lstm", "gru")}
    assert {title: read(shown) for title, shown in by_cell(findings(app)[0]).items()} == {
        title: each.reach for title, each in found.items()
    }
    (named,) = [text for text in texts(app) if text.startswith("For each step back")]
    for title, shown in by_cell(named.partition(" It ")[0]).items():
        assert_shows(shown, found[title].share / 31, digits=3)
    assert charts(app) == 2  # what takes longer is not made before it is opened


@pytest.mark.parametrize(
    "query",
    [
        {"text": "a"}, {"text": "ab", "loss": "every"}, {"loss": "target", "target": "0"}, {"norm": "parts"},
        {"norm": "jacobian", "luck": "1"}, {"norm": "input", "luck": "1"}, {"step": "3", "share": "0.000001"},
        {"weights": "sign"}, {"weights": "counter"}, {"weights": "latch"}, {"cells": ",".join(cell_names())},
        {"text": "a" * 600, "cells": "rnn", "scheme": "orthogonal", "gain": "4", "input_gain": "0"},  # 10³⁶¹
        {"gain": "0"}, {"numbers": "1 0 0 0 0"}, {"numbers": "1e6 " * 9, "input_gain": "16"},
        {"text": "a" * 2000, "hidden": "64", "cells": "rnn,lstm"},
    ],
)  # fmt: skip
def test_no_experiment_breaks_the_page(query):
    app = open_page(**query)
    assert len(findings(app)) >= 3
    for name in ("gains", "spectra", "memory"):
        if len(query.get("text", "")) < 1000:
            open_tab(app, name)


def test_the_widgets_change_the_experiment_and_the_link():
    app = open_page()
    calm(app.get_by_key("experiment_loss").set_value("target").run())
    calm(app.get_by_key("experiment_target").set_value(-0.5).run())
    calm(app.get_by_key("experiment_norm").set_value("jacobian").run())
    calm(app.get_by_key("experiment_share").set_value(1e-6).run())
    calm(app.get_by_key("experiment_clip").set_value(3.5).run())
    calm(app.get_by_key("loss_step").set_value(9).run())
    experiment = app.session_state["experiment"]
    assert experiment == Experiment(loss="target", target=-0.5, norm="jacobian", share=1e-6, clip=3.5, step=9)
    link = {name: value if isinstance(value, str) else value[0] for name, value in app.query_params.items()}
    assert link == to_query(experiment)
    assert "distance of h after step 9 to −0.5" in " ".join(texts(app))
    calm(app.get_by_key("loss_step").set_value(32).run())
    assert app.session_state["experiment"].step == 0


@pytest.mark.parametrize("tab", SETTINGS["tab"].options)
def test_a_link_opens_its_tab(tab):
    begins = {"what_if": "Clipping at 1", "gains": "At 32 units the gradient", "spectra": "Step 32: the eigenvalue",
              "horizon": "Down to 1 %, step 32 hangs", "memory": "40 steps after the cue"}  # fmt: skip
    app = open_page(tab=tab)
    found = findings(app)[2:]  # from the one on clipping, above the tabs
    assert len(found) == 1 + {"what_if": 0, "spectra": 2}.get(tab, 1)
    assert any(words.startswith(begins[tab]) for words in found)
    assert to_query(app.session_state["experiment"]) == ({} if tab == "what_if" else {"tab": tab})
    assert without_view(Experiment(tab=tab)) == Experiment()  # nothing is computed anew for it


def test_another_loss_gives_other_numbers_at_once():
    app = open_page(cells="gru")
    before = by_cell(findings(app)[-1].partition(": ")[2])
    calm(app.get_by_key("experiment_loss").set_value("every").run())
    after = by_cell(findings(app)[-1].partition(": ")[2])
    assert read(after["GRU"]) > 2 * read(before["GRU"])
    wanted = by_torch(Experiment(loss="every"), "gru")[2]
    assert_shows(after["GRU"], wanted, digits=3)


def test_of_a_loss_at_every_step_nothing_is_said_of_a_reach():
    app = open_page(loss="every", luck="1")
    assert "map_reach" not in {button.key for button in app.button}
    assert texts(app).count(conclusions.EVERY) == 2
    assert not any("reach of the" in text for text in texts(app))
    assert findings(open_tab(app, "gains"))[-1] == conclusions.EVERY


def test_the_numbers_of_a_figure_are_those_that_it_draws():
    experiment = dataclasses.replace(Experiment(), norm="parts", step=12)
    found = gradients(experiment, sequence_of(experiment))
    columns = conclusions.norm_numbers(found, sequence_of(experiment))
    assert list(columns) == ["step", "token", "RNN h", "LSTM h", "LSTM c", "GRU h"]
    assert columns["LSTM c"] == found[1].curves["c"].tolist()
    assert columns["token"] == list("My␣name␣is␣A")
    app = open_page(norm="parts", step="12")
    for key in ("numbers_norms", "numbers_saliency_12"):
        app.session_state[key] = True
    calm(app.run())
    tables = [each for each in app.get("bidi_component") if "table" in str(each.proto.id)]
    assert len(tables) >= 2


def test_the_map_is_of_a_cell_that_is_compared():
    app = open_page(cells="rnn,lstm", focus="gru")
    calm(app.button(key="map_reach").click().run())
    assert findings(app)[-1].startswith("The LSTM reaches")
    calm(app.get_by_key("experiment_focus").set_value("rnn").run())
    assert "How far does the gradient of the RNN reach" in " ".join(texts(app))
    calm(app.button(key="map_reach").click().run())
    assert findings(app)[-1].startswith("The RNN reaches")
    calm(app.get_by_key("go_there").set_value((0, 8)).run())
    assert app.session_state["experiment"].recurrent_gain == 2
    assert findings(app)[-1].startswith("The RNN reaches")


def test_the_step_with_the_loss_cuts_everything():
    app = open_page(step="9")
    found = facts(dataclasses.replace(Experiment(), text=Experiment().text[:9]), "gru")
    assert read(by_cell(findings(app)[0])["GRU"]) == found.reach


def test_a_loss_before_the_end_is_said_and_can_be_taken_back():
    app = open_page(step="27")
    assert "L is taken after step 27 of 32, the step in view." in texts(app)
    calm(app.button(key="last_step").click().run())
    assert app.session_state["experiment"].step == 0
    assert not any("the step in view" in text for text in texts(app))
    for query in ({}, {"step": "32"}, {"step": "99"}, {"text": "a", "step": "5"}):
        assert "last_step" not in {button.key for button in open_page(**query).button}


def test_buttons_change_what_the_gates_keep_and_the_gain():
    app = open_page()
    calm(app.button(key="set_keep_0").click().run())
    assert app.session_state["experiment"].keep == 0
    assert "gates that start by keeping half of the state" in " ".join(texts(app))
    calm(app.button(key="set_gain_2").click().run())
    assert app.session_state["experiment"].recurrent_gain == 2
    keys = {button.key for button in app.button}
    assert "set_gain_2" not in keys
    assert "set_keep_0" not in keys
    for query in ({"cells": "rnn"}, {"bias": "f:1"}):
        assert not any(str(button.key).startswith("set_keep") for button in open_page(**query).button)
    assert not any(str(button.key).startswith("set_") for button in open_page(weights="sign").button)


def test_other_seeds_are_a_band_and_a_sentence():
    app = open_page()
    calm(app.button(key="gradients_luck").click().run())
    (said,) = [text for text in texts(app) if text.startswith("Over seeds 0 to 199")]
    reaches = sorted(facts(Experiment(), "rnn", seed=seed).reach for seed in range(200))
    low, middle, high = (reaches[math.ceil(200 * part) - 1] for part in (0.1, 0.5, 0.9))
    assert f"is {middle} ({low} to {high}) in the RNN" in said
    calm(app.button(key="gradients_luck").click().run())
    assert not any(text.startswith("Over seeds") for text in texts(app))


def test_too_much_is_refused_in_words_and_nothing_breaks():
    app = open_page(text="ab" * 1000, hidden="64", norm="jacobian", cells="lstm")
    (warning,) = [plain(each.value) for each in app.main.warning]
    assert "2000 Jacobians of 128 × 128" in warning
    calm(app.get_by_key("experiment_norm").set_value("state").run())
    assert not app.main.warning
    open_tab(app, "horizon")
    (warning,) = [plain(each.value) for each in app.main.warning]
    assert "2000 × 2000" in warning
