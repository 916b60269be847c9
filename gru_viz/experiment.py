"""One experiment = the sidebar, the cache key, the share link, and what a test builds.

`settings.SETTINGS` says what each field may be.
"""

from __future__ import annotations

import dataclasses
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlencode

from gru_viz.errors import InputError
from gru_viz.handset import HAND_SET
from gru_viz.labels import MAX_QUOTE, quoted
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
    focus: str = "gru"  # the cell in view, where a page shows one
    units: tuple[int, ...] = (1, 2, 3)  # drawn as lines
    basis: str = "own"  # principal directions of each cell, or of all together
    held: str = ""  # the token whose input is held constant in a phase portrait; none: the input 0
    loss: str = "last"  # what the Gradients page differentiates: the sum of the last h, of every h, or a distance
    target: float = 0.5  # of each unit of the last h, where the loss is a squared distance
    norm: str = "state"  # what the Gradients page draws
    share: float = 0.01  # of the last step's norm, down to which a gradient reaches
    clip: float = 1.0  # the norm of all parameters' gradient above which it would be clipped

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
    usual = Experiment()
    return dataclasses.replace(
        experiment, **{name: getattr(usual, name) for name, setting in SETTINGS.items() if setting.view}
    )


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


# Name in a link -> field; the text stands under the name of its kind, `text=` or `numbers=`.
_LINK = dict.fromkeys(KINDS, "text") | {setting.key: name for name, setting in SETTINGS.items() if name != "kind"}

# The form in a link --------------------------------------------------------------------------------------------------


def to_query(experiment: Experiment) -> dict[str, str]:
    """Name -> text for what differs from the default; equal experiments give equal links."""
    usual, query = Experiment(), {}
    for key, name in _LINK.items():
        if key in KINDS and key != experiment.kind:
            continue
        value = getattr(experiment, name)
        if value != getattr(usual, name) or (key in KINDS and key != usual.kind):
            query[key] = SETTINGS[name].write(value)
    return query


def link_fits(experiment: Experiment) -> bool:
    """Whether `from_query` would read the experiment's link."""
    return _fits(to_query(experiment))


def _fits(query: Mapping[str, str | Sequence[str]]) -> bool:
    plain = sum(len(key) + sum(map(len, texts)) for key, texts in query.items())  # before any work is done
    return max(plain, len(query)) <= MAX_QUERY_BYTES >= len(urlencode(query, doseq=True, errors="surrogatepass"))


def from_query(query: Mapping[str, str | Sequence[str]]) -> tuple[Experiment, tuple[str, ...]]:
    """The experiment in a link, and a sentence for each part that was not used; those fields keep their default.

    Takes one text or a list of texts for each name. Never raises.
    """
    if not _fits(query):
        return Experiment(), (f"The link has more than {MAX_QUERY_BYTES:,} bytes: nothing in it is used.",)
    given: dict[str, Any] = {}
    notes = []
    if unknown := [key for key in query if key not in _LINK]:
        named = ", ".join(map(quoted, unknown[:3])) + (f" and {len(unknown) - 3:,} more" if len(unknown) > 3 else "")
        near = get_close_matches(unknown[0][:MAX_QUOTE], _LINK, 1)
        nearest = f"; the nearest is {near[0]}" if near else ""
        notes.append(f"In the link, no setting is called {named}{nearest}.")
    for key, name in _LINK.items():
        texts = query.get(key, ())
        text, *others = (texts,) if isinstance(texts, str) else texts or (None,)
        setting = SETTINGS[name]
        if text is None:
            continue
        if others:
            notes.append(f"In the link, {key}= stands {len(texts):,} times and is not used: once is expected.")
        elif name in given:
            notes.append(f"In the link, {key}= is not used: it stands beside {given['kind']}=, and one is expected.")
        else:
            try:
                given[name] = setting.check(setting.read(text))
            except REFUSALS:
                notes.append(f"In the link, {key}={_shown(text)} is not used: {setting.expected} is expected.")
                continue
            given |= {"kind": key} if key in KINDS else {}
            if "\ufffd" in text:
                notes.append(f"In the link, {key}={_shown(text)} may have lost a character where � stands.")
    weights = given.get("weights", "")
    if clash := _clash(weights, given.get("kind", Experiment.kind)):
        notes.append(f"In the link, weights={_shown(given.pop('weights'))} is not used: {clash}.")
    experiment = Experiment(**given)
    for name, value in _fixed(experiment.weights).items():
        if given.get(name, value) != value:
            setting = SETTINGS[name]
            came, used = (_shown(setting.write(each)) for each in (given[name], value))
            notes.append(f"In the link, {setting.key}={came} is not used: with weights={_shown(weights)} it is {used}.")
    return experiment, tuple(notes)


def _shown(value: object) -> str:
    """What came, short and visible, for a sentence."""
    if isinstance(value, str):
        return quoted(value) + (f" ({len(value):,} characters)" if len(value) > MAX_QUOTE else "")
    try:
        return quoted(reprlib.repr(value))[1:-1].replace("␣", " ")
    except ValueError:  # an integer of thousands of digits
        return quoted(value)
