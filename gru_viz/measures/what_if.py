"""What if: the same run with other seeds, gains and biases, side by side, in pieces that can be stopped between.

Each measure is a generator: it yields how much is done, as a share and in words, and returns what it found.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from gru_viz.cells import Cell
from gru_viz.dependence import sweep
from gru_viz.errors import InputError
from gru_viz.experiment import Experiment
from gru_viz.gradients import backpropagate, reached
from gru_viz.graph import Array
from gru_viz.measures.gradients import check_products, curves, loss_grad
from gru_viz.parameters import Parameters
from gru_viz.runs import cells_of, keep_counts, parameters, step_in_view
from gru_viz.sequences import Sequence
from gru_viz.settings import KEEP_CHOICES, SETTINGS
from gru_viz.trace import Trace

SEEDS = range(200)  # "Is this luck?"
SEEDS_AT_ONCE = 20
MAX_SWEEP = 500 * 64**2 * len(SEEDS)  # steps * hidden units squared * seeds: some ten seconds a cell
MAX_PRODUCTS = 6e9  # steps * states³ * seeds: some ten seconds a cell
AT_ONCE = 200_000  # steps * units of the runs that are side by side
GAINS = tuple(k / 4 for k in range(17))  # 0 … 4, all that the experiment allows
MULTIPLES = (0.5, 1.0, 1.5, 2.0)
MULTIPLES_HIDDEN = 32
SHARES = SETTINGS["share"].options

T = TypeVar("T")
Work = Generator[tuple[float, str], None, T]


@dataclass(frozen=True)
class Seeds:
    """The same experiment with every seed: what is drawn as a band, by part, and how far the gradient reaches."""

    cell: Cell
    bands: Mapping[str, tuple[Array, Array, Array]]  # part -> 10th, 50th, 90th percentile of log10 norms, (t,) each
    reaches: Mapping[float, Array]  # share -> (seeds,)

    @property
    def steps(self) -> int:
        return len(next(iter(self.bands.values()))[0])


@dataclass(frozen=True)
class Map:
    """Reach of one cell for each bias of the gates that keep and each recurrent gain."""

    cell: Cell
    keeps: tuple[float, ...]  # one, where no gate keeps
    gains: tuple[float, ...]
    steps: int
    reaches: Mapping[float, Array]  # share -> (keeps, gains)


@dataclass(frozen=True)
class Multiple:
    """log10 norms of each cell's carried gradient, (t,), for one recurrent gain."""

    gain: float
    norms: Mapping[Cell, Array]


def seeds(experiment: Experiment, sequence: Sequence) -> Work[tuple[Seeds, ...]]:
    """Each cell with all SEEDS; for what the experiment draws."""
    _check(experiment, sequence, len(SEEDS))
    cells, found = cells_of(experiment), []
    if experiment.norm == "jacobian":
        for of in cells:
            check_products(of, _steps(experiment, sequence), experiment.hidden_size, len(SEEDS), MAX_PRODUCTS)
    for k, of in enumerate(cells):
        pieces: list[dict[str, Array]] = []
        reaches: dict[float, list[Array]] = {share: [] for share in SHARES}
        each = (parameters(experiment, of, sequence, seed) for seed in SEEDS)
        for done, ran in _side_by_side(of, each, experiment, sequence):
            flow = backpropagate(ran, loss_grad(ran, experiment.loss, experiment.target))
            pieces.append(curves(ran, flow, experiment.norm))
            _add_reaches(reaches, flow.log10_norm())
            yield (k + done / len(SEEDS)) / len(cells), f"{of.title}: {done} of {len(SEEDS)} seeds"
        bands = {name: _band(np.concatenate([piece[name] for piece in pieces], axis=1)) for name in pieces[0]}
        found.append(Seeds(of, bands, {share: np.concatenate(some) for share, some in reaches.items()}))
    return tuple(found)


def reach_map(experiment: Experiment, of: Cell, sequence: Sequence) -> Work[Map]:
    """One cell for each gain and, where its gates keep, each choice of how much they start by keeping."""
    keeps = tuple(KEEP_CHOICES) if keep_counts(experiment, of) else (experiment.keep,)
    sets = list(itertools.product(keeps, GAINS))
    _check(experiment, sequence, len(sets))
    each = (
        parameters(dataclasses.replace(experiment, keep=keep, recurrent_gain=gain), of, sequence) for keep, gain in sets
    )
    reaches: dict[float, list[Array]] = {share: [] for share in SHARES}
    for done, ran in _side_by_side(of, each, experiment, sequence):
        norm = backpropagate(ran, loss_grad(ran, experiment.loss, experiment.target)).log10_norm()
        _add_reaches(reaches, norm)
        yield done / len(sets), f"{of.title}: {done} of {len(sets)} settings"
    shape = (len(keeps), len(GAINS))
    return Map(
        of, keeps, GAINS, len(norm), {share: np.concatenate(some).reshape(shape) for share, some in reaches.items()}
    )


def multiples(experiment: Experiment, sequence: Sequence) -> Work[tuple[Multiple, ...]]:
    """All cells at MULTIPLES_HIDDEN units, for each of the MULTIPLES of the recurrent gain."""
    larger = dataclasses.replace(experiment, hidden_size=MULTIPLES_HIDDEN)
    cells = cells_of(experiment)
    _check(larger, sequence, len(MULTIPLES))
    norms: list[dict[Cell, Array]] = [{} for _ in MULTIPLES]
    for k, of in enumerate(cells):
        each = (parameters(dataclasses.replace(larger, recurrent_gain=gain), of, sequence) for gain in MULTIPLES)
        for done, ran in _side_by_side(of, each, larger, sequence):
            flow = backpropagate(ran, loss_grad(ran, experiment.loss, experiment.target))
            for m, norm in enumerate(flow.log10_norm().T, done - ran.lead[0]):
                norms[m][of] = norm
            yield (k + done / len(MULTIPLES)) / len(cells), f"{of.title}: {done} of {len(MULTIPLES)} gains"
    return tuple(Multiple(gain, found) for gain, found in zip(MULTIPLES, norms, strict=True))


def _check(experiment: Experiment, sequence: Sequence, runs: int) -> None:
    steps, hidden = _steps(experiment, sequence), experiment.hidden_size
    if steps * hidden**2 * runs > MAX_SWEEP:
        raise InputError(
            f"{runs} runs of {steps} steps with {hidden} units would take minutes: up to "
            f"{MAX_SWEEP // (hidden**2 * runs)} steps are taken at this size."
        )


def _steps(experiment: Experiment, sequence: Sequence) -> int:
    return step_in_view(experiment, len(sequence.tokens)) + 1


def _side_by_side(
    of: Cell, each: Iterator[Parameters], experiment: Experiment, sequence: Sequence
) -> Iterator[tuple[int, Trace]]:
    values = sequence.values[: _steps(experiment, sequence)]
    at_once = max(1, min(SEEDS_AT_ONCE, AT_ONCE // (len(values) * experiment.hidden_size)))
    return sweep(of, each, values, at_once=at_once)


def _band(norms: Array) -> tuple[Array, Array, Array]:
    low, middle, high = np.quantile(norms, (0.1, 0.5, 0.9), axis=1, method="inverted_cdf")
    return low, middle, high


def _add_reaches(reaches: dict[float, list[Array]], norm: Array) -> None:
    for share, found in reaches.items():
        found.append(reached(norm, share))
