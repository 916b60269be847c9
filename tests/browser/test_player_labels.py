"""What a cell reads stands in its diagram as far as there is room, and whole beside the number of the step."""

import pytest

from tests.browser.playing import opened_file, player, press, saved, where

QUOTE = 3  # px: half of a quotation mark, in the wide letters of a machine without the app's own
LONG = "antidisestablishmentarianism"
SEQUENCES = {
    "words": ("words", f"Ada is {LONG}", LONG),
    "rows": ("rows", "0.125 -0.25\n-1.375 -0.875", "−1.375, −0.875"),
    "numbers": ("numbers", "1 -2.8282", "−2.8282"),
    "signal": ("signal", "noise 5 3", None),
    "table": ("csv", "as they are\nyear,spots\n1,2\n-1.125,-100.25", None),
}
INPUTS = """root => [...root.querySelectorAll(".diagram")].filter(each => each.checkVisibility()).flatMap(diagram => {
  const edge = diagram.getBoundingClientRect()
  return [...diagram.querySelectorAll("[data-kind=input] .number")].map(each => {
    const box = each.getBoundingClientRect()
    const frames = [...diagram.querySelectorAll(".frame")].map(frame => frame.getBoundingClientRect())
    return [each.textContent, box.left - edge.left, edge.right - box.right, frames.filter(frame =>
      frame.left < box.right && box.left < frame.right && frame.top < box.bottom && box.top < frame.bottom).length]
  })
})"""


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_long_label_is_neither_cut_off_nor_over_a_box(browser, tmp_path, name):
    kind, text, whole = SEQUENCES[name]
    with opened_file(browser, saved(tmp_path, text, kind=kind)) as page:
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_function("width => document.querySelector('.gru-viz').clientWidth <= width", arg=width)
            for title in ("RNN", "LSTM", "GRU") if width == 390 else ("",):
                if title:
                    press(page, title)
                inputs = player(page).evaluate(INPUTS)
                assert len(inputs) == (1 if title else 3)
                for label, left, right, over in inputs:
                    assert (left >= -QUOTE, right >= 0, over) == (True, True, 0), (width, label, left)
                    start = label.strip("“”")
                    told = where(page).partition("“")[2].rstrip("”")
                    assert told == (whole or told)
                    assert told == start or (start.endswith("…") and told.startswith(start[:-1])), (told, start)
