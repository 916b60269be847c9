"""One part of a sequence replaced by another, and a suggestion of such parts."""

from __future__ import annotations

import itertools
import math
import re
import string
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from gru_viz.errors import InputError
from gru_viz.labels import grouped, number_text, quoted
from gru_viz.sequences.base import MAX_STEPS, Replacement, Sequence, typed
from gru_viz.sequences.numbers import MAX_NUMBER, number_sequence, read_number, read_numbers
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
        steps = grouped(len(tokens))
        raise InputError(f"With {quoted(new)} the sequence has {steps} steps: at most {MAX_STEPS} are read.")
    return Replacement(start, len(out), len(put), _MAKE[sequence.kind](tokens, sequence.input_names))


def _replace_numbers(sequence: Sequence, old: str, new: str) -> Replacement:
    old, new = old.strip(), new.strip()
    last, channels = sequence.values.shape
    step = int(old) if re.fullmatch("[0-9]{1,9}", old) else 0
    if not 1 <= step <= last:
        raise InputError(f"The step to be replaced is {quoted(old)}: a whole number from 1 to {last} is expected.")
    if channels == 1:
        row = [read_number(new, f"The new value of step {step}")]
    else:
        row = [*read_numbers(new, f"the new row of step {step}")]
        if len(row) != channels:
            raise InputError(f"The new row of step {step} has {len(row)} numbers: {channels} are expected.")
    if " ".join(map(number_text, row)) == sequence.tokens[step - 1]:
        another = "number" if channels == 1 else "row"
        raise InputError(f"Step {step} is {sequence.said(step - 1, 1)} already: type another {another}.")
    values = np.array(sequence.values)
    values[step - 1] = row
    return Replacement(step - 1, 1, 1, number_sequence(values, sequence.input_names))


def default_replacement(sequence: Sequence) -> tuple[str, str]:
    """A replacement that fits: a name in the text by another of its words, a cue among numbers by the silence around
    it, or the first number by the next.

    A name is the first word of two letters or more that is capitalised and not the first; without one, the first word.
    """
    if not sequence.is_one_hot:
        return _cue(sequence) or _next_number(sequence)
    if sequence.kind == "words":
        found = [token for token in sequence.tokens if len(token) > 1 and token[0].isalpha()] or [sequence.tokens[0]]
        at = _name([*map(list, found)])
        others = [word for word in found[at + 1 :] + found[:at] if word != found[at]]
        return found[at], others[0] if others else _other([*found[at]])
    groups = (list(group) for is_word, group in itertools.groupby(sequence.tokens, lambda t: t[0].isalpha()) if is_word)
    runs = [run[:MAX_SUGGESTED] for run in groups if len(run) > 1] or [list(sequence.tokens[:1])]
    at = _name(runs)
    same = [run for run in runs[at + 1 :] + runs[:at] if run != runs[at] and len(run) == len(runs[at])]
    return "".join(runs[at]), "".join(same[0]) if same else _other(runs[at])


def _cue(sequence: Sequence) -> tuple[str, str] | None:
    """The first step that has the rarest number, by the one that stands at half of the steps or more: without its cue
    the sequence is silence. None where no number is so common, or there is no other."""
    counts = Counter(sequence.tokens)  # of equals the one that came first stands first
    (silence, often), *others = counts.most_common()
    if often == 1 or 2 * often < len(sequence.tokens) or not others:
        return None
    fewest = min(count for _, count in others)
    rarest = next(token for token, count in others if count == fewest)
    return str(sequence.tokens.index(rarest) + 1), silence


def _next_number(sequence: Sequence) -> tuple[str, str]:
    """Of a row, its first number alone."""
    first, *others = sequence.values[0].tolist()
    next_one = first + math.copysign(1.0, MAX_NUMBER - 1.0 - first)
    return "1", " ".join(number_text(_rounded(value)) for value in (next_one, *others))


def _rounded(value: float) -> float:
    """To three decimals, or three digits where that is more."""
    return float(f"{value:.3g}") if abs(value) < 1 else round(value, 3)


def _name(runs: list[list[str]]) -> int:
    """Which of the words a name is most likely."""
    return next((at for at, run in enumerate(runs) if at and run[0][0].isupper()), 0)


def _other(characters: list[str]) -> str:
    """Backwards, or where that is the same as many other characters: each the next in its row, or an x."""
    turned = characters[::-1]
    if characters[0].istitle() and "".join(characters[1:]).islower():
        turned = [turned[0].upper(), *(character.lower() for character in turned[1:])]
    if turned != characters and [*clusters("".join(turned))] == turned:
        return "".join(turned)
    shifted = [character.translate(_SHIFTED) for character in characters]
    return "".join(new if new != old else "x" for new, old in zip(shifted, characters, strict=True))
