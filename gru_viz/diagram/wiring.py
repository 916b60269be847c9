"""A cell's graph ──► what is drawn of it: which values get a node of their own, and what enters each.

Parameters are not drawn: a function takes the weighted sum of what enters its box. What several boxes take together
is joined into one bundle first.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from gru_viz.cells import Cell
from gru_viz.diagram.parts import AFTER, BEFORE, BOX, INPUT, JOIN, PLAIN, PRODUCT, SUM, VALVE, WEIGHTS
from gru_viz.errors import InputError
from gru_viz.graph import OPERATIONS, Node, reachable
from gru_viz.roles import CANDIDATE, GATE, KEEP, STATE, WRITE, is_gate

DETAILED, MOST = 36, 60  # parts of a drawing; with more than the first, a line of the equations is one part
_LABELS = {"sigmoid": "σ"}
_SWAPPED = {KEEP: WRITE, WRITE: KEEP}


@dataclass(eq=False)
class Part:
    """Something to draw; ``inputs`` are the parts that enter, and ``value`` says which of them a valve lets through."""

    index: int
    kind: str
    label: str = ""
    symbol: str = ""
    expression: str = ""
    argument: str = ""
    role: str = ""
    inputs: list[Part] = field(default_factory=list)
    value: int = 0
    carries: tuple[str, ...] = ()
    timed: bool = True

    @property
    def is_port(self) -> bool:
        return self.kind in (INPUT, BEFORE, AFTER)

    @property
    def minus(self) -> bool:
        """A difference: its first input comes from the left, and the second does not."""
        return self.kind == SUM and self.label == "−"

    @property
    def elementwise(self) -> bool:
        return self.kind in (VALVE, PRODUCT, SUM)


def wiring(cell: Cell) -> list[Part]:
    """The parts in an order in which they can be computed. Raises InputError for a cell with too many of them."""
    news = [cell.node(name) for name in cell.names]
    if len([node for node in reachable(news) if node.timed]) <= 4 * DETAILED:
        parts = _Wiring(cell).parts()
        if len(parts) <= DETAILED:
            return parts
    parts = _by_lines(cell)
    if len(parts) > MOST:
        raise InputError(f"{cell.name!r} has {len(parts)} values; a diagram has room for {MOST}.")
    return parts


class _Wiring:
    """Draws graph nodes, each once."""

    def __init__(self, cell: Cell) -> None:
        self.cell, self.graph = cell, cell.graph
        self.made: list[Part] = []
        self.drawn: dict[Node, Part] = {}
        self.symbols: dict[Node, str] = {}
        for symbol, node in self.graph.values.items():
            self.symbols.setdefault(node, symbol)

    def parts(self) -> list[Part]:
        states = [state for state in self.cell.states if state != "h"] + ["h"]
        for state in states:
            self.add(self.graph.values[state], BEFORE, state, role=STATE, expression=state)
        self.add(self.graph.input, INPUT, "x", expression="x")
        for line in self.cell.equations.lines:
            self.draw(self.graph.values[line.symbol])
        ends = [_end(state, self.drawn[self.cell.node(state)]) for state in states]
        return _in_order(_join(self.made), ends)

    def add(self, node: Node, kind: str, label: str, inputs: Sequence[Part] = (), **more: object) -> Part:
        expression = str(more.pop("expression", "")) or self.text(node)
        symbol = "x" if kind == INPUT else self.symbols.get(node, "")
        part = Part(len(self.made), kind, label, symbol, expression, inputs=list(inputs), carries=(expression,))
        part.timed = node.timed
        for name, value in more.items():
            setattr(part, name, value)
        part.role = "" if kind == INPUT else part.role or self.role(node, part)
        self.made.append(part)
        self.drawn[node] = part
        return part

    def role(self, node: Node, part: Part) -> str:
        """Of a named value as the cell says; else a line keeps the role of what passes along it."""
        name = part.symbol.rstrip("'")
        if name in self.cell.roles:
            return self.cell.roles[name]
        if is_gate(node):
            inner = part.inputs[0].role if part.kind == PLAIN else GATE
            return _SWAPPED.get(inner, inner)
        if part.kind == BOX and node.op != "sigmoid":
            return CANDIDATE
        if part.kind in (SUM, WEIGHTS) or not part.inputs:
            return GATE
        return part.inputs[part.value].role or GATE

    def draw(self, node: Node) -> Part:
        if node in self.drawn:
            return self.drawn[node]
        if node.op in OPERATIONS:
            return self.function(node)
        if node.op == "product" and all(factor.timed for factor in node.args):
            return self.product(node)
        if node.op == "sum" and node.timed:
            return self.sum(node)
        if node.op == "product" and node.timed:  # with a parameter or a number
            factor, value = sorted(node.args, key=lambda arg: arg.timed)
            return self.add(node, PLAIN, _short(f"{self.text(factor, 3)} ·"), [self.draw(value)])
        return self.weights(node)

    def function(self, node: Node) -> Part:
        (argument,) = node.args
        label = _LABELS.get(node.op, node.op)
        inputs = self.fold(argument)
        kind = PLAIN if inputs == [self.drawn.get(argument)] else BOX
        return self.add(node, kind, label, inputs, argument=self.text(argument))

    def weights(self, node: Node) -> Part:
        return self.add(node, WEIGHTS, self.weights_label(node), self.fold(node, top=True))

    def weights_label(self, node: Node) -> str:
        return _short(self.text(node, inside=True).replace(" @ ", " "))

    def fold(self, node: Node, top: bool = False) -> list[Part]:
        """What enters a weighted sum: its parts that are not sums, products with parameters or parameters."""
        if not node.timed:
            return []
        if node in self.drawn or (node in self.symbols and not top):
            return [self.draw(node)]
        if node.op == "matrix":
            return [self.draw(node.args[0])] if node.args[0].timed else []
        if node.op == "sum" or (node.op == "product" and not all(factor.timed for factor in node.args)):
            found = [part for arg in node.args for part in self.fold(arg)]
            return list(dict.fromkeys(found))
        return [self.draw(node)]

    def product(self, node: Node) -> Part:
        gates = [is_gate(factor) for factor in node.args]
        inputs = [self.draw(factor) for factor in node.args]
        if any(gates):
            value = int(gates[0] and not gates[1])
        else:  # the line of a state goes on
            value = int(inputs[1].role == STATE and inputs[0].role != STATE)
        return self.add(node, VALVE if any(gates) else PRODUCT, "" if any(gates) else "×", inputs, value=value)

    def sum(self, node: Node) -> Part:
        terms = list(zip(node.signs, node.args, strict=True))
        if len(terms) == 1:
            return self.alias(node, *terms[0])
        if node.signs == (1, -1) and node.args[0].op == "constant":
            return self.add(node, PLAIN, _short(f"{self.text(node.args[0])} −"), [self.draw(node.args[1])])
        weighted = [(sign, term) for sign, term in terms if not self.stands_alone(term)]
        if len(weighted) == len(terms):
            return self.weights(node)
        signed = [(sign, self.draw(term)) for sign, term in terms if self.stands_alone(term)]
        if weighted:
            signed.append(self.together(weighted))
        return self.add_up(node, signed)

    def stands_alone(self, term: Node) -> bool:
        return term.timed and (term in self.symbols or term.op != "matrix")

    def alias(self, node: Node, sign: int, value: Node) -> Part:
        """A second name for a value, or its negative."""
        inside = self.draw(value)
        if sign > 0 and self.symbols[node].endswith("'"):
            self.drawn[node] = inside
            return inside
        return self.add(node, PLAIN, "=" if sign > 0 else "−", [inside])

    def together(self, terms: list[tuple[int, Node]]) -> tuple[int, Part]:
        """The terms of a sum that are weighted sums themselves, in one box."""
        text = self.terms(terms)
        inputs = list(dict.fromkeys(part for _, term in terms for part in self.fold(term)))
        part = Part(len(self.made), WEIGHTS, _short(text.replace(" @ ", " ")), "", text, role=GATE, inputs=inputs)
        part.carries, part.timed = (text,), any(term.timed for _, term in terms)
        self.made.append(part)
        return 1, part

    def add_up(self, node: Node, signed: list[tuple[int, Part]]) -> Part:
        """One circle for two terms, and one more for each further term, along the line."""
        signed.sort(key=lambda term: -term[0])
        first = signed[0][1] if signed[0][0] > 0 else self.negative(signed[0][1])
        role = self.cell.roles.get(self.symbols.get(node, "").rstrip("'"), GATE)
        for count, (sign, term) in enumerate(signed[1:], 2):
            inputs, label = [first, term], "+" if sign > 0 else "−"
            if count == len(signed):
                break
            text = f"{first.expression} {label.replace('−', '-')} {_bracket(term.expression)}"
            first = Part(len(self.made), SUM, label, "", text, role=role, inputs=inputs, carries=(text,))
            self.made.append(first)
        return self.add(node, SUM, label, inputs)

    def negative(self, part: Part) -> Part:
        text = f"-({part.expression})"
        new = Part(len(self.made), PLAIN, "−", "", text, role=part.role, inputs=[part], carries=(text,))
        self.made.append(new)
        return new

    # Printing. A part's text is read again by ``trace.value``.

    def text(self, node: Node, level: int = 0, inside: bool = False) -> str:
        """The value in the cell's names; ``level`` 1 stands in a sum, 3 in a product; ``inside`` writes a name out."""
        if node in self.symbols and not inside:
            return self.symbols[node]
        match node.op:
            case "x" | "state" | "vector":
                return node.name or "x"
            case "constant":
                return repr(node.value).removesuffix(".0")
            case "matrix":
                (operand,) = node.args
                inner = self.text(operand)
                bare = operand in self.symbols or operand.op in ("x", "state", "vector")
                text, own = f"{node.name} @ {inner if bare else f'({inner})'}", 1
            case "sum":
                text, own = self.terms(list(zip(node.signs, node.args, strict=True))), 0
            case "product":
                text, own = f"{self.text(node.args[0], 2)} * {self.text(node.args[1], 3)}", 2
            case _:
                return f"{node.op}({self.text(node.args[0])})"
        return f"({text})" if own < level else text

    def terms(self, terms: list[tuple[int, Node]]) -> str:
        words = [f"{'+' if sign > 0 else '-'} {self.text(term, 1)}" for sign, term in terms]
        return " ".join(words).removeprefix("+ ")


def _by_lines(cell: Cell) -> list[Part]:
    """A large cell, more coarsely: one box for each line of its equations, with the line's name in it."""
    graph, made = cell.graph, {}
    states = [state for state in cell.states if state != "h"] + ["h"]
    for symbol in [*states, "x"]:
        node = graph.values.get(symbol, graph.input)
        made[node] = Part(0, BEFORE if symbol in states else INPUT, symbol, symbol, symbol, carries=(symbol,))
        made[node].role = STATE if symbol in states else ""
    for line in cell.equations.lines:
        node = graph.values[line.symbol]
        inside = reachable(node.args, made.__contains__) if node not in made else [node]
        role = cell.roles.get(line.name, GATE)
        inputs = [made[part] for part in inside if part in made]
        part = Part(0, BOX, _short(line.symbol), line.symbol, line.symbol, role=role, inputs=inputs)
        part.carries, part.timed = (line.symbol,), node.timed
        made[node] = part
    ends = [_end(state, made[cell.node(state)]) for state in states]
    return _in_order(_join(list(made.values())), ends)


def _end(state: str, value: Part) -> Part:
    symbol = f"{state}'"
    return Part(0, AFTER, symbol, symbol, symbol, role=STATE, inputs=[value], carries=(symbol,))


def _join(parts: list[Part]) -> list[Part]:
    """Joins what enters several boxes together, the most frequent pair first, and what is too much for one box."""
    boxes = [part for part in parts if part.kind in (BOX, WEIGHTS)]
    joins: list[Part] = []
    while True:
        pairs = Counter(pair for box in boxes for pair in itertools.combinations(box.inputs, 2))
        often, count = max(pairs.items(), key=lambda item: item[1], default=(None, 0))
        pair = sorted(often or (), key=lambda part: part.kind == INPUT)  # states first
        if count < 2:
            crowded = [box for box in boxes if len(box.inputs) > 3]
            if not crowded:
                return [*parts, *joins]
            pair = crowded[0].inputs[:2]
        carries = tuple(dict.fromkeys(text for part in pair for text in part.carries))
        joins.append(Part(0, JOIN, inputs=pair, carries=carries))
        for box in boxes:
            if all(part in box.inputs for part in pair):
                box.inputs = [joins[-1], *(part for part in box.inputs if part not in pair)]


def _in_order(parts: list[Part], ends: list[Part]) -> list[Part]:
    """Numbered, inputs first; the ends of the states last."""
    left, done = list(parts), []
    while left:
        ready = [part for part in left if all(entering in done for entering in part.inputs)]
        done.extend(ready[:1])
        left.remove(ready[0])
    for index, part in enumerate([*done, *ends]):
        part.index = index
    return [*done, *ends]


def _short(text: str, most: int = 14) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _bracket(text: str) -> str:
    return f"({text})" if " + " in text or " - " in text or text.startswith("-") else text
