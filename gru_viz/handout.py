"""A lesson on one sheet to print, in grey: the question with room for a prediction; on its back what this run shows."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

import numpy as np

from gru_viz.answers import LITTLE, Curves
from gru_viz.experiment import Experiment
from gru_viz.lessons import Lesson
from gru_viz.runs import cells_of
from gru_viz.sequences import parse_sequence
from gru_viz.settings import KEEP_CHOICES, SETTINGS
from gru_viz.theme import number, power_of_ten

WIDTH, HEIGHT = 680, 290  # of a plot, in units of the drawing
LEFT, RIGHT, TOP, BELOW = 56, 40, 36, 40
NAMED = 120  # from name to name above a plot
DASHES = ("2 4", "", "10 5", "10 4 2 4", "4 3")  # told apart without colour
GREYS = ("#000000", "#000000", "#555555", "#000000", "#555555")
LETTER, GAP = 7, 3  # how wide a character of a label and what is between two labels are, about
MAX_NUMBERS = 120  # steps of which every tenth is numbered
MAX_TICKS = 6  # from tick to tick beside an axis

_STYLE = """
@page { margin: 15mm; }
body { font: 15px/1.4 system-ui, sans-serif; color: #000; background: #fff; max-width: 720px; margin: 2rem auto; }
h1 { font-size: 24px; margin: 0 0 .3rem; } h2 { font-size: 17px; margin: 1rem 0 .3rem; }
ul { list-style: "☐  "; padding-left: 1.6rem; margin: .4rem 0; }
svg { width: 100%; height: auto; overflow: visible; } text { font: 12px system-ui, sans-serif; fill: #000; }
.line { border-bottom: 1px solid #777; height: 2rem; }
.small { font-size: 12px; color: #333; overflow-wrap: anywhere; }
details { border-top: 1px dashed #777; margin: 1.2rem 0; } summary { padding: .5rem 0; cursor: pointer; }
@media print {
  body { margin: 0; max-width: none; }
  details:not([open]), summary { display: none; }
  details[open] { break-before: page; border: 0; margin: 0; }
}
"""


def handout(lesson: Lesson, experiment: Experiment, link: str = "") -> str:
    """The sheet as HTML that needs nothing else: no script, no other file. ``link``: where the experiment opens.

    What this run shows is folded up, and printed, on a page of its own, only when it was opened.
    """
    labels = parse_sequence(experiment.kind, experiment.text).labels
    curves = lesson.curves(experiment)
    answers = "".join(f"<li>{html.escape(answer)}</li>" for answer in lesson.answers)
    heading = html.escape(lesson.heading)
    where = f'<p class="small">{html.escape(link)}</p>' if link else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{heading}</title><style>{_STYLE}</style></head><body>
<section><h1>{heading}</h1>{where}
<p>The cells read: <b>{html.escape(shortened(experiment.text))}</b></p>
<p class="small">{html.escape(described(experiment))}</p>
<p>{html.escape(lesson.question)}</p><ul>{answers}</ul>
<h2>Draw what you expect</h2>{_plot(labels, curves, is_drawn=False)}
<p>Why?</p><div class="line"></div><div class="line"></div><div class="line"></div></section>
<details><summary>The answer, for the back of the sheet: open it, and it is printed too.</summary>
<section><h2>What this run shows: {html.escape(lesson.example.title)}</h2>
<p><b>{html.escape(lesson.answers[lesson.right(experiment)])}.</b> {html.escape(lesson.explained(experiment))}</p>
{_plot(labels, curves, is_drawn=True)}</section></details>
</body></html>
"""


def shortened(text: str, longest: int = 120) -> str:
    return text if len(text) <= longest else text[:longest] + " …"


def described(experiment: Experiment) -> str:
    """All that decides the numbers of this run, but for its sequence."""
    cells = cells_of(experiment)
    said = [f"{', '.join(of.title for of in cells)}: {experiment.badge}", f"hidden units: {experiment.hidden_size}"]
    if not experiment.is_hand_set:
        if any(of.gates for of in cells):
            said.append(f"gates start by keeping {KEEP_CHOICES[experiment.keep]} a step")
        said.append(f"{experiment.scheme} scheme")
        for name in ("recurrent_gain", "input_gain"):
            said.append(f"{SETTINGS[name].label.lower()} {SETTINGS[name].write(getattr(experiment, name))}")
    return "; ".join(said) + "."


def _plot(labels: Sequence[str], curves: Curves, is_drawn: bool) -> str:
    """Curves over the steps as SVG, each beside its name; or the axes on which to draw them."""
    low, high = _range(curves) if is_drawn else curves.limits
    bottom, right, count = HEIGHT - BELOW, WIDTH - RIGHT, len(labels)

    def x(step: int) -> float:
        return LEFT + (right - LEFT) * (step + 0.5) / count

    def y(value: float) -> float:
        return TOP + (bottom - TOP) * (high - value) / (high - low)

    parts = [f'<path d="M{LEFT} {TOP - 4}V{bottom}H{right}" fill="none" stroke="#777777"/>']
    parts += [f'<text x="{LEFT}" y="{HEIGHT - 4}">{html.escape(curves.quantity)}, step by step</text>']
    for value, name in _ticks(low, high, curves.is_log):
        parts.append(f'<path d="M{LEFT - 4} {y(value):.1f}h4" stroke="#777777"/>')
        parts.append(f'<text x="{LEFT - 7}" y="{y(value) + 4:.1f}" text-anchor="end">{name}</text>')
    if curves.is_log:
        little = y(math.log10(LITTLE))
        parts.append(f'<path d="M{LEFT} {little:.1f}H{right}" stroke="#999999" stroke-width=".8"/>')
        parts.append(f'<text x="{right + 6}" y="{little + 4:.1f}">1 %</text>')
    every, longest = 10 * math.ceil(count / MAX_NUMBERS), max(map(len, labels))
    fit = count * (LETTER * longest + GAP) <= right - LEFT
    shown = range(count) if fit else range(every - 1, count, every)  # else numbers, of some steps
    parts += [
        f'<text x="{x(k):.1f}" y="{bottom + 15}" text-anchor="middle">{html.escape(labels[k]) if fit else k + 1}</text>'
        for k in shown
    ]
    for k, (name, curve) in enumerate(curves.values.items()):
        dashed = f'stroke="{GREYS[k % 5]}" stroke-width="1.8" stroke-dasharray="{DASHES[k % 5]}"'
        if is_drawn:
            points = [f"{x(step):.1f} {y(float(value)):.1f}" for step, value in enumerate(curve) if np.isfinite(value)]
            parts.append(f'<polyline points="{", ".join(points)}" fill="none" {dashed}/>')
        # Every curve's dash beside its name, as curves may meet at either end.
        at = LEFT + 10 + NAMED * k
        parts.append(f'<path d="M{at} 10h34" {dashed}/>')
        parts.append(f'<text x="{at + 40}" y="14">{html.escape(name)}</text>')
    what = html.escape(curves.quantity)
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{what}">{"".join(parts)}</svg>'


def _range(curves: Curves) -> tuple[float, float]:
    """From the least to the largest value, with 0 and, of powers of ten, the line of 1 %."""
    values = np.concatenate([*curves.values.values(), [0.0, math.log10(LITTLE)][: 1 + curves.is_log]])
    finite = values[np.isfinite(values)]
    low, high = float(finite.min()), float(finite.max())
    return low, high if high > low else low + 1.0


def _ticks(low: float, high: float, is_log: bool) -> list[tuple[float, str]]:
    """Where an axis is numbered, and how: at multiples of 1, 2 or 5 with zeros."""
    least = (high - low) / MAX_TICKS
    power = 10.0 ** math.floor(math.log10(least))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)
    step = max(step, 1.0) if is_log else step
    values = [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return [(value, power_of_ten(round(value)) if is_log else number(value, 2)) for value in values]
