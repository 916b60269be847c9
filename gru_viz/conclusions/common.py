"""Phrases that the sentences of all pages are made of."""

from __future__ import annotations

from collections.abc import Sequence as Many

from gru_viz.cells import Cell, cell
from gru_viz.experiment import Experiment
from gru_viz.labels import counted as counted
from gru_viz.labels import quoted
from gru_viz.sequences import Sequence


def unit_of(sequence: Sequence, count: int = 1) -> str:
    """What a step is called: the first one, or that many; a blank is no letter, and a full stop no word."""
    things, other = {
        "text": ("letter", "character"),
        "words": ("word", "step"),
        "numbers": ("number", "number") if len(sequence.input_names) == 1 else ("row", "row"),
    }[sequence.kind]
    meant = sequence.tokens[:1] if count == 1 else sequence.tokens
    named = things if all(token[0].isalpha() for token in meant) else other
    return named + "s" * (count != 1)


def called(sequence: Sequence, step: int) -> str:
    """What stands at a step, counted from 0, for a sentence: a character or a word in quotes, shortened, or a number;
    nothing of a row of numbers."""
    if sequence.is_one_hot:
        return quoted(sequence.tokens[step])
    return sequence.labels[step] * (len(sequence.input_names) == 1)


def not_compared(experiment: Experiment, shown: Cell) -> str:
    """Why another cell is shown than the one that was chosen, or nothing."""
    chosen = experiment.focus
    if chosen in ("", shown.name):
        return ""
    return f"The {cell(chosen).title} is not compared here: shown is the {shown.title}."


def at_each(count: int) -> str:
    """ "each of 32 steps", of which the one may be all there is"""
    return f"each of {counted(count, 'step')}" if count > 1 else "the only step"


def every(count: int) -> str:
    """ "all 32", "both" """
    return f"all {count}" if count > 2 else "both"


def span(low: str, high: str, words: str = "from {} to {}") -> str:
    """ "from 0.25 to 0.75", and one text where both are the same"""
    return words.format(low, high) if low != high else low


def listed(names: Many[str]) -> str:
    """ "a", "a and b", "a, b and c" """
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def in_each(cells: Many[Cell], texts: Many[str]) -> str:
    """ "6 in the RNN, 23 in the LSTM, 32 in the GRU" """
    return ", ".join(f"{text} in the {cell.title}" for cell, text in zip(cells, texts, strict=True))
