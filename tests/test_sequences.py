"""Texts and numbers: what is a step, and the sentence for what cannot be read."""

import re
import reprlib
import tracemalloc
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_viz.errors import InputError
from gru_viz.labels import MAX_CLUSTER, quoted
from gru_viz.sequences import (
    KINDS,
    MAX_CHARACTERS,
    MAX_INPUTS,
    MAX_STEPS,
    from_numbers,
    from_text,
    parse_sequence,
)
from tests.refusals import SUCH_AS, anything, assert_sentence, number_like, refusal

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
CHINESE = [chr(0x4E00 + place) for place in range(MAX_INPUTS + 1)]


# Text


def test_text_is_one_hot_by_first_appearance():
    sequence = from_text("abca")
    assert (sequence.kind, sequence.tokens, sequence.labels) == ("text", ("a", "b", "c", "a"), ("a", "b", "c", "a"))
    assert sequence.input_names == ("a", "b", "c")
    np.testing.assert_array_equal(sequence.values, np.eye(3)[[0, 1, 2, 0]])
    assert sequence.values.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        sequence.values[0, 0] = 2.0
    assert sequence == from_text("abca") != from_text("abcb")
    assert hash(sequence) == hash(from_text("abca"))


@pytest.mark.parametrize(
    ("text", "tokens", "labels"),
    [
        ("x", ["x"], ["x"]),
        ("e\u0301é", ["é", "é"], ["é", "é"]),
        (f"{FAMILY}🇩🇪🇫🇷", [FAMILY, "🇩🇪", "🇫🇷"], [FAMILY, "🇩🇪", "🇫🇷"]),
        (f"👍🏽1\ufe0f\u20e3{ENGLAND}❤\ufe0f", ["👍🏽", "1\ufe0f\u20e3", ENGLAND, "❤\ufe0f"], None),
        ("क्षि각", ["क्षि", "각"], None),
        ("\u1112\u1161\u11ab", ["한"], ["한"]),
        ("a\r\nb\rc\nd\t ", [*"a\nb\nc\nd\t "], ["a", "↵", "b", "↵", "c", "↵", "d", "⇥", "␣"]),
        ("␣↵⇥.", [*"␣↵⇥."], ["U+2423", "U+21B5", "U+21E5", "."]),
        ("\x00a\u202eb\ufeff", ["\0", "a", "\u202e", "b", "\ufeff"], ["U+0000", "a", "U+202E", "b", "U+FEFF"]),
        ("a\u200da\u00a0\u2800", ["a\u200d", "a", "\u00a0", "\u2800"], ["a+U+200D", "a", "U+00A0", "U+2800"]),
        ("👍\u200d.", ["👍\u200d", "."], ["👍+U+200D", "."]),
        ("\u0301\u0316a", ["\u0316\u0301", "a"], ["U+0316+U+0301", "a"]),
        ("\u115f\u1161", ["\u115f\u1161"], ["U+115F\u1161"]),
        ("שלום", [*"שלום"], None),
        ("\u0600١a", ["\u0600١", "a"], None),  # a sign before a number: a format character that is seen
        ("<b>*_$x", [*"<b>*_$x"], None),
        ("\ue000\ufdd0.", [*"\ue000\ufdd0."], ["U+E000", "U+FDD0", "."]),
    ],
)
def test_characters_are_those_a_person_sees(text, tokens, labels):
    sequence = from_text(text)
    assert sequence.tokens == tuple(tokens)
    assert sequence.labels == tuple(labels or tokens)


@given(anything)
def test_any_text_is_read_or_refused_with_a_sentence(text):
    try:
        sequence = from_text(text)
    except InputError as error:
        assert_sentence(str(error))
        return
    assert "".join(sequence.tokens) == unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    assert from_text("".join(sequence.tokens)) == sequence
    assert [sequence.input_names[column] for column in sequence.values.argmax(axis=1)] == list(sequence.tokens)
    np.testing.assert_array_equal(sequence.values.sum(axis=1), 1.0)
    assert len(set(zip(sequence.tokens, sequence.labels, strict=True))) == len(set(sequence.labels))
    assert len(set(sequence.labels)) == len(sequence.input_names)
    assert all(label.strip() for label in sequence.labels)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_what_is_canonically_equal_is_equal(text):
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    try:
        expected = from_text(composed)
    except InputError:
        return
    assert from_text(decomposed) == expected


# Numbers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5, -1 2", [0.5, -1, 2]),
        ("7", [7]),
        ("1,2,3\n4,5\r\n\r\n6", [1, 2, 3, 4, 5, 6]),
        ("1; 2 ;3,\n4\t5,", [1, 2, 3, 4, 5]),
        ("+1 .5 5. 2e-3 1E2 -0 007", [1, 0.5, 5, 0.002, 100, 0, 7]),
        ("−1 –2 ‐3 ﹣4 －5 2e−3", [-1, -2, -3, -4, -5, 0.002]),
        ("1\u00a02\u20093\u30004\u20285", [1, 2, 3, 4, 5]),
        ("1，2、3；4، 5", [1, 2, 3, 4, 5]),
        ("0.5,1.5", [0.5, 1.5]),
        ("1,-2", [1, -2]),
        ("0, 5", [0, 5]),
        ("1,2,3 4,5", [1, 2, 3, 4, 5]),
        ("1000000 -1e6 1e-300 0e-999", [1e6, -1e6, 1e-300, 0]),
        ("3 3 3", [3, 3, 3]),
    ],
)
def test_numbers_are_read(text, expected):
    sequence = from_numbers(text)
    np.testing.assert_array_equal(sequence.values, np.array(expected, dtype=float)[:, None])
    assert sequence.values.dtype == np.float64
    assert not sequence.values.flags.writeable
    assert not np.signbit(sequence.values[sequence.values == 0]).any()
    assert (sequence.kind, sequence.input_names) == ("numbers", ("0",))


def test_numbers_have_exact_tokens_and_short_labels():
    sequence = from_numbers("0.50 -1 2. 1000000 0.123456789 -123456.789 0.00001 1e-300 99.99999 999999.9")
    assert sequence.tokens == (
        *("0.5", "-1", "2", "1000000", "0.123456789", "-123456.789"),
        *("1e-05", "1e-300", "99.99999", "999999.9"),
    )
    assert sequence.labels == (
        *("0.5", "−1", "2", "1000000", "0.123", "−1.23·10⁵"),
        *("1·10⁻⁵", "1·10⁻³⁰⁰", "100", "1·10⁶"),
    )


@given(st.lists(st.floats(-1e6, 1e6).filter(lambda v: v == 0 or abs(v) >= 1e-300), min_size=1), st.data())
def test_numbers_come_back_exactly(numbers, data):
    separators = st.sampled_from([", ", " ", ";", "\n", " ,\t", "\r\n", "\u00a0", "; "])
    text = "".join(repr(number) + data.draw(separators) for number in numbers)
    sequence = from_numbers(text)
    assert sequence.values[:, 0].tolist() == numbers
    assert [float(token) for token in sequence.tokens] == numbers
    assert from_numbers(" ".join(sequence.tokens)) == sequence


@given(anything | number_like)
def test_any_text_is_numbers_or_refused_with_a_sentence(text):
    try:
        sequence = from_numbers(text)
    except InputError as error:
        assert_sentence(str(error))
        return
    typed = [item for item in re.split(r"[\s,;，、،；؛]+", text) if item]
    minus = str.maketrans(dict.fromkeys("‐‑‒–−﹣－", "-"))
    assert sequence.values[:, 0].tolist() == [float(item.translate(minus)) for item in typed]
    assert np.abs(sequence.values).max() <= 1e6


# Refusals

ONE_OR_TWO = (
    "which can be one number or two: write a decimal point, as in 0.5, "
    "or a space after a comma that separates, as in 0, 5."
)
RANGE = "a number from -1\u202f000\u202f000 to 1\u202f000\u202f000 is expected"


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("text", "", "The sequence is empty: type at least one letter, digit or sign."),
        ("text", " \n\t\u00a0", "The sequence holds nothing but blanks: type at least one letter, digit or sign."),
        ("text", "a\u0301b\ud800c", 'Character 3 is "U+D800", one half of a character: delete it.'),
        (
            "text",
            "ab" + "c\u0301" + "\u0301" * 32,
            "Character 3 is made of 34 code points: at most 32 are allowed for one.",
        ),
        (
            "text",
            "\u0301\u0316" * 20_000,
            "Character 1 is made of 40\u202f000 code points: at most 32 are allowed for one.",
        ),
        ("text", "a" * 2_001, "The sequence has more than 2000 characters: at most 2000 are read."),
        ("text", "🇩" * 50_000, "The sequence has more than 2000 characters: at most 2000 are read."),
        ("text", "".join(CHINESE), "The sequence has 1025 different characters: at most 1024 are allowed."),
        ("text", "x" * 1_000_000, "The sequence is 1\u202f000\u202f000 characters long: at most 50\u202f000 are read."),
        ("text", None, "The sequence is a value of type NoneType: text is expected."),
        ("numbers", "", "The sequence is empty: type at least one number, as in 0.5, -1 2."),
        ("numbers", " \n ", "The sequence holds nothing but blanks: type at least one number, as in 0.5, -1 2."),
        (
            "numbers",
            "1 " * 500_000,
            "The sequence is 1\u202f000\u202f000 characters long: at most 50\u202f000 are read.",
        ),
        ("numbers", "1 " * 2_001, "The sequence has more than 2000 numbers: at most 2000 are read."),
        ("numbers", "1 2 abc", f'Number 3 is "abc": {SUCH_AS}.'),
        ("numbers", "1 2\r\n\n3 abc", f'Number 4, on line 3, is "abc": {SUCH_AS}.'),
        ("numbers", "My name", f'Number 1 is "My": {SUCH_AS}.'),
        ("numbers", "1,,2", "Number 2 is missing: a number is expected before each comma or semicolon."),
        ("numbers", "1\n, ;2", "Number 2, on line 2, is missing: a number is expected before each comma or semicolon."),
        ("numbers", ",1", "Number 1 is missing: a number is expected before each comma or semicolon."),
        ("numbers", ";", "Number 1 is missing: a number is expected before each comma or semicolon."),
        ("numbers", "nan", f'Number 1 is "nan": {SUCH_AS}.'),
        ("numbers", "1 -inf", f'Number 2 is "-inf": {SUCH_AS}.'),
        ("numbers", "1e999", f'Number 1 is "1e999": {RANGE}.'),
        ("numbers", "-1e999", f'Number 1 is "-1e999": {RANGE}.'),
        ("numbers", "0 1000000.1", f'Number 2 is "1000000.1": {RANGE}.'),
        ("numbers", "1e-999", 'Number 1 is "1e-999": a number so close to 0 cannot be held, write 0 instead.'),
        ("numbers", "-1e-301", 'Number 1 is "-1e-301": a number so close to 0 cannot be held, write 0 instead.'),
        ("numbers", "1_000", 'Number 1 is "1_000": write it as 1000.'),
        ("numbers", "0x10", 'Number 1 is "0x10": write it as 16.'),
        ("numbers", "1 ١٢", 'Number 2 is "١٢": write it as 12.'),
        ("numbers", "١٢٫٥", 'Number 1 is "١٢٫٥": write it as 12.5.'),
        ("numbers", "−１２", 'Number 1 is "−１２": write it as -12.'),
        ("numbers", "[1, 2]", 'Number 1 is "[1": write it as 1.'),
        ("numbers", "²", f'Number 1 is "²": {SUCH_AS}.'),
        ("numbers", "—3", f'Number 1 is "—3": {SUCH_AS}.'),
        ("numbers", "- 1", f'Number 1 is "-": {SUCH_AS}.'),
        ("numbers", "1.2.3", f'Number 1 is "1.2.3": {SUCH_AS}.'),
        ("numbers", "\ufeff1", 'Number 1 is "U+FEFF1": delete the invisible U+FEFF in it.'),
        ("numbers", "1\u200b2", 'Number 1 is "1U+200B2": delete the invisible U+200B in it.'),
        ("numbers", "1 \x00", 'Number 2 is "U+0000": delete the invisible U+0000 in it.'),
        ("numbers", "\ud800", 'Number 1 is "U+D800": delete the invisible U+D800 in it.'),
        ("numbers", "9" * 400, f'Number 1 is "{"9" * 20}…": {RANGE}.'),
        ("numbers", "<img src=x>", f'Number 1 is "<img": {SUCH_AS}.'),
        ("numbers", "0,5 1,5", f'Number 1 is "0,5", {ONE_OR_TWO}'),
        ("numbers", "1\n0,5; 1,5", f'Number 2, on line 2, is "0,5", {ONE_OR_TWO}'),
        ("numbers", "3, -0,5, 1,5", f'Number 2 is "-0,5", {ONE_OR_TWO}'),
        ("numbers", "0,5", f'Number 1 is "0,5", {ONE_OR_TWO}'),
        ("pdf", "1", 'The kind of sequence is "pdf": one of text, words, numbers, rows, signal, csv is expected.'),
        ([], "1", f"The kind of sequence is a value of type list: one of {', '.join(KINDS)} is expected."),
    ],
    ids=reprlib.repr,
)
def test_a_mistake_gets_its_sentence(kind, text, message):
    assert refusal(parse_sequence, kind, text) == message


@pytest.mark.parametrize(
    ("kind", "text", "steps"),
    [
        ("text", "a" * MAX_STEPS, MAX_STEPS),
        ("text", "a" + "\u0301" * (MAX_CLUSTER - 1), 1),
        ("text", "".join(CHINESE[:MAX_INPUTS]), MAX_INPUTS),
        ("text", ("a" + "\u0316" * 24) * MAX_STEPS, MAX_STEPS),  # MAX_CHARACTERS in all
        ("numbers", "1 " * MAX_STEPS, MAX_STEPS),
        ("numbers", "1" + " " * (MAX_CHARACTERS - 1), 1),
    ],
    ids=reprlib.repr,
)
def test_what_just_fits_is_read(kind, text, steps):
    sequence = parse_sequence(kind, text)
    assert len(sequence.tokens) == len(sequence.labels) == len(sequence.values) == steps


def test_one_character_over_the_cap_is_refused():
    assert refusal(from_numbers, "1" + " " * MAX_CHARACTERS).startswith("The sequence is 50\u202f001 characters long")


@pytest.mark.parametrize("kind", ["text", "numbers"])
def test_a_million_characters_are_refused_before_any_work(kind):
    text = "1 " * 500_000
    tracemalloc.start()
    try:
        refusal(parse_sequence, kind, text)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100_000


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a b", '"a␣b"'),
        ("a" * 20, '"' + "a" * 20 + '"'),
        ("a" * 21, '"' + "a" * 20 + '…"'),
        ("a\u0301" * 20, '"' + "a\u0301" * 10 + '…"'),
        ("\u202e<b>", '"U+202E<b>"'),
        ("a" + "\u0301" * 1_000, '"U+0061+…"'),
        (FAMILY * 9, f'"{FAMILY * 4}…"'),
        ("مرحبا", '"\u2068مرحبا\u2069"'),  # else the number after it would be shown before it
        ("a" * 19 + "שש", '"\u2068' + "a" * 19 + 'ש…\u2069"'),
        (5, "a value of type int"),
    ],
    ids=reprlib.repr,
)
def test_what_was_typed_is_quoted_short_and_visible(value, shown):
    assert quoted(value) == shown
