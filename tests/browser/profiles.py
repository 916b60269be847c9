"""Browser profiles that are used again: each visitor finds one empty, but need not wait for what all visitors share."""

from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page

SITE = "http://127.0.0.1"  # of all servers: a port makes no other site


class Profile:
    """A browser context of one visitor after another.

    Its cache and its renderer's process outlast them: to fetch and compile the app's scripts is more than half of the
    4 seconds of computing that the first page costs.
    """

    def __init__(self, browser: Browser) -> None:
        self.context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
        # Chromium, with --process-per-site, ends the process of a site with its last page. This one is never closed.
        self.keeper = self.context.new_page()
        self.keeper.route("**/*", lambda route: route.fulfill())
        self.keeper.goto(SITE)
        self.devtools = self.context.new_cdp_session(self.keeper)

    def new_page(self, *, theme: Literal["light", "dark"], width: int, height: int) -> Page:
        """An empty page."""
        page = self.context.new_page()
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": height})
        return page

    def leave(self, *origins: str) -> None:
        """Close the visitor's pages and forget what was stored for `origins`: cookies, and what scripts kept."""
        for page in self.context.pages:
            if page is not self.keeper:
                page.close()
        for origin in origins:
            self.devtools.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})


def origin(url: str) -> str:
    """The part of an address that a browser keeps what is stored by."""
    return "://".join(urlsplit(url)[:2])
