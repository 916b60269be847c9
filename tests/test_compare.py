"""The Compare page: counts against PyTorch and Python's reading of the equations, memory against torch, sentences."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

import gru_viz
from gru_viz.cells import CATALOGUE, cell, cell_names
from gru_viz.conclusions import compare as conclusions
from gru_viz.experiment import Experiment, with_weights
from gru_viz.figures.compare import price_figure
from gru_viz.measures import compare as measures
from gru_viz.measures.compare import (
    Comparison,
    Count,
    Price,
    compare,
    cost,
    first_step_left,
    rest,
    steps_after_jump,
)
from gru_viz.parameters import init_params, parameter_shapes, stacked_sets
from gru_viz.runs import cells_of, parameters
from gru_viz.sequences import parse_sequence
from gru_viz.settings import KEEP_CHOICES
from gru_viz.theme import DARK, LIGHT, cell_colour
from tests.expected import KEEPS, TITLES, weights
from tests.reference import STEPS
from tests.saying import assert_shows, by_cell, plain, read

APP = Path(__file__).resolve().parents[1] / "app.py"
STATES = {name: ("h", "c") if "lstm" in name else ("h",) for name in cell_names()}


def price(of, params, sequence, keep):
    """Of one set of parameters."""
    (steps,) = steps_after_jump(of, stacked_sets(of, [params]), sequence.values.shape[1])
    return Price(keep, left_of(of, params, sequence), steps)


def left_of(of, params, sequence):
    """Of one set of parameters."""
    (left,) = first_step_left(of, stacked_sets(of, [params]), sequence)
    return left


def found_for(experiment):
    sequence = parse_sequence(experiment.kind, experiment.text)
    return [compare(experiment, of, sequence) for of in cells_of(experiment)], sequence


# -- counted -----------------------------------------------------------------------------------------------------------


@given(inputs=st.integers(1, 40), hidden=st.integers(1, 40))
def test_parameters_are_as_many_as_there_are(inputs, hidden):
    for of in CATALOGUE:
        shapes = parameter_shapes(of, inputs, hidden)
        assert cost(of).parameters.total(inputs, hidden) == sum(int(np.prod(shape)) for shape in shapes.values())


@pytest.mark.parametrize(
    ("name", "module"), [("rnn", "RNN"), ("lstm", "LSTM"), ("gru", "GRU"), ("gru_reset_after", "GRU")]
)
def test_two_biases_are_those_of_pytorch(name, module):
    made = getattr(torch.nn, module)(input_size=3, hidden_size=4)
    assert cost(cell(name)).two_biases.total(3, 4) == sum(each.numel() for each in made.parameters())


def test_a_peephole_is_no_bias():
    plain_lstm, peepholes = (cost(cell(name)) for name in ("lstm", "lstm_peephole"))
    assert peepholes.two_biases.vectors - plain_lstm.two_biases.vectors == 3


class Counted:
    """A value that counts what is done with it: Python's own reading of the equations."""

    def __init__(self, shape, counts):
        self.shape, self.counts = shape, counts

    def __matmul__(self, other):
        self.counts["matrix"] += self.shape[0] * self.shape[1]
        return Counted(self.shape[:1], self.counts)

    def __mul__(self, other):
        self.counts["product"] += self.shape[0]
        return self

    def __add__(self, other):
        return self

    __rsub__ = __sub__ = __add__

    def squashed(self):
        self.counts["squashed"] += self.shape[0]
        return self


LOPSIDED = gru_viz.Cell("mine", "r = sigmoid(W_r @ x + p_r * h)\nh' = r * tanh(W_h @ x + U_h @ h) + relu(W_s @ x)")


@pytest.mark.parametrize("of", [*CATALOGUE, LOPSIDED], ids=lambda of: of.name)
def test_one_step_takes_the_operations_that_the_equations_say(of):
    counts = {"matrix": 0, "product": 0, "squashed": 0}
    inputs, hidden = 5, 7
    names = {key: Counted(shape, counts) for key, shape in parameter_shapes(of, inputs, hidden).items()}
    names |= {"x": Counted((inputs,), counts), **{state: Counted((hidden,), counts) for state in of.states}}
    names |= {"sigmoid": Counted.squashed, "tanh": Counted.squashed, "relu": Counted.squashed}
    for line in filter(None, map(str.strip, of.text.splitlines())):
        left, right = line.replace("'", "_new").split("=")
        names[left.strip()] = eval(right, names)
    found = cost(of)
    assert found.multiplications.total(inputs, hidden) == counts["matrix"] + counts["product"]
    assert found.squashings * hidden == counts["squashed"]
    assert found.carried == len(of.states)


def test_what_a_run_holds_is_what_its_arrays_take():
    """What the run itself says when it is too large."""
    for of in CATALOGUE:
        params = gru_viz.init_params(of, 1, 512, seed=0)
        with pytest.raises(gru_viz.InputError, match=rf"\({cost(of).kept} values of 10\u202f000 x 512\)"):
            gru_viz.run(of, params, np.ones((10_000, 1)))


@given(
    st.integers(0, 5), st.integers(0, 5), st.integers(0, 12), st.integers(1, 30), st.integers(1, 30)
)  # fmt: skip
def test_the_arithmetic_that_is_shown_comes_to_what_is_shown(inputs, recurrents, vectors, size, hidden):
    count = Count(inputs, recurrents, vectors)
    *shown, total = conclusions.arithmetic(count, size, hidden).replace(",", "").split(" = ")
    assert int(total) == count.total(size, hidden) == hidden * (inputs * size + recurrents * hidden + vectors)
    if shown:
        assert eval(shown[0].replace("·", "*").replace("²", "**2")) == int(total)


def test_the_arithmetic_is_as_short_as_on_paper():
    shown = {of.name: conclusions.arithmetic(cost(of).parameters, 17, 8) for of in CATALOGUE}
    assert shown == {
        "rnn": "8·17 + 8² + 8 = 208",
        "lstm": "4·(8·17 + 8² + 8) = 832",
        "gru": "3·(8·17 + 8² + 8) = 624",
        "gru_reset_after": "3·(8·17 + 8² + 8) + 8 = 632",
        "lstm_peephole": "4·(8·17 + 8² + 8) + 3·8 = 856",
    }
    assert conclusions.arithmetic(cost(cell("gru")).two_biases, 17, 8) == "3·(8·17 + 8² + 2·8) = 648"


# -- measured ----------------------------------------------------------------------------------------------------------


def by_torch(name, params, rows):
    """State -> (T, H), step by step in torch."""
    params = {key: torch.tensor(value) for key, value in params.items()}
    values = {
        state: torch.zeros(
            len(params["U_h" if name == "rnn" else "U_z" if "gru" in name else "U_f"]), dtype=torch.float64
        )
        for state in STATES[name]
    }
    after = []
    for row in rows:
        values = STEPS[name](params, torch.tensor(row), *(values[state] for state in STATES[name]))
        after.append({state: values[state].numpy() for state in STATES[name]})
    return {state: np.array([step[state] for step in after]) for state in STATES[name]}


@pytest.mark.parametrize("name", cell_names())
def test_the_memory_of_the_first_step_is_that_of_torch(name):
    experiment = Experiment(cells=(name,), keep=3.0, hidden_size=6)
    tokens = list(dict.fromkeys(experiment.text))
    rows = np.eye(len(tokens))[[tokens.index(token) for token in experiment.text]]
    without = rows.copy()
    without[0] = 0
    one, other = (by_torch(name, weights(experiment, name, tokens), each) for each in (rows, without))
    ([found], _) = found_for(experiment)
    for state in STATES[name]:
        distance = np.linalg.norm(one[state] - other[state], axis=1)
        assert found.own.left[state] == pytest.approx(distance[-1] / distance.max(), rel=1e-9, abs=1e-16)
        assert (distance.argmax() > 0) == ("lstm" in name)  # the largest difference need not be the first one


def test_the_memory_of_a_long_sequence_is_that_of_torch():
    of, sequence = cell("lstm"), parse_sequence("numbers", "1 -0.5 0.25 " * 60)
    sets = [init_params(of, 1, 4, seed=8, bias={"b_f": bias}) for bias in (2.0, 6.0)]
    assert len(sequence.values) > 3 * measures.BLOCK
    without = sequence.values.copy()
    without[0] = 0.0
    for params, left in zip(sets, first_step_left(of, stacked_sets(of, sets), sequence), strict=True):
        one, other = (by_torch("lstm", params, rows) for rows in (sequence.values, without))
        for state, share in left.items():
            distance = np.linalg.norm(one[state] - other[state], axis=1)
            assert share == pytest.approx(distance[-1] / distance.max(), rel=1e-7, abs=1e-14)


def test_a_first_input_that_is_zero_is_changed_to_one():
    of = cell("gru")
    (zero, one) = (parse_sequence("numbers", text) for text in ("0 0 0 0", "1 0 0 0"))
    params = parameters(Experiment(), of, zero)
    assert left_of(of, params, zero) == left_of(of, params, one) != {"h": None}


def test_an_input_that_nothing_reads_leaves_nothing():
    of, sequence = cell("lstm"), parse_sequence("numbers", "1 0 0")
    params = parameters(Experiment(), of, sequence)
    deaf = {name: value * (not name.startswith("W_")) for name, value in params.items()}
    assert left_of(of, deaf, sequence) == {"h": None, "c": None}
    assert price(of, deaf, sequence, 2.0).steps == 0
    assert not price(of, deaf, sequence, 2.0).has_point


def test_what_is_latched_is_kept_whole():
    found, _ = found_for(with_weights(Experiment(), "sign"))
    assert found[0].own.left["h"] == pytest.approx(1, abs=0.2)
    assert len(found[0].prices) == 1  # no setting changes weights that were set by hand


def test_the_price_follows_from_the_gate():
    """A unit that keeps k a step, and whose candidate jumps: 1 - k^n of the change after n steps."""
    of = gru_viz.Cell("leak", "z = sigmoid(W_z @ x + b_z)\nh' = (1 - z) * h + z * tanh(W_n @ x)")
    sequence = parse_sequence("numbers", "1 0 0 0 0 0")
    for keep in KEEP_CHOICES:
        kept = 1 / (1 + np.exp(-keep))
        params = {"W_z": np.zeros((2, 1)), "b_z": np.full(2, -keep), "W_n": np.ones((2, 1))}
        found = price(of, params, sequence, keep)
        assert found.steps == int(np.ceil(np.log(0.1) / np.log(kept)))
        assert found.left["h"] == pytest.approx(kept**5)


def test_what_turns_for_ever_has_no_price():
    of, sequence = cell("rnn"), parse_sequence("numbers", "1 0")
    angle = 0.7
    turn = 1.5 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    params = {"W_h": np.full((2, 1), 0.1), "U_h": turn, "b_h": np.array([0.1, 0.0])}
    assert price(of, params, sequence, 2.0).steps is None
    assert price(of, params | {"U_h": 0.3 * turn}, sequence, 2.0).steps in range(1, 20)
    rests_under_one = params | {"W_h": np.full((2, 1), 20.0)}
    assert rest(of, stacked_sets(of, [rests_under_one]), np.ones(1)).settled.all()
    assert price(of, rests_under_one, sequence, 2.0).steps is None


@pytest.mark.parametrize("kept", [0.5, 0.95, 0.99, 0.997])
def test_a_jump_is_measured_from_rest_to_rest_however_slow_the_cell(kept):
    """A unit with a bias, which is far from its place of rest at first: h' = k h + (1 - k) tanh(b + x)."""
    of = gru_viz.Cell("leak", "z = sigmoid(b_z)\nh' = (1 - z) * h + z * tanh(W_n @ x + b_n)")
    params = {"b_z": np.full(2, np.log(1 / kept - 1)), "W_n": np.full((2, 1), 0.01), "b_n": np.full(2, 1.0)}
    found = price(of, params, parse_sequence("numbers", "1 0"), 2.0)
    assert found.steps == int(np.ceil(np.log(0.1) / np.log(kept)))
    alone = {name: value[None] for name, value in params.items()}
    assert rest(of, alone, np.zeros(1)).states["h"][0] == pytest.approx(np.tanh([1.0, 1.0]), abs=1e-12)


@pytest.mark.parametrize("name", cell_names())
def test_an_input_that_nothing_reads_moves_no_cell_however_slow(name):
    """A place of rest that is not exact would be a change, which takes its time."""
    experiment = Experiment(cells=(name,), hidden_size=12, recurrent_gain=0.5, input_gain=0.0, seed=7019)
    (found,), _ = found_for(experiment)
    assert {one.steps for one in found.prices} == {0}


def test_a_place_of_rest_is_that_of_a_long_run_in_torch():
    params = weights(Experiment(keep=3.0), "lstm", list("ab"))
    rows = np.tile([1.0, 0.0], (1_500, 1))
    states = rest(cell("lstm"), stacked_sets(cell("lstm"), [params]), rows[0]).states
    for name, values in by_torch("lstm", params, rows).items():
        np.testing.assert_allclose(states[name][0], values[-1], rtol=0, atol=1e-8)


def test_a_place_that_pushes_away_is_no_rest():
    """One unit is soon where it stays; the other leaves a place that it could stay at, slowly at first."""
    of, w, u = cell("rnn"), np.array([1.0, 1e-5]), np.array([0.5, 1.05])
    h, path = np.zeros(2), [np.zeros(2)]
    for _ in range(2_000):
        h = np.tanh(w + u * h)
        path.append(h)
    distance = np.linalg.norm(np.array(path) - h, axis=1)
    steps = int(np.flatnonzero(distance > 0.1 * distance[0])[-1]) + 1
    params = {"W_h": w[:, None], "U_h": np.diag(u), "b_h": np.zeros(2)}
    assert price(of, params, parse_sequence("numbers", "1 0"), 2.0).steps == steps > 2 * measures.BLOCK


def test_what_drifts_for_longer_than_is_run_is_not_called_settled():
    of = gru_viz.Cell("leak", "z = sigmoid(b_z)\nh' = (1 - z) * h + z * tanh(W_n @ x + b_n)")
    params = {"b_z": np.full(2, -8.0), "W_n": np.ones((2, 1)), "b_n": np.full(2, 1.0)}
    assert price(of, params, parse_sequence("numbers", "1 0"), 2.0).steps is None


def test_an_h_that_stands_while_c_runs_away_is_not_called_settled():
    """By 10,000 and 40,000 silent steps before the jump its answer is 9,115 and 36,559 steps: there is none."""
    experiment = Experiment(cells=("lstm_peephole",), seed=5)
    found = {each.keep: each.steps for each in found_for(experiment)[0][0].prices}
    assert found[2.0] is None


def test_a_chaotic_setting_leaves_the_others_their_answers():
    """One set's Jacobian has the eigenvalue 1 to the last digit; by brute force the other two come to rest."""
    experiment = Experiment(cells=("gru",), hidden_size=16, seed=6229, recurrent_gain=4, input_gain=0.5)
    assert [each.steps for each in found_for(experiment)[0][0].prices] == [None, None, 228, 370]


def test_equations_without_one_solution_have_none():
    matrices = np.array([[[2.0, 1.0], [1.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]])
    found, is_one = measures.solved(matrices, np.array([[3.0, 2.0], [1.0, 2.0]]))
    np.testing.assert_allclose(found, [[1.0, 1.0], [0.0, 0.0]], rtol=0, atol=1e-14)
    assert is_one.tolist() == [True, False]


def test_long_sequences_are_measured_over_their_beginning():
    of = cell("gru")
    long, short = (parse_sequence("numbers", "1" + " 0" * (steps - 1)) for steps in (2_000, measures.MAX_STEPS))
    params = parameters(Experiment(keep=3.0), of, short)
    assert left_of(of, params, long) == left_of(of, params, short)


def test_the_time_is_the_median_of_a_few_runs(monkeypatch):
    of, sizes = cell("rnn"), (4, 1, 8)  # steps, inputs, units
    taken = iter([0.001, 0.009, 0.002, 0.003, 0.002, 1e9])  # the fourth run and the fifth end the time there is
    clock = iter(range(1, 100))

    def now():
        now.time += next(taken) if next(clock) % 2 == 0 else 0.0
        return now.time

    now.time = 0.0
    monkeypatch.setattr(measures.time, "perf_counter", now)
    monkeypatch.setattr(measures, "TIMED_SECONDS", 0.016)
    measures.seconds_a_step.cache_clear()
    assert measures.seconds_a_step(of, *sizes) == pytest.approx(0.002 / 4)
    assert measures.seconds_a_step(of, *sizes) == pytest.approx(0.002 / 4)  # not measured again
    monkeypatch.setattr(measures, "TIMED_SECONDS", 100.0)
    monkeypatch.setattr(measures, "TIMED_RUNS", 1)
    taken = iter([0.008])
    measures.seconds_a_step.cache_clear()
    assert measures.seconds_a_step(of, *sizes) == pytest.approx(0.008 / 4)
    measures.seconds_a_step.cache_clear()


def test_each_gated_cell_has_a_price_for_each_setting():
    found, _ = found_for(Experiment(cells=cell_names(), keep=1.0))
    for each in found:
        keeps = list(KEEP_CHOICES) if KEEPS[each.cell.name] else [1.0]
        assert [one.keep for one in each.prices] == keeps
        assert each.own is next(one for one in each.prices if one.keep == 1.0)
        assert 0 < each.seconds < 0.01
    set_apart, _ = found_for(Experiment(cells=("lstm", "gru"), biases=(("f", 1.0),)))
    assert [len(each.prices) for each in set_apart] == [1, 4]  # f no longer follows the setting


# -- said --------------------------------------------------------------------------------------------------------------


def made(name="gru", points=((1e-6, 5), (1e-3, 50)), c=None):
    """A comparison with these shares and steps at 50 % and 95 %; one point has no setting."""
    keeps = (0.0, 3.0) if len(points) > 1 else (2.0,)
    prices = tuple(
        Price(keep, {"h": left} | ({} if c is None else {"c": c}), steps)
        for keep, (left, steps) in zip(keeps, points, strict=True)
    )
    return Comparison(cost(cell(name)), prices, prices[-1], 1e-5)


TEXT = parse_sequence("text", "Abc")
TOGETHER, GONE, APART = "What keeps longer follows later", "gone all the same", "do not go together everywhere"


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (((1e-6, 5), (1e-3, 50)), TOGETHER),
        (((0.0, 5), (1e-3, 50)), TOGETHER),
        (((1e-3, 5), (1e-6, 50)), APART),
        (((1e-6, 50), (1e-3, 5)), APART),
        (((1e-6, 5), (1e-3, 5)), APART),
        (((0.0, 5), (0.0, 50)), GONE),
        (((1e-17, 5), (1e-15, 50)), GONE),
        (((0.0, 50), (0.0, 5)), APART),
    ],
)
def test_the_finding_is_true_of_the_points(points, said):
    finding = conclusions.finding([made("rnn", ((1e-9, 2),)), made("gru", points)], TEXT)
    assert said in finding
    assert [each in finding for each in (TOGETHER, GONE, APART)].count(True) == 1
    first, last = (steps for _, steps in points)
    assert (
        f"with 95 % kept a step in place of 50 %, 90 % of a change takes {last} steps instead of {first} in the GRU."
        in finding
    )


def test_one_cell_that_does_not_follow_is_enough_to_say_so():
    both = [made("lstm"), made("gru", ((1e-3, 5), (1e-6, 50)))]
    assert APART in conclusions.finding(both, TEXT)
    assert TOGETHER in conclusions.finding(both[:1], TEXT)


def test_without_a_setting_there_is_nothing_to_set_against():
    finding = conclusions.finding([made("rnn", ((1e-9, 3),))], TEXT)
    assert finding == "90 % of a change takes 3 steps in the RNN, whatever the gates are set to keep at the start."
    assert "takes 1 step in the RNN, 3 in" in conclusions.finding(
        [made("rnn", ((1e-9, 1),)), made("gru", ((0.1, 3),))], TEXT
    )
    assert "takes 1 step instead of 3 in" in conclusions.finding([made("gru", ((0.1, 3), (0.2, 1)))], TEXT)


def test_the_default_shows_the_price():
    found, sequence = found_for(Experiment())
    finding = conclusions.finding(found, sequence)
    assert finding.startswith(TOGETHER)
    for each in found[1:]:
        steps = []
        for keep in (0.0, 3.0):
            params = weights(Experiment(keep=keep), each.cell.name, list(dict.fromkeys(Experiment().text)))
            jump = np.zeros((1_600, 16))
            jump[800:, 0] = 1
            h = by_torch(each.cell.name, params, jump)["h"][799:]
            distance = np.linalg.norm(h - h[-1], axis=1)
            steps.append(int(np.flatnonzero(distance > 0.1 * distance[0])[-1]) + 1)
        assert re.search(rf"\b{steps[1]} (steps )?instead of {steps[0]} in the {each.cell.title}", finding)


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (((1e-6, 5), (1e-3, None)), "h does not settle in the GRU."),
        (((1e-6, None), (1e-3, None)), "h does not settle in the GRU."),
        (((None, 5), (None, 9)), "90 % of a change takes 9 steps instead of 5 in the GRU."),
        (((0.5, 0), (0.5, 9)), "the jump changes nothing in the GRU."),
    ],
)
def test_nothing_is_said_of_keeping_and_following_where_one_cannot_be_seen(points, said):
    finding = conclusions.finding([made("rnn", ((1e-9, 2),)), made("gru", points)], TEXT)
    assert finding == f"With 95 % kept a step in place of 50 %, {said}"


def test_nothing_is_said_of_a_jump_or_a_first_step_that_changes_nothing():
    for hand_set in ("counter", "latch"):
        found, sequence = found_for(with_weights(Experiment(), hand_set))
        assert conclusions.finding(found, sequence) == "A jump of the first input changes nothing here."
        assert "changes nothing here: with 0 as its input h is the same at every step" in conclusions.memory(
            found, sequence
        )
    found, sequence = found_for(Experiment(recurrent_gain=0.0, input_gain=0.0))
    assert conclusions.finding(found, sequence) == "A jump of the first input changes nothing here."
    assert conclusions.misconception(found, sequence, 8) == ""
    assert [text for column in list(conclusions.table(found, sequence, 8).values())[1:] for text in column[-1:]] == (
        ["no change"] * 3
    )
    mixed = [made("rnn", ((None, 0),)), made("lstm", ((0.5, 3),), c=0.25)]
    assert conclusions.memory(mixed, TEXT).endswith(
        "h differs by nothing at any step in the RNN, 0.50 (c: 0.25) of its largest difference in the LSTM."
    )


def test_after_one_step_keeping_and_following_are_not_compared():
    found, sequence = found_for(Experiment(text="a"))
    assert conclusions.finding(found, sequence).startswith("With 95 % kept a step in place of 50 %, 90 % of a change")


def test_the_table_and_the_headline_say_the_same_steps():
    found, sequence = found_for(Experiment())
    table = conclusions.table(found, sequence, 8)
    for each in found:
        assert table[each.cell.title][-1] == f"{each.own.steps}"
    assert [each.own.steps for each in found] == [3, 11, 30]
    assert [each.prices[-1].steps for each in found] == [3, 16, 80]


def test_the_lesson_says_what_shut_means():
    assert (
        "nearly shut they are to the new, which is how near what keeps the old (f, 1−z) is to 1" in conclusions.LESSON
    )


def test_what_is_hardly_kept_is_no_memory_to_speak_of():
    found, sequence = found_for(Experiment(text="Ada is my name and it is mine. " * 16, cells=("gru",)))
    assert 0 < found[0].prices[-1].left["h"] < 1e-6
    assert conclusions.misconception(found, sequence, 8) == ""


def test_more_parameters_is_not_more_memory():
    said = conclusions.misconception([made("rnn", ((0.5, 3),)), made("lstm", ((1e-6, 5), (0.25, 50)))], TEXT, 8)
    assert "the LSTM has the same 384 parameters, and 1.0·10⁻⁶ or 0.25 of the first letter's difference is left" in said
    assert conclusions.misconception([made("gru", ((0.25, 5), (0.25, 50)))], TEXT, 8) == ""
    assert conclusions.misconception([made("rnn", ((0.5, 3),))], TEXT, 8) == ""


def test_the_memory_is_said_of_h_and_of_c():
    said = conclusions.memory(
        [made("rnn", ((1e-9, 2),)), made("lstm", ((0.5, 3),), c=0.25), made("gru", ((0.0, 2),))], TEXT
    )
    assert said == (
        'Without the first letter, "A" (0 as its input), at the end h differs by 1.0·10⁻⁹ of its largest difference in '
        "the RNN, 0.50 (c: 0.25) in the LSTM, less than 10⁻¹⁴ in the GRU."
    )


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("text", "a", "There is one step"),
        ("numbers", "0 1", "Without the first number, 0 (1 as its input in place of 0), at the end h"),
        ("rows", "0 1\n2 3", "Without the first row (0 as its input), at the end h"),
        ("numbers", "1 " * 501, "after 500 steps h"),
    ],
)
def test_the_memory_says_what_was_done(kind, text, said):
    assert said in conclusions.memory([made()], parse_sequence(kind, text))


@pytest.mark.parametrize(("left", "said"), [
        (1.0, "all"), (0.9996, "nearly all"), (0.994, "0.99"), (0.0, "less than 10⁻¹⁴"), (9e-15, "less than 10⁻¹⁴"),
        (0.012345, "0.012"), (None, "no difference"),
    ],
)  # fmt: skip
def test_a_share_says_no_more_than_is_known(left, said):
    assert conclusions.share(left) == said


def test_the_costs_are_set_against_the_first_cell():
    found, sequence = found_for(Experiment())
    said = conclusions.costs(found, sequence, 8)
    assert said == (
        "With 8 hidden units and 16 inputs there are 200 parameters in the RNN, 800 (4 times as many) in the LSTM, "
        "600 (3 times as many) in the GRU."
    )


def test_the_table_has_a_column_for_each_cell_and_a_number_in_each_place():
    found, sequence = found_for(Experiment(cells=cell_names()))
    table = conclusions.table(found, sequence, 8)
    assert list(table) == ["", *TITLES.values()]
    assert {len(column) for column in table.values()} == {10}
    rows = dict(zip(table[""], zip(*list(table.values())[1:], strict=True), strict=True))
    assert rows["Handed from step to step"] == ("64 bytes", "128 bytes", "64 bytes", "64 bytes", "128 bytes")
    assert [text == "–" for text in rows["Left of the first letter, in c"]] == [True, False, True, True, False]
    for each, text in zip(found, rows["Left of the first letter, in h"], strict=True):
        assert_shows(text, np.log10(each.own.left["h"]))


# -- drawn -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_figure_has_a_point_for_each_price(theme):
    found, _ = found_for(Experiment(cells=cell_names(), keep=1.0))
    drawn = price_figure(found, 1.0, theme)
    low, high = drawn["layout"]["xaxis"]["range"]
    bottom, top = drawn["layout"]["yaxis"]["range"]
    assert len(drawn["data"]) == len(found)
    for line, each in zip(drawn["data"], found, strict=True):
        assert [x is not None for x in line["x"]] == [one.has_point for one in each.prices]
        places = [np.log10(one.left["h"]) for one in each.prices if one.has_point]
        assert [x for x in line["x"] if x is not None] == pytest.approx(places, rel=1e-12)
        assert any(one.has_point for one in each.prices)
        assert [y and round(10**y) for y in line["y"]] == [one.steps for one in each.prices]
        assert all(low < x < high for x in line["x"] if x is not None)
        assert all(bottom < y < top for y in line["y"] if y)
        assert each.cell.title in line["text"][-1]
        assert line["marker"]["color"] == cell_colour(theme, each.cell)
        largest = [one.keep for one, size in zip(each.prices, line["marker"]["size"], strict=True) if size > 9]
        assert largest == [1.0]


def test_nothing_left_stands_at_the_edge_that_says_so():
    drawn = price_figure([made("gru", ((0.0, 5), (1e-20, None)))], 3.0, LIGHT)
    axis, (line,) = drawn["layout"]["xaxis"], drawn["data"]
    assert line["x"] == [-14, None]
    assert line["y"][1] is None
    assert (axis["tickvals"][0], axis["ticktext"][0]) == (-14, "nothing")
    assert "nothing" not in price_figure([made()], 3.0, LIGHT)["layout"]["xaxis"]["ticktext"]


def test_a_price_without_both_numbers_has_no_point():
    found = [made("gru", ((None, 5), (0.5, 0)))]
    drawn = price_figure(found, 3.0, LIGHT)
    assert drawn["data"][0]["x"] == drawn["data"][0]["y"] == [None, None]
    read = conclusions.how_to_read(found, TEXT)
    assert "Where one of the two changes nothing there is none either." in read
    assert "come to rest" not in read
    assert "come to rest in 3000 steps" in conclusions.how_to_read([made("gru", ((0.1, 5), (0.5, None)))], TEXT)
    assert conclusions.prices_table(found)["left in h"] == ["no difference", 0.5]


def test_the_labels_of_many_cells_stand_in_a_legend():
    three, five = (
        price_figure([made(name, ((0.1, 5), (0.5, 50))) for name in names], 3.0, LIGHT)
        for names in (("rnn", "lstm", "gru"), cell_names())
    )
    assert all("text" in each["mode"] for each in three["data"])
    assert not three["layout"]["showlegend"]
    assert not any("text" in each["mode"] for each in five["data"])
    assert five["layout"]["showlegend"]
    assert [each["name"] for each in five["data"]] == [cell(name).title for name in cell_names()]
    plots = [
        each["layout"]["height"] - each["layout"]["margin"]["t"] - each["layout"]["margin"]["b"]
        for each in (three, five)
    ]
    assert plots[0] == plots[1]
    assert five["layout"]["margin"]["b"] - three["layout"]["margin"]["b"] >= 20 * len(cell_names())


def test_the_words_of_the_figure_hold_its_numbers():
    found, sequence = found_for(Experiment())
    said = conclusions.described(found, sequence)
    for each in found:
        for one in each.prices:
            assert f"{conclusions.share(one.left['h'])} left, {one.steps} steps" in said


# -- the page ----------------------------------------------------------------------------------------------------------

WAYS = {
    "default": {},
    "numbers": {"numbers": "1 0 0 0 0 0 0 0"},
    "words": {"words": "the cat sat on the mat"},
    "rows": {"rows": "0 2\n3 4\n5 6"},
    "signal": {"signal": "adding 30 1"},
    "one step": {"text": "a"},
    "one cell": {"cells": "rnn"},
    "without effect": {"gain": "0", "input_gain": "0"},
    "counter": {"weights": "counter"},
    "turning": {"gain": "4"},
    "all cells": {"cells": ",".join(cell_names()), "hidden": "16"},
    "hand-set": {"weights": "counter", "text": "(())"},
    "markup": {"text": "*<b>:red[x]"},
    "long": {"text": "ab" * 1000, "hidden": "64"},
}


@pytest.mark.parametrize("way", WAYS)
def test_the_page_says_and_draws_what_was_measured(way):
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params.update(WAYS[way])
    app.run()
    app.switch_page("app_pages/compare.py").run()
    assert not app.exception, app.exception
    found, sequence = found_for(app.session_state["experiment"])
    assert [plain(each.value) for each in app.main.title] == ["What does each cell cost and keep?"]
    said = [plain(each.value) for each in app.main.markdown]
    assert conclusions.costs(found, sequence, app.session_state["experiment"].hidden_size) in said
    assert conclusions.memory(found, sequence) in said
    assert plain(app.main.subheader[0].value) == conclusions.finding(found, sequence)
    charts = [chart.proto.alt for chart in app.get("plotly_chart")]
    points = any(one.steps and one.left["h"] is not None for each in found for one in each.prices)
    assert charts == [conclusions.described(found, sequence)] * points


def test_what_is_shown_of_the_default_is_right():
    app = AppTest.from_file(APP, default_timeout=60).run()
    app.switch_page("app_pages/compare.py").run()
    said = plain(app.main.markdown[2].value)
    shares = {title: read(number) for title, number in by_cell(said).items()}
    assert shares == {"RNN": 3.3e-14, "LSTM": 0.015, "GRU": 0.014}


def test_sets_side_by_side_are_each_as_if_alone():
    """One that never rests keeps the others from nothing."""
    of = cell("lstm")
    sets = [init_params(of, 2, 5, seed=3, bias={"b_f": bias}) for bias in (0.0, 1.0, 3.0)]
    sets.insert(1, init_params(of, 2, 5, seed=4, recurrent_gain=60.0))
    together = steps_after_jump(of, stacked_sets(of, sets), 2)
    assert together == [steps_after_jump(of, stacked_sets(of, [each]), 2)[0] for each in sets]
    assert len(set(together)) > 2
