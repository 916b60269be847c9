"""What path does the state take? Its principal plane, two sequences at once, and the phase portrait of two units."""

import streamlit as st

from gru_viz.conclusions import trajectories as conclusions
from gru_viz.conclusions.common import not_compared
from gru_viz.conclusions.contrast import described_differences, left_over
from gru_viz.figures.contrast import difference_figure
from gru_viz.figures.portrait import portrait_figure
from gru_viz.figures.trajectories import limits, pair_figure, path_figure
from gru_viz.measures.portrait import UNITS
from gru_viz.measures.trajectories import trajectories
from gru_viz.ui import state
from gru_viz.ui.contrast import distance_columns, replacement
from gru_viz.ui.open_sidebar import open_sidebar
from gru_viz.ui.parts import figure, finding, go_to, numbers, question, sentence, theme
from gru_viz.ui.trajectories import (
    ask_cell,
    ask_held,
    held_portrait,
    inner,
    other_columns,
    panels,
    path_columns,
    point_columns,
)
from gru_viz.ui.widgets import choice
from gru_viz.ui.words import markdown

experiment = state.current()
found = trajectories(experiment)
labels, others = found.sequence.labels, found.replaced.sequence.labels
shared = experiment.basis == "shared"


def paths() -> None:
    finding(conclusions.variance(found, experiment.basis))
    drawn = {}
    for path in found.paths:
        extent = limits(found.paths if shared else [path])
        own = path_figure(path, labels, extent, theme(), inner(len(found.paths)))
        drawn[path.cell.name] = own, conclusions.described(path)
    panels(drawn, key="path", free=f"{conclusions.ARROWS} {conclusions.TIME}")
    choice("basis", ("own", "shared"), conclusions.BASES.__getitem__)
    st.caption(f"{conclusions.TIME} {conclusions.HOW_TO_READ[experiment.basis]}")
    numbers("path", "Each path along its two directions", lambda: path_columns(found))
    st.info(conclusions.honesty(experiment))


def two_sequences() -> None:
    finding(left_over(found.differences, *found.replaced_text, found.later))
    replacement(experiment)
    figure(
        difference_figure(found.differences, labels, theme()),
        key="distance",
        alt=described_differences(found.differences),
        columns=lambda: distance_columns(found.differences, found.sequence),
        label="Distance between the hidden states after each step",
    )
    sentence(conclusions.apart(found))
    start, drawn = found.replaced.start, {}
    for path, other in zip(found.paths, found.others, strict=True):
        extent = limits([*found.paths, *found.others] if shared else [path, other])
        pair = pair_figure(path, other, start, (labels, others), extent, theme())
        drawn[path.cell.name] = pair, conclusions.described_pair(path, other, start)
    panels(drawn, key="pair")
    st.caption(markdown(conclusions.how_two(*found.replaced_text)))
    numbers("pair", "Each path of the sequence with the replacement", lambda: other_columns(found))


def phase_portrait() -> None:
    drawn = held_portrait(experiment)
    finding(conclusions.fixed(drawn))
    sentence(conclusions.ends(drawn))
    if other := not_compared(experiment, drawn.cell):
        st.caption(other)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        ask_cell(experiment)
        ask_held(experiment, found.sequence)
    figure(
        portrait_figure(drawn, labels, theme()),
        key="portrait",
        alt=conclusions.described_portrait(drawn),
        columns=lambda: point_columns(drawn),
        label="Fixed points and the eigenvalues of the step there",
    )
    st.caption(conclusions.how_to_read(drawn))


def ask_two_units() -> None:
    finding("The phase portrait")
    sentence(conclusions.needs_two_units(experiment.hidden_size))
    st.button("Set two hidden units", key="two_units", on_click=state.put, args=("hidden_size", UNITS))


question(conclusions.QUESTION, experiment.badge)
sentence(conclusions.comes_back(found))
open_sidebar()
paths()
two_sequences()
if experiment.hidden_size == UNITS:
    phase_portrait()
else:
    ask_two_units()
go_to("step", "Step through this run")
