"""What a person enters ──► Sequence, and the sentences they read when it cannot be one.

Text is read by user-perceived character, one a step; numbers are read one a step. The weights of an input belong to
its name, so `tokens` is identity (NFC, canonical numbers) while `labels` is only what a page shows.
"""

from __future__ import annotations

import itertools
import math
import re
import string
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from gru_viz.errors import InputError
from gru_viz.labels import HIDDEN, MAX_CLUSTER, MAX_QUOTE, pattern, quoted, visible

MAX_STEPS = 2_000
MAX_CHARACTERS = 50_000  # code points as typed: 2,000 numbers with all their digits fit
MAX_INPUTS = 1_024  # different characters: the width of the input
MAX_NUMBER = 1e6
MIN_NUMBER = 1e-300  # numbers still closer to 0 lose their digits, and then become 0
MAX_WORD = 12  # characters of a suggested replacement


@dataclass(frozen=True)
class Sequence:
    """T steps, each an input of width I. Equal when kind, tokens and input names are."""

    kind: str  # a key of KINDS
    tokens: tuple[str, ...]  # T: what each step is, exactly
    labels: tuple[str, ...]  # T: what a page shows for it; never invisible, and different for different characters
    values: np.ndarray = field(compare=False, repr=False)  # (T, I), read-only; one-hot for text, (T, 1) for numbers
    input_names: tuple[str, ...]  # I: whom the columns of an input matrix belong to


@dataclass(frozen=True)
class Replacement:
    """A sequence of which one part was replaced; its input names begin with the original's, so columns agree."""

    start: int  # the first step that is replaced, counted from 0
    old: int  # how many steps were taken out
    new: int  # how many came in their place
    sequence: Sequence


def from_text(text: str) -> Sequence:
    """One step a character as a person sees it: é is one however it is typed, and so is a family emoji.

    Up to 2,000 characters of up to 32 code points, 1,024 of them different. Line ends of all kinds become a newline;
    blanks count, but not alone. Raises InputError.
    """
    return _text_sequence(tuple(_clusters(_typed(text, wanted="letter, digit or sign"))))


def from_numbers(text: str) -> Sequence:
    """One step a number, separated by blanks, line ends, or one comma or semicolon; one may stand at the very end.

    Up to 2,000 numbers from -1,000,000 to 1,000,000, written in ASCII digits with a decimal point; a minus may be a
    hyphen, a minus sign or an en dash. "0,5" by itself is refused, as it can be read in two ways. Raises InputError.
    """
    return _number_sequence(tuple(_numbers(_typed(text, wanted="number, as in 0.5, -1 2"))))


KINDS: dict[str, Callable[[str], Sequence]] = {"text": from_text, "numbers": from_numbers}


def parse_sequence(kind: str, text: str) -> Sequence:
    """The one door: what was typed, read as `kind` says. Raises InputError for all that cannot be read."""
    if not (isinstance(kind, str) and kind in KINDS):
        raise InputError(f"The kind of sequence is {quoted(kind)}: one of {', '.join(KINDS)} is expected.")
    return KINDS[kind](text)


def _typed(text: object, what: str = "The sequence", wanted: str = "") -> str:
    """The text with its line ends made one; its length is checked before any work is done on it."""
    if not isinstance(text, str):
        raise InputError(f"{what} is {quoted(text)}: text is expected.")
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"{what} is {len(text):,} characters long: at most {MAX_CHARACTERS:,} are read.")
    if wanted and not text.strip():
        raise InputError(f"{what} {'holds nothing but blanks' if text else 'is empty'}: type at least one {wanted}.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


# Text ----------------------------------------------------------------------------------------------------------------


def _clusters(text: str) -> Iterator[str]:
    """The extended grapheme clusters (Unicode's annex 29), each in normal form C.

    Lazy, as both steps are quadratic in hostile text: a run of flags is only split as far as the caps allow, and marks
    are put in order within a cluster whose length is known.
    """
    for number, match in enumerate(pattern(r"\X").finditer(text), start=1):
        cluster: str = match[0]
        if number > MAX_STEPS:
            raise InputError(f"The sequence has more than {MAX_STEPS:,} characters: at most {MAX_STEPS:,} are read.")
        if len(cluster) > MAX_CLUSTER:
            made = f"{len(cluster):,} code points"
            raise InputError(f"Character {number:,} is made of {made}: at most {MAX_CLUSTER} are allowed for one.")
        if "\ud800" <= cluster <= "\udfff":
            raise InputError(f"Character {number:,} is {quoted(cluster)}, one half of a character: delete it.")
        yield unicodedata.normalize("NFC", cluster)


def _text_sequence(tokens: tuple[str, ...], names: tuple[str, ...] = ()) -> Sequence:
    """One-hot; the columns belong to `names` and then to the other tokens in the order of their first appearance."""
    names = tuple(dict.fromkeys((*names, *tokens)))
    if len(names) > MAX_INPUTS:
        raise InputError(f"The sequence has {len(names):,} different characters: at most {MAX_INPUTS:,} are allowed.")
    column = {name: index for index, name in enumerate(names)}
    label = {token: visible(token) for token in column}
    values = np.zeros((len(tokens), len(names)))  # (T, I)
    values[np.arange(len(tokens)), [column[token] for token in tokens]] = 1.0
    values.setflags(write=False)
    return Sequence("text", tokens, tuple(label[token] for token in tokens), values, names)


# Numbers -------------------------------------------------------------------------------------------------------------

# One character for one, so that places stay what they were. An em dash is no minus.
_AS_ASCII = str.maketrans(
    {"\u2028": "\n", "\u2029": "\n", "\x85": "\n"}
    | dict.fromkeys("，、،", ",")
    | dict.fromkeys("；؛", ";")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d", "-")  # hyphens, figure and en dash, minus signs
)
_PIECE = re.compile(r"(?P<number>[^\s,;]+)|[,;]")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_GLUED = re.compile(r"[^\s,;]+(,+[^\s,;]+)*")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+([eE][+-]?[0-9]+)?")


def _numbers(text: str) -> Iterator[float]:
    plain = text.translate(_AS_ASCII)
    either = _one_or_two(plain)
    on_line = ", on line {:,}," if "\n" in plain.strip() else ""
    number, line, place, due = 0, 1, 0, True  # due: no number stands before a separator that comes now
    for piece in _PIECE.finditer(plain):
        line += plain.count("\n", place, piece.start())
        place = piece.start()
        if piece["number"] is None and not due:
            due = True
            continue
        number, due = number + 1, False
        where = f"Number {number:,}{on_line.format(line)}"
        if number > MAX_STEPS:
            raise InputError(f"The sequence has more than {MAX_STEPS:,} numbers: at most {MAX_STEPS:,} are read.")
        if piece["number"] is None:
            raise InputError(f"{where} is missing: a number is expected before each comma or semicolon.")
        if either and either.start() == place:
            raise InputError(
                f"{where} is {quoted(text[place : either.end()])}, which can be one number or two: "
                "write a decimal point, as in 0.5, or a space after a comma that separates, as in 0, 5."
            )
        yield read_number(text[place : piece.end()], where)


def _one_or_two(plain: str) -> re.Match[str] | None:
    """The first place where a comma may be a decimal one, as in 0,5 1,5.

    Commas without blanks separate for certain when more than two numbers are joined by them, as in 1,2,3, or one of
    them has a point, or the second a sign; if that happens nowhere, nobody can tell.
    """
    joined = [glued for glued in _GLUED.finditer(plain) if "," in glued[0]]
    return joined[0] if joined and all(_DECIMAL_COMMA.fullmatch(glued[0]) for glued in joined) else None


def read_number(item: str, where: str = "The number") -> float:
    """One number as a person writes it; stricter than float(), which takes nan, 1_000 and ١٢. Raises InputError."""
    plain = item.translate(_AS_ASCII)
    if not _NUMBER.fullmatch(plain):
        raise InputError(f"{where} is {quoted(item)}: {_advice(plain)}.")
    value = float(plain)
    if abs(value) > MAX_NUMBER:
        allowed = f"from {-MAX_NUMBER:,.0f} to {MAX_NUMBER:,.0f}"
        raise InputError(f"{where} is {quoted(item)}: a number {allowed} is expected.")
    if abs(value) < MIN_NUMBER and re.search("[1-9]", re.split("[eE]", plain)[0]):
        raise InputError(f"{where} is {quoted(item)}: a number so close to 0 cannot be held, write 0 instead.")
    return value + 0.0  # -0.0 becomes 0.0: one number, one token


def _advice(item: str) -> str:
    """What to do about an item that is no number: what to delete, or its repair, if there is one."""
    if hidden := pattern(HIDDEN).search(item):
        return f"delete the invisible {visible(hidden[0])} in it"
    digits = "".join(str(unicodedata.decimal(character, character)) for character in item[: MAX_QUOTE + 1])
    repaired = digits.replace("_", "").replace("٫", ".").replace("．", ".").strip("[](){}\"'")
    if re.fullmatch("0[xX][0-9a-fA-F]{1,8}", repaired):
        repaired = str(int(repaired, 16))
    if len(item) > MAX_QUOTE or not _NUMBER.fullmatch(repaired):
        return "a number such as 0.5, -1 or 2e-3 is expected"
    return f"write it as {repaired}"


def number_text(value: float) -> str:
    """The shortest text that reads back as this number: 0.5, -1, 2e-05."""
    return repr(float(value)).removesuffix(".0")


def _number_label(value: float) -> str:
    """As typed when that is short, else three digits: 0.123, 1.23·10⁵; with a real minus sign."""
    text = number_text(value)
    if len(text) > 7 or "e" in text:
        mantissa, _, exponent = f"{value:.3g}".partition("e")
        power = str(int(exponent or "0")).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        text = f"{mantissa}·10{power}" if exponent else mantissa
    return text.replace("-", "−")


def _number_sequence(numbers: tuple[float, ...]) -> Sequence:
    values = np.array(numbers, dtype=np.float64)[:, None]  # (T, 1)
    values.setflags(write=False)
    tokens, labels = (tuple(map(write, numbers)) for write in (number_text, _number_label))
    return Sequence("numbers", tokens, labels, values, ("0",))


# One part replaced by another ----------------------------------------------------------------------------------------


def replace(sequence: Sequence, old: str, new: str) -> Replacement:
    """The sequence with its first `old` replaced by `new`; for numbers, `old` is the step, counted from 1.

    Raises InputError when one of them is empty, `old` does not occur, nothing would change, or too much would come.
    """
    old, new = _typed(old, "What is replaced"), _typed(new, "What replaces it")
    return _REPLACE[sequence.kind](sequence, old, new)


def _replace_text(sequence: Sequence, old: str, new: str) -> Replacement:
    out, put = tuple(_clusters(old)), tuple(_clusters(new))
    if not out:
        raise InputError("Nothing is named that should be replaced: type a part of the sequence.")
    if not put:
        raise InputError(f"Nothing is given in place of {quoted(old)}: type at least one character.")
    if out == put:
        raise InputError(f"{quoted(old)} would be replaced by itself: type something else.")
    tokens = sequence.tokens
    start = next((at for at in range(len(tokens)) if tokens[at : at + len(out)] == out), None)
    if start is None:
        raise InputError(f"{quoted(old)} does not occur in the sequence: type a part of it.")
    tokens = (*tokens[:start], *put, *tokens[start + len(out) :])
    if len(tokens) > MAX_STEPS:
        raise InputError(f"With {quoted(new)} the sequence has {len(tokens):,} steps: at most {MAX_STEPS:,} are read.")
    return Replacement(start, len(out), len(put), _text_sequence(tokens, sequence.input_names))


def _replace_number(sequence: Sequence, old: str, new: str) -> Replacement:
    old, new = old.strip(), new.strip()
    last = len(sequence.tokens)
    step = int(old) if re.fullmatch("[0-9]{1,9}", old) else 0
    if not 1 <= step <= last:
        raise InputError(f"The step to be replaced is {quoted(old)}: a whole number from 1 to {last:,} is expected.")
    value = read_number(new, f"The new value of step {step:,}")
    if number_text(value) == sequence.tokens[step - 1]:
        raise InputError(f"Step {step:,} is {quoted(new)} already: type another number.")
    values = sequence.values[:, 0].tolist()
    return Replacement(step - 1, 1, 1, _number_sequence((*values[: step - 1], value, *values[step:])))


_REPLACE = {"text": _replace_text, "numbers": _replace_number}
_SHIFTED = str.maketrans(
    string.ascii_letters + string.digits,
    "".join(row[1:] + row[0] for row in (string.ascii_lowercase, string.ascii_uppercase, string.digits)),
)


def default_replacement(sequence: Sequence) -> tuple[str, str]:
    """A replacement that fits: a name in the text by one as long, or the first number by the next.

    A name is the first word of two letters or more that is capitalised and not the first; without one, the first word.
    """
    if sequence.kind == "numbers":
        first = sequence.values[0, 0]
        return "1", number_text(first + math.copysign(1.0, MAX_NUMBER - 1.0 - first))
    groups = (list(group) for is_word, group in itertools.groupby(sequence.tokens, lambda t: t[0].isalpha()) if is_word)
    words = [word for word in groups if len(word) > 1] or [list(sequence.tokens[:1])]
    word = next((word for word in words[1:] if word[0][0].isupper()), words[0])[:MAX_WORD]
    shifted = (token.translate(_SHIFTED) for token in word)
    return "".join(word), "".join(new if new != token else "x" for new, token in zip(shifted, word, strict=True))
