"""The ready experiments in the order of a course, each with a question that is asked before its figure is seen.

Which answer is right, and why, is measured on the experiment at hand: with another seed it may be another one.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gru_viz.conclusions.contrast import CONTRAST
from gru_viz.errors import InputError
from gru_viz.examples import Example, example
from gru_viz.experiment import Experiment, without_view
from gru_viz.runs import cells_of, contrast, trace
from gru_viz.sequences import parse_sequence

FACTOR = math.log10(2)  # a gradient holds while it stays within a factor of two over the whole sequence
LITTLE = 0.01  # of a difference or a gradient: next to nothing


Curves = tuple[str, dict[str, np.ndarray]]  # the quantity, and by name its value at each step, (T,)


@dataclass(frozen=True)
class Lesson:
    """A ready experiment with a question, three answers, and what is true in general."""

    name: str  # of the example
    question: str
    answers: tuple[str, str, str]
    right: Callable[[Experiment], int]  # index of the answer that this experiment gives
    curves: Callable[[Experiment], Curves]  # what is to be seen of it
    lesson: str  # true of more than this run
    page: str = "contrast"  # where it is best seen
    figure: str = "gradient"  # the key of the figure that shows it there

    @property
    def example(self) -> Example:
        return example(self.name)

    @property
    def number(self) -> int:
        """Its place in the course, from 1."""
        return LESSONS.index(self) + 1

    @property
    def covered(self) -> Experiment:
        """What it begins with: its example, not to be seen before the question is answered."""
        return dataclasses.replace(self.example.experiment, example=self.name, predict=True)

    def fits(self, experiment: Experiment) -> bool:
        """Whether the question is about this experiment: its own, with any seed."""
        here = without_view(experiment)
        return here == dataclasses.replace(without_view(self.example.experiment), seed=here.seed)

    def explained(self, experiment: Experiment) -> str:
        """Why that answer is right: the numbers of this run, and what they show in general."""
        return f"{self.example.say(experiment)} {self.lesson}"


def lesson_of(name: str) -> Lesson | None:
    """The lesson with that example, if there is one."""
    return next((each for each in LESSONS if each.name == name), None)


def neighbours(name: str) -> tuple[Lesson | None, Lesson | None]:
    """The lessons before and after. Raises InputError for an example that is no lesson."""
    names = [each.name for each in LESSONS]
    if name not in names:
        raise InputError(f"There is no lesson {name!r}; the lessons are {', '.join(names)}.")
    place = names.index(name)
    return (LESSONS[place - 1] if place else None, LESSONS[place + 1] if place + 1 < len(LESSONS) else None)


# Which answer is right ------------------------------------------------------------------------------------------------


def _falls_first(experiment: Experiment) -> int:
    """The place of the cell whose gradient reaches least far; the first of equals."""
    return int(np.argmin([report.reach for report in contrast(experiment).reports]))


def _gated_beside_plain(experiment: Experiment) -> int:
    """0: all about as far as the cell without gates; 1: one or more much farther; 2: all of them all the way."""
    reports = contrast(experiment).reports
    plain = max(report.reach for report in reports if not report.cell.gates)
    gated = [report.reach for report in reports if report.cell.gates]
    return 2 if min(gated) == len(reports[0].norm) else int(max(gated) > CONTRAST * plain)


def _farther_than_half_open(experiment: Experiment) -> int:
    """0: every cell reaches farther than with half-open gates; 1: those with gates alone; 2: none."""
    now, before = (contrast(each).reports for each in (experiment, dataclasses.replace(experiment, keep=0.0)))
    grown = [new.reach > old.reach for new, old in zip(now, before, strict=True)]
    gated = [bool(report.cell.gates) for report in now]
    return 0 if all(grown) else 1 if grown == gated else 2


def _keeps_most(experiment: Experiment) -> int:
    """The place of the cell in which most of the cue's difference is left."""
    return int(np.argmax([each.left for each in contrast(experiment).differences]))


def _left_beside_silence(experiment: Experiment) -> int:
    """What the first cell has left of the cue, beside what it has after zeros. 0: half or more; 1: less; 2: hardly
    anything."""
    first = parse_sequence(experiment.kind, experiment.text).tokens
    silent = dataclasses.replace(experiment, text=first[0] + " 0" * (len(first) - 1))
    now, before = (contrast(each).differences[0].left for each in (experiment, silent))
    return _size(now / before if before else 1.0)


def _trend(experiment: Experiment) -> int:
    """The gradient from the end to the start, of the first cell. 0: it falls; 1: it holds; 2: it grows."""
    share = contrast(experiment).reports[0].share
    return 0 if share < -FACTOR else 2 if share > FACTOR else 1


def _gradient_at_the_cue(experiment: Experiment) -> int:
    """0: half of the last step's or more; 1: less; 2: hardly anything."""
    return _size(10 ** contrast(experiment).reports[0].share)


def _size(share: float) -> int:
    return 0 if share >= 0.5 else 1 if share >= LITTLE else 2


def _opens_at(experiment: Experiment) -> int:
    """The gate that writes, of the first cell. 0: open at every step; 1: at the brackets alone; 2: anything else."""
    sequence, of = parse_sequence(experiment.kind, experiment.text), cells_of(experiment)[0]
    gate = next(name for name in of.gates if of.roles[name] == "write")
    opened = trace(experiment, of, sequence)[gate].max(axis=1) > 0.5
    brackets = [token in "()[]" for token in sequence.tokens]
    return 0 if opened.all() else 1 if opened.tolist() == brackets else 2


def _first_apart(experiment: Experiment) -> int:
    """The step at which two cells' h differ first. 0: the first; 1: the second; 2: later or never."""
    one, other = (report.states["h"] for report in contrast(experiment).reports[:2])
    apart = np.flatnonzero(np.abs(one - other).max(axis=1) > 1e-12)
    return min(int(apart[0]), 2) if apart.size else 2


# What is to be seen of it --------------------------------------------------------------------------------------------


def _gradients(experiment: Experiment) -> Curves:
    reports = contrast(experiment).reports
    return "log10 of the gradient's norm", {report.cell.title: report.norm for report in reports}


def _differences(experiment: Experiment) -> Curves:
    """From the replaced part on; before it there is no difference."""
    found = contrast(experiment).differences
    before = [np.zeros(each.steps.start) for each in found]
    return "difference of h, share of its largest", {
        each.cell.title: np.concatenate([none, each.shares]) for none, each in zip(before, found, strict=True)
    }


def _writing_gate(experiment: Experiment) -> Curves:
    sequence, of = parse_sequence(experiment.kind, experiment.text), cells_of(experiment)[0]
    gate = next(name for name in of.gates if of.roles[name] == "write")
    values = trace(experiment, of, sequence)[gate]
    return f"gate {gate}", {f"unit {unit + 1}": values[:, unit] for unit in range(values.shape[1])}


def _apart(experiment: Experiment) -> Curves:
    one, other = (report.states["h"] for report in contrast(experiment).reports[:2])
    return "largest difference between the two h", {"difference": np.abs(one - other).max(axis=1)}


# The course -----------------------------------------------------------------------------------------------------------


def _cells(name: str) -> tuple[str, str, str]:
    one, other, third = (f"In the {of.title}" for of in cells_of(example(name).experiment))
    return one, other, third


LESSONS: Sequence[Lesson] = (
    Lesson(
        "who_keeps_the_name",
        "Follow the gradient back from the last letter. In which cell does it fall below 1 % first?",
        _cells("who_keeps_the_name"),
        _falls_first,
        _gradients,
        "In general: a gate that keeps nearly all of the old state passes nearly all of its gradient.",
    ),
    Lesson(
        "half_open",
        "Now the gates start by keeping 50 % a step. How far back do the LSTM and the GRU reach?",
        ("Both about as far as the RNN", "One or both of them much farther", "Both to the first letter"),
        _gated_beside_plain,
        _gradients,
        "In general: gates do not remember by existing. A gate at 0.5 keeps half of the state at each step.",
    ),
    Lesson(
        "a_little_bias",
        "From 50 % to 73 %: which cells reach farther than before?",
        ("All of them", "Those with gates", "None of them"),
        _farther_than_half_open,
        _gradients,
        "In general: how much of the old a gate starts by keeping is decided before any learning, by one bias.",
    ),
    Lesson(
        "plain_rnn_remembers",
        "One cue, then 40 silent steps, an orthogonal U, half-open gates. Where is most of the cue left at the end?",
        _cells("plain_rnn_remembers"),
        _keeps_most,
        _differences,
        "In general: an orthogonal U turns a state and does not shrink it. Gates are not the only way to keep.",
        figure="difference",
    ),
    Lesson(
        "until_something_arrives",
        "Now noise arrives instead of silence. How much of the cue is left in the RNN, measured by what silence left?",
        ("About as much", "A part of it", "Less than a hundredth"),
        _left_beside_silence,
        _differences,
        "In general: nothing in a plain RNN shuts the input out, and a half-open gate does not shut it out either.",
        figure="difference",
    ),
    Lesson(
        "exploding",
        "Recurrent gain 2, 32 units, an orthogonal U. What does the gradient do on its way back?",
        ("It falls", "It stays about as large", "It grows"),
        _trend,
        _gradients,
        "In general: for that the largest singular value of U must be above 1. It is not enough: tanh intervenes.",
    ),
    Lesson(
        "memory_without_gradient",
        "Two units hold the sign of the first number to the end. How large is the gradient at that number?",
        ("About as large as at the end", "A part of it", "Less than a hundredth"),
        _gradient_at_the_cue,
        _gradients,
        "In general: a state can hold a value while its gradient vanishes. A small gradient is no forgetting.",
    ),
    Lesson(
        "counting_brackets",
        "An LSTM whose weights were set to count brackets. When does its input gate open?",
        ("At every character", "At brackets only", "At the first character only"),
        _opens_at,
        _writing_gate,
        "In general: a gate that opens on purpose can count. Nothing here was learned.",
        page="gates",
        figure="gates",
    ),
    Lesson(
        "two_grus",
        "Two GRUs with one set of weights; the reset gate acts before the product in one, after it in the other. From "
        "which step on do they differ?",
        ("From the first", "From the second", "Never"),
        _first_apart,
        _apart,
        "In general: there is no exact map between the two. Ask of every GRU which one it is.",
        page="equations",
        figure="mistakes",
    ),
)
