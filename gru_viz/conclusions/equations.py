"""What the Equations page says of a cell and of a run of it."""

from __future__ import annotations

from gru_viz.cells import Cell
from gru_viz.conclusions.common import at_each, counted, listed
from gru_viz.conclusions.names import Columns, size
from gru_viz.experiment import Experiment
from gru_viz.labels import grouped
from gru_viz.layouts import find_layout
from gru_viz.measures.equations import (
    Apart,
    Biases,
    Checked,
    Conventions,
    Extra,
    MovedReset,
    OtherOrder,
    OtherZ,
)
from gru_viz.parameters import parameter_shapes
from gru_viz.sequences import Sequence
from gru_viz.settings import WEIGHTS
from gru_viz.theme import number
from gru_viz.torch_bridge import TorchCheck
from gru_viz.torch_bridge.check import VALUE_TOLERANCE

QUESTION = "What exactly is computed?"


# -- the equations -----------------------------------------------------------------------------------------------------


def summary(of: Cell, sequence: Sequence, hidden: int) -> str:
    """What a step takes and gives, and how many parameters it has."""
    inputs = sequence.values.shape[1]
    shapes = parameter_shapes(of, inputs, hidden)
    old, new = (listed([state + prime for state in of.states]) for prime in ("", "′"))
    return (
        f"At each step the {of.title} makes {new} from the input x and from {old}, "
        f"in {counted(len(of.names), 'line')}. Here x has {counted(inputs, 'entry')}, "
        f"every state {counted(hidden, 'unit')}, and the cell {grouped(sum(map(size, shapes.values())))} parameters."
    ).replace("entrys", "entries")


# -- conventions, on this run ------------------------------------------------------------------------------------------


def no_run(experiment: Experiment, of: Cell) -> str:
    """Why there are no numbers of a cell that hand-set weights are not made for."""
    return (
        f"“{WEIGHTS[experiment.weights]}” has no weights for the {of.title}: there is no run of it to measure. Choose "
        "random weights in the sidebar."
    )


def mistakes(found: Conventions) -> str:
    """The title of the figure."""
    texts = [f"{number(each.largest, 2)} {name}" for name, each in found.mistakes().items()]
    return f"The states move by up to {listed(texts)}."


def described(found: Conventions) -> str:
    parts = []
    for name, each in found.mistakes().items():
        text = f"{name[0].upper()}{name[1:]}: {number(float(each.distance[0]), 2)}"
        if found.ran.steps > 1:
            text += f" at the first step, largest at step {each.step} with {number(each.largest, 2)}, "
            text += f"{number(float(each.distance[-1]), 2)} at the last"
        parts.append(text)
    return f"Largest difference of any unit's state, after {at_each(found.ran.steps)}. {'. '.join(parts)}."


def spoken(found: Conventions) -> list[tuple[str, str]]:
    """(title, sentences) of each convention that the cell has a choice in."""
    steps = found.ran.steps
    parts = []
    if found.z:
        parts.append(("z or 1 − z", said_z(found.z, steps)))
    if found.reset:
        parts.append(("Reset before or after the product", said_reset(found.reset, steps)))
    parts.append(("One bias or two", said_biases(found.biases, steps)))
    if found.order:
        parts.append(("Order of the gates", said_order(found.order)))
    if found.extra:
        parts.append((f"With or without {listed(found.extra.names)}", said_extra(found.extra)))
    return parts


def said_z(found: OtherZ, steps: int) -> str:
    gates = listed(list(found.gates))
    keeps = "keep" in found.gates.values()
    start = (
        f"“{gates} = 1 keeps” is true here, as in PyTorch, Keras and ONNX; in most texts {gates} = 1 writes."
        if keeps
        else f"“{gates} = 1 keeps” is not true here: {gates} = 1 writes, and 1 − {gates} of the old state is kept. "
        "In PyTorch, Keras and ONNX it keeps."
    )
    return (
        f"{start} With {gates} and 1 − {gates} exchanged and {listed(found.negated)} negated, "
        f"{_rounding(found.mapped, steps)} Exchanged without changing a sign, it is {_largest(found.unmapped)}."
    )


def _rounding(found: Apart, steps: int) -> str:
    """How far two ways are apart that are the same but for rounding."""
    largest = number(found.largest, 2)
    if found.same:
        return f"nothing changes but rounding: over {counted(steps, 'step')} the largest difference is {largest}."
    return (
        f"nothing changes but rounding, which this run magnifies: the largest difference is "
        f"{number(float(found.distance[0]), 2)} at the first step and {largest} at step {found.step}."
    )


def said_reset(found: MovedReset, steps: int) -> str:
    start = f"With the weights of the {found.base.title} in both, it and the variant “{found.variant.title}”"
    general = "In general no weights make the two the same."
    if found.moved.same:
        why = (
            "A first step from a zero state cannot tell them apart."
            if steps == 1
            else "They coincide where h stays 0 or r is the same in all units, with one unit for example."
        )
        return f"{start} agree to rounding in this run. {why} {general}"
    same_at_first = "agree at the first step, as h is still 0, and then " if found.moved.distance[0] < 1e-15 else ""
    return f"{start} {same_at_first}differ by up to {_largest(found.moved)}. {general}"


def said_biases(found: Biases, steps: int) -> str:
    text = (
        f"PyTorch and ONNX have two biases for each gate and add them: only the sum counts. With {listed(found.split)} "
        f"split in two, {_rounding(found.as_sum, steps)}"
    )
    if found.merged is None:
        return text
    pairs = listed([f"{name} and {other}" for name, other in found.second.items()])
    text += f" {pairs} do not merge, as the reset gate acts on the second. "
    if found.merged.same:
        return text + "In this run that makes no difference."
    return text + f"Merged all the same, the states differ by up to {_largest(found.merged)}."


def said_order(found: OtherOrder) -> str:
    one, other = (f"{layout.system} stacks {listed(list(layout.gates))}" for layout in (found.written, found.read))
    start = f"{one}; {other} (our names). With {found.written.system}'s arrays read in {found.read.system}'s order"
    return f"{start} the states differ by up to {_largest(found.moved)}."


def said_extra(found: Extra) -> str:
    what = listed(found.names)
    start = f"With {what} set to 0 this is the {found.base.title}."
    if found.without.same:
        return f"{start} In this run they make no difference."
    return f"{start} With all other weights the same, the states then differ by up to {_largest(found.without)}."


def _largest(found: Apart) -> str:
    return f"{number(found.largest, 2)}, at step {found.step}"


# -- the check ---------------------------------------------------------------------------------------------------------


def before_check(of: Cell) -> str:
    """What will be compared."""
    layout = find_layout(of, "PyTorch")
    start = "The equations are computed once more with PyTorch's operations, and PyTorch's own gradients are taken."
    if layout:
        return f"{start} {layout.title} runs as well, with the same weights."
    return f"{start} torch.nn has no such cell, so no module of it can run besides."


def checked(found: Checked, steps: int) -> str:
    """The result in one sentence."""
    of = found.torch
    value, gradient = number(of.worst_value, 2), number(of.worst_gradient, 2)
    where = f"over {counted(steps, 'step')}"
    if of.agrees:
        return (
            f"PyTorch computes the same {where}: no value differs by more than {value}, and no gradient by more than "
            f"{gradient} of its largest entry."
        )
    if found.magnifies:
        what = "nothing can" if of.worst_value > VALUE_TOLERANCE else "not every gradient can"
        return (
            f"This run magnifies rounding, so {where} {what} be compared to the last digit: PyTorch's values differ by "
            f"up to {value} and its gradients by {gradient} of their largest entry; our own, with the units in reverse "
            f"order or the activations rounded otherwise, by {number(found.own_value, 2)} and "
            f"{number(found.own_gradient, 2)}. Fewer steps, a smaller recurrent gain or biases nearer to 0 can be "
            "compared."
        )
    names = [max(each, key=lambda name: each[name]) for each in (of.values, of.gradients)]
    return (
        f"PyTorch computes something else {where}: {names[0]} differs by {value}, and the gradient by {names[1]} by "
        f"{gradient} of its largest entry. That is more than rounding."
    )


def compared(found: TorchCheck) -> str:
    """With what, and of which loss the gradients are."""
    against = ", and with ".join(found.against)
    return f"Compared with {against}, in 64-bit numbers. The gradients are of L, the sum of the last h."


def differences(found: TorchCheck) -> Columns:
    """The largest difference of each quantity and of the gradient by it."""
    names = list(dict.fromkeys((*found.values, *found.gradients)))
    return {
        "quantity": [name.replace("carried", "carried state") for name in names],
        "value": [number(found.values[name]) if name in found.values else "–" for name in names],
        "gradient by it": [number(found.gradients[name]) if name in found.gradients else "–" for name in names],
    }


def waiting(ahead: int) -> str:
    return f"{counted(ahead, 'check')} {'is' if ahead == 1 else 'are'} before yours."


def running(seconds: float, most: float) -> str:
    return f"PyTorch is at work: {seconds:.0f} of at most {most:.0f} seconds."
