"""A diagram as a picture: well-formed SVG, whatever was typed."""

import re
from xml.etree import ElementTree

import pytest

from gru_viz.diagram import describe, path, svg
from gru_viz.theme import THEMES
from tests.test_diagram import READY, drawn

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("name", [*READY, "long names", "many terms", "parameters only"])
def test_the_picture_is_one_well_formed_svg(name, theme):
    diagram = drawn(name)[1]
    text = svg(diagram, theme, f"Diagram of {name}")
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert root.get("aria-labelledby").split() == [root.find(f"{SVG}{tag}").get("id") for tag in ("title", "desc")]
    assert root.find(f"{SVG}title").text == f"Diagram of {name}"
    assert "Time runs to the right" in root.find(f"{SVG}desc").text
    assert [float(number) for number in root.get("viewBox").split()] == pytest.approx(
        [0, 0, diagram.width, diagram.height], abs=0.05
    )
    drawn_ids = {element.get("data-node") or element.get("data-edge") for element in root.iter(f"{SVG}g")}
    assert drawn_ids == {thing.id for thing in (*diagram.nodes, *diagram.edges)}
    carried = {element.get("data-edge"): element.get("data-expression") for element in root.iter(f"{SVG}g")}
    assert all(carried[edge.id] == ", ".join(edge.carries) for edge in diagram.edges)
    texts = ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]
    assert [shown for shown in texts if shown in ("x", "h", "h′")] == ["h", "x", "h′"]
    assert set(re.findall(r"#[0-9A-F]{6}", text)) <= {theme.ground, theme.text, theme.quiet, *theme.roles.values()}
    assert {element.get("fill") for element in root.iter(f"{SVG}text")} == {theme.text}
    for outside in ("script", "http://", "https://", "url(", "href"):
        assert outside not in text.replace('xmlns="http://www.w3.org/2000/svg"', ""), outside


def test_nothing_that_was_typed_becomes_markup():
    diagram = drawn("gru")[1]
    evil = "</title><script>alert(1)</script> & \" ' \x00 \ud800"
    text = svg(diagram, THEMES["light"], evil, evil, prefix='a" onload="x')
    root = ElementTree.fromstring(text.encode())
    assert list(root.iter(f"{SVG}script")) == []
    assert root.find(f"{SVG}title").text == evil.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    assert root.get("onload") is None


def test_two_pictures_on_a_page_share_no_id():
    texts = [svg(drawn(name)[1], theme, name) for name in READY for theme in THEMES.values()]
    ids = [found for text in texts for found in re.findall(r' id="([^"]+)"', text)]
    assert len(ids) == len(set(ids))


def test_a_path_follows_the_wire_and_hops():
    edge = next(edge for edge in drawn("gru")[1].edges if edge.hops)
    assert path(edge).count("A") == len(edge.hops)
    numbers = [float(word) for word in re.findall(r"-?[\d.]+", path(edge))]
    assert numbers[:2] == pytest.approx(edge.points[0], abs=0.05)
    assert numbers[-2:] == pytest.approx(edge.points[-1], abs=0.05)


def test_a_description_says_which_gate_acts_on_what():
    assert describe(drawn("lstm")[1]) == (
        "Time runs to the right. At the left edge c and h and the input x enter, at the right edge c′ and h′ leave. "
        "Gates: f acts on c; i acts on g; o acts on tanh(c′)."
    )
    assert describe(drawn("rnn")[1]) == (
        "Time runs to the right. At the left edge h and the input x enter, at the right edge h′ leaves."
    )
