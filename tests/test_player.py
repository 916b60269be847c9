"""The player's numbers, as its scripts make them from the bytes, against the run and its gradients.

The scripts compute in a way of their own: forward over a tape from the states of each step, backward along the wires of
the diagram. The trace and the flow come from compiled loops. What both agree on to many digits is right.
"""

import html
import json
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gru_viz
from gru_viz.diagram import layout
from gru_viz.diagram.layout import NUMBER
from gru_viz.notation import products, remainder
from gru_viz.player import Start, pack, scripts, styles
from gru_viz.theme import number, number_from_log10
from tests.test_diagram import TYPED, flaws

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


def sized(cell, found):
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
        assert close(sized(cell, cell["adjoints"][text]), flow[symbol]), symbol
    for state in trace.cell.states:
        assert close(sized(cell, cell["adjoints"][state]), flow.before[state]), state


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
            assert close(sized(cell, cell["totals"][part["id"]]), flow.before[part["symbol"]]), part["symbol"]
            checked += 1
        elif part["kind"] == "input" and any(cell["totals"][part["id"]]):
            assert close(sized(cell, cell["totals"][part["id"]]), flow["x"])
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
    assert close(sized(cell, cell["adjoints"]["r * h"]), gru_viz.backpropagate(other)["m"])


@needs_node
def test_another_loss_is_shown_where_its_flow_is_given(tmp_path):
    trace = a_run(gru_viz.cell("lstm"))
    loss = {name: np.random.default_rng(1).normal(0, 1, trace["h"].shape) for name in ("h", "c")}
    flow = gru_viz.backpropagate(trace, loss)
    cell = played(tmp_path, trace, flow)
    assert close(sized(cell, cell["adjoints"]["f"]), flow["f"])
    assert not close(sized(cell, cell["adjoints"]["f"]), gru_viz.backpropagate(trace)["f"])


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


# -- how numbers are written -------------------------------------------------------------------------------------------


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
    found = node("numbers.mjs", {"numbers": numbers, "logs": logs, "sums": sums})
    assert found["numbers"] == [number(value) for value in numbers]
    assert found["logs"] == [number_from_log10(value) for value in logs]
    assert found["remainders"] == [remainder(parts, total) for parts, total in sums]
    assert sum(map(bool, found["remainders"])) > 50


# -- bytes, scripts, pages ---------------------------------------------------------------------------------------------


def modules():
    return {path.stem: path.read_text(encoding="utf-8") for path in (PLAYER / "js").glob("*.js")}


def test_the_scripts_of_all_modules_are_one_without_imports_and_with_each_name_once():
    """A component takes one script, so what two modules call alike at their top would clash there."""
    named = re.compile(r"^(?:export )?(?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)
    names = [name for text in modules().values() for name in named.findall(text)]
    assert sorted(names) == sorted(set(names))
    whole = scripts()
    assert not re.search(r"^(import|export)\b", whole, re.MULTILINE)
    for name in names:
        assert re.search(rf"^(async )?(function|class|const|let) {name}\b", whole, re.MULTILINE), name
    assert "</script" not in whole.lower() + styles().lower()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", whole)
    assert "streamlit" not in "".join(modules().values()).lower()


@needs_node
def test_the_joined_script_is_one_that_runs(tmp_path):
    (tmp_path / "all.mjs").write_text(
        scripts() + "\nprocess.stdout.write(typeof mount + typeof unpack)", encoding="utf-8"
    )
    done = subprocess.run([NODE, tmp_path / "all.mjs"], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("functionfunction", "")


@needs_node
def test_a_start_and_its_labels_are_read_as_they_were_given(tmp_path):
    trace = a_run(gru_viz.cell("rnn"), steps=3)
    labels = ["</script>", "ñ\u0301👨‍👩‍👧", "\u202e\ud800"]
    (tmp_path / "bytes").write_bytes(pack(trace, labels=labels).at(Start(2, 3, True, 7)))
    found = node("evaluate.mjs", {"bytes": str(tmp_path / "bytes")})
    assert found["start"] == {"step": 2, "unit": 3, "backward": True, "call": 7}
    assert found["labels"] == [*labels[:2], "\u202e?"]


def test_what_cannot_be_shown_is_refused_in_words():
    rnn = gru_viz.cell("rnn")
    one, other = a_run(rnn, steps=3), a_run(rnn, steps=4)
    batch = gru_viz.run(rnn, one.params, np.zeros((3, 2, 3)))
    for arguments, words in [
        (([],), "There is no run to show"),
        ((batch,), "is a batch of 2; one sequence is expected"),
        (([one, other],), r"different numbers of steps \(RNN 3, RNN 2 4\)"),
        ((one, gru_viz.backpropagate(other)), "flows are of other runs"),
        ((one, None, ["a"]), "labels holds 1 texts; one for each of the 3 steps"),
    ]:
        with pytest.raises(gru_viz.InputError, match=words):
            pack(*arguments)


def test_a_notebook_shows_a_frame_with_the_whole_page_in_it():
    frame = gru_viz.show(a_run(gru_viz.cell("gru")), labels=list("abcdefg"), height=500)._repr_html_()
    source = re.fullmatch(
        r'<iframe title="[^"]+" srcdoc="([^"]*)" sandbox="allow-scripts" style="[^"]+"></iframe>', frame
    )
    assert html.unescape(source[1]).startswith("<!DOCTYPE html>")
    assert "height: 500px" in frame


def test_importing_the_package_does_not_load_the_player():
    code = "import sys, gru_viz; print('gru_viz.player' in sys.modules, callable(gru_viz.show))"
    done = subprocess.run([sys.executable, "-c", code], cwd=HERE.parent, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["False", "True"]
    with pytest.raises(AttributeError, match="no attribute 'shown'"):
        _ = gru_viz.shown


def test_a_file_of_200_steps_of_three_cells_with_32_units_stays_small(tmp_path):
    rng = np.random.default_rng(0)
    x = np.eye(40)[rng.integers(0, 40, 200)]
    traces = {}
    for name in ("rnn", "lstm", "gru"):
        cell = gru_viz.cell(name)
        traces[name] = gru_viz.run(cell, gru_viz.init_params(cell, 40, 32, seed=1), x)
    assert gru_viz.save_html(traces, tmp_path / "player.html").stat().st_size < 410_000


@pytest.mark.parametrize("name", CELLS)
def test_a_diagram_with_numbers_has_room_for_them(name):
    diagram = layout(CELLS[name], numbers=True)
    assert flaws(diagram) == []
    beside = {label.node for label in diagram.labels if label.width >= NUMBER}
    for part in diagram.nodes:
        if part.kind in ("box", "weights", "plain"):
            assert part.width >= NUMBER
            assert part.height >= 40
        elif part.kind != "join":
            assert part.id in beside
