"""How fast the engine is: ours beside a loop by hand in NumPy and a loop in torch, in one run, as ratios.

    python -m benchmarks.engine            # a minute or two
    python -m benchmarks.engine --quick    # only shows that it runs and that all three agree

One thread each, float64, one sequence. Forward: every named value of every step. Gradients: of the sum of the last h by
every state and every input, and the norms; ours and the loop by hand also give those by every gate. A side runs a block
of calls, each with a new x, then the next side does; the ratio of two sides is the median over the rounds of the
ratios of their blocks' medians. Sides that disagree are not measured. Last comes the distance to a loop in C.
"""

import argparse
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np
import torch
from threadpoolctl import threadpool_limits

import gru_viz
from benchmarks import by_hand

SIZES = ((50, 16), (200, 32))  # steps, hidden units
INPUTS = 8
ROUNDS, CALLS = 5, 9
TOLERANCE = 1e-10
OURS, HAND, TORCH = "ours", "by hand", "torch"

# µs a step, forward, every gate recorded: a loop in C with libmvec, measured once (facts/engine.md: 2 cores, float64,
# batch 1). Data of one machine: beside times of another one a ratio is a hint. No size is interpolated.
LIMIT = {
    ("rnn", 200, 32): 0.23,
    ("lstm", 200, 32): 0.83,
    ("gru", 50, 16): 0.54,
    ("gru", 1_000, 64): 1.98,
    ("gru", 5_000, 128): 6.3,
}

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Side:
    """``forward(x)`` gives what ``values`` and ``gradients`` read: both are names and arrays or tensors."""

    forward: Callable
    values: Callable
    backward: Callable


# -- ours, and by hand -------------------------------------------------------------------------------------------------


def ours(cell: gru_viz.Cell, params: Arrays) -> Side:
    def backward(trace: gru_viz.Trace) -> Arrays:
        flow = gru_viz.backpropagate(trace)
        return {name: flow[name] for name in trace.names} | {"norm": flow.log10_norm()}

    return Side(
        forward=lambda x: gru_viz.run(cell, params, x),
        values=lambda trace: {name: trace[name] for name in cell.names},
        backward=backward,
    )


def hand(cell: gru_viz.Cell, params: Arrays) -> Side:
    forward, backward = by_hand.FORWARD[cell.name], by_hand.BACKWARD[cell.name]
    return Side(
        forward=lambda x: (x, forward(params, x)),
        values=lambda made: made[1],
        backward=lambda made: backward(params, *made),
    )


# -- torch -------------------------------------------------------------------------------------------------------------


def hidden_size(params: Arrays) -> int:
    return len(next(iter(params.values())))


def torch_step(name: str, params: Arrays) -> Callable[..., dict[str, torch.Tensor]]:
    """(x, states…) -> every named value of one step: plain operators, weights stacked where gates share an operand."""
    p = {key: torch.tensor(value) for key, value in params.items()}
    sigmoid, tanh, hidden = torch.sigmoid, torch.tanh, hidden_size(params)

    def affine(gates: str) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
        w, u, b = (torch.cat([p[f"{letter}_{gate}"] for gate in gates]) for letter in "WUb")
        return lambda x, h: w @ x + u @ h + b

    def rnn():
        h_of = affine("h")
        return lambda x, h: {"h": tanh(h_of(x, h))}

    def lstm():
        all_of = affine("fiog")

        def step(x, h, c):
            gates, candidate = all_of(x, h).split([3 * hidden, hidden])
            f, i, o = sigmoid(gates).chunk(3)
            g = tanh(candidate)
            c = f * c + i * g
            return {"f": f, "i": i, "o": o, "g": g, "c": c, "h": o * tanh(c)}

        return step

    def lstm_peephole():
        all_of, peep = affine("fiog"), torch.stack([p["p_f"], p["p_i"]])

        def step(x, h, c):
            first, show, candidate = all_of(x, h).split([2 * hidden, hidden, hidden])
            f, i = sigmoid(first.view(2, hidden) + peep * c).unbind()
            g = tanh(candidate)
            c = f * c + i * g
            o = sigmoid(show + p["p_o"] * c)
            return {"f": f, "i": i, "g": g, "c": c, "o": o, "h": o * tanh(c)}

        return step

    def gru():
        gates_of, n_of = affine("rz"), affine("n")

        def step(x, h):
            r, z = sigmoid(gates_of(x, h)).chunk(2)
            n = tanh(n_of(x, r * h))
            return {"r": r, "z": z, "n": n, "h": (1 - z) * h + z * n}

        return step

    def gru_reset_after():
        gates_of = affine("rz")

        def step(x, h):
            r, z = sigmoid(gates_of(x, h)).chunk(2)
            n = tanh(p["W_n"] @ x + p["b_n"] + r * (p["U_n"] @ h + p["c_n"]))
            return {"r": r, "z": z, "n": n, "h": (1 - z) * n + z * h}

        return step

    return {f.__name__: f for f in (rnn, lstm, lstm_peephole, gru, gru_reset_after)}[name]()


def with_torch(cell: gru_viz.Cell, params: Arrays) -> Side:
    step = torch_step(cell.name, params)
    zeros = torch.zeros(hidden_size(params), dtype=torch.float64)

    def forward(x: torch.Tensor) -> tuple[torch.Tensor, dict[str, list[torch.Tensor]]]:
        recorded: dict[str, list[torch.Tensor]] = {name: [] for name in cell.names}
        state = [zeros] * len(cell.states)
        for row in x.unbind():
            values = step(row, *state)
            for name, value in values.items():
                recorded[name].append(value)
            state = [values[name] for name in cell.states]
        return x, recorded

    def backward(made: tuple[torch.Tensor, dict[str, list[torch.Tensor]]]) -> dict[str, torch.Tensor]:
        x, recorded = made
        wanted = [value for name in cell.states for value in recorded[name]]
        of_x, *of_states = torch.autograd.grad(recorded["h"][-1].sum(), [x, *wanted])
        states = torch.stack(of_states).view(len(cell.states), len(x), -1)
        norm = torch.linalg.vector_norm(states, dim=(0, 2)).log10()
        return {"x": of_x, "norm of states": norm} | dict(zip(cell.states, states, strict=True))

    return Side(
        forward=forward,
        values=lambda made: {name: torch.stack(steps).detach() for name, steps in made[1].items()},
        backward=backward,
    )


# -- agreement ---------------------------------------------------------------------------------------------------------


def disagreement(sides: dict[str, Side], x: np.ndarray) -> float:
    """The largest difference between ours and another side in anything that both give, gradients by their size."""
    read = {}
    for name, side in sides.items():
        made = side.forward(given(x, name))
        read[name] = ({key: np.asarray(value) for key, value in side.values(made).items()},
                      {key: np.asarray(value) for key, value in side.backward(made).items()})  # fmt: skip
    values, gradients = read.pop(OURS)
    states = [gradients[name] for name in ("h", "c") if name in gradients]
    gradients["norm of states"] = 0.5 * np.log10(sum((state**2).sum(axis=-1) for state in states))
    worst = 0.0
    for other_values, other_gradients in read.values():
        for ours, theirs in ((values, other_values), (gradients, other_gradients)):
            assert {"h"} <= ours.keys() & theirs.keys()
            for key in ours.keys() & theirs.keys():
                worst = max(worst, np.abs(ours[key] - theirs[key]).max() / np.abs(ours[key]).max())
    return float(worst)


def given(x: np.ndarray, side: str) -> np.ndarray | torch.Tensor:
    return torch.tensor(x, requires_grad=True) if side == TORCH else x


# -- time --------------------------------------------------------------------------------------------------------------


def forward_block(side: Side, inputs: list) -> float:
    """Seconds of the median call."""
    times = []
    with torch.no_grad():
        for x in inputs:
            start = time.perf_counter()
            side.values(side.forward(x))
            times.append(time.perf_counter() - start)
    return median(times)


def backward_block(side: Side, inputs: list) -> float:
    """Seconds of the median call; the run forward before it is not counted."""
    times = []
    for x in inputs:
        made = side.forward(x)
        start = time.perf_counter()
        side.backward(made)
        times.append(time.perf_counter() - start)
    return median(times)


def alternated(
    block: Callable[[Side, list], float], sides: dict[str, Side], xs, rounds: int, calls: int
) -> dict[str, list[float]]:
    """The blocks of each side, side after side in each round, every call with an input of its own."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            times[name].append(block(side, [given(next(xs), name) for _ in range(calls)]))
    return times


def ratio(times: dict[str, list[float]], one: str, other: str) -> float:
    return median(a / b for a, b in zip(times[one], times[other], strict=True))


# -- the table ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    cell: str
    steps: int
    hidden: int
    disagreement: float
    forward: dict[str, list[float]]
    gradients: dict[str, list[float]]

    def text(self) -> str:
        parts = [f"{self.cell:<16}{self.steps:>5}{self.hidden:>4}"]
        for times in (self.forward, self.gradients):
            micro = (1e6 * median(times[side]) / self.steps for side in (OURS, HAND, TORCH))
            parts.append("".join(f"{value:>9.2f}" for value in micro))
            parts.append(f"{ratio(times, TORCH, OURS):>8.1f}x{ratio(times, OURS, HAND):>8.2f}x")
        return " ".join([*parts, f"{self.disagreement:>9.0e}"])


def measure(name: str, steps: int, hidden: int, rounds: int = ROUNDS, calls: int = CALLS) -> Row:
    cell = gru_viz.cell(name)
    params = gru_viz.init_params(cell, INPUTS, hidden, seed=0)
    rng = np.random.default_rng(0)
    xs = (rng.standard_normal((steps, INPUTS)) for _ in itertools.count())
    sides = {OURS: ours(cell, params), HAND: hand(cell, params), TORCH: with_torch(cell, params)}
    apart = disagreement(sides, next(xs))
    if not apart < TOLERANCE:
        raise SystemExit(f"{name}: the sides differ by {apart:.1e}, more than {TOLERANCE:.0e}: nothing is measured.")
    forward = alternated(forward_block, sides, xs, rounds, calls)
    return Row(name, steps, hidden, apart, forward, alternated(backward_block, sides, xs, rounds, calls))


def verdict(rows: list[Row], what: str, other: str, limit: float) -> str:
    """Whether a limit holds: torch at least so many times ours in every row, or, in those of the most steps, ours at
    most so many times by hand."""
    longest = max(row.steps for row in rows)
    times = [getattr(row, what) for row in rows if other == TORCH or row.steps == longest]
    if other == TORCH:
        worst = min(ratio(each, TORCH, OURS) for each in times)
        return f"{what:<10} torch / ours    least {worst:5.2f}x   asked {limit}x or more   {answer(worst >= limit)}"
    worst = max(ratio(each, OURS, HAND) for each in times)
    times_by_hand = (
        f"{what:<10} ours / by hand  most  {worst:5.2f}x   asked {limit}x or less   {answer(worst <= limit)}"
    )
    return f"{times_by_hand}   ({longest} steps)"


def answer(holds: bool) -> str:
    return "yes" if holds else "NO"


def distance_to_limit(rounds: int, calls: int) -> str:
    """Ours beside a loop in C, at exactly the sizes at which that was measured."""
    lines = ["forward beside C with libmvec, which was measured once, maybe on another machine: µs a step"]
    for (name, steps, hidden), limit in LIMIT.items():
        cell = gru_viz.cell(name)
        side = ours(cell, gru_viz.init_params(cell, INPUTS, hidden, seed=0))
        xs = [np.random.default_rng(k).standard_normal((steps, INPUTS)) for k in range(calls)]
        micro = 1e6 * median(forward_block(side, xs) for _ in range(rounds)) / steps
        lines.append(f"{name:<16}{steps:>5}{hidden:>4} {micro:>9.2f} {limit:>9.2f} {micro / limit:>8.1f}x")
    return "\n".join(lines)


def report(sizes, rounds: int, calls: int) -> list[Row]:
    columns = f"{OURS:>9}{HAND:>9}{TORCH:>9} {'torch/us':>9}{'us/hand':>9}"
    print(f"{'':<25} {'forward, µs a step':<45} gradients, µs a step")
    print(f"{'cell':<16}{'T':>5}{'H':>4} {columns} {columns} {'differ by':>9}")
    rows = []
    for steps, hidden in sizes:
        for name in gru_viz.cell_names():
            rows.append(measure(name, steps, hidden, rounds, calls))
            print(rows[-1].text(), flush=True)
    print()
    for what, other, limit in (
        ("forward", TORCH, 3.5),
        ("gradients", TORCH, 7.0),
        ("forward", TORCH, 4.5),
        ("gradients", TORCH, 9.0),
        ("forward", HAND, 1.3),
        ("gradients", HAND, 1.5),
    ):
        print(verdict(rows, what, other, limit))
    print()
    print(distance_to_limit(rounds, calls))
    return rows


def main(arguments: list[str] | None = None) -> list[Row]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="tiny sizes, two calls a block: the times mean nothing")
    quick = parser.parse_args(arguments).quick
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(limits=1):
            return report(((5, 4),), 1, 2) if quick else report(SIZES, ROUNDS, CALLS)
    finally:
        torch.set_num_threads(threads)


if __name__ == "__main__":
    main()
