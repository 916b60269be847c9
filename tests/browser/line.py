"""A line between a browser and the server that can be cut and mended, on loopback."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit


class Line:
    """Passes bytes on in both directions while it is whole."""

    def __init__(self, url: str) -> None:
        self.target = (urlsplit(url).hostname, urlsplit(url).port)
        self.whole = True
        self.open: set[asyncio.StreamWriter] = set()
        self.loop = asyncio.new_event_loop()
        self.url = ""

    def cut(self) -> None:
        """End all connections; new ones are ended at once."""
        self.whole = False
        self._call(self._drop())

    def mend(self) -> None:
        self.whole = True

    def _call(self, work) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=10)

    async def _drop(self) -> None:
        for writer in list(self.open):
            writer.transport.abort()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self.server = server

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.whole:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection(*self.target)
        self.open |= {writer, back}
        await asyncio.gather(self._pass_on(reader, back), self._pass_on(there, writer))
        self.open -= {writer, back}

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        with suppress(ConnectionError, OSError):
            writer.close()
            await writer.wait_closed()

    async def _stop(self) -> None:
        self.server.close()
        await self._drop()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def line(url: str) -> Iterator[Line]:
    """A line to the server at this address; `line.url` is this end of it."""
    made = Line(url)
    thread = threading.Thread(target=made.loop.run_forever, daemon=True)
    thread.start()
    made._call(made._serve())
    try:
        yield made
    finally:
        made._call(made._stop())
        made.loop.call_soon_threadsafe(made.loop.stop)
        thread.join(timeout=10)
        made.loop.close()
