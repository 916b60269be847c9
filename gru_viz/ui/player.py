"""The player on a page: the experiment's runs as bytes, and one message back when the hand lets go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from gru_viz.errors import InputError
from gru_viz.experiment import Experiment, without_view
from gru_viz.player import Start, pack, page, scripts, styles
from gru_viz.player.pack import Packed
from gru_viz.runs import cells_of, trace
from gru_viz.sequences import parse_sequence
from gru_viz.settings import SETTINGS
from gru_viz.ui import state
from gru_viz.ui.words import markdown

KEY, STARTED, PLACE = "player", "player_start", "player_place"
_SCRIPT = """
const players = new WeakMap()

export default function ({ data, parentElement, setStateValue }) {
  const onSettle = position => setStateValue("position", position)
  const container = parentElement.querySelector(".player")
  if (players.has(container)) return players.get(container).update(data)
  const player = mount(container, data, { onSettle })
  players.set(container, player)
  if (player.data.large) player.focus()  // in a room the arrow keys, and a clicker's, are the player's at once
}
"""
_STYLE = """\
.gru-viz { --top: 3.75rem; }  /* the height of Streamlit's header, under which nothing is seen */
"""
_component = st.components.v2.component(
    "gru_viz_player",
    html='<div class="player"></div>\n',
    css="\n".join([styles(), styles("room"), _STYLE]),
    js=scripts() + _SCRIPT,
)


def player(experiment: Experiment) -> None:
    """Step, unit and direction come from the experiment, and go back into it when motion stops."""
    try:
        packed = _packed(without_view(experiment))
    except InputError as problem:
        st.error(markdown(str(problem)))
        return
    _component(key=KEY, data=packed.at(_start(experiment), experiment.projector), on_position_change=_settled)
    st.download_button(
        "Save as one HTML file",
        lambda: page(packed, _position(experiment), "GRU, LSTM and RNN, step by step"),
        "step_through.html",
        "text/html",
        key="save_player",
        on_click="ignore",
    )


@st.cache_resource(max_entries=8, show_spinner=False)
def _packed(experiment: Experiment) -> Packed:
    sequence = parse_sequence(experiment.kind, experiment.text)
    traces = {of.name: trace(experiment, of, sequence) for of in cells_of(experiment)}
    return pack(traces, labels=sequence.labels)


def _position(experiment: Experiment) -> Start:
    return Start(experiment.step, experiment.unit, experiment.backward)


def _start(experiment: Experiment) -> Start:
    """Where the player is called to. It keeps its place, and is sent nothing, when it was the one to move; a link, an
    example or Back calls it elsewhere, and a player that is mounted anew starts where the last one was left."""
    here = _position(experiment)
    start: Start | None = st.session_state.get(STARTED)
    if start is None:
        start = here
    elif (st.session_state[PLACE] if _told() else replace(start, call=0)) != here:
        start = replace(here, call=start.call + 1)
    st.session_state[PLACE], st.session_state[STARTED] = here, start
    return start


def _told() -> Start | None:
    """What the player has said last; nothing when it has just been mounted, or when what came is none of its places: a
    client may send whatever it likes."""
    found: Any = st.session_state.get(KEY)
    match found.get("position") if isinstance(found, Mapping) else None:
        case {"step": int(step), "unit": int(unit), "backward": bool(backward), "last": bool(last)}:
            if _is_one("step", step) and _is_one("unit", unit):
                return Start(0 if last else step, unit, backward)
    return None


def _is_one(field: str, value: int) -> bool:
    low, high = SETTINGS[field].limits
    return not isinstance(value, bool) and max(low, 1) <= value <= high


def _settled() -> None:
    told = _told()
    if told is not None:
        for field in ("step", "unit", "backward"):
            state.put(field, getattr(told, field))
        st.session_state[PLACE] = told
