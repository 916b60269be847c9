"""What the Gradients page says of other weights."""

from __future__ import annotations

import math
from collections.abc import Sequence as Many
from typing import Any

import numpy as np

from gru_viz.cells import Cell
from gru_viz.conclusions.common import counted, listed
from gru_viz.conclusions.gradients import EVERY, range_of, steps_of, verdict
from gru_viz.experiment import Experiment
from gru_viz.measures.gradients import Latch, slope
from gru_viz.measures.what_if import GAINS, MULTIPLES_HIDDEN, Map, Multiple
from gru_viz.runs import keep_counts
from gru_viz.sequences import Sequence
from gru_viz.settings import KEEP_CHOICES
from gru_viz.theme import number, number_from_log10

# -- what if -----------------------------------------------------------------------------------------------------------

MAP_HOW = (
    "Each place is a run with the same seed and sequence; its colour is the reach. The ring is this experiment. Click "
    "or tap a place to go there: the link, and every page, change with it."
)
MULTIPLES_HOW = (
    f"All at {MULTIPLES_HIDDEN} units with this seed, whatever is set beside; the axis is the same in all four."
)


def map_offered(experiment: Experiment, of: Cell) -> str:
    several = f"pairs of {len(KEEP_CHOICES)} biases and " if keep_counts(experiment, of) else ""
    return (
        f"How far does the gradient of the {of.title} reach with other weights? All {several}{len(GAINS)} "
        "recurrent gains are run side by side."
    )


def mapped(experiment: Experiment, found: Map) -> str:
    """At how many places all steps are reached, and where the reach is least."""
    reaches, name = found.reaches[experiment.share], found.cell.title
    if reaches.min() == reaches.max():
        return f"The {name} reaches {_steps(int(reaches.max()), found.steps)} at every place of the map."
    least, most = (np.unravel_index(int(at), reaches.shape) for at in (reaches.argmin(), reaches.argmax()))
    low = f"least, {_steps(int(reaches[least]), found.steps)}, at {_place(found, int(least[0]), int(least[1]))}"
    if reaches.max() == found.steps:
        count = int(np.sum(reaches == found.steps))
        high = f"all {counted(found.steps, 'step')} at {count} of {counted(reaches.size, 'place')} of the map"
    else:
        high = f"farthest, {_steps(int(reaches[most]), found.steps)}, at {_place(found, int(most[0]), int(most[1]))}"
    return f"The {name} reaches {high}, and {low}."


def _place(found: Map, row: int, column: int) -> str:
    keeps = f" and gates that keep {KEEP_CHOICES[found.keeps[row]]}" if len(found.keeps) > 1 else ""
    return f"gain {found.gains[column]:g}{keeps}"


def _steps(reach: int, steps: int) -> str:
    return f"all {counted(steps, 'step')}" if reach == steps else counted(reach, "step")


def multiplied(experiment: Experiment, found: Many[Multiple]) -> str:
    """At which gains each cell's gradient shrinks, vanishes, holds or explodes."""
    if experiment.loss == "every":
        return EVERY
    texts, share = [], experiment.share
    for of in found[0].norms:
        by_verdict: dict[str, list[str]] = {}
        for each in found:
            if not math.isnan(slope(each.norms[of])):
                by_verdict.setdefault(verdict(each.norms[of], share), []).append(f"{each.gain:g}")
        said = [
            f"{what} at " + (f"all {len(found)} gains" if len(gains) == len(found) else f"gain {listed(gains)}")
            for what, gains in by_verdict.items()
        ]
        if said:
            texts.append(f"of the {of.title} {', '.join(said)}")
    if not texts:
        return "A slope needs two steps and a loss with a gradient."
    return f"At {MULTIPLES_HIDDEN} units the gradient {'; that '.join(texts)}."


# -- memory without a gradient -----------------------------------------------------------------------------------------

THREE_THINGS = (
    "Memory of a value, a gradient, and having learned to use it are three things. These two units, set by hand, show "
    "the first without the second; and nobody trained them, so the third is not there either. A small gradient does "
    "not mean forgotten."
)


def remembered(found: Latch) -> str:
    share = number_from_log10(float(found.norm[0] - found.norm[-1]), 2)
    return (
        f"{counted(len(found.held) - 1, 'step')} after the cue unit 1 still stands at {number(float(found.held[-1]))}, "
        f"and the gradient at the cue is {share} of the last step's."
    )


def map_numbers(found: Map, share: float) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {"recurrent gain": list(found.gains)}
    for row, keep in enumerate(found.keeps):
        name = f"gates keep {KEEP_CHOICES[keep]}" if len(found.keeps) > 1 else "reach"
        columns[name] = found.reaches[share][row].tolist()
    return columns


def latch_numbers(found: Latch) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {"step": list(range(1, len(found.held) + 1)), "token": list(found.labels)}
    return columns | {"h, unit 1": found.held.tolist(), "log10 of the gradient's norm": found.norm.tolist()}


def multiple_numbers(found: Many[Multiple], sequence: Sequence) -> dict[str, list[Any]]:
    end = len(next(iter(found[0].norms.values())))
    return steps_of(sequence, end) | {
        f"{of.title}, gain {each.gain:g}": norm.tolist() for each in found for of, norm in each.norms.items()
    }


def described_map(experiment: Experiment, found: Map) -> str:
    reaches = found.reaches[experiment.share]
    return (
        f"Map of the reach of the {found.cell.title} over {counted(len(found.gains), 'recurrent gain')} and "
        f"{len(found.keeps)} of the gates' biases: from {reaches.min()} to {reaches.max()} of "
        f"{counted(found.steps, 'step')}. This experiment: gain {experiment.recurrent_gain:g}, gates keep "
        f"{KEEP_CHOICES[experiment.keep]}."
    )


def described_multiple(found: Multiple) -> str:
    parts = [f"{of.title}: {range_of(norm)}" for of, norm in found.norms.items()]
    return f"Norm of the carried gradient with recurrent gain {found.gain:g}. {'. '.join(parts)}."


def described_latch(found: Latch) -> str:
    low, high = (number(float(edge)) for edge in (found.held.min(), found.held.max()))
    return f"Unit 1 of h stays between {low} and {high}; the gradient's norm is {range_of(found.norm)}."
