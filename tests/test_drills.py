"""What goes wrong on a real server, spoken to by the app's own websocket protocol: nobody loses anything by it."""

import asyncio
import time
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from benchmarks.load import Visitor
from gru_viz.experiment import Experiment, to_query
from tests.browser.serving import cpu_seconds, serve

ADA = Experiment(text="Ada wrote this", replace="Ada", by="Bob")
EVE = Experiment(text="something else, by Eve", replace="Eve", by="Bob", hidden_size=5, keep=0)


@pytest.fixture(scope="module")
def server():
    with serve() as url:
        yield url


async def alone(url: str, experiment: Experiment) -> list[str]:
    """What a visitor reads who opens a link while nobody else is there."""
    visitor = Visitor(url, "contrast", experiment)
    await visitor.arrive()
    await visitor.leave()
    assert not visitor.problems
    return list(visitor.texts.values())


def test_two_visitors_in_turns_each_see_their_own(server):
    async def in_turns() -> None:
        both = [Visitor(server, "contrast", ADA), Visitor(server, "contrast", EVE)]
        for visitor in both:
            await visitor.arrive()
        for seed in (3, 4, 5):
            await asyncio.gather(*(visitor.change_seed(seed + 100 * k) for k, visitor in enumerate(both)))
        for k, (visitor, own) in enumerate(zip(both, (ADA, EVE), strict=True)):
            assert list(visitor.texts.values()) == await alone(server, replace(own, seed=5 + 100 * k))
            await visitor.leave()

    asyncio.run(in_turns())


def test_equal_experiments_give_equal_pages(server):
    assert asyncio.run(alone(server, ADA)) == asyncio.run(alone(server, ADA))
    assert asyncio.run(alone(server, ADA)) != asyncio.run(alone(server, replace(ADA, seed=8)))


def test_of_two_hundred_events_in_five_seconds_the_last_one_wins(server):
    async def many() -> None:
        visitor = Visitor(server, "contrast", ADA)
        await visitor.arrive()
        start = time.monotonic()
        for seed in range(1000, 1200):
            await visitor.send(seed)
            await asyncio.sleep(max(0.0, start + 5 * (seed - 999) / 200 - time.monotonic()))
        wanted = await alone(server, replace(ADA, seed=1199))
        async with asyncio.timeout(20):
            while list(visitor.texts.values()) != wanted:
                await visitor.finished()
        await visitor.leave()
        assert not visitor.problems

    asyncio.run(many())


def test_a_tab_closed_in_a_long_sweep_leaves_the_cpu_idle(server):
    text = "".join(chr(0x61 + k * k % 26) for k in range(500))
    long = Experiment(text=text, hidden_size=64, luck=True, replace=text[:3], by="x")

    async def close_early() -> None:
        visitor = Visitor(server, "contrast", long)
        await visitor.open()
        await visitor.send()
        async with asyncio.timeout(30):  # until the sweep is at work, else this shows nothing
            while cpu_seconds(server) - before < 1:
                await asyncio.sleep(0.1)
        await visitor.leave()

    before = cpu_seconds(server)
    asyncio.run(close_early())
    time.sleep(5)
    after = cpu_seconds(server)
    time.sleep(2)
    assert cpu_seconds(server) - after < 0.4


def test_a_home_folder_that_cannot_be_written():
    """In /proc nobody can make a file, not even root."""
    with serve(HOME="/proc") as url:
        assert "Ada" in " ".join(asyncio.run(alone(url, ADA)))


def test_a_request_far_over_a_cap_is_refused_at_once(server):
    """Ten times the steps that are allowed, and ten times the query: a sentence within half a second of work."""
    for query in ({"numbers": "1 " * 20_000}, {"text": "x" * 41_000}, {"hidden": "640"}):

        async def ask(query=query) -> Visitor:
            visitor = Visitor(server, "contrast", Experiment())
            await visitor.open()
            await visitor.send(query=urlencode(query))
            while not await visitor.finished():
                pass
            await visitor.leave()
            return visitor

        before = cpu_seconds(server)
        visitor = asyncio.run(ask())
        assert cpu_seconds(server) - before < 0.5
        assert not visitor.problems
        assert any("link" in text for text in visitor.texts.values())
    assert to_query(Experiment()) == {}
