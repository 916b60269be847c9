"""The benchmark runs, and what it compares agrees; how fast it is says `make bench`, not a test."""

import re

import numpy as np
import pytest

import gru_viz
from benchmarks import by_hand, engine, gradients_page, limits, rerun


def test_a_smoke_run_prints_a_row_for_each_cell(capsys):
    rows = engine.main(["--quick"])
    assert [row.cell for row in rows] == list(gru_viz.cell_names())
    assert all(row.disagreement < engine.TOLERANCE for row in rows)
    printed = capsys.readouterr().out
    assert all(f"\n{name} " in printed for name in gru_viz.cell_names())
    assert "asked 3.5x or more" in printed


@pytest.mark.parametrize("name", gru_viz.cell_names())
def test_sides_that_differ_are_not_measured(name, monkeypatch):
    right = by_hand.BACKWARD[name]
    monkeypatch.setitem(by_hand.BACKWARD, name, lambda *given: right(*given) | {"x": np.zeros((5, engine.INPUTS))})
    with pytest.raises(SystemExit, match=f"{name}: the sides differ by 1.0e.00, more than 1e-10: nothing is measured"):
        engine.measure(name, 5, 4, rounds=1, calls=1)


def test_the_loops_by_hand_give_every_value_and_every_gradient():
    for name in gru_viz.cell_names():
        cell = gru_viz.cell(name)
        params = gru_viz.init_params(cell, 3, 4, seed=0)
        x = np.random.default_rng(0).standard_normal((6, 3))
        values = by_hand.FORWARD[name](params, x)
        assert set(cell.names) <= values.keys()
        assert {*cell.names, "x", "norm"} == by_hand.BACKWARD[name](params, x, values).keys()


@pytest.mark.parametrize("name", gru_viz.cell_names())
def test_the_horizon_is_torchs_batched_vector_jacobian_products(name):
    trace = limits.traced(name, steps=12, hidden=4)
    below = np.tril_indices(trace.steps)
    np.testing.assert_allclose(gru_viz.horizon(trace)[below], limits.torch_horizon(trace)[below], rtol=0, atol=1e-11)


def test_the_costs_of_the_pages_are_printed(capsys):
    rerun.main(["--quick"])
    printed = capsys.readouterr().out
    assert all(f"\n{page} " in printed for page in rerun.PAGES)


def test_the_parts_of_a_rerun_are_printed(capsys):
    rerun.main(["--quick", "--profile"])
    printed = capsys.readouterr().out
    for page in rerun.PAGES:
        (line,) = [line for line in printed.splitlines() if line.startswith(f"{page} ")]
        assert 50 < sum(map(int, re.findall(r"(\d+)%", line))) <= 105  # the largest nine of all, rounded
        assert "streamlit" in line


def test_the_gradients_page_is_measured(capsys):
    gradients_page.main(["--quick"])
    assert "fresh" in capsys.readouterr().out
