"""Phrases that the sentences of all pages are made of."""

from __future__ import annotations

from collections.abc import Sequence as Many

from gru_viz.cells import Cell
from gru_viz.sequences import Sequence


def unit_of(sequence: Sequence, count: int = 1) -> str:
    """What a step is called."""
    letter = "letter" if sequence.tokens[0][0].isalpha() else "character"  # nobody calls an emoji a letter
    return {"text": letter, "numbers": "number"}[sequence.kind] + "s" * (count != 1)


def counted(count: int, thing: str) -> str:
    """ "1 step", "32 steps" """
    return f"{count:,} {thing}" + "s" * (count != 1)


def in_each(cells: Many[Cell], texts: Many[str]) -> str:
    """ "6 in the RNN, 23 in the LSTM, 32 in the GRU" """
    return ", ".join(f"{text} in the {cell.title}" for cell, text in zip(cells, texts, strict=True))
