"""Programs that the tests need besides Python's, from Debian's packages where that is allowed."""

import os
import shutil
import subprocess


def install(package: str) -> None:
    """Install a package if this is Debian, or built like it, and we may; else do nothing."""
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not (shutil.which("apt-get") and attempt([*root, "true"], seconds=10)):
        return
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120", "--quiet"]
    attempt([*apt, "update"], seconds=180)  # one source out of reach need not matter
    attempt([*apt, "install", "--yes", "--no-install-recommends", package], seconds=300)


def attempt(command: list[str], *, seconds: float, output: int | None = None) -> bool:
    """Run a command that may be missing, fail or hang; whether it went well. It gets no keyboard to wait for."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=seconds)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
