"""One part of a sequence replaced by another, and a suggestion of such parts."""

from __future__ import annotations

import itertools
import math
import re
import string
from collections.abc import Callable, Iterator

import numpy as np

from gru_viz.errors import InputError
from gru_viz.labels import quoted
from gru_viz.sequences.base import MAX_STEPS, Replacement, Sequence, typed
from gru_viz.sequences.numbers import MAX_NUMBER, number_sequence, number_text, read_number, read_numbers
from gru_viz.sequences.texts import clusters, text_sequence, word_sequence, words

MAX_SUGGESTED = 12  # characters

_READ: dict[str, Callable[[str], Iterator[str]]] = {"text": clusters, "words": words}
_MAKE = {"text": text_sequence, "words": word_sequence}
_THING = {"text": "character", "words": "word"}
_SHIFTED = str.maketrans(
    string.ascii_letters + string.digits,
    "".join(row[1:] + row[0] for row in (string.ascii_lowercase, string.ascii_uppercase, string.digits)),
)


def replace(sequence: Sequence, old: str, new: str) -> Replacement:
    """The sequence with its first `old` replaced by `new`; for numbers, `old` is the step, counted from 1.

    Raises InputError when one of them is empty, `old` does not occur, nothing would change, or too much would come.
    """
    old, new = typed(old, "What is replaced"), typed(new, "What replaces it")
    return _replace_tokens(sequence, old, new) if sequence.is_one_hot else _replace_numbers(sequence, old, new)


def _replace_tokens(sequence: Sequence, old: str, new: str) -> Replacement:
    read = _READ[sequence.kind]
    out, put = tuple(read(old)), tuple(read(new))
    if not out:
        raise InputError("Nothing is named that should be replaced: type a part of the sequence.")
    if not put:
        thing = _THING[sequence.kind]
        raise InputError(f"Nothing is given in place of {quoted(old)}: type at least one {thing}.")
    if out == put:
        raise InputError(f"{quoted(old)} would be replaced by itself: type something else.")
    tokens = sequence.tokens
    start = next((at for at in range(len(tokens)) if tokens[at : at + len(out)] == out), None)
    if start is None:
        raise InputError(f"{quoted(old)} does not occur in the sequence: type a part of it.")
    tokens = (*tokens[:start], *put, *tokens[start + len(out) :])
    if len(tokens) > MAX_STEPS:
        raise InputError(f"With {quoted(new)} the sequence has {len(tokens):,} steps: at most {MAX_STEPS:,} are read.")
    return Replacement(start, len(out), len(put), _MAKE[sequence.kind](tokens, sequence.input_names))


def _replace_numbers(sequence: Sequence, old: str, new: str) -> Replacement:
    old, new = old.strip(), new.strip()
    last, channels = sequence.values.shape
    step = int(old) if re.fullmatch("[0-9]{1,9}", old) else 0
    if not 1 <= step <= last:
        raise InputError(f"The step to be replaced is {quoted(old)}: a whole number from 1 to {last:,} is expected.")
    if channels == 1:
        row = [read_number(new, f"The new value of step {step:,}")]
    else:
        row = [*read_numbers(new, f"the new row of step {step:,}")]
        if len(row) != channels:
            raise InputError(f"The new row of step {step:,} has {len(row):,} numbers: {channels} are expected.")
    if " ".join(map(number_text, row)) == sequence.tokens[step - 1]:
        another = "number" if channels == 1 else "row"
        raise InputError(f"Step {step:,} is {quoted(new)} already: type another {another}.")
    values = np.array(sequence.values)
    values[step - 1] = row
    return Replacement(step - 1, 1, 1, number_sequence(values, sequence.input_names))


def default_replacement(sequence: Sequence) -> tuple[str, str]:
    """A replacement that fits: a name in the text by one as long, or the first number by the next.

    A name is the first word of two letters or more that is capitalised and not the first; without one, the first word.
    """
    if not sequence.is_one_hot:
        first, *others = sequence.values[0].tolist()
        next_one = round(first + math.copysign(1.0, MAX_NUMBER - 1.0 - first), 6)
        return "1", " ".join(map(number_text, (next_one, *others)))
    if sequence.kind == "words":
        found = [token for token in sequence.tokens if len(token) > 1 and token[0].isalpha()] or [sequence.tokens[0]]
        word = next((token for token in found[1:] if token[0].isupper()), found[0])
        return word, _other([*word])
    groups = (list(group) for is_word, group in itertools.groupby(sequence.tokens, lambda t: t[0].isalpha()) if is_word)
    runs = [run for run in groups if len(run) > 1] or [list(sequence.tokens[:1])]
    run = next((run for run in runs[1:] if run[0][0].isupper()), runs[0])[:MAX_SUGGESTED]
    return "".join(run), _other(run)


def _other(characters: list[str]) -> str:
    """As many other characters: each the next in its row, or an x."""
    shifted = [character.translate(_SHIFTED) for character in characters]
    return "".join(new if new != old else "x" for new, old in zip(shifted, characters, strict=True))
