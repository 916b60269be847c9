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
# What Streamlit 1.67 replaces in what it shows, after references are read: the patterns of its renderer.
SOUGHT = {
    "an address": (r"(https?://|www(?=\.))([-.\w]+)([^ \t\r\n]*)", re.ASCII | re.IGNORECASE),
    "mail": (r"([-.\w+]+)@([-\w]+(?:\.[-\w]+)+)", re.ASCII),
    "an icon": (r":material_(\w+):|:streamlit:", re.ASCII),
    "an arrow": (r"(^|[\s\ufeff])(<->|->|<-|--|>=|<=|~=)([\s\ufeff]|$)", 0),
}
SOUGHT = {name: re.compile(pattern, flags) for name, (pattern, flags) in SOUGHT.items()}
MARKED = [
    "http://example.com", "see HTTPS://a.b/c", "www.example.com", "foo@bar.baz", "a.b+c@x-y.z", ":material_home:",
    ":streamlit:", "a -> b", "<- c", "c <->", "--", "-- --", "d >= e", "d <= e", "f ~= g",
]  # fmt: skip
UNMARKED = [
    "12:30:45", ":smile:", ":material/home:", "a->b", "a--b", "x@y", "@", "http", "http:", "wwwx", "9 - 1 = 8",
    "f(x) > 0", "**b** _c_ `d` $x^2$ [l](m) ![i](j) <b>", "1. one", "# h", "50% & more", "C:\\dir\\file.txt", "a.b.c",
    "3·10⁻⁹",
]  # fmt: skip


def shown(text):
    return html.unescape(text).replace("\u2060", "")


def blanks(typed):
    """As it is shown: blanks made one, and none at which a line could end before a percent sign."""
    return re.sub("(?<=[0-9]) (?=%|µs\\b)", "\u00a0", re.sub("[ \t\r\n]+", " ", typed))


def reads(text):
    """What Streamlit finds of its own in what it shows."""
    return [name for name, pattern in SOUGHT.items() if pattern.search(text)]


@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
def test_a_reader_sees_what_was_typed_with_blanks_made_one(typed):
    assert shown(markdown(typed)) == re.sub(r"\s+", " ", typed)


ANY = (
    st.text(st.sampled_from(string.punctuation + "aZ09 é\n\t"), max_size=30)
    | st.text(max_size=30)
    | st.lists(st.sampled_from([*MARKED, *UNMARKED, *"<>=-~:@. \u2003\ufeff", "www", "http", "//"]), max_size=8).map(
        "".join
    )
)


@given(ANY)
def test_no_sign_of_any_text_is_left_to_be_markup(typed):
    escaped = markdown(typed)
    bare = re.sub("&#[0-9]+;", "\u2060", escaped)
    assert not set(bare) & (set(string.punctuation) - set(HARMLESS))
    assert not re.search("[A-Za-z]\\.[^\\s\u2060]|\\.[A-Za-z]", bare), "a point could make a link"
    assert not re.search(r"[\n\t\r]", bare)


@given(ANY)
def test_nothing_that_streamlit_seeks_in_what_it_shows_is_left_there(typed):
    assert reads(html.unescape(markdown(typed))) == []
    assert shown(markdown(typed)) == blanks(typed).replace("\u2060", "")


@pytest.mark.parametrize("typed", MARKED)
def test_what_streamlit_would_find_has_a_joiner_that_nobody_sees(typed):
    assert reads(typed)
    assert "\u2060" in markdown(typed)


@pytest.mark.parametrize("typed", UNMARKED)
def test_everything_else_is_copied_as_it_was_typed(typed):
    assert html.unescape(markdown(typed)) == typed


@pytest.mark.parametrize("sign", sorted(set(string.punctuation) - set(HARMLESS)))
def test_every_sign_is_a_reference(sign):
    assert markdown(f"a{sign}b") == f"a&#{ord(sign)};b"


def test_what_begins_like_a_list_is_no_list():
    for typed in ("1. one", "10. ten", "1) one"):
        assert not re.match(r"\d+[.)]\s", markdown(typed))


def test_a_number_stays_one_word():
    assert markdown("17\u202f900 of 0.5") == "17\u202f900 of 0.5"


@pytest.mark.parametrize("typed", ["50 %", "less than 1 %.", "3.5 µs, 4 µs"])
def test_no_line_ends_between_a_number_and_its_unit(typed):
    assert " &#37;" not in markdown(typed)
    assert html.unescape(markdown(typed)) == re.sub(" (?=[%µ])", "\u00a0", typed)
    assert markdown("5 a % 7 µstep") == "5 a &#37; 7 µstep"
