"""Text ──► equations: which names are states, defined values or parameters, what shape each has, and what is wrong."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from gru_viz.grammar import (
    FUNCTIONS,
    Equation,
    EquationError,
    Expression,
    MatrixProduct,
    Name,
    Place,
    quote,
    read_equations,
    read_expression,
    walk,
)

INPUT_MATRIX, RECURRENT_MATRIX, VECTOR = ("H", "I"), ("H", "H"), ("H",)


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


def parse_equations(text: str) -> Equations:
    """Read and check the lines of a cell. Raises EquationError for everything that is not such a cell."""
    lines = read_equations(text)
    if not any(line.primed and line.name == "h" for line in lines):
        raise EquationError(
            1,
            1,
            quote(lines[0].symbol) + " and no line for the state h" if lines else "no equation",
            "each cell has a state h, and a line that begins with h' = gives its new value",
        )
    return _resolve(lines)


def parse_expression(text: str, equations: Equations) -> Expression:
    """Read one expression of a cell's names, such as ``r * h``, for evaluation over a run."""
    expression = read_expression(text)
    scope = _Scope(equations.lines, dict(equations.parameters), grows=False)
    scope.check(expression, defined={line.symbol for line in equations.lines})
    return expression


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
        where, shown = line.place, quote(line.symbol)
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
                        quote("x" + "'" * part.primed),
                        'the input x stands alone, right of "@": W @ x',
                    )
            elif isinstance(part, Name):
                self.name(part, defined)

    def matrix(self, part: MatrixProduct, shape: tuple[str, ...]) -> None:
        name = part.matrix
        if name in self.values or name in self.states or name in (*FUNCTIONS, "x"):
            raise EquationError(
                part.place.line, part.place.column, quote(name), f'left of "@" stands a parameter, and {name} is none'
            )
        self.parameter(part.place, name, shape)

    def name(self, part: Name, defined: set[str]) -> None:
        name, where = part.name, part.place
        symbol = name + "'" * part.primed
        if part.primed and name not in self.states:
            raise EquationError(
                where.line,
                where.column,
                quote(symbol),
                f"a prime marks a state after the step; the states are {', '.join(self.states)}",
            )
        if (part.primed or name in self.values) and symbol not in defined:
            raise EquationError(
                where.line, where.column, quote(symbol), f"{symbol} is used before the line that defines it"
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
                quote(name),
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
        raise EquationError(where.line, where.column, quote(name), f"it is no known name: {hint}{rule}")
