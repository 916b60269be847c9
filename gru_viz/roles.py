"""What part each gate plays, read off a cell's graph: which gates keep the old state, which write, show or look back.

A page colours by these roles, and "gates start by keeping 88 %" sets the biases of the gates that keep.
"""

from __future__ import annotations

from collections.abc import Iterator

from gru_viz.graph import Graph, Node, reachable

KEEP, WRITE, SHOW, LOOK_BACK, CANDIDATE, STATE, GATE = (
    "keep", "write", "show", "look back", "candidate", "state", "gate",
)
ROLES = (KEEP, WRITE, SHOW, LOOK_BACK, CANDIDATE, STATE, GATE)


def is_gate(node: Node) -> bool:
    """A gate is a sigmoid, or one minus a gate."""
    return node.op == "sigmoid" or complement(node) is not None


def complement(node: Node) -> Node | None:
    """g, where the node is 1 - g for a gate g."""
    if node.op == "sum" and node.label == (1, -1) and node.args[0].label == 1.0 and is_gate(node.args[1]):
        return node.args[1]
    return None


def _factors(node: Node) -> list[Node]:
    return [part for arg in node.args for part in _factors(arg)] if node.op == "product" else [node]


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
            for factor in factors:
                inner = complement(factor)
                if factor.op == "sigmoid":
                    result.setdefault(factor, 1)
                elif inner is not None and inner.op == "sigmoid":
                    result.setdefault(inner, -1)
    return result


def read_roles(graph: Graph, states: tuple[str, ...]) -> dict[str, str]:
    """A role for each name that is a state, a gate or a candidate (a squashed value that a state's sum takes in)."""
    found: dict[Node, str] = {}
    for old, factors in _products(graph, states):
        keeps = any(factor is old for factor in factors)
        shows = any(factor.op == "tanh" and any(inner.op != "matrix" and inner in _news(graph, states)
                                                for inner in factor.args) for factor in factors)
        for factor in factors:
            if is_gate(factor):
                found.setdefault(factor, KEEP if keeps else SHOW if shows else WRITE)
            elif factor.op in ("tanh", "relu") and not shows:
                found.setdefault(factor, CANDIDATE)
    for node in reachable(graph.values[state + "'"] for state in states):
        around = [node.args[0]] if node.op == "matrix" else [node] if node.op == "product" else []
        if node.op == "matrix" or any(_holds_matrix(part) for part in node.args if node.op == "product"):
            for factor in (part for top in around for part in _factors(top) if is_gate(part)):
                found.setdefault(factor, LOOK_BACK)
    named = {symbol: node for symbol, node in graph.values.items() if not symbol.endswith("'")}
    roles = {symbol: found.get(node, GATE) for symbol, node in named.items() if node in found or is_gate(node)}
    return roles | dict.fromkeys(states, STATE)


def _news(graph: Graph, states: tuple[str, ...]) -> list[Node]:
    return [graph.values[state + "'"] for state in states]


def _holds_matrix(node: Node) -> bool:
    """A sum or product with a recurrent matrix product in it, not hidden in a function."""
    if node.op in ("sum", "product"):
        return any(_holds_matrix(arg) for arg in node.args)
    return node.op == "matrix" and node.recurrent


def bias_of(node: Node) -> tuple[str, int] | None:
    """(name, sign) of the first parameter vector that a sigmoid's argument adds; None where there is none."""
    inside = node.args[0]
    signs = inside.label if inside.op == "sum" and isinstance(inside.label, tuple) else (1,)
    terms = inside.args if inside.op == "sum" else (inside,)
    for sign, term in zip(signs, terms, strict=True):
        if term.op == "vector":
            return str(term.label), sign
    return None
