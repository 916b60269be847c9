"""What a search has found for the ready cells is kept beside it, and is what a search finds."""

import sys

import pytest

from gru_viz import Cell, cell
from gru_viz.diagram import layout
from gru_viz.diagram.found import FOUND
from gru_viz.diagram.layout import key, search
from gru_viz.diagram.wiring import wiring
from tests.test_diagram import READY, TYPED


@pytest.mark.parametrize("name", READY)
def test_what_an_earlier_search_has_found_is_what_a_search_finds(name):
    """`python -m gru_viz.diagram` writes it; a start does not wait for it."""
    parts = wiring(cell(name))
    for numbers in (False, True):
        assert FOUND[key(parts, numbers)] == tuple(search(parts, numbers).way)
    assert len(FOUND) == 2 * len(READY)


def test_a_cell_that_is_not_among_the_ready_ones_is_searched_for(monkeypatch):
    """… and one that is, where nothing was found before, looks the same."""
    typed = Cell("typed", TYPED["coupled LSTM"])
    assert key(wiring(typed), False) not in FOUND
    known = layout(Cell("one", cell("gru").text), numbers=True)
    monkeypatch.setattr(sys.modules["gru_viz.diagram.layout"], "FOUND", {})
    assert layout(Cell("other", cell("gru").text), numbers=True) == known
