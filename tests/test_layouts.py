"""The arrays of PyTorch, Keras and ONNX, held against torch.nn's modules and against their recurrences, written out."""

import itertools
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
import torch

from gru_viz import Cell, InputError, cell, cell_names, from_torch, run, to_torch
from gru_viz import layouts as module
from gru_viz.conventions import swap_z
from gru_viz.layouts import LAYOUTS, SYSTEMS, arrays, find_layout, from_arrays
from gru_viz.parameters import parameter_shapes
from tests.systems import INPUTS, REFERENCES, STATES, H, X, numbers

torch.set_num_threads(1)
each_layout = pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: f"{layout.title} {layout.cell.name}")


def random_params(own):
    """Normal numbers: different in each gate, row, column and vector."""
    shapes = parameter_shapes(own, INPUTS, H)
    return {name: numbers(*shape, seed=k, scale=0.6) for k, (name, shape) in enumerate(shapes.items())}


def random_arrays(layout):
    shapes = layout.shapes(INPUTS, H)
    return {name: numbers(*shape, seed=50 + k, scale=0.6) for k, (name, shape) in enumerate(shapes.items())}


def reference(layout):
    return REFERENCES[layout.system, layout.cell.name]


def difference(layout, written, params):
    """The largest difference between the states of the system's arrays and those of our run."""
    theirs = reference(layout)[0](written)
    trace = run(layout.cell, params, X, {name: STATES[name] for name in layout.cell.states})
    assert set(theirs) == set(layout.cell.states)
    return max(np.abs(theirs[name] - trace[name]).max() for name in theirs)


# -- right -------------------------------------------------------------------------------------------------------------


def test_each_documented_module_is_in_the_table_once():
    assert [(layout.system, layout.cell.name) for layout in LAYOUTS] == list(REFERENCES)
    assert {layout.system for layout in LAYOUTS} == set(SYSTEMS)
    assert {layout.cell.name for layout in LAYOUTS} == {*cell_names(), "rnn_relu"}


@each_layout
def test_our_parameters_give_the_same_states_in_each_system(layout):
    _, shapes, options = reference(layout)
    params = random_params(layout.cell)
    written = arrays(layout.cell, params, layout.system)
    assert {name: array.shape for name, array in written.items()} == shapes == layout.shapes(INPUTS, H)
    assert layout.options == options
    assert all(array.dtype == np.float64 and array.flags.c_contiguous for array in written.values())
    assert difference(layout, written, params) < 1e-12


@each_layout
def test_their_arrays_give_the_same_states_here(layout):
    """With two biases that are both not zero: those of one gate are summed, that of the reset candidate is apart."""
    given = random_arrays(layout)
    assert difference(layout, given, from_arrays(layout.cell, given, layout.system)) < 1e-12


@each_layout
def test_there_and_back_is_exact(layout):
    params = random_params(layout.cell)
    before = {name: value.copy() for name, value in params.items()}
    written = arrays(layout.cell, params, layout.system)
    again = from_arrays(layout.cell, written, layout.system)
    assert list(again) == list(layout.cell.parameters)
    for array in [*written.values(), *again.values()]:
        array += 1.0  # copies: nothing of what was given changes
    for name, value in params.items():
        np.testing.assert_array_equal(value, before[name])
        np.testing.assert_allclose(again[name], value + 1.0, rtol=0, atol=1e-15)
    np.testing.assert_array_equal(
        arrays(layout.cell, params, layout.system)[next(iter(written))] + 1.0, next(iter(written.values()))
    )


@each_layout
def test_the_vectors_may_be_left_out(layout):
    given = random_arrays(layout)
    matrices = dict(list(given.items())[:2])
    zeros = {name: array * (name in matrices) for name, array in given.items()}
    params = from_arrays(layout.cell, matrices, layout.system)
    assert all(value.any() == (value.ndim == 2) for value in params.values())
    for name, value in from_arrays(layout.cell, zeros, layout.system).items():
        np.testing.assert_array_equal(params[name], value)


@each_layout
def test_the_rows_of_the_table_are_true(layout):
    """Each formula is read by Python, on the system's own arrays; each shape too."""
    given = random_arrays(layout)
    params = from_arrays(layout.cell, given, layout.system)
    formulas = layout.formulas()
    assert list(formulas) == list(layout.cell.parameters)
    for name, formula in formulas.items():
        np.testing.assert_array_equal(eval(formula, {"__builtins__": {}}, given | {"H": H}), params[name])
    texts = layout.shape_texts()
    assert {name: eval(text, {"H": H, "I": INPUTS}) for name, text in texts.items()} == layout.shapes(INPUTS, H)
    assert len(layout.letters) == len(layout.gates) == len(set(layout.gates))
    assert layout.module in layout.source


def test_rows_as_a_page_shows_them():
    before, after = (find_layout(cell(name), "Keras") for name in ("gru", "gru_reset_after"))
    assert (before.title, before.letters, before.z) == ("keras.layers.GRU", "zrh", "keep")
    assert before.formulas()["W_z"] == "-kernel[:, 0:H].T"
    assert before.formulas()["b_n"] == "bias[2*H:3*H]"
    assert after.formulas()["b_z"] == "bias[0, 0:H] + bias[1, 0:H]"
    assert after.formulas()["c_n"] == "bias[1, 2*H:3*H]"
    assert after.shape_texts() == {"kernel": "(I, 3*H)", "recurrent_kernel": "(H, 3*H)", "bias": "(2, 3*H)"}
    onnx, torchs = find_layout(cell("gru"), "ONNX"), find_layout(cell("lstm"), "PyTorch")
    assert onnx.formulas()["b_z"] == "-B[0, 0:H] - B[0, 3*H:4*H]"
    assert onnx.shape_texts() == {"W": "(1, 3*H, I)", "R": "(1, 3*H, H)", "B": "(1, 6*H)"}
    assert (onnx.title, torchs.title) == ("ONNX GRU", "torch.nn.LSTM")
    assert torchs.formulas()["b_f"] == "bias_ih_l0[H:2*H] + bias_hh_l0[H:2*H]"
    assert torchs.shape_texts()["bias_ih_l0"] == "(4*H,)"
    with pytest.raises(FrozenInstanceError):
        onnx.z = ""


@pytest.mark.parametrize(
    "layout", [each for each in LAYOUTS if each.system == "PyTorch"], ids=lambda each: each.cell.name
)
def test_the_bridge_to_torch_says_the_same(layout):
    params = random_params(layout.cell)
    made = to_torch(layout.cell, params)
    written = arrays(layout.cell, params, "PyTorch")
    assert list(written) == list(made.state_dict())
    for name, tensor in made.state_dict().items():
        np.testing.assert_array_equal(tensor.numpy(), written[name])
    given = random_arrays(layout)
    made.load_state_dict({name: torch.from_numpy(array) for name, array in given.items()})
    for name, value in from_torch(made)[1].items():
        np.testing.assert_array_equal(value, from_arrays(layout.cell, given, "PyTorch")[name])


def test_the_equations_decide_and_not_the_name():
    mine = Cell("mine", "z = sigmoid(b_z + U_z @ h + W_z @ x)\nr = sigmoid(b_r + U_r @ h + W_r @ x)\n"
                        "n = tanh(b_n + W_n @ x + U_n @ (h * r))\nh' = n * z + h * (1 - z)")  # fmt: skip
    params = random_params(cell("gru"))
    for name, array in arrays(mine, params, "Keras").items():
        np.testing.assert_array_equal(array, arrays(cell("gru"), params, "Keras")[name])
    assert find_layout(Cell("gru", cell("rnn").text), "ONNX").module == "RNN"


# -- turned round: what is confused is noticed -------------------------------------------------------------------------


def wrong_layouts():
    """Each layout with its gates in every other order, c_n taken for a second b_n, and z for what it is here."""
    for layout in LAYOUTS:
        for gates in itertools.permutations(layout.gates):
            if "".join(gates) != layout.gates:
                yield f"{layout.title} {layout.cell.name} {''.join(gates)}", replace(layout, gates="".join(gates))
        if layout.second:
            yield f"{layout.title} {layout.cell.name} c_n summed", replace(layout, second={})
        if layout.negated:
            yield f"{layout.title} {layout.cell.name} z not turned", replace(layout, z="update")


@pytest.mark.parametrize("wrong", [pytest.param(wrong, id=name) for name, wrong in wrong_layouts()])
def test_gates_biases_and_signs_that_are_confused_are_noticed(wrong, monkeypatch):
    monkeypatch.setattr(module, "LAYOUTS", (wrong,))
    params, given = random_params(wrong.cell), random_arrays(wrong)
    assert difference(wrong, given, from_arrays(wrong.cell, given, wrong.system)) > 1e-3
    if wrong.second or "c_n" not in params:  # without a place for c_n it is only read that can be wrong
        assert difference(wrong, arrays(wrong.cell, params, wrong.system), params) > 1e-3


@each_layout
def test_every_block_of_every_array_counts(layout):
    """A block that is dropped, and a recurrent matrix that is transposed, change the states."""
    given = random_arrays(layout)
    right = from_arrays(layout.cell, given, layout.system)
    for name, array in given.items():
        axis = array.shape.index(max(array.shape[-2:]), -2 % array.ndim if array.ndim > 1 else 0)
        for block in range(array.shape[axis] // H):
            lost = np.moveaxis(array.copy(), axis, 0)
            lost[block * H : (block + 1) * H] = 0.0
            changed = given | {name: np.moveaxis(lost, 0, axis)}
            assert difference(layout, changed, right) > 1e-3
    for gate in layout.gates:
        transposed = right | {f"U_{gate}": right[f"U_{gate}"].T}
        assert difference(layout, given, transposed) > 1e-3


# -- what has no equal there -------------------------------------------------------------------------------------------


BEFORE = (
    "its reset gate acts before the recurrent product, U_n @ (r * h), that of torch.nn.GRU after it, r * (U_n @ h + "
    "c_n), and no weights make the two the same in general; gru_reset_after is the cell of torch.nn.GRU."
)
PEEPHOLES = "its gates look at the cell state through peepholes (p_f, p_i, p_o), and {} has none."
OPPOSITE = "its z means the opposite; swap_z(cell, params) gives {} with the same states."
NONE = "its equations, names included, are none of "


def keep(name):
    return swap_z(cell(name), random_params(cell(name)))[0]


@pytest.mark.parametrize(
    ("own", "system", "message"),
    [
        (cell("gru"), "PyTorch", f"gru has no equal in torch.nn: {BEFORE}"),
        (keep("gru"), "PyTorch", f"gru_keep has no equal in torch.nn: {BEFORE}"),
        (cell("lstm_peephole"), "PyTorch",
         f"lstm_peephole has no equal in torch.nn: {PEEPHOLES.format('torch.nn.LSTM')}"),
        (cell("lstm_peephole"), "Keras",
         f"lstm_peephole has no equal in keras.layers: {PEEPHOLES.format('keras.layers.LSTM')}"),
        (keep("gru"), "Keras", f"gru_keep has no equal in keras.layers: {OPPOSITE.format('gru')}"),
        (keep("gru_reset_after"), "ONNX",
         f"gru_reset_after_update has no equal in ONNX: {OPPOSITE.format('gru_reset_after')}"),
        (Cell("mine", "h' = tanh(W_h @ x - U_h @ h + b_h)"), "ONNX",
         f"mine has no equal in ONNX: {NONE}rnn (RNN), rnn_relu (RNN), gru (GRU), gru_reset_after (GRU), lstm (LSTM), "
         "lstm_peephole (LSTM)."),
        (Cell("mine", "z = sigmoid(W_z @ x)\nk = (1 - z)\nh' = k * h + z * tanh(W_n @ x)"), "PyTorch",
         f"mine has no equal in torch.nn: {NONE}rnn (RNN), rnn_relu (RNN), gru_reset_after (GRU), lstm (LSTM)."),
        (cell("rnn"), "JAX", "system is 'JAX'; PyTorch, Keras, ONNX are allowed."),
    ],
)  # fmt: skip
def test_cells_without_an_equal_are_refused_with_the_reason(own, system, message):
    params = {name: numbers(*shape) for name, shape in parameter_shapes(own, INPUTS, H).items()}
    for call in (lambda: arrays(own, params, system), lambda: from_arrays(own, {}, system)):
        with pytest.raises(InputError) as caught:
            call()
        assert str(caught.value) == message


def test_reset_before_and_after_have_no_map():
    """The same weights, c_n zero: equal at the first step from zero and then not, so no layout may hold both."""
    params = random_params(cell("gru"))
    before = run(*swap_z(cell("gru"), params), X)["h"]
    after = run(cell("gru_reset_after"), swap_z(cell("gru"), params)[1] | {"c_n": np.zeros(H)}, X)["h"]
    assert np.abs(before - after)[0].max() < 1e-12 < 1e-2 < np.abs(before - after)[1:].max()
    for system in ("Keras", "ONNX"):
        assert find_layout(cell("gru"), system) != find_layout(cell("gru_reset_after"), system)


def test_parameters_that_do_not_fit_are_refused():
    params = random_params(cell("gru"))
    for wrong, message in (
        ({name: np.stack([value, value]) for name, value in params.items()},
         r"^params holds a sweep; one set of parameters is expected\.$"),
        (params | {"b_z": np.zeros(2)}, r"^Parameter b_z of gru has the shape \(2,\); \(5,\) is expected\.$"),
        (params | {"W_r": [[1.0], [1.0, 2.0]]}, r"^Parameter W_r of gru is not an array of numbers\.$"),
        ({}, r"missing: W_r, U_r, b_r"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=message):
            arrays(cell("gru"), wrong, "Keras")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bias": None, "kernel": None}, "keras.layers.GRU takes exactly the arrays kernel, recurrent_kernel; missing: "
                                         "kernel."),
        ({"B": np.zeros(3)}, "keras.layers.GRU takes exactly the arrays kernel, recurrent_kernel, bias; extra: B."),
        ({"kernel": np.zeros((INPUTS, 14))}, "kernel of keras.layers.GRU has the shape (3, 14); (3, 15) is expected."),
        ({"kernel": np.zeros(3)}, "kernel of keras.layers.GRU has the shape (3,); (I, 3*H) is expected."),
        ({"kernel": np.zeros((0, 15))}, "kernel of keras.layers.GRU has the shape (0, 15); (I, 3*H) is expected."),
        ({"recurrent_kernel": np.zeros((15, 5))},
         "kernel of keras.layers.GRU has the shape (3, 15); (3, 45) is expected."),
        ({"bias": np.zeros(15)}, "bias of keras.layers.GRU has the shape (15,); (2, 15) is expected."),
        ({"bias": "words"}, "bias of keras.layers.GRU is not an array of numbers."),
        ({"bias": np.full((2, 15), 1.7e308)},
         "Parameter b_r of gru_reset_after holds a value that is not finite (nan or inf)."),
    ],
)  # fmt: skip
def test_arrays_that_do_not_fit_are_refused(change, message):
    own = cell("gru_reset_after")
    given = arrays(own, random_params(own), "Keras") | change
    with pytest.raises(InputError) as caught:
        from_arrays(own, {name: array for name, array in given.items() if array is not None}, "Keras")
    assert str(caught.value) == message
