"""Whether a class fits on a small host, the check against PyTorch in use: memory of the server and of its worker.

    python -m benchmarks.memory                       # 60 visitors, the check of the run that the app opens with
    python -m benchmarks.memory --visitors 100 --largest

The visitors arrive, change something and stay; then one of them asks for the check, whose process is watched until it
ends. Resident memory from /proc, in MB; what the two share, a few, is counted twice. The asked limit is that of the
smallest free host that is known to run such apps.
"""

from __future__ import annotations

import argparse
import asyncio
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.load import Visitor, visitors
from benchmarks.rerun import memory
from gru_viz.experiment import Experiment, to_query
from gru_viz.sequences import MAX_STEPS
from gru_viz.settings import MAX_HIDDEN
from tests.browser.serving import process_of, serve

HOST = 690  # MB
LOOKS = 0.02  # s between two looks at the worker
LARGEST = Experiment(text="ab" * (MAX_STEPS // 2), hidden_size=MAX_HIDDEN, replace="a", by="b")


@dataclass
class Checking(Visitor):
    """A visitor who presses the button on the Equations page and waits for what it says."""

    check_id: str = ""
    said: list[str] = field(default_factory=list)

    def _read(self, data: bytes | str) -> bool:
        assert isinstance(data, bytes)
        message = ForwardMsg.FromString(data)
        element = message.delta.new_element
        if element.button.id.endswith("-check"):
            self.check_id = element.button.id
        if "PyTorch" in element.alert.body:
            self.said.append(element.alert.body)
        return super()._read(data)

    async def check(self) -> None:
        message = BackMsg()
        message.rerun_script.page_name = self.page
        message.rerun_script.page_script_hash = self.page_hash
        message.rerun_script.query_string = urlencode(to_query(self.experiment))
        widget = message.rerun_script.widget_states.widgets.add()
        widget.id, widget.trigger_value = self.check_id, True
        assert self.socket
        await self.socket.send(message.SerializeToString())
        async with asyncio.timeout(90):
            while not self.said:
                while not await self.finished():
                    pass
                await asyncio.sleep(0.5)  # a browser looks again like this
                await self.send()


@dataclass
class Found:
    """MB: the server with its class, the most that it and its worker had, and what the page said of the check."""

    server: float
    most: float
    worker: float
    said: str

    @property
    def together(self) -> float:
        return self.most + self.worker


async def measured(url: str, count: int, experiment: Experiment) -> Found:
    everyone = visitors([url], "contrast", count)
    for visitor in everyone:
        await visitor.arrive()
    await asyncio.gather(*(visitor.change_seed(visitor.experiment.seed + 1) for visitor in everyone))
    server = memory(url)[0]
    one = Checking(url, "equations", experiment)
    await one.arrive()
    asked, worker = asyncio.create_task(one.check()), 0.0
    while not asked.done():
        worker = max([worker, *children(process_of(url))])
        await asyncio.sleep(LOOKS)
    await asked
    most = memory(url)[1]
    await asyncio.gather(*(visitor.leave() for visitor in (one, *everyone)))
    return Found(server, most, worker, one.said[-1])


def children(server: Path) -> list[float]:
    """The most memory that each process started by this one has had so far, MB."""
    found = []
    for pid in " ".join(each.read_text() for each in server.glob("task/*/children")).split():
        try:
            status = Path("/proc", pid, "status").read_text()
        except OSError:  # it has ended meanwhile
            continue
        if peak := re.search(r"VmHWM:\s+(\d+)", status):
            found.append(int(peak[1]) / 1024)
    return found


def main(arguments: list[str] | None = None) -> Found:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=60)
    parser.add_argument("--largest", action="store_true", help="check 2,000 steps of 64 units instead")
    given = parser.parse_args(arguments)
    with serve() as url:
        found = asyncio.run(measured(url, given.visitors, LARGEST if given.largest else Experiment()))
    print(
        f"server with {given.visitors} visitors {found.server:.0f} MB, at most {found.most:.0f}   worker at most "
        f"{found.worker:.0f}   together {found.together:.0f} MB, asked: under {HOST}   {found.said}"
    )
    return found


if __name__ == "__main__":
    main()
