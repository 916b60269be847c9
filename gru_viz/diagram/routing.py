"""Columns and rows ──► wires: each on lines of a grid, to the right or up and down, never through a node.

The grid has a line through the middle of each column and row, and tracks between them. A wire owns the pieces of line
that it lies on; another may only cross it, straight. Wires that carry the same value share their beginning.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field

from gru_viz.diagram.parts import AFTER, JOIN
from gru_viz.diagram.placement import Lanes, Placement
from gru_viz.diagram.wiring import Part

Vertex = tuple[int, int]  # numbers of the lines, to the right and down
RIGHT, DOWN, UP = (1, 0), (0, 1), (0, -1)
_DIRECTIONS = (RIGHT, DOWN, UP)
_BEND, _CROSSING, _SIDEWAYS = 5.0, 40.0, 2.0
_COLUMN, _ROW = 7.0, 4.0  # from one to the next, in units of cost


@dataclass
class Net:
    """The wires from one part: a tree of vertices."""

    source: Part
    parent: dict[Vertex, Vertex] = field(default_factory=dict)
    ends: dict[tuple[int, int], list[Vertex]] = field(default_factory=dict)  # (target, number of its input) -> way


@dataclass(frozen=True)
class Routes:
    """``ways[target, number of its input]``: the corners and crossings of a wire, as grid vertices."""

    ways: dict[tuple[int, int], list[Vertex]]
    places: tuple[Vertex, ...]  # of the parts
    runs: tuple[tuple[Vertex, Vertex], ...]  # straight pieces, those that wires share once
    crossings: int
    bends: int


class Router:
    """Routes all nets of a placement; ``tracks`` lie between neighbouring columns and rows."""

    def __init__(self, parts: list[Part], found: Lanes, placement: Placement, tracks: int) -> None:
        self.parts, self.lanes, self.tracks = parts, found, tracks
        step = tracks + 1
        self.places = [
            (column * step, tracks + row * step) for column, row in zip(placement.columns, placement.rows, strict=True)
        ]
        self.size = (max(placement.columns) * step + 1, max(placement.rows) * step + 1 + 2 * tracks)
        self.at = dict(zip(self.places, parts, strict=True))
        self.nets = [Net(part) for part in parts]
        self.owners: dict[Vertex, dict[int, str]] = {}  # vertex -> net -> "h", "v" (straight through) or "x"
        self.pieces: dict[tuple[Vertex, Vertex], int] = {}  # piece of line -> its net
        self.wanted: dict[int, list[tuple[Part, int]]] = {part.index: [] for part in parts}
        for part in parts:
            for number, entering in enumerate(part.inputs):
                self.wanted[entering.index].append((part, number))
        self.lane_ends = {(part.index, part.inputs.index(entering)) for part, entering in found.before.items()}

    def route(self, most: int | None = None) -> Routes | None:
        """None where some wire finds no way, or far more than ``most`` crossings are to be expected."""
        crossings = 0
        straight = [part.index for lane in self.lanes.lanes for part in lane]
        length = {
            net: min((abs(self.places[t.index][0] - self.places[net][0]) + abs(self.places[t.index][1]
                      - self.places[net][1]) for t, _ in self.wanted[net]), default=0) for net in straight
        }  # fmt: skip
        lane_first = {
            net: not any((t.index, number) in self.lane_ends for t, number in self.wanted[net]) for net in straight
        }
        order = sorted((net for net in straight if self.wanted[net]), key=lambda net: (lane_first[net], length[net]))
        for net in order:  # the lanes first, so that they are straight
            self.draw(net, only_lanes=True)
        for _ in range(2):
            for net in order:
                self.erase(net)
                if not self.draw(net):
                    return None
            crossings = sum(len(owners) > 1 for owners in self.owners.values())
            if crossings == 0:
                break
            if most is not None and crossings > most + 2:
                return None
        ways = {end: way for net in self.nets for end, way in net.ends.items()}
        return Routes(ways, tuple(self.places), self.runs(), crossings, self.bends())

    def bends(self) -> int:
        """Corners, those that wires share once."""
        return sum(
            len(
                {
                    vertex
                    for way in net.ends.values()
                    for before, vertex, after in zip(way, way[1:], way[2:], strict=False)
                    if (before[0] == vertex[0]) != (vertex[0] == after[0])
                }
            )
            for net in self.nets
        )

    def runs(self) -> tuple[tuple[Vertex, Vertex], ...]:
        found = set()
        for net in self.nets:
            for way in net.ends.values():
                start = way[0]
                for vertex, after in zip(way[1:], [*way[2:], None], strict=True):
                    if after is None or (start[0] == vertex[0]) != (vertex[0] == after[0]):
                        found.add((start, vertex))
                        start = vertex
        return tuple(sorted(found))

    def length(self, one: Vertex, other: Vertex) -> float:
        return (_COLUMN if one[1] == other[1] else _ROW) / (self.tracks + 1)

    # One net.

    def erase(self, index: int) -> None:
        self.nets[index] = Net(self.parts[index])
        self.pieces = {piece: net for piece, net in self.pieces.items() if net != index}
        for vertex in [vertex for vertex, owners in self.owners.items() if index in owners]:
            del self.owners[vertex][index]

    def draw(self, index: int, only_lanes: bool = False) -> bool:
        start = self.places[index]

        def far(target: tuple[Part, int]) -> tuple[bool, int]:
            place = self.places[target[0].index]
            own = (target[0].index, target[1]) in self.lane_ends
            return not own, abs(place[0] - start[0]) + abs(place[1] - start[1])

        for target, number in sorted(self.wanted[index], key=far):
            own = (target.index, number) in self.lane_ends
            if only_lanes and not own:
                continue
            way = self.search(index, target, number)
            if way is None:
                return False
            self.keep(index, (target.index, number), way)
        return True

    def keep(self, index: int, end: tuple[int, int], way: list[Vertex]) -> None:
        net = self.nets[index]
        for one, other in itertools.pairwise(way):
            self.pieces[_piece(one, other)] = index
            if other not in self.at:
                net.parent[other] = one
        trunk = [way[0]]
        while trunk[-1] in net.parent:
            trunk.append(net.parent[trunk[-1]])
        net.ends[end] = [*reversed(trunk), *way[1:]]
        for vertex in net.ends[end]:
            if vertex not in self.at:
                self.owners.setdefault(vertex, {})[index] = self.shape(index, vertex)

    def shape(self, index: int, vertex: Vertex) -> str:
        x, y = vertex
        across = [self.pieces.get(_piece(vertex, (x + d, y))) == index for d in (-1, 1)]
        upright = [self.pieces.get(_piece(vertex, (x, y + d))) == index for d in (-1, 1)]
        if all(across) and not any(upright):
            return "h"
        return "v" if all(upright) and not any(across) else "x"

    def allowed(self, target: Part, number: int, direction: tuple[int, int]) -> bool:
        """Whether a wire may enter so: the left side belongs to the lane, a valve's gate comes from above or below."""
        if (target.index, number) in self.lane_ends or target.kind == AFTER or (target.minus and number == 0):
            return direction == RIGHT
        acts = target.elementwise and number != target.value
        return direction != RIGHT or not (acts or target in self.lanes.before)

    def search(self, index: int, target: Part, number: int) -> list[Vertex] | None:
        """The cheapest way from the net so far to the target: A*, over vertices and directions."""
        goal = self.places[target.index]
        net = self.nets[index]
        queue: list[tuple[float, float, Vertex, tuple[int, int]]] = []
        best: dict[tuple[Vertex, tuple[int, int]], float] = {}
        came: dict[tuple[Vertex, tuple[int, int]], tuple[Vertex, tuple[int, int]] | None] = {}

        column, row = _COLUMN / (self.tracks + 1), _ROW / (self.tracks + 1)

        def offer(
            cost: float, vertex: Vertex, direction: tuple[int, int], by: tuple[Vertex, tuple[int, int]] | None
        ) -> None:
            state = (vertex, direction)
            if cost < best.get(state, float("inf")) - 1e-9:
                best[state], came[state] = cost, by
                left = (goal[0] - vertex[0]) * column + abs(goal[1] - vertex[1]) * row
                heapq.heappush(queue, (cost + left, cost, vertex, direction))

        starts = {self.places[index]: None, **net.parent}
        for vertex in starts:
            if vertex[0] <= goal[0] and len(self.owners.get(vertex, {})) <= 1:
                for direction in _DIRECTIONS:
                    offer(self.leave(index, vertex, direction), vertex, direction, None)
        while queue:
            _, cost, vertex, direction = heapq.heappop(queue)
            if cost > best[vertex, direction] + 1e-9:
                continue
            following = (vertex[0] + direction[0], vertex[1] + direction[1])
            if following[0] > goal[0] or not 0 <= following[1] < self.size[1]:
                continue
            if _piece(vertex, following) in self.pieces:
                continue
            cost += column if direction == RIGHT else row
            if following == goal:
                if self.allowed(target, number, direction):
                    way = [following]
                    state: tuple[Vertex, tuple[int, int]] | None = (vertex, direction)
                    while state is not None:
                        if state[0] != way[-1]:
                            way.append(state[0])
                        state = came[state]
                    return way[::-1]
                continue
            if following in self.at or following in starts:
                continue
            others = [shape for net_index, shape in self.owners.get(following, {}).items() if net_index != index]
            if not others:
                for turned in _DIRECTIONS:
                    if (turned[0] or direction[0]) or turned == direction:  # no turning back
                        offer(cost + _BEND * (turned != direction), following, turned, (vertex, direction))
            elif len(others) == 1 and others[0] == ("v" if direction == RIGHT else "h"):
                offer(cost + _CROSSING, following, direction, (vertex, direction))
        return None

    def leave(self, index: int, vertex: Vertex, direction: tuple[int, int]) -> float:
        if vertex == self.places[index]:
            part = self.parts[index]
            if direction == RIGHT:
                return 0.0
            return float("inf") if part.is_port else _SIDEWAYS + (2 * _SIDEWAYS if part.kind == JOIN else 0)
        return _BEND / 2


def _piece(one: Vertex, other: Vertex) -> tuple[Vertex, Vertex]:
    return (one, other) if one <= other else (other, one)
