"""What z means: the exact map between a cell whose z keeps the old state and the same cell whose z writes the new one.

z_update = 1 - z_keep = sigmoid(-(what z_keep is computed of)), so the parameters inside are negated and z and 1 - z
change places. There is no such map between a reset gate before and after the recurrent product.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Mapping

from gru_viz.cells import CATALOGUE, Cell
from gru_viz.equations import INPUT_MATRIX
from gru_viz.errors import InputError, check_kind
from gru_viz.grammar import Call, Expression, MatrixProduct, Name, Negative, Product, Sum
from gru_viz.graph import reachable
from gru_viz.parameters import A_CELL, PARAMETER, Parameters, Sizes, as_numbers, check_names, check_params
from gru_viz.roles import complement, keeping_gates

MEANINGS = {
    "keep": "update gate: the share of the old state that is kept",
    "update": "update gate: the share of the candidate that is written; 1 - {gate} of the old state is kept",
}
EXCHANGED = "; here z and one minus z are exchanged"
ROUNDING = 1e-12  # what conventions that are the same leave of each other, and those that are not exceed


def swap_z(cell: Cell, params: Mapping[str, object]) -> tuple[Cell, Parameters]:
    """The same states by the other convention of z: the cell with z and 1 - z exchanged, and its parameters.

    Exact for every state and gradient: z becomes 1 - z, and the parameters that z is computed of change sign, as do
    dL/dz and their gradients. Swapped twice, all is as it was. Works for any cell with a gate that keeps
    and whose complement writes, or the other way round; of several such gates all are swapped. Raises InputError for a
    cell without one, or where what it is computed of is used elsewhere as well, and for parameters that do not fit.
    """
    check_kind(cell, *A_CELL)
    swapped, negated = swap_cell(cell), negated_parameters(cell)
    given, _ = checked(cell, params)
    return swapped, {name: -value if name in negated else value.copy() for name, value in given.items()}


def update_gates(cell: Cell) -> dict[str, str]:
    """Gate -> "keep" where it multiplies the old state and its complement is used too, "update" the other way round."""
    direction = keeping_gates(cell.graph, cell.states)
    both = {complement(node) for node in reachable(cell.graph.values.values())}
    nodes = {name: cell.node(name) for name in cell.gates}
    return {
        name: "keep" if direction[node] > 0 else "update"
        for name, node in nodes.items()
        if node in direction and node in both
    }


def negated_parameters(cell: Cell) -> tuple[str, ...]:
    """The parameters that change sign when the update gates become one minus themselves."""
    written = Counter(re.findall(r"\w+", cell.text))
    found: list[str] = []
    for gate in update_gates(cell):
        line = next(line for line in cell.equations.lines if line.name == gate)
        assert isinstance(line.expression, Call)
        names = _signs_of(line.expression.argument, cell)
        if not names or any(written[name] > 1 for name in names):
            raise InputError(
                f"{gate} of {cell.name} has no exact opposite: each term in its sigmoid needs a parameter that is "
                "written nowhere else, so that all of them can change sign."
            )
        found += names
    return tuple(found)


def _signs_of(expression: Expression, cell: Cell) -> list[str]:
    """Parameters that turn the expression's sign when theirs are turned; none where there are none."""
    match expression:
        case Sum(terms=terms):
            found = [_signs_of(term, cell) for term in terms]
            return [name for names in found for name in names] if all(found) else []
        case Product(factors=factors):
            return next((names for factor in factors if (names := _signs_of(factor, cell))), [])
        case Negative(operand=operand):
            return _signs_of(operand, cell)
        case MatrixProduct(matrix=name):
            return [name]
        case Name(name=name) if name in cell.parameters:
            return [name]
    return []


def swap_cell(cell: Cell) -> Cell:
    """The cell with z and 1 - z exchanged; a ready cell where that is one."""
    gates = update_gates(cell)
    if not gates:
        raise InputError(
            f"{cell.name} has no update gate (one that keeps the old state while one minus it lets in the new, or the "
            "other way round), so there is no convention to swap."
        )
    text = cell.text
    for gate in gates:
        text = "\n".join(_exchange(line, gate) for line in text.splitlines())
    new = {gate: "update" if old == "keep" else "keep" for gate, old in gates.items()}
    swapped = Cell(
        _marked(cell.name, *(f"_{next(iter(each.values()))}" for each in (gates, new))),
        text,
        title=_marked(cell.title, *map(_in_words, (gates, new))),
        meanings={**cell.meanings, **{gate: MEANINGS[word].format(gate=gate) for gate, word in new.items()}},
        roles={part: role for part, role in cell.roles.items() if part not in gates},
        source=_marked(cell.source, EXCHANGED, EXCHANGED) if cell.source else "",
        variant_of=cell.variant_of or cell.name,
    )
    if update_gates(swapped) != new:  # k = (1 - z) would become k = z: a second name, which is not read as a gate
        gate = next(iter(new))
        raise InputError(f"{cell.name} hides 1 - {gate} behind another name; (1 - {gate}) is expected in its place.")
    return next((ready for ready in CATALOGUE if comparable(ready) == comparable(swapped)), swapped)


def _in_words(gates: Mapping[str, str]) -> str:
    return f", {' and '.join(f'{gate} in the {word} convention' for gate, word in gates.items())}"


def _marked(text: str, old: str, new: str) -> str:
    """The text without the mark of the old convention, or else with the mark of the new one."""
    return text.removesuffix(old) if text.endswith(old) else text + new


def _exchange(line: str, gate: str) -> str:
    """A line in which the gate and one minus it have changed places, right of the =."""
    left, equals, right = line.partition("=")
    one_minus = rf"(?P<function>\w[ \t]*)?\([ \t]*1[ \t]*-[ \t]*{gate}[ \t]*\)"

    def other(found: re.Match[str]) -> str:
        if "-" not in found[0]:
            return f"(1 - {gate})"
        return f"{found['function']}({gate})" if found["function"] else gate  # a function's brackets stay

    return left + equals + re.sub(rf"{one_minus}|\b{gate}\b", other, right)


def checked(cell: Cell, params: Mapping[str, object]) -> tuple[Parameters, Sizes]:
    """``check_params`` with the size of the input that the parameters have."""
    given = check_names(cell, params)
    shapes = [
        as_numbers(given[name], PARAMETER, name, cell.name).shape
        for name, shape in cell.parameters.items()
        if shape == INPUT_MATRIX
    ]
    return check_params(cell, given, shapes[0][-1] if shapes and shapes[0] else 1)  # which says what is wrong with it


@functools.lru_cache(maxsize=1024)  # a page asks for the same few cells at every visit
def comparable(part: Cell | Expression) -> object:
    """Equal for equal equations, names included, up to the order of lines, terms and factors."""
    match part:
        case Cell():
            return frozenset((line.symbol, comparable(line.expression)) for line in part.equations.lines)
        case Sum(terms=terms, signs=signs):
            return "+", frozenset(Counter(zip(signs, map(comparable, terms), strict=True)).items())
        case Product(factors=factors):
            return "*", frozenset(Counter(map(comparable, factors)).items())
        case MatrixProduct(operand=inner) | Negative(operand=inner):
            return type(part), getattr(part, "matrix", ""), comparable(inner)
        case Call(function=function, argument=inner):
            return function, comparable(inner)
    return part  # a name or a number
