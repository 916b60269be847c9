"""A class on one server: visitors who speak the app's own websocket protocol, each with a sequence of their own.

    python -m benchmarks.load                         # 60 visitors on Contrast, a change a second each, 5 times 12 s
    python -m benchmarks.load --page gates --visitors 30
    python -m benchmarks.load --processes 2           # the same class on two of the app's processes
    python -m benchmarks.load --arrive 100 --rounds 3 # a class that arrives within a second, and leaves, three times

A visitor changes the seed once a second, as the sidebar's field does; a change counts as answered when the server says
that its script has finished. At which moments sixty visitors do so decides how long they wait for each other: they are
drawn anew in each round, and the percentiles are those of all rounds together. The server is started here, on loopback,
and shares the machine with the visitors. Of several processes each visitor has one, as behind deploy/nginx.conf, and
their memory is added up. At the end each visitor's page is compared, text by text, with the one that a lone visitor
with the same link gets.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median, quantiles
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from benchmarks.rerun import memory
from gru_viz.experiment import Experiment, to_query
from tests.browser.serving import serve

PATIENCE = 60.0  # seconds that a visitor waits for an answer
SEED_KEY = "experiment_seed"
WORDS = "the quick brown fox jumps over a lazy dog while rain falls softly on old stones and nobody says much"


@dataclass
class Visitor:
    """One browser's side of the protocol: it keeps what it was sent, and knows the id of the field for the seed."""

    url: str
    page: str
    experiment: Experiment
    cookie: str = ""
    socket: ClientConnection | None = None
    seed_id: str = ""
    page_hash: str = ""
    texts: dict[tuple[int, ...], str] = field(default_factory=dict)  # place on the page -> what stands there
    first_run: float = 0.0
    taken: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    async def arrive(self) -> None:
        """Open the page by its link; the time until it is drawn is `first_run`."""
        start = time.perf_counter()
        await self.open()
        await self.ask()
        self.first_run = time.perf_counter() - start

    async def open(self) -> None:
        self.socket = await connect(
            self.url.replace("http", "ws", 1) + "/_stcore/stream",
            additional_headers={"Cookie": self.cookie} if self.cookie else {},
            subprotocols=[Subprotocol("streamlit")],
            max_size=None,
            proxy=None,
            open_timeout=PATIENCE,
            close_timeout=1,
        )

    async def leave(self) -> None:
        if self.socket:
            await self.socket.close()

    async def change_seed(self, seed: int) -> None:
        start = time.perf_counter()
        await self.ask(seed)
        self.taken.append(time.perf_counter() - start)

    async def ask(self, seed: int | None = None) -> None:
        """Ask for a run, with another seed in its field, and read until it has finished."""
        await self.send(seed)
        async with asyncio.timeout(PATIENCE):
            while not await self.finished():
                pass

    async def send(self, seed: int | None = None, query: str | None = None) -> None:
        """Ask for a run; the link is the experiment's unless another one is given."""
        message = BackMsg()
        message.rerun_script.query_string = urlencode(to_query(self.experiment)) if query is None else query
        message.rerun_script.page_name = "" if self.page == "contrast" else self.page
        message.rerun_script.page_script_hash = self.page_hash
        message.rerun_script.context_info.color_scheme = "light"
        if seed is not None:
            widget = message.rerun_script.widget_states.widgets.add()
            widget.id, widget.double_value = self.seed_id, float(seed)
        assert self.socket
        await self.socket.send(message.SerializeToString())

    async def finished(self) -> bool:
        """Take in the next message; true for the last of a run."""
        assert self.socket
        return self._read(await self.socket.recv())

    def _read(self, data: bytes | str) -> bool:
        assert isinstance(data, bytes)
        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.texts.clear()
        elif kind == "navigation":  # where the next run of this page belongs; new_session's is always the first page
            self.page_hash = message.navigation.page_script_hash
        elif kind == "page_not_found":
            self.problems.append("page not found")
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            sort = element.WhichOneof("type")
            if sort == "number_input" and SEED_KEY in element.number_input.id:
                self.seed_id = element.number_input.id
            elif sort in ("markdown", "heading", "alert"):
                self.texts[tuple(message.metadata.delta_path)] = getattr(element, sort).body
            elif sort == "exception":
                self.problems.append(element.exception.type)
        elif kind == "script_finished":
            return message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
        return False


def visitors(urls: Sequence[str], page: str, count: int) -> list[Visitor]:
    """Each with a sentence and a seed of its own: no cache has seen it."""
    drawn = random.Random(count)
    texts = [" ".join(drawn.choices(WORDS.split(), k=8)) for _ in range(count)]
    return [
        Visitor(urls[k % len(urls)], page, Experiment(text=text, seed=1000 * k, replace=text.split()[0], by="a cat"))
        for k, text in enumerate(texts)
    ]


def memory_of_all(urls: Sequence[str]) -> tuple[float, float, bool]:
    """MB now and at most, and whether any has loaded torch."""
    now, most, torch = zip(*map(memory, urls), strict=True)
    return sum(now), sum(most), any(torch)


async def use(visitor: Visitor, seconds: float) -> None:
    """A change a second, at a moment of this visitor's own; a late answer delays the next change."""
    end = time.perf_counter() + seconds
    await asyncio.sleep(random.random())
    seed = visitor.experiment.seed + len(visitor.taken)
    while (now := time.perf_counter()) < end:
        seed += 1
        await visitor.change_seed(seed)
        await asyncio.sleep(max(0.0, 1 - (time.perf_counter() - now)))


async def lone_texts(visitor: Visitor) -> dict[tuple[int, ...], str]:
    """What a visitor with the same experiment reads who is alone."""
    seed = visitor.experiment.seed + len(visitor.taken)
    lone = Visitor(visitor.url, visitor.page, visitor.experiment)
    await lone.arrive()
    await lone.ask(seed)
    await lone.leave()
    return lone.texts


async def load(urls: Sequence[str], page: str, count: int, seconds: float, rounds: int, checked: int) -> None:
    """Visitors who are all there and use the page."""
    everyone = visitors(urls, page, count)
    for visitor in everyone:
        await visitor.arrive()
    start = time.perf_counter()
    taken, of_rounds = list[float](), list[str]()
    for _ in range(rounds):
        known = [len(visitor.taken) for visitor in everyone]
        await asyncio.gather(*(use(visitor, seconds) for visitor in everyone))
        found = [each for visitor, k in zip(everyone, known, strict=True) for each in visitor.taken[k:]]
        taken += found
        of_rounds.append(f"{1e3 * p95(found):.0f}")
    passed = time.perf_counter() - start
    now, most, torch = memory_of_all(urls)
    others = 0
    for visitor in everyone[:: max(1, count // checked)]:
        others += await lone_texts(visitor) != visitor.texts
    await asyncio.gather(*(visitor.leave() for visitor in everyone))
    problems = [problem for visitor in everyone for problem in visitor.problems]
    print(
        f"{page:13} {count:4} visitors  {len(taken) / passed:6.1f} reruns/s   p50 {1e3 * median(taken):5.0f} ms   "
        f"p95 {1e3 * p95(taken):5.0f} ms (of each round {', '.join(of_rounds)})   max {1e3 * max(taken):5.0f} ms   "
        f"now {now:4.0f} MB   "
        f"peak {most:4.0f} MB   torch {'loaded' if torch else 'not loaded'}   pages of another's numbers: {others}   "
        f"problems: {', '.join(sorted(set(problems))) or 'none'}"
    )


def p95(taken: Sequence[float]) -> float:
    return quantiles(taken, n=20)[-1]


async def arrivals(urls: Sequence[str], page: str, count: int, rounds: int) -> None:
    """A class that arrives within one second, and leaves."""
    for turn in range(rounds):
        everyone = visitors(urls, page, count)

        async def one(visitor: Visitor, k: int) -> None:
            await asyncio.sleep(k / count)
            await visitor.arrive()

        await asyncio.gather(*(one(visitor, k) for k, visitor in enumerate(everyone)))
        first = sorted(visitor.first_run for visitor in everyone)
        await asyncio.gather(*(visitor.leave() for visitor in everyone))
        await asyncio.sleep(5)
        now, most, _ = memory_of_all(urls)
        problems = {problem for visitor in everyone for problem in visitor.problems}
        print(
            f"{page:13} {count:4} arrive in 1 s, round {turn + 1}: page after p50 {median(first):4.2f} s, "
            f"last {first[-1]:4.2f} s   after they left {now:4.0f} MB   peak {most:4.0f} MB   "
            f"problems: {', '.join(sorted(problems)) or 'none'}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page", default="contrast", help="the name of the page in its address")
    parser.add_argument("--visitors", type=int, default=60)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=12, help="of a round")
    parser.add_argument("--arrive", type=int, default=0, help="so many arrive within a second, instead")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--checked", type=int, default=10, help="so many visitors' pages are compared at the end")
    given = parser.parse_args()
    with ExitStack() as servers:
        urls = [servers.enter_context(serve()) for _ in range(given.processes)]
        if given.arrive:
            asyncio.run(arrivals(urls, given.page, given.arrive, given.rounds))
        else:
            asyncio.run(load(urls, given.page, given.visitors, given.seconds, given.rounds, given.checked))


if __name__ == "__main__":
    main()
