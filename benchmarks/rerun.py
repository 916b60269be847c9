"""What a rerun of each page costs: CPU by AppTest, and the memory of a real server after a browser's visits.

    python -m benchmarks.rerun            # a minute; the second part needs a browser, as the tests do
    python -m benchmarks.rerun --profile  # where the time of a page's rerun goes, by the part whose code is at work

The first run after a change computes and draws everything anew; AppTest's own work is counted as well.

What was done about the largest items of the profile: figures go out as they are, not through Plotly's validation
(gru_viz/figures/ready.py), and their hover texts are made of few numbers; the random numbers of all weights are drawn
side by side (gru_viz/streams.py); the Jacobians are compiled for each cell; runs are kept by a key that is cheap to
make; the pages are looked for once in a visit; and pages are drawn one at a time (gru_viz/ui/turns.py). More than half
of what is left is Streamlit's own work for some fifty elements.
"""

import argparse
import cProfile
import pstats
import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median

from playwright.sync_api import sync_playwright
from streamlit.testing.v1 import AppTest

from gru_viz.experiment import Experiment, to_query
from gru_viz.ui import frame
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
    rerun, taken = visit(experiment, page), []
    for seed in range(times):
        start = time.process_time()
        rerun(100 + seed)
        taken.append(1e3 * (time.process_time() - start))
    return taken


def visit(experiment: Experiment, page: str) -> Callable[[int], None]:
    """Open a page; what is returned runs it again with another seed."""
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    for name, value in to_query(experiment).items():
        app.query_params[name] = value
    app.run()
    app.switch_page(f"app_pages/{page}.py").run()

    def rerun(seed: int) -> None:
        app.number_input(key="experiment_seed").set_value(seed).run()
        assert not app.exception

    return rerun


def profile(experiment: Experiment, page: str, times: int) -> Counter[str]:
    """Part -> its share of the time in which a page is drawn: what its own code takes and what that calls in C."""
    rerun, recorded, draw = visit(experiment, page), cProfile.Profile(), frame._frame
    frame._frame = lambda: recorded.runcall(draw)
    try:
        for seed in range(times):
            rerun(100 + seed)
    finally:
        frame._frame = draw
    found: Counter[str] = Counter()
    for (file, _, _), (_, _, own, _, callers) in pstats.Stats(recorded).stats.items():  # type: ignore[attr-defined]
        if file == "~":  # of C, and so its callers'
            for (caller, _, _), (_, _, for_it, _) in callers.items():
                found[part_of(caller)] += for_it
        else:
            found[part_of(file)] += own
    total = found.total()
    return Counter({part: taken / total for part, taken in found.items()})


def part_of(file: str) -> str:
    """A package of others, or a part of ours: "Streamlit", "gru_viz/figures", "gru_viz/engine.py"."""
    path = Path(file)
    if path.is_relative_to(ROOT / "gru_viz"):
        return "/".join(path.relative_to(ROOT).parts[:2])
    if path.is_relative_to(ROOT) and ".venv" not in path.parts:
        return "the pages"
    if "site-packages" in path.parts:
        return path.parts[path.parts.index("site-packages") + 1]
    return "Python's library"


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
    parser.add_argument("--profile", action="store_true", help="where the time goes, instead")
    given = parser.parse_args(arguments)
    quick = given.quick
    steps, cells = len(AT_SIZE.text), len(AT_SIZE.cells)
    print(f"rerun, T = {steps}, H = {AT_SIZE.hidden_size}, {cells} cells, ms of CPU; asked: under {ASKED_MS}")
    if given.profile:
        for page in PAGES:
            largest = profile(AT_SIZE, page, 3 if quick else RERUNS).most_common(9)
            print(f"{page:<14}" + ", ".join(f"{part} {share:.0%}" for part, share in largest))
        return
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
