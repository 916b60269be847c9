"""One step of several cells seen from inside, in the browser: the data as bytes, and JavaScript that plays them.

``tape.py`` writes a cell's graph down as a list of operations, ``opening.py`` what each number is the sum of,
``cells.py`` all that is shown of one run; ``pack.py`` makes one ``bytes`` of the runs, ``page.py`` the HTML with the
scripts in it. The scripts know nothing of where they run.
"""

from gru_viz.player.pack import Start, pack
from gru_viz.player.page import page, save_html, scripts, show, styles

__all__ = ["Start", "pack", "page", "save_html", "scripts", "show", "styles"]
