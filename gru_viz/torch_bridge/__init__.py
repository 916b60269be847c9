"""Named parameters ◄─► torch.nn, and the check of a run against PyTorch: the only place that imports torch, and only in
functions, so that ``import gru_viz`` stays light."""

from gru_viz.torch_bridge.check import TorchCheck, check_against_torch
from gru_viz.torch_bridge.convert import from_torch, to_torch

__all__ = ["TorchCheck", "check_against_torch", "from_torch", "to_torch"]
