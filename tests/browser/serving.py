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
def serve(script: Path = APP, *options: str, seconds: float = 60) -> Iterator[str]:
    """Start `streamlit run` on a free port and yield its address; stop it afterwards, whatever happened.

    `options` are added to the command line. Raises RuntimeError with the server's own words when it does not get
    healthy in time, and AssertionError when its log holds a traceback that no visitor may have seen.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless=true"]
    command += ["--server.address=127.0.0.1", f"--server.port={port}", "--server.fileWatcherType=none", *options]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
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


def environment() -> dict[str, str]:
    """Ours, without settings of Streamlit that somebody exported: the project's config.toml is what is tested."""
    return {name: value for name, value in os.environ.items() if not name.startswith("STREAMLIT_")}


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
