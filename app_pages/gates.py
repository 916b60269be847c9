"""Which gate opened when, for which letter? The gates of all cells on one axis of time, and how long they keep."""

import streamlit as st

from gru_viz.conclusions import gates as conclusions
from gru_viz.figures.gates import gates_figure, half_life_figure, lines_figure, saturation_figure, units_shown
from gru_viz.measures.gates import gates
from gru_viz.runs import traces, units_in_view
from gru_viz.sequences import parse_sequence
from gru_viz.ui import state
from gru_viz.ui.gates import half_life_table, offer_hand_set, pick_units, saturation_table, values_table
from gru_viz.ui.open_sidebar import open_sidebar
from gru_viz.ui.parts import figure, finding, go_to, question, sentence, theme
from gru_viz.ui.words import markdown

experiment = state.current()
sequence = parse_sequence(experiment.kind, experiment.text)
labels, runs = sequence.labels, traces(experiment, sequence)
cells = [run.cell for run in runs]
found = [gate for run in runs for gate in gates(run)]


def no_gate() -> None:
    sentence(conclusions.without_gates(experiment, runs))
    sentence(conclusions.is_saturation_bad(runs))
    open_sidebar()


def all_units() -> None:
    finding(conclusions.averages(cells, found))
    figure(
        gates_figure(cells, found, labels, theme()),
        key="gates",
        alt=conclusions.described(cells, found),
        columns=lambda: values_table(found, labels, range(experiment.hidden_size)),
        label="Each unit of each gate at each step",
    )
    st.caption(markdown(conclusions.how_to_read(found)))
    if (shown := units_shown(found)) < experiment.hidden_size:
        st.caption(f"The first {shown} of {experiment.hidden_size} units are drawn; the table has all.")


def single_units() -> None:
    chosen = units_in_view(experiment)
    units = chosen[: units_shown(found)]
    finding(conclusions.widest(found, units))
    pick_units(experiment)
    figure(
        lines_figure(cells, found, units, labels, theme()),
        key="units",
        alt=conclusions.described_lines(found, units),
        columns=lambda: values_table(found, labels, chosen),
        label="The gates of the chosen units at each step",
    )
    if len(units) < len(chosen):
        st.caption(f"The first {len(units)} of {len(chosen)} chosen units are drawn; the table has all.")


def shut_and_open() -> None:
    finding(conclusions.saturated(found))
    sentence(conclusions.is_saturation_bad(runs))
    figure(
        saturation_figure(found, theme()),
        key="saturation",
        alt=conclusions.described_saturation(found),
        columns=lambda: saturation_table(found),
        label="The share of steps at which each unit of each gate is shut and open",
    )
    st.caption(conclusions.HOW_SATURATION)


def what_is_kept() -> None:
    finding(conclusions.half_lives(found))
    if any(gate.keeps for gate in found):
        figure(
            half_life_figure(found, theme()),
            key="half_life",
            alt=conclusions.described_half_lives(found),
            columns=lambda: half_life_table(found),
            label="The half-life that each unit of each gate that keeps implies",
        )
        st.caption(conclusions.HALF_LIFE)
    for text in conclusions.no_half_lives(found):
        sentence(text)


question(conclusions.question(sequence), experiment.badge)
if found:
    if experiment.is_hand_set and len(labels) > 1:
        sentence(conclusions.switched(found, sequence))
    sentence(conclusions.moved_most(found, sequence))
    if len(labels) > 1:
        sentence(conclusions.meaning(experiment))
    offer_hand_set(experiment)
    open_sidebar()
    all_units()
    single_units()
    shut_and_open()
    what_is_kept()
else:
    no_gate()
st.info(conclusions.LESSON)
go_to("step", "Step through this run")
go_to("gradients", "How far does the gradient reach?")
