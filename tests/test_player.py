"""The player's numbers, as its scripts make them from the bytes, against the run and its gradients.

The scripts compute in a way of their own: forward over a tape from the states of each step, backward along the wires of
the diagram. The trace and the flow come from compiled loops. What both agree on to many digits is right.
"""

import json
import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import gru_viz
from gru_viz.notation import products, remainder
from gru_viz.player import Start, pack
from gru_viz.theme import number, number_from_log10
from tests.test_diagram import TYPED

HERE = Path(__file__).parent
PLAYER = HERE.parent / "gru_viz" / "player"
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="there is no node here to run the player's scripts")
DIFFERENCES = """
    a  = sigmoid(b_a - W_a @ x - U_a @ (0.5 * h))
    c' = a * c - (1 - a) * tanh(W_c @ x - U_c @ h)
    h' = tanh(c' - U_h @ h) - a * c'
"""
CELLS = {name: gru_viz.cell(name) for name in gru_viz.cell_names()} | {
    name: gru_viz.Cell(name, text) for name, text in {**TYPED, "differences": DIFFERENCES}.items()
}


def node(script, told):
    """What a script prints when it is told something, as Python."""
    done = subprocess.run(
        [NODE, HERE / "player" / script], input=json.dumps(told), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def a_run(cell, steps=7, hidden=5, inputs=3, seed=3, one_hot=False, gain=0.7):
    """A run with weights that are alike nowhere."""
    rng = np.random.default_rng(seed)
    shapes = {"H": hidden, "I": inputs}
    params = {
        name: gain * rng.normal(0, 0.6, [shapes[letter] for letter in shape]) for name, shape in cell.parameters.items()
    }
    x = np.eye(inputs)[rng.integers(0, inputs, steps)] if one_hot else rng.normal(0, 1, (steps, inputs))
    state = {name: rng.normal(0, 0.3, hidden) for name in cell.states}
    return gru_viz.run(cell, params, x, state=state)


def played(tmp_path, trace, flow=None):
    """What the scripts make of a run."""
    (tmp_path / "bytes").write_bytes(pack(trace, flow).at(Start()))
    return node("evaluate.mjs", {"bytes": str(tmp_path / "bytes")})["cells"][0]


def unscaled(cell, found):
    """Gradients as the scripts have them, mantissas of a power of two each step, as floats."""
    return np.ldexp(np.array(found, dtype=float), np.array(cell["exponents"], dtype=int)[:, None])


def close(found, expected, share=2e-5):
    """Alike to a share of the largest value of the same step."""
    found, expected = np.asarray(found, dtype=float), np.asarray(expected)
    largest = np.abs(expected).max(axis=-1, keepdims=True)
    return bool((np.abs(found - expected) <= share * largest + 1e-300).all())


# -- values and gradients ----------------------------------------------------------------------------------------------


@needs_node
@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("one_hot", [False, True])
def test_each_value_on_each_wire_is_that_of_the_trace(tmp_path, name, one_hot):
    trace = a_run(CELLS[name], one_hot=one_hot)
    cell = played(tmp_path, trace)
    for text, values in cell["values"].items():
        expected = trace["x"] if text == "x" else trace.value(text)
        np.testing.assert_allclose(values, expected, rtol=1e-6, atol=2e-6 * max(1.0, np.abs(expected).max()))
    assert {part["expression"] for part in cell["nodes"]} - {""} <= set(cell["values"])


@needs_node
@pytest.mark.parametrize("name", CELLS)
def test_each_gradient_is_that_of_the_flow(tmp_path, name):
    trace = a_run(CELLS[name])
    flow = gru_viz.backpropagate(trace)
    cell = played(tmp_path, trace, flow)
    for symbol in trace.cell.names:
        text = symbol + "'" * (symbol in trace.cell.states)
        assert close(unscaled(cell, cell["adjoints"][text]), flow[symbol]), symbol
    for state in trace.cell.states:
        assert close(unscaled(cell, cell["adjoints"][state]), flow.before[state]), state


@needs_node
@pytest.mark.parametrize("name", CELLS)
def test_what_the_wires_bring_to_the_left_edge_is_the_gradient_by_the_states_before(tmp_path, name):
    """Nothing is lost on any wire between: the parts' shares, added up all the way, are the whole."""
    trace = a_run(CELLS[name])
    flow = gru_viz.backpropagate(trace)
    cell = played(tmp_path, trace, flow)
    checked = 0
    for part in cell["nodes"]:
        if part["kind"] == "before" and any(cell["totals"][part["id"]]):
            assert close(unscaled(cell, cell["totals"][part["id"]]), flow.before[part["symbol"]]), part["symbol"]
            checked += 1
        elif part["kind"] == "input" and any(cell["totals"][part["id"]]):
            assert close(unscaled(cell, cell["totals"][part["id"]]), flow["x"])
        elif part["kind"] in ("box", "plain") and any(cell["totals"][part["id"]]):
            assert close(cell["totals"][part["id"]], cell["adjoints"][part["expression"]]), part["expression"]
    assert checked or not any(flow.before[state].any() for state in trace.cell.states)


@needs_node
def test_the_gradient_on_a_wire_without_a_name_is_that_of_a_cell_that_names_it(tmp_path):
    gru = gru_viz.cell("gru")
    named = gru_viz.Cell("named", gru.text.replace("(r * h)", "m").replace("n  =", "m = r * h\n        n  ="))
    trace = a_run(gru)
    other = gru_viz.run(named, trace.params, trace["x"], state={"h": trace.before["h"][0]})
    cell = played(tmp_path, trace)
    assert close(unscaled(cell, cell["adjoints"]["r * h"]), gru_viz.backpropagate(other)["m"])


@needs_node
def test_another_loss_is_shown_where_its_flow_is_given(tmp_path):
    trace = a_run(gru_viz.cell("lstm"))
    loss = {name: np.random.default_rng(1).normal(0, 1, trace["h"].shape) for name in ("h", "c")}
    flow = gru_viz.backpropagate(trace, loss)
    cell = played(tmp_path, trace, flow)
    assert close(unscaled(cell, cell["adjoints"]["f"]), flow["f"])
    assert not close(unscaled(cell, cell["adjoints"]["f"]), gru_viz.backpropagate(trace)["f"])


@needs_node
@pytest.mark.parametrize(("gain", "low", "high"), [(0.05, -1e9, -320), (1e3, 300, 1e9)])
def test_gradients_go_on_where_a_float_ends(tmp_path, gain, low, high):
    cell = gru_viz.Cell("line", "h' = U @ h + W @ x")
    rng = np.random.default_rng(5)
    params = {"U": gain * np.linalg.qr(rng.normal(0, 1, (4, 4)))[0], "W": 1e-9 * rng.normal(0, 1, (4, 1))}
    steps = 260 if gain < 1 else 120
    trace = gru_viz.run(cell, params, np.zeros((steps, 1)), state={"h": np.full(4, 1e-3 if gain < 1 else 1e-60)})
    flow = gru_viz.backpropagate(trace)
    found = played(tmp_path, trace, flow)
    norms = np.log10(np.linalg.norm(np.array(found["adjoints"]["h'"], dtype=float), axis=1))
    norms += np.array(found["exponents"]) * math.log10(2)
    np.testing.assert_allclose(norms, flow.log10_norm(), rtol=1e-6, atol=1e-5)
    assert low < norms[0] < high
    assert close(found["values"]["h'"], trace["h"], 1e-6)  # the states come as float64 where a float32 ends


# -- opened numbers ----------------------------------------------------------------------------------------------------


@needs_node
@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("one_hot", [False, True])
def test_an_opened_number_is_the_sum_of_the_products_of_its_row(tmp_path, name, one_hot):
    trace = a_run(CELLS[name], one_hot=one_hot)
    cell = played(tmp_path, trace)
    assert set(cell["openings"]) >= {line.symbol for line in trace.cell.equations.lines}
    for text, each in cell["openings"].items():
        for opened in each:
            expected = products(trace, text, opened["step"] - 1, opened["unit"])
            terms = [term.product for term in expected.terms]
            live = [term.product for term in expected.terms if term.product or "·x[" not in term.what]
            values = [value for value, zeros in opened["terms"] if not zeros]
            assert len(values) + sum(zeros for _, zeros in opened["terms"]) == len(terms)
            np.testing.assert_allclose(values, live if one_hot else terms, rtol=1e-5, atol=1e-6)
            total = float(trace.value(opened["total"])[opened["step"] - 1, opened["unit"]])
            assert math.isclose(math.fsum(values), total, rel_tol=1e-6, abs_tol=1e-6 * max(1, *map(abs, terms)))


@needs_node
@pytest.mark.parametrize("name", CELLS)
def test_an_opened_gradient_is_the_sum_over_all_ways_to_the_values_that_take_it(tmp_path, name):
    trace = a_run(CELLS[name])
    flow = gru_viz.backpropagate(trace)
    cell = played(tmp_path, trace, flow)
    of = {symbol + "'" * (symbol in trace.cell.states): flow[symbol] for symbol in trace.cell.names}
    of |= {state: flow.before[state] for state in trace.cell.states if state in cell["gradients"]}
    assert set(cell["gradients"]) >= {text for text, values in of.items() if values.any()}
    for text, steps in cell["gradients"].items():
        for step, (units, exponent) in enumerate(zip(steps, cell["exponents"], strict=True)):
            sums = np.array([math.fsum(terms) for terms, _ in units])
            sizes = np.array([max(map(abs, terms), default=0.0) for terms, _ in units])
            assert (abs(sums - [total for _, total in units]) <= 1e-12 * sizes).all(), text
            if text in of:
                expected = np.ldexp(of[text][step], -int(exponent))
                assert (abs(sums - expected) <= 2e-6 * np.maximum(sizes, abs(expected).max())).all(), text


@needs_node
def test_what_an_opened_gradient_is_made_of(tmp_path):
    """The textbook's lines, unit by unit, from the run and its flow alone."""
    trace = a_run(gru_viz.cell("lstm"), steps=4)
    flow = gru_viz.backpropagate(trace)
    cell = played(tmp_path, trace, flow)
    scale = np.exp2(-np.array(cell["exponents"]))[:, None]
    got = {text: [[terms for terms, _ in units] for units in steps] for text, steps in cell["gradients"].items()}
    slope = {gate: trace[gate] * (1 - trace[gate]) for gate in "fio"} | {"g": 1 - trace["g"] ** 2}
    for text, parts in {
        "f": [flow["c"] * trace.before["c"]],
        "o": [flow["h"] * np.tanh(trace["c"])],
        "c'": [flow.carried["c"], flow["h"] * trace["o"] * (1 - np.tanh(trace["c"]) ** 2)],
        "c": [flow["c"] * trace["f"]],
        "h": [
            (slope[gate] * flow[gate])[:, [unit]] * trace.params[f"U_{gate}"][unit]
            for gate in "fiog"
            for unit in range(5)
        ],
        "i * g": [flow["c"]],
    }.items():
        expected = np.stack([part * scale for part in parts], axis=-1)  # step, unit, term
        np.testing.assert_allclose(got[text], expected, rtol=3e-6, atol=1e-9, err_msg=text)


# -- how numbers are written -------------------------------------------------------------------------------------------


def sized(value, below):
    """(sign, log10) of a number so many powers of ten below one."""
    return [float(np.sign(value)), math.log10(abs(value)) - below if value else None]


@needs_node
def test_numbers_are_written_as_everywhere_else():
    rng = np.random.default_rng(0)
    numbers = [0.0, 1.0, -1.0, 0.5, 9.995, 99.96, 0.00012345, 12345.6, 99999.0, 1e5, 1e-4, 0.9999, 1e300, -1e-300]
    numbers += (rng.normal(0, 1, 500) * 10.0 ** rng.integers(-8, 8, 500)).tolist()
    logs = [0.0, -12.3, 0.9999999, 4.9999, -3.0, -4.0, 5.0, -700.25, 900.5, *rng.uniform(-400, 400, 300).tolist()]
    sums = [[[0.1, 0.2], 0.3], [[], 1.0], [[1e20, 1.0], 1e20], [[0.0], 0.0], [[1e-9] * 3, 3e-9]]
    for _ in range(400):
        parts = (rng.normal(0, 1, rng.integers(1, 40)) * 10.0 ** rng.integers(-6, 4)).tolist()
        sums.append([parts, math.fsum(parts)])
    near, far = (
        [[[sized(part, below) for part in parts], sized(total, below)] for parts, total in sums] for below in (0, 900)
    )
    found = node("numbers.mjs", {"numbers": numbers, "logs": logs, "sums": sums, "far": near + far})
    assert found["numbers"] == [number(value) for value in numbers]
    assert found["logs"] == [number_from_log10(value) for value in logs]
    assert found["remainders"] == [remainder(parts, total) for parts, total in sums]
    assert sum(map(bool, found["remainders"])) > 50
    assert found["farRemainders"][: len(near)] == found["remainders"]
    for (parts, total), close_by, far_off in zip(
        sums, found["remainders"], found["farRemainders"][len(near) :], strict=True
    ):
        if max(map(abs, [*parts, total])) < 100:  # larger ones are written with all their digits before the point
            assert bool(far_off) == bool(close_by)
