"""Parts with their routes ──► pixels: sizes, where names and numbers stand, and how far lines are apart."""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections import Counter
from typing import Literal

from gru_viz.diagram.parts import (
    AFTER,
    BOX,
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
from gru_viz.diagram.placement import Lanes, Way
from gru_viz.diagram.routing import Routes
from gru_viz.diagram.wiring import Part
from gru_viz.roles import STATE

TEXT, LOWERED = 14.0, 11.0  # px: text, and what follows an underscore in a name
NUMBER, STRIP = 46.0, 5.0  # px: room for a number in or beside a node, seven characters at 12 px; for all units below
_BOX_HEIGHT, _ROUND, _JOIN = 28.0, 18.0, 6.0
_TALL, _VALVE = 42.0, 26.0  # with numbers: a box of two lines, and a valve whose opening can be read
_GAPS = ((20.0, 12.0, 11.0), (16.0, 12.0, 12.0))  # across, upright: node to node, node to wire, wire to wire
_DENSE = ((14.0, 11.0, 10.0), (16.0, 12.0, 12.0))  # with numbers, which keep nodes apart
_MARGIN = 6.0

Side = Literal["left", "right", "above", "below", "over"]  # where a label stands; "over": over the wire to the right


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


class Laid:
    """Parts with their routes, and the places of the grid's lines in px."""

    def __init__(self, parts: list[Part], found: Lanes, routes: Routes, way: Way, numbers: bool) -> None:
        self.parts, self.routes, self.way, self.numbers = parts, routes, way, numbers
        self.state_rows = {part: lane for lane in found.lanes[: found.states] for part in lane}
        self.sizes = [_size(part, numbers) for part in parts]
        self.labels = [_label(part) for part in parts]
        used = Counter(entering for part in parts for entering in part.inputs)
        last = {part.inputs[0] for part in parts if part.kind == AFTER and used[part.inputs[0]] == 1}
        self.beside = [  # the number of a value that only leaves stands at the edge
            _label_size(part, text, numbers and (part.is_port or bool(text) or part not in last))
            for part, text in zip(parts, self.labels, strict=True)
        ]
        self.sides = [self.side(part) for part in parts]
        self.columns, self.width = self.lines(0)
        self.rows, self.height = self.lines(1)

    def side(self, part: Part) -> Side:
        """Where the label stands: outside at the edges; above or below a part with a number where no wire is; else
        over the wire to the right."""
        if part.is_port:
            return "right" if part.kind == AFTER else "left"
        if not self.numbers or not part.elementwise:
            return "over"
        ways = self.routes.ways
        height = self.routes.places[part.index][1]
        nearest = [way[1][1] for (to, number), way in ways.items() if self.parts[to].inputs[number] is part]
        nearest += [ways[part.index, number][-2][1] for number in range(len(part.inputs))]
        if min(nearest) == height:
            return "above"
        return "below" if max(nearest) == height else "over"

    def needs(self, part: Part) -> tuple[float, float, float, float]:
        """What a part and its label take to the left, upwards, to the right and down from its middle, px."""
        (x, y), (width, height) = (size / 2 for size in self.sizes[part.index]), self.beside[part.index]
        if not width:
            return x, y, x, y
        match self.sides[part.index]:
            case "left":
                return x + 3 + width, (height + 1) / 2, x, (height + 1) / 2
            case "right":
                return x, (height + 1) / 2, x + 3 + width, (height + 1) / 2
            case "above":
                return max(x, width / 2), y + 3 + height, max(x, width / 2), y
            case "below":
                return max(x, width / 2), y, max(x, width / 2), y + 3 + height
            case _:
                return x, max(y, height + 3), x + 3 + width, max(y, (TEXT + 2) / 2)

    def room(self, axis: int) -> tuple[dict[int, float], dict[int, float]]:
        """Grid line -> what its nodes and their labels need before it, and after it, px."""
        before: dict[int, float] = {}
        after: dict[int, float] = {}
        for part, place in zip(self.parts, self.routes.places, strict=True):
            needs, line = self.needs(part), place[axis]
            before[line] = max(before.get(line, 0.0), needs[axis])
            after[line] = max(after.get(line, 0.0), needs[axis + 2])
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
                aside, away = (size / 2 + 3 for size in self.sizes[part.index])
                across, down = {
                    "left": (-aside - width / 2, 0.0),
                    "right": (aside + width / 2, 0.0),
                    "above": (0.0, -away - height / 2),
                    "below": (0.0, away + height / 2),
                    "over": (aside + width / 2, -height / 2 - 3),
                }[self.sides[part.index]]
                result.append(Label(f"n{part.index}", text, x + across, y + down, width, height))
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
        return (width + 4 if width else 0.0) + NUMBER, height + STRIP
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
