"""What the README promises about setting up is true, and the settings are ones that the installed tools know."""

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import streamlit.config

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
REQUIREMENTS = ["requirements.txt", "requirements-dev.txt"]


def code_blocks(text: str) -> list[tuple[str, str]]:
    """Language and content of each fenced block of a Markdown text."""
    return re.findall(r"^```(\w*)[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def readme() -> str:
    """The README's text, empty where there is none: the tests below then say so, instead of the collection."""
    return README.read_text(encoding="utf-8") if README.exists() else ""


def commands() -> list[str]:
    """The lines of the README's shell blocks, without prompts and comments."""
    lines = [line for language, block in code_blocks(readme()) if language != "python" for line in block.splitlines()]
    return [line.removeprefix("$ ").partition("#")[0].strip() for line in lines if line.strip()]


def targets() -> set[str]:
    """The verbs of the Makefile."""
    return set(re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split())


def test_readme_says_how_to_run_and_to_test():
    assert {"make run", "make test"} <= set(commands())
    assert "streamlit run app.py" in readme()
    assert "pip install -r requirements.txt" in readme()


def test_each_make_command_in_the_readme_exists():
    named = set(re.findall(r"\bmake ([a-z]+)", "\n".join([*commands(), *re.findall(r"`([^`\n]+)`", readme())])))
    assert named
    assert named <= targets()


def test_each_verb_can_be_made():
    """make itself reads the file: --dry-run prints what it would do, and fails where a rule is missing."""
    for verb in sorted(targets()):
        subprocess.run(["make", "--dry-run", verb], cwd=ROOT, check=True, capture_output=True, timeout=30)


def test_each_file_in_the_readmes_commands_exists():
    named = re.findall(r"(?:-r|streamlit run) (\S+)", "\n".join(commands()))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("code", [block for language, block in code_blocks(readme()) if language == "python"])
def test_readme_snippet_runs(code, tmp_path):
    """In a process and a folder of its own, with warnings as errors."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_requirements_are_pinned_and_name_no_index(name):
    """Any line but a pin, a comment and `-r` would do harm: an index out of reach makes pip retry every package."""
    lines = [line.partition("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
    pin = re.compile(r"[A-Za-z0-9-]+==[0-9][0-9.]*(; sys_platform != \"win32\")?|-r requirements\.txt")
    assert [line for line in lines if line and not pin.fullmatch(line)] == []


def test_tests_run_with_what_is_pinned():
    """A pin that nobody has run is a guess. A local version such as 2.13.0+cpu counts as 2.13.0."""
    lines = "\n".join((ROOT / name).read_text() for name in REQUIREMENTS)
    pins = dict(re.findall(r"^([\w-]+)==([^\s;]+)", lines, re.M))
    assert pins
    assert {name: version(name).partition("+")[0] for name in pins} == pins


def settings() -> dict[str, object]:
    """.streamlit/config.toml as Streamlit names its options: {"theme.dark.sidebar.textColor": …}."""

    def flatten(table: dict, prefix: str = "") -> dict[str, object]:
        flat = {}
        for key, value in table.items():
            flat |= flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
        return flat

    return flatten(tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8")))


def test_streamlit_knows_each_setting():
    """Streamlit only logs an unknown option, and goes on without it."""
    assert settings().keys() - streamlit.config.get_config_options().keys() == set()


def test_settings_that_the_app_counts_on():
    expected = {
        "runner.postScriptGC": False,  # else each run of a script stops all others while garbage is collected
        "browser.gatherUsageStats": False,  # else the page asks another host
        "client.showErrorDetails": "none",  # else a visitor sees tracebacks and paths
        "server.maxUploadSize": 5,
        "global.maxCachedMessageAge": 30,  # else quick presses end in "Connection error" until the page is loaded anew
    }
    assert {name: settings().get(name) for name in expected} == expected
    assert not any("://" in str(value) for value in settings().values())


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_theme_colours_can_be_read(theme):
    """4.5:1 for text, links, captions and what can be pressed, on each ground and on the tint of a selected button."""
    flat = settings()
    main = {key: flat[f"theme.{theme}.{key}"] for key in ("primaryColor", "linkColor", "textColor", "backgroundColor")}
    grounds = [main["backgroundColor"], flat[f"theme.{theme}.sidebar.backgroundColor"]]
    for ground in grounds:
        caption = mixed(main["textColor"], ground, 0.6)  # Streamlit draws captions with 60 % of the text's colour
        selected = mixed(main["primaryColor"], ground, 0.1)
        assert min(contrast(main[key], ground) for key in ("primaryColor", "linkColor", "textColor")) >= 4.5
        assert contrast(caption, ground) >= 4.5
        assert contrast(main["primaryColor"], selected) >= 4.5
    assert contrast(main["primaryColor"], "#FFFFFF") >= 3  # the tick of a checkbox
    assert len(set(flat[f"theme.{theme}.chartCategoricalColors"])) >= 10  # with fewer, Plotly takes its own


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21, by WCAG 2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def mixed(colour: str, ground: str, share: float) -> str:
    """What is seen of a colour that covers its ground with this share."""
    pairs = [(int(colour[i : i + 2], 16), int(ground[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(share * top + (1 - share) * below):02X}" for top, below in pairs)
