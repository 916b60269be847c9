"""Text to equations: the grammar, every error with its place, hostile text, and random cells against torch."""

import pickle
import re
import unicodedata
from typing import ClassVar

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

import gru_viz
from gru_viz import Cell, EquationError, InputError, backpropagate, init_params, run
from gru_viz.backward import backward_plan
from gru_viz.equations import parse_equations
from gru_viz.forward import forward_plan
from gru_viz.grammar import MAX_CHARACTERS, MAX_DEPTH
from tests.patience import patience
from tests.reference import apply, disagreements, expected, found, problem

SIZES = {"H": 3, "I": 2}


def new_state(expression: str, **numbers) -> np.ndarray:
    """h' after one step: 3 units, h = (0.5, -2, 3), x = (1, -1), and what is given for the parameters."""
    cell = Cell("one", f"h' = {expression}")
    params = {name: np.broadcast_to(numbers[name], [SIZES[k] for k in shape])
              for name, shape in cell.parameters.items()}  # fmt: skip
    return run(cell, params, [[1.0, -1.0]], {"h": HIDDEN})["h"][0]


HIDDEN = np.array([0.5, -2.0, 3.0])
U = np.array([[1.0, 2.0, 0.0], [0.5, 0.0, -1.0], [3.0, 1.0, 1.0]])
W = np.array([[1.0, 4.0], [0.0, 2.0], [-1.0, 0.5]])


# -- the grammar -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("h - 1 - 2", HIDDEN - 3),
        ("1 - (h - 2)", 3 - HIDDEN),
        ("1 - (2 - (3 - h))", 2 - HIDDEN),
        ("1 - 2 * h", 1 - 2 * HIDDEN),
        ("-h * h", -(HIDDEN**2)),
        ("2 * -h", -2 * HIDDEN),
        ("h - -h", 2 * HIDDEN),
        ("--h", HIDDEN),
        ("-(h + 1) * 2", -2 * (HIDDEN + 1)),
        ("h * (1 + h) * 0.5", HIDDEN * (1 + HIDDEN) / 2),
        ("U @ h", U @ HIDDEN),
        ("-U @ h", -(U @ HIDDEN)),
        ("U @ h - U @ h + h", HIDDEN),
        ("h - U @ h", HIDDEN - U @ HIDDEN),
        ("1 + U @ (h * h)", 1 + U @ HIDDEN**2),
        ("(U @ h) * h", (U @ HIDDEN) * HIDDEN),
        ("U @ (U @ h)", U @ U @ HIDDEN),
        ("U @ (2)", U @ np.full(3, 2.0)),
        ("U @ (b)", U @ np.array([1.0, 2.0, 3.0])),
        ("W @ x", W @ [1.0, -1.0]),
        ("W @ (x)", W @ [1.0, -1.0]),
        ("(W @ x) * h", (W @ [1.0, -1.0]) * HIDDEN),
        ("relu(h)", [0.5, 0, 3]),
        ("tanh(relu(-h))", np.tanh([0, 2.0, 0])),
        ("sigmoid(1 - h)", 1 / (1 + np.exp(HIDDEN - 1))),
        ("b", [1, 2, 3]),
        ("b * b_1 + c_n", [4, 6, 8]),
        ("_", [7, 7, 7]),
        ("2", [2, 2, 2]),
        (".5", [0.5] * 3),
        ("2.", [2] * 3),
        ("1e-3 + 2E+1", [20.001] * 3),
        ("007", [7] * 3),
        ("0 * h", [0, 0, 0]),
        ("h + 0", HIDDEN),
    ],
)
def test_an_expression_means_what_mathematics_means(expression, value):
    numbers = {"U": U, "W": W, "b": [1.0, 2.0, 3.0], "b_1": 2.0, "c_n": 2.0, "_": 7.0}
    np.testing.assert_allclose(new_state(expression, **numbers), value, rtol=1e-15, atol=1e-15)


def test_lines_spaces_tabs_and_brackets_are_free():
    plain = parse_equations("z = sigmoid(U_z @ h + b_z)\nh' = z * h")
    for text in (
        "\n\n  z=sigmoid(U_z@h+b_z)  \n\n\th'=z*h\n\n",
        "z = sigmoid(U_z @ h + b_z)\r\nh' = z * h\r\n",
        "z = sigmoid(\n  U_z @ h\n  + b_z\n)\nh' = (z\n\n* h)",
        "z\t=\tsigmoid((U_z @ (h)) + (b_z))\nh' = ((z)) * (h)",
    ):
        again = parse_equations(text)
        assert again.lines == plain.lines
        assert again.parameters == plain.parameters


def test_states_and_names_and_parameters_come_in_order():
    cell = Cell("three", "d' = b_2 * d\nq = U_q @ d'\nc' = q + V @ x\nh' = c' + d' + h")
    assert cell.states == ("h", "d", "c")
    assert cell.names == ("d", "q", "c", "h")
    assert list(cell.parameters.items()) == [("b_2", ("H",)), ("U_q", ("H", "H")), ("V", ("H", "I"))]


def test_a_primed_name_is_the_new_value_and_an_unprimed_one_the_old():
    cell = Cell("old and new", "c' = c + 1\nh' = 10 * c' + c")
    trace = run(cell, {}, [[0.0], [0.0]], {"c": [1.0], "h": [0.0]})
    assert trace["h"][:, 0].tolist() == [21.0, 32.0]


def test_words_that_mean_something_to_python_are_only_names():
    cell = Cell("words", "lambda = sigmoid(h)\nexec = lambda * h\nsteps = exec + b_import\nh' = steps - np_add")
    trace = run(cell, {"b_import": [1.0], "np_add": [2.0]}, [[0.0]])
    assert trace["steps"] == [[1.0]]
    assert trace["h"] == [[-1.0]]


# -- errors ------------------------------------------------------------------------------------------------------------

ANY = 'a name, a number, sigmoid, tanh, relu or "(" is expected'
OPERATOR = 'an operator (+ - * @), ")" of an open bracket or the end of the line is expected'
CHARACTERS = "letters a-z A-Z, digits, _ ' = + - * @ ( ) and . in a number are allowed"
BEGIN = "a line begins with the name that it defines: z = …, or h' = … for a state"
STATE = "each cell has a state h, and a line that begins with h' = gives its new value"
CALLS = "only sigmoid, tanh, relu can be called; a product is written with *"
BESIDE = 'a product with "@" needs brackets beside another product: U @ (r * h) or (U @ h) * r'
MIXED = '"*" and "@" in one product need brackets: U @ (r * h) or r * (U @ h)'
LEFT = 'left of "@" stands one parameter name: U @ h'
RIGHT = 'right of "@" stands one name or a bracket: U @ h or U @ (r * h)'
NUMBER = "a number ends at a space or an operator: 0.5 * h, 2e-3"
ALONE = 'the input x stands alone, right of "@": W @ x'
NAMES = "a parameter vector is b or has an underscore, as b_z; learned scalars and projections have no form here"
END = "the end of the line"

MISTAKES = [
    # no cell
    ("", 1, 1, "no equation", STATE),
    (" \n\t\n", 1, 1, "no equation", STATE),
    ("z = sigmoid(h_0)", 1, 1, '"z" and no line for the state h', STATE),
    ("h = b", 1, 1, '"h" and no line for the state h', STATE),
    # lines
    ("h'", 1, 3, END, "\"=\" is expected after \"h'\""),
    ("h' tanh(h)", 1, 4, '"tanh"', "\"=\" is expected after \"h'\""),
    ("h' == h", 1, 5, '"="', ANY),
    ("= h", 1, 1, '"="', BEGIN),
    ("1 = h", 1, 1, '"1"', BEGIN),
    ("h' = h\n  -z = h", 2, 3, '"-"', BEGIN),
    ("h' = h\n\n\n(z) = h", 4, 1, '"("', BEGIN),
    ("h' = h h", 1, 8, '"h"', OPERATOR),
    ("h' = h\nh' = h", 2, 1, "\"h'\"", "h' is defined above; each name has one line"),
    ("z = h\n z = b\nh' = z", 2, 2, '"z"', "z is defined above; each name has one line"),
    ("h' = h\n h = b", 2, 2, '"h"', "h is the state before the step; its new value is written h'"),
    ("h = b\nh' = h", 1, 1, '"h"', "h is the state before the step; its new value is written h'"),
    ("tanh = h\nh' = h", 1, 1, '"tanh"', "tanh is a function and cannot be defined"),
    ("x = h\nh' = h", 1, 1, '"x"', "x is the input and cannot be defined"),
    ("h' = h\nx' = h", 2, 1, "\"x'\"", "x is the input and cannot be defined"),
    # expressions
    ("h' = ", 1, 6, END, ANY),
    ("h' =\nz = h", 1, 5, END, ANY),
    ("h' = h +", 1, 9, END, ANY),
    ("h' = h ** 2", 1, 9, '"*"', ANY),
    ("h' = + h", 1, 6, '"+"', ANY),
    ("h' = ()", 1, 7, '")"', ANY),
    ("h' = @ h", 1, 6, '"@"', ANY),
    ("h' = tanh(h))", 1, 13, '")"', OPERATOR),
    ("h' = 2(h)", 1, 7, '"("', OPERATOR),
    ("h' = h if b else h", 1, 8, '"if"', OPERATOR),
    ("h' = (h", 1, 8, END, '")" or an operator is expected'),
    ("h' = tanh(\n  h\n  z = h", 3, 3, '"z"', '")" or an operator is expected'),
    ("h' = tanh h", 1, 11, '"h"', "tanh is a function: write tanh(…)"),
    ("h' = tanh * h", 1, 11, '"*"', "tanh is a function: write tanh(…)"),
    ("h' = foo(h)", 1, 6, '"foo"', CALLS),
    ("h' = sigmod(h)", 1, 6, '"sigmod"', f"did you mean sigmoid? {CALLS}"),
    ("h' = h(2)", 1, 6, '"h"', CALLS),
    ("h' = " + "(" * 41 + "h" + ")" * 41, 1, 46, '"("', "at most 40 nested brackets and signs are allowed"),
    ("h' = " + "-" * 41 + "h", 1, 46, '"-"', "at most 40 nested brackets and signs are allowed"),
    # products
    ("h' = U @ r * h", 1, 12, '"*"', BESIDE),
    ("h' = U @ V @ h", 1, 12, '"@"', BESIDE),
    ("h' = U @ (h) * h", 1, 14, '"*"', BESIDE),
    ("h' = r_a * U @ h", 1, 14, '"@"', MIXED),
    ("h' = 2 @ h", 1, 8, '"@"', LEFT),
    ("h' = (U) @ h", 1, 10, '"@"', LEFT),
    ("h' = tanh(h) @ h", 1, 14, '"@"', LEFT),
    ("h' = U @ -h", 1, 10, '"-"', RIGHT),
    ("h' = U @ 2", 1, 10, '"2"', RIGHT),
    ("h' = U @ tanh(h)", 1, 10, '"tanh"', RIGHT),
    ("h' = U @", 1, 9, END, RIGHT),
    ("h' = h' @ h", 1, 6, "\"h'\"", 'left of "@" stands a parameter name, without a prime'),
    ("h' = h @ h", 1, 6, '"h"', 'left of "@" stands a parameter, and h is none'),
    ("z = h\nh' = 2 * h + z @ h", 2, 14, '"z"', 'left of "@" stands a parameter, and z is none'),
    ("h' = x @ h", 1, 6, '"x"', 'left of "@" stands a parameter, and x is none'),
    # numbers
    ("h' = 2h", 1, 6, '"2h"', NUMBER),
    ("h' = 1.2.3", 1, 6, '"1.2."', NUMBER),
    ("h' = 0x10 * h", 1, 6, '"0x"', NUMBER),
    ("h' = 1_000 * h", 1, 6, '"1_"', NUMBER),
    ("h' = 2j * h", 1, 6, '"2j"', NUMBER),
    ("h' = h * 1e999", 1, 10, '"1e999"', "numbers must be finite, at most 1.8e308"),
    # names and shapes
    ("h' = x", 1, 6, '"x"', ALONE),
    ("h' = x' + h", 1, 6, "\"x'\"", ALONE),
    ("h' = W @ (x + h)", 1, 11, '"x"', ALONE),
    ("h' = h + bz", 1, 10, '"bz"', f"it is no known name: {NAMES}"),
    ("h' = sigmod + h", 1, 6, '"sigmod"', f"it is no known name: did you mean sigmoid? {NAMES}"),
    ("gate = sigmoid(h)\nh' = Gate * h", 2, 6, '"Gate"', f"it is no known name: did you mean gate? {NAMES}"),
    ("h' = inf * h", 1, 6, '"inf"', f"it is no known name: {NAMES}"),
    ("h' = z * h\nz = sigmoid(h)", 1, 6, '"z"', "z is used before the line that defines it"),
    ("h' = h + c'\nc' = h", 1, 10, "\"c'\"", "c' is used before the line that defines it"),
    ("h' = tanh(h')", 1, 11, "\"h'\"", "h' is used before the line that defines it"),
    ("c' = h\nh' = n'", 2, 6, "\"n'\"", "a prime marks a state after the step; the states are c, h"),
    ("h' = W @ x + W @ h", 1, 14, '"W"', "W has the shape (H, I) above, and (H, H) here"),
    ("h' = U @ h\nz = b_z * U", 2, 11, '"U"', "U has the shape (H, H) above, and (H) here"),
    ("h' = b_z * h + b_z @ x", 1, 16, '"b_z"', "b_z has the shape (H) above, and (H, I) here"),
    # characters, and places as typed
    ("\t\th' = h )", 1, 10, '")"', OPERATOR),
    ("h' = (\n\n \t h\n  + q)", 4, 5, '"q"', f"it is no known name: {NAMES}"),
    ("h' = h\r\nz = h\r\n  q = ?", 3, 7, '"?"', CHARACTERS),
    ("c' = c\nh' = c' * c' * d'", 2, 16, "\"d'\"", "a prime marks a state after the step; the states are c, h"),
    ("h' = h'' ", 1, 8, "\"'\"", CHARACTERS),
    ("h' = h.T", 1, 7, '"."', CHARACTERS),
    ("h' = 'h'", 1, 6, "\"'\"", CHARACTERS),
    ("h' = h, h", 1, 7, '","', CHARACTERS),
    ("h' = h; z = h", 1, 7, '";"', CHARACTERS),
    ("h' = h / 2", 1, 8, '"/"', "there is no division; multiply by a number: 0.5 * h"),
    ("h' = h ^ 2", 1, 8, '"^"', "there are no powers; write a product: h * h"),
    ("h' = h # new", 1, 8, '"#"', "there are no comments"),
    ("h' = [h]", 1, 6, '"["', "write ("),
    ("h' = (h}", 1, 8, '"}"', "write )"),
    ("h′ = h", 1, 2, '"′" (U+2032 prime)', "write '"),
    ("h' = h · h", 1, 8, '"·" (U+00B7 middle dot)', "write *"),
    ("h' = 1 − h", 1, 8, '"−" (U+2212 minus sign)', "write -"),
    ("h' = σ(h)", 1, 6, '"σ" (U+03C3 greek small letter sigma)', "write sigmoid"),
    ("h' = е", 1, 6, '"е" (U+0435 cyrillic small letter ie)', CHARACTERS),
    ("h' = ｈ", 1, 6, '"ｈ" (U+FF48 fullwidth latin small letter h)', CHARACTERS),
    ("h' = ℎ", 1, 6, '"ℎ" (U+210E planck constant)', CHARACTERS),
    ("h' = hᵢ", 1, 7, '"ᵢ" (U+1D62 latin subscript small letter i)', CHARACTERS),
    ("h' = ２ * h", 1, 6, '"２" (U+FF12 fullwidth digit two)', CHARACTERS),
    ("h' = h\u00a0+ h", 1, 7, "a character (U+00A0 no-break space)", CHARACTERS),
    ("h' = h\u200b", 1, 7, "a character (U+200B zero width space)", CHARACTERS),
    ("h' = \u202eh", 1, 6, "a character (U+202E right-to-left override)", CHARACTERS),
    ("h' = h\x00", 1, 7, "a character (U+0000 without a name)", CHARACTERS),
    ("h' = \ud800", 1, 6, "a character (U+D800 without a name)", CHARACTERS),
    ("h' = h\rz = h", 1, 7, "a character (U+000D without a name)", CHARACTERS),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "column", "what", "allowed"), MISTAKES, ids=lambda value: ascii(value)[:40])
def test_a_mistake_is_named_with_its_place(text, line, column, what, allowed):
    with pytest.raises(EquationError) as caught:
        Cell("wrong", text)
    error = caught.value
    assert (error.line, error.column, error.found, error.allowed) == (line, column, what, allowed)
    assert str(error) == f"Line {line}, column {column}: found {what}; {allowed}."


def test_an_error_is_an_input_error_and_survives_a_process_border():
    with pytest.raises(InputError) as caught:
        Cell("wrong", "h' = ?")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again), again.column) == (EquationError, str(caught.value), 6)


@pytest.mark.parametrize("given", [None, 3, b"h' = h", ["h' = h"]], ids=str)
def test_what_is_no_text_is_refused(given):
    with pytest.raises(InputError, match="Equations are text; found "):
        parse_equations(given)


# -- hostile text ------------------------------------------------------------------------------------------------------


def lines(count: int, line, last: str) -> str:
    """Definitions a0, a1, … of which each is made from the one before, and a state made from the last."""
    return "\n".join(["a0 = h * h", *(f"a{k}={line(f'a{k - 1}')}" for k in range(1, count)), f"h' = {last}"])


REFUSED = {
    "a megabyte": "h' = " + "h + " * 250_000 + "h",
    "a megabyte of one name": "h' = " + "h" * 10**6,
    "ten thousand brackets": "h' = " + "(" * 10_000,
    "brackets as long as they may be": "h' = " + "(" * 3_900,
    "functions as long as they may be": "h' = " + "tanh(" * 700,
    "minuses as long as they may be": "h' = " + "-" * 3_900 + "h",
    "products in brackets": "h' = " + "U @ (" * 700,
    "ten thousand terms": "h' = " + "+".join(["h"] * 10_000),
    "ten thousand lines": "h' = h\n" * 10_000,
    "a million digits": "h' = " + "9" * 1_000_000,
    "digits as long as they may be": "h' = h * " + "9" * 3_900,
    "an attribute": "h' = h.__class__.__mro__[1]",
    "an import": "h' = __import__('os').system('true')",
    "a call of a dunder": "h' = __import__(h)",
    "a comprehension": "h' = [h for h in (1, 2)]",
    "a walrus": "h' = (h := h)",
    "a format string": "h' = f'{h}'",
    "a power tower": "h' = 9**9**9**9",
    "an escape": "h' = h\\\nz = h",
    "a bidi override": "h' = h \u2067+ z\u2069",
    "combining marks": "h' = h" + "\u0301" * 1_000,
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_hostile_text_is_refused_at_once(text):
    with patience(0.5), pytest.raises(EquationError) as caught:
        Cell("hostile", text)
    assert len(str(caught.value)) < 300


ACCEPTED = {
    "doubling products": lines(100, lambda a: f"{a} * {a}", "tanh(a99)"),
    "doubling products of a state": lines(100, lambda a: f"{a} * {a}", "0.5 * h * a99"),
    "doubling sums": lines(100, lambda a: f"{a} + {a}", "tanh(a99)"),
    "doubling gated sums": lines(100, lambda a: f"{a}*{a} - {a}", "h * tanh(a99)"),
    "doubling matrix products": lines(60, lambda a: f"tanh({a} * (U @ {a}))", "a59"),
    "a chain of functions": lines(200, lambda a: f"tanh({a})", "a199"),
    "a chain of products": lines(300, lambda a: f"{a} * h", "tanh(a299)"),
    "a chain of complements": lines(340, lambda a: f"1-{a}", "tanh(h) * a339"),
    "a chain of complements of a gate": lines(340, lambda a: f"1-{a}", "a339 * h").replace("h * h", "sigmoid(h)"),
    "a chain of matrix products": lines(200, lambda a: f"U @ {a}", "tanh(a199)"),
    "as many factors as there is room for": "h' = " + "*".join(["h"] * 1_990),
    "as many terms as there is room for": "h' = tanh(" + "+".join(["h"] * 1_990) + ")",
    "as many matrices as there is room for": "h' = tanh(" + "+".join(f"U_{k}@h" for k in range(400)) + ")",
    "as many operands as there is room for": "h' = tanh(" + "+".join(f"U@(h*b_{k})" for k in range(280)) + ")",
    "brackets as deep as they may be": "h' = " + "(" * MAX_DEPTH + "h" + ")" * MAX_DEPTH,
    "a name as long as it may be": f"h' = {'b_' * 1_990} * h",
    "a text as long as it may be": "h' = 0.5 * h" + " " * (MAX_CHARACTERS - 12),
}


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
def test_odd_but_valid_text_is_a_cell_that_runs_at_once(text):
    """Well below the recursion limit and without doing shared parts again: each takes some milliseconds."""
    with patience(1.0):
        cell = Cell("odd", text)
        params = init_params(cell, 1, 2, seed=0, recurrent_gain=0.1)
        trace = run(cell, params, np.zeros((4, 1)), {"h": [0.3, -0.2]})
        flow = backpropagate(trace)
    assert all(np.isfinite(flow[name]).all() for name in trace.names)
    assert all(np.isfinite(value).all() for value in flow.params.values())
    assert cell.roles["h"] == "state"


# Every code point, halves of surrogate pairs too; and soup of what the grammar itself is made of.
TOKENS = [*"hzxcbUW=+-*@()'\n\n \t", "h'", "h' = ", "z = ", "c' = ", "b_z", "sigmoid", "tanh(", "relu(", "U @ ",
          "W @ x", " * ", " + ", "0.5", "1e9", "2.", "1e999", "\r\n", "U_z @ h", "(1 - z)"]  # fmt: skip
ODD = st.sampled_from("′−·σ×‘ｈℎªµſKеο\u0301\u200b\u202e\ufeff\x00\x1a\x85\u2028\ud800\udfff²½９٣")
any_text = st.text(st.characters(exclude_categories=()) | ODD | st.sampled_from("hx'=()@*+-. \n"), max_size=60)
soup = st.lists(st.sampled_from(TOKENS) | ODD, max_size=25).map("".join)
nearly = st.lists(st.sampled_from(TOKENS), max_size=8).map(lambda tokens: "h' = " + "".join(tokens))


def parsed(text: str) -> Cell | EquationError:
    try:
        return Cell("any", text)
    except EquationError as error:
        return error


def assert_cell_or_error(text: str) -> None:
    cell = parsed(text)
    if isinstance(cell, EquationError):
        error = cell
        typed = text.replace("\r\n", "\n").split("\n")
        assert 1 <= error.line <= len(typed)
        assert 1 <= error.column <= len(typed[error.line - 1]) + 1
        assert str(error) == f"Line {error.line}, column {error.column}: found {error.found}; {error.allowed}."
        message = re.sub(r'^(Line \d+, column \d+: found )".*?"(?=[ ;])', r"\1", str(error), flags=re.DOTALL)
        assert not {unicodedata.category(c) for c in message} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    else:
        assert cell.states[0] == "h"
        trace = run(cell, init_params(cell, 2, 3, seed=0), np.full((2, 2), 0.1), {"h": np.full(3, 0.1)})
        backpropagate(trace)["x"]


@settings(max_examples=400, deadline=None)
@given(any_text)
@example("h' = \ud800")
def test_any_text_is_a_cell_or_an_error_that_points_into_it(text):
    assert_cell_or_error(text)


@settings(max_examples=600, deadline=None)
@given(soup | nearly)
@example("h' = U @ (h)(")
@example("h' = h\n'")
def test_any_row_of_tokens_is_a_cell_or_an_error_that_points_into_it(text):
    assert_cell_or_error(text)


# -- random cells against torch ----------------------------------------------------------------------------------------
# A tree is made at random, printed with the brackets that it needs and some that it does not, and run in torch itself:
# the parser, the graph, the loops and the derivatives all have to agree with it.


class RandomCell:
    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.states = ["h", "c", "d"][: self.rng.integers(1, 4)]
        self.known = {name: name for name in self.states}  # symbol -> key in the values of a step
        order = ["p", "q", "s", *(f"{state}'" for state in self.states)]
        self.lines = []
        for symbol in self.rng.permutation(order):
            self.lines.append((str(symbol), self.bounded(2)))
            self.known[str(symbol)] = str(symbol)

    def pick(self, *choices):
        return choices[self.rng.integers(len(choices))]

    def bounded(self, depth: int) -> tuple:
        """A right side whose values stay near 1: a sum of squashed values, or a mixture by a gate."""
        function = self.pick("tanh", "sigmoid", "tanh")
        gate = ("call", "sigmoid", self.tree(depth))
        mixture = (
            "sum",
            [
                ("mul", [gate, self.leaf()]),
                ("mul", [("sum", [("num", 1.0), gate], [1, -1]), ("call", "tanh", self.tree(depth))]),
            ],
            [1, 1],
        )
        return self.pick(("call", function, self.tree(depth)), mixture, ("neg", ("call", function, self.tree(depth))),
                         ("mul", [("num", 0.5), self.leaf(), ("call", "tanh", self.tree(depth))]))  # fmt: skip

    def leaf(self) -> tuple:
        return ("name", self.pick(*self.known))

    def tree(self, depth: int) -> tuple:
        if depth == 0:
            return self.pick(
                self.leaf(),
                self.leaf(),
                ("vec", self.pick("b", "b_1", "b_2")),
                ("num", self.pick(0.5, 2.0, 1.0, 1.5e-1)),
            )
        below = [self.tree(depth - 1) for _ in range(self.rng.integers(1, 4))]
        return self.pick(
            ("sum", below, [1, *(int(self.pick(1, -1)) for _ in below[1:])]),
            ("sum", [*below, ("mat", self.pick("W_1", "W_2"), None)], [1, *(int(self.pick(1, -1)) for _ in below)]),
            (
                "sum",
                [*below, ("mat", self.pick("U_1", "U_2", "U_3"), below[0])],
                [1, *(int(self.pick(1, -1)) for _ in below)],
            ),
            ("mul", below),
            ("mat", self.pick("U_1", "U_2"), below[0]),
            ("neg", below[0]),
            ("call", self.pick("sigmoid", "tanh", "relu"), below[0]),
            below[0],
        )

    # Printing: each kind stands at a level of the grammar, and what is below it gets brackets.

    LEVEL: ClassVar = {"sum": 0, "neg": 1, "mat": 1, "mul": 2}

    def text(self) -> str:
        return "\n".join(f"{symbol} = {self.print(tree, 0)}" for symbol, tree in self.lines)

    def print(self, tree: tuple, level: int) -> str:
        kind = tree[0]
        if kind == "sum":
            first, *rest = (self.print(term, 1) for term in tree[1])
            text = first + "".join(
                f" {'+' if sign > 0 else '-'} {term}" for sign, term in zip(tree[2][1:], rest, strict=True)
            )
            level = level if rest else 3
            text = text if rest else self.print(tree[1][0], 3)
        elif kind == "mul":
            text = " * ".join(self.print(factor, 3) for factor in tree[1])
        elif kind == "neg":
            text = f"-{self.print(tree[1], 1)}"
        elif kind == "mat":
            text = f"{tree[1]} @ " + ("x" if tree[2] is None else f"({self.print(tree[2], 0)})")
        elif kind == "call":
            text = f"{tree[1]}({self.print(tree[2], 0)})"
        else:
            text = f"{tree[1]!r}" if kind == "num" else tree[1]
        bare = kind in ("num", "vec", "name", "call") or (kind == "sum" and len(tree[1]) == 1)
        needed = not bare and level > self.LEVEL[kind]
        return f"({text})" if needed or self.rng.random() < 0.1 else text

    # Running the tree itself.

    def step(self, p, x, *states):
        values = dict(zip(self.states_in_order(), states, strict=True))
        for symbol, tree in self.lines:
            values[symbol] = self.value(tree, p, x, values) + 0.0 * states[0]
        defined = [symbol for symbol, _ in self.lines]
        return {symbol.rstrip("'"): values[symbol] for symbol in defined}

    def states_in_order(self) -> list[str]:
        defined = [symbol[:-1] for symbol, _ in self.lines if symbol.endswith("'")]
        return sorted(defined, key=lambda name: name != "h")

    def value(self, tree, p, x, values):
        kind, *rest = tree
        if kind == "num":
            return torch.full_like(values["h"], rest[0])
        if kind == "vec":
            return p[rest[0]]
        if kind == "name":
            return values[rest[0]]
        if kind == "call":
            return getattr(torch, rest[0])(self.value(rest[1], p, x, values))
        if kind == "neg":
            return -self.value(rest[0], p, x, values)
        if kind == "mat":
            inside = x if rest[1] is None else self.value(rest[1], p, x, values)
            return apply(p[rest[0]], inside)
        parts = [self.value(part, p, x, values) for part in rest[0]]
        if kind == "mul":
            return torch.stack(torch.broadcast_tensors(*parts)).prod(dim=0)
        return sum(sign * part for sign, part in zip(rest[1], parts, strict=True))


@pytest.mark.parametrize("seed", range(150))
def test_a_random_cell_runs_and_differentiates_as_in_torch(seed):
    made = RandomCell(seed)
    cell = Cell(f"random {seed}", made.text())
    assert list(cell.states) == made.states_in_order()
    assert [line.symbol for line in cell.equations.lines] == [symbol for symbol, _ in made.lines]
    rows = [{}, {"batch": 2}, {"sets": 2}][seed % 3]
    task = problem(cell, seed, steps=4, inputs=2, hidden=3, **rows)
    # The torch side may look at parameters that the text does not have; they count nothing there.
    assert disagreements(found(cell, task), expected(made.step, task)) == []


def test_random_cells_are_of_many_kinds():
    """What the test above has seen: every operation, several states, operands that are not states."""
    text = "\n".join(RandomCell(seed).text() for seed in range(150))
    for part in (
        "sigmoid(",
        "tanh(",
        "relu(",
        "W_1 @ x",
        "U_1 @ (",
        "U_3 @ (",
        "-",
        " * ",
        "b_1",
        "d'",
        "1.0 - sigmoid",
    ):
        assert text.count(part) > 5, part


@pytest.mark.parametrize("seed", range(20))
def test_nothing_that_was_typed_reaches_the_generated_code(seed):
    """Not one name of the cell stands in the source, nor a number: only calls of NumPy on names made by us."""
    cell = Cell("typed", re.sub(r"\b(p|q|s|c|d|b|b_1|b_2|U_1|U_2|U_3|W_1|W_2)\b", r"typed_\1", RandomCell(seed).text()))
    calls = "add|subtract|multiply|negative|exp|tanh|reciprocal|maximum|copy"
    allowed = rf"def|steps|products|fixed|first|rows|for|in|out|{calls}|[rkp]\d+"
    for plan in (forward_plan(cell), backward_plan(cell)):
        assert "typed" not in plan.steps.source
        assert [word for word in re.findall(r"\w+", plan.steps.source) if not re.fullmatch(allowed, word)] == []


def test_the_numbers_that_were_typed_are_not_in_the_generated_code():
    cell = Cell("numbers", "h' = 0.123 * h + 4567 * tanh(h) - 1e-8")
    assert not re.search(r"123|4567|1e", forward_plan(cell).steps.source + backward_plan(cell).steps.source)


def test_compiled_cells_are_kept_but_not_without_bound():
    """Two hundred other cells later a cell still runs, and so does what it has left behind."""
    text = "h' = tanh(U @ h + b)"
    one, again = Cell("one", text), Cell("again", text)
    assert forward_plan(one) is forward_plan(again)
    assert backward_plan(one) is backward_plan(again)
    params = init_params(one, 1, 3, seed=0)
    trace = run(one, params, np.zeros((5, 1)))
    before = backpropagate(trace).params["U"]
    for k in range(200):
        other = Cell("other", f"h' = tanh({k} * h)")
        backpropagate(run(other, {}, [[0.0]], {"h": [0.1]}))
    assert gru_viz.cells._analyse.cache_info().currsize <= 128
    np.testing.assert_array_equal(backpropagate(trace).params["U"], before)
    np.testing.assert_array_equal(backpropagate(run(one, params, np.zeros((5, 1)))).params["U"], before)
    np.testing.assert_array_equal(backpropagate(run(Cell("new", text), params, np.zeros((5, 1)))).params["U"], before)
