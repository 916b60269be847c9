"""A figure for the back row: the same data, with text of 24 px and more, and nothing over anything else."""

import copy
import itertools
import re

import numpy as np
import pytest

from gru_viz.cells import CATALOGUE, cell_names
from gru_viz.experiment import Experiment
from gru_viz.figures.compare import price_figure
from gru_viz.figures.contrast import difference_figure, gradient_figure, states_figure
from gru_viz.figures.curves import Curve, curves_figure
from gru_viz.figures.gates import gates_figure
from gru_viz.figures.horizon import horizon_figure
from gru_viz.figures.projector import BELOW_CONCLUSION, LINE, LOWEST, NUMBER, TEXT, enlarged
from gru_viz.figures.spectra import circle_figure
from gru_viz.figures.trajectories import limits, path_figure
from gru_viz.measures.gates import gates
from gru_viz.measures.spectra import Horizon, Spectra
from gru_viz.measures.trajectories import trajectories
from gru_viz.runs import contrast, traces
from gru_viz.sequences import parse_sequence
from gru_viz.theme import DARK, LIGHT, power_of_ten
from gru_viz.ui.compare import compared

THREE, ALL = Experiment(), Experiment(cells=cell_names(), curve="parts")


def gates_of(experiment):
    sequence = parse_sequence(experiment.kind, experiment.text)
    runs = traces(experiment, sequence)
    found = [gate for run in runs for gate in gates(run)]
    return gates_figure([run.cell for run in runs], found, sequence.labels, LIGHT)


def figures():
    for name, experiment in (("", THREE), (" of all", ALL)):
        found = contrast(experiment)
        reports, labels = found.reports, found.sequence.labels
        yield f"gradient{name}", gradient_figure(reports, labels, LIGHT)
        yield f"parts{name}", gradient_figure(reports, labels, LIGHT, "parts")
        yield f"states{name}", states_figure(reports, labels, DARK)
        yield f"difference{name}", difference_figure(found.differences, labels, LIGHT)
        yield f"gates{name}", gates_of(experiment)
        yield f"price{name}", price_figure(compared(experiment), experiment.keep, DARK)


FIGURES = dict(figures())
LOW, HIGH = FIGURES["gradient"]["layout"]["yaxis"]["range"]
for NAME, SHARES in (("close numbers", [0.1, 0.15, 0.2, 0.9, 0.16]), ("many numbers", np.linspace(0.05, 0.95, 16))):
    CLOSE = FIGURES[NAME] = copy.deepcopy(FIGURES["gradient"])
    CLOSE["layout"]["yaxis"] |= {
        "tickvals": [LOW + (HIGH - LOW) * share for share in SHARES],
        "ticktext": list("abcdefghijklmnop")[: len(SHARES)],
    }
PLACED = {"y", "y0", "y1", "domain"}  # upwards, in parts of the plot
LED = {"showarrow", "arrowhead", "arrowwidth", "arrowcolor", "xshift", "yshift", "ax", "ay"}  # see test_figures
LENGTHS = {
    "size", "width", "height", "l", "r", "t", "b", "standoff", "ticklabelstandoff", "thickness", "xpad",
}  # fmt: skip


def values(part, path=()):
    """Each plain value of a figure, under its path."""
    if isinstance(part, dict | list):
        for key, inner in part.items() if isinstance(part, dict) else enumerate(part):
            yield from values(inner, (*path, key))
    else:
        yield path, part


def plot_height(figure):
    layout = figure["layout"]
    return layout["height"] - layout["margin"]["t"] - layout["margin"]["b"]


def named_beside(figure, side):
    """From what px down to what px each name on that side of the plot stands, as the page draws it at its lowest."""
    for each in figure["layout"]["annotations"]:
        place = (each.get("xref"), each.get("yref"), each["x"], each.get("xanchor"))
        if place == ("paper", "paper", *{"left": (0, "right"), "right": (1, "left")}[side]):
            lines = each["text"].count("<br>") + 1
            up = -each["ay"] if each["showarrow"] else each.get("yshift", 0)
            middle = each["y"] * plot_height(figure) + up
            yield middle - TEXT * lines / 2, middle + TEXT * lines / 2


@pytest.mark.parametrize("name", FIGURES)
def test_all_text_can_be_read_from_the_back_row(name):
    large = dict(values(enlarged(FIGURES[name])))
    sizes = [v for path, v in large.items() if path[-1] == "size" and str(path[-2]).endswith("font")]
    assert sizes
    assert min(sizes) >= TEXT
    assert not any("font-size:1" in v for v in large.values() if isinstance(v, str))


@pytest.mark.parametrize("name", FIGURES)
def test_the_data_stay_and_only_lengths_and_places_change(name):
    small, before = dict(values(FIGURES[name])), copy.deepcopy(FIGURES[name])
    large = dict(values(enlarged(FIGURES[name])))
    assert FIGURES[name] == before
    standoffs = [value for path, value in large.items() if path[-1] == "ticklabelstandoff"]
    assert standoffs == [round(value) for value in standoffs]  # Plotly drops any other
    for path, value in small.items():
        key = next(each for each in reversed(path) if isinstance(each, str))
        if path[0] == "layout" and (key in PLACED | LED | {"tickvals", "ticktext", "yanchor", "l", "r", "b", "height"}):
            continue
        if key in LENGTHS and isinstance(value, int | float):
            assert abs(large[path]) > abs(value) or value == 0, path
        elif not (isinstance(value, str) and ("font-size" in value or "<br>" in value)):
            assert large[path] == value, path


@pytest.mark.parametrize("count", [1, 2, 12, 64, 65])
def test_a_map_whose_axes_name_steps_keeps_their_numbers(count):
    shown = Horizon(CATALOGUE[0], np.arange(count), np.zeros((count, count)), {0.01: np.ones(count, dtype=int)})
    small = horizon_figure(shown, (-2.0, 0.0), 0.01, LIGHT)
    large = enlarged(small)
    for name in ("xaxis", "yaxis"):
        assert large["layout"][name].get("tickvals") == small["layout"][name].get("tickvals")


@pytest.mark.parametrize("name", FIGURES)
def test_what_stands_left_of_a_plot_has_its_room_there_and_the_steps_the_rest(name):
    layout = enlarged(FIGURES[name])["layout"]
    needed = [-each["xshift"] for each in layout["annotations"] if each.get("xanchor") == "left"]  # begins so far out
    for each in layout["annotations"]:
        if each.get("xref") == "paper" and each.get("xanchor") == "right":
            words = re.sub("<[^>]*>", "", each["text"])  # of the page's font a capital is 0.63 of its size wide, about
            wide = sum(0.63 if sign.isupper() else 0.5 for sign in words) * TEXT
            needed.append(wide + max(abs(each.get("xshift", 0)), abs(each.get("ax", 0))))
    assert layout["margin"]["l"] >= max(needed)
    if layout.get("yaxis", {}).get("side") == "right" and len(needed) > 1:
        assert layout["margin"]["l"] <= max(40, 1.25 * max(needed))


@pytest.mark.parametrize("lowest", [LOWEST, BELOW_CONCLUSION])
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("name", FIGURES)
def test_no_name_lies_over_another(name, side, lowest):
    beside = sorted(named_beside(enlarged(FIGURES[name], lowest), side))
    assert beside or side == "right" or name.startswith(("difference", "price"))
    assert beside or side == "left" or not name.startswith("difference")
    assert all(above >= below - 1 for (_, below), (above, _) in itertools.pairwise(beside))
    assert all(low >= -LINE for low, _ in beside)


@pytest.mark.parametrize("lowest", [LOWEST, BELOW_CONCLUSION])
@pytest.mark.parametrize("name", FIGURES)
def test_no_number_of_an_axis_lies_over_another_and_the_ends_stay(name, lowest):
    small, large = FIGURES[name], enlarged(FIGURES[name], lowest)
    axis, before = large["layout"].get("yaxis", {}), small["layout"].get("yaxis", {})
    if "tickvals" in before and "range" in before:
        places = sorted(axis["tickvals"])
        px = plot_height(large) / (axis["range"][1] - axis["range"][0])
        assert all((high - low) * px >= NUMBER for low, high in itertools.pairwise(places))
        assert len(axis["tickvals"]) == len(axis.get("ticktext", axis["tickvals"])) >= 2
        pairs = dict(zip(before["tickvals"], before["ticktext"], strict=True))
        if " " in before["ticktext"][-1]:
            return  # a guide: see below
        assert all(pairs[at] == text for at, text in zip(axis["tickvals"], axis["ticktext"], strict=True))
        assert axis["ticktext"][-1] == before["ticktext"][-1]
        is_near = abs(before["tickvals"][-1] - before["tickvals"][0]) * px < NUMBER
        assert is_near or axis["ticktext"][0] == before["ticktext"][0]


@pytest.mark.parametrize("last", [-0.5, -0.28, -0.2, 0.0, 0.11, 0.5, 0.7, 0.74, 0.95])
@pytest.mark.parametrize("lost", [0, 0.3, 1.9, 2.1, 3, 7, 15, 80, 700])
def test_every_axis_of_powers_says_a_distance_beside_its_guide(last, lost):
    curves = [Curve(CATALOGUE[0], np.linspace(last - lost, last, 9), "RNN")]
    axis = enlarged(curves_figure(curves, "a" * 9, LIGHT, "", share=0.01), BELOW_CONCLUSION)["layout"]["yaxis"]
    assert len([text for text in axis["ticktext"] if "of last" not in text]) >= 2


@pytest.mark.parametrize("lowest", [LOWEST, BELOW_CONCLUSION])
@pytest.mark.parametrize("last", [-2.5, -0.5, 0.0, 0.45, 1.95, 2.0, 2.05, 5])
@pytest.mark.parametrize("lost", [-900, -40, 2.1, 3, 7, 15, 34, 64, 80, 700])
def test_a_guides_name_stands_beside_its_line_and_apart_from_the_numbers(last, lost, lowest):
    curves = [Curve(CATALOGUE[0], np.linspace(last - lost, last, 9), "RNN")]
    figure = curves_figure(curves, "a" * 9, LIGHT, "", share=0.01)
    large = enlarged(figure, lowest)
    axis, plot = large["layout"]["yaxis"], plot_height(large)
    low, high = axis["range"]
    named = [each for each in large["layout"]["annotations"] if each["text"] == "1 % of last"]
    assert not any("of last" in text for text in axis["ticktext"])
    assert [each["y"] for each in named] == [pytest.approx(last - 2)] * (low <= last - 2 <= high)
    assert (low < 0 < high) <= ("1" in axis["ticktext"]) or not named
    assert [(value, power_of_ten(round(value))) for value in axis["tickvals"] if value == round(value)] == [
        (value, text) for value, text in zip(axis["tickvals"], axis["ticktext"], strict=True) if value == round(value)
    ]
    places = [(value - low) / (high - low) * plot for value in axis["tickvals"]]
    for each in named:
        line = (each["y"] - low) / (high - low) * plot
        assert -0.5 * TEXT < line + each["yshift"] < plot + 0.5 * TEXT
        assert abs(each["yshift"]) <= 2 * TEXT
        assert min(abs(place - line - each["yshift"]) for place in places) >= NUMBER - 0.01
        assert (abs(last - 2) / (high - low) * plot < NUMBER) or each["yshift"] == 0


@pytest.mark.parametrize("name", FIGURES)
def test_what_stands_beside_a_plot_has_room_there(name):
    layout = enlarged(FIGURES[name])["layout"]
    for each in layout["annotations"]:
        for side, anchor, x in (("l", "right", 0), ("r", "left", 1)):
            if (each.get("xref"), each.get("xanchor"), each["x"]) == ("paper", anchor, x):
                longest = max(len(re.sub("<.*?>", "", line)) for line in each["text"].split("<br>"))
                between = abs(each["ax"] if each["showarrow"] else each["xshift"])
                assert layout["margin"][side] >= 0.5 * TEXT * longest + between


@pytest.mark.parametrize("name", ["gradient", "states", "difference", "gates", "price", "gradient of all"])
def test_a_figure_is_low_enough_for_the_smallest_picture(name):
    assert enlarged(FIGURES[name])["layout"]["height"] <= LOWEST
    below = enlarged(FIGURES[name], BELOW_CONCLUSION)["layout"]["height"]
    assert below <= BELOW_CONCLUSION


def test_panels_keep_their_order_their_names_and_room_for_titles_between_them():
    for name in ("gates", "gates of all", "states"):
        small, large = FIGURES[name]["layout"], enlarged(FIGURES[name])["layout"]
        axes = [key for key in small if key.startswith("yaxis")]
        height = plot_height({"layout": large})
        panels = sorted((tuple(large[key]["domain"]) for key in axes), reverse=True)
        assert panels == [tuple(large[key]["domain"]) for key in axes]  # from the top downwards, as they were
        assert all((low - below) * height >= 1 for (low, _), (_, below) in itertools.pairwise(panels))
        for before, after in zip(small["annotations"], large["annotations"], strict=True):
            if before["xref"] == "x":  # a step's number below the plot
                assert before["y"] == after["y"] == 0
                continue
            inside = [key for key in axes if small[key]["domain"][0] <= before["y"] <= small[key]["domain"][1]]
            still = [key for key in axes if large[key]["domain"][0] <= after["y"] <= large[key]["domain"][1]]
            assert inside == still
            if not inside:  # the title of a cell: above its panels, not over them
                room = min(abs(after["y"] - edge) for panel in panels for edge in panel)
                assert room * height >= LINE / 2 - 1
        for before, after in zip(small["shapes"], large["shapes"], strict=True):
            if before["yref"] != "paper":
                assert before == after | {"line": before["line"]}  # in units of its panel's axis
                continue
            assert [before["y0"], before["y1"]] in [small[key]["domain"] for key in axes]
            assert [after["y0"], after["y1"]] in [pytest.approx(large[key]["domain"]) for key in axes]


def test_the_catalogue_is_what_is_measured_here():
    assert len(ALL.cells) == len(CATALOGUE)


@pytest.mark.parametrize("name", cell_names())
def test_a_narrow_plane_has_its_names_above_and_below(name):
    found = trajectories(Experiment(cells=(name,))).paths[0]
    small = path_figure(found, list(THREE.text), limits([found]), LIGHT)["layout"]
    large = enlarged({"data": [], "layout": small})["layout"]
    shares = [small[f"{axis}axis"]["title"]["text"].partition(": ")[2] for axis in "xy"]
    assert large["xaxis"]["title"]["text"] == "→ {}<br>↑ {}".format(*shares)
    assert "title" not in large["yaxis"]
    (title,) = large["annotations"]
    assert " ".join(title["text"].split("<br>")) == found.cell.title
    assert max(map(len, title["text"].split("<br>"))) <= 13
    assert large["margin"]["t"] >= TEXT * (title["text"].count("<br>") + 1) + title["yshift"]
    assert large["margin"]["l"] + large["margin"]["r"] < small["margin"]["l"]


def test_a_plane_without_names_is_enlarged_too():
    found = Spectra(CATALOGUE[0], np.arange(2), np.array([[0.5j, -0.5j], [1, 0]]), np.ones(2), {}, True)
    large = enlarged(circle_figure(found, 1.5, LIGHT))["layout"]
    assert large["xaxis"]["title"]["text"] == "→ real part<br>↑ imaginary"
    assert large["yaxis"]["ticktext"] == ["−i", "0", "i"]
