"""The course in the app, through AppTest: questions before figures, answers, my seed, help.

Which answer is right is read from a run of torch or from the definition, never from the page.
"""

from dataclasses import replace

import numpy as np
import pytest

from gru_viz.conclusions.contrast import my_seed
from gru_viz.conclusions.help import FIGURES, MISCONCEPTIONS
from gru_viz.conclusions.lessons import answered
from gru_viz.experiment import Experiment, from_query, to_query, without_view
from gru_viz.handset import HAND_SET
from gru_viz.lessons import LESSONS, lesson_of
from gru_viz.measures.what_if import Seeds
from gru_viz.runs import contrast
from gru_viz.ui.follow import class_link
from gru_viz.ui.pages import ABOUT, PAGES
from tests.saying import plain
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
    assert buttons(app) == ["Back", "Next", *lesson.answers, "Show it without an answer"]
    numbers = lesson.explained(lesson.example.experiment)
    assert numbers not in said(app)
    query = link(app)
    assert from_query(query)[0] == experiment(app)
    assert (query["example"], query["predict"], "lesson" in query) == (lesson.name, "1", False)
    for page in LENSES:  # nor is the answer seen elsewhere
        assert (drawn(go(app, page)), findings(app)) == (0, [])


@pytest.mark.parametrize("wrong", ["0", "10", "three", "", "-1"])
def test_a_lesson_that_does_not_exist_gets_a_sentence(wrong):
    app = open_app(lesson=wrong, seed="5")
    assert [plain(each.value) for each in app.warning] == [
        "In the link, lesson= is not used: a number from 1 to 9 is expected."
    ]
    assert (experiment(app), link(app)) == (Experiment(seed=5), {"seed": "5"})


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
        assert link(app)["predict"] == "1"
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
    assert "the question is about the lesson's own run" in said(app)
    assert "predict" not in [button.key for button in app.main.button]
    press(app, "reset")
    assert (drawn(app), experiment(app).predict) == (3, True)


def test_a_change_before_the_answer_stays_covered_as_long_as_the_question_is_about_it():
    app = enter(open_app(lesson="3"), "seed", 99)
    assert (drawn(app), said(app).count("seed 99")) == (0, 1)
    enter(app, "keep", 2.0)  # the question says 73 %
    assert drawn(app) == 3


def test_the_way_back_to_the_lessons_own_run_is_there_when_something_was_changed():
    app = open_app(lesson="3")
    assert "lesson_run" not in [button.key for button in app.main.button]
    press(app, "answer_1")
    assert "lesson_run" not in [button.key for button in app.main.button]
    found = note(app)
    for field, value in (("seed", 8), ("text", "Something else"), ("hidden_size", 5)):
        press(enter(app, field, value), "lesson_run")
        assert without_view(experiment(app)) == without_view(lesson_of("a_little_bias").example.experiment)
        assert note(app) == found  # the answer is still there
        assert "lesson_run" not in [button.key for button in app.main.button]
    enter(app, "curve", "input")  # a view is no other run
    assert "lesson_run" not in [button.key for button in app.main.button]
    covered = press(enter(open_app(lesson="3"), "keep", 2.0), "lesson_run")
    assert (drawn(covered), experiment(covered).predict) == (0, True)
    assert "lesson_run" not in [button.key for button in enter(open_app(), "seed", 8).main.button]
    assert "lesson_run" not in [button.key for button in open_app(lesson="8", seed="3").main.button]  # set by hand


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
    assert "lesson_next" not in [button.key for button in app.main.button]
    go(app, "lessons")
    assert [button.label for button in app.main.button] == [f"Start lesson {k}" for k in range(1, 10)]
    for lesson in LESSONS:
        assert lesson.question in said(app)
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
            press(app, "lesson_next")
    assert app.button(key="lesson_next").disabled
    press(app, "lesson_back")  # its answer is still there
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
        press(app, "lesson_next")
        assert (experiment(app).example, experiment(app).seed) == (lesson.name, 123)
        assert drawn(app) == 0
        assert class_link(HERE, "contrast", experiment(app), lesson).endswith(f"?lesson={lesson.number}&seed=123")
    press(app, "lesson_back")
    assert (experiment(app).example, experiment(app).seed) == (LESSONS[-2].name, 123)
    press(app, "reset")  # the class's run again, from here on
    press(app, "lesson_back")
    own = LESSONS[-3].example.experiment.seed
    assert (experiment(app).example, experiment(app).seed) == (LESSONS[-3].name, own)


def test_a_seed_from_outside_of_the_course_does_not_enter_it():
    app = press(go(open_app(seed="55"), "lessons"), "start_half_open")
    assert experiment(app).seed == lesson_of("half_open").example.experiment.seed


def test_the_first_lesson_has_no_lesson_before_it():
    assert open_app(lesson="1").button(key="lesson_back").disabled


def test_the_figure_that_a_lesson_names_is_on_the_page_that_it_names():
    for lesson in LESSONS:
        app = press(open_app(lesson=str(lesson.number)), "answer_none")
        go(app, lesson.page)
        assert lines(app, lesson.figure), lesson.name


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


# -- my seed -----------------------------------------------------------------------------------------------------------


def test_where_a_seed_falls_is_counted():
    """Reaches built so that 3 of 5, 5 of 5 and 1 of 5 seeds reach no farther."""
    reports = contrast(Experiment()).reports
    own = [report.reach for report in reports]
    below = [[own[0] - 1, own[0], own[0], own[0] + 1, own[0] + 9], [own[1]] * 5, [*[own[2] + 1] * 4, own[2]]]
    found = [Seeds(r.cell, {}, {0.01: np.array(each)}) for r, each in zip(reports, below, strict=True)]
    assert my_seed(7, reports, found) == (
        "Seed 7 reaches back over 6 steps in the RNN (as far as or farther than 3 of 5 seeds), "
        "23 in the LSTM (5 of 5), 32 in the GRU (1 of 5)."
    )


def test_my_seed_stands_beside_the_200():
    app = open_app(luck="1", seed="12345", text="Ada", cells="rnn", replace="A", by="B")
    own = contrast(replace(experiment(app), luck=False)).reports[0].reach
    others = [
        contrast(Experiment(seed=s, text="Ada", cells=("rnn",), replace="A", by="B")).reports[0].reach
        for s in range(200)
    ]
    below = sum(other <= own for other in others)
    assert f"Seed 12345 reaches back over {own} step" in said(app)
    assert f"as far as or farther than {below} of 200 seeds" in said(app)
    assert "Everyone types a number of their own in Seed" in said(app)
    assert "Everyone types" not in said(open_app())


# -- help --------------------------------------------------------------------------------------------------------------


def test_help_has_every_page_and_every_misconception():
    assert list(FIGURES) == LENSES
    app = go(open_app(), "help")
    assert [each.label for each in app.main.expander] == [PAGES[name] for name in LENSES]
    for name, text in MISCONCEPTIONS.items():
        assert name in said(app)
        assert text in said(app)
    assert len(MISCONCEPTIONS) == 9


def test_help_has_every_tab():
    for page in LENSES:
        tabs = {tab.label for tab in go(open_app(), page).main.tabs}
        assert tabs <= FIGURES[page].keys()
        assert tabs or page != "gradients"


@pytest.mark.parametrize("page", LENSES)
def test_each_page_leads_to_its_part_of_the_help_and_back(page):
    app = go(open_app(seed="3"), page)
    assert "How to read this" in [each.proto.label for each in app.main.get("page_link")]
    go(app, "help")
    assert [each.label for each in app.main.expander if each.proto.expanded] == [PAGES[page]]
    assert [each.proto.label for each in app.main.get("page_link")] == [f"Back to {PAGES[page]}"]
    assert experiment(app).seed == 3


@pytest.mark.parametrize("page", ABOUT)
def test_pages_about_the_app_show_no_experiment(page):
    app = go(open_app(lesson="3"), page)
    assert drawn(app) == 0
    assert lesson_of("a_little_bias").explained(experiment(app)) not in said(app)
