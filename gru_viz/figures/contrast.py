"""The figures of the Contrast page: how far the gradient reaches, the states, what is left of a difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gru_viz.cells import Cell
from gru_viz.figures.common import (
    MARGIN,
    MAX_PLOTTED,
    Figure,
    frame,
    log_ticks,
    plain,
    spread,
    steps,
    token_axis,
    typed,
    words,
)  # fmt: skip
from gru_viz.measures.gradients import WHOLE
from gru_viz.measures.what_if import Seeds
from gru_viz.runs import CellReport, Difference
from gru_viz.theme import Theme, cell_colour, cell_style, number, number_from_log10

CURVES_HEIGHT = 300  # px of the plot itself
LABEL_GAP = 18  # px between two labels
UNIT_HEIGHT = (4, 18)  # px of a unit's row: as high as fits into ROWS_HEIGHT, within these
ROWS_HEIGHT = 150


QUANTITY = {
    "state": "‖∂L/∂ carried state‖",
    "parts": "‖∂L/∂h‖ and ‖∂L/∂c‖ of what is carried",
    "input": "‖∂L/∂x‖",
}


@dataclass(frozen=True)
class Curve:
    """One line over the steps: ``values`` (T,), log10 of a norm or a plain number; ``band`` lies behind it."""

    cell: Cell
    values: np.ndarray
    name: str  # the label at its end
    thin: bool = False
    dash: str = ""  # instead of the cell's own
    reach: int | None = None  # steps back to which a marker stands
    band: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None  # 10th, 50th, 90th percentile over seeds


def gradient_figure(
    reports: Sequence[CellReport],
    labels: Sequence[str],
    theme: Theme,
    kind: str = "state",
    luck: Sequence[Seeds] = (),
    share: float = 0.01,
) -> Figure:
    """log10 norms of gradients over the steps; time to the right, so that the gradient is read from right to left.

    ``kind`` is a key of QUANTITY; the carried state's curves have a marker where they last have ``share`` of the last
    step's norm, and a line shows that share where all curves agree on it. ``luck``: a band over seeds for each cell.
    The labels stand where the curves differ, at the first step. An exact zero has no place on a log axis: the curve
    ends.
    """
    curves = _curves(reports, kind, luck)
    count = len(labels)
    low, high = _limits(curves)
    layout = frame(theme, CURVES_HEIGHT + MARGIN["t"] + MARGIN["b"])
    places, texts = log_ticks(low, high)
    layout["xaxis"] = token_axis(labels, theme)
    layout["yaxis"] = {
        "range": [low, high], "tickvals": places, "ticktext": texts, "side": "right", "fixedrange": True,
        "zeroline": False, "gridcolor": theme.faint, "tickfont": {"size": 13, "color": theme.text},
    }  # fmt: skip
    data: list[Figure] = []
    for curve in curves:
        if curve.band is not None:
            data.extend(_band(curve, count, theme))
    for curve in curves:
        data.append(_line(curve, labels, theme, logarithmic=True))
        if curve.reach:
            data.append(_marker(curve, count, theme))
    last = {round(float(curve.values[-1]), 9) for curve in curves if np.isfinite(curve.values[-1])}
    if len(last) == 1 and all(curve.reach is not None for curve in curves):
        at = last.pop() + np.log10(share)
        layout["shapes"].append(_guide(at, theme))
        kept = [
            (place, text) for place, text in zip(places, texts, strict=True) if abs(place - at) > 0.05 * (high - low)
        ]
        layout["yaxis"]["tickvals"] = [place for place, _ in kept] + [at]
        layout["yaxis"]["ticktext"] = [text for _, text in kept] + [f"{100 * share:g} % of last"]
    layout["annotations"] += _end_labels(curves, low, high, theme, first=True, height=CURVES_HEIGHT)
    layout["annotations"].append(_quantity(QUANTITY[kind], theme))
    return {"data": data, "layout": layout}


def _curves(reports: Sequence[CellReport], kind: str, luck: Sequence[Seeds]) -> list[Curve]:
    if kind == "input":
        return [Curve(report.cell, report.input_norm, report.cell.title) for report in reports]
    if kind == "state":
        bands = {each.cell.name: each.bands[WHOLE] for each in luck}
        return [
            Curve(each.cell, each.norm, each.cell.title, reach=each.reach, band=bands.get(each.cell.name))
            for each in reports
        ]
    return [
        Curve(report.cell, norm, f"{report.cell.title} {name}", thin=name != "h", dash="dot" if name != "h" else "")
        for report in reports
        for name, norm in report.parts.items()
    ]


def states_figure(reports: Sequence[CellReport], labels: Sequence[str], theme: Theme) -> Figure:
    """Heatmaps of the states, one under the other on one axis of time and one scale of colours; (T, H) each.

    Where all units of all cells are more than MAX_PLOTTED values the first units are shown: see ``units_shown``.
    """
    states = {
        f"{each.cell.title} {name}": (each.cell, values) for each in reports for name, values in each.states.items()
    }
    count, shown = len(labels), units_shown(reports)
    height = int(np.clip(ROWS_HEIGHT / shown, *UNIT_HEIGHT)) * shown
    gap, total = 12, len(states) * height + 12 * (len(states) - 1)
    limit = max(float(np.abs(values).max()) for _, values in states.values()) or 1.0
    layout = frame(theme, total + 8 + MARGIN["b"])
    layout["margin"]["t"] = 8  # no words above this plot
    layout["xaxis"] = token_axis(labels, theme) | {"anchor": f"y{len(states)}" if len(states) > 1 else "y"}
    layout["coloraxis"] = {
        "cmin": -limit, "cmax": limit, "colorscale": _signed_scale(theme, limit),
        "colorbar": {"thickness": 8, "len": 1.0, "x": 1, "xanchor": "left", "xpad": 8, "ypad": 0, "outlinewidth": 0,
                     "tickvals": [-limit, 0, limit], "ticktext": [number(-limit, 2), "0", number(limit, 2)],
                     "tickfont": {"size": 12, "color": theme.text}},
    }  # fmt: skip
    data: list[Figure] = []
    for row, (name, (cell, values)) in enumerate(states.items()):
        axis = f"y{row + 1}" if row else "y"
        top = 1 - row * (height + gap) / total
        layout["yaxis" + axis[1:]] = {
            "domain": [max(0.0, top - height / total), top], "showticklabels": False, "ticks": "", "showgrid": False,
            "zeroline": False, "fixedrange": True, "autorange": "reversed",
        }  # fmt: skip
        data.append({
            "type": "heatmap", "name": name, "x": steps(count), "y": [unit + 1 for unit in range(shown)],
            "z": typed(values[:, :shown].T), "yaxis": axis, "coloraxis": "coloraxis",
            "xgap": 1 if count <= 64 else 0,
            "hovertemplate": f"{name} of unit %{{y}} at “%{{x}}”: %{{z:.3f}}<extra></extra>",
        })  # fmt: skip
        layout["annotations"].append(
            words(_label(name), cell_colour(theme, cell), x=0, y=top - height / total / 2, left=True)
        )
    return {"data": data, "layout": layout}


def units_shown(reports: Sequence[CellReport]) -> int:
    """How many units of each state the figure of the states has room for."""
    states = [values for report in reports for values in report.states.values()]
    steps, hidden = states[0].shape
    return int(min(hidden, max(1, MAX_PLOTTED // (steps * len(states)))))


def difference_figure(differences: Sequence[Difference], labels: Sequence[str], theme: Theme) -> Figure:
    """What is left of a difference over the steps, as a share of its largest value."""
    low, high, height = -0.04, 1.08, 220
    layout = frame(theme, height + MARGIN["t"] + MARGIN["b"])
    layout["xaxis"] = token_axis(labels, theme)
    layout["yaxis"] = {
        "range": [low, high], "tickvals": [0, 0.5, 1], "ticktext": ["0", "0.5", "1"], "fixedrange": True,
        "gridcolor": theme.faint, "zeroline": False, "tickfont": {"size": 13, "color": theme.text},
    }  # fmt: skip
    curves = [Curve(each.cell, each.shares, each.cell.title) for each in differences]
    first = differences[0].steps.start
    data = [_line(curve, labels, theme, logarithmic=False, first=first) for curve in curves]
    layout["annotations"] = _end_labels(curves, low, high, theme, first=False, height=height)
    layout["annotations"].append(_quantity("‖difference of h‖, share of its largest", theme))
    return {"data": data, "layout": layout}


# -- parts -------------------------------------------------------------------------------------------------------------


def _limits(curves: Sequence[Curve]) -> tuple[float, float]:
    """The range of the axis: all finite values, with room at both ends."""
    bands = [edge for curve in curves if curve.band is not None for edge in curve.band]
    values = np.concatenate([*(curve.values for curve in curves), *bands])
    finite = values[np.isfinite(values)]
    if not finite.size:
        return -1.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    room = max(0.06 * (high - low), 0.25)
    return low - room, high + room


def _line(curve: Curve, labels: Sequence[str], theme: Theme, logarithmic: bool, first: int = 0) -> Figure:
    style, colour, values = cell_style(curve.cell), cell_colour(theme, curve.cell), curve.values
    shown = number_from_log10 if logarithmic else number
    return {
        "type": "scatter", "mode": "lines" if len(values) > 1 else "markers", "name": curve.name,
        "x": steps(len(labels))[first : first + len(values)], "y": typed(np.where(np.isfinite(values), values, np.nan)),
        "line": {"color": colour, "dash": curve.dash or style.dash, "width": 1.5 if curve.thin else 2.5},
        "marker": {"color": colour, "symbol": style.marker, "size": 9},
        "text": [f"step {k + 1}, {plain(labels[k])}: {shown(float(value))}" for k, value in enumerate(values, first)],
        "hovertemplate": f"{curve.name}, %{{text}}<extra></extra>",
    }  # fmt: skip


def _marker(curve: Curve, count: int, theme: Theme) -> Figure:
    """The farthest step to which the gradient reaches."""
    at = count - int(curve.reach or 1)
    return {
        "type": "scatter", "mode": "markers", "x": [str(at + 1)], "y": [float(curve.values[at])], "cliponaxis": False,
        "marker": {"color": cell_colour(theme, curve.cell), "symbol": cell_style(curve.cell).marker, "size": 11,
                   "line": {"color": theme.ground, "width": 1.5}},
        "name": f"{curve.name} reaches back to here", "hovertemplate": "%{fullData.name}<extra></extra>",
    }  # fmt: skip


def _band(curve: Curve, count: int, theme: Theme) -> list[Figure]:
    """The 10–90 % band over seeds, and its median as a hairline."""
    assert curve.band is not None
    low, middle, high = (np.where(np.isfinite(edge), edge, np.nan) for edge in curve.band)
    colour, names = cell_colour(theme, curve.cell), steps(count)
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    edge = {"type": "scatter", "mode": "lines", "x": names, "line": {"width": 0}, "hoverinfo": "skip"}
    return [
        edge | {"y": typed(low), "name": f"{curve.name}, 10 % of seeds"},
        edge | {"y": typed(high), "name": f"{curve.name}, 90 % of seeds", "fill": "tonexty",
                "fillcolor": f"rgba({red},{green},{blue},0.18)"},
        edge | {"y": typed(middle), "name": f"{curve.name}, median of seeds", "line": {"width": 1, "color": colour}},
    ]  # fmt: skip


def _end_labels(
    curves: Sequence[Curve], low: float, high: float, theme: Theme, first: bool, height: int
) -> list[Figure]:
    """Each curve's name beside its first or last finite value, moved apart where they would overlap."""
    named = [(curve, curve.values[np.isfinite(curve.values)]) for curve in curves]
    named = [(curve, finite) for curve, finite in named if finite.size]
    gap = LABEL_GAP * (1 + 0.9 * any(", " in curve.name for curve, _ in named))
    ends = [(float(finite[0 if first else -1]) - low) / (high - low) for _, finite in named]
    return [
        words(_label(curve.name), cell_colour(theme, curve.cell), x=0 if first else 1, y=y, left=first)
        for (curve, _), y in zip(named, spread(ends, gap / height), strict=True)
    ]


def _signed_scale(theme: Theme, limit: float) -> list[list[object]]:
    """Colours from -limit to limit. Half of them are for values within ±1, so that an h is seen beside a large c."""
    middle, power = len(theme.signed) // 2, max(1.0, np.log2(limit))
    places = [(k - middle) / middle for k in range(len(theme.signed))]
    return [[0.5 + 0.5 * np.sign(u) * abs(u) ** power, colour] for u, colour in zip(places, theme.signed, strict=True)]


def _label(name: str) -> str:
    """A name that fits beside a plot: broken after a comma, cut where it is too long."""
    first, *rest = (plain(line if len(line) <= 14 else line[:13] + "…") for line in name.split(", "))
    return first + (f",<br><span style='font-size:12px'>{rest[0]}</span>" if rest else "")


def _quantity(text: str, theme: Theme) -> Figure:
    """What is drawn upwards, above the plot: on a phone a turned title would take its room."""
    return words(text, theme.quiet, x=0, y=1, left=False) | {"xshift": 0, "yanchor": "bottom", "yshift": 8}


def _guide(at: float, theme: Theme) -> Figure:
    return {"type": "line", "xref": "x domain", "x0": 0, "x1": 1, "yref": "y", "y0": at, "y1": at, "layer": "below",
            "line": {"color": theme.quiet, "width": 1, "dash": "dot"}}  # fmt: skip
