"""The phase portrait: where one step leads from each place of the plane, fixed points, and the run's path over it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gru_viz.figures.common import Figure, frame, plain, typed
from gru_viz.figures.trajectories import axis, time_scale
from gru_viz.measures.portrait import GRID, UNITS, Portrait
from gru_viz.theme import Theme, number

HEIGHT = 460  # px
MARGIN = {"l": 56, "r": 16, "t": 16, "b": 48}
LONGEST = 0.9  # of the squares between the arrows
HEAD = 0.35  # of an arrow's length
SYMBOLS = {"stable": "circle", "saddle": "x", "unstable": "circle-open", "neutral": "square-open"}
MOST_NAMED = 9  # fixed points with their kind beside them


def portrait_figure(found: Portrait, labels: Sequence[str], theme: Theme) -> Figure:
    """Both axes have one scale. The arrows have the direction of one step and the square root of its length."""
    layout = frame(theme, HEIGHT)
    layout["margin"] = dict(MARGIN)
    span = (-found.limit, found.limit)
    for name, unit in zip("xy", range(1, UNITS + 1), strict=True):
        layout[f"{name}axis"] = axis(span, f"{found.drawn} of unit {unit}", theme) | {"constrain": "domain"}
    layout["yaxis"] |= {"scaleanchor": "x", "scaleratio": 1}
    layout["annotations"] = _names(found, theme)
    return {
        "data": [_arrows(found, theme), *_fixed_points(found, theme), *_path(found, labels, theme)],
        "layout": layout,
    }


def _arrows(found: Portrait, theme: Theme) -> Figure:
    """One line with gaps: tail, tip, and two strokes of the head."""
    moving = np.hypot(*found.steps.T) > 0  # not NaN either
    starts, steps = found.starts[moving], found.steps[moving]
    lengths = np.hypot(*steps.T)[:, None]
    square = 2 * found.limit / GRID
    arrows = steps / lengths * LONGEST * square * np.sqrt(lengths / lengths.max(initial=0.0, where=True))
    tips, across = starts + arrows / 2, arrows[:, ::-1] * [-1, 1]
    back = tips - HEAD * arrows
    gap = np.full_like(tips, np.nan)
    strokes = [starts - arrows / 2, tips, back + HEAD / 2 * across, gap, tips, back - HEAD / 2 * across, gap]
    lines = np.stack(strokes, axis=1).reshape(-1, UNITS)
    return {
        "type": "scatter", "mode": "lines", "x": typed(lines[:, 0]), "y": typed(lines[:, 1]), "hoverinfo": "skip",
        "name": "one step with the input held", "line": {"color": theme.quiet, "width": 1},
    }  # fmt: skip


def _path(found: Portrait, labels: Sequence[str], theme: Theme) -> list[Figure]:
    x, y = found.path.T
    names = ["before the first step", *(f"step {k}, {plain(label)}" for k, label in enumerate(labels, 1))]
    return [
        {"type": "scatter", "mode": "lines", "x": typed(x), "y": typed(y), "hoverinfo": "skip",
         "name": "path", "opacity": 0.6, "line": {"color": theme.text, "width": 1}},
        {"type": "scatter", "mode": "markers", "x": typed(x), "y": typed(y), "text": names, "name": "the run",
         "marker": {"color": list(range(len(x))), "colorscale": time_scale(theme),
                    "size": [8 if len(x) <= 100 else 4] * (len(x) - 1) + [13],
                    "symbol": ["circle"] * (len(x) - 1) + ["diamond"],
                    "line": {"color": theme.ground, "width": 1}},
         "xhoverformat": ".3f", "yhoverformat": ".3f",
         "hovertemplate": "the run, %{text}: (%{x}, %{y})<extra></extra>"},
    ]  # fmt: skip


def _fixed_points(found: Portrait, theme: Theme) -> list[Figure]:
    """A symbol for each kind."""
    drawn: list[Figure] = []
    for kind, symbol in SYMBOLS.items():
        own = [k for k, point in enumerate(found.points) if point.kind == kind]
        sizes = [", ".join(number(abs(value)) for value in found.points[k].eigenvalues) for k in own]
        drawn.append({
            "type": "scatter", "mode": "markers", "name": f"{kind} fixed point", "customdata": sizes,
            "x": typed(found.places[own, 0]), "y": typed(found.places[own, 1]),
            "marker": {"symbol": symbol, "size": 15, "color": theme.text, "line": {"color": theme.text, "width": 2}},
            "xhoverformat": ".4f", "yhoverformat": ".4f",
            "hovertemplate": "%{fullData.name} (%{x}, %{y}), eigenvalues of size %{customdata}<extra></extra>",
        })  # fmt: skip
    return [each for each in drawn if each["customdata"]]


def _names(found: Portrait, theme: Theme) -> list[Figure]:
    """The kind of each fixed point beside it, where there are few; towards the middle, so that it stays inside."""
    if len(found.points) > MOST_NAMED:
        return []
    return [
        {
            "text": point.kind, "x": float(x), "y": float(y), "showarrow": False, "bgcolor": theme.ground,
            "font": {"size": 14, "color": theme.text}, "borderpad": 1,
            "yshift": 20 if y < 0.8 * found.limit else -20,
            "xanchor": "right" if x > 0.6 * found.limit else "left" if x < -0.6 * found.limit else "center",
        }
        for point, (x, y) in zip(found.points, found.places, strict=True)
    ]  # fmt: skip
