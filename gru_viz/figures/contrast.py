"""The figures of the Contrast page: how far the gradient reaches, the states, what is left of a difference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gru_viz.figures.common import MARGIN, MAX_PLOTTED, Figure, frame, set_tokens, steps, typed, words
from gru_viz.figures.curves import Curve, curves_figure, end_labels, line, quantity_words, short
from gru_viz.measures.gradients import WHOLE
from gru_viz.measures.what_if import Seeds
from gru_viz.runs import CellReport, Difference
from gru_viz.theme import Theme, cell_colour, number

UNIT_HEIGHT = (4, 18)  # px of a unit's row: as high as fits into ROWS_HEIGHT, within these
ROWS_HEIGHT = 150

QUANTITY = {
    "state": "‖∂L/∂ carried state‖",
    "parts": "‖∂L/∂h‖ and ‖∂L/∂c‖ of what is carried",
    "input": "‖∂L/∂x‖",
}


def gradient_figure(
    reports: Sequence[CellReport],
    labels: Sequence[str],
    theme: Theme,
    kind: str = "state",
    luck: Sequence[Seeds] = (),
    share: float = 0.01,
    named: Sequence[int] = (),
) -> Figure:
    """log10 norms of gradients over the steps; time to the right, so that the gradient is read from right to left.

    ``kind`` is a key of QUANTITY; the carried state's curves have a marker where they last have ``share`` of the last
    step's norm, and a line shows that share where all curves agree on it. ``luck``: a band over seeds for each cell.
    The labels stand where the curves differ, at the first step. An exact zero has no place on a log axis: the curve
    ends.
    """
    return curves_figure(
        _curves(reports, kind, luck), labels, theme, QUANTITY[kind], share=share if kind == "state" else None,
        named=named,
    )  # fmt: skip


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

    So that the sign is seen without colour too, a negative square fills only the lower half of its row.
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
    set_tokens(layout, labels, theme)
    layout["xaxis"]["anchor"] = f"y{len(states)}" if len(states) > 1 else "y"
    layout["coloraxis"] = {
        "cmin": -limit, "cmax": limit, "colorscale": _signed_scale(theme, limit),
        "colorbar": {"thickness": 8, "len": 1.0, "x": 1, "xanchor": "left", "xpad": 8, "ypad": 0, "outlinewidth": 0,
                     "tickvals": [-limit, 0, limit], "ticktext": [number(-limit, 2), "0", number(limit, 2)],
                     "tickfont": {"size": 12, "color": theme.text}},
    }  # fmt: skip
    data: list[Figure] = []
    covers: list[Figure] = []
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
            "xgap": 1 if count <= 64 else 0, "ygap": int(height >= 8 * shown),
            "zhoverformat": ".3f", "hovertemplate": f"%{{x}}<br>{name} of unit %{{y}}: %{{z}}<extra></extra>",
        })  # fmt: skip
        layout["annotations"].append(
            words(short(name), cell_colour(theme, cell), x=0, y=top - height / total / 2, left=True)
        )
        covers.append(_cover(data[-1], values[:, :shown].T < 0, theme))
    return {"data": data + covers, "layout": layout}


def units_shown(reports: Sequence[CellReport]) -> int:
    """How many units of each state the figure of the states has room for."""
    states = [values for report in reports for values in report.states.values()]
    steps, hidden = states[0].shape
    return int(min(hidden, max(1, MAX_PLOTTED // (steps * len(states)))))


def difference_figure(differences: Sequence[Difference], labels: Sequence[str], theme: Theme) -> Figure:
    """What is left of a difference over the steps, as a share of its largest value."""
    low, high, height = -0.04, 1.08, 220
    layout = frame(theme, height + MARGIN["t"] + MARGIN["b"])
    first = differences[0].steps.start
    set_tokens(layout, labels, theme, [(first + 1, theme.text)])
    layout["yaxis"] = {
        "range": [low, high], "tickvals": [0, 0.5, 1], "ticktext": ["0", "0.5", "1"], "fixedrange": True,
        "gridcolor": theme.faint, "zeroline": False, "tickfont": {"size": 13, "color": theme.text},
    }  # fmt: skip
    curves = [Curve(each.cell, each.shares, each.cell.title) for each in differences]
    data = [line(curve, labels, theme, logarithmic=False, first=first) for curve in curves]
    layout["annotations"] += end_labels(curves, low, high, theme, first=False, height=height)
    layout["annotations"].append(quantity_words("‖difference of h‖, share of its largest", theme))
    return {"data": data, "layout": layout}


def _cover(heatmap: Figure, is_negative: np.ndarray, theme: Theme) -> Figure:
    """What covers the upper half of the negative squares of a heatmap, (units, T): half squares, blank or clear.

    Where it is pointed at, the heatmap below it answers.
    """
    halves = np.zeros((2 * len(is_negative), is_negative.shape[1]), bool)
    halves[::2] = is_negative
    return {
        "type": "heatmap", "name": f"{heatmap['name']} below 0", "x": heatmap["x"], "y0": 0.75, "dy": 0.5,
        "z": typed(halves), "zmin": 0, "zmax": 1, "colorscale": [[0, "rgba(0,0,0,0)"], [1, theme.ground]],
        "showscale": False, "yaxis": heatmap["yaxis"], "hoverinfo": "skip",
    }  # fmt: skip


def _signed_scale(theme: Theme, limit: float) -> list[list[object]]:
    """Colours from -limit to limit. Half of them are for values within ±1, so that an h is seen beside a large c."""
    middle, power = len(theme.signed) // 2, max(1.0, np.log2(limit))
    places = [(k - middle) / middle for k in range(len(theme.signed))]
    return [[0.5 + 0.5 * np.sign(u) * abs(u) ** power, colour] for u, colour in zip(places, theme.signed, strict=True)]
