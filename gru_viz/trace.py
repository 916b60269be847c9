"""What a run leaves behind: every value of every step, and anything that can be said in the cell's names.

The alphabet of shapes: T time, B batch, I input, H hidden. Arrays of a trace are read-only.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from gru_viz.bulk import Bulk
from gru_viz.cells import Cell
from gru_viz.equations import parse_expression
from gru_viz.errors import InputError, check_kind, shown
from gru_viz.graph import Array, Graph, Node


def read_only(array: Array) -> Array:
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True)
class ByName(Mapping[str, Array]):
    """Read-only arrays under the names of the states."""

    arrays: Mapping[str, Array]

    def __getitem__(self, name: str) -> Array:
        if not isinstance(name, str) or name not in self.arrays:
            raise InputError(f"There is no {shown(name)} here; there are {', '.join(self.arrays)}.")
        return read_only(self.arrays[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)


@dataclass(frozen=True, eq=False)
class Trace:
    """A cell's run over a sequence. ``trace["z"]`` is a named value at every step, (T, H) or (T, B, H).

    ``trace["h"]`` is the state after each step, ``trace.before["h"]`` the one before; ``trace["x"]`` is the input as
    given, (T, I) or (T, B, I). Made by ``run``.
    """

    cell: Cell
    params: Mapping[str, Array]
    inputs: Array = field(repr=False)
    states: Mapping[str, Array] = field(repr=False)  # (T + 1, *lead, H): from the state before the first step on
    recorded: Mapping[Node, Array] = field(repr=False)
    sweep: bool  # each batch row has parameters of its own

    @functools.cached_property
    def steps(self) -> int:
        """T"""
        return len(self.inputs)

    @functools.cached_property
    def lead(self) -> tuple[int, ...]:
        """() or (B,): the axes between time and units."""
        return self.states["h"].shape[1:-1]

    @functools.cached_property
    def hidden_size(self) -> int:
        """H"""
        return self.states["h"].shape[-1]

    @functools.cached_property
    def one_hot(self) -> bool:
        """Whether the input of every step is a single 1 among zeros."""
        x = self.inputs
        return x.shape[-1] > 1 and bool(np.isin(x, (0.0, 1.0)).all() and (x.sum(axis=-1) == 1.0).all())

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """What ``trace[…]`` knows: the input and all that the equations define."""
        return ("x", *self.cell.names)

    @property
    def before(self) -> ByName:
        """By name the states before each step, (T, H) or (T, B, H)."""
        return ByName({name: values[:-1] for name, values in self.states.items()})

    def __getitem__(self, name: str) -> Array:
        if not isinstance(name, str) or name not in self.names:
            raise InputError(f"{self.cell.name} has no value {shown(name)}; its values are {', '.join(self.names)}.")
        if name == "x":
            return self.inputs
        if name in self.states:
            return self.states[name][1:]
        node = self.cell.graph.values[name]
        found = self.recorded.get(node)
        if found is None:
            return read_only(self._every_step(self.bulk()[node]))
        found.setflags(write=False)  # the run is over
        return found

    def value(self, expression: str) -> Array:
        """Any expression of the cell's names at every step, such as ``r * h`` or ``W_z @ x + U_z @ h + b_z``.

        The names mean what they mean in the equations: h is the state before the step, h' the one after it.
        (T, H) or (T, B, H). Raises EquationError.
        """
        check_kind(expression, str, "expression", "a text such as 'r * h'")
        graph = Graph(self.cell.graph)
        node = graph.lower(parse_expression(expression, self.cell.equations))
        return read_only(self._every_step(self.bulk()[node]))

    def bulk(self) -> Bulk:
        """Evaluates nodes of the cell's graph, or of a child of it, for all steps."""
        return Bulk(self.recorded, self.params, self.sweep)

    def _every_step(self, values: Array) -> Array:
        return np.broadcast_to(values, (self.steps, *self.lead, self.hidden_size))


A_RUN = (Trace, "trace", "what gru_viz.run returns")  # for check_kind
