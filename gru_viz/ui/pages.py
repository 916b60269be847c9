"""The pages, in the order of the navigation: name in an address -> title."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]  # the entrypoint may stand elsewhere
PAGES = {
    "contrast": "Contrast",
    "step": "Step through",
    "gates": "Gates",
    "trajectories": "Trajectories",
    "gradients": "Gradients",
    "compare": "Compare",
    "equations": "Equations",
}


def script(name: str) -> Path:
    """The file of a page."""
    return ROOT / "app_pages" / f"{name}.py"
