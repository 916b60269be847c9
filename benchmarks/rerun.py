"""What a rerun of each page costs: CPU by AppTest, and the memory of a real server after a browser's visits.

    python -m benchmarks.rerun            # a minute; the second part needs a browser, as the tests do

The first run after a change computes and draws everything anew; AppTest's own work is counted as well.
"""

import argparse
import re
import time
from statistics import median

from playwright.sync_api import sync_playwright
from streamlit.testing.v1 import AppTest

from gru_viz.experiment import Experiment, to_query
from tests.browser import chrome
from tests.browser.conftest import FLAGS
from tests.browser.serving import ROOT, process_of, serve
from tests.browser.watching import settled

RERUNS = 30
PAGES = ("contrast", "step", "gates", "trajectories", "gradients", "compare", "equations")
ASKED_MS = 100
ASKED_MB = 150
TEXT = "The quick brown fox jumps over the lazy dog and then it runs all the way back home to sleep, the end"
AT_SIZE = Experiment(text=TEXT[:100], hidden_size=16, replace="fox", by="cat")


def reruns(experiment: Experiment, page: str, times: int) -> list[float]:
    """CPU milliseconds of reruns of a page, each with a seed of its own."""
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    for name, value in to_query(experiment).items():
        app.query_params[name] = value
    app.run()
    app.switch_page(f"app_pages/{page}.py").run()
    taken = []
    for seed in range(times):
        app.number_input(key="experiment_seed").set_value(100 + seed)
        start = time.process_time()
        app.run()
        taken.append(1e3 * (time.process_time() - start))
        assert not app.exception
    return taken


def memory(url: str) -> tuple[float, float, bool]:
    """MB now and at most of the server at an address, and whether it has loaded torch. Reads /proc."""
    folder = process_of(url)
    status = (folder / "status").read_text()
    now, most = (int(re.findall(rf"{name}:\s+(\d+)", status)[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return now, most, "/torch/" in (folder / "maps").read_text()


def visits(url: str) -> list[tuple[str, tuple[float, float, bool]]]:
    """What the server holds before and after each step of a visit."""
    found = [("started", memory(url))]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chrome.find(), args=FLAGS)
        page = browser.new_page()
        for name, address in (
            ("lesson", url),
            ("seeds", f"{url}/?luck=1"),
            ("2,000 steps", f"{url}/?text={'ab' * 1_000}"),
        ):
            page.goto(address)
            settled(page, seconds=120)
            found.append((name, memory(url)))
        page.goto(url)
        settled(page)
        for table in page.locator("summary", has_text="The numbers").all():
            table.click()
            settled(page)
        found.append(("numbers", memory(url)))
        browser.close()
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rerun", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="three reruns and no browser: only shows that it runs")
    quick = parser.parse_args(arguments).quick
    steps, cells = len(AT_SIZE.text), len(AT_SIZE.cells)
    print(f"rerun, T = {steps}, H = {AT_SIZE.hidden_size}, {cells} cells, ms of CPU; asked: under {ASKED_MS}")
    for page in PAGES:
        taken = reruns(AT_SIZE, page, 3 if quick else RERUNS)
        print(f"{page:<14}median {median(taken):3.0f}, from {min(taken):.0f} to {max(taken):.0f}")
    if quick:
        return
    print(f"{'server after':<14}{'MB now':>8}{'MB most':>9}  torch; asked: under {ASKED_MB}, never")
    with serve() as url:
        for name, (now, most, torch) in visits(url):
            print(f"{name:<14}{now:>8.0f}{most:>9.0f}  {'loaded' if torch else 'not loaded'}")


if __name__ == "__main__":
    main()
