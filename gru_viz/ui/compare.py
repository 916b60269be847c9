"""What the Compare page keeps between reruns."""

from __future__ import annotations

import functools

from gru_viz.experiment import Experiment, without_view
from gru_viz.measures.compare import Comparison, compare
from gru_viz.runs import cells_of
from gru_viz.sequences import parse_sequence


def compared(experiment: Experiment) -> tuple[Comparison, ...]:
    return _compared(without_view(experiment))


@functools.lru_cache(maxsize=20)  # Streamlit's own cache takes a millisecond to make its key of an experiment
def _compared(experiment: Experiment) -> tuple[Comparison, ...]:
    """Shared by all visitors: numbers alone, and the measured time stands still while somebody looks at it."""
    sequence = parse_sequence(experiment.kind, experiment.text)
    return tuple(compare(experiment, of, sequence) for of in cells_of(experiment))
