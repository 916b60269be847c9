"""The figures of the Gates page: all gates over time, single units as lines, how much of the time a gate is shut or
open, and how long the gates that keep would keep."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gru_viz.cells import Cell
from gru_viz.figures.common import (
    MARGIN,
    MAX_PLOTTED,
    Figure,
    frame,
    log_ticks,
    plain,
    spread,
    steps,
    token_axis,
    typed,
    words,
)
from gru_viz.figures.curves import two_lines
from gru_viz.measures.gates import OPEN, SHUT, Gate
from gru_viz.theme import Theme, cell_colour, cell_style, number

ROWS_HEIGHT, UNIT_HEIGHT = 96, (3, 36)  # px of a gate's rows together, and the limits of one row
LINES_HEIGHT = 84  # px of the lines of one unit
ROOM = 0.06  # above 1 and below 0
HEADER, GAP = 26, 8  # px above the panels of each cell, and below each panel
SCATTER_HEIGHT = 400
LIVES_ROW = 56  # px of the half-lives of one gate
SIZES = (19, 14, 9, 5)  # px of a cell's marks, one gate after the other: outlines, so that none hides another
DASHES = {"keep": "solid", "write": "dash", "show": "dot", "look back": "dashdot"}
IN_CORNER = 6  # entries of a legend in the corner of the triangle that is empty
MAX_TITLE = 13  # characters of a cell's title beside a plot
MAX_NAME = 9  # characters of a gate's name beside a plot


def gates_figure(cells: Sequence[Cell], found: Sequence[Gate], labels: Sequence[str], theme: Theme) -> Figure:
    """A heatmap (units, T) for each gate on one axis of time, from the ground (shut) to the colour of its role (open).

    A cell without gates has a line that says so. Where all are more than MAX_PLOTTED values the first units are shown:
    see ``units_shown``.
    """
    shown = units_shown(found)
    row = int(np.clip(ROWS_HEIGHT / shown, *UNIT_HEIGHT))
    layout, panels = _stacked(cells, [_count(found, cell) for cell in cells], row * shown, labels, theme)
    names, rows = steps(len(labels)), [unit + 1 for unit in range(shown)]
    data: list[Figure] = []
    for k, (each, (low, high)) in enumerate(zip(found, panels, strict=True)):
        layout[f"yaxis{_number(k)}"] = {
            "domain": [low, high], "showticklabels": False, "ticks": "", "showgrid": False, "zeroline": False,
            "fixedrange": True, "range": [shown + 0.5, 0.5],
        }  # fmt: skip
        data.append({
            "type": "heatmap", "name": plain(full_name(each)), "x": names, "y": rows,
            "z": typed(each.values[:, :shown].T),
            "yaxis": f"y{_number(k)}", "zmin": 0, "zmax": 1, "showscale": False,
            "colorscale": [[0, theme.ground], [1, theme.roles[each.role]]],
            "xgap": int(len(labels) <= 64), "ygap": int(row >= 8),
            "hovertemplate": "%{x}<br>%{fullData.name} of unit %{y}: %{z:.3f}<extra></extra>",
        })  # fmt: skip
        layout["shapes"].append(_outline(low, high, theme))
        label = f"{_swatch(each, theme)}<br><span style='font-size:12px'>{each.role}</span>"
        layout["annotations"].append(words(label, theme.text, x=0, y=(low + high) / 2, left=True))
    return {"data": data, "layout": layout}


def units_shown(found: Sequence[Gate]) -> int:
    """How many units of each gate a figure has room for."""
    count, hidden = found[0].values.shape
    return int(min(hidden, max(1, MAX_PLOTTED // (count * len(found)))))


def lines_figure(
    cells: Sequence[Cell], found: Sequence[Gate], units: Sequence[int], labels: Sequence[str], theme: Theme
) -> Figure:
    """The gates of chosen units, counted from 0, as lines from 0 to 1: a panel for each unit of each cell."""
    gated = [cell for cell in cells if _count(found, cell)]
    layout, panels = _stacked(gated, [len(units)] * len(gated), LINES_HEIGHT, labels, theme)
    owners = [(cell, unit) for cell in gated for unit in units]
    data: list[Figure] = []
    for k, ((cell, unit), (low, high)) in enumerate(zip(owners, panels, strict=True)):
        layout[f"yaxis{_number(k)}"] = {
            "domain": [low, high], "range": [-ROOM, 1 + ROOM], "tickvals": [0, 1], "zeroline": False,
            "gridcolor": theme.faint, "fixedrange": True, "tickfont": {"size": 12, "color": theme.quiet},
        }  # fmt: skip
        own = [each for each in found if each.cell == cell]
        data += [_line(each, unit, len(labels), k, theme) for each in own]
        ends = spread([(float(each.values[-1, unit]) + ROOM) / (1 + 2 * ROOM) for each in own], 17 / LINES_HEIGHT)
        for each, end in zip(own, ends, strict=True):
            y = low + (high - low) * end
            layout["annotations"].append(words(_swatch(each, theme), theme.text, x=1, y=y, left=False))
        layout["annotations"].append(words(f"unit {unit + 1}", theme.text, x=0, y=(low + high) / 2, left=True))
    return {"data": data, "layout": layout}


def saturation_figure(found: Sequence[Gate], theme: Theme) -> Figure:
    """Each unit of each gate: the share of steps below SHUT to the right, above OPEN upwards; both are at most 1
    together. The colour is the role's and the mark the cell's; units at one place share a mark."""
    layout = frame(theme, SCATTER_HEIGHT)
    layout["margin"] = MARGIN | {"t": 12, "r": 16, "b": 52}
    share = {"range": [-0.04, 1.06], "tickvals": [0, 0.25, 0.5, 0.75, 1],
             "ticktext": ["0", "25 %", "50 %", "75 %", "100 %"], "zeroline": False,
             "gridcolor": theme.faint, "fixedrange": True, "tickfont": {"size": 13, "color": theme.text}}  # fmt: skip
    for axis, text in (("xaxis", f"share of steps below {SHUT}"), ("yaxis", f"share of steps above {OPEN}")):
        layout[axis] = share | {"title": {"text": text, "font": {"size": 13, "color": theme.quiet}}}
    layout["shapes"].append({"type": "line", "x0": 0, "y0": 1, "x1": 1, "y1": 0, "layer": "below",
                             "line": {"color": theme.quiet, "width": 1, "dash": "dot"}})  # fmt: skip
    corners = (("always open", 0, 1, False), ("always shut", 1, 0, True), ("always in between", 0, 0, False))
    for text, x, y, left in corners:
        place = words(text, theme.quiet, x=x, y=y, left=left) | {"xref": "x", "yref": "y", "yshift": 16}
        layout["annotations"].append(place | {"bgcolor": theme.ground})
    layout |= {"showlegend": True, "legend": {"x": 1, "xanchor": "right", "y": 1, "yanchor": "top",
                                              "font": {"size": 13, "color": theme.text}}}  # fmt: skip
    if len(found) > IN_CORNER:  # it would hide marks: below the plot, with room for one in a row, as on a phone
        below = 20 * len(found) + 8
        layout["height"] += below
        layout["margin"]["b"] += below
        layout["legend"] |= {"orientation": "h", "x": 0, "xanchor": "left", "yref": "container", "y": 0,
                             "yanchor": "bottom"}  # fmt: skip
    data = []
    for each in found:
        order = [other for other in found if other.cell == each.cell].index(each)
        points, owner = np.unique(np.stack([each.shut, each.open], axis=1), axis=0, return_inverse=True)
        data.append({
            "type": "scatter", "mode": "markers", "name": plain(full_name(each)), "cliponaxis": False,
            "x": typed(points[:, 0]), "y": typed(points[:, 1]),
            "text": [_units(np.flatnonzero(owner.ravel() == k)) for k in range(len(points))],
            "marker": {"symbol": cell_style(each.cell).marker + "-open", "color": theme.roles[each.role],
                       "size": SIZES[min(order, len(SIZES) - 1)], "line": {"width": 2}},
            "hovertemplate": "%{fullData.name} of %{text}: shut at %{x:.1%} of steps, open at %{y:.1%}<extra></extra>",
        })  # fmt: skip
    return {"data": data, "layout": layout}


def half_life_figure(found: Sequence[Gate], theme: Theme) -> Figure:
    """Each unit's half-life in steps, a row for each gate that keeps, on a log axis; a bar at the median.

    0 and ∞ have no place there: they stand at its ends, if there are any.
    """
    keeping = [each for each in found if each.keeps]
    lives = [each.half_lives for each in keeping]
    low, high, places, texts = _life_axis(np.concatenate(lives))
    layout = frame(theme, LIVES_ROW * len(keeping) + 12 + MARGIN["b"])
    layout["margin"]["t"] = 12
    layout["xaxis"] = {
        "range": [low - 0.02, high + 0.02], "tickvals": places, "ticktext": texts, "zeroline": False,
        "gridcolor": theme.faint, "fixedrange": True, "tickfont": {"size": 13, "color": theme.text},
        "title": {"text": "half-life in steps", "font": {"size": 13, "color": theme.quiet}, "standoff": 6},
    }  # fmt: skip
    layout["yaxis"] = {"range": [len(keeping) - 0.5, -0.5], "visible": False, "fixedrange": True}
    data: list[Figure] = []
    for row, (each, own) in enumerate(zip(keeping, lives, strict=True)):
        x = _log10_within(own, low, high)
        data.append({
            "type": "scatter", "mode": "markers", "name": plain(full_name(each)), "x": typed(x), "y": [row] * len(x),
            "text": [f"unit {unit + 1}: {number(float(life))} steps" for unit, life in enumerate(own)],
            "cliponaxis": False,
            "marker": {"symbol": cell_style(each.cell).marker + "-open", "color": theme.roles[each.role], "size": 12,
                       "line": {"width": 2}},
            "hovertemplate": "%{fullData.name} of %{text}<extra></extra>",
        })  # fmt: skip
        (middle,) = _log10_within(np.array([np.median(own)]), low, high)
        layout["shapes"].append({"type": "line", "x0": float(middle), "x1": float(middle), "y0": row - 0.4,
                                 "y1": row + 0.4, "line": {"color": theme.text, "width": 2}})  # fmt: skip
        title = f"<br><span style='font-size:12px'>{plain(two_lines(each.cell.title)[-1][:MAX_TITLE])}</span>"
        label = words(_swatch(each, theme) + title, theme.text, x=0, y=row, left=True)
        layout["annotations"].append(label | {"yref": "y"})
    return {"data": data, "layout": layout}


def full_name(gate: Gate) -> str:
    return f"{gate.cell.title} {gate.name}"


# -- parts -------------------------------------------------------------------------------------------------------------


def _count(found: Sequence[Gate], cell: Cell) -> int:
    return sum(each.cell == cell for each in found)


def _number(k: int) -> str:
    """The number of Plotly's axis, which the first has not."""
    return str(k + 1) if k else ""


def _stacked(
    cells: Sequence[Cell], counts: Sequence[int], height: int, labels: Sequence[str], theme: Theme
) -> tuple[Figure, list[tuple[float, float]]]:
    """A layout with as many panels for each cell, below its title, and the lower and upper end of each panel in parts
    of the plot; all on one axis of time."""
    edges, tops, top = [], [], 0
    for count in counts:
        tops.append(top)
        top += HEADER
        for _ in range(count):
            edges.append((top, top + height))
            top += height + GAP
    layout = frame(theme, top + MARGIN["b"])
    layout["margin"]["t"] = 0
    layout["xaxis"] = token_axis(labels, theme) | {"anchor": "free", "position": 0}
    for cell, count, above in zip(cells, counts, tops, strict=True):
        text = f"<b>{plain(cell.title)}</b>" + ": no gates" * (not count)
        title = words(text, cell_colour(theme, cell), x=0, y=1 - (above + HEADER / 2) / top, left=False)
        layout["annotations"].append(title | {"xshift": 0})
    return layout, [(1 - bottom / top, 1 - upper / top) for upper, bottom in edges]


def _outline(low: float, high: float, theme: Theme) -> Figure:
    """The edge of a panel whose squares may all be empty."""
    return {"type": "rect", "xref": "x domain", "x0": 0, "x1": 1, "yref": "paper", "y0": low, "y1": high,
            "line": {"color": theme.faint, "width": 1}}  # fmt: skip


def _swatch(gate: Gate, theme: Theme) -> str:
    """The gate's name in the colour of text, and its role's colour beside it."""
    name = gate.name if len(gate.name) <= MAX_NAME else gate.name[: MAX_NAME - 1] + "…"
    return f"<span style='color:{theme.roles[gate.role]}'>■</span> {name}"


def _line(gate: Gate, unit: int, count: int, panel: int, theme: Theme) -> Figure:
    name = f"{plain(full_name(gate))} of unit {unit + 1}"
    return {
        "type": "scatter", "mode": "lines" if count > 1 else "markers", "name": name, "x": steps(count),
        "y": typed(gate.values[:, unit]), "yaxis": f"y{_number(panel)}",
        "line": {"color": theme.roles[gate.role], "dash": DASHES.get(gate.role, "longdash"), "width": 2},
        "marker": {"color": theme.roles[gate.role], "symbol": cell_style(gate.cell).marker, "size": 9},
        "hovertemplate": "%{x}<br>%{fullData.name}: %{y:.3f}<extra></extra>",
    }  # fmt: skip


def _life_axis(lives: np.ndarray) -> tuple[float, float, list[float], list[str]]:
    """The ends of a log axis, where 0 and ∞ stand if there are any, its ticks and their labels."""
    proper = np.log10(lives[(lives > 0) & np.isfinite(lives)])
    low, high = (float(proper.min()), float(proper.max())) if proper.size else (0.0, 0.0)
    room = max(0.08 * (high - low), (0.8 - (high - low)) / 2)
    low, high = low - room, high + room
    places, texts = _ticks(low, high) if proper.size else ([], [])
    apart = 0.15 * (high - low)
    if (lives == 0).any():
        low -= apart
        places, texts = [low, *places], ["0", *texts]
    if np.isinf(lives).any():
        high += apart
        places, texts = [*places, high], [*texts, "∞"]
    return low, high, places, texts


def _log10_within(lives: np.ndarray, low: float, high: float) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.clip(np.log10(lives), low, high)


def _ticks(low: float, high: float) -> tuple[list[float], list[str]]:
    """1, 2, 5, 10, … as long as they are few, else powers of ten."""
    if high - low > 2:
        return log_ticks(low, high)
    values = [digit * 10.0**power for power in range(int(np.floor(low)), int(np.ceil(high))) for digit in range(1, 10)]
    inside = [value for value in values if low <= np.log10(value) <= high]
    few = [value for value in inside if str(value).strip("0.")[0] in "125"]
    kept = few if len(few) > 2 else inside
    return [float(np.log10(value)) for value in kept], [number(value, 1) for value in kept]


def _units(places: np.ndarray) -> str:
    """ "unit 3", "units 1, 4" """
    return f"unit{'s' * (len(places) > 1)} " + ", ".join(str(place + 1) for place in places)
