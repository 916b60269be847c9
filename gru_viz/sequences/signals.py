"""Ready signals: each is a name, a length and a seed, written "noise 40 0", and says in one sentence what it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gru_viz.errors import InputError
from gru_viz.labels import grouped, quoted
from gru_viz.sequences.base import MAX_STEPS, Sequence, typed
from gru_viz.sequences.numbers import number_sequence
from gru_viz.sequences.texts import text_sequence

PERIOD = 20  # steps of a sine or square wave
DECIMALS = 4  # of every number that is not whole: the same on every machine
MAX_SEED = 2**32 - 1


@dataclass(frozen=True)
class Signal:
    """``make(steps, rng)`` returns (T,) or (T, I) numbers, or T tokens."""

    title: str
    does: str  # what it is, in one sentence
    make: Callable[[int, np.random.Generator], np.ndarray | tuple[str, ...]]
    channels: tuple[str, ...] = ()  # their names, where there are several
    by_chance: bool = False  # its seed changes it
    least: int = 1  # steps


def _impulse(steps: int, rng: np.random.Generator) -> np.ndarray:
    return (np.arange(steps) == 0).astype(float)


def _step(steps: int, rng: np.random.Generator) -> np.ndarray:
    return (np.arange(steps) >= steps // 2).astype(float)


def _sine(steps: int, rng: np.random.Generator) -> np.ndarray:
    return np.sin(2 * np.pi * (np.arange(steps) % PERIOD) / PERIOD)


def _square(steps: int, rng: np.random.Generator) -> np.ndarray:
    return np.where(np.arange(steps) % PERIOD < PERIOD // 2, 1.0, -1.0)


def _noise(steps: int, rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal(steps)


def _recall(steps: int, rng: np.random.Generator) -> np.ndarray:
    rows = np.zeros((steps, 2))
    rows[0, 0], rows[-1, 1] = rng.uniform(-1, 1), 1.0
    return rows


def _adding(steps: int, rng: np.random.Generator) -> np.ndarray:
    """After S. Hochreiter and J. Schmidhuber, Long Short-Term Memory (1997), experiment 4, with numbers from 0 to 1."""
    marked = np.zeros(steps)
    half = steps // 2
    values, first, second = rng.uniform(0, 1, steps), rng.integers(0, half), rng.integers(half, steps)
    marked[[first, second]] = 1.0
    return np.stack([values, marked], axis=1)


def _brackets(steps: int, rng: np.random.Generator) -> tuple[str, ...]:
    tokens: list[str] = []
    still_open: list[str] = []
    for left in range(steps, 0, -1):
        if len(still_open) < left and (not still_open or rng.random() < 0.5):
            tokens.append("(["[rng.integers(2)])
            still_open.append({"(": ")", "[": "]"}[tokens[-1]])
        else:
            tokens.append(still_open.pop())
    return tuple(tokens)


SIGNALS = {
    "impulse": Signal("Impulse", "1 at the first step, and then silence: 0.", _impulse),
    "step": Signal("Step", "0 for the first half, and then 1.", _step),
    "sine": Signal("Sine", f"A sine wave between −1 and 1 with a period of {PERIOD} steps.", _sine),
    "square": Signal("Square", f"1 for {PERIOD // 2} steps, −1 for {PERIOD // 2} steps, and so on.", _square),
    "noise": Signal("Noise", "Independent random numbers, normal with mean 0 and variance 1.", _noise, by_chance=True),
    "recall": Signal(
        "Delayed recall",
        "A random number from −1 to 1 at the first step, silence, and at the last step a cue: what was the number?",
        _recall, ("value", "cue"), by_chance=True, least=2,
    ),
    "adding": Signal(
        "Adding problem",
        "Random numbers from 0 to 1, of which two are marked, one in each half: what is their sum?",
        _adding, ("value", "marker"), by_chance=True, least=2,
    ),
    "brackets": Signal(
        "Nested brackets",
        "Random brackets, round and square, each closed by its own kind; one stays open where the length is odd.",
        _brackets, by_chance=True,
    ),
}  # fmt: skip


def signal_text(name: str, steps: int, seed: int) -> str:
    """How a signal is written; a seed that changes nothing is 0."""
    return f"{name} {steps} {seed if SIGNALS[name].by_chance else 0}"


def read_signal(text: str) -> tuple[str, int, int]:
    """(name, steps, seed) of a signal as written. Raises InputError."""
    example = "as in noise 40 0"
    parts = typed(text, "The signal", f"name, {example}", longest=100).split()
    if len(parts) != 3:
        raise InputError(f"The signal is {quoted(text.strip())}: a name, a length and a seed are expected, {example}.")
    name, steps, seed = parts
    if name not in SIGNALS:
        raise InputError(f"The signal is called {quoted(name)}: one of {', '.join(SIGNALS)} is expected.")
    for what, written, low, high in (
        ("length", steps, SIGNALS[name].least, MAX_STEPS),
        ("seed", seed, 0, MAX_SEED),
    ):
        if not re.fullmatch("[0-9]{1,10}", written) or not low <= int(written) <= high:
            allowed = f"a whole number from {grouped(low)} to {grouped(high)}"
            raise InputError(f"The {what} of the signal is {quoted(written)}: {allowed} is expected.")
    return name, int(steps), int(seed)


def from_signal(text: str) -> Sequence:
    """A signal as it is written: its name, its length from 1 to 2,000 steps, and its seed. Raises InputError."""
    name, steps, seed = read_signal(text)
    signal = SIGNALS[name]
    made = signal.make(steps, np.random.default_rng(seed))
    if isinstance(made, tuple):
        return text_sequence(made)
    return number_sequence(made.reshape(steps, -1).round(DECIMALS), signal.channels)
