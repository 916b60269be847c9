"""Parts ──► a column and a row for each: time runs to the right, each state has a straight row of its own.

Parts that follow one another are put in lanes, which are drawn as straight lines. What is left to choose is in which
row each lane stands: a short deterministic search over an estimate of lengths and crossings, whose best few are routed.
"""

from __future__ import annotations

import functools
import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gru_viz.diagram.parts import AFTER, BEFORE, INPUT, JOIN, PLAIN, PRODUCT, SUM, VALVE
from gru_viz.diagram.wiring import Part

Lane = tuple[Part, ...]
UPRIGHT = (  # kinds of parts that others may stand above or below of, so that the picture is narrower
    frozenset({VALVE, PRODUCT, PLAIN, SUM}), frozenset({VALVE, PRODUCT, PLAIN}), frozenset({SUM}), frozenset[str](),
)  # fmt: skip
_TRIES = 40  # rows tried from each beginning, times the square of the number of lanes


@dataclass(frozen=True)
class Lanes:
    """``lanes`` of parts; the first ``states`` of them begin and end with a state; ``before`` maps a part to the one
    that enters it along its lane."""

    lanes: tuple[Lane, ...]
    states: int
    before: dict[Part, Part]


class Way(NamedTuple):
    """What a search chooses: the column of each part, the row of each lane, and how many tracks lie between them."""

    columns: tuple[int, ...]
    rows: tuple[int, ...]
    tracks: int


@dataclass(frozen=True)
class Placement:
    """Column and row of each part, by index."""

    columns: tuple[int, ...]
    rows: tuple[int, ...]


def lanes(parts: list[Part]) -> Lanes:
    """Each part in one lane: first the states' own lines, then chains of what is left."""
    users: dict[Part, list[Part]] = {part: [] for part in parts}
    for part in parts:
        for entering in part.inputs:
            users[entering].append(part)
    starts = [part for part in parts if part.kind == BEFORE]
    ends = [part for part in parts if part.kind == AFTER]
    taken = {*starts, *ends}
    trunks: dict[Part, Lane] = {}
    for direct in (True, False):  # a line that only products and sums touch is the better one
        for start, end in zip(starts, ends, strict=True):
            if start not in trunks:
                path = _path(start, end, users, taken, direct)
                if path:
                    trunks[start] = path
                    taken.update(path)
    before: dict[Part, Part] = {}
    for path in trunks.values():
        before.update(zip(path[1:], path, strict=False))
    found = []
    for start, end in zip(starts, ends, strict=True):
        if start not in trunks:
            chain = _backwards(end, taken)
            taken.update(chain)
            before.update(zip(chain[1:], chain, strict=False))
            trunks[start] = (start, *chain)
        found.append(trunks[start])
    count = len(found)
    for part in parts:
        if part not in taken:
            chain = (part,) if part.kind == INPUT or _hangs(part) else _forwards(part, users, taken)
            taken.update(chain)
            before.update(zip(chain[1:], chain, strict=False))
            found.append(chain)
    return Lanes(tuple(found), count, before)


def _path(start: Part, end: Part, users: dict[Part, list[Part]], taken: set[Part], direct: bool) -> Lane:
    """The shortest way from a state to its new value past what is taken."""
    ways: list[Lane] = [(start,)]
    seen = {start}
    for way in ways:
        for user in users[way[-1]]:
            if user is end:
                return (*way, end)
            passes = not (user.minus and user.inputs[0] is not way[-1]) and (not direct or user.elementwise)
            if passes and user not in seen and user not in taken:
                seen.add(user)
                ways.append((*way, user))
    return ()


def _backwards(end: Part, taken: set[Part]) -> Lane:
    chain = [end]
    while chain[0].inputs:
        entering = chain[0].inputs[chain[0].value]
        if entering in taken or entering.is_port or _hangs(entering):
            break
        chain.insert(0, entering)
    return tuple(chain)


def _forwards(part: Part, users: dict[Part, list[Part]], taken: set[Part]) -> Lane:
    chain = [part]
    while True:
        following = [
            user
            for user in users[chain[-1]]
            if user not in taken and not _hangs(user) and not (user.elementwise and _value(user) is not chain[-1])
        ]
        if not following:
            return tuple(chain)
        chain.append(following[0])


def _value(part: Part) -> Part:
    return part.inputs[part.value]


def _hangs(part: Part) -> bool:
    """One minus something stands above or below the line that it acts on."""
    return part.kind == PLAIN and part.label.endswith("−")


def columns(parts: list[Part], found: Lanes, upright: frozenset[str]) -> tuple[int, ...]:
    """The earliest column of each part; what acts on a part of an ``upright`` kind may stand above or below it."""

    def apart(entering: Part, part: Part) -> int:
        acts = part.kind in upright and (part.elementwise or _hangs(part)) and found.before.get(part) is not entering
        acts = acts and not (part.minus and part.inputs[0] is entering)
        return 0 if acts and entering.kind not in (JOIN, BEFORE, INPUT) else 1

    result: dict[Part, int] = {}
    for part in parts:
        result[part] = max((result[entering] + apart(entering, part) for entering in part.inputs), default=0)
        if not part.inputs and not part.is_port:
            result[part] = 1
    last = max(result[part] for part in parts if part.kind == AFTER)
    last = max([last, *(column + 1 for part, column in result.items() if part.kind != AFTER)])
    for part in reversed(parts):  # what hangs on a line stands where it acts
        uses = [result[user] - apart(part, user) for user in parts if part in user.inputs]
        if part.kind == AFTER:
            result[part] = last
        elif uses and (_hangs(part) or (part.kind == PLAIN and part not in found.before)):
            result[part] = max(result[part], min(uses))
    return tuple(result[part] for part in parts)


class Estimate:
    """What a choice of rows would cost, roughly: heights, things in the way, crossings of the simplest wires."""

    def __init__(self, parts: list[Part], found: Lanes, place: tuple[int, ...]) -> None:
        self.lanes, self.columns = found, place
        self.lane_of = {part: number for number, lane in enumerate(found.lanes) for part in lane}
        self.spans = [(min(place[p.index] for p in lane), max(place[p.index] for p in lane)) for lane in found.lanes]
        self.clashes = [  # lanes that share a column
            (one, other)
            for (one, (start, end)), (other, (first, last)) in itertools.combinations(enumerate(self.spans), 2)
            if start <= last and first <= end
        ]
        self.wires = []  # source, its lane and column, the target's lane and column, enters from above or below
        for part in parts:
            for entering in part.inputs:
                if found.before.get(part) is entering:
                    continue
                upright = part in found.before or part.elementwise
                self.wires.append(
                    (
                        entering.index,
                        self.lane_of[entering],
                        place[entering.index],
                        self.lane_of[part],
                        place[part.index],
                        upright,
                    )
                )
        self.nodes = [(part.index, self.lane_of[part], place[part.index]) for part in parts]
        inputs = [self.lane_of[part] for part in parts if part.kind == INPUT]
        self.bottom = inputs[0]

    def fits(self, rows: Sequence[int]) -> bool:
        """The first state on top, the others in order below it, the input below the states, and no lane on another."""
        states = [rows[lane] for lane in range(self.lanes.states)]
        if states[0] != min(rows) or states != sorted(set(states)) or rows[self.bottom] <= states[-1]:
            return False
        return all(rows[one] != rows[other] for one, other in self.clashes)

    def __call__(self, rows: Sequence[int]) -> float:
        cost = 3.0 * len(set(rows))
        across: list[tuple[int, int, int, int]] = []  # net, row, from and to which column
        upright: list[tuple[int, float, int, int]] = []  # net, column, from and to which row
        filled = {(rows[lane], column) for _, lane, column in self.nodes}
        for lane, (start, end) in enumerate(self.spans):
            across.append((-1 - lane, rows[lane], start, end))
        for source, lane, start, target, end, vertical in self.wires:
            above, below = sorted((rows[lane], rows[target]))
            cost += 2.0 * (below - above)
            if above == below:
                cost += 8.0 * (vertical or any((above, column) in filled for column in range(start + 1, end)))
            elif vertical:
                cost += 8.0 * sum((row, end) in filled for row in range(above + 1, below))
                if start < end:
                    cost += 1.0 + 6.0 * sum((rows[lane], column) in filled for column in range(start + 1, end + 1))
                    across.append((source, rows[lane], start, end))
                upright.append((source, end, above, below))
            else:
                # along the target's row, or along its own
                own = sum((rows[lane], column) in filled for column in range(start + 1, end))
                other = sum((rows[target], column) in filled for column in range(start + 1, end))
                cost += 1.0 + 6.0 * min(own, other)
                turn = start + 0.5 if other <= own else end - 0.5
                across.append((source, rows[target if other <= own else lane], start, end))
                upright.append((source, turn, above, below))
        for net, row, start, end in across:
            for other_net, at, above, below in upright:
                if net != other_net and start < at < end and above < row < below:
                    cost += 14.0
        return cost


class Rows:
    """The choices of rows for one choice of columns."""

    def __init__(self, parts: list[Part], found: Lanes, place: tuple[int, ...]) -> None:
        self.parts, self.lanes, self.columns = parts, found, place
        self.estimate = Estimate(parts, found, self.columns)
        self.number = len(found.lanes)

    def placement(self, rows: tuple[int, ...]) -> Placement:
        return Placement(self.columns, tuple(rows[self.estimate.lane_of[part]] for part in self.parts))

    @functools.cached_property
    def beginnings(self) -> list[tuple[int, ...]]:
        """What a search by the estimate has seen, best first."""
        states, bottom = self.estimate.lanes.states, self.estimate.bottom
        order = [lane for lane in range(states, self.number) if lane != bottom]
        choices: dict[tuple[int, ...], float] = {}
        chance = random.Random(0)
        for attempt in range(5):
            spread = [0, *order, *range(1, states), bottom]
            if attempt % 2 == 0:  # other states above what is left
                spread = [0, *range(1, states), *order, bottom]
            rows = [0] * self.number
            for row, lane in enumerate(spread):
                rows[lane] = row
            _improve(rows, self.estimate, chance, choices)
            chance.shuffle(order)
        return sorted(choices, key=lambda rows: (choices[rows], rows))

    def near(self, rows: tuple[int, ...]) -> list[tuple[int, ...]]:
        """What one move or one exchange makes of a choice, by the estimate, best first."""
        found = set()
        for lane in range(self.number):
            for row in range(max(rows) + 1):
                found.add(_moved(rows, lane, row))
                found.add(_inserted(rows, lane, row))
            found.add(_inserted(rows, lane, max(rows) + 1))
            for other in range(lane):
                swapped = list(rows)
                swapped[lane], swapped[other] = rows[other], rows[lane]
                found.add(tuple(swapped))
        fitting = [choice for choice in found - {rows} if self.estimate.fits(choice)]
        return sorted(fitting, key=lambda choice: (self.estimate(choice), choice))


def _closed(rows: Sequence[int]) -> tuple[int, ...]:
    """Without empty rows."""
    ranks = {row: rank for rank, row in enumerate(sorted(set(rows)))}
    return tuple(ranks[row] for row in rows)


def _moved(rows: Sequence[int], lane: int, row: int) -> tuple[int, ...]:
    return _closed([*rows[:lane], row, *rows[lane + 1 :]])


def _inserted(rows: Sequence[int], lane: int, row: int) -> tuple[int, ...]:
    """A row of its own between two others."""
    return _moved([other + (other >= row) for other in rows], lane, row)


def _improve(rows: list[int], estimate: Estimate, chance: random.Random, choices: dict[tuple[int, ...], float]) -> None:
    """Moves and swaps lanes as long as the estimate falls, now and then upwards (annealing)."""
    cost = estimate(rows) if estimate.fits(rows) else math.inf
    heat = 16.0
    tries = _TRIES * len(rows) ** 2
    for _ in range(min(tries, 1200)):
        heat *= 0.994
        one, other = chance.randrange(len(rows)), chance.randrange(len(rows))
        kind = chance.random()
        if kind < 0.4:
            swapped = rows.copy()
            swapped[one], swapped[other] = rows[other], rows[one]
            tried = tuple(swapped)
        else:
            tried = (_moved if kind < 0.7 else _inserted)(rows, one, other)
        if not estimate.fits(tried):
            continue
        if tried not in choices:
            choices[tried] = estimate(tried)
        if choices[tried] <= cost or chance.random() < math.exp((cost - choices[tried]) / heat):
            rows[:], cost = tried, choices[tried]
