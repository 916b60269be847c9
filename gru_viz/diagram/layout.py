"""A cell ──► its diagram: what is drawn, where it stands, how the wires run, and all of it in pixels."""

from __future__ import annotations

import functools
import hashlib

from gru_viz.cells import Cell
from gru_viz.diagram.found import FOUND
from gru_viz.diagram.parts import Diagram
from gru_viz.diagram.pixels import Laid
from gru_viz.diagram.placement import UPRIGHT, Rows, Way, columns, lanes
from gru_viz.diagram.routing import Router
from gru_viz.diagram.wiring import Part, wiring
from gru_viz.errors import InputError

_BEGINNINGS, _MOVES = 6, 12  # choices of rows that are routed: first ones, and more near the best, by crossings


@functools.lru_cache(maxsize=128)
def layout(cell: Cell, numbers: bool = False) -> Diagram:
    """The cell's diagram: time runs to the right, each state enters at the left edge and leaves at the right one.

    With ``numbers`` there is room for a number: in each box below its function, below the name of what enters or leaves
    at the edges, and above, below or beside all else, where no wire is; what only leaves has it at the edge alone.
    Deterministic, and made from the equations and roles alone. Raises InputError for a cell with too many values.
    """
    parts = wiring(cell)
    return (_found(parts, numbers) or search(parts, numbers)).diagram()


def key(parts: list[Part], numbers: bool) -> str:
    """What a search depends on, in short."""
    told = [
        (part.kind, part.label, part.symbol, part.value, part.minus, [each.index for each in part.inputs])
        for part in parts
    ]
    return hashlib.sha256(repr((numbers, told)).encode(errors="replace")).hexdigest()[:16]


def _found(parts: list[Part], numbers: bool) -> Laid | None:
    """What an earlier search has found for the same parts: see ``found.py``."""
    if (known := FOUND.get(key(parts, numbers))) is None:
        return None
    way = Way(*known)
    return _laid(Rows(parts, lanes(parts), way.columns), way, numbers)


def _laid(rows: Rows, way: Way, numbers: bool, most: int | None = None) -> Laid | None:
    routes = Router(rows.parts, rows.lanes, rows.placement(way.rows), way.tracks).route(most)
    return Laid(rows.parts, rows.lanes, routes, way, numbers) if routes else None


def search(parts: list[Part], numbers: bool) -> Laid:
    """The best of a few ways to place and route the parts, and of what small moves make of it."""
    found = lanes(parts)
    ways = dict.fromkeys(columns(parts, found, upright) for upright in UPRIGHT)  # several may come to the same
    choices = [Rows(parts, found, way) for way in ways]
    for tracks in (2, 4, 8):
        best: Laid | None = None
        for rows in choices:
            best = _better(best, rows, tracks, numbers)
        if best is not None:
            return best
    raise InputError("No diagram was found for these equations.")


def _better(best: Laid | None, rows: Rows, tracks: int, numbers: bool) -> Laid | None:
    """``best``, or what is better with these columns."""

    def tried(choice: tuple[int, ...], against: Laid | None) -> Laid | None:
        most = None if against is None else against.routes.crossings
        other = _laid(rows, Way(rows.columns, choice, tracks), numbers, most)
        return other if other and (against is None or other.cost() < against.cost() - 1e-6) else None

    local: Laid | None = None
    effort = min(1.0, (16 / len(rows.parts)) ** 2)  # a large cell is not drawn as carefully, but as soon
    for choice in rows.beginnings[: max(1, round(_BEGINNINGS * effort))]:
        local = tried(choice, local) or local
    if local is None:
        return best
    if best is not None and local.routes.crossings > best.routes.crossings + 1:
        return best
    seen = set()
    left = round(_MOVES * effort * (1 + min(local.routes.crossings, 3)))
    while left > 0:
        for choice in [choice for choice in rows.near(local.way.rows) if choice not in seen][:left]:
            seen.add(choice)
            left -= 1
            if better := tried(choice, local):
                local = better
                break
        else:
            break
    return local if best is None or local.cost() < best.cost() - 1e-6 else best
