"""The figure of the Compare page: what is kept against what keeping costs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gru_viz.figures.common import MARGIN, Figure, frame, log_ticks, spread, words
from gru_viz.figures.curves import quantity_words, short
from gru_viz.measures.compare import LEAST, Comparison
from gru_viz.settings import KEEP_CHOICES
from gru_viz.theme import Theme, cell_colour, cell_style, number

_Places = dict[int, tuple[float, float]]

HEIGHT = 320  # px of the plot itself
ROOM = 0.05  # of each axis, beyond its last point
BEFORE = 0.2  # of the axis of shares, before a point with its setting up and to the left, as a phone needs it
NAME = 34  # px from one name to the next, each of two lines
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)  # labels of the steps
POWERS = 5  # of the shares, along the axis: as many as have room side by side on a phone
APART = 0.3  # of the axis from "nothing" to the next label there, as a phone needs it
SIDES = ("top left", "bottom right")  # where a setting of the line up and to the left stands, and of the other one


def price_figure(found: Sequence[Comparison], own: float, theme: Theme) -> Figure:
    """Left to right the share of the first step that is left in h, upwards the steps until 90 % of a change; both log.

    A line joins the settings of one cell, and a hairline leads from it to the cell's name; ``own`` is the keep of this
    run, whose marker is larger. Shares below LEAST stand at a label that says so; a price without both has no point.
    """
    places = [_places(each) for each in found]
    low = min([-1.0, *(x for each in places for x, _ in each.values())])
    bottom, top = _limits([y for each in places for _, y in each.values()])
    sides = _sides(places, -low, top - bottom)
    layout = frame(theme, HEIGHT + MARGIN["t"] + MARGIN["b"])
    layout["xaxis"] = _shares(low, [min(places[k].values())[0] for k in sides if sides[k] == SIDES[0]], theme)
    layout["yaxis"] = _axis(theme, bottom, top, [math.log10(step) for step in STEPS], [str(step) for step in STEPS])
    layout["annotations"].append(quantity_words("steps until 90 % of a change", theme))
    _name(layout, found, places, theme)
    return {
        "data": [_line(each, sides.get(k, ""), own, theme) for k, each in enumerate(found)],
        "layout": layout,
    }


def _shares(low: float, said: Sequence[float], theme: Theme) -> Figure:
    """The axis of the shares from ``low``, with room before those ``said`` for their setting."""
    axis = _axis(theme, low, 0.0, [], [])
    left, right = axis["range"]
    left = min([left, *((share - BEFORE * right) / (1 - BEFORE) for share in said)])
    is_least = low == math.log10(LEAST)
    ticks, texts = log_ticks(left, 0.0, POWERS)
    least = low * (1 - APART) if is_least else low
    kept = [(tick, text) for tick, text in zip(ticks, texts, strict=True) if tick >= least]
    return axis | {
        "range": [left, right], "tickangle": 0,
        "tickvals": [low] * is_least + [tick for tick, _ in kept],
        "ticktext": ["nothing"] * is_least + [text for _, text in kept],
        "title": {"text": "share of the first step's difference left in h", "standoff": 6,
                  "font": {"size": 13, "color": theme.quiet}},
    }  # fmt: skip


def _places(each: Comparison) -> _Places:
    """Number of a price, from 0 -> where its point stands; those that have one."""
    return {
        k: (math.log10(max(price.left["h"] or 0.0, LEAST)), math.log10(price.steps or 1))
        for k, price in enumerate(each.prices)
        if price.has_point
    }


def _limits(waits: Sequence[float]) -> tuple[float, float]:
    """From a label that is on the axis to another, with all the waits between them."""
    labels = [math.log10(step) for step in STEPS]
    low, high = min(waits, default=0.0), max([1.0, *waits])
    bottom = max((label for label in labels if label < low), default=0.0)
    return bottom, min(label for label in labels if label >= high)


def _name(layout: Figure, found: Sequence[Comparison], places: Sequence[_Places], theme: Theme) -> None:
    """The names beside the plot, moved apart, each with a hairline to the nearest point of its cell and its setting."""
    low, high = layout["yaxis"]["range"]
    named = [(each, own, max(own, key=own.__getitem__)) for each, own in zip(found, places, strict=True) if own]
    ends = [(own[last][1] - low) / (high - low) for _, own, last in named]
    for (each, own, last), y in zip(named, spread(ends, NAME / HEIGHT), strict=True):
        setting = f" {KEEP_CHOICES[each.prices[last].keep]}" * (len(each.prices) > 1)
        colour = cell_colour(theme, each.cell)
        layout["annotations"].append(words(short(each.cell.title + setting), colour, x=1, y=y, left=False))
        layout["shapes"].append({
            "type": "line", "layer": "below", "line": {"color": colour, "width": 1}, "opacity": 0.6,
            "x0": own[last][0], "y0": own[last][1], "x1": layout["xaxis"]["range"][1], "y1": low + y * (high - low),
        })  # fmt: skip


def _sides(places: Sequence[_Places], width: float, height: float) -> dict[int, str]:
    """Number of a cell, from 0 -> where the setting at its line's left end stands, away from all the other lines:
    beside lines between others there is no room."""

    def up_left(k: int) -> float:
        x, y = min(places[k].values())
        return y / height - x / width

    lines = sorted((k for k, own in enumerate(places) if len(own) > 1), key=up_left, reverse=True)
    return dict(zip([*lines[:1], *lines[1:][-1:]], SIDES, strict=False))


def _axis(theme: Theme, low: float, high: float, ticks: list[float], texts: list[str]) -> Figure:
    room = ROOM * (high - low) + 0.05
    return {
        "range": [low - room, high + room], "tickvals": ticks, "ticktext": texts, "fixedrange": True, "zeroline": False,
        "gridcolor": theme.faint, "tickfont": {"size": 13, "color": theme.text},
    }  # fmt: skip


def _line(each: Comparison, side: str, own: float, theme: Theme) -> Figure:
    several = len(each.prices) > 1
    names = [KEEP_CHOICES[price.keep] if several else "" for price in each.prices]
    places = _places(each)
    first = min(places, key=places.__getitem__) if side else None
    colour, style = cell_colour(theme, each.cell), cell_style(each.cell)
    return {
        "type": "scatter", "mode": "lines+markers+text", "name": each.cell.title, "cliponaxis": False,
        "connectgaps": True,
        "x": [places.get(k, (None, None))[0] for k in range(len(names))],
        "y": [places.get(k, (None, None))[1] for k in range(len(names))],
        "text": [name if k == first else "" for k, name in enumerate(names)], "textposition": side or SIDES[0],
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
