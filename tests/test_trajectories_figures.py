"""The figures of the Trajectories page: paths, pairs of them and phase portraits are drawn as they are."""

import itertools

import numpy as np
import pytest

from gru_viz.experiment import Experiment
from gru_viz.figures.common import untyped
from gru_viz.figures.portrait import portrait_figure
from gru_viz.figures.trajectories import INNER, LINE, TIME, limits, pair_figure, path_figure
from gru_viz.measures.portrait import GRID
from gru_viz.measures.trajectories import trajectories
from gru_viz.theme import DARK, LIGHT, THEMES
from tests.paths import DEFAULT, FOUND, SIGN, drawn, two
from tests.test_theme import contrast as contrast_ratio


def points_of(line):
    return np.stack(
        [np.asarray(untyped(line[axis]) if isinstance(line[axis], dict) else line[axis]) for axis in "xy"], 1
    )


def line(figure, name):
    (found,) = [each for each in figure["data"] if each.get("name") == name]
    return found


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_a_path_is_drawn_as_it_is_with_time_as_colour(theme):
    own = FOUND.paths[1]
    figure = path_figure(own, FOUND.sequence.labels, limits([own]), theme)
    dots = line(figure, "LSTM")
    np.testing.assert_allclose(points_of(dots), own.points[1:], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(points_of(figure["data"][0]), own.points, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(points_of(line(figure, "start: h = 0")), own.points[:1], atol=1e-6)
    assert dots["marker"]["color"] == list(range(1, 33))
    assert dots["marker"]["size"][-1] > max(dots["marker"]["size"][:-1])
    assert dots["customdata"][11] == "step 12, A"
    assert figure["layout"]["yaxis"]["scaleanchor"] == "x"
    for axis, share in zip("xy", own.shares, strict=True):
        assert f"{100 * share:.0f} % of variance" in figure["layout"][f"{axis}axis"]["title"]["text"]
        low, high = figure["layout"][f"{axis}axis"]["range"]
        values = own.points[:, "xy".index(axis)]
        assert low < values.min() <= values.max() < high


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_every_step_is_seen_against_the_ground_and_later_ones_better(theme):
    ratios = [contrast_ratio(colour, theme.ground) for colour in TIME[theme.name]]
    assert min(ratios) >= 3
    assert ratios == sorted(ratios)


@pytest.mark.parametrize("inner", [INNER, 80])
@pytest.mark.parametrize("text", ["My name is Ada. What is my name?", "ab" * 300, "a"])
def test_labels_do_not_lie_over_each_other(text, inner):
    found = trajectories(Experiment(text=text, replace=text[0], by="q"))
    for own in found.paths:
        extent = limits([own])
        dots = line(path_figure(own, found.sequence.labels, extent, LIGHT, inner), own.cell.title)
        shown = [k for k, label in enumerate(dots["text"]) if label]
        assert len(text) - 1 in shown
        scale = inner / max(high - low for low, high in extent)
        for a, b in itertools.combinations(shown, 2):
            across, up = np.abs(own.points[a + 1] - own.points[b + 1]) * scale
            assert up > LINE or across > 8
        for k in set(range(len(text))) - set(shown):  # and none is left out that had room
            apart = np.abs(own.points[k + 1] - own.points[[late + 1 for late in shown if late > k]]) * scale
            assert (apart <= [12, LINE]).all(axis=1).any()


def test_a_long_word_leaves_its_neighbours_their_room():
    found = trajectories(Experiment(kind="words", text="internationalization is by words", replace="is", by="by"))
    for own in found.paths:
        dots = line(path_figure(own, found.sequence.labels, limits([own]), LIGHT), own.cell.title)
        assert {label for label in dots["text"] if label} <= {"interna…", "is", "by", "words"}
        assert max(map(len, dots["text"])) <= 8
        assert dots["customdata"][0] == "step 1, internationalization"  # the whole word where it is pointed at


def test_a_long_word_at_an_edge_stands_towards_the_middle():
    found = trajectories(
        Experiment(kind="words", text="elephants are internationally extraordinary", replace="are", by="be")
    )
    sides = set()
    for own in found.paths:
        ((left, right), _) = extent = limits([own])
        dots = line(path_figure(own, found.sequence.labels, extent, LIGHT), own.cell.title)
        scale = INNER / max(high - low for low, high in extent)
        for (x, _), label, side in zip(own.points[1:], dots["text"], dots["textposition"], strict=True):
            width, start = 7 * len(label), {"top left": 1, "top center": 0.5, "top right": 0}[side]
            assert label == "" or (x - left) * scale >= start * width
            assert label == "" or (right - x) * scale >= (1 - start) * width
            sides.add(side)
    assert len(sides) == 3


def test_a_visitors_text_is_no_markup():
    found = trajectories(Experiment(kind="words", text="<b>x</b> <b>x</b> &amp;", replace="&amp;", by="<i>"))
    figure = path_figure(found.paths[0], found.sequence.labels, limits([found.paths[0]]), LIGHT)
    assert "<b>" not in str(figure["data"])


def test_two_paths_part_where_the_sequences_do_and_bars_join_their_steps():
    own, other = FOUND.paths[2], FOUND.others[2]
    start, labels = FOUND.replaced.start, FOUND.sequence.labels
    figure = pair_figure(own, other, start, (labels, FOUND.replaced.sequence.labels), limits([own, other]), DARK)
    assert start == 11
    for name, each in (("GRU, as typed", own), ("GRU, with the replacement", other)):
        dots = line(figure, name)
        np.testing.assert_allclose(points_of(dots), each.points[12:], rtol=1e-5, atol=1e-6)
        assert dots["customdata"][0].startswith("step 12, ")
    bars = points_of(line(figure, "the same step")).reshape(-1, 3, 2)
    assert len(bars) == 21
    assert np.isnan(bars[:, 2]).all()
    np.testing.assert_allclose(bars[:, 0], own.points[12:], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(bars[:, 1], other.points[12:], rtol=1e-5, atol=1e-6)
    dashes = [each["line"]["dash"] for each in figure["data"] if each["mode"] == "lines"]
    assert dashes == ["solid", "solid", "dash"]


@pytest.mark.parametrize(("old", "new"), [("Ada", "Z"), ("Ada", "Zachary"), ("?", "!"), ("M", "mm")])
def test_steps_of_other_lengths_are_paired_from_the_end(old, new):
    found = trajectories(Experiment(replace=old, by=new))
    own, other = found.paths[0], found.others[0]
    labels = (found.sequence.labels, found.replaced.sequence.labels)
    figure = pair_figure(own, other, found.replaced.start, labels, limits([own, other]), LIGHT)
    bars = points_of(line(figure, "the same step")).reshape(-1, 3, 2)
    np.testing.assert_allclose(bars[-1, 0], own.points[-1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(bars[-1, 1], other.points[-1], rtol=1e-5, atol=1e-6)
    assert len(bars) == len(found.differences[0].distance)


@pytest.mark.parametrize("name", ["rnn", "lstm"])
def test_arrows_point_where_steps_lead_and_are_longer_where_those_are(name):
    found = drawn(two(recurrent_gain=3.0, held="a"), name)
    figure = portrait_figure(found, list(DEFAULT.text), LIGHT)
    strokes = points_of(line(figure, "one step with the input held")).reshape(-1, 7, 2)
    moving = np.hypot(*found.steps.T) > 0
    steps = found.steps[moving]
    assert len(strokes) == moving.sum()
    arrows = strokes[:, 1] - strokes[:, 0]
    lengths, wanted = np.hypot(*arrows.T), np.hypot(*steps.T)
    np.testing.assert_allclose(arrows / lengths[:, None], steps / wanted[:, None], atol=1e-3)
    np.testing.assert_allclose(lengths / lengths.max(), np.sqrt(wanted / wanted.max()), atol=1e-3)
    assert lengths.max() < 2 * found.limit / GRID
    np.testing.assert_allclose((strokes[:, 0] + strokes[:, 1]) / 2, found.starts[moving], atol=1e-5)
    if name == "lstm":
        assert not moving.all()  # where h does not settle there is no arrow


def test_fixed_points_are_marked_by_symbol_and_word():
    found = drawn(SIGN, "rnn")
    figure = portrait_figure(found, ["1", "0", "0", "0", "0"], DARK)
    np.testing.assert_allclose(points_of(line(figure, "stable fixed point")), found.places[[0, 2]], atol=1e-6)
    np.testing.assert_allclose(points_of(line(figure, "unstable fixed point")), found.places[[1]], atol=1e-6)
    symbols = [each["marker"]["symbol"] for each in figure["data"] if "fixed point" in each["name"]]
    assert len(set(symbols)) == 2
    assert [each["text"] for each in figure["layout"]["annotations"]] == ["stable", "unstable", "stable"]
    assert figure["layout"]["yaxis"]["scaleanchor"] == "x"


def test_where_nothing_moves_no_arrow_is_drawn():
    held = drawn(Experiment(weights="counter"), "lstm")
    figure = portrait_figure(held, list("abc"), LIGHT)
    assert len(points_of(line(figure, "one step with the input held"))) == 0
    assert figure["layout"]["annotations"] == []  # too many to be named
