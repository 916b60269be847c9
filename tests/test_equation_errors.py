"""What is no equation is refused with its place and a sentence, whatever is typed."""

import pickle
import re
import unicodedata

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gru_viz import Cell, EquationError, InputError, backpropagate, init_params, run
from gru_viz.equations import parse_equations
from gru_viz.grammar import MAX_CHARACTERS, MAX_DEPTH
from tests.patience import patience

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
