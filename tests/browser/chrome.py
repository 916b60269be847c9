"""Which browser the tests drive: Chrome or Chromium, found or, failing that, installed.

`python -m tests.browser.chrome` makes sure that there is one and prints its path; `make test` runs it first. Tests that
need a browser fail without one: a page that nobody has opened is not tested.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

from tests import debian
from tests.debian import attempt

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_APPS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
MISSING = (
    "No Chrome or Chromium was found, and none could be installed: every test in tests/browser will fail. "
    "Install one, or name it: make test CHROME=<path of its program>"
)


class NoBrowser(RuntimeError):
    """There is no browser to test with."""


def find() -> str:
    """The path of a browser that runs: the one that CHROME names, else the first of the usual ones."""
    if named := os.environ.get("CHROME"):
        if runs(named):
            return named
        raise NoBrowser(f"CHROME names {named!r}, which is not a browser that runs.")
    for path in usual_places():
        if path and runs(path):
            return path
    raise NoBrowser(MISSING)


def usual_places() -> Iterator[str | None]:
    """Where a browser may be; Playwright's own last, since asking for its path starts a process."""
    yield from (shutil.which(name) for name in NAMES)
    yield from MAC_APPS
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.executable_path


def runs(path: str) -> bool:
    """Whether the program there can say its version. Ubuntu's chromium-browser may be a stub that cannot."""
    return attempt([path, "--version"], seconds=30, output=subprocess.DEVNULL)


def install() -> None:
    """Install a browser: Debian's, where we may and it runs; else Playwright's, which brings no system libraries."""
    debian.install("chromium")
    if any(path and runs(path) for path in map(shutil.which, NAMES)):
        return
    attempt([sys.executable, "-m", "playwright", "install", "chromium"], seconds=300)


def main() -> int:
    """Find a browser, install one where there is none, and say which it is or what is wrong."""
    try:
        try:
            path = find()
        except NoBrowser:
            if os.environ.get("CHROME"):
                raise
            print("No Chrome or Chromium here: installing one.", flush=True)
            install()
            path = find()
    except NoBrowser as error:
        print(f"\n*** {error}\n", file=sys.stderr, flush=True)
        return 1
    print(f"Browser for the tests: {path}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
