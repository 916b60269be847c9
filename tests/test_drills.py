"""What goes wrong on a real server, spoken to by the app's own websocket protocol: nobody loses anything by it."""

import asyncio
import time
import tomllib
from dataclasses import replace
from statistics import median
from urllib.parse import urlencode

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets import ConnectionClosed

from benchmarks import memory as benchmark
from benchmarks.load import Visitor
from benchmarks.rerun import memory
from gru_viz.experiment import Experiment, to_query
from gru_viz.labels import grouped
from tests.browser.serving import ROOT, cpu_seconds, serve

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
    async def read(visitor: Visitor) -> None:
        while True:
            await visitor.finished()

    async def many() -> None:
        visitor = Visitor(server, "contrast", ADA)
        await visitor.arrive()
        reading = asyncio.create_task(read(visitor))  # as a browser does: the server gives up who does not
        start = time.monotonic()
        for seed in range(1000, 1200):
            await visitor.send(seed)
            await asyncio.sleep(max(0.0, start + 5 * (seed - 999) / 200 - time.monotonic()))
        wanted = await alone(server, replace(ADA, seed=1199))
        async with asyncio.timeout(20):
            while list(visitor.texts.values()) != wanted:
                await asyncio.sleep(0.1)
        reading.cancel()
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
    """Ten times the steps that are allowed, and the query: a sentence after half a second of work and 20 MB at most."""
    at_most = memory(server)[1] + 20
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
        assert memory(server)[1] < at_most
    assert to_query(Experiment()) == {}


class Forger(Visitor):
    """A client that sends what no browser would."""

    text_id = ""

    def _read(self, data: bytes | str) -> bool:
        element = ForwardMsg.FromString(data).delta.new_element
        if "experiment_text" in element.text_input.id:
            self.text_id = element.text_input.id
        return super()._read(data)

    async def forge(self, text: str = "", junk: bytes = b"", **parts: str) -> None:
        """Send a text for the field and parts of the message, or bytes that are none; wait for the answer's end."""
        message = BackMsg()
        message.rerun_script.page_script_hash = self.page_hash
        for name, part in parts.items():
            setattr(message.rerun_script, name, part)
        widget = message.rerun_script.widget_states.widgets.add()
        widget.id, widget.string_value = self.text_id, text
        await self.socket.send(junk or message.SerializeToString())
        async with asyncio.timeout(30):
            while not await self.finished():
                pass


SETTINGS = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
LIMIT = 10**6 * SETTINGS["server"].get("maxWidgetStateSize", 25)  # bytes of a message; 25 MB is Streamlit's own limit
MOST = LIMIT * 4 // 5
FORGED = {
    "a text": {"text": "x" * MOST},
    "a text of pictures": {"text": "\U0001f600" * (MOST // 4)},
    "a link": {"text": "a", "query_string": "a=1&" * (MOST // 4)},
    "the name of a page": {"text": "a", "page_name": "x" * MOST},
    "more than is read": {"text": "x" * 2 * LIMIT},
    "no message": {"junk": b"\xff" * MOST},
}


def test_what_no_browser_sends_is_refused_and_nobody_else_notices():
    """As much as the server takes at once, and more: a sentence or the end of that connection, after little work; of
    each visitor no more than three times the limit is kept."""
    said, taken = {}, []

    async def beside(url: str, forging: asyncio.Task) -> None:
        other = Visitor(url, "contrast", EVE)
        await other.arrive()
        seed = 100
        while not forging.done():
            seed += 1
            await other.change_seed(seed)
            await asyncio.sleep(0.2)
        taken.extend(other.taken)
        assert list(other.texts.values()) == await alone(url, replace(EVE, seed=seed))
        assert not other.problems
        await other.leave()

    async def forge(url: str) -> None:
        for name, parts in FORGED.items():
            forger = Forger(url, "contrast", ADA)
            await forger.arrive()
            before = cpu_seconds(url)
            try:
                await forger.forge(**parts)
                said[name] = " ".join(forger.texts.values())
            except ConnectionClosed:
                said[name] = "closed"
            assert cpu_seconds(url) - before < 1.5, name
            assert not forger.problems
            await forger.leave()

    async def both(url: str) -> None:
        forging = asyncio.create_task(forge(url))
        await asyncio.gather(forging, beside(url, forging))

    wrong = "Error deserializing back message"  # in the server's log alone
    with pytest.raises(AssertionError, match=wrong), serve() as url:  # noqa: PT012
        before = memory(url)[0]
        asyncio.run(both(url))
        most = memory(url)[1]
    for name in ("a text", "a text of pictures"):
        assert f"{grouped(len(FORGED[name]['text']))} characters" in said[name]
    assert said["more than is read"] == said["no message"] == "closed"
    assert median(taken) < 1  # by the clock, on a machine that may be busy
    assert max(taken) < 5
    assert most < before + 30 + 3 * LIMIT / 10**6 * len(FORGED)


def test_a_class_and_the_check_against_torch_fit_on_a_small_host():
    found = benchmark.main(["--visitors", "30"])
    assert "PyTorch computes the same over 32 steps" in found.said
    assert found.worker > 150  # it was seen at work: torch alone takes as much
    assert found.together < benchmark.HOST
