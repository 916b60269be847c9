"""Hand-set weights: small networks whose gates open on purpose, as data. What they promise is proved in the tests.

Gates are driven to ±800, where float64 leaves no doubt: sigmoid(800) is 1.0, and sigmoid(-800), truly 10⁻³⁴⁸, is 0.0.
What such a gate keeps is kept to the last bit. And tanh(20) is 1.0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gru_viz.cells import cell
from gru_viz.equations import INPUT_MATRIX
from gru_viz.errors import InputError, check_kind, shown, texts
from gru_viz.labels import quoted
from gru_viz.parameters import Parameters, check_sizes, parameter_shapes

OPEN, SHUT = 800.0, -800.0  # what stands in the sigmoid of a gate
SWITCH = OPEN - SHUT  # what opens a gate that is shut
FULL = 20.0  # what stands in the tanh of a candidate that is 1


@dataclass(frozen=True)
class HandSet:
    """Weights that somebody thought of. Everything that is not named in them is 0, also the columns of other tokens."""

    name: str
    title: str
    does: str  # what it does, to follow the title
    cell: str
    kind: str  # of the sequence that it reads
    units: tuple[str, ...]  # H: what each is there for
    inputs: Mapping[str, Mapping[str, Sequence[float]]] = field(hash=False)  # W -> token or channel -> column (H,)
    recurrent: Mapping[str, Sequence[Sequence[float]]] = field(default_factory=dict, hash=False)  # U -> (H, H)
    vectors: Mapping[str, Sequence[float]] = field(default_factory=dict, hash=False)  # b -> (H,)
    text: str = ""  # a sequence that shows it
    replace: str = ""  # … and a part of it …
    by: str = ""  # … whose replacement shows it too
    source: str = ""

    @property
    def badge(self) -> str:
        return f"hand-set weights: {self.title.lower()}"

    @property
    def hidden_size(self) -> int:
        return len(self.units)

    @property
    def reads(self) -> tuple[str, ...]:
        """The tokens or channels whose columns are not 0, each once."""
        return tuple(dict.fromkeys(token for columns in self.inputs.values() for token in columns))

    def params(self, input_names: Sequence[str] | None = None) -> Parameters:
        """Name -> array, (H, I), (H, H) or (H,), as ``run`` takes them; without names the columns are ``reads``."""
        names = self.reads if input_names is None else texts(input_names, "input_names")
        check_sizes(len(names), self.hidden_size)
        of, silent = cell(self.cell), np.zeros(self.hidden_size)
        params = {}
        for name, shape in parameter_shapes(of, len(names), self.hidden_size).items():
            if of.parameters[name] == INPUT_MATRIX:
                columns = self.inputs.get(name, {})
                params[name] = np.stack([np.asarray(columns.get(token, silent), float) for token in names], axis=1)
            else:
                given = self.recurrent.get(name, self.vectors.get(name))
                params[name] = np.zeros(shape) if given is None else np.array(given, dtype=float)
        return params

    def unread(self, tokens: Sequence[str]) -> tuple[str, ...]:
        """The tokens that count as silence, each once. Of numbers there is none."""
        return tuple(dict.fromkeys(token for token in tokens if self.kind == "text" and token not in self.reads))

    def notice(self, tokens: Sequence[str]) -> str:
        """What a page says of tokens that count as silence; nothing where there is none."""
        unread = self.unread(tokens)
        if not unread:
            return ""
        reads = f"The {self.title.lower()} reads {' '.join(self.reads)}"
        if self.is_silence(tokens):
            return f"{reads}, and the sequence holds none of them: each of its steps counts as silence."
        named = ", ".join(map(quoted, unread[:3])) + (f" and {len(unread) - 3} more" if len(unread) > 3 else "")
        verb = "counts" if len(unread) == 1 else "count"
        return f"{reads}; {named} {verb} as silence."

    def is_silence(self, tokens: Sequence[str]) -> bool:
        """Whether it reads none of them."""
        return len(self.unread(tokens)) == len(set(tokens))


_ROUND, _SQUARE, _BOTH = (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)


def _times(factor: float, column: Sequence[float]) -> tuple[float, ...]:
    return tuple(factor * value for value in column)


COUNTER = HandSet(
    name="counter",
    title="Bracket counter",
    does="counts in c how many brackets are open: unit 1 the round ones, unit 2 the square ones",
    cell="lstm",
    kind="text",
    units=("open (", "open ["),
    # f and o are always open. g is -1 at a bracket that closes, else 1: other letters do not count as i is shut.
    inputs={
        "W_i": {"(": _times(SWITCH, _ROUND), ")": _times(SWITCH, _ROUND)}
        | {"[": _times(SWITCH, _SQUARE), "]": _times(SWITCH, _SQUARE)},
        "W_g": {")": _times(-2 * FULL, _ROUND), "]": _times(-2 * FULL, _SQUARE)},
    },
    vectors={
        "b_f": _times(OPEN, _BOTH),
        "b_o": _times(OPEN, _BOTH),
        "b_i": _times(SHUT, _BOTH),
        "b_g": _times(FULL, _BOTH),
    },
    text="f(x, [a, (b + c)], g(y[0]), z)",
    replace="f(",
    by="f[",
)

LATCH = HandSet(
    name="latch",
    title="Flag latch",
    does="holds the digit that came after the last !, as a tenth of it, whatever other digits come",
    cell="gru",
    kind="text",
    units=("there was a ! just now", "the digit, divided by 10"),
    # Unit 1 is always written: 1 after a !, else 0. It opens the update gate of unit 2 for one step.
    inputs={"W_n": {"!": (FULL, 0.0), **{str(digit): (0.0, math.atanh(digit / 10)) for digit in range(10)}}},
    recurrent={"U_z": ((0.0, 0.0), (SWITCH, 0.0))},
    vectors={"b_z": (OPEN, SHUT), "b_r": (OPEN, OPEN)},
    text="3141!7592653589793238462643383279",
    replace="!7",
    by="!2",
)

SIGN = HandSet(
    name="sign",
    title="Sign keeper",
    does="keeps the sign of a 1 for ever: numbers up to 0.4 do not disturb it, and from 1.5 on they set it anew",
    cell="rnn",
    kind="numbers",
    units=("holds up the other", "holds up the other"),
    inputs={"W_h": {"0": (3.0, 3.0)}},
    recurrent={"U_h": ((0.0, 3.0), (3.0, 0.0))},
    text="1" + " 0" * 40,
    replace="1",
    by="-1",
    source="after Y. Bengio, P. Simard and P. Frasconi, Learning Long-Term Dependencies with Gradient Descent Is "
    "Difficult, IEEE Transactions on Neural Networks 5 (1994): what is latched for good has no gradient",
)

HAND_SET = {each.name: each for each in (COUNTER, LATCH, SIGN)}


def hand_set(name: str) -> HandSet:
    """The hand-set weights of that name."""
    check_kind(name, str, "name", "the name of hand-set weights, such as 'counter',")
    if name not in HAND_SET:
        raise InputError(f"There are no hand-set weights {shown(name)}; there are {', '.join(HAND_SET)}.")
    return HAND_SET[name]
