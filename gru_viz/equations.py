"""Text ──► equations: the language in which a cell is written, its shapes and its errors.

A cell is a few lines such as ``z = sigmoid(W_z @ x + U_z @ h + b_z)``. They are read by the small parser below, never
executed as typed, and become a tree of the dataclasses at the top. The whole grammar:

    line    =  name ["'"] "=" sum
    sum     =  product {("+" | "-") product}
    product =  "-" product  |  factor {"*" factor}  |  name "@" (name | bracket)
    factor  =  "-" factor | number | name ["'"] | function "(" sum ")" | "(" sum ")"

Python gives ``@`` and ``*`` the same precedence, so ``U @ r * h`` would silently mean ``(U @ r) * h``; here a product
is either elementwise or one matrix product, and a mixture asks for brackets.
"""

from __future__ import annotations

import difflib
import functools
import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from gru_viz.errors import InputError

FUNCTIONS = ("sigmoid", "tanh", "relu")
MAX_CHARACTERS = 4_000
MAX_DEPTH = 40  # nested brackets and signs
INPUT_MATRIX, RECURRENT_MATRIX, VECTOR = ("H", "I"), ("H", "H"), ("H",)

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
class Equations:
    """A checked set of lines, in the order in which they are computed."""

    lines: tuple[Equation, ...]
    states: tuple[str, ...]  # h first, then in order of definition
    parameters: Mapping[str, tuple[str, ...]]  # name -> ("H", "I"), ("H", "H") or ("H",), in order of appearance

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """The names that the lines define, in order."""
        return tuple(line.name for line in self.lines)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    place: Place


def parse_equations(text: str) -> Equations:
    """Read and check the lines of a cell. Raises EquationError for everything that is not such a cell."""
    tokens = _tokens(text)
    parser = _Parser(tokens)
    lines = parser.equations()
    if not any(line.primed and line.name == "h" for line in lines):
        raise EquationError(
            1,
            1,
            _quote(lines[0].symbol) + " and no line for the state h" if lines else "no equation",
            "each cell has a state h, and a line that begins with h' = gives its new value",
        )
    return _resolve(lines)


def parse_expression(text: str, equations: Equations) -> Expression:
    """Read one expression of a cell's names, such as ``r * h``, for evaluation over a run."""
    parser = _Parser(_tokens(text))
    expression = parser.expression()
    scope = _Scope(equations.lines, dict(equations.parameters), grows=False)
    scope.check(expression, defined={line.symbol for line in equations.lines})
    return expression


# -- characters to tokens ----------------------------------------------------------------------------------------------


def _quote(text: str) -> str:
    short = text if len(text) <= 24 else text[:24] + "…"
    return f'"{short}"'


def _tokens(text: str) -> list[_Token]:
    if not isinstance(text, str):
        raise InputError(f"Equations are text; found {type(text).__name__}.")
    if len(text) > MAX_CHARACTERS:
        raise EquationError(1, 1, f"{len(text):,} characters", f"at most {MAX_CHARACTERS:,} are allowed")
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
    shown = _quote(character) if character.isprintable() and not character.isspace() else "a character"
    if not character.isascii() or not character.isprintable():
        shown += f" (U+{ord(character):04X} {unicodedata.name(character, 'without a name').lower()})"
    hint = _INSTEAD.get(character, "letters a-z A-Z, digits, _ ' = + - * @ ( ) and . in a number are allowed")
    raise EquationError(place.line, place.column, shown, hint)


def _check_number(word: str, following: str, place: Place) -> None:
    if re.match(r"[A-Za-z_.]", following):
        raise EquationError(
            place.line, place.column, _quote(word + following), "a number ends at a space or an operator: 0.5 * h, 2e-3"
        )
    if not math.isfinite(float(word)):
        raise EquationError(place.line, place.column, _quote(word), "numbers must be finite, at most 1.8e308")


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
        found = "the end of the line" if token.kind == "end" else _quote(token.text)
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
            self.expect("=", f'"=" is expected after {_quote(left.text)}')
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


# -- names and shapes --------------------------------------------------------------------------------------------------


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and all its parts, in the order of the text."""
    yield expression
    match expression:
        case Sum(terms=parts) | Product(factors=parts):
            for part in parts:
                yield from walk(part)
        case Negative(operand=inner) | Call(argument=inner) | MatrixProduct(operand=inner):
            yield from walk(inner)


def _resolve(lines: tuple[Equation, ...]) -> Equations:
    scope = _Scope(lines, {}, grows=True)
    defined: set[str] = set()
    for line in lines:
        scope.check_left(line, defined)
        scope.check(line.expression, defined)
        defined.add(line.symbol)
    states = sorted((line.name for line in lines if line.primed), key=lambda name: name != "h")
    return Equations(lines, tuple(states), scope.parameters)


class _Scope:
    """Which names are states, defined values or parameters, and what shape each parameter has."""

    def __init__(self, lines: tuple[Equation, ...], parameters: dict[str, tuple[str, ...]], grows: bool) -> None:
        self.states = [line.name for line in lines if line.primed]
        self.values = {line.name: line for line in lines if not line.primed and line.name not in self.states}
        self.parameters, self.grows = parameters, grows

    def check_left(self, line: Equation, defined: set[str]) -> None:
        where, shown = line.place, _quote(line.symbol)
        if line.name in (*FUNCTIONS, "x"):
            meaning = "the input" if line.name == "x" else "a function"
            raise EquationError(where.line, where.column, shown, f"{line.name} is {meaning} and cannot be defined")
        if line.symbol in defined:
            raise EquationError(
                where.line, where.column, shown, f"{line.symbol} is defined above; each name has one line"
            )
        if not line.primed and line.name in self.states:
            raise EquationError(
                where.line,
                where.column,
                shown,
                f"{line.name} is the state before the step; its new value is written {line.name}'",
            )

    def check(self, expression: Expression, defined: set[str]) -> None:
        operands_x = {id(part.operand) for part in walk(expression) if isinstance(part, MatrixProduct)}
        for part in walk(expression):
            if isinstance(part, MatrixProduct):
                of_input = isinstance(part.operand, Name) and part.operand.name == "x" and not part.operand.primed
                self.matrix(part, INPUT_MATRIX if of_input else RECURRENT_MATRIX)
            elif isinstance(part, Name) and part.name == "x":
                if part.primed or id(part) not in operands_x:
                    raise EquationError(
                        part.place.line,
                        part.place.column,
                        _quote("x" + "'" * part.primed),
                        'the input x stands alone, right of "@": W @ x',
                    )
            elif isinstance(part, Name):
                self.name(part, defined)

    def matrix(self, part: MatrixProduct, shape: tuple[str, ...]) -> None:
        name = part.matrix
        if name in self.values or name in self.states or name in (*FUNCTIONS, "x"):
            raise EquationError(
                part.place.line, part.place.column, _quote(name), f'left of "@" stands a parameter, and {name} is none'
            )
        self.parameter(part.place, name, shape)

    def name(self, part: Name, defined: set[str]) -> None:
        name, where = part.name, part.place
        symbol = name + "'" * part.primed
        if part.primed and name not in self.states:
            raise EquationError(
                where.line,
                where.column,
                _quote(symbol),
                f"a prime marks a state after the step; the states are {', '.join(self.states)}",
            )
        if (part.primed or name in self.values) and symbol not in defined:
            raise EquationError(
                where.line, where.column, _quote(symbol), f"{symbol} is used before the line that defines it"
            )
        if part.primed or name in self.values or name in self.states:
            return
        if name != "b" and "_" not in name and name not in self.parameters:
            self.unknown(where, name)
        self.parameter(where, name, VECTOR)

    def parameter(self, where: Place, name: str, shape: tuple[str, ...]) -> None:
        known = self.parameters.get(name)
        if known is None and not self.grows:
            self.unknown(where, name)
        if known not in (None, shape):
            raise EquationError(
                where.line,
                where.column,
                _quote(name),
                f"{name} has the shape ({', '.join(known or ())}) above, and ({', '.join(shape)}) here",
            )
        self.parameters[name] = shape

    def unknown(self, where: Place, name: str) -> NoReturn:
        known = [*self.states, *self.values, *self.parameters, *FUNCTIONS, "x"]
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5) or difflib.get_close_matches(
            name.lower(), known, n=1, cutoff=0.5
        )
        hint = f"did you mean {near[0]}? " if near else ""
        rule = "a parameter vector is b or has an underscore, as b_z; learned scalars and projections have no form here"
        if not self.grows:
            rule = f"the cell's names are {', '.join(known)}"
        raise EquationError(where.line, where.column, _quote(name), f"it is no known name: {hint}{rule}")
