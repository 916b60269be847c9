"""Equations ──► one graph of values, in which equal parts are one node; and the table of operations.

The forward loop, the gradients and the evaluation of any expression over a whole run are all read off this graph.
An operation is its value and its local derivative, side by side in ``OPERATIONS``; nothing else knows a derivative.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gru_viz.equations import Equations
from gru_viz.grammar import Call, Expression, MatrixProduct, Name, Negative, Number, Product, Sum

Array = np.ndarray


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Node:
    """One value of a step. Nodes are made by a Graph, which makes equal ones only once: ``is`` is equality.

    ``op`` is "x", "state", "vector", "constant", "matrix" (a matrix product), "sum", "product" or a function's name.
    """

    index: int  # arguments have smaller ones: sorting by it is a topological order
    op: str
    args: tuple[Node, ...]
    name: str  # of a state, vector or matrix
    value: float  # of a constant
    signs: tuple[int, ...]  # +1 or -1 for each argument of a sum
    recurrent: bool  # depends on a state before the step
    timed: bool  # differs from step to step

    def __repr__(self) -> str:  # not the whole tree: shared parts would be written again and again
        return f"{self.op}{self.name}#{self.index}"


@dataclass(frozen=True)
class Operation:
    """``value`` of arrays; ``derivative(graph, y, a)``: the node dy/da for the function's node y and its argument a."""

    value: Callable[..., Array]
    derivative: Callable[[Graph, Node, Node], Node]


def sigmoid(a: Array, out: Array | None = None) -> Array:
    """1 / (1 + exp(-a)): right to the last bits for every a, where a form with tanh is 4 % off at -36."""
    out = np.negative(a, out=np.empty_like(a) if out is None else out)
    with np.errstate(over="ignore"):
        np.exp(out, out=out)
    out += 1.0
    return np.reciprocal(out, out=out)


def relu(a: Array, out: Array | None = None) -> Array:
    return np.maximum(a, 0.0, out=out)


def step(a: Array, out: Array | None = None) -> Array:
    """1 where a > 0, else 0: the derivative of relu, by PyTorch's choice at 0."""
    return np.greater(a, 0.0, out=np.empty_like(a) if out is None else out)


OPERATIONS = {
    "sigmoid": Operation(sigmoid, lambda graph, y, a: graph.product(y, graph.minus(graph.one, y))),
    "tanh": Operation(np.tanh, lambda graph, y, a: graph.minus(graph.one, graph.product(y, y))),
    "relu": Operation(relu, lambda graph, y, a: graph.call("step", a)),
    "step": Operation(step, lambda graph, y, a: graph.constant(0.0)),
}


class Graph:
    """Makes nodes, each only once. ``values`` maps a symbol (``z``, ``h'``, or ``h`` for the state before) to its node.

    A graph with a parent finds its parent's nodes and adds its own beside them: the parent stays as it is.
    """

    def __init__(self, parent: Graph | None = None) -> None:
        self._found: Mapping[tuple[object, ...], Node] = {**parent._found, **parent._made} if parent else {}
        self._made: dict[tuple[object, ...], Node] = {}
        self._count: int = parent._count if parent else 0
        self.values: dict[str, Node] = dict(parent.values) if parent else {}
        self.one: Node = self.constant(1.0)
        self.input: Node = self.make("x")

    def make(
        self, op: str, args: tuple[Node, ...] = (), name: str = "", value: float = 0.0, signs: tuple[int, ...] = ()
    ) -> Node:
        key = (op, tuple(arg.index for arg in args), name, value, signs)
        node = self._made.get(key) or self._found.get(key)
        if node is None:
            recurrent = op == "state" or any(arg.recurrent for arg in args)
            timed = op in ("x", "state") or any(arg.timed for arg in args)
            node = self._made[key] = Node(self._count, op, args, name, value, signs, recurrent, timed)
            self._count += 1
        return node

    def define(self, symbol: str, expression: Expression) -> None:
        """A name has a node of its own: an equal expression elsewhere is another value, with another gradient."""
        before = self._count
        node = self.lower(expression)
        if node.index < before or not node.args:
            node = self.make("sum", (node,), signs=(1,))
        self.values[symbol] = node
        self._made = {key: other for key, other in self._made.items() if other is not node}

    def constant(self, value: float) -> Node:
        return self.make("constant", value=value + 0.0)

    def call(self, function: str, argument: Node) -> Node:
        return self.make(function, (argument,))

    def product(self, a: Node, b: Node) -> Node:
        for one, other in ((a, b), (b, a)):
            if one.op == "constant" and one.value == 1.0:
                return other
            if one.op == "constant" and one.value == 0.0:
                return one
        return self.make("product", (a, b))

    def minus(self, a: Node, b: Node) -> Node:
        return self.sum([(1, a), (-1, b)])

    def sum(self, terms: Iterable[tuple[int, Node]]) -> Node:
        """The sum of signed terms; zeros are left out."""
        kept = [(sign, node) for sign, node in terms if not (node.op == "constant" and node.value == 0.0)]
        if not kept:
            return self.constant(0.0)
        if len(kept) == 1 and kept[0][0] == 1:
            return kept[0][1]
        return self.make("sum", tuple(node for _, node in kept), signs=tuple(sign for sign, _ in kept))

    def lower(self, expression: Expression) -> Node:
        """The node of a checked expression."""
        match expression:
            case Number(value=value):
                return self.constant(value)
            case Name(name=name, primed=primed):
                symbol = name + "'" * primed
                return self.values.get(symbol) or self.make("vector", name=symbol)
            case MatrixProduct(matrix=matrix, operand=operand):
                inside = self.input if isinstance(operand, Name) and operand.name == "x" else self.lower(operand)
                return self.make("matrix", (inside,), matrix)
            case Call(function=function, argument=argument):
                return self.call(function, self.lower(argument))
            case Product(factors=factors):
                return functools.reduce(self.product, map(self.lower, factors))
            case _:
                return self.sum((sign, self.lower(term)) for sign, term in _terms(expression, 1))


def _terms(expression: Expression, sign: int) -> list[tuple[int, Expression]]:
    """The terms of nested sums, differences and negations, with their signs."""
    match expression:
        case Sum(terms=terms, signs=signs):
            return [found for term, own in zip(terms, signs, strict=True) for found in _terms(term, sign * own)]
        case Negative(operand=operand):
            return _terms(operand, -sign)
        case _:
            return [(sign, expression)]


def build(equations: Equations) -> Graph:
    graph = Graph()
    for state in equations.states:
        graph.values[state] = graph.make("state", name=state)
    for line in equations.lines:
        graph.define(line.symbol, line.expression)
    return graph


def reachable(roots: Iterable[Node], stop: Callable[[Node], bool] = lambda node: False) -> list[Node]:
    """The roots and all that they need, arguments first; ``stop(node)`` keeps a node but not what it needs."""
    seen: dict[int, Node] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node.index not in seen:
            seen[node.index] = node
            if not stop(node):
                stack.extend(node.args)
    return [seen[index] for index in sorted(seen)]


def derivatives(graph: Graph, target: Node, cut: Callable[[Node], bool]) -> dict[Node, Node]:
    """d target / d node for every node between the target and the cuts, as nodes of the same graph.

    One walk backwards through the table of local derivatives; what is cut gets its derivative but passes none on.
    """
    total: dict[Node, list[tuple[int, Node]]] = {target: [(1, graph.one)]}
    result: dict[Node, Node] = {}
    for node in reversed(reachable([target], lambda node: node is not target and cut(node))):
        if node not in total:
            continue
        here = result[node] = graph.sum(total[node])
        if node is not target and cut(node):
            continue
        for sign, argument, factor in _local(graph, node):
            total.setdefault(argument, []).append((sign, graph.product(here, factor)))
    return result


def _local(graph: Graph, node: Node) -> Sequence[tuple[int, Node, Node]]:
    """(sign, argument, factor) for each use of an argument: d node / d argument = sign * factor."""
    if node.op == "sum":
        return [(sign, argument, graph.one) for sign, argument in zip(node.signs, node.args, strict=True)]
    if node.op == "product":
        return [(1, node.args[0], node.args[1]), (1, node.args[1], node.args[0])]
    if node.op in OPERATIONS:
        return [(1, node.args[0], OPERATIONS[node.op].derivative(graph, node, node.args[0]))]
    return []  # an input, a state, a parameter, or a matrix product, which is always a cut
