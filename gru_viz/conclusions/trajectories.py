"""What the Trajectories page says of a run."""

from __future__ import annotations

from collections.abc import Sequence as Many

import numpy as np

from gru_viz.conclusions.common import counted, in_each, span, unit_of
from gru_viz.experiment import Experiment
from gru_viz.measures.portrait import GRID, LONG, STARTS, UNITS, Portrait
from gru_viz.measures.trajectories import LITTLE, Path, Trajectories, closeness
from gru_viz.theme import number, percent

QUESTION = "What path does the state take?"
MANY = 9  # single fixed points; more neutral ones than these lie on a line
ROUNDING = 1e-14  # a smaller distance of states is none
BASES = {"own": "each cell's own", "shared": "shared by all"}
HOW_TO_READ = {
    "own": "Each cell has its own two directions, along which its h varies most, and its own scale.",
    "shared": "All cells are drawn along the same two directions, at one scale. Unit 1 of one cell has nothing to do "
    "with unit 1 of another: only the sizes of the paths compare.",
}
TIME = "The ring is the start, h = 0, the diamond the end. Colour is time: later steps stand out more from the ground."
ARROWS = "→ and ↑ are a path's two directions, each with its share of the variance."
KINDS = {
    "stable": "● stable: a small push dies out",
    "saddle": "✕ saddle: it grows along some directions and dies out along the others",
    "unstable": "○ unstable: it grows along all",
    "neutral": "□ neutral: along some direction it stays as it is",
}
NOT_PROVED = f"Fixed points were searched from {GRID**2} starts; that there are no others is not proved."


def comes_back(found: Trajectories) -> str:
    """Whether the path comes near the same place after the same token."""
    tokens, unit = found.sequence.tokens, unit_of(found.sequence, 2).removesuffix("s")
    if len(tokens) == 1:
        return "There is one step: the path leads from the start to one point. Type more to see it go on."
    if len(set(tokens)) == len(tokens):
        return f"No {unit} comes twice. Type one again: does the path come back to the same place?"
    if len(set(tokens)) == 1:
        return f"Every {unit} is the same: where the path slows down, the state settles."
    shares = {path.cell: closeness(path.states[1:], tokens) for path in found.paths}
    moving = {of: number(share, 2) for of, share in shares.items() if share is not None}
    still = "".join(
        f" After all its steps the {of.title} is in nearly the same state: after different {unit}s they differ by less "
        f"than {100 * LITTLE:.0f} % of their size."
        for of in shares
        if of not in moving
    )
    if not moving:
        return still.strip()
    first = next(iter(moving))
    moving[first] += f" times as far apart as two after different {unit}s"
    return (
        f"Two states after the same {unit} are {in_each(list(moving), list(moving.values()))}. Near 0 the path comes "
        f"back with the {unit}; near 1 the last {unit} does not decide where it is.{still}"
    )


def variance(found: Trajectories, basis: str) -> str:
    """How much of each path the plane shows."""
    cells = [path.cell for path in found.paths]
    still = [path for path in found.paths if not path.moves]
    if len(still) == len(cells):
        return "No hidden state moves: every step leaves h as it was."
    hidden = found.paths[0].states.shape[1]
    if hidden == 1:
        return "With one hidden unit the state is one number: its path runs along a line."
    if hidden == UNITS:
        return "With two hidden units the plane is the whole of h: nothing is left out."
    if len(found.sequence.tokens) < UNITS + 1 and basis == "own":  # as many points as span a line or a plane, or fewer
        if len(found.sequence.tokens) == 1:
            return "Two points always lie on a line: with its start, each whole path does."
        return "Three points always lie in a plane: with its start, each whole path does."
    texts = [percent(sum(path.shares)) if path.moves else "nothing, as h does not move," for path in found.paths]
    texts[0] += " of the variance of h, the start included," * found.paths[0].moves
    shared = "The two shared directions" if basis == "shared" else "Two directions"
    return f"{shared} hold {in_each(cells, texts)}."


def honesty(experiment: Experiment) -> str:
    """What such a picture does not say."""
    start = "Similar paths are not the same function: two networks can draw one curve and answer differently."
    if experiment.is_hand_set:
        return f"{start} Here every weight was set by hand, so each unit's axis has a meaning."
    return f"{start} With random weights it means nothing where a step lands."


def apart(found: Trajectories) -> str:
    """How far the two runs end from each other, and how much of it the plane shows."""
    texts = []
    for each, path, other in zip(found.differences, found.paths, found.others, strict=True):
        whole, drawn = float(each.distance[-1]), _drawn_distance(path, other)
        text = _distance(whole)
        if whole >= ROUNDING and path.states.shape[1] > UNITS:
            text += f" ({_distance(drawn)} in the plane)"
        texts.append(text)
    return f"At the end the two hidden states are apart by {in_each([each.cell for each in found.differences], texts)}."


def _drawn_distance(path: Path, other: Path) -> float:
    return float(np.linalg.norm(path.points[-1] - other.points[-1]))


def _distance(value: float) -> str:
    return "less than 10⁻¹⁴" if 0 < value < ROUNDING else number(value, 2)


def how_two(old: str, new: str) -> str:
    return (
        f"Filled: with {old}. Hollow: with {new}. A bar joins the two states of one step, counted from "
        "the end; the large markers are the ends, the ring the start."
    )


# -- the phase portrait ------------------------------------------------------------------------------------------------


def needs_two_units(hidden: int) -> str:
    return (
        f"With two hidden units every state is a point of a plane, and an arrow can show where a step leads from each. "
        f"Now there {'is' if hidden == 1 else 'are'} {counted(hidden, 'unit')}."
    )


def fixed(found: Portrait) -> str:
    """How many fixed points were found and of which kinds: the finding of the portrait."""
    start = f"Under the constant input {found.label}"
    title, count = found.cell.title, len(found.points)
    if not count:
        return f"{start} no fixed point of the {title} was found in this plane."
    if found.count("neutral") > MANY:
        return f"{start} the fixed points of the {title} fill a line or more: what stands there stays for ever."
    if count == 1:
        return f"{start} the {title} has one fixed point, and it is {found.points[0].kind}."
    kinds = ", ".join(f"{found.count(kind)} {kind}" for kind in KINDS if found.count(kind))
    return f"{start} the {title} has {count} fixed points: {kinds}."


def ends(found: Portrait) -> str:
    """Where long runs come to rest under the constant input, and where the run itself ends."""
    if found.count("neutral") > MANY:
        return "The squares are those of them that the search came upon."
    came = [int(count) for point, count in zip(found.points, found.came, strict=True) if point.kind == "stable"]
    runs, texts = f"{STARTS**2} runs begun all over the plane", []
    if len(came) == 1:
        where = "it" if len(found.points) == 1 else "the stable one"
        count = "All" if came[0] == STARTS**2 else f"{came[0]} of"
        texts.append(f"{count} {runs} are at {where} after {LONG} steps.")
    elif came:
        decides = ": the start decides at which" if sum(map(bool, came)) > 1 else ""
        counts = f"{', '.join(map(str, came[:-1]))} and {came[-1]}"
        texts.append(f"Of {runs}, {counts} are at the stable ones after {LONG} steps{decides}.")
    if found.swinging:
        texts.append(f"{found.swinging} of {STARTS**2} go to and fro between two states.")
    if found.nearest:
        point, distance = found.nearest
        texts.append(
            f"The run, with its own inputs, ends {number(distance, 2)} from the nearest fixed point, "
            f"which is {point.kind}."
        )
    return " ".join(texts)


def how_to_read(found: Portrait) -> str:
    kinds = ". ".join(KINDS[kind] for kind in KINDS if found.count(kind))
    arrows = (
        "An arrow points where one step leads; it is longer where the step is. The path is the run with its own "
        "inputs, the diamond its end."
    )
    others = [name for name in found.cell.states if name != found.drawn]
    if not others:
        return f"{arrows} {kinds}{'.' * bool(kinds)} {NOT_PROVED}"
    several = (
        f"This cell carries {' and '.join(found.cell.states)}: drawn is {found.drawn}. For each arrow "
        f"{' and '.join(others)} is where it settles while {found.drawn} is held there, as it is at a fixed point; in "
        "the run it is not. Stability is that of all the numbers together."
    )
    return f"{arrows} {several} {kinds}{'.' * bool(kinds)} {NOT_PROVED}"


# -- for those who do not see the figures ------------------------------------------------------------------------------


def described(path: Path) -> str:
    (first, second), end = (_span(path.points[:, k]) for k in (0, 1)), path.points[-1]
    return (
        f"Path of h in the {path.cell.title} over {counted(len(path.points) - 1, 'step')}: along direction 1, with "
        f"{percent(path.shares[0])} of the variance, {first}; along direction 2, with {percent(path.shares[1])}, "
        f"{second}. It ends at {_place(end)}."
    )


def described_pair(path: Path, other: Path, start: int) -> str:
    return (
        f"Two paths of h in the {path.cell.title}, apart from step {start + 1} on: one ends at "
        f"{_place(path.points[-1])}, the other at {_place(other.points[-1])}, in the plane "
        f"{_distance(_drawn_distance(path, other))} apart."
    )


def described_portrait(found: Portrait) -> str:
    points = "; ".join(
        f"{point.kind} at {_place(place)}" for point, place in zip(found.points, found.places, strict=True)
    )
    shown = points if len(found.points) <= MANY else f"{len(found.points)} were found"
    return (
        f"Phase portrait of {found.drawn} in the {found.cell.title} under the constant input {found.label}, both axes "
        f"from {number(-found.limit)} to {number(found.limit)}. Fixed points: {shown or 'none found'}. The run ends at "
        f"{_place(found.path[-1])}."
    )


def _span(values: np.ndarray) -> str:
    return span(_coordinate(values.min()), _coordinate(values.max()))


def _place(point: Many[float] | np.ndarray) -> str:
    return f"({_coordinate(point[0])}, {_coordinate(point[1])})"


def _coordinate(value: float) -> str:
    """A place along a direction, in two digits; what rounding leaves of 0 is 0."""
    return number(float(value) if abs(value) >= ROUNDING else 0.0, 2)
