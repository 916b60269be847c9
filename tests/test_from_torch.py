"""Parameters from torch.nn: states and gradients are those of the module, and what has no equal here is refused."""

import itertools
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from gru_viz import InputError, backpropagate, cell, from_torch, run
from gru_viz.torch_bridge import convert
from tests.modules import (
    CELLS,
    GATES,
    MODULES,
    RELU_RNN,
    by_lead,
    made,
    sequence,
    tensors,
    torch_states_of_sequence,
    torch_states_of_steps,
)
from tests.systems import INPUTS, H

# -- what has an equal -------------------------------------------------------------------------------------------------


def worst_differences(module, kind, lead):
    """(absolute in the states, relative in the gradients) between torch's module and what from_torch makes of it."""
    x, states, loss = sequence(kind, lead)
    leaves = tensors([x, *states.values()])
    module.zero_grad()
    compute = torch_states_of_sequence if isinstance(module, nn.RNNBase) else torch_states_of_steps
    theirs, total = compute(module, leaves[0], leaves[1:], loss)
    total.backward()

    trace = run(*from_torch(module), x, state=states)
    values = [np.abs(trace[name][-len(found) :] - found.detach().numpy()).max() for name, found in theirs.items()]
    flow = backpropagate(trace, loss)
    pairs = [(flow["x"], leaves[0].grad)]
    pairs += [(flow.before[name][0], leaf.grad) for name, leaf in zip(states, leaves[1:], strict=True)]
    gates = GATES[kind.split()[0]]
    of = {name.removesuffix("_l0"): tensor.grad.chunk(len(gates)) for name, tensor in module.named_parameters()}
    for k, gate in enumerate(gates):
        pairs += [(flow.params[f"W_{gate}"], of["weight_ih"][k]), (flow.params[f"U_{gate}"], of["weight_hh"][k])]
        if "bias_ih" in of:
            second = "c_n" if (kind, gate) == ("GRU", "n") else f"b_{gate}"
            pairs += [(flow.params[f"b_{gate}"], of["bias_ih"][k]), (flow.params[second], of["bias_hh"][k])]
    gradients = [np.abs(ours - grad.numpy()).max() / np.abs(grad.numpy()).max() for ours, grad in pairs]
    return max(values), max(gradients)


@pytest.mark.parametrize("bias", [True, False], ids=["biases", "no biases"])
@pytest.mark.parametrize("makers", [MODULES, CELLS], ids=["modules", "cells"])
@pytest.mark.parametrize("kind", MODULES)
@by_lead
def test_states_and_gradients_are_those_of_torch(kind, makers, bias, lead):
    module = made(makers[kind], bias=bias)
    values, gradients = worst_differences(module, kind, lead)
    assert values < 1e-12
    assert gradients < 1e-10
    _, params = from_torch(module)
    assert bias or all(not value.any() for name, value in params.items() if value.ndim == 1)


def wrong_layouts():
    """Each layout with its gates in every other order, and a GRU whose second bias is where the first is due."""
    for layout in convert._LAYOUTS:
        for gates in itertools.permutations(layout.gates):
            if "".join(gates) != layout.gates:
                yield replace(layout, gates="".join(gates))
        for gate in layout.second:
            yield replace(layout, second={})
            yield replace(layout, second={"r": layout.second[gate]})


@pytest.mark.parametrize(
    "wrong", list(wrong_layouts()), ids=lambda layout: f"{layout.module} {layout.gates} {layout.second}"
)
def test_the_comparison_notices_gates_and_biases_that_are_confused(wrong, monkeypatch):
    others = [layout for layout in convert._LAYOUTS if layout.module != wrong.module]
    monkeypatch.setattr(convert, "_LAYOUTS", (*others, wrong))
    for makers in (MODULES, CELLS):
        values, gradients = worst_differences(made(makers[wrong.module]), wrong.module, ())
        assert values > 1e-3
        assert gradients > 1e-3


@pytest.mark.parametrize("dropped", ["bias_ih_l0", "bias_hh_l0", "transposed"])
@pytest.mark.parametrize("kind", MODULES)
def test_the_comparison_notices_a_lost_bias_and_a_transposed_matrix(kind, dropped, monkeypatch):
    read = convert._read_arrays

    def spoiled(state_dict):
        arrays = read(state_dict)
        if dropped == "transposed":
            blocks = np.split(arrays["weight_hh"], len(GATES[kind.split()[0]]))
            return arrays | {"weight_hh": np.concatenate([block.T for block in blocks])}
        return {name: array for name, array in arrays.items() if name + "_l0" != dropped}

    monkeypatch.setattr(convert, "_read_arrays", spoiled)
    values, gradients = worst_differences(made(MODULES[kind]), kind, ())
    assert min(values, gradients) > 1e-3


def test_a_state_dict_says_the_same_as_its_module():
    for kind, make in [*MODULES.items(), *CELLS.items()]:
        module = made(make)
        own, params = from_torch(module)
        state_dict = module.state_dict()
        nonlinearity = kind.split()[1] if kind.startswith("RNN") else None
        for given in (
            state_dict,
            {f"encoder.gru.{name}": tensor for name, tensor in state_dict.items()},
            {name: tensor.numpy() for name, tensor in reversed(state_dict.items())},
            {name: tensor.tolist() for name, tensor in state_dict.items()},
        ):
            again, same = from_torch(given, nonlinearity)
            assert again == own
            assert list(same) == list(own.parameters)
            for name, value in same.items():
                np.testing.assert_array_equal(value, params[name])
    assert from_torch(made(MODULES["GRU"], batch_first=True))[0] == from_torch(made(MODULES["GRU"]))[0]


def test_each_module_becomes_its_ready_cell():
    assert from_torch(made(MODULES["RNN tanh"]))[0] is cell("rnn")
    assert from_torch(made(MODULES["LSTM"]))[0] is cell("lstm")
    assert from_torch(made(MODULES["GRU"]))[0] is cell("gru_reset_after")
    relu = from_torch(made(MODULES["RNN relu"]))[0]
    assert (relu.name, relu.text) == (RELU_RNN.name, RELU_RNN.text)
    assert relu.meanings == cell("rnn").meanings
    assert "relu" in relu.source


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_shorter_floats_are_exact_in_float64(dtype):
    module = made(MODULES["LSTM"]).to(dtype)
    params = from_torch(module)[1]
    forget = slice(H, 2 * H)
    assert all(value.dtype == np.float64 for value in params.values())
    np.testing.assert_array_equal(params["U_f"], module.weight_hh_l0[forget].detach().double().numpy())
    biases = module.bias_ih_l0.detach().double() + module.bias_hh_l0.detach().double()  # not summed in 16 bits
    np.testing.assert_array_equal(params["b_f"], biases[forget].numpy())
    if dtype != torch.bfloat16:
        arrays = {name: tensor.numpy() for name, tensor in module.state_dict().items()}
        np.testing.assert_array_equal(from_torch(arrays)[1]["W_g"], params["W_g"])


def test_the_parameters_are_copies():
    module = made(MODULES["GRU"])
    state_dict = {name: tensor.numpy().copy() for name, tensor in module.state_dict().items()}
    for given, tensor in ((module, module.bias_hh_l0.data), (state_dict, state_dict["bias_hh_l0"])):
        params = from_torch(given)[1]
        before = params["c_n"].copy()
        tensor[:] = 0.0
        np.testing.assert_array_equal(params["c_n"], before)


# -- what has none -----------------------------------------------------------------------------------------------------


def gru(**changes):
    """The state_dict of a GRU; a change of None takes the key away."""
    arrays = {name: tensor.numpy() for name, tensor in made(MODULES["GRU"]).state_dict().items()} | changes
    return {name: array for name, array in arrays.items() if array is not None}


def spoiled(array, value):
    array = np.array(array)
    array.flat[-1] = value
    return array


two_layers_two_ways = nn.LSTM(INPUTS, H, num_layers=2, bidirectional=True)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # such tensors will go one day; old files may hold them
    quantised = torch.quantize_per_tensor(torch.zeros(3 * H, H), 0.1, 0, torch.qint8)
KEYS = "The state_dict of one cell has exactly weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0; "
FLOATS = "float16, bfloat16, float32 and float64 are allowed."
ONLY = "one layer in one direction without a projection is allowed."
REFUSED = {
    "bidirectional": (nn.GRU(INPUTS, H, bidirectional=True),
                      f"The weights are of two directions (weight_ih_l0_reverse); {ONLY}"),
    "layers": (nn.RNN(INPUTS, H, num_layers=2), f"The weights are of more than one layer (weight_ih_l1); {ONLY}"),
    "both": (two_layers_two_ways, "The weights are of two directions (weight_ih_l0_reverse) and more than one layer"),
    "projection": (nn.LSTM(INPUTS, H, proj_size=2), f"The weights are of a projection (weight_hr_l0); {ONLY}"),
    "prefixed layers": (nn.ModuleDict({"rnn": nn.GRU(INPUTS, H, num_layers=2)}).state_dict(),
                        "more than one layer (rnn.weight_ih_l1)"),
    "other module": (nn.Linear(INPUTS, H), "Linear has no equal here; RNN, LSTM, GRU, RNNCell, LSTMCell, GRUCell of "
                                           "torch.nn or a state_dict of one are allowed."),
    "part": (nn.ModuleDict({"fc": nn.Linear(9, 3), "gru": nn.GRU(INPUTS, H)}), "are allowed; give its part gru."),
    "no module": (3, "int has no equal here"),
    "array": (np.zeros((3, 3)), "ndarray has no equal here"),
    "empty": ({}, "exactly weight_ih_l0, weight_hh_l0; missing: weight_ih_l0, weight_hh_l0."),
    "missing": (gru(bias_hh_l0=None), KEYS + "missing: bias_hh_l0."),
    "extra": (gru(fc=np.zeros(2)), KEYS + "extra: fc."),
    "missing and extra": (gru(weight_ih_l0=None, weight_xh_l0=np.zeros(2)),
                          KEYS + "missing: weight_ih_l0; extra: weight_xh_l0."),
    "many": (gru(**{f"fc{k}": np.zeros(2) for k in range(9)}), "extra: fc0, fc1, fc2, fc3, fc4, fc5 and 3 more."),
    "no name": ({1: np.zeros(2)}, "extra: 1."),
    "suffixes": (gru(bias_hh_l0=None, bias_hh=np.zeros(3 * H)), KEYS + "missing: bias_hh_l0; extra: bias_hh."),
    "prefixes": ({f"{part}.{name}": array for part in ("a", "b") for name, array in gru().items()},
                 "The keys have the prefixes 'a.', 'b.'; one is allowed."),
    "rows": (gru(weight_hh_l0=np.zeros((2 * H, H))),
             "weight_hh_l0 has the shape (10, 5); as many rows as columns (RNN), 3 times (GRU) or 4 times (LSTM) as"),
    "vector": (gru(weight_hh_l0=np.zeros(H)), "weight_hh_l0 has the shape (5,); (gates * H, H) is expected."),
    "no columns": (gru(weight_ih_l0=np.zeros((3 * H, 0))),
                   "weight_ih_l0 has the shape (15, 0); (gates * H, I) is expected."),
    "rows of input": (gru(weight_ih_l0=np.zeros((14, INPUTS))),
                      "weight_ih_l0 has the shape (14, 3); (15, 3) is expected, as weight_hh_l0 has (15, 5)."),
    "bias": (gru(bias_hh_l0=np.zeros((3 * H, 1))), "bias_hh_l0 has the shape (15, 1); (15,) is expected"),
    "nan": (gru(weight_hh_l0=spoiled(gru()["weight_hh_l0"], np.nan)),
            "weight_hh_l0 holds a value that is not finite (nan or inf)."),
    "inf": (gru(bias_ih_l0=torch.full((3 * H,), torch.inf)), "bias_ih_l0 holds a value that is not finite (nan or"),
    "sum": (gru(bias_ih_l0=np.full(3 * H, 1.7e308), bias_hh_l0=np.full(3 * H, 1.7e308)),
            "Parameter b_r of gru_reset_after holds a value that is not finite"),
    "complex": (gru(weight_hh_l0=np.zeros((3 * H, H), complex)), f"weight_hh_l0 holds complex128; {FLOATS}"),
    "whole": (gru(weight_hh_l0=torch.zeros(3 * H, H, dtype=torch.int8)), f"weight_hh_l0 holds torch.int8; {FLOATS}"),
    "whole numbers": (gru(bias_hh_l0=np.zeros(3 * H, int)), f"bias_hh_l0 holds int64; {FLOATS}"),
    "long": (gru(bias_hh_l0=np.zeros(3 * H, np.longdouble)), f"bias_hh_l0 holds {np.dtype(np.longdouble)}; {FLOATS}"),
    "quantised": (gru(weight_hh_l0=quantised), f"weight_hh_l0 holds torch.qint8; {FLOATS}"),
    "words": (gru(weight_hh_l0="weights"), f"weight_hh_l0 is not an array of numbers; {FLOATS}"),
    "ragged": (gru(bias_hh_l0=[[0.0], 0.0]), f"bias_hh_l0 is not an array of numbers; {FLOATS}"),
    "without values": (nn.GRU(INPUTS, H, device="meta"),
                       "weight_ih_l0 is no dense tensor that holds its numbers (layout torch.strided, device meta)."),
    "sparse": (gru(weight_hh_l0=torch.zeros(3 * H, H).to_sparse()), "(layout torch.sparse_coo, device cpu)."),
    "large": (gru(weight_hh_l0=torch.zeros(1, 1).expand(3 * 513, 513)), "hidden_size is 513; a whole number from 1 to"),
}  # fmt: skip


@pytest.mark.parametrize(("given", "message"), list(REFUSED.values()), ids=list(REFUSED))
def test_what_has_no_equal_here_is_refused_by_name(given, message):
    with pytest.raises(InputError) as caught:
        from_torch(given)
    assert message in str(caught.value)
    assert str(caught.value).endswith(".")
    assert len(str(caught.value)) < 300


def test_the_nonlinearity_of_a_state_dict_must_be_given():
    state_dict = made(MODULES["RNN relu"]).state_dict()
    with pytest.raises(
        InputError, match='does not say of which nonlinearity; nonlinearity="tanh" or nonlinearity="relu"'
    ):
        from_torch(state_dict)
    with pytest.raises(InputError, match=r"nonlinearity is 'gelu'; tanh and relu are allowed\."):
        from_torch(state_dict, nonlinearity="gelu")
    with pytest.raises(InputError, match=r"nonlinearity is relu; nonlinearity='tanh' does not go with it\."):
        from_torch(made(MODULES["RNN relu"]), nonlinearity="tanh")
    with pytest.raises(InputError, match=r"nonlinearity='tanh' is for an RNN; these are weights of a GRU\."):
        from_torch(gru(), nonlinearity="tanh")
    assert from_torch(made(MODULES["RNN relu"]), nonlinearity="relu")[0].name == "rnn_relu"
