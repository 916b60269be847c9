"""CSV: a file as bytes ──► Table ──► the chosen columns as text ──► Sequence.

How a file is written is recognised, and each finding can be overruled. What an experiment holds is a text of ours, with
the chosen columns and rows alone, so that a link holds them too:

    standardised
    year,sunspots
    1901,2.7
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from collections.abc import Sequence as Many
from dataclasses import dataclass

import numpy as np

from gru_viz.errors import InputError
from gru_viz.labels import counted, grouped, number_text, quoted
from gru_viz.sequences.base import MAX_COLUMNS, MAX_STEPS, Sequence, typed
from gru_viz.sequences.numbers import MAX_NUMBER, MIN_NUMBER, is_number, number_sequence, read_number

MAX_FILE = 2_000_000  # bytes of a CSV file, and characters of the chosen columns
MAX_ROWS = 10_000
MAX_NAME = 60  # characters
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "space"}
DECIMALS = {".": "point", ",": "comma"}
STANDARDISED, AS_THEY_ARE = "standardised", "as they are"
_SNIFFED = 50  # lines that are looked at to find the separator
_LOOKED_AT = 100_000  # characters, however few lines they are
_MAGIC = {
    b"PK\x03\x04": "a ZIP archive (as .xlsx, .ods and .docx are)",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"PAR1": "a Parquet file",
}


@dataclass(frozen=True)
class Layout:
    """How a CSV file is written."""

    separator: str  # one of SEPARATORS
    decimal: str  # one of DECIMALS
    header: bool  # the first line holds names


@dataclass(frozen=True)
class Table:
    """The columns of a file that hold numbers alone, and what is wrong with the others."""

    layout: Layout
    columns: dict[str, np.ndarray]  # name -> (R,)
    refused: dict[str, str]  # name -> a sentence

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values())))


def decode(data: bytes) -> tuple[str, str]:
    """(the text of a CSV file, the name of its encoding). Raises InputError for what is no text, or too much."""
    if len(data) > MAX_FILE:
        raise InputError(f"The file has {grouped(len(data))} bytes: at most {grouped(MAX_FILE)} are read.")
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            raise InputError(f"The file is {kind}, not a CSV file: save the table as CSV and upload that.")
    text, encoding = _decoded(data)
    if control := re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", text):
        line = grouped(text.count("\n", 0, control.start()) + 1)
        raise InputError(f"Line {line} of the file holds {quoted(control[0])}: a CSV file is text and holds none.")
    if not text.strip():
        raise InputError(
            f"The file {'holds nothing but blanks' if text else 'is empty'}: rows of numbers are expected."
        )
    return text, encoding


def _decoded(data: bytes) -> tuple[str, str]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        tries = {"utf-16": "UTF-16"}
    elif data[:400:2].count(0) > len(data[:400]) // 4:
        tries = {"utf-16-be": "UTF-16"}
    elif data[1:400:2].count(0) > len(data[:400]) // 4:
        tries = {"utf-16-le": "UTF-16"}
    else:
        tries = {"utf-8-sig": "UTF-8", "latin-1": "Latin-1"}
    for encoding, name in tries.items():
        try:
            return data.decode(encoding), name
        except UnicodeDecodeError:
            continue
    raise InputError("The file begins as UTF-16 and is not: save the table as CSV in UTF-8.")


def recognise(text: str) -> Layout:
    """How the file is written, as far as it shows; where nothing shows, a comma separates and a point is decimal."""
    lines = text[:_LOOKED_AT].splitlines(keepends=True)
    whole = lines if len(text) <= _LOOKED_AT else lines[:-1] or lines
    start = "".join(whole[:_SNIFFED])

    def rows_by(separator: str) -> list[list[str]]:
        try:
            return [[cell.strip() for cell in row] for row, _ in _cells(start, separator)]
        except InputError:  # said when the file is read
            return []

    def fit(separator: str) -> tuple[bool, float, float]:
        """What speaks for it: that it stands in most rows, as many times in each, and that numbers are between."""
        rows = rows_by(separator)
        width, often = Counter(map(len, rows)).most_common(1)[0] if rows else (1, 1)
        cells = [cell.replace(",", ".", 1) for row in rows for cell in row]
        return width > 1, often / max(1, len(rows)), sum(map(is_number, cells)) / max(1, len(cells))

    best = max(("\t", ";", "|", ",", " "), key=fit)
    separator = best if fit(best)[0] else ","
    rows = rows_by(separator)
    cells = [cell for row in rows for cell in row]
    commas = sum(bool(re.fullmatch(r"[+−-]?[0-9]+,[0-9]+", cell)) for cell in cells)
    points = sum(bool(re.fullmatch(r"[+−-]?[0-9]*\.[0-9]+", cell)) for cell in cells)
    decimal = "," if commas > points else "."
    return Layout(separator, decimal, _has_header(rows, decimal))


def _has_header(rows: list[list[str]], decimal: str) -> bool:
    """Whether a word stands over numbers; where no column is of numbers, whether no number is in the first line."""
    if len(rows) < 2:
        return False
    numeric = [[is_number(_pointed(cell, decimal)) for cell in row] for row in rows]
    width = min(map(len, rows))
    over = [not numeric[0][k] for k in range(width) if all(row[k] for row in numeric[1:])]
    return any(over) if over else not any(numeric[0])


def read_table(text: str, layout: Layout) -> Table:
    """Up to 10,000 rows of up to 64 columns, read as ``layout`` says; blank lines are skipped. Raises InputError."""
    rows: list[list[str]] = []
    lines = []
    for row, line in _cells(text, layout.separator):
        rows.append(row)
        lines.append(line)
        if len(row) > MAX_COLUMNS:
            width = grouped(len(row))
            raise InputError(f"Line {grouped(line)} has {width} cells: at most {MAX_COLUMNS} columns are read.")
        if len(row) != len(rows[0]):
            counts = f"{counted(len(row), 'cell')}, and line {grouped(lines[0])} has {counted(len(rows[0]), 'cell')}"
            raise InputError(f"Line {grouped(line)} has {counts}: as many are expected in each line.")
        if len(rows) > MAX_ROWS + layout.header:
            raise InputError(f"The file has more than {grouped(MAX_ROWS)} rows: at most {grouped(MAX_ROWS)} are read.")
    if not rows:
        raise InputError("The file holds separators and nothing between them: rows of numbers are expected.")
    names = _names(rows.pop(0), lines.pop(0)) if layout.header else [f"column {k + 1}" for k in range(len(rows[0]))]
    if not rows:
        raise InputError("The file holds a line of names and nothing below it: rows of numbers are expected.")
    columns, refused = {}, {}
    for name, cells in zip(names, zip(*rows, strict=True), strict=True):
        try:
            columns[name] = _column(cells, lines, layout.decimal, name)
        except InputError as problem:
            refused[name] = str(problem)
    if not columns:
        raise InputError(f"No column holds numbers alone. {next(iter(refused.values()))}")
    return Table(layout, columns, refused)


def _named(name: str) -> str:
    return quoted(name).replace("␣", " ")


def _cells(text: str, separator: str) -> Iterator[tuple[list[str], int]]:
    """Each row that is not blank, and the line on which it ends. Lazy, so that the first mistake ends the work. Raises
    InputError."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=True)
    try:
        for row in reader:
            if any(map(str.strip, row)):
                yield row, reader.line_num
    except csv.Error as problem:
        where = f"Line {grouped(max(1, reader.line_num))}"
        raise InputError(f"{where} cannot be read as CSV: {_plainly(problem)}.") from None


def _plainly(problem: csv.Error) -> str:
    known = {
        "unexpected end of data": "a quotation mark that opens there is never closed",
        "field larger than field limit": "a cell is longer than 131\u202f072 characters",
    }
    words = next((said for start, said in known.items() if str(problem).startswith(start)), "")
    return words or "a separator is expected after a quotation mark that closes"


def _names(cells: list[str], line: int) -> list[str]:
    names: list[str] = []
    for place, cell in enumerate(cells, start=1):
        name = " ".join(cell.split()) or f"column {place}"
        if len(name) > MAX_NAME:
            raise InputError(
                f"Line {grouped(line)} names column {place} {_named(name)}, {grouped(len(name))} characters: at most "
                f"{MAX_NAME} are allowed; shorten it, or read the file without a line of names."
            )
        if name in names:
            raise InputError(
                f"Line {grouped(line)} names both column {names.index(name) + 1} and column {place} {_named(name)}: "
                "rename one, or read the file without a line of names."
            )
        names.append(name)
    return names


def _pointed(cell: str, decimal: str) -> str:
    """The cell with a decimal point; with decimal commas a point is left to be refused."""
    return cell if decimal == "." else cell.replace(".", "'").replace(",", ".")


def _column(cells: Many[str], lines: list[int], decimal: str, name: str) -> np.ndarray:
    """(R,) numbers, or an InputError for the first cell that is none."""
    plain = [_pointed(cell.strip(), decimal) for cell in cells]
    if all(map(is_number, plain)):
        values = np.array(plain, dtype=float)
        size = np.abs(values)
        if size.max() <= MAX_NUMBER and size[size > 0].min(initial=1.0) >= MIN_NUMBER:
            return values
    found = []
    for cell, pointed, line in zip(cells, plain, lines, strict=True):
        where = f"Line {grouped(line)} of {_named(name)}"
        if not pointed:
            raise InputError(f"{where} is empty: a number is expected.")
        if decimal == "," and "'" in pointed:
            raise InputError(f"{where} is {quoted(cell.strip())}: the decimal sign is a comma.")
        found.append(read_number(pointed if decimal == "," else cell.strip(), where))
    return np.array(found)


# What an experiment holds --------------------------------------------------------------------------------------------


def table_text(table: Table, names: Many[str], standardised: bool, first: int = 1) -> str:
    """The chosen columns, from row ``first`` on and up to 2,000 rows of them. Raises InputError."""
    if unknown := [name for name in names if name not in table.columns]:
        raise InputError(f"There is no column of numbers called {_named(unknown[0])}.")
    if not names:
        raise InputError("No column is chosen: choose at least one.")
    if not 1 <= first <= table.rows:
        allowed = f"a whole number from 1 to {grouped(table.rows)}"
        raise InputError(f"The first row is {grouped(first)}: {allowed} is expected.")
    ordered = [name for name in table.columns if name in names]
    rows = zip(*(table.columns[name][first - 1 :][:MAX_STEPS].tolist() for name in ordered), strict=True)
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(ordered)
    writer.writerows([number_text(value) for value in row] for row in rows)
    return f"{STANDARDISED if standardised else AS_THEY_ARE}\n{written.getvalue()}"


def read_table_text(text: str) -> tuple[Table, bool]:
    """(the columns of a text that `table_text` wrote, whether they are to be standardised). Raises InputError."""
    first, _, rest = typed(text, "The table", "row of numbers", longest=MAX_FILE).partition("\n")
    if first not in (STANDARDISED, AS_THEY_ARE):
        raise InputError(f"The table begins with {quoted(first)}: {STANDARDISED} or {AS_THEY_ARE} is expected.")
    if not rest.strip():
        raise InputError("The table has no rows: rows of numbers are expected.")
    table = read_table(rest, Layout(",", ".", header=True))
    if table.refused:
        raise InputError(next(iter(table.refused.values())))
    if table.rows > MAX_STEPS:
        raise InputError(f"The table has {grouped(table.rows)} rows: at most {MAX_STEPS} are read.")
    return table, first == STANDARDISED


def with_standardised(text: str, standardised: bool) -> str:
    """The same table, standardised or as it is."""
    return f"{STANDARDISED if standardised else AS_THEY_ARE}\n{text.partition(chr(10))[2]}"


def from_csv(text: str) -> Sequence:
    """One step a row of the table that ``text`` holds; standardised: each column less its mean, divided by its standard
    deviation, and 0 where it never changes. Raises InputError."""
    table, standardised = read_table_text(text)
    values = np.stack([*table.columns.values()], axis=1)  # (T, I)
    if standardised:
        spread = values.std(axis=0)
        constant = np.ptp(values, axis=0) == 0
        values = np.where(constant, 0.0, (values - values.mean(axis=0)) / np.where(constant, 1.0, spread))
    return number_sequence(values, tuple(table.columns))


# What is shown until a file comes. By R. Wolf's rule (version 1 of the series, before its revision in 2015).
SUNSPOTS_ARE = "An example: yearly mean sunspot numbers, 1901 to 1960, WDC-SILSO, Royal Observatory of Belgium."
_SUNSPOTS = (
    "2.7 5 24.4 42 63.5 53.8 62 48.5 43.9 18.6 5.7 3.6 1.4 9.6 47.4 57.1 103.9 80.6 63.6 37.6 26.1 14.2 5.8 16.7 44.3 "
    "63.9 69 77.8 64.9 35.7 21.2 11.1 5.7 8.7 36.1 79.7 114.4 109.6 88.8 67.8 47.5 30.6 16.3 9.6 33.2 92.6 151.6 136.3 "
    "134.7 83.9 69.4 31.5 13.9 4.4 38 141.7 190.2 184.8 159 112.3"
)
SUNSPOTS = "\n".join([STANDARDISED, "sunspots", *_SUNSPOTS.split()]) + "\n"
