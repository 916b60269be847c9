"""Which cell still feels the first letter? Three cells read one sequence; how far back does each gradient reach?"""

import streamlit as st

from gru_viz.conclusions import contrast as conclusions
from gru_viz.figures.contrast import difference_figure, gradient_figure, states_figure, units_shown
from gru_viz.ui import state
from gru_viz.ui.contrast import (
    ask_luck,
    distance_columns,
    luck,
    measured,
    norm_columns,
    replacement,
    state_columns,
)
from gru_viz.ui.lessons import steps_named
from gru_viz.ui.open_sidebar import open_sidebar
from gru_viz.ui.parts import figure, finding, go_to, question, sentence, theme
from gru_viz.ui.widgets import choice

experiment = state.current()
found = measured(experiment)
reports, differences, labels = found.reports, found.differences, found.sequence.labels
cells = [report.cell for report in reports]

question(conclusions.question(found.sequence, cells), experiment.badge)
sentence(conclusions.first_step(found.sequence, reports))
if experiment.is_hand_set:
    sentence(conclusions.held(reports))
if tried := conclusions.gates_kept(experiment, cells, len(labels)):
    sentence(tried)
open_sidebar()

carried = experiment.curve == "state"
finding(conclusions.reaches(experiment, reports) if carried else conclusions.other_gradient(experiment, reports))
seeds = luck(experiment)
figure(
    gradient_figure(reports, labels, theme(), experiment.curve, seeds, named=steps_named()),
    key="gradient",
    alt=conclusions.described(reports, found.sequence),
    columns=lambda: norm_columns(found),
    label="log10 of the norm of each gradient after each step; −inf for an exact zero",
)
with st.container(horizontal=True, vertical_alignment="bottom"):
    choice("curve", ("state", "parts", "input"), conclusions.CURVES.__getitem__)
    ask_luck(experiment)
if seeds:
    sentence(conclusions.luck(seeds))
    sentence(f"{conclusions.my_seed(experiment.seed, reports, seeds)} {conclusions.MY_SEED}")
st.caption(conclusions.HOW_TO_READ[experiment.curve])

finding(conclusions.states_range(reports))
st.caption(conclusions.BELOW_ZERO)
figure(
    states_figure(reports, labels, theme()),
    key="states",
    alt=conclusions.described_states(reports),
    columns=lambda: state_columns(found),
    label="Each unit of each state after each step",
)
if units_shown(reports) < experiment.hidden_size:
    st.caption(f"The first {units_shown(reports)} of {experiment.hidden_size} units are drawn; the table has all.")

finding(conclusions.left_over(differences, *found.replaced_text, found.later))
replacement(experiment)
figure(
    difference_figure(differences, labels, theme()),
    key="difference",
    alt=conclusions.described_differences(differences),
    columns=lambda: distance_columns(differences, found.sequence),
    label="Euclidean distance between the hidden states after each step",
)

st.info(conclusions.lesson(experiment, reports))
go_to("step", "Step through this run")
go_to("gradients", "How far does the gradient reach?")
