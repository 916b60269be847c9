"""The widgets, tabs and caches of the Gradients page."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Sequence as Many
from dataclasses import replace
from typing import Any, TypeVar

import streamlit as st

from gru_viz.conclusions import gradients as conclusions
from gru_viz.conclusions import spectra as spectra_words
from gru_viz.conclusions import what_if
from gru_viz.conclusions.common import not_compared
from gru_viz.errors import InputError
from gru_viz.experiment import Experiment, without_view
from gru_viz.figures.common import MAX_PLOTTED
from gru_viz.figures.horizon import horizon_figure, horizon_limits
from gru_viz.figures.spectra import circle_figure, circle_limit, stretch_figure
from gru_viz.figures.what_if import latch_figure, map_figure, multiple_figure, multiple_limits, place_name
from gru_viz.measures.gradients import Latch, Reached, gradients, latch, runs_to_loss
from gru_viz.measures.spectra import horizons, spectra
from gru_viz.measures.what_if import SEEDS, Map, Seeds, multiples, reach_map, seeds
from gru_viz.runs import cell_in_view, step_in_view
from gru_viz.sequences import Sequence, parse_sequence
from gru_viz.settings import KEEP_CHOICES, SETTINGS
from gru_viz.ui import state
from gru_viz.ui.long_work import worked
from gru_viz.ui.parts import figure, finding, numbers, sentence, theme
from gru_viz.ui.widgets import cell_choice, choice, number, problem
from gru_viz.ui.words import markdown

T = TypeVar("T")
Columns = Callable[[], Mapping[str, Many[Any]]]

NARROW = 260  # px of a field for one number
TABS = {
    "what_if": "What if", "gains": "Four gains", "spectra": "Spectra", "horizon": "Horizon map",
    "memory": "Memory without gradient",
}  # fmt: skip
_TAB = "gradients_tab"  # the widget's key: its values are the labels
_MAP = "gradients_map"  # for which experiment this visitor has asked for the map


def measured(experiment: Experiment) -> tuple[Reached, ...]:
    key = _key(experiment, "norm")
    if experiment.norm != "jacobian":  # the one that may take seconds
        return _measured(key)
    with st.spinner("Walking back through the steps …"):
        return _measured(key)


@functools.lru_cache(maxsize=6)  # Streamlit's own cache takes a millisecond for its key and its spinner
def _measured(experiment: Experiment) -> tuple[Reached, ...]:
    """Shared by all visitors and never copied."""
    return gradients(experiment, parse_sequence(experiment.kind, experiment.text))


def _key(experiment: Experiment, *fields: str, **equal: Any) -> Experiment:
    """What numbers depend on that follow from the run, the loss and these fields; the rest is made equal."""
    kept = {field: getattr(experiment, field) for field in ("loss", "step", *fields)}
    if experiment.loss == "target":
        kept["target"] = experiment.target
    return replace(without_view(experiment), replace=Experiment.replace, by=Experiment.by, **kept, **equal)


def luck(experiment: Experiment, sequence: Sequence) -> tuple[Seeds, ...]:
    """The runs with other seeds, for what is drawn."""
    if not experiment.luck:
        return ()
    key = ("seeds", _key(experiment, "norm", seed=Experiment.seed))
    try:
        return worked(key, lambda: seeds(experiment, sequence), lambda: state.put("luck", False))
    except InputError as refusal:
        st.warning(markdown(str(refusal)))
        return ()


# -- widgets -----------------------------------------------------------------------------------------------------------


def controls(experiment: Experiment) -> None:
    """What L is, what is drawn of its gradient, and down to which share it counts."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        choice("loss", SETTINGS["loss"].options, conclusions.LOSSES.__getitem__, wrap=True)
        if experiment.loss == "target":
            with st.container(width=NARROW):
                number(st.number_input, "target", 0.1)
        choice("norm", SETTINGS["norm"].options, conclusions.NORMS.__getitem__, wrap=True)
        choice("share", SETTINGS["share"].options, conclusions.percent, wrap=True)
        if not experiment.is_hand_set:
            label = "Hide the other seeds" if experiment.luck else f"{SETTINGS['luck'].label} {len(SEEDS)} seeds"
            st.button(label, key="gradients_luck", on_click=state.put, args=("luck", not experiment.luck))
    problem("target")


def where_the_loss_is(experiment: Experiment, sequence: Sequence) -> None:
    """A note, and a way to the end, where the loss is after an earlier step: another page may have moved it there."""
    count = len(sequence.tokens)
    if said := conclusions.early(step_in_view(experiment, count) + 1, count):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(markdown(said), width="content")
            st.button("Take the last step", key="last_step", on_click=put_step, args=(count, count))


def choose_step(experiment: Experiment, sequence: Sequence) -> None:
    """The step with the loss, by a slider: beside the strip on which it can be pointed at."""
    count = len(sequence.tokens)
    if count > 1:
        st.session_state["loss_step"] = step_in_view(experiment, count) + 1
        st.slider("The step with the loss", 1, count, key="loss_step", on_change=_slid, args=(count,))


def _slid(count: int) -> None:
    put_step(st.session_state["loss_step"], count)


def put_step(step: int, count: int) -> None:
    """From 1; the last stays the last when the sequence grows."""
    state.put("step", 0 if step == count else step)


def side_by_side(items: Many[T], most: int = 3) -> Iterator[tuple[Any, T]]:
    """Each of some things with the column that it goes into: as many in a row as the page has room for."""
    for first in range(0, len(items), most):
        yield from zip(st.columns(min(most, len(items))), items[first : first + most], strict=False)


def clip() -> None:
    with st.container(width=NARROW):
        number(st.number_input, "clip", 0.5)
        problem("clip")


def changes(experiment: Experiment, found: tuple[Reached, ...]) -> None:
    """Buttons that change what the gates keep, where that has an effect, or the gain."""
    if experiment.is_hand_set:
        return
    own = {gate for each in found for gate in each.cell.gate_biases()}
    with st.container(horizontal=True):
        if any(each.cell.keep_biases(1.0) for each in found) and not own & {gate for gate, _ in experiment.biases}:
            for keep, name in KEEP_CHOICES.items():
                if keep != experiment.keep and keep in (0.0, 2.0, 3.0):
                    st.button(
                        f"Set the gates to {name}", key=f"set_keep_{keep:g}", on_click=state.put, args=("keep", keep)
                    )
        for gain in (1.0, 2.0):
            if gain != experiment.recurrent_gain:
                st.button(
                    f"Set the recurrent gain to {gain:g}", key=f"set_gain_{gain:g}", on_click=state.put,
                    args=("recurrent_gain", gain),
                )  # fmt: skip


# -- tabs: each is computed when it is opened --------------------------------------------------------------------------


def tabs(experiment: Experiment, sequence: Sequence, found: tuple[Reached, ...]) -> None:
    drawers = (_what_if, _four_gains, _spectra, _horizon, _memory)
    st.session_state[_TAB] = TABS[experiment.tab]
    for tab, draw in zip(st.tabs(list(TABS.values()), key=_TAB, on_change=_opened), drawers, strict=True):
        if tab.open:
            with tab:
                try:
                    draw(experiment, sequence, found)
                except InputError as refusal:
                    st.warning(markdown(str(refusal)))


def _opened() -> None:
    state.put("tab", next(name for name, label in TABS.items() if label == st.session_state[_TAB]))


def _back() -> None:
    """Stop: the tab whose work was stopped is left."""
    state.put("tab", Experiment.tab)


def _ask(key: Experiment | None) -> None:
    st.session_state[_MAP] = key


def _what_if(experiment: Experiment, sequence: Sequence, found: tuple[Reached, ...]) -> None:
    """The map of one cell, on demand."""
    if experiment.is_hand_set:
        sentence("Weights that were set by hand have neither a gain nor a seed.")
        st.button("Random weights", key="what_if_random", on_click=state.put, args=("weights", "random"))
        return
    if experiment.loss == "every":
        sentence(conclusions.EVERY)
        return
    of = cell_in_view(experiment)
    if other := not_compared(experiment, of):
        st.caption(other)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(experiment.cells) > 1:
            cell_choice(of, experiment.cells, wrap=True)
        key = _key(experiment, cells=(of.name,), keep=Experiment.keep, recurrent_gain=Experiment.recurrent_gain)
        if st.session_state.get(_MAP) != key:
            st.button("Map the reach", key="map_reach", on_click=_ask, args=(key,))
            asked = False
        else:
            asked = True
    if not asked:
        sentence(what_if.map_offered(experiment, of))
        return
    result = worked(("map", key), lambda: reach_map(experiment, of, sequence), lambda: _ask(None))
    finding(what_if.mapped(experiment, result))
    figure(
        map_figure(result, experiment.share, experiment.recurrent_gain, experiment.keep, theme()),
        f"map_{experiment.recurrent_gain:g}_{experiment.keep:g}_{experiment.share:g}".replace(".", "_"),
        what_if.described_map(experiment, result),
        lambda: what_if.map_numbers(result, experiment.share),
        "Reach for each gain and bias",
        pick=lambda point: _go_there(*point["customdata"]),
    )
    st.caption(what_if.MAP_HOW)
    _choose_place(experiment, result)


def _choose_place(experiment: Experiment, result: Map) -> None:
    places = [(row, column) for row in range(len(result.keeps)) for column in range(len(result.gains))]

    def chosen() -> None:
        row, column = st.session_state["go_there"]
        _go_there(result.gains[column], result.keeps[row])

    st.session_state["go_there"] = None
    st.selectbox(
        "Go to a place of the map", places, key="go_there", index=None, placeholder="Choose a gain and a bias",
        format_func=lambda place: place_name(result, experiment.share, *place), on_change=chosen,
    )  # fmt: skip


def _go_there(gain: float, keep: float) -> None:
    state.put("recurrent_gain", gain)
    state.put("keep", keep)


def _four_gains(experiment: Experiment, sequence: Sequence, found: tuple[Reached, ...]) -> None:
    if experiment.is_hand_set:
        sentence("Weights that were set by hand have no gain.")
        return
    same = {"hidden_size": Experiment.hidden_size, "recurrent_gain": Experiment.recurrent_gain}
    key = ("gains", _key(experiment, **same))
    result = worked(key, lambda: multiples(experiment, sequence), _back)
    finding(what_if.multiplied(experiment, result))
    limits = multiple_limits(result)
    for column, each in side_by_side(result, 2):
        with column:
            figure(
                multiple_figure(each, limits, sequence.labels, theme()), f"gain_{each.gain:g}".replace(".", "_"),
                what_if.described_multiple(each),
            )  # fmt: skip
    st.caption(what_if.MULTIPLES_HOW)
    numbers("gains", "log10 of each norm", lambda: what_if.multiple_numbers(result, sequence))


def _spectra(experiment: Experiment, sequence: Sequence, found: tuple[Reached, ...]) -> None:
    result = worked(("spectra", _key(experiment)), lambda: spectra(runs_to_loss(experiment, sequence)), _back)
    finding(spectra_words.spectra(result))
    limit = circle_limit(result)
    for column, each in side_by_side(result):
        with column:
            figure(
                circle_figure(each, limit, theme()), f"circle_{each.cell.name}", spectra_words.described_circle(each)
            )
    st.caption(spectra_words.circle_how(result))
    numbers("eigenvalues", "Eigenvalues of the step with the loss", lambda: spectra_words.eigenvalue_numbers(result))
    sentence(spectra_words.of_matrices(result, found))
    numbers("matrices", "ρ and σ_max of each recurrent matrix", lambda: spectra_words.matrix_numbers(result))
    finding(spectra_words.stretches(result))
    figure(
        stretch_figure(result, sequence.labels, theme()), "stretch", spectra_words.described_stretch(result),
        lambda: spectra_words.spectra_numbers(result), "Largest eigenvalue and singular value of each step",
    )  # fmt: skip


def _horizon(experiment: Experiment, sequence: Sequence, found: tuple[Reached, ...]) -> None:
    key = ("horizon", _key(experiment))
    result = worked(key, lambda: horizons(runs_to_loss(experiment, sequence), MAX_PLOTTED), _back)
    finding(spectra_words.horizon(result, experiment.share))
    limits = horizon_limits(result)
    for column, each in side_by_side(result):
        with column:
            figure(
                horizon_figure(each, limits, experiment.share, theme()), f"horizon_{each.cell.name}",
                spectra_words.described_horizon(each, experiment.share),
            )  # fmt: skip
    st.caption(spectra_words.horizon_how(result, experiment.share))
    numbers("horizon", "Reach of each step", lambda: spectra_words.horizon_numbers(result, experiment.share, sequence))


@st.cache_resource(max_entries=1, show_spinner=False)
def _latch() -> Latch:
    return latch()


def _memory(experiment: Experiment, sequence: Sequence, found: tuple[Reached, ...]) -> None:
    result = _latch()
    finding(what_if.remembered(result))
    sentence(what_if.THREE_THINGS)
    figure(
        latch_figure(result, theme()), "latch", what_if.described_latch(result),
        lambda: what_if.latch_numbers(result), "What unit 1 holds, and the gradient",
    )  # fmt: skip
    if experiment.weights != result.weights:
        st.button("Open the sign keeper", key="to_latch", on_click=state.put, args=("weights", result.weights))
