"""The suite turned round: every plausible mistake in a cell is noticed, by the comparison that the suite itself uses.

A fault is a faulty text of the cell, or where equations cannot say it a faulty call. What it computes is compared with
the right cell by ``disagreements``, which must find something among the values and something among the gradients.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

import gru_viz
from gru_viz import cell
from tests.reference import STEPS, Numbers, Problem, disagreements, expected, found, problem

CELLS = gru_viz.cell_names()
LSTMS, GRUS = ("lstm", "lstm_peephole"), ("gru", "gru_reset_after")


@dataclass(frozen=True)
class Fault:
    cell: str
    what: str
    text: str = ""  # a faulty text of the cell
    transposed: str = ""  # a parameter that the call transposes
    ignored: str = ""  # a state that the call leaves out

    def numbers(self, given: Problem) -> Numbers:
        """What the fault computes of the problem; the loss and the names are as in the right cell."""
        own = gru_viz.Cell(self.cell, self.text or cell(self.cell).text)
        params = given.params | ({self.transposed: given.params[self.transposed].T} if self.transposed else {})
        state = {name: value for name, value in given.state.items() if name != self.ignored}
        numbers = found(own, Problem(params, given.x, state, given.loss))
        if self.transposed:
            numbers.gradients[f"parameter {self.transposed}"] = numbers.gradients[f"parameter {self.transposed}"].T
        return numbers


def replaced(name: str, old: str, new: str) -> str:
    """The cell's text with one place changed; the place must be there."""
    text = cell(name).text
    assert text.count(old) == 1, f"{name} has {text.count(old)} times {old!r}"
    return text.replace(old, new)


def swapped(name: str, one: str, other: str) -> str:
    """The cell's text in which two gates have each other's weights."""
    letters = [
        p[:-2] for p in cell(name).parameters if p.endswith(f"_{one}") and p[:-1] + other in cell(name).parameters
    ]
    pattern = rf"\b({'|'.join(letters)})_({one}|{other})\b"
    return re.sub(pattern, lambda found: f"{found[1]}_{other if found[2] == one else one}", cell(name).text)


def without(name: str, vector: str) -> str:
    """The cell's text in which a vector counts nothing: it stays a parameter, times 0."""
    return re.sub(rf"\b{vector}\b", f"0 * {vector}", cell(name).text)


def faults() -> Iterator[Fault]:
    # Faults of every cell, made from its own parameters and states.
    for name in CELLS:
        shapes = cell(name).parameters
        gates = [key.removeprefix("U_") for key, shape in shapes.items() if shape == ("H", "H")]
        for one, other in itertools.combinations(gates, 2):
            yield Fault(name, "two gates swapped", swapped(name, one, other))
        for key, shape in shapes.items():
            if shape == ("H", "H"):
                yield Fault(name, "U transposed", transposed=key)
            elif shape == ("H",):
                yield Fault(name, "a vector dropped", without(name, key))
        for state in cell(name).states:
            yield Fault(name, f"the initial {state} ignored", ignored=state)

    # Faults of single formulas.
    yield Fault("rnn", "tanh left off", "h' = W_h @ x + U_h @ h + b_h")
    for name in LSTMS:
        for gate in "fio":
            yield Fault(name, f"{gate} a tanh", replaced(name, f"sigmoid(W_{gate}", f"tanh(W_{gate}"))
        yield Fault(name, "g a sigmoid", replaced(name, "tanh(W_g", "sigmoid(W_g"))
        yield Fault(name, "tanh left off c", replaced(name, "o * tanh(c')", "o * c'"))
        yield Fault(name, "h from the c before", replaced(name, "tanh(c')", "tanh(c)"))
        yield Fault(name, "f and i coupled", replaced(name, "i * g", "(1 - f) * g"))
        yield Fault(name, "f and i coupled", replaced(name, "f * c + i", "(1 - i) * c + i"))
        yield Fault(name, "o squashes with c", replaced(name, "o * tanh(c')", "tanh(o * c')"))
    yield Fault("lstm_peephole", "o looks at the c before", replaced("lstm_peephole", "p_o * c'", "p_o * c"))
    for name in GRUS:
        yield Fault(name, "n a sigmoid", replaced(name, "tanh(W_n", "sigmoid(W_n"))
    yield Fault("gru", "z flipped", replaced("gru", "(1 - z) * h + z * n", "(1 - z) * n + z * h"))
    yield Fault(
        "gru_reset_after", "z flipped", replaced("gru_reset_after", "(1 - z) * n + z * h", "(1 - z) * h + z * n")
    )
    yield Fault("gru", "reset moved", replaced("gru", "U_n @ (r * h)", "r * (U_n @ h)"))
    yield Fault("gru", "reset removed", replaced("gru", "U_n @ (r * h)", "U_n @ h"))
    after = "r * (U_n @ h + c_n)"
    yield Fault("gru_reset_after", "reset moved", replaced("gru_reset_after", after, "U_n @ (r * h) + c_n"))
    yield Fault("gru_reset_after", "reset removed", replaced("gru_reset_after", after, "U_n @ h + c_n"))
    yield Fault("gru_reset_after", "c_n outside r", replaced("gru_reset_after", after, "r * (U_n @ h) + c_n"))
    yield Fault(
        "gru_reset_after", "b_n inside r", replaced("gru_reset_after", f"b_n + {after}", "r * (U_n @ h + c_n + b_n)")
    )


FAULTS = list(faults())

# How often each fault is tried, for the cells in which it exists.
EXPECTED = {
    "two gates swapped": {"lstm": 6, "gru": 3, "gru_reset_after": 3, "lstm_peephole": 6},
    "U transposed": {"rnn": 1, "lstm": 4, "gru": 3, "gru_reset_after": 3, "lstm_peephole": 4},
    "a vector dropped": {"rnn": 1, "lstm": 4, "gru": 3, "gru_reset_after": 4, "lstm_peephole": 7},
    "the initial h ignored": dict.fromkeys(CELLS, 1),
    "the initial c ignored": dict.fromkeys(LSTMS, 1),
    "tanh left off": {"rnn": 1},
    "f a tanh": dict.fromkeys(LSTMS, 1),
    "i a tanh": dict.fromkeys(LSTMS, 1),
    "o a tanh": dict.fromkeys(LSTMS, 1),
    "g a sigmoid": dict.fromkeys(LSTMS, 1),
    "tanh left off c": dict.fromkeys(LSTMS, 1),
    "h from the c before": dict.fromkeys(LSTMS, 1),
    "f and i coupled": dict.fromkeys(LSTMS, 2),
    "o squashes with c": dict.fromkeys(LSTMS, 1),
    "o looks at the c before": {"lstm_peephole": 1},
    "n a sigmoid": dict.fromkeys(GRUS, 1),
    "z flipped": dict.fromkeys(GRUS, 1),
    "reset moved": dict.fromkeys(GRUS, 1),
    "reset removed": dict.fromkeys(GRUS, 1),
    "c_n outside r": {"gru_reset_after": 1},
    "b_n inside r": {"gru_reset_after": 1},
}


def test_no_fault_is_left_out():
    tried: dict[str, dict[str, int]] = {}
    for fault in FAULTS:
        of_what = tried.setdefault(fault.what, {})
        of_what[fault.cell] = of_what.get(fault.cell, 0) + 1
    assert tried == EXPECTED
    texts = [(fault.cell, fault.text) for fault in FAULTS if fault.text]
    assert len(set(texts)) == len(texts)
    assert all(cell(name).text != text for name, text in texts)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.cell}-{fault.what}")
@pytest.mark.parametrize("rows", [{}, {"batch": 2}], ids=["one", "batch"])
def test_a_fault_is_noticed(fault, rows):
    given = problem(cell(fault.cell), seed=1, **rows)
    right = expected(STEPS[fault.cell], given)
    assert disagreements(found(cell(fault.cell), given), right) == []
    numbers = fault.numbers(given)
    assert numbers.values.keys() == right.values.keys()
    assert numbers.gradients.keys() == right.gradients.keys()
    assert disagreements(Numbers(numbers.values, right.gradients), right)
    assert disagreements(Numbers(right.values, numbers.gradients), right)


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if not fault.text], ids=lambda fault: f"{fault.cell}-{fault.what}"
)
def test_a_fault_of_the_call_is_noticed_in_the_states_by_far(fault):
    """Not at the edge of the tolerance: by more than a thousandth."""
    given = problem(cell(fault.cell), seed=2)
    difference = fault.numbers(given).values["h"] - expected(STEPS[fault.cell], given).values["h"]
    assert abs(difference).max() > 1e-3


def test_the_comparison_fails_for_a_missing_name_a_wrong_shape_nan_and_one_digit():
    given = problem(cell("gru"), seed=3)
    right = expected(STEPS["gru"], given)

    def changed(kind: str, name: str, value) -> list[str]:
        arrays = right._asdict()
        arrays[kind] = {key: v for key, v in arrays[kind].items() if key != name} | (
            {} if value is None else {name: value}
        )
        return disagreements(Numbers(**arrays), right)

    for kind, name, digit in (("values", "h", 3e-12), ("gradients", "z", 3e-10), ("gradients", "norm", 3e-10)):
        array = right._asdict()[kind][name]
        off = array.copy()
        off.flat[5] += digit * max(1.0, abs(array).max())
        assert changed(kind, name, off)
        off.flat[5] = float("nan")
        assert changed(kind, name, off)
        assert changed(kind, name, array[:-1])
        assert changed(kind, name, None)
        assert changed(kind, "more", array)
        assert changed(kind, name, array) == []
