"""What every page is made of: figures with what is below them, tables, and the run that can be taken along."""

import io
import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from gru_viz import export
from gru_viz.cells import cell_names
from gru_viz.experiment import Experiment
from gru_viz.ui import save
from tests.saying import plain
from tests.visitor import calm, open_app, unfold

FILES = ["save_csv", "save_npz", "save_py"]


def components(app, name):
    """What each component of that name is given, by its key."""
    found = [each.proto for each in app.get("bidi_component") if each.proto.component_name == name]
    return [json.loads(each.bytes) for each in found]


def of_figures(columns):
    """A page with two figures, one of which has a table."""
    from gru_viz.ui.parts import figure

    drawn = {"data": [{"type": "scatter", "x": [1, 2], "y": [3, 4]}], "layout": {}}
    figure(drawn, "bare", "Nothing but a line.")
    figure(drawn, "with_table", "A line too.", columns=lambda: columns, label="The line's places")


def page(columns):
    return calm(AppTest.from_function(of_figures, kwargs={"columns": columns}, default_timeout=30).run())


# -- figures -----------------------------------------------------------------------------------------------------------


def test_each_figure_has_its_words_and_its_buttons():
    app = page({"x": [1, 2]})
    charts = [each.proto for each in app.get("plotly_chart")]
    assert [each.alt for each in charts] == ["Nothing but a line.", "A line too."]
    assert components(app, "gru_viz_save") == [
        {"key": "bare", "name": "bare"},
        {"key": "with_table", "name": "with table"},
    ]


def test_the_numbers_of_a_figure_are_made_when_they_are_asked_for():
    app = page({"x": [1, -2], "y": ["=1", "b"]})
    assert [each.label for each in app.expander] == ["The numbers"]
    assert components(app, "gru_viz_table") == []
    (table,) = components(unfold(app, "numbers_with_table"), "gru_viz_table")
    assert table == {"label": "The line's places", "head": ["x", "y"], "rows": [["1", "'=1"], ["-2", "b"]]}


def test_a_long_table_says_how_much_of_it_is_listed():
    app = unfold(page({"a": range(30_000), "b": range(30_000)}), "numbers_with_table")
    (table,) = components(app, "gru_viz_table")
    assert len(table["rows"]) == 10_000
    assert [plain(each.value) for each in app.caption] == [
        "The line's places",
        "The first 10\u202f000 of 30\u202f000 rows are listed.",
    ]


# -- the run -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def made(monkeypatch):
    """The names of the files that were made, in order."""
    names = []
    for name in ("to_csv", "to_npz", "to_script"):
        write = getattr(export, name)
        monkeypatch.setattr(export, name, lambda *given, name=name, write=write: names.append(name) or write(*given))
    return names


def buttons(app):
    return {each.proto.id.rpartition("-")[2]: each.proto for each in app.get("download_button")}


def test_every_page_ends_with_the_run_that_can_be_saved(made):
    app = open_app()
    assert app.main.expander[-1].label == "Save this run"
    assert not buttons(app)
    app = unfold(app, "save_run")
    assert {key: (each.label, each.disabled) for key, each in buttons(app).items()} == {
        "save_csv": ("Table (CSV)", False),
        "save_npz": ("Arrays (NPZ)", False),
        "save_py": ("Continue in Python", False),
    }
    calm(app.run())
    assert made == []  # a rerun makes no file: each is made when its button is pressed


def test_the_files_are_those_of_the_experiment():
    experiment = Experiment(kind="numbers", text="1 0 2", replace="1", by="3", cells=("gru",), hidden_size=3)
    table, arrays, script = (make(experiment) for _, _, _, make in save._FILES)
    assert table.decode("utf-8-sig").splitlines()[1].startswith("1,1,,x,1,1.0")
    with np.load(io.BytesIO(arrays)) as file:
        assert file["gru/h"].shape == (3, 3)
    assert "text='1 0 2'" in script


def test_what_is_too_large_is_refused_before_it_is_made(made):
    app = unfold(open_app(text="ab" * 1000, hidden="64", cells=",".join(cell_names())), "save_run")
    assert [each.disabled for each in buttons(app).values()] == [True, False, False]
    (refused,) = [plain(each.value) for each in app.main.info if "MB" in each.value]
    assert "at most 64 MB are written" in refused
    assert made == []
