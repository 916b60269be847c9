"""Colours that can be seen and told apart, and numbers that say what they mean."""

import itertools
import json
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_viz.cells import CATALOGUE, Cell, cell, cell_names
from gru_viz.labels import grouped
from gru_viz.roles import ROLES
from gru_viz.theme import (
    DARK,
    LIGHT,
    THEMES,
    cell_colour,
    cell_style,
    number,
    number_from_log10,
    percent,
    power_of_ten,
)
from gru_viz.ui.pages import ABOUT, PAGES
from tests.saying import parts
from tests.visitor import go, open_app

SIX = ("keep", "write", "show", "look back", "candidate", "state")


# -- colours -----------------------------------------------------------------------------------------------------------


def linear(colour):
    """Red, green and blue as amounts of light, 0 to 1."""
    share = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    """As the guidelines for accessible content define it: 1 to 21."""
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def lab(colour):
    """CIELAB under D65."""
    to_xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
    )
    share = to_xyz @ linear(colour) / to_xyz.sum(axis=1)
    x, y, z = np.where(share > (6 / 29) ** 3, np.cbrt(share), share / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


# What an eye without one kind of cone makes of amounts of red, green and blue light: Machado, Oliveira and Fernandes,
# "A physiologically-based model for simulation of color vision deficiency" (2009), severity 1. Each row sums to 1.
EYES = {
    "all cones": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def seen_by(eyes, colour):
    """The colour that other eyes would have to see for the same impression."""
    light = np.clip(np.array(EYES[eyes]) @ linear(colour), 0, 1)
    share = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(255 * float(each)):02X}" for each in share)


def least_distance(colours):
    return min(float(np.linalg.norm(lab(one) - lab(other))) for one, other in itertools.combinations(colours, 2))


def test_the_measures_know_black_white_and_red():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    np.testing.assert_allclose(lab("#FFFFFF"), [100, 0, 0], atol=0.01)
    np.testing.assert_allclose(lab("#FF0000"), [53.24, 80.09, 67.20], atol=0.02)
    for eyes, matrix in EYES.items():
        np.testing.assert_allclose(np.sum(matrix, axis=1), 1, atol=1e-5)  # what is grey stays grey
        assert seen_by(eyes, "#777777") == "#777777"
    red, green = (lab(seen_by("deutan", colour)) for colour in ("#C00000", "#5A7A00"))
    assert np.linalg.norm(red - green) < 0.35 * np.linalg.norm(lab("#C00000") - lab("#5A7A00"))


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_colours_stand_out_from_their_ground(theme):
    for colour in (*theme.roles.values(), theme.quiet):
        assert contrast(colour, theme.ground) >= 3
    for colour in (*theme.cells, theme.text, theme.quiet):  # they are text as well
        assert contrast(colour, theme.ground) >= 4.5


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("eyes", EYES)
def test_colours_are_told_apart_by_all_eyes(theme, eyes):
    assert least_distance([seen_by(eyes, theme.roles[role]) for role in SIX]) >= 28.5
    assert least_distance([seen_by(eyes, colour) for colour in theme.cells]) >= 21
    negative, _, positive = (seen_by(eyes, theme.signed[k]) for k in (1, 4, -2))
    assert least_distance([negative, positive]) >= 29


def test_both_grounds_have_a_colour_for_every_role():
    assert set(LIGHT.roles) == set(DARK.roles) == set(ROLES)
    assert (LIGHT.ground, DARK.ground) == ("#FFFFFF", "#0E1420")


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_signed_colours_have_the_ground_in_the_middle_and_leave_it_evenly(theme):
    middle = len(theme.signed) // 2
    assert theme.signed[middle] == theme.ground
    away = [abs(lab(colour)[0] - lab(theme.ground)[0]) for colour in theme.signed]
    for side in (away[middle::-1], away[middle:]):
        assert side == sorted(side)
    hue = [np.sign(lab(colour)[2]) for colour in theme.signed]  # blue is negative, yellow positive
    assert hue[:middle] == [-1] * middle
    assert hue[middle + 1 :] == [1] * middle


def test_a_family_shares_its_colour_and_every_cell_has_its_own_line():
    assert [cell_colour(LIGHT, each) for each in CATALOGUE] == ["#6B7280", "#0B5FA5", "#C2410C", "#C2410C", "#0B5FA5"]
    assert len({cell_style(each).dash for each in CATALOGUE}) == len(CATALOGUE)
    assert len({cell_style(each).marker for each in CATALOGUE}) == len(CATALOGUE)
    assert [cell_style(cell(name)).dash for name in ("rnn", "lstm", "gru")] == ["dot", "solid", "dash"]


def test_a_cell_that_somebody_types_has_a_style():
    minimal = Cell("minimal", "f = sigmoid(U_f @ h + b_f)\nh' = f * h + (1 - f) * tanh(W @ x)")
    assert cell_colour(DARK, minimal) == "#FB9A5B"
    assert cell_style(minimal).dash != cell_style(cell("gru")).dash


# -- figures without their colours -------------------------------------------------------------------------------------

LENSES = [name for name in PAGES if name not in ABOUT]
ALL_CELLS = ",".join(cell_names())
VIEWS = {
    "as it opens": {},
    "every cell": {"cells": ALL_CELLS, "hidden": "4"},
    "parts, seeds, two units": {"cells": ALL_CELLS, "curve": "parts", "norm": "parts", "hidden": "2", "units": "1,2"}
    | {"luck": "1", "text": "Ada", "replace": "A", "by": "B"},
    "theory": {"norm": "jacobian", "text": "abcab", "replace": "a", "by": "b"},
}


def cue(series):
    """How a series is told from others where there is no colour: the line's dash and width, the marker's shape, size
    and whether it is hollow, the row that it fills."""
    line, marker, rows = series.get("line", {}), series.get("marker", {}), series["y"]
    hollow = marker.get("color") in [theme.ground for theme in THEMES.values()]
    return (
        series.get("fill"),
        (line.get("dash", "solid"), line.get("width", 2)) if "lines" in series["mode"] else None,
        (str(marker.get("symbol")), str(marker.get("size")), hollow) if "markers" in series["mode"] else None,
        str(rows[0]) if isinstance(rows, list) and len(set(map(str, rows))) == 1 else None,
    )


def brightness(series):
    colour = series.get("line", {}).get("color") or series.get("marker", {}).get("color")
    return luminance(colour) + 0.05 if isinstance(colour, str) and re.fullmatch("#[0-9A-F]{6}", colour) else None


def alike_without_colour(spec):
    """The pairs of lines and marks in one plot that have the same cue, and about the same brightness. Left out are thin
    lines, which go with the curve of their cell: bands and medians of seeds, bounds, a part of a state."""
    series = [each for each in spec["data"] if each["type"] == "scatter" and each.get("line", {}).get("width", 2) >= 2]
    for one, other in itertools.combinations(series, 2):
        lights = brightness(one), brightness(other)
        apart = None not in lights and max(lights) >= 1.5 * min(lights)
        same_plot = all(one.get(axis) == other.get(axis) for axis in ("xaxis", "yaxis"))
        if same_plot and cue(one) == cue(other) and not apart:
            yield one.get("name"), other.get("name")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("view", VIEWS)
def test_no_figure_tells_its_series_apart_by_colour_alone(view, theme):
    app, found = open_app(theme=theme, **VIEWS[view]), 0
    for page in LENSES:
        go(app, page)
        for chart in app.main.get("plotly_chart"):
            found += 1
            assert list(alike_without_colour(json.loads(chart.proto.spec))) == [], (page, chart.proto.id)
    assert found >= 12


def test_series_that_differ_in_colour_alone_are_noticed():
    figure = json.loads(open_app().get_by_key("gradient").proto.spec)
    assert not list(alike_without_colour(figure))
    for series in figure["data"]:
        series.get("line", {}).pop("dash", None)
    assert ("RNN", "GRU") in list(alike_without_colour(figure))


# -- numbers -----------------------------------------------------------------------------------------------------------

CASES = [
    (0.0, "0"), (-0.0, "0"), (1.0, "1.00"), (-1.0, "−1.00"), (0.5, "0.500"), (-0.0037, "−0.00370"), (123.456, "123"),
    (9.9996, "10.0"), (0.99996, "1.00"), (-9.9996, "−10.0"), (999.96, "1000"), (12_345, "12\u202f300"),
    (99_949, "99\u202f900"), (99_951, "1.00·10⁵"), (100_000, "1.00·10⁵"), (-123_456, "−1.23·10⁵"),
    (0.001, "0.00100"), (0.0009996, "0.00100"),
    (0.000999, "9.99·10⁻⁴"), (0.0001, "1.00·10⁻⁴"), (2.44e-14, "2.44·10⁻¹⁴"),
    (1e100, "1.00·10¹⁰⁰"), (5e-324, "4.94·10⁻³²⁴"), (1.7976e308, "1.80·10³⁰⁸"),
    (math.inf, "∞"), (-math.inf, "−∞"), (math.nan, "not a number"), (1000, "1000"), (9999.6, "10\u202f000"),
    (3, "3.00"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text"), CASES, ids=[repr(value) for value, _ in CASES])
def test_a_number_has_three_digits_a_real_minus_and_powers_of_ten(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("log10", "text"),
    [
        (-math.inf, "0"), (0.0, "1.0"), (-13.6128, "2.4·10⁻¹⁴"), (-1806.18, "6.6·10⁻¹⁸⁰⁷"), (903.09, "1.2·10⁹⁰³"),
        (-1e6, "1.0·10⁻¹⁰⁰⁰⁰⁰⁰"), (math.log10(9.96), "10"), (4.9999, "1.0·10⁵"),
        (-3.0001, "0.0010"), (-3.1, "7.9·10⁻⁴"),
    ],
)  # fmt: skip
def test_a_number_may_lie_far_outside_the_range_of_a_float(log10, text):
    assert number_from_log10(log10, 2) == text


@given(st.floats(-1e300, 1e300).filter(lambda v: abs(v) > 1e-300), st.integers(2, 6))
def test_a_number_reads_back_within_the_digits_that_are_shown(value, digits):
    text = number(value, digits)
    shown, power = parts(text)
    wanted, exponent = f"{value:.15e}".split("e")
    found, wanted = shown * 10.0 ** (power - int(exponent)), float(wanted)
    assert abs(found - wanted) <= 0.5001 * 10.0 ** (1 - digits)
    assert text.startswith("−") is (value < 0)
    assert not set(text) & set("-e,")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"), (999, "999"), (1_000, "1000"), (9_999, "9999"), (10_000, "10\u202f000"), (-12_345, "-12\u202f345"),
        (2**32 - 1, "4\u202f294\u202f967\u202f295"), (np.int64(131_072), "131\u202f072"),
    ],
)  # fmt: skip
def test_a_count_is_grouped_from_five_digits_on(count, text):
    assert grouped(count) == text


def test_powers_of_ten():
    assert list(map(power_of_ten, (-12, -1, 0, 1, 2, 308))) == ["10⁻¹²", "10⁻¹", "1", "10", "10²", "10³⁰⁸"]


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"), (1e-16, "0 %"), (1e-9, "less than 1 %"), (0.001, "less than 1 %"), (0.0099, "less than 1 %"),
        (0.01, "1 %"), (0.415, "42 %"), (0.99, "99 %"), (0.991, "more than 99 %"), (0.9999, "more than 99 %"),
        (1 - 1e-15, "100 %"), (1.0, "100 %"),
    ],
)  # fmt: skip
def test_a_share_is_in_whole_percents_and_neither_none_nor_all_unless_it_is(share, text):
    assert percent(share) == text
