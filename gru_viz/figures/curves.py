"""Curves over the steps, each named at its end: what the figures of gradients and distances are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gru_viz.cells import Cell
from gru_viz.figures.common import (
    BESIDE,
    MARGIN,
    Figure,
    frame,
    led,
    log_ticks,
    plain,
    set_tokens,
    spread,
    steps,
    typed,
    words,
)  # fmt: skip
from gru_viz.theme import Theme, cell_colour, cell_style, number, number_from_log10

CURVES_HEIGHT = 300  # px of the plot itself
LABEL_GAP = 18  # px between two labels
ROW_HEIGHT = 24  # px of a row of words above the plot
SHADE = "Shade: 80 % of the seeds; hairline: their median"
MARK = 11  # px of a marker, which may stand at the edge
# A line's dash beside its name, in letters that leave the name room.
DASH_SIGNS = {"solid": "—", "dash": "- -", "longdash": "– –", "dot": "···", "dashdot": "- ·", "longdashdot": "– ·"}


@dataclass(frozen=True)
class Curve:
    """One line over the steps: ``values`` (T,), log10 of a norm or a plain number; ``band`` lies behind it."""

    cell: Cell
    values: np.ndarray
    name: str  # the label at its end
    thin: bool = False
    dash: str = ""  # instead of the cell's own
    reach: int | None = None  # steps back to which a marker stands
    said: str = ""  # instead of the name, where it is pointed at
    band: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None  # 10th, 50th, 90th percentile over seeds


def curves_figure(
    curves: Sequence[Curve],
    labels: Sequence[str],
    theme: Theme,
    quantity: str,
    share: float | None = None,
    height: int = CURVES_HEIGHT,
    limits: tuple[float, float] | None = None,
    named: Sequence[int] = (),
) -> Figure:
    """Curves of log10 values over the steps, each named at its first step.

    ``limits``: of the axis, where several figures share one; ``named``: steps, from 1, that are spoken of beside those
    with a marker.
    """
    gap = _gap(curve.name for curve in curves)
    height = max(height, round(gap * len(curves)))
    low, high = limits or limits_of(curves)
    layout = frame(theme, height + MARGIN["t"] + MARGIN["b"])
    places, texts = log_ticks(low, high)
    marked = [(len(each.values) + 1 - each.reach, cell_colour(theme, each.cell)) for each in curves if each.reach]
    set_tokens(layout, labels, theme, [*((step, theme.text) for step in named), *marked])
    layout["yaxis"] = {
        "range": [low, high], "tickvals": places, "ticktext": texts, "side": "right", "fixedrange": True,
        "ticklabelstandoff": MARK // 2,
        "zeroline": False, "gridcolor": theme.faint, "tickfont": {"size": 13, "color": theme.text},
    }  # fmt: skip
    data: list[Figure] = []
    for curve in curves:
        if curve.band is not None:
            data.extend(band_of(curve, len(curve.values), theme))
    for curve in curves:
        data.append(line(curve, labels, theme, logarithmic=True))
        if curve.reach:
            data.append(marker(curve, len(curve.values), theme))
    last = {round(float(curve.values[-1]), 9) for curve in curves if np.isfinite(curve.values[-1])}
    if share is not None and len(last) == 1:
        _draw_share(layout, last.pop(), share, low, high, theme)
    layout["annotations"] += end_labels(curves, low, high, theme, first=True, height=height)
    layout["annotations"].append(quantity_words(quantity, theme))
    if any(curve.band is not None for curve in curves):
        add_row(layout, SHADE, theme)
    return {"data": data, "layout": layout}


def add_row(layout: Figure, text: str, theme: Theme) -> None:
    """Another row of words above a plot, not wider than a phone."""
    layout["height"] += ROW_HEIGHT
    layout["margin"]["t"] += ROW_HEIGHT
    place = {"xshift": BESIDE - MARGIN["l"], "yanchor": "bottom", "yshift": 8 + layout["margin"]["t"] - MARGIN["t"]}
    layout["annotations"].append(words(text, theme.text, x=0, y=1, left=False) | place)


def _draw_share(layout: Figure, last: float, share: float, low: float, high: float, theme: Theme) -> None:
    """A line where all curves, which agree at the last step, have that share of it."""
    at = last + float(np.log10(share))
    if not low <= at <= high:
        return
    axis = layout["yaxis"]
    layout["shapes"].append(guide(at, theme))
    kept = [
        (place, text)
        for place, text in zip(axis["tickvals"], axis["ticktext"], strict=True)
        if abs(place - at) > LABEL_GAP / CURVES_HEIGHT * (high - low)
    ]
    axis["tickvals"] = [place for place, _ in kept] + [at]
    axis["ticktext"] = [text for _, text in kept] + [f"{100 * share:g} % of last"]


# -- parts -------------------------------------------------------------------------------------------------------------


def limits_of(curves: Sequence[Curve]) -> tuple[float, float]:
    """The range of the axis: all finite values, with room at both ends."""
    bands = [edge for curve in curves if curve.band is not None for edge in curve.band]
    values = np.concatenate([*(curve.values for curve in curves), *bands])
    finite = values[np.isfinite(values)]
    if not finite.size:
        return -1.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    room = max(0.06 * (high - low), 0.25)
    return low - room, high + room


def dash_of(curve: Curve) -> str:
    return curve.dash or cell_style(curve.cell).dash


def line(curve: Curve, labels: Sequence[str], theme: Theme, logarithmic: bool, first: int = 0) -> Figure:
    style, colour, values = cell_style(curve.cell), cell_colour(theme, curve.cell), curve.values
    shown = number_from_log10 if logarithmic else number
    return {
        "type": "scatter", "mode": "lines" if len(values) > 1 else "markers", "name": curve.name,
        "x": steps(len(labels))[first : first + len(values)], "y": typed(np.where(np.isfinite(values), values, np.nan)),
        "line": {"color": colour, "dash": dash_of(curve), "width": 1.5 if curve.thin else 2.5},
        "marker": {"color": colour, "symbol": style.marker, "size": 9},
        "text": [f"step {k + 1}, {plain(labels[k])}: {shown(float(value))}" for k, value in enumerate(values, first)],
        "hovertemplate": f"{curve.said or curve.name}, %{{text}}<extra></extra>",
    }  # fmt: skip


def marker(curve: Curve, count: int, theme: Theme) -> Figure:
    """The farthest step to which the gradient reaches."""
    at = count - int(curve.reach or 1)
    return {
        "type": "scatter", "mode": "markers", "x": [str(at + 1)], "y": [float(curve.values[at])], "cliponaxis": False,
        "marker": {"color": cell_colour(theme, curve.cell), "symbol": cell_style(curve.cell).marker, "size": MARK,
                   "line": {"color": theme.ground, "width": 1.5}},
        "name": f"{curve.name} reaches back to here", "hovertemplate": "%{fullData.name}<extra></extra>",
    }  # fmt: skip


def band_of(curve: Curve, count: int, theme: Theme) -> list[Figure]:
    """The 10–90 % band over seeds, and its median as a hairline."""
    assert curve.band is not None
    low, middle, high = (np.where(np.isfinite(edge), edge, np.nan) for edge in curve.band)
    colour, names, dash = cell_colour(theme, curve.cell), steps(count), dash_of(curve)
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    edge = {"type": "scatter", "mode": "lines", "x": names, "line": {"width": 0}, "hoverinfo": "skip"}
    return [
        edge | {"y": typed(low), "name": f"{curve.name}, 10 % of seeds"},
        edge | {"y": typed(high), "name": f"{curve.name}, 90 % of seeds", "fill": "tonexty",
                "fillcolor": f"rgba({red},{green},{blue},0.18)"},
        edge | {"y": typed(middle), "name": f"{curve.name}, median of seeds",
                "line": {"width": 1, "color": colour, "dash": dash}},
    ]  # fmt: skip


def end_labels(
    curves: Sequence[Curve], low: float, high: float, theme: Theme, first: bool, height: int
) -> list[Figure]:
    """Each curve's name beside its first or last finite value, moved apart where they would overlap; where another one
    has its colour its dash stands with it."""
    named = [(curve, curve.values[np.isfinite(curve.values)]) for curve in curves]
    named = [(curve, finite) for curve, finite in named if finite.size]
    gap = _gap(curve.name for curve, _ in named)
    ends = [(float(finite[0 if first else -1]) - low) / (high - low) for _, finite in named]
    colours, labels = [cell_colour(theme, curve.cell) for curve, _ in named], []
    for (curve, _), colour, end, place in zip(named, colours, ends, spread(ends, gap / height), strict=True):
        name, *below = short(curve.name).split("<br>")
        if colours.count(colour) > 1:
            name += f" <span style='font-size:12px'>{DASH_SIGNS[dash_of(curve)]}</span>"
        label = words("<br>".join([name, *below]), colour, x=0 if first else 1, y=end, left=first)
        labels.append(led(label, (place - end) * height))
    return labels


def short(name: str) -> str:
    """A name that fits beside a plot: what stands in brackets goes below, cut where it is too long."""
    first, *rest = (plain(line if len(line) <= 14 else line[:13] + "…") for line in two_lines(name))
    return first + "".join(f"<br><span style='font-size:12px'>{line}</span>" for line in rest)


def two_lines(name: str) -> list[str]:
    """ "GRU (reset after) h" as "GRU h" and "(reset after)"; one line where nothing stands in brackets."""
    found = re.fullmatch(r"(.+?) (\(.+\))(.*)", name)
    return [found[1] + found[3], found[2]] if found else [name]


def _gap(names: Iterable[str]) -> float:
    """px between labels, as the highest of them needs it."""
    return LABEL_GAP * (1.9 if any(len(two_lines(name)) > 1 for name in names) else 1)


def quantity_words(text: str, theme: Theme) -> Figure:
    """What is drawn upwards, above the plot: on a phone a turned title would take its room."""
    return words(text, theme.quiet, x=0, y=1, left=False) | {"xshift": 0, "yanchor": "bottom", "yshift": 8}


def guide(at: float, theme: Theme) -> Figure:
    return {"type": "line", "xref": "x domain", "x0": 0, "x1": 1, "yref": "y", "y0": at, "y1": at, "layer": "below",
            "line": {"color": theme.quiet, "width": 1, "dash": "dot"}}  # fmt: skip
