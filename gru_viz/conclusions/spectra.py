"""What the Gradients page says of single steps."""

from __future__ import annotations

from collections.abc import Sequence as Many
from typing import Any

import numpy as np

from gru_viz.conclusions.common import counted, in_each, listed
from gru_viz.conclusions.gradients import percent, range_of, steps_of
from gru_viz.labels import grouped
from gru_viz.measures.gradients import HOLDS, Reached
from gru_viz.measures.spectra import Horizon, Spectra
from gru_viz.sequences import Sequence
from gru_viz.theme import number

# -- single steps ------------------------------------------------------------------------------------------------------


def spectra(found: Many[Spectra]) -> str:
    """How much the step with the loss can stretch a gradient."""
    cells, step = [each.cell for each in found], int(found[0].steps[-1]) + 1
    radius = in_each(cells, [number(float(np.abs(each.eigenvalues[-1]).max()), 2) for each in found])
    return f"Step {step}: the eigenvalue farthest from 0 has the size {radius}."


def ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def stretches(found: Many[Spectra]) -> str:
    """How much single steps can stretch a gradient."""
    texts = []
    for each in found:
        low, high = (number(float(edge), 2) for edge in (each.stretch.min(), each.stretch.max()))
        texts.append(low if low == high else f"{low} to {high}")
    return f"One step multiplies a gradient by at most {in_each([each.cell for each in found], texts)}."


def circle_how(found: Many[Spectra]) -> str:
    step, every = int(found[0].steps[-1]) + 1, int(np.diff(found[0].steps)[-1]) if len(found[0].steps) > 1 else 1
    thinned = f"every {ordinal(every)} step" if every > 1 else "every step"
    return (
        f"Eigenvalues of the Jacobian ∂s after / ∂s before: small those of {thinned}, large those of step {step}. "
        "Inside the circle a direction shrinks if the step is repeated, outside it grows."
    )


def of_matrices(found: Many[Spectra], reached: Many[Reached]) -> str:
    """ρ and σ_max of the recurrent matrices, which are not those of a step; ``reached``: of the same cells."""
    texts, cells = [], []
    for each in found:
        if each.recurrent:
            name, (radius, norm) = max(each.recurrent.items(), key=lambda item: item[1][0])
            several = f" ({name}, the largest ρ)" if len(each.recurrent) > 1 else ""
            texts.append(f"ρ = {number(radius, 2)} and σₘₐₓ = {number(norm, 2)}{several}")
            cells.append(each)
    if not cells:
        return "No cell here has a recurrent matrix."
    text = f"Of U, not of the step: {in_each([each.cell for each in cells], texts)}."
    above = [each.cell for each in cells if each.plain and max(radius for radius, _ in each.recurrent.values()) > 1]
    if above and all(each.slope < -HOLDS for each in reached if each.cell in above):
        names = listed([f"the {each.title}" for each in above])
        return f"{text} “ρ above 1 explodes” is not true: in {names} it is above 1, and the gradient shrinks."
    grows = {each.cell for each in reached if each.slope > HOLDS}
    below = [each.cell for each in cells if each.plain and max(radius for radius, _ in each.recurrent.values()) < 1]
    if against := [cell for cell in below if cell in grows]:
        names = listed([f"the {cell.title}" for cell in against])
        return f"{text} “ρ above 1 explodes” is not all: in {names} it is below 1, and the gradient grows."
    return (
        f"{text} “ρ above 1 explodes” is not true in general: in a plain RNN, where tanh has slopes of at most 1 that "
        "differ by unit and step, it is neither sufficient nor necessary. Necessary is σₘₐₓ above 1."
    )


def horizon(found: Many[Horizon], share: float) -> str:
    """How far back the step with the loss depends, and the median step."""
    cells, step = [each.cell for each in found], len(found[0].reaches[share])
    last = in_each(cells, [str(int(each.reaches[share][-1])) for each in found])
    middle = in_each(cells, [f"{float(np.median(each.reaches[share])):g}" for each in found])
    return f"Down to {percent(share)}, step {step} hangs on this many steps: {last}. The median of all steps: {middle}."


def horizon_how(found: Many[Horizon], share: float) -> str:
    every = int(np.diff(found[0].steps)[-1]) if len(found[0].steps) > 1 else 1
    thinned = f" Every {ordinal(every)} row and column is drawn." if every > 1 else ""
    return (
        "Read along a row: how much the sum of h after step t hangs on what was handed on after step s, as the norm of "
        f"its gradient. The white line: the farthest step with {percent(share)} or more of the row's last. "
        f"One scale for all; what is below its end has the darkest colour.{thinned}"
    )


def spectra_numbers(found: Many[Spectra]) -> dict[str, list[Any]]:
    """A row for each step of any cell: a cell with more states is looked at in fewer steps."""
    steps = sorted({int(step) for each in found for step in each.steps})
    columns: dict[str, list[Any]] = {"step": [step + 1 for step in steps]}
    for each in found:
        for name, values in (
            ("largest |eigenvalue|", np.abs(each.eigenvalues[:, 0])),
            ("largest singular value", each.stretch),
        ):
            at = dict(zip(each.steps.tolist(), values.tolist(), strict=True))
            columns[f"{each.cell.title}, {name}"] = [at.get(step, "") for step in steps]
    return columns


def eigenvalue_numbers(found: Many[Spectra]) -> dict[str, list[Any]]:
    """Those of the step with the loss, largest first; a cell with more states has more of them."""
    rows = max(each.eigenvalues.shape[1] for each in found)
    columns: dict[str, list[Any]] = {"eigenvalue": list(range(1, rows + 1))}
    for each in found:
        values = each.eigenvalues[-1]
        for name, part in (("real part", values.real), ("imaginary part", values.imag)):
            columns[f"{each.cell.title}, {name}"] = [*part.tolist(), *[""] * (rows - len(part))]
    return columns


def matrix_numbers(found: Many[Spectra]) -> dict[str, list[Any]]:
    rows = [(each.cell.title, name, *values) for each in found for name, values in each.recurrent.items()]
    names = ("cell", "matrix", "ρ, of U, not of the step", "σ_max, of U, not of the step")
    return {name: list(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}


def horizon_numbers(found: Many[Horizon], share: float, sequence: Sequence) -> dict[str, list[Any]]:
    end = len(found[0].reaches[share])
    return steps_of(sequence, end) | {f"{each.cell.title}, reach": each.reaches[share].tolist() for each in found}


def described_circle(found: Spectra) -> str:
    sizes = np.abs(found.eigenvalues)
    outside = int(np.sum(sizes > 1))
    return (
        f"Eigenvalues of the {found.cell.title}'s Jacobian at {counted(len(found.steps), 'step')}: sizes from "
        f"{number(float(sizes.min()), 2)} to {number(float(sizes.max()), 2)}, {grouped(outside)} of "
        f"{grouped(sizes.size)} outside the unit circle."
    )


def described_stretch(found: Many[Spectra]) -> str:
    parts = [
        f"{each.cell.title}: between {number(float(each.stretch.min()), 2)} and {number(float(each.stretch.max()), 2)}"
        for each in found
    ]
    return f"Largest singular value of each step's Jacobian. {'. '.join(parts)}."


def described_horizon(found: Horizon, share: float) -> str:
    reaches = found.reaches[share]
    return (
        f"Horizon map of the {found.cell.title}: {len(reaches)} steps by {len(reaches)}, values "
        f"{range_of(found.norm[~np.isnan(found.norm)])}; reach at {percent(share)} from {reaches.min()} to "
        f"{counted(int(reaches.max()), 'step')}."
    )
