"""Figures of single steps: eigenvalues beside the unit circle, and how much a step can stretch a gradient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gru_viz.figures.common import FONT, MARGIN, Figure, frame, set_tokens, typed
from gru_viz.figures.curves import Curve, end_labels, guide, line, quantity_words
from gru_viz.measures.spectra import Spectra
from gru_viz.theme import Theme, cell_colour, cell_style, number

CIRCLE_HEIGHT, STRETCH_HEIGHT = 300, 220
DIGITS = {"xhoverformat": ".3f", "yhoverformat": ".3f"}  # with a real minus, which %{x:.3f} has not


def circle_figure(found: Spectra, limit: float, theme: Theme) -> Figure:
    """Eigenvalues of every step's Jacobian, pale, and of the last one's, in the complex plane; ``limit``: its edge."""
    colour, last = cell_colour(theme, found.cell), int(found.steps[-1]) + 1
    layout = frame(theme, CIRCLE_HEIGHT)
    layout["margin"] = {"l": 44, "r": 8, "t": 30, "b": 40}
    axis = {
        "range": [-limit, limit], "fixedrange": True, "zeroline": True, "zerolinecolor": theme.faint,
        "gridcolor": theme.faint, "tickvals": [-1, 0, 1], "tickfont": {"size": 13, "color": theme.text},
    }  # fmt: skip
    small = {"size": 13, "color": theme.quiet}
    layout["xaxis"] = axis | {
        "title": {"text": "real part", "font": small, "standoff": 4},
        "ticktext": ["−1", "0", "1"],
    }
    layout["yaxis"] = axis | {
        "scaleanchor": "x", "ticktext": ["−i", "0", "i"], "title": {"text": "imaginary", "font": small, "standoff": 0},
    }  # fmt: skip
    layout["shapes"].append(
        {"type": "circle", "xref": "x", "yref": "y", "x0": -1, "x1": 1, "y0": -1, "y1": 1, "layer": "below",
         "line": {"color": theme.quiet, "width": 1}}
    )  # fmt: skip
    layout["title"] = {
        "text": found.cell.title, "font": {"size": 14, "color": colour, "family": FONT}, "x": 0.5, "xref": "paper",
        "y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 6},
    }  # fmt: skip
    others, steps = found.eigenvalues[:-1], found.steps[:-1] + 1
    data = [
        {
            "type": "scatter", "mode": "markers", "name": "each step", "x": typed(others.real.ravel()),
            "y": typed(others.imag.ravel()), "customdata": typed(np.repeat(steps, others.shape[1])),
            "marker": {"color": colour, "size": 4, "opacity": 0.35},
            "hovertemplate": "step %{customdata}: real part %{x}, imaginary part %{y}<extra></extra>", **DIGITS,
        },
        {
            "type": "scatter", "mode": "markers", "name": f"step {last}", "x": typed(found.eigenvalues[-1].real),
            "y": typed(found.eigenvalues[-1].imag),
            "marker": {"color": colour, "size": 8, "symbol": cell_style(found.cell).marker,
                       "line": {"color": theme.ground, "width": 1}},
            "hovertemplate": f"step {last}: real part %{{x}}, imaginary part %{{y}}<extra></extra>", **DIGITS,
        },
    ]  # fmt: skip
    return {"data": data, "layout": layout}


def circle_limit(found: Sequence[Spectra]) -> float:
    """One edge for all circles."""
    return max(1.1, 1.08 * max(float(np.abs(each.eigenvalues).max()) for each in found))


def stretch_figure(found: Sequence[Spectra], labels: Sequence[str], theme: Theme) -> Figure:
    """The largest singular value of each step's Jacobian over the steps."""
    high = 1.08 * max(1.0, *(float(each.stretch.max()) for each in found))
    low = -0.03 * high
    layout = frame(theme, STRETCH_HEIGHT + MARGIN["t"] + MARGIN["b"])
    set_tokens(layout, labels, theme)
    places = [0.0, 1.0] + [high / 1.08] * (high > 1.5)
    layout["yaxis"] = {
        "range": [low, high], "tickvals": places, "ticktext": [number(place, 2) for place in places], "side": "right",
        "gridcolor": theme.faint, "zeroline": False, "fixedrange": True, "tickfont": {"size": 13, "color": theme.text},
    }  # fmt: skip
    curves = []
    for each in found:
        values = np.full(int(each.steps[-1]) + 1, np.nan)
        values[each.steps] = each.stretch
        curves.append(Curve(each.cell, values, each.cell.title))
    data = [line(curve, labels, theme, logarithmic=False) | {"connectgaps": True} for curve in curves]
    layout["shapes"].append(guide(1.0, theme))
    layout["annotations"] += end_labels(curves, low, high, theme, first=True, height=STRETCH_HEIGHT)
    layout["annotations"].append(quantity_words("largest singular value of the step", theme))
    return {"data": data, "layout": layout}
