"""The sentences of the Gradients page, on runs that make them true and on runs that do not."""

import dataclasses
import math
import re

import numpy as np
import pytest

from gru_viz.conclusions import gradients as conclusions
from gru_viz.experiment import Experiment
from gru_viz.measures.gradients import DIRECT, POWER, PRODUCT, WHOLE, gradients
from gru_viz.settings import SETTINGS
from tests.flowing import LOSSES, SMALL, built, sequence_of, sloping
from tests.saying import assert_shows, by_cell, read


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
