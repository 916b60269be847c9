"""A part of a sequence replaced by another, and which one is suggested."""

import math
import reprlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_viz.errors import InputError
from gru_viz.labels import visible
from gru_viz.sequences import (
    default_replacement,
    from_numbers,
    from_rows,
    from_text,
    number_text,
    parse_sequence,
    read_number,
    replace,
)
from tests.refusals import SUCH_AS, anything, assert_sentence, number_like, refusal


def test_a_name_is_replaced_by_another():
    original = from_text("My name is Ada. What is my name?")
    replacement = replace(original, "Ada", "Bob")
    assert (replacement.start, replacement.old, replacement.new) == (11, 3, 3)
    assert "".join(replacement.sequence.tokens) == "My name is Bob. What is my name?"
    assert replacement.sequence.input_names == (*original.input_names, "B", "o", "b")
    width = len(original.input_names)
    unchanged = [step for step in range(32) if step not in (11, 12, 13)]
    np.testing.assert_array_equal(replacement.sequence.values[unchanged, :width], original.values[unchanged])
    assert not replacement.sequence.values[11:14, :width].any()


def test_characters_are_compared_not_code_points():
    cafe = from_text("cafe cafe\u0301")
    assert replace(cafe, "é", "a").start == 8
    assert replace(cafe, "e\u0301", "a").start == 8
    assert replace(cafe, "e", "a").start == 3
    assert refusal(replace, from_text("e\u0301"), "e", "a") == '"e" does not occur in the sequence: type a part of it.'


@given(
    st.text("aab b", min_size=1).filter(str.strip), st.text("ab ", min_size=1, max_size=3), st.text("abc", min_size=1)
)
def test_the_first_place_is_replaced(text, old, new):
    original = from_text(text)
    if old == new or old not in text:
        refusal(replace, original, old, new)
        return
    replacement = replace(original, old, new)
    assert "".join(replacement.sequence.tokens) == text.replace(old, new, 1)
    assert (replacement.start, replacement.old, replacement.new) == (text.index(old), len(old), len(new))
    names = replacement.sequence.input_names
    assert names[: len(original.input_names)] == original.input_names
    assert [names[column] for column in replacement.sequence.values.argmax(axis=1)] == list(replacement.sequence.tokens)


def test_a_number_is_replaced_by_its_step():
    replacement = replace(from_numbers("1 2 3"), " 3 ", "−0.5")
    assert (replacement.start, replacement.old, replacement.new) == (2, 1, 1)
    assert replacement.sequence == from_numbers("1 2 -0.5")
    np.testing.assert_array_equal(replacement.sequence.values[:, 0], [1, 2, -0.5])


@pytest.mark.parametrize(
    ("kind", "old", "new", "message"),
    [
        ("text", "", "Bob", "Nothing is named that should be replaced: type a part of the sequence."),
        ("text", "Ada", "", 'Nothing is given in place of "Ada": type at least one character.'),
        ("text", "Ada", "Ada", '"Ada" would be replaced by itself: type something else.'),
        ("text", "Eve ", "Bob", '"Eve␣" does not occur in the sequence: type a part of it.'),
        ("text", "Ada", "x" * 1_999, f'With "{"x" * 20}…" the sequence has 2001 steps: at most 2000 are read.'),
        ("text", "Ada", "x" * 50_001, "What replaces it is 50\u202f001 characters long: at most 50\u202f000 are read."),
        ("text", None, "x", "What is replaced is a value of type NoneType: text is expected."),
        ("numbers", "0", "5", 'The step to be replaced is "0": a whole number from 1 to 5 is expected.'),
        ("numbers", "6", "5", 'The step to be replaced is "6": a whole number from 1 to 5 is expected.'),
        ("numbers", "٣", "5", 'The step to be replaced is "٣": a whole number from 1 to 5 is expected.'),
        ("numbers", "", "5", 'The step to be replaced is "": a whole number from 1 to 5 is expected.'),
        ("numbers", "2", "", f'The new value of step 2 is "": {SUCH_AS}.'),
        ("numbers", "2", "0,5", f'The new value of step 2 is "0,5": {SUCH_AS}.'),
        ("numbers", "2", "2.0", "Step 2 is 2 already: type another number."),
    ],
    ids=reprlib.repr,
)
def test_a_replacement_that_is_none_gets_its_sentence(kind, old, new, message):
    sequence = parse_sequence(kind, {"text": "I, Ada", "numbers": "1 2 3 4 5"}[kind])
    assert len(sequence.tokens) == {"text": 6, "numbers": 5}[kind]
    if kind == "text" and new.startswith("x" * 1_999) and len(new) == 1_999:
        assert replace(sequence, old, new[:-2]).new == 1_997  # 2000 steps
        new = new[:-1]
    assert refusal(replace, sequence, old, new) == message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("My name is Ada. What is my name?", ("Ada", "Beb")),
        ("Then I met zoë.", ("Then", "Neht")),
        ("a Z9, a", ("a", "b")),
        ("x", ("x", "y")),
        ("42", ("4", "5")),
        ("!", ("!", "x")),
        ("你好", ("你好", "好你")),
        ("m" * 40, ("m" * 12, "n" * 12)),
        ("hello", ("hello", "olleh")),
        ("the old cat", ("the", "old")),
        ("שלום", ("שלום", "םולש")),
        ("ßa", ("ßa", "aß")),
    ],
)
def test_a_replacement_is_suggested(text, expected):
    assert default_replacement(from_text(text)) == expected


@pytest.mark.parametrize(
    ("text", "new"), [("0.5 2", "1.5"), ("1e6", "999999"), ("999999.5", "999998.5"), ("-1e6", "-999999")]
)
def test_a_number_is_suggested(text, new):
    assert default_replacement(from_numbers(text)) == ("1", new)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0 0 1 0 0 0", ("3", "0")),
        ("1 0 0", ("1", "0")),
        ("0 0 2 1 2 0 0 0", ("4", "0")),  # the rarest, not the first
        ("0 2 1 0", ("2", "0")),  # of equals the first
        ("0 0 1 1", ("3", "0")),
        ("0.1250 -1e-3 1/8 0.125".replace("1/8", "0.125"), ("2", "0.125")),
        ("1 2 1 2 3", ("1", "2")),  # no number stands at half of the steps
        ("0 1", ("1", "1")),  # nor does one that comes once
        ("3 3", ("1", "4")),
        ("5", ("1", "6")),
    ],
)
def test_among_numbers_the_cue_is_taken_away(text, wanted):
    """Half of the steps or more are silence, one number; the rarest other is the cue, and silence takes its place."""
    sequence = from_numbers(text)
    assert default_replacement(sequence) == wanted
    silenced = replace(sequence, *wanted).sequence.tokens
    assert len(set(silenced)) <= len(set(sequence.tokens)) + (wanted[1] not in sequence.tokens)


def test_among_rows_the_cue_is_taken_away():
    assert default_replacement(from_rows("0 0\n0 0\n1 -0.5\n0 0")) == ("3", "0 0")
    sequence = parse_sequence("signal", "recall 12 3")
    assert default_replacement(sequence) == ("1", "0 0")
    assert replace(sequence, "1", "0 0").sequence.tokens == ("0 0",) * 11 + ("0 1",)


@given(st.sampled_from(["text", "numbers"]), anything | number_like)
def test_the_suggestion_always_fits(kind, text):
    try:
        sequence = parse_sequence(kind, text)
    except InputError:
        return
    old, new = default_replacement(sequence)
    replacement = replace(sequence, old, new)
    assert replacement.old == replacement.new
    assert replacement.sequence.tokens != sequence.tokens


@given(anything, anything, anything)
def test_any_replacement_is_made_or_refused_with_a_sentence(text, old, new):
    try:
        replace(from_text(text), old, new)
    except InputError as error:
        assert_sentence(str(error))


@given(st.floats(-1e6, 1e6))
def test_the_text_of_a_number_reads_back(value):
    if value == 0 or abs(value) >= 1e-300:
        assert read_number(number_text(value)) == value
    else:
        assert "close to 0" in refusal(read_number, number_text(value))
    assert math.copysign(1, read_number("-0.0")) == 1


@given(st.characters(exclude_categories=["Cs"]))
def test_no_label_is_blank(character):
    assert visible(character).strip()
    assert visible(character) == character or "U+" in visible(character) or visible(character) in "␣↵⇥"
