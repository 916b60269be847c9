"""All that the player shows of one run: its numbers, and the cell's tape, diagram, formulas and what can be opened."""

from __future__ import annotations

import functools
import json
from typing import Any
from xml.etree import ElementTree

import numpy as np

from gru_viz.cells import Cell
from gru_viz.diagram import Diagram, arrow_head, describe, layout, path
from gru_viz.diagram.parts import AFTER, JOIN, Edge
from gru_viz.diagram.parts import Node as Part
from gru_viz.engine import run
from gru_viz.gradients import GradientFlow
from gru_viz.graph import Array, Node
from gru_viz.notation import formula, with_numbers
from gru_viz.parameters import init_params
from gru_viz.player.arrays import Blob
from gru_viz.player.opening import Openings
from gru_viz.player.tape import Tape, entering, local_rows
from gru_viz.roles import is_gate
from gru_viz.theme import cell_style
from gru_viz.trace import Trace

_MATHML = "{http://www.w3.org/1998/Math/MathML}"


def cell_data(name: str, trace: Trace, flow: GradientFlow, blob: Blob) -> dict[str, Any]:
    """The run's numbers go into the blob; the rest is as JSON takes it."""
    mantissas, exponents = carried(flow)
    return {
        "title": name,
        "hidden": trace.hidden_size,
        "params": {key: blob.add(values) for key, values in trace.params.items()},
        "states": {state: blob.add(values) for state, values in trace.states.items()},  # (T + 1, H)
        "carried": {state: blob.add(values) for state, values in mantissas.items()},  # (T, H)
        "exponents": blob.put(exponents, "<f8"),  # (T,): of two, for ``carried``
        "input": input_data(trace, blob),
        **json.loads(drawn(trace.cell)),
    }


def carried(flow: GradientFlow) -> tuple[dict[str, Array], Array]:
    """What each state hands on after each step, as mantissas up to 1 and a power of two a step.

    The mantissas are right to 10⁻⁶ of themselves: what stands behind that would only make a file larger.
    """
    rows, exponents = flow.scaled_carried
    largest = functools.reduce(np.maximum, (np.abs(values).max(axis=-1) for values in rows.values()))
    shift = np.frexp(largest)[1]
    scaled = {state: np.ldexp(values, -shift[:, None]) for state, values in rows.items()}
    return {state: rounded(values) for state, values in scaled.items()}, exponents + shift


def rounded(values: Array, bits: int = 20) -> Array:
    """To so many binary digits."""
    mantissa, exponent = np.frexp(values)
    return np.ldexp(np.rint(np.ldexp(mantissa, bits)), exponent - bits)


def input_data(trace: Trace, blob: Blob) -> dict[str, Any]:
    """The index of the one in each row, where each row is one-hot; else all of it."""
    inputs, width = trace.inputs, trace.inputs.shape[1]
    if trace.one_hot:
        return {"width": width, "index": blob.put(inputs.argmax(axis=1), "<u2")}
    return {"width": width, "values": blob.add(inputs)}


@functools.lru_cache(maxsize=64)
def drawn(cell: Cell) -> str:
    """What is the same for all runs of a cell, as JSON."""
    tape, diagram = Tape(cell), layout(cell, numbers=True)
    parts = [(part, local_rows(tape, diagram, part)) for part in diagram.nodes]
    for part, _ in parts:
        if part.expression:
            tape.add(part.expression)
    openings = Openings(tape)
    for line in cell.equations.lines:
        openings.follow(line.symbol)
    formulas = [_formula(cell, name, openings) for name in cell.names]
    rows = tape.number()
    style = cell_style(cell)
    return json.dumps(
        {
            "family": style.family,
            "stateNames": list(cell.states),
            "roles": dict(cell.roles),
            "meanings": dict(cell.meanings),
            "gates": list(cell.gates),
            "tape": tape.rows(),
            "rows": {text: rows[node] for text, node in tape.roots.items()},
            "openings": openings.found,
            "formulas": formulas,
            "diagram": {
                "width": diagram.width,
                "height": diagram.height,
                "describe": describe(diagram),
                "branches": diagram.branches,
                "nodes": [_part(diagram, part, local, tape, rows) for part, local in parts],
                "edges": [_edge(diagram, edge) for edge in diagram.edges],
                "labels": [[label.node, label.text, label.x, label.y, label.width] for label in diagram.labels],
            },
        }
    )


def _part(diagram: Diagram, part: Part, local: list[Node], tape: Tape, rows: dict[Node, int]) -> dict[str, Any]:
    return {
        "id": part.id,
        "kind": part.kind,
        "label": part.label,
        "symbol": part.symbol,
        "expression": part.expression,
        "role": part.role,
        "gate": bool(part.expression) and is_gate(tape.add(part.expression)),
        "box": [part.x, part.y, part.width, part.height],
        "inputs": entering(diagram, part),
        "local": [rows[node] for node in local],
    }


def _edge(diagram: Diagram, edge: Edge) -> dict[str, Any]:
    target = diagram.node(edge.target)
    pointed = target.kind == AFTER or not (edge.state_line or target.kind == JOIN)
    return {
        "id": edge.id,
        "source": edge.source,
        "target": edge.target,
        "path": path(edge, 6.0 if pointed else 0.0, diagram.branches),
        "head": arrow_head(edge) if pointed else "",
        "role": edge.role,
        "line": edge.line,
        "stateLine": edge.state_line,
        "gate": edge.gate,
        "enters": edge.points[-1][1] == edge.points[-2][1],  # across, else up or down
        "carries": list(edge.carries),
    }


def _formula(cell: Cell, name: str, openings: Openings) -> dict[str, Any]:
    line = next(line for line in cell.equations.lines if line.name == name)
    numbers = _tree(with_numbers(_any_run(cell), name, 0, 0).mathml)
    for text in _slots(numbers):
        openings.tape.add(text)
        if "@" in text:
            openings.follow(text)
    return {"name": name, "symbol": line.symbol, "symbols": _tree(formula(cell, name).mathml), "numbers": numbers}


@functools.lru_cache(maxsize=1)
def _any_run(cell: Cell) -> Trace:
    """The formula with numbers has the same form for every run; the browser puts this run's into it."""
    return run(cell, init_params(cell, 1, 1, seed=0), np.ones((1, 1)))


def _tree(mathml: str) -> list[Any]:
    """MathML as [tag, attributes, children or text …]: the browser builds elements, and never reads markup."""

    def element(node: ElementTree.Element) -> list[Any]:
        inside: list[Any] = [node.text] if node.text else []
        return [node.tag.removeprefix(_MATHML), dict(node.attrib), *inside, *map(element, node)]

    return element(ElementTree.fromstring(mathml))


def _slots(tree: list[Any]) -> list[str]:
    _, attributes, *inside = tree
    own = [attributes["data-symbol"]] if "data-symbol" in attributes else []
    return own + [text for part in inside if isinstance(part, list) for text in _slots(part)]
