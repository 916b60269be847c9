"""Browser profiles that are used again: each visitor finds one empty, but need not wait for what all visitors share."""

from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page

SITE = "http://127.0.0.1"  # of all servers: a port makes no other site
NOWHERE = "about:blank"


class Profile:
    """A browser context and a tab of one visitor after another.

    The cache, the renderer's process and the tab outlast them: to fetch and compile the app's scripts is more than half
    of the 4 seconds of computing that the first page costs, and a tab of its own for each is a quarter of the others.
    """

    def __init__(self, browser: Browser) -> None:
        self.context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
        # Chromium, with --process-per-site, ends the process of a site with its last page. This one is never closed.
        self.keeper = self.context.new_page()
        self.keeper.route("**/*", lambda route: route.fulfill())
        self.keeper.goto(SITE)
        self.tab = self.context.new_page()

    def enter(self, *, theme: Literal["light", "dark"], width: int, height: int) -> Page:
        """The tab, empty."""
        self.tab.emulate_media(color_scheme=theme)
        self.tab.set_viewport_size({"width": width, "height": height})
        return self.tab

    def leave(self, visited: str) -> None:
        """Close what else the visitor has opened, and forget where the tab was, and what was stored at the origin
        that they `visited`: cookies, and what scripts kept. A tab that is elsewhere now is thrown away."""
        for page in self.context.pages:
            if page is not self.keeper and not (page is self.tab and origin(page.url) == visited):
                page.close()
        if self.tab.is_closed():
            self.tab = self.context.new_page()
        else:
            self.tab.goto(NOWHERE)
        devtools = self.context.new_cdp_session(self.tab)
        devtools.send("Page.resetNavigationHistory")
        devtools.send("Storage.clearDataForOrigin", {"origin": visited, "storageTypes": "all"})
        devtools.detach()


def origin(url: str) -> str:
    """The part of an address that a browser keeps what is stored by."""
    return "://".join(urlsplit(url)[:2])
