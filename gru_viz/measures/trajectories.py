"""Paths of the hidden state, in the plane that holds most of their variance (principal component analysis)."""

from __future__ import annotations

import functools
from collections.abc import Sequence as Many
from dataclasses import dataclass

import numpy as np

from gru_viz.cells import Cell
from gru_viz.experiment import Experiment
from gru_viz.runs import Difference, TwoSequences, difference, traces
from gru_viz.sequences import parse_sequence, replace

LITTLE = 0.01  # of the size of the states: where they differ less, it says nothing which of them differ
STILL = 1e-12  # a path whose spread is less than this share of its largest value does not move: that is rounding


@dataclass(frozen=True)
class Plane:
    """Where a path is looked at: two orthonormal directions through the mean of the states that they belong to."""

    mean: np.ndarray  # (H,)
    directions: np.ndarray  # (2, H); with one unit the second is 0


def plane_of(states: np.ndarray) -> Plane:
    """The two principal directions of states (N, H), that of the largest variance first.

    The largest component of a direction is positive (of equal ones the first), so that the same states always give the
    same picture: a principal direction has no sign of its own.
    """
    mean = states.mean(axis=0)
    directions = np.linalg.svd(states - mean, full_matrices=False)[2][:2]
    largest = np.round(np.abs(directions), 9).argmax(axis=1)
    directions = directions * np.sign(directions[np.arange(len(directions)), largest])[:, None]
    return Plane(mean, np.pad(directions, ((0, 2 - len(directions)), (0, 0))))


@dataclass(frozen=True)
class Path:
    """The hidden states of one run, from the one before the first step to the one after the last."""

    cell: Cell
    states: np.ndarray  # (T + 1, H)
    plane: Plane

    @functools.cached_property
    def points(self) -> np.ndarray:
        """(T + 1, 2): the states in the plane."""
        points: np.ndarray = (self.states - self.plane.mean) @ self.plane.directions.T
        return points

    @functools.cached_property
    def shares(self) -> tuple[float, float]:
        """How much of the path's variance each direction holds, from 0 to 1; 0 for a path that does not move."""
        if not self.moves:
            return 0.0, 0.0
        size = np.abs(self.states).max()  # squares of tiny states would be 0
        first, second = (self.points / size).var(axis=0) / (self.states / size).var(axis=0).sum()
        return float(first), float(second)

    @functools.cached_property
    def moves(self) -> bool:
        return bool(np.ptp(self.states, axis=0).max() > STILL * np.abs(self.states).max())


def closeness(states: np.ndarray, tokens: Many[str]) -> float | None:
    """How far two states after the same token are apart, as a share of two after different tokens: (T, H) -> from 0.

    Root mean squares over all pairs, without making the pairs: the squared distances in a group of n points add up to n
    times those to their mean. None where no token comes twice, all are the same, or the states hardly differ:
    those after different tokens by less than LITTLE of the size of a state (root mean squares).
    """
    groups = {token: k for k, token in enumerate(dict.fromkeys(tokens))}
    group = np.array([groups[token] for token in tokens])  # (T,)
    sizes = np.bincount(group)
    same, pairs = int((sizes * (sizes - 1)).sum()) // 2, len(states) * (len(states) - 1) // 2
    different = pairs - same
    if not same or not different:
        return None
    sums = np.zeros((len(groups), states.shape[1]))
    np.add.at(sums, group, states)
    means = sums / sizes[:, None]
    within = float((sizes[group, None] * (states - means[group]) ** 2).sum())
    everywhere = len(states) * float(((states - states.mean(axis=0)) ** 2).sum())
    between = max(everywhere - within, 0.0) / different
    scale = LITTLE**2 * float((states**2).sum(axis=1).mean())
    return float(np.sqrt(within / same / between)) if between > scale else None


@dataclass(frozen=True)
class Trajectories(TwoSequences):
    """Everything that the Trajectories page shows but for the phase portrait."""

    paths: tuple[Path, ...]
    others: tuple[Path, ...]  # of the sequence with the replacement, in the planes of the paths
    differences: tuple[Difference, ...]


def trajectories(experiment: Experiment) -> Trajectories:
    """Each cell has a plane of its own, or all share that of all their states: ``experiment.basis``.

    The planes are those of the sequence as typed, so that a replacement does not turn them. Raises InputError for a
    sequence or a replacement that cannot be read.
    """
    sequence = parse_sequence(experiment.kind, experiment.text)
    replaced = replace(sequence, experiment.replace, experiment.by)
    runs, others = (traces(experiment, each) for each in (sequence, replaced.sequence))
    states = [run.states["h"] for run in runs]
    together = plane_of(np.concatenate(states)) if experiment.basis == "shared" else None
    paths = tuple(Path(run.cell, own, together or plane_of(own)) for run, own in zip(runs, states, strict=True))
    return Trajectories(
        sequence=sequence,
        replaced=replaced,
        paths=paths,
        others=tuple(Path(path.cell, other.states["h"], path.plane) for path, other in zip(paths, others, strict=True)),
        differences=tuple(difference(one, other, replaced.start) for one, other in zip(runs, others, strict=True)),
    )
