"""What a page shows of what a person typed: labels that can be seen, and short quotations for sentences."""

from __future__ import annotations

import functools
import re
from typing import Any

MAX_CLUSTER = 32  # code points in one character; the longest emoji have 10
MAX_QUOTE = 20  # characters of the typed text that a sentence repeats

_SIGNS = {" ": "␣", "\n": "↵", "\t": "⇥"}
# Controls, marks of direction, unassigned and private code points, blanks, and what is drawn as nothing.
HIDDEN = r"[[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]--\p{Prepended_Concatenation_Mark}]"
_SEEN = rf"[^{HIDDEN}\p{{M}}]"
_TO_THE_LEFT = r"[\p{Bidi_Class=R}\p{Bidi_Class=AL}]"
_PICTURE = r"\p{Extended_Pictographic}[\p{Emoji_Modifier}\ufe0e\ufe0f]?[\U000E0020-\U000E007F]*"
_EMOJI = rf"{_PICTURE}(\u200d{_PICTURE})*|[0-9#*]\ufe0f?\u20e3"


@functools.cache
def pattern(source: str) -> Any:
    """A compiled pattern of the library that knows Unicode's clusters and classes."""
    import regex  # takes 20 ms: not before something is read

    return regex.compile(source, regex.V1)


@functools.lru_cache(maxsize=4096)  # the tokens of a sequence are few, and are labelled again on each rerun
def visible(token: str) -> str:
    """A label that can be seen: ␣ ↵ ⇥, "U+202E" for what has no shape, "a+U+200D" for a letter that hides something.

    Different characters have different labels, so the three signs themselves and marks without a letter are spelled.
    """
    if token in _SIGNS or pattern(_EMOJI).fullmatch(token):
        return _SIGNS.get(token, token)
    if token in _SIGNS.values() or not pattern(_SEEN).search(token):
        return "+".join(map(_spelled, token))
    label: str = pattern(HIDDEN).sub(lambda found: "+"[: found.start()] + _spelled(found[0]), token)
    return label


def _spelled(character: str) -> str:
    return f"U+{ord(character):04X}"


def quoted(value: object) -> str:
    """What a person entered, for a sentence: in quotes, shortened, and without a character that cannot be seen."""
    if not isinstance(value, str):
        return f"a value of type {type(value).__name__}"
    shown = ""
    for match in pattern(r"\X").finditer(value):
        label = visible(match[0]) if len(match[0]) <= MAX_CLUSTER else _spelled(match[0][0]) + "+…"
        if len(shown) + len(label) > MAX_QUOTE and shown:
            shown += "…"
            break
        shown += label
    return in_quotes(shown)


def in_quotes(label: str) -> str:
    """A label for a sentence. Letters that run from right to left are isolated, so that the words and numbers beside
    them keep their places."""
    return f'"\u2068{label}\u2069"' if pattern(_TO_THE_LEFT).search(label) else f'"{label}"'


_UNIT = re.compile(r"(?<=[0-9]) (?=%|µs\b)")  # between a number and what belongs to it


def unbroken(text: str) -> str:
    """The same sentence; no line of it ends within "50 %"."""
    return _UNIT.sub("\u00a0", text)


def grouped(count: int) -> str:
    """A whole number for a sentence: in threes from five digits on, with thin no-break spaces (ISO 31-0)."""
    return f"{count:,}".replace(",", "\u202f") if abs(count) >= 10_000 else str(count)


def counted(count: int, thing: str) -> str:
    """ "1 step", "32 steps" """
    return f"{grouped(count)} {thing}" + "s" * (count != 1)


def number_text(value: float) -> str:
    """The shortest text that reads back as this number: 0.5, -1, 2e-05."""
    return repr(float(value)).removesuffix(".0")


def number_label(value: float) -> str:
    """As typed when that is short, else three digits: 0.123, 1.23·10⁵; with a real minus sign."""
    text = number_text(value)
    if len(text) > 7 or "e" in text:
        mantissa, _, exponent = f"{value:.3g}".partition("e")
        power = str(int(exponent or "0")).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        text = f"{mantissa}·10{power}" if exponent else mantissa
    return text.replace("-", "−")
