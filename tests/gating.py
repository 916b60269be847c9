"""What the tests of the Gates page share: a run of every cell with its gates, and gates with given values."""

import numpy as np

from gru_viz.cells import cell, cell_names
from gru_viz.experiment import Experiment
from gru_viz.measures.gates import Gate, gates
from gru_viz.runs import traces
from gru_viz.sequences import parse_sequence

CELLS = [cell(name) for name in cell_names()]
SETTINGS = Experiment(text="Ada and Bob", cells=cell_names(), hidden_size=5, seed=3, input_gain=6.0, keep=1.0)


def runs_of(experiment):
    sequence = parse_sequence(experiment.kind, experiment.text)
    return traces(experiment, sequence), sequence


def all_gates(experiment):
    runs, sequence = runs_of(experiment)
    return [gate for run in runs for gate in gates(run)], sequence


def gate(values, name="f", role="keep", of="lstm", **more):
    """A gate with these values, a list for each step."""
    return Gate(cell(of), name, role, np.array(values, dtype=float), **more)


FOUND, SEQUENCE = all_gates(SETTINGS)
