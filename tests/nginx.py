"""The site of deploy/nginx.conf in a real nginx on loopback, in front of processes of the app."""

import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path

import pytest

from tests import debian
from tests.browser.serving import ROOT, environment, free_port, stop, wait_until_healthy

SITE = ROOT / "deploy" / "nginx.conf"

opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Proxy:
    """A running nginx."""

    url: str
    log: Path

    def route(self) -> str:
        """The cookie that a first visit gets."""
        cookie = SimpleCookie(get(self.url)[0]["set-cookie"])["gru_viz_route"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        return f"gru_viz_route={cookie.value}"

    def serving(self, cookie: str) -> str:
        """The address of the process that answers a visitor with this cookie."""
        before = len(self.log.read_text().splitlines())
        get(self.url, Cookie=cookie)
        for _ in range(100):  # the line is written after the answer
            lines = self.log.read_text().splitlines()
            if len(lines) > before:
                return "http://" + lines[-1].split()[-1]
            time.sleep(0.01)
        raise AssertionError("nginx wrote nothing into its log.")


@contextmanager
def nginx(folder: Path, *apps: str) -> Iterator[Proxy]:
    """The site, as it is but for its ports, in front of the apps at these addresses."""
    port = free_port()
    servers = "".join(f"    server {app.removeprefix('http://')} max_fails=1 fail_timeout=5s;\n" for app in apps)
    site, replaced = re.subn(r"( *server 127\.0\.0\.1:\d+ max_fails=1 fail_timeout=5s;\n)+", servers, SITE.read_text())
    assert replaced == 1
    assert site.count("listen 80;") == 1
    (folder / "site.conf").write_text(site.replace("listen 80;", f"listen {port};"))
    places = "".join(f"{of}_temp_path {folder}/{of}; " for of in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{ }}\n"
        f"http {{ log_format who $upstream_addr; access_log {folder}/access.log who; {places}\n"
        f"include {folder}/site.conf; }}\n"
    )
    process = subprocess.Popen([program(), "-p", str(folder), "-c", str(folder / "nginx.conf")], env=environment())
    try:
        url = f"http://127.0.0.1:{port}"
        problem = wait_until_healthy(process, url, 20)
        assert not problem, problem + (folder / "error.log").read_text()
        yield Proxy(url, folder / "access.log")
    finally:
        stop(process)


def program() -> str:
    """nginx, installed where it is missing and that is allowed."""
    for _ in range(2):
        if path := shutil.which("nginx") or shutil.which("/usr/sbin/nginx"):
            return path
        debian.install("nginx-light")
    pytest.fail("No nginx was found, and none could be installed: the site in deploy/ is not tested. Install nginx.")


@contextmanager
def killable() -> Iterator[tuple[str, Callable[[], None]]]:
    """The address of a process of the app, and what kills it without a word."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.headless=true"]
    command += ["--server.address=127.0.0.1", f"--server.port={port}", "--server.fileWatcherType=none"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=ROOT, env=environment(), stdin=quiet, stdout=quiet, stderr=quiet)

    def kill() -> None:
        process.kill()
        process.wait()

    try:
        url = f"http://127.0.0.1:{port}"
        problem = wait_until_healthy(process, url, 60)
        assert not problem, problem
        yield url, kill
    finally:
        stop(process)


def get(url: str, **headers: str) -> tuple[dict[str, str], bytes]:
    """The headers, with names in small letters, and the bytes of an answer."""
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    with opener.open(request, timeout=20) as answer:
        return {name.lower(): value for name, value in answer.headers.items()}, answer.read()
