"""Parameters to torch.nn: the module has the same states and its parameters come back exactly."""

import numpy as np
import pytest
import torch
from torch import nn

from gru_viz import Cell, InputError, cell, from_torch, init_params, run, to_torch
from tests.modules import ALL_CELLS, WITH_EQUAL, by_lead, sequence, tensors, torch_states_of_sequence
from tests.systems import INPUTS, H


@pytest.mark.parametrize("own", [each for each in ALL_CELLS if each.name in WITH_EQUAL], ids=lambda own: own.name)
@by_lead
def test_to_torch_has_the_same_states_and_comes_back_exactly(own, lead):
    params = init_params(own, INPUTS, H, seed=3)
    random_state = torch.get_rng_state()
    module = to_torch(own, params)
    assert torch.equal(random_state, torch.get_rng_state())
    assert type(module) is getattr(nn, WITH_EQUAL[own.name])
    assert all(tensor.dtype == torch.float64 and tensor.requires_grad for tensor in module.parameters())
    second = module.bias_hh_l0.detach().numpy()
    np.testing.assert_array_equal(second[2 * H :] if "c_n" in params else second[:0], params.get("c_n", []))
    assert not second[: 2 * H if "c_n" in params else None].any()

    x, states, loss = sequence("LSTM" if "c" in own.states else "RNN", lead)
    theirs, _ = torch_states_of_sequence(module, *map(torch.from_numpy, [x]), tensors(states.values()), loss)
    np.testing.assert_allclose(run(own, params, x, states)["h"], theirs["h"].detach().numpy(), rtol=0, atol=1e-12)

    again, same = from_torch(module)
    assert again.text == own.text
    assert list(same) == list(params)
    for name, value in params.items():
        np.testing.assert_array_equal(same[name], value)


def test_the_equations_decide_and_not_the_name():
    gates = [f"{gate} = sigmoid(U_{gate} @ (h) + W_{gate} @ x + b_{gate})" for gate in "zr"]
    mine = Cell(
        "mine", "\n".join([*gates, "n = tanh(b_n + r * (c_n + U_n @ h) + W_n @ x)", "h' = h * z + n * (1 - z)"])
    )
    params = init_params(mine, INPUTS, H, seed=3)
    assert from_torch(to_torch(mine, params))[0] is cell("gru_reset_after")
    swapped = Cell("lstm", cell("lstm").text.replace("f * c + i * g", "i * c + f * g"))
    with pytest.raises(
        InputError, match=r"lstm has no equal in torch\.nn: its equations, names included, are none of rnn"
    ):
        to_torch(swapped, init_params(swapped, INPUTS, H, seed=3))
    other = Cell("other", cell("gru").text)
    with pytest.raises(
        InputError, match=r"other has no equal in torch\.nn: its reset gate acts before the recurrent product"
    ):
        to_torch(other, init_params(other, INPUTS, H, seed=3))


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (cell("gru"), "no weights make the two the same in general; gru_reset_after is the cell of torch.nn.GRU."),
        (cell("lstm_peephole"), "through peepholes (p_f, p_i, p_o), and torch.nn.LSTM has none."),
        (
            Cell("mine", "h' = tanh(W_h @ x - U_h @ h + b_h)"),
            "none of rnn (RNN), rnn_relu (RNN), gru_reset_after (GRU)",
        ),
        (Cell("mine", "h' = tanh(U_h @ x + W_h @ h + b_h)"), "its equations, names included, are none of"),
        (
            Cell("lstm", cell("lstm").text.replace("f  =", "k  =").replace("i  =", "f  =").replace("k  =", "i  =")),
            "none of",
        ),
        (Cell("mine", "h' = 0.5 * h"), "mine has no equal in torch.nn"),
    ],
)
def test_cells_without_an_equal_in_torch_are_refused_with_the_reason(own, message):
    with pytest.raises(InputError) as caught:
        to_torch(own, init_params(own, INPUTS, H, seed=0))
    assert message in str(caught.value)


def test_parameters_that_do_not_fit_are_refused():
    params = init_params(cell("rnn"), INPUTS, H, seed=0)
    for wrong, message in (
        ({name: np.stack([value, value]) for name, value in params.items()}, "params holds a sweep"),
        (params | {"b_h": np.zeros(2)}, r"Parameter b_h of rnn has the shape \(2,\)"),
        (params | {"W_h": [[1.0], [1.0, 2.0]]}, "Parameter W_h of rnn is not an array of numbers"),
        (params | {"W_h": 1.0}, "Parameter W_h of rnn has the shape"),
        ({}, "missing: W_h, U_h, b_h"),
    ):
        with pytest.raises(InputError, match=message):
            to_torch(cell("rnn"), wrong)
