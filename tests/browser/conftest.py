"""The browser tests' fixtures: a server with the app, a real browser, and pages that are watched while they are open.

    def test_something(server, open_page):
        page = open_page(server, theme="dark", width=390)
        page.get_by_role("textbox", name="Sequence").fill("abc")
        page.keyboard.press("Enter")
        settled(page)

`open_page` asserts at the end of the test that no request went to another host and that nothing went wrong unseen.
"""

import asyncio
from asyncio import AbstractEventLoop
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chrome
from tests.browser.profiles import Profile, origin
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
    "--process-per-site",  # for the profiles
]
HEIGHTS = {1280: 900, 640: 450, 320: 225, 390: 844}  # a laptop, also read at 200 and 400 %, and a phone


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: they are the slowest."""
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
        loops.append(asyncio.get_running_loop())
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            asyncio._set_running_loop(loops.pop())
            browser.close()


loops: list[AbstractEventLoop] = []  # Playwright's, while there is a browser


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Only the tests in this folder see Playwright's event loop: others may come between, and need one of their own."""
    ours = item.path.parent == Path(__file__).parent
    asyncio._set_running_loop(loops[0] if ours and loops else None)
    try:
        return (yield)
    finally:
        asyncio._set_running_loop(None)


@pytest.fixture(scope="session")
def profiles() -> list[Profile]:
    """Those that nobody uses now."""
    return []


@pytest.fixture
def open_page(browser: Browser, profiles: list[Profile]) -> Iterator[Callable[..., Page]]:
    """Open an address, each time as a new visitor (no cookies, no storage), and wait until the app is done.

    `open_page(url, theme="light" | "dark", width=1280 | 640 | 320 | 390)` returns the page. The clipboard may be
    read.
    """
    visits = []

    def visit(url: str, *, theme: Literal["light", "dark"] = "light", width: int = 1280) -> Page:
        profile = profiles.pop() if profiles else Profile(browser)
        page = profile.enter(theme=theme, width=width, height=HEIGHTS[width])
        visits.append((profile, Record.of(page), url))
        page.goto(url)
        return settled(page)

    try:
        yield visit
    finally:
        for profile, record, url in visits:
            record.end(profile.tab)
            profile.leave(origin(url))
            profiles.append(profile)
    for _, record, url in visits:
        record.assert_clean(url)
