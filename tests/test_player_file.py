"""The player's bytes, scripts and files: what is in them, and what is refused."""

import html
import math
import re
import subprocess
import sys

import numpy as np
import pytest

import gru_viz
from gru_viz.diagram import layout
from gru_viz.diagram.pixels import NUMBER
from gru_viz.player import Start, pack, scripts, styles
from tests.test_diagram import flaws
from tests.test_player import CELLS, HERE, NODE, PLAYER, a_run, needs_node, node


def modules():
    return {path.stem: path.read_text(encoding="utf-8") for path in (PLAYER / "js").glob("*.js")}


def test_the_scripts_of_all_modules_are_one_without_imports_and_with_each_name_once():
    """A component takes one script, so what two modules call alike at their top would clash there."""
    named = re.compile(r"^(?:export )?(?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)
    names = [name for text in modules().values() for name in named.findall(text)]
    assert sorted(names) == sorted(set(names))
    whole = scripts()
    assert not re.search(r"^(import|export)\b", whole, re.MULTILINE)
    for name in names:
        assert re.search(rf"^(async )?(function|class|const|let) {name}\b", whole, re.MULTILINE), name
    assert "</script" not in whole.lower() + styles().lower()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", whole)
    assert "streamlit" not in "".join(modules().values()).lower()


@needs_node
def test_the_joined_script_is_one_that_runs(tmp_path):
    (tmp_path / "all.mjs").write_text(
        scripts() + "\nprocess.stdout.write(typeof mount + typeof unpack)", encoding="utf-8"
    )
    done = subprocess.run([NODE, tmp_path / "all.mjs"], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("functionfunction", "")


@needs_node
def test_a_start_and_its_labels_are_read_as_they_were_given(tmp_path):
    trace = a_run(gru_viz.cell("rnn"), steps=3)
    labels = ["</script>", "ñ\u0301👨‍👩‍👧", "\u202e\ud800"]
    (tmp_path / "bytes").write_bytes(pack(trace, labels=labels).at(Start(2, 3, True, 7)))
    found = node("evaluate.mjs", {"bytes": str(tmp_path / "bytes")})
    assert found["start"] == {"step": 2, "unit": 3, "backward": True, "call": 7}
    assert found["labels"] == [*labels[:2], "\u202e?"]


def test_what_cannot_be_shown_is_refused_in_words():
    rnn = gru_viz.cell("rnn")
    one, other = a_run(rnn, steps=3), a_run(rnn, steps=4)
    batch = gru_viz.run(rnn, one.params, np.zeros((3, 2, 3)))
    for arguments, words in [
        (([],), "There is no run to show"),
        ((batch,), "is a batch of 2; one sequence is expected"),
        (([one, other],), r"different numbers of steps \(RNN 3, RNN 2 4\)"),
        ((one, gru_viz.backpropagate(other)), "flows are of other runs"),
        ((one, None, ["a"]), "labels holds 1 texts; one for each of the 3 steps"),
    ]:
        with pytest.raises(gru_viz.InputError, match=words):
            pack(*arguments)


def test_what_is_no_run_is_refused_in_words(tmp_path, monkeypatch):
    """Whatever comes, a sentence says what, and what is expected."""
    trace = a_run(gru_viz.cell("rnn"), steps=3)
    flow, path = gru_viz.backpropagate(trace), tmp_path / "player.html"
    run = "a run, a list of runs or a dict that names them is expected"
    for traces, words in [
        (None, f"traces is None; {run}"),
        (7, f"traces is 7; {run}"),
        ("gru", f"traces is 'gru'; {run}"),
        (np.zeros(3), f"traces is a ndarray; {run}"),
        (flow, f"traces is a GradientFlow; {run}"),
        ([trace, None], f"An entry of traces is None; {run}"),
        ({"RNN": flow}, f"An entry of traces is a GradientFlow; {run}"),
        ([trace] * 9, "There are 9 runs to show; at most 8 are allowed"),
        ({}, "There is no run to show"),
    ]:
        for face in (gru_viz.show, lambda given: gru_viz.save_html(given, path)):
            with pytest.raises(gru_viz.InputError, match=re.escape(words)):
                face(traces)
    for arguments, words in [
        ({"flows": 3}, "flows is 3; the gradients of each run"),
        ({"flows": [trace]}, "An entry of flows is a Trace"),
        ({"flows": [flow, flow]}, "flows are of other runs"),
        ({"labels": 5}, "labels is 5; a list of texts is expected"),
        ({"labels": ["a", None, "c"]}, "An entry of labels is None; a text is expected"),
    ]:
        for face in (gru_viz.show, lambda given, **more: gru_viz.save_html(given, path, **more)):
            with pytest.raises(gru_viz.InputError, match=re.escape(words)):
                face(trace, **arguments)
    for height in (None, "900", 900.5, True, 0, -5, 10**9, math.nan):
        with pytest.raises(
            gru_viz.InputError, match=r"height is .*; a whole number from 200 to 10\u202f000 is allowed"
        ):
            gru_viz.show(trace, height=height)
    for wrong in (None, 5, b"player.html", ["player.html"]):
        with pytest.raises(gru_viz.InputError, match=r"path is .*; the path of a file is expected"):
            gru_viz.save_html(trace, wrong)
    with pytest.raises(gru_viz.InputError, match="title is 5; a text is expected"):
        gru_viz.save_html(trace, path, title=5)
    monkeypatch.setattr(sys.modules["gru_viz.player.pack"], "MAX_BYTES", 100)
    with pytest.raises(gru_viz.InputError, match="would take up to 0 MB; at most 0 MB are allowed: show fewer steps"):
        gru_viz.show(trace)
    monkeypatch.undo()
    monkeypatch.setattr(sys.modules["gru_viz.player.pack"], "MAX_STEPS", 2)
    with pytest.raises(gru_viz.InputError, match="The runs have 3 steps; at most 2 can be shown"):
        gru_viz.save_html(trace, path)
    assert not path.exists()


@needs_node
def test_no_run_is_lost_where_names_are_alike(tmp_path):
    gru = gru_viz.cell("gru")
    runs = [a_run(gru, seed=seed) for seed in range(4)]
    for given in ({"gru": runs[0], "GRU": runs[1], "GRU 2": runs[2], 7: runs[3]}, runs):
        (tmp_path / "bytes").write_bytes(pack(given).at(Start()))
        cells = node("evaluate.mjs", {"bytes": str(tmp_path / "bytes")})["cells"]
        assert len({cell["title"] for cell in cells}) == 4
        for cell, run in zip(cells, runs, strict=True):
            np.testing.assert_allclose(cell["values"]["z"], run["z"], rtol=1e-5)


def test_a_notebook_shows_a_frame_with_the_whole_page_in_it():
    frame = gru_viz.show(a_run(gru_viz.cell("gru")), labels=list("abcdefg"), height=500)._repr_html_()
    source = re.fullmatch(
        r'<iframe title="[^"]+" srcdoc="([^"]*)" sandbox="allow-scripts" style="[^"]+"></iframe>', frame
    )
    assert html.unescape(source[1]).startswith("<!DOCTYPE html>")
    assert "height: 500px" in frame


def test_importing_the_package_does_not_load_the_player():
    code = "import sys, gru_viz; print('gru_viz.player' in sys.modules, callable(gru_viz.show))"
    done = subprocess.run([sys.executable, "-c", code], cwd=HERE.parent, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["False", "True"]
    with pytest.raises(AttributeError, match="no attribute 'shown'"):
        _ = gru_viz.shown


def test_a_file_of_200_steps_of_three_cells_with_32_units_stays_small(tmp_path):
    rng = np.random.default_rng(0)
    x = np.eye(40)[rng.integers(0, 40, 200)]
    traces = {}
    for name in ("rnn", "lstm", "gru"):
        cell = gru_viz.cell(name)
        traces[name] = gru_viz.run(cell, gru_viz.init_params(cell, 40, 32, seed=1), x)
    assert gru_viz.save_html(traces, tmp_path / "player.html").stat().st_size < 411_000


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_a_usual_cell_with_its_numbers_is_whole_on_a_phone(name):
    """As large as letters of 12 px need it to be: 358 px are left between the margins of a screen of 390."""
    assert 0.87 * layout(CELLS[name], numbers=True).width <= 358


@pytest.mark.parametrize("name", CELLS)
def test_a_diagram_with_numbers_has_room_for_them(name):
    diagram = layout(CELLS[name], numbers=True)
    assert flaws(diagram) == []
    beside = {label.node for label in diagram.labels if label.width >= NUMBER}
    used = [edge.source for edge in diagram.edges]
    leaves = {edge.source for edge in diagram.edges if diagram.node(edge.target).kind == "after"}
    leaves = {id for id in leaves if used.count(id) == 1}  # their numbers stand at the right edge
    for part in diagram.nodes:
        if part.kind in ("box", "weights", "plain"):
            assert part.width >= NUMBER
            assert part.height >= 40
        elif part.kind != "join":
            assert part.id in beside or (part.id in leaves and part.kind not in ("input", "before"))
