"""Arrays in one blob, each found again by its place and type."""

from __future__ import annotations

from typing import Any

import numpy as np

from gru_viz.graph import Array

_TINY, _HUGE = 1e-37, 3e38  # between them a float32 has all of its digits


class Blob:
    """Arrays one after the other, little-endian, each at a multiple of its item's size."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0
        self.known: dict[bytes, dict[str, Any]] = {}

    def add(self, values: Array) -> dict[str, Any]:
        """Where the values are. As float32, but as float64 where a float32 would lose a value, and not only digits."""
        size = np.abs(values[values != 0.0])
        small = size.size and not (size.min() > _TINY and size.max() < _HUGE)  # not: nan counts as lost
        return self.put(values, "<f8" if small else "<f4")

    def put(self, values: Array, kind: str) -> dict[str, Any]:
        """Equal arrays are stored once."""
        data = np.ascontiguousarray(values, dtype=kind).tobytes()
        key = kind.encode() + data
        if key not in self.known:
            padding = -self.size % 8
            self.parts += [bytes(padding), data]
            self.known[key] = {"at": self.size + padding, "count": int(values.size), "type": kind[1:]}
            self.size += padding + len(data)
        return self.known[key]

    def bytes(self) -> bytes:
        return b"".join(self.parts)
