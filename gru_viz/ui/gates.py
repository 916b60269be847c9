"""The widgets and tables of the Gates page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import streamlit as st

from gru_viz.experiment import Experiment
from gru_viz.figures.gates import full_name
from gru_viz.measures.gates import OPEN, SHUT, Gate
from gru_viz.runs import units_in_view
from gru_viz.ui import state
from gru_viz.ui.widgets import choices

SHOWS_GATES = "counter"  # hand-set weights whose gates open on purpose


def pick_units(experiment: Experiment) -> None:
    """The units that are drawn as lines: as many buttons as there are units."""
    key, count = state.shown("units"), experiment.hidden_size
    shown = [unit + 1 for unit in units_in_view(experiment)]
    if "units" in state.problems():  # what was entered stays beside its sentence
        shown = [unit for unit in st.session_state[key] if unit <= count]
    st.session_state[key] = shown  # a link may name units that are not there
    choices("units", "Units", tuple(range(1, count + 1)), str)


def offer_hand_set(experiment: Experiment) -> None:
    """The way from weights that mean nothing to some that do."""
    if not experiment.is_hand_set:
        st.button("See gates that open on purpose", key="hand_set", on_click=state.put, args=("weights", SHOWS_GATES))


def values_table(found: Sequence[Gate], labels: Sequence[str], units: Sequence[int]) -> dict[str, list[Any]]:
    """A row for each step."""
    columns: dict[str, list[Any]] = {"step": list(range(1, len(labels) + 1)), "token": list(labels)}
    return columns | {
        f"{full_name(gate)} {unit + 1}": gate.values[:, unit].tolist() for gate in found for unit in units
    }


def saturation_table(found: Sequence[Gate]) -> dict[str, list[Any]]:
    """A row for each unit of each gate."""
    shares = {
        f"share below {SHUT}": [gate.shut for gate in found],
        f"share above {OPEN}": [gate.open for gate in found],
    }
    return _unit_columns(found) | {name: [float(x) for own in each for x in own] for name, each in shares.items()}


def half_life_table(found: Sequence[Gate]) -> dict[str, list[Any]]:
    """A row for each unit of each gate that keeps."""
    keeping = [gate for gate in found if gate.keeps]
    lives = [float(life) for gate in keeping for life in gate.half_lives]
    return _unit_columns(keeping) | {"half-life in steps": ["∞" if life == math.inf else life for life in lives]}


def _unit_columns(found: Sequence[Gate]) -> dict[str, list[Any]]:
    rows = [(gate.cell.title, gate.name, gate.role, unit + 1) for gate in found for unit in range(len(gate.shut))]
    return dict(zip(("cell", "gate", "role", "unit"), map(list, zip(*rows, strict=True)), strict=True))
