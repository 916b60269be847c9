"""Which file may import what.

Read from the source with `ast`, so that a forbidden import is found where it stands, also in a file that no test runs.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Library: the files, or the folders with their slash, that may import it.
MAY_IMPORT = {
    "streamlit": ("app.py", "app_pages/", "gru_viz/ui/", "gru_viz/player/"),
    "plotly": ("gru_viz/figures/", "gru_viz/theme.py"),
    "torch": ("gru_viz/torch_bridge/",),
}


class Import(NamedTuple):
    """One import of one module, where it stands."""

    module: str
    line: int
    lazy: bool  # inside a function: it happens when that is called


def sources(root: Path) -> Iterator[tuple[str, str]]:
    """Path below the root, with slashes, and text of each Python file of the app and its package."""
    for path in [*root.glob("app.py"), *sorted(root.glob("app_pages/*.py")), *sorted(root.glob("gru_viz/**/*.py"))]:
        yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")


def imports(path: str, text: str) -> list[Import]:
    """Everything that a file imports, by statement or by name, with relative names made absolute.

    `from a import b` counts as a.b: what b is, a module or something in it, shows only when all files are known.
    What stands under `if TYPE_CHECKING:` is never imported and does not count.
    """
    package = path.removesuffix(".py").removesuffix("/__init__").split("/")
    if not path.endswith("/__init__.py"):
        package.pop()
    found = []

    def visit(node: ast.AST, lazy: bool) -> None:
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for other in node.orelse:
                visit(other, lazy)
            return
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            names = [".".join([*above, *filter(None, [node.module, alias.name])]) for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__"):
            names = [arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)]
        found.extend(Import(name, node.lineno, lazy) for name in names)
        lazy = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            visit(child, lazy)

    visit(ast.parse(text, path), lazy=False)
    return found


def violations(root: Path) -> list[str]:
    """Each import that stands where it must not, as `path:line: what`."""
    wrong = []
    for path, text in sources(root):
        page = path == "app.py" or path.startswith("app_pages/")
        for module, line, lazy in imports(path, text):
            library = module.partition(".")[0]
            where = f"{path}:{line}: {module}"
            if library in MAY_IMPORT and not path.startswith(MAY_IMPORT[library]):
                wrong.append(f"{where} is only for {', '.join(MAY_IMPORT[library])}")
            if library == "torch" and not lazy:
                wrong.append(f"{where} belongs inside a function: importing gru_viz must not load torch")
            if library == "numpy" and page:
                wrong.append(f"{where}: a page does no mathematics")
            if not page and library in ("app", "app_pages", "tests", "benchmarks"):
                wrong.append(f"{where}: the package knows nothing of what is built on it")
            if module.startswith("gru_viz.ui") and not page and not path.startswith("gru_viz/ui/"):
                wrong.append(f"{where}: only the app knows its user interface")
    return wrong


def module_graph(root: Path) -> dict[str, set[str]]:
    """Module of gru_viz: the modules of gru_viz that it imports, at any time."""
    files = {path: text for path, text in sources(root) if path.startswith("gru_viz/")}
    modules = {path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in files}
    graph = {}
    for module, path in modules.items():
        graph[module] = set()
        for name in (found.module for found in imports(path, files[path])):
            while name and name not in modules:  # gru_viz.trace.Trace: the longest part that is a module
                name = name.rpartition(".")[0]
            if name:
                graph[module].add(name)
    return graph


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """The modules of one circle of imports, or nothing when there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_each_library_is_imported_only_where_it_may_be():
    assert violations(ROOT) == []


def test_imports_inside_the_package_run_one_way():
    assert cycle(module_graph(ROOT)) == []


def test_no_folder_is_called_pages():
    """Beside app.py it is Streamlit's old way of several pages: on a fresh server the first link to any page but the
    home page then opens a dialog "Page not found"."""
    assert not (ROOT / "pages").exists()


def test_importing_the_package_loads_no_heavy_library():
    code = "import sys, gru_viz; print(*sorted({'torch', 'plotly', 'streamlit'} & sys.modules.keys()))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (loaded.stdout.split(), loaded.stderr) == ([], "")


# The rules above hold of correct code; these show that they can fail.


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("gru_viz/engine.py", "import streamlit as st"),
        ("gru_viz/engine.py", "def f():\n    from plotly import graph_objects"),
        ("gru_viz/engine.py", "import importlib\nimportlib.import_module('torch')"),
        ("gru_viz/figures/states.py", "import streamlit"),
        ("gru_viz/theme.py", "from streamlit.errors import Error"),
        ("gru_viz/torch_bridge/convert.py", "import torch"),
        ("gru_viz/torch_bridge/convert.py", "try:\n    from torch import nn\nexcept ImportError:\n    pass"),
        ("gru_viz/ui/state.py", "def f():\n    import torch"),
        ("gru_viz/engine.py", "from . import ui"),
        ("gru_viz/figures/states.py", "from ..ui.state import x"),
        ("gru_viz/engine.py", "import app_pages.contrast"),
        ("app_pages/contrast.py", "import numpy as np"),
        ("app_pages/contrast.py", "import plotly.graph_objects"),
        ("app.py", "from numpy import array"),
    ],
)
def test_a_forbidden_import_is_found(tmp_path, path, text):
    write(tmp_path, {path: text})
    assert any(line.startswith(f"{path}:") for line in violations(tmp_path))


def test_what_is_allowed_is_let_through(tmp_path):
    files = {
        "app.py": "import streamlit\nfrom gru_viz.ui import state",
        "app_pages/contrast.py": "import streamlit as st\nimport gru_viz",
        "gru_viz/__init__.py": "from gru_viz.engine import run",
        "gru_viz/engine.py": "import numpy\nfrom gru_viz import trace",
        "gru_viz/trace.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from gru_viz.engine import run",
        "gru_viz/figures/states.py": "import plotly\nfrom gru_viz.trace import Trace",
        "gru_viz/torch_bridge/convert.py": "def check():\n    import torch\n    from torch import nn",
        "gru_viz/ui/state.py": "import streamlit\nimport gru_viz",
    }
    write(tmp_path, files)
    assert violations(tmp_path) == []
    assert cycle(module_graph(tmp_path)) == []


@pytest.mark.parametrize(
    "files",
    [
        {"a.py": "from gru_viz.b import f", "b.py": "def g():\n    from gru_viz import a"},
        {"a.py": "from .b import f", "b.py": "from .c import f", "c.py": "import gru_viz.a"},
        {"__init__.py": "from gru_viz.a import f", "a.py": "import gru_viz"},
        {"a/__init__.py": "from ..b import f", "b.py": "from .a.deep import f", "a/deep.py": "from . import x"},
    ],
)
def test_a_circle_is_found(tmp_path, files):
    write(tmp_path, {f"gru_viz/{path}": text for path, text in files.items()})
    assert cycle(module_graph(tmp_path))


def write(root: Path, files: dict[str, str]) -> None:
    """Write these files below the root."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
