"""What a run gives back: values and expressions of them, read-only, whatever happens to what it was given."""

import pickle

import numpy as np
import pytest

import gru_viz
from gru_viz import EquationError, InputError, cell, cell_names, run
from tests.reference import CLOSE, default_run, problem, traced


@pytest.mark.parametrize("name", cell_names())
@pytest.mark.parametrize("rows", [{}, {"batch": 2}, {"sets": 2}, {"sets": 2, "batch": 2}], ids=str)
def test_each_line_of_the_cell_evaluated_over_the_run_gives_the_recorded_value(name, rows):
    trace = traced(name, problem(cell(name), seed=19, **rows))
    for line in filter(None, map(str.strip, cell(name).text.splitlines())):
        left, _, right = line.partition("=")
        value = trace.value(right)
        np.testing.assert_allclose(value, trace[left.strip().rstrip("'")], **CLOSE)
        assert value.shape == trace["h"].shape


def test_any_expression_of_the_names_can_be_evaluated():
    given = problem(cell("lstm"), seed=20, steps=5)
    trace = traced("lstm", given)
    h = np.concatenate([given.state["h"][None], trace["h"][:-1]])
    inside = given.x @ given.params["W_i"].T + h @ given.params["U_i"].T + given.params["b_i"]
    np.testing.assert_allclose(trace.value("W_i @ x + U_i @ h + b_i"), inside, **CLOSE)
    np.testing.assert_allclose(trace.value("f * c"), trace["f"] * trace.before["c"], **CLOSE)
    np.testing.assert_allclose(trace.value("c' - f * c - i * g"), 0, **CLOSE)
    np.testing.assert_allclose(
        trace.value("-relu(U_o @ (i * h')) + 1.5"),
        1.5 - np.maximum((trace["i"] * trace["h"]) @ given.params["U_o"].T, 0),
        **CLOSE,
    )
    np.testing.assert_array_equal(trace.value("h"), h)
    np.testing.assert_array_equal(trace.value("h'"), trace["h"])
    np.testing.assert_array_equal(trace.value("b_f"), np.tile(given.params["b_f"], (5, 1)))
    np.testing.assert_array_equal(trace.value("2"), np.full((5, 4), 2.0))


@pytest.mark.parametrize(
    "expression", ["q", "W_q @ x", "h = z", "W_i", "x", "U_i @ x", "h @ h", "", "h +", "i i", "i\ng"]
)
def test_an_expression_that_is_none_is_refused(expression):
    with pytest.raises(EquationError):
        default_run("lstm").value(expression)


def test_evaluating_an_expression_leaves_the_cell_as_it_was():
    own = gru_viz.Cell("fresh", "h' = tanh(W @ x + U @ h + b)")
    trace = run(own, {"W": [[1.0]], "U": [[1.0]], "b": [0.0]}, [[1.0]])
    trace.value("h * h + 3 * b")
    assert own.graph.values.keys() == {"h", "h'"}
    assert "product" not in {key[0] for key in own.graph._made}


def test_values_are_read_only_and_the_input_is_given_back():
    given = problem(cell("lstm"), seed=21)
    trace = traced("lstm", given)
    for array in (*map(trace.__getitem__, trace.names), trace.before["c"], trace.value("f * c"), trace.value("f")):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    np.testing.assert_array_equal(trace["x"], given.x)
    assert trace.names == ("x", "f", "i", "o", "g", "c", "h")
    assert trace.cell is cell("lstm")
    assert trace.params.keys() == given.params.keys()


def test_what_was_given_is_neither_changed_nor_followed():
    given, again = (problem(cell("lstm_peephole"), seed=22) for _ in range(2))
    trace = traced("lstm_peephole", given)
    h = np.array(trace["h"])
    gru_viz.backpropagate(trace, given.loss)
    for mine, theirs in ((given.params, again.params), (given.state, again.state), (given.loss, again.loss)):
        assert all((mine[key] == theirs[key]).all() for key in mine)
    given.state["h"][:] = given.state["c"][:] = 9.0
    np.testing.assert_array_equal(trace["h"], h)
    np.testing.assert_array_equal(trace.before["h"][0], again.state["h"])


def test_lists_whole_numbers_and_single_precision_are_taken_as_they_are():
    params = {"W_h": [[1, 2]], "U_h": [[3]], "b_h": [0]}
    trace = run(cell("rnn"), params, [[1, 0], [0, 1]])
    assert trace["h"].dtype == np.float64
    np.testing.assert_allclose(trace["h"][:, 0], [np.tanh(1), np.tanh(2 + 3 * np.tanh(1))], rtol=1e-15)
    single = run(cell("rnn"), {key: np.float32(value) for key, value in params.items()}, np.eye(2, dtype=np.float32))
    np.testing.assert_array_equal(single["h"], trace["h"])


def test_a_name_that_the_trace_does_not_have_is_refused():
    with pytest.raises(InputError, match="gru has no value 'c'; its values are x, r, z, n, h"):
        default_run("gru")["c"]
    with pytest.raises(InputError, match="There is no 'z' here; there are h"):
        default_run("gru").before["z"]


def test_a_copy_of_a_run_is_the_run():
    """Also after its cell was forgotten and read again, as in another process."""
    trace = default_run("lstm")
    copied = pickle.loads(pickle.dumps(trace))
    for name in trace.names:
        np.testing.assert_array_equal(copied[name], trace[name])
    np.testing.assert_array_equal(gru_viz.backpropagate(copied)["x"], gru_viz.backpropagate(trace)["x"])


def test_many_cells_do_not_make_an_older_one_forget_its_graph():
    trace = default_run("gru")
    expected = gru_viz.backpropagate(trace)["x"]
    for k in range(300):
        gru_viz.run(gru_viz.Cell(f"c{k}", f"h' = {k} * h + b"), {"b": np.ones(1)}, np.zeros((1, 1)))
    np.testing.assert_array_equal(gru_viz.backpropagate(trace)["x"], expected)
    np.testing.assert_array_equal(gru_viz.backpropagate(default_run("gru"))["x"], expected)


def test_a_run_stays_what_it_was_whatever_happens_to_what_it_was_given():
    own = cell("gru")
    given = problem(own, seed=1)
    trace = run(own, given.params, given.x, given.state)
    expected_gradient = gru_viz.backpropagate(trace)["x"].copy()
    for array in (*given.params.values(), given.x, *given.state.values()):
        array[:] = 9.0
    np.testing.assert_array_equal(gru_viz.backpropagate(trace)["x"], expected_gradient)
    with pytest.raises(ValueError, match="read-only"):
        trace.params["U_z"][:] = 7.0
