"""How far back learning reaches in one run: norms over the steps, their reach and slope, and theory over them.

The loss L is taken after one chosen step, the last unless said otherwise: what comes later does not enter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gru_viz.backward import backward_plan
from gru_viz.cells import Cell
from gru_viz.dependence import direct_paths, saliency
from gru_viz.engine import run
from gru_viz.errors import InputError
from gru_viz.experiment import Experiment, with_weights
from gru_viz.gradients import LOG10_2, GradientFlow, backpropagate, reached
from gru_viz.graph import Array
from gru_viz.jacobians import spectral_norms
from gru_viz.runs import cells_of, parameters, report, step_in_view, trace
from gru_viz.sequences import Sequence, parse_sequence
from gru_viz.trace import Trace

HOLDS = 0.01  # mean log10 a step up to which a gradient holds: less than a factor of ten in a hundred steps
MAX_PRODUCTS = 4e8  # steps * states³ for the norms of products of Jacobians: about a second a cell
TOGETHER = 64  # steps whose Jacobians are held at once
WHOLE = ""  # the name of a curve that is not a part

DIRECT = "direct path"  # ∏ f, or ∏ (1 − z): neither an upper nor a lower bound
PRODUCT = "∏‖J‖₂"  # over the steps' own Jacobians: an upper bound
POWER = "σₘₐₓ(U)ᵏ"  # an upper bound where no unit's slope is above 1


@dataclass(frozen=True)
class Reached:
    """Of one cell; arrays of float64, log10, a row for each step up to the one with the loss: (t,)."""

    cell: Cell
    norm: Array  # of the carried gradient of L
    curves: Mapping[str, Array]  # what is drawn, by part; WHOLE for the gradient as a whole
    theory: Mapping[str, Array]  # DIRECT, PRODUCT, POWER: those that apply to what is drawn
    saliency: Array  # norm of d(sum of h after the step with the loss) / dx
    all_parameters: float  # norm of the gradient by all parameters together

    def reach(self, share: float) -> int:
        return int(reached(self.norm, share))

    @property
    def slope(self) -> float:
        """Mean change of log10 of the norm a step back; −inf if it ends at an exact zero, nan without two steps."""
        return slope(self.norm)


def gradients(experiment: Experiment, sequence: Sequence) -> tuple[Reached, ...]:
    """Raises InputError for a size that is too large for what is asked for."""
    return tuple(_of(experiment, ran) for ran in runs_to_loss(experiment, sequence))


def runs_to_loss(experiment: Experiment, sequence: Sequence) -> tuple[Trace, ...]:
    """The run of each cell up to the step with the loss, the one in view."""
    values = sequence.values[: step_in_view(experiment, len(sequence.tokens)) + 1]
    return tuple(run(of, parameters(experiment, of, sequence), values) for of in cells_of(experiment))


def _of(experiment: Experiment, ran: Trace) -> Reached:
    if experiment.norm == "jacobian":
        check_products(ran.cell, ran.steps, ran.hidden_size)
    flow = backpropagate(ran, loss_grad(ran, experiment.loss, experiment.target))
    return Reached(
        cell=ran.cell,
        norm=flow.log10_norm(),
        curves=curves(ran, flow, experiment.norm),
        theory=theory(ran, flow, experiment.norm) if experiment.loss != "every" or experiment.norm != "state" else {},
        saliency=flow.log10_norm("x") if experiment.loss == "last" else saliency(ran),
        all_parameters=all_parameters(flow),
    )


def loss_grad(ran: Trace, loss: str, target: float) -> dict[str, Array] | None:
    """dL/dh at every step, as ``backpropagate`` takes it, for the losses of an Experiment: the sum of the last h, the
    squared distance of the last h to ``target`` in every unit, the sum of h after every step."""
    if loss == "last":
        return None
    by_h = np.ones_like(ran["h"])
    if loss == "target":
        by_h[:-1], by_h[-1] = 0.0, 2 * (ran["h"][-1] - target)
    return {"h": by_h}


def curves(ran: Trace, flow: GradientFlow, norm: str) -> dict[str, Array]:
    """log10 norms at each step, (t,) or (t, B), for the norms of an Experiment."""
    if norm == "jacobian":
        return {WHOLE: spectral_norms(ran)}
    if norm == "parts":
        return {name: flow.log10_norm(name, carried=True) for name in ran.cell.states}
    return {WHOLE: flow.log10_norm("x" if norm == "input" else None)}


def check_products(of: Cell, steps: int, hidden_size: int, runs: int = 1, most: float = MAX_PRODUCTS) -> None:
    """Refuses norms of products of Jacobians that would take longer than ``most`` allows."""
    size = len(of.states) * hidden_size
    if steps * size**3 * runs > most:
        raise InputError(
            f"The norms of products of {steps} Jacobians of {size} × {size} of the {of.title} are too much work: "
            f"up to {int(most / (size**3 * runs))} steps are taken at this size."
        )


def slope(norm: Array) -> float:
    """Mean change of a log10 norm (t,) a step back; −inf if it ends at an exact zero, nan where nothing can be said."""
    if len(norm) < 2 or norm[-1] == -np.inf:
        return float("nan")
    return float((norm[0] - norm[-1]) / (len(norm) - 1))


def all_parameters(flow: GradientFlow) -> float:
    """log10 of the norm of the gradient by all parameters together: what clipping by norm looks at; inf beyond
    1e308."""
    largest = max((float(np.abs(each).max()) for each in flow.params.values()), default=0.0)
    if largest == 0 or not np.isfinite(largest):
        return float(np.log10(largest)) if largest else float("-inf")
    unit = float(np.log2(largest)) // 1  # squares of entries near 1 stay in range
    total = sum(float(np.square(np.ldexp(each, -int(unit))).sum()) for each in flow.params.values())
    return 0.5 * float(np.log10(total)) + unit * float(LOG10_2)


# -- theory ------------------------------------------------------------------------------------------------------------


def theory(ran: Trace, flow: GradientFlow, norm: str) -> dict[str, Array]:
    """What theory says of the carried gradient of a loss after the last step, or of the product of Jacobians: log10,
    (t,) each.

    Where each step's Jacobian is diag(d) U: ∏‖diag(d) U‖₂ and, if no |d| is above 1, σ_max(U)^k (Pascanu, Mikolov and
    Bengio, On the difficulty of training recurrent neural networks, 2013). Else the direct path through what is kept.
    """
    if norm not in ("state", "jacobian") or ran.steps == 1:
        return {}
    found = diagonal_times_matrix(ran)
    if found is None:
        return _direct(ran, flow, norm)
    slopes, matrix = found
    each = np.empty(ran.steps)
    for low in range(0, ran.steps, TOGETHER):
        some = slice(low, low + TOGETHER)
        with np.errstate(divide="ignore"):
            each[some] = np.log10(np.linalg.norm(slopes[some, :, None] * matrix, 2, axis=(-2, -1)))
    at_loss = flow.log10_norm()[-1] if norm == "state" else 0.0
    bounds = {PRODUCT: _to_the_end(each) + at_loss}
    if np.abs(slopes).max() <= 1:
        with np.errstate(divide="ignore"):
            stretch = np.log10(np.linalg.norm(matrix, 2))
        bounds[POWER] = _to_the_end(np.full(ran.steps, stretch)) + at_loss
    return bounds


def _to_the_end(each: Array) -> Array:
    """The sum over all later steps, after each step: 0 after the last."""
    total = np.zeros(len(each))
    total[:-1] = np.cumsum(each[:0:-1])[::-1]
    return total


def diagonal_times_matrix(ran: Trace) -> tuple[Array, Array] | None:
    """(d, U), (t, H) and (H, H), where the Jacobian of each step is diag(d) U; None for any other cell.

    So it is if h is the only state and enters its new value through one matrix product alone.
    """
    cell = ran.cell
    if len(cell.states) > 1:
        return None
    plan, after, before = backward_plan(cell), cell.node("h"), cell.graph.values["h"]
    inside = [node for node in plan.coefficients[after] if node is not after and node in plan.adjoint_of]
    if len(inside) != 1 or inside[0].args != (before,):
        return None
    slopes = ran.bulk()[plan.coefficients[after][inside[0]]]
    return np.broadcast_to(slopes, (ran.steps, ran.hidden_size)), ran.params[inside[0].name]


def _direct(ran: Trace, flow: GradientFlow, norm: str) -> dict[str, Array]:
    paths = direct_paths(ran)
    if not paths:
        return {}
    if norm == "jacobian":  # of a diagonal matrix the norm is its largest entry
        return {DIRECT: np.max([path.max(axis=-1) for path in paths.values()], axis=0)}
    with np.errstate(divide="ignore"):
        logs = [path + np.log10(np.abs(flow[name][-1])) for name, path in paths.items()]
    return {DIRECT: _log10_norm(np.concatenate(logs, axis=-1))}


def _log10_norm(logs: Array) -> Array:
    """log10 of the norm of rows that are given as log10 of their entries' sizes."""
    largest = logs.max(axis=-1)
    shift = np.where(np.isfinite(largest), largest, 0.0)
    with np.errstate(divide="ignore"):
        return shift + 0.5 * np.log10(np.sum(10.0 ** (2 * (logs - shift[..., None])), axis=-1))


# -- memory without a gradient -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Latch:
    """A run that keeps a value for good and hardly a gradient: hand-set weights, in their own example."""

    cell: Cell
    weights: str
    labels: tuple[str, ...]
    held: Array  # (T,) unit 1 of h
    norm: Array  # (T,) log10 of the norm of the gradient of the sum of the last h


def latch(weights: str = "sign") -> Latch:
    experiment = with_weights(Experiment(), weights)
    sequence = parse_sequence(experiment.kind, experiment.text)
    (of,) = cells_of(experiment)
    found = report(trace(experiment, of, sequence))
    return Latch(of, weights, tuple(sequence.labels), found.states["h"][:, 0], found.norm)
