"""What one step does to a gradient, the Jacobian's eigenvalues and singular values, and which step hangs on which.

Both measures are generators: they yield how much is done, as a share and in words, and return what they found.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gru_viz.cells import Cell
from gru_viz.equations import RECURRENT_MATRIX
from gru_viz.errors import InputError
from gru_viz.graph import Array
from gru_viz.jacobians import MAX_HORIZON, eigenvalues, horizon, singular_values
from gru_viz.measures.gradients import diagonal_times_matrix
from gru_viz.measures.what_if import SHARES, Work
from gru_viz.parameters import spectrum
from gru_viz.trace import Trace

MAX_EIGENVALUES = 9_000  # of all cells of a figure
MAX_WORK = 1e9  # steps * states³: about two seconds
PIECE = 2e7  # the same of one piece of the work


@dataclass(frozen=True)
class Spectra:
    """Of the Jacobians of one cell's steps, those counted in ``steps`` from 0, the last that of the step with the loss;
    and of the cell's recurrent matrices."""

    cell: Cell
    steps: Array  # (n,)
    eigenvalues: Array  # (n, S) complex, largest first
    stretch: Array  # (n,) the largest singular value
    recurrent: Mapping[str, tuple[float, float]]  # U -> (ρ, σ_max)
    plain: bool  # the Jacobian of each step is diag(d) U


@dataclass(frozen=True)
class Horizon:
    """Row t: how far back step t depends; the steps that are drawn are counted in ``steps`` from 0."""

    cell: Cell
    steps: Array  # (n,)
    norm: Array  # (n, n) float32, log10; NaN where s > t
    reaches: Mapping[float, Array]  # share -> (T,) of each step


def spectra(runs: Sequence[Trace]) -> Work[tuple[Spectra, ...]]:
    """Of every step, or of every k-th where all would be too many."""
    found = []
    for k, ran in enumerate(runs):
        size = len(ran.cell.states) * ran.hidden_size
        most = max(1, int(min(MAX_EIGENVALUES / (size * len(runs)), MAX_WORK / (size**3 * len(runs)))))
        chosen = np.arange(ran.steps - 1, -1, -math.ceil(ran.steps / most))[::-1]
        at_once = max(1, int(PIECE / size**3))
        values, stretch = [], []
        for first in range(0, len(chosen), at_once):
            some = chosen[first : first + at_once]
            values.append(eigenvalues(ran, some.tolist()))
            stretch.append(singular_values(ran, some.tolist())[:, 0])
            done = (first + len(some)) / len(chosen)
            yield (k + done) / len(runs), f"{ran.cell.title}: {first + len(some)} of {len(chosen)} steps"
        matrices = [name for name, shape in ran.cell.parameters.items() if shape == RECURRENT_MATRIX]
        recurrent = {name: spectrum(ran.params[name]) for name in matrices}
        plain = diagonal_times_matrix(ran) is not None
        found.append(Spectra(ran.cell, chosen, np.concatenate(values), np.concatenate(stretch), recurrent, plain))
    return tuple(found)


def horizons(runs: Sequence[Trace], most: int) -> Work[tuple[Horizon, ...]]:
    """Every k-th row and column where all maps together have more than ``most`` cells. Raises InputError above
    MAX_HORIZON steps, before anything is made."""
    steps = runs[0].steps
    if steps > MAX_HORIZON:
        raise InputError(
            f"A map of {steps} × {steps} steps for each cell is too large: up to {MAX_HORIZON} steps are taken. "
            "Choose an earlier step for the loss."
        )
    every = math.ceil(steps / math.sqrt(most / len(runs)))
    chosen = np.arange(steps - 1, -1, -every)[::-1]
    found = []
    for k, ran in enumerate(runs):
        yield k / len(runs), f"{ran.cell.title}: {steps} × {steps} steps"
        norm = horizon(ran)
        reaches = {share: reached_in_rows(norm, share) for share in SHARES}
        found.append(Horizon(ran.cell, chosen, norm[np.ix_(chosen, chosen)].astype(np.float32), reaches))
    return tuple(found)


def reached_in_rows(norm: Array, share: float) -> Array:
    """(T,): how many steps back each step reaches, itself counted; 0 where even its own gradient is zero."""
    own = norm.diagonal()[:, None]
    with np.errstate(invalid="ignore"):  # NaN above the diagonal is never enough
        enough = (norm >= own + np.log10(share)) & (own > -np.inf)
    return np.where(enough.any(axis=1), np.arange(1, len(norm) + 1) - np.argmax(enough, axis=1), 0)
