"""Formulas of a cell, and the same with the numbers of one unit at one step."""

from __future__ import annotations

import dataclasses

import numpy as np

from gru_viz.cells import Cell
from gru_viz.errors import InputError, check_kind, shown, whole_number
from gru_viz.grammar import Call, Equation, Expression, MatrixProduct, Name, Negative, Product, Sum
from gru_viz.graph import Array, Graph
from gru_viz.notation.forms import Formula, Plain, write_all
from gru_viz.notation.symbols import Names
from gru_viz.notation.writing import Shown
from gru_viz.parameters import A_CELL
from gru_viz.trace import A_RUN, Trace


def formula(cell: Cell, name: str) -> Formula:
    """The equation that defines a name, in symbols; of a state, primed or not, the line h' = …. Raises InputError."""
    return write_all(line_of(cell, name), Names.of(cell.equations))


def formulas(cell: Cell) -> dict[str, Formula]:
    """Name -> its equation in symbols, in the order of the cell's lines."""
    check_kind(cell, *A_CELL)
    return {name: formula(cell, name) for name in cell.names}


def with_numbers(trace: Trace, name: str, step: int, unit: int, row: int | None = None) -> Formula:
    """The equation that defines a name, with one unit's numbers at one step: 0.52 = 0.93·0.61 + 0.12·(−0.37).

    A product with a matrix is one number, the sum of its row's products; ``products`` opens it. Numbers of the run have
    three significant digits (``gru_viz.theme.number``), those of the equation stand as they are; on the left is the
    trace's own. ``step`` 0 … T−1, ``unit`` 0 … H−1; ``row`` 0 … B−1, for a batch or sweep and only there. Raises
    InputError.
    """
    moment = Moment(trace, step, unit, row)
    line = line_of(trace.cell, name)
    left = Shown(line.place, line.symbol, float(moment.trace[line.name][0, unit]))
    return write_all((left, moment.put_in(line.expression)), moment.names)


def line_of(cell: Cell, name: str) -> Equation:
    check_kind(cell, *A_CELL)
    for line in cell.equations.lines:
        if isinstance(name, str) and name in (line.name, line.symbol):
            return line
    symbols = ", ".join(line.symbol for line in cell.equations.lines)
    raise InputError(f"{cell.name} has no equation for {shown(name)}; it has equations for {symbols}.")


class Moment:
    """One unit at one step of one batch row. ``trace`` holds this step alone, without a batch: T = 1, lead ()."""

    def __init__(self, trace: Trace, step: int, unit: int, row: int | None) -> None:
        check_kind(trace, *A_RUN)
        step = whole_number(step, "step", 0, trace.steps - 1)
        self.unit = whole_number(unit, "unit", 0, trace.hidden_size - 1)
        if trace.lead:
            row = whole_number(row, "row", 0, trace.lead[0] - 1)
        elif row is not None:
            raise InputError(f"row is {shown(row)}; this run has no batch, so none is allowed.")
        self.trace = _one_step(trace, step, row)
        self.names = Names.of(trace.cell.equations)
        self.plain = Plain(self.names)
        self._graph, self._bulk = Graph(trace.cell.graph), self.trace.bulk()

    def vector(self, expression: Expression) -> Array:
        """The values of an expression for all units, (H,); of x alone, (I,)."""
        if isinstance(expression, Name) and expression.name == "x":
            return self.trace.inputs[0]
        values = np.asarray(self._bulk[self._graph.lower(expression)])
        return np.broadcast_to(values, (1, self.trace.hidden_size))[0]

    def value(self, expression: Expression) -> float:
        return float(self.vector(expression)[self.unit])

    def put_in(self, expression: Expression) -> Expression:
        """The expression with a number for each name and each product with a matrix."""
        place = expression.place
        match expression:
            case Name() | MatrixProduct():
                return Shown(place, self.plain.write(expression), self.value(expression))
            case Sum(terms=terms, signs=signs):
                return Sum(place, tuple(map(self.put_in, terms)), signs)
            case Product(factors=factors):
                return Product(place, tuple(map(self.put_in, factors)))
            case Call(function=function, argument=argument):
                return Call(place, function, self.put_in(argument))
            case Negative(operand=operand):
                return Negative(place, self.put_in(operand))
        return expression


def _one_step(trace: Trace, step: int, row: int | None) -> Trace:
    rows = () if row is None else (row,)
    lead = (trace.steps, *trace.lead)
    now, around = (slice(step, step + 1), *rows), (slice(step, step + 2), *rows)
    return dataclasses.replace(
        trace,
        params={name: values[rows] if trace.sweep else values for name, values in trace.params.items()},
        inputs=trace.inputs[now[: trace.inputs.ndim - 1]],
        states={name: values[around] for name, values in trace.states.items()},
        recorded={
            node: np.broadcast_to(values, (*lead, values.shape[-1]))[now] for node, values in trace.recorded.items()
        },
        sweep=False,
    )
