"""The figures of the first page and the tables below them hold the numbers of the run."""

import json
import math
import re

import numpy as np
import pandas as pd
import pytest

from gru_viz.experiment import Experiment
from tests import expected
from tests.expected import TITLES, all_found, facts
from tests.saying import NUMBER, assert_shows, by_cell, plain, read
from tests.visitor import (
    FIGURES,
    assert_says,
    enter,
    experiment,
    figure,
    findings,
    line,
    lines,
    link,
    open_app,
    press,
    proto,
    unfold,
)

# -- curves, seeds, tables ---------------------------------------------------------------------------------------------


def test_the_parts_and_the_input_are_drawn_by_choice():
    app, found = open_app(), all_found(Experiment())
    enter(app, "curve", "parts")
    assert lines(app, "gradient") == ["RNN h", "LSTM h", "LSTM c", "GRU h"]
    for title, each in found.items():
        for name, norm in each.parts.items():
            drawn, finite = line(app, "gradient", f"{title} {name}"), np.isfinite(norm)
            assert np.isfinite(drawn).tolist() == finite.tolist()
            np.testing.assert_allclose(drawn[finite], norm[finite], rtol=1e-6)
    enter(app, "curve", "input")
    for title, each in found.items():
        np.testing.assert_allclose(line(app, "gradient", title), each.input_norm, rtol=1e-6)


def test_the_seeds_are_drawn_on_demand_and_counted():
    app = open_app(text="abcabcab", hidden="3")
    plainly = figure(app, "gradient")
    press(app, "luck")
    of = experiment(app)
    assert (of.luck, link(app)["luck"]) == (True, "1")
    every = {name: [facts(of, name, seed=seed) for seed in range(200)] for name in of.cells}
    reach = {name: np.array([each.reach for each in found]) for name, found in every.items()}
    for name, found in every.items():
        ordered = np.sort([each.norm for each in found], axis=0)
        for share, label in ((20, "10 % of seeds"), (100, "median of seeds"), (180, "90 % of seeds")):
            np.testing.assert_allclose(
                line(app, "gradient", f"{TITLES[name]}, {label}"), ordered[share - 1], rtol=1e-6, atol=1e-6
            )
    sentence, mine = [words for each in app.main.markdown if "seeds" in (words := plain(each.value))]
    own = by_cell(findings(app)[0])
    farther = re.findall(r"(\d+) in the \w+ \((?:as far as or farther than )?(\d+) of 200", mine.replace(" steps", ""))
    assert farther == [(own[TITLES[name]], str(np.sum(each <= int(own[TITLES[name]])))) for name, each in reach.items()]
    counted, of_all = re.match(r"In (\d+) of (\d+) seeds", sentence).groups()
    assert int(counted) == np.sum((reach["lstm"] > reach["rnn"]) & (reach["gru"] > reach["rnn"]))
    assert of_all == "200"
    said = re.findall(r"(\d+) \((\d+) to (\d+)\)", sentence)
    assert [list(map(int, each)) for each in said] == [list(np.sort(each)[[99, 19, 179]]) for each in reach.values()]
    press(app, "luck")
    assert (experiment(app).luck, figure(app, "gradient")) == (False, plainly)


def test_too_much_work_for_all_seeds_is_refused_in_words():
    app = open_app(hidden="64", cells="rnn")
    enter(app, "text", "ab" * 1_000)
    press(app, "luck")
    assert "64 units" in app.warning[0].value
    assert lines(app, "gradient") == ["RNN", "RNN reaches back to here"]


TABLES = ("numbers_gradient", "numbers_states", "numbers_difference")


def tables(app):
    """Those that are open, in the order of the page, as the browser gets them: texts, all but the tokens of numbers."""
    drawn = [each.proto for each in app.get("bidi_component") if each.proto.component_name == "gru_viz_table"]
    sent = [json.loads(proto.bytes) for proto in drawn]
    frames = [pd.DataFrame(each["rows"], columns=each["head"]) for each in sent]
    return [frame.astype({name: float for name in frame.columns if name != "token"}) for frame in frames]


def test_the_tables_hold_the_numbers_of_the_figures():
    app = unfold(open_app(), *TABLES)
    of, found = Experiment(), all_found(Experiment())
    gradients, states, distances = tables(app)
    assert gradients["token"].tolist() == ["␣" if token == " " else token for token in of.text]
    assert gradients["step"].tolist() == list(range(1, 33))
    for title, each in found.items():
        np.testing.assert_allclose(gradients[f"{title}, carried"], each.norm, rtol=1e-9)
        np.testing.assert_allclose(gradients[f"{title}, x"], each.input_norm, rtol=1e-9)
    np.testing.assert_allclose(gradients["LSTM, c"].iloc[:-1], found["LSTM"].parts["c"][:-1], rtol=1e-9)
    assert gradients["LSTM, c"].iloc[-1] == -math.inf
    for title, each in found.items():
        for name, values in each.states.items():
            columns = [f"{title} {name} {unit + 1}" for unit in range(8)]
            np.testing.assert_allclose(states[columns], values, rtol=1e-9, atol=1e-12)
    one, other = list(of.text), list(of.text.replace("Ada", "Bob"))
    assert distances["step"].tolist() == list(range(12, 33))
    assert "".join(distances["token"][:3]) == "Ada"
    for name in of.cells:
        np.testing.assert_allclose(distances[TITLES[name]], expected.distances(of, name, one, other), rtol=1e-6)


@pytest.mark.parametrize("key", FIGURES)
def test_each_figure_has_its_numbers_below_it(key):
    app = unfold(open_app(), f"numbers_{key}")
    drawn = [each.proto for each in app.main if each.type in ("plotly_chart", "bidi_component")]
    ids = [each.id for each in drawn]
    place = next(k for k, each in enumerate(ids) if each.endswith(f"-{key}"))
    assert [each.rpartition("-")[2] for each in ids[place : place + 2]] == [key, f"table_{key}"]
    assert len(tables(app)) == 1


def test_a_table_starts_no_formula_in_a_spreadsheet():
    app = unfold(open_app(text="=+-@a"), *TABLES)
    for each in tables(app):
        assert each["token"].tolist() == ["'=", "'+", "'-", "'@", "a"][-len(each) :]


def test_an_exact_zero_is_a_gap_in_the_figure_and_minus_infinity_in_the_table():
    app = unfold(open_app(gain="0", cells="rnn"), TABLES[0])
    assert np.isfinite(line(app, "gradient", "RNN")).sum() == 1
    assert tables(app)[0]["RNN, carried"].tolist()[:-1] == [-math.inf] * 31
    assert "exactly zero at 31 steps" in proto(app, "gradient").alt
    assert_says(app, all_found(experiment(app)))


# -- the figures' words, the theme, the link ---------------------------------------------------------------------------


def test_every_figure_says_its_numbers_to_those_who_do_not_see_it():
    app, found = open_app(), all_found(Experiment())
    gradient, states, difference = (proto(app, key).alt for key in FIGURES)
    for title, each in found.items():
        low, high, reach = re.search(
            rf"{title}: between ({NUMBER}) and ({NUMBER}), down to 1 % over the last (\d+) steps", gradient
        ).groups()
        assert_shows(low, each.norm.min())
        assert_shows(high, each.norm.max())
        assert int(reach) == each.reach
        for name, values in each.states.items():
            low, high = re.search(rf"{title} {name} from ({NUMBER}) to ({NUMBER})", states).groups()
            assert (read(low), read(high)) == tuple(float(f"{edge:.3g}") for edge in (values.min(), values.max()))
    of = Experiment()
    for name in of.cells:
        distance = expected.distances(of, name, list(of.text), list(of.text.replace("Ada", "Bob")))
        step, left = re.search(
            rf"{TITLES[name]}: largest at step (\d+), at the end ({NUMBER}) of it", difference
        ).groups()
        assert int(step) == 12 + distance.argmax()
        assert_shows(left, math.log10(distance[-1] / distance.max()))
    other = open_app(seed="8")
    assert not {proto(app, key).alt for key in FIGURES} & {proto(other, key).alt for key in FIGURES}


def test_the_figures_are_dark_on_a_dark_page():
    light, dark = open_app(), open_app(theme="dark")
    for key in FIGURES:
        one, other = figure(light, key), figure(dark, key)
        assert (one["layout"]["paper_bgcolor"], other["layout"]["paper_bgcolor"]) == ("#FFFFFF", "#0E1420")
        assert [trace["name"] for trace in one["data"]] == [trace["name"] for trace in other["data"]]
        colours = [json.dumps([each["data"], each["layout"]]) for each in (one, other)]
        assert not set(re.findall("#[0-9A-Fa-f]{6}", colours[0])) & set(re.findall("#[0-9A-Fa-f]{6}", colours[1]))


def test_what_was_typed_is_never_markup():
    typed = "![x](http://example.com/x.png) :smile: <b>$x$ *y* _z_ `c` www.example.com"
    app = open_app(text=typed, replace="<b>$x$ *y* _z_", by="![y](x) `c` :smile:")
    assert '"![y](x)␣`c`␣:smile:"' in findings(app)[2]
    shown = [*app.main.markdown, *app.main.subheader, *app.main.title, *app.main.caption]
    for element in shown[1:]:  # the first is the badge
        assert not re.search(r"[*_`$<>\[\]!]|:\w+:|www\.", element.value), element.value
    enter(app, "replace", "![y](http://example.com)")
    assert not re.search(r"[*_`$<>\[\]!]|http:", app.error[0].value)
