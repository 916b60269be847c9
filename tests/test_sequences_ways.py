"""Words, rows of numbers and signals: what each gives, and the sentence for what it does not take."""

import math
import re
import reprlib
import tracemalloc
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_viz.conclusions.common import unit_of
from gru_viz.errors import InputError
from gru_viz.sequences import (
    KINDS,
    MAX_STEPS,
    default_replacement,
    from_numbers,
    from_rows,
    from_signal,
    from_text,
    from_words,
    parse_sequence,
    replace,
)
from gru_viz.sequences.describing import describe_steps, vectors
from gru_viz.sequences.signals import SIGNALS, read_signal, signal_text
from gru_viz.sequences.tables import (
    SUNSPOTS,
)
from tests.patience import patience
from tests.refusals import SUCH_AS, anything, assert_sentences, number_like, refusal

SEED = "a whole number from 0 to 4\u202f294\u202f967\u202f295 is expected"


# Words


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("My name is Ada. What is my name?", "My name is Ada . What is my name ?"),
        ("don't well-known 3.14 1,000 ...", "don't well - known 3.14 1,000 . . ."),
        ("  a\n\tb\r\nc  ", "a b c"),
        ("cafe\u0301 café", "café café"),
        ("你好 世界", "你 好 世 界"),
        ("👨‍👩‍👧🇩🇪 ok", "👨‍👩‍👧 🇩🇪 ok"),
        ("((f(x)))", "( ( f ( x ) ) )"),
        ("<b>=1+1", "< b > = 1 + 1"),
    ],
)
def test_words_are_those_of_unicode_and_every_other_sign_is_its_own(text, tokens):
    sequence = from_words(text)
    assert (sequence.kind, sequence.tokens) == ("words", tuple(tokens.split()))
    assert sequence.input_names == tuple(dict.fromkeys(tokens.split()))
    assert sequence.labels == sequence.tokens
    columns = [sequence.input_names.index(token) for token in sequence.tokens]
    np.testing.assert_array_equal(sequence.values, np.eye(len(sequence.input_names))[columns])


@given(anything)
def test_any_text_is_words_or_refused_with_a_sentence(text):
    try:
        sequence = from_words(text)
    except InputError as error:
        assert_sentences(str(error))
        return
    assert "".join("".join(sequence.tokens).split()) == "".join(unicodedata.normalize("NFC", text).split())
    assert all(label.strip() for label in sequence.labels)
    assert sequence == from_words(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The sequence is empty: type at least one word."),
        (" \n", "The sequence holds nothing but blanks: type at least one word."),
        ("a " * 2_001, "The sequence has more than 2000 words: at most 2000 are read."),
        ("b " + "a" * 61, 'Word 2 is "aaaaaaaaaaaaaaaaaaaa…", 61 characters long: at most 60 are allowed.'),
        (" ".join(map(str, range(1_025))), "The sequence has 1025 different words: at most 1024 are allowed."),
        ("a b\ud800", 'Word 3 is "U+D800" and holds one half of a character: delete it.'),
        ("🇩" * 50_000, "The sequence has more than 2000 words: at most 2000 are read."),
        (None, "The sequence is a value of type NoneType: text is expected."),
    ],
    ids=reprlib.repr,
)
def test_words_that_cannot_be_read(text, message):
    with patience(0.5):
        assert refusal(from_words, text) == message


def test_words_are_replaced_word_by_word():
    original = from_words("My name is Ada. What is my name?")
    made = replace(original, "is  Ada", "was Bob Smith")
    assert (made.start, made.old, made.new) == (2, 2, 3)
    assert made.sequence.tokens == from_words("My name was Bob Smith. What is my name?").tokens
    assert made.sequence.input_names[:8] == original.input_names
    assert (original.part(1, 3), made.sequence.part(2, 3)) == ("name is Ada", "was Bob Smith")
    assert refusal(replace, original, "Ad", "x") == '"Ad" does not occur in the sequence: type a part of it.'
    assert refusal(replace, original, "Ada", " ") == 'Nothing is given in place of "Ada": type at least one word.'
    assert default_replacement(original) == ("Ada", "What")
    assert default_replacement(from_words("the cat sat")) == ("the", "cat")
    assert default_replacement(from_words("the the")) == ("the", "eht")
    assert default_replacement(from_words(". .")) == (".", "x")


# Rows


def test_rows_are_the_lines():
    sequence = from_rows("1, 2\n\n 3 -0.0 \r\n−5;6,\n")
    assert sequence.kind == "numbers"
    np.testing.assert_array_equal(sequence.values, [[1, 2], [3, 0], [-5, 6]])
    assert (sequence.tokens, sequence.input_names) == (("1 2", "3 0", "-5 6"), ("0", "1"))
    assert (sequence.labels, sequence.values.flags.writeable) == (("1, 2", "3, 0", "−5, 6"), False)
    assert not np.signbit(sequence.values[1, 1])
    assert from_rows("1 2 3\n4 5 6").labels == ("row 1", "row 2")
    assert from_rows("1\n2") == from_numbers("1 2")


@given(
    st.integers(1, 64).flatmap(
        lambda width: st.lists(
            st.lists(st.integers(-99, 99).map(lambda n: n / 8), min_size=width, max_size=width), min_size=1, max_size=20
        )
    )
)
def test_rows_come_back_exactly(rows):
    sequence = from_rows("\n".join("; ".join(map(repr, row)) for row in rows))
    assert sequence.values.tolist() == rows
    assert from_rows("\n".join(sequence.tokens)) == sequence


@given(anything | number_like | st.text("0123456789.,; \n-", max_size=60))
def test_any_text_is_rows_or_refused_with_a_sentence(text):
    try:
        sequence = from_rows(text)
    except InputError as error:
        assert_sentences(str(error))
        return
    assert sequence.values.shape == (len(sequence.tokens), len(sequence.input_names))
    assert np.isfinite(sequence.values).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The sequence is empty: type at least one row of numbers, as in 0.5, -1 2."),
        ("1 2\n3", "Row 2 has 1 number, and row 1 has 2 numbers: as many are expected in each row."),
        ("1\n\n2 3", "Row 2, on line 3, has 2 numbers, and row 1 has 1 number: as many are expected in each row."),
        ("1 2\n3 x", f'Number 2 of row 2 is "x": {SUCH_AS}.'),
        ("1 2\n\n3 nan", f'Number 2 of row 2, on line 3, is "nan": {SUCH_AS}.'),
        ("1 2\n3,,4", "Number 2 of row 2 is missing: a number is expected before each comma or semicolon."),
        ("1 " * 65, "Row 1 has more than 64 numbers: at most 64 are read."),
        ("1\n" * 2_001, "The sequence has more than 2000 rows: at most 2000 are read."),
        ("1 1e7", 'Number 2 of row 1 is "1e7": a number from -1\u202f000\u202f000 to 1\u202f000\u202f000 is expected.'),
    ],
    ids=reprlib.repr,
)
def test_rows_that_cannot_be_read_name_row_and_position(text, message):
    assert refusal(from_rows, text) == message


def test_a_row_is_replaced_by_a_row():
    original = from_rows("1 2\n3 4")
    made = replace(original, "2", "0, -1")
    assert (made.start, made.sequence) == (1, from_rows("1 2\n0 -1"))
    assert refusal(replace, original, "2", "5") == "The new row of step 2 has 1 numbers: 2 are expected."
    assert refusal(replace, original, "2", "3 4.0") == "Step 2 is 3, 4 already: type another row."
    assert refusal(replace, original, "2", "3 x") == f'Number 2 of the new row of step 2 is "x": {SUCH_AS}.'
    assert default_replacement(original) == ("1", "2 2")
    assert default_replacement(from_rows("-0.1690308509457033 -0.03528923")) == ("1", "0.831 -0.0353")
    long = from_rows("-0.1690308509457033 -0.03528923\n1 2")
    assert replace(long, "1", "0.831 -0.0353").said(long) == ("−0.169, −0.0353", "0.831, −0.0353 at step 1")
    wide = from_rows("1 2 3 4\n5 6 7 8")
    assert replace(wide, "2", "0 6 7 8").said(wide) == ("5, 6, 7, …", "0, 6, 7, … at step 2")


# Signals


def signal(name, steps=41, seed=5):
    return from_signal(f"{name} {steps} {seed}")


def test_signals_are_their_closed_forms():
    t = np.arange(41)
    wanted = {
        "impulse": t == 0,
        "step": t >= 20,
        "sine": [round(math.sin(2 * math.pi * k / 20), 4) for k in t],
        "square": [(1, -1)[k // 10 % 2] for k in t],
    }
    for name, values in wanted.items():
        np.testing.assert_array_equal(signal(name).values[:, 0], np.array(values, dtype=float))
        assert signal(name) == signal(name, seed=6)
        assert signal(name).input_names == ("0",)


def test_noise_is_normal_and_its_own_seed_s():
    values = signal("noise", 2_000).values[:, 0]
    assert abs(values.mean()) < 4 / math.sqrt(2_000)
    assert abs(values.var() - 1) < 4 * math.sqrt(2 / 2_000)
    assert abs(np.mean(values[1:] * values[:-1])) < 4 / math.sqrt(2_000)
    assert abs(np.mean(values**4) - 3) < 4 * math.sqrt(96 / 2_000)
    np.testing.assert_array_equal(values[:3], np.random.default_rng(5).standard_normal(2_000)[:3].round(4))


@pytest.mark.parametrize("steps", [2, 3, 40, 2_000])
@pytest.mark.parametrize("seed", range(20))
def test_delayed_recall_is_a_value_silence_and_a_cue(steps, seed):
    sequence = signal("recall", steps, seed)
    assert sequence.input_names == ("value", "cue")
    value, cue = sequence.values.T
    assert 0 < abs(value[0]) <= 1
    assert (value[1:].any(), cue[:-1].any(), cue[-1]) == (False, False, 1)


@pytest.mark.parametrize("steps", [2, 3, 41, 2_000])
@pytest.mark.parametrize("seed", range(20))
def test_the_adding_problem_marks_one_number_in_each_half(steps, seed):
    sequence = signal("adding", steps, seed)
    assert sequence.input_names == ("value", "marker")
    value, marker = sequence.values.T
    assert ((value >= 0) & (value <= 1)).all()
    assert set(marker) <= {0.0, 1.0}
    assert (marker[: steps // 2].sum(), marker[steps // 2 :].sum()) == (1, 1)


@pytest.mark.parametrize("steps", [1, 2, 3, 40, 41, 2_000])
@pytest.mark.parametrize("seed", range(20))
def test_brackets_are_closed_by_their_own_kind(steps, seed):
    sequence = signal("brackets", steps, seed)
    assert (sequence.kind, len(sequence.tokens)) == ("text", steps)
    still_open = []
    for token in sequence.tokens:
        if token in "([":
            still_open.append(token)
        else:
            assert still_open.pop() + token in ("()", "[]")
    assert len(still_open) == steps % 2


def test_brackets_nest_and_are_of_both_kinds():
    sequence = signal("brackets", 200)
    assert set(sequence.tokens) == {*"()[]"}
    depth = np.cumsum([1 if token in "([" else -1 for token in sequence.tokens])
    assert depth.max() >= 3


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_depends_on_its_seed_only_where_it_says_so(name):
    assert (signal(name, 40, 1) != signal(name, 40, 2)) is SIGNALS[name].by_chance
    assert parse_sequence("signal", f"{name} 40 1") == signal(name, 40, 1)
    assert read_signal(signal_text(name, 40, 1)) == (name, 40, 1 if SIGNALS[name].by_chance else 0)
    assert len(signal(name, MAX_STEPS).tokens) == MAX_STEPS
    assert len(signal(name, SIGNALS[name].least).tokens) == SIGNALS[name].least
    assert re.fullmatch(r"[A-Z01].*[.?]", SIGNALS[name].does)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The signal is empty: type at least one name, as in noise 40 0."),
        ("sine", 'The signal is "sine": a name, a length and a seed are expected, as in noise 40 0.'),
        ("tone 1 2", f'The signal is called "tone": one of {", ".join(SIGNALS)} is expected.'),
        ("sine 0 0", 'The length of the signal is "0": a whole number from 1 to 2000 is expected.'),
        ("sine 2001 0", 'The length of the signal is "2001": a whole number from 1 to 2000 is expected.'),
        ("recall 1 0", 'The length of the signal is "1": a whole number from 2 to 2000 is expected.'),
        ("sine ٣ 0", 'The length of the signal is "٣": a whole number from 1 to 2000 is expected.'),
        ("sine 9 -1", f'The seed of the signal is "-1": {SEED}.'),
        ("sine 9 4294967296", f'The seed of the signal is "4294967296": {SEED}.'),
        ("a" * 101, "The signal is 101 characters long: at most 100 are read."),
    ],
    ids=reprlib.repr,
)  # fmt: skip
def test_a_signal_that_is_none_gets_its_sentence(text, message):
    assert refusal(from_signal, text) == message


# What each step's vector is
@pytest.mark.parametrize(
    ("kind", "text", "sentence"),
    [
        ("text", "abcab", "One of 3 characters, one-hot: x has 3 numbers, one of them 1 and the others 0."),
        ("text", "aa", "One character, always the same: x is the number 1."),
        ("words", "my my name", "One of 2 words, one-hot: x has 2 numbers, one of them 1 and the others 0."),
        ("numbers", "1 2", "One number: x is that number."),
        ("rows", "1 2\n3 4", 'A row of 2 numbers, the channels "0", "1": x is that row.'),
        ("signal", "adding 9 0", 'A row of 2 numbers, the channels "value", "marker": x is that row.'),
        ("csv", SUNSPOTS, "One number: x is that number."),
        ("csv", "as they are\nx 1,b\n1,2\n", 'A row of 2 numbers, the channels "x 1", "b": x is that row.'),
        ("csv", "as they are\na,b,c,d,e,f,g,h\n1,2,3,4,5,6,7,8", 'A row of 8 numbers, the channels "a", "b", "c", "d", '
         '"e", "f" and 2 more: x is that row.'),
    ],
)  # fmt: skip
def test_the_vector_is_said(kind, text, sentence):
    assert describe_steps(parse_sequence(kind, text)) == sentence


def test_the_vectors_are_listed():
    assert vectors(from_text("ab a"), 1, 4) == {
        "step": [2.0, 3.0, 4.0], "token": ["b", "␣", "a"],
        "x a": [0.0, 0.0, 1.0], "x b": [1.0, 0.0, 0.0], "x ␣": [0.0, 1.0, 0.0],
    }  # fmt: skip
    wide = from_text("".join(chr(0x4E00 + k) for k in range(300)))
    listed = vectors(wide, 100, 110)
    assert len(listed) == 12  # only the columns that hold something there
    assert [column[row] for row, column in enumerate([*listed.values()][2:])] == [1.0] * 10
    table = parse_sequence("csv", "as they are\nstep,token\n1,2\n3,4")
    assert vectors(table, 0, 2) == {
        "step": [1.0, 2.0], "token": ["1, 2", "3, 4"], "x step": [1.0, 3.0], "x token": [2.0, 4.0],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "text", "first", "all_"),
    [
        ("text", "ab", "letter", "letters"), ("text", "a b", "letter", "characters"),
        ("text", "!a", "character", "characters"), ("words", "my name", "word", "words"),
        ("words", "my name.", "word", "steps"), ("words", "? no", "step", "steps"),
        ("numbers", "1 2", "number", "numbers"), ("rows", "1 2\n3 4", "row", "rows"),
        ("signal", "recall 5 0", "row", "rows"), ("signal", "brackets 4 0", "character", "characters"),
    ],
)  # fmt: skip
def test_a_step_is_called_what_it_is(kind, text, first, all_):
    sequence = parse_sequence(kind, text)
    assert (unit_of(sequence), unit_of(sequence, 2)) == (first, all_)


# What is kept


def test_a_sequence_is_read_once_and_few_are_kept():
    text = "".join(chr(0x4E00 + k % 1_000) for k in range(2_000))
    assert parse_sequence("text", text) is parse_sequence("text", text)
    tracemalloc.start()
    try:
        for k in range(6):
            parse_sequence("text", text[k + 1 :])
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 34_000_000
    assert peak < 52_000_000
    for kind in KINDS:
        for bad in ("", None):
            refusal(parse_sequence, kind, bad)
