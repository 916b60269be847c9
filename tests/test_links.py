"""An experiment in a link and back, whatever a link holds."""

import base64
import reprlib
import tracemalloc
import zlib
from dataclasses import fields, replace
from urllib.parse import urlencode

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_viz.cells import cell_names
from gru_viz.examples import example_names
from gru_viz.experiment import (
    MAX_QUERY_BYTES,
    Experiment,
    from_query,
    link_fits,
    to_query,
    with_weights,
    without_view,
)
from gru_viz.lessons import LESSONS, from_link, to_link
from gru_viz.packing import pack
from gru_viz.sequences import KINDS
from gru_viz.settings import SETTINGS
from tests.patience import patience
from tests.refusals import assert_sentence
from tests.test_experiment import BIASES, CELLS, texts, through_a_link

KEYS = (
    "text, words, numbers, rows, signal, csv, z, missing, "
    "cells, hidden, keep, seed, scheme, gain, input_gain, bias, replace, by, curve, luck, weights, "
    "step, unit, backward, focus, units, basis, held, loss, target, norm, share, clip, tab, example, predict, projector"
)
gates = st.from_regex("[A-Za-z][A-Za-z0-9_]{0,19}", fullmatch=True)
kinds_and_weights = st.sampled_from(
    [(kind, weights) for kind in KINDS for weights in ("random", "shared")]
    + [("text", "counter"), ("text", "latch"), ("numbers", "sign")]
)
experiments = st.builds(
    lambda both, **fields: Experiment(kind=both[0], weights=both[1], **fields),
    kinds_and_weights,
    text=texts | st.just(Experiment().text),
    cells=st.lists(st.sampled_from(cell_names()), min_size=1, unique=True),
    hidden_size=st.integers(1, 64),
    keep=st.sampled_from([0, 1, 2, 3]),
    seed=st.integers(0, 2**32 - 1),
    scheme=st.sampled_from(["uniform", "orthogonal"]),
    recurrent_gain=st.floats(0, 4, allow_subnormal=False).filter(lambda v: v == 0 or v > 1e-300),
    input_gain=st.floats(0, 16).filter(lambda v: v == 0 or v > 1e-300),
    biases=st.dictionaries(gates, st.floats(-10, 10).filter(lambda v: v == 0 or abs(v) > 1e-300), max_size=16).map(
        lambda biases: list(biases.items())
    ),
    replace=texts,
    by=texts,
    curve=st.sampled_from(["state", "parts", "input"]),
    luck=st.booleans(),
    step=st.integers(0, 2_000),
    unit=st.integers(1, 64),
    backward=st.booleans(),
    focus=st.sampled_from(["", *cell_names()]),
    units=st.lists(st.integers(1, 64), min_size=1, max_size=6, unique=True),
    basis=st.sampled_from(["own", "shared"]),
    held=texts,
    loss=st.sampled_from(["last", "target", "every"]),
    target=st.floats(-2, 2).filter(lambda v: v == 0 or abs(v) > 1e-300),
    norm=st.sampled_from(["state", "parts", "input", "jacobian"]),
    share=st.sampled_from([0.1, 0.01, 0.001, 1e-6]),
    clip=st.floats(0, 1000).filter(lambda v: v == 0 or v > 1e-300),
    tab=st.sampled_from(["what_if", "gains", "spectra", "horizon", "memory"]),
    example=st.sampled_from(["", *example_names()]),
    predict=st.booleans(),
    projector=st.booleans(),
)


# Links
def test_a_link_tells_what_differs():
    assert to_query(Experiment()) == {}
    assert to_query(Experiment(text="abc")) == {"text": "abc"}
    assert to_query(Experiment(kind="numbers", text="1, 2")) == {"numbers": "1, 2"}
    assert to_query(Experiment(kind="numbers")) == {"numbers": Experiment().text}
    changed = Experiment(
        cells=("gru", "rnn"), hidden_size=16, keep=0, seed=8, scheme="orthogonal", recurrent_gain=1.5, input_gain=0.1,
        biases=(("z", -2), ("f", 1.25)), replace="is", by="was", curve="parts", luck=True,
        weights="shared", step=3, unit=2, backward=True, focus="lstm", units=(5, 1), basis="shared", held="a",
        loss="every", target=-1, norm="parts", share=1e-6, clip=0.5, tab="horizon", example="half_open", predict=True,
        projector=True,
    )  # fmt: skip
    query = {
        "cells": "rnn,gru", "hidden": "16", "keep": "0", "seed": "8", "scheme": "orthogonal", "gain": "1.5",
        "input_gain": "0.1", "bias": "f:1.25,z:-2", "replace": "is", "by": "was", "curve": "parts", "luck": "1",
        "weights": "shared", "step": "3", "unit": "2", "backward": "1", "focus": "lstm", "units": "1,5",
        "basis": "shared", "held": "a", "loss": "every", "target": "-1", "norm": "parts", "share": "1e-06",
        "clip": "0.5", "tab": "horizon", "example": "half_open", "predict": "1", "projector": "1",
    }  # fmt: skip
    assert to_query(changed) == query
    assert list(to_query(changed)) == list(query)
    assert from_query(query) == (changed, ())
    assert set(query) | {*KINDS, "z", "missing"} == set(KEYS.split(", "))


@given(experiments)
def test_a_link_gives_the_same_experiment(experiment):
    back, notes = through_a_link(experiment)
    assert back == experiment
    assert repr(back) == repr(experiment)
    assert to_query(back) == to_query(experiment)
    assert all("�" in note for note in notes)
    assert link_fits(experiment)


# A lesson's number in a link
@given(
    st.sampled_from(LESSONS),
    st.integers(0, 2**32 - 1),
    st.booleans(),
    st.sampled_from(["state", "parts", "input"]),
    st.integers(0, 2_000),
)
def test_a_lesson_that_asks_first_is_its_number_in_a_link(lesson, seed, projector, curve, step):
    covered = replace(lesson.covered, seed=seed, projector=projector, curve=curve, step=step)
    query = to_link(covered)
    assert query["lesson"] == str(lesson.number)
    assert set(query) <= {"lesson", "seed", "projector", "curve", "step"}
    assert ("seed" in query) == (seed != lesson.example.experiment.seed)
    assert from_link(query) == (covered, ())


@given(experiments)
def test_every_other_link_is_that_of_its_experiment(experiment):
    asks = {lesson.name for lesson in LESSONS if experiment.predict and lesson.fits(experiment)}
    if experiment.example not in asks:
        assert to_link(experiment) == to_query(experiment)
    assert from_link(to_query(experiment)) == from_query(to_query(experiment))


@pytest.mark.parametrize("wrong", ["0", "10", "three", "", "-1", "1.0", "١", ["1", "2"], []], ids=reprlib.repr)
def test_a_lesson_in_a_link_that_does_not_exist_is_not_used(wrong):
    note = "In the link, lesson= is not used: one number from 1 to 9 is expected."
    assert from_link({"lesson": wrong, "seed": "5"}) == (Experiment(seed=5), (note,))
    assert from_link({"lesson": wrong, "sed": "5"})[1][0] == note
    assert len(from_link({"lesson": wrong, "sed": "5"})[1]) == 2


def test_a_lesson_that_is_uncovered_or_changed_is_written_out():
    lesson = LESSONS[2]
    shown = replace(lesson.covered, predict=False)
    assert to_link(shown) == {"keep": "1", "example": "a_little_bias"}
    changed = replace(lesson.covered, keep=2.0)
    assert to_link(changed) == {"example": "a_little_bias", "predict": "1"}
    assert from_link({"lesson": "3", "predict": "0"}) == (shown, ())
    assert from_link({"lesson": "3", "keep": "2"}) == (changed, ())


@pytest.mark.parametrize("own", [{"numbers": "1 2 3"}, {"words": "one two"}, {"text": "abc"}, {"weights": "latch"}])
def test_what_stands_beside_a_lesson_takes_the_place_of_its_own(own):
    found, notes = from_link({"lesson": "6", **own})
    wanted = from_query({**own, "seed": "7"})[0]
    assert notes == ()
    assert (found.kind, found.text, found.weights) == (wanted.kind, wanted.text, wanted.weights)
    cells_and_size = (wanted.cells, wanted.hidden_size) if "weights" in own else (("rnn",), 32)
    assert (found.cells, found.hidden_size) == cells_and_size


@pytest.mark.parametrize(
    ("query", "fields", "notes"),
    [
        ({}, {}, []),
        ({"seed": "12", "hidden": []}, {"seed": 12}, []),
        (
            {"seed": ["1", "2"], "hidden": ["9"]},
            {"hidden_size": 9},
            ["seed= stands 2 times and is not used: once is expected"],
        ),
        (
            {"numbers": ["1 2"], "text": ["ab"]},
            {"text": "ab"},
            ["numbers= is not used: it stands beside text=, and one is expected"],
        ),
        ({"foo": ["1"], "hidden": ["9"]}, {"hidden_size": 9}, ['no setting is called "foo"']),
        (
            {"a": "", "\u202e": "", "c\n": "", "d": "", "e": ""},
            {},
            ['no setting is called "a", "U+202E", "c↵" and 2 more'],
        ),
        ({"hidden": ["65"]}, {}, ['hidden="65" is not used: a whole number from 1 to 64 is expected']),
        ({"hidden": ["1_0"]}, {}, ['hidden="1_0" is not used: a whole number from 1 to 64 is expected']),
        ({"hidden": ["٨"]}, {}, ['hidden="٨" is not used: a whole number from 1 to 64 is expected']),
        ({"hidden": [""]}, {}, ['hidden="" is not used: a whole number from 1 to 64 is expected']),
        (
            {"seed": ["9" * 4_000]},
            {},
            [
                f'seed="{"9" * 20}…" (4000 characters) is not used: '
                "a whole number from 0 to 4\u202f294\u202f967\u202f295 is expected"
            ],
        ),
        ({"keep": ["2.5"]}, {}, ['keep="2.5" is not used: one of 0, 1, 2, 3, for 50 %, 73 %, 88 %, 95 %, is expected']),
        ({"gain": ["nan"]}, {}, ['gain="nan" is not used: a number from 0 to 4 is expected']),
        ({"gain": ["-1e-999"]}, {}, ['gain="-1e-999" is not used: a number from 0 to 4 is expected']),
        ({"luck": ["yes"]}, {}, ['luck="yes" is not used: one of 0, 1 is expected']),
        ({"luck": ["0"]}, {}, []),
        ({"weights": ["counter"]}, vars(with_weights(Experiment(), "counter")), []),
        ({"weights": ["counter"], "text": "()"}, vars(with_weights(Experiment(), "counter")) | {"text": "()"}, []),
        (
            {"weights": ["sign"], "hidden": ["9"], "text": ["1"]},
            {"hidden_size": 9, "text": "1"},
            ['weights="sign" is not used: it reads numbers, and the sequence is text'],
        ),
        (
            {"weights": ["sign"], "hidden": ["9"]},
            vars(with_weights(Experiment(), "sign")),
            ['hidden="9" is not used: with weights="sign" it is "2"'],
        ),
        (
            {"weights": ["latch"], "cells": ["rnn,gru"], "hidden": ["9"], "luck": ["1"], "seed": ["8"]},
            vars(with_weights(Experiment(), "latch")) | {"seed": 8},
            [
                'cells="rnn,gru" is not used: with weights="latch" it is "gru"',
                'hidden="9" is not used: with weights="latch" it is "2"',
                'luck="1" is not used: with weights="latch" it is "0"',
            ],
        ),
        ({"hiden": ["9"]}, {}, ['no setting is called "hiden"; the nearest is hidden']),
        ({"kind": ["text"]}, {}, ['no setting is called "kind"']),
        ({"cells": ["gru,foo"]}, {}, [f'cells="gru,foo" is not used: {CELLS}']),
        ({"bias": ["f:1,f:2"]}, {}, [f'bias="f:1,f:2" is not used: {BIASES}']),
        ({"bias": ["f"]}, {}, [f'bias="f" is not used: {BIASES}']),
        ({"by": ["\ud800"]}, {}, ['by="U+D800" is not used: a text of at most 1700 whole characters is expected']),
        ({"text": ["caf\ufffd"]}, {"text": "caf\ufffd"}, ['text="caf�" may have lost a character where � stands']),
        ({"numbers": ["1,,x"]}, {"kind": "numbers", "text": "1,,x"}, []),  # parse_sequence finds the words
    ],
    ids=reprlib.repr,
)  # fmt: skip
def test_a_broken_link_keeps_what_is_whole(query, fields, notes):
    experiment, found = from_query(query)
    assert experiment == Experiment(**fields)
    assert list(found) == [f"In the link, {note}." for note in notes]
    for note in found:
        assert_sentence(note)


def test_a_link_of_over_4_kb_is_not_used():
    refused = (Experiment(), ("The link has more than 4096 bytes: nothing in it is used.",))
    assert from_query({"text": "a" * (MAX_QUERY_BYTES - len("text=") + 1)}) == refused
    assert from_query({"text": ["a" * 10**6]}) == refused
    assert from_query({"seed": [""] * 10**5}) == refused
    assert from_query({str(place): [] for place in range(10_000)}) == refused


# Sequences too long for a link


def incompressible(characters, seed=0):
    rng = np.random.default_rng(seed)
    return "".join(chr(0x4E00 + code) for code in rng.integers(0, 1_000, characters))


def test_a_sequence_is_packed_only_where_it_does_not_fit():
    fits = Experiment(text="a" * (MAX_QUERY_BYTES - len("text=")))
    assert to_query(fits) == {"text": fits.text}
    for over in (replace(fits, text=fits.text + "a"), replace(fits, seed=8), Experiment(text="é" * 1_000)):
        query = to_query(over)
        assert "z" in query
        assert "text" not in query
        assert len(urlencode(query)) < 200
        assert link_fits(over)
        assert through_a_link(over) == (over, ())


@settings(deadline=None)  # some texts are long
@given(
    st.sampled_from(list(KINDS)),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
    st.integers(1, 3_000),
    st.integers(0, 9),
)
def test_a_long_sequence_comes_back_or_is_said_to_be_missing(kind, part, times, seed):
    experiment = Experiment(kind=kind, text=(part * times)[:50_000], seed=seed, hidden_size=5)
    query = to_query(experiment)
    assert len(urlencode(query)) <= MAX_QUERY_BYTES
    assert to_query(replace(experiment)) == query
    back, notes = through_a_link(experiment)
    if link_fits(experiment):
        assert back == experiment
        assert all("�" in note for note in notes)
    else:
        assert (back.seed, back.hidden_size) == (seed, 5)
        assert len(notes) == 1


def test_what_does_not_fit_at_all_is_missing_and_found_again_by_its_fingerprint():
    long = Experiment(text=incompressible(2_000), seed=3)
    assert not link_fits(long)
    query = to_query(long)
    assert list(query) == ["missing", "seed"]
    assert query == to_query(Experiment(text=incompressible(2_000), seed=3))
    assert query != to_query(Experiment(text=incompressible(2_000, seed=1), seed=3))
    missing = ("The sequence was too long for this link and is missing in it: another stands in its place.",)
    assert from_query(query) == (Experiment(seed=3), missing)
    assert from_query(query, {"text.0": ("text", "no")}) == (Experiment(seed=3), missing)
    assert from_query(query, {query["missing"]: ("text", long.text)}) == (long, ())
    table = Experiment(kind="csv", text="as they are\na\n" + "1\n" * 60_000)  # more than is packed
    assert list(to_query(table)) == ["missing"]


def test_a_link_that_holds_nothing_but_long_texts_still_fits():
    full = Experiment(text=incompressible(2_000), replace="🙂" * 200, by="🙃" * 200, held="🙂" * 200, seed=3)
    query = to_query(full)
    assert len(urlencode(query)) <= MAX_QUERY_BYTES
    assert from_query(query)[0].seed == 3


@pytest.mark.parametrize(
    "packed",
    ["", "!", "ab", "x" * 4_000, "eJw", pack("pdf", "a"), pack("text", "a")[:-4], pack("text", "a") + "AAAA", "é" * 9,
     base64.urlsafe_b64encode(zlib.compress(b"text")).decode(),
     base64.urlsafe_b64encode(zlib.compress(b"text\n\xff")).decode()],
    ids=reprlib.repr,
)  # fmt: skip
def test_what_cannot_be_unpacked_is_not_used(packed):
    experiment, notes = from_query({"z": packed, "seed": "3"})
    assert experiment == Experiment(seed=3)
    (note,) = notes
    assert note.startswith("In the link, z=")
    assert note.endswith("is not used: a packed sequence is expected.")
    assert_sentence(note)


def test_a_bomb_is_refused_in_little_room_and_time():
    bomb = zlib.compress(b"text\n" + b"a" * 2_100_000, 9)
    packed = base64.urlsafe_b64encode(bomb).decode().rstrip("=")
    assert len(packed) < MAX_QUERY_BYTES
    tracemalloc.start()
    try:
        with patience(0.5):
            experiment, notes = from_query({"z": packed})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (experiment, len(notes)) == (Experiment(), 1)
    assert peak < 1_000_000


def test_a_packed_sequence_beside_another_is_not_used():
    experiment, notes = from_query({"text": "ab", "z": pack("numbers", "1 2"), "missing": "text.0"})
    assert experiment == Experiment(text="ab")
    assert [note.split(" is not")[0] for note in notes] == ["In the link, z=", "In the link, missing="]


def test_hand_set_weights_in_a_link_bring_their_own_sequence():
    for name in ("counter", "latch", "sign"):
        own, notes = from_query({"weights": name})
        assert own == with_weights(Experiment(), name)
        assert (notes, to_query(own)) == ((), {"weights": name})
    lesson = Experiment(weights="counter", text=Experiment().text)
    assert to_query(lesson)["text"] == Experiment().text
    assert through_a_link(lesson) == (lesson, ())


queries = st.dictionaries(
    st.sampled_from(KEYS.split(", ")) | st.text(st.characters(exclude_categories=()), max_size=5),
    st.lists(
        st.text(st.characters(exclude_categories=()) | st.sampled_from("0123456789.,:-e"), max_size=12), max_size=2
    ),
)


@given(queries)
def test_any_link_gives_an_experiment_and_sentences(query):
    experiment, notes = from_query(query)
    assert Experiment(**{field.name: getattr(experiment, field.name) for field in fields(Experiment)}) == experiment
    for note in notes:
        assert_sentence(note)
    assert len(notes) <= len(KEYS.split(", ")) + 1


@given(experiments, st.sampled_from(list(SETTINGS)[2:]))
def test_one_bad_part_leaves_the_rest(experiment, name):
    key, query = SETTINGS[name].key, to_query(experiment)
    spoilt, notes = from_query({**query, key: ["twice", "twice"]})
    assert spoilt == from_query({other: text for other, text in query.items() if other != key})[0]
    if not experiment.is_hand_set:
        assert spoilt == replace(experiment, **{name: getattr(Experiment(), name)})
    assert any(f"{key}= stands 2 times" in note for note in notes)


@given(experiments)
def test_what_is_only_a_view_is_taken_away(experiment):
    core = without_view(experiment)
    for name, setting in SETTINGS.items():
        kept = setting.view is False or getattr(experiment, name) == getattr(Experiment(), name)
        assert (getattr(core, name) == getattr(experiment, name)) == kept
    assert without_view(core) == core
