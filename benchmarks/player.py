"""The player while it plays: frame times, bytes and sizes. `python -m benchmarks.player`; needs Chrome or Chromium.

Reported, not asserted: T = 200, H = 32, RNN, LSTM and GRU side by side, at two speeds, forward and backward, beside
the frames of an empty page in the same browser: none can be shorter.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from gru_viz.experiment import Experiment, to_query
from gru_viz.player import Start, pack, save_html, scripts, styles
from gru_viz.runs import cells_of, trace
from gru_viz.sequences import parse_sequence
from tests.browser import chrome
from tests.browser.serving import serve
from tests.browser.watching import settled

TEXT = ("The quick brown fox jumps over the lazy dog; pack my box with five dozen liquor jugs. " * 3)[:200]
SECONDS = 8
MEASURE = """seconds => new Promise(done => {
  const frames = [], work = []
  const original = window.requestAnimationFrame
  window.requestAnimationFrame = callback => original(now => {
    const start = performance.now()
    callback(now)
    work.push(performance.now() - start)
  })
  let last = null
  const end = performance.now() + 1000 * seconds
  const tick = now => {
    if (last !== null) frames.push(now - last)
    last = now
    if (performance.now() < end) original(tick)
    else { window.requestAnimationFrame = original; done({ frames, work }) }
  }
  original(tick)
})"""


def main() -> None:
    experiment = Experiment(text=TEXT, hidden_size=32)
    sequence = parse_sequence(experiment.kind, experiment.text)
    cells = cells_of(experiment)
    start = time.perf_counter()
    packed = pack({of.name: trace(experiment, of, sequence) for of in cells}, labels=sequence.labels)
    first = time.perf_counter() - start
    runs = {of.name: trace(experiment, of, sequence) for of in cells}
    start = time.perf_counter()
    pack(runs, labels=sequence.labels)
    again = time.perf_counter() - start
    print(f"T = 200, H = 32, {', '.join(of.title for of in cells)}")
    print(
        f"bytes to the browser  {len(packed.at(Start())):,}  (header {len(packed.header):,}, blob {len(packed.blob):,})"
    )
    print(f"scripts {len(scripts()):,}, styles {len(styles()):,}")
    print(f"packing  {1e3 * first:.0f} ms with layouts and runs, {1e3 * again:.0f} ms after that")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = save_html(runs, Path(folder) / "player.html", labels=sequence.labels)
        print(f"HTML file  {path.stat().st_size:,} bytes")
        browser = playwright.chromium.launch(executable_path=chrome.find(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(path.as_uri())
        page.wait_for_selector(".gru-viz .diagram")
        shown = page.evaluate("performance.now()")
        print(f"file opened to first frame  at most {shown:.0f} ms")
        floor(browser)
        for backward in (False, True):
            if backward:
                page.get_by_role("button", name="Backward").click()
            for speed in ("1", "4"):
                report(page, speed, backward)
        with serve() as url:
            in_the_app(browser, f"{url}/?{urlencode(to_query(experiment))}")
        browser.close()


def in_the_app(browser: Browser, url: str) -> None:
    """From a click on the page's name to the player's first frame, once the app is loaded."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(url)
    settled(page)
    for visit in ("first visitor", "again"):
        start = time.perf_counter()
        page.get_by_role("link", name="Step through").click()
        page.locator(".gru-viz .diagram").first.wait_for()
        print(f"in the app, {visit}: {1e3 * (time.perf_counter() - start):.0f} ms from the click to the first frame")
        page.get_by_role("link", name="Contrast").click()
        settled(page)


def floor(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    told("an empty page", page.evaluate(MEASURE, SECONDS))
    page.close()


def report(page: Page, speed: str, backward: bool) -> None:
    page.get_by_role("button", name="Last step" if backward else "First step").click()
    page.get_by_role("combobox", name="Speed").select_option(speed)
    page.get_by_role("button", name="Play").click()
    found = page.evaluate(MEASURE, SECONDS)
    page.get_by_role("button", name="Pause").click()
    told(f"{'backward' if backward else 'forward'}, ×{speed}", found)


def told(words: str, found: dict[str, list[float]]) -> None:
    for what, values in (("frame", found["frames"]), ("script", found["work"])):
        if values:
            p50, p95 = np.percentile(values, [50, 95])
            most = max(values)
            print(f"{words}: {what} p50 {p50:.1f}, p95 {p95:.1f}, max {most:.1f} ms ({len(values)} frames)")


if __name__ == "__main__":
    main()
