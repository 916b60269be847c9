"""What a sequence is, its limits, and the first checks of what was typed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from gru_viz.errors import InputError
from gru_viz.labels import grouped, number_label, quoted

MAX_STEPS = 2_000
MAX_CHARACTERS = 50_000  # code points as typed: 2,000 numbers with all their digits fit
MAX_INPUTS = 1_024  # different characters or words: the width of the input
MAX_COLUMNS = 64  # numbers in one row
MAX_SAID = 3  # numbers of a row that a sentence repeats


@dataclass(frozen=True)
class Sequence:
    """T steps, each an input of width I. Equal when kind, tokens and input names are."""

    kind: str  # what a step is: "text" a character, "words" a word, "numbers" a number or a row of numbers
    tokens: tuple[str, ...]  # T: what each step is, exactly
    labels: tuple[str, ...]  # T: what a page shows for it; never invisible, and different for different characters
    values: np.ndarray = field(compare=False, repr=False)  # (T, I), read-only; one-hot for characters and words
    input_names: tuple[str, ...]  # I: whom the columns of an input matrix belong to

    @property
    def is_one_hot(self) -> bool:
        return self.kind != "numbers"

    def part(self, start: int, count: int) -> str:
        """What stands at these steps, as one would type it; ``start`` counts from 0."""
        between = {"text": "", "words": " ", "numbers": ", "}[self.kind]
        return between.join(self.tokens[start : start + count])

    def said(self, start: int, count: int) -> str:
        """The same for a sentence: in quotes, or the first numbers of a row, each with three digits or as typed."""
        if self.is_one_hot:
            return quoted(self.part(start, count))
        row = [float(number) for number in self.tokens[start].split()]
        return ", ".join(map(number_label, row[:MAX_SAID])) + ", …" * (len(row) > MAX_SAID)


@dataclass(frozen=True)
class Replacement:
    """A sequence of which one part was replaced; its input names begin with the original's, so columns agree."""

    start: int  # the first step that is replaced, counted from 0
    old: int  # how many steps were taken out
    new: int  # how many came in their place
    sequence: Sequence

    def texts(self, original: Sequence) -> tuple[str, str]:
        """What stood in the original, and what stands there instead."""
        return original.part(self.start, self.old), self.sequence.part(self.start, self.new)

    def said(self, original: Sequence) -> tuple[str, str]:
        """The same for a sentence; a number that stands there instead comes with its step."""
        at = "" if original.is_one_hot else f" at step {self.start + 1}"
        return original.said(self.start, self.old), self.sequence.said(self.start, self.new) + at


def typed(text: object, what: str = "The sequence", wanted: str = "", longest: int = MAX_CHARACTERS) -> str:
    """The text with its line ends made one; its length is checked before any work is done on it."""
    if not isinstance(text, str):
        raise InputError(f"{what} is {quoted(text)}: text is expected.")
    if len(text) > longest:
        raise InputError(f"{what} is {grouped(len(text))} characters long: at most {grouped(longest)} are read.")
    if wanted and not text.strip():
        raise InputError(f"{what} {'holds nothing but blanks' if text else 'is empty'}: type at least one {wanted}.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def one_hot(kind: str, tokens: tuple[str, ...], labels: dict[str, str], names: Iterable[str], things: str) -> Sequence:
    """The columns belong to `names` and then to the other tokens in the order of their first appearance."""
    names = tuple(dict.fromkeys((*names, *tokens)))
    if len(names) > MAX_INPUTS:
        raise InputError(f"The sequence has {len(names)} different {things}: at most {MAX_INPUTS} are allowed.")
    column = {name: index for index, name in enumerate(names)}
    values = np.zeros((len(tokens), len(names)))  # (T, I)
    values[np.arange(len(tokens)), [column[token] for token in tokens]] = 1.0
    values.setflags(write=False)
    return Sequence(kind, tokens, tuple(labels[token] for token in tokens), values, names)
