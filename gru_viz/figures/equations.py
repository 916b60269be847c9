"""The figure of the Equations page: how far the states come apart when conventions are mixed up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gru_viz.figures.common import MARGIN, Figure, frame, log_ticks, plain, set_tokens, steps, typed
from gru_viz.theme import Theme, number

HEIGHT = 220  # px of the plot itself
DASHES = ("solid", "dash", "dot", "dashdot")  # and one colour: these are no cells and no gates
LEGEND_ROW = 19  # px: on a phone each name has a row of its own
QUANTITY = "largest difference of any unit's state"


def mistakes_figure(distances: Mapping[str, np.ndarray], labels: Sequence[str], theme: Theme) -> Figure:
    """The largest difference of any state's unit, (T,) for each convention, on a log scale.

    Rounding stays below the lower edge, and an exact zero has no place on a log axis: there the line ends.
    """
    with np.errstate(divide="ignore"):
        curves = {name: np.log10(values) for name, values in distances.items()}
    shown = np.concatenate([values[values > -9] for values in curves.values()])
    low, high = float(shown.min()) - 0.2, float(shown.max()) + 0.3
    places, texts = log_ticks(low, high)
    layout = frame(theme, HEIGHT + LEGEND_ROW * len(curves) + MARGIN["t"] + MARGIN["b"])
    set_tokens(layout, labels, theme)
    layout["yaxis"] = {
        "range": [low, high], "tickvals": places, "ticktext": texts, "side": "right", "fixedrange": True,
        "zeroline": False, "gridcolor": theme.faint, "tickfont": {"size": 13, "color": theme.text},
    }  # fmt: skip
    layout["showlegend"] = True
    layout["legend"] = {
        "orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemclick": False, "itemdoubleclick": False,
        "title": {"text": QUANTITY, "side": "top", "font": {"size": 13, "color": theme.quiet}},
        "font": {"size": 13, "color": theme.text}, "bgcolor": theme.ground,
    }  # fmt: skip
    layout["margin"] |= {"l": 12}
    data = [
        {
            "type": "scatter", "mode": "lines" if len(labels) > 1 else "markers", "name": plain(name),
            "x": steps(len(labels)), "y": typed(np.where(np.isfinite(values), values, np.nan)),
            "line": {"color": theme.text, "width": 2, "dash": dash}, "marker": {"color": theme.text, "size": 9},
            "text": [
                f"step {k}, {plain(label)}: {number(float(value))}"
                for k, (label, value) in enumerate(zip(labels, distances[name], strict=True), 1)
            ],
            "hovertemplate": f"{plain(name)}, %{{text}}<extra></extra>",
        }
        for (name, values), dash in zip(curves.items(), DASHES, strict=False)
    ]  # fmt: skip
    return {"data": data, "layout": layout}
