"""Values forward in time: against torch, and one run against many."""

import numpy as np
import pytest
import torch

import gru_viz
from gru_viz import cell, run
from tests.reference import CLOSE, STEPS, Problem, disagreements, expected, found, problem, traced

CELLS = gru_viz.cell_names()


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


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize(
    "laid", [lambda a: np.array(a, order="F"), lambda a: np.repeat(a, 2, axis=-1)[..., ::2]], ids=["F", "strided"]
)
def test_how_arrays_lie_in_memory_does_not_matter_and_a_run_keeps_a_copy(name, laid):
    given = problem(cell(name), seed=5)
    lying, x = {key: laid(value) for key, value in given.params.items()}, laid(given.x)
    trace = run(cell(name), lying, x, given.state)
    for array in (*lying.values(), x):
        array[...] = np.nan
    same = run(cell(name), given.params, given.x, given.state)
    for value in trace.names:
        np.testing.assert_array_equal(trace[value], same[value])
    for key, value in given.params.items():
        np.testing.assert_array_equal(trace.params[key], value)
        assert not trace.params[key].flags.writeable
