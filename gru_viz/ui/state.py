"""The one place that moves an Experiment between the session, the link and the widgets.

The Experiment is the state. A widget's value is only what a person last entered there: a value that is refused stays in
its widget beside its sentence, while the experiment, the link and the figures keep the last good one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from gru_viz.cells import cell
from gru_viz.errors import InputError
from gru_viz.examples import example
from gru_viz.experiment import MISSING, PACKED, Experiment, with_weights, without_view
from gru_viz.handset import HAND_SET
from gru_viz.labels import quoted
from gru_viz.lessons import from_link, to_link
from gru_viz.runs import with_fitting_replacement
from gru_viz.sequences import KINDS, default_replacement, parse_sequence
from gru_viz.sequences import replace as replaced
from gru_viz.sequences.tables import SUNSPOTS
from gru_viz.settings import SETTINGS

# The ways in, and the kinds of sequence that each leads to: what a step is there.
WAYS = {"text": ("text", "words"), "numbers": ("numbers", "rows"), "signal": ("signal",), "csv": ("csv",)}
_MAX_LONG = 2_000_000  # characters of sequences too long for their links that a session keeps, so that Back finds them
SET_APART, BIAS = "own_", "bias_"  # and the gate: keys of the widgets for single biases
# What each kind begins with: one pulse and then silence, what is left of it?
FIRST = {
    "text": Experiment.text,
    "words": Experiment.text,
    "numbers": "0 0 1 0 0 0 0 0 0 0 0 0 0 0 0 0",
    "rows": "\n".join(["0 0", "1 0", *["0 0"] * 13, "0 1"]),
    "signal": "adding 40 0",
    "csv": SUNSPOTS,
}


def key(field: str) -> str:
    """The key of the widget for a field; the text of each kind of sequence has its own."""
    return f"experiment_{field}"


def current() -> Experiment:
    """The last good experiment; the link's, where a click reaches a server that was restarted before any run."""
    if "experiment" not in st.session_state:
        _take_link()
    experiment: Experiment = st.session_state["experiment"]
    return experiment


def problems() -> dict[str, str]:
    """What is wrong with the last entry, by field; "link" for what a link held."""
    found: dict[str, str] = st.session_state["problems"]
    return found


def say(field: str, sentence: str) -> None:
    """Something is wrong with what was entered for a field; the experiment stays as it is."""
    problems()[field] = sentence + " The figures show the last sequence that could be read." * (field in KINDS)


def begin() -> Experiment:
    """Called first in every run. The link decides on a first visit, a reload, after a restart of the server, and on
    Back and Forward; else the session does, as a quick second change still carries the link of the first. Only then the
    link is written, once for all that was changed: after Back the browser may be farther back by now, where the same
    link would be a new page and end all Forward."""
    if "experiment" not in st.session_state or _came_by_history():
        _take_link()
    else:
        _write_link()
    return current()


def shown(field: str) -> str:
    """The key of the widget that is about to be drawn for a field. One that was not drawn in the last run has lost its
    value, and what was wrong with it: it shows the experiment's."""
    name = key(field)
    if name not in st.session_state:
        st.session_state[name] = _widget_value(field)
        problems().pop(field, None)
    return name


def fields_in_the_page_are_new() -> None:
    """Called before a page whose fields, unlike the sidebar's, were not there in the last run: they show the
    experiment. Without it the browser, which has thrown its own away, shows them empty."""
    for field in ("replace", "by", *(field for field, setting in SETTINGS.items() if setting.view)):
        st.session_state.pop(key(field), None)


def _take_link() -> None:
    query = _link()
    asked, notes = from_link(query, st.session_state.get("long", {}))
    if asked.example and _names_views_alone(query):
        views = {name: getattr(asked, name) for name, setting in SETTINGS.items() if setting.view}
        asked = replace(example(asked.example).experiment, **views)
    experiment, refusal = _readable(asked)
    if refusal:
        notes += (f"The sequence in the link cannot be read. {refusal} The figures show another in its place.",)
    elif (asked.replace, asked.by) != (experiment.replace, experiment.by) and {"replace", "by"} & {*query}:
        old, new = quoted(asked.replace), quoted(asked.by)
        notes += (f"The link replaces {old} by {new}, which is not possible in its sequence: we suggest another.",)
    _show(experiment, {"link": " ".join(notes)} if notes else {})
    if refusal and _way(asked.kind) in ("text", "numbers"):
        # As if it had been typed: it stays in its field, with its sentence, until it is mended.
        st.session_state[key(asked.kind)] = asked.text
        problems()[asked.kind] = f"{refusal} The figures show another sequence."


def _names_views_alone(query: Iterable[str]) -> bool:
    """Whether a link says nothing of the run itself: then an example in it is the example's own run. What is no
    setting, such as a mail program adds, says nothing."""
    of_the_run = {setting.key for setting in SETTINGS.values() if not setting.view} | {*KINDS, PACKED, MISSING}
    return not of_the_run & set(query)


def change(field: str) -> None:
    """The callback of the widget for a field."""
    put(field, st.session_state[key(field)])


def put(field: str, value: Any) -> None:
    """Give one field a value that somebody entered, or say why not."""
    if _came_by_history() or value is None:
        return  # the widgets are older than the link that is about to be read, or a client sent nothing
    restarted = "experiment" not in st.session_state
    before = current()
    if restarted:  # the link has just set all widgets, this one too
        st.session_state[key(field)] = value
    entered, field = field, "cells" if field == "variants" else field  # two widgets of one field
    try:
        experiment = _changed(before, entered, value)
    except InputError as problem:
        say(field, str(problem))
        return
    if (experiment.kind, experiment.text) != (before.kind, before.text):
        experiment = _with_refused_replacement(experiment)
    for solved in (field, "link"):
        problems().pop(solved, None)
    st.session_state["experiment"] = experiment
    st.session_state["texts"][experiment.kind] = experiment.text
    st.session_state["readings"][_way(experiment.kind)] = experiment.kind
    own = {"cells", "variants"} if field == "cells" else {field}  # a button may have changed it
    for other in _widgets():  # and what the change brought with it
        if other not in KINDS and (other in own or _value(experiment, other) != _value(before, other)):
            _update(other, _value(experiment, other))
            problems().pop(other, None)
    if field not in KINDS and (experiment.kind, experiment.text) != (before.kind, before.text):
        _update(experiment.kind, experiment.text)
        problems().pop(experiment.kind, None)


def _changed(before: Experiment, field: str, value: Any) -> Experiment:
    """The experiment after an entry in the widget of a field. Raises InputError."""
    if field in KINDS:
        return _with_sequence(before, field, value)
    if field in ("cells", "variants"):
        others = _value(before, {"cells": "variants", "variants": "cells"}[field])
        if not value and not others:
            none = f'"{SETTINGS["cells"].label}" has no cell: choose at least one.'
            raise InputError(f"{none} The figures show the last choice.")
        return replace(before, cells=(*value, *others))
    if field == "weights":
        experiment = with_weights(before, value)
        _want(experiment)
        return experiment
    if field == "kind":
        kind = st.session_state["readings"][value]
        return _with_sequence(before, kind, st.session_state["texts"][kind])
    if field == "reading":
        same = "text" in WAYS[_way(value)]  # a text can be read in two ways, and rows are no long list of numbers
        return _with_sequence(before, value, before.text if same else st.session_state["texts"][value])
    if field in ("replace", "by"):
        both = {name: st.session_state.get(key(name), getattr(before, name)) for name in ("replace", "by")}
        experiment = replace(before, **(both | {field: value}))
        replaced(parse_sequence(experiment.kind, experiment.text), experiment.replace, experiment.by)
        problems().pop({"replace": "by", "by": "replace"}[field], None)
        _want(experiment)
        return experiment
    return replace(before, **{field: value})


def _with_refused_replacement(experiment: Experiment) -> Experiment:
    """What did not fit the sequence before and still stands in the fields may fit the new one; if not, why not now."""
    refused = [name for name in ("replace", "by") if problems().pop(name, None)]
    if not refused:
        return experiment
    try:
        asked = replace(experiment, **{name: st.session_state[key(name)] for name in refused})
        replaced(parse_sequence(asked.kind, asked.text), asked.replace, asked.by)
    except InputError as problem:
        say(refused[0], str(problem))
        return experiment
    _want(asked)
    return asked


def next_seed() -> None:
    low, high = SETTINGS["seed"].limits
    put("seed", int(low) if current().seed == high else current().seed + 1)


def as_chosen() -> Experiment:
    """The ready example that was chosen last, untouched; what the app opens with where none was."""
    name = current().example
    return replace(example(name).experiment if name else Experiment(), example=name)


def choose_example(name: str) -> None:
    """Show a ready example."""
    show(replace(example(name).experiment, example=name))


def reset() -> None:
    """Back to the example that was chosen last."""
    show(replace(as_chosen(), predict=current().predict, projector=current().projector))


def show(experiment: Experiment) -> None:
    """Take over a whole experiment, which must be readable."""
    _show(experiment, {})


def _show(experiment: Experiment, found: dict[str, str]) -> None:
    """Take over a whole experiment: all widgets show it, and the other kinds' texts are those of their examples."""
    st.session_state["experiment"], st.session_state["problems"] = experiment, found
    st.session_state["texts"] = FIRST | {experiment.kind: experiment.text}
    st.session_state["readings"] = {way: kinds[0] for way, kinds in WAYS.items()}
    st.session_state["readings"][_way(experiment.kind)] = experiment.kind
    st.session_state["wanted"] = {}
    _want(experiment)
    for field in _widgets():
        if field in found:  # beside its sentence stands what the experiment has
            st.session_state[key(field)] = _widget_value(field)
        else:
            _update(field, _widget_value(field))
    biases = dict(experiment.biases)
    for name in map(str, list(st.session_state)):
        if name.startswith(SET_APART):
            st.session_state[name] = name.removeprefix(SET_APART) in biases
        elif name.startswith(BIAS) and (gate := name.removeprefix(BIAS)) in biases:
            st.session_state[name] = biases[gate]


def _write_link() -> None:
    """The experiment into the address bar; a sequence that is too long for it is kept for this visitor's Back."""
    experiment = current()
    query = to_link(experiment)
    if _names_views_alone(query) and without_view(experiment) != without_view(as_chosen()):
        query["seed"] = str(experiment.seed)  # the usual run, and not that of the example that was chosen last
    if name := query.get(MISSING):
        kept: dict[str, tuple[str, str]] = st.session_state.setdefault("long", {})
        kept[name] = kept.pop(name, (experiment.kind, experiment.text))  # the last one used stands last
        while len(kept) > 1 and sum(len(text) for _, text in kept.values()) > _MAX_LONG:
            del kept[next(iter(kept))]
    st.query_params.from_dict(query)


def _link() -> dict[str, list[str]]:
    """What the browser's address said when it asked for this run."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def _came_by_history() -> bool:
    """Back or Forward started this run: st.query_params then holds the link that was restored."""
    return bool(getattr(get_script_run_ctx(), "is_history_navigation", False))


def _widgets() -> tuple[str, ...]:
    """What has a widget whose value is kept under ``key``: the fields, but the text once for each kind of sequence, and
    the kind and the cells in two parts."""
    return (*KINDS, "reading", "variants", *(field for field in SETTINGS if field != "text"))


def _update(field: str, value: Any) -> None:
    """Give the widget of a field another value, where there is one."""
    if key(field) in st.session_state:
        st.session_state[key(field)] = value


def _widget_value(field: str) -> Any:
    return _value(current(), field)


def _value(experiment: Experiment, field: str) -> Any:
    """What the widget of a field shows for an experiment."""
    if field in KINDS:
        return experiment.text if field == experiment.kind else st.session_state["texts"][field]
    if field == "kind":
        return _way(experiment.kind)
    if field == "reading":
        return experiment.kind
    if field in ("cells", "variants"):
        return [name for name in experiment.cells if bool(cell(name).variant_of) == (field == "variants")]
    value = getattr(experiment, field)
    return list(value) if isinstance(value, tuple) else value


def _way(kind: str) -> str:
    """The way in that leads to a kind of sequence."""
    return next(way for way, kinds in WAYS.items() if kind in kinds)


def _wanted() -> dict[str, tuple[str, str]]:
    """Kind -> the replacement that somebody asked for there last; it comes back when it fits again."""
    wanted: dict[str, tuple[str, str]] = st.session_state["wanted"]
    return wanted


def _want(experiment: Experiment) -> None:
    """Its replacement was asked for, if it is not just what we suggest for its sequence."""
    pair = experiment.replace, experiment.by
    if pair == default_replacement(parse_sequence(experiment.kind, experiment.text)):
        _wanted().pop(experiment.kind, None)
    else:
        _wanted()[experiment.kind] = pair


def _with_sequence(experiment: Experiment, kind: str, text: str) -> Experiment:
    """Another sequence, with the replacement that was asked for as long as it fits, else with our suggestion for it."""
    sequence, wanted = parse_sequence(kind, text), _wanted()
    old, new = wanted.get(kind) or wanted.get(experiment.kind) or default_replacement(sequence)
    return with_fitting_replacement(replace(experiment, kind=kind, text=text, replace=old, by=new), sequence)


def _readable(experiment: Experiment) -> tuple[Experiment, str]:
    """The experiment of a link, with the first sequence of its kind, or that of its hand-set weights, in place of one
    that cannot be read, and why it cannot."""
    try:
        return with_fitting_replacement(experiment, parse_sequence(experiment.kind, experiment.text)), ""
    except InputError as problem:
        own = HAND_SET.get(experiment.weights)
        readable = replace(experiment, text=own.text if own else FIRST[experiment.kind])
        return with_fitting_replacement(readable, parse_sequence(readable.kind, readable.text)), str(problem)
