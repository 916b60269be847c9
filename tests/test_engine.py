"""Values forward in time: against torch, against closed forms, and what ``run`` refuses."""

import math
import pickle
import tracemalloc

import numpy as np
import pytest
import torch

import gru_viz
from gru_viz import EquationError, InputError, cell, init_params, run
from gru_viz.engine import MAX_STEPS
from tests.patience import patience
from tests.reference import STEPS, Problem, default_run, disagreements, expected, found, norm, problem

CELLS = gru_viz.cell_names()
LSTMS, GRUS = ("lstm", "lstm_peephole"), ("gru", "gru_reset_after")
CLOSE = {"rtol": 0, "atol": 1e-12}


def traced(name: str, given: Problem) -> gru_viz.Trace:
    return run(cell(name), given.params, given.x, given.state)


# -- torch -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize(
    "sizes",
    [{}, {"batch": 5}, {"sets": 4}, {"sets": 4, "batch": 4}, {"steps": 1, "inputs": 1, "hidden": 1}, {"hidden": 33}],
    ids=str,
)
def test_every_value_is_that_of_the_cell_written_by_hand(name, sizes):
    for seed in range(3):
        given = problem(cell(name), seed, **sizes)
        assert disagreements(found(cell(name), given), expected(STEPS[name], given)) == []


def stacked(params, prefix: str, gates: str) -> torch.Tensor:
    return torch.tensor(np.concatenate([params[f"{prefix}_{gate}"] for gate in gates]))


@pytest.mark.parametrize(
    ("name", "module", "gates"),
    [("rnn", torch.nn.RNN, "h"), ("lstm", torch.nn.LSTM, "ifgo"), ("gru_reset_after", torch.nn.GRU, "rzn")],
)
@torch.no_grad()
def test_states_are_those_of_torch_nn(name, module, gates):
    given = problem(cell(name), seed=3, steps=20, batch=4)
    network = module(3, 4, dtype=torch.float64)
    network.weight_ih_l0[:] = stacked(given.params, "W", gates)
    network.weight_hh_l0[:] = stacked(given.params, "U", gates)
    network.bias_ih_l0[:] = stacked(given.params, "b", gates)
    network.bias_hh_l0[:] = 0.0
    if name == "gru_reset_after":
        network.bias_hh_l0[-4:] = torch.tensor(given.params["c_n"])
    state = tuple(torch.tensor(given.state[key])[None] for key in cell(name).states)
    outputs, last = network(torch.tensor(given.x), state if name == "lstm" else state[0])
    trace = traced(name, given)
    np.testing.assert_allclose(trace["h"], outputs, **CLOSE)
    if name == "lstm":
        np.testing.assert_allclose(trace["c"][-1], last[1][0], **CLOSE)


# -- one run and many --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("own_input", [True, False])
def test_each_row_of_a_batch_and_of_a_sweep_is_its_own_run(name, own_input):
    for sets in (None, 3):
        batch = 3 if own_input or sets is None else None
        given = problem(cell(name), seed=4, sets=sets, batch=batch)
        many = traced(name, given)
        for row in range(3):
            own = {key: value[row] for key, value in given.params.items()} if sets else given.params
            x = given.x if batch is None else given.x[:, row]
            one = run(cell(name), own, x, {key: value[row] for key, value in given.state.items()})
            for key in cell(name).names:
                np.testing.assert_allclose(many[key][:, row], one[key], **CLOSE)


@pytest.mark.parametrize("name", CELLS)
def test_a_state_for_one_is_a_state_for_each_row(name):
    given = problem(cell(name), seed=5, batch=3)
    shared = {key: value[0] for key, value in given.state.items()}
    repeated = {key: np.tile(value, (3, 1)) for key, value in shared.items()}
    np.testing.assert_array_equal(
        run(cell(name), given.params, given.x, shared)["h"], run(cell(name), given.params, given.x, repeated)["h"]
    )


@pytest.mark.parametrize("name", CELLS)
def test_a_state_left_out_is_zero(name):
    given = problem(cell(name), seed=6)
    zeros = {key: np.zeros(4) for key in cell(name).states}
    np.testing.assert_array_equal(
        run(cell(name), given.params, given.x)["h"], traced(name, Problem(given.params, given.x, zeros))["h"]
    )
    for left_out in cell(name).states:
        partly = {key: value for key, value in given.state.items() if key != left_out}
        filled = run(cell(name), given.params, given.x, partly | {left_out: np.zeros(4)})
        np.testing.assert_array_equal(run(cell(name), given.params, given.x, partly)["h"], filled["h"])


@pytest.mark.parametrize("name", CELLS)
def test_a_run_in_two_parts_is_the_whole_run(name):
    given = problem(cell(name), seed=7, steps=20)
    whole = traced(name, given)
    first = run(cell(name), given.params, given.x[:11], given.state)
    second = run(cell(name), given.params, given.x[11:], {key: first[key][-1] for key in cell(name).states})
    for key in cell(name).names:
        np.testing.assert_allclose(np.concatenate([first[key], second[key]]), whole[key], **CLOSE)


@pytest.mark.parametrize("name", CELLS)
def test_a_later_input_changes_no_earlier_value(name):
    given = problem(cell(name), seed=8, steps=20)
    before = traced(name, given)
    given.x[12:] += 1.0
    after = traced(name, given)
    for key in cell(name).names:
        np.testing.assert_allclose(after[key][:12], before[key][:12], **CLOSE)
        assert (np.abs(after[key][12] - before[key][12]) > 1e-3).any()


@pytest.mark.parametrize("name", CELLS)
def test_renaming_the_units_renames_the_values(name):
    given = problem(cell(name), seed=9)
    order = np.array([2, 0, 3, 1])
    params = {
        key: value[np.ix_(order, order)] if cell(name).parameters[key] == ("H", "H") else value[order]
        for key, value in given.params.items()
    }
    trace = run(cell(name), params, given.x, {key: value[order] for key, value in given.state.items()})
    for key in cell(name).names:
        np.testing.assert_allclose(trace[key], traced(name, given)[key][:, order], **CLOSE)


# -- closed forms ------------------------------------------------------------------------------------------------------


def all_zero(name: str, state, steps: int = 12) -> gru_viz.Trace:
    shapes = {"I": 2, "H": 3}
    params = {key: np.zeros([shapes[k] for k in shape]) for key, shape in cell(name).parameters.items()}
    return run(cell(name), params, np.ones((steps, 2)), state)


def test_a_cell_whose_parameters_are_zero_halves_what_it_remembers():
    start = np.array([0.3, -1.7, 4.0])
    halved = start / 2.0 ** np.arange(1, 13)[:, None]
    assert not all_zero("rnn", {"h": start})["h"].any()
    for name in GRUS:
        np.testing.assert_array_equal(all_zero(name, {"h": start})["h"], halved)
    for name in LSTMS:
        trace = all_zero(name, {"c": start})
        np.testing.assert_array_equal(trace["c"], halved)
        np.testing.assert_allclose(trace["h"], np.tanh(halved) / 2, rtol=1e-15)


@pytest.mark.parametrize(
    ("name", "shut", "kept"),
    [
        ("gru", {"b_z": -1e4}, "h"),
        ("gru_reset_after", {"b_z": 1e4}, "h"),
        ("lstm", {"b_f": 1e4, "b_i": -1e4}, "c"),
        ("lstm_peephole", {"b_f": 1e4, "b_i": -1e4}, "c"),
    ],
)
def test_a_gate_that_keeps_everything_keeps_the_state_exactly(name, shut, kept):
    given = problem(cell(name), seed=10, steps=30)
    for bias, value in shut.items():
        given.params[bias][:] = value
    np.testing.assert_array_equal(traced(name, given)[kept], np.tile(given.state[kept], (30, 1)))


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("scale", [0.5, 5.0, 100.0])
def test_states_stay_within_their_bounds(name, scale):
    given = problem(cell(name), seed=11, steps=60, scale=scale)
    trace, steps = traced(name, given), np.arange(1, 61)[:, None]
    start = {key: np.abs(value) for key, value in given.state.items()}
    if name in GRUS:
        assert (np.abs(trace["h"]) <= np.maximum(start["h"], 1)).all()
    else:
        assert (np.abs(trace["h"]) <= 1).all()
    if name in LSTMS:
        assert (np.abs(trace["c"]) <= start["c"] + steps).all()
    for gate in cell(name).gates:
        assert ((trace[gate] >= 0) & (trace[gate] <= 1)).all()


def test_a_tanh_network_without_bias_is_odd():
    given = problem(cell("rnn"), seed=12)
    given.params["b_h"][:] = 0.0
    mirrored = run(cell("rnn"), given.params, -given.x, {"h": -given.state["h"]})
    np.testing.assert_array_equal(mirrored["h"], -traced("rnn", given)["h"])


def test_the_update_gate_is_one_minus_a_keep_gate():
    """h' = (1 - z) h + z n with negated W_z, U_z and b_z is h' = z h + (1 - z) n: values, gradients, everything."""
    keeping = gru_viz.Cell("keeping", cell("gru").text.replace("(1 - z) * h + z * n", "z * h + (1 - z) * n"))
    given = problem(cell("gru"), seed=13, steps=20)
    ours = found(cell("gru"), given)
    for name in ("W_z", "U_z", "b_z"):
        given.params[name] *= -1
    theirs = found(keeping, given)
    theirs.values["z"] = 1 - theirs.values["z"]
    for name in ("z", "parameter W_z", "parameter U_z", "parameter b_z"):
        theirs.gradients[name] = -theirs.gradients[name]
    assert disagreements(ours, theirs) == []


@pytest.mark.parametrize("name", CELLS)
def test_two_biases_of_one_gate_are_their_sum(name):
    """Not so for c_n of the reset-after candidate, which the reset gate scales: there the sum is another cell."""
    vectors = [key for key in cell(name).parameters if key.startswith("b")]
    text = cell(name).text
    for key in vectors:
        text = text.replace(f"+ {key}", f"+ {key} + d{key[1:]}")
    two = gru_viz.Cell("two", text)
    given = problem(cell(name), seed=14)
    extra = {f"d{key[1:]}": np.random.default_rng(15).standard_normal(4) for key in vectors}
    split = run(two, given.params | extra, given.x, given.state)
    merged = given.params | {key: given.params[key] + extra[f"d{key[1:]}"] for key in vectors}
    np.testing.assert_allclose(split["h"], run(cell(name), merged, given.x, given.state)["h"], **CLOSE)


def after_of(params, z: int = -1):
    """A reset-before GRU's parameters as those of a reset-after one: z means the opposite, c_n is zero."""
    flipped = {key: z * value if key.endswith("_z") else value for key, value in params.items()}
    return flipped | {"c_n": np.zeros_like(params["b_n"])}


def differences_of_reset(params, x, state) -> np.ndarray:
    before = run(cell("gru"), params, x, {"h": state})["h"]
    return np.abs(run(cell("gru_reset_after"), after_of(params), x, {"h": state})["h"] - before).max(axis=-1)


def test_reset_before_and_after_coincide_where_they_must():
    given = problem(cell("gru"), seed=16)
    state = given.state["h"]
    diagonal = given.params | {"U_n": np.diag(np.diag(given.params["U_n"]))}
    assert differences_of_reset(diagonal, given.x, state).max() < 1e-13
    same_reset = given.params | {"W_r": np.zeros((4, 3)), "U_r": np.zeros((4, 4)), "b_r": np.full(4, 0.3)}
    assert differences_of_reset(same_reset, given.x, state).max() < 1e-13
    scalar = problem(cell("gru"), seed=16, hidden=1)
    assert differences_of_reset(scalar.params, scalar.x, scalar.state["h"]).max() < 1e-13


def test_reset_before_and_after_differ_from_the_second_step_of_a_zero_state():
    given = problem(cell("gru"), seed=17)
    differences = differences_of_reset(given.params, given.x, np.zeros(4))
    assert differences[0] < 1e-15
    assert (differences[1:] > 1e-3).all()


def test_a_gate_that_is_shut_is_tiny_and_not_zero():
    """sigmoid(-30), multiplied over 100 steps: what a form with tanh rounds to 0."""
    given = problem(cell("lstm"), seed=18, steps=100)
    params = {key: np.zeros_like(value) for key, value in given.params.items()} | {"b_f": np.full(4, -30.0)}
    trace = run(cell("lstm"), params, given.x, given.state)
    np.testing.assert_allclose(np.log10(trace["f"]).sum(axis=0), -1302.8834457, rtol=0, atol=1e-7)
    last = np.zeros((100, 4))
    last[-1] = 1.0
    flow = gru_viz.backpropagate(trace, {"c": last})
    assert flow.log10_norm("c")[0] == pytest.approx(-1302.8834457 * 0.99 + math.log10(2), abs=1e-6)


@pytest.mark.parametrize("a", [-745.0, -700.0, -50.0, -36.0, -1e-9, 0.0, 1e-9, 3.0, 36.0, 800.0, 1e300, -1e300])
def test_a_sigmoid_is_right_to_the_last_bits_everywhere(a):
    own = gru_viz.Cell("gate", "z = sigmoid(b_z + U_z @ h)\nh' = z * h")
    trace = run(own, {"b_z": [a], "U_z": [[0.0]]}, [[0.0]])
    exact = 1 / (1 + math.exp(-a)) if a > -700 else (math.exp(a) if a > -709 else 0.0)
    assert trace["z"][0, 0] == pytest.approx(exact, rel=4e-16)
    assert trace.value("sigmoid(b_z)")[0, 0] == pytest.approx(exact, rel=4e-16)


def test_forget_bias_and_memory():
    """The share that is kept at each step, and after how many steps one half of the state is left."""
    for bias, share, half_life in ((0, 0.5, 1), (1, 0.731, 2.2), (2, 0.881, 5.5), (3, 0.953, 14.3), (5, 0.993, 103)):
        params = {key: value * 0 for key, value in problem(cell("lstm"), 0).params.items()} | {"b_f": np.full(4, bias)}
        kept = run(cell("lstm"), params, np.zeros((1, 3)))["f"][0, 0]
        assert kept == pytest.approx(share, abs=5e-4)
        assert math.log(0.5) / math.log(kept) == pytest.approx(half_life, rel=0.01)


@pytest.mark.parametrize(
    ("name", "gates", "vectors"), [("rnn", 1, 1), ("lstm", 4, 4), ("gru", 3, 3), ("gru_reset_after", 3, 4)]
)
def test_how_many_numbers_a_cell_has(name, gates, vectors):
    params = init_params(cell(name), 3, 4, seed=0)
    assert sum(value.size for value in params.values()) == gates * (4 * 3 + 4 * 4) + vectors * 4
    one_bias = {1: 32, 3: 96, 4: 128}
    assert sum(value.size for key, value in params.items() if key != "c_n") == one_bias[gates]


@pytest.mark.parametrize(("name", "left"), [("rnn", 1.5e-8), ("lstm", 0.041), ("gru", 0.091)])
def test_what_another_name_in_the_default_sentence_leaves_behind(name, left):
    """Ada or Bob: the difference of h at the end, as a share of the largest."""
    ada, bob = (default_run(name, f"My name is {who}. What is my name?") for who in ("Ada", "Bob"))
    differences = np.linalg.norm(ada["h"] - bob["h"], axis=-1)
    np.testing.assert_array_equal(differences[:11], 0)
    assert differences[-1] / differences.max() == pytest.approx(left, rel=0.03)


ODD = gru_viz.Cell(
    "odd",
    """
    z  = sigmoid(b_1 - U @ h - W @ x + V @ x - b_2)
    k  = tanh(U @ h - b_1 + W @ x)
    r  = relu(U_r @ h + 2 * b_2 * b_1 + tanh(V @ x))
    h' = z * k + (1 - z) * r
    """,
)


@pytest.mark.parametrize("rows", [{}, {"batch": 3}, {"sets": 3}, {"sets": 3, "batch": 3}], ids=str)
def test_a_stack_takes_in_any_parameters_with_any_sign(rows):
    """One U in two slots, two input matrices and two biases in one, a slot without either."""
    given = problem(ODD, seed=24, **rows)
    trace = run(ODD, given.params, given.x, given.state)
    p = given.params
    h = np.broadcast_to(given.state["h"], trace["h"].shape[1:])
    for step, x in enumerate(given.x):
        products = (("U", h), ("W", x), ("V", x), ("U_r", h))
        u, w, v, u_r = ((p[name] @ operand[..., None])[..., 0] for name, operand in products)
        z = 1 / (1 + np.exp(-(p["b_1"] - u - w + v - p["b_2"])))
        r = np.maximum(u_r + 2 * p["b_2"] * p["b_1"] + np.tanh(v), 0)
        h = z * np.tanh(u - p["b_1"] + w) + (1 - z) * r
        np.testing.assert_allclose(trace["z"][step], z, **CLOSE)
        np.testing.assert_allclose(trace["h"][step], h, **CLOSE)
    assert list(trace.params) == list(p)
    for name, value in p.items():
        np.testing.assert_array_equal(trace.params[name], value)


def test_parameters_may_come_in_any_order():
    given = problem(cell("lstm_peephole"), seed=25)
    turned = dict(reversed(given.params.items()))
    np.testing.assert_array_equal(
        run(cell("lstm_peephole"), turned, given.x)["h"], run(cell("lstm_peephole"), given.params, given.x)["h"]
    )


# -- the trace ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CELLS)
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


# -- what run refuses --------------------------------------------------------------------------------------------------

X = np.ones((5, 3))


def weights(**changed) -> dict[str, object]:
    return init_params(cell("rnn"), 3, 4, seed=0) | changed


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.ones(3), "x has the shape (3,); (T, I) or (T, B, I) is expected, each at least 1."),
        (np.ones((2, 2, 2, 3)), "x has the shape (2, 2, 2, 3); (T, I) or (T, B, I) is expected, each at least 1."),
        (np.ones((0, 3)), "x has the shape (0, 3); (T, I) or (T, B, I) is expected, each at least 1."),
        (np.ones((2, 0, 3)), "x has the shape (2, 0, 3); (T, I) or (T, B, I) is expected, each at least 1."),
        (np.ones((2, 0)), "x has the shape (2, 0); (T, I) or (T, B, I) is expected, each at least 1."),
        ([[1, 2], [3]], "x is not an array of numbers; (T, I) or (T, B, I) is expected."),
        ([["one"]], "x is not an array of numbers; (T, I) or (T, B, I) is expected."),
        (np.ones((MAX_STEPS + 1, 3)), "x has 10\u202f001 steps; at most 10\u202f000 are allowed."),
        ([[0, 0, 0], [0, float("nan"), 0]], "x holds a value that is not finite (nan or inf) at step 2."),
        ([[0, 0, 0], [0, 0, 0], [-float("inf"), 0, 0]], "x holds a value that is not finite (nan or inf) at step 3."),
        (np.ones((5, 2)), "Parameter W_h of rnn has the shape (4, 3); (4, 2) is expected."),
    ],
)  # fmt: skip
def test_an_input_that_does_not_fit_is_refused(x, words):
    with pytest.raises(InputError) as caught:
        run(cell("rnn"), weights(), x)
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"c": np.zeros(4)}, "state names 'c'; the states of rnn are h."),
        ({"h": np.zeros(3)}, "state h has the shape (3,); (4,) is expected."),
        ({"h": np.zeros((2, 4))}, "state h has the shape (2, 4); (4,) is expected."),
        ({"h": 0.0}, "state h has the shape (); (4,) is expected."),
        ({"h": [0, 0, 0, float("inf")]}, "state h holds a value that is not finite (nan or inf)."),
        ({"h": ["a"] * 4}, "state h is not an array of numbers."),
    ],
)
def test_a_state_that_does_not_fit_is_refused(state, words):
    with pytest.raises(InputError) as caught:
        run(cell("rnn"), weights(), X, state)
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"cell": "rnn"}, "cell is 'rnn'; a Cell, such as gru_viz.cell('gru'), is expected."),
        ({"params": None}, "params is None; a mapping of names to arrays is expected."),
        ({"params": [1.0]}, "params is a list; a mapping of names to arrays is expected."),
        ({"params": weights(b_h="one")}, "Parameter b_h of rnn is not an array of numbers."),
        ({"params": weights(b_h=np.ones(4) * 1j)}, "Parameter b_h of rnn is not an array of numbers."),
        ({"params": weights(b_h=[10**400] * 4)}, "Parameter b_h of rnn is not an array of numbers."),
        (
            {"params": weights(b_h=[0, 0, float("nan"), 0])},
            "Parameter b_h of rnn holds a value that is not finite (nan or inf).",
        ),
        ({"x": None}, "x is not an array of numbers; (T, I) or (T, B, I) is expected."),
        ({"x": {}}, "x is not an array of numbers; (T, I) or (T, B, I) is expected."),
        ({"state": [0.0]}, "state is a list; a mapping of names to arrays is expected."),
        ({"state": {"h": {}}}, "state h is not an array of numbers."),
    ],
)
def test_what_is_of_another_kind_is_refused_in_words(given, words):
    with pytest.raises(InputError) as caught:
        run(**{"cell": cell("rnn"), "params": weights(), "x": X} | given)
    assert str(caught.value) == words


def test_a_sweep_and_a_batch_must_have_as_many_rows():
    sets = {key: np.stack([value] * 3) for key, value in weights().items()}
    with pytest.raises(InputError, match="x has 2 batch rows and the parameters 3 sets; there must be as many"):
        run(cell("rnn"), sets, np.ones((5, 2, 3)))


def test_the_longest_run_is_accepted():
    trace = run(cell("rnn"), weights(), np.ones((MAX_STEPS, 3)))
    assert trace["h"].shape == (MAX_STEPS, 4)


@pytest.mark.parametrize("name", CELLS)
def test_a_run_that_takes_too_much_memory_is_refused_before_it_takes_any(name):
    params = init_params(cell(name), 1, 512, seed=0)
    x = np.ones((10_000, 1))
    tracemalloc.start()
    with (
        patience(0.5),
        pytest.raises(
            InputError, match=r"This run would take [\d\u202f]+ MB .* of 10\u202f000 x 512\); at most 64 MB are allowed"
        ),
    ):
        run(cell(name), params, x)
    assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    tracemalloc.stop()


@pytest.mark.parametrize("name", CELLS)
def test_a_run_takes_no_more_memory_than_it_says(name):
    """A run of just under the cap, with its gradients: what the values take, three times over."""
    hidden = 200
    steps = {"rnn": 8_000, "lstm": 3_000, "gru": 3_000, "gru_reset_after": 3_000, "lstm_peephole": 3_000}[name]
    params, x = init_params(cell(name), 1, hidden, seed=0), np.ones((steps, 1))
    tracemalloc.start()
    trace = run(cell(name), params, x)
    assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    gru_viz.backpropagate(trace).log10_norm()
    assert tracemalloc.get_traced_memory()[1] < 3 * 64 * 2**20
    tracemalloc.stop()


def test_a_state_that_grows_beyond_every_number_is_refused():
    own = gru_viz.Cell("growing", "h' = 2 * h + b")
    with pytest.raises(InputError) as caught:
        run(own, {"b": [1.0, 0.0]}, np.zeros((2_000, 1)))
    assert str(caught.value) == (
        "The state h grows beyond 1.8e308 at step 1024; smaller weights, inputs or fewer steps are needed."
    )
    assert np.isfinite(run(own, {"b": [1.0, 0.0]}, np.zeros((1_023, 1)))["h"]).all()


def test_a_value_may_overflow_inside_a_step_if_no_state_does():
    given = problem(cell("lstm"), seed=23, scale=1e200)
    assert np.isfinite(norm([traced("lstm", given)["h"]])).all()


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
