"""What each field of an Experiment may be: read here by its checks, by the form in a link and by the widgets."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any

import numpy as np

from gru_viz.cells import cell_names
from gru_viz.handset import HAND_SET
from gru_viz.labels import grouped
from gru_viz.sequences import KINDS, MAX_FILE, MAX_STEPS, number_text, read_number

MAX_BIASES = 16
MAX_REPLACED = 1_700  # characters: a row of 64 numbers with all their digits
MAX_BIAS = 10.0
MAX_HIDDEN = 64
# The ready experiments of gru_viz.examples; "" when none was chosen.
EXAMPLE_NAMES = (
    "", "who_keeps_the_name", "half_open", "a_little_bias", "plain_rnn_remembers", "until_something_arrives",
    "theorys_line", "exploding", "memory_without_gradient", "counting_brackets", "latching_a_flag", "two_grus",
    "the_price",
)  # fmt: skip
MAX_UNITS = 6  # drawn as lines at once
KEEP_CHOICES = {bias: f"{100 / (1 + math.exp(-bias)):.0f} %" for bias in (0.0, 1.0, 2.0, 3.0)}
SCHEMES = ("uniform", "orthogonal")
# Shared: a variant has the weights of the cell that it is a variant of, and not its own.
WEIGHTS = {"random": "Random", "shared": "Random, shared by variants"} | {
    name: f"{own.title}, hand-set" for name, own in HAND_SET.items()
}

REFUSALS = (KeyError, OverflowError, TypeError, ValueError)  # what the functions of a Setting raise


@dataclass(frozen=True)
class Setting:
    """What one field of an Experiment may be, and how a link writes it."""

    key: str  # its name in a link
    label: str  # its name on a page and in sentences
    expected: str  # what is allowed, in words
    check: Callable[[Any], Any]  # any value -> the same in its one form, or one of REFUSALS
    read: Callable[[str], Any] = str  # the text in a link -> a value to check, or one of REFUSALS
    write: Callable[[Any], str] = str  # a checked value -> the text in a link
    limits: tuple[float, float] = (-math.inf, math.inf)  # of a number, both allowed
    options: tuple[Any, ...] = ()  # of a choice
    view: bool = False  # chooses what is shown, and changes no number of the run


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
    expected = f"a whole number from {grouped(low)} to {grouped(high)}"
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

    return Setting(key, label, f"a text of at most {grouped(longest)} whole characters", check)


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


_unit = _within(1, MAX_HIDDEN, Integral)


def _check_units(value: Any) -> tuple[int, ...]:
    if not isinstance(value, tuple | list) or not 1 <= len(value) <= MAX_UNITS or len(set(value)) < len(value):
        raise ValueError
    return tuple(sorted(map(_unit, value)))


def _read_units(text: str) -> tuple[int, ...]:
    return tuple(map(_read_whole, text.split(",")))


def _write_units(units: tuple[int, ...]) -> str:
    return ",".join(map(str, units))


def _view(setting: Setting) -> Setting:
    return replace(setting, view=True)


_KEPT = f"one of {', '.join(map(number_text, KEEP_CHOICES))}, for {', '.join(KEEP_CHOICES.values())},"
_FOCUS = f"one of {', '.join(cell_names())}"
_CELLS = f"one or more of {', '.join(cell_names())}, each once,"
_BIASES = f"up to {MAX_BIASES} gates, each once with a number from {-MAX_BIAS:g} to {MAX_BIAS:g}, as in f:1,z:-2,"
_UNITS = f"1 to {MAX_UNITS} different whole numbers from 1 to {MAX_HIDDEN}, as in 1,4,"
SETTINGS = {
    "kind": _choice("", "Kind of sequence", KINDS),  # in a link it is the name under which the text stands
    "text": _text("text", "Sequence", MAX_FILE),
    "cells": Setting("cells", "Compare", _CELLS, _check_cells, lambda text: text.split(","), ",".join),
    "hidden_size": _whole("hidden", "Hidden units", 1, MAX_HIDDEN),
    "keep": replace(_choice("keep", "Gates start by keeping", KEEP_CHOICES, number_text), expected=_KEPT),
    "seed": _whole("seed", "Seed", 0, 2**32 - 1),
    "scheme": _choice("scheme", "Scheme", SCHEMES),
    "recurrent_gain": _real("gain", "Recurrent gain", 0.0, 4.0),
    "input_gain": _real("input_gain", "Input gain", 0.0, 16.0),
    "biases": Setting("bias", "Separate biases", _BIASES, _check_biases, _read_biases, _write_biases),
    "replace": _text("replace", "Replace", MAX_REPLACED),
    "by": _text("by", "By", MAX_REPLACED),
    "curve": _view(_choice("curve", "Gradient by", ("state", "parts", "input"))),
    "luck": _view(_choice("luck", "Is this luck?", (False, True), "{:d}".format)),
    "weights": _choice("weights", "Weights", WEIGHTS),
    "step": _view(_whole("step", "Step", 0, MAX_STEPS)),
    "unit": _view(_whole("unit", "Unit", 1, MAX_HIDDEN)),
    "backward": _view(_choice("backward", "Backward", (False, True), "{:d}".format)),
    "focus": _view(replace(_choice("focus", "Cell", ("", *cell_names())), expected=_FOCUS)),
    "units": _view(Setting("units", "Units", _UNITS, _check_units, _read_units, _write_units)),
    "basis": _view(_choice("basis", "Directions", ("own", "shared"))),
    "held": _view(_text("held", "Input held", 200)),
    "loss": _view(_choice("loss", "Loss", ("last", "target", "every"))),
    "target": _view(_real("target", "Target", -2.0, 2.0)),
    "norm": _view(_choice("norm", "Norm of", ("state", "parts", "input", "jacobian"))),
    "share": _view(_choice("share", "Share that counts as reached", (0.1, 0.01, 0.001, 1e-6), number_text)),
    "clip": _view(_real("clip", "Clip at norm", 0.0, 1000.0)),
    "tab": _view(_choice("tab", "Tab", ("what_if", "gains", "spectra", "horizon", "memory"))),
    "example": _view(replace(_choice("example", "Example", EXAMPLE_NAMES), expected="the name of a ready example")),
    "predict": _view(_choice("predict", "Predict first", (False, True), "{:d}".format)),
    "projector": _view(_choice("projector", "Projector", (False, True), "{:d}".format)),
}
