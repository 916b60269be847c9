"""The course: each question has the answer that the run gives, by another way of measuring it, and the other answers
are right for runs built so."""

import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from gru_viz.errors import InputError
from gru_viz.examples import EXAMPLES, example
from gru_viz.experiment import Experiment
from gru_viz.handout import LONGEST, _steps, _ticks, code, described, handout
from gru_viz.lessons import BESIDE, LESSONS, lesson_of, neighbours, question_of
from gru_viz.sequences import parse_sequence
from tests.expected import all_found
from tests.saying import plain

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


def test_in_how_many_cells_the_gradient_reaches_the_name_by_torch():
    lesson = lesson_of("who_keeps_the_name")
    text = lesson.example.experiment.text
    back = len(text) - text.index("Ada")
    assert f"begins {back - 1} steps before the last" in lesson.question
    for changes in ({}, {"seed": 3}, {"keep": 3.0}, {"keep": 0.0}, {"seed": 8}):
        found = all_found(replace(lesson.example.experiment, **changes))
        many = sum(found[title].reach >= back for title in ("RNN", "LSTM", "GRU"))
        assert right("who_keeps_the_name", **changes) == lesson.answers[min(many, 2)]
    assert right("who_keeps_the_name") == "In one of them"
    assert right("who_keeps_the_name", keep=0.0) == "In none of them"
    assert right("who_keeps_the_name", keep=3.0) == "In two or three"
    short = {"text": "Adam", "replace": "Ada", "by": "Bob"}  # 4 steps from the end, both counted
    assert right("who_keeps_the_name", **short) == "In two or three"


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
        ("memory_without_gradient", {"text": "1"}, "About as large"),
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
    curves = lesson.curves(lesson.example.experiment)
    count = len(parse_sequence(lesson.example.experiment.kind, lesson.example.experiment.text).tokens)
    assert curves.quantity
    assert {len(curve) for curve in curves.values.values()} == {count}
    assert all(np.isfinite(curve).any() for curve in curves.values.values())


class Page(HTMLParser):
    """The texts and the elements of a page, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(plain(data))


@pytest.mark.parametrize("name", ALL)
def test_a_handout_has_the_question_in_front_and_the_answer_folded_up(name):
    """What is folded up is not printed: tests/browser prints it."""
    lesson = question_of(name)
    text = handout(lesson, lesson.example.experiment, "http://127.0.0.1/?example=x")
    above, below = text.split("<details>")
    assert lesson.question in "".join(Page(above).texts)
    if lesson.number:  # a title may give the answer away
        assert lesson.example.title not in " ".join(Page(above).texts)
        assert f"Lesson {lesson.number} of 9: {lesson.topic}" in Page(above).texts
    assert all(answer in Page(above).texts for answer in lesson.answers)
    assert lesson.example.sentence() not in " ".join(Page(above).texts)
    assert not any(tag == "polyline" for tag, _ in Page(above).tags)
    assert lesson.explained(lesson.example.experiment) in " ".join(Page(below).texts)
    curves = lesson.curves(lesson.example.experiment).values
    assert [each for each in curves if each not in Page(above).texts] == []  # what is to be drawn, and how
    drawn = [attrs for tag, attrs in Page(below).tags if tag == "polyline"]
    assert len(drawn) == len(curves) * below.count('<svg class="plot"')
    assert len({attrs["stroke-dasharray"] for attrs in drawn}) == len(curves)


@pytest.mark.parametrize("name", ALL)
def test_a_handout_has_room_for_a_name_and_a_seed_and_its_link_to_scan_and_to_type(name):
    lesson, link = question_of(name), "https://example.org/some/where/?lesson=3"
    above = handout(lesson, lesson.example.experiment, link).split("<details>")[0]
    texts = [text.strip() for text in Page(above).texts]
    assert "Name" in texts
    assert ("My seed" in texts) is not lesson.example.experiment.is_hand_set  # no seed makes others
    assert link in texts
    assert code(link) in above
    long = handout(lesson, lesson.example.experiment, link + "&text=" + "a" * LONGEST)
    assert "<figure" not in long  # no phone reads it, and nobody types it
    assert link not in long
    assert "<figure" not in handout(lesson, lesson.example.experiment)


@pytest.mark.parametrize("name", ALL)
def test_a_prediction_is_drawn_in_the_frame_of_the_answer(name):
    """One size, axes, steps and names of curves: the back differs by the curves alone, and where one of them leaves the
    frame, or is hardly seen in it, it is drawn once more."""
    lesson = question_of(name)
    curves = lesson.curves(lesson.example.experiment)
    blank, first, *whole = plots(handout(lesson, lesson.example.experiment))
    inner = re.search(r"<svg x=.*?</svg>", first)[0]
    assert first.replace(inner, "") == blank
    assert inner.count("<polyline") == len(curves.values) == first.count("<polyline")
    again = {"who_keeps_the_name", "half_open", "a_little_bias", "exploding", "memory_without_gradient", "theorys_line"}
    assert bool(whole) is (name in again | {"two_grus"})  # gradients of 10⁻⁶¹; differences of 0.1 where 2 are possible
    top, bottom = (float(y) - 4 for y in (min(ticks(blank)) + 4, max(ticks(blank)) + 4))
    x, y, width, height = map(float, re.match(r'<svg x="(.*?)" y="(.*?)" width="(.*?)" height="(.*?)"', inner).groups())
    assert f'viewBox="{x:.0f} {y:.0f} {width:.0f} {height:.0f}"' in inner  # what leaves it is cut off at its edge
    assert y <= top < bottom <= y + height <= bottom + 8


def plots(sheet):
    """The inside of each plot of a sheet; one that is drawn has another picture in it."""
    found = sheet.split('<svg class="plot"')[1:]
    return [each[: each.index("</svg></svg>") + 6 if "<polyline" in each else each.index("</svg>")] for each in found]


def test_the_blank_of_a_gate_names_no_unit():
    """That there are two would say what is asked: each opens at brackets of its own."""
    lesson = lesson_of("counting_brackets")
    (values,) = lesson.curves(lesson.example.experiment).values.values()
    brackets = [character in "()[]" for character in lesson.example.experiment.text]
    assert (values > 0.99).tolist() == brackets
    assert "unit 1" not in handout(lesson, lesson.example.experiment).split("<details>")[0]
    held = question_of("latching_a_flag")
    (values,) = held.curves(held.example.experiment).values.values()
    assert np.flatnonzero(values > 0.99).tolist() == [held.example.experiment.text.index("!") + 1]


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
    assert plain(typed) in Page(text).texts


SIGNS = str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789")


def ticks(plot):
    """Height in the drawing -> the number there, of the axis of a plot; powers of ten as their exponents."""
    found = re.findall(r'<text x="49" y="([\d.]+)" text-anchor="end">([^<]*)</text>', plot)
    assert not [text for _, text in found if "e" in text]
    powers = any("10" in text for _, text in found)
    values = [text.translate(SIGNS) for _, text in found]
    return {
        float(y) - 4: float({"1": 0, "10": 1}.get(text, text.removeprefix("10")) if powers else text)
        for (y, _), text in zip(found, values, strict=True)
    }


@pytest.mark.parametrize("name", ALL)
def test_the_axes_of_a_handout_fit_its_curves_and_tell_nothing_before(name):
    lesson = question_of(name)
    blank, drawn = handout(lesson, lesson.example.experiment).split("<details>")
    curves = lesson.curves(lesson.example.experiment)
    for plot in plots(drawn):
        marks = ticks(plot)
        assert len(marks) >= 3
        slope, zero = np.polyfit(list(marks), list(marks.values()), 1)
        lines = [attrs["points"] for tag, attrs in Page(plot).tags if tag == "polyline"]
        for line, values in zip(lines, curves.values.values(), strict=True):
            heights = np.array([float(point.split()[1]) for point in line.split(",")])
            span = max(marks.values()) - min(marks.values())
            np.testing.assert_allclose(slope * heights + zero, values[np.isfinite(values)], atol=0.02 * span)
    log = curves.quantity.startswith("norm of the gradient")
    own = {"norm": range(-40, 41, 20), "larg": range(0, 21, 5), "dist": range(0, 16, 5)}
    tenths = own.get(curves.quantity[:4], range(0, 11, 2))
    assert list(ticks(blank).values()) == [tenth / 10 for tenth in tenths]
    for plot in plots(blank + drawn):
        found = re.findall(r'<path d="M56 ([\d.]+)H\d+" stroke="#777777" stroke-width', plot)
        assert len(found) == log == plain(plot).count(">1 %</text>")
        if log:  # 1 % of the last step's, of which each curve is a share
            marks = ticks(plot)
            slope, zero = np.polyfit(list(marks), list(marks.values()), 1)
            assert slope * float(found[0]) + zero == pytest.approx(-2, abs=0.02 * (max(marks.values()) + 4))
    if log:
        assert {float(curve[-1]) for curve in curves.values.values()} == {0.0}


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0.0, 1.0, "0.0 0.2 0.4 0.6 0.8 1.0"), (0.0, 1.5, "0.0 0.5 1.0 1.5"), (-4, 11, "0 5 10"),
        (-0.31, 0.1, "−0.3 −0.2 −0.1 0.0 0.1"), (0, 0.12, "0.00 0.02 0.04 0.06 0.08 0.10 0.12"),
        (0, 30, "0 5 10 15 20 25 30"), (0, 3e-3, "0.0000 0.0005 0.0010 0.0015 0.0020 0.0025 0.0030"),
        (0, 9e-9, "0 2·10⁻⁹ 4·10⁻⁹ 6·10⁻⁹ 8·10⁻⁹"),
    ],
)  # fmt: skip
def test_the_numbers_of_an_axis_have_the_same_decimals(low, high, texts):
    found = _ticks(low, high, is_log=False)
    assert [text for _, text in found] == texts.split()


@pytest.mark.parametrize("name", ALL)
def test_every_axis_of_a_handout_has_one_number_of_decimals(name):
    lesson = question_of(name)
    for plot in plots(handout(lesson, lesson.example.experiment)):
        texts = re.findall(r'<text x="49" y="[\d.]+" text-anchor="end">([^<]*)</text>', plot)
        assert len({len(text.partition(".")[2]) for text in texts}) == 1


@pytest.mark.parametrize(
    "other",
    [{"cells": ("rnn",)}, {"cells": ("lstm", "gru")}, {"kind": "numbers", "text": "1 2", "replace": "1", "by": "0"}],
)
def test_a_handout_is_refused_to_an_experiment_that_its_question_is_not_about(other):
    lesson = lesson_of("half_open")
    run = replace(lesson.example.experiment, **other)
    with pytest.raises(InputError) as refusal:
        handout(lesson, run)
    assert str(refusal.value) == (
        f"This is no experiment for the handout of half_open: it has cells {','.join(run.cells)}, weights random, kind "
        f"{run.kind}; the question is about cells rnn,lstm,gru, weights random, kind text."
    )


def test_a_handout_says_what_the_run_was_made_with():
    lesson = lesson_of("plain_rnn_remembers")
    above = handout(lesson, replace(lesson.example.experiment, seed=123)).split("<details>")[0]
    assert (
        "RNN, LSTM, GRU: random weights, seed 123; hidden units: 8; gates start by keeping 50 % a step; "
        "orthogonal scheme; recurrent gain 1; input gain 2." in Page(above).texts
    )
    assert "difference of h, −1 at step 1 in place of 1, as a share of its largest" in " ".join(Page(above).texts)
    for name in ("exploding", "counting_brackets"):
        text = handout(lesson_of(name), lesson_of(name).example.experiment)
        assert "gates start" not in text.split("<details>")[0]
    assert "LSTM: hand-set weights: bracket counter; hidden units: 2." in Page(text).texts


def test_a_handout_names_the_steps_where_there_is_room():
    """Each letter where there is room, and the numbers of some steps in their places: what is asked about is found."""
    lesson = lesson_of("who_keeps_the_name")
    plain = handout(lesson, lesson.example.experiment).split("<details>")[0]
    letters = re.findall(r'<text x="([\d.]+)" y="\d+" text-anchor="middle">([^<]*)</text>', plain)
    assert "".join(letter for _, letter in letters).replace("␣", " ") == lesson.example.experiment.text
    numbers = re.findall(r'<text class="step" x="([\d.]+)" y="\d+" text-anchor="middle">(\d+)</text>', plain)
    assert [number for _, number in numbers] == ["1", *map(str, range(5, 45, 5)), "44"]
    assert all(letters[int(number) - 1][0] == x for x, number in numbers)
    noise = handout(lesson_of("until_something_arrives"), lesson_of("until_something_arrives").example.experiment)
    found = re.findall(r'text-anchor="middle">([^<]*)</text>', noise.split("<details>")[0])
    assert found == ["1", *map(str, range(5, 40, 5)), "41"]  # the last always, in place of its neighbour


@pytest.mark.parametrize("count", [1, 2, 3, 15, 16, 30, 41, 65, 200, 1999, 2000])
def test_the_last_step_of_a_handout_is_numbered_and_no_number_lies_over_another(count):
    drawn = "".join(_steps("a" * count))
    steps = re.findall(r'class="step" x="([\d.]+)" y="\d+" text-anchor="middle">(\d+)<', drawn)
    found = [(float(x), int(number)) for x, number in steps]
    assert (found[0][1], found[-1][1]) == (1, count)
    assert len(found) <= 17
    for (x, number), (other_x, other) in itertools.pairwise(found):
        assert other_x - x > 6 * (len(str(number)) + len(str(other))) / 2


def test_the_curves_of_a_handout_are_those_of_the_run():
    """The polyline of the first cell, read back: its points lie on one line with the values."""
    lesson = lesson_of("who_keeps_the_name")
    values = next(iter(lesson.curves(lesson.example.experiment).values.values()))
    page = Page(handout(lesson, lesson.example.experiment))
    points = next(attrs["points"] for tag, attrs in page.tags if tag == "polyline")
    x, y = np.array([[float(n) for n in point.split()] for point in points.split(",")]).T
    assert np.all(np.diff(x) > 0)
    assert np.abs(np.corrcoef(y, values)[0, 1] + 1) < 1e-4


@pytest.mark.parametrize("text", ["hello", "(["])
def test_brackets_cannot_be_counted_without_any_or_without_anything_else(text):
    lesson = lesson_of("counting_brackets")
    with pytest.raises(InputError, match="is to hold brackets and other characters"):
        handout(lesson, replace(lesson.example.experiment, text=text))


def test_biases_that_were_set_apart_stand_on_the_sheet():
    assert "; bias of f 9.00; bias of z −9.00; " in described(Experiment(biases=(("f", 9.0), ("z", -9.0))))
    assert "bias" not in described(Experiment())
