"""Every kind of bad input on every way in: a sentence, the last good result stays, and nothing of it is markup."""

import re
from urllib.parse import quote

import pytest
from streamlit.testing.v1 import AppTest

from gru_viz.errors import InputError
from gru_viz.experiment import Experiment, from_query, to_query, without_view
from gru_viz.sequences import KINDS as WAYS
from gru_viz.sequences import parse_sequence
from gru_viz.sequences.tables import decode, read_table, recognise
from gru_viz.settings import SETTINGS
from gru_viz.ui import state
from gru_viz.ui.pages import PAGES
from tests.patience import patience
from tests.saying import plain
from tests.visitor import open_app

IMAGE = "![i](//e.co/i.png)"
HOSTILE = {
    "an image": IMAGE,
    "a link": "[x](http://e.co/a)",
    "bold": "**b**",
    "an icon": ":material/home:",
    "TeX": "$x^2$",
    "HTML": "<b>b</b>",
    "a script": "<script>",
}
# What holds a text without reading it as Markdown: a field's value, a figure's data, a component's bytes.
PLAIN = ("plotly_chart", "bidi_component", "code", "text")
VALUES = ("default", "value", "raw_values", "raw_value", "id", "key")


def texts(message) -> list[str]:
    """Every text in a message that Streamlit may read as Markdown."""
    found = []
    for field, value in message.ListFields():
        if field.name in VALUES:
            continue
        for each in value if isinstance(value, (list, tuple)) or hasattr(value, "append") else [value]:
            if isinstance(each, str):
                found.append(each)
            elif hasattr(each, "ListFields"):
                found += texts(each)
    return found


def shown(app) -> list[str]:
    """Every such text of a page and its sidebar."""
    protos = [(element.type, getattr(element, "proto", None)) for element in app]
    return [text for kind, proto in protos if kind not in PLAIN and proto is not None for text in texts(proto)]


def shown_raw(app) -> list[str]:
    """Those in which something hostile stands sign by sign, so that it would be read as markup."""
    return [text for text in shown(app) for each in HOSTILE.values() if each in text]


@pytest.mark.parametrize("page", PAGES)
def test_what_is_typed_is_shown_sign_by_sign(page):
    typed = " ".join(HOSTILE.values())
    queries = (
        {"text": f"a {typed} b", "replace": "a", "by": typed, "held": typed},
        {"words": f"one {typed} two", "replace": "one", "by": typed},
        {"text": "abc", "replace": typed, "by": "x", "cells": typed, "keep": typed},
    )
    for query in queries:
        assert shown_raw(open_app(page, **query)) == []


def test_the_search_for_markup_finds_it():
    """The test above can fail: in what is not escaped, in a caption or in a button's words, the image is found."""

    def unescaped():
        import streamlit as st

        st.caption("![i](//e.co/i.png)")
        st.pills("Columns", ["![i](//e.co/i.png)"], key="pills")

    app = AppTest.from_function(unescaped).run()
    assert sum(IMAGE in text for text in shown(app)) == 2


def test_column_names_of_a_file_are_shown_sign_by_sign():
    names = [IMAGE, "**b**", ":material/home:"]
    rows = "\n".join([",".join(names), *(f"{k},{k * k},{k % 3}" for k in range(9))])
    app = open_app(csv=state.FIRST["csv"])
    app.file_uploader(key="csv_file").set_value(("t.csv", rows.encode(), "text/csv")).run()
    assert not app.exception
    for name in names:
        assert not any(name in text for text in shown(app))


# -- every kind on every way -------------------------------------------------------------------------------------------

MANY = "".join(map(chr, range(0x4E00, 0x4E00 + 1_100)))
# Typed text -> what the sentence about it holds where a text is asked for, and where numbers are; "" where it is read.
BAD = {
    "empty": ("", "is empty", "is empty"),
    "blanks": (" \t ", "nothing but blanks", "nothing but blanks"),
    "one element": ("1", "", ""),
    "the cap": ("1 " * 1_000, "", ""),
    "far over the cap": ("1 " * 20_000, "more than 2000", "more than 2000 numbers"),
    "a million characters": ("x" * 1_000_000, *["1\u202f000\u202f000 characters long"] * 2),
    "five million": ("1 " * 2_500_000, "5\u202f000\u202f000 characters", "5\u202f000\u202f000 characters"),
    "a constant": ("5 5 5 5 5 5", "", ""),
    "a word": ("1 two 3", "", "two"),
    "doubled separators": ("1,,2", "", "is missing: a number is expected before"),
    "mixed separators": ("1; 2, 3 4", "", ""),
    "nan": ("1 nan", "", '"nan"'),
    "inf": ("-inf 1", "", '"-inf"'),
    "overflow": ("1 1e999", "", '"1e999"'),
    "underflow": ("1 1e-999", "", "so close to 0"),
    "underscores": ("1_000 2", "", "1000"),
    "Arabic digits": ("١٢ 3", "", "12"),
    "hexadecimal": ("0x1F 2", "", "31"),
    "a decimal comma": ("0,5", "", "one number or two"),
    "odd minus signs": ("\u22121 \u20132 \uff0d3", "", ""),
    "an invisible character": ("1\u200b 2", "", "U+200B"),
    "a byte order mark": ("\ufeff1 2", "", "U+FEFF"),
    "combining marks": ("e\u0301" + "\u0301" * 30, "", "a number such as"),
    "a tower of marks": ("a" + "\u0301" * 40_000, "code points", "a number such as"),
    "a family": ("👨‍👩‍👧 👩🏽‍🚀 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "", "U+200D"),
    "flags": ("🇩🇪" * 900, "", "a number such as"),
    "right to left": ("שלום \u202eabc\u2066", "", "a number such as"),
    "control characters": ("a\x00\x1b[31m\x07", "", "U+0000"),
    "half a character": ("a\ud83d", "half of a character", "U+D83D"),
    "HTML": ("<script>alert(1)</script><img src=//e.co/i onerror=alert(1)>", "", "a number such as"),
    "Markdown": ("![i](//e.co/i.png) [x](javascript:alert(1)) # h", "", "a number such as"),
    "TeX": (r"$\\def\\a{\\a\\a}\\a$ \\href{//e.co}{x}", "", "a number such as"),
    "a template": ("%{x} {0} {{x}} ${x} %s", "", "a number such as"),
    "a formula": ("=1+1", "", "a number such as"),
    "a query": ("1&seed=3#x?y=2", "", "a number such as"),
    "lines": ("1 2\n3", "", ""),
    "many lines": ("\n" * 49_990 + "1", "more than 2000 characters", ""),
    "out of range": ("1000001", "", "from -1\u202f000\u202f000 to 1\u202f000\u202f000"),
    "many different": (MANY, "1100 different", "a number such as"),
    "deep brackets": ("(" * 2_000, "", "a number such as"),
    "a path": ("../../etc/passwd\\..\\file:///etc", "", "a number such as"),
}  # fmt: skip
OTHERWISE = {  # where words are not like text, or rows not like numbers
    ("many lines", "words"): "",
    ("a tower of marks", "words"): "40\u202f001 characters long",
    ("the cap", "rows"): "more than 64 numbers",
    ("far over the cap", "rows"): "more than 64 numbers",
    ("lines", "rows"): "Row 2 has 1 number, and row 1 has 2 numbers",
}
FIELDS = {
    "text": {"text": "Hello Bob"},
    "words": {"words": "Hello Bob"},
    "numbers": {"numbers": "1 0 0"},
    "rows": {"rows": "1 0\n0 0"},
    "replace": {"text": "Hello Bob", "replace": "Bob", "by": "Eve"},
    "by": {"text": "Hello Bob", "replace": "Bob", "by": "Eve"},
}
SMALL = {"cells": "rnn,gru", "hidden": "2"}
NO_SENTENCE = re.compile(r"Traceback|File \"|site-packages|\.py\b|Error\b|\bNone\b|\{|\}")
SENT = [name for name, (typed, *_) in BAD.items() if not re.search("[\ud800-\udfff]", typed)]  # UTF-8 holds no halves


def expected_of(name, way):
    _, of_text, of_numbers = BAD[name]
    return OTHERWISE.get((name, way), of_numbers if way in ("numbers", "rows") else of_text)


def complaints(app):
    """What the page says is wrong: sentences that repeat little of what came, and show no inside of the program."""
    said = [plain(each.value) for each in (*app.error, *app.warning)]
    for each in said:
        assert_sentences(each)
    return said


def assert_sentences(said):
    assert re.search(r"[.?]$", said), said
    assert max(map(len, re.findall(r'"[^"]*"', said)), default=0) <= 40, said
    own = re.sub(r'"[^"]*"', "", said)
    assert max(map(len, re.split(r"(?<=[.?]) ", own))) < 330, said
    assert not NO_SENTENCE.search(own), said


def drawn(app):
    return [chart.proto.spec for chart in app.main.get("plotly_chart")]


@pytest.mark.parametrize("way", ["text", "words", "numbers", "rows"])
@pytest.mark.parametrize("name", BAD)
def test_a_sequence_is_read_or_gets_its_sentence_within_little_work(name, way):
    typed, wanted = BAD[name][0], expected_of(name, way)
    with patience(0.5):
        if not wanted:
            assert parse_sequence(way, typed).tokens
            return
        with pytest.raises(InputError, match=re.escape(wanted)) as refused:
            parse_sequence(way, typed)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("way", FIELDS)
def test_every_kind_in_every_field(way):
    """One visitor who types one after the other: what cannot be read leaves everything as it was."""
    app = open_app(**SMALL, **FIELDS[way])
    for name in SENT:
        before, figures = app.session_state["experiment"], drawn(app)
        app.get_by_key(f"experiment_{way}").set_value(BAD[name][0]).run()
        assert not app.exception, (name, app.exception)
        said, after = complaints(app), app.session_state["experiment"]
        if way in WAYS:
            wanted = expected_of(name, way)
            assert len(said) == bool(wanted) + ("missing" in to_query(after)), (name, said)
            assert any(wanted in each for each in said) or not wanted, (name, said)
        if said and "missing" not in to_query(after):
            assert (after, drawn(app)) == (before, figures), name
        else:
            assert getattr(after, way if way in ("replace", "by") else "text") == BAD[name][0], name
        assert shown_raw(app) == []


LINKED = [name for name in SENT if len(quote(BAD[name][0])) < 500_000]  # no longer one reaches the page's script


@pytest.mark.parametrize("name", LINKED)
def test_every_kind_in_every_part_of_a_link(name):
    """All parts are bad at once, each kind of sequence in turn: the page is that of the parts that are left."""
    typed = BAD[name][0]
    way = [*WAYS][list(BAD).index(name) % len(WAYS)]
    rest = ["missing", *(setting.key for setting in SETTINGS.values())] if len(quote(typed)) < 10_000 else []
    app = open_app(**dict.fromkeys([way, *rest], typed))
    assert complaints(app)
    assert len(drawn(app)) == 3
    assert shown_raw(app) == []


PARTS = [*WAYS, "z", "missing", *(setting.key for setting in SETTINGS.values() if setting.key)]


@pytest.mark.parametrize("part", PARTS)
def test_every_kind_in_a_part_of_a_link_alone(part):
    for name, (typed, *_) in BAD.items():
        with patience(0.5):
            found, notes = from_query({part: typed, "hidden": "5"} if part != "hidden" else {part: typed})
        assert found.hidden_size == 5 or notes or part == "hidden", name
        for note in notes:
            assert_sentences(note)
        assert from_query(to_query(found))[0] == found or "missing" in to_query(found), name


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_every_kind_in_a_file(encoding):
    """As the whole file, and as one cell of a table: read, or a sentence and the last table stays."""
    app = open_app(**SMALL, csv=state.FIRST["csv"])
    for name in SENT:
        typed = BAD[name][0]
        for text in (typed, f"a,b\n1,2\n3,{typed}\n"):
            before = app.session_state["experiment"]
            data = text.encode(encoding, "replace")
            app.file_uploader(key="csv_file").set_value((f"{name}.csv", data, "text/csv")).run()
            assert not app.exception, (name, app.exception)
            if complaints(app) and "missing" not in to_query(app.session_state["experiment"]):
                assert app.session_state["experiment"] == before, name
            assert app.session_state["experiment"].kind == "csv"
            assert shown_raw(app) == []


LARGE_FILES = {
    "a million columns": (b"1," * 999_999 + b"1", "Line 1 has 1\u202f000\u202f000 cells"),
    "a wide line after narrow ones": ((b"1," * 63 + b"1\n") * 10 + b"1," * 900_000, "Line 11 has 900\u202f001 cells"),
    "one line of words": (b"word " * 399_999, "Line 1 has 400\u202f000 cells"),
    "separators": (b"," * 2_000_000, "separators and nothing between them"),
    "quotation marks": (b'"' * 2_000_000, "a cell is longer than 131\u202f072 characters"),
    "an open quotation mark": (b'a,b\n1,"' + b"2\n" * 999_000, "a cell is longer than 131\u202f072 characters"),
    "one digit": (b"1" * 2_000_000, "a cell is longer than 131\u202f072 characters"),
    "rows": (b"1\n" * 999_999, "more than 10\u202f000 rows"),
    "blank lines": (b"\n" * 1_999_999 + b"1", ""),
    "marks": (("a" + "\u0301" * 900_000).encode(), "a cell is longer than 131\u202f072 characters"),
}


@pytest.mark.parametrize("name", LARGE_FILES)
def test_a_large_file_is_little_work_whatever_is_in_it(name):
    data, wanted = LARGE_FILES[name]
    with patience(0.6):
        text, _ = decode(data)
        layout = recognise(text)
        if not wanted:
            assert read_table(text, layout).rows == 1
            return
        with pytest.raises(InputError, match=re.escape(wanted)):
            read_table(text, layout)


# -- extremes ----------------------------------------------------------------------------------------------------------

LARGE = " ".join(["1000000", "-1000000"] * 6)
SHUT = (("f", 10.0), ("i", -10.0), ("z", -10.0))
EXTREMES = {
    "one element": Experiment(text="a", hidden_size=1, replace="a", by="b"),
    "a constant": Experiment("numbers", "0 0 0 0 0 0", replace="1", by="1"),
    "saturated": Experiment("numbers", LARGE, recurrent_gain=4, input_gain=16, biases=SHUT, replace="1", by="2"),
    "no gradient": Experiment("numbers", LARGE, recurrent_gain=0, input_gain=16, replace="1", by="2"),
    "no input": Experiment(text="abcabc", input_gain=0, recurrent_gain=0, replace="a", by="b"),
    "the longest": Experiment(text="ab" * 1_000, hidden_size=2, cells=("gru",), replace="a", by="b"),
    "the widest": Experiment(text=MANY[:1_023] + "a", hidden_size=2, cells=("rnn",), replace="a", by=MANY[0]),
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("name", EXTREMES)
def test_every_page_bears_every_extreme(name, page):
    app = open_app(page, **to_query(EXTREMES[name]))
    assert complaints(app) == []
    assert without_view(app.session_state["experiment"]) == without_view(EXTREMES[name])
    said = " ".join(shown(app))
    assert not re.search(r"\b(nan|NaN|inf)\b|not a number", said), said
