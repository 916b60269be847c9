"""What a cell keeps and how soon it follows: memory and places of rest against torch and closed forms, and the time."""

import numpy as np
import pytest

import gru_viz
from gru_viz.cells import cell, cell_names
from gru_viz.experiment import Experiment, with_weights
from gru_viz.measures import compare as measures
from gru_viz.measures.compare import Price, first_step_left, rest, steps_after_jump
from gru_viz.parameters import init_params, stacked_sets
from gru_viz.runs import parameters
from gru_viz.sequences import parse_sequence
from gru_viz.settings import KEEP_CHOICES
from tests.comparing import STATES, by_torch, found_for
from tests.expected import KEEPS, weights


def price(of, params, sequence, keep):
    """Of one set of parameters."""
    (steps,) = steps_after_jump(of, stacked_sets(of, [params]), sequence.values.shape[1])
    return Price(keep, left_of(of, params, sequence), steps)


def left_of(of, params, sequence):
    """Of one set of parameters."""
    (left,) = first_step_left(of, stacked_sets(of, [params]), sequence)
    return left


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
    assert rest(of, stacked_sets(of, [rests_under_one]), np.ones(1), of.states).settled.all()
    assert price(of, rests_under_one, sequence, 2.0).steps is None


@pytest.mark.parametrize("kept", [0.5, 0.95, 0.99, 0.997])
def test_a_jump_is_measured_from_rest_to_rest_however_slow_the_cell(kept):
    """A unit with a bias, which is far from its place of rest at first: h' = k h + (1 - k) tanh(b + x)."""
    of = gru_viz.Cell("leak", "z = sigmoid(b_z)\nh' = (1 - z) * h + z * tanh(W_n @ x + b_n)")
    params = {"b_z": np.full(2, np.log(1 / kept - 1)), "W_n": np.full((2, 1), 0.01), "b_n": np.full(2, 1.0)}
    found = price(of, params, parse_sequence("numbers", "1 0"), 2.0)
    assert found.steps == int(np.ceil(np.log(0.1) / np.log(kept)))
    alone = {name: value[None] for name, value in params.items()}
    assert rest(of, alone, np.zeros(1), of.states).states["h"][0] == pytest.approx(np.tanh([1.0, 1.0]), abs=1e-12)


@pytest.mark.parametrize("name", cell_names())
def test_an_input_that_nothing_reads_moves_no_cell_however_slow(name):
    """A place of rest that is not exact would be a change, which takes its time."""
    experiment = Experiment(cells=(name,), hidden_size=12, recurrent_gain=0.5, input_gain=0.0, seed=7019)
    (found,), _ = found_for(experiment)
    assert {one.steps for one in found.prices} == {0}


def test_a_place_of_rest_is_that_of_a_long_run_in_torch():
    params = weights(Experiment(keep=3.0), "lstm", list("ab"))
    rows = np.tile([1.0, 0.0], (1_500, 1))
    states = rest(cell("lstm"), stacked_sets(cell("lstm"), [params]), rows[0], ("h", "c")).states
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


@pytest.mark.parametrize(
    ("largest", "said"), [(0.5, True), (1 - 1e-4, True), (1.0, False), (1 + 1e-6, False), (3.0, False)]
)
def test_what_shrinks_is_what_has_its_eigenvalues_within_the_unit_circle(largest, said):
    """Matrices that stretch at first: their norms say nothing."""
    rng = np.random.default_rng(8)
    basis = rng.normal(size=(6, 6))
    blocks = np.diag([largest, 0.3, -0.2, 0.1, 0.0, 0.4]) + 10 * np.diag([0.0, 1.0, 1.0, 1.0, 1.0], 1)
    turned = largest * np.array([[np.cos(2.0), -np.sin(2.0)], [np.sin(2.0), np.cos(2.0)]])
    one = basis @ blocks @ np.linalg.inv(basis)
    assert measures.shrinks(np.stack([one, 0.1 * np.eye(6)])).tolist() == [said, True]
    assert measures.shrinks(turned[None]).tolist() == [said]


def test_equations_without_one_solution_have_none():
    matrices = np.array([[[2.0, 1.0], [1.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]])
    found, is_one = measures.solved(matrices, np.array([[3.0, 2.0], [1.0, 2.0]]))
    np.testing.assert_allclose(found, [[1.0, 1.0], [0.0, 0.0]], rtol=0, atol=1e-14)
    assert is_one.tolist() == [True, False]


def test_equations_whose_solution_is_beyond_all_numbers_have_none():
    """The page of this link once said that h "holds a value that is not finite"."""
    with np.errstate(over="ignore"):
        found, is_one = measures.solved(np.array([np.eye(2) * 1e-200, np.eye(2)]), np.full((2, 2), 1e200))
    np.testing.assert_array_equal(found, [[0.0, 0.0], [1e200, 1e200]])
    assert is_one.tolist() == [False, True]
    experiment = Experiment(text="Abca", cells=("lstm_peephole",), hidden_size=2, seed=331318)
    assert len(found_for(experiment)[0][0].prices) == len(KEEP_CHOICES)


def by_brute_force(of, params):
    """The steps that h takes, by 10,000 silent steps before the jump and 10,000 after it."""
    sets = stacked_sets(of, [params])
    silent = gru_viz.run(of, sets, np.zeros((10_000, 1)))
    path = gru_viz.run(of, sets, np.ones((10_000, 1)), {name: silent[name][-1] for name in of.states})["h"][:, 0]
    distance = np.linalg.norm(np.concatenate([silent["h"][-1], path]) - path[-1], axis=1)
    return int(np.flatnonzero(distance > 0.1 * distance[0])[-1]) + 1


@pytest.mark.parametrize(
    ("name", "hidden", "options"),
    [
        ("lstm_peephole", 1, {"seed": 22056, "bias": {"b_f": 3.0}}),
        ("lstm", 1, {"seed": 177854, "recurrent_gain": 0.0, "bias": {"b_f": 3.0}}),
        ("lstm", 4, {"seed": 239004, "recurrent_gain": 4.0, "input_gain": 4.0, "scheme": "orthogonal"}),
        ("lstm", 8, {"seed": 649560, "recurrent_gain": 4.0, "scheme": "orthogonal", "bias": {"b_f": 3.0}}),
    ],
)
def test_it_is_the_way_of_h_that_is_measured_and_not_that_of_c(name, hidden, options):
    """c goes a far longer way: when all states together are near their place of rest, h need not be, and the other way
    round."""
    of = cell(name)
    params = init_params(of, 1, hidden, input_names=["A"], **options)
    assert steps_after_jump(of, stacked_sets(of, [params]), 1) == [by_brute_force(of, params)]


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
    monkeypatch.setattr(measures, "TIMED_RUNS", 9)
    monkeypatch.setattr(measures, "TIMED_SECONDS", 0.001)
    taken = iter([0.1, 0.004, 0.002, 1e9])  # three runs whatever they take, as one may have been held up
    measures.seconds_a_step.cache_clear()
    assert measures.seconds_a_step(of, *sizes) == pytest.approx(0.004 / 4)
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


def test_sets_side_by_side_are_each_as_if_alone():
    """One that never rests keeps the others from nothing."""
    of = cell("lstm")
    sets = [init_params(of, 2, 5, seed=3, bias={"b_f": bias}) for bias in (0.0, 1.0, 3.0)]
    sets.insert(1, init_params(of, 2, 5, seed=4, recurrent_gain=60.0))
    together = steps_after_jump(of, stacked_sets(of, sets), 2)
    assert together == [steps_after_jump(of, stacked_sets(of, [each]), 2)[0] for each in sets]
    assert len(set(together)) > 2
