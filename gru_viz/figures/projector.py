"""A figure for the back row of a room: the same data, larger, and as low as the smallest picture needs it."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from gru_viz.figures.common import Figure, led, spread

TEXT = 24  # px, the least
SCALE = TEXT / 13  # of what figures are drawn with elsewhere
LINE = 27  # px from one line of text to the next
NUMBER = 0.85 * TEXT  # px from one number of an axis to the next: digits reach neither the upper nor the lower edge
CAPITAL, LETTER = 0.65 * TEXT, 0.52 * TEXT  # px, about, of a capital's width, and of another letter's
# px that a picture of 1280 × 720 leaves below a question of two lines, and below a conclusion; the page makes it higher
LOWEST, BELOW_CONCLUSION = 530, 400
WIDTH = 1216  # px of that picture for what is in it
_LENGTHS = {
    "l", "r", "t", "b", "width", "size", "xshift", "yshift", "standoff", "ticklabelstandoff", "thickness", "xpad",
    "ticklen",
}  # fmt: skip


def enlarged(figure: Figure, lowest: int = LOWEST, width: int = WIDTH) -> Figure:
    """A copy with text of TEXT px or more, and lines, markers and margins in proportion; no higher than ``lowest`` px
    but where its text needs more, for the page gives it all the room there is. ``width``: px that it has at least."""
    large: Figure = _enlarged(figure, "")
    layout, before = large["layout"], figure["layout"]
    plot = before["height"] - before["margin"]["t"] - before["margin"]["b"]
    beside = [each for each in layout["annotations"] if each.get("xref") == "paper" and each.get("xanchor") == "right"]
    on_right = [each for each in layout["annotations"] if each.get("xref") == "paper" and each["x"] == 1]
    panels = sorted({tuple(axis["domain"]) for key, axis in layout.items() if key[:5] == "yaxis" and "domain" in axis})
    for each in [*beside, *on_right]:
        name, *below = each["text"].split("<br>")
        name, dash, sign = name.partition(" <span")  # of its line, which ends the name
        each["text"] = " ".join([name, *below]) + dash + sign
    if len(panels) > 1:
        layout["margin"]["t"] = max(layout["margin"]["t"], TEXT // 4)
        plot = _stack(layout, panels, plot, lowest - layout["margin"]["t"] - layout["margin"]["b"])
    else:
        plot = _part(layout, beside, on_right, min(plot, lowest - round(layout["margin"]["t"] + layout["margin"]["b"])))
    right = layout.get("yaxis", {}).get("side") == "right"
    outside = [-each["xshift"] for each in layout["annotations"] if each.get("xshift", 0) < 0 and each not in beside]
    layout["margin"]["l"] = max([0 if right and beside else layout["margin"]["l"], *map(_width, beside), *outside])
    on_right += [each for each in layout["annotations"] if each.get("yref") == "y" and each["x"] == 1]
    layout["margin"]["r"] = max([layout["margin"]["r"], *map(_width, on_right)])
    if not (on_right or right):
        layout["margin"]["r"] = min(layout["margin"]["r"], LINE)  # where no name stands: each letter has more room
    if "scaleanchor" in layout.get("yaxis", {}):
        plot = _plane(layout, plot, lowest, width)
    layout["height"] = plot + round(layout["margin"]["t"] + layout["margin"]["b"])
    return large


def _stack(layout: Figure, panels: Sequence[tuple[float, float]], plot: int, room: float) -> int:
    """Panels of ``plot`` px together, moved: between them there is room for a line of text where there was some, and
    they share what is left of ``room``, but each can be named. The height in px, then."""
    edges = np.array([0.0, *(edge for panel in panels for edge in panel), 1.0])
    sizes = np.diff(edges) * plot
    is_panel = np.arange(len(sizes)) % 2 == 1
    sizes[~is_panel] *= LINE / 26
    least = TEXT + 1 - float(sizes[~is_panel][sizes[~is_panel] > 1].min())
    shares = sizes[is_panel] / sizes[is_panel].sum()
    sizes[is_panel] = np.maximum(least, shares * (room - sizes[~is_panel].sum()))
    places = np.concatenate([[0.0], np.cumsum(sizes)]) / sizes.sum()

    def moved(y: float) -> float:
        return float(np.interp(y, edges, places))

    for key, axis in layout.items():
        if key[:5] == "yaxis" and "domain" in axis:
            axis["domain"] = [moved(edge) for edge in axis["domain"]]
    for each in [*layout["annotations"], *layout["shapes"]]:
        if each.get("yref") == "paper":
            each |= {name: moved(each[name]) for name in ("y", "y0", "y1") if name in each}
    return round(float(sizes.sum()))


def _part(layout: Figure, beside: Sequence[Figure], on_right: Sequence[Figure], plot: int) -> int:
    """Names and numbers that the larger letters would lay over each other, apart, in a plot of ``plot`` px or more: its
    height. Names are moved by px, so that they come closer to their lines where it is higher; the end numbers stay."""
    named = [[each for each in side if each.get("yref") == "paper"] for side in (beside, on_right)]
    plot = max(plot, LINE * max(map(len, named)))
    for side in named:
        places = [each["y"] * plot for each in side]
        for each, old, new in zip(side, places, spread(places, LINE, 0, plot), strict=True):
            each |= led(each, new - old, SCALE)
    axis = layout.get("yaxis", {})
    if {"tickvals", "range"} <= axis.keys() and axis.get("type") != "category":
        _thin(layout["yaxis"], plot, _named_guide(layout, plot))
    return plot


def _thin(axis: Figure, plot: float, above: Sequence[float]) -> None:
    """Leaves out the numbers of an axis that would lie over a more telling one: the 1 that a share is one of, the ends;
    or over another name, which stands there as many px above its lower end."""
    px = plot / abs(axis["range"][1] - axis["range"][0])
    places = [abs(value - axis["range"][0]) * px for value in axis["tickvals"]]
    kept: list[int] = []
    last = len(places) - 1
    for k in sorted(range(last + 1), key=lambda k: (not above or axis["tickvals"][k] != 0, k != last, k != 0, -k)):
        if all(abs(places[k] - other) >= NUMBER for other in (*above, *(places[other] for other in kept))):
            kept.append(k)
    for name in ("tickvals", "ticktext"):
        if name in axis:
            axis[name] = [axis[name][k] for k in sorted(kept)]


def _named_guide(layout: Figure, plot: float) -> list[float]:
    """A guide's name, words among the numbers of an axis of powers, beside its line instead, and apart from the 1. Its
    place in px above the lower end, where there is one."""
    axis, (low, high) = layout["yaxis"], layout["yaxis"]["range"]
    if " " not in axis.get("ticktext", [""])[-1]:
        return []
    at, text = axis["tickvals"].pop(), axis["ticktext"].pop()
    numbers = dict(zip(axis["tickvals"], axis["ticktext"], strict=True)) | ({0.0: "1"} if low < 0 < high else {})
    axis["tickvals"], axis["ticktext"] = sorted(numbers), [numbers[value] for value in sorted(numbers)]
    place, one = ((value - low) * plot / (high - low) for value in (at, 0))
    free = [place] if abs(place - one) >= NUMBER or not low < 0 < high else [one - TEXT, one + TEXT]
    new = min(free, key=lambda px: (not 0 <= px <= plot, abs(px - place)))
    name = {"text": text, "font": axis["tickfont"], "x": 1, "xref": "paper", "xanchor": "left", "xshift": NUMBER / 2}
    layout["annotations"].append(
        name | {"showarrow": False, "y": at, "yref": "y", "yanchor": "middle", "yshift": round(new - place, 2)}
    )
    return [new]


def _plane(layout: Figure, plot: int, lowest: int, width: int) -> int:
    """Both axes show what they have to, and not what would fill a wider or higher page; names stay beside it, and what
    is drawn upwards is said below: a turned title would take a narrow plane's room. In a low one, of several rows, all
    this stands in the name's line, without what is the same in all where it is too narrow. The plot's height in px."""
    for name in "xy":
        layout[f"{name}axis"] |= {"constrain": "domain", "automargin": True}
    wide, high = (high - low for low, high in (layout[f"{name}axis"]["range"] for name in "xy"))
    layout["yaxis"]["nticks"] = max(2, min(5, round(4 * high / wide)))  # apart in a low plane
    across, up = (layout[f"{name}axis"].pop("title") for name in "xy")
    shares = [title["text"].rpartition(": ")[2] for title in (across, up)]
    named = [each for each in layout["annotations"] if each.get("xref") == "paper"]
    layout["margin"] |= {"l": TEXT, "r": TEXT // 2}
    if lowest < BELOW_CONCLUSION:
        (name,) = named
        layout["annotations"].remove(name)
        text = "{}  → {} ↑ {}".format(name["text"], shares[0].partition(" of")[0], shares[1])
        layout["title"] = {
            "text": text.removesuffix(" of variance") if width < WIDTH // 2 else text, "font": name["font"],
            "x": 0.5, "xanchor": "center", "y": 1, "yanchor": "top", "yref": "container", "pad": {"t": 9},
        }  # fmt: skip
        layout["margin"] |= {"t": 1.7 * LINE, "b": 1.3 * LINE}
        return min(plot, lowest - 3 * LINE)
    for each in named:
        each |= {"xref": "x domain", "yref": "y domain", "text": each["text"].replace(" (", "<br>("), "yshift": TEXT}
    layout["xaxis"]["title"] = across | {"text": "→ {}<br>↑ {}".format(*shares)}
    layout["margin"]["t"] = LINE * (2.3 + any("<br>" in each["text"] for each in named))
    return plot


def _width(label: Figure) -> int:
    """px that a name beside a plot takes, with what lies between them."""
    lines = html.unescape(re.sub("<(?!br>)[^>]*>", "", label["text"])).split("<br>")
    wide = max(sum(CAPITAL if sign.isupper() else LETTER for sign in line) for line in lines)
    return round(wide + 1.5 * max(abs(label.get(name, 0)) for name in ("xshift", "ax")))


def _enlarged(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _length(key, name, part) if _is_length(key, part) else _enlarged(part, key)
                for key, part in value.items()}  # fmt: skip
    if isinstance(value, list):
        return [_length(name, "", part) if _is_length(name, part) else _enlarged(part, name) for part in value]
    if isinstance(value, str) and "font-size" in value:
        return re.sub(r"font-size:\s*[\d.]+px", f"font-size:{TEXT}px", value)
    return value


def _is_length(key: str, value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and key in _LENGTHS


def _length(key: str, of: str, value: float) -> float:
    if key == "size" and of.endswith("font"):
        return max(TEXT, round(value * SCALE))
    return round(value * SCALE, 0 if key == "ticklabelstandoff" else 2)  # that one is dropped unless it is whole
