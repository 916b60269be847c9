"""What a test asks of an open page: is it done, is it accessible, and did anything go wrong that nobody saw?"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Error, Page, Request, TimeoutError, WebSocket

# Streamlit 1.67: the app's element carries the state of its script and of its connection, and what is about to be
# replaced carries data-stale="true". Skeletons stand where a page or a lazily loaded element has not arrived yet; what
# unfolds has no place of its own until its animation has ended.
# Asked again and again inside of the page, a fifth of the cost of asking from here; `call` is this wait's own number.
IS_CALM = """([quiet, call]) => {
    const app = document.querySelector('[data-testid="stApp"]');
    const calm = app !== null
        && app.dataset.testConnectionState === "CONNECTED"
        && app.dataset.testScriptState === "notRunning"
        && document.querySelector(
            '[data-stale="true"], [data-testid="stAppSkeleton"], [data-testid="stSkeleton"]') === null
        && !document.getAnimations().some(
            each => each.playState === "running" && each.effect.getComputedTiming().endTime < Infinity);
    if (!calm) delete window.calm;
    else if (window.calm?.call !== call) window.calm = { call, since: performance.now() };
    return calm && performance.now() - window.calm.since >= quiet;
}"""


def settled(page: Page, *, seconds: float = 30, quiet: float = 0.4) -> Page:
    """Wait until the app has been done for `quiet` seconds: long enough for a widget's own delay before it sends.

    Returns the page. Raises AssertionError when time is over, or when the page shows an exception.
    """
    try:
        page.wait_for_function(IS_CALM, arg=[1000 * quiet, time.monotonic_ns()], polling=50, timeout=1000 * seconds)
    except TimeoutError:
        raise AssertionError(f"Not settled after {seconds:g} seconds: {page.url}") from None
    exceptions = page.get_by_test_id("stException").all_inner_texts()
    assert not exceptions, f"{page.url} shows {exceptions}"
    return page


def axe_violations(page: Page) -> list[str]:
    """The serious and critical accessibility violations, one line for each element."""
    found = Axe().run(page).response["violations"]
    return [
        " ".join([rule["impact"], rule["id"], *map(str, node["target"]), *node["failureSummary"].split()])
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


@dataclass
class Record:
    """What happened on one page since it was opened."""

    hosts: set[str] = field(default_factory=set)  # host:port of every request and web socket
    console_errors: list[str] = field(default_factory=list)
    page_errors: list[str] = field(default_factory=list)  # exceptions in the page's JavaScript that nothing caught

    @classmethod
    def of(cls, page: Page) -> "Record":
        """Begin to record; to be called before the page's first request."""
        record = cls()
        for event, note in record.notes():
            page.on(event, note)
        return record

    def end(self, page: Page) -> None:
        """No longer record: the page is another visitor's."""
        for event, note in self.notes():
            page.remove_listener(event, note)

    def notes(self) -> list[tuple[str, Callable]]:
        """The page's events, and what is kept of each."""
        hosts = [("request", self.note_host), ("websocket", self.note_host)]
        return [*hosts, ("console", self.note_console), ("pageerror", self.note_exception)]

    def note_host(self, asked: Request | WebSocket) -> None:
        """Keep the host, where the address has one (data: and blob: have none)."""
        if host := urlsplit(asked.url).netloc:
            self.hosts.add(host)

    def note_exception(self, error: Error) -> None:
        """Keep its words."""
        self.page_errors.append(str(error))

    def note_console(self, message: ConsoleMessage) -> None:
        """Keep what the console shows in red, but for a server that a test has stopped while the page was open, and
        for Streamlit's own search: at /gates it first asks whether the app's root is there."""
        searched = message.location.get("url", "").endswith(("/_stcore/health", "/_stcore/host-config"))
        if message.type == "error" and "net::ERR_CONNECTION_" not in message.text and not searched:
            self.console_errors.append(message.text)

    def assert_clean(self, url: str) -> None:
        """No request may have left the server at `url`, and nothing may have gone wrong in the page's scripts."""
        assert self.hosts <= {urlsplit(url).netloc}, f"Requests to other hosts: {self.hosts}"
        assert not self.page_errors, f"Exceptions in the page: {self.page_errors}"
        assert not self.console_errors, f"Errors in the console: {self.console_errors}"
