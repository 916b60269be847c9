"""One experiment = the sidebar, the cache key, the share link, and what a test builds.

SETTINGS says once what each field may be; the checks, the form in a link and the sidebar read it there.
"""

from __future__ import annotations

import dataclasses
import math
import re
import reprlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any
from urllib.parse import urlencode

import numpy as np

from gru_viz.cells import cell_names
from gru_viz.errors import InputError
from gru_viz.handset import HAND_SET
from gru_viz.labels import MAX_QUOTE, quoted
from gru_viz.sequences import KINDS, MAX_CHARACTERS, number_text, read_number

MAX_QUERY_BYTES = 4_096
MAX_BIASES = 16
MAX_BIAS = 10.0
KEEP_CHOICES = {bias: f"{100 / (1 + math.exp(-bias)):.0f} %" for bias in (0.0, 1.0, 2.0, 3.0)}
SCHEMES = ("uniform", "orthogonal")
# Shared: a variant has the weights of the cell that it is a variant of, and not its own.
WEIGHTS = {"random": "Random", "shared": "Random, shared by variants"} | {
    name: f"{own.title}, hand-set" for name, own in HAND_SET.items()
}


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

    def __post_init__(self) -> None:
        for name, setting in SETTINGS.items():
            value = getattr(self, name)
            try:
                object.__setattr__(self, name, setting.check(value))
            except _REFUSALS:
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


# What each field may be ----------------------------------------------------------------------------------------------

_REFUSALS = (KeyError, OverflowError, TypeError, ValueError)  # what the functions of a Setting raise


@dataclass(frozen=True)
class Setting:
    """What one field of an Experiment may be, and how a link writes it."""

    key: str  # its name in a link
    label: str  # its name on a page and in sentences
    expected: str  # what is allowed, in words
    check: Callable[[Any], Any]  # any value -> the same in its one form, or one of _REFUSALS
    read: Callable[[str], Any] = str  # the text in a link -> a value to check, or one of _REFUSALS
    write: Callable[[Any], str] = str  # a checked value -> the text in a link
    limits: tuple[float, float] = (-math.inf, math.inf)  # of a number, both allowed
    options: tuple[Any, ...] = ()  # of a choice


def _within(low: float, high: float, kind: Any = Real) -> Callable[[Any], Any]:
    """Takes a number of that kind, also NumPy's, within the limits; True is no number here, and -0.0 is 0.0."""

    def check(value: Any) -> Any:
        if isinstance(value, bool | np.bool_) or not isinstance(value, kind) or not low <= value <= high:
            raise ValueError
        return int(value) if kind is Integral else float(value) + 0.0

    return check


def _real(key: str, label: str, low: float, high: float) -> Setting:
    expected = f"a number from {low:g} to {high:g}"
    return Setting(key, label, expected, _within(low, high), read_number, number_text, limits=(low, high))


def _whole(key: str, label: str, low: int, high: int) -> Setting:
    expected = f"a whole number from {low:,} to {high:,}"
    return Setting(key, label, expected, _within(low, high, Integral), _read_whole, limits=(low, high))


def _read_whole(text: str) -> int:
    if not re.fullmatch("-?[0-9]{1,20}", text):  # int() would take 1_000 and ١٢
        raise ValueError
    return int(text)


def _choice(key: str, label: str, options: Iterable[Any], write: Callable[[Any], str] = str) -> Setting:
    written = {write(option): option for option in options}
    known = tuple(written.values())

    def check(value: Any) -> Any:
        if isinstance(value, bool | np.bool_) and not isinstance(known[0], bool):  # True == 1.0
            raise TypeError
        return known[known.index(value)]

    return Setting(key, label, f"one of {', '.join(written)}", check, written.__getitem__, write, options=known)


def _text(key: str, label: str, longest: int) -> Setting:
    def check(value: Any) -> str:
        if not isinstance(value, str) or len(value) > longest:
            raise ValueError
        value.encode()  # half a character fits in no link: UnicodeEncodeError, a ValueError
        return str(value)

    return Setting(key, label, f"a text of at most {longest:,} whole characters", check)


def _check_cells(value: Any) -> tuple[str, ...]:
    known = cell_names()
    if not isinstance(value, tuple | list) or not value or len(set(value)) < len(value):
        raise ValueError
    return tuple(known[place] for place in sorted(map(known.index, value)))


_bias = _within(-MAX_BIAS, MAX_BIAS)


def _check_biases(value: Any) -> tuple[tuple[str, float], ...]:
    if not isinstance(value, tuple | list) or len(value) > MAX_BIASES:
        raise ValueError
    biases = {gate: _bias(bias) for gate, bias in value}
    if len(biases) < len(value) or not all(re.fullmatch("[A-Za-z][A-Za-z0-9_]{,19}", gate) for gate in biases):
        raise ValueError
    return tuple(sorted((str(gate), bias) for gate, bias in biases.items()))


def _read_biases(text: str) -> tuple[tuple[str, float], ...]:
    pairs = (pair.partition(":") for pair in text.split(","))
    return tuple((gate, read_number(bias)) for gate, _, bias in pairs)


def _write_biases(biases: tuple[tuple[str, float], ...]) -> str:
    return ",".join(f"{gate}:{number_text(bias)}" for gate, bias in biases)


_CELLS = f"one or more of {', '.join(cell_names())}, each once,"
_BIASES = f"up to {MAX_BIASES} gates, each once with a number from {-MAX_BIAS:g} to {MAX_BIAS:g}, as in f:1,z:-2,"
SETTINGS = {
    "kind": _choice("", "Kind of sequence", KINDS),  # in a link it is the name under which the text stands
    "text": _text("text", "Sequence", MAX_CHARACTERS),
    "cells": Setting("cells", "Compare", _CELLS, _check_cells, lambda text: text.split(","), ",".join),
    "hidden_size": _whole("hidden", "Hidden units", 1, 64),
    "keep": _choice("keep", "Gates start by keeping", KEEP_CHOICES, number_text),
    "seed": _whole("seed", "Seed", 0, 2**32 - 1),
    "scheme": _choice("scheme", "Scheme", SCHEMES),
    "recurrent_gain": _real("gain", "Recurrent gain", 0.0, 4.0),
    "input_gain": _real("input_gain", "Input gain", 0.0, 16.0),
    "biases": Setting("bias", "Separate biases", _BIASES, _check_biases, _read_biases, _write_biases),
    "replace": _text("replace", "Replace", 200),
    "by": _text("by", "By", 200),
    "curve": _choice("curve", "Gradient by", ("state", "parts", "input")),
    "luck": _choice("luck", "Is this luck?", (False, True), "{:d}".format),
    "weights": _choice("weights", "Weights", WEIGHTS),
}
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
        notes.append(f"In the link, no setting is called {named}: the settings are {', '.join(_LINK)}.")
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
            except _REFUSALS:
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
