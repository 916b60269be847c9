"""A figure for the back row of a room: the same data, larger."""

from __future__ import annotations

import re
from typing import Any

from gru_viz.figures.common import Figure

TEXT = 24  # px, the least
SCALE = TEXT / 13  # of what figures are drawn with elsewhere
HEIGHT = 1.5  # the plot grows less than its text: it still has to fit on a screen
_LENGTHS = {"l", "r", "t", "b", "width", "size", "xshift", "yshift", "standoff", "thickness", "xpad", "ticklen"}


def enlarged(figure: Figure) -> Figure:
    """A copy with text of TEXT px or more, and lines, markers and margins in proportion."""
    return _enlarged(figure, "")


def _enlarged(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _length(key, name, part) if _is_length(key, part) else _enlarged(part, key)
                for key, part in value.items()}  # fmt: skip
    if isinstance(value, list):
        return [_enlarged(part, name) for part in value]
    if isinstance(value, str) and "font-size" in value:
        return re.sub(r"font-size:\s*[\d.]+px", f"font-size:{TEXT}px", value)
    return value


def _is_length(key: str, value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and (key in _LENGTHS or key == "height")


def _length(key: str, of: str, value: float) -> float:
    if key == "height":
        return round(value * HEIGHT)
    return max(TEXT, round(value * SCALE)) if key == "size" and of.endswith("font") else round(value * SCALE, 2)
