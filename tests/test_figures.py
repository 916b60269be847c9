"""Figures are pure functions of stored numbers: what they draw is what they were given, in any theme and size."""

import itertools
import json
import math
import re

import numpy as np
import pytest

from gru_viz.cells import cell, cell_names
from gru_viz.experiment import Experiment
from gru_viz.figures.common import MARGIN, log_ticks, plain, set_tokens, spread, token_axis, typed, untyped
from gru_viz.figures.contrast import difference_figure, gradient_figure, states_figure, units_shown
from gru_viz.figures.curves import short, two_lines
from gru_viz.measures.gradients import WHOLE
from gru_viz.measures.what_if import Seeds
from gru_viz.runs import CellReport, Difference, contrast
from gru_viz.theme import DARK, LIGHT, THEMES, cell_colour, cell_style
from tests.saying import assert_shows

FOUND = contrast(Experiment())
ALL_CELLS = contrast(Experiment(cells=cell_names()))
LABELS = FOUND.sequence.labels
HOSTILE = ("<b>x</b>", "&amp;", "<a href='http://example.com'>y</a>", "%{x}")


def line(figure, name):
    (found,) = [each for each in figure["data"] if each["name"] == name]
    return found


def values(figure, name):
    return untyped(line(figure, name)["y"])


def heatmaps(figure):
    """Those of states, without the covers of what is negative: see test_sign."""
    return [each for each in figure["data"] if not each["name"].endswith(" below 0")]


def report(name, norm, hidden=2):
    of, norm = cell(name), np.array(norm, dtype=float)
    reach = len(norm) - int(np.flatnonzero(norm >= norm[-1] - 2)[0])
    return CellReport(
        of, {s: np.zeros((len(norm), hidden)) for s in of.states}, norm, dict.fromkeys(of.states, norm), norm, reach
    )


def large(steps=2_000, hidden=64):
    rng = np.random.default_rng(0)
    return [
        CellReport(
            cell(name),
            {state: rng.standard_normal((steps, hidden)) for state in cell(name).states},
            *(rng.standard_normal(steps), {state: rng.standard_normal(steps) for state in cell(name).states}),
            rng.standard_normal(steps),
            7,
        )
        for name in cell_names()
    ]


def figures(found=FOUND, theme=LIGHT):
    labels = found.sequence.labels
    drawn = {kind: gradient_figure(found.reports, labels, theme, kind) for kind in ("state", "parts", "input")}
    drawn["states"] = states_figure(found.reports, labels, theme)
    return drawn | {"difference": difference_figure(found.differences, labels, theme)}


# -- numbers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5,), (3, 4), (1, 1)])
def test_a_typed_array_reads_back(shape):
    given = np.random.default_rng(1).standard_normal(shape)
    found = untyped(json.loads(json.dumps(typed(given))))
    assert found.shape == shape
    np.testing.assert_allclose(found, given, rtol=1e-7)
    np.testing.assert_allclose(untyped(typed(given.T)), given.T, rtol=1e-7)
    np.testing.assert_array_equal(untyped(json.loads(json.dumps(typed(given < 0)))), given < 0)


def test_curves_are_the_norms_of_the_reports():
    drawn = figures()
    for each in FOUND.reports:
        title = each.cell.title
        np.testing.assert_allclose(values(drawn["state"], title), each.norm, rtol=1e-6)
        np.testing.assert_allclose(values(drawn["input"], title), each.input_norm, rtol=1e-6)
        for name, norm in each.parts.items():
            finite = np.isfinite(norm)
            np.testing.assert_allclose(values(drawn["parts"], f"{title} {name}")[finite], norm[finite], rtol=1e-6)
    for each in FOUND.differences:
        np.testing.assert_allclose(
            values(drawn["difference"], each.cell.title), each.distance / each.distance.max(), rtol=1e-6
        )


def test_heatmaps_are_the_states_on_one_scale_symmetric_about_zero():
    drawn = figures()["states"]
    largest = 0.0
    for each in FOUND.reports:
        for name, states in each.states.items():
            np.testing.assert_allclose(untyped(line(drawn, f"{each.cell.title} {name}")["z"]), states.T, rtol=1e-6)
            largest = max(largest, np.abs(states).max())
    scale = drawn["layout"]["coloraxis"]
    assert (scale["cmin"], scale["cmax"]) == (-largest, largest)
    assert {each["coloraxis"] for each in heatmaps(drawn)} == {"coloraxis"}
    places = np.array([place for place, _ in scale["colorscale"]], dtype=float)
    assert (places[0], places[-1]) == (0, 1)
    assert (np.diff(places) > 0).all()
    np.testing.assert_allclose(places + places[::-1], 1)


def test_steps_are_counted_from_one_and_named_by_their_tokens():
    for drawn in figures().values():
        axis = drawn["layout"]["xaxis"]
        assert axis["categoryarray"] == [str(step) for step in range(1, 33)]
        assert [read_tick(axis, step) for step in ("1", "16", "32")] == [("M", "1"), ("␣", "16"), ("?", "32")]
        for each in drawn["data"]:
            if len(each["x"]) > 1:
                assert each["x"][-1] == "32"


def read_tick(axis, step):
    """The token and the number of a tick of two lines."""
    return re.fullmatch(r"<span[^>]*>(.*)</span><br><span[^>]*>(\d+)</span>", axis["labelalias"][step]).groups()


def test_a_token_stands_alone_only_where_all_have_room_and_far_more_are_numbers():
    few, some, many = (token_axis("abcdefghij"[:k] if k < 10 else "abcdefghij" * (k // 10), LIGHT) for k in (9, 60, 70))
    assert [re.sub("<[^>]*>", "", each) for each in few["labelalias"].values()] == list("abcdefghi")
    assert [read_tick(some, step) for step in ("1", "13", "60")] == [("a", "1"), ("c", "13"), ("j", "60")]
    assert "labelalias" not in many
    assert many["nticks"] == 6
    assert (few["fixedrange"], some["fixedrange"], many["fixedrange"]) == (True, True, False)
    long = token_axis(["internationalization"] * 20, LIGHT)
    assert re.sub("<[^>]*>", "", long["labelalias"]["7"]) == "7 internationaliz…"


FAMILY = "👨‍👩‍👧"  # one character of five code points


@pytest.mark.parametrize(
    ("tokens", "may_turn"),
    [("ab", False), (["10", "−1"], False), ([FAMILY, "é", "你"], False), (["0.5"], True), (["мир"], True),
     (["你好"], True), (["ＡＢ"], True), (["مرحبا", "a"], True), ([FAMILY * 2], True), (["U+200B"], True)],
)  # fmt: skip
def test_tokens_turn_only_where_they_might_lie_over_each_other(tokens, may_turn):
    """Plotly keeps ticks as far apart as a line is high: two digits have room in it."""
    axis = token_axis(tokens, LIGHT)
    assert (axis["tickangle"], axis["automargin"]) == (("auto", "height") if may_turn else (0, False))
    assert axis["autotickangles"] == [0, -90]
    layout = {"height": 100, "annotations": []}
    set_tokens(layout, tokens, LIGHT)
    assert (layout["height"] > 100) == may_turn


def test_a_token_is_cut_by_its_width_and_never_within_a_character():
    given = ["a" * 16, "a" * 17, "你" * 8, "你" * 9, FAMILY * 9]
    shown = [token_axis([token], LIGHT)["labelalias"]["1"] for token in given]
    assert shown == ["a" * 16, "a" * 15 + "…", "你" * 8, "你" * 7 + "…", FAMILY * 7 + "…"]


def test_a_marker_stands_where_the_gradient_still_has_one_percent():
    drawn = figures()["state"]
    for each in FOUND.reports:
        marker = line(drawn, f"{each.cell.title} reaches back to here")
        at = int(marker["x"][0]) - 1
        assert at == np.flatnonzero(each.norm >= each.norm[-1] - 2)[0]
        assert marker["y"] == [pytest.approx(each.norm[at])]


def test_the_guide_stands_at_one_percent_of_the_last_step():
    drawn = figures()["state"]["layout"]
    (guide,) = drawn["shapes"]
    wanted = FOUND.reports[0].norm[-1] - 2
    assert guide["y0"] == guide["y1"] == pytest.approx(wanted)
    assert drawn["yaxis"]["ticktext"][drawn["yaxis"]["tickvals"].index(guide["y0"])] == "1 % of last"
    assert not figures()["parts"]["layout"]["shapes"]
    assert not figures()["input"]["layout"]["shapes"]


def test_a_difference_begins_at_its_first_step():
    found = [Difference(cell("gru"), range(2, 5), np.array([1.0, 4.0, 2.0]))]
    drawn = line(difference_figure(found, tuple("abcde"), LIGHT), "GRU")
    assert drawn["x"] == ["3", "4", "5"]
    assert untyped(drawn["y"]).tolist() == [0.25, 1.0, 0.5]
    assert drawn["text"] == ["step 3, c: 0.250", "step 4, d: 1.00", "step 5, e: 0.500"]


def test_the_band_lies_behind_the_curves_low_before_high():
    rng = np.random.default_rng(3)
    ordered = np.sort(rng.standard_normal((32, 200)), axis=1)
    band = ordered[:, 19], ordered[:, 99], ordered[:, 179]
    drawn = gradient_figure(FOUND.reports, LABELS, LIGHT, "state", [Seeds(cell("gru"), {WHOLE: band}, {})])
    low, high, middle = drawn["data"][:3]
    for each, place in ((low, 19), (high, 179), (middle, 99)):
        np.testing.assert_allclose(untyped(each["y"]), ordered[:, place], rtol=1e-6)
    assert "fill" not in low
    assert high["fill"] == "tonexty"
    assert "10 %" in low["name"]
    assert "90 %" in high["name"]
    bottom, top = drawn["layout"]["yaxis"]["range"]
    assert bottom <= min(ordered[:, 19]) <= max(ordered[:, 179]) <= top


# -- zeros, one step, large runs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["state", "parts", "input"])
def test_an_exact_zero_leaves_a_gap_and_a_finite_range(kind):
    drawn = gradient_figure([report("rnn", [-math.inf, -math.inf, -1.0, 0.0])], tuple("abcd"), LIGHT, kind)
    name = "RNN h" if kind == "parts" else "RNN"
    assert np.isnan(values(drawn, name)).tolist() == [True, True, False, False]
    assert np.isfinite(drawn["layout"]["yaxis"]["range"]).all()
    assert np.isfinite(drawn["layout"]["yaxis"]["tickvals"]).all()
    assert all(np.isfinite(each["y"]) for each in drawn["layout"]["annotations"])
    assert line(drawn, name)["text"][0] == "step 1, a: 0"


def test_a_curve_of_zeros_alone_still_gives_a_figure():
    zeros = report("rnn", [0.0] * 3)
    object.__setattr__(zeros, "input_norm", np.full(3, -math.inf))
    drawn = gradient_figure([zeros], tuple("abc"), LIGHT, "input")
    assert np.isfinite(drawn["layout"]["yaxis"]["range"]).all()


def test_a_band_of_zeros_leaves_a_gap():
    band = (np.full(32, -math.inf),) * 3
    drawn = gradient_figure(FOUND.reports, LABELS, LIGHT, "state", [Seeds(cell("rnn"), {WHOLE: band}, {})])
    assert np.isfinite(drawn["layout"]["yaxis"]["range"]).all()
    assert np.isnan(untyped(drawn["data"][0]["y"])).all()


def test_one_step_is_drawn_as_a_mark():
    found = contrast(Experiment(text="a", replace="a", by="b"))
    for drawn in figures(found).values():
        assert drawn["layout"]["xaxis"]["range"] == [-0.5, 0.5]
        for each in drawn["data"]:
            assert each["type"] == "heatmap" or each["mode"] == "markers"


def test_a_figure_never_plots_more_than_fifty_thousand_states():
    reports = large()
    drawn = states_figure(reports, ("a",) * 2_000, LIGHT)
    plotted = [untyped(each["z"]) for each in heatmaps(drawn)]
    assert sum(each.size for each in plotted) <= 50_000
    assert {len(each) for each in plotted} == {units_shown(reports)}
    np.testing.assert_allclose(plotted[0][0], reports[0].states["h"][:, 0], rtol=1e-6)
    assert units_shown(FOUND.reports) == 8
    assert len(json.dumps(drawn)) < 1_000_000


# -- form --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("found", [FOUND, ALL_CELLS], ids=["three", "five"])
@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_a_figure_is_plain_json_in_the_colours_of_its_ground(theme, found):
    other = LIGHT if theme is DARK else DARK
    for drawn in figures(found, theme).values():
        words = json.dumps(drawn, allow_nan=False)
        assert json.loads(words) == drawn
        assert drawn["layout"]["paper_bgcolor"] == drawn["layout"]["plot_bgcolor"] == theme.ground
        assert not [colour for colour in (other.ground, other.text, *other.cells) if colour in words]


def test_numbers_that_plotly_writes_have_a_real_minus():
    """In %{z:.3f} it writes a hyphen, in %{z} with a zhoverformat a minus."""
    for drawn in figures().values():
        for each in drawn["data"]:
            assert not re.search(r"%{[xyz]:", each.get("hovertemplate", ""))


def test_both_themes_draw_the_same_numbers():
    for light, dark in zip(figures(theme=LIGHT).values(), figures(theme=DARK).values(), strict=True):
        for one, other in zip(light["data"], dark["data"], strict=True):
            assert [one.get(key) for key in "xyz"] == [other.get(key) for key in "xyz"]


def test_cells_are_told_apart_by_colour_and_by_line():
    drawn = figures(ALL_CELLS, DARK)["state"]
    for each in ALL_CELLS.reports:
        style = line(drawn, each.cell.title)["line"]
        assert (style["color"], style["dash"]) == (cell_colour(DARK, each.cell), cell_style(each.cell).dash)
    styles = [(line(drawn, each.cell.title)["line"]["dash"]) for each in ALL_CELLS.reports]
    assert len(set(styles)) == 5


def test_all_figures_share_one_axis_of_time():
    margins = [drawn["layout"]["margin"] for drawn in figures().values()]
    assert {(each["l"], each["r"]) for each in margins} == {(MARGIN["l"], MARGIN["r"])}


def test_what_was_typed_is_no_markup_in_a_figure():
    assert plain("<b>&amp;") == "&lt;b&gt;&amp;amp;"
    drawn = gradient_figure([report("rnn", [0, 0, 0, 0])], HOSTILE, LIGHT)
    axis = token_axis(HOSTILE, LIGHT)["labelalias"]
    texts = [*axis.values(), *line(drawn, "RNN")["text"]]
    assert not [text for text in texts if "<" in text or ">" in text]
    assert axis["2"] == "&amp;amp;"
    assert all("%{x}" not in each.get("hovertemplate", "") for each in drawn["data"])


# -- parts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high"), [(-14, 1), (-1806, 2), (-0.2, 0.3), (0.1, 0.2), (-3, 900), (-1.5, 0.4), (-30, -29.5), (-700, 5)]
)
def test_at_least_two_ticks_stand_inside_the_range_at_whole_powers_of_ten_where_there_are_two(low, high):
    places, texts = log_ticks(low, high)
    assert all(low <= place <= high for place in places)
    assert 2 <= len(places) <= 10
    if high - low >= 2:
        assert all(place == round(place) for place in places)
        assert len({round(gap, 9) for gap in np.diff(places)}) <= 1
    assert len(set(texts)) == len(places)
    assert all("e" not in text and "-" not in text for text in texts)
    for place, text in zip(places, texts, strict=True):
        digits = re.sub("^10(?=[⁻⁰¹²³⁴⁵⁶⁷⁸⁹])", "1·10", text)
        assert_shows(digits, place, len(re.sub(r"·.*|^0\.0*|\.", "", digits)))


def test_ticks_are_written_as_powers():
    assert log_ticks(-0.4, 0.4)[1] == ["0.5", "1", "2"]
    assert log_ticks(0.4, 0.75)[1] == ["3", "4", "5"]
    assert log_ticks(-2.5, 2.5) == ([-2.0, -1.0, 0.0, 1.0, 2.0], ["10⁻²", "10⁻¹", "1", "10", "10²"])


@pytest.mark.parametrize("given", [[0.5], [0.5, 0.5], [0.9, 0.1, 0.11], [0.3, 0.3, 0.3, 0.3, 0.3], [0.1, 0.5, 0.9]])
def test_labels_are_moved_apart_and_keep_their_order(given):
    moved = spread(given, 0.06)
    places = sorted(moved)
    assert all(b - a >= 0.06 * 0.999 for a, b in itertools.pairwise(places))
    assert sorted(range(len(given)), key=given.__getitem__) == sorted(range(len(moved)), key=moved.__getitem__)
    if all(abs(a - b) >= 0.06 for k, a in enumerate(given) for b in given[:k]):
        assert moved == given
    assert np.mean(moved) == pytest.approx(np.mean(given))


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("GRU", ["GRU"]),
        ("GRU (reset after)", ["GRU", "(reset after)"]),
        ("LSTM (peepholes) c", ["LSTM c", "(peepholes)"]),
        ("f(x)", ["f(x)"]),
        ("RNN, hand-set", ["RNN, hand-set"]),
    ],
)
def test_what_stands_in_brackets_goes_below(name, lines):
    assert two_lines(name) == lines
    assert re.sub("<span[^>]*>|</span>", "", short(name)) == "<br>".join(lines)


@pytest.mark.parametrize("kind", ["state", "parts", "input"])
def test_labels_of_curves_do_not_overlap_and_stay_inside(kind):
    drawn = gradient_figure(ALL_CELLS.reports, LABELS, LIGHT, kind)["layout"]
    height = drawn["height"] - drawn["margin"]["t"] - drawn["margin"]["b"]
    labels = [each for each in drawn["annotations"] if each.get("xanchor") == "right"]
    assert len(labels) == (7 if kind == "parts" else 5)
    moved = [-each["ay"] if each["showarrow"] else each["yshift"] for each in labels]
    places = sorted(each["y"] * height + up for each, up in zip(labels, moved, strict=True))
    assert min(np.diff(places)) >= 14
    assert -drawn["margin"]["b"] <= places[0]
    assert places[-1] <= height + drawn["margin"]["t"]
