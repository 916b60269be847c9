"""The errors that a person can mend, and the checks at the library's doors: one wording for whatever does not fit."""

import math
from collections.abc import Sequence
from numbers import Integral, Number, Real

from gru_viz.labels import grouped

LONGEST = 40  # characters of what came, in a sentence


class InputError(ValueError):
    """Something that a person entered is not allowed: the message says what came, what is allowed, and where."""


def shown(value: object) -> str:
    """What came, for a sentence: a text, a number or None as Python writes it, and of all else the type."""
    if not (value is None or isinstance(value, (str, Number))):
        name = type(value).__name__
        return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
    try:
        text = repr(value[: LONGEST + 1] if isinstance(value, str) else value)
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        return "a number of thousands of digits"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def check_kind(value: object, kind: type, what: str, expected: str) -> None:
    """Raises InputError for what is not of that kind."""
    if not isinstance(value, kind):
        raise InputError(f"{what} is {shown(value)}; {expected} is expected.")


def texts(value: object, what: str) -> tuple[str, ...]:
    """A list of texts; InputError for all else."""
    if not isinstance(value, Sequence):
        raise InputError(f"{what} is {shown(value)}; a list of texts is expected.")
    for text in value:
        check_kind(text, str, f"An entry of {what}", "a text")
    return tuple(value)


def step_labels(labels: object, steps: int) -> tuple[str, ...]:
    """A text for each step; InputError for all else."""
    named = texts(labels, "labels")
    if len(named) != steps:
        count = grouped(len(named))
        raise InputError(f"labels holds {count} texts; one for each of the {grouped(steps)} steps is expected.")
    return named


def whole_number(value: object, what: str, low: int, high: int | None = None) -> int:
    """A whole number in that range, NumPy's too, as an int; InputError for all else."""
    if isinstance(value, Integral) and not isinstance(value, bool):
        number = int(value)
        if low <= number and (high is None or number <= high):
            return number
    limits = f"from {grouped(low)}" + (f" to {grouped(high)}" if high is not None else "")
    raise InputError(f"{what} is {shown(value)}; a whole number {limits} is allowed.")


def finite_number(value: object, what: str) -> float:
    """A real number, NumPy's too, as a float; InputError for all else."""
    if isinstance(value, Real) and not isinstance(value, bool):
        try:
            if math.isfinite(number := float(value)):
                return number
        except OverflowError:  # a whole number beyond the largest float
            pass
    raise InputError(f"{what} is {shown(value)}; a finite number is allowed.")


def check_share(share: object) -> None:
    """Raises InputError for what is no share of something."""
    if isinstance(share, bool) or not isinstance(share, Real) or not 0 < share <= 1:  # type: ignore[operator]
        raise InputError(f"share is {shown(share)}; a number above 0 and up to 1 is allowed.")
