"""A lesson on one printed page: the question, room for a prediction, and below a fold what this run shows, in grey."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence

import numpy as np

from gru_viz.experiment import Experiment
from gru_viz.lessons import Lesson
from gru_viz.sequences import parse_sequence

WIDTH, HEIGHT = 680, 190  # of a plot, in units of the drawing
LEFT, RIGHT, BELOW = 56, 130, 34
DASHES = ("2 4", "", "10 5", "10 4 2 4", "4 3")  # told apart without colour
GREYS = ("#000000", "#000000", "#555555", "#000000", "#555555")
MAX_LABELS = 40
MAX_NUMBERS = 120  # steps of which every tenth is numbered

_STYLE = """
@page { size: A4; margin: 15mm; }
body { font: 15px/1.4 system-ui, sans-serif; color: #000; background: #fff; max-width: 720px; margin: 2rem auto; }
h1 { font-size: 24px; margin: 0 0 .3rem; } h2 { font-size: 17px; margin: 1rem 0 .3rem; }
ul { list-style: "☐  "; padding-left: 1.6rem; margin: .4rem 0; }
svg { width: 100%; height: auto; overflow: visible; } text { font: 12px system-ui, sans-serif; fill: #000; }
.line { border-bottom: 1px solid #777; height: 1.7rem; } .fold { border-top: 1px dashed #777; margin: 1.2rem 0; }
.small { font-size: 12px; color: #333; overflow-wrap: anywhere; } section { break-inside: avoid; }
@media print { body { margin: 0; max-width: none; } }
"""


def handout(lesson: Lesson, experiment: Experiment, link: str = "") -> str:
    """The page as HTML that needs nothing else: no script, no other file. ``link``: where the experiment opens."""
    sequence = parse_sequence(experiment.kind, experiment.text)
    quantity, curves = lesson.curves(experiment)
    answers = "".join(f"<li>{html.escape(answer)}</li>" for answer in lesson.answers)
    heading = html.escape(lesson.heading)
    where = f'<p class="small">{html.escape(link)}</p>' if link else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{heading}</title><style>{_STYLE}</style></head><body>
<section><h1>{heading}</h1>{where}
<p>The cells read: <b>{html.escape(shortened(experiment.text))}</b></p>
<p>{html.escape(lesson.question)}</p><ul>{answers}</ul>
<p>Why?</p><div class="line"></div><div class="line"></div>
<h2>Draw what you expect</h2>{_plot(sequence.labels, quantity, {})}</section>
<div class="fold"></div>
<section><h2>What this run shows: {html.escape(lesson.example.title)}</h2>
<p><b>{html.escape(lesson.answers[lesson.right(experiment)])}.</b> {html.escape(lesson.explained(experiment))}</p>
{_plot(sequence.labels, quantity, curves)}</section>
</body></html>
"""


def shortened(text: str, longest: int = 120) -> str:
    return text if len(text) <= longest else text[:longest] + " …"


def _plot(labels: Sequence[str], quantity: str, curves: Mapping[str, np.ndarray]) -> str:
    """Curves (T,) over the steps as SVG, each named at its end; without curves the empty axes."""
    count = len(labels)
    values = np.concatenate(list(curves.values())) if curves else np.zeros(1)
    finite = values[np.isfinite(values)] if np.isfinite(values).any() else np.zeros(1)
    low, high = float(finite.min()), float(finite.max())
    span = high - low or 1.0

    def x(step: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (step + 0.5) / count

    def y(value: float) -> float:
        return 10 + (HEIGHT - BELOW - 20) * (high - value) / span

    bottom, right = HEIGHT - BELOW, WIDTH - RIGHT
    parts = [f'<path d="M{LEFT} 6V{bottom}H{right}" fill="none" stroke="#777"/>']
    parts += [f'<text x="{LEFT}" y="{HEIGHT - 2}">{html.escape(quantity)}, step by step</text>']
    every = 10 * math.ceil(count / MAX_NUMBERS)
    shown = range(count) if count <= MAX_LABELS else range(every - 1, count, every)  # too many: numbers, of some steps
    parts += [
        f'<text x="{x(k):.1f}" y="{bottom + 15}" text-anchor="middle">'
        f"{html.escape(labels[k]) if count <= MAX_LABELS else k + 1}</text>"
        for k in shown
    ]
    if curves:
        parts += [_edge(edge, y(edge)) for edge in (low, high)]
    for k, curve in enumerate(curves.values()):
        points = [f"{x(step):.1f} {y(float(value)):.1f}" for step, value in enumerate(curve) if np.isfinite(value)]
        parts.append(
            f'<polyline points="{", ".join(points)}" fill="none" stroke="{GREYS[k % 5]}" stroke-width="1.8" '
            f'stroke-dasharray="{DASHES[k % 5]}"/>'
        )
    # Every curve's dash beside its name, as curves may meet at either end.
    for k, name in enumerate(curves):
        at = 20 + 18 * k
        parts.append(
            f'<path d="M{right + 10} {at}h34" stroke="{GREYS[k % 5]}" stroke-width="1.8" '
            f'stroke-dasharray="{DASHES[k % 5]}"/><text x="{right + 50}" y="{at + 4}">{html.escape(name)}</text>'
        )
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(quantity)}">{"".join(parts)}</svg>'


def _edge(value: float, at: float) -> str:
    text = f"{value:.3g}".replace("-", "−")
    return f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{text}</text>'
