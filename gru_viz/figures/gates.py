"""The figures of the Gates page: all gates over time, single units as lines, how much of the time a gate is shut or
open, and how long the gates that keep would keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gru_viz.cells import Cell
from gru_viz.figures.common import (
    MARGIN,
    MAX_PLOTTED,
    Figure,
    frame,
    log_ticks,
    plain,
    set_tokens,
    spread,
    steps,
    typed,
    words,
)
from gru_viz.figures.curves import two_lines
from gru_viz.measures.gates import OPEN, SHUT, Gate
from gru_viz.theme import Theme, cell_colour, cell_style, number

ROWS_HEIGHT, UNIT_HEIGHT = 96, (3, 36)  # px of a gate's rows together, and the limits of one row
LINES_HEIGHT = 84  # px of the lines of one unit
NAME_APART = 17 / LINES_HEIGHT  # of a panel's height, between the names at the ends of lines
ROOM = 0.06  # above 1 and below 0
HEADER, GAP = 26, 8  # px above the panels of each cell, and below each panel
NAME, PANEL, TICKS, BELOW = 22, 132, 24, 34  # px of a panel's name, itself, its ticks, and below all panels
COUNT_ROOM = (0.3, 0.15)  # of a panel, for the number of units at a place
APART = 0.3  # of a panel's width, between two
LIVES_ROW = 56  # px of the half-lives of one gate
DASHES = {"keep": "solid", "write": "dash", "show": "dot", "look back": "dashdot"}
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
        last = [(float(each.values[-1, unit]) + ROOM) / (1 + 2 * ROOM) for each in own]
        ends = spread(last, NAME_APART, NAME_APART / 2, 1 - NAME_APART / 2)  # within the panel: others are near
        for each, end in zip(own, ends, strict=True):
            y = low + (high - low) * end
            layout["annotations"].append(words(_swatch(each, theme), theme.text, x=1, y=y, left=False))
        layout["annotations"].append(words(f"unit {unit + 1}", theme.text, x=0, y=(low + high) / 2, left=True))
    return {"data": data, "layout": layout}


def saturation_figure(found: Sequence[Gate], theme: Theme) -> Figure:
    """Each unit in a panel for its gate: the share of steps below SHUT to the right, above OPEN upwards; both are at
    most 1 together. Units at one place share a mark that says how many they are. A row for each cell."""
    cells = list({each.cell.name: each.cell for each in found}.values())
    columns = max(_count(found, cell) for cell in cells)
    row = HEADER + NAME + PANEL + TICKS
    layout = frame(theme, row * len(cells) + BELOW)
    layout["margin"] = MARGIN | {"l": 60, "r": 24, "t": 0, "b": BELOW}
    data: list[Figure] = []
    for below, cell in enumerate(cells):
        top = 1 - below / len(cells)
        title = words(f"<b>{plain(cell.title)}</b>", cell_colour(theme, cell), x=0, y=top, left=False)
        layout["annotations"].append(title | {"xshift": 0, "yshift": -HEADER / 2})
        for column, each in enumerate(each for each in found if each.cell == cell):
            left = column * (1 + APART) / (columns * (1 + APART) - APART)
            place = {
                "x": (left, left + 1 / (columns * (1 + APART) - APART)),
                "y": (top - (HEADER + NAME + PANEL) / row / len(cells), top - (HEADER + NAME) / row / len(cells)),
            }
            _triangle(layout, _number(len(data)), place, theme)
            name = words(_swatch(each, theme), theme.text, x=place["x"][0], y=place["y"][1], left=False)
            layout["annotations"].append(name | {"xshift": 0, "yshift": NAME / 2})
            data.append(_places(each, _number(len(data)), theme))
    layout["annotations"] += [
        words(f"share of steps below {SHUT}", theme.quiet, x=0.5, y=0, left=False)
        | {"xanchor": "center", "xshift": 0, "yshift": 12 - BELOW},
        words(f"share of steps above {OPEN}", theme.quiet, x=0, y=0.5, left=False)
        | {"xanchor": "center", "xshift": -48, "textangle": -90},
    ]
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
    set_tokens(layout, labels, theme)
    layout["xaxis"] |= {"anchor": "free", "position": 0}
    for cell, count, above in zip(cells, counts, tops, strict=True):
        text = f"<b>{plain(cell.title)}</b>" + ": no gates" * (not count)
        title = words(text, cell_colour(theme, cell), x=0, y=1 - (above + HEADER / 2) / top, left=False)
        layout["annotations"].append(title | {"xshift": 0})
    return layout, [(1 - bottom / top, 1 - upper / top) for upper, bottom in edges]


def _triangle(layout: Figure, number_of: str, place: Mapping[str, tuple[float, float]], theme: Theme) -> None:
    """The axes of a panel: two shares whose sum is at most 1."""
    share = {"range": [-ROOM, 1 + ROOM], "tickvals": [0, 0.5, 1], "ticktext": ["0", "", "100 %"], "zeroline": False,
             "gridcolor": theme.faint, "fixedrange": True, "tickfont": {"size": 12, "color": theme.text}}  # fmt: skip
    is_first = place["x"][0] == 0
    layout[f"xaxis{number_of}"] = share | {"domain": list(place["x"]), "anchor": f"y{number_of}"}
    layout[f"yaxis{number_of}"] = share | {
        "domain": list(place["y"]), "anchor": f"x{number_of}", "showticklabels": is_first, "ticklabelstandoff": 6,
    }  # fmt: skip
    layout["shapes"].append({"type": "line", "xref": f"x{number_of}", "yref": f"y{number_of}", "x0": 0, "y0": 1,
                             "x1": 1, "y1": 0, "layer": "below",
                             "line": {"color": theme.quiet, "width": 1, "dash": "dot"}})  # fmt: skip


def _places(gate: Gate, number_of: str, theme: Theme) -> Figure:
    """A mark at each place where units are; how many, where they are several and there is room to say it."""
    places: dict[tuple[float, float], list[int]] = {}
    for unit, place in enumerate(zip(gate.shut.tolist(), gate.open.tolist(), strict=True)):
        places.setdefault(place, []).append(unit)
    places = dict(sorted(places.items()))
    points, units = np.array(list(places)), list(places.values())
    return {
        "type": "scatter", "mode": "markers+text", "name": plain(full_name(gate)), "cliponaxis": False,
        "xaxis": f"x{number_of}", "yaxis": f"y{number_of}", "x": typed(points[:, 0]), "y": typed(points[:, 1]),
        "text": _sizes(points, list(map(len, units))), "customdata": list(map(_units, units)),
        "textposition": ["top center" if shut > opened else "middle right" for shut, opened in points],
        "textfont": {"size": 12, "color": theme.text},
        "marker": {"symbol": cell_style(gate.cell).marker + "-open", "color": theme.roles[gate.role], "size": 10,
                   "line": {"width": 2}},
        "hovertemplate": "%{fullData.name} of %{customdata}: shut at %{x:.1%} of steps, open at %{y:.1%}"
                         "<extra></extra>",
    }  # fmt: skip


def _sizes(points: np.ndarray, counts: Sequence[int]) -> list[str]:
    """How many units are at each place, the largest numbers first, as long as none lies over another."""
    shown: list[int] = []
    for k in sorted((k for k, count in enumerate(counts) if count > 1), key=lambda k: -counts[k]):
        if (np.abs(points[shown] - points[k]) > COUNT_ROOM).any(axis=1).all():
            shown.append(k)
    return [f"×{count}" if k in shown else "" for k, count in enumerate(counts)]


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
    places, texts = log_ticks(low, high) if proper.size else ([], [])
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


def _units(places: Sequence[int]) -> str:
    """ "unit 3", "units 1, 4" """
    return f"unit{'s' * (len(places) > 1)} " + ", ".join(str(place + 1) for place in places)
