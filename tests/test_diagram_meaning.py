"""The picture computes the cell: each value follows from what its wires carry, and each role is the cell's."""

import re

import numpy as np
import pytest

from gru_viz import Cell, InputError, init_params, run
from gru_viz.diagram import KINDS, LINES, layout, svg
from gru_viz.roles import ROLES
from gru_viz.theme import THEMES
from tests.test_diagram import CELLS, NAMES, TYPED, drawn, entering, flaws


def numbers(name):
    own, diagram = drawn(name)
    params = init_params(own, input_size=3, hidden_size=4, seed=1)
    trace = run(own, params, np.random.default_rng(2).normal(size=(5, 3)))
    return diagram, lambda text: trace["x"] if text == "x" else trace.value(text)


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_computes_the_cell(name):
    """Each node's value, recomputed from what its wires carry, equals its expression's value in a run."""
    diagram, value = numbers(name)
    for node in diagram.nodes:
        wires = entering(diagram, node)
        values = [value(edge.expression) for edge in wires if edge.expression]
        if node.kind in ("input", "before"):
            assert wires == []
        elif node.kind in ("valve", "product"):
            np.testing.assert_allclose(np.prod(values, axis=0), value(node.expression), rtol=1e-12, atol=1e-12)
        elif node.kind == "sum":
            total = values[0] + values[1] if node.label == "+" else values[0] - values[1]
            np.testing.assert_allclose(total, value(node.expression), rtol=1e-12, atol=1e-12)
        elif node.kind == "after":
            np.testing.assert_array_equal(values[0], value(node.expression))
        elif node.kind == "join":
            assert list(wires_of(diagram, node)) == list(dict.fromkeys(text for edge in wires for text in edge.carries))
        elif node.argument:
            assert_takes(value, node, wires)
        if node.kind != "join":
            for edge in diagram.edges:
                if edge.source == node.id:
                    np.testing.assert_allclose(value(edge.expression), value(node.expression), rtol=1e-12, atol=1e-12)


def wires_of(diagram, node):
    return next(edge.carries for edge in diagram.edges if edge.source == node.id)


def assert_takes(value, node, wires):
    """A function of its argument, in which nothing stands but what enters and parameters."""
    functions = {"σ": lambda a: 1 / (1 + np.exp(-a)), "tanh": np.tanh, "relu": lambda a: np.maximum(a, 0)}
    np.testing.assert_allclose(functions[node.label](value(node.argument)), value(node.expression), rtol=1e-9)
    left = node.argument
    for text in sorted((text for edge in wires for text in edge.carries), key=len, reverse=True):
        assert text in left or f"({text})" in left or text in node.argument, (text, node.argument)
        left = left.replace(text, " ") if len(text) > 2 else re.sub(rf"\b{re.escape(text)}(?!\w|')", " ", left)
    assert re.findall(r"\b(?:[a-z]|forget_gate|candidate|memory)\b'?", re.sub(r"\bb\b", "", left)) == []


@pytest.mark.parametrize("name", NAMES)
def test_ids_kinds_roles_and_lines(name):
    own, diagram = drawn(name)
    ids = [thing.id for thing in (*diagram.nodes, *diagram.edges)]
    assert len(set(ids)) == len(ids)
    for node in diagram.nodes:
        assert node.kind in KINDS
        assert node.role in (*ROLES, "")
        assert (node.expression != "") == (node.kind != "join")
    for edge in diagram.edges:
        assert edge.line == LINES[edge.role]
    shown = {node.symbol.rstrip("'") for node in diagram.nodes}
    assert {*own.names, "x"} <= shown
    assert {label.text.replace("′", "'") for label in diagram.labels} >= {"x", *own.states}


def test_roles_are_the_cells_and_one_minus_a_gate_swaps_them():
    found = {node.expression: node.role for node in drawn("gru")[1].nodes}
    assert {text: found[text] for text in ("h", "r", "z", "n", "1 - z", "z * n", "(1 - z) * h", "h'", "x")} == {
        "h": "state", "r": "look back", "z": "write", "n": "candidate", "1 - z": "keep", "z * n": "candidate",
        "(1 - z) * h": "state", "h'": "state", "x": "",
    }  # fmt: skip
    found = {node.expression: node.role for node in drawn("gru_reset_after")[1].nodes}
    assert (found["z"], found["1 - z"]) == ("keep", "write")
    gates = {edge.expression for edge in drawn("lstm")[1].edges if edge.gate}
    assert gates == {"f", "i", "o"}


def test_one_drawing_from_the_same_equations():
    first = layout(Cell("one", TYPED["coupled LSTM"]))
    assert first == layout(Cell("other name", TYPED["coupled LSTM"]))
    assert svg(first, THEMES["dark"], "t", "d") == svg(layout(CELLS["coupled LSTM"]), THEMES["dark"], "t", "d")


def test_a_large_cell_is_drawn_line_by_line_and_a_larger_one_is_refused():
    product = " * ".join(["h"] * 70)
    diagram = layout(Cell("large", f"a = {product}\nb_1a = a * a\nh' = tanh(U @ a) + b_1a"))
    assert flaws(diagram) == []
    assert [node.label for node in diagram.nodes if node.kind == "box"] == ["a", "b_1a", "h'"]
    lines = [f"a{k} = tanh(U_{k} @ h)" for k in range(61)]
    with pytest.raises(InputError, match=r"'huge' has 6\d values; a diagram has room for 60"):
        layout(Cell("huge", "\n".join([*lines, "h' = h"])))
