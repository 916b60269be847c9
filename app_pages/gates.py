"""To come."""

from gru_viz.ui import state
from gru_viz.ui.parts import question

question("Gates", state.current().badge)
