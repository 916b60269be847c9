"""Beside the course: where a seed of one's own falls among 200, and the help."""

from dataclasses import replace

import numpy as np
import pytest

from gru_viz.conclusions.contrast import my_seed
from gru_viz.conclusions.help import FIGURES, MISCONCEPTIONS
from gru_viz.experiment import Experiment
from gru_viz.lessons import lesson_of
from gru_viz.measures.what_if import Seeds
from gru_viz.runs import contrast
from gru_viz.ui.pages import ABOUT, PAGES
from tests.test_teaching import LENSES, drawn, said
from tests.visitor import experiment, go, open_app

# -- my seed -----------------------------------------------------------------------------------------------------------


def test_where_a_seed_falls_is_counted():
    """Reaches built so that 3 of 5, 5 of 5 and 1 of 5 seeds reach no farther."""
    reports = contrast(Experiment()).reports
    own = [report.reach for report in reports]
    below = [[own[0] - 1, own[0], own[0], own[0] + 1, own[0] + 9], [own[1]] * 5, [*[own[2] + 1] * 4, own[2]]]
    found = [Seeds(r.cell, {}, {0.01: np.array(each)}) for r, each in zip(reports, below, strict=True)]
    assert my_seed(7, reports, found) == (
        "Seed 7 reaches back over 6 steps in the RNN (as far as or farther than 3 of 5 seeds), "
        "23 in the LSTM (5 of 5), 32 in the GRU (1 of 5)."
    )


def test_my_seed_stands_beside_the_200():
    app = open_app(luck="1", seed="12345", text="Ada", cells="rnn", replace="A", by="B")
    own = contrast(replace(experiment(app), luck=False)).reports[0].reach
    others = [
        contrast(Experiment(seed=s, text="Ada", cells=("rnn",), replace="A", by="B")).reports[0].reach
        for s in range(200)
    ]
    below = sum(other <= own for other in others)
    assert f"Seed 12345 reaches back over {own} step" in said(app)
    assert f"as far as or farther than {below} of 200 seeds" in said(app)
    assert "Everyone types a number of their own in Seed" in said(app)
    assert "Everyone types" not in said(open_app())


# -- help --------------------------------------------------------------------------------------------------------------


def test_help_has_every_page_and_every_misconception():
    assert list(FIGURES) == LENSES
    app = go(open_app(), "help")
    assert [each.label for each in app.main.expander] == [PAGES[name] for name in LENSES]
    for name, text in MISCONCEPTIONS.items():
        assert name in said(app)
        assert text in said(app)
    assert len(MISCONCEPTIONS) == 9


def test_help_has_every_tab():
    for page in LENSES:
        tabs = {tab.label for tab in go(open_app(), page).main.tabs}
        assert tabs <= FIGURES[page].keys()
        assert tabs or page != "gradients"


@pytest.mark.parametrize("page", LENSES)
def test_each_page_leads_to_its_part_of_the_help_and_back(page):
    app = go(open_app(seed="3"), page)
    assert "How to read this" in [each.proto.label for each in app.main.get("page_link")]
    go(app, "help")
    assert [each.label for each in app.main.expander if each.proto.expanded] == [PAGES[page]]
    assert [each.proto.label for each in app.main.get("page_link")] == [f"Back to {PAGES[page]}"]
    assert experiment(app).seed == 3


@pytest.mark.parametrize("page", ABOUT)
def test_pages_about_the_app_show_no_experiment(page):
    app = go(open_app(lesson="3"), page)
    assert drawn(app) == 0
    assert lesson_of("a_little_bias").explained(experiment(app)) not in said(app)
