"""What all figures share: typed arrays, the axis of tokens, labels that do not overlap, the frame."""

from __future__ import annotations

import base64
import functools
import html
import math
import unicodedata
from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from gru_viz.labels import pattern
from gru_viz.theme import Theme, number_from_log10, power_of_ten

Figure = dict[str, Any]

MAX_PLOTTED = 50_000  # heatmap cells in one figure
MARGIN = {"l": 80, "r": 76, "t": 34, "b": 52}  # the same in all figures, so that their steps stand in one line
MAX_WHOLE = 64  # steps up to which all of them are told apart: beyond, a part can be seen closer
MAX_PHONE, MAX_SCREEN = 12, 40  # steps whose tokens all have room on a phone, and on a screen
PHONE = 200  # px of a plot on a phone, about
NUMBER_ROW, NUMBER_SIZE, DIGIT = 16, 11, 5.5  # px: a row of numbers of steps, their size, a digit's width
BESIDE = 8  # px between a plot and a name beside it
LED, LEADER = 6, 14  # px that a name is moved without a line that leads back from it, and how wide that line is
SMALL = 10  # px of a step's number below its token
MAX_NUMBERS = 6  # step numbers in a row, of four digits, on a phone
MAX_TICK = 16  # digits wide that a token is at most below a plot; where it is pointed at, the whole is said
MAX_LEVEL = 2  # digits wide that labels are which lie over no other, as Plotly thins all of them by their height
TURNED = 7  # px of a turned token for each digit of its width
FONT = "'Source Sans', system-ui, sans-serif"  # the first is the one of the page, which Streamlit ships
# How the browser shows a figure: nothing of Plotly's lies over it; the buttons that save it stand below.
CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": "reset"}


def typed(values: np.ndarray) -> dict[str, str]:
    """An array as Plotly's base64, float32 or of bools bytes: a fifth of a list's bytes, and a fraction of the time."""
    kind = "u1" if values.dtype == bool else "f4"
    array = np.ascontiguousarray(values, dtype=f"<{kind}")
    spec = {"dtype": kind, "bdata": base64.b64encode(array.data).decode()}
    if array.ndim > 1:
        spec["shape"] = ", ".join(map(str, array.shape))
    return spec


def untyped(spec: Mapping[str, str]) -> np.ndarray:
    """The array in ``typed(array)``, for a reader of a figure's data."""
    flat = np.frombuffer(base64.b64decode(spec["bdata"]), dtype=f"<{spec['dtype']}")
    return flat.reshape([int(n) for n in spec["shape"].split(",")]) if "shape" in spec else flat


@functools.lru_cache(maxsize=2048)  # each curve of a figure asks for the same tokens
def plain(text: str) -> str:
    """A person's text for a label of Plotly, which reads some HTML."""
    return html.escape(text, quote=False)


def steps(count: int) -> list[str]:
    """The categories of the time axis: "1", "2", … Text, so that Plotly thins their labels to the room there is."""
    return [str(step + 1) for step in range(count)]


def step_axis(names: Sequence[str], theme: Theme) -> Figure:
    """Time to the right, as the numbers of the steps; Plotly leaves out those for which there is no room."""
    return {
        "type": "category", "categoryorder": "array", "categoryarray": list(names), "nticks": MAX_NUMBERS,
        "range": [-0.5, len(names) - 0.5], "tickangle": 0, "automargin": False,
        "tickfont": {"size": 13, "color": theme.text}, "ticks": "", "showgrid": False, "zeroline": False,
        "showline": False, "fixedrange": len(names) <= MAX_WHOLE,
        "title": {"text": "step", "font": {"size": 13, "color": theme.quiet}, "standoff": 4},
    }  # fmt: skip


def token_axis(labels: Sequence[str], theme: Theme, numbered: Iterable[int] = ()) -> Figure:
    """Time to the right, each step named by its token.

    Where a phone has no room for all of them each token stands with its step's number, for those that Plotly leaves in
    would read as another sequence; of more than MAX_WHOLE only numbers are shown. Longer tokens turn where they would
    lie over each other. ``numbered``: the steps, from 1, whose number stands elsewhere.
    """
    names, unnumbered = steps(len(labels)), [str(step) for step in numbered]
    axis = step_axis(names, theme)
    if len(labels) > MAX_WHOLE:
        return axis | {"labelalias": dict.fromkeys(unnumbered, "")} if unnumbered else axis
    widest = max(map(_width, labels))
    may_turn = widest > MAX_LEVEL
    shown = [plain(_cut(label)) for label in labels]
    if widest == 1:  # a letter is narrower than high: Plotly, which goes by this size, leaves more of them in
        axis["tickfont"] |= {"size": SMALL}
        shown = [f"<span style='font-size:13px'>{label}</span>" for label in shown]
    if len(labels) > MAX_PHONE:
        small = f"<span style='font-size:{SMALL}px;color:{theme.quiet}'>"
        with_number = [
            f"{small}{name}</span> {label}" if may_turn else f"{label}<br>{small}{name}</span>"
            for name, label in zip(names, shown, strict=True)
        ]
        alone = dict(zip(names, shown, strict=True))
        shown = [alone[name] if name in unnumbered else text for name, text in zip(names, with_number, strict=True)]
    return axis | {
        "labelalias": dict(zip(names, shown, strict=True)), "nticks": 0, "tickangle": "auto" if may_turn else 0,
        "autotickangles": [0, -90], "automargin": "height" if may_turn else False,
    }  # fmt: skip


def set_tokens(layout: Figure, labels: Sequence[str], theme: Theme, named: Iterable[tuple[int, str]] = ()) -> None:
    """Gives a layout the axis of the tokens, and the height that they take where they turn.

    Plotly leaves out every other token, or more, where it has no room. So the numbers of steps that are spoken of have
    a row of their own above the tokens: those ``named``, from 1, each with its colour, and that of the last step of
    many.
    """
    count = len(labels)
    numbers = _apart(named, count, theme) if count > MAX_PHONE else {}
    layout["xaxis"] = token_axis(labels, theme, numbers)
    if layout["xaxis"]["automargin"]:
        layout["height"] += TURNED * min(max(map(_width, labels)), MAX_TICK)
    if numbers:
        layout["xaxis"]["ticklabelstandoff"] = NUMBER_ROW
        layout["margin"]["b"] += NUMBER_ROW
        layout["height"] += NUMBER_ROW
    layout["annotations"] += [
        {
            "text": str(step), "font": {"size": NUMBER_SIZE, "color": colour}, "showarrow": False,
            "xref": "x", "x": step - 1, "yref": "paper", "y": 0, "yanchor": "top", "yshift": -1, "borderpad": 0,
        }
        for step, colour in numbers.items()
    ]  # fmt: skip


def _apart(named: Iterable[tuple[int, str]], count: int, theme: Theme) -> dict[int, str]:
    """The last step of more than a screen has room for, and those of the named ones whose numbers have room on a
    phone, the first ones first; each with its colour, or the text's where it has several. The axis always numbers the
    1."""
    colours: dict[int, set[str]] = {count: set()} if count > MAX_SCREEN else {}
    for step, colour in named:
        colours.setdefault(step, set()).add(colour)
    kept: dict[int, str] = {}
    for step, found in colours.items():
        if step > 1 and all(abs(step - other) * PHONE / count > DIGIT * len(str(max(step, other))) for other in kept):
            kept[step] = theme.text if len(found) > 1 else next(iter(found), theme.quiet)
    return kept


def zooms(figure: Mapping[str, Any]) -> bool:
    """Whether a part of the figure's steps can be seen closer."""
    return not figure["layout"].get("xaxis", {}).get("fixedrange", True)


def frame(theme: Theme, height: int) -> Figure:
    """The layout that every figure begins with."""
    return {
        "height": height, "margin": dict(MARGIN), "showlegend": False, "hovermode": "closest",
        "font": {"family": FONT, "size": 13, "color": theme.text},
        "paper_bgcolor": theme.ground, "plot_bgcolor": theme.ground,
        "hoverlabel": {"bgcolor": theme.ground, "bordercolor": theme.quiet,
                       "font": {"family": FONT, "size": 13, "color": theme.text}, "align": "left"},
        "annotations": [], "shapes": [],
    }  # fmt: skip


def words(text: str, colour: str, x: float, y: float, left: bool) -> Figure:
    """Text beside a plot, at a place in parts of its width and height; to the left of the place or to the right."""
    side = "right" if left else "left"
    return {
        "text": text, "font": {"size": 14, "color": colour}, "showarrow": False, "align": side,
        "xref": "paper", "x": x, "xanchor": side, "xshift": -BESIDE if left else BESIDE,
        "yref": "paper", "y": y, "yanchor": "middle",
    }  # fmt: skip


def led(label: Figure, up: float, size: float = 1.0) -> Figure:
    """A name beside a plot, moved up by as many px; where it is moved by more than a few a line leads back from it."""
    side = size * (-1 if label["xanchor"] == "right" else 1)
    if abs(up) <= LED * size:
        return label | {"showarrow": False, "xshift": side * BESIDE, "yshift": round(up, 2)}
    return label | {
        "showarrow": True, "arrowhead": 0, "arrowwidth": size, "arrowcolor": label["font"]["color"], "xshift": 0,
        "yshift": 0, "ax": round(side * LEADER, 2), "ay": -round(up, 2),
    }  # fmt: skip


def _width(label: str) -> int:
    """About how many digits wide a label is."""
    return len(label) if label.isascii() else sum(map(_digits, pattern(r"\X").findall(label)))


def _digits(cluster: str) -> int:
    """About how many digits wide what is seen as one character is."""
    return 2 if unicodedata.east_asian_width(cluster[0]) in "WF" else 1


def _cut(label: str) -> str:
    """As much of a token as has room below a plot."""
    if _width(label) <= MAX_TICK:
        return label
    clusters = pattern(r"\X").findall(label)
    return "".join(clusters[: bisect(list(accumulate(map(_digits, clusters))), MAX_TICK - 1)]) + "…"


def log_ticks(low: float, high: float, most: int = 6) -> tuple[list[float], list[str]]:
    """Places between two exponents, and their labels: 10⁻⁹ rather than −9. At least two, for one says no distance:
    whole powers of ten, or where they are too far apart 1, 2, 5, …"""
    span = max(high - low, 1.0)
    size = 10 ** int(np.floor(np.log10(span / most))) if span > most else 1
    size = max(1, next(k * size for k in (1, 2, 3, 5, 10) if k * size >= span / most or k == 10))
    places = [float(e) for e in range(int(np.ceil(low / size)) * size, int(np.floor(high)) + 1, size)]
    if len(places) > 1:
        return places, [power_of_ten(int(place)) for place in places]
    for digits in ((1, 2, 5), range(1, 10)):
        finer = [e + math.log10(digit) for e in range(math.floor(low), math.ceil(high)) for digit in digits]
        places = [place for place in finer if low <= place <= high]
        if len(places) > 1:
            return places, [number_from_log10(place, 1) for place in places]
    places = [low + (high - low) / 4, high - (high - low) / 4]
    return places, [number_from_log10(place) for place in places]


def spread(values: Sequence[float], gap: float, low: float = 0.0, high: float = 1.0) -> list[float]:
    """The values moved apart to at least ``gap`` between neighbours, within low … high; their order stays."""
    order = sorted(range(len(values)), key=values.__getitem__)
    placed = [values[k] for k in order]
    for _ in range(100):
        for a in range(len(placed) - 1):
            short = gap - (placed[a + 1] - placed[a])
            if short > 1e-9 * gap:
                placed[a] -= short / 2
                placed[a + 1] += short / 2
    for k in range(len(placed)):  # up from the lower edge …
        placed[k] = max(placed[k], low if k == 0 else placed[k - 1] + gap)
    for k in reversed(range(len(placed))):  # … and down from the upper one
        placed[k] = min(placed[k], high if k == len(placed) - 1 else placed[k + 1] - gap)
    return [placed[order.index(k)] for k in range(len(values))]
