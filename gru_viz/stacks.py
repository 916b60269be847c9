"""A run's own parameters, those of one kind side by side, and the stacks of blocks that are taken from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gru_viz.graph import Array, Node

Signed = tuple[int, Node]

INPUTS, RECURRENT, VECTORS = KINDS = ("inputs", "recurrent", "vectors")  # W of W @ x, U of U @ h, b


def parameter_kind(node: Node) -> str:
    """ "" if it is no parameter, nor a product with one."""
    if node.op == "matrix":
        return INPUTS if node.args[0].op == "x" else RECURRENT
    return VECTORS if node.op == "vector" else ""


@dataclass(frozen=True)
class Layout:
    """How a cell's parameters lie side by side: by kind, in the order of the stacks that take them in."""

    names: dict[str, tuple[str, ...]]
    where: dict[str, tuple[str, int]]  # name -> (kind, which of its kind)

    @staticmethod
    def of(nodes: Sequence[Node]) -> Layout:
        found: dict[str, dict[str, None]] = {kind: {} for kind in KINDS}
        for node in nodes:
            if kind := parameter_kind(node):
                found[kind][node.name] = None
        names = {kind: tuple(names) for kind, names in found.items() if names}
        return Layout(names, {name: (kind, k) for kind in names for k, name in enumerate(names[kind])})

    def picks(self, kind: str, parts: Sequence[tuple[int, int, str]], count: int) -> tuple[Pick, ...]:
        """``parts``: (slot, sign, name). As few picks as can be: a slot with two parameters of a kind needs two."""
        rounds: list[dict[int, tuple[int, int]]] = []
        for slot, sign, name in parts:
            free = next((each for each in rounds if slot not in each), None)
            if free is None:
                rounds.append(free := {})
            free[slot] = self.where[name][1], sign
        return tuple(_pick(kind, [each.get(slot, (0, 0)) for slot in range(count)]) for each in rounds)


@dataclass(frozen=True)
class Pick:
    """One parameter of a kind for each slot of a stack, with its sign."""

    kind: str
    which: slice | Array
    signs: Array | None  # (slots,), 0 for an empty slot; None where all are 1


def _pick(kind: str, slots: list[tuple[int, int]]) -> Pick:
    index, signs = [k for k, _ in slots], [sign for _, sign in slots]
    beside = range(index[0], index[0] + len(slots))
    which = slice(beside.start, beside.stop) if index == [*beside] else np.array(index)
    return Pick(kind, which, None if set(signs) == {1} else np.array(signs, dtype=np.float64))


@dataclass(frozen=True)
class Stack:
    """What the slots of one product take in: the product's matrix, and what needs no state."""

    count: int
    matrix: Pick
    inputs: tuple[Pick, ...]  # the matrices of products with the input, which are one product for all steps
    shifts: tuple[Pick, ...]  # vectors
    others: tuple[tuple[int, int, Node], ...]  # (slot, sign, node): all else, computed for all steps

    @staticmethod
    def of(layout: Layout, slots: Sequence[tuple[int, Signed, Sequence[Signed]]]) -> Stack:
        """``slots``: (sign of all that the slot takes in, product, what is added to it)."""
        parts: dict[str, list[tuple[int, int, str]]] = {kind: [] for kind in KINDS}
        others = []
        for slot, (fold, (sign, node), terms) in enumerate(slots):
            parts[RECURRENT].append((slot, fold * sign, node.name))
            for sign, node in terms:
                if (kind := parameter_kind(node)) in (INPUTS, VECTORS):
                    parts[kind].append((slot, fold * sign, node.name))
                else:
                    others.append((slot, fold * sign, node))
        inputs, [matrix], shifts = (layout.picks(kind, parts[kind], len(slots)) for kind in KINDS)
        return Stack(len(slots), matrix, inputs, shifts, tuple(others))


class Packed(Mapping[str, Array]):
    """A run's own copy of its parameters, read-only, by name. In a sweep each has one more leading axis, the sets."""

    def __init__(self, layout: Layout, given: Mapping[str, Array], sweep: bool) -> None:
        self._where, self._names, self._sweep = layout.where, tuple(given), sweep
        self._blocks: dict[str, Array] = {}  # by kind: (n, …, H, K) or (n, …, H)
        idle = [name for name in given if name not in layout.where] if len(given) > len(layout.where) else []
        self.flat = np.concatenate([given[name].reshape(-1) for name in (*layout.where, *idle)] or [np.empty(0)])
        self.flat.setflags(write=False)  # nor can what is a view of it
        start = 0
        for kind, names in layout.names.items():
            first = given[names[0]]
            end = start + len(names) * first.size
            self._blocks[kind] = self.flat[start:end].reshape((len(names), *first.shape))
            start = end
        self._idle: dict[str, Array] = {}  # what the equations name and no value depends on, as in 0 * b
        for name in idle:
            end = start + given[name].size
            self._idle[name] = self.flat[start:end].reshape(given[name].shape)
            start = end

    def __getitem__(self, name: str) -> Array:
        if name in self._idle:
            return self._idle[name]
        kind, k = self._where[name]
        return self._blocks[kind][k]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def stacked(self, pick: Pick) -> Array:
        """The blocks of a pick below one another, (…, slots * H, K) or (…, slots * H)."""
        blocks = self._blocks[pick.kind][pick.which]
        if pick.signs is not None:
            blocks = blocks * pick.signs.reshape((-1,) + (1,) * (blocks.ndim - 1))
        if self._sweep:
            blocks = blocks.swapaxes(0, 1)
            return blocks.reshape((len(blocks), -1, *blocks.shape[3:]))
        return blocks.reshape((-1, *blocks.shape[2:]))
