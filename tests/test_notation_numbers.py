"""Formulas with the numbers of a run: they evaluate to the value, and any number is opened into its products."""

import math
import re
from decimal import Decimal, localcontext
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gru_viz import Cell, cell, run
from gru_viz.cells import CATALOGUE
from gru_viz.notation import pre_activations, products, remainder, with_numbers
from gru_viz.theme import number
from tests.test_notation import a_run, assert_mathml, by_cell, from_mathml, texts, without_powers

# -- with numbers ------------------------------------------------------------------------------------------------------


def sigmoid(a):
    return math.exp(min(a, 0.0)) / (1 + math.exp(-abs(a)))


def evaluate(text):
    functions = {"tanh": math.tanh, "sigmoid": sigmoid, "relu": lambda a: max(a, 0.0)}
    return eval(text, {"__builtins__": {}} | functions)


def shown(text):
    """Python's spelling of a number in look.md's: 12 300, −2.44·10⁻¹⁴."""
    plain = text.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-", "\u202f"))
    return plain.replace("·10", "e")


LEADS = {"alone": {}, "batch": {"lead": (2,)}, "sweep": {"lead": (2,), "sweep": True}}
by_lead = pytest.mark.parametrize("lead", LEADS.values(), ids=LEADS)


@by_cell
@by_lead
def test_numbers_are_those_of_the_trace_and_give_the_left_side(which, lead):
    for seed in range(4):
        trace, rng = a_run(which, seed, **lead), np.random.default_rng(seed)
        step, unit, row = rng.integers(4), rng.integers(3), rng.integers(2) if lead else None
        at = (step, unit) if row is None else (step, row, unit)
        for name in which.names:
            made = with_numbers(trace, name, step, unit, row)
            left, _, right = ElementTree.fromstring(made.mathml)[0]

            def slot(element, text, trace=trace, at=at):
                value = float(trace.value(text)[at])
                negative = "data-brackets" in element.attrib and value < 0
                inside = without_powers("".join(from_mathml(part) for part in element)).replace("\u202f", "")
                assert inside == ("({})" if negative else "{}").format(shown(number(value)))
                return f"({value!r})"

            value = float(trace[name][at])
            assert left.get("data-symbol") == name + "'" * (name in which.states)
            assert evaluate(slot(left, left.get("data-symbol"))) == value
            assert evaluate(from_mathml(right, slot)) == pytest.approx(value, rel=1e-12, abs=1e-12)


@by_cell
def test_the_three_forms_show_the_same_numbers(which):
    for seed in range(4):
        trace = a_run(which, seed)
        for name in which.names:
            made = with_numbers(trace, name, seed, 1)
            mathml = without_powers(from_mathml(ElementTree.fromstring(made.mathml)))
            latex = re.sub(r" \\cdot 10\^\{(-?[0-9]+)\}", r"e\1", made.latex)
            for one, other in {r"\cdot": "*", r"\sigma": "sigmoid", r"\operatorname{ReLU}": "relu", r"\,": ""}.items():
                latex = latex.replace(one, other)
            same = [re.sub(r"[\\ \u202f]", "", text) for text in (mathml, latex)]
            plain = re.sub("·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda found: shown(found[0]), made.plain)
            same.append(shown(plain.replace("·", "*").replace("σ", "sigmoid")).replace(" ", ""))
            assert same[0] == same[1] == same[2]


NUMBER = re.compile(r"(?<![\d.])[\d.]+(?:e-?\d+)?")


def rounding(text):
    """Half of the last digit of a number as shown; none of the 1 and the powers that an equation itself holds."""
    return 0.5 * float(Decimal((0, (1,), Decimal(text).as_tuple().exponent))) if "." in text else 0.0


@pytest.mark.parametrize("which", CATALOGUE, ids=lambda each: each.name)
def test_what_is_shown_adds_up_within_its_rounding(which):
    for seed in range(10):
        trace = a_run(which, seed, steps=10)
        for name in which.names:
            text = re.sub("·10(?=[⁻⁰¹²³⁴⁵⁶⁷⁸⁹])", "e", with_numbers(trace, name, seed, seed % 3).plain)
            text = shown(text).replace("·", "*").replace("σ", "sigmoid")
            left, right = text.split(" = ")
            value, bound = evaluate(right), rounding(left.lstrip("-"))
            for found in NUMBER.finditer(right):
                moved = f"({found[0]} + {rounding(found[0])!r})"
                bound += abs(evaluate(right[: found.start()] + moved + right[found.end() :]) - value)
            assert abs(evaluate(left) - value) <= 1.02 * bound + 1e-12


def test_numbers_look_as_in_the_sketch():
    which = Cell("sketch", "c' = f_b * c + i_b * g_b - 1e-8 * b_big\nh' = tanh(U @ c' - b)")
    vectors = {"f_b": [0.93], "i_b": [0.12], "g_b": [-0.37], "b_big": [12345.6], "b": [-2.44e-14], "U": [[-0.842]]}
    trace = run(which, vectors, [[0.0]], {"c": [0.61]})
    made = with_numbers(trace, "c", 0, 0)
    assert made.plain == "0.523 = 0.930·0.610 + 0.120·(−0.370) − 1·10⁻⁸·12\u202f300"
    assert made.latex == r"0.523 = 0.930 \cdot 0.610 + 0.120 \cdot (-0.370) - 1 \cdot 10^{-8} \cdot 12\,300"
    assert made.words == (
        "0.523 equals 0.930 times 0.610 plus 0.120 times negative 0.370 minus 1 times 10 to the power negative 8 "
        "times 12300"
    )
    made = with_numbers(trace, "h'", 0, 0)
    assert made.plain == "−0.414 = tanh(−0.440 − (−2.44·10⁻¹⁴))"
    assert made.latex == r"-0.414 = \tanh(-0.440 - (-2.44 \cdot 10^{-14}))"


def test_infinity_has_its_sign_in_each_form():
    trace = run(Cell("huge", "h' = tanh(U @ (-1e308 * h * 100))"), {"U": [[2.0]]}, [[0.0]], {"h": [1.0]})
    made = with_numbers(trace, "h", 0, 0)
    assert made.plain == "−1.00 = tanh(−∞)"
    assert made.latex == r"-1.00 = \tanh(-\infty)"
    assert made.words == "negative 1.00 equals tanh of negative infinity"
    assert_mathml(made.mathml, made.words)
    opened = products(trace, "h", 0, 0)
    assert (opened.total, opened.remainder()) == (-math.inf, "")


@by_cell
@pytest.mark.parametrize("lead", [LEADS["batch"], LEADS["sweep"]], ids=["batch", "sweep"])
def test_a_row_is_shown_as_if_it_had_run_alone(which, lead):
    trace = a_run(which, **lead)
    params = {name: value[1] if trace.sweep else value for name, value in trace.params.items()}
    alone = run(which, params, trace["x"][:, 1], {name: trace.before[name][0, 1] for name in which.states})
    for name in which.names:
        assert with_numbers(trace, name, 3, 2, row=1) == with_numbers(alone, name, 3, 2)


def test_a_sweep_over_one_input_has_rows_too():
    which = cell("gru")
    one = a_run(which, lead=(2,), sweep=True)
    shared = run(which, one.params, one["x"][:, 0], {"h": one.before["h"][0]})
    assert with_numbers(shared, "n", 2, 0, row=0) == with_numbers(one, "n", 2, 0, row=0)
    assert products(shared, "z", 2, 0, row=0) == products(one, "z", 2, 0, row=0)


# -- any number opened -------------------------------------------------------------------------------------------------


def arrays(trace, step, row):
    """What the names in a term stand for; a primed name is spelled with two underscores."""
    at = (step,) if row is None else (step, row)
    known = {name: value[row] if trace.sweep else value for name, value in trace.params.items()}
    known |= {name: trace[name][at] for name in (*trace.cell.names, "x")}
    known |= {f"{name}__": trace[name][at] for name in trace.cell.states}
    known |= {name: trace.before[name][at] for name in trace.cell.states}
    functions = {"tanh": np.tanh, "sigmoid": lambda a: 1 / (1 + np.exp(-a)), "relu": lambda a: np.maximum(a, 0)}
    return known | functions | {"σ": functions["sigmoid"]}


@by_cell
@by_lead
def test_every_term_is_what_it_says_and_the_terms_are_the_total(which, lead):
    for seed in range(3):
        trace, rng = a_run(which, seed, **lead), np.random.default_rng(seed)
        step, unit, row = rng.integers(4), rng.integers(3), rng.integers(2) if lead else None
        at = (step, unit) if row is None else (step, row, unit)
        for name in which.names:
            waiting = [name, *pre_activations(which, name)]
            while waiting:
                opened = products(trace, waiting.pop(), step, unit, row)
                assert opened.total == pytest.approx(trace.value(opened.expression)[at], rel=1e-12, abs=1e-12)
                assert math.fsum(term.product for term in opened.terms) == pytest.approx(
                    opened.total, abs=1e-12, rel=1e-12
                )
                for term in opened.terms:
                    text = re.sub("·10(?=[⁻⁰¹²³⁴⁵⁶⁷⁸⁹])", "e", term.what)
                    text = shown(text).replace("·", "*").replace("'", "__")
                    text = re.sub(r"(U_1) @ \(?2\)?", r"\1.sum(axis=1) * 2", text)
                    found = eval(text, arrays(trace, step, row))
                    assert term.product == pytest.approx(float(found), rel=1e-12, abs=1e-12), term.what
                    weight = 1.0 if term.weight is None else term.weight
                    sign = -1 if term.what.startswith("−") else 1
                    assert term.product == sign * weight * term.value
                    waiting.extend(term.opens)


@settings(max_examples=150, deadline=None)
@given(texts, texts, st.integers(0, 5), st.sampled_from(list(LEADS)))
def test_the_terms_of_random_cells_are_the_total(cell_state, hidden, seed, lead):
    tame = re.compile(r"123456789|2.5e\+20|z")
    cell_state, hidden = tame.sub("0.7", cell_state), tame.sub("c'", hidden)
    which = Cell("random", f"c' = tanh({cell_state})\nh' = sigmoid({hidden})")
    trace = a_run(which, seed, **LEADS[lead])
    row = None if lead == "alone" else 1
    for name in which.names:
        opened = products(trace, name, 3, 1, row)
        largest = max(abs(term.product) for term in opened.terms)
        at = (3, 1) if row is None else (3, row, 1)
        assert abs(math.fsum(term.product for term in opened.terms) - opened.total) <= 1e-12 * max(1, largest)
        assert opened.total == pytest.approx(trace.value(opened.expression)[at], rel=1e-12, abs=1e-12 * max(1, largest))


def test_a_pre_activation_is_the_list_of_its_products():
    trace = a_run(cell("gru"))
    opened = products(trace, "z", 2, 1)
    assert opened.expression == "W_z @ x + U_z @ h + b_z"
    assert [term.what for term in opened.terms] == [
        *(f"W_z[1, {k}]·x[{k}]" for k in range(2)),
        *(f"U_z[1, {k}]·h[{k}]" for k in range(3)),
        "b_z[1]",
    ]
    assert opened.terms[0].weight == trace.params["W_z"][1, 0]
    assert opened.terms[0].value == trace["x"][2, 0]
    assert opened.terms[-1].weight is None
    assert products(trace, "W_z @ x + U_z @ h + b_z", 2, 1) == opened
    candidate = products(trace, "n", 2, 1)
    assert candidate.terms[2].what == "U_n[1, 0]·(r·h)[0]"
    assert candidate.terms[2].value == trace["r"][2, 0] * trace.before["h"][2, 0]
    assert [term.what for term in products(trace, "h", 2, 1).terms] == ["(1 − z)[1]·h[1]", "z[1]·n[1]"]


def test_elementwise_terms_and_what_they_open():
    after = products(a_run(cell("gru_reset_after")), "n", 0, 2)
    assert after.terms[-1].what == "r[2]·(U_n @ h + c_n)[2]"
    assert after.terms[-1].opens == ("U_n @ h + c_n",)
    assert [term.what for term in products(a_run(cell("lstm_peephole")), "o", 0, 0).terms][-2:] == [
        "p_o[0]·c'[0]",
        "b_o[0]",
    ]


def test_pre_activations_of_any_shape_are_found():
    which = Cell("line", "h' = U @ h - sigmoid(W @ x) * tanh(U @ tanh_1 + tanh(b)) - (1 - sigmoid(W @ x)) * h")
    assert pre_activations(which, "h") == (
        "U @ h - sigmoid(W @ x) * tanh(U @ tanh_1 + tanh(b)) - (1 - sigmoid(W @ x)) * h",
        "W @ x",
        "U @ tanh_1 + tanh(b)",
    )
    assert pre_activations(cell("gru"), "z") == ("W_z @ x + U_z @ h + b_z",)
    assert pre_activations(cell("gru"), "h'") == ()


# -- what rounded terms lack -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "total", "lacks"),
    [
        ([0.123, 0.456], 0.579, ""),
        ([0.1234, 0.4564], 0.5798, "0.001"),
        ([0.1236, 0.4566], 0.5802, "−0.001"),
        ([1.0], 1.0, ""),
        ([0.00456, 0.123], 0.12756, ""),
        ([0.3333, -0.33329], 0.00001, "1·10⁻⁵"),
        ([12_345.0, 54_321.0], 66_666.0, "100"),
        ([-2.444e-14, -2.444e-14], -4.888e-14, "−1·10⁻¹⁶"),
        ([1.0, 9.5], 10.5, ""),
        ([0.0, 0.0], 0.0, ""),
        ([math.inf, 1.0], math.inf, ""),
    ],
)
def test_remainders(parts, total, lacks):
    assert remainder(parts, total) == lacks


@settings(max_examples=300, deadline=None)
@given(st.lists(st.floats(-50, 50), min_size=1, max_size=8), st.integers(2, 5))
@example([5e-324, 5e-324], 2)
@example([50.0, 1e-30, -50.0], 3)
def test_with_its_remainder_a_sum_adds_up_in_the_last_digit_shown(parts, digits):
    total = math.fsum(parts)
    lacking = remainder(parts, total, digits)
    with localcontext(prec=1_000):  # exact
        goal = Decimal(shown(number(total, digits)))
        added = sum(Decimal(shown(number(part, digits))) for part in parts)
        last = Decimal((0, (1,), goal.as_tuple().exponent))
        assert abs(added + Decimal(shown(lacking or "0")) - goal) <= last / 2
        assert bool(lacking) == (abs(added - goal) > last / 2)
