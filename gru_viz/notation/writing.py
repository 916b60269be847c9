"""One walk over an equation's tree, which knows where brackets are due; a form says what is written for each part."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from gru_viz.grammar import Call, Equation, Expression, MatrixProduct, Name, Negative, Number, Product, Sum, walk
from gru_viz.notation.symbols import Digits, Names, Symbol

# Where an expression stands in what encloses it.
ALONE, FIRST_TERM, LATER_TERM, NEGATED, FIRST_FACTOR, LATER_FACTOR, OPERAND = range(7)


@dataclass(frozen=True)
class Shown(Expression):
    """A part of an equation whose number is put in its place."""

    text: str  # what the number is of, in the language of the equations: z, h', W_z @ x
    value: float


def is_negative(expression: Expression) -> bool:
    """What begins with a minus sign of its own, and needs brackets behind another operator."""
    match expression:
        case Shown(value=value):
            return Digits.shown(value).negative
        case Number(value=value):
            return Digits.exact(value).negative
        case _:
            return isinstance(expression, Negative)


def is_number(expression: Expression) -> bool:
    """Not a vector: nothing in it has a name."""
    return not any(isinstance(part, (Name, MatrixProduct)) for part in walk(expression))


def has_matrix(expression: Expression) -> bool:
    return any(isinstance(part, MatrixProduct) for part in walk(expression))


class Form(ABC):
    """Writes an equation. ``guards_signs`` sets brackets wherever two signs would meet, as in 0.2 + (−0.3)."""

    guards_signs = True

    def __init__(self, names: Names) -> None:
        self.names = names

    def equation(self, line: Equation | tuple[Shown, Expression]) -> str:
        """A line, or its numbers: the value of the name that it defines, and its right side."""
        if isinstance(line, Equation):
            return self.equal(self.name(self.names.symbol(line.name, line.primed)), self.write(line.expression, ALONE))
        left, right = line
        return self.equal(self.write(left, ALONE), self.write(right, ALONE))

    def write(self, expression: Expression, position: int = ALONE) -> str:
        if isinstance(expression, Shown):  # with brackets of its own, which come and go with its sign
            return self.shown(expression, guarded=position > FIRST_TERM)
        text = self.bare(expression, position)
        return self.brackets(text) if self.needs_brackets(expression, position) else text

    def needs_brackets(self, expression: Expression, position: int) -> bool:
        match expression:
            case Sum():
                return position != ALONE
            case Product() | MatrixProduct():
                return position >= FIRST_FACTOR
            case _ if is_negative(expression):
                return position > FIRST_TERM if self.guards_signs else position in (FIRST_FACTOR, OPERAND)
            case Name():
                return False
            case _:
                return position == OPERAND

    def bare(self, expression: Expression, position: int) -> str:
        match expression:
            case Name(name=name, primed=primed):
                return self.name(self.names.symbol(name, primed))
            case Number(value=value):
                return self.number(Digits.exact(value))
            case Sum(terms=terms, signs=signs):
                places = [FIRST_TERM] + [LATER_TERM] * (len(terms) - 1)
                texts = [self.write(term, place) for term, place in zip(terms, places, strict=True)]
                return self.sum(list(zip(signs, texts, strict=True)))
            case Product(factors=factors):
                places = [FIRST_FACTOR] + [LATER_FACTOR] * (len(factors) - 1)
                numbers = [is_number(factor) for factor in factors]
                texts = [self.write(factor, place) for factor, place in zip(factors, places, strict=True)]
                return self.product(texts, [one or other for one, other in itertools.pairwise(numbers)])
            case MatrixProduct(matrix=matrix, operand=operand):
                left = self.name(self.names.symbol(matrix))
                return self.matrix_product(expression, left, self.write(operand, OPERAND))
            case Call(function=function, argument=argument):
                return self.call(function, self.write(argument, ALONE), argument)
            case Negative(operand=operand):
                return self.negative(self.write(operand, LATER_FACTOR if position == LATER_FACTOR else NEGATED))
        raise AssertionError(expression)

    @abstractmethod
    def equal(self, left: str, right: str) -> str: ...

    @abstractmethod
    def name(self, symbol: Symbol) -> str: ...

    @abstractmethod
    def number(self, digits: Digits) -> str: ...

    @abstractmethod
    def shown(self, part: Shown, guarded: bool) -> str:
        """A number of the run; ``guarded``: in brackets if it is negative."""

    @abstractmethod
    def brackets(self, text: str) -> str: ...

    @abstractmethod
    def sum(self, terms: Sequence[tuple[int, str]]) -> str: ...

    @abstractmethod
    def product(self, factors: Sequence[str], scales: Sequence[bool]) -> str:
        """``scales`` says of each sign between two factors whether one of them is a plain number."""

    @abstractmethod
    def matrix_product(self, whole: MatrixProduct, matrix: str, operand: str) -> str: ...

    @abstractmethod
    def call(self, function: str, text: str, argument: Expression) -> str: ...

    @abstractmethod
    def negative(self, text: str) -> str: ...
