"""Parameters: named float64 arrays, their shapes, their seeded initial values, and the checks before a run."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from gru_viz.cells import Cell
from gru_viz.equations import INPUT_MATRIX, RECURRENT_MATRIX, VECTOR
from gru_viz.errors import InputError, check_kind, finite_number, shown, texts, whole_number
from gru_viz.streams import Streams

MAX_HIDDEN_SIZE = 512
MAX_INPUT_SIZE = 1_024
SCHEMES = ("uniform", "orthogonal")
FLOAT64 = np.dtype(np.float64)
PARAMETER = "Parameter {} of {}"
A_CELL = (Cell, "cell", "a Cell, such as gru_viz.cell('gru'),")  # for check_kind

Parameters = dict[str, np.ndarray]


@dataclass(frozen=True)
class Sizes:
    """``sets`` is None for one set of parameters, else the number of sets that a sweep holds side by side."""

    inputs: int  # I
    hidden: int  # H
    sets: int | None = None


def parameter_shapes(cell: Cell, input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
    """The shape of each parameter, in the order of the equations."""
    letters = {"I": input_size, "H": hidden_size}
    return {name: tuple(letters[letter] for letter in shape) for name, shape in cell.parameters.items()}


def init_params(
    cell: Cell,
    input_size: int,
    hidden_size: int,
    seed: int,
    input_names: Sequence[str] | None = None,
    scheme: str = "uniform",
    recurrent_gain: float = 1.0,
    input_gain: float = 1.0,
    bias: Mapping[str, float] | None = None,
) -> Parameters:
    """Seeded initial weights, in which every number belongs to a name.

    Each parameter draws from a stream of its own, made of ``seed`` and its name, and each column of an input matrix
    from that of its token (``input_names``, else "0", "1", …): changing one token leaves every other weight as it was.
    ``scheme`` "uniform" draws all from ±1/√H; "orthogonal" makes the recurrent matrices orthogonal (the QR
    factor of a normal matrix, R's diagonal positive) and the vectors 0. ``recurrent_gain`` multiplies U, ``input_gain``
    multiplies W, ``bias`` sets whole vectors. ``input_size`` 1 … 1,024, ``hidden_size`` 1 … 512, ``seed`` from 0.
    Returns name -> array, (H, I), (H, H) or (H,). Raises InputError.
    """
    check_kind(cell, *A_CELL)
    input_size, hidden_size = check_sizes(input_size, hidden_size)
    seed = whole_number(seed, "seed", 0)
    if not isinstance(scheme, str) or scheme not in SCHEMES:
        raise InputError(f"scheme is {shown(scheme)}; {' and '.join(SCHEMES)} are allowed.")
    names = tuple(map(str, range(input_size))) if input_names is None else texts(input_names, "input_names")
    if len(names) != input_size or len(set(names)) != len(names):
        raise InputError(
            f"input_names has {len(set(names))} different names; input_size {input_size} asks for as many."
        )
    recurrent_gain = finite_number(recurrent_gain, "recurrent_gain")
    input_gain = finite_number(input_gain, "input_gain")
    check_kind(bias := {} if bias is None else bias, Mapping, "bias", "a mapping of vectors to numbers")
    if unknown := [name for name in bias if cell.parameters.get(name) != VECTOR]:
        vectors = ", ".join(name for name, shape in cell.parameters.items() if shape == VECTOR)
        raise InputError(f"bias names {shown(unknown[0])}; the vectors of {cell.name} are {vectors or 'none'}.")
    constants = {name: finite_number(value, f"bias of {name}") for name, value in bias.items()}

    keys = {
        name: [f"{name}|{token}" for token in names] if shape == INPUT_MATRIX else [name]
        for name, shape in cell.parameters.items()
    }
    streams, scale = Streams(seed, [key for own in keys.values() for key in own]), 1 / np.sqrt(hidden_size)
    short = [key for name, own in keys.items() if cell.parameters[name] != RECURRENT_MATRIX for key in own]
    drawn, used = streams.uniform(short, -scale, scale, hidden_size), 0
    params = {}
    for name, shape in cell.parameters.items():
        if shape == RECURRENT_MATRIX:
            size, stream = (hidden_size, hidden_size), streams.generator(name)
            uniform = scheme == "uniform"
            square = stream.uniform(-scale, scale, size) if uniform else _orthogonal(stream.standard_normal(size))
            params[name] = recurrent_gain * square
            continue
        own, used = drawn[used : used + len(keys[name])], used + len(keys[name])
        if shape == INPUT_MATRIX:
            params[name] = np.multiply(input_gain, own.T, order="C")
        elif name in constants:
            params[name] = np.full(hidden_size, constants[name])
        else:
            params[name] = own[0].copy() if scheme == "uniform" else np.zeros(hidden_size)
    return params


def _orthogonal(matrix: np.ndarray) -> np.ndarray:
    """The QR factor of a matrix, R's diagonal positive."""
    q, r = np.linalg.qr(matrix)
    return q * np.where(np.diag(r) < 0, -1.0, 1.0)


def check_sizes(input_size: int, hidden_size: int) -> tuple[int, int]:
    return (
        whole_number(input_size, "input_size", 1, MAX_INPUT_SIZE),
        whole_number(hidden_size, "hidden_size", 1, MAX_HIDDEN_SIZE),
    )


def check_params(
    cell: Cell, params: Mapping[str, object], input_size: int, hidden_size: int | None = None
) -> tuple[Parameters, Sizes]:
    """The parameters as float64 arrays, and the sizes that they agree on.

    Exactly the cell's names are accepted. A sweep gives each of them one more leading axis, the same for all: one
    set of parameters per batch row. ``hidden_size`` is needed only for a cell without parameters.
    """
    arrays, sizes = check_shapes(cell, params, input_size, hidden_size)
    check_finite(cell, arrays)
    return arrays, sizes


def check_shapes(
    cell: Cell, params: Mapping[str, object], input_size: int, hidden_size: int | None
) -> tuple[Parameters, Sizes]:
    """The same without a look at the numbers."""
    expected, arrays = cell.parameters, check_names(cell, params)
    foreign = [name for name, given in arrays.items() if type(given) is not np.ndarray or given.dtype is not FLOAT64]
    for name in foreign:
        arrays[name] = as_numbers(arrays[name], PARAMETER, name, cell.name)
    own: tuple[int, ...] = ()  # one leading axis in a sweep
    if expected:
        first, letters = next(iter(expected.items()))
        shape = arrays[first].shape
        lead = len(shape) - len(letters)
        if lead not in (0, 1) or 0 in shape:
            raise InputError(
                f"Parameter {first} of {cell.name} has the shape {shape}; ({', '.join(letters)}) is expected."
            )
        own, hidden_size = shape[:lead], shape[lead]
    if hidden_size is None:
        raise InputError(f"{cell.name} has no parameters, so its size is that of the state: give state={{'h': …}}.")
    sizes, shapes = _expected(cell, own, input_size, hidden_size)
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise InputError(
                f"Parameter {name} of {cell.name} has the shape {arrays[name].shape}; {shape} is expected."
            )
    for name in foreign:  # now that their sizes are known
        arrays[name] = as_float64(arrays[name], PARAMETER, name, cell.name)
    return arrays, sizes


@functools.lru_cache(maxsize=256, typed=True)
def _expected(
    cell: Cell, own: tuple[int, ...], input_size: int, hidden_size: int
) -> tuple[Sizes, dict[str, tuple[int, ...]]]:
    check_sizes(input_size, hidden_size)
    shapes = parameter_shapes(cell, input_size, hidden_size)
    sizes = Sizes(input_size, hidden_size, own[0] if own else None)
    return sizes, {name: (*own, *shape) for name, shape in shapes.items()}


def stacked_sets(cell: Cell, sets: Sequence[Mapping[str, object]]) -> Parameters:
    """Sets of parameters side by side, as a sweep takes them; all must have the same shapes."""
    for each in sets:
        check_names(cell, each)
    stacked = {}
    for name in cell.parameters:
        arrays = [as_float64(each[name], PARAMETER, name, cell.name) for each in sets]
        shapes = list(dict.fromkeys(array.shape for array in arrays))
        if len(shapes) > 1:
            raise InputError(
                f"Parameter {name} of {cell.name} has the shape {shapes[0]} in one set and {shapes[1]} in another; "
                "all sets must have the same."
            )
        stacked[name] = np.stack(arrays)
    return stacked


def check_names(cell: Cell, params: Mapping[str, object]) -> dict[str, Any]:
    """Exactly the cell's parameters, in a dict of their own."""
    check_kind(params, Mapping, "params", "a mapping of names to arrays")
    given = dict(params)
    if given.keys() != cell.parameters.keys():
        missing = ", ".join(name for name in cell.parameters if name not in given)
        extra = ", ".join(str(name) for name in given if name not in cell.parameters)
        wrong = "; ".join(f"{what}: {names}" for what, names in (("missing", missing), ("extra", extra)) if names)
        raise InputError(f"{cell.name} takes exactly the parameters {', '.join(cell.parameters) or 'none'}; {wrong}.")
    return given


def check_finite(cell: Cell, arrays: Parameters) -> None:
    for name in cell.parameters:
        if not np.isfinite(arrays[name]).all():
            raise InputError(f"Parameter {name} of {cell.name} holds a value that is not finite (nan or inf).")


def as_float64(value: object, what: str, *names: str, expected: str = "") -> np.ndarray:
    """``value`` as an array of float64; ``what``, with ``names`` put in, begins the sentence of the InputError."""
    if type(value) is np.ndarray and value.dtype == FLOAT64:
        return value
    with np.errstate(over="ignore"):  # what is too large for a float64 becomes infinite
        return as_numbers(value, what, *names, expected=expected).astype(np.float64, copy=False)


def as_numbers(value: object, what: str, *names: str, expected: str = "") -> np.ndarray:
    """The same as an array of floats, whole numbers or booleans; one that is such an array is not copied."""
    if type(value) is np.ndarray and value.dtype.kind in "fiub":
        return value
    subject, problem = what.format(*names), f"is not an array of numbers{expected}"
    if isinstance(value, np.ma.MaskedArray):
        raise InputError(f"{subject} is a masked array; fill its gaps first, such as with .filled(0).")
    try:
        array = np.asarray(value)
        if array.dtype == object and all(isinstance(each, Real) for each in array.flat):  # such as 10**20
            array = array.astype(np.float64)
        if array.dtype.kind in "fiub":
            return array
    except (TypeError, ValueError, OverflowError, RuntimeError):
        if getattr(value, "requires_grad", False) is True:
            problem = "is a tensor that requires grad; give it without, by .detach()"
    raise InputError(f"{subject} {problem}.")


def all_finite(array: np.ndarray) -> bool:
    """The sum of squares is finite unless an entry is not or is huge: only then is each entry looked at.

    NumPy warns of the huge ones, unless it is told not to.
    """
    return math.isfinite(np.vdot(array, array)) or bool(np.isfinite(array).all())


def spectrum(matrix: np.ndarray) -> tuple[float, float]:
    """(ρ, σ_max) of a matrix (H, H): its largest absolute eigenvalue, and how much it can stretch a vector at most."""
    return float(np.abs(np.linalg.eigvals(matrix)).max()), float(np.linalg.norm(matrix, 2))
