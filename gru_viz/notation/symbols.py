"""Names and numbers as text books set them: what a name is made of, and to which moment it belongs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gru_viz.equations import Equations
from gru_viz.theme import number

NOW, BEFORE, ALWAYS = "now", "before", "always"  # h_t, h_{t-1}, and a parameter, which has no step

# Without omicron and upsilon, which look like Latin letters, and without sigma, which is the function.
GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "tau": "τ",
    "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
}  # fmt: skip


@dataclass(frozen=True)
class Symbol:
    """A name, taken apart: W_z is W with the subscript z. ``moment`` is NOW, BEFORE or ALWAYS."""

    text: str  # as in the equations, with its prime
    base: str
    subscripts: tuple[str, ...]
    moment: str


@dataclass(frozen=True)
class Names:
    """Which names of a cell are states, and which are values of a step; all others are parameters."""

    states: frozenset[str]
    values: frozenset[str]

    @classmethod
    def of(cls, equations: Equations) -> Names:
        values = frozenset(line.name for line in equations.lines if not line.primed)
        return cls(frozenset(equations.states), values | {"x"})

    def symbol(self, name: str, primed: bool = False) -> Symbol:
        moment = ALWAYS
        if primed or name in self.values:
            moment = NOW
        elif name in self.states:
            moment = BEFORE
        return Symbol(name + "'" * primed, *_parts(name), moment)


def _parts(name: str) -> tuple[str, tuple[str, ...]]:
    """(base, subscripts), so that two names never look alike.

    What cannot be taken apart stays whole: b_ and _, and b_t, which would read as the value b at the step t.
    """
    base, *subscripts = name.split("_")
    if "" in (base, *subscripts) or subscripts[-1:] == ["t"]:
        return name, ()
    return base, tuple(subscripts)


@dataclass(frozen=True)
class Digits:
    """A number as it is written: a sign, a mantissa and, where it has one, a power of ten."""

    negative: bool
    mantissa: str  # "∞" and "not a number" too
    exponent: int | None = None

    @classmethod
    def exact(cls, value: float) -> Digits:
        """As it stands in an equation: 1, 0.5, 1e-8."""
        mantissa, _, exponent = repr(abs(value)).partition("e")
        negative = math.copysign(1.0, value) < 0
        return cls(negative, mantissa.removesuffix(".0"), int(exponent) if exponent else None)

    @classmethod
    def shown(cls, value: float, digits: int = 3) -> Digits:
        """In the format of ``gru_viz.theme.number``."""
        text = number(value, digits)
        mantissa, _, power = text.removeprefix("−").partition("·10")
        exponent = int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))) if power else None
        return cls(text.startswith("−"), mantissa, exponent)
