"""The sentences of the Gates page, on runs that make them true and on runs that do not."""

import re

import numpy as np
import pytest

from gru_viz.cells import cell
from gru_viz.conclusions import gates as conclusions
from gru_viz.experiment import Experiment
from gru_viz.measures.gates import flat_share
from gru_viz.sequences import parse_sequence
from tests import expected
from tests.gating import CELLS, FOUND, SEQUENCE, SETTINGS, all_gates, gate, runs_of
from tests.saying import NUMBER, read


def text(typed="abcdef"):
    return parse_sequence("text", typed)


def test_the_question_names_what_a_step_is():
    assert conclusions.question(text()) == "Which gate opened when, for which letter?"
    assert conclusions.question(parse_sequence("numbers", "1 2")) == "Which gate opened when, for which number?"


def test_the_largest_move_is_found_with_its_token():
    f = gate([[0.5, 0.5], [0.75, 0.75], [0.5, 0.5], [0.75, 0.75]])  # more in all, but never as much at once
    i = gate([[0.2, 0.2], [0.2, 0.2], [0.2, 0.2], [0.5, 0.7]], "i", "write")
    z = gate([[0.1, 0.1], [0.9, 0.1], [0.9, 0.1], [0.9, 0.1]], "z", "write", "gru")
    assert conclusions.moved_most([f, i, z], text("abcd")) == (
        "The gate that moved most from one step to the next, on average over its units: "
        'in the LSTM i at "d" (step 4), by 0.40; in the GRU z at "b" (step 2), by 0.40.'
    )


def test_equal_moves_are_counted_and_none_is_said():
    f = gate([[0.0], [1.0], [0.0], [0.0]])
    z = gate([[0.3]] * 4, "z", "write", "gru")
    sentence = conclusions.moved_most([f, z], text("abcd"))
    assert 'in the LSTM f at "b" (step 2), by 1, and as much at 1 other step' in sentence
    assert sentence.endswith("in the GRU none moves.")
    assert "one step" in conclusions.moved_most([gate([[0.3]])], text("a"))


@pytest.mark.parametrize(
    ("kind", "typed", "where"),
    [
        ("text", "abcd", 'at "c" (step 3)'), ("words", "a bc def g", 'at "def" (step 3)'),
        ("numbers", "1 0 -2.5 0", "at step 3 (−2.5)"), ("rows", "1 0\n0 0\n2 1\n0 0", "at step 3"),
    ],
)  # fmt: skip
def test_where_a_gate_moved_is_said_as_one_reads_it(kind, typed, where):
    moved = conclusions.moved_most([gate([[0.1], [0.1], [0.6], [0.6]])], parse_sequence(kind, typed))
    assert moved.endswith(f": in the LSTM f {where}, by 0.50.")


def test_a_real_run_moves_where_counting_says():
    sentence = conclusions.moved_most(FOUND, SEQUENCE)
    for name in ("LSTM", "GRU"):
        said = re.search(rf'in the {name} (\S+) at "(.+?)" \(step (\d+)\), by ({NUMBER})', sentence)
        own = [each for each in FOUND if each.cell.title == name]
        changes = {
            (each.name, t + 1): np.mean([abs(each.values[t, k] - each.values[t - 1, k]) for k in range(5)])
            for each in own
            for t in range(1, 11)
        }
        size = changes[said[1], int(said[3])]
        assert size == pytest.approx(max(changes.values()))
        assert read(said[4]) == pytest.approx(size, abs=0.006)
        assert said[2] == SEQUENCE.labels[int(said[3]) - 1]


def test_only_hand_set_weights_mean_something():
    assert "means nothing" in conclusions.meaning(Experiment())
    assert "on purpose" in conclusions.meaning(Experiment(weights="counter"))
    assert "nothing" not in conclusions.meaning(Experiment(weights="counter"))


def test_the_counter_opens_at_brackets_and_the_latch_after_a_flag():
    assert conclusions.switched(*all_gates(Experiment(weights="counter", text="((a)b)"))) == (
        'i of unit 1 is open at "(" and ")" and else shut.'
    )
    assert conclusions.switched(*all_gates(Experiment(weights="counter", text="[(]"))) == (
        'i of unit 1 is open at "(" and else shut, i of unit 2 is open at "[" and "]" and else shut.'
    )
    assert conclusions.switched(*all_gates(Experiment(weights="latch", text="77!7592"))) == (
        'z of unit 2 is open at step 4 ("7") and else shut.'
    )
    assert "No gate" in conclusions.switched(*all_gates(Experiment(weights="counter", text="abc")))
    assert "No gate" in conclusions.switched(*all_gates(Experiment()))


def test_many_steps_are_counted_instead_of_named():
    found, sequence = all_gates(Experiment(weights="latch", text="7" + "!7" * 7))
    assert conclusions.switched(found, sequence).startswith(
        'z of unit 2 is open at steps 3 ("7") and 5 ("7") and 7 ("7") and 9 ("7") and 3 more steps and else shut.'
    )


def test_average_openings():
    f, i = gate([[0.8, 1.0]]), gate([[0.25, 0.5]], "i", "write")
    z, k = gate([[0.1]], "z", "write", "gru"), gate([[0.9]], "1−z", "keep", "gru", is_complement=True)
    assert conclusions.averages([cell("rnn"), cell("lstm"), cell("gru")], [f, i, z, k]) == (
        "What keeps the old is open by 0.90 (f) in the LSTM, 0.90 (1−z) in the GRU on average; the other gates by 0.10 "
        "to 0.38; the RNN has no gates."
    )
    assert conclusions.averages([cell("lstm")], [i]) == "No gate keeps the old; the gates are open by 0.38."


def test_one_colour_is_one_part_whatever_its_name():
    def said(*names):
        return conclusions.how_to_read([each for each in FOUND if each.cell.name in names])

    assert "f in the LSTM, 1−z in the GRU keep the old; i in the LSTM, z in the GRU write the new." in said(
        "lstm", "gru"
    )
    assert "z = 1" not in said("lstm", "gru")
    assert "z and 1−z change sides" in said("gru", "gru_reset_after")
    assert "part" not in said("lstm")


@pytest.mark.parametrize(
    ("value", "said"),
    [(1.0, "1"), (0.0, "0"), (0.5, "0.50"), (0.9963, "1 − 0.0037"), (1 - 2**-40, "1 − 9.1·10⁻¹³"), (1e-9, "1.0·10⁻⁹")],
)
def test_a_gate_near_one_is_told_from_one(value, said):
    assert conclusions.opening(value) == said


def test_the_widest_swing():
    f = gate([[0.5, 0.2], [0.6, 0.9]])
    assert conclusions.widest([f], (0, 1)) == (
        "Of units 1 and 2 the widest swing is that of f of unit 2 in the LSTM: from 0.20 to 0.90."
    )
    assert "f of unit 1" in conclusions.widest([f], (0,))
    assert conclusions.widest([gate([[0.5], [0.5]])], (0,)) == "Of unit 1 no gate moves."
    assert "one step" in conclusions.widest([gate([[0.5]])], (0,))


def test_saturation_is_said_in_shares():
    f = gate([[0.95, 0.95], [0.95, 0.5]])
    i = gate([[0.5, 0.5], [0.5, 0.5]], "i", "write")
    z, k = (
        gate([[0.05], [0.95]], "z", "write", "gru"),
        gate([[0.95], [0.05]], "1−z", "keep", "gru", is_complement=True),
    )
    assert conclusions.saturated([f, i, z, k]) == (
        "What keeps the old is above 0.9 at 75 % of steps and units (f) in the LSTM, 50 % (1−z; below 0.1 at 50 %) in "
        "the GRU; z, its complement, is below 0.1 just as often; i is above 0.9 or below 0.1 at 0 %."
    )
    assert conclusions.saturated([i]) == "i is above 0.9 or below 0.1 at 0 % of steps and units."


@pytest.mark.parametrize("experiment", [Experiment(), SETTINGS, Experiment(weights="latch", text="3!14")])
def test_what_is_said_of_saturation_is_true_of_every_gate_that_it_names(experiment):
    """Each gate is in the sentence once, and with its own share of steps and units near 0 or 1."""
    found, _ = all_gates(experiment)
    whole = conclusions.saturated(found)
    assert "other gates" not in whole
    partners = {each.name: other for each in found for other in found if each.cell == other.cell and each.keeps
                and other.name in (f"1−{each.name}", each.name.removeprefix("1−")) and each is not other}  # fmt: skip
    last = re.search(r"(?:^|; )([^;]+) (?:are|is) above 0.9 or below 0.1 at (\S+) %(?: to (\S+) %)?", whole)
    named = set(re.split(", | and ", last[1]))
    assert named == {each.name for each in found if not each.keeps} - {other.name for other in partners.values()}
    for each in found:
        if each.name in named:
            share = 100 * float(np.mean((each.values > 0.9) | (each.values < 0.1)))
            assert float(last[2]) - 0.51 <= share <= float(last[3] or last[2]) + 0.51
    for name, other in partners.items():
        assert re.search(rf"{other.name}\b.*complements?, (?:is|are) below 0.1 just as often", whole)
        own = next(each for each in found if each.cell == other.cell and each.name == name)
        assert np.mean(own.values > 0.9) == np.mean(other.values < 0.1)


def test_the_lesson_says_which_gate_and_what_shut_means():
    assert "nearly shut to the new: when what keeps the old (f, 1−z) is nearly 1" in conclusions.LESSON


def test_saturation_of_a_state_is_another_matter():
    runs, _ = runs_of(SETTINGS)
    said = conclusions.is_saturation_bad(runs)
    assert "what keeps the old, at 1, is memory, a state at ±1 a dead gradient" in said
    assert re.findall(rf"({NUMBER}) % of all steps and units in the (\S+)\.", said) == [
        (f"{100 * flat_share(runs[0]):.0f}", "RNN")
    ]
    assert "%" not in conclusions.is_saturation_bad(runs[1:])


def test_half_lives_are_said_with_their_range_and_where_there_is_none():
    f = gate([[0.5, 0.5**0.5, 0.5**0.25]])
    assert conclusions.half_lives([f]) == (
        "Half-life of what is kept, in the median unit: 2.0 steps in the LSTM (f, from 1.0 to 4.0 over its units)."
    )
    assert conclusions.no_half_lives([f]) == []
    ends = gate([[1.0, 0.0, 1.0], [1.0, 0.5, 0.5]])
    zero, one = conclusions.no_half_lives([ends])
    assert zero.startswith("f of unit 2 of the LSTM is exactly 0 at some step")
    assert one.startswith("f of unit 1 of the LSTM is exactly 1 at every step")
    assert "∞" in conclusions.half_lives([gate([[1.0]])])
    assert "no half-life" in conclusions.half_lives([gate([[0.5]], "o", "show")])
    assert "40 units" in conclusions.no_half_lives([gate([[1.0] * 40])])[0]


def test_the_general_lesson_holds():
    assert conclusions.LESSON.startswith("In general")
    for value, steps in re.findall(r"at (0\.\d+) (?:a half is left )?after (\d+)", conclusions.LESSON.lower()):
        assert float(value) ** int(steps) <= 0.5 < float(value) ** (int(steps) - 1)
    assert len(re.findall(r"after \d+", conclusions.LESSON)) == 3


def test_no_gates_is_an_answer():
    runs, _ = runs_of(Experiment(cells=("rnn",), text="Ada and Bob"))
    said = conclusions.without_gates(Experiment(cells=("rnn",)), runs)
    h = expected.facts(Experiment(cells=("rnn",)), "rnn", list("Ada and Bob")).states["h"]
    assert "the RNN has no gates" in said
    assert read(re.findall(NUMBER, said)[0]) == pytest.approx(np.abs(h[1:] - h[:-1]).mean(), rel=0.05)
    assert "Compare" in said
    hand_set = Experiment(weights="sign", kind="numbers", text="1 0 0")
    assert "Choose random weights" in conclusions.without_gates(hand_set, runs_of(hand_set)[0])
    one = conclusions.without_gates(Experiment(cells=("rnn",)), runs_of(Experiment(cells=("rnn",), text="a"))[0])
    assert not re.search(r"\d", one)


def test_descriptions_are_made_from_the_data():
    said = conclusions.described(CELLS, FOUND)
    assert "each of 11 steps, a row for each of 5 units" in said
    assert "RNN: no gates" in said
    for each in FOUND:
        numbers = re.search(rf"{re.escape(each.cell.title)} {each.name} \({each.role}\): from (.+?) to (.+?), on", said)
        assert numbers[1] == conclusions.opening(each.values.min())
        assert numbers[2] == conclusions.opening(each.values.max())
    assert len(re.findall(" of unit ", conclusions.described_lines(FOUND, (0, 3)))) == 2 * len(FOUND)
    assert "GRU 1−z: shut at" in conclusions.described_saturation(FOUND)
    assert "GRU 1−z: " in conclusions.described_half_lives(FOUND)


AVOIDED = ("remembers", "understand", "attention", "learn", "solve", "explod", "better", "best", "because of")


@pytest.mark.parametrize("experiment", [SETTINGS, Experiment(), Experiment(weights="latch", text="3!14")])
def test_the_words_say_nothing_that_they_should_not(experiment):
    found, sequence = all_gates(experiment)
    runs, _ = runs_of(experiment)
    cells = [run.cell for run in runs]
    said = [
        conclusions.moved_most(found, sequence), conclusions.meaning(experiment), conclusions.averages(cells, found),
        conclusions.saturated(found), conclusions.half_lives(found), conclusions.is_saturation_bad(runs),
        conclusions.switched(found, sequence), conclusions.widest(found, (0,)), conclusions.LESSON,
        conclusions.how_to_read(found), conclusions.HALF_LIFE, *conclusions.no_half_lives(found),
    ]  # fmt: skip
    for text in said:
        assert not [word for word in AVOIDED if word in text.lower()]
        assert "nan" not in text
        assert not re.search(r"\de-|-\d", text)
