"""The sentences and tables of the Compare page, on runs that make them true and on runs that do not."""

import dataclasses
import re

import numpy as np
import pytest

from gru_viz.cells import cell_names
from gru_viz.conclusions import compare as conclusions
from gru_viz.experiment import Experiment, with_weights
from gru_viz.measures.compare import Price
from gru_viz.sequences import parse_sequence
from tests.comparing import TEXT, by_torch, found_for, made
from tests.expected import TITLES, weights
from tests.saying import assert_shows

TOGETHER, GONE, APART = "What keeps longer follows later", "gone all the same", "do not go together everywhere"


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (((1e-6, 5), (1e-3, 50)), TOGETHER),
        (((0.0, 5), (1e-3, 50)), TOGETHER),
        (((1e-3, 5), (1e-6, 50)), APART),
        (((1e-6, 50), (1e-3, 5)), APART),
        (((1e-6, 5), (1e-3, 5)), APART),
        (((0.0, 5), (0.0, 50)), GONE),
        (((1e-17, 5), (1e-15, 50)), GONE),
        (((0.0, 50), (0.0, 5)), APART),
    ],
)
def test_the_finding_is_true_of_the_points(points, said):
    finding = conclusions.finding([made("rnn", ((1e-9, 2),)), made("gru", points)], TEXT)
    assert said in finding
    assert [each in finding for each in (TOGETHER, GONE, APART)].count(True) == 1
    first, last = (steps for _, steps in points)
    assert finding.lower().endswith(
        "with 95 % kept a step in place of 50 %, 90 % of a change takes 2 steps either way in the rnn, "
        f"{'5 either way' if first == last else f'{last} instead of {first}'} in the gru."
    )


def test_one_cell_that_does_not_follow_is_enough_to_say_so():
    both = [made("lstm"), made("gru", ((1e-3, 5), (1e-6, 50)))]
    assert APART in conclusions.finding(both, TEXT)
    assert TOGETHER in conclusions.finding(both[:1], TEXT)


def test_without_a_setting_there_is_nothing_to_set_against():
    assert conclusions.finding([made("rnn", ((1e-9, 3),))], TEXT) == "90 % of a change takes 3 steps in the RNN."
    both = [made("rnn", ((1e-9, 1),)), made("gru", ((0.1, 3),))]  # of the GRU each gate's bias is set apart
    assert conclusions.finding(both, TEXT) == (
        "90 % of a change takes 1 step in the RNN, 3 in the GRU, whatever the gates are set to keep at the start."
    )
    assert "takes 1 step instead of 3 in" in conclusions.finding([made("gru", ((0.1, 3), (0.2, 1)))], TEXT)
    assert "takes 3 steps either way in" in conclusions.finding([made("gru", ((0.1, 3), (0.2, 3)))], TEXT)


def test_the_default_shows_the_price():
    found, sequence = found_for(Experiment())
    finding = conclusions.finding(found, sequence)
    assert finding.startswith(TOGETHER)
    for each in found[1:]:
        steps = []
        for keep in (0.0, 3.0):
            params = weights(Experiment(keep=keep), each.cell.name, list(dict.fromkeys(Experiment().text)))
            jump = np.zeros((1_600, 16))
            jump[800:, 0] = 1
            h = by_torch(each.cell.name, params, jump)["h"][799:]
            distance = np.linalg.norm(h - h[-1], axis=1)
            steps.append(int(np.flatnonzero(distance > 0.1 * distance[0])[-1]) + 1)
        assert re.search(rf"\b{steps[1]} (steps )?instead of {steps[0]} in the {each.cell.title}", finding)


SET = "With 95 % kept a step in place of 50 %, 90 % of a change takes "


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"rnn": ((1e-9, 2),), "gru": ((1e-6, 5), (1e-3, None))},
         "90 % of a change takes 2 steps in the RNN; in the GRU 5 at 50 %, and h does not settle at 95 %."),
        ({"rnn": ((1e-9, 2),), "gru": ((1e-6, None), (1e-3, None))},
         "90 % of a change takes 2 steps in the RNN; in the GRU h does not settle."),
        ({"rnn": ((1e-9, 2),), "gru": ((None, 5), (None, 9))},
         SET + "2 steps either way in the RNN, 9 instead of 5 in the GRU."),
        ({"rnn": ((1e-9, None),), "gru": ((0.5, 0), (0.5, 9))},
         "In the RNN h does not settle; in the GRU 90 % of a change takes 9 steps at 95 %, and the jump changes "
         "nothing at 50 %."),
        ({"rnn": ((1e-9, None),), "lstm": ((0.5, 1), (0.5, None)), "gru": ((0.5, 1), (0.5, None))},
         "In the RNN h does not settle; in the LSTM and the GRU 90 % of a change takes 1 step at 50 %, and h does not "
         "settle at 95 %."),
        ({"lstm": ((0.5, 5), (0.5, 16)), "gru": ((0.5, 5), (0.5, None)), "lstm_peephole": ((0.5, None), (0.5, 0))},
         SET + "16 steps instead of 5 in the LSTM; in the GRU 5 at 50 %, and h does not settle at 95 %; in the LSTM "
         "(peepholes) h does not settle at 50 %, and the jump changes nothing at 95 %."),
    ],
)  # fmt: skip
def test_what_cannot_be_seen_of_a_cell_is_said_of_it(cells, said):
    assert conclusions.finding([made(name, points) for name, points in cells.items()], TEXT) == said


def test_a_setting_between_that_does_not_settle_is_said_beside_those_that_do():
    lacking = made("gru", ((1e-6, 5), (1e-3, 50)))
    (low, high) = lacking.prices
    between = [Price(1.0, {"h": 1e-5}, None), Price(2.0, {"h": 1e-4}, 20)]
    found = [dataclasses.replace(lacking, prices=(low, *between, high))]
    assert conclusions.finding(found, TEXT) == (
        "What keeps longer follows later: with 95 % kept a step in place of 50 %, 90 % of a change takes 50 steps "
        "instead of 5 in the GRU; in the GRU h does not settle at 73 %."
    )


@pytest.mark.parametrize("between", [(1e-5, 60), (1e-2, 20), (1e-7, 20), (1e-5, 4)])
def test_what_falls_between_two_settings_does_not_go_together_everywhere(between):
    """Below, beside or beyond both ends."""
    lowest = made("gru", ((1e-6, 5), (1e-3, 50)))
    (low, high), (left, steps) = lowest.prices, between
    found = [dataclasses.replace(lowest, prices=(low, Price(1.0, {"h": left}, steps), high))]
    assert conclusions.finding(found, TEXT).startswith("Keeping longer and following later " + APART)
    rising = [dataclasses.replace(lowest, prices=(low, Price(1.0, {"h": 1e-5}, 5), Price(2.0, {"h": 1e-5}, 20), high))]
    assert conclusions.finding(rising, TEXT).startswith(TOGETHER)


@pytest.mark.parametrize(
    "points", [((0.0, 1), (0.0, 1)), ((0.755, 13), (0.431, 10)), ((0.0, 2), (1e-16, 2))]
)  # both stay, both fall, both stay but for rounding
def test_nothing_is_said_of_what_neither_rises_nor_goes_apart(points):
    rising = made("gru", ((1e-3, 4), (0.7, 60)))
    for found in ([made("lstm", points)], [made("lstm", points), rising]):
        assert conclusions.finding(found, TEXT).startswith("With 95 % kept a step in place of 50 %, 90 % of a change")
    apart = made("lstm", ((1e-3, 50), (1e-2, 5)))
    assert APART in conclusions.finding([apart, rising], TEXT)


def test_a_run_whose_line_turns_back_is_not_called_one_that_goes_together():
    found = found_for(Experiment(seed=3))
    (lstm,) = (each for each in found[0] if each.cell.name == "lstm")
    assert [price.steps for price in lstm.prices] == [5, 71, 19, 26]
    assert APART in conclusions.finding(*found)


def test_of_each_cell_of_a_run_with_peepholes_all_is_said():
    """At three of the settings the peepholes make h go round for ever, as far as 3000 steps show."""
    found, sequence = found_for(Experiment(cells=("rnn", "lstm", "lstm_peephole")))
    assert [price.steps for price in found[2].prices] == [6, None, None, None]
    assert conclusions.finding(found, sequence) == (
        "With 95 % kept a step in place of 50 %, 90 % of a change takes 3 steps either way in the RNN, 16 instead of 5 "
        "in the LSTM; in the LSTM (peepholes) 6 at 50 %, and h does not settle at 73 %, 88 % and 95 %."
    )


def test_nothing_is_said_of_a_jump_or_a_first_step_that_changes_nothing():
    for hand_set in ("counter", "latch"):
        found, sequence = found_for(with_weights(Experiment(), hand_set))
        assert conclusions.finding(found, sequence) == "A jump of the first input changes nothing here."
        assert "changes nothing here: with 0 as its input h is the same at every step" in conclusions.memory(
            found, sequence
        )
    found, sequence = found_for(Experiment(recurrent_gain=0.0, input_gain=0.0))
    assert conclusions.finding(found, sequence) == "A jump of the first input changes nothing here."
    assert conclusions.misconception(found, sequence, 8) == ""
    assert [text for column in list(conclusions.table(found, sequence, 8).values())[1:] for text in column[-1:]] == (
        ["no change"] * 3
    )
    mixed = [made("rnn", ((None, 0),)), made("lstm", ((0.5, 3),), c=0.25)]
    assert conclusions.memory(mixed, TEXT).endswith(
        "h differs by nothing at any step in the RNN, 0.50 (c: 0.25) of its largest difference in the LSTM."
    )


def test_after_one_step_keeping_and_following_are_not_compared():
    found, sequence = found_for(Experiment(text="a"))
    assert conclusions.finding(found, sequence).startswith("With 95 % kept a step in place of 50 %, 90 % of a change")


def test_the_table_and_the_headline_say_the_same_steps():
    found, sequence = found_for(Experiment())
    table = conclusions.table(found, sequence, 8)
    for each in found:
        assert table[each.cell.title][-1] == f"{each.own.steps}"
    assert [each.own.steps for each in found] == [3, 11, 30]
    assert [each.prices[-1].steps for each in found] == [3, 16, 80]


def test_the_lesson_says_what_shut_means():
    assert (
        "nearly shut they are to the new, which is how near what keeps the old (f, 1−z) is to 1" in conclusions.LESSON
    )


def test_what_is_hardly_kept_is_no_memory_to_speak_of():
    found, sequence = found_for(Experiment(text="Ada is my name and it is mine. " * 16, cells=("gru",)))
    assert 0 < found[0].prices[-1].left["h"] < 1e-6
    assert conclusions.misconception(found, sequence, 8) == ""


def test_more_parameters_is_not_more_memory():
    said = conclusions.misconception([made("rnn", ((0.5, 3),)), made("lstm", ((1e-6, 5), (0.25, 50)))], TEXT, 8)
    assert "the LSTM has the same 384 parameters, and 1.0·10⁻⁶ or 0.25 of the first letter's difference is left" in said
    assert conclusions.misconception([made("gru", ((0.25, 5), (0.25, 50)))], TEXT, 8) == ""
    assert conclusions.misconception([made("rnn", ((0.5, 3),))], TEXT, 8) == ""


def test_the_memory_is_said_of_h_and_of_c():
    said = conclusions.memory(
        [made("rnn", ((1e-9, 2),)), made("lstm", ((0.5, 3),), c=0.25), made("gru", ((0.0, 2),))], TEXT
    )
    assert said == (
        'Without the first letter, "A" (0 as its input), at the end h differs by 1.0·10⁻⁹ of its largest difference in '
        "the RNN, 0.50 (c: 0.25) in the LSTM, less than 10⁻¹⁴ in the GRU."
    )


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("text", "a", "There is one step"),
        ("numbers", "0 1", "Without the first number, 0 (1 as its input in place of 0), at the end h"),
        ("rows", "0 1\n2 3", "Without the first row (0 as its input), at the end h"),
        ("numbers", "1 " * 501, "after 500 steps h"),
    ],
)
def test_the_memory_says_what_was_done(kind, text, said):
    assert said in conclusions.memory([made()], parse_sequence(kind, text))


@pytest.mark.parametrize(("left", "said"), [
        (1.0, "all"), (0.9996, "nearly all"), (0.994, "0.99"), (0.0, "less than 10⁻¹⁴"), (9e-15, "less than 10⁻¹⁴"),
        (0.012345, "0.012"), (None, "no difference"),
    ],
)  # fmt: skip
def test_a_share_says_no_more_than_is_known(left, said):
    assert conclusions.share(left) == said


def test_the_costs_are_set_against_the_first_cell():
    found, sequence = found_for(Experiment())
    said = conclusions.costs(found, sequence, 8)
    assert said == (
        "With 8 hidden units and 16 inputs there are 200 parameters in the RNN, 800 (4 times as many) in the LSTM, "
        "600 (3 times as many) in the GRU."
    )


def test_the_table_has_a_column_for_each_cell_and_a_number_in_each_place():
    found, sequence = found_for(Experiment(cells=cell_names()))
    table = conclusions.table(found, sequence, 8)
    assert list(table) == ["", *TITLES.values()]
    assert {len(column) for column in table.values()} == {10}
    rows = dict(zip(table[""], zip(*list(table.values())[1:], strict=True), strict=True))
    assert rows["Handed from step to step"] == ("64 bytes", "128 bytes", "64 bytes", "64 bytes", "128 bytes")
    assert [text == "–" for text in rows["Left of the first letter, in c"]] == [True, False, True, True, False]
    for each, text in zip(found, rows["Left of the first letter, in h"], strict=True):
        assert_shows(text, np.log10(each.own.left["h"]))


def test_the_words_of_the_figure_hold_its_numbers():
    found, sequence = found_for(Experiment())
    said = conclusions.described(found, sequence)
    for each in found:
        for one in each.prices:
            assert f"{conclusions.share(one.left['h'])} left, {one.steps} steps" in said
