"""Every public function with a call that works, and every wrong thing that may come in an argument's place."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import torch

import gru_viz
from gru_viz import conventions, handset, layouts, notation

GRU, RNN = gru_viz.cell("gru"), gru_viz.cell("rnn")
WEIGHTS = gru_viz.init_params(RNN, 2, 3, seed=0)
X = np.random.default_rng(0).standard_normal((4, 2))
RUN = gru_viz.run(RNN, WEIGHTS, X)
BATCH = gru_viz.run(RNN, WEIGHTS, np.stack([X, X], axis=1))
FLOW = gru_viz.backpropagate(RUN)
LOSS = {"h": np.ones((4, 3))}
MODULE = {name: value.numpy() for name, value in torch.nn.GRU(2, 3).state_dict().items()}

# What comes. Some of it is right in some places: each row below says where.
WRONG: dict[str, Any] = {
    "nothing": None,
    "a number": 3.5,
    "a number below 0": -1,
    "zero": 0,
    "a truth": True,
    "not a number": float("nan"),
    "infinity": float("inf"),
    "a huge whole number": 10**400,
    "one that Python does not write": 10**5_000,
    "a decimal": Decimal("0.5"),
    "a text": "gru",
    "no text": "",
    "a long text": "long " * 10_000,
    "half a character": "\ud800",
    "bytes": b"gru",
    "a list": [1],
    "a list of nothing": [None],
    "no list": [],
    "a ragged list": [[1.0], [1.0, 2.0]],
    "a mapping": {"a": 1},
    "no mapping": {},
    "a mapping of a number": {5: 1},
    "a set": {1},
    "a generator": (each for each in ()),
    "an object": object(),
    "a function": len,
    "a class": int,
    "a complex number": 1j,
    "a complex array": np.ones((4, 2)) * 1j,
    "an array of objects": np.full((4, 2), object()),
    "an array of texts": np.full((4, 2), "1"),
    "an array of times": np.full((4, 2), np.datetime64("2026-11-21")),
    "an array of spans": np.full((4, 2), np.timedelta64(1)),
    "a masked array": np.ma.masked_array(X, X > 0),
    "a structured array": np.zeros((4, 2), dtype=[("a", float)]),
    "an empty array": np.empty((0, 2)),
    "an array of 5 axes": np.ones((1, 1, 1, 1, 1)),
    "an array without axes": np.array(5),
    "a tensor that requires grad": torch.ones(4, 2, requires_grad=True),
    "a tensor without numbers": torch.ones(4, 2, device="meta"),
    "a cell": GRU,
    "a run": BATCH,
    "a flow": FLOW,
}

Place = tuple[str] | tuple[str, Any]  # an argument, or an argument's entry


@dataclass(frozen=True)
class Door:
    """A call that works, and what besides may stand in which place: anything whose name is listed there."""

    call: Callable[..., Any]
    args: dict[str, Any]
    accepts: Mapping[Place, tuple[str, ...]] = field(default_factory=dict)

    def places(self) -> Iterator[Place]:
        for name, value in self.args.items():
            yield (name,)
            if isinstance(value, (dict, list)) and value:
                yield name, next(iter(value)) if isinstance(value, dict) else 0

    def with_wrong(self, place: Place, wrong: Any) -> dict[str, Any]:
        name, *entry = place
        if not entry:
            return self.args | {name: wrong}
        changed = self.args[name].copy()
        changed[entry[0]] = wrong
        return self.args | {name: changed}

    def __call__(self, args: dict[str, Any]) -> Any:
        found = self.call(**args)
        return list(found) if inspect.isgenerator(found) else found


REAL = ("a number", "a number below 0", "zero")
TEXTS = ("a text", "no text", "a long text", "half a character")
STEPS: dict[Place, tuple[str, ...]] = {
    ("trace",): ("a run",),
    ("steps",): ("nothing", "a list", "no list"),
    ("steps", 0): ("zero",),
}
LABELS: dict[Place, tuple[str, ...]] = {("labels",): ("nothing",), ("labels", 0): TEXTS}
EXPERIMENT = gru_viz.example("half_open").experiment

DOORS = {
    "Cell": Door(
        gru_viz.Cell,
        {
            "name": "mine",
            "text": RNN.text,
            "title": "",
            "meanings": {"h": "the state"},
            "roles": {"h": "state"},
            "source": "",
            "variant_of": "",
        },
        {
            ("name",): TEXTS,
            ("title",): TEXTS,
            ("meanings",): ("no mapping",),
            ("meanings", "h"): TEXTS,
            ("roles",): ("no mapping",),
            ("source",): TEXTS,
            ("variant_of",): TEXTS,
        },
    ),
    "Cell.node": Door(RNN.node, {"name": "h"}),
    "Cell.keep_biases": Door(GRU.keep_biases, {"keep": 1.0}, {("keep",): REAL}),
    "GradientFlow.__getitem__": Door(lambda name: FLOW[name], {"name": "h"}),
    "GradientFlow.log10_norm": Door(
        FLOW.log10_norm, {"name": "h", "carried": True}, {("name",): ("nothing",), ("carried",): ("a truth",)}
    ),
    "Trace.__getitem__": Door(lambda name: RUN[name], {"name": "h"}),
    "Trace.before": Door(lambda name: RUN.before[name], {"name": "h"}),
    "Trace.value": Door(RUN.value, {"expression": "0.5 * h"}),
    "backpropagate": Door(
        gru_viz.backpropagate,
        {"trace": RUN, "loss_grad": LOSS},
        {("loss_grad",): ("nothing", "no mapping")},
    ),
    "cell": Door(gru_viz.cell, {"name": "gru"}, {("name",): ("a text",)}),
    "cell_names": Door(gru_viz.cell_names, {}),
    "check_against_torch": Door(
        gru_viz.check_against_torch,
        {"trace": RUN, "loss_grad": LOSS},
        {("loss_grad",): ("nothing", "no mapping")},
    ),
    "direct_paths": Door(gru_viz.direct_paths, {"trace": RUN}, {("trace",): ("a run",)}),
    "eigenvalues": Door(
        gru_viz.eigenvalues,
        {"trace": RUN, "steps": [1]},
        STEPS,
    ),
    "example": Door(gru_viz.example, {"name": "half_open"}),
    "example_names": Door(gru_viz.example_names, {}),
    "from_torch": Door(
        gru_viz.from_torch,
        {"module_or_state_dict": MODULE, "nonlinearity": None},
        {("nonlinearity",): ("nothing",)},
    ),
    "horizon": Door(gru_viz.horizon, {"trace": RUN}),
    "init_params": Door(
        gru_viz.init_params,
        {
            "cell": RNN,
            "input_size": 2,
            "hidden_size": 3,
            "seed": 0,
            "input_names": ["a", "b"],
            "scheme": "uniform",
            "recurrent_gain": 1.0,
            "input_gain": 1.0,
            "bias": {"b_h": 1.0},
        },
        {
            ("seed",): ("zero", "a huge whole number", "one that Python does not write"),
            ("input_names",): ("nothing",),
            ("input_names", 0): TEXTS,
            ("recurrent_gain",): REAL,
            ("input_gain",): REAL,
            ("bias",): ("nothing", "no mapping"),
            ("bias", "b_h"): REAL,
        },
    ),
    "reach": Door(gru_viz.reach, {"flow": FLOW, "share": 0.5}, {("flow",): ("a flow",)}),
    "run": Door(
        gru_viz.run,
        {"cell": RNN, "params": WEIGHTS, "x": X, "state": {"h": np.zeros(3)}},
        {("state",): ("nothing", "no mapping")},
    ),
    "saliency": Door(
        gru_viz.saliency,
        {"trace": RUN, "step": 1},
        {("trace",): ("a run",), ("step",): ("nothing", "zero")},
    ),
    "singular_values": Door(
        gru_viz.singular_values,
        {"trace": RUN, "steps": [1]},
        STEPS,
    ),
    "spectral_norms": Door(gru_viz.spectral_norms, {"trace": RUN}, {("trace",): ("a run",)}),
    "step_jacobians": Door(
        gru_viz.step_jacobians,
        {"trace": RUN, "steps": [1]},
        STEPS,
    ),
    "sweep": Door(
        gru_viz.sweep,
        {"cell": RNN, "params": [WEIGHTS, WEIGHTS], "x": X, "state": {"h": np.zeros(3)}, "at_once": 2},
        {
            ("params",): ("no list", "no text", "a generator"),
            ("state",): ("nothing", "no mapping"),
        },
    ),
    "to_csv": Door(
        gru_viz.to_csv,
        {"traces": [RUN], "labels": ["a", "b", "c", "d"]},
        LABELS,
    ),
    "to_npz": Door(
        gru_viz.to_npz,
        {"traces": [RUN], "labels": ["a", "b", "c", "d"]},
        LABELS,
    ),
    "to_script": Door(gru_viz.to_script, {"experiment": EXPERIMENT}),
    "to_torch": Door(gru_viz.to_torch, {"cell": RNN, "params": WEIGHTS}),
    "notation.formula": Door(notation.formula, {"cell": RNN, "name": "h"}, {("cell",): ("a cell",)}),
    "notation.formulas": Door(notation.formulas, {"cell": RNN}, {("cell",): ("a cell",)}),
    "notation.pre_activations": Door(notation.pre_activations, {"cell": RNN, "name": "h"}, {("cell",): ("a cell",)}),
    "notation.products": Door(
        notation.products,
        {"trace": RUN, "what": "h", "step": 1, "unit": 1, "row": None},
        {("step",): ("zero",), ("unit",): ("zero",), ("row",): ("nothing",)},
    ),
    "notation.remainder": Door(
        notation.remainder,
        {"parts": [1.0], "total": 1.0, "digits": 3},
        {
            ("parts",): ("a list", "no list", "no text", "bytes"),
            ("parts", 0): (*REAL, "a truth", "not a number", "infinity", "an array without axes"),
            ("total",): (*REAL, "a truth", "not a number", "infinity", "an array without axes"),
        },
    ),
    "notation.with_numbers": Door(
        notation.with_numbers,
        {"trace": RUN, "name": "h", "step": 1, "unit": 1, "row": None},
        {("step",): ("zero",), ("unit",): ("zero",), ("row",): ("nothing",)},
    ),
    "conventions.swap_z": Door(
        conventions.swap_z, {"cell": GRU, "params": gru_viz.init_params(GRU, 2, 3, 0)}, {("cell",): ("a cell",)}
    ),
    "layouts.arrays": Door(layouts.arrays, {"cell": RNN, "params": WEIGHTS, "system": "Keras"}),
    "layouts.from_arrays": Door(
        layouts.from_arrays, {"cell": RNN, "arrays": layouts.arrays(RNN, WEIGHTS, "Keras"), "system": "Keras"}
    ),
    "handset.hand_set": Door(handset.hand_set, {"name": "latch"}),
    "handset.HandSet.params": Door(
        handset.LATCH.params,
        {"input_names": ["!"]},
        {("input_names",): ("nothing", "a text", "half a character"), ("input_names", 0): TEXTS},
    ),
}
