"""The sidebar: the experiment, the same on every page. Each widget's range and label are those of its Setting."""

from __future__ import annotations

import streamlit as st

from gru_viz.cells import cell, cell_names
from gru_viz.conclusions.common import listed
from gru_viz.experiment import Experiment, link_fits
from gru_viz.handset import HAND_SET, HandSet
from gru_viz.parameters import spectrum
from gru_viz.runs import cells_of, parameters
from gru_viz.sequences import parse_sequence
from gru_viz.settings import KEEP_CHOICES, MAX_BIAS, SCHEMES, SETTINGS, WEIGHTS
from gru_viz.theme import number as shown
from gru_viz.ui import state
from gru_viz.ui.copy_link import copy_link
from gru_viz.ui.examples import back_to_the_example, examples
from gru_viz.ui.lessons import is_covered
from gru_viz.ui.ways_in import sequence
from gru_viz.ui.widgets import choice, choices, number, problem
from gru_viz.ui.words import markdown


def sidebar() -> None:
    with st.sidebar:
        st.markdown("**Three cells read what you type**")
        examples()
        sequence()
        if own := HAND_SET.get(state.current().weights):
            _hand_set(own, is_covered())
        else:
            _random()
        more = st.expander("More", key="more", on_change="rerun")
        if more.open:
            with more:
                _more()
        _link()


def _random() -> None:
    choices("cells", SETTINGS["cells"].label, _cells(variants=False), _title)
    if variants := [_title(name) for name in state.current().cells if cell(name).variant_of]:
        st.caption(f"And, under More: {listed(variants)}.")
    number(st.slider, "hidden_size")
    choice("keep", tuple(KEEP_CHOICES), KEEP_CHOICES.__getitem__, help=_KEEP_HELP, width="stretch", wrap=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number(st.number_input, "seed")
        st.button("Next seed", key="next_seed", on_click=state.next_seed)
    problem("seed")


def _hand_set(own: HandSet, covered: bool) -> None:
    """Weights that somebody thought of leave nothing to choose but the sequence. What they do is part of an answer."""
    experiment = state.current()
    if covered:
        st.info(f"**{markdown(own.title)}**: what it does is said after the answer.")
    else:
        st.info(f"**{markdown(own.title)}**: {markdown(own.does)}")
        if notice := own.notice(parse_sequence(experiment.kind, experiment.text).tokens):
            st.caption(markdown(notice))
    st.button("Random weights", key="random", on_click=state.put, args=("weights", "random"))


def _cells(variants: bool) -> tuple[str, ...]:
    return tuple(name for name in cell_names() if bool(cell(name).variant_of) == variants)


def _title(name: str) -> str:
    return cell(name).title


_KEEP_HELP = (
    "The bias of each gate that keeps the old state: 0, 1, 2 or 3. A gate that writes instead, as z does in the GRU, "
    "gets the same with a minus. The plain RNN has no such gate."
)


def _more() -> None:
    experiment = state.current()
    st.selectbox(
        SETTINGS["weights"].label, tuple(WEIGHTS), format_func=WEIGHTS.__getitem__, key=state.shown("weights"),
        on_change=state.change, args=("weights",),
    )  # fmt: skip
    problem("weights")
    if experiment.weights in HAND_SET:
        return
    choices("variants", "Variants", _cells(variants=True), _title)
    choice("scheme", SCHEMES, str.capitalize)
    number(st.slider, "recurrent_gain", 0.05)
    read = parse_sequence(experiment.kind, experiment.text)
    for of in cells_of(experiment):
        params = parameters(experiment, of, read)
        found = [spectrum(params[name]) for name, shape in of.parameters.items() if shape == ("H", "H")]
        if found:
            radius, norm = (shown(max(values)) for values in zip(*found, strict=True))
            several = ", the largest of each" if len(found) > 1 else ""
            st.caption(f"{of.title}: ρ(U) = {radius}, σ_max(U) = {norm}{several}".replace("_max", "ₘₐₓ"))
    number(st.slider, "input_gain", 0.5)
    _biases(experiment)


def _biases(experiment: Experiment) -> None:
    """One slider for each gate of the cells at hand; where it was not moved the gate starts as `keep` says."""
    gates: dict[str, float] = {}
    for of in cells_of(experiment):
        kept = of.keep_biases(experiment.keep)
        for gate, (bias, sign) in of.gate_biases().items():
            gates.setdefault(gate, sign * kept[bias] if bias in kept else 0.0)
    if not gates:
        return
    own = dict(experiment.biases)
    st.markdown(f"{SETTINGS['biases'].label}")
    for gate, usual in gates.items():
        box, slider = state.SET_APART + gate, state.BIAS + gate
        st.session_state.setdefault(box, gate in own)
        st.checkbox(f"Set the bias of {gate}", key=box, on_change=_toggle_bias, args=(gate, usual))
        if gate in own:
            st.session_state.setdefault(slider, own[gate])
            st.slider(f"Bias of {gate}", -MAX_BIAS, MAX_BIAS, step=0.25, key=slider, on_change=_set_bias, args=(gate,))


def _toggle_bias(gate: str, usual: float) -> None:
    biases = dict(state.current().biases)
    if biases.pop(gate, None) is None:
        biases[gate] = usual
    state.put("biases", tuple(biases.items()))


def _set_bias(gate: str) -> None:
    state.put("biases", tuple({**dict(state.current().biases), gate: st.session_state[state.BIAS + gate]}.items()))


def _link() -> None:
    experiment = state.current()
    with st.container(horizontal=True, vertical_alignment="center"):
        copy_link()
        back_to_the_example()
    if not link_fits(experiment):
        what = "The table that you uploaded" if experiment.kind == "csv" else "This sequence"
        st.warning(f"{what} is too long for a link: the link holds all the rest, and says that it is missing.")
