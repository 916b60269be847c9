"""Writes docs/reference.md from the docstrings, and the diagrams from the equations: `python docs/make_reference.py`.

A test holds them together with the code.
"""

import inspect
import re
from pathlib import Path

import gru_viz
from gru_viz.diagram import layout, svg
from gru_viz.theme import LIGHT

HEAD = """# Reference

What `import gru_viz` offers, from the docstrings. Shapes: T time, B batch, I input, H hidden, S all states together.
`Array` is a NumPy array, `Parameters` a dict of arrays by the names of a cell's equations, `Traces` a run, a list of
runs or a dict that names them, `Flows` the gradients of runs in the same form.
"""
PAGE = Path(__file__).with_name("reference.md")


def signature(name: str, thing: object) -> str:
    """The call; of a class that only the library makes, whose arguments are its inner parts, just the name."""
    if inspect.isclass(thing) and issubclass(thing, Exception):
        return name
    call = re.sub(r"(: |-> )'([^']*)'", r"\1\2", f"{name}{inspect.signature(thing)}").replace("<factory>", "{}")
    return name if inspect.isclass(thing) and any(part in call for part in ("Node", "Plan", "Walk")) else call


def members(thing: type) -> list[str]:
    """The public methods and properties of a class, in the order of its text."""
    lines = []
    for name, member in vars(thing).items():
        text = inspect.getdoc(member)
        if name.startswith("_") or not text or not (callable(member) or hasattr(member, "__get__")):
            continue
        call = signature(name, member).replace("(self, ", "(").replace("(self)", "()") if callable(member) else name
        lines.append(f"- `.{call}`: " + " ".join(text.split()))
    return lines


def reference() -> str:
    parts = [HEAD]
    for name in gru_viz.__all__:
        thing = getattr(gru_viz, name)
        parts.append(f"## {name}\n\n```text\n{signature(name, thing)}\n```\n\n{inspect.getdoc(thing)}\n")
        if inspect.isclass(thing) and not issubclass(thing, Exception) and (found := members(thing)):
            parts.append("\n".join(found) + "\n")
    return "\n".join(parts)


def diagram(name: str) -> str:
    cell = gru_viz.cell(name)
    return svg(layout(cell), LIGHT, f"{cell.title}, drawn from its equations")


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
    for each in ("lstm", "gru"):
        PAGE.with_name(f"{each}.svg").write_text(diagram(each), encoding="utf-8")
