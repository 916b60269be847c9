"""What does each cell cost and keep? Parameters, arithmetic, memory, time, and the price of keeping."""

import streamlit as st

from gru_viz.conclusions import compare as conclusions
from gru_viz.figures.compare import price_figure
from gru_viz.sequences import parse_sequence
from gru_viz.ui import state
from gru_viz.ui.compare import compared
from gru_viz.ui.open_sidebar import open_sidebar
from gru_viz.ui.parts import figure, finding, go_to, question, sentence, theme
from gru_viz.ui.table import table
from gru_viz.ui.words import markdown

experiment = state.current()
sequence = parse_sequence(experiment.kind, experiment.text)
found, hidden_size = compared(experiment), experiment.hidden_size

question(conclusions.QUESTION, experiment.badge)
sentence(conclusions.costs(found, sequence, hidden_size))
sentence(conclusions.memory(found, sequence))
open_sidebar()

finding(conclusions.finding(found, sequence))
if any(price.has_point for each in found for price in each.prices):
    figure(
        price_figure(found, experiment.keep, theme()),
        key="price",
        alt=conclusions.described(found, sequence),
        columns=lambda: conclusions.prices_table(found),
        label="What is left and the steps until 90 % of a change, for each cell and setting",
    )
    st.caption(markdown(conclusions.how_to_read(found, sequence)))
if wrong := conclusions.misconception(found, sequence, hidden_size):
    sentence(wrong)

finding("What one step costs, counted and measured")
table(conclusions.table(found, sequence, hidden_size), "costs", "What each cell costs and keeps")
st.caption(f"{conclusions.COUNTED}\n\n{conclusions.TIMED}")

st.info(conclusions.LESSON)
go_to("contrast", "Which cell still feels the first step?")
go_to("gates", "Which gate opened when?")
