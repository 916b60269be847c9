"""The page Step through by AppTest: which bytes the player gets, and when they are others."""

import struct

import pytest

from gru_viz.errors import InputError
from gru_viz.player import pack
from gru_viz.runs import cells_of, trace
from gru_viz.sequences import parse_sequence
from gru_viz.ui import player, state
from tests.visitor import calm, experiment, open_app


def sent(app):
    """(step, unit, backward, call) and the data of the run."""
    (found,) = [each.proto.bytes for each in app.get("bidi_component") if each.proto.component_name == "gru_viz_player"]
    return struct.unpack("<4i", found[4:20]), found[24:]


def test_the_player_gets_the_run_and_the_place_that_the_link_names():
    app = open_app("step", step="5", unit="2", backward="1", text="Ada saw")
    start, data = sent(app)
    assert start == (5, 2, 1, 0)
    own = experiment(app)
    sequence = parse_sequence(own.kind, own.text)
    packed = pack({of.name: trace(own, of, sequence) for of in cells_of(own)}, labels=sequence.labels)
    assert data == packed.header + packed.blob
    said = " ".join(each.value for each in app.main.markdown)
    assert "Click or tap an underlined number, or a box of a diagram" in said


def test_a_rerun_sends_the_same_bytes_and_another_seed_other_numbers_and_the_same_place():
    app = open_app("step", step="5")
    before = sent(app)
    assert sent(calm(app.run())) == before
    app.number_input(key="experiment_seed").set_value(8)
    start, data = sent(calm(app.run()))
    assert start == before[0]
    assert data != before[1]


@pytest.fixture
def session(monkeypatch):
    """What a session holds, without a server."""
    found = {"experiment": None, "problems": {}, "texts": {}}
    monkeypatch.setattr(player.st, "session_state", found)
    monkeypatch.setattr(state, "put", lambda field, value: found.update({field: value}))
    return found


def place(step, unit=1, backward=False):
    return player.Experiment(step=step, unit=unit, backward=backward)


def says(session, step, last=False):
    """The player has moved, and tells where it is."""
    session["player"] = {"position": {"step": step, "unit": 1, "backward": False, "last": last}}
    player._settled()


def test_a_player_that_moved_is_not_called_back_and_a_link_calls_it(session):
    assert player._start(place(5)).call == 0
    says(session, 7)
    assert session["step"] == 7
    assert player._start(place(7)) == player.Start(5)  # the bytes are those it has
    called = player._start(place(3))  # Back, an example, a link
    assert called == player.Start(3, call=1)
    assert player._start(place(3)) == called
    says(session, 32, last=True)
    assert session["step"] == 0
    assert player._start(place(0)) == called


def test_a_player_that_is_mounted_anew_starts_where_it_was_left(session):
    player._start(place(5))
    says(session, 7)
    player._start(place(7))
    del session["player"]  # another page was shown meanwhile
    assert player._start(place(7)) == player.Start(7, call=1)
    assert player._start(place(7)) == player.Start(7, call=1)


GOOD = {"step": 5, "unit": 2, "backward": True, "last": False}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("step", value) for value in (0, -1, 10**6, 10**400, 2.0, float("nan"), float("inf"), "5", True, None, [5])],
        *[("unit", value) for value in (0, -3, 65, 1e300, "<b>", False, None, {})],
        *[("backward", value) for value in (1, 0, "true", None, float("nan"))],
        *[("last", value) for value in (1, "", None)],
    ],
)
def test_a_place_that_a_client_makes_up_goes_nowhere(session, field, value):
    player._start(place(3))
    session["player"] = {"position": GOOD | {field: value}}
    player._settled()
    assert not {"step", "unit", "backward"} & set(session)
    start = player._start(place(3))
    assert (start.step, start.unit, start.backward) == (3, 1, False)


@pytest.mark.parametrize(
    "found",
    [
        *[None, 7, "position", [], {}],
        *[{"position": each} for each in (None, "5", [], {name: GOOD[name] for name in ("step", "unit", "backward")})],
    ],
)
def test_no_place_at_all_goes_nowhere(session, found):
    session["player"] = found
    player._settled()
    assert not {"step", "unit", "backward"} & set(session)


def test_a_place_that_exists_gets_through(session):
    session["player"] = {"position": GOOD}
    player._settled()
    assert {name: session[name] for name in ("step", "unit", "backward")} == {"step": 5, "unit": 2, "backward": True}


def test_a_run_that_cannot_be_shown_is_a_sentence(monkeypatch):
    def refuse(*_, **__):
        raise InputError("There is no gradient at step 3: a value inside the step grows beyond 1.8e308.")

    monkeypatch.setattr(player, "pack", refuse)
    app = open_app("step", text="something not packed before")
    assert "There is no gradient at step 3" in app.error[0].value.replace("\u2060", "").replace("&#58;", ":")
