"""What the ready experiments show: one sentence each, made from the numbers of a run of that experiment.

Plain text, and true of the examples; of an experiment of another kind a sentence may miss the point.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from gru_viz.cells import cell
from gru_viz.conclusions.common import in_each, listed
from gru_viz.conclusions.contrast import CONTRAST
from gru_viz.conventions import ROUNDING
from gru_viz.errors import InputError
from gru_viz.experiment import Experiment
from gru_viz.parameters import spectrum, stacked_sets
from gru_viz.runs import Contrast, cells_of, contrast, keep_sets, parameters, trace
from gru_viz.sequences import parse_sequence
from gru_viz.settings import KEEP_CHOICES
from gru_viz.theme import number, number_from_log10
from gru_viz.trace import Trace


def gradient_reach(experiment: Experiment) -> str:
    reports = contrast(experiment).reports
    found, steps = [report.reach for report in reports], len(reports[0].norm)
    texts = [f"all {steps}" if reach == steps else f"{reach}" for reach in found]
    texts[0] += " steps"
    hardly = ": there is hardly a difference" if max(found) <= CONTRAST * min(found) else ""
    return (
        f"{_weights(experiment)} and gates that start by keeping {KEEP_CHOICES[experiment.keep]} a step, the gradient "
        f"keeps at least 1 % of its norm over the last {in_each([report.cell for report in reports], texts)}{hardly}."
    )


def left_after_silence(experiment: Experiment) -> str:
    found = contrast(experiment)
    return (
        f"{_weights(experiment)}, an orthogonal U and gates that start by keeping {KEEP_CHOICES[experiment.keep]}, "
        f"{_after_cue(found)} zeros the states h are still this share of their largest distance apart: "
        f"{_left(found)}."
    )


def left_after_noise(experiment: Experiment) -> str:
    found = contrast(experiment)
    silent = contrast(dataclasses.replace(experiment, text=found.sequence.tokens[0] + " 0" * _later(found)))
    plain = silent.differences[0]
    return (
        f"{_weights(experiment)}, {_after_cue(found)} random numbers N(0, 3²) the states h are this share of "
        f"their largest distance apart: {_left(found)}; {_later(found)} zeros leave {number(plain.left, 2)} in the "
        f"{plain.cell.title}."
    )


def near_the_bound(experiment: Experiment) -> str:
    found = contrast(experiment)
    (report,), steps = found.reports, _later(found)
    _, stretch = spectrum(parameters(experiment, report.cell, found.sequence)["U_h"])
    line = float(np.log10(stretch))
    return (
        f"{_weights(experiment)}, log10 of the gradient's norm changes by {number(report.share / steps, 4)} a step "
        f"over {steps} steps back, where theory's bound changes by log10 σ_max(U) = {number(line, 4)}: at the cue the "
        f"gradient has {number_from_log10(report.share - steps * line, 2)} of the bound."
    )


def growth(experiment: Experiment) -> str:
    found = contrast(experiment)
    (report,) = found.reports
    gap = 1 - float(np.abs(report.states["h"]).max())
    return (
        f"{_weights(experiment)}, the gradient's norm grows over {_later(found)} steps back to "
        f"{number_from_log10(report.share, 2)} times the last step's, while |h| stays below 1: the "
        f"largest is 1 − {number(gap, 1)}."
    )


def kept_sign(experiment: Experiment) -> str:
    found = contrast(experiment)
    old, new = map(_signed, found.replaced.texts(found.sequence))
    of = found.reports[0].cell
    one, other = (trace(experiment, of, each)["h"][-1] for each in (found.sequence, found.replaced.sequence))
    return (
        f"{_later(found)} zeros after the cue both hand-set units stand at {number(float(one[0]))} if it was "
        f"{old} and at {number(float(other[0]))} if it was {new}, though the gradient at the cue is "
        f"{number_from_log10(found.reports[0].share, 2)} of the last step's."
    )


def counted(experiment: Experiment) -> str:
    ran, tokens = _only_run(experiment)
    brackets = np.array([token in "()[]" for token in tokens])
    if brackets.all() or not brackets.any():
        raise InputError("The sequence of the brackets that are counted is to hold brackets and other characters.")
    i, c = ran["i"].max(axis=1), ran["c"]  # a bracket opens the gate of one unit
    opened, shut = number(float(i[brackets].min())), number(float(i[~brackets].max()))
    round_, square, end = (number(float(count), 1) for count in (*c.max(axis=0), c[-1].max()))
    return (
        f"The hand-set input gate opens to {opened} at each of the {brackets.sum()} brackets and is {shut} at the "
        f"{(~brackets).sum()} other characters, so c is the number of open brackets after each step: up to {round_} "
        f"round and {square} square, and {end} at the end."
    )


def latched(experiment: Experiment) -> str:
    ran, tokens = _only_run(experiment)
    at = tokens.index("!") + 1
    z, held = ran["z"][:, 1], ran["h"][at:, 1]
    opened, shut = number(float(z[at])), number(float(np.delete(z, at).max()))
    return (
        f"The hand-set update gate opens to {opened} at the {tokens[at]} after the ! and is {shut} elsewhere: its unit "
        f"holds {number(float(held[0]))} through {len(held) - 1} other digits, and changes by "
        f"{number(float(np.abs(held - held[0]).max()), 1)}."
    )


def two_conventions(experiment: Experiment) -> str:
    one, other = (report.states["h"] for report in contrast(experiment).reports)
    first, second, *later = np.abs(one - other).max(axis=1).tolist()
    at_first = number(first, 2) if first > ROUNDING else f"only rounding ({number(first, 2)})" if first else "0"
    return (
        f"With one set of random weights (seed {experiment.seed}) the largest difference between the units of the two "
        f"GRUs is {at_first} after step 1, {number(second, 2)} after step 2 and up to {number(max(later), 2)} "
        "later."
    )


def price(experiment: Experiment) -> str:
    from gru_viz.conclusions.compare import steps_text  # here: the package starts without the pages' measures
    from gru_viz.measures.compare import steps_after_jump

    sequence, cells, texts = parse_sequence(experiment.kind, experiment.text), cells_of(experiment), []
    for of in cells:
        sets = stacked_sets(of, list(keep_sets(experiment, of, sequence).values()))
        texts.append(listed(list(map(steps_text, steps_after_jump(of, sets, sequence.values.shape[1])))))
    texts[0] += " steps"
    return (
        f"{_weights(experiment)}, 90 % of the change of h after a jump of the input, from rest to rest, takes "
        f"{in_each(cells, texts)}, whose gates start by keeping {listed(list(KEEP_CHOICES.values()))}."
    )


def _weights(experiment: Experiment) -> str:
    return f"With random weights (seed {experiment.seed})"


def _later(found: Contrast) -> int:
    """Steps after the first."""
    return len(found.sequence.tokens) - 1


def _after_cue(found: Contrast) -> str:
    old, new = map(_signed, found.replaced.texts(found.sequence))
    return f"after a cue of {old} or {new} and {_later(found)}"


def _left(found: Contrast) -> str:
    return in_each([each.cell for each in found.differences], [number(each.left, 2) for each in found.differences])


def _only_run(experiment: Experiment) -> tuple[Trace, tuple[str, ...]]:
    sequence = parse_sequence(experiment.kind, experiment.text)
    return trace(experiment, cell(experiment.cells[0]), sequence), sequence.tokens


def _signed(typed: str) -> str:
    return typed.replace("-", "−")
