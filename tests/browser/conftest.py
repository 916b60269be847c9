"""The browser tests' fixtures: a server with the app, a real browser, and pages that are watched while they are open.

    def test_something(server, open_page):
        page = open_page(server, theme="dark", width=390)
        page.get_by_role("textbox", name="Sequence").fill("abc")
        page.keyboard.press("Enter")
        settled(page)

`open_page` asserts at the end of the test that no request went to another host and that nothing went wrong unseen.
"""

from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chrome
from tests.browser.serving import serve
from tests.browser.watching import Record, settled

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No other host exists: a page that asks one fails at once, with or without a network, and is caught by its Record.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
HEIGHTS = {1280: 900, 390: 844}  # a laptop and a phone


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: they are the slowest, and Playwright leaves its event loop running in this thread."""
    items.sort(key=lambda item: "browser" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a server with the app, the same for all tests."""
    with serve() as url:
        yield url


@pytest.fixture
def fresh_server() -> Iterator[str]:
    """The address of a server that nobody has asked for anything: for links whose request is its first."""
    with serve() as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chrome or Chromium. There is no skipping: without one this fails, with a sentence that says what to do."""
    path = chrome.find()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open an address, each time as a new visitor (no cookies, no storage), and wait until the app is done.

    `open_page(url, theme="light" | "dark", width=1280 | 390)` returns the page. The clipboard may be read.
    """
    visits = []

    def visit(url: str, *, theme: Literal["light", "dark"] = "light", width: Literal[1280, 390] = 1280) -> Page:
        context = browser.new_context(
            color_scheme=theme,
            viewport={"width": width, "height": HEIGHTS[width]},
            permissions=["clipboard-read", "clipboard-write"],
        )
        page = context.new_page()
        visits.append((context, Record.of(page), url))
        page.goto(url)
        return settled(page)

    try:
        yield visit
    finally:
        for context, _, _ in visits:
            context.close()
    for _, record, url in visits:
        record.assert_clean(url)
