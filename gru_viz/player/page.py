"""The player's scripts in one piece, a page that holds them with the data, and the two functions that people call."""

from __future__ import annotations

import base64
import functools
import html
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from gru_viz.errors import InputError, check_kind, shown, whole_number
from gru_viz.player.pack import Flows, Packed, Start, Traces, pack

HERE = Path(__file__).parent
HEIGHTS = (200, 10_000)  # px
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js"\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=async function|function|class|const)", re.MULTILINE)
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
html {{ color-scheme: light dark; }}
body {{ margin: 0; padding: 16px; background: #fff; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #0e1420; }} }}
{styles}
</style>
</head>
<body>
<main></main>
<script type="application/octet-stream" id="data">{data}</script>
<script type="module">
{scripts}
unpack(document.getElementById("data").textContent).then(bytes => {{
  const player = mount(document.querySelector("main"), bytes)
  if (window === window.top) player.focus()
}})
</script>
</body>
</html>
"""


@functools.cache
def scripts() -> str:
    """All modules as one script without imports and exports, those first that others need; it defines ``mount``."""
    done: dict[str, str] = {}

    def add(name: str) -> None:
        if name not in done:
            text = (HERE / "js" / f"{name}.js").read_text(encoding="utf-8")
            for needed in _IMPORT.findall(text):
                add(needed)
            done[name] = "\n".join(_lines(_EXPORT.sub("", _IMPORT.sub("", text))))

    for name in ("player", "unpack"):
        add(name)
    return "\n".join(done.values())


@functools.cache
def styles(name: str = "player") -> str:
    """Those of the player; those of a "room" come after them where it is large."""
    return "\n".join(_lines((HERE / f"{name}.css").read_text(encoding="utf-8")))


def _lines(text: str) -> Iterator[str]:
    """Without indentation, empty lines and those that are comments alone: a third fewer bytes to send."""
    return (line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith(("//", "/*")))


def page(packed: Packed, start: Start, title: str) -> str:
    """One HTML file that needs no network. The data is compressed, and base64: it holds no character of markup."""
    return _PAGE.format(title=html.escape(title), styles=styles(), scripts=scripts(), data=compressed(packed.at(start)))


def compressed(data: bytes) -> str:
    """In base64: deflated with all first bytes of each four before all second ones, as alike ones compress better."""
    planes = np.frombuffer(data + bytes(-len(data) % 4), dtype=np.uint8).reshape(-1, 4).T
    return base64.b64encode(zlib.compress(planes.tobytes(), 9)).decode("ascii")


def save_html(
    traces: Traces,
    path: str | Path,
    *,
    flows: Flows | None = None,
    labels: Sequence[str] | None = None,
    title: str = "Step through",
) -> Path:
    """The player as one HTML file that works from a disk or a slide deck, without a network. The file's path.

    ``traces``: a run, several, or a dict that names them, all over the same steps; ``flows`` their gradients, in the
    same form (without them, of the sum of the last h); ``labels`` what each step is called. At most 8 runs, 20,000
    steps and 64 MB of numbers. Raises InputError, and OSError where the file cannot be written.
    """
    if not isinstance(path, str | Path):
        raise InputError(f"path is {shown(path)}; the path of a file is expected.")
    check_kind(title, str, "title", "a text")
    path = Path(path)
    path.write_text(page(pack(traces, flows, labels), Start(), title), encoding="utf-8")
    return path


class Shown:
    """A player in a notebook: a frame with the whole page in it."""

    def __init__(self, packed: Packed, height: int) -> None:
        self.packed, self.height = packed, height

    def _repr_html_(self) -> str:
        source = html.escape(page(self.packed, Start(), "Step through"))
        return (
            f'<iframe title="Step through" srcdoc="{source}" sandbox="allow-scripts" '
            f'style="width: 100%; height: {self.height}px; border: 0"></iframe>'
        )


def show(
    traces: Traces, *, flows: Flows | None = None, labels: Sequence[str] | None = None, height: int = 900
) -> Shown:
    """The player in a notebook: the last value of a cell, or what ``display`` is given.

    ``traces``, ``flows`` and ``labels`` as in ``save_html``; ``height`` in px, 200 to 10,000. Raises InputError.
    """
    return Shown(pack(traces, flows, labels), whole_number(height, "height", *HEIGHTS))
