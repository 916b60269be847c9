"""What the Contrast page says of a run."""

from __future__ import annotations

import math
from collections.abc import Sequence as Many

import numpy as np

from gru_viz.cells import Cell
from gru_viz.conclusions.common import at_each, called, counted, every, in_each, span, unit_of
from gru_viz.experiment import Experiment
from gru_viz.handset import HAND_SET
from gru_viz.measures.what_if import Seeds
from gru_viz.runs import CellReport, Difference
from gru_viz.sequences import Sequence
from gru_viz.settings import KEEP_CHOICES
from gru_viz.theme import number, number_from_log10

MY_SEED = "Everyone types a number of their own in Seed: where does yours fall?"
CURVES = {"state": "carried state", "parts": "its parts h and c", "input": "input x"}
BELOW_ZERO = "Orange is above 0; purple, which fills only the lower half of a square, is below."
HOW_TO_READ = {
    "state": "L is the sum of the last h. Each line is the norm of its gradient by the state that the cell hands on "
    "after that step: h, in an LSTM h and c together. A marker stands at the farthest step with 1 % of the last step's "
    "norm.",
    "parts": "L is the sum of the last h. An LSTM hands on two states; each line is the norm of the gradient through "
    "one of them, the other held fixed.",
    "input": "L is the sum of the last h. Each line is the norm of its gradient by the input x of that step: how much "
    "a small change of that input would move L.",
}
SHARE = 0.01  # of the last step's norm, down to which the gradient reaches on this page
CONTRAST = 1.5  # cells whose reaches differ by less than this factor are not told apart in words
_COUNT = {1: "It falls", 2: "Both fall", 3: "All three fall", 4: "All four fall", 5: "All five fall"}


def question(sequence: Sequence, cells: Many[Cell]) -> str:
    which = "Which cell still feels" if len(cells) > 1 else f"Does the {cells[0].title} still feel"
    return f"{which} the first {unit_of(sequence)}?"


def first_step(sequence: Sequence, reports: Many[CellReport]) -> str:
    """How large the gradient is at the first step, beside the last one's."""
    count = len(sequence.tokens)
    if count == 1:
        return "There is one step: its gradient is the loss's own, the same in every cell. Type more to see it travel."
    shares = [report.share for report in reports]
    relation = "of" if max(shares) <= 0 else "times"
    texts = [number_from_log10(share, 2) for share in shares]
    texts[0] += f" {relation} the last step's"
    first = called(sequence, 0)
    if not sequence.is_one_hot:
        first = f"the first {unit_of(sequence)}" + f" ({first})" * bool(first)
    back = f"{count - 1} {unit_of(sequence, count - 1)} back"
    return f"At {first}, {back}, the gradient is {in_each([r.cell for r in reports], texts)}."


def reaches(experiment: Experiment, reports: Many[CellReport]) -> str:
    """How many steps back the gradient keeps 1 % of the last step's norm; the finding of the main figure."""
    found, steps = [report.reach for report in reports], len(reports[0].norm)
    if steps == 1:
        return "With one step there is nothing to reach back to."
    if min(found) == steps:
        if max(report.share for report in reports) > math.log10(2):
            texts = [number_from_log10(report.share, 2) for report in reports]
            texts[0] += " times the last step's"
            cells = [report.cell for report in reports]
            return f"{counted(steps - 1, 'step')} back the gradient is {in_each(cells, texts)}."
        names = ", ".join(f"the {report.cell.title}" for report in reports)
        if all(report.norm.min() >= report.norm[-1] - 2 for report in reports):
            return f"The gradient keeps 1 % or more over {every(steps)} steps in {names}."
        return f"At the first of {steps} steps the gradient still has 1 % or more of the last step's in {names}."
    if len(found) > 1 and max(found) <= CONTRAST * min(found) and max(found) < steps:
        gated = any(report.cell.keep_biases(1.0) for report in reports)
        half_open = gated and experiment.keep == 0 and not experiment.biases
        why = "the gates start by keeping only half of the state" if half_open else "there is hardly a difference"
        return f"{_COUNT[len(found)]} below 1 % within {max(found) + 1} steps: {why}."
    texts = ["all " * (reach == steps) + str(reach) for reach in found]
    texts[0] += " step" if found[0] == 1 else " steps"
    return f"The gradient reaches back over {in_each([report.cell for report in reports], texts)}."


def gates_kept(experiment: Experiment, cells: Many[Cell], steps: int) -> str:
    """What the gates were set to, and what to try next; of one step nothing can be kept or lost."""
    if steps == 1:
        return ""
    if experiment.weights in HAND_SET:
        return "These weights were set by hand. Change one step of the sequence: what will be left of it at the end?"
    if not any(cell.keep_biases(1.0) for cell in cells):
        return "No cell here has a gate that keeps. Add the LSTM or the GRU: how far back will they reach?"
    own = {gate for cell in cells for gate in cell.gate_biases()}
    if biases := [(gate, bias) for gate, bias in experiment.biases if gate in own]:
        by_hand = ", ".join(f"{gate} = {number(bias)}" for gate, bias in biases)
        return f"Biases of single gates were set by hand: {by_hand}. Clear them: what will happen?"
    now = KEEP_CHOICES[experiment.keep]
    other = KEEP_CHOICES[0.0] if experiment.keep else KEEP_CHOICES[2.0]
    whose = "LSTMs" if any(len(cell.states) > 1 for cell in cells) else "Gated cells"
    lesson = "" if experiment.keep else f" “{whose} don't vanish” is not true of gates that are half open."
    return f"The gates were set to keep {now} a step.{lesson} Set them to {other}: what will happen?"


def left_over(differences: Many[Difference], old: str, new: str, later: int) -> str:
    """What a replacement still changes at the end; ``old`` and ``new`` say what stood and what stands there, and
    ``later`` how many steps come after it."""
    start = f"With {new} in place of {old},"
    if not any(each.distance.any() for each in differences):
        return f"{start} no h changes."
    if len(differences[0].distance) == 1:
        return f"{start} the last h is another one: no step comes after it that could keep or lose the difference."
    texts, said = [], False
    for each in differences:
        text = "no h changes"
        if each.distance.any():
            text = _share(each.left) + " of the largest difference is left at the end" * (not said)
            said = True
        texts.append(text)
    none_later = " No step comes after it that could keep or lose the difference." * (not later)
    return f"{start} {in_each([each.cell for each in differences], texts)}.{none_later}"


def _share(left: float) -> str:
    """A share in words where its digits would say too much: rounding is about 10⁻¹⁵ of a state."""
    return "less than 10⁻¹⁴" if left < 1e-14 else _of_all(left)


def _of_all(left: float) -> str:
    """Only what is exactly all is called so."""
    text = number(left, 2)
    return "all" if left == 1 else "nearly all" if text == number(1.0, 2) else text


def _edge(value: float) -> str:
    """A state's value: 1 only where it is 1; what three digits cannot tell from it as 1 − 6·10⁻¹²."""
    size, sign = abs(value), "−" if value < 0 else ""
    if size == 1 or number(size) != number(1.0):
        return f"{sign}1" if size == 1 else number(value)
    return f"{sign}1 {'−' if (size < 1) == (value > 0) else '+'} {number(abs(1 - size), 1)}"


def other_gradient(experiment: Experiment, reports: Many[CellReport]) -> str:
    """The finding where another gradient than the carried state's is drawn; it has no reach."""
    if len(reports[0].norm) == 1:
        return "There is one step: the gradient has not travelled yet."
    if experiment.curve == "input":
        texts = [number_from_log10(float(report.input_norm[0]), 2) for report in reports]
        found = in_each([report.cell for report in reports], texts)
        return f"At the first step the norm of the gradient by the input is {found}."
    several = [(report, name) for report in reports for name in report.parts if name != "h"]
    if not several:
        return "No cell here hands on more than h: that part is the whole."
    texts = [number_from_log10(float(report.parts[name][0]), 2) for report, name in several]
    found = in_each([report.cell for report, _ in several], texts)
    return f"At the first step the norm of the gradient through {several[0][1]} is {found}."


def lesson(experiment: Experiment, reports: Many[CellReport]) -> str:
    """What is true in general of such a run."""
    has_gates = any(report.cell.keep_biases(1.0) for report in reports)
    if not has_gates and all(report.norm[0] > report.norm[-1] + 1 for report in reports):
        return (
            "In general: where a gradient grows back in time, a very small change at the start moves the end by much "
            "more. Clipping bounds a step of training; it does not change this."
        )
    if experiment.weights in HAND_SET or not has_gates:
        return "In general: a state can hold a value while its gradient vanishes. A small gradient is no forgetting."
    return (
        "In general: gates do not remember by existing. They remember when they are nearly shut to the new: when what "
        "keeps the old (f, 1−z) is nearly 1."
    )


def held(reports: Many[CellReport]) -> str:
    """What hand-set weights hold at the end, unit by unit."""
    parts = []
    for report in reports:
        name = report.cell.states[-1]  # the memory: c where there is one
        last, most = report.states[name][-1], np.abs(report.states[name]).max(axis=0)
        parts.append(f"At the end {name} is {_in_units(last)}; its largest size on the way was {_in_units(most)}.")
    return " ".join(parts)


def _in_units(values: np.ndarray) -> str:
    """ "0.995 in both units", "1.2 in unit 1, 0 in unit 2" """
    texts = [number(float(value)) for value in values]
    if len(set(texts)) > 1:
        return ", ".join(f"{text} in unit {k}" for k, text in enumerate(texts, 1))
    return texts[0] + (f" in {'both' if len(texts) == 2 else 'all'} units" if len(texts) > 1 else "")


def states_range(reports: Many[CellReport]) -> str:
    """Between which values the states lie; that a cell state may leave (-1, 1) is worth saying where it does."""

    def between(values: Many[np.ndarray]) -> str:
        low, high = _edge(min(float(v.min()) for v in values)), _edge(max(float(v.max()) for v in values))
        return f"between {low} and {high}" if low != high else f"at {low}"

    hidden = [report.states["h"] for report in reports]
    others = [(report, name) for report in reports for name in report.states if name != "h"]
    text = f"{'Each' if len(hidden) > 1 else 'The'} hidden state h stays {between(hidden)}"
    for report, name in others:
        values = report.states[name]
        bound = ": it is not bounded by 1" if np.abs(values).max() > 1 else ""
        text += f"; {name} of the {report.cell.title} {between([values])}{bound}"
    return text + "."


def luck(found: Many[Seeds]) -> str:
    """How far the finding holds over seeds."""
    reaches = {each.cell: each.reaches[SHARE] for each in found}
    seeds = len(reaches[found[0].cell])
    texts = []
    for reach in reaches.values():
        low, middle, high = np.quantile(reach, (0.1, 0.5, 0.9), method="inverted_cdf").astype(int)
        texts.append(f"{middle} ({low} to {high})")
    cells = [each.cell for each in found]
    spread = (
        f"Over seeds 0 to {seeds - 1} the median reach, and where 80 % of the seeds lie, is {in_each(cells, texts)}."
    )
    plain, gated = ([cell for cell in cells if bool(cell.gates) == has] for has in (False, True))
    if len(plain) != 1 or not gated:
        return spread
    if all((reaches[each.cell] == each.steps).all() for each in found):
        return f"In every one of {seeds} seeds all of them reach the first step."
    farther = int(np.sum(np.min([reaches[cell] for cell in gated], axis=0) > reaches[plain[0]]))
    names = " and the ".join(cell.title for cell in gated)
    verb = "reach" if len(gated) > 1 else "reaches"
    return f"In {farther} of {seeds} seeds the {names} {verb} farther back than the {plain[0].title}. {spread}"


def my_seed(seed: int, reports: Many[CellReport], found: Many[Seeds]) -> str:
    """Where this seed falls among the others: how many of them reach no farther than it does."""
    texts: list[str] = []
    for report, each in zip(reports, found, strict=True):
        steps = counted(report.reach, "step") if not texts else str(report.reach)
        reaches = each.reaches[SHARE]
        below = f"{int(np.sum(reaches <= report.reach))} of {len(reaches)}"
        others = f"as far as or farther than {below} seeds" if not texts else below
        texts.append(f"{steps} in the {report.cell.title} ({others})")
    return f"Seed {seed} reaches back over {', '.join(texts)}."


def described(reports: Many[CellReport], sequence: Sequence) -> str:
    """The main figure for someone who does not see it: made from its data."""
    parts = []
    for report in reports:
        finite = report.norm[np.isfinite(report.norm)]
        low, high = (
            (number_from_log10(float(edge), 2) for edge in (finite.min(), finite.max())) if finite.size else ("0", "0")
        )
        zeros = int(np.sum(report.norm == -math.inf))
        text = f"{report.cell.title}: {span(low, high, 'between {} and {}')}"
        if len(sequence.tokens) > 1:
            text += f", down to 1 % over the last {counted(report.reach, 'step')}"
        parts.append(text + f", exactly zero at {counted(zeros, 'step')}" * bool(zeros))
    return f"Norm of the carried gradient at {at_each(len(sequence.tokens))}. " + ". ".join(parts) + "."


def described_states(reports: Many[CellReport]) -> str:
    parts = [
        f"{report.cell.title} {name} {span(_edge(float(values.min())), _edge(float(values.max())))}"
        for report in reports
        for name, values in report.states.items()
    ]
    steps, units = next(iter(reports[0].states.values())).shape
    return f"States after {at_each(steps)}, a row for each of {counted(units, 'unit')}. " + ". ".join(parts) + "."


def described_differences(differences: Many[Difference]) -> str:
    parts = []
    for each in differences:
        largest = each.steps.start + int(each.distance.argmax()) + 1
        at = f"largest at step {largest}"
        if len(each.distance) > 1:
            at += f", at the end {_of_all(each.left)} of it"
        parts.append(f"{each.cell.title}: {at if each.distance.any() else 'none at any step'}")
    return "Distance between the hidden states of the two runs. " + ". ".join(parts) + "."
