"""Initial weights: the recipe computed again here, whose weights belong to which name, and what is refused."""

import inspect
from zlib import crc32

import numpy as np
import pytest

import gru_viz
from gru_viz import Cell, InputError, cell, init_params, run
from gru_viz.parameters import MAX_HIDDEN_SIZE, MAX_INPUT_SIZE, check_params, parameter_shapes

CELLS = gru_viz.cell_names()
LETTERS = ["a", "b", "é", "👍🏽", " ", "0"]


def generator(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, crc32(name.encode("utf-8"))])


# -- the recipe --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1, 2**32, 2**40, 2**96 - 1, 2**96, 2**300 + 5])
def test_uniform_weights_follow_the_recipe(name, seed):
    hidden, k = 5, 1 / 5**0.5
    params = init_params(cell(name), len(LETTERS), hidden, seed, LETTERS)
    for key, shape in cell(name).parameters.items():
        if shape == ("H", "I"):
            for column, letter in zip(params[key].T, LETTERS, strict=True):
                np.testing.assert_array_equal(column, generator(seed, f"{key}|{letter}").uniform(-k, k, hidden))
        else:
            size = (hidden,) * len(shape)
            np.testing.assert_array_equal(params[key], generator(seed, key).uniform(-k, k, size))
            assert params[key].shape == size
    assert list(params) == list(cell(name).parameters)
    assert {value.dtype for value in params.values()} == {np.dtype(np.float64)}


def test_a_few_numbers_never_change():
    """Written down once: a link that somebody has shared must give the same numbers for ever."""
    params = init_params(cell("gru"), 2, 8, seed=7, input_names=["M", "y"])
    numbers = [params["U_z"][0, 0], params["W_n"][3, 0], params["W_n"][3, 1], params["b_r"][7]]
    written_down = [-0.2849391602920014, 0.1406586775763175, -0.2926429400638315, 0.24192006927003096]
    np.testing.assert_allclose(numbers, written_down, rtol=1e-15)


def test_without_names_the_columns_are_numbered():
    numbered = init_params(cell("lstm"), 3, 4, seed=1)
    named = init_params(cell("lstm"), 3, 4, seed=1, input_names=["0", "1", "2"])
    for key, value in numbered.items():
        np.testing.assert_array_equal(value, named[key])


@pytest.mark.parametrize("name", CELLS)
def test_orthogonal_weights_follow_the_recipe(name):
    params = init_params(cell(name), 3, 6, seed=2, scheme="orthogonal")
    k = 1 / 6**0.5
    for key, shape in cell(name).parameters.items():
        if shape == ("H", "H"):
            drawn = generator(2, key).standard_normal((6, 6))
            upper = params[key].T @ drawn
            np.testing.assert_allclose(params[key] @ params[key].T, np.eye(6), rtol=0, atol=1e-14)
            np.testing.assert_allclose(np.tril(upper, -1), 0, rtol=0, atol=1e-14)
            assert (np.diag(upper) > 0).all()
        elif shape == ("H",):
            assert not params[key].any()
        else:
            np.testing.assert_array_equal(params[key][:, 2], generator(2, f"{key}|2").uniform(-k, k, 6))


# -- weights belong to names -------------------------------------------------------------------------------------------


def test_changing_one_token_changes_no_other_tokens_weights():
    before = init_params(cell("gru"), 4, 8, 3, ["A", "d", "a", "!"])
    after = init_params(cell("gru"), 4, 8, 3, ["B", "d", "a", "!"])
    for key, value in before.items():
        if key.startswith("W"):
            np.testing.assert_array_equal(after[key][:, 1:], value[:, 1:])
            assert (after[key][:, 0] != value[:, 0]).all()
        else:
            np.testing.assert_array_equal(after[key], value)


def test_more_tokens_and_another_order_change_no_tokens_weights():
    before = init_params(cell("lstm"), 3, 8, 3, ["A", "d", "a"])
    after = init_params(cell("lstm"), 5, 8, 3, ["a", "x", "d", "y", "A"])
    for key, value in before.items():
        np.testing.assert_array_equal(after[key][:, [4, 2, 0]] if key.startswith("W") else after[key], value)


def test_a_later_letter_never_changes_the_past():
    def states(text: str) -> np.ndarray:
        letters = sorted(set(text))
        x = np.eye(len(letters))[[letters.index(letter) for letter in text]]
        return run(cell("gru"), init_params(cell("gru"), len(letters), 8, 7, letters), x)["h"]

    np.testing.assert_allclose(states("My name is Zoë")[:10], states("My name is")[:10], rtol=0, atol=1e-15)


def test_the_order_of_the_equations_is_free():
    lines = [line for line in cell("lstm").text.splitlines() if line.strip()]
    other = Cell("other", "\n".join([lines[3], lines[1], lines[0], lines[2], *lines[4:]]))
    params, again = (init_params(own, 3, 4, seed=5) for own in (cell("lstm"), other))
    assert list(params) != list(again)
    assert all((params[key] == again[key]).all() for key in params)
    x = np.random.default_rng(0).standard_normal((9, 3))
    np.testing.assert_allclose(run(other, again, x)["h"], run(cell("lstm"), params, x)["h"], rtol=0, atol=1e-15)


def test_each_seed_and_each_name_has_numbers_of_its_own():
    drawn = [
        init_params(cell("lstm"), 2, 3, seed)[key].flat[0] for seed in range(20) for key in cell("lstm").parameters
    ]
    assert len(set(drawn)) == 20 * 12


def test_the_scale_does_not_depend_on_the_alphabet():
    for inputs in (1, 30, 1_000):
        params = init_params(cell("rnn"), inputs, 16, seed=0)
        assert 0.9 * 0.25 < max(np.abs(params["W_h"]).max(), np.abs(params["U_h"]).max()) <= 0.25


# -- gains and biases --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["uniform", "orthogonal"])
def test_gains_multiply_matrices_and_nothing_else(scheme):
    plain = init_params(cell("gru"), 3, 4, 1, scheme=scheme)
    gained = init_params(cell("gru"), 3, 4, 1, scheme=scheme, recurrent_gain=1.5, input_gain=4.0)
    for key, value in plain.items():
        np.testing.assert_array_equal(gained[key], {"U": 1.5, "W": 4.0}.get(key[0], 1.0) * value)


@pytest.mark.parametrize("scheme", ["uniform", "orthogonal"])
def test_a_bias_is_set_as_a_whole_and_changes_nothing_else(scheme):
    plain = init_params(cell("lstm"), 3, 4, 1, scheme=scheme)
    biased = init_params(cell("lstm"), 3, 4, 1, scheme=scheme, bias={"b_f": 2, "b_i": -0.5})
    np.testing.assert_array_equal(biased["b_f"], np.full(4, 2.0))
    np.testing.assert_array_equal(biased["b_i"], np.full(4, -0.5))
    assert all((biased[key] == value).all() for key, value in plain.items() if key not in ("b_f", "b_i"))


def test_the_arguments_are_those_that_were_promised():
    names = [
        "cell",
        "input_size",
        "hidden_size",
        "seed",
        "input_names",
        "scheme",
        "recurrent_gain",
        "input_gain",
        "bias",
    ]
    assert list(inspect.signature(init_params).parameters) == names


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"input_size": 0}, "input_size is 0; a whole number from 1 to 1024 is allowed."),
        ({"input_size": 1_025}, "input_size is 1025; a whole number from 1 to 1024 is allowed."),
        ({"hidden_size": 0}, "hidden_size is 0; a whole number from 1 to 512 is allowed."),
        ({"hidden_size": 513}, "hidden_size is 513; a whole number from 1 to 512 is allowed."),
        ({"hidden_size": 2.0}, "hidden_size is 2.0; a whole number from 1 to 512 is allowed."),
        ({"hidden_size": True}, "hidden_size is True; a whole number from 1 to 512 is allowed."),
        ({"seed": -1}, "seed is -1; a whole number from 0 is allowed."),
        ({"seed": 1.5}, "seed is 1.5; a whole number from 0 is allowed."),
        ({"seed": None}, "seed is None; a whole number from 0 is allowed."),
        ({"seed": True}, "seed is True; a whole number from 0 is allowed."),
        ({"scheme": "xavier"}, "scheme is 'xavier'; uniform and orthogonal are allowed."),
        ({"input_names": ["a", "b"]}, "input_names has 2 different names; input_size 3 asks for as many."),
        ({"input_names": ["a", "b", "a"]}, "input_names has 2 different names; input_size 3 asks for as many."),
        ({"bias": {"U_z": 1.0}}, "bias names 'U_z'; the vectors of gru are b_r, b_z, b_n."),
        ({"bias": {"b_q": 1.0}}, "bias names 'b_q'; the vectors of gru are b_r, b_z, b_n."),
    ],
)
def test_an_argument_out_of_range_is_refused(changed, words):
    with pytest.raises(InputError) as caught:
        init_params(cell("gru"), **{"input_size": 3, "hidden_size": 4, "seed": 0} | changed)
    assert str(caught.value) == words


def test_the_largest_sizes_are_accepted():
    params = init_params(cell("rnn"), MAX_INPUT_SIZE, MAX_HIDDEN_SIZE, seed=0)
    assert params["W_h"].shape == (512, 1_024)
    assert run(cell("rnn"), params, np.ones((1, 1_024)))["h"].shape == (1, 512)


def test_numpys_whole_numbers_are_whole_numbers():
    params = init_params(cell("rnn"), np.int64(2), np.int32(3), seed=np.uint8(1))
    np.testing.assert_array_equal(params["U_h"], init_params(cell("rnn"), 2, 3, 1)["U_h"])


def given(**changed) -> dict[str, object]:
    return {key: value for key, value in (init_params(cell("rnn"), 3, 4, 0) | changed).items() if value is not None}


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (given(U_h=None), "rnn takes exactly the parameters W_h, U_h, b_h; missing: U_h."),
        (given(U_z=0, q=0), "rnn takes exactly the parameters W_h, U_h, b_h; extra: U_z, q."),
        (given(b_h=None, b=0), "rnn takes exactly the parameters W_h, U_h, b_h; missing: b_h; extra: b."),
        ({}, "rnn takes exactly the parameters W_h, U_h, b_h; missing: W_h, U_h, b_h."),
        (given(U_h=np.ones((4, 3))), "Parameter U_h of rnn has the shape (4, 3); (4, 4) is expected."),
        (given(b_h=np.ones((4, 1))), "Parameter b_h of rnn has the shape (4, 1); (4,) is expected."),
        (given(b_h=1.0), "Parameter b_h of rnn has the shape (); (4,) is expected."),
        (given(W_h=np.ones(4)), "Parameter W_h of rnn has the shape (4,); (H, I) is expected."),
        (given(W_h=np.ones((0, 3))), "Parameter W_h of rnn has the shape (0, 3); (H, I) is expected."),
        (given(W_h=np.ones((2, 4, 3))), "Parameter U_h of rnn has the shape (4, 4); (2, 4, 4) is expected."),
        (given(W_h=np.ones((4, 2))), "Parameter W_h of rnn has the shape (4, 2); (4, 3) is expected."),
        (given(U_h=np.full((4, 4), np.nan)), "Parameter U_h of rnn holds a value that is not finite (nan or inf)."),
        (given(b_h=[0, 0, np.inf, 0]), "Parameter b_h of rnn holds a value that is not finite (nan or inf)."),
        (given(b_h=[0, np.inf, -np.inf, 0]), "Parameter b_h of rnn holds a value that is not finite (nan or inf)."),
        (given(b_h=["a"] * 4), "Parameter b_h of rnn is not an array of numbers."),
        (given(U_h=[[1, 2], [3]]), "Parameter U_h of rnn is not an array of numbers."),
        (given(W_h=np.ones((513, 3))), "hidden_size is 513; a whole number from 1 to 512 is allowed."),
    ],
)  # fmt: skip
def test_parameters_that_do_not_fit_are_refused(params, words):
    with pytest.raises(InputError) as caught:
        run(cell("rnn"), params, np.ones((2, 3)))
    assert str(caught.value) == words


def test_an_input_wider_than_allowed_is_refused():
    params = {"W_h": np.zeros((1, 1_025)), "U_h": [[0.0]], "b_h": [0.0]}
    with pytest.raises(InputError, match="input_size is 1025; a whole number from 1 to 1024 is allowed"):
        run(cell("rnn"), params, np.ones((2, 1_025)))


def test_huge_but_finite_numbers_are_accepted():
    trace = run(cell("rnn"), given(b_h=np.full(4, 1e300), U_h=np.full((4, 4), -1e200)), np.ones((2, 3)))
    np.testing.assert_array_equal(trace["h"], np.ones((2, 4)))


def test_a_cell_without_parameters_takes_its_size_from_the_state():
    own = Cell("decay", "h' = 0.5 * h")
    assert run(own, {}, [[0.0]], {"h": [4.0, 2.0]})["h"].tolist() == [[2.0, 1.0]]
    with pytest.raises(InputError, match="decay has no parameters, so its size is that of the state: give state="):
        run(own, {}, [[0.0]])


def test_shapes_and_checks_by_name():
    shapes = parameter_shapes(cell("lstm_peephole"), 3, 4)
    params = init_params(cell("lstm_peephole"), 3, 4, seed=0)
    assert shapes == {key: value.shape for key, value in params.items()}
    arrays, sizes = check_params(cell("lstm_peephole"), params, 3)
    assert (sizes.inputs, sizes.hidden, sizes.sets) == (3, 4, None)
    assert all(arrays[key] is params[key] for key in params)


def test_a_size_that_is_no_number_is_refused_after_the_number_that_equals_it():
    params = {"W_h": np.ones((2, 1)), "U_h": np.ones((2, 2)), "b_h": np.ones(2)}
    check_params(cell("rnn"), params, 1)
    with pytest.raises(InputError, match="input_size is True"):
        check_params(cell("rnn"), params, True)


@pytest.mark.parametrize("sets", [(), (3,)])
@pytest.mark.parametrize(
    "text",
    [
        cell("gru_reset_after").text,
        cell("lstm_peephole").text,
        "h' = tanh(U @ h + U @ (b * h) + b + 0 * (a_1 + V @ x) + b)",
    ],
    ids=["a slot without an input", "vectors in no slot", "one for several slots, and idle ones"],
)
def test_a_run_has_every_parameter_as_it_was_given(text, sets):
    """In the order given, whatever place and sign the stacks of the loop give it."""
    of, rng = gru_viz.Cell("of", text), np.random.default_rng(7)
    shapes = parameter_shapes(of, 2, 4)
    params = {name: rng.standard_normal((*sets, *shapes[name])) for name in reversed(shapes)}
    trace = gru_viz.run(of, params, rng.standard_normal((5, 2)))
    assert list(trace.params) == list(params)
    for name, value in params.items():
        np.testing.assert_array_equal(trace.params[name], value)
        assert not trace.params[name].flags.writeable
