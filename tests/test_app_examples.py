"""Ready examples in the app: what is noted beside one, its link, and the way back to it."""

from dataclasses import replace

import pytest

from gru_viz.examples import EXAMPLES, example, example_names
from gru_viz.experiment import Experiment, from_query, to_query, without_view
from tests.saying import plain
from tests.visitor import (
    captions,
    enter,
    experiment,
    link,
    open_app,
    press,
    unfold,
    warnings,
)


def buttons(app):
    return [button.key for button in app.button]


def notes(app):
    """What is said of the chosen example."""
    return [text for info in app.main.info if "Look." in (text := plain(info.value))]


@pytest.mark.parametrize("name", example_names())
def test_an_example_is_shown_with_what_to_notice(name):
    app = unfold(open_app(seed="9"), "examples")
    press(app, f"example_{name}")
    chosen = example(name)
    assert experiment(app) == from_query(link(app))[0]
    assert to_query(experiment(app)) == {**to_query(chosen.experiment), "example": name}
    (note,) = notes(app)
    assert chosen.title in note
    assert chosen.sentence() in note
    assert chosen.look in note
    assert chosen.then in note
    assert not app.session_state["examples"]  # the list has folded up
    assert "reset" not in buttons(app)
    other = open_app(**link(app))
    assert experiment(other) == experiment(app)
    assert chosen.sentence() in notes(other)[0]


@pytest.mark.parametrize("name", example_names())
def test_the_name_of_an_example_is_a_link_to_it(name):
    app = open_app(example=name, step="2")
    assert experiment(app) == replace(example(name).experiment, example=name, step=2)
    again = open_app(**link(app))
    assert experiment(again) == experiment(app)


def test_what_a_mail_program_adds_to_the_link_of_an_example_does_not_change_it():
    app = open_app(example="exploding", utm_source="mail")
    assert experiment(app) == replace(example("exploding").experiment, example="exploding")


def test_a_change_back_to_the_usual_run_is_not_the_example():
    app = open_app(example="half_open")
    enter(app, "keep", Experiment().keep)
    assert without_view(experiment(app)) == Experiment()
    assert experiment(open_app(**link(app))) == experiment(app)


def test_the_app_opens_without_a_note_and_offers_twelve_examples():
    app = open_app()
    assert not notes(app)
    unfold(app, "examples")
    assert [key for key in buttons(app) if key.startswith("example_")] == [f"example_{each.name}" for each in EXAMPLES]
    said = [words for words in captions(app) if "**Then.**" in words]
    assert len(said) == len(EXAMPLES)
    for each, words in zip(EXAMPLES, said, strict=True):
        assert each.sentence() in words
        assert words.endswith(f"**Then.** {each.then}")


def test_back_to_the_example_that_was_chosen_last():
    app = open_app(example="half_open", **to_query(example("half_open").experiment))
    assert len(notes(app)) == 1
    assert "Half-open gates" in notes(app)[0]
    enter(app, "keep", 1.0)
    assert not notes(app)
    enter(app, "text", "Hello")
    press(app, "reset")
    assert experiment(app) == Experiment(keep=0.0, example="half_open")
    assert notes(app)
    unfold(app, "examples")
    press(app, "example_who_keeps_the_name")
    enter(app, "seed", 8)
    press(app, "reset")
    assert experiment(app) == replace(example("who_keeps_the_name").experiment, example="who_keeps_the_name")


def test_back_to_what_the_app_opens_with_where_no_example_was_chosen():
    app = enter(enter(open_app(), "text", "Hello"), "keep", 0.0)
    press(app, "reset")
    assert experiment(app) == Experiment()


def test_what_is_only_a_view_leaves_the_note():
    app = open_app(example="half_open", keep="0", curve="input")
    assert experiment(app).curve == "input"
    assert ("reset" in buttons(app)) is True
    app = open_app(example="half_open", keep="0", step="3")
    assert notes(app)


def test_an_unknown_example_in_a_link_gets_its_sentence():
    app = open_app(example="nonsense")
    assert 'example="nonsense" is not used' in warnings(app)[0]


def test_before_an_answer_the_list_keeps_its_place_and_says_nothing_of_what_is_asked():
    app = open_app(lesson="2")
    assert app.sidebar.expander[0].label == "Examples"
    assert [each.value for each in unfold(app, "examples").sidebar.expander[0].caption] == [
        "They say what each shows: they are here after your answer."
    ]
    assert list(app.sidebar.expander[0].button) == []
    press(app, "answer_0")
    assert app.sidebar.expander[0].label == "Examples"
    assert len(app.sidebar.expander[0].button) == len(EXAMPLES)
