"""Every way in through AppTest: what a visitor enters or uploads, and what the page and the link then hold."""

import re

import numpy as np
import pytest

from gru_viz.experiment import Experiment, from_query
from gru_viz.sequences import parse_sequence
from gru_viz.sequences.tables import MAX_FILE, SUNSPOTS
from tests import expected
from tests.expected import TITLES, all_found
from tests.saying import assert_left_over
from tests.visitor import (
    FIGURES,
    MISTAKE,
    assert_draws,
    assert_says,
    calm,
    captions,
    enter,
    errors,
    experiment,
    figure,
    findings,
    link,
    open_app,
    press,
    unfold,
    warnings,
)

WORDS = ["My", "name", "is", "Ada", ".", "What", "is", "my", "name", "?"]


def step_labels(app):
    shown = figure(app, "gradient")["layout"]["xaxis"]["labelalias"].values()
    return [re.sub("<span[^>]*10px.*?</span> ?|<[^>]*>", "", label) for label in shown]  # without their numbers


def assert_channels(app, monkeypatch, x, names):
    """The page's numbers are those of this input (T, I)."""
    monkeypatch.setattr(expected, "inputs", lambda of, tokens: (np.array(x, dtype=float), list(names)))
    found = all_found(experiment(app), [None])
    assert_says(app, found)
    assert_draws(app, found)


def upload(app, data, name="a.csv"):
    data = data if isinstance(data, bytes) else data.encode()
    return calm(app.file_uploader(key="csv_file").set_value((name, data, "text/csv")).run())


# -- words -------------------------------------------------------------------------------------------------------------


def test_a_text_is_read_by_word():
    app = enter(open_app(), "reading", "words")
    assert (link(app)["words"], experiment(app).kind, "text" in link(app)) == (Experiment().text, "words", False)
    assert step_labels(app) == WORDS
    assert_says(app, all_found(experiment(app), WORDS))
    assert_draws(app, all_found(experiment(app), WORDS))
    assert (experiment(app).replace, experiment(app).by) == ("Ada", "Bob")
    others = [{"Ada": "Bob"}.get(word, word) for word in WORDS]
    distances = {TITLES[name]: expected.distances(experiment(app), name, WORDS, others) for name in TITLES}
    assert_left_over(findings(app)[2], {title: distances[title] for title in ("RNN", "LSTM", "GRU")})
    assert "One of 8 words" in captions(app)[0]
    enter(app, "words", "We met Eve there.")
    assert step_labels(app) == ["We", "met", "Eve", "there", "."]
    enter(app, "reading", "text")
    assert (experiment(app).kind, experiment(app).text) == ("text", "We met Eve there.")
    assert app.text_input(key="experiment_text").value == "We met Eve there."
    assert errors(app) == []


def test_the_way_of_reading_is_remembered_while_another_way_in_is_looked_at():
    app = enter(enter(open_app(), "reading", "words"), "kind", "numbers")
    assert experiment(app).kind == "numbers"
    enter(app, "kind", "text")
    assert (experiment(app).kind, experiment(app).text) == ("words", Experiment().text)


def test_a_mistake_in_words_gets_its_sentence():
    app = enter(open_app(words="one two"), "words", "a" * 61)
    assert "61 characters long" in errors(app)[0]
    assert MISTAKE in errors(app)[0]
    assert experiment(app).text == "one two"


# -- rows --------------------------------------------------------------------------------------------------------------


def test_rows_are_channels(monkeypatch):
    app = enter(enter(open_app(), "kind", "numbers"), "reading", "rows")
    assert experiment(app).kind == "rows"
    enter(app, "rows", "1 0\n0.5, -2\n0 0\n")
    assert link(app)["rows"] == "1 0\n0.5, -2\n0 0\n"
    assert_channels(app, monkeypatch, [[1, 0], [0.5, -2], [0, 0]], ["0", "1"])
    assert "A row of 2 numbers" in captions(app)[1]
    enter(app, "rows", "1 0\n0.5")
    assert "Row 2 has 1 number, and row 1 has 2 numbers" in errors(app)[0]
    enter(app, "rows", "1 0\n0.5 x")
    assert 'Number 2 of row 2 is "x"' in errors(app)[0]
    assert experiment(app).text == "1 0\n0.5, -2\n0 0\n"
    enter(app, "reading", "numbers")
    assert (experiment(app).kind, errors(app)) == ("numbers", [])


def test_a_row_is_replaced_by_a_row():
    app = open_app(rows="1 0\n0 1\n0 0", replace="2", by="3 3")
    assert "With 3, 3 at step 2 in place of 0, 1" in findings(app)[2]
    enter(app, "by", "3")
    assert "The new row of step 2 has 1 numbers: 2 are expected." in errors(app)[0]


def test_numbers_on_several_lines_are_still_one_a_step():
    """As in links that were made before there were rows."""
    assert step_labels(open_app(numbers="1 2\n3 4")) == ["1", "2", "3", "4"]


# -- signals -----------------------------------------------------------------------------------------------------------


def test_a_signal_is_made_by_its_widgets(monkeypatch):
    app = enter(open_app(), "kind", "signal")
    assert link(app)["signal"] == experiment(app).text == "adding 40 0"
    calm(app.selectbox(key="signal_name").select("sine").run())
    calm(app.number_input(key="signal_steps").set_value(30).run())
    assert link(app)["signal"] == "sine 30 0"
    assert not [widget for widget in app.number_input if widget.key == "signal_seed"]
    sine = [[round(float(np.sin(2 * np.pi * k / 20)), 4)] for k in range(30)]
    assert_channels(app, monkeypatch, sine, ["0"])
    assert any("period of 20 steps" in caption for caption in captions(app))
    calm(app.selectbox(key="signal_name").select("noise").run())
    calm(app.number_input(key="signal_seed").set_value(4).run())
    assert link(app)["signal"] == "noise 30 4"
    noise = np.random.default_rng(4).standard_normal((30, 1)).round(4)
    assert_channels(app, monkeypatch, noise, ["0"])


def test_a_signal_comes_from_a_link_and_its_widgets_follow():
    app = open_app(signal="brackets 12 3")
    assert app.selectbox(key="signal_name").value == "brackets"
    assert (app.number_input(key="signal_steps").value, app.number_input(key="signal_seed").value) == (12, 3)
    tokens = list(parse_sequence("signal", "brackets 12 3").tokens)
    assert_draws(app, all_found(experiment(app), tokens))
    press(app, "reset")
    enter(app, "kind", "signal")
    assert app.selectbox(key="signal_name").value == "adding"


def test_a_signal_that_needs_more_steps_gets_them():
    app = open_app(signal="sine 1 0")
    calm(app.selectbox(key="signal_name").select("recall").run())
    assert (experiment(app).text, errors(app)) == ("recall 2 0", [])


def test_a_signal_in_a_link_that_is_none_gets_its_sentence():
    app = open_app(signal="sine 0 0", seed="5")
    assert "The length of the signal" in warnings(app)[0]
    assert (experiment(app).kind, experiment(app).seed) == ("signal", 5)


# -- CSV ---------------------------------------------------------------------------------------------------------------


PRICES = "day;open;close\n" + "".join(f"2020-01-{k:02};{k % 7},5;{-k * k % 11}\n" for k in range(1, 25))
OPEN, CLOSE = ([k % 7 + 0.5 for k in range(1, 25)], [float(-k * k % 11) for k in range(1, 25)])


def standardised(*columns):
    x = np.array(columns).T
    return (x - x.mean(axis=0)) / x.std(axis=0)


def test_csv_begins_with_an_example():
    app = enter(open_app(), "kind", "csv")
    assert (experiment(app).text, errors(app)) == (SUNSPOTS, [])
    assert any("sunspot" in caption for caption in captions(app))
    assert len(step_labels(app)) == 60
    assert from_query(link(app))[0] == experiment(app)


def test_a_file_is_uploaded_read_and_its_columns_are_chosen(monkeypatch):
    app = upload(enter(open_app(), "kind", "csv"), PRICES, "prices.csv")
    assert errors(app) == []
    said = " ".join(captions(app))
    assert "prices.csv: UTF-8, separator semicolon, decimal comma, the first line holds names." in said
    assert 'Line 2 of "day" is "2020-01-01"' in said
    assert_channels(app, monkeypatch, standardised(OPEN, CLOSE), ["open", "close"])
    calm(app.get_by_key("csv_columns").set_value(["close"]).run())
    assert_channels(app, monkeypatch, standardised(CLOSE), ["close"])
    calm(app.checkbox(key="csv_standardised").uncheck().run())
    assert_channels(app, monkeypatch, np.array([CLOSE]).T, ["close"])
    assert experiment(app).text.startswith("as they are\nclose\n10\n")
    other = open_app(**link(app))  # who has the link sees the same numbers, without the file
    assert experiment(other) == experiment(app)
    assert figure(other, "gradient") == figure(app, "gradient")
    assert any("Its file is not here" in caption for caption in captions(other))
    calm(other.checkbox(key="csv_standardised").check().run())
    assert_channels(other, monkeypatch, standardised(CLOSE), ["close"])
    calm(app.get_by_key("csv_columns").set_value([]).run())
    assert "No column is chosen" in errors(app)[0]
    assert experiment(app).text.startswith("as they are\nclose\n")


def test_how_a_file_is_read_can_be_overruled():
    app = upload(enter(open_app(), "kind", "csv"), "0,5\n1,5\n2,7\n")
    assert parse_sequence("csv", experiment(app).text).values.shape == (3, 2)
    unfold(app, "csv_layout")
    calm(app.selectbox(key="csv_separator").select(";").run())
    assert "the file cannot be read" in errors(app)[0]
    assert app.selectbox(key="csv_separator").value == ","
    calm(app.selectbox(key="csv_decimal").select(",").run())
    calm(app.checkbox(key="csv_header").check().run())
    assert errors(app) == []
    read = parse_sequence("csv", experiment(app).text)
    assert (read.values.shape, read.input_names) == ((2, 2), ("0", "5"))


def test_a_file_that_cannot_be_read_as_it_was_recognised_can_be_read_in_another_way():
    app = upload(enter(open_app(), "kind", "csv"), "a\n1\n2\n", "good.csv")
    upload(app, "a,a\n2,5\n3,7\n", "same.csv")
    assert "Line 1 names both" in errors(app)[0]
    assert any(caption.startswith("same.csv: ") for caption in captions(app))
    assert not [button for button in app.button if button.key == "csv_show"]  # it cannot be shown
    enter(app, "kind", "text")
    enter(app, "kind", "csv")
    calm(app.button(key="csv_show").click().run())
    assert "Line 1 names both" in errors(app)[0]


def test_a_file_with_two_columns_of_one_name_is_read_without_names():
    app = upload(enter(open_app(), "kind", "csv"), "7,7\n2,5\n3,7\n", "same.csv")
    assert parse_sequence("csv", experiment(app).text).values.shape == (3, 2)
    app = upload(enter(open_app(), "kind", "csv"), "a;a\n2;5\n3;7\n", "same.csv")
    assert "read the file without a line of names" in errors(app)[0]
    unfold(app, "csv_layout")
    calm(app.checkbox(key="csv_header").uncheck().run())
    assert "No column holds numbers alone" in errors(app)[0]


def test_a_file_of_more_than_2000_rows_is_read_in_parts():
    app = upload(enter(open_app(), "kind", "csv"), "x\n" + "\n".join(str(k % 1_000) for k in range(3_000)))
    assert any("Rows 1 to 2000 of 3000" in caption for caption in captions(app))
    calm(app.number_input(key="csv_first").set_value(2_991).run())
    assert experiment(app).text.splitlines() == ["standardised", "x", *(str(k) for k in range(990, 1_000))]
    assert any("Rows 2991 to 3000 of 3000" in caption for caption in captions(app))
    assert link(app)["csv"] == experiment(app).text


BAD_FILES = {
    "empty": (b"", "The file is empty"),
    "a zip": (b"PK\x03\x04" + bytes(50), "ZIP archive"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(50), "PNG picture"),
    "ragged": (b"a,b\n1,2\n3\n", "Line 3 has 1 cell"),
    "named twice": (b"a,a\n1,2\n", "Line 1 names both column 1 and column 2"),
    "words": (b"a,b\nx,y\n", "No column holds numbers alone"),
    "too large": (b"1\n" * (MAX_FILE // 2 + 1), "at most 2\u202f000\u202f000 are read"),
    "too many rows": (b"1\n" * 10_001, "more than 10\u202f000 rows"),
    "formulas": (b"a\n=1+1\n", '"=1+1"'),
    "binary": (bytes(range(1, 9)) * 20, "a CSV file is text"),
    "markup": (b"![x](http://example.com)\n<b>\n", "No column holds numbers alone"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_bad_file_gets_its_sentence_and_the_last_table_stays(kind):
    data, words = BAD_FILES[kind]
    app = upload(enter(open_app(), "kind", "csv"), "a\n1\n2\n", "good.csv")
    before = experiment(app), figure(app, "gradient")
    upload(app, data)
    assert len(errors(app)) == 1
    assert words in errors(app)[0]
    assert not re.search(r"[<>\[\]!]|http:", app.error[0].value)
    assert (experiment(app), figure(app, "gradient")) == before
    upload(app, "b\n4\n5\n")
    assert (errors(app), experiment(app).text) == ([], "standardised\nb\n4\n5\n")


def test_a_table_that_fits_in_no_link_is_said_to_be_missing():
    rows = np.random.default_rng(0).integers(0, 10**6, (1_500, 2))
    app = upload(enter(open_app(seed="3"), "kind", "csv"), "\n".join(f"{a},{b}" for a, b in rows))
    assert "The table that you uploaded is too long for a link" in warnings(app)[0]
    assert (link(app)["seed"], {*link(app)} - {"replace", "by"}) == ("3", {"missing", "seed"})
    other = open_app(**link(app))
    assert (experiment(other).kind, experiment(other).seed) == ("text", 3)
    assert "too long for this link and is missing" in warnings(other)[0]


# -- what the vector is ------------------------------------------------------------------------------------------------


def test_the_vectors_are_listed_around_the_step_in_view():
    app = unfold(open_app(), "vectors")
    assert any("Steps 1 to 20 of 32" in caption for caption in captions(app))
    app = unfold(open_app(step="30"), "vectors")
    assert any("Steps 13 to 32 of 32" in caption for caption in captions(app))
    app = unfold(open_app(numbers="1 2"), "vectors")
    assert not any("Steps" in caption for caption in captions(app))


# -- every way in ------------------------------------------------------------------------------------------------------


def test_every_way_in_has_all_figures():
    for query in ({"words": "a b"}, {"rows": "1 2\n3 4"}, {"signal": "recall 9 1"}, {"signal": "brackets 9 1"},
                  {"csv": "as they are\na,b,c\n1,2,3\n4,5,6"}):  # fmt: skip
        app = open_app(**query)
        assert (errors(app), len(findings(app))) == ([], 3)
        for key in FIGURES:
            assert figure(app, key)["data"]
