"""Formulas: each form is read back to the tree that it was written from."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gru_viz import Cell, EquationError, InputError, cell, init_params, run
from gru_viz.cells import CATALOGUE
from gru_viz.equations import parse_equations
from gru_viz.grammar import MAX_CHARACTERS, MAX_DEPTH, MatrixProduct, Number, walk
from gru_viz.notation import formula, formulas, pre_activations, products, with_numbers
from gru_viz.notation.forms import Latex, MathML
from gru_viz.notation.symbols import GREEK, Names

ODD = Cell(
    "odd",
    """
    alpha_1 = sigmoid(W_in_z @ x - 1e-8 * b_t + U_zn @ (alpha_b * h))
    f2 = -(0.5 * h * 2 - h - -alpha_1) * b_ + 12345.678 * b_2
    q  = -tanh(U_1 @ (2) - U_1 @ (tanh(c))) * (W_in_z @ x) * (-c) * -h
    c' = (1 - alpha_1) * (1 - (1 - f2)) * c - --q
    h' = relu(U_1 @ (U_zn @ h)) - (f2 - (c' + h)) * 0.25 - (U_zn @ c') * alpha_1
    """,
)
CELLS = {each.name: each for each in (*CATALOGUE, ODD)}
by_cell = pytest.mark.parametrize("which", CELLS.values(), ids=CELLS)


def a_run(which, seed=0, steps=4, inputs=2, hidden=3, lead=(), sweep=False):
    rng = np.random.default_rng(seed)
    sets = [
        init_params(which, inputs, hidden, seed + k, recurrent_gain=1.5, input_gain=3) for k in range(sum(lead) or 1)
    ]
    params = {name: np.stack([each[name] for each in sets]) if sweep else sets[0][name] for name in sets[0]}
    state = {name: rng.normal(size=(*lead, hidden)) for name in which.states}
    return run(which, params, rng.normal(size=(steps, *lead, inputs)), state)


# -- reading each form back --------------------------------------------------------------------------------------------


def symbols(which):
    """What can stand in the cell's equations: text as typed -> (name, primed)."""
    names = [*which.parameters, *which.names, *which.states, "x"]
    return {name: (name, False) for name in names} | {f"{name}'": (name, True) for name in which.states}


def from_latex(text, which):
    """The language again, from LaTeX: names by their spelling, a product without a sign behind a matrix."""
    latex = Latex(Names.of(which.equations))
    spelled = {latex.name(latex.names.symbol(*symbols(which)[text])): text for text in symbols(which)}
    assert len(spelled) == len(symbols(which))
    text = re.sub(r"([0-9.]+) \\cdot 10\^\{(-?[0-9]+)\}", r"\1e\2", text)
    for name in sorted(spelled, key=len, reverse=True):
        is_matrix = len(which.parameters.get(spelled[name], ())) == 2
        text = text.replace(name, f" {spelled[name]} " + "@" * is_matrix)
    for command, sign in {r"\odot": "*", r"\cdot": "*", r"\sigma": "sigmoid", r"\tanh": "tanh"}.items():
        text = text.replace(command, sign)
    text = text.replace(r"\operatorname{ReLU}", "relu")
    assert not re.search(r"[\\{}_^](?![a-z0-9_ ']*)", text)
    return text


SIGNS = {"−": "-", "⊙": "*", "⋅": "*", "\u2062": "@", "\u2061": "", "σ": "sigmoid", "ReLU": "relu"}


def from_mathml(element, slot=None):
    """The language again, from the elements alone; ``slot`` says what stands for a number of the run."""
    tag = element.tag.removeprefix("{http://www.w3.org/1998/Math/MathML}")
    data = element.get("data-symbol")
    if tag == "msub" or (tag == "mi" and data):
        return f" {data} "
    if slot and tag == "mrow" and data:
        return slot(element, data)
    if tag == "msup":
        base, power = (from_mathml(part) for part in element)
        return f"{base}**({power})"
    return SIGNS.get(element.text, element.text or "") + "".join(from_mathml(part, slot) for part in element)


def without_powers(text):
    return re.sub(r"([0-9.]+)\*10\*\*\((-?[0-9]+)\)", r"\1e\2", text)


def from_words(text, which):
    """The language again, from what is said: a product behind a matrix is a product with it."""
    for name in sorted(symbols(which), key=len, reverse=True):
        if name in which.parameters:
            base = name.replace("_", " ")
            text = re.sub(rf"\b{base}\b(?! of t|\w|')", f"<{name}>" + " @" * (len(which.parameters[name]) == 2), text)
            text = text.replace("@ times", "@")
    for name in (*which.names, "x"):
        base = name.replace("_", " ")
        text = re.sub(rf"\b{base} of t\b", f"<{name}'>" if name in which.states else f"<{name}>", text)
    for name in which.states:
        text = text.replace(f"previous {name}", f"<{name}>")
    said = {"open bracket": "(", "close bracket": ")", "equals": "=", "plus": "+", "minus": "-", "negative": "-"}
    text = re.sub(r" times 10 to the power negative (\d+)", r"e-\1", text).replace("times", "*")
    for word, sign in said.items():
        text = text.replace(word, sign)
    text = re.sub(r"(sigmoid|tanh|relu) of (\(|<[^>]*>)", lambda m: m[1] + (m[2] if m[2] == "(" else f"({m[2]})"), text)
    return text.replace("<", " ").replace(">", " ")


def lines_of(which, form):
    read = {
        "plain": lambda made: made.plain,
        "latex": lambda made: from_latex(made.latex, which),
        "mathml": lambda made: without_powers(from_mathml(ElementTree.fromstring(made.mathml))),
        "words": lambda made: from_words(made.words, which),
    }[form]
    return parse_equations("\n".join(read(made) for made in formulas(which).values())).lines


@by_cell
@pytest.mark.parametrize("form", ["plain", "latex", "mathml"])
def test_each_form_has_the_brackets_of_its_tree(which, form):
    assert lines_of(which, form) == which.equations.lines


@pytest.mark.parametrize("which", CATALOGUE, ids=lambda each: each.name)
def test_words_say_the_tree(which):
    assert lines_of(which, "words") == which.equations.lines


LEAVES = ["h", "c", "z", "b", "b_1", "W @ x", "1", "0.5", "1e-8", "123456789", "2.5e+20"]
leaves = st.sampled_from(LEAVES)
texts = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: "(" + ") + (".join(parts) + ")"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: "(" + ") - (".join(parts) + ")"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: "(" + ") * (".join(parts) + ")"),
        inner.map(lambda part: f"-({part})"),
        st.tuples(st.sampled_from(["sigmoid", "tanh", "relu"]), inner).map("{0[0]}({0[1]})".format),
        st.tuples(st.sampled_from(["U", "U_1"]), inner).map("{0[0]} @ ({0[1]})".format),
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(texts, texts, texts)
@example("2 * -h", "-(-h)", "(-h) * h - (-h) - (h - 1)")
@example("h * (-((h) * (c)))", "-((-h) * c)", "h * -(-(h * c))")
@example("b", "U @ (2)", "U @ (-h) + -(U @ h) * 1")
def test_any_tree_comes_back_from_each_form(gate, cell_state, hidden):
    text = f"z = {gate.replace('z', 'h')}\nc' = {cell_state}\nh' = {hidden} + 0 * c'"
    which = Cell("random", text)
    for form in ("plain", "latex", "mathml"):
        assert lines_of(which, form) == which.equations.lines, form


@pytest.mark.parametrize(
    "right",
    [
        "-" * MAX_DEPTH + "h",
        "h * " + "-" * MAX_DEPTH + "h",
        "h - " + "-" * MAX_DEPTH + "h",
        "(h - " * MAX_DEPTH + "h" + ")" * MAX_DEPTH,
        "(h * h * " * MAX_DEPTH + "h" + ")" * MAX_DEPTH,
        " * ".join(["h"] * 900),
        f"{'b_' * 1_900} * h",
    ],
)
def test_plain_text_takes_no_more_depth_than_was_typed(right):
    which = Cell("deep", f"h' = {right}")
    made = formula(which, "h")
    assert len(made.plain) <= MAX_CHARACTERS
    assert parse_equations(made.plain).lines == which.equations.lines
    ElementTree.fromstring(made.mathml)


# -- exact texts -------------------------------------------------------------------------------------------------------


GATE = r"\mathbf{{{0}}}_{{t}} = {1}(\mathbf{{W}}_{{{0}}} \mathbf{{x}}_{{t}} + \mathbf{{U}}_{{{0}}} \mathbf{{h}}_{{t-1}} + \mathbf{{b}}_{{{0}}})"  # noqa: E501
SAID = "{0} of t equals {1} of open bracket W {0} times x of t plus U {0} times previous h plus b {0} close bracket"


def test_lstm_in_full():
    made = formulas(cell("lstm"))
    assert list(made) == ["f", "i", "o", "g", "c", "h"]
    for gate in "fiog":
        function = "tanh" if gate == "g" else "sigmoid"
        assert made[gate].plain == f"{gate} = {function}(W_{gate} @ x + U_{gate} @ h + b_{gate})"
        assert made[gate].latex == GATE.format(gate, r"\tanh" if gate == "g" else r"\sigma")
        assert made[gate].words == SAID.format(gate, function)
    assert made["c"].latex == (
        r"\mathbf{c}_{t} = \mathbf{f}_{t} \odot \mathbf{c}_{t-1} + \mathbf{i}_{t} \odot \mathbf{g}_{t}"
    )
    assert made["c"].words == "c of t equals f of t times previous c plus i of t times g of t"
    assert made["h"].plain == "h' = o * tanh(c')"
    assert made["h"].latex == r"\mathbf{h}_{t} = \mathbf{o}_{t} \odot \tanh(\mathbf{c}_{t})"
    assert made["h"].words == "h of t equals o of t times tanh of c of t"


def test_gru_in_full():
    made = formulas(cell("gru"))
    for gate in "rz":
        assert made[gate].words == SAID.format(gate, "sigmoid")
    assert made["n"].plain == "n = tanh(W_n @ x + U_n @ (r * h) + b_n)"
    assert made["n"].words == (
        "n of t equals tanh of open bracket W n times x of t plus U n times open bracket r of t times previous h "
        "close bracket plus b n close bracket"
    )
    assert made["h"].latex == (
        r"\mathbf{h}_{t} = (1 - \mathbf{z}_{t}) \odot \mathbf{h}_{t-1} + \mathbf{z}_{t} \odot \mathbf{n}_{t}"
    )
    assert made["h"].words == (
        "h of t equals open bracket 1 minus z of t close bracket times previous h plus z of t times n of t"
    )


def test_mathml_of_one_line_in_full():
    bold = '<mi mathvariant="normal" style="font-weight: bold"'
    assert formula(Cell("one", "h' = U_1 @ h"), "h'").mathml == (
        '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block" '
        'aria-label="h of t equals U 1 times previous h">'
        f'<mrow><msub data-symbol="h&#x27;">{bold}>h</mi><mi>t</mi></msub><mo>=</mo><mrow data-symbol="U_1 @ h">'
        f'<msub data-symbol="U_1">{bold}>U</mi><mn>1</mn></msub><mo>\u2062</mo>'
        f'<msub data-symbol="h">{bold}>h</mi><mrow><mi>t</mi><mo>−</mo><mn>1</mn></mrow></msub></mrow></mrow></math>'
    )


@pytest.mark.parametrize(
    ("right", "read", "with_its_numbers"),
    [
        ("h + -b - -h", "ht−1+(−b)−(−ht−1)", "0.500+(−(−2.00))−(−0.500)"),
        ("-h - (-b) * h", "−ht−1−(−b)⊙ht−1", "−0.500−(−(−2.00))·0.500"),
        ("--h + b * b", "−(−ht−1)+b⊙b", "−(−0.500)+(−2.00)·(−2.00)"),
        ("b - b * h", "b−b⊙ht−1", "−2.00−(−2.00)·0.500"),
        ("0.5 * h * b * 2", "0.5·ht−1⊙b·2", "0.5·0.500·(−2.00)·2"),
        ("(1 - 3) * h", "(1−3)·ht−1", "(1−3)·0.500"),
        ("tanh(h) * relu(b)", "tanh(ht−1)⊙ReLU(b)", "tanh(0.500)·ReLU(−2.00)"),
        ("(1 - h) * (U @ h)", "(1−ht−1)⊙(Uht−1)", "(1−0.500)·1.50"),
        ("U @ (2)", "U(2)", "6.00"),
    ],
)
def test_signs_never_meet_and_numbers_take_a_dot(right, read, with_its_numbers):
    which = Cell("signs", f"h' = {right}")
    values = {"b": [-2.0], "U": [[3.0]]}
    trace = run(which, {name: values[name] for name in which.parameters}, [[0.0]], {"h": [0.5]})
    for made, expected in ((formula(which, "h"), read), (with_numbers(trace, "h", 0, 0), with_its_numbers)):
        text = "".join(ElementTree.fromstring(made.mathml).itertext()).replace("⋅", "·")
        assert re.sub("[\u2061\u2062]", "", text).split("=")[1] == expected
        assert made.latex.count(r"\odot") == expected.count("⊙")
        assert made.latex.count(r"\cdot") == expected.count("·")
        assert made.latex.count("(") == expected.count("(")


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("W_z", r"\mathbf{W}_{z}"),
        ("U_zn", r"\mathbf{U}_{\mathrm{zn}}"),
        ("b", r"\mathbf{b}"),
        ("f2_b", r"\mathbf{f2}_{b}"),
        ("alpha_b", r"\boldsymbol{\alpha}_{b}"),
        ("b_alpha_12_in", r"\mathbf{b}_{\alpha,12,\mathrm{in}}"),
        ("W_", r"\mathbf{W\_}"),
        ("_", r"\mathbf{\_}"),
        ("b_t", r"\mathbf{b\_t}"),
        ("sigma_1", r"\mathbf{sigma}_{1}"),
        ("z", r"\mathbf{z}_{t}"),
        ("z_1", r"\mathbf{z}_{1,t}"),
        ("h", r"\mathbf{h}_{t-1}"),
        ("h'", r"\mathbf{h}_{t}"),
    ],
)
def test_names_are_set_as_in_text_books(name, latex):
    form = Latex(Names(frozenset({"h"}), frozenset({"z", "z_1", "x"})))
    assert form.name(form.names.symbol(name.rstrip("'"), name.endswith("'"))) == latex


names = st.text("abtzW_12", min_size=1, max_size=5) | st.lists(
    st.sampled_from([*GREEK, "t", "z", "1", "in", ""]), min_size=1, max_size=3
).map("_".join)


@given(names, names, st.booleans(), st.booleans())
def test_two_names_never_look_alike(one, other, one_is_value, other_is_value):
    assume(one != other)
    values = frozenset([one] * one_is_value + [other] * other_is_value)
    known = Names(frozenset(), values)
    for form in (Latex(known), MathML(known, "")):
        plain = [re.sub(' data-symbol="[^"]*"', "", form.name(known.symbol(name))) for name in (one, other)]
        assert plain[0] != plain[1]


# -- LaTeX and MathML as languages -------------------------------------------------------------------------------------


CORE = {"math", "mrow", "mi", "mn", "mo", "msub", "msup", "mtext"}  # of MathML Core
CHILDREN = {"msub": 2, "msup": 2, "mi": 0, "mn": 0, "mo": 0, "mtext": 0}
ATTRIBUTES = {"data-symbol", "data-brackets", "mathvariant", "style", "stretchy", "form", "display", "aria-label"}


def assert_mathml(text, words):
    root = ElementTree.fromstring(text)
    assert text.startswith('<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"')
    assert root.get("aria-label") == words
    for element in root.iter():
        tag = element.tag.removeprefix("{http://www.w3.org/1998/Math/MathML}")
        assert tag in CORE
        assert set(element.attrib) <= ATTRIBUTES
        assert element.get("mathvariant", "normal") == "normal"  # no other value is in MathML Core
        assert len(element) == CHILDREN.get(tag, len(element))
        assert bool(element.text) == (CHILDREN.get(tag) == 0)
        assert element.tail is None
        if tag == "mn":
            assert re.fullmatch(r"[0-9.\u202f]+", element.text)
        if element.text in ("(", ")"):
            assert element.get("stretchy") == "false"
        if tag == "mrow" and len(element) and element[0].text == "−":
            assert element[0].get("form") == "prefix"


COMMANDS = ["mathbf", "boldsymbol", "mathrm", "operatorname", "odot", "cdot", "sigma", "tanh", "text", "infty", *GREEK]
TOKENS = re.compile(rf"(?:\\(?:{'|'.join(COMMANDS)})(?![a-z])|\\[_,]|[A-Za-z0-9.,=+()^_ -]|[{{}}])+")


def assert_latex(text):
    assert TOKENS.fullmatch(text), text
    depths = np.cumsum([{"{": 1, "}": -1}.get(character, 0) for character in text])
    assert depths[-1] == 0
    assert depths.min() >= 0
    assert all(text[k + 1] == "{" for k, c in enumerate(text) if c in "^_" and text[k - 1] != "\\")
    assert text.count("(") == text.count(")")


@by_cell
def test_formulas_are_valid_latex_and_mathml(which):
    trace = a_run(which)
    for name in which.names:
        for made in (formula(which, name), with_numbers(trace, name, 2, 1)):
            assert_mathml(made.mathml, made.words)
            assert_latex(made.latex)
            assert re.fullmatch(r"[A-Za-z0-9. ]+", made.words.replace("b_t", "").replace("b_", ""))


@by_cell
def test_what_can_be_pointed_at_is_text_that_the_trace_knows(which):
    trace = a_run(which)
    for name in which.names:
        root = ElementTree.fromstring(formula(which, name).mathml)
        found = [element.get("data-symbol") for element in root.iter() if element.get("data-symbol")]
        assert set(pre_activations(which, name)) <= {*found, *found[-1:]} | {formula(which, name).plain.split(" = ")[1]}
        for text in found:
            if text != "x" and len(which.parameters.get(text, ())) != 2:
                trace.value(text)


# -- errors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda t, b: formula(t.cell, "q"), "gru has no equation for 'q'; it has equations for r, z, n, h'."),
        (
            lambda t, b: pre_activations(t.cell, "b_z"),
            "gru has no equation for 'b_z'; it has equations for r, z, n, h'.",
        ),
        (lambda t, b: with_numbers(t, "x", 0, 0), "gru has no equation for 'x'; it has equations for r, z, n, h'."),
        (lambda t, b: with_numbers(t, "z", 4, 0), "step is 4; a whole number from 0 to 3 is allowed."),
        (lambda t, b: with_numbers(t, "z", -1, 0), "step is -1; a whole number from 0 to 3 is allowed."),
        (lambda t, b: products(t, "z", 0, 3), "unit is 3; a whole number from 0 to 2 is allowed."),
        (lambda t, b: products(t, "z", 0, True), "unit is True; a whole number from 0 to 2 is allowed."),
        (lambda t, b: products(t, "z", 0.0, 1), "step is 0.0; a whole number from 0 to 3 is allowed."),
        (lambda t, b: products(t, "z", 0, 1, row=0), "row is 0; this run has no batch, so none is allowed."),
        (lambda t, b: with_numbers(b, "z", 0, 1), "row is None; a whole number from 0 to 1 is allowed."),
        (lambda t, b: with_numbers(b, "z", 0, 1, row=2), "row is 2; a whole number from 0 to 1 is allowed."),
    ],
)
def test_errors_say_what_came_and_what_is_allowed(ask, words):
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        ask(a_run(cell("gru")), a_run(cell("gru"), lead=(2,)))


def test_an_expression_that_cannot_be_read_is_an_equation_error():
    with pytest.raises(EquationError, match="did you mean"):
        products(a_run(cell("gru")), "U_q @ h", 0, 0)


def test_the_cells_of_these_tests_hold_every_kind_of_part():
    parts = [part for line in ODD.equations.lines for part in walk(line.expression)]
    assert {type(part).__name__ for part in parts} == {
        "Name", "Number", "MatrixProduct", "Call", "Negative", "Sum", "Product",
    }  # fmt: skip
    assert any(isinstance(part, MatrixProduct) and isinstance(part.operand, Number) for part in parts)
