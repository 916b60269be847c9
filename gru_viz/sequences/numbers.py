"""Numbers as a person writes them: one a step, or a row of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import numpy as np

from gru_viz.errors import InputError
from gru_viz.labels import HIDDEN, MAX_QUOTE, counted, grouped, number_label, number_text, pattern, quoted, visible
from gru_viz.sequences.base import MAX_COLUMNS, MAX_STEPS, Sequence, typed

MAX_NUMBER = 1e6
MIN_NUMBER = 1e-300  # numbers still closer to 0 lose their digits, and then become 0

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


def from_numbers(text: str) -> Sequence:
    """One step a number, separated by blanks, line ends, or one comma or semicolon; one may stand at the very end.

    Up to 2,000 numbers from -1,000,000 to 1,000,000, written in ASCII digits with a decimal point; a minus may be a
    hyphen, a minus sign or an en dash. "0,5" by itself is refused, as it can be read in two ways. Raises InputError.
    """
    text = typed(text, wanted="number, as in 0.5, -1 2")
    return number_sequence(np.array([*read_numbers(text)])[:, None])


def from_rows(text: str) -> Sequence:
    """One step a line: a row of up to 64 numbers, as many in each line, written as `from_numbers` takes them.

    Up to 2,000 rows; lines of blanks are skipped. Raises InputError, which names row and place.
    """
    rows: list[tuple[float, ...]] = []
    lines = typed(text, wanted="row of numbers, as in 0.5, -1 2").translate(_AS_ASCII).split("\n")
    for line, written in enumerate(lines, start=1):
        if not written.strip():
            continue
        number = len(rows) + 1
        if number > MAX_STEPS:
            raise InputError(f"The sequence has more than {MAX_STEPS} rows: at most {MAX_STEPS} are read.")
        row = f"row {number}" + f", on line {grouped(line)}," * (line != number)
        rows.append(tuple(read_numbers(written, row)))
        if len(rows[-1]) != len(rows[0]):
            counts = f"{counted(len(rows[-1]), 'number')}, and row 1 has {counted(len(rows[0]), 'number')}"
            raise InputError(f"{_first_upper(row)} has {counts}: as many are expected in each row.")
    return number_sequence(np.array(rows))


def _first_upper(words: str) -> str:
    return words[:1].upper() + words[1:]


def read_numbers(text: str, row: str = "") -> Iterator[float]:
    """The numbers in a text one by one; ``row`` names the text where it is not the whole sequence."""
    most, of_row = (MAX_COLUMNS, f" of {row}") if row else (MAX_STEPS, "")
    plain = text.translate(_AS_ASCII)
    either = _one_or_two(plain)
    on_line = ", on line {}," if "\n" in plain.strip() else ""
    number, line, at, due = 0, 1, 0, True  # due: no number stands before a separator that comes now
    for piece in _PIECE.finditer(plain):
        line += plain.count("\n", at, piece.start())
        at = piece.start()
        if piece["number"] is None and not due:
            due = True
            continue
        number, due = number + 1, False
        where = f"Number {number}{of_row}{on_line.format(grouped(line))}"
        if number > most:
            what = _first_upper(row) or "The sequence"
            raise InputError(f"{what} has more than {most} numbers: at most {most} are read.")
        if piece["number"] is None:
            raise InputError(f"{where} is missing: a number is expected before each comma or semicolon.")
        if either and either.start() == at:
            raise InputError(
                f"{where} is {quoted(text[at : either.end()])}, which can be one number or two: "
                "write a decimal point, as in 0.5, or a space after a comma that separates, as in 0, 5."
            )
        yield read_number(text[at : piece.end()], where)


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
        allowed = f"from -{grouped(int(MAX_NUMBER))} to {grouped(int(MAX_NUMBER))}"
        raise InputError(f"{where} is {quoted(item)}: a number {allowed} is expected.")
    if abs(value) < MIN_NUMBER and re.search("[1-9]", re.split("[eE]", plain)[0]):
        raise InputError(f"{where} is {quoted(item)}: a number so close to 0 cannot be held, write 0 instead.")
    return value + 0.0  # -0.0 becomes 0.0: one number, one token


def is_number(item: str) -> bool:
    """Whether it is written as a number, with a decimal point; it may be too large or too small."""
    return _NUMBER.fullmatch(item) is not None


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


def number_sequence(values: np.ndarray, names: tuple[str, ...] = ()) -> Sequence:
    """The rows of ``values`` (T, I) as steps; the channels are called "0", "1", … where they have no names."""
    values = np.array(values, dtype=np.float64) + 0.0  # a copy, without -0.0
    values.setflags(write=False)
    channels = values.shape[1]
    rows = values.tolist()
    tokens = tuple(" ".join(map(number_text, row)) for row in rows)
    if channels <= 2:
        labels = tuple(", ".join(map(number_label, row)) for row in rows)
    else:
        labels = tuple(f"row {step}" for step in range(1, len(rows) + 1))
    return Sequence("numbers", tokens, labels, values, names or tuple(map(str, range(channels))))
