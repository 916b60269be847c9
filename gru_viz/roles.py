"""What part each gate plays, read off a cell's graph: which gates keep the old state, which write, show or look back.

A page colours by these roles, and "gates start by keeping 88 %" sets the biases of the gates that keep.
"""

from __future__ import annotations

from collections.abc import Iterator

from gru_viz.graph import Graph, Node, reachable

ROLES = ("keep", "write", "show", "look back", "candidate", "state", "gate")
KEEP, WRITE, SHOW, LOOK_BACK, CANDIDATE, STATE, GATE = ROLES


def is_gate(node: Node) -> bool:
    """A gate is a sigmoid, or one minus a gate."""
    while _is_one_minus(node):
        node = node.args[1]
    return node.op == "sigmoid"


def complement(node: Node) -> Node | None:
    """g, where the node is 1 - g for a gate g."""
    return node.args[1] if _is_one_minus(node) and is_gate(node) else None


def _is_one_minus(node: Node) -> bool:
    return node.op == "sum" and node.signs == (1, -1) and node.args[0].value == 1.0


def _factors(node: Node) -> list[Node]:
    """What a product multiplies, products in it resolved; each once, for a1 = a0 * a0, a2 = a1 * a1, … would double."""
    return [part for part in reachable([node], lambda part: part.op != "product") if part.op != "product"]


def _products(graph: Graph, states: tuple[str, ...]) -> Iterator[tuple[Node, list[Node]]]:
    """(old value, factors) of each term in each state's new value."""
    for state in states:
        new = graph.values[state + "'"]
        for term in new.args if new.op == "sum" else (new,):
            yield graph.values[state], _factors(term)


def keeping_gates(graph: Graph, states: tuple[str, ...]) -> dict[Node, int]:
    """+1 for a gate that multiplies the old value of the state it updates, -1 for one whose complement does."""
    result: dict[Node, int] = {}
    for old, factors in _products(graph, states):
        if any(factor is old for factor in factors):
            for gate in factors:
                sign = 1
                while (inner := complement(gate)) is not None:
                    gate, sign = inner, -sign
                if gate.op == "sigmoid":
                    result.setdefault(gate, sign)
    return result


def read_roles(graph: Graph, states: tuple[str, ...]) -> dict[str, str]:
    """A role for each name that is a state, a gate or a candidate (a squashed value that a state's sum takes in)."""
    found: dict[Node, str] = {}
    for old, factors in _products(graph, states):
        keeps = any(factor is old for factor in factors)
        shows = any(
            factor.op == "tanh" and any(inner.op != "matrix" and inner in _news(graph, states) for inner in factor.args)
            for factor in factors
        )
        for factor in factors:
            if is_gate(factor):
                found.setdefault(factor, KEEP if keeps else SHOW if shows else WRITE)
            elif factor.op in ("tanh", "relu") and not shows:
                found.setdefault(factor, CANDIDATE)
    for node in _around_matrices(reachable(_news(graph, states))):
        if is_gate(node):
            found.setdefault(node, LOOK_BACK)
    named = {symbol: node for symbol, node in graph.values.items() if not symbol.endswith("'")}
    roles = {symbol: found.get(node, GATE) for symbol, node in named.items() if node in found or is_gate(node)}
    return roles | dict.fromkeys(states, STATE)


def _news(graph: Graph, states: tuple[str, ...]) -> list[Node]:
    return [graph.values[state + "'"] for state in states]


def _around_matrices(nodes: list[Node]) -> list[Node]:
    """What is multiplied with a recurrent matrix product, before or after it; the nodes come arguments first."""
    holding = {node for node in nodes if node.op == "matrix" and node.recurrent}
    for node in nodes:
        if node.op in ("sum", "product") and holding.intersection(node.args):  # no function hides it
            holding.add(node)
    around: set[Node] = set()
    for node in reversed(nodes):
        if node.op == "matrix" or (node.op == "product" and (node in around or holding.intersection(node.args))):
            around.update(node.args)
    return [node for node in nodes if node in around]


def bias_of(node: Node) -> tuple[str, int] | None:
    """(name, sign) of the first parameter vector that a sigmoid's argument adds; None where there is none."""
    inside = node.args[0]
    signs = inside.signs or (1,)
    terms = inside.args if inside.op == "sum" else (inside,)
    for sign, term in zip(signs, terms, strict=True):
        if term.op == "vector":
            return term.name, sign
    return None
