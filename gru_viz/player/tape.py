"""A cell's graph ──► a tape: one operation a row, arguments first, which the browser runs forward and backward.

The browser gets the states and the carried gradients of every step, and all else of a step follows from them: a wire's
value by one run over the tape, its gradient by the same rows in reverse. So the player needs no table of every wire at
every step, knows no formula of its own, and its numbers are as many as anybody asks for.
"""

from __future__ import annotations

from typing import Any

from gru_viz.cells import Cell
from gru_viz.diagram import Diagram
from gru_viz.diagram import Node as Part
from gru_viz.diagram.parts import AFTER, JOIN, PRODUCT, SUM, VALVE
from gru_viz.equations import parse_expression
from gru_viz.errors import InputError
from gru_viz.graph import Graph, Node, reachable

Row = list[Any]


class Tape:
    """Collects expressions of a cell's names, then numbers the rows that compute them all."""

    def __init__(self, cell: Cell) -> None:
        self.cell, self.graph = cell, Graph(cell.graph)
        self.roots: dict[str, Node] = {}

    def add(self, expression: str) -> Node:
        """An expression as text; "x" alone is the input."""
        if expression not in self.roots:
            if expression == "x":
                node = self.graph.input
            else:
                node = self.graph.lower(parse_expression(expression, self.cell.equations))
            self.roots[expression] = node
        return self.roots[expression]

    def number(self) -> dict[Node, int]:
        """Node -> its row."""
        return {node: row for row, node in enumerate(reachable(self.roots.values()))}

    def rows(self) -> list[Row]:
        """["x"], ["state", name], ["vector", name], ["constant", value], ["matrix", name, row], ["sum", signs, rows],
        ["product", row, row] or [function, row]."""
        rows = self.number()
        return [_row(node, [rows[arg] for arg in node.args]) for node in rows]


def _row(node: Node, args: list[int]) -> Row:
    match node.op:
        case "x":
            return ["x"]
        case "state" | "vector":
            return [node.op, node.name]
        case "constant":
            return [node.op, node.value]
        case "matrix":
            return [node.op, node.name, *args]
        case "sum":
            return [node.op, list(node.signs), args]
        case _:
            return [node.op, *args]


def entering(diagram: Diagram, part: Part) -> list[str]:
    """The ids of the parts whose values enter one, those of a bundle each by itself; each once, first ones first."""
    found: list[str] = []
    for edge in diagram.edges:
        if edge.target == part.id:
            source = diagram.node(edge.source)
            found += entering(diagram, source) if source.kind == JOIN else [source.id]
    return list(dict.fromkeys(found))


def local_rows(tape: Tape, diagram: Diagram, part: Part) -> list[Node]:
    """What lies between a part's value and the values that enter it, both included: its gradient runs over these.

    Sums and products of two parts need none, as their gradient is that of one operation. Raises InputError where a
    value reaches the part past its wires.
    """
    if part.kind in (JOIN, AFTER, VALVE, PRODUCT, SUM) or not part.expression:
        return []
    inputs = {tape.add(diagram.node(id).expression) for id in entering(diagram, part)}
    if not inputs:
        return []
    value = tape.add(part.expression)
    rows = reachable([value], lambda node: node is not value and node in inputs)
    if any(node.op in ("x", "state") and node not in inputs for node in rows):
        raise InputError(f"{part.expression!r} of {tape.cell.name} takes a value that no wire of its diagram brings.")
    return [node for node in rows if node.timed]
