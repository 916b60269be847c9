"""What the tests of the Trajectories page share: its experiments, and what is drawn of them."""

from gru_viz.cells import cell, cell_names
from gru_viz.experiment import Experiment
from gru_viz.measures.portrait import portrait
from gru_viz.measures.trajectories import trajectories
from gru_viz.sequences import parse_sequence

CELLS = cell_names()
DEFAULT = Experiment()
SIGN = Experiment(weights="sign", kind="numbers", text="1 0 0 0 0", replace="1", by="-1")
FOUND = trajectories(DEFAULT)


def two(**fields):
    return Experiment(hidden_size=2, **fields)


def drawn(experiment, name):
    return portrait(experiment, cell(name), parse_sequence(experiment.kind, experiment.text))
