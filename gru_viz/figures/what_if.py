"""Reach over recurrent gain and what the gates keep, and the same curves for four gains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gru_viz.figures.common import FONT, Figure, frame, typed
from gru_viz.figures.curves import Curve, curves_figure, limits_of
from gru_viz.figures.gradients import QUANTITY
from gru_viz.measures.gradients import Latch
from gru_viz.measures.what_if import Map, Multiple
from gru_viz.settings import KEEP_CHOICES
from gru_viz.theme import Theme

ROW_HEIGHT, MULTIPLE_HEIGHT = 40, 150
NAME = 20  # px of a row with the gain, above the axis's words: on a phone there is no room beside them


def map_figure(found: Map, share: float, gain: float, keep: float, theme: Theme) -> Figure:
    """Reach for each gain and bias; a ring at the experiment's own. Each place can be pointed at: its customdata are
    the gain and the bias."""
    rows, names = len(found.keeps), [KEEP_CHOICES[each] for each in found.keeps]
    layout = frame(theme, ROW_HEIGHT * rows + 8 + 52)
    layout["margin"] = {"l": 72, "r": 60, "t": 8, "b": 52}
    small = {"size": 13, "color": theme.quiet}
    font = {"size": 13, "color": theme.text}
    half = (found.gains[1] - found.gains[0]) / 2
    layout["xaxis"] = {
        "range": [found.gains[0] - half, found.gains[-1] + half], "fixedrange": True, "showgrid": False,
        "zeroline": False, "tickvals": [0, 1, 2, 3, 4], "tickfont": font,
        "title": {"text": "recurrent gain", "font": small, "standoff": 6},
    }  # fmt: skip
    layout["yaxis"] = {
        "range": [-0.5, rows - 0.5], "fixedrange": True, "showgrid": False, "zeroline": False,
        "tickvals": list(range(rows)) if rows > 1 else [], "ticktext": names, "tickfont": font,
        "title": {"text": "gates keep" if rows > 1 else "no gate keeps", "font": small, "standoff": 4},
    }  # fmt: skip
    places = [(row, column) for row in range(rows) for column in range(len(found.gains))]
    reaches = found.reaches[share]
    unseen = {"marker": {"opacity": 0}}
    at = {"x": [gain], "y": [found.keeps.index(keep) if keep in found.keeps else 0]}
    ring = {"type": "scatter", "mode": "markers", "hoverinfo": "skip", "name": "this experiment"} | at
    data = [
        {
            "type": "heatmap", "x": list(found.gains), "y": list(range(rows)), "z": typed(reaches), "zmin": 0,
            "zmax": found.steps, "colorscale": "Cividis", "xgap": 1, "ygap": 2, "hoverinfo": "skip",
            "colorbar": {
                "thickness": 8, "len": 1.0, "x": 1, "xanchor": "left", "xpad": 8, "ypad": 0, "outlinewidth": 0,
                "tickvals": [0, found.steps], "ticktext": ["0", f"all {found.steps}"],
                "tickfont": {"size": 12, "color": theme.text},
            },
        },
        ring | {"marker": {"symbol": "circle-open", "size": 18, "line": {"width": 6}, "color": "#000000"}},
        ring | {"marker": {"symbol": "circle-open", "size": 18, "line": {"width": 3}, "color": "#FFFFFF"}},
        {
            "type": "scatter", "mode": "markers", "name": "go there",
            "x": [found.gains[column] for _, column in places], "y": [row for row, _ in places],
            "customdata": [[found.gains[column], found.keeps[row]] for row, column in places],
            "text": [place_name(found, share, row, column) for row, column in places],
            "hovertemplate": "%{text}<extra></extra>",
            "marker": {"size": 26, "symbol": "square", "opacity": 0}, "selected": unseen, "unselected": unseen,
        },
    ]  # fmt: skip
    return {"data": data, "layout": layout}


def place_name(found: Map, share: float, row: int, column: int) -> str:
    """What a place of the map is called."""
    steps = int(found.reaches[share][row, column])
    keeps = f", gates keep {KEEP_CHOICES[found.keeps[row]]}" if len(found.keeps) > 1 else ""
    return f"gain {found.gains[column]:g}{keeps}: " + (
        "all " * (steps == found.steps) + f"{steps} of {found.steps} steps"
    )


def multiple_figure(found: Multiple, limits: tuple[float, float], labels: Sequence[str], theme: Theme) -> Figure:
    """The norms of all cells for one gain."""
    curves = [Curve(cell, norm, cell.title) for cell, norm in found.norms.items()]
    figure = curves_figure(curves, labels, theme, QUANTITY["state"], height=MULTIPLE_HEIGHT, limits=limits)
    layout = figure["layout"]
    layout["height"] += NAME
    layout["margin"] |= {"r": 56, "t": layout["margin"]["t"] + NAME}
    layout["title"] = {
        "text": f"gain {found.gain:g}", "font": {"size": 14, "color": theme.text, "family": FONT}, "x": 0,
        "xref": "paper", "xanchor": "left", "y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 4},
    }  # fmt: skip
    return figure


def multiple_limits(found: Sequence[Multiple]) -> tuple[float, float]:
    """One axis for all gains."""
    return limits_of([Curve(cell, norm, cell.title) for each in found for cell, norm in each.norms.items()])


def latch_figure(found: Latch, theme: Theme) -> Figure:
    """What a unit holds and what the gradient keeps, on one axis."""
    held = Curve(found.cell, np.log10(np.abs(found.held)), "|h|, unit 1", dash="solid")
    gradient = Curve(found.cell, found.norm, "gradient")
    return curves_figure([held, gradient], found.labels, theme, "|h| of unit 1, and ‖∂L/∂h‖", height=200)
