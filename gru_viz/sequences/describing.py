"""What the vector of each step is, in words and as a table."""

from __future__ import annotations

from gru_viz.labels import quoted, visible
from gru_viz.sequences.base import Sequence

MAX_NAMED = 6  # channels that a sentence names
MAX_SHOWN = 24  # columns of a table


def describe_steps(sequence: Sequence) -> str:
    """What the input x of a step is, in one sentence."""
    width = len(sequence.input_names)
    if sequence.is_one_hot:
        thing = {"text": "character", "words": "word"}[sequence.kind]
        if width == 1:
            return f"One {thing}, always the same: x is the number 1."
        return f"One of {width} {thing}s, one-hot: x has {width} numbers, one of them 1 and the others 0."
    if width == 1:
        return "One number: x is that number."
    named = ", ".join(quoted(name).replace("␣", " ") for name in sequence.input_names[:MAX_NAMED])
    more = f" and {width - MAX_NAMED} more" if width > MAX_NAMED else ""
    return f"A row of {width} numbers, the channels {named}{more}: x is that row."


def vectors(sequence: Sequence, first: int, last: int) -> dict[str, list[str | float]]:
    """The vectors of the steps from ``first`` to ``last`` (counted from 0, the last not included) as columns; of a wide
    input only the columns that are not 0 there, and at most 24."""
    rows = sequence.values[first:last]
    places = [k for k in range(rows.shape[1]) if rows.shape[1] <= MAX_SHOWN or rows[:, k].any()][:MAX_SHOWN]
    columns: dict[str, list[str | float]] = {
        "step": [float(step) for step in range(first + 1, first + 1 + len(rows))],
        "token": list(sequence.labels[first:last]),
    }
    for k in places:
        name = sequence.input_names[k]
        columns[f"x {name if not sequence.is_one_hot else visible(name)}"] = rows[:, k].tolist()
    return columns
