"""The player moves: keys, play, touch, and what stays in view; a file opened from a disk without a network."""

import pytest

from tests.browser.playing import go, opened_file, player, press, saved, slider, where


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("player"))


def until(page, text):
    player(page).locator(".where", has_text=text).wait_for()


def test_keys(browser, file):
    with opened_file(browser, file, reduced_motion="reduce") as page:
        slider(page).focus()
        for key, expected in [
            ("Home", "Step 1 "), ("ArrowLeft", "Step 1 "), ("ArrowRight", "Step 2 "), ("End", "Step 14 "),
            ("ArrowRight", "Step 14 "), ("ArrowLeft", "Step 13 "),
        ]:  # fmt: skip
            page.keyboard.press(key)
            assert where(page).startswith(expected), key
        unit = player(page).get_by_role("combobox", name="Unit")
        for key, expected in [
            *[("ArrowDown", "2"), ("ArrowDown", "3"), ("ArrowUp", "2"), ("ArrowUp", "1"), ("ArrowUp", "1")],
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
        page.keyboard.press("End")
        said = player(page).get_by_role("status").filter(has_text="Step 14 of 14, “.”, unit 1. RNN: h ")
        said.wait_for(state="attached")  # once motion has stopped


def test_values_light_up_in_the_order_of_computation_and_play_runs_to_either_end(browser, tmp_path):
    """Halfway through a step what stands at the left has its number, and what comes later waits."""
    with opened_file(browser, saved(tmp_path, "Ada")) as page:
        press(page, "First step")
        player(page).get_by_role("combobox", name="Speed").select_option("0.25")
        waiting = player(page).locator(".cell[aria-label=LSTM] [data-node].pending")
        press(page, "One step on")
        for there, missing in [({"c", "h", "f"}, "h'"), ({"c'", "tanh(c')"}, "h'")]:
            page.wait_for_function(
                """names => !names.some(name => document.querySelector(
                  `.cell[aria-label=LSTM] [data-node].pending[data-name="${name}"]:not([data-kind=after])`))""",
                arg=list(there),
            )
            assert missing in waiting.evaluate_all("all => all.map(each => each.dataset.name)")
        page.keyboard.press("End")
        assert waiting.count() == 0
        player(page).get_by_role("combobox", name="Speed").select_option("4")
        press(page, "Play")
        until(page, "Step 1 of 3")  # from the start, as it stood at the end
        until(page, "Step 3 of 3")
        player(page).get_by_role("button", name="Play").wait_for()
        press(page, "Backward")
        press(page, "Play")
        until(page, "Step 1 of 3")
        player(page).get_by_role("button", name="Play").wait_for()


def test_by_touch_on_a_phone_one_cell_at_a_time_and_what_is_too_wide_scrolls_with_the_values(browser, tmp_path):
    path = saved(tmp_path, "Ada saw a saw.", cells=("rnn", "lstm", "lstm_peephole"), hidden_size=3)
    with opened_file(browser, path, width=390, has_touch=True, is_mobile=True) as page:
        cells = player(page).locator(".cell")
        assert [cells.nth(k).is_visible() for k in range(3)] == [True, False, False]
        player(page).get_by_role("button", name="LSTM (peepholes)", exact=True).tap()
        assert [cells.nth(k).is_visible() for k in range(3)] == [False, False, True]
        diagram = cells.nth(2).locator(".diagram")
        hidden = diagram.evaluate("each => each.scrollWidth - each.clientWidth")
        assert hidden > 20
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        box = slider(page).bounding_box()
        page.touchscreen.tap(box["x"] + 5, box["y"] + 10)
        assert "Step 14" not in where(page)
        player(page).get_by_role("button", name="One step on").tap()
        page.wait_for_function(
            "hidden => document.querySelectorAll('.diagram')[2].scrollLeft >= hidden - 1", arg=hidden
        )  # where h′ leaves
        page.evaluate("scrollTo(0, 600)")
        page.wait_for_function(
            "() => (y => y >= 0 && y < 100)(document.querySelector('.tokens').getBoundingClientRect().y)"
        )


def test_a_name_that_is_pointed_at_lights_up_everywhere_and_tokens_stay_in_view(browser, file):
    with opened_file(browser, file) as page:
        go(page, 1, 1)
        page.evaluate("scrollTo(0, 500)")
        assert 0 <= slider(page).bounding_box()["y"] < 100
        player(page).locator('.legend[data-name="z"]').hover()
        lit = player(page).locator(".lit").evaluate_all("all => all.map(each => each.dataset.name)")
        assert set(lit) == {"z"}
        assert len(lit) >= 5  # the legend, the button, the wire and its part, both formulas
