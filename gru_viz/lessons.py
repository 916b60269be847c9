"""The ready experiments in the order of a course, each with a question that is asked before its figure is seen.

Which answer is right, and why, is measured on the experiment at hand: with another seed it may be another one.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gru_viz import answers
from gru_viz.answers import Curves
from gru_viz.errors import InputError
from gru_viz.examples import Example, example
from gru_viz.experiment import MISSING, PACKED, Experiment, from_query, to_query, without_view
from gru_viz.runs import cells_of
from gru_viz.sequences import KINDS
from gru_viz.settings import SETTINGS


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
    other: str = ""  # the key of one beside it that shows the other half
    topic: str = ""  # what it is about; its answer is not in it

    @property
    def example(self) -> Example:
        return example(self.name)

    @property
    def number(self) -> int:
        """Its place in the course, from 1; 0 beside it."""
        return LESSONS.index(self) + 1 if self in LESSONS else 0

    @property
    def heading(self) -> str:
        """What it is called before its question is answered: in the course a title may give the answer away."""
        return f"Lesson {self.number} of {len(LESSONS)}: {self.topic}" if self.number else self.example.title

    @property
    def covered(self) -> Experiment:
        """What it begins with: its example, not to be seen before the question is answered."""
        return dataclasses.replace(self.example.experiment, example=self.name, predict=True)

    @property
    def steps(self) -> tuple[int, ...]:
        """Those that its words name by their numbers."""
        return tuple(map(int, re.findall(r"\bstep (\d+)", f"{self.question} {self.example.look}")))

    def fits(self, experiment: Experiment) -> bool:
        """Whether the question is about this experiment: its own, with any seed."""
        here = without_view(experiment)
        return here == dataclasses.replace(without_view(self.example.experiment), seed=here.seed)

    def leads_on(self, experiment: Experiment) -> bool:
        """Whether what is to be tried next can be tried with it: it has the lesson's cells, weights and kind of
        sequence."""
        own = self.example.experiment
        return (experiment.cells, experiment.weights, experiment.kind) == (own.cells, own.weights, own.kind)

    def explained(self, experiment: Experiment) -> str:
        """Why that answer is right: the numbers of this run, and what they show in general."""
        return f"{self.example.say(experiment)} {self.lesson}"


def lesson_of(name: str) -> Lesson | None:
    """The lesson with that example, if there is one."""
    return next((each for each in LESSONS if each.name == name), None)


def question_of(name: str) -> Lesson | None:
    """The question about that example, in the course or beside it."""
    return next((each for each in (*LESSONS, *BESIDE) if each.name == name), None)


def neighbours(name: str) -> tuple[Lesson | None, Lesson | None]:
    """The lessons before and after. Raises InputError for an example that is no lesson."""
    names = [each.name for each in LESSONS]
    if name not in names:
        raise InputError(f"There is no lesson {name!r}; the lessons are {', '.join(names)}.")
    place = names.index(name)
    return (LESSONS[place - 1] if place else None, LESSONS[place + 1] if place + 1 < len(LESSONS) else None)


# The link -------------------------------------------------------------------------------------------------------------

LINK = "lesson"  # ?lesson=3 is short enough to be typed from a screen
_SEQUENCE = {*KINDS, PACKED, MISSING}  # one of them at most
_BESIDE = {setting.key for setting in SETTINGS.values() if setting.view} - {"example", "predict"}


def to_link(experiment: Experiment) -> dict[str, str]:
    """Name -> text, as `to_query`; but a question that is asked first has its lesson's number in place of the example
    and its settings, whose names may give the answer away."""
    query, lesson = to_query(experiment), lesson_of(experiment.example)
    if not (lesson and experiment.predict and lesson.fits(experiment)):
        return query
    own = {"seed": str(experiment.seed)} if experiment.seed != lesson.example.experiment.seed else {}
    return {LINK: str(lesson.number), **own, **{key: text for key, text in query.items() if key in _BESIDE}}


def from_link(
    query: Mapping[str, str | Sequence[str]], known: Mapping[str, tuple[str, str]] | None = None
) -> tuple[Experiment, tuple[str, ...]]:
    """The experiment in a link, and a sentence for each part that was not used, as `from_query`; a lesson's number
    stands for the lesson with its figures covered, and what else is in the link changes that. Never raises."""
    numbers, rest = query.get(LINK), {key: texts for key, texts in query.items() if key != LINK}
    if numbers is None:
        return from_query(query, known)
    number = numbers if isinstance(numbers, str) else numbers[0] if len(numbers) == 1 else ""
    lesson = next((each for each in LESSONS if str(each.number) == number), None)
    if lesson:
        replaced = _SEQUENCE if _SEQUENCE & rest.keys() else set()
        if "weights" in rest:  # those set by hand have a sequence, a cell and a size of their own
            replaced = _SEQUENCE | {"cells", "hidden"}
        own = {key: text for key, text in to_query(lesson.covered).items() if key not in replaced}
        return from_query({**own, **rest}, known)
    experiment, notes = from_query(rest, known)
    return experiment, (
        f"In the link, {LINK}= is not used: one number from 1 to {len(LESSONS)} is expected.",
        *notes,
    )


# The course -----------------------------------------------------------------------------------------------------------


def _cells(name: str) -> tuple[str, str, str]:
    one, other, third = (f"In the {of.title}" for of in cells_of(example(name).experiment))
    return one, other, third


LESSONS: Sequence[Lesson] = (
    Lesson(
        "who_keeps_the_name",
        "The name Ada begins 32 steps before the last. In how many of the three cells is the gradient there still at "
        "least 1 % of the last step's?",
        ("In none of them", "In one of them", "In two or three"),
        answers.how_many_reach,
        answers.gradients,
        "In general: a gate that keeps nearly all of the old state passes nearly all of its gradient, but at each step "
        "a little less; over many steps it fades all the same.",
        topic="How far back a gradient reaches",
    ),
    Lesson(
        "half_open",
        "The first page's sentence, but the gates start by keeping 50 % a step. How far back do the gradients of the "
        "LSTM and the GRU reach?",
        ("Both about as far as the RNN", "One or both of them much farther", "Both to the first letter"),
        answers.gated_beside_plain,
        answers.gradients,
        "In general: gates do not remember by existing. A gate at 0.5 keeps half of the state at each step.",
        topic="What gates do when they are half open",
    ),
    Lesson(
        "a_little_bias",
        "Gates that start by keeping 73 % a step, and not 50 %: which cells' gradients reach farther back?",
        ("All of them", "Those with gates", "None of them"),
        answers.farther_than_half_open,
        answers.gradients,
        "In general: how much of the old a gate starts by keeping is decided before any learning, by one bias.",
        topic="The first bias of the gates that keep",
    ),
    Lesson(
        "plain_rnn_remembers",
        "One number, the cue, then 40 zeros; an orthogonal recurrent matrix U, half-open gates. Where is most of the "
        "cue left at the end?",
        _cells("plain_rnn_remembers"),
        answers.keeps_most,
        answers.differences,
        "In general: an orthogonal U turns a state and does not shrink it. Gates are not the only way to keep.",
        figure="difference",
        topic="Orthogonal recurrent weights",
    ),
    Lesson(
        "until_something_arrives",
        "Now noise arrives after the cue instead of zeros. How much of the cue is left in the RNN, compared with what "
        "zeros left?",
        ("About as much", "A part of it", "Less than a hundredth"),
        answers.left_beside_silence,
        answers.differences,
        "In general: nothing in a plain RNN shuts the input out, and a half-open gate does not shut it out either.",
        figure="difference",
        topic="Holding a cue while noise arrives",
    ),
    Lesson(
        "exploding",
        "A plain RNN of 32 units, its orthogonal U doubled (recurrent gain 2). What does the gradient do on its way "
        "back?",
        ("It falls", "It stays about as large", "It grows"),
        answers.trend,
        answers.gradients,
        "In general: it can grow only where the largest singular value of U is above 1. That is not enough: tanh can "
        "only make it smaller.",
        topic="The recurrent gain and the gradient",
    ),
    Lesson(
        "memory_without_gradient",
        "Two units hold the sign of the first number, the cue, to the end. How large is the gradient at the cue, "
        "compared with the last step's?",
        ("About as large", "A part of it", "Less than a hundredth"),
        answers.gradient_at_the_cue,
        answers.gradients,
        "In general: a state can hold a value while its gradient vanishes. A small gradient is no forgetting.",
        other="difference",
        topic="Memory beside gradient",
    ),
    Lesson(
        "counting_brackets",
        "An LSTM whose weights were set to count brackets. When does its input gate open?",
        ("At every character", "At brackets only", "At the first character only"),
        answers.opens_at,
        answers.most_open,
        "In general: a gate that opens on purpose can count. Nothing here was learned.",
        page="gates",
        figure="gates",
        topic="A gate with weights set by hand",
    ),
    Lesson(
        "two_grus",
        "Two GRUs with one set of weights; the reset gate acts before the product in one, after it in the other. From "
        "which step on do they differ?",
        ("From the first", "From the second", "Never"),
        answers.first_apart,
        answers.apart,
        "In general: there is no exact map between the two. Ask of every GRU which one it is.",
        page="equations",
        figure="mistakes",
        topic="Two conventions of one cell",
    ),
)

# The examples beside the course, with a question each for their handouts.
BESIDE: Sequence[Lesson] = (
    Lesson(
        "theorys_line",
        "An RNN, an orthogonal U, recurrent gain 0.5; one cue, then silence. How much of theory's bound does the "
        "gradient have at the cue?",
        ("Half of it or more", "Less than half", "Less than a hundredth"),
        answers.beside_the_bound,
        answers.and_its_bound,
        "In general: the bound is the largest singular value of U to the power of the steps; tanh only takes away.",
    ),
    Lesson(
        "latching_a_flag",
        "A GRU whose weights were set to hold the digit after a !. When does the update gate of its second unit open?",
        ("At every character", "After a ! only", "At the ! only"),
        answers.opens_after_the_flag,
        answers.second_unit,
        "In general: a gate that opens on purpose can choose what is held. Nothing here was learned.",
        page="gates",
        figure="gates",
    ),
    Lesson(
        "the_price",
        "The input jumps from 0 to 1 and stays there. In which cell does h take most steps for 90 % of its way?",
        _cells("the_price"),
        answers.follows_last,
        answers.way_left,
        "In general: a gate that keeps the old lets in little that is new.",
        figure="states",
    ),
)
