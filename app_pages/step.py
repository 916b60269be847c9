"""What happens in one step? The player: every gate of every cell at the cursor, with its numbers."""

from gru_viz.ui import state
from gru_viz.ui.parts import question, sentence
from gru_viz.ui.player import player

experiment = state.current()
question("What happens in one step?", experiment.badge)
sentence(
    "Play, or move the cursor along the tokens. Click or tap an underlined number, or a box of a diagram, to see the "
    "sum that it is."
)
player(experiment)
