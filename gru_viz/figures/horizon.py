"""The horizon maps: which step hangs on which earlier one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gru_viz.figures.common import FONT, MAX_NUMBERS, Figure, frame, step_axis, typed
from gru_viz.figures.gradients import colour_bar, colour_limits
from gru_viz.measures.spectra import Horizon
from gru_viz.theme import Theme, cell_colour

HEIGHT, TOP, BOTTOM = 320, 30, 44  # px: of the figure, and its margins


def horizon_figure(found: Horizon, limits: tuple[float, float], share: float, theme: Theme) -> Figure:
    """A row for each step t, a column for each earlier step s; the line shows how far back each row reaches."""
    low, high = limits
    names = [str(step + 1) for step in found.steps.tolist()]
    axis = step_axis(names, theme)
    if axis["fixedrange"]:  # the first and the last of all are numbered; of those that can be seen closer Plotly's own
        shown = np.linspace(0, len(names) - 1, min(MAX_NUMBERS, len(names))).round().astype(int)
        axis |= {"tickmode": "array", "tickvals": [names[k] for k in shown]}
    layout = frame(theme, HEIGHT)
    layout["margin"] = {"l": 44, "r": 50, "t": TOP, "b": BOTTOM}
    small = {"size": 13, "color": theme.quiet}
    layout["xaxis"] = axis | {"title": {"text": "on step s", "font": small, "standoff": 4}}
    layout["yaxis"] = axis | {
        "range": [len(names) - 0.5, -0.5],
        "title": {"text": "how step t hangs …", "font": small, "standoff": 4},
    }  # fmt: skip
    layout["title"] = {
        "text": found.cell.title, "font": {"size": 14, "color": cell_colour(theme, found.cell), "family": FONT},
        "x": 0.5, "xref": "paper", "y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 6},
    }  # fmt: skip
    shown = np.where(np.isnan(found.norm), np.nan, np.maximum(found.norm, low))
    farthest = found.steps + 1 - found.reaches[share][found.steps]
    place = np.searchsorted(found.steps, np.minimum(farthest, found.steps))
    line = {
        "type": "scatter", "mode": "lines", "name": "reach", "x": [names[k] for k in place], "y": names,
        "hoverinfo": "skip",
    }  # fmt: skip
    data = [
        {
            "type": "heatmap", "x": names, "y": names, "z": typed(shown), "zmin": low, "zmax": high,
            "colorscale": "Cividis", "hoverongaps": False,
            "colorbar": colour_bar(low, high, HEIGHT - TOP - BOTTOM, theme),
            "zhoverformat": ".2f", "hovertemplate": "step %{y} on step %{x}: 10^%{z}<extra></extra>",
        },
        line | {"line": {"color": "#000000", "width": 4}},
        line | {"line": {"color": "#FFFFFF", "width": 2}},
    ]  # fmt: skip
    return {"data": data, "layout": layout}


def horizon_limits(found: Sequence[Horizon]) -> tuple[float, float]:
    """One scale for all maps."""
    return colour_limits(np.concatenate([each.norm.ravel() for each in found]))
