"""A run's own parameters, those of one kind side by side, and the stacks of blocks that are taken from them."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gru_viz.graph import Array, Node
from gru_viz.parameters import Sizes

Signed = tuple[int, Node]

INPUTS, RECURRENT, VECTORS = KINDS = ("inputs", "recurrent", "vectors")  # W of W @ x, U of U @ h, b


def parameter_kind(node: Node) -> str:
    """ "" if it is no parameter, nor a product with one."""
    if node.op == "matrix":
        return INPUTS if node.args[0].op == "x" else RECURRENT
    return VECTORS if node.op == "vector" else ""


class Layout:
    """How a cell's parameters lie side by side, so that whatever a stack takes in is one piece, a *pick*.

    A parameter that several slots take in comes again for each.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.kinds: list[str] = []
        self.signs: list[int] = []
        self.picks: list[tuple[int, int]] = []  # from where in the lists, and how many

    def add(self, kind: str, name: str, sign: int = 1) -> None:
        self.names.append(name)
        self.kinds.append(kind)
        self.signs.append(sign)

    def add_rest(self, nodes: Sequence[Node]) -> None:
        """What no stack takes in."""
        for node in nodes:
            if (kind := parameter_kind(node)) and node.name not in self.names:
                self.add(kind, node.name)

    def add_picks(self, kind: str, parts: Sequence[tuple[int, int, str]], count: int) -> tuple[int, ...]:
        """``parts``: (slot, sign, name). As few picks as can be: a slot with two parameters of a kind needs two."""
        rounds: list[dict[int, tuple[int, str]]] = []
        for slot, sign, name in parts:
            free = next((each for each in rounds if slot not in each), None)
            if free is None:
                rounds.append(free := {})
            free[slot] = sign, name
        for each in rounds:
            self.picks.append((len(self.names), count))
            _, filler = next(iter(each.values()))  # times 0, in a slot that takes in none
            for slot in range(count):
                sign, name = each.get(slot, (0, filler))
                self.add(kind, name, sign)
        return tuple(range(len(self.picks) - len(rounds), len(self.picks)))


Place = tuple[int, int, tuple[int, ...]]  # from, to, shape


@functools.lru_cache(maxsize=256)
def _places(
    layout: Layout, inputs: int, hidden: int, sets: int | None
) -> tuple[dict[str, Place], list[Place], Array | None, dict[tuple[Node, ...], Place | None]]:
    """Where each name and each pick lies in the flat array, the sign of every number there, None if all are +, and an
    empty dict for where the matrices of products lie that have been asked for."""
    own = () if sets is None else (sets,)
    shapes = {INPUTS: (*own, hidden, inputs), RECURRENT: (*own, hidden, hidden), VECTORS: (*own, hidden)}
    sizes = [math.prod(shapes[kind]) for kind in layout.kinds]
    ends = [0, *itertools.accumulate(sizes)]
    names = {
        name: (ends[k], ends[k + 1], shapes[kind])
        for k, (name, kind) in enumerate(zip(layout.names, layout.kinds, strict=True))
    }
    picks = []
    for k, count in layout.picks:
        shape = shapes[layout.kinds[k]]
        joined = (count * hidden, *shape[1:]) if sets is None else (count, *shape)
        picks.append((ends[k], ends[k + count], joined))
    signs = np.repeat(np.array(layout.signs, dtype=np.float64), sizes) if set(layout.signs) - {1} else None
    return names, picks, signs, {}


@dataclass(frozen=True)
class Stack:
    """What the slots of one product take in: the product's matrix, and what needs no state."""

    count: int
    matrix: int  # a pick
    inputs: tuple[int, ...]  # the matrices of products with the input, which are one product for all steps
    shifts: tuple[int, ...]  # vectors
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
        inputs, [matrix], shifts = (layout.add_picks(kind, parts[kind], len(slots)) for kind in KINDS)
        return Stack(len(slots), matrix, inputs, shifts, tuple(others))


class Packed(Mapping[str, Array]):
    """A run's own copy of its parameters, read-only, by name. In a sweep each has one more leading axis, the sets."""

    def __init__(self, layout: Layout, given: Mapping[str, Array], sizes: Sizes) -> None:
        self._names, self._sweep = tuple(given), sizes.sets is not None
        self._where, self._picks, self._signs, self._pieces = _places(layout, sizes.inputs, sizes.hidden, sizes.sets)
        pieces = [given[name] for name in layout.names]
        if len(given) > len(self._where):  # the equations name some that no value depends on, as in 0 * b
            self._where, end = dict(self._where), sum(piece.size for piece in pieces)
            for name in given.keys() - self._where.keys():
                pieces.append(given[name])
                self._where[name] = end, end + given[name].size, given[name].shape
                end += given[name].size
        self.flat = _joined(pieces)

    def __getitem__(self, name: str) -> Array:
        start, end, shape = self._where[name]
        return self.flat[start:end].reshape(shape)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def stacked(self) -> list[Array]:
        """For each pick its parameters below one another, with their signs: (…, slots * H, K) or (…, slots * H)."""
        signed = self.flat if self._signs is None else self.flat[: len(self._signs)] * self._signs
        blocks = [signed[start:end].reshape(shape) for start, end, shape in self._picks]
        if self._sweep:
            return [each.swapaxes(0, 1).reshape((each.shape[1], -1, *each.shape[3:])) for each in blocks]
        return blocks

    def piece(self, products: tuple[Node, ...]) -> Array | None:
        """The matrices of these products as one, (rows of all, K), if they lie so, as those of a stack do, but in a
        sweep."""
        if products not in self._pieces:
            self._pieces[products] = self._piece(products)
        if place := self._pieces[products]:
            start, end, shape = place
            return self.flat[start:end].reshape(shape)
        return None

    def _piece(self, products: tuple[Node, ...]) -> Place | None:
        start, end, shape = self._where[products[0].name]
        for node in products[1:]:
            following, last, _ = self._where[node.name]
            if following != end or self._sweep:
                return None
            end = last
        return start, end, shape if self._sweep else (-1, shape[-1])


def _joined(pieces: Sequence[Array]) -> Array:
    """All their numbers in one array that is read-only, as each view of it is."""
    try:
        return np.frombuffer(b"".join(pieces))  # type: ignore[arg-type]  # a quarter of the time that np.concatenate takes
    except (TypeError, ValueError):  # one is not contiguous, or there are none
        joined = np.concatenate(pieces, axis=None) if pieces else np.empty(0)
        joined.setflags(write=False)
        return joined


def transposed(params: Mapping[str, Array], products: tuple[Node, ...]) -> Array:
    """The matrices of these products below one another, transposed, (…, K, rows of all): no copy where that can be."""
    piece = params.piece(products) if isinstance(params, Packed) else None
    if piece is None:
        piece = np.concatenate([params[node.name] for node in products], axis=-2)
    return piece.swapaxes(-1, -2)
