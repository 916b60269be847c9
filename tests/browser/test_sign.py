"""The sign of a state on the screen, without colour: on the Contrast page and in the player."""

import base64
from urllib.parse import urlencode

import numpy as np
import pytest

from gru_viz.experiment import Experiment, to_query
from gru_viz.runs import contrast
from tests.browser.playing import opened_file, player, runs, saved
from tests.browser.visiting import keyed

# The brightness of a picture's pixels, in rows.
GREY = """async source => {
  const image = new Image()
  image.src = source
  await image.decode()
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height })
  const context = canvas.getContext("2d")
  context.drawImage(image, 0, 0)
  const { data } = context.getImageData(0, 0, image.width, image.height)
  return Array.from({ length: image.height }, (_, y) => Array.from({ length: image.width }, (_, x) => {
    const at = 4 * (y * image.width + x)
    return Math.round(0.2126 * data[at] + 0.7152 * data[at + 1] + 0.0722 * data[at + 2])
  }))
}"""
PANELS = """plot => {
  const { _size, xaxis, ...rest } = plot._fullLayout
  return Object.keys(rest).filter(name => /^yaxis/.test(name)).map(name =>
    [xaxis._offset, rest[name]._offset, xaxis._length, rest[name]._length])
}"""
MAPS = """() => [...document.querySelectorAll(".gru-viz .group")].flatMap(group =>
  [...group.querySelectorAll(".row")].map(row => {
    const canvas = row.querySelector("canvas")
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
    const { name } = row.querySelector(".legend").dataset
    return [group.dataset.cell, name, canvas.height, canvas.width, [...new Uint32Array(data.buffer)]]
  }))"""


FEW, MANY = Experiment(), Experiment(text="Ada sees a ship. " * 6, hidden_size=24)


@pytest.mark.parametrize(("experiment", "theme"), [(FEW, "light"), (FEW, "dark"), (MANY, "light")],
                         ids=["few, light", "few, dark", "many"])  # fmt: skip
def test_each_square_of_a_state_says_its_sign_in_grey(server, open_page, experiment, theme):
    page = open_page(f"{server}/?{urlencode(to_query(experiment))}", theme=theme)
    plot = keyed(page, "states").locator(".js-plotly-plot")
    plot.scroll_into_view_if_needed()
    boxes = plot.evaluate(PANELS)
    source = "data:image/png;base64," + base64.b64encode(plot.screenshot()).decode()
    with page.context.new_page() as blank:  # the app's page takes no picture from elsewhere
        grey = np.array(blank.evaluate(GREY, source), dtype=float)
    states = [values for report in contrast(experiment).reports for values in report.states.values()]
    ground = 255 if theme == "light" else 19  # #0E1420
    assert len(boxes) == len(states)
    seen = 0
    for (left, top, width, height), values in zip(boxes, states, strict=True):
        steps, units = values.shape
        for step, unit in np.argwhere(np.abs(values) > 0.1 * np.abs(np.array(states)).max()):
            x = round(left + width * (step + 0.5) / steps)
            upper, lower = (round(top + height * (unit + part) / units) for part in (0.25, 0.75))
            assert abs(grey[lower, x] - ground) > 8, (step, unit)
            assert (abs(grey[upper, x] - ground) < 3) == (values[step, unit] < 0), (step, unit)
            seen += 1
    assert seen > 300


def test_a_covered_half_tells_its_value(server, open_page):
    page = open_page(server)
    plot = keyed(page, "states").locator(".js-plotly-plot")
    plot.scroll_into_view_if_needed()
    left, top, width, height = plot.evaluate(PANELS)[0]
    values = contrast(FEW).reports[0].states["h"]
    step, unit = np.argwhere(values < -0.3)[5]
    box = plot.bounding_box()
    x = box["x"] + left + width * (step + 0.5) / len(values)
    page.mouse.move(x, box["y"] + top + height * (unit + 0.25) / values.shape[1])
    said = plot.locator(".hoverlayer .hovertext").text_content()
    assert f"unit {unit + 1}: −{-values[step, unit]:.3f}" in said


def test_each_value_of_the_history_says_its_sign_in_grey(browser, tmp_path):
    traces, _ = runs()
    with opened_file(browser, saved(tmp_path)) as page:
        maps = page.evaluate(MAPS)
        player(page).get_by_role("button", name="Backward", exact=True).click()
        sizes = page.evaluate(MAPS)
    assert {(title, name) for title, name, *_ in maps} >= {("LSTM", "c'"), ("GRU", "n"), ("GRU", "z")}
    for title, name, height, width, pixels in maps:
        values = traces[title].value(name)  # (T, H)
        assert (height, width) == (2 * values.shape[1], values.shape[0])
        upper, lower = np.array(pixels).reshape(-1, 2, width).transpose(1, 2, 0)  # each (T, H)
        is_half = upper != lower
        large = np.abs(values) > 0.05 * np.abs(values).max()
        np.testing.assert_array_equal(is_half[large], (values < 0)[large])
        assert not is_half[values >= 0].any()
        assert len(set(upper[is_half].tolist())) <= 1  # the ground
    for _, _, height, width, pixels in sizes:  # a size has no sign
        upper, lower = np.array(pixels).reshape(height // 2, 2, width).transpose(1, 0, 2)
        np.testing.assert_array_equal(upper, lower)


def test_of_many_units_each_has_one_row_of_pixels(browser, tmp_path):
    with opened_file(browser, saved(tmp_path, hidden_size=40)) as page:
        assert {height for _, _, height, *_ in page.evaluate(MAPS)} == {40}
        legend = player(page).locator(".history .note").inner_text()
    assert "purple is negative" in legend
    assert "half" not in legend
