"""Any node of a cell's graph, for all steps at once, from the values that a run has recorded.

Arrays are (T, *lead, H) with lead () or (B,); a value that is the same at every step is (H,) or (sets, H) and
broadcasts. In a sweep, where each batch row has its own set of parameters, matrices are (sets, J, K).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gru_viz.graph import OPERATIONS, Array, Node, reachable


@dataclass(frozen=True)
class Straight:
    """Nodes as straight-line code: ``run(values, params, sweep)`` adds theirs to the values by node."""

    nodes: tuple[Node, ...]
    run: Callable[[dict[Node, Any], Mapping[str, Array], bool], None]


def compile_straight(nodes: Sequence[Node]) -> Straight:
    """``nodes`` come after their arguments; an argument that is not among them is taken from the values."""
    inside = set(nodes)
    given = dict.fromkeys(arg for node in nodes for arg in node.args if arg not in inside)
    names = {node: f"v{k}" for k, node in enumerate((*given, *nodes))}
    namespace: dict[str, Any] = {"product": product, "asarray": np.asarray}
    namespace |= {f"node_{name}": node for node, name in names.items()}
    namespace |= {f"name_{name}": node.name for node, name in names.items()}  # which a person has typed
    lines = [f"    {names[node]} = values[node_{names[node]}]" for node in given]
    for node in nodes:
        name, terms = names[node], [names[arg] for arg in node.args]
        if node.op == "product":
            text = " * ".join(terms)
        elif node.op == "sum":
            text = "".join(f" {'+' if sign > 0 else '-'} {term}" for sign, term in zip(node.signs, terms, strict=True))
        elif node.op == "constant":
            text, namespace[f"number_{name}"] = f"number_{name}", node.value
        elif node.op == "vector":
            text = f"params[name_{name}]"
        elif node.op == "matrix":
            text = f"product(asarray({terms[0]}), params[name_{name}], sweep)"
        else:
            text, namespace[node.op] = f"{node.op}(asarray({terms[0]}))", OPERATIONS[node.op].value
        lines.append(f"    {name} = values[node_{name}] = {text.removeprefix(' + ').lstrip()}")
    source = "\n".join(["def run(values, params, sweep):", *lines, "    return"])
    exec(compile(source, "<straight>", "exec"), namespace)
    return Straight(tuple(nodes), namespace["run"])


class Bulk:
    """Evaluates nodes on demand and keeps what it has: ``bulk[node]``; infinite beyond the largest number."""

    def __init__(self, known: Mapping[Node, Array], params: Mapping[str, Array], sweep: bool) -> None:
        self.values: dict[Node, Array | float] = dict(known)
        self._params, self._sweep = params, sweep

    def __getitem__(self, node: Node) -> Array:
        values = self.values
        if node not in values:
            with np.errstate(over="ignore", invalid="ignore"):
                for needed in reachable([node], values.__contains__):
                    if needed not in values:
                        values[needed] = self._value(needed)
        return values[node]  # type: ignore[return-value]

    def evaluate_compiled(self, compiled: Straight) -> None:
        """The same for nodes whose order and operations are compiled, at a fraction of the cost for short runs."""
        compiled.run(self.values, self._params, self._sweep)

    def _value(self, node: Node) -> Array | float:
        values = self.values
        if node.op == "product":
            return values[node.args[0]] * values[node.args[1]]
        if node.op == "sum":
            return add_signed(node.signs, [values[arg] for arg in node.args])
        if node.op == "constant":
            return node.value
        if node.op == "vector":
            return self._params[node.name]
        if node.op == "matrix":
            return product(np.asarray(values[node.args[0]]), self._params[node.name], self._sweep)
        return OPERATIONS[node.op].value(np.asarray(values[node.args[0]]))


def add_signed(signs: tuple[int, ...], terms: list[Array | float]) -> Array | float:
    """The sum of terms, each with its sign, in their order."""
    result = terms[0] if signs[0] > 0 else -terms[0]
    for sign, term in zip(signs[1:], terms[1:], strict=True):
        result = result + term if sign > 0 else result - term
    return result


def product(values: Array, matrix: Array, sweep: bool) -> Array:
    """matrix @ value at every step: (T, *lead, K) and (J, K) give (T, *lead, J); without T alike.

    In a sweep the matrix is (sets, J, K), and values that all sets share at a step are (T, 1, K).
    """
    if not values.ndim:  # a plain number, the same for all units
        return np.asarray(values * matrix.sum(axis=-1))
    if not sweep:
        return np.dot(values, matrix.T)
    transposed = matrix.swapaxes(-1, -2)
    if values.ndim == 3:
        return np.matmul(values.swapaxes(0, 1), transposed).swapaxes(0, 1)
    return np.matmul(values[..., None, :], transposed)[..., 0, :]


def product_into(matrix: Array, sweep: bool, batch: bool) -> Callable[[Array, Array], object]:
    """A function (value, out) for the loop: out = matrix @ value, for one step; the fastest call for each layout."""
    if sweep:
        return functools.partial(np.matvec, matrix)
    if batch:
        transposed = matrix.T

        def each_row(value: Array, out: Array) -> object:
            if out.flags.c_contiguous:
                return np.dot(value, transposed, out)
            return np.matmul(value, transposed, out)  # into a part of a stack

        return each_row
    return matrix.dot
