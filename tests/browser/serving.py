"""The app on a server of its own, as a visitor's browser meets it."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app.py"


@contextmanager
def serve(script: Path = APP, *options: str, seconds: float = 60, port: int = 0, **env: str) -> Iterator[str]:
    """Start `streamlit run` on a free port, or on the one given, and yield its address; stop it afterwards, whatever
    happened.

    `options` are added to the command line, `env` to the environment. Raises RuntimeError with the server's own words
    when it does not get healthy in time, and AssertionError when its log holds a traceback that no visitor may have
    seen.
    """
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless=true"]
    command += ["--server.address=127.0.0.1", f"--server.port={port}", "--server.fileWatcherType=none", *options]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(**env), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            problem = wait_until_healthy(process, url, seconds)
            if not problem:
                yield url
        finally:
            stop(process)
            log.seek(0)
            said = log.read()
    if problem:
        raise RuntimeError(f"{problem} It said:\n{said}")
    assert "Traceback (most recent call last)" not in said, f"The server's log:\n{said}"


def environment(**changes: str) -> dict[str, str]:
    """Ours, without settings of Streamlit that somebody exported: the project's config.toml is what is tested."""
    return {name: value for name, value in os.environ.items() if not name.startswith("STREAMLIT_")} | changes


def process_of(url: str) -> Path:
    """The folder in /proc of the server at this address."""
    option = f"--server.port={url.rpartition(':')[2]}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if option in (folder / "cmdline").read_bytes().split(b"\0"):
                return folder
        except OSError:  # it has ended meanwhile
            continue
    raise RuntimeError("There is no /proc here that tells of the server's process.")


def cpu_seconds(url: str) -> float:
    """The time that the server at this address has worked."""
    ticks = (process_of(url) / "stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_healthy(process: subprocess.Popen, url: str, seconds: float) -> str:
    """Return once the server answers, with nothing; or say what is wrong: it ended, or the time is over."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return f"The server ended with code {process.returncode} before it was ready."
        try:
            with opener.open(f"{url}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return ""
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            pass
        time.sleep(0.1)
    return f"The server was not ready after {seconds:g} seconds."


def stop(process: subprocess.Popen) -> None:
    """End the process politely, then not."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
