"""Saving what is on the page, in a real browser: the files that reach a visitor's disk."""

import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from gru_viz import export
from gru_viz.experiment import Experiment
from gru_viz.runs import traces
from gru_viz.sequences import parse_sequence
from gru_viz.theme import THEMES
from tests.browser.visiting import in_both_themes
from tests.browser.watching import axe_violations, settled

SVG = "{http://www.w3.org/2000/svg}"


def saved(page, button, press="click"):
    """(name, bytes) of the file that a button downloads."""
    found = page.get_by_role("button", name=button, exact=True)
    with page.expect_download(timeout=20_000) as download:
        if press == "click":
            found.click()
        else:
            found.focus()
            page.keyboard.press(press)
    return download.value.suggested_filename, download.value.path().read_bytes()


def pixels(page, png):
    """(width, height, colour of the first pixel, share of pixels with that colour), as a browser decodes it."""
    return page.evaluate(
        """async bytes => {
            const image = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: "image/png" }))
            const canvas = new OffscreenCanvas(image.width, image.height)
            const context = canvas.getContext("2d")
            context.drawImage(image, 0, 0)
            const values = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer)
            const first = [...new Uint8Array(values.buffer, 0, 3)].map(v => v.toString(16).padStart(2, "0")).join("")
            return [image.width, image.height, first, values.filter(v => v === values[0]).length / values.length]
        }""",
        list(png),
    )


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_a_figure_is_saved_as_it_is_seen(server, open_page, theme, width):
    page = open_page(server, theme=theme, width=width)
    figure = page.locator(".st-key-gradient")
    name, svg = saved(page, "Save the figure gradient as SVG")
    assert name == "gru_viz_gradient.svg"
    root = ET.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root.find(f"{SVG}title").text == figure.get_by_role("figure").get_attribute("aria-label")
    size = [int(root.get(side)) for side in ("width", "height")]
    drawn = figure.locator(".main-svg").first.bounding_box()
    assert size == [round(drawn["width"]), round(drawn["height"])]
    red, green, blue = (int(THEMES[theme].ground[k : k + 2], 16) for k in (1, 3, 5))
    assert f"fill: rgb({red}, {green}, {blue})" in root.find(f"{SVG}rect").get("style")
    texts = [text for text in root.iter(f"{SVG}text") if "".join(text.itertext()).strip()]
    assert {"RNN", "LSTM", "GRU"} <= {"".join(text.itertext()) for text in texts}
    assert all("'Source Sans', system-ui, sans-serif" in text.get("style") for text in texts)
    assert not re.search(rb"<script|<foreignObject|https?://(?!www\.w3\.org)", svg)

    name, png = saved(page, "Save the figure gradient as PNG")
    page.get_by_role("status").filter(has_text="Saved as gru_viz_gradient.png").wait_for()
    assert name == "gru_viz_gradient.png"
    *doubled, ground, share = pixels(page, png)
    assert doubled == [2 * side for side in size]
    assert f"#{ground}".upper() == THEMES[theme].ground
    assert 0.7 < share < 0.99  # there is something on it


def test_each_figure_has_buttons_of_its_own_for_the_keyboard_too(server, open_page):
    page = open_page(server)
    main = page.get_by_test_id("stMain")
    count = main.get_by_role("figure").count()
    assert count >= 3
    assert main.get_by_role("button", name=re.compile("^Save the figure .* as (SVG|PNG)$")).count() == 2 * count
    assert main.locator(".modebar").count() == 0
    pictures = [saved(page, f"Save the figure {name} as SVG", "Enter") for name in ("states", "difference")]
    assert [name for name, _ in pictures] == ["gru_viz_states.svg", "gru_viz_difference.svg"]
    titles = [ET.fromstring(svg).find(f"{SVG}title").text for _, svg in pictures]
    assert [title.split()[0] for title in titles] == ["States", "Distance"]


def test_the_run_is_saved_as_table_arrays_and_script(server, open_page):
    experiment = Experiment(text="-=+@", cells=("gru",), hidden_size=3, replace="-", by="x")
    page = open_page(f"{server}/?text=-%3D%2B%40&cells=gru&hidden=3&replace=-&by=x")
    page.locator("summary", has_text="Save this run").click()
    settled(page)
    sequence = parse_sequence(experiment.kind, experiment.text)
    runs = traces(experiment, sequence)
    assert saved(page, "Table (CSV)") == ("gru_viz_run.csv", export.to_csv(runs, sequence.labels))
    assert saved(page, "Continue in Python", "Enter") == ("gru_viz_run.py", export.to_script(experiment).encode())
    name, data = saved(page, "Arrays (NPZ)")
    assert name == "gru_viz_run.npz"
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        np.testing.assert_array_equal(file["gru/h"], runs[0]["h"])


@pytest.mark.parametrize("width", [1280, 390])
def test_compare_with_all_that_opens_is_accessible_and_fits(server, open_page, width):
    page = open_page(f"{server}/compare", width=width)
    for name in ("The numbers", "Save this run"):
        page.get_by_test_id("stMain").locator("summary", has_text=name).click()
        settled(page)
    saved(page, "Save the figure price as SVG")
    for theme in in_both_themes(page):
        assert axe_violations(page) == [], theme
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    costs = page.get_by_role("region", name="What each cell costs and keeps")
    assert costs.get_by_role("columnheader").all_inner_texts() == ["RNN", "LSTM", "GRU"]
    assert costs.get_by_role("rowheader").first.inner_text() == "Parameters"
    first, second = (costs.get_by_role("row").nth(1).get_by_role("cell").nth(k).inner_text() for k in (0, 1))
    assert (first, second) == ("8·16 + 8² + 8 = 200", "4·(8·16 + 8² + 8) = 800")
