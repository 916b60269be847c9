"""The figures of the Gradients page draw every curve, its theory and the strip of saliency."""

import dataclasses
import math

import numpy as np
import pytest

from gru_viz.cells import cell_names
from gru_viz.conclusions import gradients as conclusions
from gru_viz.experiment import Experiment
from gru_viz.figures.common import untyped
from gru_viz.figures.gradients import MAX_TARGETS, norms_figure, saliency_figure
from gru_viz.measures.gradients import DIRECT, POWER, PRODUCT, gradients
from gru_viz.settings import SETTINGS
from gru_viz.theme import DARK, LIGHT
from tests.flowing import SMALL, built, measured, sequence_of


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
