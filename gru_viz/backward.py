"""A cell's graph ──► the plan of its loop backward in time.

The graph of one step is cut at the states, the matrix products (but for those with the input) and their operands.
Between two cuts all is elementwise, so the derivative of one cut value by another is one coefficient for each unit, a
node of its own, which is computed for all steps in bulk before the loop. What is left for the loop are these
coefficients times the adjoints of the cut values, and one product with the transposed stack for each operand.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from gru_viz.bulk import Straight, compile_straight
from gru_viz.cells import Cell
from gru_viz.forward import plan_of
from gru_viz.graph import Graph, Node, derivatives, reachable
from gru_viz.loop import Arrays, Loop, Steps, Variable, compile_arrays


@dataclass(frozen=True)
class BackwardPlan:
    """``steps`` walks back from the adjoints of the states after each step to those before it.

    ``coefficients[target][node]`` is d target / d node for every node between the cuts; ``adjoint_of`` names the loop's
    variable that holds the adjoint of each cut value. ``needed`` are the nodes from which the loop's arrays are made
    and that a run has not recorded; ``twin`` maps a node between the cuts to a product with the same adjoint.
    """

    steps: Steps
    steps_with_loss: Steps  # adds the loss of earlier steps on the way
    stacks: tuple[tuple[Node, ...], ...]  # products that share an operand
    coefficients: dict[Node, dict[Node, Node]]
    adjoint_of: dict[Node, Variable]
    needed: Straight
    input_products: tuple[tuple[Node, ...], ...]  # with the input; those whose adjoints lie side by side are together
    twin: dict[Node, Node]

    @functools.cached_property
    def make(self) -> Arrays:
        """The arrays of the loop, fixed and rows, and the adjoints by node."""
        return compile_arrays(self.steps.fixed, self.steps.rows, self.adjoint_of)

    @functools.cached_property
    def make_with_loss(self) -> Arrays:
        steps = self.steps_with_loss
        return compile_arrays(steps.fixed, steps.rows, self.adjoint_of)

    @functools.cached_property
    def values(self) -> int:
        """How many values of a step are held at once, states apart."""
        return len(self.needed.nodes) + len(self.adjoint_of)


def backward_plan(cell: Cell) -> BackwardPlan:
    return _plan(cell.graph, cell.states)


@functools.lru_cache(maxsize=128)
def _plan(graph: Graph, states: tuple[str, ...]) -> BackwardPlan:
    return _Compiler(graph, states).plan()


class _Compiler:
    def __init__(self, graph: Graph, states: tuple[str, ...]) -> None:
        self.graph, self.forward = Graph(graph), plan_of(graph, states)
        self.after = {name: graph.values[name + "'"] for name in states}
        nodes = reachable(self.after.values())
        matrices = [node for node in nodes if node.op == "matrix" and node.args[0] is not graph.input]
        self.products = list(dict.fromkeys((*self.forward.products, *matrices)))  # as their matrices lie in memory
        self.stacks: dict[Node, list[Node]] = {}
        for node in self.products:
            self.stacks.setdefault(node.args[0], []).append(node)
        leaves = [graph.values[name] for name in states]
        self.cuts = sorted({*self.after.values(), *self.products, *self.stacks, *leaves}, key=lambda node: -node.index)
        known = set(self.cuts)
        self.coefficients = {
            node: derivatives(self.graph, node, known.__contains__)
            for node in self.cuts
            if node.op not in ("matrix", "state")
        }
        self.loop = Loop()
        self.adjoint: dict[Node, Variable] = {}

    def plan(self) -> BackwardPlan:
        for node in self.cuts:
            self.emit(node)
        handed_on = {("after", name): ("before", name) for name in self.after}
        steps = self.loop.compile(len(self.stacks), handed_on)
        for name in self.after:
            before = self.loop.row("before", name)
            self.loop.call("copy", before, self.loop.row("arrived", name))
            self.loop.call("add", before, self.loop.row("loss_of", name), before)
        return BackwardPlan(
            steps=steps,
            steps_with_loss=self.loop.compile(len(self.stacks), handed_on),
            stacks=tuple(map(tuple, self.stacks.values())),
            coefficients=self.coefficients,
            adjoint_of=self.adjoint,
            needed=self.needed(),
            input_products=self.input_products(),
            twin=self.twins(),
        )

    def needed(self) -> Straight:
        recorded = self.forward.kept
        used = [variable[1] for variable in (*self.loop.rows, *self.loop.fixed) if variable[0] in ("timed", "still")]
        return compile_straight([node for node in reachable(used, recorded.__contains__) if node not in recorded])

    def input_products(self) -> tuple[tuple[Node, ...], ...]:
        """Grouped by the slots that their adjoints have: one product then gives all that a group adds to dL/dx."""
        found = (*self.cuts, *(node for nodes in self.coefficients.values() for node in nodes))
        twins = self.twins()

        def place(node: Node) -> tuple[int, int]:
            """(stack, slot) of the adjoint; alone where it is in none."""
            return (self.adjoint[twins[node]][1:3]) if node in twins else (-1, -2 * node.index)

        groups: list[list[Node]] = []
        for node in sorted({node for node in found if node.args == (self.graph.input,)}, key=place):
            stack, slot = place(node)
            if groups and place(groups[-1][-1]) == (stack, slot - 1):
                groups[-1].append(node)
            else:
                groups.append([node])
        return tuple(map(tuple, groups))

    def twins(self) -> dict[Node, Node]:
        """Terms of one sum have the same adjoint; that of a product in it stands in the loop's arrays."""

        def by_target(node: Node) -> tuple[tuple[Node, Node], ...]:
            return tuple((target, found[node]) for target, found in self.coefficients.items() if node in found)

        alone = [node for node in self.products if node not in self.stacks and node not in self.after.values()]
        of_products = {by_target(node): node for node in alone}
        between = {node for found in self.coefficients.values() for node in found} - set(self.cuts)
        return {node: of_products[key] for node in between if (key := by_target(node)) in of_products}

    def emit(self, node: Node) -> None:
        """adjoint(node) = those of the states it becomes + coefficients * adjoints + transposed stack @ adjoints."""
        brought = [("after", name) for name, after in self.after.items() if after is node]
        scaled = [
            (coefficient, self.loop.row(*self.adjoint[target]))
            for target, found in self.coefficients.items()
            if target is not node and (coefficient := found.get(node)) is not None
        ]
        is_operand = node in self.stacks
        if len(brought) == 1 and not scaled and not is_operand and node.op not in ("matrix", "state"):
            self.adjoint[node] = brought[0]
            return
        self.adjoint[node] = self.own(node)
        out, empty = self.loop.row(*self.adjoint[node]), True
        if is_operand:
            number = list(self.stacks).index(node)
            self.loop.lines.append(f"p{number}({self.loop.row('products', number, 0, len(self.stacks[node]))}, {out})")
            empty = False
        for coefficient, adjoint in scaled:
            empty = self.add(coefficient, adjoint, out, empty)
        for variable in brought:
            empty = self.add(self.graph.one, self.loop.row(*variable), out, empty)
        if empty:
            self.loop.call("copy", self.loop.constant("full", 0.0), out)

    def own(self, node: Node) -> Variable:
        """The variable that an adjoint is written to."""
        if node.op == "state":
            return ("before", node.name)
        if node in self.products:
            number = list(self.stacks).index(node.args[0])
            k = self.stacks[node.args[0]].index(node)
            return ("products", number, k, k + 1)
        return ("adjoint", node)

    def add(self, coefficient: Node, adjoint: str, out: str, empty: bool) -> bool:
        """out += coefficient * adjoint, or out = … where it is still empty."""
        negative = coefficient.op == "sum" and coefficient.signs == (-1,)
        if negative:
            coefficient = coefficient.args[0]
        term = adjoint
        if coefficient is not self.graph.one:
            term = out if empty else self.loop.scratch()
            row = self.loop.row("timed", coefficient) if coefficient.timed else self.loop.constant("still", coefficient)
            self.loop.call("multiply", row, adjoint, term)
        if not empty:
            self.loop.call("subtract" if negative else "add", out, term, out)
        elif negative or term != out:
            self.loop.call("negative" if negative else "copy", term, out)
        return False
