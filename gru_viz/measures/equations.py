"""What the Equations page measures: one run under two conventions, and how far the numbers are then apart."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from gru_viz.cells import CATALOGUE, Cell, cell
from gru_viz.conventions import ROUNDING, negated_parameters, swap_z, update_gates
from gru_viz.engine import run
from gru_viz.equations import RECURRENT_MATRIX, VECTOR
from gru_viz.experiment import Experiment, without_view
from gru_viz.gradients import GradientFlow, backpropagate
from gru_viz.grammar import MatrixProduct, Name, walk
from gru_viz.graph import Array
from gru_viz.layouts import SYSTEMS, Layout, find_layout
from gru_viz.roles import LOOK_BACK
from gru_viz.runs import cells_of, parameters, trace, variant_params
from gru_viz.sequences import Sequence, parse_sequence
from gru_viz.torch_bridge import TorchCheck, check_against_torch
from gru_viz.torch_bridge.check import GRADIENT_TOLERANCE, SMALLEST, VALUE_TOLERANCE, compared_gradients
from gru_viz.trace import Trace

FLUCTUATION = 1_000  # by which what rounding leaves differs from one way of computing to another


@dataclass(frozen=True)
class Apart:
    """How far the states of two runs are from each other: the largest difference of any unit, step by step."""

    distance: np.ndarray  # (T,)

    @property
    def largest(self) -> float:
        return float(self.distance.max())

    @property
    def step(self) -> int:
        """Where it is largest, from 1."""
        return int(self.distance.argmax()) + 1

    @property
    def same(self) -> bool:
        """Nothing but rounding."""
        return self.largest < ROUNDING


def apart(one: Trace, other: Trace) -> Apart:
    """Over all states that both have."""
    states = [state for state in one.cell.states if state in other.cell.states]
    return Apart(np.max([np.abs(one[state] - other[state]).max(axis=-1) for state in states], axis=0))


@dataclass(frozen=True)
class OtherZ:
    """The run with z and 1 - z exchanged in the equations."""

    gates: Mapping[str, str]  # gate -> what it means in the cell in view: "keep" or "update"
    negated: tuple[str, ...]  # the parameters that have to change sign
    mapped: Apart  # with their signs changed
    unmapped: Apart  # with the weights as they are


def other_z(ran: Trace) -> OtherZ | None:
    """None for a cell without an update gate."""
    gates = update_gates(ran.cell)
    if not gates:
        return None
    swapped, params = swap_z(ran.cell, ran.params)
    return OtherZ(
        gates,
        negated_parameters(ran.cell),
        apart(ran, run(swapped, params, ran["x"])),
        apart(ran, run(swapped, ran.params, ran["x"])),
    )


def reset_place(of: Cell) -> str:
    """Whether the gate that looks back acts "before" or "after" the product with the old state; "" without one."""
    resets = {name for name, role in of.roles.items() if role == LOOK_BACK}
    products = [
        part for line in of.equations.lines for part in walk(line.expression) if isinstance(part, MatrixProduct)
    ]
    inside = any(isinstance(part, Name) and part.name in resets for each in products for part in walk(each.operand))
    return ("before" if inside else "after") if resets else ""


@dataclass(frozen=True)
class MovedReset:
    """The same weights in a cell and in the variant whose reset gate acts at the other place."""

    base: Cell
    variant: Cell
    moved: Apart


def moved_reset(experiment: Experiment, of: Cell, sequence: Sequence) -> MovedReset | None:
    """With the weights that the experiment gives the base; None where the family has one place only, or none."""
    base = cell(of.variant_of) if of.variant_of else of
    family = [of] if of.variant_of else [each for each in CATALOGUE if each.variant_of == of.name]
    variant = next((each for each in family if {reset_place(base), reset_place(each)} == {"before", "after"}), None)
    if variant is None:
        return None
    params = parameters(experiment, base, sequence)
    shared = variant_params(base, params, variant)
    one, other = (run(each, own, sequence.values) for each, own in ((base, params), (variant, shared)))
    return MovedReset(base, variant, apart(one, other))


@dataclass(frozen=True)
class Biases:
    """One bias for each gate, or two that are added."""

    split: tuple[str, ...]  # the biases that may be split
    as_sum: Apart  # each of them split into two that are added
    second: Mapping[str, str]  # bias -> the second one that is apart from it, and does not merge
    merged: Apart | None  # with those merged all the same


def biases(ran: Trace) -> Biases:
    layout = find_layout(ran.cell, "PyTorch")
    second = {f"b_{gate}": name for gate, name in layout.second.items()} if layout else {}
    names = [name for name, shape in ran.cell.parameters.items() if shape == VECTOR and name.startswith("b")]
    split = tuple(name for name in names if name not in second)
    params = dict(ran.params)
    for name in split:
        params[name] = ran.params[name] / 3
        params[_second(name)] = ran.params[name] - params[name]
    as_sum = apart(ran, run(_with_two(ran.cell, split), params, ran["x"]))
    if not second:
        return Biases(split, as_sum, second, None)
    merged = dict(ran.params)
    for name, other in second.items():
        merged |= {name: ran.params[name] + ran.params[other], other: np.zeros_like(ran.params[other])}
    return Biases(split, as_sum, second, apart(ran, run(ran.cell, merged, ran["x"])))


def _second(name: str) -> str:
    return f"{name}_second"


def _with_two(of: Cell, names: tuple[str, ...]) -> Cell:
    """The cell with a second bias beside each of these."""
    text = re.sub(rf"\b({'|'.join(names)})\b", lambda found: f"{found[0]} + {_second(found[0])}", of.text)
    return Cell(f"{of.name}_two_biases", text)


@dataclass(frozen=True)
class OtherOrder:
    """The arrays of one system read as if their blocks stood in the order of another one."""

    written: Layout
    read: Layout
    moved: Apart


def other_order(ran: Trace) -> OtherOrder | None:
    """Of the first two systems that order the cell's gates differently; None where there are no such two."""
    layouts = [layout for system in SYSTEMS if (layout := find_layout(ran.cell, system)) is not None]
    for one, other in itertools.combinations(layouts, 2):
        if one.gates != other.gates:
            arrays = {name.removesuffix(one.suffix): array for name, array in one.write(ran.params).items()}
            params = replace(one, gates=other.gates).read(arrays)
            return OtherOrder(one, other, apart(ran, run(ran.cell, params, ran["x"])))
    return None


@dataclass(frozen=True)
class Extra:
    """What a variant has besides its base, set to zero."""

    base: Cell
    names: tuple[str, ...]
    without: Apart


def extra(ran: Trace) -> Extra | None:
    """None for a cell that is no variant, or whose variant has no more than a second bias."""
    if not ran.cell.variant_of:
        return None
    base = cell(ran.cell.variant_of)
    layout = find_layout(ran.cell, "PyTorch")
    second = layout.second.values() if layout else ()
    names = tuple(name for name in ran.cell.parameters if name not in base.parameters and name not in second)
    if not names:
        return None
    zero: dict[str, Array] = {name: np.zeros_like(ran.params[name]) for name in names}
    return Extra(base, names, apart(ran, run(ran.cell, {**ran.params, **zero}, ran["x"])))


@dataclass(frozen=True)
class Conventions:
    """Everything that the page shows of one run of the cell in view."""

    ran: Trace
    z: OtherZ | None
    reset: MovedReset | None
    biases: Biases
    order: OtherOrder | None
    extra: Extra | None

    def mistakes(self) -> dict[str, Apart]:
        """In a few words -> how far the states come apart, for what is not the same by more than rounding."""
        found: dict[str, Apart | None] = {}
        if self.z:
            found[f"with {' and '.join(self.z.gates)} read the other way"] = self.z.unmapped
        if self.reset:
            found["with the reset on the other side of the product"] = self.reset.moved
        for name, other in self.biases.second.items():
            found[f"with {name} and {other} merged"] = self.biases.merged
        if self.order:
            found["with gates in another order"] = self.order.moved
        if self.extra:
            found[f"without {', '.join(self.extra.names)}"] = self.extra.without
        return {name: each for name, each in found.items() if each and not each.same}


def conventions(experiment: Experiment, of: Cell, sequence: Sequence) -> Conventions:
    """Raises InputError where the experiment's weights are hand-set for another cell."""
    ran = trace(experiment, of, sequence)
    return Conventions(
        ran, other_z(ran), moved_reset(experiment, of, sequence), biases(ran), other_order(ran), extra(ran)
    )


# -- the check against PyTorch, in a process of its own ----------------------------------------------------------------


def to_check(experiment: Experiment, of: Cell) -> Experiment:
    """Only what the check of one cell depends on, so that visitors with equal runs share one."""
    usual = Experiment()
    return replace(without_view(experiment), cells=(of.name,), replace=usual.replace, by=usual.by)


@dataclass(frozen=True)
class Checked:
    """PyTorch's differences from a run, and those of the same run from itself, its units in reverse order or its
    activations rounded otherwise: these are rounding alone, which a run can magnify without bound."""

    torch: TorchCheck
    own_value: float
    own_gradient: float

    @property
    def magnifies(self) -> bool:
        """Whether rounding explains what is beyond the tolerances; of states that it moved, gradients say nothing."""
        value, gradient = self.torch.worst_value, self.torch.worst_gradient
        if value > VALUE_TOLERANCE:
            return value <= FLUCTUATION * self.own_value
        return GRADIENT_TOLERANCE < gradient <= FLUCTUATION * self.own_gradient


def check(experiment: Experiment) -> Checked:
    """The first cell's run against PyTorch. Imports torch: for a worker process, never for the server."""
    of = cells_of(experiment)[0]
    ran = trace(experiment, of, parse_sequence(experiment.kind, experiment.text))
    flow = backpropagate(ran)
    value, gradient = turned(flow)
    return Checked(check_against_torch(ran), value, max(gradient, nudged(flow)))


def nudged(flow: GradientFlow) -> float:
    """How far gradients, relative to their largest entry, are from those with each tanh and sigmoid one rounding lower:
    of a tanh near 1 the slope, 1 - tanh², has few digits or none."""
    recorded = {
        node: np.nextafter(values, 0.0) if node.op in ("tanh", "sigmoid") else values
        for node, values in flow.trace.recorded.items()
    }
    other = compared_gradients(backpropagate(replace(flow.trace, recorded=recorded)))
    return max(_apart(one, other[name]) for name, one in compared_gradients(flow).items())


def turned(flow: GradientFlow) -> tuple[float, float]:
    """How far values, and gradients relative to their largest entry, are from those of the run with its units in
    reverse order, which only sums in another order."""
    ran = flow.trace
    params = {name: _reversed(ran.cell, name, value) for name, value in ran.params.items()}
    again = run(ran.cell, params, ran["x"])
    other = compared_gradients(backpropagate(again))
    return (
        max(_apart(ran[name], again[name][..., ::-1], at_least=1.0) for name in ran.cell.names),
        max(_apart(one, _reversed(ran.cell, name, other[name])) for name, one in compared_gradients(flow).items()),
    )


def _reversed(of: Cell, name: str, values: Array) -> Array:
    """A parameter, or a gradient by anything, with the units in reverse order."""
    if name == "x":
        return values
    if name not in of.parameters:
        return values[..., ::-1]
    return values[::-1, ::-1] if of.parameters[name] == RECURRENT_MATRIX else values[::-1]


def _apart(one: Array, other: Array, at_least: float = SMALLEST) -> float:
    """The largest difference, relative to the largest entry or to ``at_least``."""
    with np.errstate(invalid="ignore"):
        found = np.where(one == other, 0.0, np.abs(one - other)).max() / max(at_least, np.abs(other).max())
    return np.inf if np.isnan(found) else float(found)
