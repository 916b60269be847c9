"""The course in the app, through AppTest: questions before figures, answers, my seed, help.

Which answer is right is read from a run of torch or from the definition, never from the page.
"""

import itertools
import re
from dataclasses import replace

import pytest

from gru_viz.conclusions.help import MISCONCEPTIONS
from gru_viz.conclusions.lessons import answered
from gru_viz.experiment import Experiment, to_query, without_view
from gru_viz.handset import HAND_SET
from gru_viz.lessons import LESSONS, from_link, lesson_of
from gru_viz.runs import contrast
from gru_viz.ui.follow import class_link
from gru_viz.ui.pages import ABOUT, PAGES
from tests.saying import parts, plain
from tests.visitor import calm, enter, errors, experiment, findings, go, lines, link, open_app, press, unfold

HERE = "https://example.org/some/where"

LENSES = [name for name in PAGES if name not in ABOUT]
QUESTIONS = {lesson.name: lesson.question for lesson in LESSONS}


def said(app):
    """All texts of the page, without the sidebar."""
    found = [*app.main.title, *app.main.subheader, *app.main.markdown, *app.main.info, *app.main.caption]
    return plain("\n".join(each.value for each in found))


def buttons(app):
    return [button.label for button in app.main.button]


def drawn(app):
    """The keys of the figures on the page."""
    return len(app.main.get("plotly_chart"))


def note(app):
    found = [plain(each.value).replace("**", "") for each in app.main.info]
    (said,) = [each for each in found if "This run shows" in each or "You expected" in each]
    return said


# -- lessons -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(1, len(LESSONS) + 1))
def test_a_lessons_number_in_a_link_opens_it_with_everything_covered(number):
    lesson, app = LESSONS[number - 1], open_app(lesson=str(number))
    assert without_view(experiment(app)) == without_view(lesson.example.experiment)
    assert [plain(title.value) for title in app.main.title] == [lesson.question]
    assert (drawn(app), findings(app), app.main.info.len, errors(app)) == (0, [], 0, [])
    assert buttons(app) == ["Previous lesson", "Next lesson", *lesson.answers, "Show it without an answer"]
    numbers = lesson.explained(lesson.example.experiment)
    assert numbers not in said(app)
    assert from_link(link(app))[0] == experiment(app)
    for page in LENSES:  # nor is the answer seen elsewhere
        assert (drawn(go(app, page)), findings(app)) == (0, [])
    said_not = [text for text in MISCONCEPTIONS.values() if "lesson" in text]
    assert [text for text in said_not if text in said(go(app, "help"))] == []


@pytest.mark.parametrize("number", range(1, len(LESSONS) + 1))
def test_the_address_of_a_lesson_tells_its_number_and_nothing_else(number):
    """Not even after the answer: the same address asks others."""
    lesson = LESSONS[number - 1]
    app = calm(open_app(lesson=str(number)).run())  # what is written to the address with the second run
    assert link(app) == {"lesson": str(number)}
    press(app, "answer_1")
    assert link(app) == {"lesson": str(number)}
    old = {**to_query(lesson.example.experiment), "example": lesson.name, "predict": "1"}  # as it once was
    assert link(calm(open_app(**old).run())) == {"lesson": str(number)}
    begun = press(go(open_app(), "lessons"), f"start_{lesson.name}")
    assert link(begun) == {"lesson": str(number)}


def test_the_address_of_a_lesson_tells_what_is_a_pupils_own():
    app = press(enter(open_app(lesson="3"), "seed", 12), "answer_0")
    assert link(app) == {"lesson": "3", "seed": "12"}
    enter(app, "curve", "input")
    assert link(app) == {"lesson": "3", "seed": "12", "curve": "input"}
    enter(app, "keep", 0.0)  # no longer what is asked about: the whole experiment
    assert {"seed": "12", "keep": "0", "example": "a_little_bias"}.items() <= link(app).items()
    assert from_link(link(app))[0] == experiment(app)


@pytest.mark.parametrize("wrong", ["0", "10", "three", "", "-1"])
def test_a_lesson_that_does_not_exist_gets_a_sentence(wrong):
    app = open_app(lesson=wrong, seed="5")
    assert [plain(each.value) for each in app.warning] == [
        "In the link, lesson= is not used: one number from 1 to 9 is expected."
    ]
    assert (experiment(app), link(calm(app.run()))) == (Experiment(seed=5), {"seed": "5"})


def test_what_else_stands_in_a_lessons_link_holds():
    app = open_app(lesson="2", seed="12", projector="1")
    assert (experiment(app).example, experiment(app).seed, experiment(app).projector) == ("half_open", 12, True)
    assert "seed 12" in said(app)


def test_right_and_wrong_in_plain_words_with_the_numbers_of_this_run():
    """Lesson 3: only the cells with gates reach farther at 73 % than at 50 %; test_lessons has this from torch."""
    right = press(open_app(lesson="3"), "answer_1")
    assert "Right. You expected “Those with gates”, and this run shows it." in note(right)
    wrong = press(open_app(lesson="3"), "answer_0")
    assert "Not in this run. You expected “All of them”. This run shows: “Those with gates”." in note(wrong)
    for app in (right, wrong):
        assert "6 steps in the RNN, 15 in the LSTM, 15 in the GRU" in note(app)
        assert QUESTIONS["a_little_bias"] in note(app)
        assert drawn(app) == 3
    silent = press(open_app(lesson="3"), "answer_none")
    assert "No answer given. This run shows: “Those with gates”." in note(silent)
    assert "You expected" not in said(silent)


def test_what_is_said_of_an_answer():
    lesson = lesson_of("exploding")
    assert answered(lesson, 0, 2) == ("Not in this run.", "You expected “It falls”. This run shows: “It grows”.")
    assert answered(lesson, 2, 2) == ("Right.", "You expected “It grows”, and this run shows it.")
    assert answered(lesson, None, 1) == ("No answer given.", "This run shows: “It stays about as large”.")


def test_the_answer_is_that_of_the_visitors_own_seed():
    """Half-open gates: in few seeds the gated cells reach much farther than the RNN; one of them is found by reach."""
    lesson = lesson_of("half_open")

    def much_farther(seed):
        plain_cell, *gated = [r.reach for r in contrast(Experiment(keep=0.0, seed=seed)).reports]
        return min(gated) > 1.5 * plain_cell

    seed = next(seed for seed in range(200) if much_farther(seed))
    app = press(enter(open_app(lesson="2"), "seed", seed), "answer_1")
    assert f"Right. You expected “{lesson.answers[1]}”" in note(app)
    assert f"(seed {seed})" in note(app)
    assert "Look." not in note(app)  # written for the example's own seed
    assert "Look." in note(press(open_app(lesson="2"), "answer_1"))


def test_after_a_change_nothing_is_asked_again_unless_it_is_wanted():
    app = press(open_app(lesson="1"), "answer_0")
    enter(app, "seed", 8)
    assert drawn(app) == 3
    assert "You expected" not in said(app)
    press(app, "predict")
    assert (drawn(app), experiment(app).seed) == (0, 8)
    press(app, "answer_2")
    assert "(seed 8)" in note(app)
    enter(app, "text", "Something else")
    assert drawn(app) == 3
    assert "This run is your own: the figures show what it does, and the question is about the lesson's own." in said(
        app
    )
    assert "predict" not in [button.key for button in app.main.button]
    press(app, "lesson_run")
    assert (drawn(app), experiment(app).predict, experiment(app).seed) == (3, True, 8)


def test_what_to_try_next_stays_in_a_run_of_ones_own_as_long_as_it_can_be_tried():
    then = f"**Then.** {lesson_of('half_open').example.then}"
    app = press(open_app(lesson="2"), "answer_0")
    assert (said(app).count(then), "your own" in said(app)) == (1, False)
    enter(app, "seed", 8)
    assert (said(app).count(then), said(app).count("This run has a seed of your own.")) == (1, 1)
    press(press(app, "predict"), "answer_0")  # its own answer says it too
    assert (said(app).count(then), "your own" in said(app)) == (1, False)
    for field, value in (("hidden_size", 5), ("text", "Something else"), ("keep", 1.0)):
        enter(app, field, value)
        assert (said(app).count(then), said(app).count("This run is your own: ")) == (1, 1)
        assert "lesson_run" in [button.key for button in app.main.button]
    enter(app, "cells", ["rnn"])  # which has no gate to keep with
    assert then not in said(app)
    press(app, "lesson_run")
    assert said(app).count(then) == 1
    unasked = enter(open_app(lesson="3"), "keep", 2.0)  # nobody has answered: it may tell
    assert "This run is your own: " in said(unasked)
    assert "Then." not in said(unasked)


def focused(app):  # whether the page takes the focus to what is asked or said
    leads = [each.proto for each in app.main.get("bidi_component") if each.proto.component_name == "gru_viz_lead"]
    return [lead.bytes.split(b" ")[0] != b"" for lead in leads]


def test_the_focus_goes_to_what_a_button_of_the_course_has_brought_and_nowhere_else():
    app = open_app(lesson="3")
    assert focused(app) == [False]
    assert focused(press(app, "next_lesson")) == [True]
    assert focused(enter(app, "seed", 8)) == [False]
    assert focused(press(app, "answer_0")) == [True]
    assert focused(enter(app, "curve", "input")) == [False]
    enter(app, "hidden_size", 5)
    assert focused(press(app, "lesson_run")) == [True]
    assert focused(press(app, "previous_lesson")) == [True]
    press(press(app, "answer_0"), "next_lesson")  # where the answer is there already
    assert focused(app) == [True]


def test_a_change_before_the_answer_stays_covered_as_long_as_the_question_is_about_it():
    app = enter(open_app(lesson="3"), "seed", 99)
    assert (drawn(app), said(app).count("seed 99")) == (0, 1)
    enter(app, "keep", 2.0)  # the question says 73 %
    assert drawn(app) == 3


def test_another_sequence_does_not_tell_the_title_before_the_answer():
    lesson, told = LESSONS[3], said(enter(open_app(lesson="4"), "numbers", "5 0 0 0"))
    assert lesson.topic in told
    assert lesson.example.title not in told


def test_the_way_back_to_the_lessons_own_run_is_there_when_something_was_changed():
    app = open_app(lesson="3")
    assert "lesson_run" not in [button.key for button in app.main.button]
    press(app, "answer_1")
    assert "lesson_run" not in [button.key for button in app.main.button]
    found = note(app)
    for field, value in (("text", "Something else"), ("hidden_size", 5)):
        press(enter(app, field, value), "lesson_run")
        assert without_view(experiment(app)) == without_view(lesson_of("a_little_bias").example.experiment)
        assert note(app) == found  # the answer is still there
        assert "lesson_run" not in [button.key for button in app.main.button]
    enter(app, "curve", "input")  # a view is no other run
    assert "lesson_run" not in [button.key for button in app.main.button]
    covered = press(enter(open_app(lesson="3"), "keep", 2.0), "lesson_run")
    assert (drawn(covered), experiment(covered).predict) == (0, True)
    assert "lesson_run" not in [button.key for button in enter(open_app(), "seed", 8).main.button]


@pytest.mark.parametrize("number", ["2", "8"])
def test_a_seed_of_ones_own_is_no_change_and_stays(number):
    app = open_app(lesson=number, seed="123")
    assert "lesson_run" not in [button.key for button in app.main.button]
    press(app, "answer_0")
    assert "lesson_run" not in [button.key for button in app.main.button]
    found = note(app)
    enter(app, "text", "(()")
    press(app, "lesson_run")
    assert (experiment(app).seed, note(app)) == (123, found)
    assert without_view(experiment(app)) == replace(LESSONS[int(number) - 1].example.experiment, seed=123)


def test_the_run_of_the_class_stays_covered_when_a_pupil_has_answered_for_another():
    app = press(enter(open_app(lesson="2"), "seed", 123), "answer_0")
    assert drawn(enter(app, "seed", 124)) == 3  # others of one's own may be looked at
    press(app, "reset")
    assert (drawn(app), experiment(app).seed) == (0, 7)
    press(app, "answer_1")
    assert "(seed 7)" in note(app)
    enter(app, "seed", 123)
    assert f"You expected “{LESSONS[1].answers[0]}”" in note(app)  # each run has its own answer
    enter(app, "seed", 7)
    assert f"You expected “{LESSONS[1].answers[1]}”" in note(app)
    assert f"You expected “{LESSONS[1].answers[1]}”" in said(go(app, "lessons"))  # the last one
    by_hand = press(open_app(lesson="8", seed="123"), "answer_0")
    enter(go(by_hand, "gates"), "text", "(()")
    press(by_hand, "reset")
    assert drawn(by_hand) > 0  # no seed makes another run of it


@pytest.mark.parametrize("lesson", LESSONS, ids=QUESTIONS)
def test_one_number_has_one_rounding_beside_its_figure(lesson):
    """What an answer says of a number, the page that shows it says in the same digits."""
    app = go(press(open_app(lesson=str(lesson.number)), "answer_0"), lesson.page)
    beside = " ".join([*findings(app), *(plain(each.value) for each in app.main.markdown)])
    numbers, others = (set(re.findall(POWERS, words)) for words in (note(app), beside))
    for one, other in itertools.product(numbers, others):
        assert one == other or not close(one, other), (one, other)


POWERS = r"(?<![\d.])(?:\d+\.\d+(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?|\d+·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)"  # no counts


def close(one, other):
    """Whether they may be one number in more and in fewer digits."""
    (a, power), (b, other_power) = parts(one), parts(other)
    digits = min(len(each.partition("·")[0].replace(".", "").lstrip("0")) for each in (one, other))
    return power == other_power and f"{a:.{digits}g}" == f"{b:.{digits}g}"


def test_no_two_buttons_have_one_name():
    app = press(open_app(lesson="4"), "answer_0")
    for page in LENSES:
        labels = [button.label for button in go(app, page).button]
        assert len(set(labels)) == len(labels), (page, labels)


def test_no_lesson_asks_about_what_the_app_opens_with():
    assert not any(lesson.fits(Experiment()) for lesson in LESSONS)


@pytest.mark.parametrize("lesson", LESSONS, ids=QUESTIONS)
def test_an_answer_leads_to_its_figure(lesson):
    app = press(open_app(lesson=str(lesson.number)), "answer_0")
    go(app, lesson.page)  # AppTest forgets st.switch_page with the next run
    (lead,) = [each for each in app.main.get("bidi_component") if each.proto.component_name == "gru_viz_lead"]
    _, *led = lead.proto.bytes.decode().split(" ")
    assert led == [lesson.figure] + ["difference"] * (lesson.name == "memory_without_gradient")  # both of its halves
    assert all(lines(app, key) for key in led)
    other = go(app, "compare")
    labels = [each.proto.label for each in other.main.get("page_link")]
    assert f"Its figure is on {PAGES[lesson.page]}" in labels
    assert not [each for each in other.main.get("bidi_component") if each.proto.component_name == "gru_viz_lead"]


@pytest.mark.parametrize("lesson", LESSONS, ids=QUESTIONS)
def test_nothing_beside_a_question_gives_its_answer_away(lesson):
    app = unfold(open_app(lesson=str(lesson.number)), "examples", "more")
    beside = [*app.sidebar.markdown, *app.sidebar.caption, *app.sidebar.info, *app.main.markdown, *app.main.title]
    words = plain(" ".join([*(each.value for each in beside), *(button.label for button in app.sidebar.button)]))
    own = HAND_SET.get(experiment(app).weights)
    told = [lesson.example.title, lesson.example.sentence(), lesson.example.look, lesson.lesson]
    told += [own.does, own.notice(experiment(app).text)] if own else []
    assert [each for each in told if each and each in words] == []
    page = go(app, "lessons")
    assert lesson.example.title not in said(page)
    press(go(app, lesson.page), "answer_none")
    assert lesson.example.title in said(app)
    assert lesson.example.title in said(go(app, "lessons"))


def test_the_way_through_the_course():
    app = open_app()
    assert "next_lesson" not in [button.key for button in app.main.button]
    go(app, "lessons")
    assert [button.label for button in app.main.button] == [f"Start lesson {k}" for k in range(1, 10)]
    for lesson in LESSONS:
        assert f"**{lesson.topic}.** {lesson.question}" in said(app)
    press(app, "start_who_keeps_the_name")
    go(app, "contrast")  # AppTest forgets st.switch_page with the next run; tests/browser follows it
    for lesson in LESSONS:
        assert f"**Lesson {lesson.number} of 9**\n" in f"{said(app)}\n"
        assert lesson.example.title not in said(app)  # which may give the answer away
        assert (experiment(app).example, drawn(app)) == (lesson.name, 0)
        press(go(app, lesson.page), "answer_0")
        assert f"**Lesson {lesson.number} of 9:** {lesson.example.title}" in said(app)
        assert drawn(app) > 0
        if lesson is not LESSONS[-1]:
            press(app, "next_lesson")
    assert app.button(key="next_lesson").disabled
    press(app, "previous_lesson")  # its answer is still there
    assert (experiment(app).example, drawn(app) > 0) == (LESSONS[-2].name, True)
    assert note(app)
    go(app, "lessons")
    assert said(app).count("You expected") == 9
    press(app, "start_half_open")  # asked again
    assert drawn(app) == 0


def test_a_pupils_own_seed_goes_through_the_course_with_them():
    app = press(enter(open_app(lesson="1"), "seed", 123), "answer_0")
    assert "(seed 123)" in note(app)
    for lesson in LESSONS[1:]:
        press(app, "next_lesson")
        assert (experiment(app).example, experiment(app).seed) == (lesson.name, 123)
        assert drawn(app) == 0
        assert class_link(HERE, "contrast", experiment(app), lesson).endswith(f"?lesson={lesson.number}&seed=123")
    press(app, "previous_lesson")
    assert (experiment(app).example, experiment(app).seed) == (LESSONS[-2].name, 123)
    press(app, "reset")  # the class's run again, from here on
    press(app, "previous_lesson")
    own = LESSONS[-3].example.experiment.seed
    assert (experiment(app).example, experiment(app).seed) == (LESSONS[-3].name, own)


def test_a_seed_from_outside_of_the_course_does_not_enter_it():
    app = press(go(open_app(seed="55"), "lessons"), "start_half_open")
    assert experiment(app).seed == lesson_of("half_open").example.experiment.seed


def test_the_first_lesson_has_no_lesson_before_it():
    assert open_app(lesson="1").button(key="previous_lesson").disabled


def test_an_example_says_its_sentence_once():
    app = open_app(**to_query(replace(lesson_of("half_open").example.experiment, example="half_open")))
    sentence = lesson_of("half_open").example.sentence()
    assert (said(app).count(sentence), drawn(app)) == (1, 3)
    press(press(app, "predict"), "answer_1")
    assert said(app).count(sentence) == 1


def test_the_way_back_to_the_example_is_offered_when_something_of_it_was_changed():
    app = open_app(lesson="3", projector="1")
    assert "reset" not in [button.key for button in app.sidebar.button]
    enter(app, "seed", 8)
    press(app, "reset")
    assert (experiment(app).seed, experiment(app).predict, experiment(app).projector) == (7, True, True)


def test_two_visitors_answers_are_their_own():
    one, other = open_app(lesson="3"), open_app(lesson="3")
    press(one, "answer_1")
    assert (drawn(one), drawn(calm(other.run()))) == (3, 0)
