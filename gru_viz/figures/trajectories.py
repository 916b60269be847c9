"""The figures of the Trajectories page: a path in its plane, two paths in one plane. A figure shows one cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gru_viz.figures.common import Figure, frame, plain, typed, words
from gru_viz.measures.trajectories import Path
from gru_viz.theme import Theme, cell_colour, cell_style, percent

HEIGHT = 300  # px; the width is what the page gives, and both axes have one scale
MARGIN = {"l": 48, "r": 12, "t": 30, "b": 44}
INNER = 200  # px across which the labels are thinned: the narrowest panel of a page
LETTER, LINE = 8, 15  # px of a label's letter and line
MAX_LABEL = 8  # characters of a label beside a point
ROOM = 0.09  # of a path's extent, on each side of it
# Viridis, cut where it would have less than 3:1 against the ground: later steps stand out more.
TIME = {
    "light": ("#1f9e89", "#26828e", "#31688e", "#3e4989", "#482878", "#440154"),
    "dark": ("#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"),
}

Limits = tuple[tuple[float, float], tuple[float, float]]  # of both axes


def limits(paths: Sequence[Path]) -> Limits:
    """What both axes have to show of some paths in one plane, with room around it."""
    points = np.concatenate([path.points for path in paths])
    low, high = points.min(axis=0), points.max(axis=0)
    room = ROOM * (float((high - low).max()) or 1.0)
    (left, bottom), (right, top) = (low - room).tolist(), (high + room).tolist()
    return (left, right), (bottom, top)


def path_figure(path: Path, labels: Sequence[str], extent: Limits, theme: Theme, inner: float = INNER) -> Figure:
    """A path with time as colour: from the ring, the state before the first step, to the large marker at its end.

    Tokens label as many steps as have room across ``inner`` px, the later ones first.
    """
    layout = _panel(path, extent, theme)
    size = 8 if len(labels) <= 100 else 5 if len(labels) <= 500 else 3
    short = [label if len(label) <= MAX_LABEL else label[: MAX_LABEL - 1] + "…" for label in labels]
    sides = _sides(path.points[1:], short, extent, inner)
    data = [
        _line(path.points, theme.quiet, 1, "solid"),
        _dots(path.points[1:], labels) | {
            "name": path.cell.title, "mode": "markers+text",
            "text": [plain(label) if side else "" for label, side in zip(short, sides, strict=True)],
            "textposition": [side or "top center" for side in sides],
            "textfont": {"size": 13, "color": theme.text},
            "marker": {"color": list(range(1, len(labels) + 1)), "colorscale": time_scale(theme), "cmin": 1,
                       "cmax": max(2, len(labels)), "size": [size] * (len(labels) - 1) + [13],
                       "symbol": ["circle"] * (len(labels) - 1) + ["diamond"]},
        },
        _start(path.points[0], theme),
    ]  # fmt: skip
    return {"data": data, "layout": layout}


def pair_figure(
    path: Path, other: Path, start: int, labels: tuple[Sequence[str], Sequence[str]], extent: Limits, theme: Theme
) -> Figure:
    """Two paths in one plane, which part at a step: the one solid and filled, the other dashed and hollow.

    A bar joins the two states of one step, paired from the end.
    """
    layout = _panel(path, extent, theme)
    colour, symbol = cell_colour(theme, path.cell), cell_style(path.cell).marker
    count = min(len(path.points), len(other.points)) - start - 1
    ends = [path.points[-count:], other.points[-count:], np.full((count, 2), np.nan)]
    data = [
        _line(np.stack(ends, axis=1).reshape(-1, 2), colour, 2.5, "solid") | {"opacity": 0.6, "name": "the same step"}
    ]
    for one, own, dash, filled in ((path, labels[0], "solid", True), (other, labels[1], "dash", False)):
        after = one.points[start + 1 :]
        size = 6 if len(own) <= 100 else 4
        data.append(_line(one.points[start:], theme.quiet, 1, dash) | {"opacity": 0.6})
        data.append(_dots(after, own[start:], first=start) | {
            "name": f"{path.cell.title}, {'as typed' if filled else 'with the replacement'}",
            "marker": {"color": colour if filled else theme.ground, "symbol": symbol,
                       "line": {"color": colour, "width": 0 if filled else 1.5},
                       "size": [size] * (len(after) - 1) + [13]},
        })  # fmt: skip
    return {"data": [*data, _start(path.points[0], theme)], "layout": layout}


def time_scale(theme: Theme) -> list[list[object]]:
    colours = TIME[theme.name]
    return [[k / (len(colours) - 1), colour] for k, colour in enumerate(colours)]


# -- parts -------------------------------------------------------------------------------------------------------------


def _panel(path: Path, extent: Limits, theme: Theme) -> Figure:
    layout = frame(theme, HEIGHT)
    layout["margin"] = dict(MARGIN)
    for name, number_of, span, share in zip("xy", (1, 2), extent, path.shares, strict=True):
        layout[f"{name}axis"] = axis(span, f"direction {number_of}: {percent(share)} of variance", theme)
    layout["yaxis"] |= {"scaleanchor": "x", "scaleratio": 1}
    title = words(plain(path.cell.title), cell_colour(theme, path.cell), x=0, y=1, left=False)
    layout["annotations"] = [title | {"xshift": 0, "yanchor": "bottom", "yshift": 4}]
    return layout


def axis(span: tuple[float, float], title: str, theme: Theme) -> Figure:
    """A linear axis of a plane in which distances are compared."""
    return {
        "range": list(span), "fixedrange": True, "zeroline": False, "gridcolor": theme.faint, "nticks": 5,
        "exponentformat": "power",
        "tickfont": {"size": 12, "color": theme.text},
        "title": {"text": title, "font": {"size": 13, "color": theme.quiet}, "standoff": 4},
    }  # fmt: skip


def _line(points: np.ndarray, colour: str, width: float, dash: str) -> Figure:
    return {
        "type": "scatter", "mode": "lines", "x": typed(points[:, 0]), "y": typed(points[:, 1]), "hoverinfo": "skip",
        "line": {"color": colour, "width": width, "dash": dash},
    }  # fmt: skip


def _dots(points: np.ndarray, labels: Sequence[str], first: int = 0) -> Figure:
    """A marker for each step, which says which it is."""
    return {
        "type": "scatter", "mode": "markers", "x": typed(points[:, 0]), "y": typed(points[:, 1]), "cliponaxis": False,
        "customdata": [f"step {k}, {plain(label)}" for k, label in enumerate(labels, first + 1)],
        "xhoverformat": ".3f", "yhoverformat": ".3f",
        "hovertemplate": "%{fullData.name}, %{customdata}: (%{x}, %{y})<extra></extra>",
    }  # fmt: skip


def _start(point: np.ndarray, theme: Theme) -> Figure:
    return {
        "type": "scatter", "mode": "markers", "x": [float(point[0])], "y": [float(point[1])], "name": "start: h = 0",
        "marker": {"symbol": "circle-open", "size": 13, "color": theme.text, "line": {"width": 2}},
        "hovertemplate": "%{fullData.name}<extra></extra>",
    }  # fmt: skip


def _sides(points: np.ndarray, labels: Sequence[str], extent: Limits, inner: float) -> list[str]:
    """For each step where its label stands, from an edge towards the middle; "" where it would lie over another's, the
    last step first.

    Plain numbers, as a call of NumPy for each step takes ten times as long.
    """
    (left, right), (bottom, top) = extent
    scale = inner / max(right - left, top - bottom)
    pixels, width = ((points - [left, bottom]) * scale).tolist(), (right - left) * scale
    sides, placed = [""] * len(pixels), list[tuple[float, float, float]]()
    for k in reversed(range(len(pixels))):
        (x, y), half = pixels[k], (LETTER * max(1, len(labels[k])) + 4) / 2
        side, middle = "top center", x
        if x < half:
            side, middle = "top right", x + half
        elif x > width - half:
            side, middle = "top left", x - half
        if all(abs(middle - at) > half + other or abs(y - height) > LINE for at, height, other in reversed(placed)):
            sides[k] = side
            placed.append((middle, y, half))
    return sides
