"""A lesson on one sheet to print, in grey: the question with room for a prediction; on its back what this run shows."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from gru_viz.answers import LITTLE, Curves
from gru_viz.errors import InputError
from gru_viz.experiment import Experiment
from gru_viz.labels import unbroken
from gru_viz.lessons import Lesson
from gru_viz.runs import cells_of
from gru_viz.sequences import parse_sequence
from gru_viz.settings import KEEP_CHOICES, SETTINGS
from gru_viz.theme import number, power_of_ten

LONGEST = 500  # characters of a link whose code a phone reads across a room
WIDTH, HEIGHT = 680, 300  # of a plot, in units of the drawing
LEFT, RIGHT, TOP, BOTTOM = 56, 640, 46, 262  # of its frame
NAMED = 120  # from name to name above a plot
DASHES = ("2 4", "", "10 5", "10 4 2 4", "4 3")  # told apart without colour
GREYS = ("#000000", "#000000", "#555555", "#000000", "#555555")
FLAT = 0.25  # of a frame, less than which curves take in it are hardly seen
LETTER, GAP = 7, 3  # how wide a character of a label and what is between two labels are, about
MAX_TICKS = 6  # from tick to tick beside an axis
MAX_DECIMALS = 4  # of its numbers
MAX_NUMBERS = 15  # from number to number below it

_STYLE = """
@page { margin: 15mm; }
body { font: 15px/1.4 system-ui, sans-serif; color: #000; background: #fff; max-width: 720px; margin: 2rem auto; }
h1 { font-size: 24px; line-height: 1.2; margin: 0 0 .6rem; } h2 { font-size: 17px; margin: 1rem 0 .3rem; }
header { display: flex; gap: 1rem; } header > :first-child { flex: 1; }
figure { width: 9rem; margin: 0; } figure svg { display: block; }
p { margin: .6rem 0; }
ul { list-style: "☐  "; padding-left: 1.6rem; margin: .4rem 0; }
.plot { width: 100%; height: auto; } text { font: 12px system-ui, sans-serif; fill: #000; }
.line { border-bottom: 1px solid #777; height: 1.8rem; }
.fill { display: flex; gap: .5rem; align-items: end; } .fill .line { flex: 2; } .fill .line:last-child { flex: 1; }
.small { font-size: 12px; color: #333; overflow-wrap: anywhere; margin: .3rem 0; }
details { border-top: 1px dashed #777; margin: 1.2rem 0; } summary { padding: .5rem 0; cursor: pointer; }
@media print {
  body { margin: 0; max-width: none; }
  details:not([open]), summary { display: none; }
  details[open] { break-before: page; border: 0; margin: 0; }
}
"""


def handout(lesson: Lesson, experiment: Experiment, link: str = "") -> str:
    """The sheet as HTML that needs nothing else: no script, no other file. ``link``: where the experiment opens; one of
    more than LONGEST characters is left out, as nobody scans or types it.

    What this run shows is folded up, and printed, on a page of its own, only when it was opened. It is drawn in the
    frame of the prediction; where a curve leaves that, or is hardly seen in it, once more with an axis of its own.
    Raises InputError for an experiment that the lesson's question is not about: other cells, weights or kind.
    """
    if not lesson.leads_on(experiment):
        raise InputError(
            f"This is no experiment for the handout of {lesson.name}: it has {_about(experiment)}; the question is "
            f"about {_about(lesson.example.experiment)}."
        )
    labels, curves = parse_sequence(experiment.kind, experiment.text).labels, lesson.curves(experiment)
    answers = "".join(f"<li>{_words(answer)}</li>" for answer in lesson.answers)
    heading, line, is_short = _words(lesson.heading), '<div class="line"></div>', 0 < len(link) <= LONGEST
    seed = "" if experiment.is_hand_set else f"My seed{line}"
    drawn = _plot(labels, curves, curves.limits)
    (least, most), (low, high) = curves.limits, _range(curves)
    if low < least or high > most or high - low < FLAT * (most - least):
        drawn += f"<h2>The same with an axis of its own</h2>{_plot(labels, curves, (low, high))}"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{heading}</title><style>{_STYLE}</style></head><body>
<section><header><div><h1>{heading}</h1><div class="fill">Name{line}{seed}</div>
<p>The cells read: <b>{html.escape(shortened(experiment.text))}</b></p>
<p class="small">{_words(described(experiment))}</p></div>{code(link) if is_short else ""}</header>
<p class="small">{html.escape(link) if is_short else ""}</p>
<p>{_words(lesson.question)}</p><ul>{answers}</ul>
<h2>Draw what you expect</h2>{_plot(labels, curves, curves.limits, is_drawn=False)}
<p>Why?</p>{3 * line}</section>
<details><summary>The answer, for the back of the sheet: open it, and it is printed too.</summary>
<section><h2>What this run shows: {_words(lesson.example.title)}</h2>
<p><b>{_words(lesson.answers[lesson.right(experiment)])}.</b> {_words(lesson.explained(experiment))}</p>
{drawn}
<p><b>Then.</b> {_words(lesson.example.then)}</p></section></details>
</body></html>
"""


def _about(experiment: Experiment) -> str:
    """What a question needs."""
    return f"cells {','.join(experiment.cells)}, weights {experiment.weights}, kind {experiment.kind}"


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
        said += [f"bias of {gate} {number(bias)}" for gate, bias in experiment.biases]
        for name in ("recurrent_gain", "input_gain"):
            said.append(f"{SETTINGS[name].label.lower()} {SETTINGS[name].write(getattr(experiment, name))}")
    return "; ".join(said) + "."


@lru_cache(64)
def code(link: str) -> str:
    """A link to scan: black on white, with the quiet border that readers need."""
    import segno

    drawn = segno.make(link, micro=False).svg_inline(border=4, dark="#000", light="#fff", omitsize=True)
    return f'<figure role="img" aria-label="Code to scan: {html.escape(link)}">{drawn}</figure>'


def _words(text: str) -> str:
    """A sentence of ours as HTML."""
    return html.escape(unbroken(text))


def _plot(labels: Sequence[str], curves: Curves, limits: tuple[float, float], is_drawn: bool = True) -> str:
    """Curves over the steps as SVG, as far as they are within the limits; or the frame in which to draw them."""
    low, high = limits

    def y(value: float) -> float:
        return TOP + (BOTTOM - TOP) * (high - value) / (high - low)

    parts = [f'<text x="{LEFT}" y="10">Upwards: {_words(curves.quantity)}</text>', *_steps(labels)]
    for value, name in _ticks(low, high, curves.is_log):
        parts.append(f'<path d="M{LEFT - 4} {y(value):.1f}H{RIGHT}" stroke="#DDDDDD"/>')
        parts.append(f'<text x="{LEFT - 7}" y="{y(value) + 4:.1f}" text-anchor="end">{name}</text>')
    if curves.is_log:
        little = y(math.log10(LITTLE))
        parts.append(f'<path d="M{LEFT} {little:.1f}H{RIGHT}" stroke="#777777" stroke-width=".8"/>')
        parts.append(f'<text x="{RIGHT + 6}" y="{little + 4:.1f}">1\u00a0%</text>')
    parts.append(f'<path d="M{LEFT} {TOP - 4}V{BOTTOM}H{RIGHT}" fill="none" stroke="#777777"/>')
    lines = []
    for k, (name, curve) in enumerate(curves.values.items(), start=len(curves.values) == 1):  # one alone is solid
        dashed = f'stroke="{GREYS[k % 5]}" stroke-width="1.8" stroke-dasharray="{DASHES[k % 5]}"'
        points = ((_x(step, len(labels)), y(float(value))) for step, value in enumerate(curve) if np.isfinite(value))
        lines.append(f'<polyline points="{", ".join(f"{x:.1f} {y:.1f}" for x, y in points)}" fill="none" {dashed}/>')
        # Every curve's dash beside its name, as curves may meet at either end.
        at = LEFT + NAMED * (len(lines) - 1)
        parts.append(f'<path d="M{at} 24h34" {dashed}/><text x="{at + 40}" y="28">{_words(name)}</text>')
    if is_drawn:  # an inner picture cuts off what leaves it, but no line that runs along its edge
        box = f"{LEFT} {TOP - 2} {RIGHT - LEFT} {BOTTOM - TOP + 4}"
        x, top, width, height = box.split()
        place = f'x="{x}" y="{top}" width="{width}" height="{height}"'
        parts.append(f'<svg {place} viewBox="{box}">{"".join(lines)}</svg>')
    what = _words(curves.quantity)
    return f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{what}">{"".join(parts)}</svg>'


def _steps(labels: Sequence[str]) -> Iterator[str]:
    """What is read, where all of it has room, and below it the numbers of some steps, the last among them."""
    count, below = len(labels), BOTTOM + 15
    if count * (LETTER * max(map(len, labels)) + GAP) <= RIGHT - LEFT:
        for step, label in enumerate(labels):
            yield f'<text x="{_x(step, count):.1f}" y="{below}" text-anchor="middle">{html.escape(label)}</text>'
        below += 16
    every = max(1, round(_round_step(count / MAX_NUMBERS)))
    yield f'<text class="step" x="{LEFT - 7}" y="{below}" text-anchor="end">step</text>'
    room = (LETTER * len(str(count)) + GAP) * count / (RIGHT - LEFT)  # steps from the last number to the one before it
    for step in (
        *(step for step in sorted({0, *range(every - 1, count, every)}) if step < count - 1 - room),
        count - 1,
    ):
        x = f"{_x(step, count):.1f}"
        yield f'<path d="M{x} {BOTTOM}v4" stroke="#777777"/>'
        yield f'<text class="step" x="{x}" y="{below}" text-anchor="middle">{step + 1}</text>'


def _x(step: int, count: int) -> float:
    return LEFT + (RIGHT - LEFT) * (step + 0.5) / count


def _range(curves: Curves) -> tuple[float, float]:
    """From the least to the largest value, with 0 and, of powers of ten, the line of 1 %."""
    values = np.concatenate([*curves.values.values(), [0.0, math.log10(LITTLE)][: 1 + curves.is_log]])
    finite = values[np.isfinite(values)]
    low, high = float(finite.min()), float(finite.max())
    return low, high if high > low else low + 1.0


def _ticks(low: float, high: float, is_log: bool) -> list[tuple[float, str]]:
    """Where an axis is numbered, and how: all with the same decimals, or very small ones as 2·10⁻⁹."""
    step = _round_step((high - low) / MAX_TICKS)
    step = max(step, 1.0) if is_log else step
    values = [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
    if is_log:
        return [(value, power_of_ten(round(value))) for value in values]
    decimals = max(0, -math.floor(math.log10(step)))
    if decimals > MAX_DECIMALS:
        return [(value, number(value, 1)) for value in values]
    return [(value, f"{value:.{decimals}f}".replace("-", "−")) for value in values]


def _round_step(least: float) -> float:
    """The next of 1, 2 or 5 with zeros."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)
