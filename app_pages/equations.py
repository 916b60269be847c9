"""What exactly is computed? The equations of each cell, its names elsewhere, what conventions change in this run."""

import streamlit as st

from gru_viz.conclusions import equations as conclusions
from gru_viz.measures.equations import conventions
from gru_viz.sequences import parse_sequence
from gru_viz.ui import state
from gru_viz.ui.equations import (
    ask_cell,
    conventions_shown,
    elsewhere,
    formulas_and_diagram,
    names,
    read,
    torch_check,
)
from gru_viz.ui.parts import question, sentence

experiment = state.current()
sequence = parse_sequence(experiment.kind, experiment.text)
shown = read(experiment)

question(conclusions.QUESTION, experiment.badge)
sentence(conclusions.summary(shown, sequence, experiment.hidden_size))
ask_cell(shown)
formulas_and_diagram(shown)
names(shown, sequence, experiment.hidden_size)
has_run = not experiment.is_hand_set or shown.name in experiment.cells
if has_run:
    conventions_shown(conventions(experiment, shown, sequence), sequence.labels)
else:
    st.info(conclusions.no_run(experiment, shown))
elsewhere(shown, sequence.values.shape[1], experiment.hidden_size)
if has_run:
    torch_check(experiment, shown, len(sequence.labels))
