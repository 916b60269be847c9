"""An experiment's numbers: Experiment ──► Sequence ──► parameters ──► Trace ──► GradientFlow, each a pure function."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from gru_viz.cells import Cell, cell
from gru_viz.engine import run
from gru_viz.equations import VECTOR
from gru_viz.errors import InputError
from gru_viz.experiment import Experiment
from gru_viz.gradients import backpropagate, reach
from gru_viz.handset import HAND_SET, HandSet
from gru_viz.parameters import Parameters, init_params
from gru_viz.sequences import Replacement, Sequence, default_replacement, parse_sequence, replace
from gru_viz.settings import KEEP_CHOICES
from gru_viz.trace import Trace


def parameters(experiment: Experiment, of: Cell, sequence: Sequence, seed: int | None = None) -> Parameters:
    """The weights that the experiment's settings give a cell; ``seed`` instead of the experiment's own."""
    if experiment.weights in HAND_SET:
        return _hand_set(HAND_SET[experiment.weights], of, sequence)
    if experiment.weights == "shared" and of.variant_of:
        base = cell(of.variant_of)
        return variant_params(base, parameters(experiment, base, sequence, seed), of)
    biases = of.keep_biases(experiment.keep)
    own = of.gate_biases()
    for gate, bias in experiment.biases:
        if gate in own:
            name, sign = own[gate]
            biases[name] = sign * bias
    return init_params(
        of,
        input_size=sequence.values.shape[1],
        hidden_size=experiment.hidden_size,
        seed=experiment.seed if seed is None else seed,
        input_names=sequence.input_names,
        scheme=experiment.scheme,
        recurrent_gain=experiment.recurrent_gain,
        input_gain=experiment.input_gain,
        bias=biases,
    )


def keep_counts(experiment: Experiment, of: Cell) -> bool:
    """Whether the experiment's ``keep`` sets any gate of this cell: a bias that is set apart stands in its place."""
    return bool(_kept_biases(experiment, of))


def _kept_biases(experiment: Experiment, of: Cell) -> dict[str, float]:
    """Bias -> what ``keep`` is multiplied by in it, for those that the experiment's ``keep`` sets."""
    if experiment.is_hand_set:
        return {}
    own = of.gate_biases()
    apart = {own[gate][0] for gate, _ in experiment.biases if gate in own}
    return {name: sign for name, sign in of.keep_biases(1.0).items() if name not in apart}


def keep_sets(experiment: Experiment, of: Cell, sequence: Sequence) -> dict[float, Parameters]:
    """Keep -> the weights at that setting, all else the same; the experiment's own alone where it sets no gate."""
    own, kept = parameters(experiment, of, sequence), _kept_biases(experiment, of)
    if not kept:
        return {experiment.keep: own}
    return {
        keep: own | {name: np.full_like(own[name], keep * sign) for name, sign in kept.items()} for keep in KEEP_CHOICES
    }


def _hand_set(own: HandSet, of: Cell, sequence: Sequence) -> Parameters:
    if of.name != own.cell:
        raise InputError(f"The weights {own.name} are hand-set for the cell {own.cell}, not for {of.name}.")
    return own.params(sequence.input_names)


def variant_params(base: Cell, params: Parameters, variant: Cell) -> Parameters:
    """One set of weights for a cell and its variant: what the variant has besides is 0, and where a gate keeps in one
    and writes in the other, its parameters change their sign, as sigmoid(-a) = 1 - sigmoid(a)."""
    turned = {
        gate
        for gate in set(base.gates) & set(variant.gates)
        if {base.roles[gate], variant.roles[gate]} == {"keep", "write"}
    }
    zero = np.zeros_like(params[next(name for name, shape in base.parameters.items() if shape == VECTOR)])
    signs = {name: -1.0 if name.partition("_")[2] in turned else 1.0 for name in params}
    return {name: signs[name] * params[name] if name in params else zero for name in variant.parameters}


def with_fitting_replacement(experiment: Experiment, sequence: Sequence) -> Experiment:
    """The experiment, with a suggestion of ours where what it replaces does not occur in the sequence."""
    try:
        replace(sequence, experiment.replace, experiment.by)
    except InputError:
        old, new = default_replacement(sequence)
        return dataclasses.replace(experiment, replace=old, by=new)
    return experiment


def cells_of(experiment: Experiment) -> tuple[Cell, ...]:
    return tuple(cell(name) for name in experiment.cells)


def trace(experiment: Experiment, of: Cell, sequence: Sequence) -> Trace:
    return run(of, parameters(experiment, of, sequence), sequence.values)


def traces(experiment: Experiment, sequence: Sequence) -> tuple[Trace, ...]:
    """The run of each cell. So fast that no page keeps one."""
    return tuple(trace(experiment, of, sequence) for of in cells_of(experiment))


# What is in view, brought to what there is: a link may name a step, a unit or a cell that are not there -------------


def step_in_view(experiment: Experiment, steps: int) -> int:
    """Its index, from 0."""
    return min(experiment.step or steps, steps) - 1


def units_in_view(experiment: Experiment) -> tuple[int, ...]:
    """Their indices, from 0; the first where there is none of them."""
    return tuple(unit - 1 for unit in experiment.units if unit <= experiment.hidden_size) or (0,)


def cell_in_view(experiment: Experiment) -> Cell:
    """The last of the compared cells where the chosen one is not among them."""
    return cell(experiment.focus if experiment.focus in experiment.cells else experiment.cells[-1])


def until(path: np.ndarray, share: float = 0.9) -> int:
    """How many steps a path of states, (steps + 1, H), takes for that share of its way: from then on it is at most
    1 - share of the way from where it ends. 0 if it does not move; it must have come to rest."""
    distance = np.linalg.norm(path - path[-1], axis=1)
    far = np.flatnonzero(distance > (1 - share) * distance[0])
    return int(far[-1]) + 1 if far.size else 0


@dataclass(frozen=True)
class CellReport:
    """What the Contrast page shows of one cell; arrays of float64, a row for each step."""

    cell: Cell
    states: dict[str, np.ndarray]  # state -> (T, H) after each step
    norm: np.ndarray  # (T,) log10 of the norm of the carried gradient of L, the sum of the last h
    parts: dict[str, np.ndarray]  # state -> (T,) the same of its part alone
    input_norm: np.ndarray  # (T,) log10 of the norm of dL/dx
    reach: int

    @property
    def share(self) -> float:
        """log10 of the gradient's norm at the first step, as a share of the last step's."""
        return float(self.norm[0] - self.norm[-1])


def report(ran: Trace) -> CellReport:
    flow, of = backpropagate(ran), ran.cell
    return CellReport(
        cell=of,
        states={name: ran[name] for name in of.states},
        norm=flow.log10_norm(),
        parts={name: flow.log10_norm(name, carried=True) for name in of.states},
        input_norm=flow.log10_norm("x"),
        reach=int(reach(flow)),
    )


@dataclass(frozen=True)
class Difference:
    """How far two runs of one cell are apart, whose sequences differ in one part.

    Steps are paired from the end, so that what follows the part stands beside what follows its replacement.
    """

    cell: Cell
    steps: range  # of the original sequence, counted from 0
    distance: np.ndarray  # (len(steps),) Euclidean distance of the hidden states h

    @property
    def shares(self) -> np.ndarray:
        """The distance as a share of the largest one; 0 if there never was one."""
        return self.distance / (self.distance.max() or 1.0)

    @property
    def left(self) -> float:
        """What is left at the end, as a share of the largest difference."""
        return float(self.shares[-1])


def difference(one: Trace, other: Trace, start: int) -> Difference:
    """Of two runs with the same weights, whose sequences are the same before ``start`` and at their ends."""
    count = min(one.steps, other.steps) - start
    distance = np.linalg.norm(one["h"][-count:] - other["h"][-count:], axis=-1)
    return Difference(one.cell, range(one.steps - count, one.steps), distance)


@dataclass(frozen=True)
class TwoSequences:
    """A sequence, and the same with a part of it replaced."""

    sequence: Sequence
    replaced: Replacement

    @property
    def replaced_text(self) -> tuple[str, str]:
        """What stood in the sequence, and what stands there instead, for a sentence."""
        return self.replaced.said(self.sequence)

    @property
    def later(self) -> int:
        """How many steps come after what was replaced."""
        return len(self.sequence.tokens) - self.replaced.start - self.replaced.old


@dataclass(frozen=True)
class Contrast(TwoSequences):
    """Everything that the Contrast page shows of one experiment, but for other seeds."""

    reports: tuple[CellReport, ...]
    differences: tuple[Difference, ...]

    def without_inputs(self) -> Contrast:
        """The same without the inputs' one-hot rows, which take more room than all the rest and are shown nowhere."""
        nothing = np.empty((0, 0))
        other = dataclasses.replace(self.replaced.sequence, values=nothing)
        return dataclasses.replace(
            self,
            sequence=dataclasses.replace(self.sequence, values=nothing),
            replaced=dataclasses.replace(self.replaced, sequence=other),
        )


def contrast(experiment: Experiment) -> Contrast:
    """Raises InputError for a sequence or a replacement that cannot be read."""
    sequence = parse_sequence(experiment.kind, experiment.text)
    replaced = replace(sequence, experiment.replace, experiment.by)
    runs, others = (traces(experiment, each) for each in (sequence, replaced.sequence))
    return Contrast(
        sequence=sequence,
        reports=tuple(map(report, runs)),
        replaced=replaced,
        differences=tuple(difference(one, other, replaced.start) for one, other in zip(runs, others, strict=True)),
    )
