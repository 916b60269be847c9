"""What a run's gates did: which there are and what part each plays, how they moved, where they stayed, what they keep.

The alphabet: T steps, H hidden units. Candidates and states are no gates, also where they are a sigmoid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gru_viz.cells import Cell
from gru_viz.graph import reachable
from gru_viz.roles import CANDIDATE, KEEP, STATE, WRITE, complement
from gru_viz.trace import Trace

SHUT, OPEN = 0.1, 0.9  # below and above these a gate counts as saturated
FLAT = 0.9  # the size of a tanh above which its slope, 1 - tanh², is below 0.19
_SWAPPED = {KEEP: WRITE, WRITE: KEEP}


@dataclass(frozen=True, eq=False)
class Gate:
    """One gate over a run, or one minus a gate where the equations use that too."""

    cell: Cell
    name: str  # as in the equations; "1−z" for one minus z
    role: str  # one of gru_viz.roles.ROLES
    values: np.ndarray  # (T, H), each from 0 to 1
    is_complement: bool = False

    @property
    def keeps(self) -> bool:
        return self.role == KEEP

    @property
    def moves(self) -> np.ndarray:
        """(T - 1,): by how much a unit's gate changed on average from each step to the next, up or down."""
        return np.abs(np.diff(self.values, axis=0)).mean(axis=1)

    @property
    def shut(self) -> np.ndarray:
        """(H,): the share of steps below SHUT."""
        return (self.values < SHUT).mean(axis=0)

    @property
    def open(self) -> np.ndarray:
        """(H,): the share of steps above OPEN."""
        return (self.values > OPEN).mean(axis=0)

    @property
    def half_lives(self) -> np.ndarray:
        """(H,): the steps after which the product of a gate that keeps falls to a half, log 0.5 / mean log of the gate.

        ∞ where it is exactly 1 at every step, 0 where it is exactly 0 at one. It is the direct path from a state to
        itself and no bound of the gradient, which has the paths through gates and candidates too.
        """
        with np.errstate(divide="ignore"):
            return np.log(2) / np.abs(np.log(self.values).mean(axis=0))


def gates(ran: Trace) -> tuple[Gate, ...]:
    """The gates of one run in the order of the equations; one minus a gate that keeps or writes beside it.

    One minus a gate swaps keep and write. It is given where the equations use it without a name of its own.
    """
    cell = ran.cell
    names = {cell.node(name): name for name in cell.gates if cell.roles[name] not in (CANDIDATE, STATE)}
    nodes = reachable(cell.node(state) for state in cell.states)
    named = {complement(node) for node in names}
    turned = {complement(node) for node in nodes if node not in names} - named
    found = []
    for node, name in names.items():
        role, values = cell.roles[name], ran[name]
        found.append(Gate(cell, name, role, values))
        if node in turned and role in _SWAPPED:
            found.append(Gate(cell, f"1−{name}", _SWAPPED[role], 1.0 - values, is_complement=True))
    return tuple(found)


def flat_share(ran: Trace) -> float | None:
    """The share of all steps and units at which a state that is a tanh stands near ±1; None where no state is one."""
    squashed = [ran[state] for state in ran.cell.states if ran.cell.node(state).op == "tanh"]
    return float(np.mean(np.abs(squashed) > FLAT)) if squashed else None
