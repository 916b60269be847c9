"""See how a GRU, an LSTM and a plain RNN read a sequence: gate by gate, forward and backward in time."""

from typing import Any

from gru_viz.cells import Cell, cell, cell_names
from gru_viz.dependence import direct_paths, saliency, sweep
from gru_viz.engine import run
from gru_viz.errors import InputError
from gru_viz.examples import Example, example, example_names
from gru_viz.gradients import GradientFlow, backpropagate, reach
from gru_viz.grammar import EquationError
from gru_viz.jacobians import eigenvalues, horizon, singular_values, spectral_norms, step_jacobians
from gru_viz.parameters import init_params
from gru_viz.torch_bridge import TorchCheck, check_against_torch, from_torch, to_torch
from gru_viz.trace import Trace

__all__ = [
    "Cell",
    "EquationError",
    "Example",
    "GradientFlow",
    "InputError",
    "TorchCheck",
    "Trace",
    "backpropagate",
    "cell",
    "cell_names",
    "check_against_torch",
    "direct_paths",
    "eigenvalues",
    "example",
    "example_names",
    "from_torch",
    "horizon",
    "init_params",
    "reach",
    "run",
    "saliency",
    "save_html",
    "show",
    "singular_values",
    "spectral_norms",
    "step_jacobians",
    "sweep",
    "to_csv",
    "to_npz",
    "to_script",
    "to_torch",
]


def __getattr__(name: str) -> Any:
    """What takes a run along is imported when it is asked for: who only computes does not wait for it."""
    home: Any
    if name in ("save_html", "show"):
        from gru_viz import player as home
    elif name in ("to_csv", "to_npz", "to_script"):
        from gru_viz import export as home
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(home, name)
