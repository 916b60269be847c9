"""Backward in time: ``backpropagate``, what it finds, and how far back a gradient reaches."""

from __future__ import annotations

import copyreg
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from gru_viz.bulk import product
from gru_viz.errors import InputError, check_kind, check_share, shown
from gru_viz.graph import Array, Node
from gru_viz.parameters import as_float64, as_numbers
from gru_viz.stacks import transposed
from gru_viz.trace import A_RUN, ByName, Trace, read_only
from gru_viz.walk import LOG10_2 as LOG10_2
from gru_viz.walk import Walk, log10_norm_of


def backpropagate(trace: Trace, loss_grad: Mapping[str, object] | None = None) -> GradientFlow:
    """The gradient of a loss L by every value of a run, through all steps.

    Without ``loss_grad`` L is the sum of the last h (in a batch, of each row's own). Else it gives dL/d(state) for
    any states, each an array shaped like ``trace[state]``: (T, H) or (T, B, H). Raises InputError.
    """
    check_kind(trace, *A_RUN)
    return GradientFlow(trace, Walk(trace, _check_loss(trace, loss_grad)))


def reach(flow: GradientFlow, share: float = 0.01) -> int | Array:
    """How many steps back the gradient reaches: T if it never falls below ``share`` of its norm at the last step.

    Counted from the farthest step at which the carried gradient's norm still has that share, to the last step,
    both included; 0 if it is zero at the last step. An int, or (B,) for a batch. Raises InputError.
    """
    check_kind(flow, GradientFlow, "flow", "what gru_viz.backpropagate returns")
    check_share(share)
    steps = reached(flow.log10_norm(), share)
    return int(steps) if steps.ndim == 0 else steps


def reached(norm: Array, share: float) -> Array:
    """``reach`` of log10 norms, (T,) or (T, B), that were found in any way: () or (B,)."""
    enough = (norm >= norm[-1] + np.log10(share)) & (norm[-1] > -np.inf)
    return np.where(enough.any(axis=0), len(norm) - np.argmax(enough, axis=0), 0)


@dataclass(frozen=True, eq=False)
class GradientFlow:
    """dL/d(every value of a run). ``flow["z"]`` is shaped like ``trace["z"]``; made by ``backpropagate``.

    ``flow[name]`` counts every use of the value, in its own step and later. ``flow.carried[state]`` is the gradient of
    what the cell hands on after each step through that state, the other states held fixed, so that for an LSTM the
    path from c through h of the same step is left out; it includes the loss's own gradient there.
    ``flow.before[state]`` is the gradient by the state before each step, through that step and later; row 0 is dL/dh_0.
    """

    trace: Trace
    _walk: Walk = field(repr=False)

    @property
    def carried(self) -> ByName:
        """By name the gradient by each state that is handed on, after each step: (T, H) or (T, B, H)."""
        mantissas, exponents = self.scaled_carried
        return ByName({name: _scaled(values, exponents) for name, values in mantissas.items()})

    @property
    def scaled_carried(self) -> tuple[ByName, Array]:
        """``carried`` as mantissas and exponents of two, (T,) or (T, B): also where a float64 ends."""
        walk = self._walk
        return ByName({name: values[1:] for name, values in walk.states.items()}), read_only(walk.state_exponent[1:])

    @property
    def before(self) -> ByName:
        """By name the gradient by each state before each step: (T, H) or (T, B, H)."""
        walk, steps = self._walk, self.trace.steps
        return ByName({name: _scaled(values[:steps], walk.kept_exponent) for name, values in walk.kept.items()})

    def __getitem__(self, name: str) -> Array:
        found = self._mantissa(name)
        return read_only(_scaled(found, self._walk.exponent) if self._walk.rescaled else found)

    def log10_norm(self, name: str | None = None, carried: bool = False) -> Array:
        """log10 of the Euclidean norm at each step, (T,) or (T, B); exact below 1e-308 too, -inf for an exact zero.

        Of all carried states together; with ``name`` of ``flow[name]``, or of ``flow.carried[name]`` alone. Parts share
        the exponent of the whole: one that is 10⁻¹⁸⁰ of it or less may read as zero.
        """
        check_kind(carried, bool, "carried", "True or False")
        walk = self._walk
        if name is None and walk.plain:
            found = 0.5 * np.log10(walk.squares[1:])
            return found + walk.state_exponent[1:] * LOG10_2 if walk.rescaled else found
        if name is None:
            together = np.concatenate([values[1:] for values in walk.states.values()], axis=-1)
            return log10_norm_of(together, walk.state_exponent[1:])
        if carried:
            if not isinstance(name, str) or name not in walk.states:
                raise InputError(f"{shown(name)} is not carried; the states are {', '.join(walk.states)}.")
            return log10_norm_of(walk.states[name][1:], walk.state_exponent[1:])
        return log10_norm_of(self._mantissa(name), walk.exponent)

    @functools.cached_property
    def params(self) -> Mapping[str, Array]:
        """dL/d(parameter), summed over steps and batch; in a sweep for each set. Shaped like ``trace.params``."""
        found = {name: np.zeros_like(value) for name, value in self.trace.params.items()}
        with np.errstate(over="ignore", invalid="ignore"):
            for node in self._nodes():
                if node.op in ("vector", "matrix"):
                    found[node.name] += self._summed(node)
        return ByName(found)

    # -- adjoints of any node ---------------------------------------------------------------------------------------

    def _nodes(self) -> Iterator[Node]:
        """Every node that the loss depends on, once."""
        between = (node for found in self._walk.plan.coefficients.values() for node in found)
        return iter(dict.fromkeys((*self._walk.plan.adjoint_of, *between)))

    def _adjoint(self, node: Node) -> Array:
        """The mantissas of dL/d(node), (T, *lead, H)."""
        node = self._walk.plan.twin.get(node, node)
        if node in self._walk.adjoints:
            return self._walk.adjoints[node]
        terms = [
            self._walk.bulk[found[node]] * self._walk.adjoints[target]
            for target, found in self._walk.plan.coefficients.items()
            if node in found
        ]
        if not terms:
            return np.zeros((self.trace.steps, *self.trace.lead, self.trace.hidden_size))
        return functools.reduce(np.add, terms)

    def _side_by_side(self, nodes: tuple[Node, ...]) -> Array:
        """The adjoints of nodes that have neighbouring slots of a stack, (T, *lead, their number * H)."""
        if len(nodes) == 1:
            return self._adjoint(nodes[0])
        walk, hidden = self._walk, self.trace.hidden_size
        _, stack, slot, _ = walk.plan.adjoint_of[walk.plan.twin[nodes[0]]]
        return walk.stacks[stack][..., slot * hidden : (slot + len(nodes)) * hidden]

    @np.errstate(over="ignore", invalid="ignore")
    def _mantissa(self, name: str) -> Array:
        trace = self.trace
        if not isinstance(name, str) or name not in trace.names:
            raise InputError(f"{trace.cell.name} has no value {shown(name)}; its values are {', '.join(trace.names)}.")
        if name != "x":
            return self._adjoint(trace.cell.node(name))
        parts = [
            product(self._side_by_side(nodes), transposed(trace.params, nodes), trace.sweep)
            for nodes in self._walk.plan.input_products
        ]
        if not parts:
            return np.zeros((trace.steps, *trace.lead, trace.inputs.shape[-1]))
        return functools.reduce(np.add, parts)

    def _summed(self, node: Node) -> Array:
        """dL/d(parameter) through one use of it."""
        trace, adjoint, exponent = self.trace, self._adjoint(node), self._walk.exponent
        keep = trace.sweep  # one gradient for each set of parameters
        largest = exponent.max(axis=0) if keep else exponent.max()
        if exponent.any():
            adjoint = np.ldexp(adjoint, (exponent - largest)[..., None])
        axes = tuple(range(adjoint.ndim - 1 - keep))
        if node.op == "vector":
            total = adjoint.sum(axis=axes)
        else:
            width = trace.params[node.name].shape[-1]
            operand = np.broadcast_to(self._walk.bulk[node.args[0]], (*adjoint.shape[:-1], width))
            if keep:
                total = np.matmul(adjoint.transpose(1, 2, 0), operand.swapaxes(0, 1))
            else:
                total = np.dot(adjoint.reshape(-1, adjoint.shape[-1]).T, operand.reshape(-1, operand.shape[-1]))
        with np.errstate(over="ignore", under="ignore"):
            return np.ldexp(total, np.reshape(largest, np.shape(largest) + (1,) * (total.ndim - keep)))


def _scaled(mantissa: Array, exponent: Array) -> Array:
    if not exponent.any():
        return mantissa
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(mantissa, exponent[..., None])


def _again(flow: GradientFlow) -> tuple[object, ...]:
    """A copy, in another process too, is made anew: a walk holds functions that were compiled for its cell's nodes."""
    trace, loss = flow.trace, {}
    for name, values in flow._walk.loss.items():
        loss[name] = np.zeros((trace.steps, *trace.lead, trace.hidden_size))
        loss[name][-len(values) :] = values
    return backpropagate, (trace, loss)


copyreg.pickle(GradientFlow, _again)  # type: ignore[arg-type]


def _check_loss(trace: Trace, loss_grad: Mapping[str, object] | None) -> dict[str, Array]:
    """dL/d(state) of at least one: in each a row for every step, or for the last alone if all others are zero."""
    if loss_grad is None:
        return {"h": np.ones((1, *trace.lead, trace.hidden_size))}
    check_kind(loss_grad, Mapping, "loss_grad", "a mapping of states to arrays")
    shape, loss = (trace.steps, *trace.lead, trace.hidden_size), {}
    for name, given in loss_grad.items():
        if name not in trace.cell.states:
            known = ", ".join(trace.cell.states)
            raise InputError(f"loss_grad names {shown(name)}; the states of {trace.cell.name} are {known}.")
        values = as_numbers(given, "loss_grad of {}", name)
        if values.shape != shape:
            raise InputError(f"loss_grad of {name} has the shape {values.shape}; {shape} is expected.")
        loss[name] = as_float64(values, "loss_grad of {}", name)
        if not np.isfinite(loss[name]).all():
            raise InputError(f"loss_grad of {name} holds a value that is not finite (nan or inf).")
        loss[name] = loss[name].copy()  # for a copy of the flow, whatever happens to what was given
    if not loss:
        return {"h": np.zeros((1, *shape[1:]))}
    if not any(values[:-1].any() for values in loss.values()):
        return {name: values[-1:] for name, values in loss.items()}
    return loss
