"""What else the engine's speed is measured by: the horizon map, a call's fixed cost, and gradients that vanish.

    python -m benchmarks.limits

One thread each, float64. The horizon map of 100 steps stands beside torch's batched vector-Jacobian products (one
backward that carries a row for each loss step), and the two must agree. Blocks of calls alternate; a ratio is the
median over the rounds of the ratios of their blocks' medians.
"""

import functools
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import torch
from threadpoolctl import threadpool_limits

import gru_viz
from benchmarks import by_hand
from benchmarks.engine import answer, torch_step

STEPS, HIDDEN, INPUTS = 100, 16, 8
ROUNDS, CALLS = 5, 9


def seconds(call: Callable[[], object]) -> float:
    times = []
    for _ in range(CALLS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return median(times)


def ratio(one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    """(milliseconds of one, other / one), blocks in turn."""
    blocks = [(seconds(one), seconds(other)) for _ in range(ROUNDS)]
    return 1e3 * median(mine for mine, _ in blocks), median(theirs / mine for mine, theirs in blocks)


def traced(name: str, steps: int, hidden: int, recurrent_gain: float = 1.0) -> gru_viz.Trace:
    cell = gru_viz.cell(name)
    params = gru_viz.init_params(cell, INPUTS, hidden, seed=1, recurrent_gain=recurrent_gain)
    return gru_viz.run(cell, params, np.random.default_rng(2).standard_normal((steps, INPUTS)))


def torch_horizon(trace: gru_viz.Trace) -> np.ndarray:
    """[t, s] = log10 of the norm of d(sum of h_t) / d(carried state after s); the forward pass is part of it."""
    step = torch_step(trace.cell.name, dict(trace.params))
    states = {name: torch.zeros(trace.hidden_size, dtype=torch.float64) for name in trace.cell.states}
    carried: list[list[torch.Tensor]] = []
    sums = []
    for row in torch.tensor(trace["x"].copy()):
        named = step(row, *states.values())
        # What is handed on passes an identity, so that the path through the step's own h is left out for c.
        states = {name: named[name] * 1.0 for name in states}
        for tensor in states.values():
            tensor.requires_grad_(True)
        carried.append(list(states.values()))
        sums.append(states["h"].sum())
    flat = [tensor for each in carried for tensor in each]
    losses = torch.eye(trace.steps, dtype=torch.float64)
    found = torch.autograd.grad(torch.stack(sums), flat, losses, is_grads_batched=True, allow_unused=True)
    nothing = torch.zeros((trace.steps, trace.hidden_size), dtype=torch.float64)  # the last c is handed on to nobody
    found = [nothing if each is None else each for each in found]
    per_step = len(carried[0])
    rows = [torch.cat(found[k : k + per_step], dim=1) for k in range(0, len(found), per_step)]
    return torch.log10(torch.stack([row.norm(dim=1) for row in rows], dim=1)).detach().numpy()


def horizons() -> None:
    print(f"horizon map, {STEPS} steps, {HIDDEN} units: torch / ours")
    worst = float("inf")
    for name in gru_viz.cell_names():
        trace = traced(name, STEPS, HIDDEN)
        below = np.tril_indices(STEPS)
        apart = np.abs(gru_viz.horizon(trace)[below] - torch_horizon(trace)[below]).max()
        assert apart < 1e-9, (name, apart)
        ours, times = ratio(lambda t=trace: gru_viz.horizon(t), lambda t=trace: torch_horizon(t))
        worst = min(worst, times)
        print(f"  {name:16s} {ours:6.2f} ms   {times:5.1f}x")
    print(f"  least {worst:.1f}x   asked 8x or more   {answer(worst >= 8)}")


def fixed_costs() -> None:
    print(f"one call of one step, {HIDDEN} units, without that step as it costs in a long run: µs, and by hand")
    most = 0.0
    for name in gru_viz.cell_names():
        cell, params = gru_viz.cell(name), gru_viz.init_params(gru_viz.cell(name), INPUTS, HIDDEN, seed=1)
        by_steps: dict[int, tuple[float, ...]] = {}
        for steps in (1, STEPS):
            x = np.random.default_rng(2).standard_normal((steps, INPUTS))
            trace, values = gru_viz.run(cell, params, x), by_hand.FORWARD[name](params, x)
            calls = (
                functools.partial(gru_viz.run, cell, params, x),
                functools.partial(by_hand.FORWARD[name], params, x),
                functools.partial(gru_viz.backpropagate, trace),
                functools.partial(by_hand.BACKWARD[name], params, x, values),
            )
            blocks = [[seconds(call) for call in calls] for _ in range(20)]
            by_steps[steps] = tuple(1e6 * median(times) for times in zip(*blocks, strict=True))
        fixed = [one - (many - one) / (STEPS - 1) for one, many in zip(by_steps[1], by_steps[STEPS], strict=True)]
        most = max(most, fixed[0], fixed[2])
        print("  {:16s} run {:6.1f} ({:4.1f})   backpropagate {:6.1f} ({:4.1f})".format(name, *fixed))
    print(f"  most {most:.1f} µs   asked 40 µs or less   {answer(most <= 40)}")


def vanishing() -> None:
    print("a gradient that vanishes (recurrent gain 0.001) beside one that does not (1), 2,000 steps, 32 units")
    most = 0.0
    for name in gru_viz.cell_names():
        holds, vanishes = traced(name, 2_000, 32), traced(name, 2_000, 32, recurrent_gain=0.001)
        _, times = ratio(lambda t=holds: gru_viz.backpropagate(t), lambda t=vanishes: gru_viz.backpropagate(t))
        most = max(most, times)
        lowest = gru_viz.backpropagate(vanishes).log10_norm()[0]
        print(f"  {name:16s} vanishing / not {times:5.2f}x   (10^{lowest:.0f} at the first step)")
    print(f"  most {most:.2f}x   asked 1.2x or less   {answer(most <= 1.2)}")


def main() -> None:
    torch.set_num_threads(1)
    with threadpool_limits(limits=1):
        horizons()
        fixed_costs()
        vanishing()


if __name__ == "__main__":
    main()
