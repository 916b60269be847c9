"""What the app says when a lesson's question has been answered."""

from __future__ import annotations

from gru_viz.lessons import Lesson


def answered(lesson: Lesson, expected: int | None, right: int) -> tuple[str, str]:
    """Right or wrong, and what this run shows beside what was expected; nothing was expected where nobody answered."""
    shown = f"This run shows: “{lesson.answers[right]}”."
    if expected is None:
        return "No answer given.", shown
    if expected == right:
        return "Right.", f"You expected “{lesson.answers[expected]}”, and this run shows it."
    return "Not in this run.", f"You expected “{lesson.answers[expected]}”. {shown}"
