"""A visitor of the app through AppTest: what is entered, and what the page, the link and the figures then hold."""

import json
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from gru_viz.figures.common import untyped
from tests.saying import assert_finding, assert_first_step, assert_left_over, plain

APP = Path(__file__).resolve().parents[1] / "app.py"
FIGURES = ("gradient", "states", "difference")  # keys of those on the first page
MISTAKE = "The figures show the last sequence that could be read."


# -- a visitor ---------------------------------------------------------------------------------------------------------


def open_app(page="contrast", theme="light", **query):
    """A page with a link's settings."""
    app = AppTest.from_file(APP, default_timeout=60)
    app.context = {"theme": theme}
    app.query_params.update(query)
    return go(app, page)


def go(app, page):
    return calm(app.switch_page(f"app_pages/{page}.py").run())


def calm(app):
    """The app after a run that raised nothing."""
    assert not app.exception, app.exception
    return app


def enter(app, field, value):
    """Give the widget of a field another value."""
    return calm(app.get_by_key(f"experiment_{field}").set_value(value).run())


def press(app, key):
    return calm(app.button(key=key).click().run())


def unfold(app, *keys):
    """Open expanders."""
    for key in keys:
        app.session_state[key] = True
    return calm(app.run())


def experiment(app):
    return app.session_state["experiment"]


def link(app):
    """The address bar, one text a name."""
    return {name: value if isinstance(value, str) else value[0] for name, value in app.query_params.items()}


def errors(app):
    return [plain(error.value) for error in app.error]


def warnings(app):
    return [plain(warning.value) for warning in app.warning]


# -- what the page says ------------------------------------------------------------------------------------------------


def findings(app):
    """The sentences of which each stands above a figure."""
    return [plain(found.value) for found in app.main.subheader]


def words(app):
    return [plain(each.value) for each in app.main.markdown]


def captions(app):
    """Those in the sidebar."""
    return [plain(caption.value) for caption in app.sidebar.caption]


def first_step(app):
    return plain(app.main.markdown[1].value)


def assert_says(app, found):
    """The page's sentences hold the numbers of ``found``, title -> Facts."""
    assert_first_step(first_step(app), found)
    assert_finding(findings(app)[0], found, experiment(app).curve)


def assert_left(app, distances):
    """The sentence above the last figure holds what is left of each largest difference."""
    assert_left_over(findings(app)[2], distances)


# -- what the page draws -----------------------------------------------------------------------------------------------


def proto(app, key):
    return app.get_by_key(key).proto


def figure(app, key):
    spec = json.loads(proto(app, key).spec)
    spec["layout"].pop("template", None)  # Streamlit's own
    return spec


def line(app, key, name):
    """The values of one line or heatmap."""
    (found,) = [trace for trace in figure(app, key)["data"] if trace["name"] == name]
    return untyped(found["z" if found["type"] == "heatmap" else "y"])


def lines(app, key):
    return [trace["name"] for trace in figure(app, key)["data"]]


def assert_draws(app, found):
    """The curves of the carried gradient and the heatmaps are the numbers of ``found``."""
    for title, each in found.items():
        drawn = line(app, "gradient", title)
        finite = np.isfinite(each.norm)
        assert np.isfinite(drawn).tolist() == finite.tolist()
        np.testing.assert_allclose(drawn[finite], each.norm[finite], rtol=1e-6, atol=1e-6)
        for name, values in each.states.items():
            heat = line(app, "states", f"{title} {name}")
            np.testing.assert_allclose(heat, values.T[: len(heat)], rtol=1e-6, atol=1e-6)
