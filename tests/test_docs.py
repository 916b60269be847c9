"""The notebook runs, the reference page is that of today's docstrings."""

import importlib.util
import inspect
import json
from pathlib import Path

import numpy as np

import gru_viz

DOCS = Path(__file__).resolve().parents[1] / "docs"


def test_the_notebook_runs_and_says_what_is_so(capsys):
    cells = json.loads((DOCS / "tour.ipynb").read_text(encoding="utf-8"))["cells"]
    names: dict[str, object] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []  # made anew wherever it is opened
            exec("".join(cell["source"]), names)
    said = capsys.readouterr().out
    for line in ("rnn: reaches 6 of 32", "lstm: reaches 23 of 32", "gru: reaches 32 of 32"):
        assert line in said
    assert names["reaches"] == {"rnn": 6, "lstm": 7, "gru": 8}
    assert np.median(names["found"]) == 5
    assert "Line 1, column" in said
    assert "step,token,cell,quantity,unit,value\n1,M,RNN,h,1," in said
    assert "the GRU's update gate: (32, 8) its recurrent matrix: (8, 8)" in said
    assert "trace is 'gru'; what gru_viz.run returns is expected." in said


def test_the_notebook_uses_the_library_alone():
    text = (DOCS / "tour.ipynb").read_text(encoding="utf-8")
    assert not any(f"import {other}" in text for other in ("torch", "plotly", "streamlit", "matplotlib"))


def test_the_reference_and_the_diagrams_are_up_to_date():
    """If not: python docs/make_reference.py"""
    spec = importlib.util.spec_from_file_location("make_reference", DOCS / "make_reference.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert (DOCS / "reference.md").read_text(encoding="utf-8") == made.reference()
    for name in ("lstm", "gru"):
        assert (DOCS / f"{name}.svg").read_text(encoding="utf-8") == made.diagram(name)


def test_everything_public_has_a_docstring():
    for name in gru_viz.__all__:
        thing = getattr(gru_viz, name)
        assert (thing.__doc__ or "").strip(), name
        for key, member in vars(thing).items() if inspect.isclass(thing) else ():
            if not key.startswith("_") and (callable(member) or hasattr(member, "__get__")):
                assert (inspect.getdoc(member) or "").strip(), f"{name}.{key}"


def test_every_function_that_can_refuse_says_so():
    """Those without an argument cannot, nor can what a class's own text says."""
    for name in gru_viz.__all__:
        thing = getattr(gru_viz, name)
        if inspect.isfunction(thing) and inspect.signature(thing).parameters:
            text = inspect.getdoc(thing)
            assert "Raises InputError" in text or "as in ``" in text, name
