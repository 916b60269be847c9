"""Whatever a person gives a public function, the answer is a result or one sentence: never an error from inside.

Every argument of every function, and one entry of each that is a list or a mapping, is replaced by every wrong thing.
The functions are found, so that a new one without a row in `doors` fails.
"""

import inspect
import tracemalloc
from contextlib import suppress
from typing import Any
from zlib import crc32

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import gru_viz
from gru_viz import InputError, jacobians, notation
from tests.doors import DOORS, RNN, RUN, WEIGHTS, WRONG, Door, Place, X

ELSEWHERE = {"save_html", "show"}  # tests/test_player.py


def functions() -> set[str]:
    """Everything public that takes arguments: functions, methods, and Cell, the class that a person makes."""
    found = {f"notation.{name}" for name in notation.__all__ if inspect.isfunction(getattr(notation, name))}
    for name in gru_viz.__all__:
        thing = getattr(gru_viz, name)
        if inspect.isfunction(thing) or thing is gru_viz.Cell:
            found.add(name)
        if inspect.isclass(thing) and not issubclass(thing, Exception):
            for key, member in vars(thing).items():
                named = not key.startswith("_") or key == "__getitem__"
                if named and inspect.isfunction(member) and len(inspect.signature(member).parameters) > 1:
                    found.add(f"{name}.{key}")
    return found - ELSEWHERE


def test_every_public_function_has_a_row_with_every_argument():
    assert functions() <= DOORS.keys()
    for name, door in DOORS.items():
        assert list(inspect.signature(door.call).parameters) == list(door.args), name
        assert set(door.accepts) <= set(door.places()), name
        door(door.args)


def refusal(door: Door, place: Place, wrong: Any) -> str:
    with pytest.raises(InputError) as caught:
        door(door.with_wrong(place, wrong))
    return str(caught.value)


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("name", DOORS)
def test_what_does_not_fit_is_answered_in_a_sentence(name, what):
    door, wrong = DOORS[name], WRONG[what]
    for place in door.places():
        if what in door.accepts.get(place, ()):
            door(door.with_wrong(place, wrong))
            continue
        said = refusal(door, place, wrong)
        assert said.endswith("."), (place, said)
        assert len(said) < 400, (place, said)
        assert not any(word in said for word in ("\n", " at 0x", "<class", "<function", "Traceback")), (place, said)


# -- any numbers at all ------------------------------------------------------------------------------------------------


SHAPES = st.lists(st.integers(0, 4), max_size=4).map(tuple)
KINDS = st.sampled_from(["f8", "f4", "f2", ">f8", "g", "i8", "u1", "?", "c16", "O", "U3", "M8[D]", "m8[s]", "V8"])
FLOATS = st.floats(width=64) | st.sampled_from([0.0, 1.0, -1e308, 5e-324, 1e200])


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray:
    """An array of any shape and kind, in any order in memory, writable or not; perhaps with one number that is odd."""
    found = np.zeros(draw(SHAPES), dtype=draw(KINDS))
    if found.dtype.kind == "f" and found.size:
        with np.errstate(over="ignore"):
            found.flat[draw(st.integers(0, found.size - 1))] = draw(FLOATS)
    found = draw(st.sampled_from([found, found.T, found[::-1] if found.ndim else found]))
    found.setflags(write=draw(st.booleans()))
    return found


THINGS = arrays() | st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | st.complex_numbers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("ahxbUW"), inner, max_size=3),
    max_leaves=10,
)


@given(data=st.data())
@settings(max_examples=1_000, deadline=None)
def test_anything_in_any_place_gives_a_result_or_a_sentence(data):
    door = DOORS[data.draw(st.sampled_from(sorted(DOORS)))]
    if places := list(door.places()):
        wrong = data.draw(THINGS)
        with suppress(InputError):
            door(door.with_wrong(data.draw(st.sampled_from(places)), wrong))


NAMES = gru_viz.cell_names()


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_numbers_of_any_size_give_a_result_or_a_sentence(data):
    """Weights, inputs and states up to the largest float: no warning and no error from inside, whatever is asked."""
    cell = gru_viz.cell(data.draw(st.sampled_from(NAMES)))
    scale = st.sampled_from([0.0, 1e-320, 1e-160, 1.0, 30.0, 1e3, 1e160, 1e307])
    params = {name: data.draw(scale) * value for name, value in gru_viz.init_params(cell, 2, 2, seed=1).items()}
    x = data.draw(scale) * np.array([[1.0, -1.0], [0.5, 0.0], [-0.25, 1.0]])
    state = {name: data.draw(scale) * np.array([1.0, -1.0]) for name in cell.states}
    try:
        ran = gru_viz.run(cell, params, x, state)
    except InputError:
        return
    for ask in (
        lambda: [ran[name] for name in ran.names],
        lambda: gru_viz.backpropagate(ran).params["b_h" if cell.name == "rnn" else f"b_{cell.gates[0]}"],
        lambda: gru_viz.reach(gru_viz.backpropagate(ran)),
        lambda: gru_viz.saliency(ran, 1),
        lambda: gru_viz.direct_paths(ran),
        lambda: gru_viz.horizon(ran),
        lambda: gru_viz.spectral_norms(ran),
        lambda: gru_viz.singular_values(ran),
        lambda: gru_viz.eigenvalues(ran),
        lambda: gru_viz.to_csv(ran),
        lambda: gru_viz.to_npz(ran),
        lambda: gru_viz.check_against_torch(ran),
        lambda: notation.with_numbers(ran, "h", 1, 1),
        lambda: [each.remainder() for each in [notation.products(ran, cell.names[0], 1, 1)]],
    ):
        with suppress(InputError):
            ask()


# -- single promises ---------------------------------------------------------------------------------------------------


def test_what_a_run_keeps_cannot_be_changed():
    given = X.copy()
    ran = gru_viz.run(RNN, WEIGHTS, given, {"h": np.zeros(3)})
    given[:] = 0.0
    np.testing.assert_array_equal(ran["x"], X)
    for array in (ran.inputs, *ran.states.values(), *ran.params.values(), ran["h"], ran["x"], *ran.before.values()):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0.0


@pytest.mark.parametrize(
    "x",
    [
        range(10**12),
        [[0.0]] * 10**6,
        np.broadcast_to(np.float32(0.0), (10**9, 2)),
        np.broadcast_to(np.float32(0.0), (10_000, 10**9)),
        np.broadcast_to(0.0, (4, 10**9, 2)),
        np.broadcast_to(np.int8(0), (10**6, 10**6, 10**6)),
    ],
)
def test_an_input_that_is_too_large_is_refused_before_it_is_copied(x):
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=r"at most [\d\u202f]+ are allowed"):
            gru_viz.run(RNN, WEIGHTS, x)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", [np.float32, np.int8])
def test_an_array_of_a_wrong_shape_is_refused_before_it_is_copied(kind):
    huge = np.broadcast_to(kind(0), (10**6, 10**6))
    calls = (
        lambda: gru_viz.run(RNN, WEIGHTS | {"U_h": huge}, X),
        lambda: gru_viz.run(RNN, WEIGHTS, X, {"h": huge}),
        lambda: gru_viz.backpropagate(RUN, {"h": huge}),
        lambda: gru_viz.to_torch(RNN, WEIGHTS | {"W_h": huge}),
    )
    for call in calls:
        with pytest.raises(InputError, match=r"has the shape \(1000000, 1000000\)|input_size is 1000000"):
            call()


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int64])
def test_numpys_small_whole_numbers_are_the_same_numbers(kind):
    """In NumPy 1/√8 of an int8 has eleven bits."""
    small = gru_viz.init_params(RNN, kind(2), kind(8), seed=kind(100))
    expected = np.random.default_rng([100, crc32(b"U_h")]).uniform(-1 / 8**0.5, 1 / 8**0.5, (8, 8))
    np.testing.assert_array_equal(small["U_h"], expected)
    long = gru_viz.run(RNN, WEIGHTS, np.zeros((200, 2)))
    assert notation.with_numbers(long, "h", kind(127) if kind is np.int8 else kind(150), kind(1)).plain


def test_numbers_of_every_kind_are_the_same_numbers():
    expected = gru_viz.run(RNN, WEIGHTS, [[1.0, 0.0], [0.0, 1.0]])["h"]
    for x in (
        [[1, 0], [0, 1]],
        ((True, False), (False, True)),
        np.eye(2, dtype=bool),
        np.eye(2, dtype="u1"),
        np.eye(2, dtype=">f8"),
        np.eye(2, dtype=object),
        np.asfortranarray(np.eye(2, dtype=np.float32)),
        torch.eye(2),
    ):
        np.testing.assert_array_equal(gru_viz.run(RNN, WEIGHTS, x)["h"], expected)
    single = {name: value.astype(np.float32) for name, value in WEIGHTS.items()}
    double = {name: value.astype(np.float64) for name, value in single.items()}
    found = gru_viz.run(RNN, single, X)
    assert {value.dtype for value in found.params.values()} == {np.dtype(np.float64)}
    np.testing.assert_array_equal(found["h"], gru_viz.run(RNN, double, X)["h"])


def test_what_can_be_mended_is_said():
    for call, words in (
        (
            lambda: gru_viz.init_params("gru", 2, 3, 0),
            "cell is 'gru'; a Cell, such as gru_viz.cell('gru'), is expected.",
        ),
        (lambda: gru_viz.reach(None), "flow is None; what gru_viz.backpropagate returns is expected."),
        (lambda: gru_viz.direct_paths([RUN]), "trace is a list; what gru_viz.run returns is expected."),
        (
            lambda: gru_viz.run(RNN, WEIGHTS, torch.ones(4, 2, requires_grad=True)),
            "x is a tensor that requires grad; give it without, by .detach().",
        ),
        (
            lambda: gru_viz.run(RNN, WEIGHTS, np.ma.masked_array(X, X > 0)),
            "x is a masked array; fill its gaps first, such as with .filled(0).",
        ),
        (lambda: gru_viz.init_params(RNN, 2, 10**5_000, 0), "hidden_size is a number of thousands of digits; a whole"),
        (lambda: gru_viz.to_csv(5), "traces is 5; a run or a list of runs is expected."),
        (lambda: gru_viz.saliency(RUN, 4), "step is 4; a whole number from 0 to 3 is allowed."),
    ):
        with pytest.raises(InputError) as caught:
            call()
        assert str(caught.value).startswith(words)


def test_only_as_many_jacobians_are_held_as_fit_in_memory(monkeypatch):
    lstm = gru_viz.cell("lstm")
    ran = gru_viz.run(lstm, gru_viz.init_params(lstm, 1, 64, seed=0), np.zeros((70, 1)))

    def peak(most: int) -> int:
        monkeypatch.setattr(jacobians, "MAX_BYTES", most * 8 * 128 * 128)
        tracemalloc.start()
        try:
            found.append(gru_viz.spectral_norms(ran))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    found: list[np.ndarray] = []
    peaks = [peak(most) for most in (64, 8, 0)]
    assert peaks[0] > 64 * 8 * 128 * 128 > 1.5 * peaks[1] > 1.5 * peaks[2]
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], rtol=0, atol=1e-12)
