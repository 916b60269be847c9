"""Seeds, gains and biases side by side: each number is that of its own run; work in pieces that ends when it should."""

import dataclasses
import math
import threading

import numpy as np
import pytest

from gru_viz.cells import cell, cell_names
from gru_viz.conclusions import gradients as conclusions
from gru_viz.conclusions import what_if as words
from gru_viz.errors import InputError
from gru_viz.experiment import Experiment
from gru_viz.figures.common import untyped
from gru_viz.figures.what_if import latch_figure, map_figure, multiple_figure, multiple_limits
from gru_viz.measures import what_if
from gru_viz.measures.gradients import WHOLE, gradients, latch
from gru_viz.measures.what_if import GAINS, MULTIPLES, SHARES, Map, Multiple, Seeds, multiples, reach_map, seeds
from gru_viz.sequences import MAX_STEPS, parse_sequence
from gru_viz.settings import KEEP_CHOICES, SETTINGS
from gru_viz.theme import DARK, LIGHT
from gru_viz.ui import long_work
from tests.expected import facts
from tests.pieces import finished

SMALL = Experiment(text="abcabdab", cells=cell_names(), hidden_size=4, seed=3, replace="a", by="b")


def sequence_of(experiment):
    return parse_sequence(experiment.kind, experiment.text)


def alone(experiment, name, **changes):
    (found,) = gradients(dataclasses.replace(experiment, cells=(name,), **changes), sequence_of(experiment))
    return found


# -- numbers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", cell_names())
@pytest.mark.parametrize("loss", ["last", "target", "every"])
def test_every_place_of_the_map_is_a_run_of_its_own(name, loss):
    experiment = dataclasses.replace(SMALL, loss=loss, step=7)
    found, said = finished(reach_map(experiment, cell(name), sequence_of(experiment)))
    assert found.gains == GAINS
    assert found.keeps == (tuple(KEEP_CHOICES) if cell(name).keep_biases(1.0) else (2.0,))
    assert found.steps == 7
    for row, keep in enumerate(found.keeps):
        for column in (0, 3, 7, 16):
            one = alone(experiment, name, keep=keep, recurrent_gain=GAINS[column])
            for share in SHARES:
                assert found.reaches[share][row, column] == one.reach(share)
    assert said[-1][0] == 1
    assert [share for share, _ in said] == sorted(share for share, _ in said)


def test_the_map_is_that_of_torch():
    experiment = Experiment(hidden_size=4)
    found, _ = finished(reach_map(experiment, cell("gru"), sequence_of(experiment)))
    for row, column in ((0, 0), (1, 4), (3, 8), (0, 16)):
        changed = dataclasses.replace(experiment, keep=found.keeps[row], recurrent_gain=found.gains[column])
        assert found.reaches[0.01][row, column] == facts(changed, "gru").reach


@pytest.mark.parametrize("norm", SETTINGS["norm"].options)
def test_the_band_holds_the_runs_of_all_seeds(norm, monkeypatch):
    monkeypatch.setattr(what_if, "SEEDS", range(30))
    experiment = dataclasses.replace(SMALL, norm=norm, step=6)
    found, said = finished(seeds(experiment, sequence_of(experiment)))
    assert [each.cell.name for each in found] == list(cell_names())
    for each in found:
        runs = [alone(experiment, each.cell.name, seed=seed) for seed in range(30)]
        for part, (low, middle, high) in each.bands.items():
            values = np.sort([one.curves[part] for one in runs], axis=0)
            for band, place in ((low, 2), (middle, 14), (high, 26)):  # the 3rd, 15th and 27th of 30
                np.testing.assert_allclose(band, values[place], atol=1e-9)
        for share in SHARES:
            assert each.reaches[share].tolist() == [one.reach(share) for one in runs]
    assert said[-1] == (1.0, "LSTM (peepholes): 30 of 30 seeds")


# -- seeds -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", cell_names())
@pytest.mark.parametrize("at_once", [1, 2, 20])
def test_seeds_side_by_side_are_the_runs_of_each_seed_by_torch(name, at_once, monkeypatch):
    monkeypatch.setattr(what_if, "SEEDS", range(5, 9))
    monkeypatch.setattr(what_if, "SEEDS_AT_ONCE", at_once)
    of = Experiment(text="abc aabca", cells=(name,), hidden_size=3, replace="a", by="b")
    [found], said = finished(seeds(of, sequence_of(of)))
    wanted = [facts(of, name, seed=seed) for seed in range(5, 9)]
    assert found.reaches[0.01].tolist() == [each.reach for each in wanted]
    ordered = np.sort([each.norm for each in wanted], axis=0)
    for band, place in zip(found.bands[WHOLE], (0, 1, 3), strict=True):
        np.testing.assert_allclose(band, ordered[place], atol=1e-10)
    assert found.steps == 9
    assert len(said) == -(-4 // at_once)


def test_the_band_is_made_of_the_20th_100th_and_180th_of_200():
    rng = np.random.default_rng(0)
    norm = rng.standard_normal((3, 200))
    norm[1, :30] = -np.inf
    low, middle, high = what_if._band(norm)
    ordered = np.sort(norm, axis=1)
    assert (low.tolist(), middle.tolist(), high.tolist()) == tuple(ordered[:, k].tolist() for k in (19, 99, 179))


@pytest.mark.parametrize("hidden", [1, 2, 8, 33, 64])
@pytest.mark.parametrize("steps", [1, 2, 31, 500, MAX_STEPS])
def test_what_runs_side_by_side_fits_into_one_run(steps, hidden, monkeypatch):
    asked = []
    monkeypatch.setattr(what_if, "sweep", lambda of, each, values, at_once: asked.append((len(values), at_once)))
    of = Experiment(text="a" * steps, hidden_size=hidden, replace="a", by="b")
    what_if._side_by_side(cell("lstm"), iter(()), of, sequence_of(of))
    [(count, at_once)] = asked
    assert count == steps
    assert 1 <= at_once <= 20
    assert 7 * steps * hidden * at_once * 8 <= 64e6  # of the cell with the most names, and one besides


@pytest.mark.parametrize("name", cell_names())
def test_the_largest_piece_runs(name, monkeypatch):
    monkeypatch.setattr(what_if, "SEEDS", range(1))
    monkeypatch.setattr(what_if, "MAX_SWEEP", 10**9)
    of = Experiment(text="ab" * (MAX_STEPS // 2), cells=(name,), hidden_size=64, replace="a", by="c")
    [found], _ = finished(seeds(of, sequence_of(of)))
    assert found.steps == MAX_STEPS


def test_four_gains_at_32_units():
    experiment = dataclasses.replace(SMALL, loss="target")
    found, _ = finished(multiples(experiment, sequence_of(experiment)))
    assert [each.gain for each in found] == list(MULTIPLES) == [0.5, 1, 1.5, 2]
    for each in found:
        for of, norm in each.norms.items():
            one = alone(experiment, of.name, hidden_size=32, recurrent_gain=each.gain)
            np.testing.assert_allclose(norm, one.norm, atol=1e-9)


def test_four_gains_when_they_do_not_fit_side_by_side(monkeypatch):
    monkeypatch.setattr(what_if, "AT_ONCE", 3 * 8 * 32)
    whole, _ = finished(multiples(SMALL, sequence_of(SMALL)))
    monkeypatch.setattr(what_if, "AT_ONCE", 1)
    single, said = finished(multiples(SMALL, sequence_of(SMALL)))
    assert len(said) == 20
    for one, other in zip(whole, single, strict=True):
        for of in one.norms:
            np.testing.assert_allclose(one.norms[of], other.norms[of], atol=1e-9)


@pytest.mark.parametrize("work", [seeds, multiples, lambda e, s: reach_map(e, cell("gru"), s)])
def test_what_would_take_minutes_is_refused_before_it_begins(work, monkeypatch):
    monkeypatch.setattr(what_if, "MAX_SWEEP", 100)
    monkeypatch.setattr(what_if, "parameters", lambda *_: pytest.fail("it began"))
    with pytest.raises(InputError, match=r"runs of 8 steps with \d+ units would take minutes: up to 0 steps"):
        next(work(SMALL, sequence_of(SMALL)))


def test_the_limit_counts_the_steps_up_to_the_loss():
    experiment = Experiment(text="ab" * 1000, hidden_size=64, replace="a", by="b")
    with pytest.raises(InputError, match="up to 500 steps"):
        next(seeds(experiment, sequence_of(experiment)))
    share, said = next(seeds(dataclasses.replace(experiment, step=2), sequence_of(experiment)))
    assert said == "RNN: 20 of 200 seeds"
    assert share == pytest.approx(0.1 / 3)


def test_products_of_jacobians_of_all_seeds_have_a_limit_of_their_own():
    experiment = Experiment(text="ab" * 100, hidden_size=64, cells=("lstm",), norm="jacobian", replace="a", by="b")
    with pytest.raises(InputError, match="Jacobians of 128 × 128"):
        next(seeds(experiment, sequence_of(experiment)))


# -- long work ---------------------------------------------------------------------------------------------------------


class Left(BaseException):
    """What Streamlit raises in a run whose visitor has left."""


class Page:
    """Stands for ``st``: counts words, and ends the run at one of them."""

    def __init__(self, ends_at=math.inf):
        self.words, self.ends_at, self.emptied = 0, ends_at, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def container(self, **_):
        return self

    def empty(self):
        self.emptied += 1
        return self

    def button(self, *_, **__):
        return False

    def progress(self, *_):
        self.words += 1
        if self.words > self.ends_at:
            raise Left
        return self


@pytest.fixture
def kept(monkeypatch):
    results = long_work.OrderedDict()
    monkeypatch.setattr(long_work, "_results", lambda: results)
    return results


def counting(done, pieces=5):
    for piece in range(pieces):
        done.append(piece)
        yield (piece + 1) / pieces, f"{piece}"
    return "result"


def test_work_is_done_once_for_everyone(kept, monkeypatch):
    page, done = Page(), []
    monkeypatch.setattr(long_work, "st", page)
    for _ in range(3):
        assert long_work.worked(("a",), lambda: counting(done), lambda: None) == "result"
    assert done == [0, 1, 2, 3, 4]
    for number in range(40):
        long_work.worked(("b", number), lambda: counting([]), lambda: None)
    assert len(kept) == long_work.KEPT


def test_a_visitor_who_leaves_ends_the_work_after_a_piece(kept, monkeypatch):
    page, done = Page(ends_at=3), []
    monkeypatch.setattr(long_work, "st", page)
    with pytest.raises(Left):
        long_work.worked(("a",), lambda: counting(done), lambda: None)
    assert done == [0, 1, 2]
    assert not kept
    assert not long_work._TURN.locked()


def test_two_visitors_pieces_take_turns(kept, monkeypatch):
    running, most = [], []

    def work():
        for piece in range(20):
            running.append(piece)
            most.append(len(running))
            threading.Event().wait(0.001)
            running.pop()
            yield piece / 20, ""
        return None

    monkeypatch.setattr(long_work, "st", Page())
    threads = [threading.Thread(target=long_work.worked, args=((k,), work, lambda: None)) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(most) == 60
    assert max(most) == 1


# -- sentences ---------------------------------------------------------------------------------------------------------


def built(reaches, steps=10, keeps=(0.0, 2.0)):
    return Map(cell("gru"), keeps, (0.0, 1.0), steps, {0.01: np.array(reaches)})


def test_the_map_in_words():
    said = words.mapped(Experiment(), built([[3, 4], [10, 10]]))
    assert said == (
        "The GRU reaches all 10 steps at 2 of 4 places of the map, and least, 3 steps, at gain 0 and gates that keep "
        "50 %."
    )
    assert words.mapped(Experiment(), built([[3, 4], [9, 8]])) == (
        "The GRU reaches farthest, 9 steps, at gain 0 and gates that keep 88 %, and least, 3 steps, at gain 0 and "
        "gates that keep 50 %."
    )
    assert (
        words.mapped(Experiment(), built([[1, 1]], keeps=(2.0,))) == "The GRU reaches 1 step at every place of the map."
    )
    assert words.mapped(Experiment(), built([[2, 1]], keeps=(2.0,))).endswith("least, 1 step, at gain 1.")
    assert "All pairs of 4 biases and 17 recurrent gains are" in words.map_offered(Experiment(), cell("gru"))
    assert "? All 17 recurrent gains are" in words.map_offered(Experiment(), cell("rnn"))
    apart = Experiment(biases=(("f", 1.0),))  # stands in the place of what the gates start by keeping
    assert "? All 17 recurrent gains are" in words.map_offered(apart, cell("lstm"))
    assert "All pairs of 4 biases" in words.map_offered(Experiment(biases=(("i", 1.0),)), cell("lstm"))
    found, _ = finished(what_if.reach_map(apart, cell("lstm"), parse_sequence("text", "abab")))
    assert found.keeps == (apart.keep,)


def test_four_gains_in_words():
    def of(*slopes):
        return [
            Multiple(gain, {cell("rnn"): np.arange(10.0, -1, -1) * rate})
            for gain, rate in zip(MULTIPLES, slopes, strict=True)
        ]

    assert words.multiplied(Experiment(share=0.1), of(-1, -0.11, 0.0, 0.2)) == (
        "At 32 units the gradient of the RNN vanishes at gain 0.5 and 1, holds at gain 1.5, explodes at gain 2."
    )
    assert "vanishes at gain 0.5, shrinks at gain 1, holds" in words.multiplied(Experiment(), of(-1, -0.11, 0.0, 0.2))
    everywhere = words.multiplied(Experiment(), of(-1, -1, -1, -1))
    assert everywhere == "At 32 units the gradient of the RNN vanishes at all 4 gains."
    assert "needs two steps" in words.multiplied(Experiment(), [Multiple(1.0, {cell("rnn"): np.zeros(1)})])
    assert words.multiplied(Experiment(loss="every"), of(1, 1, 1, 1)) == conclusions.EVERY


def test_seeds_in_words():
    found = [Seeds(cell("rnn"), {}, {0.1: np.array([1, 2, 3, 4, 50] * 2)})]
    assert conclusions.luck(Experiment(share=0.1), found).startswith(
        "Over seeds 0 to 9 the median reach of the carried gradient at 10 %, and where 80 % of the seeds lie, is "
        "3 (1 to 50) in the RNN."
    )
    assert conclusions.luck(Experiment(loss="every"), found) == ""


def test_the_latch_in_words():
    found = latch()
    said = words.remembered(found)
    assert said.startswith(
        "40 steps after the cue unit 1 still stands at 0.995, and the gradient at the cue is 2.4·10⁻⁶¹"
    )
    assert "0.995" in words.described_latch(found)


# -- figures -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_map_marks_the_experiment_and_every_place_can_be_pointed_at(theme):
    found = built([[3, 4], [10, 10]])
    heat, _, ring, places = map_figure(found, 0.01, 1.3, 2.0, theme)["data"]
    assert untyped(heat["z"]).tolist() == [[3, 4], [10, 10]]
    assert (ring["x"], ring["y"]) == ([1.3], [1])
    assert places["customdata"] == [[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [1.0, 2.0]]
    assert list(zip(places["x"], places["y"], strict=True)) == [(0.0, 0), (1.0, 0), (0.0, 1), (1.0, 1)]
    assert places["text"][0] == "gain 0, gates keep 50 %: 3 of 10 steps"
    assert places["text"][3] == "gain 1, gates keep 88 %: all 10 of 10 steps"
    alone_ = map_figure(built([[1, 1]], keeps=(2.0,)), 0.01, 1.0, 3.0, theme)["data"]
    assert alone_[2]["y"] == [0]


def test_the_four_gains_share_one_axis():
    found, _ = finished(multiples(SMALL, sequence_of(SMALL)))
    limits = multiple_limits(found)
    figures = [multiple_figure(each, limits, list("abcabdab"), LIGHT) for each in found]
    for each in figures:  # the gain has a row of its own: on a phone there is no room for it beside the axis's words
        (words,) = [said for said in each["layout"]["annotations"] if "∂L" in said["text"]]
        title = each["layout"]["title"]
        assert title["pad"]["t"] + 1.2 * title["font"]["size"] <= (
            each["layout"]["margin"]["t"] - words["yshift"] - 1.2 * words["font"]["size"]
        )
    assert {tuple(figure["layout"]["yaxis"]["range"]) for figure in figures} == {limits}
    assert all(limits[0] < norm.min() and norm.max() < limits[1] for each in found for norm in each.norms.values())
    assert [figure["layout"]["title"]["text"] for figure in figures] == ["gain 0.5", "gain 1", "gain 1.5", "gain 2"]


def test_the_latchs_figure_shows_both():
    found = latch()
    held, gradient = latch_figure(found, LIGHT)["data"]
    np.testing.assert_allclose(untyped(held["y"]), np.log10(found.held), atol=1e-6)
    np.testing.assert_allclose(untyped(gradient["y"]), found.norm, rtol=1e-6)
    assert WHOLE == ""
