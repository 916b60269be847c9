"""Any number opened: a pre-activation as the list of all the products that it is the sum of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from gru_viz.cells import Cell
from gru_viz.equations import parse_expression
from gru_viz.errors import check_kind, whole_number
from gru_viz.grammar import Call, Expression, MatrixProduct, Negative, Number, Product, Sum, walk
from gru_viz.notation.forms import Plain, PlainNumbers
from gru_viz.notation.numbers import Moment, line_of
from gru_viz.notation.symbols import Digits, Names
from gru_viz.notation.writing import FIRST_FACTOR, has_matrix
from gru_viz.parameters import as_float64
from gru_viz.theme import number_from_log10
from gru_viz.trace import Trace

EXACT = 700  # decimal places in which any two floats can be added exactly, from 1e308 to 5e-324


@dataclass(frozen=True)
class Term:
    """One term: ``product`` is ``weight`` times ``value``, with the term's sign; without a weight it is one value.

    ``what`` names it, indices as in Python: "W_z[3, 5]·x[5]", "−b_z[3]", "r[3]·(U_n @ h + c_n)[3]". ``opens`` are the
    texts of those factors that hold products with a matrix: each can be opened again.
    """

    what: str
    weight: float | None
    value: float
    product: float
    opens: tuple[str, ...] = ()


@dataclass(frozen=True)
class Opened:
    """``expression``, as text, has the value ``total``: the sum of its terms."""

    expression: str
    total: float
    terms: tuple[Term, ...]

    def remainder(self, digits: int = 3) -> str:
        """What the terms lack when each is shown with that many digits; "" where they add up. See ``remainder``."""
        return remainder([term.product for term in self.terms], self.total, digits)


def products(trace: Trace, what: str, step: int, unit: int, row: int | None = None) -> Opened:
    """A number of one unit at one step as the sum of its terms; each product of a matrix's row is a term of its own.

    ``what``: a name that an equation defines, for its right side (a state's new value, primed or not, as in
    ``trace[…]``), or any expression of the cell's names, such as ``W_z @ x`` or ``r * h``. Of a function the argument
    is opened: the pre-activation. Terms stand in the order of the equation. ``step``, ``unit`` and ``row`` as in
    ``with_numbers``. Raises InputError, EquationError for an expression.
    """
    moment = Moment(trace, step, unit, row)
    expression = opened_expression(trace.cell, what)
    if isinstance(expression, Call):
        expression = expression.argument
    terms = [term for sign, part in signed_terms(expression, 1) for term in _terms(moment, sign, part)]
    return Opened(moment.plain.write(expression), moment.value(expression), tuple(terms))


def pre_activations(cell: Cell, name: str) -> tuple[str, ...]:
    """What in a name's equation ``products`` can open: each function's argument that holds a product with a matrix.

    The outermost first; where such a product stands outside all functions, the whole right side comes before them.
    """
    right, plain = line_of(cell, name).expression, Plain(Names.of(cell.equations))
    inside = [part.argument for part in walk(right) if isinstance(part, Call) and has_matrix(part)]
    return tuple(dict.fromkeys(plain.write(part) for part in [right] * _bare_matrix(right) + inside))


def remainder(parts: Sequence[float], total: float, digits: int = 3) -> str:
    """What has to be added to the parts, as shown, to give the total, as shown: "0.001", "−0.02"; "" for nothing.

    Numbers are shown in the format of ``gru_viz.theme.number``. They add up when the sum of the shown parts is the
    shown total, give or take half a unit of its last digit. "" as well where a number is not finite.
    """
    check_kind(parts, Sequence, "parts", "a list of numbers")
    numbers = as_float64([*parts, total], "What consists of the parts and the total").tolist()
    digits = whole_number(digits, "digits", 1, 17)
    if not all(map(math.isfinite, numbers)):
        return ""
    *shown, goal = (_decimal(Digits.shown(value, digits)) for value in numbers)
    with localcontext(prec=EXACT):
        added, unit = sum(shown, Decimal(0)), Decimal((0, (1,), int(goal.as_tuple().exponent)))
        if abs(goal - added) <= unit / 2:
            return ""
        lacking = goal - (added / unit).to_integral_value() * unit
        log10, places = float(abs(lacking).log10()), len(lacking.normalize().as_tuple().digits)
    return "−" * (lacking < 0) + number_from_log10(log10, places)


def _decimal(digits: Digits) -> Decimal:
    mantissa = digits.mantissa.replace("\u202f", "")
    return Decimal(f"{'-' * digits.negative}{mantissa}e{digits.exponent or 0}")


def opened_expression(cell: Cell, what: str) -> Expression:
    """What a name or text stands for in ``products``: the right side of the name's line, or the expression itself."""
    check_kind(what, str, "what", "a name or an expression, such as 'W_z @ x',")
    symbols = {symbol for line in cell.equations.lines for symbol in (line.name, line.symbol)}
    if what in symbols:
        return line_of(cell, what).expression
    return parse_expression(what, cell.equations)


def _bare_matrix(expression: Expression) -> bool:
    """Whether a product with a matrix stands outside all functions and operands."""
    match expression:
        case MatrixProduct():
            return True
        case Sum(terms=parts) | Product(factors=parts):
            return any(map(_bare_matrix, parts))
        case Negative(operand=operand):
            return _bare_matrix(operand)
    return False


def signed_terms(expression: Expression, sign: int) -> Iterator[tuple[int, Expression]]:
    """The terms of nested sums, differences and negations, with their signs."""
    match expression:
        case Sum(terms=terms, signs=signs):
            for own, term in zip(signs, terms, strict=True):
                yield from signed_terms(term, sign * own)
        case Negative(operand=operand):
            yield from signed_terms(operand, -sign)
        case _:
            yield sign, expression


def _terms(moment: Moment, sign: int, part: Expression) -> Iterator[Term]:
    text, unit, minus = PlainNumbers(moment.names), moment.unit, "−" * (sign < 0)

    def at(expression: Expression, index: int) -> str:
        written = text.write(expression, FIRST_FACTOR)
        return written if isinstance(expression, Number) else f"{written}[{index}]"

    def opens(*factors: Expression) -> tuple[str, ...]:
        return tuple(moment.plain.write(factor) for factor in factors if has_matrix(factor))

    if isinstance(part, MatrixProduct):
        weights, operand = moment.trace.params[part.matrix][unit], moment.vector(part.operand)
        for k, (weight, value) in enumerate(zip(weights.tolist(), operand.tolist(), strict=True)):
            what = f"{minus}{part.matrix}[{unit}, {k}]·{at(part.operand, k)}"
            yield Term(what, weight, value, sign * weight * value, opens(part.operand))
    elif isinstance(part, Product):
        values = [moment.value(factor) for factor in part.factors]
        weight, value = values[0], math.prod(values[1:])
        what = minus + "·".join(at(factor, unit) for factor in part.factors)
        yield Term(what, weight, value, sign * weight * value, opens(*part.factors))
    else:
        value = moment.value(part)
        yield Term(minus + at(part, unit), None, value, sign * value, opens(part))
