"""To come."""

from gru_viz.ui import state
from gru_viz.ui.parts import question

question("Compare", state.current().badge)
