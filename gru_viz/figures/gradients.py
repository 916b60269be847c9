"""The figures of the Gradients page: norms over the steps with theory over them, and which inputs a step hangs on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gru_viz.cells import Cell
from gru_viz.figures import contrast
from gru_viz.figures.common import MARGIN, Figure, frame, plain, set_tokens, steps, typed, words
from gru_viz.figures.curves import LABEL_GAP, Curve, add_row, curves_figure, limits_of, line, short, two_lines
from gru_viz.measures.gradients import DIRECT, POWER, PRODUCT, WHOLE, Reached
from gru_viz.measures.what_if import Seeds
from gru_viz.theme import Theme, cell_colour, number_from_log10, power_of_ten

QUANTITY = {**contrast.QUANTITY, "jacobian": "‖∂s<sub>T</sub>/∂s<sub>t</sub>‖₂"}
THEORY_DASH = {DIRECT: "solid", PRODUCT: "dash", POWER: "longdashdot"}
DASH_SIGNS = {"solid": "———", "dash": "– – –", "longdashdot": "— · —"}  # the same in letters
ONLY = "direct path only: neither an upper nor a lower bound"
ROW_HEIGHT, LEAST_HEIGHT, TICK_GAP = 26, 48, 18  # px: of a row of colours, of them all, between ticks of their bar
DECADES = 8  # powers of ten that the colours tell apart
MAX_TARGETS = 2_000  # places to point at


def norms_figure(
    found: Sequence[Reached],
    labels: Sequence[str],
    theme: Theme,
    norm: str,
    share: float | None,
    seeds: Sequence[Seeds] = (),
) -> Figure:
    """log10 norms over the steps, with theory as thin lines and, if a share is given, the reach at it.

    The thin lines cross the curves: a row above the plot says what each dash is; their colour is the cell's.

    ``labels`` are those of the whole sequence: the curves end at the step with the loss.
    """
    bands = {(each.cell, part): band for each in seeds for part, band in each.bands.items()}
    drawn = [
        Curve(
            each.cell,
            values,
            f"{each.cell.title} {part}".rstrip(),
            thin=part not in (WHOLE, "h"),
            dash="dot" if part not in (WHOLE, "h") else "",
            reach=None if share is None else each.reach(share),
            band=bands.get((each.cell, part)),
        )
        for each in found
        for part, values in each.curves.items()
    ]
    theory = [
        Curve(
            each.cell,
            values,
            f"{each.cell.title}, {name}",
            thin=True,
            dash=THEORY_DASH[name],
            said=f"{each.cell.title}, {ONLY}" * (name == DIRECT),
        )
        for each in found
        for name, values in each.theory.items()
    ]
    limits = limits_of([*drawn, *theory])
    figure = curves_figure(drawn, labels, theme, QUANTITY[norm], share, limits=limits, named=[len(found[0].norm)])
    figure["data"] += [line(each, labels, theme, logarithmic=True) for each in theory]
    if theory:
        _add_legend(figure, [name for name in THEORY_DASH if any(name in each.theory for each in found)], theme)
    if len(found[0].norm) < len(labels):
        _mark_loss(figure, len(found[0].norm), theme)
    return figure


def _add_legend(figure: Figure, names: Sequence[str], theme: Theme) -> None:
    """What the dashes of theory mean: a row above the plot, in no cell's colour."""
    text = "\u2002 ".join(f"{DASH_SIGNS[THEORY_DASH[name]]}\u2002{name}" for name in names)
    add_row(figure["layout"], text, theme)


def _mark_loss(figure: Figure, step: int, theme: Theme) -> None:
    figure["layout"]["shapes"].append(
        {"type": "line", "xref": "x", "x0": step - 1, "x1": step - 1, "yref": "paper", "y0": 0, "y1": 1,
         "layer": "below", "line": {"color": theme.quiet, "width": 1}}
    )  # fmt: skip
    figure["layout"]["annotations"].append(
        {"text": "L", "xref": "x", "x": step - 1, "yref": "paper", "y": 1, "yanchor": "bottom", "showarrow": False,
         "font": {"size": 13, "color": theme.quiet}}
    )  # fmt: skip


# -- saliency ----------------------------------------------------------------------------------------------------------


def saliency_figure(found: Sequence[Reached], labels: Sequence[str], theme: Theme) -> Figure:
    """How much h after the step with the loss hangs on each input: a row of colours for each cell over the tokens,
    as a share of the row's largest, for one cell's gradient may be 10⁵⁰ times another's.

    Each place can be pointed at, up to MAX_TARGETS of them: its x is the step, from 1, as a text.
    """
    count, end, rows = len(labels), len(found[0].norm), len(found)
    shown = np.full((rows, count), np.nan)
    shown[:, :end] = [each.saliency for each in found]
    with np.errstate(invalid="ignore"):  # a row of exact zeros has no largest
        shares = shown - np.max(shown[:, :end], axis=1, keepdims=True)
    low, high = colour_limits(shares)
    height = rows * (ROW_HEIGHT + LABEL_GAP // 2 * any(len(two_lines(each.cell.title)) > 1 for each in found))
    height = max(height, LEAST_HEIGHT)
    layout = frame(theme, height + 8 + MARGIN["b"])
    layout["margin"]["t"] = 8
    most = [(int(each.saliency.argmax()) + 1, cell_colour(theme, each.cell)) for each in found]
    set_tokens(layout, labels, theme, [(end, theme.text), *most])
    layout["yaxis"] = {
        "range": [rows - 0.5, -0.5], "showticklabels": False, "ticks": "", "showgrid": False, "zeroline": False,
        "fixedrange": True,
    }  # fmt: skip
    data: list[Figure] = [{
        "type": "heatmap", "x": steps(count), "y": list(range(rows)), "z": typed(_floored(shares, end, low)),
        "zmin": low, "zmax": high, "colorscale": "Cividis", "xgap": 1 if count <= 64 else 0, "ygap": 2,
        "colorbar": colour_bar(low, high, height, theme), "hoverinfo": "skip",
    }]  # fmt: skip
    data += [_targets(each.cell, shown[row], row, labels, end) for row, each in enumerate(found)]
    layout["annotations"] += [
        words(short(each.cell.title), cell_colour(theme, each.cell), x=0, y=1 - (row + 0.5) / rows, left=True)
        for row, each in enumerate(found)
    ]
    layout["shapes"].append(
        {"type": "rect", "xref": "x", "x0": end - 1.5, "x1": end - 0.5, "yref": "paper", "y0": 0, "y1": 1,
         "line": {"color": theme.text, "width": 2}}
    )  # fmt: skip
    return {"data": data, "layout": layout}


def _floored(values: np.ndarray, end: int, low: float) -> np.ndarray:
    """Up to the step with the loss what is less than the least colour, or exactly zero, has that colour."""
    floored = values.copy()
    floored[:, :end] = np.fmax(values[:, :end], low)
    return floored


def _targets(cell: Cell, values: np.ndarray, row: int, labels: Sequence[str], end: int) -> Figure:
    """What is pointed at: not seen, with the words that appear."""
    every = range(len(labels)) if len(labels) <= MAX_TARGETS else range(0)
    texts = [
        f"step {k + 1}, {plain(labels[k])}: "
        + (f"{number_from_log10(float(values[k]))} in the {cell.title}" if k < end else "after the loss")
        for k in every
    ]
    unseen = {"marker": {"opacity": 0}}
    return {
        "type": "scatter", "mode": "markers", "name": cell.title, "x": [str(k + 1) for k in every],
        "y": [row] * len(every), "text": texts, "hovertemplate": "%{text}<extra></extra>",
        "marker": {"size": ROW_HEIGHT - 6, "symbol": "square", "opacity": 0}, "selected": unseen, "unselected": unseen,
    }  # fmt: skip


def colour_limits(values: np.ndarray) -> tuple[float, float]:
    """log10 values between which the colours run: the largest, and the least or DECADES below."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return -1.0, 0.0
    high = float(finite.max())
    return max(float(finite.min()), high - DECADES) - 1e-3, high + 1e-3


def colour_bar(low: float, high: float, height: float, theme: Theme) -> dict[str, Any]:
    """At least two ticks, from the largest power of ten down, and none over another; one where all values are alike.
    ``height``: of the bar, px."""
    whole = [float(e) for e in range(int(np.floor(high)), int(np.ceil(low)) - 1, -1)]
    apart = int(np.ceil(TICK_GAP * (high - low) / height))
    places = whole[:: max(apart, len(whole) // 3, 1)]
    if len(places) < 2:
        places = [high, low] if high - low > 0.01 else [(high + low) / 2]
    texts: Mapping[float, str] = {place: power_of_ten(int(place)) for place in whole}
    return {
        "thickness": 8, "len": 1.0, "x": 1, "xanchor": "left", "xpad": 8, "ypad": 0, "outlinewidth": 0,
        "tickvals": places, "ticktext": [texts.get(place, number_from_log10(place, 2)) for place in places],
        "tickfont": {"size": 12, "color": theme.text},
    }  # fmt: skip
