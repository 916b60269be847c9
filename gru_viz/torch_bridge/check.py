"""The check of a run against PyTorch: the same equations with torch's operations, and torch.nn's own module."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gru_viz.errors import InputError, check_kind
from gru_viz.gradients import GradientFlow, backpropagate
from gru_viz.grammar import Call, Expression, MatrixProduct, Name, Negative, Number, Product, Sum
from gru_viz.graph import Array
from gru_viz.torch_bridge.convert import Layout, Tensor, layout_of, tensor, to_torch
from gru_viz.trace import A_RUN, Trace

VALUE_TOLERANCE = 1e-12
GRADIENT_TOLERANCE = 1e-10
SMALLEST = 1e-290  # gradients below this one lose digits on their way through torch, where nothing is rescaled


@dataclass(frozen=True)
class TorchCheck:
    """How far a run and its gradients are from PyTorch's: the largest difference for each name.

    ``values``: of each value that the equations define; absolute, and for values beyond 1 relative to the largest.
    ``gradients``: relative to the largest entry of PyTorch's. By "x", each defined value (as ``flow["z"]``) and each
    parameter, and by "carried h" (as ``flow.carried["h"]``) and "h before step 1", the initial state.
    """

    against: tuple[str, ...]  # in words, what the run was compared with
    values: Mapping[str, float]
    gradients: Mapping[str, float]

    @property
    def worst_value(self) -> float:
        """The largest of the values' differences."""
        return max(self.values.values())

    @property
    def worst_gradient(self) -> float:
        """The largest of the gradients' differences."""
        return max(self.gradients.values())

    @property
    def agrees(self) -> bool:
        """Values within 1e-12 and gradients within 1e-10."""
        return self.worst_value <= VALUE_TOLERANCE and self.worst_gradient <= GRADIENT_TOLERANCE


def check_against_torch(trace: Trace, loss_grad: Mapping[str, object] | None = None) -> TorchCheck:
    """Compute a run and its gradients once more in PyTorch, in float64, and compare.

    The equations as parsed are computed with torch's operations: nothing of the graph, the loop or the table of
    derivatives is used. Where torch.nn has the cell, its own module is run as well, step by step, to see every state.
    ``loss_grad`` as in ``backpropagate``. Raises InputError for a sweep, and where PyTorch's gradients leave the range
    of a float64, so that there is nothing to compare.
    """
    check_kind(trace, *A_RUN)
    if trace.sweep:
        raise InputError("A sweep is not checked against PyTorch; run one set of its parameters and check that run.")
    flow = backpropagate(trace, loss_grad)
    loss = {state: np.zeros(trace[state].shape) for state in trace.cell.states}
    if loss_grad is None:
        loss["h"][-1] = 1.0
    for state, given in (loss_grad or {}).items():
        loss[state] = np.asarray(given, dtype=np.float64)

    import torch

    with torch.inference_mode(False), torch.enable_grad():
        runs = {"the equations, written in torch": _run_equations(trace, loss)}
        if (layout := layout_of(trace.cell)) is not None:
            runs[f"torch.nn.{layout.module}"] = _run_module(trace, loss, layout)
    values: dict[str, float] = {}
    gradients: dict[str, float] = {}
    ours = compared_gradients(flow)
    for their_values, their_gradients in runs.values():
        for name, theirs in their_values.items():
            values[name] = max(values.get(name, 0.0), _difference(trace[name], theirs, at_least=1.0))
        for name, theirs in their_gradients.items():
            if not np.isfinite(theirs).all():
                raise InputError(
                    f"PyTorch's gradient by {name} leaves the range of its numbers (1.8e308), so nothing can be "
                    "compared; smaller weights or fewer steps are needed."
                )
            gradients[name] = max(gradients.get(name, 0.0), _difference(ours[name], theirs, at_least=SMALLEST))
    return TorchCheck(tuple(runs), values, gradients)


def _difference(ours: Array, theirs: Array, at_least: float) -> float:
    """The largest, relative to the largest of theirs or to ``at_least``; what is no number differs from everything."""
    with np.errstate(invalid="ignore"):
        found = np.where(ours == theirs, 0.0, np.abs(ours - theirs)).max() / max(at_least, np.abs(theirs).max())
    return np.inf if np.isnan(found) else float(found)


def _carried(state: str) -> str:
    return f"carried {state}"


def _initial(state: str) -> str:
    return f"{state} before step 1"


def compared_gradients(flow: GradientFlow) -> dict[str, Array]:
    """Those of ``TorchCheck.gradients``, by name."""
    found = {name: flow[name] for name in flow.trace.names} | dict(flow.params)
    for state in flow.trace.cell.states:
        found |= {_carried(state): flow.carried[state], _initial(state): flow.before[state][0]}
    return found


Tensors = Mapping[str, Tensor]
Step = Callable[[Tensor, Tensors, Tensors], Tensors]


def _run_equations(trace: Trace, loss: Mapping[str, Array]) -> tuple[dict[str, Array], dict[str, Array]]:
    """Values and gradients by the parsed lines, one after the other."""
    params = {name: tensor(value, requires_grad=True) for name, value in trace.params.items()}

    def step(x: Tensor, states: Tensors, zeros: Tensors) -> Tensors:
        known = {**params, **states, "x": x}
        for line in trace.cell.equations.lines:
            known[line.symbol] = _evaluate(line.expression, known) + zeros[line.name]
        return {line.name: known[line.symbol] for line in trace.cell.equations.lines}

    return _run(trace, loss, step, params, trace.cell.names)


def _run_module(trace: Trace, loss: Mapping[str, Array], layout: Layout) -> tuple[dict[str, Array], dict[str, Array]]:
    """The states and the gradients by torch.nn's own module."""
    module = to_torch(trace.cell, trace.params)
    order = layout.cell.states  # torch's: h, c

    def step(x: Tensor, states: Tensors, zeros: Tensors) -> Tensors:
        before = tuple(states[state][None] for state in order)
        _, after = module(x[None], before if len(before) > 1 else before[0])
        return dict(zip(order, (value[0] for value in (after if len(before) > 1 else (after,))), strict=True))

    stacked = {name.removesuffix("_l0"): value for name, value in module.named_parameters()}
    values, gradients = _run(trace, loss, step, stacked, ())
    arrays = {name: gradients.pop(name) for name in stacked}
    for name, k, parameter in layout.blocks():  # where two biases are summed, both have the gradient of the sum
        gradients[parameter] = arrays[name][k * trace.hidden_size : (k + 1) * trace.hidden_size]
    return values, gradients


def _run(
    trace: Trace, loss: Mapping[str, Array], step: Step, params: Tensors, names: tuple[str, ...]
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Values and gradients of a step after step; (T, *lead, H).

    A zero is added to each of ``names`` and to each state handed on, at each step: its gradient is that of the value.
    """
    import torch

    states, zeros = trace.cell.states, np.zeros(trace["h"].shape)
    every_step = {"x": trace["x"]} | dict.fromkeys([*names, *map(_carried, states)], zeros)
    leaves = {name: tensor(value, requires_grad=True) for name, value in every_step.items()}
    first = {state: tensor(trace.before[state][0], requires_grad=True) for state in states}
    values, handed_on = [], [first]
    for tensors in zip(*(leaf.unbind(0) for leaf in leaves.values()), strict=True):
        row = dict(zip(leaves, tensors, strict=True))
        values.append(step(row["x"], handed_on[-1], row))
        handed_on.append({state: values[-1][state] + row[_carried(state)] for state in states})
    leaves |= {**params, **{_initial(state): tensor for state, tensor in first.items()}}
    found = torch.autograd.grad(
        [torch.stack([after[state] for after in handed_on[1:]]) for state in states],
        list(leaves.values()),
        [tensor(loss[state]) for state in states],
        materialize_grads=True,
    )
    stacked = {name: torch.stack([each[name] for each in values]).detach().numpy() for name in values[0]}
    return stacked, {name: gradient.numpy() for name, gradient in zip(leaves, found, strict=True)}


def _evaluate(expression: Expression, known: Tensors) -> Tensor:
    import torch

    match expression:
        case Number(value=value):
            return torch.tensor(value, dtype=torch.float64, device="cpu")
        case Name(name=name, primed=primed):
            return known[name + "'" * primed]
        case MatrixProduct(matrix=matrix, operand=operand):
            inner = _evaluate(operand, known)
            return (inner if inner.ndim else inner.expand(known[matrix].shape[1])) @ known[matrix].T
        case Call(function=function, argument=argument):
            return getattr(torch, function)(_evaluate(argument, known))
        case Negative(operand=operand):
            return -_evaluate(operand, known)
        case Sum(terms=terms, signs=signs):
            signed = (sign * _evaluate(term, known) for sign, term in zip(signs, terms, strict=True))
            return functools.reduce(operator.add, signed)
        case Product(factors=factors):
            return functools.reduce(operator.mul, (_evaluate(factor, known) for factor in factors))
    raise AssertionError(expression)
