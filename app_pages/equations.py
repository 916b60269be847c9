"""What exactly is computed? The equations of each cell, its names elsewhere, what conventions change in this run."""

import streamlit as st

from gru_viz.cells import cell, cell_names
from gru_viz.conclusions import equations as conclusions
from gru_viz.measures.equations import conventions
from gru_viz.sequences import parse_sequence
from gru_viz.ui.equations import conventions_shown, elsewhere, formulas_and_diagram, names, opened, torch_check
from gru_viz.ui.parts import question, sentence
from gru_viz.ui.widgets import choice

experiment = opened()
sequence = parse_sequence(experiment.kind, experiment.text)
shown = cell(experiment.focus)  # any of them: to read a cell's equations it need not be compared

question(conclusions.QUESTION, experiment.badge)
sentence(conclusions.summary(shown, sequence, experiment.hidden_size))
choice("focus", cell_names(), lambda name: cell(name).title)
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
