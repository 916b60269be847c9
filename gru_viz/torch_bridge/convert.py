"""Named parameters ◄─► torch.nn.

torch is imported where a function needs it, so that ``import gru_viz`` stays light. The order of gates in torch's
arrays, and which biases are one sum, is in gru_viz.layouts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from gru_viz.cells import Cell
from gru_viz.errors import InputError, check_kind, shown
from gru_viz.graph import Array
from gru_viz.layouts import LAYOUTS, Layout, find_layout
from gru_viz.layouts import arrays as stacked_arrays
from gru_viz.parameters import Parameters, as_numbers, check_params, check_sizes

__all__ = ["Layout", "Tensor", "from_torch", "layout_of", "tensor", "to_torch"]

Tensor = Any  # torch.Tensor, without importing it

_LAYOUTS = tuple(layout for layout in LAYOUTS if layout.system == "PyTorch")


# -- torch.nn to named parameters --------------------------------------------------------------------------------------


def from_torch(module_or_state_dict: object, nonlinearity: str | None = None) -> tuple[Cell, Parameters]:
    """The cell and the parameters of an RNN, LSTM or GRU of torch.nn, of one layer in one direction.

    Takes torch.nn.RNN, LSTM, GRU, RNNCell, LSTMCell, GRUCell, or a state_dict of one of them: name -> tensor or
    array, each name perhaps after one common prefix such as "encoder.gru.". A GRU becomes ``gru_reset_after``. Of a
    plain RNN's state_dict ``nonlinearity`` must say "tanh" or "relu". ``batch_first`` does not matter: it is about x,
    not about the weights, and ``run`` takes (T, B, I). Dropout acts between layers, so it does not matter either.

    Returns copies in float64, (H, I), (H, H) or (H,), exact from float16, bfloat16 and float32. The two biases are
    summed but for the candidate of a GRU (b_n and c_n); without biases they are zero. Raises InputError for whatever
    has no equal here: two directions, several layers, projections, other modules, keys, shapes and kinds of numbers.
    """
    given = module_or_state_dict
    if nonlinearity is not None:
        check_kind(nonlinearity, str, "nonlinearity", "'tanh' or 'relu'")
    if isinstance(given, Mapping):
        state_dict, own = given, None
    else:
        state_dict, own = _read_module(given)
    if own and nonlinearity and own != nonlinearity:
        raise InputError(f"The module's nonlinearity is {own}; nonlinearity={shown(nonlinearity)} does not go with it.")
    arrays = _read_arrays(state_dict)
    layout = _find_layout(arrays["weight_hh"].shape, own or nonlinearity)
    return layout.cell, check_params(layout.cell, layout.read(arrays), arrays["weight_ih"].shape[1])[0]


def _read_module(module: object) -> tuple[Mapping[str, object], str | None]:
    """The module's arrays, and of an RNN which function it has."""
    from torch import nn

    kinds = (nn.RNN, nn.LSTM, nn.GRU, nn.RNNCell, nn.LSTMCell, nn.GRUCell)
    if isinstance(module, kinds):
        return module.state_dict(), getattr(module, "nonlinearity", None)
    inside = module.named_modules() if isinstance(module, nn.Module) else ()
    parts = [name for name, part in inside if isinstance(part, kinds)]
    hint = f"; give its part {parts[0]}" if parts else ""
    names = ", ".join(kind.__name__ for kind in kinds)
    raise InputError(
        f"{type(module).__name__} has no equal here; {names} of torch.nn or a state_dict of one are allowed{hint}."
    )


_ARRAYS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
_KEY = re.compile(
    r"(?P<prefix>(?:.*\.)?)(?P<array>weight_ih|weight_hh|weight_hr|bias_ih|bias_hh)"
    r"(?P<layer>_l[0-9]+)?(?P<reverse>_reverse)?"
)


def _read_arrays(state_dict: Mapping[str, object]) -> dict[str, Array]:
    """weight_ih, weight_hh and perhaps the biases, in float64, of fitting shapes."""
    keys = _read_keys([str(key) for key in state_dict])
    values = {name: _floats(key, state_dict[key]) for name, key in keys.items()}
    _check_shapes({key: tuple(values[name].shape) for name, key in keys.items()})
    return {name: _float64(keys[name], value) for name, value in values.items()}


def _read_keys(given: list[str]) -> dict[str, str]:
    """The key of each of the arrays; InputError unless these keys are one layer in one direction, and all of it."""
    found = [match for match in map(_KEY.fullmatch, given) if match]
    refused = {
        "two directions": [match[0] for match in found if match["reverse"]],
        "more than one layer": [match[0] for match in found if match["layer"] not in (None, "_l0")],
        "a projection": [match[0] for match in found if match["array"] == "weight_hr"],
    }
    if parts := [f"{what} ({where[0]})" for what, where in refused.items() if where]:
        allowed = "one layer in one direction without a projection is allowed"
        raise InputError(f"The weights are of {' and '.join(parts)}; {allowed}.")
    prefixes = sorted({match["prefix"] for match in found})
    if len(prefixes) > 1:
        raise InputError(f"The keys have the prefixes {_listed([repr(p) for p in prefixes])}; one is allowed.")
    prefix, layer = (prefixes[0], found[0]["layer"] or "") if found else ("", "_l0")
    names = _ARRAYS if any(match["array"].startswith("bias") for match in found) else _ARRAYS[:2]
    keys = {name: prefix + name + layer for name in names}
    missing = [key for key in keys.values() if key not in given]
    extra = [key for key in given if key not in keys.values()]
    if missing or extra:
        lists = [f"{what}: {_listed(some)}" for what, some in (("missing", missing), ("extra", extra)) if some]
        raise InputError(f"The state_dict of one cell has exactly {', '.join(keys.values())}; {'; '.join(lists)}.")
    return keys


def _listed(names: list[str], most: int = 6) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _floats(key: str, value: Any) -> Any:
    """The tensor, or the array, if its numbers are the same numbers in float64."""
    allowed = "float16, bfloat16, float32 and float64 are allowed"
    if hasattr(value, "detach"):
        import torch

        if value.dtype not in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
            raise InputError(f"{key} holds {value.dtype}; {allowed}.")
        if value.is_meta or value.layout is not torch.strided:
            kind = f"layout {value.layout}, device {value.device}"
            raise InputError(f"{key} is no dense tensor that holds its numbers ({kind}).")
        return value
    array = value if type(value) is np.ndarray else as_numbers(value, "{}", key, expected=f"; {allowed}")
    if array.dtype.kind != "f" or array.dtype.itemsize > 8:
        raise InputError(f"{key} holds {array.dtype}; {allowed}.")
    return array


def _float64(key: str, value: Any) -> Array:
    if hasattr(value, "detach"):
        value = value.detach().cpu().double().numpy()
    array = np.asarray(value, dtype=np.float64)
    if not np.isfinite(array).all():
        raise InputError(f"{key} holds a value that is not finite (nan or inf).")
    return array


def _check_shapes(shapes: Mapping[str, tuple[int, ...]]) -> None:
    """``shapes`` by key: weight_ih, weight_hh and perhaps the biases."""
    (ih, hh), first, second = list(shapes)[:2], *list(shapes.values())[:2]
    for key, shape, columns in ((ih, first, "I"), (hh, second, "H")):
        if len(shape) != 2 or 0 in shape:
            raise InputError(f"{key} has the shape {shape}; (gates * H, {columns}) is expected.")
    rows, hidden = second
    if rows not in (hidden, 3 * hidden, 4 * hidden):
        allowed = "as many rows as columns (RNN), 3 times (GRU) or 4 times (LSTM) as many are expected"
        raise InputError(f"{hh} has the shape {second}; {allowed}.")
    check_sizes(first[1], hidden)
    for key, shape in shapes.items():
        expected = {ih: (rows, first[1]), hh: second}.get(key, (rows,))
        if shape != expected:
            raise InputError(f"{key} has the shape {shape}; {expected} is expected, as {hh} has {second}.")


def _find_layout(shape: tuple[int, ...], nonlinearity: str | None) -> Layout:
    """rows / columns of weight_hh is the number of gates; of a plain RNN alone the function has to be told."""
    layouts = [layout for layout in _LAYOUTS if len(layout.gates) == shape[0] // shape[1]]
    functions = {layout.options.get("nonlinearity"): layout for layout in layouts}
    if nonlinearity in functions:
        return functions[nonlinearity]
    if None in functions:
        given = shown(nonlinearity)
        raise InputError(f"nonlinearity={given} is for an RNN; these are weights of a {layouts[0].module}.")
    if nonlinearity is None:
        raise InputError(
            "These are weights of an RNN, and a state_dict does not say of which nonlinearity; "
            'nonlinearity="tanh" or nonlinearity="relu" must be given.'
        )
    raise InputError(f"nonlinearity is {shown(nonlinearity)}; {' and '.join(map(str, functions))} are allowed.")


# -- named parameters to torch.nn --------------------------------------------------------------------------------------


def to_torch(cell: Cell, params: Mapping[str, object]) -> Any:
    """A torch.nn.RNN, LSTM or GRU in float64 with the same states, for a cell with the equations of one of them.

    The equations decide, not the cell's name: the order of lines, terms and factors is free, the names in them are not.
    ``params``: name -> (H, I), (H, H) or (H,). Of torch's two biases the second is zero but for c_n; x is (T, I) or
    (T, B, I). torch's random numbers stay as they are. Raises InputError for a cell without an equal in torch.nn, for a
    sweep and for parameters that do not fit.
    """
    stacked = stacked_arrays(cell, params, "PyTorch")
    layout = layout_of(cell)
    assert layout is not None

    import torch

    inputs, hidden = (stacked[name].shape[1] for name in ("weight_ih_l0", "weight_hh_l0"))
    module = getattr(torch.nn, layout.module)(inputs, hidden, dtype=torch.float64, device="meta", **layout.options)
    module.to_empty(device="cpu")  # without initial weights, which would draw from torch's random numbers
    with torch.no_grad():
        for name, array in stacked.items():
            getattr(module, name).copy_(tensor(array))
    return module


def layout_of(cell: Cell) -> Layout | None:
    """The module with the cell's equations."""
    return find_layout(cell, "PyTorch")


def tensor(array: Array, requires_grad: bool = False) -> Tensor:
    """A copy: arrays of a trace are read-only, and tensors cannot be."""
    import torch

    return torch.from_numpy(np.array(array, dtype=np.float64)).requires_grad_(requires_grad)
