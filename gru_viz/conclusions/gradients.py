"""What the Gradients page says of a run."""

from __future__ import annotations

import math
from collections.abc import Sequence as Many
from typing import Any

import numpy as np

from gru_viz.cells import Cell
from gru_viz.conclusions.common import at_each, counted, every, in_each, listed, span
from gru_viz.experiment import Experiment
from gru_viz.gradients import reached
from gru_viz.measures.gradients import DIRECT, HOLDS, POWER, PRODUCT, Reached, slope
from gru_viz.measures.what_if import Seeds
from gru_viz.sequences import Sequence
from gru_viz.theme import number_from_log10, power_of_ten

QUESTION = "How far back does learning reach?"
LOSSES = {"last": "Sum of the last h", "target": "Distance of the last h to a target", "every": "Every h"}
NORMS = {"state": "Carried state", "parts": "Its parts h and c", "input": "Input x", "jacobian": "Product of Jacobians"}
_DRAWN = {
    "state": "the norm of its gradient by the state that the cell hands on after that step: h, in an LSTM h and c "
    "together.",
    "parts": "the norm of its gradient through one of the states that are handed on, the other held fixed. Of "
    "the last step L holds h alone: c starts a step earlier.",
    "input": "the norm of its gradient by the input x of that step.",
    "jacobian": "how much longer a small change of all that is handed on after that step can be at the step with the "
    "loss: the spectral norm of the product of the steps' Jacobians. It does not depend on L.",
}
_NORM = {
    "state": "the norm of the carried gradient",
    "parts": "the norm of the gradient through {part}",
    "input": "the norm of the gradient by the input",
    "jacobian": "the norm of the product of Jacobians",
}
EVERY = (
    "Every step adds a gradient of its own here, so the curves say how much arrives and not how far one step reaches: "
    "for that choose a loss after one step."
)
SHRINKS, VANISHES, HOLDS_ON, EXPLODES = "shrinks", "vanishes", "holds", "explodes"


def percent(share: float) -> str:
    """ "1 %" """
    return f"{100 * share:g} %"


def how_to_read(experiment: Experiment, step: int, found: Many[Reached]) -> str:
    text = f"{loss(experiment, step)} Each line is {_DRAWN[experiment.norm]}"
    if has_reach(experiment):
        text += " A marker stands at the farthest step that has the share."
    names = {name for each in found for name in each.theory}
    if DIRECT in names:
        text += " Thin and solid: the direct path only, neither an upper nor a lower bound."
    if PRODUCT in names:
        text += " Thin and dashed: a bound, the product over the steps of the norm of each step's Jacobian diag(d)·U"
        text += "; dash-dotted, σₘₐₓ(U) to the power of the steps (Pascanu et al. 2013)." if POWER in names else "."
    return text


def has_reach(experiment: Experiment) -> bool:
    """Of the carried gradient of one loss; where every step adds one it has none."""
    return experiment.norm == "state" and experiment.loss != "every"


def loss(experiment: Experiment, step: int) -> str:
    """What L is; ``step`` counts from 1."""
    if experiment.loss == "every":
        return f"L is the sum of h after every step up to {step}."
    if experiment.loss == "target":
        return f"L is the squared distance of h after step {step} to {_plain(experiment.target)} in every unit, summed."
    return f"L is the sum of h after step {step}."


def finding(experiment: Experiment, found: Many[Reached]) -> str:
    """The title of the main figure."""
    steps, cells = len(found[0].norm), [each.cell for each in found]
    if steps == 1:
        return "There is one step up to the loss: the gradient has not travelled yet."
    if experiment.norm == "jacobian":
        texts = [number_from_log10(float(each.curves[""][0]), 2) for each in found]
        return f"From the first step to the loss a change of state is multiplied by at most {in_each(cells, texts)}."
    if experiment.norm == "input":
        texts = [number_from_log10(float(each.curves[""][0]), 2) for each in found]
        return f"At the first step the norm of the gradient by the input is {in_each(cells, texts)}."
    if experiment.norm == "parts":
        return _parts(found)
    if experiment.loss == "every":
        texts = [number_from_log10(float(each.norm[0] - each.norm[-1]), 2) for each in found]
        texts[0] += " times the last step's"
        return f"At the first step the norm of the gradient is {in_each(cells, texts)}."
    return reaches(found, experiment.share)


def _parts(found: Many[Reached]) -> str:
    several = [each for each in found if len(each.curves) > 1]
    if not several:
        return "No cell here hands on more than h: that part is the whole."
    texts = [
        " and ".join(f"{number_from_log10(float(values[0]), 2)} through {name}" for name, values in each.curves.items())
        for each in several
    ]
    return f"At the first step the norm of the gradient is {in_each([each.cell for each in several], texts)}."


def reaches(found: Many[Reached], share: float) -> str:
    """How many steps back the gradient keeps a share of the last step's norm."""
    steps, reach = len(found[0].norm), [each.reach(share) for each in found]
    if not any(reach):
        return "The loss has no gradient here: h stands where it is wanted."
    if set(reach) == {steps} and steps > 1:
        cells = "each cell" if len(found) > 1 else f"the {found[0].cell.title}"
        return f"Down to {percent(share)}, the gradient reaches back over {every(steps)} steps in {cells}."
    texts = ["all " * (each == steps) + str(each) for each in reach]
    texts[0] += " step" if reach[0] == 1 else " steps"
    return f"Down to {percent(share)}, the gradient reaches back over {in_each([each.cell for each in found], texts)}."


# -- named -------------------------------------------------------------------------------------------------------------


def verdict(norm: np.ndarray, share: float) -> str:
    """Of log10 norms (t,): by the mean slope, and vanished only where less than the share arrives at the first step."""
    rate = slope(norm)
    if rate < -HOLDS:
        return VANISHES if reached(norm, share) < len(norm) else SHRINKS
    return EXPLODES if rate > HOLDS else HOLDS_ON


def thresholds(experiment: Experiment) -> str:
    """What the verdicts mean."""
    return (
        f"A norm shrinks where its log10 changes by less than −{HOLDS:g} a step back on average, and vanishes where "
        f"less than {percent(experiment.share)} of the last step's is then left at step 1. It explodes above "
        f"+{HOLDS:g}, and holds between: less than a factor of ten in a hundred steps."
    )


def early(step: int, count: int) -> str:
    """That the loss is not after the last step; nothing where it is. Both count from 1."""
    return f"L is taken after step {step} of {count}, the step in view." if step < count else ""


def named(experiment: Experiment, found: Many[Reached]) -> str:
    """Whether what is drawn shrinks, vanishes, holds or explodes."""
    if experiment.loss == "every" and experiment.norm != "jacobian":
        return EVERY
    parts = list(dict.fromkeys(part for each in found for part in each.curves))
    texts = [_named(experiment, part, [each for each in found if part in each.curves]) for part in parts]
    return " ".join(filter(None, texts)) or "A slope needs two steps and a loss with a gradient."


def _named(experiment: Experiment, part: str, found: Many[Reached]) -> str:
    """Of one part of the curves; nothing where no cell's has a slope."""
    drawn = {each.cell: _up_to_the_last(each.curves[part]) if part else each.curves[part] for each in found}
    norms = {cell: norm for cell, norm in drawn.items() if not math.isnan(slope(norm))}
    if not norms:
        return ""
    texts = [number_from_log10(slope(norm)) for norm in norms.values()]
    texts[0] = f"multiplied by {texts[0]}"
    by_verdict: dict[str, list[Cell]] = {}
    for cell, norm in norms.items():
        by_verdict.setdefault(verdict(norm, experiment.share), []).append(cell)
    said = [f"{word} in {listed([f'the {cell.title}' for cell in cells])}" for word, cells in by_verdict.items()]
    if SHRINKS in by_verdict:
        at = list(by_verdict).index(SHRINKS)
        said[at] += f", where {percent(experiment.share)} or more is still there at step 1"
    what = _NORM[experiment.norm].format(part=part)
    text = f"For each step back {what} is on average {in_each(list(norms), texts)}. It {'; it '.join(said)}."
    lost = any(cell.keep_biases(1.0) for cell in by_verdict.get(VANISHES, ()))
    if lost and experiment.keep == 0 and not experiment.biases and not experiment.is_hand_set:
        text += " “Gated cells don't vanish” is not true of gates that start by keeping half of the state."
    return text


def _up_to_the_last(norm: np.ndarray) -> np.ndarray:
    """A part up to the last step that has a gradient: of the last step L holds h alone."""
    steps = np.flatnonzero(norm > -math.inf)
    return norm[: int(steps[-1]) + 1] if steps.size else norm[:0]


def clipping(experiment: Experiment, found: Many[Reached]) -> str:
    """Whether clipping at the experiment's norm would act."""
    sizes = [each.all_parameters for each in found]
    texts = [number_from_log10(size, 3) if size < math.inf else f"more than {power_of_ten(308)}" for size in sizes]
    limit = math.log10(experiment.clip) if experiment.clip else -math.inf
    acts = [f"the {each.cell.title}" for each in found if each.all_parameters > limit]
    where = listed(acts) if acts else "no cell here" if len(found) > 1 else f"the {found[0].cell.title}"
    would = "would act in" if acts or len(found) > 1 else "would not act in"
    return (
        f"Clipping at {_plain(experiment.clip)} {would} {where}: the gradient by all parameters has the norm "
        f"{in_each([each.cell for each in found], texts)}."
    )


def still_teaches(experiment: Experiment, found: Many[Reached]) -> str:
    """That a gradient which vanishes on its way leaves learning to the near steps; nothing where none does."""
    lost = [
        each for each in found if verdict(each.norm, experiment.share) == VANISHES and each.all_parameters > -math.inf
    ]
    if not lost or experiment.loss == "every":
        return ""
    return (
        f"“A small gradient means no learning” is not true: in {listed([f'the {each.cell.title}' for each in lost])} "
        "the near steps still teach, and only what comes from far back is lost."
    )


def theory(found: Many[Reached]) -> str:
    """What lies between theory and the run at the first step; nothing where no theory is drawn."""

    def at_first(name: str) -> list[tuple[Cell, str]]:
        whole = [(each, float(next(iter(each.curves.values()))[0])) for each in found if name in each.theory]
        return [
            (each.cell, number_from_log10(float(each.theory[name][0]) - size, 2))
            for each, size in whole
            if size > -math.inf and len(each.norm) > 1
        ]

    texts = []
    for name in (PRODUCT, POWER):
        if bound := at_first(name):
            shown = _times(bound)
            texts.append(f"At step 1 the bound {name} is {shown}.")
    if direct := at_first(DIRECT):
        shown = _times(direct)
        others = "add to it or cancel it" if any(apart != "1.0" for _, apart in direct) else "have hardly any part here"
        texts.append(
            f"At step 1 the direct path alone is {shown}. “∏f is the gradient” is "
            f"not true in general: there are other paths, which {others}."
        )
    return " ".join(texts)


def _times(apart: Many[tuple[Cell, str]]) -> str:
    """How many times the norm something is in each cell."""
    (cell, text), *others = apart
    return in_each(*zip((cell, f"{text} times the norm"), *others, strict=True))


SALIENCY_HOW = (
    "Each row is the norm of the gradient of the sum of h after the framed step by the input of each step: how much a "
    "small change there would move it, as a share of the row's largest. Click or tap a step, or slide, to take the "
    "loss after it."
)


def saliency(found: Many[Reached]) -> str:
    """On which input the step with the loss hangs most."""
    end = len(found[0].norm)
    texts = []
    for each in found:
        at = int(each.saliency.argmax())
        texts.append(f"step {at + 1}" if each.saliency[at] > -math.inf else "no input")
    if set(texts) == {"no input"}:
        return f"h after step {end} does not move with a small change of any input: its gradient by each is exactly 0."
    if end == 1:
        return "There is one step up to the loss: h hangs on its input and on no other."
    if len(set(texts)) == 1 < len(texts):
        return f"h after step {end} hangs most on the input of {texts[0]} in each cell."
    first = next(k for k, text in enumerate(texts) if text != "no input")
    texts[first] = f"the input of {texts[first]}"
    return f"h after step {end} hangs most on {in_each([each.cell for each in found], texts)}."


def luck(experiment: Experiment, found: Many[Seeds]) -> str:
    """How far the reach holds over seeds, where one step's gradient is what is drawn; nothing where each step adds
    one."""
    if experiment.loss == "every":
        return ""
    texts, share = [], experiment.share
    for each in found:
        low, middle, high = np.quantile(each.reaches[share], (0.1, 0.5, 0.9), method="inverted_cdf").astype(int)
        texts.append(f"{middle} ({low} to {high})")
    seeds = len(found[0].reaches[share])
    cells = in_each([each.cell for each in found], texts)
    return (
        f"Over seeds 0 to {seeds - 1} the median reach of the carried gradient at {percent(share)}, and where 80 % of "
        f"the seeds lie, is {cells}."
    )


# -- tables and alt texts-----------------------------------------------------------------------------------------------


def norm_numbers(found: Many[Reached], sequence: Sequence) -> dict[str, list[Any]]:
    end = len(found[0].norm)
    columns = steps_of(sequence, end)
    for each in found:
        for part, values in each.curves.items():
            columns[f"{each.cell.title} {part}".rstrip()] = values.tolist()
        for name, values in each.theory.items():
            columns[f"{each.cell.title}, {name}"] = values.tolist()
    return columns


def saliency_numbers(found: Many[Reached], sequence: Sequence) -> dict[str, list[Any]]:
    return steps_of(sequence, len(found[0].norm)) | {each.cell.title: each.saliency.tolist() for each in found}


def steps_of(sequence: Sequence, end: int) -> dict[str, list[Any]]:
    return {"step": list(range(1, end + 1)), "token": list(sequence.labels[:end])}


def described(experiment: Experiment, found: Many[Reached]) -> str:
    """The main figure for someone who does not see it: made from its data."""
    parts = []
    for each in found:
        for part, values in each.curves.items():
            text = f"{each.cell.title} {part}".rstrip() + f": {range_of(values)}"
            if has_reach(experiment) and len(values) > 1:
                reach = counted(each.reach(experiment.share), "step")
                text += f", down to {percent(experiment.share)} over the last {reach}"
            parts.append(text)
        parts += [f"{each.cell.title}, {name}: {range_of(values)}" for name, values in each.theory.items()]
    what = {"state": "carried gradient", "parts": "parts of the carried gradient", "input": "gradient by the input",
            "jacobian": "product of Jacobians"}[experiment.norm]  # fmt: skip
    return f"Norm of the {what} at {at_each(len(found[0].norm))}. " + ". ".join(parts) + "."


def described_saliency(found: Many[Reached]) -> str:
    parts = [f"{each.cell.title}: {range_of(each.saliency)}" for each in found]
    end = len(found[0].norm)
    return f"Norm of the gradient of h after step {end} by the input of {at_each(end)}. {'. '.join(parts)}."


def range_of(values: np.ndarray) -> str:
    """Between which numbers log10 values lie."""
    finite = values[np.isfinite(values)]
    zeros = int(np.sum(values == -math.inf))
    text = "exactly zero throughout"
    if finite.size:
        low, high = (number_from_log10(float(edge), 2) for edge in (finite.min(), finite.max()))
        text = span(low, high, "between {} and {}") + f", exactly zero at {counted(zeros, 'step')}" * bool(zeros)
    return text


def _plain(value: float) -> str:
    """A number as it was entered."""
    return f"{value:g}".replace("-", "−")
