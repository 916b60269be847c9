"""What the Gates page says of a run."""

from __future__ import annotations

from collections.abc import Sequence as Many

import numpy as np

from gru_viz.cells import Cell
from gru_viz.conclusions.common import at_each, called, counted, in_each, listed, span, unit_of
from gru_viz.experiment import Experiment
from gru_viz.labels import in_quotes
from gru_viz.measures.gates import FLAT, OPEN, SHUT, Gate, flat_share
from gru_viz.roles import KEEP, WRITE
from gru_viz.sequences import Sequence
from gru_viz.settings import MAX_UNITS
from gru_viz.theme import number, percent
from gru_viz.trace import Trace

HALF_LIFE = (
    "Half-life: the steps after which the product of a gate that keeps falls to a half, log 0.5 / mean log of the "
    "gate, unit by unit. “∏f is the gradient” is not true: this is the direct path alone, and the gradient also goes "
    "through the other gates and the candidate."
)
LESSON = (
    "In general: gates keep a state for long when they are nearly shut to the new: when what keeps the old (f, 1−z) is "
    "nearly 1. At 0.9 a half is left after 7 steps, at 0.99 after 69, at 0.5 after 1."
)
HOW_SATURATION = (
    "A mark is a unit, or several at one place: ×8 says how many, where there is room. Top left: always open. Bottom "
    "right: always shut. Bottom left: always in between."
)
MAX_NAMED = 4  # letters or steps that a sentence lists


def question(sequence: Sequence) -> str:
    return f"Which gate opened when, for which {unit_of(sequence)}?"


def without_gates(experiment: Experiment, runs: Many[Trace]) -> str:
    """The answer where no cell that is compared has a gate."""
    names = " and the ".join(each.cell.title for each in runs)
    has, its = ("has", "its") if len(runs) == 1 else ("have", "their")
    first = f"None: the {names} {has} no gates, and each step overwrites the whole of {its} h."
    if runs[0].steps > 1:
        moves = [number(float(np.abs(np.diff(each["h"], axis=0)).mean()), 2) for each in runs]
        moved = in_each([each.cell for each in runs], moves)
        first += f" From one step to the next a unit of h changes by {moved}, on average."
    if experiment.is_hand_set:
        return f"{first} What it holds, its recurrent weights hold. Choose random weights to see gates."
    return f"{first} Add the LSTM or the GRU under Compare to see gates."


def moved_most(found: Many[Gate], sequence: Sequence) -> str:
    """At which token which gate moved most, for each cell that has gates."""
    if len(sequence.tokens) == 1:
        return "There is one step: no gate has moved yet. Type more to see them move."
    texts = []
    for cell, own in by_cell(found):
        gate = max(own, key=lambda each: float(each.moves.max()))
        at, size = int(gate.moves.argmax()), float(gate.moves.max())
        if size == 0:
            texts.append(f"in the {cell.title} none moves")
            continue
        others = int(np.sum(np.isclose(gate.moves, size, rtol=1e-9))) - 1
        also = f", and as much at {counted(others, 'other step')}" * (others > 0)
        step, token = f"step {at + 2}", called(sequence, at + 1)
        where = f"at {token} ({step})" if sequence.is_one_hot else f"at {step}" + f" ({token})" * bool(token)
        texts.append(f"in the {cell.title} {gate.name} {where}, by {opening(size)}{also}")
    return f"The gate that moved most from one step to the next, on average over its units: {'; '.join(texts)}."


def meaning(experiment: Experiment) -> str:
    """Whether it means anything that a gate moved there."""
    if experiment.is_hand_set:
        return "These weights were set by hand: where a gate opens, it opens on purpose."
    return "The weights are random: that it was this gate at this place means nothing, and another seed gives another."


def switched(found: Many[Gate], sequence: Sequence) -> str:
    """Where the gates open that are, at each step, clearly open or shut, and not always the same."""
    texts = []
    for gate in found:
        for unit, values in enumerate(gate.values.T):
            is_open = values > OPEN
            if gate.is_complement or is_open.all() or not is_open.any() or not (is_open | (values < SHUT)).all():
                continue
            texts.append(f"{gate.name} of unit {unit + 1} is open {_where(is_open, sequence)} and else shut")
    return f"{'; '.join(texts)}.".replace("; ", ", ") if texts else "No gate goes from shut to open in this sequence."


def _where(is_open: np.ndarray, sequence: Sequence) -> str:
    """At which tokens, or at which steps where the same token comes with a shut gate as well."""
    places = np.flatnonzero(is_open)
    tokens = dict.fromkeys(sequence.labels[place] for place in places)
    shut = {sequence.labels[place] for place in np.flatnonzero(~is_open)}
    if shut.isdisjoint(tokens):
        named = [in_quotes(label) for label in tokens]
        return "at " + " and ".join(named[:MAX_NAMED]) + _more(len(named), "token")
    named = [f'{place + 1} ("{sequence.labels[place]}")' for place in places]
    return f"at step{'s' * (len(named) > 1)} " + " and ".join(named[:MAX_NAMED]) + _more(len(named), "step")


def _more(count: int, thing: str) -> str:
    return f" and {counted(count - MAX_NAMED, f'more {thing}')}" * (count > MAX_NAMED)


def averages(cells: Many[Cell], found: Many[Gate]) -> str:
    """How far the gates that keep are open on average, and the others; the finding of the main figure."""
    keeping = [gate for gate in found if gate.keeps]
    others = [float(gate.values.mean()) for gate in found if not gate.keeps]
    texts = []
    if keeping:
        open_by = [f"{opening(float(gate.values.mean()))} ({gate.name})" for gate in keeping]
        texts.append(f"What keeps the old is open by {in_each([gate.cell for gate in keeping], open_by)} on average")
    if others:
        who = "the other gates" if keeping else "No gate keeps the old; the gates are open"
        texts.append(f"{who} by {span(opening(min(others)), opening(max(others)), '{} to {}')}")
    if without := [cell.title for cell in cells if cell not in {gate.cell for gate in found}]:
        texts.append(f"the {' and the '.join(without)} has no gates")
    return "; ".join(texts) + "."


def how_to_read(found: Many[Gate]) -> str:
    """What the main figure's squares and colours mean, with the gates that play one part in several cells."""
    texts = []
    for role, does in ((KEEP, "keep the old"), (WRITE, "write the new")):
        own = [gate for gate in found if gate.role == role]
        if len(own) > 1:
            texts.append(f"{in_each([gate.cell for gate in own], [gate.name for gate in own])} {does}")
    same = f" One colour is one part: {'; '.join(texts)}." if texts else ""
    both = {gate.name for gate in found if gate.keeps} & {gate.name for gate in found if gate.role == WRITE}
    named = " and ".join(sorted(both, key=len))
    turned = f" “z = 1 keeps” is true in one of these conventions only: {named} change sides." if both else ""
    return f"A row is a unit: a full square is a gate at 1, open, an empty one a gate at 0, shut.{same}{turned}"


def widest(found: Many[Gate], units: Many[int]) -> str:
    """Which of the units that are drawn as lines has the widest swing."""
    own = [(gate, unit, gate.values[:, unit]) for gate in found if not gate.is_complement for unit in units]
    gate, unit, values = max(own, key=lambda each: float(np.ptp(each[2])))
    low, high = float(values.min()), float(values.max())
    if len(values) == 1:
        return "With one step each gate is a point: there is no line yet."
    if low == high:
        return f"Of {_units(units)} no gate moves."
    return (
        f"Of {_units(units)} the widest swing is that of {gate.name} of unit {unit + 1} "
        f"in the {gate.cell.title}: from {opening(low)} to {opening(high)}."
    )


def saturated(found: Many[Gate]) -> str:
    """How much of the time the gates stand near 0 or 1; the finding of the scatter."""
    keeping = [gate for gate in found if gate.keeps]
    complements = [gate for gate in found if not gate.keeps and any(_is_pair(gate, other) for other in keeping)]
    others = [gate for gate in found if not gate.keeps and gate not in complements]
    texts = []
    if keeping:
        shares = []
        for gate in keeping:
            shut = float(gate.shut.mean())
            below = f"; below {SHUT} at {percent(shut)}" * bool(shut)
            shares.append(f"{percent(float(gate.open.mean()))} ({gate.name}{below})")
        shares[0] = shares[0].replace(" (", " of steps and units (", 1)
        texts.append(f"What keeps the old is above {OPEN} at {in_each([gate.cell for gate in keeping], shares)}")
    if complements:
        which = "its complement, is" if len(complements) == 1 else "the complements, are"
        texts.append(f"{_names(complements)}, {which} below {SHUT} just as often")
    if others:
        saturated = [float(gate.open.mean() + gate.shut.mean()) for gate in others]
        between = span(percent(min(saturated)), percent(max(saturated)), "{} to {}")
        who = _names(others)
        texts.append(
            f"{who} {'are' if ' and ' in who else 'is'} above {OPEN} or below {SHUT} at {between}"
            + " of steps and units" * (not keeping)
        )
    return "; ".join(texts) + "."


def _is_pair(one: Gate, other: Gate) -> bool:
    """Whether they are a gate and one minus it."""
    whole = {f"1−{gate.name}" for gate in (one, other)}
    return one.cell == other.cell and bool({one.name, other.name} & whole)


def _names(found: Many[Gate]) -> str:
    """ "i, o and r": each once, as gates of several cells have one name."""
    return listed(list(dict.fromkeys(gate.name for gate in found)))


def is_saturation_bad(runs: Many[Trace]) -> str:
    """The answer to a misconception, with what this run shows of states at ±1."""
    text = (
        "“Saturation is bad” is not true of gates: what keeps the old, at 1, is memory, a state at ±1 a dead gradient"
    )
    flat = [(run.cell, share) for run in runs if (share := flat_share(run)) is not None]
    if not flat:
        return f"{text}, as tanh is flat there."
    shares = [f"{percent(share)} of all steps and units" for _, share in flat]
    return f"{text}, as tanh is flat there. |h| is above {FLAT} at {in_each([cell for cell, _ in flat], shares)}."


def half_lives(found: Many[Gate]) -> str:
    """The half-life that each gate that keeps implies, over its units."""
    texts = []
    for gate in found:
        if gate.keeps:
            lives = gate.half_lives
            low, middle, high = (number(float(value), 2) for value in (lives.min(), np.median(lives), lives.max()))
            several = f", from {low} to {high} over its units" * (low != high)
            texts.append(f"{middle} steps in the {gate.cell.title} ({gate.name}{several})")
    if not texts:
        return "No gate here keeps the old state: there is no half-life."
    return f"Half-life of what is kept, in the median unit: {', '.join(texts)}."


def no_half_lives(found: Many[Gate]) -> list[str]:
    """Why half-lives are 0 or ∞, a sentence for each case."""
    texts = []
    for gate in found:
        if gate.keeps:
            for of, words in (
                ((gate.values == 0).any(axis=0), "0 at some step, and nothing from before that step passes it"),
                ((gate.values == 1).all(axis=0), "1 at every step, and all that it multiplies is kept"),
            ):
                if of.any():
                    texts.append(
                        f"{gate.name} of {_units(np.flatnonzero(of))} of the {gate.cell.title} is exactly {words}."
                    )
    return texts


def opening(value: float) -> str:
    """How far a gate is open, in two digits: of 1 where it is exactly that, else what is missing where it is near."""
    if value == 1:
        return "1"
    return f"1 − {number(1 - value, 2)}" if value > 0.99 else number(value, 2)


def _units(places: Many[int] | np.ndarray) -> str:
    """ "unit 3", "units 1, 2 and 5", "40 units" """
    if len(places) > MAX_UNITS:
        return counted(len(places), "unit")
    *first, last = (str(place + 1) for place in places)
    return f"units {', '.join(first)} and {last}" if first else f"unit {last}"


def by_cell(found: Many[Gate]) -> list[tuple[Cell, list[Gate]]]:
    """The gates of each cell that has some."""
    cells = {gate.cell.name: gate.cell for gate in found}
    return [(cell, [gate for gate in found if gate.cell.name == name]) for name, cell in cells.items()]


# -- for those who do not see the figures ------------------------------------------------------------------------------


def described(cells: Many[Cell], found: Many[Gate]) -> str:
    steps, units = found[0].values.shape
    gated = {gate.cell.name for gate in found}
    parts = [f"{cell.title}: no gates" for cell in cells if cell.name not in gated]
    parts += [
        f"{gate.cell.title} {gate.name} ({gate.role}): {_span(gate.values)}, on average "
        f"{opening(float(gate.values.mean()))}"
        for gate in found
    ]
    return (
        f"Gates at {at_each(steps)}, a row for each of {counted(units, 'unit')}, 0 shut to 1 open. "
        + ". ".join(parts)
        + "."
    )


def described_lines(found: Many[Gate], units: Many[int]) -> str:
    parts = [
        f"{gate.cell.title} {gate.name} of unit {unit + 1}: {_span(gate.values[:, unit])}"
        + f", at the end {opening(float(gate.values[-1, unit]))}" * (len(gate.values) > 1)
        for gate in found
        for unit in units
    ]
    return "Gates of single units as lines from 0 to 1. " + ". ".join(parts) + "."


def _span(values: np.ndarray) -> str:
    return span(opening(float(values.min())), opening(float(values.max())))


def _shares(values: np.ndarray) -> str:
    return span(percent(float(values.min())), percent(float(values.max())), "{} to {}")


def described_half_lives(found: Many[Gate]) -> str:
    parts = [
        f"{gate.cell.title} {gate.name}: " + ", ".join(number(float(life), 2) for life in gate.half_lives)
        for gate in found
        if gate.keeps
    ]
    return f"Half-life in steps of each unit, on a log axis. {'. '.join(parts)}."


def described_saturation(found: Many[Gate]) -> str:
    parts = [
        f"{gate.cell.title} {gate.name}: shut at {_shares(gate.shut)} of steps, open at {_shares(gate.open)}"
        for gate in found
    ]
    return (
        f"Each unit of each gate by its share of steps below {SHUT} and above {OPEN}, in a triangle, as both together "
        "are at most 100 %. " + ". ".join(parts) + "."
    )
