"""Ready experiments, each with one sentence that is true of it: its numbers are measured when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from gru_viz import findings
from gru_viz.errors import InputError, check_kind, shown
from gru_viz.experiment import Experiment, with_weights
from gru_viz.runs import cells_of, trace
from gru_viz.sequences import parse_sequence
from gru_viz.trace import Trace


@dataclass(frozen=True)
class Example:
    """An experiment with the thing to notice in it."""

    name: str
    title: str
    experiment: Experiment
    say: Callable[[Experiment], str]  # measures this experiment; of another one it may not be true
    look: str  # where to look
    then: str  # what to try next

    def sentence(self) -> str:
        """What is true of it, in one sentence, measured now: up to a tenth of a second of work."""
        return self.say(self.experiment)

    def traces(self) -> dict[str, Trace]:
        """The run of each of its cells, by the cell's name."""
        sequence = parse_sequence(self.experiment.kind, self.experiment.text)
        return {of.name: trace(self.experiment, of, sequence) for of in cells_of(self.experiment)}


# The list ------------------------------------------------------------------------------------------------------------

CUE = Experiment(
    kind="numbers", text="1" + " 0" * 40, keep=0.0, scheme="orthogonal", input_gain=2.0, replace="1", by="-1"
)
# default_rng(0).normal(0, 3, 40), rounded to two decimals; written out so that a link holds them.
NOISE = (
    "0.38 -0.4 1.92 0.31 -1.61 1.08 3.91 2.84 -2.11 -3.8 -1.87 0.12 -6.98 -0.66 -3.74 -2.2 -1.63 -0.95 1.23 3.13 "
    "-0.39 4.1 -2 1.05 2.71 0.28 -2.23 -2.77 -1.37 0.66 -3.03 -0.63 -0.48 1.62 0.64 1.07 -1.96 -0.39 2.35 4.48"
)
NAME = Experiment().text

EXAMPLES = (
    Example(
        "who_keeps_the_name",
        "Who keeps the name?",
        Experiment(text="My name is Ada. I can sail. What is my name?"),
        findings.gradient_reach,
        look="The three lines of the gradient: which of them is still above 1 % at step 12, the A of Ada?",
        then="Let the gates start by keeping 50 %: what will happen?",
    ),
    Example(
        "half_open",
        "Half-open gates",
        Experiment(keep=0.0),
        findings.gradient_reach,
        look="All three fall below 1 % within 9 steps; farther back the RNN goes on falling faster. “LSTMs don't "
        "vanish” is not true of half-open gates.",
        then="Add a little bias: 73 %.",
    ),
    Example(
        "a_little_bias",
        "A little bias",
        Experiment(keep=1.0),
        findings.gradient_reach,
        look="At 50 % it was 6 steps in the RNN, 7 in the LSTM, 8 in the GRU. Only the bias of the gates that keep has "
        "changed; the RNN has none, and its line is the same.",
        then="Ask for 200 seeds: is this luck?",
    ),
    Example(
        "plain_rnn_remembers",
        "A plain RNN that remembers",
        CUE,
        findings.left_after_silence,
        look="The difference fades slowly in the RNN: an orthogonal U only turns it; what shrinks it is tanh.",
        then="Let something arrive after the cue.",
    ),
    Example(
        "until_something_arrives",
        "… until something arrives",
        replace(CUE, text=f"1 {NOISE}"),
        findings.left_after_noise,
        look="Large states make tanh flat: each number that arrives shrinks what the ones before have left.",
        then="Under More, set the input gain to 1: how much more is left?",
    ),
    Example(
        "theorys_line",
        "Theory's line",
        replace(CUE, cells=("rnn",), recurrent_gain=0.5),
        findings.near_the_bound,
        look="On the log scale the gradient is a straight line: after the first steps tanh is nearly its own argument.",
        then="Type other numbers instead of zeros: the gradient falls below the bound, never above it.",
    ),
    Example(
        "exploding",
        "Exploding",
        Experiment(
            text=f"{NAME} {NAME}",
            cells=("rnn",),
            hidden_size=32,
            scheme="orthogonal",
            recurrent_gain=2.0,
            input_gain=1.0,
        ),
        findings.growth,
        look="The gradient grows towards the start, and the states show nothing of it.",
        then="Under More, set the input gain to 4, then try other seeds: does it always grow as much?",
    ),
    Example(
        "memory_without_gradient",
        "Memory without gradient",
        with_weights(Experiment(), "sign"),
        findings.kept_sign,
        look="Nearly all of the difference between 1 and −1 is left at the end: a gradient near zero does not mean "
        "forgotten.",
        then="Put numbers up to 0.4 in place of zeros, and then a −2.",
    ),
    Example(
        "counting_brackets",
        "A gate that opens on purpose: counting brackets",
        with_weights(Experiment(), "counter"),
        findings.counted,
        look="On Gates, i of unit 1 opens at ( and ), that of unit 2 at [ and ], and neither anywhere else. On "
        "Contrast, c goes up by 1 at each bracket that opens, down at each that closes, and else stays.",
        then="Type brackets of your own: ((([[. On Contrast h stays below 1, c does not.",
    ),
    Example(
        "latching_a_flag",
        "A gate that opens on purpose: holding what was flagged",
        with_weights(Experiment(), "latch"),
        findings.latched,
        look="Up to the ! the gradient is exactly 0: what stood before is overwritten, and the ! decides all "
        "through a gate that is so far open that it has no slope.",
        then="Type a second ! with another digit after it.",
    ),
    Example(
        "two_grus",
        "Two GRUs, one set of weights",
        Experiment(cells=("gru", "gru_reset_after"), keep=0.0, weights="shared"),
        findings.two_conventions,
        look="On Equations, “with the reset on the other side of the product” begins at step 2: at step 1 there is no "
        "h for the reset gate.",
        then="Set 1 hidden unit: with one unit both are the same.",
    ),
    Example(
        "the_price",
        "The price",
        Experiment(kind="numbers", text="0 " * 40 + "1" + " 1" * 159, input_gain=1.0, replace="41", by="0"),
        findings.price,
        look="A gate that keeps the old lets in little that is new: what holds longer also follows later.",
        then="Change what the gates start by keeping, and watch the states after step 40.",
    ),
)


def example_names() -> tuple[str, ...]:
    """The ready experiments, in the order in which a page shows them."""
    return tuple(each.name for each in EXAMPLES)


def example(name: str) -> Example:
    """The ready experiment of that name: its title, its settings, a sentence that is true of it, and its runs.

    Raises InputError.
    """
    check_kind(name, str, "name", "the name of an example, such as 'half_open',")
    for known in EXAMPLES:
        if known.name == name:
            return known
    raise InputError(f"There is no example {shown(name)}; the examples are {', '.join(example_names())}.")
