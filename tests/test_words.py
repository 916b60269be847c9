"""Sentences in Markdown: a reader sees every character, and no sign of what a person typed is markup.

That Streamlit's renderer agrees is seen in a real browser: tests/browser/test_contrast.py.
"""

import html
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_viz.ui.words import markdown

HOSTILE = [
    "a -> b <- c -- d >= e ~= f",
    ":smile: :material/home: :material_home: :streamlit: :red[x] :red-badge[y] ::x:: :+1:",
    "$x^2$ and $$y$$ cost $5 and $6$", "![i](http://example.com/x.png) [l](javascript:alert(1)) <img src=x>",
    "www.example.com http://example.com https://a.b/c a@b.co xmpp:foo@bar.baz mailto:foo@bar.baz", "# h", "1. one",
    "1) one", "- x", "    code", "> q", "***", "---", "===", "| a | b |\n|--|--|\n| c | d |", "```py\nx\n```",
    "`a` ``b``", "*a* **b** _c_ ~~d~~ ~e~", "[^1] [^1]: note", "[x]: http://example.com", "&amp; &lt;b&gt; &#35;",
    "\\* \\\\ \\n", "<div onclick=x>hi</div><script>1</script>", ':color[x]{foreground="red"}', "a\n\nb\tc\rd",
    "👩‍👩‍👧 é שלום 日本", ":help[x]", ":small[x] :shimmer[y]", "a" * 300, "-" * 200, ":a:" * 50, "http", "www", "x@y",
    "://", "+", "-", "#", "", "example.com", "1.5 and 12. Then", "a.b.c", "10. x",
]  # fmt: skip
HARMLESS = "\"',."  # quotes, commas, points that stand in a number or end a sentence


def shown(text):
    return html.unescape(text).replace("\u2060", "")


@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
def test_a_reader_sees_what_was_typed_with_blanks_made_one(typed):
    assert shown(markdown(typed)) == re.sub(r"\s+", " ", typed)


@given(st.text(st.sampled_from(string.punctuation + "aZ09 é\n\t"), max_size=30) | st.text(max_size=30))
def test_no_sign_of_any_text_is_left_to_be_markup(typed):
    escaped = markdown(typed)
    bare = re.sub("\u2060&#[0-9]+;\u2060", "\u2060", escaped)
    assert not set(bare) & (set(string.punctuation) - set(HARMLESS))
    assert not re.search("[A-Za-z]\\.[^\\s\u2060]|\\.[A-Za-z]", bare), "a point could make a link"
    assert not re.search(r"[\n\t\r]", bare)


@pytest.mark.parametrize("sign", sorted(set(string.punctuation) - set(HARMLESS)))
def test_every_sign_is_a_reference_between_joiners(sign):
    assert markdown(f"a{sign}b") == f"a\u2060&#{ord(sign)};\u2060b"


def test_what_begins_like_a_list_is_no_list():
    for typed in ("1. one", "10. ten", "1) one"):
        assert not re.match(r"\d+[.)]\s", markdown(typed))


def test_a_number_stays_one_word():
    assert markdown("7\u202f900 of 0.5") == "7\u202f900 of 0.5"
