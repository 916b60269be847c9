"""The grammar of the language in which a cell is written: text ──► trees, and the errors of the text.

A cell is a few lines such as ``z = sigmoid(W_z @ x + U_z @ h + b_z)``. They are read by the parser below, never
executed as typed, and become trees of the dataclasses at the top. The whole grammar:

    line    =  name ["'"] "=" sum
    sum     =  product {("+" | "-") product}
    product =  "-" product  |  factor {"*" factor}  |  name "@" (name | bracket)
    factor  =  "-" factor | number | name ["'"] | function "(" sum ")" | "(" sum ")"

Python gives ``@`` and ``*`` the same precedence, so ``U @ r * h`` would silently mean ``(U @ r) * h``; here a product
is either elementwise or one matrix product, and a mixture asks for brackets.
"""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NoReturn

from gru_viz.errors import InputError
from gru_viz.labels import grouped

FUNCTIONS = ("sigmoid", "tanh", "relu")
MAX_CHARACTERS = 4_000
MAX_DEPTH = 40  # nested brackets and signs

_TOKEN = re.compile(
    r"(?P<space>[ \t]+)|(?P<newline>\n)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*'?)"
    r"|(?P<op>[=+\-*@()])"
)
_INSTEAD = {
    **dict.fromkeys("′’ʹ‘", "write '"),
    **dict.fromkeys("·×⊙∘", "write *"),
    **dict.fromkeys("[{", "write ("),
    **dict.fromkeys("]}", "write )"),
    "−": "write -",
    "σ": "write sigmoid",
    "/": "there is no division; multiply by a number: 0.5 * h",
    "^": "there are no powers; write a product: h * h",
    "#": "there are no comments",
}


class EquationError(InputError):
    """The text is not such an equation. ``line`` and ``column`` count from 1, in the characters as typed."""

    def __init__(self, line: int, column: int, found: str, allowed: str) -> None:
        super().__init__(f"Line {line}, column {column}: found {found}; {allowed}.")
        self.line, self.column, self.found, self.allowed = line, column, found, allowed

    def __reduce__(self) -> tuple[type[EquationError], tuple[int, int, str, str]]:
        return EquationError, (self.line, self.column, self.found, self.allowed)


@dataclass(frozen=True)
class Place:
    """Where something was typed; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Expression:
    place: Place = field(compare=False, repr=False)


@dataclass(frozen=True)
class Number(Expression):
    value: float


@dataclass(frozen=True)
class Name(Expression):
    name: str
    primed: bool = False


@dataclass(frozen=True)
class MatrixProduct(Expression):
    matrix: str
    operand: Expression


@dataclass(frozen=True)
class Call(Expression):
    function: str
    argument: Expression


@dataclass(frozen=True)
class Negative(Expression):
    operand: Expression


@dataclass(frozen=True)
class Sum(Expression):
    terms: tuple[Expression, ...]
    signs: tuple[int, ...]  # +1 or -1 for each term, as between the terms; the first is +1


@dataclass(frozen=True)
class Product(Expression):
    factors: tuple[Expression, ...]  # elementwise


@dataclass(frozen=True)
class Equation:
    """One line: ``name = expression``, or ``name' = expression`` for a state."""

    place: Place = field(compare=False, repr=False)
    name: str
    primed: bool
    expression: Expression

    @property
    def symbol(self) -> str:
        return self.name + "'" * self.primed


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    place: Place


# -- characters to tokens ----------------------------------------------------------------------------------------------


def quote(text: str) -> str:
    short = text if len(text) <= 24 else text[:24] + "…"
    return f'"{short}"'


def _tokens(text: str) -> list[_Token]:
    if not isinstance(text, str):
        raise InputError(f"Equations are text; found {type(text).__name__}.")
    if len(text) > MAX_CHARACTERS:
        raise EquationError(1, 1, f"{grouped(len(text))} characters", f"at most {grouped(MAX_CHARACTERS)} are allowed")
    text = text.replace("\r\n", "\n")
    tokens, at, line, line_start, depth = [], 0, 1, 0, 0
    while at < len(text):
        place = Place(line, at - line_start + 1)
        match = _TOKEN.match(text, at)
        if match is None:
            _refuse_character(text[at], place)
        kind, word = str(match.lastgroup), match.group()
        at = match.end()
        if kind == "newline":
            line, line_start = line + 1, at
            if depth == 0:  # inside brackets an equation goes on
                tokens.append(_Token("end", word, place))
        elif kind != "space":
            depth = max(0, depth + (word == "(") - (word == ")"))
            if kind == "number":
                _check_number(word, text[at : at + 1], place)
            tokens.append(_Token(kind, word, place))
    tokens.append(_Token("end", "", Place(line, at - line_start + 1)))
    return tokens


def _refuse_character(character: str, place: Place) -> NoReturn:
    shown = quote(character) if character.isprintable() and not character.isspace() else "a character"
    if not character.isascii() or not character.isprintable():
        shown += f" (U+{ord(character):04X} {unicodedata.name(character, 'without a name').lower()})"
    hint = _INSTEAD.get(character, "letters a-z A-Z, digits, _ ' = + - * @ ( ) and . in a number are allowed")
    raise EquationError(place.line, place.column, shown, hint)


def _check_number(word: str, following: str, place: Place) -> None:
    if re.match(r"[A-Za-z_.]", following):
        raise EquationError(
            place.line, place.column, quote(word + following), "a number ends at a space or an operator: 0.5 * h, 2e-3"
        )
    if not math.isfinite(float(word)):
        raise EquationError(place.line, place.column, quote(word), "numbers must be finite, at most 1.8e308")


# -- tokens to trees ---------------------------------------------------------------------------------------------------


class _Parser:
    """Recursive descent over the grammar at the top of this file; each method reads one rule."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens, self.at, self.depth = tokens, 0, 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def take(self) -> _Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def fail(self, allowed: str, token: _Token | None = None) -> NoReturn:
        token = token or self.next
        found = "the end of the line" if token.kind == "end" else quote(token.text)
        raise EquationError(token.place.line, token.place.column, found, allowed)

    def expect(self, text: str, allowed: str) -> None:
        if self.next.text != text or self.next.kind == "end":
            self.fail(allowed)
        self.at += 1

    def equations(self) -> tuple[Equation, ...]:
        lines = []
        while self.at < len(self.tokens):
            if self.next.kind == "end":
                self.at += 1
                continue
            left = self.take()
            if left.kind != "name":
                self.fail("a line begins with the name that it defines: z = …, or h' = … for a state", left)
            self.expect("=", f'"=" is expected after {quote(left.text)}')
            expression = self.sum()
            self.finish()
            lines.append(Equation(left.place, left.text.rstrip("'"), left.text.endswith("'"), expression))
        return tuple(lines)

    def expression(self) -> Expression:
        result = self.sum()
        self.finish()
        while self.at < len(self.tokens):
            if self.next.kind != "end":
                self.fail("one expression is expected")
            self.at += 1
        return result

    def finish(self) -> None:
        if self.next.kind != "end":
            self.fail('an operator (+ - * @), ")" of an open bracket or the end of the line is expected')
        self.at += 1

    def sum(self) -> Expression:
        terms, signs = [self.product()], [1]
        while self.next.text in ("+", "-"):
            signs.append(1 if self.take().text == "+" else -1)
            terms.append(self.product())
        return terms[0] if len(terms) == 1 else Sum(terms[0].place, tuple(terms), tuple(signs))

    def product(self) -> Expression:
        if self.next.text == "-":
            token = self.take()
            return Negative(token.place, self.nested(token, self.product))
        first = self.next
        factors = [self.factor()]
        if self.next.text == "@":
            return self.matrix_product(first, factors[0])
        while self.next.text == "*":
            self.at += 1
            factors.append(self.factor())
        if self.next.text == "@":
            self.fail('"*" and "@" in one product need brackets: U @ (r * h) or r * (U @ h)')
        return factors[0] if len(factors) == 1 else Product(factors[0].place, tuple(factors))

    def nested(self, token: _Token, rule: Callable[[], Expression]) -> Expression:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"at most {MAX_DEPTH} nested brackets and signs are allowed", token)
        result = rule()
        self.depth -= 1
        return result

    def matrix_product(self, left: _Token, matrix: Expression) -> Expression:
        at = self.take()
        if not isinstance(matrix, Name) or left.kind != "name":
            self.fail('left of "@" stands one parameter name: U @ h', at)
        if matrix.primed:
            self.fail('left of "@" stands a parameter name, without a prime', left)
        right = self.next
        if right.text != "(" and (right.kind != "name" or self.tokens[self.at + 1].text == "("):
            self.fail('right of "@" stands one name or a bracket: U @ h or U @ (r * h)')
        operand = self.factor()
        if self.next.text in ("*", "@") and self.next.kind == "op":
            self.fail('a product with "@" needs brackets beside another product: U @ (r * h) or (U @ h) * r')
        return MatrixProduct(left.place, matrix.name, operand)

    def factor(self) -> Expression:
        token = self.take()
        if token.text == "-":
            return Negative(token.place, self.nested(token, self.factor))
        if token.kind == "number":
            return Number(token.place, float(token.text))
        if token.text == "(" and token.kind == "op":
            return self.closed(token)
        if token.kind != "name":
            self.fail(f'a name, a number, {", ".join(FUNCTIONS)} or "(" is expected', token)
        if token.text in FUNCTIONS:
            self.expect("(", f"{token.text} is a function: write {token.text}(…)")
            return Call(token.place, token.text, self.closed(token))
        if self.next.text == "(":
            near = difflib.get_close_matches(token.text, FUNCTIONS, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            self.fail(f"{hint}only {', '.join(FUNCTIONS)} can be called; a product is written with *", token)
        return Name(token.place, token.text.rstrip("'"), token.text.endswith("'"))

    def closed(self, opening: _Token) -> Expression:
        """What stands between an opening bracket, which is taken, and the closing one."""
        inner = self.nested(opening, self.sum)
        self.expect(")", '")" or an operator is expected')
        return inner


# -- what a reader of this file calls ----------------------------------------------------------------------------------


def read_equations(text: str) -> tuple[Equation, ...]:
    """The lines of a cell, each for itself; what their names mean is not looked at. Raises EquationError."""
    return _Parser(_tokens(text)).equations()


def read_expression(text: str) -> Expression:
    return _Parser(_tokens(text)).expression()


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and all its parts, in the order of the text."""
    yield expression
    match expression:
        case Sum(terms=parts) | Product(factors=parts):
            for part in parts:
                yield from walk(part)
        case Negative(operand=inner) | Call(argument=inner) | MatrixProduct(operand=inner):
            yield from walk(inner)
