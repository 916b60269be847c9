"""What the Gradients page costs, and what two visitors' sweeps do to a third visitor's page.

    python -m benchmarks.gradients_page            # three quarters of a minute

First AppTest: a fresh experiment (all figures anew), and a change that only redraws. Then a real server and websockets:
a visitor who changes the seed twice a second, alone and beside two others whose sweeps over 200 seeds run all the time;
and how long the server goes on working after these two have left.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from dataclasses import replace
from statistics import median, quantiles

from streamlit.testing.v1 import AppTest

from benchmarks.load import Visitor
from benchmarks.rerun import AT_SIZE
from gru_viz.experiment import Experiment, to_query
from tests.browser.serving import ROOT, cpu_seconds, serve

TIMES = 20
ASKED_FIRST_MS, ASKED_RERUN_MS = 300, 100
CHANGES, PAUSE = 24, 0.5
SWEEP = Experiment(text="a quick brown fox " * 22, hidden_size=64, luck=True, replace="fox", by="cat")
PAGE = "app_pages/gradients.py"


def page_costs(times: int) -> tuple[list[float], list[float], list[float]]:
    """(wall ms of a fresh experiment, its CPU ms, CPU ms of a change that only redraws)."""
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    for name, value in to_query(AT_SIZE).items():
        app.query_params[name] = value
    app.switch_page(PAGE).run()
    wall, fresh, redrawn = [], [], []
    for k in range(times):
        app.number_input(key="experiment_seed").set_value(100 + k)
        start, cpu = time.perf_counter(), time.process_time()
        app.run()
        wall.append(1e3 * (time.perf_counter() - start))
        fresh.append(1e3 * (time.process_time() - cpu))
        app.number_input(key="experiment_clip").set_value(2.0 + k)
        cpu = time.process_time()
        app.run()
        redrawn.append(1e3 * (time.process_time() - cpu))
        assert not app.exception
    return wall, fresh, redrawn


async def sweep_on(url: str, number: int) -> None:
    """A visitor whose page sweeps over seeds, one experiment after the other, until cancelled."""
    for k in range(1000):
        text = SWEEP.text[k % 7 :] + "abc"[number] * (k + 1)  # no result is kept for it
        visitor = Visitor(url, "gradients", replace(SWEEP, text=text))
        await visitor.open()
        try:
            await visitor.ask()
        finally:
            await visitor.leave()


async def changes(url: str, first_seed: int, times: int) -> list[float]:
    """Seconds until each change of the seed is answered."""
    visitor = Visitor(url, "gradients", AT_SIZE)
    await visitor.arrive()
    for k in range(times):
        await visitor.change_seed(first_seed + k)
        await asyncio.sleep(PAUSE)
    await visitor.leave()
    assert not visitor.problems, visitor.problems
    return visitor.taken


async def three_visitors(url: str, times: int) -> tuple[list[float], list[float], list[float]]:
    """(answers alone, answers beside two sweeps, CPU seconds in each quarter of a second after they have left)."""
    alone = await changes(url, 1000, times)
    sweeps = [asyncio.create_task(sweep_on(url, number)) for number in range(2)]
    await asyncio.sleep(1)
    beside = await changes(url, 5000, times)
    for each in sweeps:
        each.cancel()
    await asyncio.gather(*sweeps, return_exceptions=True)
    after, before = [], cpu_seconds(url)
    for _ in range(8):
        await asyncio.sleep(0.25)
        now = cpu_seconds(url)
        after.append(now - before)
        before = now
    return alone, beside, after


def shown(name: str, values: list[float], unit: str = "ms") -> str:
    late = quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
    return f"{name:<44} median {median(values):6.0f} {unit}, 95 % {late:6.0f} {unit}"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gradients_page", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="two runs and no server: only shows that it runs")
    quick = parser.parse_args(arguments).quick
    wall, fresh, redrawn = page_costs(2 if quick else TIMES)
    print(shown("fresh experiment, wall", wall), f"; asked: under {ASKED_FIRST_MS}")
    print(shown("fresh experiment, CPU", fresh))
    print(shown("a change that only redraws, CPU", redrawn), f"; asked: under {ASKED_RERUN_MS}")
    if quick:
        return
    with serve() as url:
        alone, beside, after = asyncio.run(three_visitors(url, CHANGES))
    print(shown("answer to a change, alone", [1e3 * each for each in alone]))
    print(shown("answer to a change, beside two sweeps", [1e3 * each for each in beside]))
    print("CPU in each 0.25 s after both have left:", ", ".join(f"{each:.2f}" for each in after), "s")


if __name__ == "__main__":
    main()
