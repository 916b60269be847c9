"""Which numbers can be opened, and as what: a pre-activation as the products of its row, for any unit at any step.

``notation.products`` opens a number of a run; this is the same without one, so that a browser can fill in the numbers.
"""

from __future__ import annotations

from typing import Any

from gru_viz.grammar import Call, Expression, MatrixProduct, Name, Number, Product
from gru_viz.notation.forms import Plain, PlainNumbers
from gru_viz.notation.products import opened_expression, signed_terms
from gru_viz.notation.symbols import Names
from gru_viz.notation.writing import FIRST_FACTOR, has_matrix
from gru_viz.player.tape import Tape


class Openings:
    """Follows all that can be opened from the names of a cell: text -> what it is and the terms of its sum."""

    def __init__(self, tape: Tape) -> None:
        self.tape, self.cell = tape, tape.cell
        names = Names.of(self.cell.equations)
        self.plain, self.shown = Plain(names), PlainNumbers(names)
        self.found: dict[str, dict[str, Any]] = {}

    def follow(self, text: str) -> None:
        """Open a name, primed or not, or an expression, and all that its terms can be opened into."""
        if text in self.found:
            return
        expression = opened_expression(self.cell, text)
        function = ""
        if isinstance(expression, Call):
            function, expression = expression.function, expression.argument
        opening: dict[str, Any] = {"total": self.value(expression)}
        if function:
            opening["function"] = function
        self.found[text] = opening
        opening["terms"] = [self.term(sign, part) for sign, part in signed_terms(expression, 1)]

    def term(self, sign: int, part: Expression) -> dict[str, Any]:
        if isinstance(part, MatrixProduct):
            return {"sign": sign, "matrix": part.matrix, "of": self.factor(part.operand)}
        factors = part.factors if isinstance(part, Product) else (part,)
        return {"sign": sign, "factors": [self.factor(factor) for factor in factors]}

    def factor(self, part: Expression) -> dict[str, Any]:
        found: dict[str, Any] = {"value": self.value(part), "text": self.shown.write(part, FIRST_FACTOR)}
        if isinstance(part, Number):
            found["number"] = True
        if self.opens(part):
            found["opens"] = self.plain.write(part)
            self.follow(found["opens"])
        return found

    def opens(self, part: Expression) -> bool:
        """A name that a line defines in this step, or what holds a product with a matrix or an operation."""
        if isinstance(part, Name):
            return part.name + "'" * part.primed in {line.symbol for line in self.cell.equations.lines}
        return has_matrix(part) or isinstance(part, (Product, Call))

    def value(self, part: Expression) -> str:
        """The expression whose row on the tape has this value."""
        if isinstance(part, Name) and part.name == "x":
            self.tape.add("x")
            return "x"
        text = self.plain.write(part)
        self.tape.add(text)
        return text
