"""What the Compare page says of a run: what each cell costs, what it keeps, and what keeping costs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence as Many

import numpy as np

from gru_viz.conclusions.common import called, counted, in_each, listed, unit_of
from gru_viz.labels import grouped
from gru_viz.measures.compare import FLOAT, LEAST, MAX_STEPS, SETTLE_STEPS, TIMED_RUNS, Comparison, Count, Price
from gru_viz.sequences import Sequence
from gru_viz.settings import KEEP_CHOICES
from gru_viz.theme import number

QUESTION = "What does each cell cost and keep?"
LESSON = (
    "In general: gates cost parameters and time. What is kept depends on how nearly shut they are to the new, which is "
    "how near what keeps the old (f, 1−z) is to 1, and not on how many parameters there are."
)
COUNTED = (
    "H units and I inputs: a matrix W costs H·I, a matrix U costs H², a vector costs H. Where a step is one-hot, H·I "
    "is in truth the look-up of a column."
)
WORTH_SAYING = 0.01  # less of a difference than this is no memory to speak of
NEARLY_ALL = 0.995  # of two digits, this is the first that would be 1.0
_NONE = "–"


def costs(found: Many[Comparison], sequence: Sequence, hidden_size: int) -> str:
    """How many parameters each cell has, and how many times those of the first that is."""
    inputs = sequence.values.shape[1]
    counts = [each.cost.parameters.total(inputs, hidden_size) for each in found]
    texts = [grouped(count) + f" ({count / counts[0]:.3g} times as many)" * (k > 0) for k, count in enumerate(counts)]
    texts[0] += " parameters"
    sizes = f"{counted(hidden_size, 'hidden unit')} and {counted(inputs, 'input')}"
    return f"With {sizes} there are {in_each([each.cell for each in found], texts)}."


def memory(found: Many[Comparison], sequence: Sequence) -> str:
    """What the first step still changes at the end, measured by taking it away."""
    steps, unit = min(len(sequence.tokens), MAX_STEPS), unit_of(sequence)
    if steps == 1:
        return "There is one step: nothing has come after it yet that could be kept through. Type more."
    taken = "0 as its input" if sequence.values[0].any() else "1 as its input in place of 0"
    name = called(sequence, 0)
    first = f"the first {unit}" + f", {name}" * bool(name)
    felt = [each for each in found if each.own.left["h"] is not None]
    if not felt:
        changes = f"{',' * bool(name)} changes nothing here: with {taken} h is the same at every step."
        return f"T{first[1:]}{changes}"
    texts = [_kept(each.own) if each in felt else "nothing at any step" for each in found]
    texts[found.index(felt[0])] += " of its largest difference"
    end = "at the end" if steps == len(sequence.tokens) else f"after {steps} steps"
    shown = in_each([each.cell for each in found], texts)
    return f"Without {first} ({taken}), {end} h differs by {shown}."


def _kept(price: Price) -> str:
    """0.0053, and beside it what is left in states that are not shown as h."""
    others = "".join(f" ({name}: {share(left)})" for name, left in price.left.items() if name != "h")
    return share(price.left["h"]) + others


def share(left: float | None) -> str:
    """A share in words where its digits would say too much: rounding is about 10⁻¹⁵ of a state."""
    if left is None:
        return "no difference"
    if left > NEARLY_ALL:
        return "all" if left == 1 else "nearly all"
    return "less than 10⁻¹⁴" if left < LEAST else number(left, 2)


def finding(found: Many[Comparison], sequence: Sequence) -> str:
    """The price of memory; the title of the figure."""
    if all(price.steps == 0 for each in found for price in each.prices):
        return "A jump of the first input changes nothing here."
    gated = [each for each in found if len(each.prices) > 1]
    relation = _relation(gated, sequence) if gated else ""
    said = _waits(found, gated)
    return f"{relation}: {said}." if relation else f"{said[0].upper()}{said[1:]}."


def _ends(of: Comparison) -> list[Price]:
    """At the setting that keeps least, and at the one that keeps most."""
    return [of.prices[0], of.prices[-1]]


def _waits(found: Many[Comparison], gated: Many[Comparison]) -> str:
    """ "with 95 % kept a step in place of 50 %, 90 % of a change takes 3 steps either way in the RNN, 16 instead of 5
    in the LSTM; in the GRU 5 at 50 %, and h does not settle at 73 %, 88 % and 95 %" """
    whole = [each for each in found if all(price.steps for price in _ends(each))]
    is_set = any(each in whole for each in gated)
    said = []
    if whole:
        texts = [_change(each, is_set) for each in whole]
        first, *rest = texts[0].split(" ", 1)
        texts[0] = " ".join([first, "step" if first == "1" else "steps", *rest])
        said.append(f"90 % of a change takes {in_each([each.cell for each in whole], texts)}")
        if is_set:
            said[0] = (
                f"with {_keep(gated[0].prices[-1])} kept a step in place of {_keep(gated[0].prices[0])}, {said[0]}"
            )
        elif not gated and any(each.cell.gates for each in whole):
            said[0] += ", whatever the gates are set to keep at the start"
    lacking: dict[str, list[str]] = {}
    for each in found:
        if not all(price.steps for price in each.prices):
            lacking.setdefault(_lacking(each, each in whole, bool(said)), []).append(f"the {each.cell.title}")
    return "; ".join([*said, *(f"in {listed(cells)} {what}" for what, cells in lacking.items())])


def _change(each: Comparison, is_set: bool) -> str:
    """ "16 instead of 5", where something is set; "3 either way", where that changes nothing"""
    least, most = (price.steps for price in _ends(each))
    return f"{most}" + (" either way" if least == most else f" instead of {least}") * is_set


def _lacking(each: Comparison, is_said: bool, is_known: bool) -> str:
    """At which settings a cell has no number of steps, and what they are at the others where that is not said yet.

    ``is_known``: what the steps are for has been said before.
    """
    parts = []
    if not is_said and (timed := [price for price in each.prices if price.steps]):
        steps = [f"{price.steps} at {_keep(price)}" for price in timed]
        if not is_known:
            steps[0] = steps[0].replace(" ", " step " if timed[0].steps == 1 else " steps ", 1)
        parts.append("90 % of a change takes " * (not is_known) + listed(steps))
    for lacks, what in ((None, "h does not settle"), (0, "the jump changes nothing")):
        where = [_keep(price) for price in each.prices if price.steps == lacks]
        if where:
            parts.append(what + f" at {listed(where)}" * (len(where) < len(each.prices)))
    return ", and ".join(parts)


def _keep(price: Price) -> str:
    return KEEP_CHOICES[price.keep]


def _relation(gated: Many[Comparison], sequence: Sequence) -> str:
    """Whether keeping longer and following later go together, from each setting to the next; nothing where it cannot
    be seen of the lowest or of the highest."""
    if len(sequence.tokens) == 1 or not all(price.has_point for each in gated for price in _ends(each)):
        return ""
    shown = [[price for price in each.prices if price.has_point] for each in gated]
    left = [[max(price.left["h"] or 0.0, LEAST) for price in own] for own in shown]
    waits = [[price.steps or 0 for price in own] for own in shown]
    later = all(map(_rises, waits))
    if later and all(map(_rises, left)):
        return "What keeps longer follows later"
    if later and all(max(own) == LEAST for own in left):
        return f"A gate that keeps more follows later, and the first {unit_of(sequence)} is gone all the same"
    if all(_go_together(own) for own in zip(waits, left, strict=True)):
        return ""
    return "Keeping longer and following later do not go together everywhere in this run"


def _rises(values: Many[float]) -> bool:
    return values[0] < values[-1] and all(one <= other for one, other in itertools.pairwise(values))


def _go_together(curves: tuple[Many[float], Many[float]]) -> bool:
    """Whether both rise, both fall, or both stay from each point to the next."""
    one, other = (np.sign(np.diff(curve)) for curve in curves)
    return bool((one == other).all())


def steps_text(steps: int | None) -> str:
    return "not settled" if steps is None else "no change" if steps == 0 else str(steps)


def misconception(found: Many[Comparison], sequence: Sequence, hidden_size: int) -> str:
    """The same count of parameters with two memories; nothing where this run does not show it."""
    for each in found:
        low, high = each.prices[0], each.prices[-1]
        texts = [share(price.left["h"]) for price in (low, high)]
        if texts[0] != texts[1] and (high.left["h"] or 0.0) >= WORTH_SAYING:
            count = each.cost.parameters.total(sequence.values.shape[1], hidden_size)
            return (
                f"“More parameters is more memory” is not true: set to keep {KEEP_CHOICES[low.keep]} or "
                f"{KEEP_CHOICES[high.keep]}, the {each.cell.title} has the same {grouped(count)} parameters, and "
                f"{texts[0]} or {texts[1]} of the first {unit_of(sequence)}'s difference is left."
            )
    return ""


def how_to_read(found: Many[Comparison], sequence: Sequence) -> str:
    several = any(len(each.prices) > 1 for each in found)
    points = (
        f"Each point is a cell whose gates start by keeping {', '.join(KEEP_CHOICES.values())} a step; a line joins "
        "those of one cell, and the large one has the setting of this run. "
    ) * several
    steps = [price.steps for each in found for price in each.prices]
    over = f" Where h does not come to rest in {SETTLE_STEPS} steps there is no point." * (None in steps)
    if not all(price.has_point or price.steps is None for each in found for price in each.prices):
        over += " Where one of the two changes nothing there is none either."
    return (
        f"{points}To the right: the share of the first {unit_of(sequence)}'s difference that is left in h. Up: the "
        f"steps that h takes for 90 % of its change, from rest to rest, when the first input jumps from 0 to 1.{over}"
    )


TIMED = (
    f"Time: the median of up to {TIMED_RUNS} runs of this length, with every value recorded, on the machine that "
    "serves this page; measured once for each size. It is that of this program, and of whatever else the machine did, "
    "more than of the cell."
)


# The table -----------------------------------------------------------------------------------------------------------


def table(found: Many[Comparison], sequence: Sequence, hidden_size: int) -> dict[str, list[str]]:
    """Name of a column -> its texts: what is counted or measured, and a column for each cell."""
    inputs, unit = sequence.values.shape[1], unit_of(sequence)
    others = sorted({name for each in found for name in each.own.left} - {"h"})
    rows = ["Parameters", "… with two biases, as in PyTorch", "Multiplications a step", "sigmoid and tanh a step"]
    rows += ["Handed from step to step", "Kept of each step for the gradient", "Measured time a step"]
    rows += [f"Left of the first {unit}, in {name}" for name in ("h", *others)] + ["Steps until 90 % of a change"]
    columns = {"": rows}
    for each in found:
        cost = each.cost
        counts = [arithmetic(count, inputs, hidden_size) for count in (cost.parameters, cost.two_biases)]
        counts.append(arithmetic(cost.multiplications, inputs, hidden_size))
        counts.append(arithmetic(Count(0, 0, cost.squashings), inputs, hidden_size))
        memory = [f"{grouped(FLOAT * values * hidden_size)} bytes" for values in (cost.carried, cost.kept)]
        seconds = f"{number(1e6 * each.seconds, 2)} µs"
        left = [share(each.own.left[name]) if name in each.own.left else _NONE for name in ("h", *others)]
        columns[each.cell.title] = [*counts, *memory, seconds, *left, steps_text(each.own.steps)]
    return columns


def arithmetic(count: Count, inputs: int, hidden: int) -> str:
    """ "4·(8·16 + 8² + 8) = 800": what is common to all parts stands before the bracket, and a rest behind it."""
    groups = count.inputs if count.inputs == count.recurrents else 1
    groups = groups or math.gcd(count.vectors) or 1
    each, rest = divmod(count.vectors, groups)
    terms = [
        _times(count.inputs // groups, f"{hidden}·{inputs}"),
        _times(count.recurrents // groups, f"{hidden}²"),
        _times(each, f"{hidden}"),
    ]
    inside = " + ".join(filter(None, terms))
    text = inside if groups == 1 else f"{groups}·({inside})" if "+" in inside else f"{groups}·{inside}"
    text = " + ".join(filter(None, (text, _times(rest, f"{hidden}"))))
    total = grouped(count.total(inputs, hidden))
    return total if text in ("", total) else f"{text} = {total}"


def _times(factor: int, text: str) -> str:
    return "" if factor == 0 else text if factor == 1 else f"{factor}·{text}"


# The figure in words and numbers -------------------------------------------------------------------------------------


def described(found: Many[Comparison], sequence: Sequence) -> str:
    parts = []
    for each in found:
        points = [
            f"{KEEP_CHOICES[price.keep] + ': ' if len(each.prices) > 1 else ''}{share(price.left['h'])} left, "
            f"{counted(price.steps, 'step') if price.steps else steps_text(price.steps)}"
            for price in each.prices
        ]
        parts.append(f"{each.cell.title}, {'; '.join(points)}")
    return (
        f"What is left of the first {unit_of(sequence)} against the steps until 90 % of a change. {'. '.join(parts)}."
    )


def prices_table(found: Many[Comparison]) -> dict[str, list[str | float]]:
    points = [(each, price) for each in found for price in each.prices]
    return {
        "cell": [each.cell.title for each, _ in points],
        "gates start by keeping": [
            KEEP_CHOICES[price.keep] if len(each.prices) > 1 else _NONE for each, price in points
        ],
        "left in h": [share(None) if (left := price.left["h"]) is None else left for _, price in points],
        "steps until 90 %": [steps_text(price.steps) for _, price in points],
    }
