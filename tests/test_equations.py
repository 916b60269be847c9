"""Text to equations: the grammar, and random cells against torch."""

import re
from typing import ClassVar

import numpy as np
import pytest
import torch

import gru_viz
from gru_viz import Cell, backpropagate, init_params, run
from gru_viz.backward import backward_plan
from gru_viz.equations import parse_equations
from gru_viz.forward import forward_plan
from tests.reference import apply, disagreements, expected, found, problem

SIZES = {"H": 3, "I": 2}


def new_state(expression: str, **numbers) -> np.ndarray:
    """h' after one step: 3 units, h = (0.5, -2, 3), x = (1, -1), and what is given for the parameters."""
    cell = Cell("one", f"h' = {expression}")
    params = {name: np.broadcast_to(numbers[name], [SIZES[k] for k in shape])
              for name, shape in cell.parameters.items()}  # fmt: skip
    return run(cell, params, [[1.0, -1.0]], {"h": HIDDEN})["h"][0]


HIDDEN = np.array([0.5, -2.0, 3.0])
U = np.array([[1.0, 2.0, 0.0], [0.5, 0.0, -1.0], [3.0, 1.0, 1.0]])
W = np.array([[1.0, 4.0], [0.0, 2.0], [-1.0, 0.5]])


# -- the grammar -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("h - 1 - 2", HIDDEN - 3),
        ("1 - (h - 2)", 3 - HIDDEN),
        ("1 - (2 - (3 - h))", 2 - HIDDEN),
        ("1 - 2 * h", 1 - 2 * HIDDEN),
        ("-h * h", -(HIDDEN**2)),
        ("2 * -h", -2 * HIDDEN),
        ("h - -h", 2 * HIDDEN),
        ("--h", HIDDEN),
        ("-(h + 1) * 2", -2 * (HIDDEN + 1)),
        ("h * (1 + h) * 0.5", HIDDEN * (1 + HIDDEN) / 2),
        ("U @ h", U @ HIDDEN),
        ("-U @ h", -(U @ HIDDEN)),
        ("U @ h - U @ h + h", HIDDEN),
        ("h - U @ h", HIDDEN - U @ HIDDEN),
        ("1 + U @ (h * h)", 1 + U @ HIDDEN**2),
        ("(U @ h) * h", (U @ HIDDEN) * HIDDEN),
        ("U @ (U @ h)", U @ U @ HIDDEN),
        ("U @ (2)", U @ np.full(3, 2.0)),
        ("U @ (b)", U @ np.array([1.0, 2.0, 3.0])),
        ("W @ x", W @ [1.0, -1.0]),
        ("W @ (x)", W @ [1.0, -1.0]),
        ("(W @ x) * h", (W @ [1.0, -1.0]) * HIDDEN),
        ("relu(h)", [0.5, 0, 3]),
        ("tanh(relu(-h))", np.tanh([0, 2.0, 0])),
        ("sigmoid(1 - h)", 1 / (1 + np.exp(HIDDEN - 1))),
        ("b", [1, 2, 3]),
        ("b * b_1 + c_n", [4, 6, 8]),
        ("_", [7, 7, 7]),
        ("2", [2, 2, 2]),
        (".5", [0.5] * 3),
        ("2.", [2] * 3),
        ("1e-3 + 2E+1", [20.001] * 3),
        ("007", [7] * 3),
        ("0 * h", [0, 0, 0]),
        ("h + 0", HIDDEN),
    ],
)
def test_an_expression_means_what_mathematics_means(expression, value):
    numbers = {"U": U, "W": W, "b": [1.0, 2.0, 3.0], "b_1": 2.0, "c_n": 2.0, "_": 7.0}
    np.testing.assert_allclose(new_state(expression, **numbers), value, rtol=1e-15, atol=1e-15)


def test_lines_spaces_tabs_and_brackets_are_free():
    plain = parse_equations("z = sigmoid(U_z @ h + b_z)\nh' = z * h")
    for text in (
        "\n\n  z=sigmoid(U_z@h+b_z)  \n\n\th'=z*h\n\n",
        "z = sigmoid(U_z @ h + b_z)\r\nh' = z * h\r\n",
        "z = sigmoid(\n  U_z @ h\n  + b_z\n)\nh' = (z\n\n* h)",
        "z\t=\tsigmoid((U_z @ (h)) + (b_z))\nh' = ((z)) * (h)",
    ):
        again = parse_equations(text)
        assert again.lines == plain.lines
        assert again.parameters == plain.parameters


def test_states_and_names_and_parameters_come_in_order():
    cell = Cell("three", "d' = b_2 * d\nq = U_q @ d'\nc' = q + V @ x\nh' = c' + d' + h")
    assert cell.states == ("h", "d", "c")
    assert cell.names == ("d", "q", "c", "h")
    assert list(cell.parameters.items()) == [("b_2", ("H",)), ("U_q", ("H", "H")), ("V", ("H", "I"))]


def test_a_primed_name_is_the_new_value_and_an_unprimed_one_the_old():
    cell = Cell("old and new", "c' = c + 1\nh' = 10 * c' + c")
    trace = run(cell, {}, [[0.0], [0.0]], {"c": [1.0], "h": [0.0]})
    assert trace["h"][:, 0].tolist() == [21.0, 32.0]


def test_words_that_mean_something_to_python_are_only_names():
    cell = Cell("words", "lambda = sigmoid(h)\nexec = lambda * h\nsteps = exec + b_import\nh' = steps - np_add")
    trace = run(cell, {"b_import": [1.0], "np_add": [2.0]}, [[0.0]])
    assert trace["steps"] == [[1.0]]
    assert trace["h"] == [[-1.0]]


# -- random cells against torch ----------------------------------------------------------------------------------------


# A tree is made at random, printed with the brackets that it needs and some that it does not, and run in torch itself:
# the parser, the graph, the loops and the derivatives all have to agree with it.
class RandomCell:
    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.states = ["h", "c", "d"][: self.rng.integers(1, 4)]
        self.known = {name: name for name in self.states}  # symbol -> key in the values of a step
        order = ["p", "q", "s", *(f"{state}'" for state in self.states)]
        self.lines = []
        for symbol in self.rng.permutation(order):
            self.lines.append((str(symbol), self.bounded(2)))
            self.known[str(symbol)] = str(symbol)

    def pick(self, *choices):
        return choices[self.rng.integers(len(choices))]

    def bounded(self, depth: int) -> tuple:
        """A right side whose values stay near 1: a sum of squashed values, or a mixture by a gate."""
        function = self.pick("tanh", "sigmoid", "tanh")
        gate = ("call", "sigmoid", self.tree(depth))
        mixture = (
            "sum",
            [
                ("mul", [gate, self.leaf()]),
                ("mul", [("sum", [("num", 1.0), gate], [1, -1]), ("call", "tanh", self.tree(depth))]),
            ],
            [1, 1],
        )
        return self.pick(("call", function, self.tree(depth)), mixture, ("neg", ("call", function, self.tree(depth))),
                         ("mul", [("num", 0.5), self.leaf(), ("call", "tanh", self.tree(depth))]))  # fmt: skip

    def leaf(self) -> tuple:
        return ("name", self.pick(*self.known))

    def tree(self, depth: int) -> tuple:
        if depth == 0:
            return self.pick(
                self.leaf(),
                self.leaf(),
                ("vec", self.pick("b", "b_1", "b_2")),
                ("num", self.pick(0.5, 2.0, 1.0, 1.5e-1)),
            )
        below = [self.tree(depth - 1) for _ in range(self.rng.integers(1, 4))]
        return self.pick(
            ("sum", below, [1, *(int(self.pick(1, -1)) for _ in below[1:])]),
            ("sum", [*below, ("mat", self.pick("W_1", "W_2"), None)], [1, *(int(self.pick(1, -1)) for _ in below)]),
            (
                "sum",
                [*below, ("mat", self.pick("U_1", "U_2", "U_3"), below[0])],
                [1, *(int(self.pick(1, -1)) for _ in below)],
            ),
            ("mul", below),
            ("mat", self.pick("U_1", "U_2"), below[0]),
            ("neg", below[0]),
            ("call", self.pick("sigmoid", "tanh", "relu"), below[0]),
            below[0],
        )

    # Printing: each kind stands at a level of the grammar, and what is below it gets brackets.

    LEVEL: ClassVar = {"sum": 0, "neg": 1, "mat": 1, "mul": 2}

    def text(self) -> str:
        return "\n".join(f"{symbol} = {self.print(tree, 0)}" for symbol, tree in self.lines)

    def print(self, tree: tuple, level: int) -> str:
        kind = tree[0]
        if kind == "sum":
            first, *rest = (self.print(term, 1) for term in tree[1])
            text = first + "".join(
                f" {'+' if sign > 0 else '-'} {term}" for sign, term in zip(tree[2][1:], rest, strict=True)
            )
            level = level if rest else 3
            text = text if rest else self.print(tree[1][0], 3)
        elif kind == "mul":
            text = " * ".join(self.print(factor, 3) for factor in tree[1])
        elif kind == "neg":
            text = f"-{self.print(tree[1], 1)}"
        elif kind == "mat":
            text = f"{tree[1]} @ " + ("x" if tree[2] is None else f"({self.print(tree[2], 0)})")
        elif kind == "call":
            text = f"{tree[1]}({self.print(tree[2], 0)})"
        else:
            text = f"{tree[1]!r}" if kind == "num" else tree[1]
        bare = kind in ("num", "vec", "name", "call") or (kind == "sum" and len(tree[1]) == 1)
        needed = not bare and level > self.LEVEL[kind]
        return f"({text})" if needed or self.rng.random() < 0.1 else text

    # Running the tree itself.

    def step(self, p, x, *states):
        values = dict(zip(self.states_in_order(), states, strict=True))
        for symbol, tree in self.lines:
            values[symbol] = self.value(tree, p, x, values) + 0.0 * states[0]
        defined = [symbol for symbol, _ in self.lines]
        return {symbol.rstrip("'"): values[symbol] for symbol in defined}

    def states_in_order(self) -> list[str]:
        defined = [symbol[:-1] for symbol, _ in self.lines if symbol.endswith("'")]
        return sorted(defined, key=lambda name: name != "h")

    def value(self, tree, p, x, values):
        kind, *rest = tree
        if kind == "num":
            return torch.full_like(values["h"], rest[0])
        if kind == "vec":
            return p[rest[0]]
        if kind == "name":
            return values[rest[0]]
        if kind == "call":
            return getattr(torch, rest[0])(self.value(rest[1], p, x, values))
        if kind == "neg":
            return -self.value(rest[0], p, x, values)
        if kind == "mat":
            inside = x if rest[1] is None else self.value(rest[1], p, x, values)
            return apply(p[rest[0]], inside)
        parts = [self.value(part, p, x, values) for part in rest[0]]
        if kind == "mul":
            return torch.stack(torch.broadcast_tensors(*parts)).prod(dim=0)
        return sum(sign * part for sign, part in zip(rest[1], parts, strict=True))


@pytest.mark.parametrize("seed", range(150))
def test_a_random_cell_runs_and_differentiates_as_in_torch(seed):
    made = RandomCell(seed)
    cell = Cell(f"random {seed}", made.text())
    assert list(cell.states) == made.states_in_order()
    assert [line.symbol for line in cell.equations.lines] == [symbol for symbol, _ in made.lines]
    rows = [{}, {"batch": 2}, {"sets": 2}][seed % 3]
    task = problem(cell, seed, steps=4, inputs=2, hidden=3, **rows)
    # The torch side may look at parameters that the text does not have; they count nothing there.
    assert disagreements(found(cell, task), expected(made.step, task)) == []


def test_random_cells_are_of_many_kinds():
    """What the test above has seen: every operation, several states, operands that are not states."""
    text = "\n".join(RandomCell(seed).text() for seed in range(150))
    for part in (
        "sigmoid(",
        "tanh(",
        "relu(",
        "W_1 @ x",
        "U_1 @ (",
        "U_3 @ (",
        "-",
        " * ",
        "b_1",
        "d'",
        "1.0 - sigmoid",
    ):
        assert text.count(part) > 5, part


@pytest.mark.parametrize("seed", range(20))
def test_nothing_that_was_typed_reaches_the_generated_code(seed):
    """Not one name of the cell stands in the source, nor a number: only calls of NumPy on names made by us."""
    cell = Cell("typed", re.sub(r"\b(p|q|s|c|d|b|b_1|b_2|U_1|U_2|U_3|W_1|W_2)\b", r"typed_\1", RandomCell(seed).text()))
    calls = "add|subtract|multiply|negative|exp|tanh|reciprocal|maximum|copy"
    allowed = rf"def|steps|products|fixed|first|rows|for|in|out|{calls}|[rkp]\d+"
    for plan in (forward_plan(cell), backward_plan(cell)):
        assert "typed" not in plan.steps.source
        assert [word for word in re.findall(r"\w+", plan.steps.source) if not re.fullmatch(allowed, word)] == []


def test_the_numbers_that_were_typed_are_not_in_the_generated_code():
    cell = Cell("numbers", "h' = 0.123 * h + 4567 * tanh(h) - 1e-8")
    assert not re.search(r"123|4567|1e", forward_plan(cell).steps.source + backward_plan(cell).steps.source)


def test_compiled_cells_are_kept_but_not_without_bound():
    """Two hundred other cells later a cell still runs, and so does what it has left behind."""
    text = "h' = tanh(U @ h + b)"
    one, again = Cell("one", text), Cell("again", text)
    assert forward_plan(one) is forward_plan(again)
    assert backward_plan(one) is backward_plan(again)
    params = init_params(one, 1, 3, seed=0)
    trace = run(one, params, np.zeros((5, 1)))
    before = backpropagate(trace).params["U"]
    for k in range(200):
        other = Cell("other", f"h' = tanh({k} * h)")
        backpropagate(run(other, {}, [[0.0]], {"h": [0.1]}))
    assert gru_viz.cells._analyse.cache_info().currsize <= 128
    np.testing.assert_array_equal(backpropagate(trace).params["U"], before)
    np.testing.assert_array_equal(backpropagate(run(one, params, np.zeros((5, 1)))).params["U"], before)
    np.testing.assert_array_equal(backpropagate(run(Cell("new", text), params, np.zeros((5, 1)))).params["U"], before)
