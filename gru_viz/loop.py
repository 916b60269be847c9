"""Writes the source of a loop over steps, and compiles it.

A loop walks through arrays ("rows") one step at a time and calls NumPy on them in place. Its variables are described by
tuples such as ("before", "h"); who calls the loop knows which array each one is. The source holds names made here and
nothing that a person typed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Variable = tuple[Any, ...]

_CALLS: dict[str, Any] = {
    name: getattr(np, name)
    for name in ("add", "subtract", "multiply", "negative", "exp", "tanh", "reciprocal", "maximum")
} | {"copy": np.copyto}


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

    def compile(self, products: int) -> tuple[str, Callable[..., None]]:
        """The source, and its function steps(products, fixed, rows): of callables, of arrays, of rows to walk."""

        def names(prefix: Sequence[str], source: str) -> list[str]:
            return [f"    {', '.join(prefix)}, = {source}"] if prefix else []

        lines = [
            "def steps(products, fixed, rows):",
            *names([f"p{k}" for k in range(products)], "products"),
            *names(list(self.fixed.values()), "fixed"),
            f"    for {', '.join(self.rows.values())}, in rows:",
            *(f"        {line}" for line in self.lines),
        ]
        source = "\n".join(lines) + "\n"
        namespace = dict(_CALLS)
        exec(compile(source, "<loop>", "exec"), namespace)
        return source, namespace["steps"]
