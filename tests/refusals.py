"""What is refused in sentences that a person can read, and texts of which many are refused."""

import re
import unicodedata

import pytest
from hypothesis import strategies as st

from gru_viz.errors import InputError

SUCH_AS = "a number such as 0.5, -1 or 2e-3 is expected"

# Every code point, halves of surrogate pairs too, and the odd ones often.
ODD = st.sampled_from(
    "\r\n\t \u00a0\u0301\u0316\u200b\u200c\u200d\u202e\u2066\ufeff\ufe0f\x00␣↵⇥+U−◌\u115f\u1161\u0600\ud800\U0001f1e9👍"
)
anything = st.text(st.characters(exclude_categories=()) | ODD | st.sampled_from("aAbé"), max_size=60)
number_like = st.text("0123456789+-.,;eE_x \n−５", max_size=30)


def refusal(read, *arguments):
    with pytest.raises(InputError) as caught:
        read(*arguments)
    assert_sentences(str(caught.value))
    return str(caught.value)


def assert_sentence(message):
    """One sentence."""
    assert ". " not in message
    assert len(message) < 400
    assert_sentences(message)


def assert_sentences(message):
    """Visible from end to end. Of the format characters only what holds emoji together may be in it, and what keeps a
    quotation that runs from right to left apart from the words beside it."""
    assert re.fullmatch(r'["A-Z].*\.', message), message
    assert len(message) < 500
    holding_emoji = {"\u200d", *map(chr, range(0xE0020, 0xE0080))}
    shown = re.sub(r"(?<=\d)\u202f(?=\d{3})", "", message)  # between the thousands of a number
    shown = re.sub('"\u2068([^\u2068\u2069]*)\u2069"', r'"\1"', shown)
    for character in set(shown) - holding_emoji - {" "}:
        prepended = 0x600 <= ord(character) <= 0x8E2 or ord(character) in (0x110BD, 0x110CD)  # seen, though Cf
        assert unicodedata.category(character) not in {"Cc", "Cs", "Co", "Zl", "Zp", "Zs"}, ascii(character)
        assert unicodedata.category(character) != "Cf" or prepended, ascii(character)
