"""What hand-set weights promise, proved: exhaustively where it is finite, and against a plain loop where it is not."""

import itertools
import math

import numpy as np
import pytest

from gru_viz import InputError, backpropagate, cell, cell_names, run
from gru_viz.experiment import Experiment
from gru_viz.handset import COUNTER, HAND_SET, LATCH, OPEN, SHUT, SIGN, hand_set
from gru_viz.parameters import check_params, spectrum
from gru_viz.runs import contrast, parameters
from gru_viz.sequences import parse_sequence

OF = {own.name: cell(own.cell) for own in HAND_SET.values()}
EPS = np.finfo(float).eps


def run_texts(own, texts):
    """One run over many texts of the same length, side by side."""
    names = sorted({token for text in texts for token in text})
    column = {name: place for place, name in enumerate(names)}
    x = np.eye(len(names))[[[column[text[t]] for text in texts] for t in range(len(texts[0]))]]  # (T, B, I)
    return run(OF[own.name], own.params(names), x)


def run_numbers(own, numbers):
    return run(OF[own.name], own.params(["0"]), np.array(numbers, dtype=float)[:, None])


def open_brackets(text):
    """How many of each kind are open after each character, (T, 2)."""
    change = {"(": (1, 0), ")": (-1, 0), "[": (0, 1), "]": (0, -1)}
    depth, found = [0, 0], []
    for token in text:
        depth = [have + more for have, more in zip(depth, change.get(token, (0, 0)), strict=True)]
        found.append(depth)
    return np.array(found, dtype=float)


def digits_held(text):
    """The digit that stood after the last "!", after each character."""
    held, found = 0, []
    for before, token in itertools.pairwise(" " + text):
        if before == "!":
            held = int(token) if token.isdigit() else 0
        found.append(held)
    return found


def assert_counts(texts):
    trace = run_texts(COUNTER, texts)
    wanted = np.stack([open_brackets(text) for text in texts], axis=1)
    np.testing.assert_array_equal(trace["c"], wanted)
    np.testing.assert_array_equal(trace["h"], np.tanh(wanted))


# The weights as data


@pytest.mark.parametrize("own", HAND_SET.values(), ids=HAND_SET)
def test_weights_fit_their_cell_and_read_their_own_sequence(own):
    of = OF[own.name]
    assert own.cell in cell_names()
    for names in (own.reads, ["a", *own.reads, "b"], ["a"]):
        params = own.params(names)
        check_params(of, params, len(names), own.hidden_size)
    known = {*own.inputs, *own.recurrent, *own.vectors}
    assert known <= of.parameters.keys()
    assert all(len(column) == own.hidden_size for columns in own.inputs.values() for column in columns.values())
    sequence = parse_sequence(own.kind, own.text)
    assert set(own.reads) & set(sequence.tokens if own.kind == "text" else sequence.input_names)
    found = contrast(Experiment(kind=own.kind, text=own.text, weights=own.name, replace=own.replace, by=own.by))
    assert found.differences[0].left > 0.999  # the replaced part shows until the end


@pytest.mark.parametrize("own", HAND_SET.values(), ids=HAND_SET)
def test_columns_belong_to_names_and_others_are_silent(own):
    names = [*own.reads, "é"]
    params, turned = own.params(names), own.params(names[::-1])
    for name in own.inputs:
        np.testing.assert_array_equal(params[name], turned[name][:, ::-1])
        np.testing.assert_array_equal(params[name][:, -1], 0.0)
        for k, token in enumerate(own.reads):
            wanted = own.inputs[name].get(token, (0.0,) * own.hidden_size)
            np.testing.assert_array_equal(params[name][:, k], wanted)
    for name in params:  # nobody can change the data through what they were given
        params[name] += 1.0
    for name, values in own.params(names).items():
        np.testing.assert_array_equal(values, turned[name][:, ::-1] if name in own.inputs else turned[name])


def test_unknown_weights_are_an_error_in_words():
    assert hand_set("latch") is LATCH
    with pytest.raises(InputError, match=r"^There are no hand-set weights 'foo'; there are counter, latch, sign\.$"):
        hand_set("foo")


def test_tokens_that_count_as_silence_are_named():
    assert COUNTER.notice("(([]") == SIGN.notice(["7"]) == ""
    assert COUNTER.notice("(a)") == 'The bracket counter reads ( ) [ ]; "a" counts as silence.'
    assert COUNTER.notice("b{a}([{a") == 'The bracket counter reads ( ) [ ]; "b", "{", "a" and 1 more count as silence.'
    none = (
        "The bracket counter reads ( ) [ ], and the sequence holds none of them: each of its steps counts as silence."
    )
    assert COUNTER.notice("b{a}{a") == none
    assert [COUNTER.is_silence(text) for text in ("b{a", "b{a(", "((")] == [True, False, False]
    assert not SIGN.is_silence(["7", "-1"])
    assert LATCH.notice("!7 ") == 'The flag latch reads ! 0 1 2 3 4 5 6 7 8 9; "␣" counts as silence.'


def test_weights_of_another_cell_are_refused():
    experiment = Experiment(weights="counter", text="()")
    with pytest.raises(InputError, match=r"^The weights counter are hand-set for the cell lstm, not for gru\.$"):
        parameters(experiment, cell("gru"), parse_sequence("text", "()"))
    given = parameters(experiment, cell("lstm"), parse_sequence("text", ")x("))
    for name, values in COUNTER.params(")x(").items():
        np.testing.assert_array_equal(given[name], values)


def test_gates_are_driven_as_far_as_they_say():
    assert 1 / (1 + math.exp(-OPEN)) == 1.0
    assert math.exp(SHUT) == 0.0  # sigmoid(a) < exp(a): so small that 0 is the nearest number there is
    assert math.tanh(20.0) == 1.0


# The counter: exact at every step


@pytest.mark.parametrize(("alphabet", "length"), [("()", 10), ("[]", 10), ("()x", 8), ("()[]", 6)])
def test_counts_every_string(alphabet, length):
    """Of that length and, as these are how they begin, every shorter one; closed before opened counts below 0."""
    assert_counts(["".join(text) for text in itertools.product(alphabet, repeat=length)])


def test_counts_random_strings():
    draw = np.random.default_rng(1)
    for length in [*range(1, 200, 11), 200]:
        assert_counts(["".join(draw.choice(list("()[]ax é0"), length)) for _ in range(20)])


def test_counts_as_deep_as_a_run_is_long():
    trace = run_texts(COUNTER, ["(" * 5_000 + ")" * 5_000])
    np.testing.assert_array_equal(trace["c"][:, 0, 0], [*range(1, 5_001), *range(4_999, -1, -1)])
    np.testing.assert_array_equal(trace["c"][:, 0, 1], 0.0)


def test_gates_of_the_counter_open_on_purpose():
    text = "f([a]) "
    trace = run_texts(COUNTER, [text])
    np.testing.assert_array_equal(trace["f"], 1.0)
    np.testing.assert_array_equal(trace["o"], 1.0)
    for t, token in enumerate(text):
        for unit, own in enumerate(("()", "[]")):
            i, g = trace["i"][t, 0, unit], trace["g"][t, 0, unit]
            assert i == (token in own)
            assert g == (-1.0 if token == own[1] else 1.0)


@pytest.mark.parametrize("text", ["(" * 3 + "a[b]" * 40, "x" + "[]()" * 50])
def test_the_gradient_of_the_counter_neither_vanishes_nor_grows(text):
    trace = run_texts(COUNTER, [text])
    carried = backpropagate(trace).carried["c"][:-1, 0]  # at the last step the loss is of h alone
    slope = 1 - np.tanh(open_brackets(text)[-1]) ** 2
    np.testing.assert_array_equal(carried, np.broadcast_to(carried[-1], carried.shape))
    np.testing.assert_allclose(carried[0], slope, rtol=4 * EPS)


@pytest.mark.parametrize(
    "weaker", [{"b_f": 5.0}, {"b_i": -5.0, "W_i": 10.0}, {"b_i": 800.0}, {"b_g": 3.0, "W_g": -6.0}, {"b_g": 0.0}]
)
def test_the_count_is_wrong_when_a_gate_leaks(weaker):
    """The proof can fail: each gate and the candidate are needed, and needed as strong as this."""
    text = "(x)[y](("
    names = sorted(set(text))
    params = COUNTER.params(names)
    for name, value in weaker.items():
        params[name] = np.where(params[name] != 0, value, 0.0)
    trace = run(cell("lstm"), params, np.eye(len(names))[[names.index(token) for token in text]])
    assert np.abs(trace["c"] - open_brackets(text)).max() > 1e-3


# The latch: a flagged digit is held bit for bit


@pytest.mark.parametrize("digit", range(10))
def test_holds_a_flagged_digit_through_500_distractors(digit):
    draw = np.random.default_rng(digit)
    texts = ["".join(draw.choice(list("0123456789ab "), 7)) for _ in range(8)]
    texts = [f"{text}!{digit}" + "".join(draw.choice(list("0123456789ab "), 500)) for text in texts]
    held = run_texts(LATCH, texts)["h"][8:, :, 1]
    assert held.shape == (501, 8)
    np.testing.assert_array_equal(held, held[0, 0])  # to the last bit, and the same whatever came before
    assert abs(held[0, 0] - digit / 10) <= math.ulp(digit / 10)


def test_every_flag_sets_the_latch_anew():
    draw = np.random.default_rng(3)
    texts = ["".join(draw.choice(list("!!0123456789x"), 300)) for _ in range(30)]
    texts += ["!!7" + "1" * 297, "!x" + "5" * 298, "!3!4!" + "9" * 295]
    trace = run_texts(LATCH, texts)
    wanted = np.array([digits_held(text) for text in texts]).T / 10
    np.testing.assert_allclose(trace["h"][..., 1], wanted, rtol=2 * EPS)
    np.testing.assert_array_equal(
        trace["h"][..., 0], [[token == "!" for token in step] for step in zip(*texts, strict=True)]
    )


def test_the_gate_of_the_latch_opens_on_purpose():
    text = "31!7592!!4x"
    trace = run_texts(LATCH, [text])
    for t, before in enumerate(" " + text[:-1]):
        z = trace["z"][t, 0]
        assert z[0] == 1.0
        assert z[1] == (before == "!")
    np.testing.assert_array_equal(trace["r"], 1.0)


def test_the_gradient_of_the_latch_is_one_back_to_the_digit_and_then_exactly_zero():
    carried = backpropagate(run_texts(LATCH, ["31!7592"])).carried["h"][:, 0]
    np.testing.assert_array_equal(carried[3:, 1], 1.0)
    np.testing.assert_array_equal(carried[:3], 0.0)  # also at the "!", on which everything hangs
    with_flag, without = (run_texts(LATCH, [text])["h"][-1, 0, 1] for text in ("31!7592", "31x7592"))
    assert with_flag - without == pytest.approx(0.7, abs=1e-15)


# The sign keeper: kept for ever, without a gradient


def fixed_point():
    """h = tanh(3 h) above 0, by bisection."""
    low, high = 0.5, 1.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if math.tanh(3 * middle) > middle else (low, middle)
    return low


@pytest.mark.parametrize("cue", [1.0, -1.0])
def test_keeps_a_sign_for_10_000_steps_while_its_gradient_vanishes(cue):
    trace = run_numbers(SIGN, [cue] + [0.0] * 9_999)
    h = trace["h"]
    assert (np.sign(h) == cue).all()
    np.testing.assert_allclose(h[20:], cue * fixed_point(), rtol=4 * EPS)
    norm = backpropagate(trace).log10_norm()
    slope = math.log10(3 * (1 - fixed_point() ** 2))  # the units move together: one eigenvalue counts
    assert slope == pytest.approx(-1.5155, abs=1e-4)
    np.testing.assert_allclose(np.diff(norm)[20:], -slope, rtol=1e-9)
    assert norm[0] - norm[-1] == pytest.approx(9_999 * slope, rel=1e-4)  # approximate: the first steps differ a little
    assert norm[-12] - norm[-1] < -16  # eleven steps are enough
    assert norm[0] < -15_000


def test_the_sign_can_be_any():
    """Without biases a tanh RNN is odd, to the last bit."""
    numbers = np.random.default_rng(0).normal(0, 1, 300)
    np.testing.assert_array_equal(run_numbers(SIGN, numbers)["h"], -run_numbers(SIGN, -numbers)["h"])


def test_small_numbers_never_disturb_it_and_large_ones_always_set_it():
    """Why, for both units at once: tanh grows with its argument, so the worst case decides. Then, that it is so."""
    edge = math.sqrt(2 / 3)  # where 3 h - artanh(h) is largest
    assert math.tanh(3 * edge - 3 * 0.4) > edge  # from the edge on, 0.4 against it leads back behind the edge …
    assert math.tanh(-3 * 1.0 + 3 * 1.5) > edge  # … and 1.5 leads there from anywhere, as |h| <= 1
    assert math.tanh(3 * 1.0) > edge  # … as 1 does from rest
    assert math.tanh(3 * edge - 3 * 0.44) < edge  # 0.4 is nearly all that can be promised
    draw = np.random.default_rng(2)
    numbers = draw.uniform(-0.4, 0.4, 10_000)
    cues = np.flatnonzero(draw.uniform(size=10_000) < 0.02)
    numbers[cues] = draw.choice([-1, 1], cues.size) * draw.uniform(1.5, 9, cues.size)
    numbers[0] = 1.0
    h, sign = run_numbers(SIGN, numbers)["h"], 1.0
    for t, value in enumerate(numbers):
        sign = math.copysign(1.0, value) if abs(value) >= 1 else sign
        assert (sign * h[t] > edge).all()


def test_a_spectral_radius_of_three_does_not_explode():
    radius, stretch = spectrum(SIGN.params()["U_h"])
    assert (radius, stretch) == (pytest.approx(3.0), pytest.approx(3.0))
    flow = backpropagate(run_numbers(SIGN, [1.0] + [0.0] * 30))
    assert (np.diff(flow.log10_norm()) > 1).all()  # smaller at each step back
