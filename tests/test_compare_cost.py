"""What a cell costs: counts against PyTorch and Python's own reading of the equations, and the arithmetic shown."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import gru_viz
from gru_viz.cells import CATALOGUE, cell
from gru_viz.conclusions import compare as conclusions
from gru_viz.measures.compare import Count, cost
from gru_viz.parameters import parameter_shapes


@given(inputs=st.integers(1, 40), hidden=st.integers(1, 40))
def test_parameters_are_as_many_as_there_are(inputs, hidden):
    for of in CATALOGUE:
        shapes = parameter_shapes(of, inputs, hidden)
        assert cost(of).parameters.total(inputs, hidden) == sum(int(np.prod(shape)) for shape in shapes.values())


@pytest.mark.parametrize(
    ("name", "module"), [("rnn", "RNN"), ("lstm", "LSTM"), ("gru", "GRU"), ("gru_reset_after", "GRU")]
)
def test_two_biases_are_those_of_pytorch(name, module):
    made = getattr(torch.nn, module)(input_size=3, hidden_size=4)
    assert cost(cell(name)).two_biases.total(3, 4) == sum(each.numel() for each in made.parameters())


def test_a_peephole_is_no_bias():
    plain_lstm, peepholes = (cost(cell(name)) for name in ("lstm", "lstm_peephole"))
    assert peepholes.two_biases.vectors - plain_lstm.two_biases.vectors == 3


class Counted:
    """A value that counts what is done with it: Python's own reading of the equations."""

    def __init__(self, shape, counts):
        self.shape, self.counts = shape, counts

    def __matmul__(self, other):
        self.counts["matrix"] += self.shape[0] * self.shape[1]
        return Counted(self.shape[:1], self.counts)

    def __mul__(self, other):
        self.counts["product"] += self.shape[0]
        return self

    def __add__(self, other):
        return self

    __rsub__ = __sub__ = __add__

    def squashed(self):
        self.counts["squashed"] += self.shape[0]
        return self


LOPSIDED = gru_viz.Cell("mine", "r = sigmoid(W_r @ x + p_r * h)\nh' = r * tanh(W_h @ x + U_h @ h) + relu(W_s @ x)")


@pytest.mark.parametrize("of", [*CATALOGUE, LOPSIDED], ids=lambda of: of.name)
def test_one_step_takes_the_operations_that_the_equations_say(of):
    counts = {"matrix": 0, "product": 0, "squashed": 0}
    inputs, hidden = 5, 7
    names = {key: Counted(shape, counts) for key, shape in parameter_shapes(of, inputs, hidden).items()}
    names |= {"x": Counted((inputs,), counts), **{state: Counted((hidden,), counts) for state in of.states}}
    names |= {"sigmoid": Counted.squashed, "tanh": Counted.squashed, "relu": Counted.squashed}
    for line in filter(None, map(str.strip, of.text.splitlines())):
        left, right = line.replace("'", "_new").split("=")
        names[left.strip()] = eval(right, names)
    found = cost(of)
    assert found.multiplications.total(inputs, hidden) == counts["matrix"] + counts["product"]
    assert found.squashings * hidden == counts["squashed"]
    assert found.carried == len(of.states)


def test_what_a_run_holds_is_what_its_arrays_take():
    """What the run itself says when it is too large."""
    for of in CATALOGUE:
        params = gru_viz.init_params(of, 1, 512, seed=0)
        with pytest.raises(gru_viz.InputError, match=rf"\({cost(of).kept} values of 10\u202f000 x 512\)"):
            gru_viz.run(of, params, np.ones((10_000, 1)))


@given(
    st.integers(0, 5), st.integers(0, 5), st.integers(0, 12), st.integers(1, 30), st.integers(1, 30)
)  # fmt: skip
def test_the_arithmetic_that_is_shown_comes_to_what_is_shown(inputs, recurrents, vectors, size, hidden):
    count = Count(inputs, recurrents, vectors)
    *shown, total = conclusions.arithmetic(count, size, hidden).replace(",", "").split(" = ")
    assert int(total) == count.total(size, hidden) == hidden * (inputs * size + recurrents * hidden + vectors)
    if shown:
        assert eval(shown[0].replace("·", "*").replace("²", "**2")) == int(total)


def test_the_arithmetic_is_as_short_as_on_paper():
    shown = {of.name: conclusions.arithmetic(cost(of).parameters, 17, 8) for of in CATALOGUE}
    assert shown == {
        "rnn": "8·17 + 8² + 8 = 208",
        "lstm": "4·(8·17 + 8² + 8) = 832",
        "gru": "3·(8·17 + 8² + 8) = 624",
        "gru_reset_after": "3·(8·17 + 8² + 8) + 8 = 632",
        "lstm_peephole": "4·(8·17 + 8² + 8) + 3·8 = 856",
    }
    assert conclusions.arithmetic(cost(cell("gru")).two_biases, 17, 8) == "3·(8·17 + 8² + 2·8) = 648"
