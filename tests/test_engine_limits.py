"""What ``run`` refuses, in which words, and what it takes at most."""

import tracemalloc

import numpy as np
import pytest

import gru_viz
from gru_viz import InputError, cell, cell_names, init_params, run
from gru_viz.engine import MAX_STEPS
from tests.patience import patience
from tests.reference import norm, problem, traced

X = np.ones((5, 3))


def weights(**changed) -> dict[str, object]:
    return init_params(cell("rnn"), 3, 4, seed=0) | changed


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.ones(3), "x has the shape (3,); (T, I) or (T, B, I) is expected, each at least 1."),
        (np.ones((2, 2, 2, 3)), "x has the shape (2, 2, 2, 3); (T, I) or (T, B, I) is expected, each at least 1."),
        (np.ones((0, 3)), "x has the shape (0, 3); (T, I) or (T, B, I) is expected, each at least 1."),
        (np.ones((2, 0, 3)), "x has the shape (2, 0, 3); (T, I) or (T, B, I) is expected, each at least 1."),
        (np.ones((2, 0)), "x has the shape (2, 0); (T, I) or (T, B, I) is expected, each at least 1."),
        ([[1, 2], [3]], "x is not an array of numbers; (T, I) or (T, B, I) is expected."),
        ([["one"]], "x is not an array of numbers; (T, I) or (T, B, I) is expected."),
        (np.ones((MAX_STEPS + 1, 3)), "x has 10\u202f001 steps; at most 10\u202f000 are allowed."),
        ([[0, 0, 0], [0, float("nan"), 0]], "x holds a value that is not finite (nan or inf) at step 2."),
        ([[0, 0, 0], [0, 0, 0], [-float("inf"), 0, 0]], "x holds a value that is not finite (nan or inf) at step 3."),
        (np.ones((5, 2)), "Parameter W_h of rnn has the shape (4, 3); (4, 2) is expected."),
    ],
)  # fmt: skip
def test_an_input_that_does_not_fit_is_refused(x, words):
    with pytest.raises(InputError) as caught:
        run(cell("rnn"), weights(), x)
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"c": np.zeros(4)}, "state names 'c'; the states of rnn are h."),
        ({"h": np.zeros(3)}, "state h has the shape (3,); (4,) is expected."),
        ({"h": np.zeros((2, 4))}, "state h has the shape (2, 4); (4,) is expected."),
        ({"h": 0.0}, "state h has the shape (); (4,) is expected."),
        ({"h": [0, 0, 0, float("inf")]}, "state h holds a value that is not finite (nan or inf)."),
        ({"h": ["a"] * 4}, "state h is not an array of numbers."),
    ],
)
def test_a_state_that_does_not_fit_is_refused(state, words):
    with pytest.raises(InputError) as caught:
        run(cell("rnn"), weights(), X, state)
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"cell": "rnn"}, "cell is 'rnn'; a Cell, such as gru_viz.cell('gru'), is expected."),
        ({"params": None}, "params is None; a mapping of names to arrays is expected."),
        ({"params": [1.0]}, "params is a list; a mapping of names to arrays is expected."),
        ({"params": weights(b_h="one")}, "Parameter b_h of rnn is not an array of numbers."),
        ({"params": weights(b_h=np.ones(4) * 1j)}, "Parameter b_h of rnn is not an array of numbers."),
        ({"params": weights(b_h=[10**400] * 4)}, "Parameter b_h of rnn is not an array of numbers."),
        (
            {"params": weights(b_h=[0, 0, float("nan"), 0])},
            "Parameter b_h of rnn holds a value that is not finite (nan or inf).",
        ),
        ({"x": None}, "x is not an array of numbers; (T, I) or (T, B, I) is expected."),
        ({"x": {}}, "x is not an array of numbers; (T, I) or (T, B, I) is expected."),
        ({"state": [0.0]}, "state is a list; a mapping of names to arrays is expected."),
        ({"state": {"h": {}}}, "state h is not an array of numbers."),
    ],
)
def test_what_is_of_another_kind_is_refused_in_words(given, words):
    with pytest.raises(InputError) as caught:
        run(**{"cell": cell("rnn"), "params": weights(), "x": X} | given)
    assert str(caught.value) == words


def test_a_sweep_and_a_batch_must_have_as_many_rows():
    sets = {key: np.stack([value] * 3) for key, value in weights().items()}
    with pytest.raises(InputError, match="x has 2 batch rows and the parameters 3 sets; there must be as many"):
        run(cell("rnn"), sets, np.ones((5, 2, 3)))


def test_the_longest_run_is_accepted():
    trace = run(cell("rnn"), weights(), np.ones((MAX_STEPS, 3)))
    assert trace["h"].shape == (MAX_STEPS, 4)


@pytest.mark.parametrize("name", cell_names())
def test_a_run_that_takes_too_much_memory_is_refused_before_it_takes_any(name):
    params = init_params(cell(name), 1, 512, seed=0)
    x = np.ones((10_000, 1))
    tracemalloc.start()
    with (
        patience(0.5),
        pytest.raises(
            InputError, match=r"This run would take [\d\u202f]+ MB .* of 10\u202f000 x 512\); at most 64 MB are allowed"
        ),
    ):
        run(cell(name), params, x)
    assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    tracemalloc.stop()


@pytest.mark.parametrize("name", cell_names())
def test_a_run_takes_no_more_memory_than_it_says(name):
    """A run of just under the cap, with its gradients: what the values take, three times over."""
    hidden = 200
    steps = {"rnn": 8_000, "lstm": 3_000, "gru": 3_000, "gru_reset_after": 3_000, "lstm_peephole": 3_000}[name]
    params, x = init_params(cell(name), 1, hidden, seed=0), np.ones((steps, 1))
    tracemalloc.start()
    trace = run(cell(name), params, x)
    assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    gru_viz.backpropagate(trace).log10_norm()
    assert tracemalloc.get_traced_memory()[1] < 3 * 64 * 2**20
    tracemalloc.stop()


def test_a_state_that_grows_beyond_every_number_is_refused():
    own = gru_viz.Cell("growing", "h' = 2 * h + b")
    with pytest.raises(InputError) as caught:
        run(own, {"b": [1.0, 0.0]}, np.zeros((2_000, 1)))
    assert str(caught.value) == (
        "The state h grows beyond 1.8e308 at step 1024; smaller weights, inputs or fewer steps are needed."
    )
    assert np.isfinite(run(own, {"b": [1.0, 0.0]}, np.zeros((1_023, 1)))["h"]).all()


def test_a_value_may_overflow_inside_a_step_if_no_state_does():
    given = problem(cell("lstm"), seed=23, scale=1e200)
    assert np.isfinite(norm([traced("lstm", given)["h"]])).all()
