"""Which answer to a lesson's question an experiment gives, and the curves that show it: measured on the experiment."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from gru_viz.conclusions.contrast import CONTRAST
from gru_viz.conventions import ROUNDING
from gru_viz.experiment import Experiment
from gru_viz.parameters import spectrum
from gru_viz.runs import cells_of, contrast, parameters, trace, until
from gru_viz.sequences import parse_sequence

FACTOR = math.log10(2)  # a gradient holds while it stays within a factor of two over the whole sequence
LITTLE = 0.01  # of a difference or a gradient: next to nothing


@dataclass(frozen=True)
class Curves:
    """What is to be seen of a question."""

    quantity: str
    values: dict[str, np.ndarray]  # by name, at each step, (T,)
    limits: tuple[float, float] = (0.0, 1.0)  # of axes on which somebody else draws: they tell nothing of this run
    is_log: bool = False  # the values are log10 of a share


# Which answer is right ------------------------------------------------------------------------------------------------


def how_many_reach(experiment: Experiment) -> int:
    """In how many cells the gradient reaches the part that is to be replaced. 0: in none; 1: in one; 2: in more."""
    found = contrast(experiment)
    back = len(found.sequence.tokens) - found.replaced.start
    return min(sum(report.reach >= back for report in found.reports), 2)


def gated_beside_plain(experiment: Experiment) -> int:
    """0: all about as far as the cell without gates; 1: one or more much farther; 2: all of them all the way."""
    reports = contrast(experiment).reports
    plain = max(report.reach for report in reports if not report.cell.gates)
    gated = [report.reach for report in reports if report.cell.gates]
    return 2 if min(gated) == len(reports[0].norm) else int(max(gated) > CONTRAST * plain)


def farther_than_half_open(experiment: Experiment) -> int:
    """0: every cell reaches farther than with half-open gates; 1: those with gates alone; 2: none."""
    now, before = (contrast(each).reports for each in (experiment, dataclasses.replace(experiment, keep=0.0)))
    grown = [new.reach > old.reach for new, old in zip(now, before, strict=True)]
    gated = [bool(report.cell.gates) for report in now]
    return 0 if all(grown) else 1 if grown == gated else 2


def keeps_most(experiment: Experiment) -> int:
    """The place of the cell in which most of the cue's difference is left."""
    return int(np.argmax([each.left for each in contrast(experiment).differences]))


def left_beside_silence(experiment: Experiment) -> int:
    """What the first cell has left of the cue, beside what it has after zeros. 0: half or more; 1: less; 2: hardly
    anything."""
    first = parse_sequence(experiment.kind, experiment.text).tokens
    silent = dataclasses.replace(experiment, text=first[0] + " 0" * (len(first) - 1))
    now, before = (contrast(each).differences[0].left for each in (experiment, silent))
    return _size(now / before if before else 1.0)


def trend(experiment: Experiment) -> int:
    """The gradient from the end to the start, of the first cell. 0: it falls; 1: it holds; 2: it grows."""
    share = contrast(experiment).reports[0].share
    return 0 if share < -FACTOR else 2 if share > FACTOR else 1


def gradient_at_the_cue(experiment: Experiment) -> int:
    """0: half of the last step's or more; 1: less; 2: hardly anything."""
    return _size(10 ** contrast(experiment).reports[0].share)


def _size(share: float) -> int:
    return 0 if share >= 0.5 else 1 if share >= LITTLE else 2


def opens_at(experiment: Experiment) -> int:
    """The gate that writes, of the first cell. 0: open at every step; 1: at the brackets alone; 2: anything else."""
    opened = _writing(experiment)[1].max(axis=1) > 0.5
    brackets = [token in "()[]" for token in parse_sequence(experiment.kind, experiment.text).tokens]
    return 0 if opened.all() else 1 if opened.tolist() == brackets else 2


def opens_after_the_flag(experiment: Experiment) -> int:
    """The gate that writes the second unit. 0: open at every step; 1: at those after a ! alone; 2: anything else."""
    opened = _writing(experiment)[1][:, 1] > 0.5
    flagged = [token == "!" for token in ("", *parse_sequence(experiment.kind, experiment.text).tokens[:-1])]
    return 0 if opened.all() else 1 if opened.tolist() == flagged else 2


def _writing(experiment: Experiment) -> tuple[str, np.ndarray]:
    """The gate of the first cell that writes: its name and its values, (T, H)."""
    of = cells_of(experiment)[0]
    gate = next(name for name in of.gates if of.roles[name] == "write")
    return gate, trace(experiment, of, parse_sequence(experiment.kind, experiment.text))[gate]


def beside_the_bound(experiment: Experiment) -> int:
    """The first cell's gradient at the first step, of the bound. 0: half of it or more; 1: less; 2: hardly anything."""
    norm, bound = and_its_bound(experiment).values.values()
    return _size(10 ** float(norm[0] - bound[0]))


def follows_last(experiment: Experiment) -> int:
    """The place of the cell whose h takes most steps for 90 % of its way after the input's jump."""
    jump = _jump(experiment)
    return int(np.argmax([until(report.states["h"][jump - 1 :]) for report in contrast(experiment).reports]))


def _jump(experiment: Experiment) -> int:
    """The first step, from 0, at which the input is another one than before."""
    values = parse_sequence(experiment.kind, experiment.text).values[:, 0]
    return int(np.flatnonzero(np.diff(values))[0]) + 1


def first_apart(experiment: Experiment) -> int:
    """The step at which two cells' h differ first. 0: the first; 1: the second; 2: later or never."""
    one, other = (report.states["h"] for report in contrast(experiment).reports[:2])
    apart = np.flatnonzero(np.abs(one - other).max(axis=1) > ROUNDING)
    return min(int(apart[0]), 2) if apart.size else 2


# What is to be seen of it --------------------------------------------------------------------------------------------


def gradients(experiment: Experiment) -> Curves:
    return _beside_the_last({report.cell.title: report.norm for report in contrast(experiment).reports})


def _beside_the_last(norms: dict[str, np.ndarray]) -> Curves:
    """log10 of norms (T,) of gradients, as shares of each one's last."""
    shares = {name: norm - norm[-1] for name, norm in norms.items()}
    return Curves("norm of the gradient, as a share of the last step's", shares, (-4.0, 4.0), is_log=True)


def differences(experiment: Experiment) -> Curves:
    """From the replaced part on; before it there is no difference."""
    found = contrast(experiment)
    old, new = found.replaced_text
    shares = {each.cell.title: np.concatenate([np.zeros(each.steps.start), each.shares]) for each in found.differences}
    return Curves(f"difference of h, {new} in place of {old}, as a share of its largest", shares)


def most_open(experiment: Experiment) -> Curves:
    """One curve, as `opens_at` asks of no unit: which of them opens is part of the answer."""
    gate, values = _writing(experiment)
    return Curves(f"gate {gate} of the unit where it is most open: 0 shut, 1 open", {gate: values.max(axis=1)})


def second_unit(experiment: Experiment) -> Curves:
    gate, values = _writing(experiment)
    return Curves(f"gate {gate} of the second unit: 0 shut, 1 open", {gate: values[:, 1]})


def and_its_bound(experiment: Experiment) -> Curves:
    """The first cell's gradient, and the last norm times the largest singular value of U for each step back."""
    found = contrast(experiment)
    of, norm = found.reports[0].cell, found.reports[0].norm
    _, stretch = spectrum(parameters(experiment, of, found.sequence)["U_h"])
    back = np.arange(len(norm))[::-1]
    return _beside_the_last({of.title: norm, "bound": norm[-1] + back * math.log10(stretch)})


def way_left(experiment: Experiment) -> Curves:
    """How far h is from where it ends, as a share of how far it was when the input jumped."""
    jump, shares = _jump(experiment), {}
    for report in contrast(experiment).reports:
        distance = np.linalg.norm(report.states["h"] - report.states["h"][-1], axis=1)
        shares[report.cell.title] = distance / distance[jump - 1]
    return Curves("distance of h from its end, 1 at the jump", shares, (0.0, 1.5))


def apart(experiment: Experiment) -> Curves:
    one, other = (report.states["h"] for report in contrast(experiment).reports[:2])
    return Curves("largest difference between the two h", {"difference": np.abs(one - other).max(axis=1)}, (0.0, 2.0))
