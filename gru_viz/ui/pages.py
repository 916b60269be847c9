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
    "lessons": "Lessons",
    "help": "How to read this",
}
HOME = next(iter(PAGES))  # its name does not stand in its address
STEP = "step"  # says nothing in words: its numbers do
ABOUT = ("lessons", "help")  # show no experiment
REGISTERED = "pages"  # in the session: name -> Streamlit's page, made once in a visit
LAST = "last_page"  # in the session: the page of the experiment that was seen last
DRAWN = "drawn_page"  # in the session: the page of the last run; "" where a question or the help stood in its place


def script(name: str) -> Path:
    """The file of a page."""
    return ROOT / "app_pages" / f"{name}.py"
