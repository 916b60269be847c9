"""`python -m gru_viz.diagram` searches anew for the diagrams of the ready cells, and writes ``found.py``.

A search takes a few tenths of a second: the first visitor after a start should not wait for it.
"""

from pathlib import Path

from gru_viz.cells import cell, cell_names
from gru_viz.diagram.layout import key, search
from gru_viz.diagram.wiring import wiring

FILE = Path(__file__).with_name("found.py")
HEAD = '''"""Where the search for the diagram of a ready cell has ended; written by `python -m gru_viz.diagram`.

By what it depends on: columns of the parts, rows of the lanes, tracks between them. Of any other cell the layout is
searched for when it is wanted.
"""

FOUND: dict[str, tuple[tuple[int, ...], tuple[int, ...], int]] = {
'''


def found() -> str:
    """The text of ``found.py``."""
    lines = []
    for name in cell_names():
        parts = wiring(cell(name))
        for numbers in (False, True):
            lines.append(f'    "{key(parts, numbers)}": {tuple(search(parts, numbers).way)},')
    return HEAD + "\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    FILE.write_text(found(), encoding="utf-8")
