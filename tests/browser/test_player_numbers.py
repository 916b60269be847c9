"""The player's numbers on the screen, of a file opened from a disk without a network: the trace's and the flow's."""

import math
import random
import re

import numpy as np
import pytest

import gru_viz
from gru_viz.player import save_html
from tests.browser.playing import (
    SCREEN,
    check_screen,
    go,
    opened_file,
    player,
    press,
    runs,
    saved,
    shows,
    shows_size,
    value_of,
    where,
)

HOSTILE = ["</script><script>throw 1</script>", "<img src=x onerror=throw(1)>", "\u202e", "&lt;", "👨‍👩‍👧", "]]>"]
TYPED = """
    a  = sigmoid(W_a @ x + U_a @ h + p_a * m + b_a)
    m' = (1 - a) * m + a * tanh(W_m @ x + b_m)
    h' = relu(U_h @ (a * h) + W_h @ x) - 0.5 * tanh(m')
"""


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    """One player without motion for all tests of this file: each goes where it wants to look."""
    with opened_file(browser, saved(tmp_path_factory.mktemp("player")), reduced_motion="reduce") as page:
        assert "14 of 14" in where(page)
        yield page


def test_each_number_on_the_screen_is_the_runs(page):
    traces, labels = runs()
    chance = random.Random(5)
    for backward in (False, True, False, True):
        step, unit = chance.randint(1, 14), chance.randint(1, 5)
        go(page, step, unit, backward)
        assert f"Step {step} of 14, “{labels[step - 1]}”" in where(page)
        check_screen(page, traces, step, unit, backward)


def test_a_valve_is_as_open_as_its_number(page):
    run = runs()[0]["GRU"]
    go(page, 6, 2)
    shown = next(cell for cell in page.evaluate(SCREEN) if cell["title"] == "GRU")["openings"]
    values = [float(re.findall(r"scale[XY]\((.*)\)", each)[0]) for each in shown]
    expected = [run["r"][5, 1], 1 - run["z"][5, 1], run["z"][5, 1]]
    np.testing.assert_allclose(sorted(values), sorted(expected), atol=1e-4)


def opened(page):
    return player(page).locator(".opened")


def title(page):
    return opened(page).locator("h3").inner_text()


def terms(page):
    """What is added up: its value, as shown."""
    return [value_of(text)[0] for text in opened(page).locator("li:not(.total) output").all_inner_texts()]


def test_an_opened_number_is_a_sum_that_adds_up(page):
    run = runs()[0]["LSTM"]
    go(page, 9, 4)
    press(page, "Open f of LSTM")
    pre = run.value("W_f @ x + U_f @ h + b_f")[8, 3]
    total = opened(page).locator(".total output").inner_text()
    assert shows(total, pre)
    assert "f of unit 4 at step 9" in title(page)
    assert abs(sum(terms(page)) - value_of(total)[0]) <= 0.5001e-2
    assert len(terms(page)) >= 1 + 1 + 5 + 1  # W of the letter, of the others together, U of five units, b
    ends = opened(page).locator("output").evaluate_all("all => all.map(e => e.getBoundingClientRect().right)")
    assert ends[-1] == pytest.approx(max(ends), abs=1)  # the sum stands under its column
    opened(page).get_by_role("button", name="Largest first").click()
    sizes = [
        abs(value_of(text)[0]) for text in opened(page).locator("li:not(.total):not(.rest) output").all_inner_texts()
    ]
    assert sizes == sorted(sizes, reverse=True)
    press(page, "Open c' of LSTM")
    opened(page).get_by_role("button", name="Open g").click()
    assert "g of unit 4" in title(page)
    page.keyboard.press("ArrowLeft")
    assert "at step 8" in title(page)
    opened(page).get_by_role("button", name="Close the opened number").click()
    assert opened(page).is_hidden()


def test_an_opened_gradient_is_a_sum_that_adds_up_and_leads_through_time(page):
    run = runs()[0]["LSTM"]
    flow = gru_viz.backpropagate(run)
    go(page, 9, 4, backward=True)
    press(page, "Open f of LSTM")
    assert title(page).startswith("LSTM: ∂L/∂f of unit 4 at step 9 = ")
    assert shows_size(opened(page).locator(".total output").inner_text(), flow["f"][8, 3])
    factors = opened(page).locator(".values").inner_text().replace("(", "").replace(")", "").split("·")
    assert "·10" not in opened(page).locator(".values").inner_text()
    assert [value_of(text)[0] for text in factors] == pytest.approx([flow["c"][8, 3], run.before["c"][8, 3]], rel=6e-3)
    opened(page).get_by_role("button", name="Open ∂L/∂c'").click()
    step_on = flow.carried["c"][8, 3]
    through_h = flow["h"][8, 3] * run["o"][8, 3] * (1 - math.tanh(run["c"][8, 3]) ** 2)
    assert terms(page)[:2] == pytest.approx([step_on, through_h], rel=6e-3)
    opened(page).get_by_role("button", name="Open step 10").click()
    assert where(page).startswith("Step 10 ")
    assert title(page).startswith("LSTM: ∂L/∂c of unit 4 at step 10 = ")
    assert shows_size(opened(page).locator(".total output").inner_text(), flow.before["c"][9, 3])
    player(page).locator(".cell[aria-label=LSTM] [data-kind=before][data-name=h] .number").click()
    total = opened(page).locator(".total output").inner_text()
    assert shows_size(total, flow.before["h"][9, 3])
    assert abs(sum(terms(page)) - value_of(total)[0]) <= 1.01 * value_of(total)[1]
    assert opened(page).locator("li:not(.total):not(.rest)").count() == 4 * 5
    player(page).get_by_role("button", name="∂L/∂n = ").click()
    assert title(page).startswith("GRU: ∂L/∂n of unit 4 at step 10 = ")
    player(page).locator('.cell[aria-label=GRU] .numbers [data-open="W_z @ x"]').click()  # a value stays a value
    assert "∂" not in title(page)


def test_a_number_is_opened_where_it_stands(page):
    go(page, 14, 1)
    player(page).locator('.cell[aria-label=GRU] [data-open="W_z @ x"]').click()
    assert title(page).startswith("GRU: Wz x of unit 1 at step 14 = ")
    player(page).locator('.cell[aria-label=GRU] [data-node][data-open="n"]').click()
    assert title(page).startswith("GRU: n of unit 1")
    player(page).locator('.group[data-cell=LSTM] .legend[data-name="o"]').click()
    assert title(page).startswith("LSTM: o of unit 1 at step 14 = ")  # and the cursor has not moved
    inputs = player(page).locator('[data-node][data-name="x"] text.number').all_text_contents()
    assert inputs == ["“.”"] * 3


def test_a_cell_that_somebody_typed_and_tokens_that_are_markup(browser, tmp_path):
    cell = gru_viz.Cell("typed <b>", TYPED, title="<b>mine</b>")
    params = gru_viz.init_params(cell, 6, 4, seed=1, input_gain=2.0)
    run = gru_viz.run(cell, params, np.eye(6))
    path = save_html(run, tmp_path / "typed.html", labels=HOSTILE, title="</title><script>throw 2</script>")
    text = path.read_text(encoding="utf-8")
    assert "throw" not in text.partition("<script")[2].replace("throw new Error", "")
    with opened_file(browser, path, reduced_motion="reduce") as page:
        for step in (1, 4):
            go(page, step, 3)
            check_screen(page, {"<b>mine</b>": run}, step, 3, False)
            assert HOSTILE[step - 1] in where(page)
        go(page, 5, 2, backward=True)
        check_screen(page, {"<b>mine</b>": run}, 5, 2, True)
        press(page, "Open m' of <b>mine</b>")
        value = gru_viz.backpropagate(run)["m"][4, 1]
        assert shows_size(opened(page).locator(".total output").inner_text(), value)
