"""The widgets, caches and tables of the Trajectories page."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from gru_viz.errors import InputError
from gru_viz.experiment import Experiment, without_view
from gru_viz.figures.common import Figure
from gru_viz.figures.projector import BELOW_CONCLUSION, SCALE, WIDTH
from gru_viz.figures.trajectories import INNER
from gru_viz.measures.portrait import UNITS, Portrait, portrait
from gru_viz.measures.trajectories import Path, Trajectories
from gru_viz.runs import cell_in_view
from gru_viz.sequences import Sequence as Typed
from gru_viz.sequences import parse_sequence
from gru_viz.settings import SETTINGS
from gru_viz.ui import state
from gru_viz.ui.parts import figure
from gru_viz.ui.widgets import cell_choice, problem
from gru_viz.ui.words import markdown

BESIDE_PLANE = 90  # px of what stands beside a plane in a room's smallest picture
BESIDE = 3  # panels in a row at most; on a phone one stands below the other


def inner(count: int) -> float:
    """px across which the labels of each of ``count`` panels are thinned, before a room's are enlarged."""
    if not state.current().projector:
        return INNER
    rows, across = _grid(count)
    return min(WIDTH / across - BESIDE_PLANE, BELOW_CONCLUSION / rows) / SCALE


def panels(drawn: Mapping[str, tuple[Figure, str]], key: str, free: str = "") -> None:
    """A figure for each cell, by its name, with what it says to those who do not see it. In a room ``free`` stands
    where a row has a place left."""
    cells, (rows, across) = list(drawn.items()), _grid(len(drawn))
    with st.container(key=f"panels_{key}"):
        for row in range(rows):
            places = st.columns(across)
            for place, (name, (each, alt)) in zip(places, cells[row * across :], strict=False):
                with place:
                    figure(each, key=f"{key}_{name}", alt=alt, grid=(rows, across))
        if state.current().projector and len(cells) < rows * across:
            places[-1].caption(free)


def _grid(count: int) -> tuple[int, int]:
    """Rows of ``count`` panels, and places in a row. In a room no place is free but the last."""
    rows = -(-count // BESIDE)
    return rows, -(-count // rows) if state.current().projector else min(BESIDE, max(2, count))


def ask_cell(experiment: Experiment) -> None:
    """Which of the compared cells is drawn."""
    if len(experiment.cells) == 1:
        return
    cell_choice(cell_in_view(experiment), experiment.cells)


def ask_held(experiment: Experiment, sequence: Typed) -> None:
    """Which input stays the same: one of the sequence's, or any other that is typed."""
    label = dict(zip(sequence.tokens, sequence.labels, strict=True))
    options = list(dict.fromkeys(["", *sequence.tokens, experiment.held]))
    st.selectbox(
        SETTINGS["held"].label, options, key=state.shown("held"), on_change=state.change, args=("held",),
        format_func=lambda token: label.get(token, token) if token else "nothing: x = 0", accept_new_options=True,
    )  # fmt: skip
    problem("held")


def held_portrait(experiment: Experiment) -> Portrait:
    """That of the input to be held, or where it cannot be read that of the input 0, and why."""
    of = cell_in_view(experiment)
    key = replace(without_view(experiment), focus=of.name, held=experiment.held)
    try:
        return _portrait(key)
    except InputError as error:
        st.error(markdown(f"{error} The figure shows the input 0."))
        return _portrait(replace(key, held=""))


@functools.lru_cache(maxsize=20)  # Streamlit's own cache takes a millisecond to make its key of an experiment
def _portrait(experiment: Experiment) -> Portrait:
    """Shared by all visitors and never changed; the largest takes 50 kB."""
    sequence = parse_sequence(experiment.kind, experiment.text)
    return portrait(experiment, cell_in_view(experiment), sequence)


# -- tables: name -> a value for each row ------------------------------------------------------------------------------


def path_columns(found: Trajectories) -> dict[str, list[Any]]:
    return _steps(found.sequence) | _places(found.paths)


def other_columns(found: Trajectories) -> dict[str, list[Any]]:
    return _steps(found.replaced.sequence) | _places(found.others)


def point_columns(found: Portrait) -> dict[str, list[Any]]:
    """A fixed point a row, in the order of all its numbers."""
    names = [f"{name} {unit + 1}" for name in found.cell.states for unit in range(UNITS)]
    states = {name: [float(point.state[k]) for point in found.points] for k, name in enumerate(names)}
    values = {
        f"eigenvalue {k + 1}": [f"{point.eigenvalues[k]:.6g}" for point in found.points] for k in range(len(names))
    }
    return {"kind": [point.kind for point in found.points]} | states | values


def _steps(sequence: Typed) -> dict[str, list[Any]]:
    """From the state before the first step on."""
    return {"step": list(range(len(sequence.labels) + 1)), "token": ["", *sequence.labels]}


def _places(paths: Sequence[Path]) -> dict[str, list[Any]]:
    return {f"{path.cell.title}, direction {k + 1}": path.points[:, k].tolist() for path in paths for k in (0, 1)}
