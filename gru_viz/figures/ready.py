"""A figure that Streamlit takes as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plotly.basedatatypes import BaseFigure


class Ready(BaseFigure):  # type: ignore[misc]
    """A plain dict in the place of Plotly's figure object.

    Handed a dict, Streamlit builds the object from it, property by property, and turns it back into a dict: half the
    work of a rerun. Handed an object, it asks for its dict alone. That our figures are valid is tested, not checked on
    every rerun.
    """

    def __init__(self, figure: Mapping[str, Any]) -> None:
        self._ready = dict(figure)

    def to_dict(self) -> dict[str, Any]:
        return self._ready
