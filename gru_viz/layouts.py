"""How PyTorch, Keras and ONNX name, order and stack a cell's parameters, as data.

Sources: the documentation of torch.nn.RNN, LSTM and GRU; the code of Keras 3, keras/src/layers/rnn (simple_rnn.py,
lstm.py, gru.py); the ONNX document Operators.md, operators RNN, LSTM and GRU.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gru_viz.cells import Cell
from gru_viz.cells import cell as ready_cell
from gru_viz.conventions import checked, comparable, negated_parameters, swap_cell, update_gates
from gru_viz.errors import InputError, check_kind, shown
from gru_viz.graph import Array
from gru_viz.parameters import A_CELL, Parameters, as_float64, check_params

SYSTEMS = {"PyTorch": "torch.nn.", "Keras": "keras.layers.", "ONNX": "ONNX "}  # and what a module's name follows


@dataclass(frozen=True)
class Stack:
    """One array of a system: blocks of H rows, one for each gate, or for each gate of one kind and then of the next."""

    name: str
    kinds: str  # W, U, b and p: our W_g, U_g, b_g and p_g; c: the second bias of g
    lead: int = 0  # length of an axis before the others; 0: none. Blocks fill one row of it after the other

    @property
    def matrix(self) -> bool:
        return self.kinds in ("W", "U")


@dataclass(frozen=True)
class Layout:
    """How a module of PyTorch or Keras, or an operator of ONNX, holds the parameters of a cell."""

    system: str  # one of SYSTEMS
    module: str  # its name there
    cell: Cell  # ours with the same equations, up to the meaning of z
    gates: str  # our names of the gates, in its order
    letters: str  # its names of them
    stacks: tuple[Stack, ...]
    source: str
    options: Mapping[str, object] = field(default_factory=dict, hash=False)  # with which the module is this cell
    second: Mapping[str, str] = field(default_factory=dict, hash=False)  # gate -> vector that is apart from its b_g
    z: str = ""  # what z means there, in the words of update_gates; "": there is no z
    columns: bool = False  # its matrices are ours transposed: blocks of H columns
    suffix: str = ""  # of its arrays' names for the first layer

    @property
    def title(self) -> str:
        return SYSTEMS[self.system] + self.module

    @property
    def negated(self) -> tuple[str, ...]:
        """Our parameters that it holds with the other sign, because its z is one minus ours."""
        return () if {self.z, ""}.issuperset(update_gates(self.cell).values()) else negated_parameters(self.cell)

    def blocks(self) -> Iterator[tuple[str, int, str]]:
        """(its array without the suffix, which block of it, our parameter). A parameter is the sum of its blocks."""
        for stack in self.stacks:
            for k, parameter in enumerate(self._blocks(stack)):
                yield stack.name, k, parameter

    def _blocks(self, stack: Stack) -> list[str]:
        every = [(kind, gate) for kind in stack.kinds for gate in self.gates]
        names = [self.second.get(gate, f"b_{gate}") if kind == "c" else f"{kind}_{gate}" for kind, gate in every]
        return [name for name in names if not name.startswith("p") or name in self.cell.parameters]

    def _axes(self, stack: Stack) -> list[tuple[int, str]]:
        count = len(self._blocks(stack)) // (stack.lead or 1)
        own = [(count, "H"), *([(1, "I" if stack.kinds == "W" else "H")] if stack.matrix else [])]
        return [(stack.lead, "")] * bool(stack.lead) + (own[::-1] if self.columns else own)

    def shapes(self, inputs: int, hidden: int) -> dict[str, tuple[int, ...]]:
        """The shape of each of its arrays."""
        sizes = {"": 1, "I": inputs, "H": hidden}
        return {
            stack.name + self.suffix: tuple(count * sizes[letter] for count, letter in self._axes(stack))
            for stack in self.stacks
        }

    def shape_texts(self) -> dict[str, str]:
        """The same in letters: {"kernel": "(I, 3*H)", "recurrent_kernel": "(H, 3*H)", "bias": "(2, 3*H)"}."""
        found = {}
        for stack in self.stacks:
            axes = [f"{n}*{letter}".strip("*") if n > 1 or not letter else letter for n, letter in self._axes(stack)]
            found[stack.name + self.suffix] = f"({', '.join(axes)}{',' * (len(axes) == 1)})"
        return found

    def formulas(self) -> dict[str, str]:
        """Our parameter -> what it is in its arrays, as Python understands it given the arrays and H.

        {"W_z": "-kernel[:, 0:H].T", …}, or {"b_r": "B[0, H:2*H] + B[0, 4*H:5*H]", …}.
        """
        found: dict[str, str] = dict.fromkeys(self.cell.parameters, "")
        stacks = {stack.name: stack for stack in self.stacks}
        negated = self.negated
        for name, k, parameter in self.blocks():
            stack = stacks[name]
            row, block = divmod(k, len(self._blocks(stack)) // (stack.lead or 1))
            turned = stack.matrix and self.columns
            start, stop = (f"{n}*H" if n > 1 else "H" * n or "0" for n in (block, block + 1))
            where = [*[str(row)] * bool(stack.lead), *[":"] * turned, f"{start}:{stop}"]
            text = f"{name}{self.suffix}[{', '.join(where)}]{'.T' * turned}"
            sign = "-" if parameter in negated else "+"
            found[parameter] += f" {sign} {text}" if found[parameter] else sign.strip("+") + text
        return found

    def write(self, params: Mapping[str, Array]) -> dict[str, Array]:
        """Its arrays, of checked parameters. Of a sum of blocks the first has all of it, and the others are zero."""
        negated = self.negated
        left = {name: -value if name in negated else value for name, value in params.items()}
        hidden, inputs = params[f"W_{self.gates[0]}"].shape
        shapes, found = self.shapes(inputs, hidden), {}
        for stack in self.stacks:
            flat = np.concatenate([left.pop(name, np.zeros(hidden)) for name in self._blocks(stack)])
            name = stack.name + self.suffix
            found[name] = np.ascontiguousarray(flat.T if self.columns else flat).reshape(shapes[name])
        return found

    def read(self, arrays: Mapping[str, Array]) -> Parameters:
        """Our parameters, of its arrays by their names without the suffix; vectors that are left out count as zero."""
        negated = self.negated
        found: dict[str, list[Array]] = {name: [] for name in self.cell.parameters}
        for stack in self.stacks:
            if stack.name in arrays:
                array, names = arrays[stack.name], self._blocks(stack)
                flat = array.reshape(array.shape[-2:] if stack.matrix else -1)
                for name, block in zip(names, np.split(flat.T if self.columns else flat, len(names)), strict=True):
                    found[name].append(block)
        hidden = len(found[f"U_{self.gates[0]}"][0])
        with np.errstate(over="ignore"):
            sums = {name: np.sum(blocks, axis=0) if blocks else np.zeros(hidden) for name, blocks in found.items()}
        return {name: -value if name in negated else value for name, value in sums.items()}


# -- the table ---------------------------------------------------------------------------------------------------------

_RELU_RNN = replace(
    ready_cell("rnn"),
    name="rnn_relu",
    text=ready_cell("rnn").text.replace("tanh", "relu"),
    title="RNN, relu",
    source='torch.nn.RNN with nonlinearity="relu" in the documentation of PyTorch',
)
_RNN, _LSTM, _GRU = ready_cell("rnn"), ready_cell("lstm"), ready_cell("gru")
_RESET_AFTER, _PEEPHOLES = ready_cell("gru_reset_after"), ready_cell("lstm_peephole")
_TORCH = (Stack("weight_ih", "W"), Stack("weight_hh", "U"), Stack("bias_ih", "b"), Stack("bias_hh", "c"))
_KERAS = (Stack("kernel", "W"), Stack("recurrent_kernel", "U"), Stack("bias", "b"))
_KERAS_TWO = (*_KERAS[:2], Stack("bias", "bc", lead=2))
_ONNX = (Stack("W", "W", lead=1), Stack("R", "U", lead=1), Stack("B", "bc", lead=1))  # the axis of directions


def _torch(module: str, cell: Cell, gates: str, **more: Any) -> Layout:
    source = f"documentation of torch.nn.{module}: Variables"
    return Layout("PyTorch", module, cell, gates, gates, _TORCH, source, suffix="_l0", **more)


def _keras(
    module: str, cell: Cell, gates: str, letters: str, stacks: tuple[Stack, ...] = _KERAS, **more: Any
) -> Layout:
    source = f"code of Keras 3, {module}Cell: build and call"
    return Layout("Keras", module, cell, gates, letters, stacks, source, columns=True, **more)


def _onnx(module: str, cell: Cell, gates: str, letters: str, *further: Stack, **more: Any) -> Layout:
    source = f"Operators.md of ONNX, {module}: Inputs and Equations"
    return Layout("ONNX", module, cell, gates, letters, (*_ONNX, *further), source, **more)


LAYOUTS = (
    _torch("RNN", _RNN, "h", options={"nonlinearity": "tanh"}),
    _torch("RNN", _RELU_RNN, "h", options={"nonlinearity": "relu"}),
    _torch("GRU", _RESET_AFTER, "rzn", second={"n": "c_n"}, z="keep"),
    _torch("LSTM", _LSTM, "ifgo"),
    _keras("SimpleRNN", _RNN, "h", "h"),
    _keras("SimpleRNN", _RELU_RNN, "h", "h", options={"activation": "relu"}),
    _keras("GRU", _GRU, "zrn", "zrh", options={"reset_after": False}, z="keep"),
    _keras("GRU", _RESET_AFTER, "zrn", "zrh", _KERAS_TWO, options={"reset_after": True}, second={"n": "c_n"}, z="keep"),
    _keras("LSTM", _LSTM, "ifgo", "ifco"),
    _onnx("RNN", _RNN, "h", "i"),
    _onnx("RNN", _RELU_RNN, "h", "i", options={"activations": ("Relu",)}),
    _onnx("GRU", _GRU, "zrn", "zrh", options={"linear_before_reset": 0}, z="keep"),
    _onnx("GRU", _RESET_AFTER, "zrn", "zrh", options={"linear_before_reset": 1}, second={"n": "c_n"}, z="keep"),
    _onnx("LSTM", _LSTM, "iofg", "iofc"),
    _onnx("LSTM", _PEEPHOLES, "iofg", "iofc", Stack("P", "p", lead=1)),
)
_WITHOUT_EQUAL = {
    "gru": "its reset gate acts before the recurrent product, U_n @ (r * h), that of {place}GRU after it, "
    "r * (U_n @ h + c_n), and no weights make the two the same in general; gru_reset_after is the cell of {place}GRU",
    "lstm_peephole": "its gates look at the cell state through peepholes (p_f, p_i, p_o), and {place}LSTM has none",
}


# -- a cell's arrays in a system ---------------------------------------------------------------------------------------


def arrays(cell: Cell, params: Mapping[str, object], system: str) -> dict[str, Array]:
    """The cell's parameters as the arrays of "PyTorch", "Keras" or "ONNX": under its names, in its shapes and order.

    The equations decide, not the cell's name: the order of lines, terms and factors is free, the names in them are not.
    Of two biases that a system adds the second is zero. Where its z is one minus ours, what z is computed of is
    negated, which is exact. Raises InputError for a cell without an equal there, for a sweep and for parameters that
    do not fit.
    """
    layout = _layout(cell, system)
    given, sizes = checked(cell, params)
    if sizes.sets is not None:
        raise InputError("params holds a sweep; one set of parameters is expected.")
    return layout.write(given)


def from_arrays(cell: Cell, arrays: Mapping[str, object], system: str) -> Parameters:
    """The cell's parameters, of a system's arrays: what ``arrays`` gives, read back; biases that are added are summed.

    All vectors together may be left out, which then are zero. Raises InputError as ``arrays`` does, and for other
    names and shapes.
    """
    layout = _layout(cell, system)
    check_kind(arrays, Mapping, "arrays", "a mapping of names to arrays")
    names = [stack.name + layout.suffix for stack in layout.stacks]
    if not any(name in arrays for name in names[2:]):
        names = names[:2]
    missing, extra = [n for n in names if n not in arrays], [str(n) for n in arrays if n not in names]
    if missing or extra:
        lists = [f"{what}: {', '.join(some)}" for what, some in (("missing", missing), ("extra", extra)) if some]
        raise InputError(f"{layout.title} takes exactly the arrays {', '.join(names)}; {'; '.join(lists)}.")
    given = {name: as_float64(arrays[name], "{} of {}", name, layout.title) for name in names}
    for name in names[:2]:
        expected = layout.shape_texts()[name]
        if given[name].ndim != expected.count(",") + 1 or 0 in given[name].shape:
            raise InputError(f"{name} of {layout.title} has the shape {given[name].shape}; {expected} is expected.")
    inputs, hidden = (given[name].shape[-2 if layout.columns else -1] for name in names[:2])
    shapes = layout.shapes(inputs, hidden)
    for name in names:
        if given[name].shape != shapes[name]:
            raise InputError(f"{name} of {layout.title} has the shape {given[name].shape}; {shapes[name]} is expected.")
    params = layout.read({name.removesuffix(layout.suffix): value for name, value in given.items()})
    return check_params(cell, params, inputs)[0]


def find_layout(cell: Cell, system: str) -> Layout | None:
    """How the system holds the cell's parameters; None where nothing there has the cell's equations."""
    check_kind(cell, *A_CELL)
    if not isinstance(system, str) or system not in SYSTEMS:
        raise InputError(f"system is {shown(system)}; {', '.join(SYSTEMS)} are allowed.")
    lines = comparable(cell)
    return next((each for each in LAYOUTS if each.system == system and comparable(each.cell) == lines), None)


def _layout(cell: Cell, system: str) -> Layout:
    layout = find_layout(cell, system)
    if layout is None:
        raise InputError(f"{cell.name} has no equal in {SYSTEMS[system].strip(' .')}: {why_not(cell, system)}.")
    return layout


def why_not(cell: Cell, system: str) -> str:
    """Why a system has nothing with the cell's equations."""
    try:
        swapped = swap_cell(cell)
    except InputError:
        swapped = cell
    for name, reason in _WITHOUT_EQUAL.items():
        known = ready_cell(name)
        if comparable(known) in map(comparable, (cell, swapped)) and find_layout(known, system) is None:
            return reason.format(place=SYSTEMS[system])
    if (other := find_layout(swapped, system)) is not None:
        return f"its z means the opposite; swap_z(cell, params) gives {other.cell.name} with the same states"
    names = [f"{each.cell.name} ({each.module})" for each in LAYOUTS if each.system == system]
    return f"its equations, names included, are none of {', '.join(names)}"
