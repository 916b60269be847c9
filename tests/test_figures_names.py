"""What stands around a plot: the numbers of the steps that are spoken of, and the names of curves that lie close."""

import itertools
import re

import numpy as np
import pytest

from gru_viz.cells import cell, cell_names
from gru_viz.examples import example
from gru_viz.experiment import Experiment
from gru_viz.figures.common import PHONE, led, set_tokens, words
from gru_viz.figures.contrast import difference_figure, gradient_figure
from gru_viz.figures.curves import Curve, dash_of, end_labels
from gru_viz.figures.gradients import norms_figure, saliency_figure
from gru_viz.figures.horizon import horizon_figure
from gru_viz.figures.projector import BELOW_CONCLUSION, enlarged
from gru_viz.lessons import LESSONS, lesson_of
from gru_viz.measures.gradients import WHOLE, gradients
from gru_viz.measures.spectra import Horizon
from gru_viz.measures.what_if import Seeds
from gru_viz.runs import contrast
from gru_viz.sequences import parse_sequence
from gru_viz.theme import DARK, LIGHT, cell_colour, cell_style

DIGIT_PX = 5.4  # of the page's font at the size of these numbers


def numbered(figure):
    """The steps whose numbers have a row of their own, each with its colour; they stand at their steps."""
    found = [each for each in figure["layout"]["annotations"] if each.get("xref") == "x" and each["y"] == 0]
    assert all(each["x"] == int(each["text"]) - 1 and each["yref"] == "paper" for each in found)
    return {int(each["text"]): each["font"]["color"] for each in found}


def drawn(labels, named=(), theme=LIGHT):
    layout = {"height": 100, "margin": {"b": 52}, "annotations": []}
    set_tokens(layout, labels, theme, named)
    return {"layout": layout}


# -- steps -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tokens", "turn"), [("a", False), ("0.25", True)])
@pytest.mark.parametrize("count", [1, 2, 12, 13, 40, 41, 64, 65, 200, 2000])
def test_the_last_step_is_always_numbered_where_a_screen_may_have_no_room_for_all(count, tokens, turn):
    figure = drawn([tokens] * count)
    layout = figure["layout"]
    axis = layout["xaxis"]
    last, other = (re.sub("<[^>]*>", "", axis.get("labelalias", {}).get(str(k), str(k))) for k in (count, count - 1))
    if count <= 40:
        assert numbered(figure) == {}
        assert "ticklabelstandoff" not in axis
        assert layout["margin"]["b"] == 52
        if count > 12:  # where a phone has no room for all, at its token
            assert last == (f"{count} {tokens}" if turn else f"{tokens}{count}")
        return
    assert numbered(figure) == {count: LIGHT.quiet}
    assert axis["ticklabelstandoff"] == layout["margin"]["b"] - 52 > 10
    assert last == ("" if count > 64 else tokens)  # its number stands once
    if count <= 64:
        assert other == (f"{count - 1} {tokens}" if turn else f"{tokens}{count - 1}")


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_steps_that_are_named_have_their_colour_and_neighbours_no_room(theme):
    red, blue = theme.cells[:2]
    figure = drawn("a" * 41, [(12, theme.text), (20, red), (20, blue), (30, red), (30, red), (41, blue)], theme)
    assert numbered(figure) == {41: blue, 12: theme.text, 20: theme.text, 30: red}
    close = drawn("a" * 41, [(20, red), (21, blue), (40, red), (1, blue), (2, red)], theme)
    assert numbered(close) == {41: theme.quiet, 20: red, 2: red}  # the 1 always stands below the plot
    assert numbered(drawn("a" * 40, [(40, red), (39, blue)], theme)) == {40: red}
    assert numbered(drawn("a" * 12, [(5, red)], theme)) == {}  # all of them have room on a phone


@pytest.mark.parametrize("count", [13, 32, 44, 64, 99, 100, 1000, 2000])
def test_the_numbers_have_room_on_a_phone(count):
    rng = np.random.default_rng(count)
    for _ in range(50):
        steps = rng.integers(1, count + 1, 6)
        found = sorted(numbered(drawn(["0"] * count, [(int(step), LIGHT.text) for step in steps])))
        assert found[-1] == count or count <= 40
        for one, other in itertools.pairwise(found):
            assert (other - one) * PHONE / count > DIGIT_PX * (len(str(one)) + len(str(other))) / 2


def test_the_steps_of_the_markers_of_a_lesson_and_of_the_replacement_are_numbered():
    run = example("who_keeps_the_name").experiment
    found = contrast(run)
    steps = lesson_of("who_keeps_the_name").steps
    assert steps == (12,)
    assert found.replaced.start == 11  # what the lesson says of step 12 is about the first letter of the name
    labels = found.sequence.labels
    figure = gradient_figure(found.reports, labels, LIGHT, named=steps)
    markers = {45 - each.reach: cell_colour(LIGHT, each.cell) for each in found.reports}
    assert numbered(figure) == {44: LIGHT.quiet, 12: LIGHT.text} | markers
    assert numbered(gradient_figure(found.reports, labels, LIGHT)) == {44: LIGHT.quiet} | markers
    assert numbered(gradient_figure(found.reports, labels, LIGHT, "input")) == {44: LIGHT.quiet}
    assert numbered(difference_figure(found.differences, labels, LIGHT)) == {44: LIGHT.quiet, 12: LIGHT.text}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda each: each.name)
def test_a_lesson_names_steps_of_its_own_run(lesson):
    run = lesson.example.experiment
    count = len(parse_sequence(run.kind, run.text).tokens)
    assert all(1 <= step <= count for step in lesson.steps)
    assert all(f"step {step}" in f"{lesson.question} {lesson.example.look}" for step in lesson.steps)


def test_an_earlier_loss_and_the_inputs_that_count_most_are_numbered():
    run = Experiment(step=20)
    sequence = parse_sequence(run.kind, run.text)
    found = gradients(run, sequence)
    norms = numbered(norms_figure(found, sequence.labels, DARK, "state", 0.01))
    assert norms == {20: DARK.text} | {
        21 - each.reach(0.01): cell_colour(DARK, each.cell) for each in found if each.reach(0.01) < 20
    }
    most = {int(np.argmax(each.saliency)) + 1 for each in found}
    shown = numbered(saliency_figure(found, sequence.labels, DARK))
    assert shown[20] == DARK.text
    assert most - {1} <= set(shown) | {19, 21}  # a neighbour of the framed step has no room
    assert set(shown) <= most | {20}


# -- names -------------------------------------------------------------------------------------------------------------


def names_of(values, names=None, first=True, height=300):
    """Labels of curves that end, or begin, at these values of an axis from 0 to 1."""
    names = names or cell_names()[: len(values)]
    ramp = np.linspace(0.0, 0.0, 4)
    curves = [Curve(cell(name), ramp + value, cell(name).title) for name, value in zip(names, values, strict=True)]
    return curves, end_labels(curves, 0.0, 1.0, LIGHT, first=first, height=height)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("up", [-40, -6.01, -6, 0, 5.9, 6.01, 200])
def test_a_line_leads_from_a_name_that_was_moved_to_where_it_was(side, up):
    label = words("GRU", "#C2410C", x=float(side == "right"), y=0.5, left=side == "left")
    found = led(label, up)
    assert (found["x"], found["y"], found["text"]) == (label["x"], 0.5, "GRU")  # its line ends at the curve's end
    outwards = 1 if side == "right" else -1
    if abs(up) <= 6:
        assert not found["showarrow"]
        assert (found["yshift"], found["xshift"]) == (up, 8 * outwards)
    else:
        assert (found["showarrow"], found["arrowhead"], found["arrowcolor"]) == (True, 0, "#C2410C")
        assert found["ay"] == -up  # Plotly counts it downwards, from the end of the line
        assert found["ax"] * outwards > 8
        assert found["xshift"] == found["yshift"] == 0
        assert led(found, 0) | {"arrowwidth": 1} == found | led(label, 0)  # and back


@pytest.mark.parametrize("first", [True, False])
def test_names_stay_at_their_curves_or_are_led_to_them_in_the_same_order(first):
    values = [0.9, 0.52, 0.5, 0.51, 0.1]
    curves, labels = names_of(values, first=first)
    assert [each["y"] for each in labels] == pytest.approx(values)
    up = [-each["ay"] if each["showarrow"] else each["yshift"] for each in labels]
    assert [each["showarrow"] for each in labels] == [False, True, True, False, False]
    places = [each["y"] * 300 + px for each, px in zip(labels, up, strict=True)]
    assert np.argsort(places).tolist() == np.argsort(values).tolist()
    for curve, label in zip(curves, labels, strict=True):
        assert label["font"]["color"] == cell_colour(LIGHT, curve.cell)
        assert label.get("arrowcolor", label["font"]["color"]) == label["font"]["color"]


def test_names_in_one_colour_have_the_dash_of_their_line_and_others_have_none():
    signs = {"solid": "—", "dash": "- -", "longdash": "– –", "dot": "···", "dashdot": "- ·", "longdashdot": "– ·"}
    for names in (("rnn", "lstm", "gru"), cell_names(), ("gru", "gru_reset_after"), ("lstm", "gru_reset_after")):
        curves, labels = names_of(np.linspace(0.1, 0.9, len(names)), names)
        colours = [cell_colour(LIGHT, curve.cell) for curve in curves]
        for curve, label, colour in zip(curves, labels, colours, strict=True):
            first, *_ = re.sub("<br>.*|</span>", "", label["text"]).split(" <span style='font-size:12px'>")
            said = re.findall("px'>([^<(]+)</span>", label["text"])
            assert said == ([signs[cell_style(curve.cell).dash]] if colours.count(colour) > 1 else [])
            assert curve.cell.title.startswith(first)
    parts = [Curve(cell("lstm"), np.zeros(3), "LSTM h"), Curve(cell("lstm"), np.ones(3), "LSTM c", dash="dot")]
    assert [dash_of(each) for each in parts] == ["solid", "dot"]
    texts = [re.sub("<[^>]*>", "", each["text"]) for each in end_labels(parts, 0, 1, DARK, first=True, height=300)]
    assert texts == ["LSTM h —", "LSTM c ···"]


# -- rows above a plot -------------------------------------------------------------------------------------------------


def above(figure):
    """What is said above the plot, from below."""
    found = [each for each in figure["layout"]["annotations"] if (each["y"], each.get("yanchor")) == (1, "bottom")]
    found = sorted((each for each in found if each.get("xref") == "paper"), key=lambda each: each["yshift"])
    assert all(other["yshift"] - one["yshift"] >= 18 for one, other in itertools.pairwise(found))
    assert found[-1]["yshift"] + 18 <= figure["layout"]["margin"]["t"]
    return [re.sub("<[^>]*>", "", each["text"]) for each in found]


def lucky(cells, part):
    band = np.full((3, 32), [[-1.0], [0.0], [1.0]])
    return [Seeds(of, {part: tuple(band)}, {}) for of in cells]


def test_what_the_shade_and_the_hairline_are_is_said_above_the_plot_where_there_are_any():
    shade = "Shade: 80 % of the seeds; hairline: their median"
    found = contrast(Experiment())
    without = gradient_figure(found.reports, found.sequence.labels, LIGHT)
    cells = [each.cell for each in found.reports]
    drawn = gradient_figure(found.reports, found.sequence.labels, LIGHT, luck=lucky(cells[:1], WHOLE))
    assert above(without) == ["‖∂L/∂ carried state‖"]
    assert above(drawn) == ["‖∂L/∂ carried state‖", shade]
    small, large = ({**each["layout"]["margin"], "all": each["layout"]["height"]} for each in (without, drawn))
    assert large["all"] - small["all"] == large["t"] - small["t"] > 0  # the plot is no smaller
    run = Experiment()
    reached = gradients(run, parse_sequence(run.kind, run.text))
    both = norms_figure(reached, list(run.text), LIGHT, "state", 0.01, lucky(cells, WHOLE))
    assert [text.partition("\u2002")[0] for text in above(both)] == ["‖∂L/∂ carried state‖", shade, "———"]
    large = enlarged(both, BELOW_CONCLUSION)["layout"]  # in a room nothing else says it
    (said,) = [each for each in large["annotations"] if each["text"] == shade]
    assert said["font"]["size"] >= 24
    assert said["yshift"] + 24 <= large["margin"]["t"]


@pytest.mark.parametrize("count", [1, 2, 5, 32, 64])
def test_the_first_and_the_last_step_of_a_horizon_map_are_numbered(count):
    steps = np.arange(count)
    found = Horizon(cell("gru"), steps, np.zeros((count, count)), {0.01: np.ones(count, dtype=int)})
    layout = horizon_figure(found, (-2.0, 0.0), 0.01, LIGHT)["layout"]
    for axis in (layout["xaxis"], layout["yaxis"]):
        shown = [int(name) for name in axis["tickvals"]]
        assert (shown[0], shown[-1], len(shown)) == (1, count, min(count, 6))
        assert np.ptp(np.diff(shown)) <= 1 if count > 1 else True
