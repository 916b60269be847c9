"""The course: each question has the answer that the run gives, by another way of measuring it, and the other answers
are right for runs built so."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from gru_viz.errors import InputError
from gru_viz.examples import EXAMPLES, example
from gru_viz.experiment import Experiment
from gru_viz.handout import handout
from gru_viz.lessons import BESIDE, LESSONS, lesson_of, neighbours, question_of
from gru_viz.sequences import parse_sequence
from tests.expected import TITLES, all_found

NAMES = [lesson.name for lesson in LESSONS]
ALL = [each.name for each in (*LESSONS, *BESIDE)]


def right(name: str, **changes: object) -> str:
    """The right answer to a lesson's question, of its experiment or of a changed one."""
    lesson = question_of(name)
    return lesson.answers[lesson.right(replace(lesson.example.experiment, **changes))]


def test_the_course_goes_through_the_examples_in_order():
    order = [each.name for each in EXAMPLES]
    assert sorted(NAMES, key=order.index) == NAMES
    assert len(NAMES) == len(set(NAMES)) == 9
    for name in NAMES:
        before, after = neighbours(name)
        assert [before and before.name, name, after and after.name] == [
            NAMES[k] if 0 <= k < len(NAMES) else None for k in (NAMES.index(name) + step for step in (-1, 0, 1))
        ]
    with pytest.raises(InputError, match="There is no lesson 'the_price'; the lessons are who_keeps_the_name, "):
        neighbours("the_price")


def test_the_cell_whose_gradient_falls_first_by_torch():
    found = all_found(Experiment())
    least = min(TITLES.values(), key=lambda title: found[title].reach if title in found else 99)
    assert right("who_keeps_the_name") == f"In the {least}" == "In the RNN"
    assert (
        right("who_keeps_the_name", cells=("lstm", "gru", "gru_reset_after"), keep=0) == "In the RNN"
    )  # the first one


@pytest.mark.parametrize(
    ("name", "changes", "answer"),
    [
        ("half_open", {}, "Both about as far as the RNN"),
        ("half_open", {"keep": 1.0}, "One or both of them much farther"),
        ("half_open", {"keep": 3.0, "text": "short", "replace": "s", "by": "a"}, "Both to the first letter"),
        ("half_open", {"seed": 0}, "One or both of them much farther"),
        ("a_little_bias", {}, "Those with gates"),
        ("a_little_bias", {"keep": 0.0}, "None of them"),
        ("plain_rnn_remembers", {}, "In the RNN"),
        ("plain_rnn_remembers", {"recurrent_gain": 0.1, "keep": 3.0}, "In the GRU"),
        ("until_something_arrives", {}, "Less than a hundredth"),
        ("until_something_arrives", {"text": "1" + " 0" * 40}, "About as much"),
        ("exploding", {}, "It grows"),
        ("exploding", {"recurrent_gain": 0.5}, "It falls"),
        ("memory_without_gradient", {}, "Less than a hundredth"),
        ("memory_without_gradient", {"text": "1"}, "About as large as at the end"),
        ("counting_brackets", {}, "At brackets only"),
        ("counting_brackets", {"text": "((()))"}, "At every character"),
        ("two_grus", {}, "From the second"),
        ("two_grus", {"hidden_size": 1}, "Never"),
        ("theorys_line", {}, "Half of it or more"),
        ("theorys_line", {"text": "1" + " 1 -1" * 8}, "Less than half"),
        ("theorys_line", {"text": "3 -3 " * 20}, "Less than a hundredth"),
        ("latching_a_flag", {}, "After a ! only"),
        ("latching_a_flag", {"text": "3!14!1"}, "After a ! only"),
        ("the_price", {}, "In the LSTM"),
        ("the_price", {"keep": 0.0}, "In the RNN"),
        ("the_price", {"keep": 3.0}, "In the GRU"),
    ],
)
def test_the_answer_follows_the_run(name, changes, answer):
    assert right(name, **changes) == answer


@pytest.mark.parametrize("name", ALL)
def test_what_is_asked_and_said(name):
    lesson = question_of(name)
    assert lesson.question.endswith("?")
    assert len(set(lesson.answers)) == 3
    said = lesson.explained(lesson.example.experiment)
    assert said.startswith(lesson.example.sentence())
    assert " In general: " in said
    quantity, curves = lesson.curves(lesson.example.experiment)
    count = len(parse_sequence(lesson.example.experiment.kind, lesson.example.experiment.text).tokens)
    assert quantity
    assert {len(curve) for curve in curves.values()} == {count}
    assert all(np.isfinite(curve).any() for curve in curves.values())


class Page(HTMLParser):
    """The texts and the elements of a page, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize("name", ALL)
def test_a_handout_has_the_question_first_and_the_answer_below_the_fold(name):
    lesson = question_of(name)
    text = handout(lesson, lesson.example.experiment, "http://127.0.0.1/?example=x")
    above, below = text.split('<div class="fold">')
    assert lesson.question in "".join(Page(above).texts)
    if lesson.number:  # a title may give the answer away
        assert lesson.example.title not in " ".join(Page(above).texts)
        assert f"Lesson {lesson.number} of 9" in Page(above).texts
    assert all(answer in Page(above).texts for answer in lesson.answers)
    assert lesson.example.sentence() not in " ".join(Page(above).texts)
    assert not any(tag == "polyline" for tag, _ in Page(above).tags)
    assert lesson.explained(lesson.example.experiment) in " ".join(Page(below).texts)
    curves = lesson.curves(lesson.example.experiment)[1]
    drawn = [attrs for tag, attrs in Page(below).tags if tag == "polyline"]
    assert len(drawn) == len(curves)
    assert len({attrs["stroke-dasharray"] for attrs in drawn}) == len(drawn)


def test_each_example_has_a_handout():
    assert sorted(ALL) == sorted(each.name for each in EXAMPLES)
    assert [lesson_of(each.name) for each in BESIDE] == [None] * 3
    assert [each.heading for each in BESIDE] == [each.example.title for each in BESIDE]


def test_a_handout_is_grey_and_asks_nobody():
    for lesson in (*LESSONS, *BESIDE):
        text = handout(lesson, lesson.example.experiment)
        for red, green, blue in re.findall(r"#([0-9A-F]{2})([0-9A-F]{2})([0-9A-F]{2})\b", text):
            assert red == green == blue
        assert not re.search(r"<script|<link|<img|url\(|https?:", text)


def test_what_a_visitor_typed_is_no_markup_in_a_handout():
    typed = "<img src=x onerror=alert(1)>&amp;</text>"
    lesson = lesson_of("half_open")
    text = handout(lesson, replace(example("half_open").experiment, text=typed, replace="i", by="o"))
    assert not any(tag == "img" for tag, _ in Page(text).tags)
    assert typed in Page(text).texts


def test_the_curves_of_a_handout_are_those_of_the_run():
    """The polyline of the first cell, read back: its points lie on one line with the values."""
    lesson = lesson_of("who_keeps_the_name")
    values = next(iter(lesson.curves(lesson.example.experiment)[1].values()))
    page = Page(handout(lesson, lesson.example.experiment))
    points = next(attrs["points"] for tag, attrs in page.tags if tag == "polyline")
    x, y = np.array([[float(n) for n in point.split()] for point in points.split(",")]).T
    assert np.all(np.diff(x) > 0)
    assert np.abs(np.corrcoef(y, values)[0, 1] + 1) < 1e-4
