"""The player as people meet it: on its page, and as one file on a disk with no network.

Numbers on the screen are compared with the trace and the flow; a number is right when it is the value, rounded to the
digits that it shows.
"""

import math
import random
import re
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

import gru_viz
from gru_viz.cells import cell_names
from gru_viz.experiment import Experiment
from gru_viz.player import save_html
from gru_viz.runs import cells_of, trace
from gru_viz.sequences import parse_sequence
from tests.browser.watching import axe_violations, settled

RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
HOSTILE = ["</script><script>throw 1</script>", "<img src=x onerror=throw(1)>", "\u202e", "&lt;", "👨‍👩‍👧", "]]>"]
TYPED = """
    a  = sigmoid(W_a @ x + U_a @ h + p_a * m + b_a)
    m' = (1 - a) * m + a * tanh(W_m @ x + b_m)
    h' = relu(U_h @ (a * h) + W_h @ x) - 0.5 * tanh(m')
"""


# -- what is read off the screen ---------------------------------------------------------------------------------------


def value_of(text):
    """(value, half a unit of its last digit) of a number as the player writes it; brackets are left out."""
    plain = text.strip("()").replace("−", "-").replace("\u202f", "")
    mantissa, _, power = plain.partition("·10")
    exponent = int(power.translate(RAISED) or "1") if "·10" in plain else 0
    places = len(mantissa.partition(".")[2])
    return float(mantissa) * 10.0**exponent, 0.5 * 10.0 ** (exponent - places)


def shows(text, value, slack=3e-6):
    shown, half = value_of(text)
    return abs(shown - value) <= 1.02 * max(half, 5e-4 * abs(value)) + slack * max(1.0, abs(value))


def shows_size(text, log10, sign):
    """A gradient far outside the range of a float too."""
    if log10 == -math.inf:
        return text == "0"
    mantissa, _, power = text.replace("−", "-").partition("·10")
    if "·10" not in text:
        return shows(text, sign * 10.0**log10, 1e-5)
    expected = sign * 10.0 ** (log10 - int(power.translate(RAISED)))
    return abs(float(mantissa) - expected) <= 0.502 * 10.0 ** -len(mantissa.partition(".")[2])


SCREEN = """() => {
  const root = document.querySelector(".gru-viz") ?? document.querySelector(".player")
  const read = (scope, selector) => [...scope.querySelectorAll(selector)]
  return read(root, ".cell").map(cell => ({
    title: cell.querySelector("h3").textContent,
    parts: read(cell, "[data-node][data-name]").map(part =>
      [part.dataset.name, part.dataset.kind, part.querySelector("text.number")?.textContent ?? ""]),
    slots: read(cell, ".numbers [data-symbol]").map(slot => [slot.dataset.symbol, slot.textContent]),
    gradients: read(cell, ".gradient").map(each => each.textContent),
    openings: read(cell, ".opening").map(each => each.style.transform),
  }))
}"""


@contextmanager
def opened_file(browser, path, *, theme="light", width=1280, **more):
    """A file in the browser without a network; nothing may be asked for, and nothing go wrong."""
    context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 900}, offline=True, **more)
    page = context.new_page()
    wrong, asked = [], []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.locator(".gru-viz .diagram").first.wait_for(state="attached")
    try:
        yield page
    finally:
        context.close()
    assert wrong == []
    assert asked == [path.as_uri()]


def player(page):
    return page.locator(".gru-viz")


def where(page):
    return player(page).locator(".where").inner_text()


def press(page, name):
    player(page).get_by_role("button", name=name, exact=True).click()


def go(page, step, unit, backward=False):
    """By the keyboard and the list of units, as a person would; motion is over when this returns."""
    player(page).get_by_role("slider", name="Step").focus()
    page.keyboard.press("Home")
    for _ in range(step - 1):
        page.keyboard.press("ArrowRight")
    player(page).get_by_role("combobox", name="Unit").select_option(str(unit))
    turn = player(page).get_by_role("button", name="Backward")
    if (turn.get_attribute("aria-pressed") == "true") != backward:
        turn.click()
    page.wait_for_function("() => true")


@pytest.fixture(scope="module")
def runs():
    experiment = Experiment(text="Ada saw a saw.", hidden_size=5)
    sequence = parse_sequence(experiment.kind, experiment.text)
    return {of.title: trace(experiment, of, sequence) for of in cells_of(experiment)}, sequence.labels


@pytest.fixture(scope="module")
def file(runs, tmp_path_factory):
    traces, labels = runs
    return save_html(traces, tmp_path_factory.mktemp("player") / "player.html", labels=labels)


def check_screen(page, traces, step, unit, backward):
    """Everything that is shown of one step and unit."""
    shown = {cell["title"]: cell for cell in page.evaluate(SCREEN)}
    assert list(shown) == list(traces)
    for title, run in traces.items():
        for symbol, text in shown[title]["slots"]:
            assert shows(text, run.value(symbol)[step - 1, unit - 1]), (title, symbol, text)
        parts = [part for part in shown[title]["parts"] if part[0] != "x"]
        assert parts
        flow = gru_viz.backpropagate(run)
        if not backward:
            for expression, _, text in parts:
                assert shows(text, run.value(expression)[step - 1, unit - 1]), (title, expression, text)
            continue
        for line, text in zip(run.cell.equations.lines, shown[title]["gradients"], strict=True):
            value = flow[line.name][step - 1, unit - 1]
            assert text.startswith(f"∂L/∂{line.symbol.replace(chr(39), '′')} = ")
            log10 = math.log10(abs(value)) if value else -math.inf
            assert shows_size(text.partition(" = ")[2], log10, np.sign(value)), (title, line.symbol, text, value)
        for expression, kind, text in parts:
            if kind == "before":
                value = flow.before[expression][step - 1, unit - 1]
            elif kind == "after":
                value = flow.carried[expression.strip("'")][step - 1, unit - 1]
            elif expression.strip("'") in run.cell.names:
                value = flow[expression.strip("'")][step - 1, unit - 1]
            else:
                continue
            log10 = math.log10(abs(value)) if value else -math.inf
            assert shows_size(text, log10, np.sign(value)), (title, expression, text, value)


# -- one file, without a network ---------------------------------------------------------------------------------------


def test_each_number_on_the_screen_is_the_runs(browser, file, runs):
    traces, labels = runs
    chance = random.Random(5)
    with opened_file(browser, file, reduced_motion="reduce") as page:
        assert "14 of 14" in where(page)
        for backward in (False, True, False, True):
            step, unit = chance.randint(1, 14), chance.randint(1, 5)
            go(page, step, unit, backward)
            assert f"Step {step} of 14, “{labels[step - 1]}”" in where(page)
            check_screen(page, traces, step, unit, backward)


def test_a_valve_is_as_open_as_its_number(browser, file, runs):
    run = runs[0]["GRU"]
    with opened_file(browser, file, reduced_motion="reduce") as page:
        go(page, 6, 2)
        shown = next(cell for cell in page.evaluate(SCREEN) if cell["title"] == "GRU")["openings"]
        values = [float(re.findall(r"scale[XY]\((.*)\)", each)[0]) for each in shown]
    expected = [run["r"][5, 1], 1 - run["z"][5, 1], run["z"][5, 1]]
    np.testing.assert_allclose(sorted(values), sorted(expected), atol=1e-4)


def test_an_opened_number_is_a_sum_that_adds_up(browser, file, runs):
    run = runs[0]["LSTM"]
    with opened_file(browser, file, reduced_motion="reduce") as page:
        go(page, 9, 4)
        player(page).get_by_role("button", name="Open f of LSTM").click()
        opened = player(page).locator(".opened")
        pre = run.value("W_f @ x + U_f @ h + b_f")[8, 3]
        assert shows(opened.locator(".total output").inner_text(), pre)
        assert "f of unit 4 at step 9" in opened.locator("h3").inner_text()
        terms = [value_of(text)[0] for text in opened.locator("li:not(.total) output").all_inner_texts()]
        assert abs(sum(terms) - value_of(opened.locator(".total output").inner_text())[0]) <= 0.5001e-2
        assert len(terms) >= 1 + 1 + 5 + 1  # W of the letter, of the others together, U of five units, b
        opened.get_by_role("button", name="Largest first").click()
        sizes = [
            abs(value_of(text)[0]) for text in opened.locator("li:not(.total):not(.rest) output").all_inner_texts()
        ]
        assert sizes == sorted(sizes, reverse=True)
        player(page).get_by_role("button", name="Open c' of LSTM").click()
        opened.get_by_role("button", name="Open g").click()
        assert "g of unit 4" in opened.locator("h3").inner_text()
        page.keyboard.press("ArrowLeft")
        assert "at step 8" in opened.locator("h3").inner_text()
        opened.get_by_role("button", name="Close the opened number").click()
        assert opened.is_hidden()


def test_a_number_is_opened_where_it_stands(browser, file):
    with opened_file(browser, file) as page:
        player(page).locator('.cell[aria-label=GRU] [data-open="W_z @ x"]').click()
        assert "z" in player(page).locator(".opened h3").inner_text()
        player(page).locator('.cell[aria-label=GRU] [data-node][data-open="n"]').click()
        assert "GRU: n of unit 1" in player(page).locator(".opened h3").inner_text()


LEGIBLE = """root => {
  const wide = each => each.getBoundingClientRect().width
  const seen = (scope, selector) => [...scope.querySelectorAll(selector)].filter(wide)
  const size = text => {
    const { width } = text.ownerSVGElement.getBoundingClientRect()
    return (parseFloat(getComputedStyle(text).fontSize) * width) / text.ownerSVGElement.viewBox.baseVal.width
  }
  const boxes = seen(root, ".diagram [data-node]").filter(each => each.querySelector(".frame"))
  return {
    formulas: seen(root, ".formula").length,
    cut: seen(root, ".formula").filter(formula => seen(formula, "math").some(each =>
      each.getBoundingClientRect().right > formula.getBoundingClientRect().right + 1)).length,
    least: Math.min(...seen(root, ".diagram text, .diagram tspan").map(text => size(text))),
    covered: boxes.filter(box => {
      const number = box.querySelector(".number")
      const bottom = Number(number.getAttribute("y")) + 0.36 * parseFloat(getComputedStyle(number).fontSize) + 1.5
      return bottom > box.querySelector(".frame").getBBox().height / 2 - 8
    }).length,
  }
}"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """All cells, with numbers that are long: powers of ten."""
    experiment = Experiment(text="Ada", hidden_size=3, cells=cell_names(), input_gain=1e-6, recurrent_gain=1e-6)
    sequence = parse_sequence(experiment.kind, experiment.text)
    traces = {of.title: trace(experiment, of, sequence) for of in cells_of(experiment)}
    return save_html(traces, tmp_path_factory.mktemp("tiny") / "tiny.html", labels=sequence.labels)


@pytest.mark.parametrize("width", [1280, 822, 390])
def test_formulas_are_whole_and_diagrams_can_be_read(browser, tiny, width):
    with opened_file(browser, tiny, width=width) as page:
        shown = player(page).evaluate(LEGIBLE)
        assert shown["formulas"] == (21 if width > 500 else 1)
        assert (shown["cut"], shown["covered"]) == (0, 0)
        if width > 500:
            assert shown["least"] >= 10.99
        for title in ("LSTM", "GRU", "GRU (reset after)", "LSTM (peepholes)") if width < 500 else ():
            press(page, title)
            shown = player(page).evaluate(LEGIBLE)
            assert shown["formulas"] >= 4
            assert (shown["cut"], shown["covered"]) == (0, 0)


def test_the_token_is_a_token_and_sums_stand_under_their_column(browser, file):
    with opened_file(browser, file) as page:
        inputs = player(page).locator('[data-node][data-name="x"] text.number').all_text_contents()
        assert inputs == ["“.”"] * 3
        player(page).get_by_role("button", name="Open f of LSTM").click()
        ends = (
            player(page).locator(".terms output").evaluate_all("all => all.map(e => e.getBoundingClientRect().right)")
        )
        assert ends[-1] == pytest.approx(max(ends), abs=1)


def test_keys(browser, file):
    with opened_file(browser, file, reduced_motion="reduce") as page:
        player(page).get_by_role("slider", name="Step").focus()
        for key, expected in [
            ("Home", "Step 1 "), ("ArrowLeft", "Step 1 "), ("ArrowRight", "Step 2 "), ("End", "Step 14 "),
            ("ArrowRight", "Step 14 "), ("ArrowLeft", "Step 13 "),
        ]:  # fmt: skip
            page.keyboard.press(key)
            assert where(page).startswith(expected), key
        unit = player(page).get_by_role("combobox", name="Unit")
        for key, expected in [
            ("ArrowDown", "2"),
            ("ArrowDown", "3"),
            ("ArrowUp", "2"),
            ("ArrowUp", "1"),
            ("ArrowUp", "1"),
        ]:
            page.keyboard.press(key)
            assert unit.input_value() == expected
        page.keyboard.press("b")
        assert player(page).get_by_role("button", name="Backward").get_attribute("aria-pressed") == "true"
        page.keyboard.press("b")
        page.keyboard.press("?")
        assert player(page).get_by_text("play or pause").is_visible()
        page.keyboard.press("Space")
        assert player(page).get_by_role("button", name="Pause").is_visible()
        page.keyboard.press("Space")
        assert player(page).get_by_role("button", name="Play").is_visible()
        status = player(page).get_by_role("status")
        page.keyboard.press("End")
        page.wait_for_timeout(400)
        assert status.inner_text().startswith("Step 14 of 14, “.”, unit 1. RNN: h ")


def test_values_light_up_in_the_order_of_computation(browser, file):
    """Halfway through a step what stands at the left has its number, and what comes later waits."""
    with opened_file(browser, file) as page:
        press(page, "First step")
        player(page).get_by_role("combobox", name="Speed").select_option("0.25")
        press(page, "One step on")
        page.wait_for_timeout(1200)
        waiting = player(page).locator(".cell[aria-label=LSTM] [data-node].pending")
        names = waiting.evaluate_all("all => all.map(each => each.dataset.name)")
        assert "h'" in names
        assert not {"c", "h", "f"} & set(names)
        page.keyboard.press("End")
        assert waiting.count() == 0


def test_play_runs_to_the_end_and_backward_to_the_start(browser, file):
    with opened_file(browser, file) as page:
        player(page).get_by_role("combobox", name="Speed").select_option("4")
        press(page, "Play")
        player(page).locator(".where", has_text="Step 14 of 14").wait_for()
        player(page).get_by_role("button", name="Play").wait_for()
        press(page, "Backward")
        press(page, "Play")
        player(page).locator(".where", has_text="Step 1 of 14").wait_for()
        player(page).get_by_role("button", name="Play").wait_for()


def test_a_name_that_is_pointed_at_lights_up_everywhere(browser, file):
    with opened_file(browser, file) as page:
        player(page).locator('.legend[data-name="z"]').hover()
        lit = player(page).locator(".lit").evaluate_all("all => all.map(each => each.dataset.name)")
        assert set(lit) == {"z"}
        assert len(lit) >= 5  # the legend, the button, the wire and its part, both formulas


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_file_in_both_themes_is_accessible_and_nothing_is_cut_off(browser, file, theme, width):
    with opened_file(browser, file, theme=theme, width=width) as page:
        assert player(page).get_attribute("data-theme") == theme
        player(page).get_by_role("button", name=re.compile("^Open h' of")).locator("visible=true").first.click()
        press(page, "Keys")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        small = page.evaluate(
            """() => [...document.querySelectorAll("button, select")].filter(each => each.offsetParent &&
              (each.getBoundingClientRect().width < 24 || each.getBoundingClientRect().height < 24)).length"""
        )
        assert small == 0
    with opened_file_for_axe(browser, file, theme, width) as page:
        assert axe_violations(page) == []


@contextmanager
def opened_file_for_axe(browser, path, theme, width):
    """The same without the file's own rule that no other script runs: axe is one."""
    context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.goto(path.as_uri())
    page.locator(".gru-viz .diagram").first.wait_for(state="attached")
    page.get_by_role("button", name="Keys").click()
    page.get_by_role("button", name=re.compile("^Open h' of")).locator("visible=true").first.click()
    try:
        yield page
    finally:
        context.close()


def test_by_touch_on_a_phone_one_cell_at_a_time(browser, file):
    with opened_file(browser, file, width=390, has_touch=True, is_mobile=True) as page:
        cells = player(page).locator(".cell")
        assert [cells.nth(k).is_visible() for k in range(3)] == [True, False, False]
        player(page).get_by_role("button", name="GRU", exact=True).tap()
        assert [cells.nth(k).is_visible() for k in range(3)] == [False, False, True]
        box = player(page).get_by_role("slider", name="Step").bounding_box()
        page.touchscreen.tap(box["x"] + 5, box["y"] + 10)
        before = where(page)
        assert "Step 14" not in before
        page.mouse.wheel(0, 600)
        page.wait_for_timeout(200)
        assert player(page).get_by_role("slider", name="Step").bounding_box()["y"] < 200


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


def test_another_ground_has_other_colours_at_once(browser, file):
    with opened_file(browser, file) as page:
        frame = player(page).locator(".cell[aria-label=GRU] [data-node][data-name=z] .frame")
        light = frame.evaluate("each => getComputedStyle(each).stroke")
        page.emulate_media(color_scheme="dark")
        player(page).locator("xpath=self::*[@data-theme='dark']").wait_for()
        assert (light, frame.evaluate("each => getComputedStyle(each).stroke")) == (
            "rgb(202, 128, 43)",
            "rgb(253, 172, 61)",
        )


def test_tokens_stay_in_view(browser, file):
    for width in (390, 1280):
        with opened_file(browser, file, width=width) as page:
            page.evaluate("scrollTo(0, 500)")
            page.wait_for_timeout(100)
            box = player(page).get_by_role("slider", name="Step").bounding_box()
            assert 0 <= box["y"] < 100


# -- on its page -------------------------------------------------------------------------------------------------------


class Messages:
    """What goes to the server over web sockets."""

    def __init__(self, page):
        self.sent = []
        page.on("websocket", lambda socket: socket.on("framesent", lambda frame: self.sent.append(frame)))


def on_page(open_page, server, query="", **more):
    page = open_page(f"{server}/step{query}", **more)
    player(page).locator(".diagram").first.wait_for(state="attached")
    return page


def query(page):
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_a_link_says_where_the_player_stands(open_page, server):
    page = on_page(open_page, server, "?step=5&unit=3&backward=1&text=Ada+saw+a+saw.&hidden_size=5")
    assert where(page).startswith("Step 5 ")
    assert player(page).get_by_role("combobox", name="Unit").input_value() == "3"
    assert player(page).get_by_role("button", name="Backward").get_attribute("aria-pressed") == "true"


def test_nothing_is_sent_while_the_hand_moves_and_one_message_when_it_lets_go(open_page, server):
    page = on_page(open_page, server)
    page.reload()  # with its socket in view
    messages = Messages(page)
    page.reload()
    settled(page)
    player(page).locator(".diagram").first.wait_for(state="attached")
    page.wait_for_timeout(500)
    messages.sent.clear()
    box = player(page).get_by_role("slider", name="Step").bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 10)
    page.mouse.down()
    for k in range(15):
        page.mouse.move(box["x"] + 30 + 12 * k, box["y"] + 10)
        page.wait_for_timeout(40)
    assert messages.sent == []
    page.mouse.up()
    settled(page)
    assert len(messages.sent) == 1
    assert query(page)["step"] == re.findall(r"\d+", where(page))[0]
    messages.sent.clear()
    player(page).get_by_role("combobox", name="Speed").select_option("4")
    press(page, "Play")
    page.wait_for_timeout(1500)
    assert messages.sent == []
    press(page, "Pause")
    settled(page)
    assert len(messages.sent) == 1
    for key in ("ArrowLeft", "ArrowLeft", "ArrowDown", "b", "r", "c"):
        page.keyboard.press(key)
    settled(page)
    assert len(messages.sent) == 2
    assert query(page)["unit"] == "2"


def test_another_widget_does_not_mount_it_again_and_a_new_run_keeps_its_place(open_page, server):
    page = on_page(open_page, server, "?step=9&unit=4")
    player(page).evaluate("root => { root.querySelector('.cells').mark = 1 }")
    page.get_by_text("Save this run").click()
    settled(page)
    assert player(page).evaluate("root => root.querySelector('.cells').mark") == 1
    player(page).evaluate("root => { root.mark = 1 }")
    player(page).get_by_role("slider", name="Step").focus()
    page.keyboard.press("ArrowRight")
    settled(page)
    page.get_by_role("button", name="Next", exact=True).click()
    settled(page)
    assert where(page).startswith("Step 10 of 32")
    assert player(page).get_by_role("combobox", name="Unit").input_value() == "4"
    assert player(page).evaluate("root => root.mark") == 1
    box = page.get_by_role("textbox", name="Sequence", exact=True)
    box.fill("Ada")
    box.press("Enter")
    settled(page)
    assert where(page).startswith("Step 3 of 3")


def test_it_stands_where_it_stood_after_another_page_and_goes_back(open_page, server):
    page = on_page(open_page, server, "?step=9")
    player(page).get_by_role("slider", name="Step").focus()
    page.keyboard.press("ArrowRight")
    settled(page)
    page.get_by_role("link", name="Contrast").click()
    settled(page)
    page.get_by_role("link", name="Step through").click()
    settled(page)
    player(page).locator(".diagram").first.wait_for(state="attached")
    assert where(page).startswith("Step 10 ")
    player(page).get_by_role("slider", name="Step").focus()
    page.keyboard.press("ArrowRight")
    settled(page)
    page.go_back()
    settled(page)
    assert where(page).startswith("Step 10 ")


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)])
def test_the_page_is_accessible(open_page, server, theme, width):
    page = on_page(open_page, server, theme=theme, width=width)
    assert player(page).get_attribute("data-theme") == theme
    press(page, "Backward")
    settled(page)
    assert axe_violations(page) == []


def test_the_page_offers_the_file(open_page, server, browser, tmp_path):
    page = on_page(open_page, server, "?step=4&unit=2")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as one HTML file").click()
    path = tmp_path / "saved.html"
    download.value.save_as(path)
    with opened_file(browser, path) as offline:
        assert where(offline).startswith("Step 4 of 32")
        assert player(offline).get_by_role("combobox", name="Unit").input_value() == "2"
