"""What conventions change on a run, and the sentences, tables and figure of it on the Equations page.

Differences are measured against cells written by hand in torch (`reference`), with weights by the recipe (`expected`).
"""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from gru_viz.cells import CATALOGUE, Cell, cell
from gru_viz.conclusions import equations as conclusions
from gru_viz.conclusions import names as written
from gru_viz.experiment import Experiment
from gru_viz.figures.common import untyped
from gru_viz.figures.equations import mistakes_figure
from gru_viz.layouts import LAYOUTS, SYSTEMS, find_layout
from gru_viz.measures import equations as measures
from gru_viz.measures.equations import Apart, conventions
from gru_viz.runs import trace
from gru_viz.sequences import parse_sequence
from gru_viz.theme import THEMES
from tests import expected
from tests.reference import STEPS
from tests.saying import NUMBER, read

CELLS = [each.name for each in CATALOGUE]
OURS = Experiment(text="Ada met Bob, and Bob met Ada.", hidden_size=5, seed=3)
CHAOS = Experiment(text="ab" * 1_000, hidden_size=64, keep=0.0, scheme="orthogonal", recurrent_gain=4.0, input_gain=0.5)


def sequence_of(experiment):
    return parse_sequence(experiment.kind, experiment.text)


def found(name="gru", experiment=OURS):
    return conventions(experiment, cell(name), sequence_of(experiment))


# -- by hand, in torch -------------------------------------------------------------------------------------------------


def weights(experiment, name):
    _, names = expected.inputs(experiment, expected.tokens_of(experiment))
    return expected.weights(experiment, name, names)


def states(experiment, step, params):
    """(T, S): all states after each step."""
    x, _ = expected.inputs(experiment, expected.tokens_of(experiment))
    tensors = {name: torch.tensor(value) for name, value in params.items()}
    count = 2 if "f" in step(tensors, torch.tensor(x[0]), *[torch.zeros(experiment.hidden_size).double()] * 2) else 1
    state, rows = [torch.zeros(experiment.hidden_size, dtype=torch.float64)] * count, []
    for row in x:
        values = step(tensors, torch.tensor(row), *state)
        state = [values[each] for each in ("h", "c")[:count]]
        rows.append(torch.cat(state).numpy())
    return np.array(rows)


def step_of(name):
    """A cell of `reference` that leaves a second state alone when it has one only."""
    return lambda params, x, h, c=None: STEPS[name](params, x, h, c) if "lstm" in name else STEPS[name](params, x, h)


def distance(experiment, one, other):
    """Of two (step, params), after each step."""
    return np.abs(states(experiment, *one) - states(experiment, *other)).max(axis=1)


def z_exchanged(name):
    """The cell with z and 1 - z in each other's place."""

    def step(params, x, h, c=None):
        values = STEPS[name](params, x, h)
        z, n = values["z"], values["n"]
        return values | {"h": z * h + (1 - z) * n if name == "gru" else z * n + (1 - z) * h}

    return step


NEGATED = ("W_z", "U_z", "b_z")


def with_other_z(params):
    return {name: -value if name in NEGATED else value for name, value in params.items()}


@pytest.mark.parametrize("name", ["gru", "gru_reset_after"])
def test_z_the_other_way_round(name):
    params, z = weights(OURS, name), found(name).z
    assert z.negated == NEGATED
    assert z.gates == {"z": "update" if name == "gru" else "keep"}
    np.testing.assert_allclose(
        z.unmapped.distance, distance(OURS, (step_of(name), params), (z_exchanged(name), params)), atol=1e-12
    )
    by_hand = distance(OURS, (step_of(name), params), (z_exchanged(name), with_other_z(params)))
    assert max(z.mapped.largest, by_hand.max()) < 1e-14
    assert z.mapped.same
    assert not z.unmapped.same


@pytest.mark.parametrize("name", ["gru", "gru_reset_after"])
def test_the_reset_moved(name):
    moved = found(name).reset
    assert (moved.base.name, moved.variant.name) == ("gru", "gru_reset_after")
    params = weights(OURS, "gru")
    after = with_other_z(params) | {"c_n": np.zeros(OURS.hidden_size)}
    by_hand = distance(OURS, (step_of("gru"), params), (step_of("gru_reset_after"), after))
    np.testing.assert_allclose(moved.moved.distance, by_hand, atol=1e-12)
    assert moved.moved.distance[0] < 1e-15  # from a zero state a first step cannot tell them apart
    assert moved.moved.largest > 1e-3


def test_two_biases_merge_but_for_the_candidates():
    params, each = weights(OURS, "gru_reset_after"), found("gru_reset_after").biases
    assert (each.split, dict(each.second)) == (("b_r", "b_z"), {"b_n": "c_n"})
    assert each.as_sum.largest < 1e-14
    merged = params | {"b_n": params["b_n"] + params["c_n"], "c_n": 0 * params["c_n"]}
    step = step_of("gru_reset_after")
    np.testing.assert_allclose(each.merged.distance, distance(OURS, (step, params), (step, merged)), atol=1e-12)


@pytest.mark.parametrize("name", CELLS)
def test_every_other_bias_may_be_split(name):
    each, of = found(name).biases, cell(name)
    assert {*each.split, *each.second} == {parameter for parameter in of.parameters if parameter.startswith("b_")}
    assert each.as_sum.same
    two = measures._with_two(of, each.split)
    assert set(two.parameters) - set(of.parameters) == {f"{bias}_second" for bias in each.split}


def test_gates_in_another_order():
    lstm, gru = found("lstm").order, found("gru_reset_after").order
    assert [(each.written.system, each.read.system) for each in (lstm, gru)] == [
        ("PyTorch", "ONNX"),
        ("PyTorch", "Keras"),
    ]
    for name, each, swaps in (
        ("lstm", lstm, {"o": "f", "f": "g", "g": "o"}),
        ("gru_reset_after", gru, {"r": "z", "z": "r"}),
    ):
        params, step = weights(OURS, name), step_of(name)
        # i f g o read as i o f g: what is taken for o is f. The second bias of n stays, as n is last in both.
        misread = params | {
            f"{kind}_{gate}": params[f"{kind}_{taken}"] for gate, taken in swaps.items() for kind in "WUb"
        }
        np.testing.assert_allclose(each.moved.distance, distance(OURS, (step, params), (step, misread)), atol=1e-12)
    assert [found(name).order for name in ("rnn", "gru", "lstm_peephole")] == [None] * 3


def test_without_peepholes():
    params, each = weights(OURS, "lstm_peephole"), found("lstm_peephole").extra
    assert (each.base.name, each.names) == ("lstm", ("p_f", "p_i", "p_o"))
    by_hand = distance(OURS, (step_of("lstm_peephole"), params), (step_of("lstm"), params))
    np.testing.assert_allclose(each.without.distance, by_hand, atol=1e-12)
    assert by_hand[0] > 1e-4  # o looks at the new c, in the first step too
    assert [found(name).extra for name in CELLS[:-1]] == [None] * 4


def test_what_a_cell_has_no_choice_in_is_not_shown():
    rnn, lstm = found("rnn"), found("lstm")
    assert (rnn.z, rnn.reset, rnn.extra, rnn.mistakes()) == (None, None, None, {})
    assert (lstm.z, lstm.reset) == (None, None)
    assert list(lstm.mistakes()) == ["with gates in another order"]
    assert list(found("gru_reset_after").mistakes()) == [
        "with z read the other way", "with the reset on the other side of the product", "with b_n and c_n merged",
        "with gates in another order",
    ]  # fmt: skip


def test_what_makes_no_difference_is_no_mistake():
    shared = replace(OURS, weights="shared")
    assert "with b_n and c_n merged" not in found("gru_reset_after", shared).mistakes()  # c_n is 0
    assert found("lstm_peephole", shared).mistakes() == {}
    assert list(found("gru", replace(OURS, hidden_size=1)).mistakes()) == ["with z read the other way"]


def test_where_the_reset_acts_is_read_off_the_equations():
    assert [measures.reset_place(each) for each in CATALOGUE] == ["", "", "before", "after", ""]
    own = Cell("own", "q = sigmoid(W_q @ x + U_q @ h + b_q)\nh' = tanh(W @ x + U @ (h * q) + b)")
    assert measures.reset_place(own) == "before"


def test_the_largest_difference_and_its_step():
    each = Apart(np.array([0.0, 0.5, -0.0, 0.25]))
    assert (each.largest, each.step, each.same) == (0.5, 2, False)
    assert Apart(np.array([1e-13])).same


# -- sentences on conventions ------------------------------------------------------------------------------------------


def numbers(sentence):
    return re.findall(NUMBER, sentence)


def said(name, experiment=OURS):
    return dict(conclusions.spoken(found(name, experiment)))


def test_z_is_said_to_write_or_to_keep():
    writes, keeps = said("gru")["z or 1 − z"], said("gru_reset_after")["z or 1 − z"]
    assert "“z = 1 keeps” is not true here: z = 1 writes" in writes
    assert "“z = 1 keeps” is true here, as in PyTorch, Keras and ONNX" in keeps
    assert {layout.z for layout in LAYOUTS} == {"keep", ""}  # in all three it does
    for name, sentence in (("gru", writes), ("gru_reset_after", keeps)):
        z = found(name).z
        assert "nothing changes but rounding: over 29 steps" in sentence
        assert read(numbers(sentence)[-3]) < 1e-14
        assert read(numbers(sentence)[-2]) == float(f"{z.unmapped.largest:.2g}")
        assert numbers(sentence)[-1] == str(z.unmapped.step)


def test_a_run_that_magnifies_rounding_is_not_said_to_agree():
    sentence = said("gru", CHAOS)["z or 1 − z"]
    assert "nothing changes but rounding, which this run magnifies" in sentence
    assert found("gru", CHAOS).z.mapped.distance[0] < 1e-14
    assert not found("gru", CHAOS).z.mapped.same


def test_the_reset_is_said_to_move_the_states_or_not():
    name = "Reset before or after the product"
    sentence, moved = said("gru")[name], found("gru").reset.moved
    assert "agree at the first step, as h is still 0, and then differ by up to" in sentence
    assert read(numbers(sentence)[-2]) == float(f"{moved.largest:.2g}")
    assert numbers(sentence)[-1] == str(moved.step)
    one_step, one_unit = (said("gru", replace(OURS, **change))[name] for change in ({"text": "A"}, {"hidden_size": 1}))
    assert "agree to rounding in this run. A first step from a zero state cannot tell them apart." in one_step
    assert "agree to rounding in this run. They coincide where" in one_unit
    assert "first step" not in one_unit
    different = conclusions.said_reset(replace(found("gru").reset, moved=Apart(np.array([0.1, 0.3]))), 2)
    assert "differ by up to 0.30, at step 2" in different
    assert "agree" not in different


def test_biases_are_said_to_merge_or_not():
    name = "One bias or two"
    assert "do not merge" not in said("lstm")[name]
    sentence, merged = said("gru_reset_after")[name], found("gru_reset_after").biases.merged
    assert "b_n and c_n do not merge" in sentence
    assert read(numbers(sentence)[-2]) == float(f"{merged.largest:.2g}")
    shared = said("gru_reset_after", replace(OURS, weights="shared"))[name]
    assert shared.endswith("that makes no difference.")


def test_peepholes_are_said_to_matter_or_not():
    name = "With or without p_f, p_i and p_o"
    assert "differ by up to" in said("lstm_peephole")[name]
    assert said("lstm_peephole", replace(OURS, weights="shared"))[name].endswith("they make no difference.")


@pytest.mark.parametrize("name", CELLS)
def test_the_title_of_the_figure_and_its_words_hold_its_numbers(name):
    each = found(name)
    if not each.mistakes():
        return
    title, words = conclusions.mistakes(each), conclusions.described(each)
    for mistake, moved in each.mistakes().items():
        assert f"{conclusions.number(moved.largest, 2)} {mistake}" in title
        assert f"largest at step {moved.step} with {conclusions.number(moved.largest, 2)}" in words


@pytest.mark.parametrize("name", CELLS)
def test_the_summary_counts(name):
    sequence = sequence_of(OURS)
    params = trace(OURS, cell(name), sequence).params
    sentence = conclusions.summary(cell(name), sequence, 5)
    assert f"the cell {sum(value.size for value in params.values())} parameters." in sentence
    assert f"x has {len(set(OURS.text))} entries, every state 5 units" in sentence
    assert f"in {len(cell(name).names)} line" in sentence


# -- tables ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CELLS)
def test_every_name_has_a_meaning_a_shape_and_a_count(name):
    sequence, of = sequence_of(OURS), cell(name)
    table = written.names(of, sequence, 5)
    rows = {row[0].partition(",")[0]: row[1:] for row in zip(*table.values(), strict=True)}
    assert set(rows) == {"x", *of.states, *of.names, *of.parameters}
    for parameter, value in trace(OURS, of, sequence).params.items():
        meaning, _, here, count = rows[parameter]
        assert (here, count) == (" × ".join(map(str, value.shape)), str(value.size))
        assert meaning
    assert all(meaning for meaning, *_ in rows.values())


def test_what_a_parameter_does():
    rows = dict(zip(*list(written.names(cell("lstm_peephole"), sequence_of(OURS), 5).values())[:2], strict=True))
    assert rows["p_o"] == "weights by which c′ enters o, unit by unit"
    assert rows["U_g"] == "weights by which h enters g"
    gru = dict(zip(*list(written.names(cell("gru_reset_after"), sequence_of(OURS), 5).values())[:2], strict=True))
    assert (gru["b_n"], gru["c_n"]) == ("bias of n", "second bias of n")


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("text", "abc", "the step's own character"),
        ("words", "one two", "the step's own word"),
        ("numbers", "1 2", "the step's number"),
        ("rows", "1 2\n3 4", "the step's numbers"),
    ],
)
def test_every_kind_of_input_is_named(kind, text, words):
    assert words in written.names(cell("rnn"), parse_sequence(kind, text), 5)["what it is"][0]


@pytest.mark.parametrize("name", CELLS)
def test_arrays_elsewhere_have_the_shapes_of_the_arrays_that_are_written(name):
    of, sequence = cell(name), sequence_of(OURS)
    params = trace(OURS, of, sequence).params
    table = written.arrays(of, sequence.values.shape[1], 5)
    rows = list(zip(*table.values(), strict=True))
    for system in SYSTEMS:
        if (layout := find_layout(of, system)) is None:
            assert system not in table["system"]
            assert f"no equal in {system}" in written.elsewhere(of)
            continue
        arrays = layout.write(params)
        own = [row for row in rows if row[0] == system]
        assert {row[1]: row[3] for row in own} == {name: str(array.shape) for name, array in arrays.items()}
        for _, array, _, _, blocks in own:
            values = arrays[array]
            if "W" in blocks or "U" in blocks:
                flat = values.T if layout.columns else values.reshape(values.shape[-2:])
            else:
                flat = values.ravel()
            pieces = np.split(flat, blocks.count(",") + 1)
            for block, piece in zip(blocks.split(", "), pieces, strict=True):
                wanted = params[block.removeprefix("−")] * (-1 if block.startswith("−") else 1)
                assert np.array_equal(piece, wanted) or not piece.any()  # of two that are added the second is 0


@pytest.mark.parametrize("name", CELLS)
def test_a_formula_for_each_parameter_reads_it_back(name):
    of, sequence = cell(name), sequence_of(OURS)
    params = trace(OURS, of, sequence).params
    table = written.parameters_there(of)
    for system in list(table)[1:]:
        arrays = find_layout(of, system).write(params)
        for parameter, formula in zip(table["ours"], table[system], strict=True):
            np.testing.assert_array_equal(eval(formula, {"H": 5, **arrays}), params[parameter], err_msg=formula)


def test_conventions_of_each_system():
    gru, after = written.systems(cell("gru")), written.systems(cell("gru_reset_after"))
    assert list(gru) == ["", "here", "Keras", "ONNX"]
    assert list(after) == ["", "here", "PyTorch", "Keras", "ONNX"]
    z = gru[""].index("z")
    assert (gru["here"][z][:6], gru["Keras"][z][:5], after["PyTorch"][z][:5]) == ("writes", "keeps", "keeps")
    assert after["PyTorch"][0] == "r, z and n"
    assert after["Keras"][0] == "z, r and h (ours: z, r and n)"
    assert (after["Keras"][1], after["ONNX"][1]) == ("H columns", "H rows")
    assert after["PyTorch"][2] == "two; only their sum counts, but for n"
    assert {column[-1] for name, column in gru.items() if name} == {"before the product with U"}
    assert {column[-1] for name, column in after.items() if name} == {"after the product with U"}
    assert "z" not in written.systems(cell("lstm"))[""]


def test_signs_in_the_table_of_arrays_are_explained():
    assert written.signs(cell("gru")).startswith("A minus: Keras and ONNX hold it with the other sign")
    assert "minus" not in written.signs(cell("gru_reset_after"))
    assert written.signs(cell("lstm")) == "Twice the same name, in PyTorch and ONNX: the two are added."


# -- the figure --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("name", ["lstm", "gru", "gru_reset_after", "lstm_peephole"])
def test_the_figure_draws_the_differences(name, theme):
    moved = {mistake: each.distance for mistake, each in found(name).mistakes().items()}
    figure = mistakes_figure(moved, sequence_of(OURS).labels, theme)
    json.dumps(figure)
    low, high = figure["layout"]["yaxis"]["range"]
    for line, (mistake, values) in zip(figure["data"], moved.items(), strict=True):
        assert line["name"] == mistake
        drawn, positive = untyped(line["y"]), values > 0
        np.testing.assert_allclose(drawn[positive], np.log10(values[positive]), atol=1e-5)
        assert np.isnan(drawn[~positive]).all()
        assert low <= np.log10(values.max()) <= high
    assert len({line["line"]["dash"] for line in figure["data"]}) == len(figure["data"])


def test_one_step_is_a_point():
    figure = mistakes_figure({"with it": np.array([0.5])}, ["A"], THEMES["light"])
    assert figure["data"][0]["mode"] == "markers"
