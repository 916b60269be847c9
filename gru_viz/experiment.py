"""One experiment = the sidebar, the cache key, the share link, and what a test builds.

`settings.SETTINGS` says what each field may be.
"""

from __future__ import annotations

import dataclasses
import functools
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import quote, urlencode

from gru_viz.errors import InputError
from gru_viz.handset import HAND_SET
from gru_viz.labels import MAX_QUOTE, grouped, quoted
from gru_viz.packing import fingerprint, pack, unpack
from gru_viz.sequences import KINDS
from gru_viz.settings import REFUSALS, SETTINGS

MAX_QUERY_BYTES = 4_096


@dataclass(frozen=True)
class Experiment:
    """Everything that decides what the pages show. Fields are checked and brought to one form; see SETTINGS.

    That `text` can be read as a sequence is not part of it: a mistake that is being typed is a state too, and
    `parse_sequence` finds the words for it. Raises InputError.
    """

    kind: str = "text"
    text: str = "My name is Ada. What is my name?"  # as typed
    cells: tuple[str, ...] = ("rnn", "lstm", "gru")  # in the order of cell_names()
    hidden_size: int = 8
    keep: float = 2.0  # the bias of the gates that keep: they start by keeping sigmoid(keep) a step
    seed: int = 7
    scheme: str = "uniform"
    recurrent_gain: float = 1.0
    input_gain: float = 4.0
    biases: tuple[tuple[str, float], ...] = ()  # gates set apart from `keep`, sorted by name
    replace: str = "Ada"
    by: str = "Bob"
    curve: str = "state"  # which gradient is drawn: of the carried state, its parts, or the input
    luck: bool = False  # the band of 200 seeds is drawn behind the curves
    weights: str = "random"  # hand-set ones fix the cells, the hidden size and the kind of sequence
    step: int = 0  # the step in view, from 1; 0 and all beyond the end: the last
    unit: int = 1  # the unit in view, from 1
    backward: bool = False  # the player shows gradients instead of values
    focus: str = ""  # the cell in view, where a page shows one; none chosen: the last of those that are compared
    units: tuple[int, ...] = (1, 2, 3)  # drawn as lines
    basis: str = "own"  # principal directions of each cell, or of all together
    held: str = ""  # the token whose input is held constant in a phase portrait; none: the input 0
    loss: str = "last"  # what the Gradients page differentiates: the sum of the last h, of every h, or a distance
    target: float = 0.5  # of each unit of the last h, where the loss is a squared distance
    norm: str = "state"  # what the Gradients page draws
    share: float = 0.01  # of the last step's norm, down to which a gradient reaches
    clip: float = 1.0  # the norm of all parameters' gradient above which it would be clipped
    tab: str = "what_if"  # the open tab of the Gradients page
    example: str = ""  # the ready example that was chosen last
    predict: bool = False  # a lesson's figures are covered until its question is answered
    projector: bool = False  # one figure, large, and nothing beside it

    def __post_init__(self) -> None:
        for name, setting in SETTINGS.items():
            value = getattr(self, name)
            try:
                object.__setattr__(self, name, setting.check(value))
            except REFUSALS:
                raise InputError(f'"{setting.label}" is {_shown(value)}: {setting.expected} is expected.') from None
        if clash := _clash(self.weights, self.kind):
            raise InputError(f'"{SETTINGS["weights"].label}" is {_shown(self.weights)}: {clash}.')
        for name, value in _fixed(self.weights).items():
            object.__setattr__(self, name, value)

    @property
    def is_hand_set(self) -> bool:
        return self.weights in HAND_SET

    @property
    def badge(self) -> str:
        """Where the weights come from."""
        if self.weights in HAND_SET:
            return HAND_SET[self.weights].badge
        return f"random weights, seed {self.seed}" + ", shared by variants" * (self.weights == "shared")


def without_view(experiment: Experiment) -> Experiment:
    """Only what its numbers depend on, the rest as by default: the key under which a run may be kept."""
    return dataclasses.replace(experiment, **_usual_view())


@functools.cache
def _usual_view() -> dict[str, Any]:
    usual = Experiment()
    return {name: getattr(usual, name) for name, setting in SETTINGS.items() if setting.view}


def with_weights(experiment: Experiment, weights: str) -> Experiment:
    """The experiment with other weights; with a sequence that they read where it holds none, and with cells and size as
    by default where hand-set ones had fixed them."""
    usual, own = Experiment(), HAND_SET.get(weights)
    changes: dict[str, Any] = {"weights": weights}
    if own and (experiment.kind != own.kind or (own.kind == "text" and not set(own.reads) & set(experiment.text))):
        changes |= {"kind": own.kind, "text": own.text, "replace": own.replace, "by": own.by}
    if own is None and experiment.weights in HAND_SET:
        changes |= {"cells": usual.cells, "hidden_size": usual.hidden_size}
    return dataclasses.replace(experiment, **changes)


def _clash(weights: str, kind: str) -> str:
    """Why these weights cannot read a sequence of that kind, or nothing."""
    own = HAND_SET.get(weights)
    return f"it reads {own.kind}, and the sequence is {kind}" if own and own.kind != kind else ""


def _fixed(weights: str) -> dict[str, Any]:
    """The fields that hand-set weights leave no choice: no seed has other ones."""
    own = HAND_SET.get(weights)
    return {"cells": (own.cell,), "hidden_size": own.hidden_size, "luck": False} if own else {}


# Name in a link -> field; the text stands under the name of its kind, `text=` or `numbers=`, or under one of two more.
PACKED, MISSING = "z", "missing"
_LINK = dict.fromkeys((*KINDS, PACKED, MISSING), "text")
_LINK |= {setting.key: name for name, setting in SETTINGS.items() if name not in ("kind", "text")}
_LONG = 300  # characters of a text that is left out where nothing else helps

# The form in a link --------------------------------------------------------------------------------------------------


def _usual(weights: str) -> Experiment:
    """What a link with these weights means where it says nothing: hand-set ones bring a sequence of their own."""
    return with_weights(Experiment(), weights) if weights in HAND_SET else Experiment()


def to_query(experiment: Experiment) -> dict[str, str]:
    """Name -> text for what differs from the default; equal experiments give equal links.

    A sequence that does not fit is packed; one that does not fit then is missing, and its fingerprint says so.
    """
    usual, rest = _usual(experiment.weights), {}
    for key, name in _LINK.items():
        value, default = getattr(experiment, name), getattr(Experiment if name == "weights" else usual, name)
        if name != "text" and value != default:
            rest[key] = SETTINGS[name].write(value)
    kind, text = experiment.kind, experiment.text
    if (kind, text) == (usual.kind, usual.text):
        return rest
    if _fits(query := {kind: text, **rest}):
        return query
    if (packed := pack(kind, text)) and _fits(query := {PACKED: packed, **rest}):
        return query
    query = {MISSING: fingerprint(kind, text), **rest}
    return query if _fits(query) else {key: value for key, value in query.items() if len(quote(value)) <= _LONG}


def link_fits(experiment: Experiment) -> bool:
    """Whether the experiment's link holds its sequence too."""
    return MISSING not in to_query(experiment)


def _fits(query: Mapping[str, str | Sequence[str]]) -> bool:
    plain = sum(len(key) + sum(map(len, texts)) for key, texts in query.items())  # before any work is done
    return max(plain, len(query)) <= MAX_QUERY_BYTES >= len(urlencode(query, doseq=True, errors="surrogatepass"))


def from_query(
    query: Mapping[str, str | Sequence[str]], known: Mapping[str, tuple[str, str]] | None = None
) -> tuple[Experiment, tuple[str, ...]]:
    """The experiment in a link, and a sentence for each part that was not used; those fields keep their default.

    Takes one text or a list of texts for each name, and the sequences that are ``known`` by their fingerprints, each
    with its kind. Never raises.
    """
    if not _fits(query):
        return Experiment(), (f"The link has more than {MAX_QUERY_BYTES} bytes: nothing in it is used.",)
    given: dict[str, Any] = {}
    notes, sequence = [], ""  # the name under which the sequence stands
    if unknown := [key for key in query if key not in _LINK]:
        named = ", ".join(map(quoted, unknown[:3])) + (f" and {len(unknown) - 3} more" if len(unknown) > 3 else "")
        near = get_close_matches(unknown[0][:MAX_QUOTE], _LINK, 1)
        nearest = f"; the nearest is {near[0]}" if near else ""
        notes.append(f"In the link, no setting is called {named}{nearest}.")
    for key, name in _LINK.items():
        texts = query.get(key, ())
        text, *others = (texts,) if isinstance(texts, str) else texts or (None,)
        if text is None:
            continue
        if others:
            notes.append(f"In the link, {key}= stands {len(texts)} times and is not used: once is expected.")
        elif name in given:
            notes.append(f"In the link, {key}= is not used: it stands beside {sequence}=, and one is expected.")
        elif key == MISSING and text not in (known or {}):
            notes.append("The sequence was too long for this link and is missing in it: another stands in its place.")
        else:
            try:
                given |= _read(key, text, known or {})
            except REFUSALS:
                expected = "a packed sequence" if key == PACKED else SETTINGS[name].expected
                notes.append(f"In the link, {key}={_shown(text)} is not used: {expected} is expected.")
                continue
            sequence = key if name == "text" else sequence
            if "\ufffd" in text:
                notes.append(f"In the link, {key}={_shown(text)} may have lost a character where � stands.")
    weights = given.get("weights", "")
    if clash := _clash(weights, given.get("kind", _usual(weights).kind)):
        notes.append(f"In the link, weights={_shown(given.pop('weights'))} is not used: {clash}.")
    experiment = dataclasses.replace(_usual(given.get("weights", "")), **given)
    for name, value in _fixed(experiment.weights).items():
        if given.get(name, value) != value:
            setting = SETTINGS[name]
            came, used = (_shown(setting.write(each)) for each in (given[name], value))
            notes.append(f"In the link, {setting.key}={came} is not used: with weights={_shown(weights)} it is {used}.")
    return experiment, tuple(notes)


def _read(key: str, text: str, known: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """Field -> value of one part of a link, or one of REFUSALS."""
    name = _LINK[key]
    if name != "text":
        return {name: SETTINGS[name].check(SETTINGS[name].read(text))}
    kind, text = unpack(text) if key == PACKED else known[text] if key == MISSING else (key, text)
    return {"kind": kind, "text": SETTINGS["text"].check(text)}


def _shown(value: object) -> str:
    """What came, short and visible, for a sentence."""
    if isinstance(value, str):
        return quoted(value) + (f" ({grouped(len(value))} characters)" if len(value) > MAX_QUOTE else "")
    try:
        return quoted(reprlib.repr(value))[1:-1].replace("␣", " ")
    except ValueError:  # an integer of thousands of digits
        return quoted(value)
