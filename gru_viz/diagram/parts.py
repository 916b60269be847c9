"""What a diagram is made of: nodes, wires and labels with their places, in pixels from the upper left corner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Point = tuple[float, float]  # x to the right, y down; px

INPUT, BEFORE, AFTER, JOIN, BOX, WEIGHTS, PLAIN, VALVE, PRODUCT, SUM = (
    "input", "before", "after", "join", "box", "weights", "plain", "valve", "product", "sum",
)  # fmt: skip
KINDS = {
    INPUT: "the input x, at the left edge",
    BEFORE: "a state before the step, at the left edge",
    AFTER: "a state after the step, at the right edge",
    JOIN: "wires that go on side by side, as one bundle",
    BOX: "a function of the weighted sum of what enters",
    WEIGHTS: "a weighted sum of what enters, without a function",
    PLAIN: "something done to one value: tanh, one minus, times a number",
    VALVE: "a gate on the line that it multiplies",
    PRODUCT: "a product of two values, neither of them a gate",
    SUM: "a sum; or a difference: what comes from the left minus what comes from above or below",
}


class Placed:
    """What has a centre and a size, px."""

    x: float
    y: float
    width: float
    height: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom, px."""
        return (
            self.x - self.width / 2,
            self.y - self.height / 2,
            self.x + self.width / 2,
            self.y + self.height / 2,
        )


@dataclass(frozen=True)
class Node(Placed):
    """One thing on the page; ``x`` and ``y`` are its centre, px.

    ``expression`` is the value that it gives, for ``trace.value``; a join gives several, see ``Edge.carries``, and has
    "". ``argument`` is what a box, before its function, makes of what enters. ``symbol`` is the value's name, or "".
    """

    id: str
    kind: str  # one of KINDS
    label: str  # inside it; for an edge of the picture, beside it
    symbol: str
    expression: str
    argument: str
    role: str  # one of gru_viz.roles.ROLES, or "" for the input and bundles
    x: float
    y: float
    width: float
    height: float

    @property
    def round(self) -> bool:
        return self.kind in (JOIN, VALVE, PRODUCT, SUM)


@dataclass(frozen=True)
class Edge:
    """A wire from one node's border to another's, horizontal and vertical pieces by turns.

    ``carries`` holds the values on it, for ``trace.value``: one, or those of a bundle. Wires that carry the same from
    the same node share their beginning. ``hops`` are the points where it jumps over a wire that it does not touch.
    """

    id: str
    source: str
    target: str
    points: tuple[Point, ...]
    carries: tuple[str, ...]
    role: str  # as of a node
    line: str  # one of LINES
    state_line: bool  # lies on the straight line of a state
    gate: bool  # opens and shuts the valve that it enters
    hops: tuple[Point, ...] = ()

    @property
    def expression(self) -> str:
        """The one value that it carries; "" for a bundle."""
        return self.carries[0] if len(self.carries) == 1 else ""

    @property
    def segments(self) -> Iterator[tuple[Point, Point]]:
        yield from zip(self.points, self.points[1:], strict=False)


@dataclass(frozen=True)
class Label(Placed):
    """A name beside a node; ``x`` and ``y`` are its centre, the size an upper bound for its text, px."""

    node: str
    text: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Diagram:
    """A cell's picture, without colours; sizes in px. Nodes stand in the order in which they are computed."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    labels: tuple[Label, ...]
    branches: tuple[Point, ...]  # where a wire parts
    width: float
    height: float

    @property
    def crossings(self) -> tuple[Point, ...]:
        """Where wires cross that do not touch."""
        return tuple(sorted({hop for edge in self.edges for hop in edge.hops}))

    def node(self, id: str) -> Node:
        return next(node for node in self.nodes if node.id == id)


LINES = {  # role -> the kind of its line, so that no meaning hangs on colour alone
    "keep": "solid", "write": "dash", "show": "dot", "look back": "dashdot", "candidate": "longdash",
    "state": "solid", "gate": "solid", "": "solid",
}  # fmt: skip
