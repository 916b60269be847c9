"""CSV files and tables: how one is written is recognised, read exactly, or refused in a sentence."""

import csv
import io
import reprlib
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gru_viz.errors import InputError
from gru_viz.sequences import (
    MAX_FILE,
    MAX_STEPS,
)
from gru_viz.sequences.tables import (
    SEPARATORS,
    SUNSPOTS,
    Layout,
    decode,
    from_csv,
    read_table,
    recognise,
    table_text,
    with_standardised,
)
from tests.patience import patience
from tests.refusals import SUCH_AS, anything, assert_sentences, number_like, refusal

FILES = {
    "plain": ("a,b\n1,2\n3,4\n", Layout(",", ".", True), {"a": [1, 3], "b": [2, 4]}),
    "semicolons and decimal commas": ("x;y\n0,5;1\n1,5;-2\n", Layout(";", ",", True), {"x": [0.5, 1.5], "y": [1, -2]}),
    "tabs": ("x\ty\n1\t2\n", Layout("\t", ".", True), {"x": [1], "y": [2]}),
    "bars": ("x|y\n1|2\n3|4\n", Layout("|", ".", True), {"x": [1, 3], "y": [2, 4]}),
    "spaces": ("x y\n1 2\n3 4\n", Layout(" ", ".", True), {"x": [1, 3], "y": [2, 4]}),
    "no header": ("1,2\n3,4\n", Layout(",", ".", False), {"column 1": [1, 3], "column 2": [2, 4]}),
    "one column": ("x\n1\n2\n", Layout(",", ".", True), {"x": [1, 2]}),
    "one column, no header": ("1\n2\n3", Layout(",", ".", False), {"column 1": [1, 2, 3]}),
    "quoted, with commas": ('"a, b",c\n1,2\n', Layout(",", ".", True), {"a, b": [1], "c": [2]}),
    "quoted decimal commas": ('x,y\n"0,5","1"\n"1,5","2"\n', Layout(",", ",", True), {"x": [0.5, 1.5], "y": [1, 2]}),
    "a date first": ("day,x\n2020-01-01,1\n2020-01-02,2\n", Layout(",", ".", True), {"x": [1, 2]}),
    "a date first, no header": ("2020-01-01,1\n2020-01-02,2\n", Layout(",", ".", False), {"column 2": [1, 2]}),
    "blank lines, all line ends": ("a,b\r\n\r\n1,2\r3,4\n\n", Layout(",", ".", True), {"a": [1, 3], "b": [2, 4]}),
    "unnamed": (",b\n1,2\n", Layout(",", ".", True), {"column 1": [1], "b": [2]}),
    "odd minus": ("a\n−1\n–2\n", Layout(",", ".", True), {"a": [-1, -2]}),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_how_a_file_is_written_is_recognised(name, encoding):
    written, layout, columns = FILES[name]
    text, said = decode(written.encode(encoding))
    assert (text, said) == (written, "UTF-8" if "8" in encoding else "UTF-16")
    assert recognise(text) == layout
    table = read_table(text, layout)
    assert {column: values.tolist() for column, values in table.columns.items()} == columns
    assert table.rows == len(next(iter(columns.values())))


def test_latin_1_is_recognised():
    assert decode("größe\n1\n".encode("latin-1")) == ("größe\n1\n", "Latin-1")


@given(
    st.sampled_from(list(SEPARATORS)),
    st.integers(1, 6).flatmap(
        lambda width: st.lists(
            st.lists(st.integers(-999, 999).map(lambda n: n / 8), min_size=width, max_size=width),
            min_size=1,
            max_size=9,
        )
    ),
    st.booleans(),
    st.booleans(),
)
def test_a_table_comes_back_exactly(separator, rows, header, commas):
    decimal = "," if commas else "."
    written = io.StringIO()
    writer = csv.writer(written, delimiter=separator)
    writer.writerows([[f"c{k}" for k in range(len(rows[0]))]] * header)
    writer.writerows([[repr(value).replace(".", decimal) for value in row] for row in rows])
    layout = Layout(separator, decimal, header)
    table = read_table(written.getvalue(), layout)
    assert np.stack([*table.columns.values()], axis=1).tolist() == rows
    if len(rows[0]) > 1:
        assert recognise(written.getvalue()).separator == separator
    plain = from_csv(table_text(table, list(table.columns), standardised=False))
    assert plain.values.tolist() == rows
    assert plain.input_names == tuple(table.columns)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The file is empty: rows of numbers are expected."),
        (b" \n\n", "The file holds nothing but blanks: rows of numbers are expected."),
        (b"x" * 2_000_001, "The file has 2\u202f000\u202f001 bytes: at most 2\u202f000\u202f000 are read."),
        (b"PK\x03\x04" + bytes(99), "The file is a ZIP archive (as .xlsx, .ods and .docx are), not a CSV file: "
         "save the table as CSV and upload that."),
        (b"\x89PNG\r\n\x1a\n", "The file is a PNG picture, not a CSV file: save the table as CSV and upload that."),
        (b"a\n1\n\x01", 'Line 3 of the file holds "U+0001": a CSV file is text and holds none.'),
        (b"\xff\xfea", "The file begins as UTF-16 and is not: save the table as CSV in UTF-8."),
        (b"1,2\n3\n", "Line 2 has 1 cell, and line 1 has 2 cells: as many are expected in each line."),
        (b"a,b\n1,2\n\n3,4,5\n", "Line 4 has 3 cells, and line 1 has 2 cells: as many are expected in each line."),
        (b"a,a\n1,2\n", 'Line 1 names both column 1 and column 2 "a": rename one, or read the file without a line of '
         "names."),
        (b"a,b\n1,x\n2,\n", None),
        (b'"a\n1\n', "Line 2 cannot be read as CSV: a quotation mark that opens there is never closed."),
        (b'a,"b"c\n1,2\n', "Line 1 cannot be read as CSV: a separator is expected after a quotation mark that closes."),
        (b"a\nb\nc\n", f'No column holds numbers alone. Line 2 of "a" is "b": {SUCH_AS}.'),
        (b"a\n=1+1\n", f'No column holds numbers alone. Line 2 of "a" is "=1+1": {SUCH_AS}.'),
        (b",", "The file holds separators and nothing between them: rows of numbers are expected."),
        (b"1\n" * 10_001, "The file has more than 10\u202f000 rows: at most 10\u202f000 are read."),
        (b"1," * 64 + b"1\n", "Line 1 has 65 cells: at most 64 columns are read."),
        (b"x" * 61 + b"\n1\n", 'Line 1 names column 1 "xxxxxxxxxxxxxxxxxxxx…", 61 characters: at most 60 are allowed; '
         "shorten it, or read the file without a line of names."),
        (b'"' + b"x" * 140_000 + b'"\n1\n', "Line 1 cannot be read as CSV: a cell is longer than 131\u202f072 "
         "characters."),
    ],
    ids=reprlib.repr,
)  # fmt: skip
def test_a_file_that_is_no_table_gets_its_sentence(data, message):
    def read():
        text = decode(data)[0]
        return read_table(text, recognise(text))

    with patience(0.5):
        if message is None:
            assert read().refused == {"b": f'Line 2 of "b" is "x": {SUCH_AS}.'}
        else:
            assert refusal(read) == message


def test_a_column_of_other_things_says_where():
    table = read_table("a,b,c,d\n1,,x,1e9\n2,3,4,5\n", Layout(",", ".", True))
    assert list(table.columns) == ["a"]
    assert table.refused == {
        "b": 'Line 2 of "b" is empty: a number is expected.',
        "c": f'Line 2 of "c" is "x": {SUCH_AS}.',
        "d": 'Line 2 of "d" is "1e9": a number from -1\u202f000\u202f000 to 1\u202f000\u202f000 is expected.',
    }
    table = read_table("a;b\n1,5;1.5\n", Layout(";", ",", True))
    assert table.refused == {"b": 'Line 2 of "b" is "1.5": the decimal sign is a comma.'}


@given(st.binary(max_size=80) | st.text("ab12.,;\t|\"' \n=-", max_size=60).map(str.encode))
@example(b"\xff\xfe\x00\xd8")
def test_any_bytes_are_a_table_or_refused_with_a_sentence(data):
    try:
        text = decode(data)[0]
        table = read_table(text, recognise(text))
    except InputError as error:
        assert_sentences(str(error))
        return
    for name, values in table.columns.items():
        assert name.strip()
        assert np.isfinite(values).all()
    for sentence in table.refused.values():
        assert_sentences(sentence)
    if table.rows <= MAX_STEPS:
        read = from_csv(table_text(table, list(table.columns), True))
        assert read.values.shape == (table.rows, len(table.columns))


@given(
    anything | number_like | st.text("ab1,\n.", max_size=40), st.sampled_from(["standardised\n", "as they are\n", ""])
)
def test_any_text_of_a_table_is_read_or_refused(text, first):
    try:
        sequence = from_csv(first + text)
    except InputError as error:
        assert_sentences(str(error))
        return
    assert np.isfinite(sequence.values).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The table is empty: type at least one row of numbers."),
        ("a\n1", 'The table begins with "a": standardised or as they are is expected.'),
        ("as they are\n", "The table has no rows: rows of numbers are expected."),
        ("as they are\na\n", "The file holds a line of names and nothing below it: rows of numbers are expected."),
        ("as they are\na\nx\n", f'No column holds numbers alone. Line 2 of "a" is "x": {SUCH_AS}.'),
        ("as they are\na,b\n1,x\n", f'Line 2 of "b" is "x": {SUCH_AS}.'),
        ("as they are\na\n" + "1\n" * 2_001, "The table has 2001 rows: at most 2000 are read."),
        (
            "x" * (MAX_FILE + 1),
            "The table is 2\u202f000\u202f001 characters long: at most 2\u202f000\u202f000 are read.",
        ),
    ],
    ids=reprlib.repr,
)
def test_a_text_that_is_no_table_gets_its_sentence(text, message):
    assert refusal(from_csv, text) == message


def test_standardised_columns_have_mean_0_and_variance_1():
    rng = np.random.default_rng(0)
    rows = rng.normal(50, 9, (30, 2)).round(3)
    text = "as they are\nx,y,z\n" + "\n".join(f"{a},{b},7" for a, b in rows)
    np.testing.assert_array_equal(from_csv(text).values[:, :2], rows)
    values = from_csv(with_standardised(text, True)).values
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(values.var(axis=0), [1, 1, 0], atol=1e-12)
    np.testing.assert_allclose(np.corrcoef(values[:, 0], rows[:, 0])[0, 1], 1)
    assert not values[:, 2].any()
    assert with_standardised(with_standardised(text, True), False) == text


def test_columns_and_rows_are_chosen():
    text = "a,b,c\n" + "\n".join(f"{k},{k / 2},{-k}" for k in range(3_000))
    table = read_table(text, Layout(",", ".", True))
    chosen = from_csv(table_text(table, ["c", "a"], False, first=501))
    assert chosen.input_names == ("a", "c")  # in the order of the file
    np.testing.assert_array_equal(chosen.values[:, 0], np.arange(500, 2_500))
    assert len(from_csv(table_text(table, ["b"], False, first=2_999)).tokens) == 2
    assert refusal(table_text, table, [], False) == "No column is chosen: choose at least one."
    assert refusal(table_text, table, ["d"], False) == 'There is no column of numbers called "d".'
    for first in (0, 3_001):
        assert refusal(table_text, table, ["a"], False, first).endswith("a whole number from 1 to 3000 is expected.")


def test_the_sunspots_are_sixty_years():
    sequence = from_csv(SUNSPOTS)
    assert (len(sequence.tokens), sequence.input_names) == (60, ("sunspots",))
    assert from_csv(with_standardised(SUNSPOTS, False)).values.max() == 190.2  # 1957


def test_a_large_file_is_read_in_time_and_room():
    text = "\n".join(
        [",".join(f"c{k}" for k in range(64)), *[",".join(str(i * k % 9) for k in range(64)) for i in range(10_000)]]
    )
    tracemalloc.start()
    try:
        with patience(10):  # tracing takes most of it
            table = read_table(*(decoded := decode(text.encode()))[:1], recognise(decoded[0]))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (table.rows, len(table.columns)) == (10_000, 64)
    assert peak < 150_000_000
