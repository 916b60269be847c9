"""A cell's graph ──► the plan of its loop forward in time.

What needs no state is left out: it is computed for all steps before the loop. The recurrent matrices that share an
operand are stacked into one product. Each block of H rows of a stack is a *slot*: it takes in the sum that its product
belongs to, and then, in place, the function of that sum. Slots that are ready together are finished by one call, the
sigmoids as 1 / (1 + exp(-a)) with the minus sign folded into the stack.
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from dataclasses import dataclass

from gru_viz.bulk import Straight, compile_straight
from gru_viz.cells import Cell
from gru_viz.graph import Graph, Node, reachable
from gru_viz.loop import Arrays, Loop, Steps, Variable, compile_arrays
from gru_viz.stacks import Layout, Stack

Terms = tuple[tuple[int, Node], ...]  # signed


@dataclass(frozen=True)
class Slot:
    """``fold`` * (``sign`` * matrix @ operand + independent + rest), then the activation of it."""

    product: Node
    sign: int
    target: Node  # the sum that the slot becomes; the product itself where it stands alone
    independent: Terms  # need no state
    rest: Terms  # are known only in the loop
    activation: Node | None  # takes the target in, in place
    level: int = 0  # when it is ready: all that it needs has a lower one

    @property
    def fold(self) -> int:
        return -1 if self.activation is not None and self.activation.op == "sigmoid" else 1

    @property
    def key(self) -> tuple[int, str]:
        """Slots of one stack with the same key are finished by one call."""
        return self.level, self.activation.op if self.activation else ""


@dataclass(frozen=True)
class ForwardPlan:
    steps: Steps
    make: Arrays  # the arrays of the loop, fixed, first and rows, and those of ``kept`` by node
    x: Node
    layout: Layout
    stacks: tuple[Stack, ...]
    products: tuple[Node, ...]  # of the stacks, slot by slot
    before: Straight  # computes the values that the loop needs for all steps
    kept: frozenset[Node]  # what a run leaves behind
    arrays: int  # how many values of a step are held at once, states apart


def forward_plan(cell: Cell) -> ForwardPlan:
    return plan_of(cell.graph, cell.states)


@functools.lru_cache(maxsize=128)
def plan_of(graph: Graph, states: tuple[str, ...]) -> ForwardPlan:
    """By the graph itself: a plan holds nodes, and those of another graph, even of the same text, are others."""
    return _Compiler(graph, states).plan()


class _Compiler:
    def __init__(self, graph: Graph, states: tuple[str, ...]) -> None:
        self.graph = Graph(graph)
        self.after = {name: graph.values[name + "'"] for name in states}
        self.named = set(graph.values.values())
        self.nodes = [node for node in reachable(self.after.values()) if node.recurrent]
        self.users: dict[Node, list[Node]] = {}
        for node in self.nodes:
            for arg in node.args:
                self.users.setdefault(arg, []).append(node)
        self.users_of_states = Counter(self.after.values())
        self.level: dict[Node, int] = {}
        self.slot: dict[Node, Slot] = {}  # of a product, a target or an activation
        self.loop = Loop()
        self.place: dict[Node, str] = {}
        self.recorded: list[Node] = []
        self.done: set[object] = set()
        self.beside: dict[Node, tuple[Variable, int]] = {}  # a slot's rest -> the block that it is part k of

    def plan(self) -> ForwardPlan:
        for node in self.nodes:
            if node not in self.level:
                self.set_level(node)
        stacks: dict[Node, list[Slot]] = {}
        for slot in dict.fromkeys(self.slot.values()):
            stacks.setdefault(slot.product.args[0], []).append(slot)
        self.stacks = tuple(tuple(sorted(slots, key=lambda slot: slot.key)) for slots in stacks.values())
        for number, slots in enumerate(self.stacks):
            for _, group in itertools.groupby(enumerate(slots), lambda each: each[1].key):
                self.set_beside(number, *zip(*group, strict=True))
        for node in sorted(self.nodes, key=lambda node: (self.level[node], node.index)):
            self.emit(node)
        for name, node in self.after.items():
            if self.value(node) != (row := self.loop.row("after", name)):
                self.loop.call("copy", self.value(node), row)
        handed_on = {("before", name): ("after", name) for name in self.after}
        steps = self.loop.compile(len(self.stacks), handed_on)
        layout = Layout()
        made = tuple(
            Stack.of(layout, [(slot.fold, (slot.sign, slot.product), slot.independent) for slot in slots])
            for slots in self.stacks
        )
        layout.add_rest(reachable(self.graph.values.values()))
        kept: dict[Node, Variable] = {node: ("own", node) for node in self.recorded} | {
            slot.activation or slot.target: ("slot", number, k)
            for number, slots in enumerate(self.stacks)
            for k, slot in enumerate(slots)
        }
        for name, node in self.after.items():
            kept[self.graph.values[name]] = ("before", name)
            if node.timed:
                kept[node] = ("after", name)
        kept[self.graph.input] = ("timed", self.graph.input)
        first = [("first", name) for _, name in steps.first]
        before = [node for stack in made for _, _, node in stack.others]
        before += [which[0] for kind, *which in (*steps.fixed, *steps.rows) if kind in ("timed", "still")]
        return ForwardPlan(
            steps=steps,
            make=compile_arrays(steps.fixed, first, steps.rows, kept),
            x=self.graph.input,
            layout=layout,
            stacks=made,
            products=tuple(slot.product for slots in self.stacks for slot in slots),
            before=compile_straight([node for node in reachable(before) if node is not self.graph.input]),
            kept=frozenset(kept),
            arrays=len(self.recorded) + sum(stack.count for stack in made),
        )

    # -- slots and levels -------------------------------------------------------------------------------------------

    def set_level(self, node: Node) -> None:
        """The node's level; a product also gets its slot, and with it the levels of all that the slot takes in."""
        if node.op != "matrix":
            self.level[node] = max((self.level.get(arg, 0) for arg in node.args), default=0)
            return
        slot = self.find_slot(node)
        needed = [node.args[0], *(arg for _, arg in slot.rest)]
        for arg in reachable(needed, self.level.__contains__):
            if arg.recurrent and arg not in self.level:
                self.set_level(arg)
        slot = Slot(
            slot.product,
            slot.sign,
            slot.target,
            slot.independent,
            slot.rest,
            slot.activation,
            1 + max(self.level.get(arg, 0) for arg in needed),
        )
        for member in (slot.product, slot.target, slot.activation):
            if member is not None:
                self.slot[member], self.level[member] = slot, slot.level

    def set_beside(self, number: int, together: tuple[int, ...], slots: tuple[Slot, ...]) -> None:
        """Slots that are finished by one call take in their rests by one call too, if each has one of its own."""
        if len(slots) > 1 and all(len(slot.rest) == 1 for slot in slots):
            signs, rests = zip(*(slot.rest[0] for slot in slots), strict=True)
            if len(set(signs)) == 1 and all(self.only_user(rest) and self.is_scratch(rest) for rest in rests):
                block = ("block", (number, together[0]), len(slots))
                self.beside |= {rest: (block, k) for k, rest in enumerate(rests)}

    def is_scratch(self, node: Node) -> bool:
        """Whether nobody asks for it after its step."""
        return node.op in ("product", "sum") and node not in self.named

    def find_slot(self, product: Node) -> Slot:
        target: Node = product
        terms: Terms = ((1, product),)
        only = self.only_user(product)
        if only is not None and only.op == "sum" and only.args[self.first_product(only)] is product:
            target, terms = only, tuple(zip(only.signs, only.args, strict=True))
        user = self.only_user(target)
        return Slot(
            product=product,
            sign=next(sign for sign, arg in terms if arg is product),
            target=target,
            independent=tuple(term for term in terms if not term[1].recurrent),
            rest=tuple(term for term in terms if term[1].recurrent and term[1] is not product),
            activation=user if user is not None and user.op in ("sigmoid", "tanh", "relu") else None,
        )

    def only_user(self, node: Node) -> Node | None:
        """The one node of the loop that uses this one, if it is one and no state is this node."""
        users = self.users.get(node, [])
        return users[0] if len(users) == 1 and not self.users_of_states[node] else None

    def first_product(self, node: Node) -> int:
        """Which term of a sum is its first product that nothing else uses: the sum is computed in that one's slot."""
        return next(
            k for k, arg in enumerate(node.args) if arg.op == "matrix" and arg.recurrent and self.only_user(arg) is node
        )

    # -- the lines of the loop --------------------------------------------------------------------------------------

    def value(self, node: Node) -> str:
        """The variable that holds a node: made here for what is known before the loop, else by ``emit``."""
        if node.op == "state":
            return self.loop.row("before", node.name)
        if node.op == "constant":
            return self.loop.constant("full", node.value, 1)
        if not node.recurrent:
            return self.loop.row("timed", node) if node.timed else self.loop.constant("still", node)
        return self.place[node]

    def emit(self, node: Node) -> None:
        if node in self.place or node.op == "state":
            return
        if node in self.slot:
            self.emit_slots(self.slot[node])
        elif node.op == "product":
            self.loop.call("multiply", self.value(node.args[0]), self.value(node.args[1]), self.out(node))
        elif node.op == "sum":
            self.loop.accumulate(self.signed(node), self.out(node))
        else:
            out = self.out(node)
            argument = self.value(node.args[0])
            if node.op == "sigmoid":
                self.loop.call("negative", argument, out)
                argument = out
            self.finish(node.op, argument, out, 1)

    def signed(self, node: Node) -> list[tuple[int, str]]:
        """The terms of a sum; those that need no state are one, computed before the loop."""
        terms: Terms = tuple(zip(node.signs, node.args, strict=True))
        before = [term for term in terms if not term[1].recurrent]
        if len(before) > 1:
            terms = (*(term for term in terms if term[1].recurrent), (1, self.graph.sum(before)))
        return [(sign, self.value(arg)) for sign, arg in terms]

    def out(self, node: Node) -> str:
        """Where an elementwise node is written: into the state that it is, a record if it is named, or a scratch."""
        for name, after in self.after.items():
            if after is node:
                self.place[node] = self.loop.row("after", name)
                return self.place[node]
        if not self.is_scratch(node):
            self.recorded.append(node)
            self.place[node] = self.loop.row("own", node)
        elif node in self.beside:
            block, k = self.beside[node]
            self.loop.constant(*block)
            self.place[node] = self.loop.constant("part", block[1], k)
        else:
            self.place[node] = self.loop.scratch()
        return self.place[node]

    def slots(self, number: int, first: int, count: int = 1) -> str:
        return (
            self.loop.row("slots", number, first, first + count) if count > 1 else self.loop.row("slot", number, first)
        )

    def emit_slots(self, slot: Slot) -> None:
        """The whole stack of a slot, once; then the slots that are finished with this one, once."""
        number = next(k for k, slots in enumerate(self.stacks) if slot in slots)
        slots = self.stacks[number]
        if number not in self.done:
            self.done.add(number)
            whole, out = self.slots(number, 0, len(slots)), self.loop.constant("product", number, len(slots))
            self.loop.lines.append(f"p{number}({self.value(slot.product.args[0])}, {out})")
            spread = self.loop.constant("spread", number, len(slots)) if len(slots) > 1 else out
            self.loop.call("add", whole, spread, whole)  # what needs no state is there already
        together = [k for k, each in enumerate(slots) if each.key == slot.key]
        if (number, slot.key) not in self.done:
            self.done.add((number, slot.key))
            self.finish_slots(number, together)
        for k in together:
            row = self.slots(number, k)
            self.place.setdefault(slots[k].activation or slots[k].target, row)
            if slots[k].target is not slots[k].product and slots[k].activation is None:
                self.place.setdefault(slots[k].target, row)

    def finish_slots(self, number: int, together: list[int]) -> None:
        slots = self.stacks[number]
        for k in together:
            for sign, rest in slots[k].rest:
                self.take_in(number, k, sign, rest)
        activation = slots[together[0]].activation
        if activation is None:
            return
        lo, hi = together[0], together[-1] + 1
        block = out = self.slots(number, lo, hi - lo)
        if len(together) == 1:
            for name, after in self.after.items():
                if after is activation:
                    out = self.place[activation] = self.loop.row("after", name)
        self.finish(activation.op, block, out, hi - lo)

    def take_in(self, number: int, k: int, sign: int, rest: Node) -> None:
        """Add to a slot what it takes in beside its product; to its neighbours too, where theirs are one block."""
        value, count = self.value(rest), 1
        if rest in self.beside:
            block, part = self.beside[rest]
            if part:
                return  # with the first of its block
            value, count = self.loop.constant(*block), block[2]
        row = self.slots(number, k, count)
        self.loop.call("add" if sign * self.stacks[number][k].fold > 0 else "subtract", row, value, row)

    def finish(self, function: str, argument: str, out: str, width: int) -> None:
        """function(argument) of ``width`` blocks; the argument of a sigmoid comes negated."""
        if function == "sigmoid":
            self.loop.call("exp", argument, out)
            self.loop.call("add", out, self.loop.constant("full", 1.0, width), out)
            self.loop.call("reciprocal", out, out)
        elif function == "tanh":
            self.loop.call("tanh", argument, out)
        else:
            self.loop.call("maximum", argument, self.loop.constant("full", 0.0, width), out)
