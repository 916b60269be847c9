"""How far back does learning reach? Norms of gradients over the steps, theory over them, and what if."""

import streamlit as st

from gru_viz.conclusions import gradients as conclusions
from gru_viz.errors import InputError
from gru_viz.experiment import Experiment
from gru_viz.figures.gradients import norms_figure, saliency_figure
from gru_viz.measures.gradients import Reached
from gru_viz.sequences import Sequence, parse_sequence
from gru_viz.ui import gradients as ui
from gru_viz.ui import state
from gru_viz.ui.open_sidebar import open_sidebar
from gru_viz.ui.parts import figure, finding, go_to, question, sentence, theme
from gru_viz.ui.words import markdown


def show(experiment: Experiment, sequence: Sequence, found: tuple[Reached, ...]) -> None:
    steps = len(found[0].norm)

    ui.where_the_loss_is(experiment, sequence)
    sentence(conclusions.named(experiment, found))
    ui.changes(experiment, found)
    st.caption(conclusions.thresholds(experiment))
    open_sidebar()

    finding(conclusions.finding(experiment, found))
    seeds = ui.luck(experiment, sequence)
    figure(
        norms_figure(
            found,
            sequence.labels,
            theme(),
            experiment.norm,
            experiment.share if conclusions.has_reach(experiment) else None,
            seeds,
        ),
        "norms",
        conclusions.described(experiment, found),
        lambda: conclusions.norm_numbers(found, sequence),
        "log10 of each norm after each step",
    )
    ui.controls(experiment)
    if seeds and (said := conclusions.luck(experiment, seeds)):
        sentence(said)
    st.caption(conclusions.how_to_read(experiment, steps, found))
    if said := conclusions.theory(found):
        sentence(said)

    finding(conclusions.saliency(found))
    figure(
        saliency_figure(found, sequence.labels, theme()),
        f"saliency_{steps}",
        conclusions.described_saliency(found),
        lambda: conclusions.saliency_numbers(found, sequence),
        "log10 of the norm of the gradient of h by each input",
        pick=lambda point: ui.put_step(int(point["x"]), len(sequence.tokens)),
    )
    ui.choose_step(experiment, sequence)
    st.caption(conclusions.SALIENCY_HOW)

    finding(conclusions.clipping(experiment, found))
    ui.clip()
    if said := conclusions.still_teaches(experiment, found):
        sentence(said)
    ui.tabs(experiment, sequence, found)
    go_to("gates", "Which gate opened when?")
    go_to("step", "Step through this run")


experiment = state.current()
sequence = parse_sequence(experiment.kind, experiment.text)
question(conclusions.QUESTION, experiment.badge)
try:
    found = ui.measured(experiment)
except InputError as refusal:
    st.warning(markdown(str(refusal)))
    ui.controls(experiment)
else:
    show(experiment, sequence, found)
