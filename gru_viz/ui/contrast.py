"""The widgets, caches and tables of the Contrast page."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from gru_viz.conclusions.common import unit_of
from gru_viz.errors import InputError
from gru_viz.experiment import Experiment, without_view
from gru_viz.measures.what_if import SEEDS, Seeds, seeds
from gru_viz.runs import Contrast, Difference, contrast
from gru_viz.sequences import Sequence as Typed
from gru_viz.sequences import parse_sequence
from gru_viz.settings import SETTINGS
from gru_viz.ui import state
from gru_viz.ui.long_work import worked
from gru_viz.ui.widgets import problem, text
from gru_viz.ui.words import markdown

_SEVERAL = {"text": "letters", "words": "words"}  # a replacement may be of any length; a number is one step


def measured(experiment: Experiment) -> Contrast:
    return _measured(without_view(experiment))


@functools.lru_cache(maxsize=3)  # Streamlit's own cache takes a millisecond to make its key of an experiment
def _measured(experiment: Experiment) -> Contrast:
    """Shared by all visitors and never copied: its arrays are read-only. Few, as the largest takes 8 MB."""
    return contrast(experiment).without_inputs()


def ask_luck(experiment: Experiment) -> None:
    """The button that draws the other seeds, or takes them away; weights that no seed has made have none."""
    if experiment.is_hand_set or experiment.curve != "state":
        return
    label = "Hide the other seeds" if experiment.luck else f"{SETTINGS['luck'].label} {len(SEEDS)} seeds"
    st.button(label, key="luck", on_click=state.put, args=("luck", not experiment.luck))


def luck(experiment: Experiment) -> tuple[Seeds, ...]:
    """The runs with other seeds, where they were asked for."""
    if not experiment.luck or experiment.curve != "state":
        return ()
    usual = Experiment()
    asked = replace(without_view(experiment), seed=usual.seed, replace=usual.replace, by=usual.by)
    sequence = parse_sequence(experiment.kind, experiment.text)
    try:
        return worked(("seeds", asked), lambda: seeds(asked, sequence), lambda: state.put("luck", False))
    except InputError as refusal:
        st.warning(markdown(str(refusal)))
        return ()


def replacement(experiment: Experiment) -> None:
    """The two fields that say what is replaced by what."""
    with st.container(horizontal=True):
        sequence = parse_sequence(experiment.kind, experiment.text)
        text("replace", "Replace" if sequence.is_one_hot else "Replace the step")
        text("by", f"by the {_SEVERAL.get(sequence.kind) or unit_of(sequence)}")
    problem("replace")
    problem("by")


# -- tables: name -> a value for each row ------------------------------------------------------------------------------


def norm_columns(found: Contrast) -> dict[str, list[Any]]:
    """log10 of the norms of the gradients; −inf for an exact zero."""
    columns = _steps(found.sequence)
    for each in found.reports:
        columns[f"{each.cell.title}, carried"] = each.norm.tolist()
        if len(each.parts) > 1:
            columns |= {f"{each.cell.title}, {name}": norm.tolist() for name, norm in each.parts.items()}
        columns[f"{each.cell.title}, x"] = each.input_norm.tolist()
    return columns


def state_columns(found: Contrast) -> dict[str, list[Any]]:
    return _steps(found.sequence) | {
        f"{each.cell.title} {name} {unit + 1}": values[:, unit].tolist()
        for each in found.reports
        for name, values in each.states.items()
        for unit in range(values.shape[1])
    }


def distance_columns(differences: Sequence[Difference], sequence: Typed) -> dict[str, list[Any]]:
    first = differences[0].steps.start
    rows = {name: values[first:] for name, values in _steps(sequence).items()}
    return rows | {each.cell.title: each.distance.tolist() for each in differences}


def _steps(sequence: Typed) -> dict[str, list[Any]]:
    return {"step": list(range(1, len(sequence.labels) + 1)), "token": list(sequence.labels)}
