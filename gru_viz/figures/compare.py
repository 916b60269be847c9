"""The figure of the Compare page: what is kept against what keeping costs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gru_viz.cells import Cell
from gru_viz.figures.common import MARGIN, Figure, frame, log_ticks, words
from gru_viz.measures.compare import LEAST, Comparison, Price
from gru_viz.settings import KEEP_CHOICES
from gru_viz.theme import Theme, cell_colour, cell_style, number

HEIGHT = 320  # px of the plot itself
ROOM = 0.05  # of each axis, beyond its last point
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000)  # labels of the steps
SIDES = ("top left", "bottom right")  # where the labels of the line up and to the left stand, and those of the others
ALONE = "top right"  # and that of a single point: it may stand at the left axis
LABELLED = 3  # cells whose lines have labels of their own; those of more would lie over each other
LEGEND_ROW = 22  # px of a cell in the legend, where each has a row, as on a phone


def price_figure(found: Sequence[Comparison], own: float, theme: Theme) -> Figure:
    """Left to right the share of the first step that is left in h, upwards the steps until 90 % of a change; both log.

    A line joins the settings of one cell; ``own`` is the keep of this run, whose marker is larger. Shares below LEAST
    stand at the left edge, whose label says so; a price without both has no point. More than LABELLED cells have a
    legend below the plot.
    """
    places = [_place(price) for each in found for price in each.prices]
    low = min([-1.0, *(x for x, _ in places if x is not None)])
    waits = [y for _, y in places if y is not None]
    bottom, top = min(waits, default=0.0), max([*waits, 1.0])
    layout = frame(theme, HEIGHT + MARGIN["t"] + MARGIN["b"])
    ticks, texts = log_ticks(low, 0.0)
    if low == math.log10(LEAST):
        kept = [(tick, text) for tick, text in zip(ticks, texts, strict=True) if tick > low * (1 - 2 * ROOM)]
        ticks, texts = [low, *(tick for tick, _ in kept)], ["nothing", *(text for _, text in kept)]
    layout["xaxis"] = _axis(theme, low, 0.0, ticks, texts) | {
        "title": {"text": "share of the first step's difference left in h", "standoff": 6,
                  "font": {"size": 13, "color": theme.quiet}},
    }  # fmt: skip
    layout["yaxis"] = _axis(theme, bottom, top, [math.log10(step) for step in STEPS], [str(step) for step in STEPS])
    layout["annotations"].append(
        words("steps until 90 % of a change", theme.quiet, x=0, y=1, left=False)
        | {"xshift": 0, "yanchor": "bottom", "yshift": 8}
    )
    sides = _sides(found, -low, top - bottom or 1.0)
    data = [_line(each, sides.get(each.cell, ALONE), own, theme) for each in found]
    if len(found) > LABELLED:
        data = [each | {"mode": "lines+markers"} for each in data]
        below = LEGEND_ROW * len(found) + 8
        layout["height"] += below
        layout["margin"]["b"] += below
        layout |= {"showlegend": True, "legend": {
            "orientation": "h", "x": 0, "xanchor": "left", "font": {"size": 13, "color": theme.text},
            "yref": "container", "y": below / layout["height"], "yanchor": "top",
        }}  # fmt: skip
    return {"data": data, "layout": layout}


def _place(price: Price) -> tuple[float, float] | tuple[None, None]:
    """Where the point of a price stands, if it has one."""
    left = price.left["h"]
    if not price.steps or left is None:
        return None, None
    return math.log10(max(left, LEAST)), math.log10(price.steps)


def _sides(found: Sequence[Comparison], width: float, height: float) -> dict[Cell, str]:
    """Where the labels of each line stand, away from the other lines; a single point has no line."""

    def up_left(each: Comparison) -> float:
        places = [(x, y) for x, y in map(_place, each.prices) if x is not None and y is not None]
        return sum(y / height - x / width for x, y in places) / max(1, len(places))

    lines = sorted((each for each in found if len(each.prices) > 1), key=up_left, reverse=True)
    return {each.cell: SIDES[k > 0] for k, each in enumerate(lines)}


def _axis(theme: Theme, low: float, high: float, ticks: list[float], texts: list[str]) -> Figure:
    room = ROOM * (high - low) + 0.05
    return {
        "range": [low - room, high + room], "tickvals": ticks, "ticktext": texts, "fixedrange": True, "zeroline": False,
        "gridcolor": theme.faint, "tickfont": {"size": 13, "color": theme.text},
    }  # fmt: skip


def _line(each: Comparison, side: str, own: float, theme: Theme) -> Figure:
    several = len(each.prices) > 1
    names = [KEEP_CHOICES[price.keep] for price in each.prices] if several else [""]
    texts = [""] * len(names)
    if drawn := [k for k, price in enumerate(each.prices) if price.has_point]:  # the first and the last have a label
        texts[drawn[0]] = names[drawn[0]]
        texts[drawn[-1]] = f"{each.cell.title}, {names[drawn[-1]]}" if several else each.cell.title
    colour, style = cell_colour(theme, each.cell), cell_style(each.cell)
    return {
        "type": "scatter", "mode": "lines+markers+text", "name": each.cell.title, "cliponaxis": False,
        "x": [_place(price)[0] for price in each.prices],
        "y": [_place(price)[1] for price in each.prices],
        "text": texts, "textposition": side,
        "textfont": {"size": 13, "color": colour},
        "line": {"color": colour, "dash": style.dash, "width": 2},
        "marker": {"color": colour, "symbol": style.marker, "opacity": 1,
                   "size": [15 if price.keep == own else 9 for price in each.prices],
                   "line": {"color": theme.ground, "width": 1}},
        "hovertext": [
            f"{each.cell.title} {name}: {number(price.left['h'] or 0, 2)} left, {price.steps} steps"
            for name, price in zip(names, each.prices, strict=True)
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }  # fmt: skip
