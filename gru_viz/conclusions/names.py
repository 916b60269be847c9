"""The names of a cell and its arrays, here and in PyTorch, Keras and ONNX: tables of texts for the Equations page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Sequence as Many

from gru_viz.cells import Cell
from gru_viz.conclusions.common import listed
from gru_viz.conventions import update_gates
from gru_viz.grammar import MatrixProduct, Name, Product, walk
from gru_viz.labels import grouped
from gru_viz.layouts import SYSTEMS, Layout, find_layout, why_not
from gru_viz.measures.equations import reset_place
from gru_viz.notation.forms import Plain
from gru_viz.notation.symbols import Names
from gru_viz.parameters import parameter_shapes
from gru_viz.sequences import Sequence

Columns = Mapping[str, Many[str]]


def size(shape: tuple[int, ...]) -> int:
    """How many numbers a parameter of that shape has."""
    return shape[0] * shape[1] if shape[1:] else shape[0]


def names(of: Cell, sequence: Sequence, hidden: int) -> Columns:
    """What each name means, its shape in letters and here, and how many numbers it has."""
    inputs = sequence.values.shape[1]
    shapes = parameter_shapes(of, inputs, hidden)
    meanings = {"x": _input(sequence)} | {name: of.meanings.get(name, "") for name in of.states}
    meanings |= {name: of.meanings.get(name, "") for name in of.names}
    letters = {"x": ("I",)} | dict.fromkeys((*of.states, *of.names), ("H",)) | dict(of.parameters)
    here = {"x": (inputs,)} | dict.fromkeys((*of.states, *of.names), (hidden,)) | shapes
    return {
        "name": [f"{name}, {name}′" if name in of.states else name for name in letters],
        "what it is": [
            meanings[name].replace(" - ", " − ") if name in meanings else _part(of, name) for name in letters
        ],
        "shape": [" × ".join(each) for each in letters.values()],
        "here": [" × ".join(str(n) for n in here[name]) for name in letters],
        "numbers": [grouped(size(here[name])) for name in letters],
    }


def _input(sequence: Sequence) -> str:
    own = {"text": "character", "words": "word"}.get(sequence.kind)
    if own:
        return f"input: 1 for the step's own {own}, 0 for all others"
    return f"input: the step's number{'s' * (len(sequence.input_names) > 1)}"


def _part(of: Cell, name: str) -> str:
    """What a parameter does, as the lines have it."""
    write = Plain(Names.of(of.equations)).write
    parts = []
    for line in of.equations.lines:
        for part in walk(line.expression):
            if isinstance(part, MatrixProduct) and part.matrix == name:
                parts.append(f"weights by which {write(part.operand)} enters {line.symbol}")
            if isinstance(part, Product) and any(isinstance(each, Name) and each.name == name for each in part.factors):
                others = [write(each) for each in part.factors if not (isinstance(each, Name) and each.name == name)]
                parts.append(f"weights by which {' * '.join(others)} enters {line.symbol}, unit by unit")
        if not parts and any(isinstance(part, Name) and part.name == name for part in walk(line.expression)):
            parts.append(f"{'bias' if name == f'b_{line.name}' else 'second bias'} of {line.symbol}")
    return "; ".join(parts).replace("'", "′")


# -- elsewhere ---------------------------------------------------------------------------------------------------------

_MEANS = {"keep": "keeps: z = 1 holds the old state", "update": "writes: z = 1 takes the candidate"}


def elsewhere(of: Cell) -> str:
    """Where the cell is found, and where it is not."""
    found = {system: find_layout(of, system) for system in SYSTEMS}
    there = [layout.title + _options(layout) for layout in found.values() if layout]
    missing = [system for system, layout in found.items() if layout is None]
    text = f"Elsewhere it is called {listed(there)}." if there else ""
    for reason in dict.fromkeys(why_not(of, system) for system in missing):
        systems = listed([system for system in missing if why_not(of, system) == reason])
        text += f" It has no equal in {systems}: {reason}."
    return text.strip()


def systems(of: Cell) -> Columns:
    """The conventions of each system that has the cell, beside ours."""
    layouts = list(_layouts(of))
    place = reset_place(of)
    columns = {"": ["gates in order", "a gate's block is", "biases for each gate"]}
    columns["here"] = ["each by its name", "a matrix of its own", _biases_here(of)]
    for layout in layouts:
        order = listed(list(layout.letters))
        columns[layout.system] = [
            order if layout.letters == layout.gates else f"{order} (ours: {listed(list(layout.gates))})",
            "H columns" if layout.columns else "H rows",
            _biases_there(layout),
        ]
    if here := _z(of):
        columns[""].append("z")
        for name, means in {"here": here, **{layout.system: layout.z for layout in layouts}}.items():
            columns[name].append(_MEANS[means])
    if place:
        columns[""].append("the reset gate acts")
        for name in ("here", *(layout.system for layout in layouts)):
            columns[name].append(f"{place} the product with U")
    return columns


def arrays(of: Cell, inputs: int, hidden: int) -> Columns:
    """Each array of each system: its shape in letters and here, and its blocks in order."""
    columns: dict[str, list[str]] = {"system": [], "array": [], "shape": [], "here": [], "blocks, in order": []}
    for layout in _layouts(of):
        here, blocks = layout.shapes(inputs, hidden), list(layout.blocks())
        for array, letters in layout.shape_texts().items():
            own = [parameter for name, _, parameter in blocks if name + layout.suffix == array]
            signed = [f"−{name}" if name in layout.negated else name for name in own]
            shape = ", ".join(str(n) for n in here[array]) + "," * (len(here[array]) == 1)
            for column, text in zip(
                columns.values(), (layout.system, array, letters, f"({shape})", ", ".join(signed)), strict=True
            ):
                column.append(text)
    return columns


def signs(of: Cell) -> str:
    """How the table of arrays is read, where there is something to say."""
    negated = [layout.system for layout in _layouts(of) if layout.negated]
    two = [layout.system for layout in _layouts(of) if _two(layout)]
    text = f"A minus: {listed(negated)} hold{'s' * (len(negated) == 1)} it with the other sign, as z is 1 − z there."
    return (text + " ") * bool(negated) + f"Twice the same name, in {listed(two)}: the two are added." * bool(two)


def parameters_there(of: Cell) -> Columns:
    """How each of our parameters is read out of their arrays, in Python."""
    return {"ours": list(of.parameters)} | {
        layout.system: [layout.formulas()[name] for name in of.parameters] for layout in _layouts(of)
    }


def _layouts(of: Cell) -> Iterator[Layout]:
    for system in SYSTEMS:
        if (layout := find_layout(of, system)) is not None:
            yield layout


def _options(layout: Layout) -> str:
    return f" ({', '.join(f'{name}={value!r}' for name, value in layout.options.items())})" if layout.options else ""


def _two(layout: Layout) -> bool:
    parameters = [parameter for *_, parameter in layout.blocks()]
    return len(parameters) > len(set(parameters))


def _z(of: Cell) -> str:
    return next(iter(update_gates(of).values()), "")


def _biases_here(of: Cell) -> str:
    seconds = [name for name in of.parameters if name.startswith("c_")]
    return "one" + f"; {listed(seconds)} besides" * bool(seconds)


def _biases_there(layout: Layout) -> str:
    if not _two(layout):
        return "one"
    return "two; only their sum counts" + f", but for {listed(list(layout.second))}" * bool(layout.second)
