"""A cell ──► its diagram: what is drawn, where it stands, how the wires run, and all of it in pixels."""

from __future__ import annotations

import functools
import itertools
import math
import re

from gru_viz.cells import Cell
from gru_viz.diagram.parts import (
    AFTER,
    BEFORE,
    BOX,
    INPUT,
    JOIN,
    LINES,
    PLAIN,
    PRODUCT,
    SUM,
    VALVE,
    WEIGHTS,
    Diagram,
    Edge,
    Label,
    Node,
    Point,
)
from gru_viz.diagram.placement import UPRIGHT, Lanes, Rows, columns, lanes
from gru_viz.diagram.routing import Router, Routes
from gru_viz.diagram.wiring import Part, wiring
from gru_viz.errors import InputError
from gru_viz.roles import STATE

TEXT, LOWERED = 14.0, 10.0  # px: text, and what follows an underscore in a name
NUMBER = 46.0  # px: room for a number in or beside a node, seven characters at 12 px
_BOX_HEIGHT, _ROUND, _JOIN = 28.0, 18.0, 6.0
_TALL, _VALVE = 42.0, 26.0  # with numbers: a box of two lines, and a valve whose opening can be read
_GAPS = ((26.0, 13.0, 12.0), (16.0, 12.0, 12.0))  # across, upright: node to node, node to wire, wire to wire
_DENSE = ((14.0, 11.0, 10.0), (16.0, 12.0, 12.0))  # with numbers, which keep nodes apart
_MARGIN = 6.0
_BEGINNINGS, _MOVES = 6, 12  # choices of rows that are routed: first ones, and more near the best, by crossings


@functools.lru_cache(maxsize=128)
def layout(cell: Cell, numbers: bool = False) -> Diagram:
    """The cell's diagram: time runs to the right, each state enters at the left edge and leaves at the right one.

    With ``numbers`` there is room for a number: in each box below its function, below the name of what enters or leaves
    at the edges, and behind the name beside all else. Deterministic, and made from the equations and roles alone.
    Raises InputError for a cell with too many values.
    """
    return _best(wiring(cell), numbers).diagram()


def text_width(text: str) -> float:
    """An upper bound for the width of a text in px, for the sans-serif fonts that a reader may have; an even number."""
    width = sum(
        (LOWERED if word.startswith("_") else TEXT) * _letter(letter)
        for word in re.split(r"((?<=[A-Za-z0-9])_\w+)", text)
        for letter in word.removeprefix("_")
    )
    return 2.0 * math.ceil(width / 2)


def _letter(letter: str) -> float:
    """Width in ems."""
    return 0.42 if letter in " .,'′·iljtfrI()|" else 1.0 if letter in "mwMW" else 0.88 if letter.isupper() else 0.68


def _best(parts: list[Part], numbers: bool) -> _Laid:
    """The best of a few ways to place and route the parts, and of what small moves make of it."""
    found = lanes(parts)
    ways = dict.fromkeys(columns(parts, found, upright) for upright in UPRIGHT)  # several may come to the same
    choices = [Rows(parts, found, way) for way in ways]
    for tracks in (2, 4, 8):
        best: _Laid | None = None
        for rows in choices:
            best = _better(best, rows, tracks, numbers)
        if best is not None:
            return best
    raise InputError("No diagram was found for these equations.")


def _better(best: _Laid | None, rows: Rows, tracks: int, numbers: bool) -> _Laid | None:
    """``best``, or what is better with these columns."""

    def tried(choice: tuple[int, ...], against: _Laid | None) -> _Laid | None:
        most = None if against is None else against.routes.crossings
        routes = Router(rows.parts, rows.lanes, rows.placement(choice), tracks).route(most)
        other = routes and _Laid(rows.parts, rows.lanes, routes, choice, numbers)
        return other if other and (against is None or other.cost() < against.cost() - 1e-6) else None

    local: _Laid | None = None
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
        for choice in [choice for choice in rows.near(local.choice) if choice not in seen][:left]:
            seen.add(choice)
            left -= 1
            if better := tried(choice, local):
                local = better
                break
        else:
            break
    return local if best is None or local.cost() < best.cost() - 1e-6 else best


class _Laid:
    """Parts with their routes, and the places of the grid's lines in px."""

    def __init__(self, parts: list[Part], found: Lanes, routes: Routes, choice: tuple[int, ...], numbers: bool) -> None:
        self.parts, self.routes, self.choice, self.numbers = parts, routes, choice, numbers
        self.state_rows = {part: lane for lane in found.lanes[: found.states] for part in lane}
        self.sizes = [_size(part, numbers) for part in parts]
        self.labels = [_label(part) for part in parts]
        self.beside = [_label_size(part, text, numbers) for part, text in zip(parts, self.labels, strict=True)]
        self.columns, self.width = self.lines(0)
        self.rows, self.height = self.lines(1)

    def room(self, axis: int) -> tuple[dict[int, float], dict[int, float]]:
        """Grid line -> what its nodes and their labels need before it, and after it, px."""
        before: dict[int, float] = {}
        after: dict[int, float] = {}
        for part, place, size, (width, height) in zip(
            self.parts, self.routes.places, self.sizes, self.beside, strict=True
        ):
            first = last = size[axis] / 2
            if axis == 1 and width:  # beside a port, above the wire that leaves anything else
                first = (height + 1) / 2 if part.is_port else max(first, height + 3)
                last = max(last, (height + 1) / 2 if part.is_port else (TEXT + 2) / 2)
            elif width and part.kind in (BEFORE, INPUT):
                first += 3 + width
            elif width:
                last += 3 + width
            before[place[axis]] = max(before.get(place[axis], 0.0), first)
            after[place[axis]] = max(after.get(place[axis], 0.0), last)
        return before, after

    def lines(self, axis: int) -> tuple[dict[int, float], float]:
        """Grid line -> px, for the lines that hold a node or a wire; and where the picture ends."""
        before, after = self.room(axis)
        wires = {
            one[axis] for way in self.routes.ways.values() for one, other in itertools.pairwise(way)
            if one[axis] == other[axis]
        }  # fmt: skip
        used = sorted(wires | set(before))
        result = {used[0]: _MARGIN + before.get(used[0], 4.0)}
        for last, line in itertools.pairwise(used):
            gap = (_DENSE if self.numbers else _GAPS)[axis][(last not in before) + (line not in before)]
            result[line] = result[last] + after.get(last, 0.0) + gap + before.get(line, 0.0)
        return result, result[used[-1]] + after.get(used[-1], 4.0) + _MARGIN

    def point(self, vertex: tuple[int, int]) -> Point:
        return self.columns[vertex[0]], self.rows[vertex[1]]

    def diagram(self) -> Diagram:
        nodes = tuple(self.node(part) for part in self.parts)
        edges = tuple(self.edge(part, number, nodes) for part in self.parts for number in range(len(part.inputs)))
        return Diagram(nodes, edges, tuple(self.named()), self.branches(), self.width, self.height)

    def node(self, part: Part) -> Node:
        x, y = self.point(self.routes.places[part.index])
        width, height = self.sizes[part.index]
        return Node(f"n{part.index}", part.kind, part.label, part.symbol, part.expression, part.argument, part.role,
                    x, y, width, height)  # fmt: skip

    def edge(self, part: Part, number: int, nodes: tuple[Node, ...]) -> Edge:
        entering = part.inputs[number]
        way = self.routes.ways[part.index, number]
        corners = [
            vertex
            for before, vertex, after in zip(way, way[1:], way[2:], strict=False)
            if (vertex[0] == before[0]) != (after[0] == vertex[0])
        ]
        points = [self.point(vertex) for vertex in (way[0], *corners, way[-1])]
        points[0] = _border(nodes[entering.index], points[1])
        points[-1] = _border(nodes[part.index], points[-2])
        role = entering.role
        state_line = role == STATE and len({y for _, y in points}) == 1 and self.on_state_line(entering, part)
        return Edge(
            f"{nodes[entering.index].id}-{nodes[part.index].id}-{number}",
            nodes[entering.index].id, nodes[part.index].id, tuple(points), entering.carries, role, LINES[role],
            state_line, part.kind == VALVE and number != part.value, tuple(self.hops(way)),
        )  # fmt: skip

    def cost(self) -> float:
        """What a reader pays: crossings most, then corners, wire and paper."""
        wire = sum(
            abs(self.columns.get(one[0], 0) - self.columns.get(other[0], 0))
            if one[1] == other[1]
            else abs(self.rows[one[1]] - self.rows[other[1]])
            for one, other in self.routes.runs
        )
        return 150 * self.routes.crossings + 8 * self.routes.bends + wire / 10 + self.width / 2.5 + self.height / 8

    def on_state_line(self, one: Part, other: Part) -> bool:
        return other in self.state_rows.get(one, ())

    @functools.cached_property
    def crossings(self) -> set[tuple[int, int]]:
        """Vertices that wires of different nodes pass."""
        seen: dict[tuple[int, int], int] = {}
        found = set()
        for (part, number), way in self.routes.ways.items():
            source = self.parts[part].inputs[number].index
            for vertex in way[1:-1]:
                if seen.setdefault(vertex, source) != source:
                    found.add(vertex)
        return found

    def hops(self, way: list[tuple[int, int]]) -> list[Point]:
        """Where the wire jumps: the one that runs up or down jumps over the one that runs across."""
        return [
            self.point(vertex)
            for before, vertex in itertools.pairwise(way[:-1])
            if vertex in self.crossings and before[0] == vertex[0]
        ]

    def branches(self) -> tuple[Point, ...]:
        """The points where a wire parts: three or four pieces of the same net meet."""
        arms: dict[tuple[int, tuple[int, int]], set[tuple[int, int]]] = {}
        for (part, number), way in self.routes.ways.items():
            source = self.parts[part].inputs[number].index
            for before, vertex, after in zip(way, way[1:], way[2:], strict=False):
                arms.setdefault((source, vertex), set()).update((before, after))
        return tuple(sorted(self.point(vertex) for (_, vertex), ends in arms.items() if len(ends) > 2))

    def named(self) -> list[Label]:
        result = []
        for part, text, (width, height) in zip(self.parts, self.labels, self.beside, strict=True):
            if width:
                x, y = self.point(self.routes.places[part.index])
                right = self.sizes[part.index][0] / 2 + 3 + width / 2
                if part.kind in (BEFORE, INPUT):
                    result.append(Label(f"n{part.index}", text, x - right, y, width, height))
                elif part.kind == AFTER:
                    result.append(Label(f"n{part.index}", text, x + right, y, width, height))
                else:
                    result.append(Label(f"n{part.index}", text, x + right, y - height / 2 - 3, width, height))
        return result


def _label(part: Part) -> str:
    """The name beside a part."""
    if part.is_port:
        return part.label.replace("'", "′")
    if part.symbol and not part.symbol.endswith("'") and part.symbol != part.label:
        return part.symbol
    return ""


def _label_size(part: Part, text: str, numbers: bool) -> tuple[float, float]:
    """Width and height of what stands beside a part, px."""
    width, height = text_width(text) if text else 0.0, TEXT + 1
    if numbers and part.is_port:
        return max(width, NUMBER), 2 * height
    if numbers and part.kind in (VALVE, PRODUCT, SUM):
        return (width + 4 if width else 0.0) + NUMBER, height
    return width, height


def _size(part: Part, numbers: bool) -> tuple[float, float]:
    """Width and height, px."""
    if part.is_port:
        return 0.0, 0.0
    if part.kind == JOIN:
        return _JOIN, _JOIN
    if part.kind in (BOX, WEIGHTS, PLAIN):
        least = (NUMBER + 6, _TALL) if numbers else (_BOX_HEIGHT, _BOX_HEIGHT)
        return max(least[0], 12 + text_width(part.label)), least[1]
    round = _VALVE if numbers and part.kind == VALVE else _ROUND
    return round, round


def _border(node: Node, towards: Point) -> Point:
    """Where a wire to the next corner leaves the node."""
    if towards[1] == node.y:
        return node.x + (node.width / 2 if towards[0] > node.x else -node.width / 2), node.y
    return node.x, node.y + (node.height / 2 if towards[1] > node.y else -node.height / 2)
