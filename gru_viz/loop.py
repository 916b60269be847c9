"""Writes the source of a loop over steps, and compiles it.

A loop walks through arrays ("rows") one step at a time and calls NumPy on them in place. Its variables are described by
tuples such as ("before", "h"); who calls the loop knows which array each one is. The source holds names made here and
nothing that a person typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Variable = tuple[Any, ...]
Arrays = Callable[..., tuple[Any, ...]]  # makes groups of them

_CALLS: dict[str, Any] = {
    name: getattr(np, name)
    for name in ("add", "subtract", "multiply", "negative", "exp", "tanh", "reciprocal", "maximum")
} | {"copy": np.copyto}

# How an array of each kind is made from those of a run or of a walk backwards: ``shape`` is (T, *lead, H), ``row`` that
# of one step. ``it`` stands for what the variable is of: a node, or a state's name.
_MADE = {
    "slot": "stacks[{}][:, {}]",
    "slots": "stacks[{}][:, {}:{}]",
    "products": "stacks[{}][..., {} * H : {} * H]",
    "own": "empty(shape)",
    "adjoint": "empty(shape)",
    "scratch": "empty(row)",
    "product": "empty((*lead, {1} * H))",
    "spread": "slots_of({block}, {1}, 0)",  # a product slot by slot
    "block": "empty(({1}, *row))",
    "part": "{block}[{1}]",
    "after": "states[{it}][1:]",
    "first": "states[{it}][0]",
    "before": "states[{it}][:-1]",
    "timed": "values[{it}]",
    "arrived": "kept[{it}]",
    "loss_of": "loss[{it}]",
    "still": "asarray(values[{it}])",  # the same at every step: broadcasts
}


@dataclass(frozen=True)
class Steps:
    """A compiled loop, ``run(products, fixed, first, rows)``, and what the arrays are that it takes."""

    source: str
    run: Callable[..., None]
    fixed: tuple[Variable, ...]  # stay the same
    first: tuple[Variable, ...]  # one row each: what the first step takes over
    rows: tuple[Variable, ...]  # walked through, a row a step


@dataclass
class Loop:
    """The lines of a loop's body, and its variables: those that move with the step and those that stay."""

    lines: list[str] = field(default_factory=list)
    rows: dict[Variable, str] = field(default_factory=dict)
    fixed: dict[Variable, str] = field(default_factory=dict)

    def row(self, *variable: Any) -> str:
        return self.rows.setdefault(variable, f"r{len(self.rows)}")

    def constant(self, *variable: Any) -> str:
        return self.fixed.setdefault(variable, f"k{len(self.fixed)}")

    def scratch(self) -> str:
        return self.constant("scratch", len(self.fixed))

    def call(self, name: str, *variables: str) -> None:
        """One call; the last variable is written."""
        if name == "copy":
            variables = variables[::-1]
        if name == "maximum":  # the one that wants its output named
            variables = (*variables[:-1], f"out={variables[-1]}")
        self.lines.append(f"{name}({', '.join(variables)})")

    def accumulate(self, terms: Sequence[tuple[int, str]], out: str) -> None:
        """out = the sum of signed variables; only the first one that is added may be ``out`` itself."""
        (sign, first), *rest = sorted(terms, key=lambda term: -term[0])
        if sign < 0 or (not rest and first != out):
            self.call("copy" if sign > 0 else "negative", first, out)
            first = out
        for sign, term in rest:
            self.call("add" if sign > 0 else "subtract", first, term, out)
            first = out

    def compile(self, products: int, handed_on: Mapping[Variable, Variable]) -> Steps:
        """The loop as a function. ``handed_on`` maps a row to the one that the next step takes for it: such a row is
        given once, for the first step."""
        first = [row for row, left in handed_on.items() if row in self.rows and left in self.rows]
        rows = [row for row in self.rows if row not in first]

        def names(variables: Iterable[str], source: str) -> list[str]:
            listed = list(variables)
            return [f"    {', '.join(listed)}, = {source}"] if listed else []

        lines = [
            "def steps(products, fixed, first, rows):",
            *names((f"p{k}" for k in range(products)), "products"),
            *names(self.fixed.values(), "fixed"),
            *names((self.rows[row] for row in first), "first"),
            f"    for {', '.join(self.rows[row] for row in rows)}, in rows:",
            *(f"        {line}" for line in self.lines),
            *(f"        {self.rows[row]} = {self.rows[handed_on[row]]}" for row in first),
        ]
        source = "\n".join(lines) + "\n"
        namespace = dict(_CALLS)
        exec(compile(source, "<loop>", "exec"), namespace)
        return Steps(source, namespace["steps"], tuple(self.fixed), tuple(first), tuple(rows))


def each_step(rows: Iterable[Iterable[np.ndarray]]) -> Iterator[tuple[np.ndarray, ...]]:
    """The rows of each step. All have as many steps: to look whether each ends too (``strict``) takes a third of a
    microsecond for each, as the end of an array is an exception with a sentence."""
    return zip(*rows, strict=False)


def slots_of(side_by_side: np.ndarray, count: int, axis: int) -> np.ndarray:
    """(*lead, count * H) slot by slot: (count, *lead, H), or with all steps and axis 1 (T, count, *lead, H)."""
    *before, width = side_by_side.shape
    slots = side_by_side.reshape(*before, count, width // count)
    return slots if len(before) == axis else slots.swapaxes(axis, -2)


def compile_arrays(*groups: Sequence[Variable] | Mapping[Any, Variable]) -> Arrays:
    """A function that makes the arrays of each group of variables, those of a variable only once: a tuple of them for
    a sequence, and a dict under its keys for a mapping."""
    namespace: dict[str, Any] = {"empty": np.empty, "asarray": np.asarray, "slots_of": slots_of}
    names: dict[Variable, str] = {}
    blocks: dict[object, str] = {}
    lines = []
    for variable in dict.fromkeys(variable for group in groups for variable in _variables(group)):
        (kind, *which), k = variable, len(names)
        names[variable] = f"v{k}"
        if kind == "full":  # one number, whatever the shape
            namespace[names[variable]] = np.array(which[0])
        else:
            namespace[f"it{k}"] = which[0]
            made = _MADE[kind].format(*which, it=f"it{k}", block=blocks.get(which[0]))
            lines.append(f"    v{k} = {made}")
        if kind in ("block", "product"):  # come before their parts
            blocks[which[0]] = f"v{k}"
    listed = []
    for number, group in enumerate(groups):
        if isinstance(group, Mapping):
            namespace |= {f"key{number}_{k}": key for k, key in enumerate(group)}
            entries = (f"key{number}_{k}: {names[variable]}" for k, variable in enumerate(group.values()))
            listed.append(f"{{{', '.join(entries)}}}")
        else:
            listed.append(f"({''.join(f'{names[variable]}, ' for variable in group)})")
    start = [
        "def arrays(stacks, states, values, shape, kept=None, loss=None):",
        "    row = *lead, H = shape[1:]",
    ]
    source = "\n".join([*start, *lines, f"    return {', '.join(listed)},"]) + "\n"
    exec(compile(source, "<arrays>", "exec"), namespace)
    return namespace["arrays"]


def _variables(group: Sequence[Variable] | Mapping[Any, Variable]) -> Iterable[Variable]:
    return group.values() if isinstance(group, Mapping) else group
