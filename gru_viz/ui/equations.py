"""The parts of the Equations page: formulas and diagram, tables of names, the figure, the check against PyTorch."""

from __future__ import annotations

import streamlit as st

from gru_viz import diagram, notation
from gru_viz.cells import Cell, cell, cell_names
from gru_viz.conclusions import equations as conclusions
from gru_viz.conclusions import names as written
from gru_viz.errors import InputError
from gru_viz.experiment import Experiment
from gru_viz.figures.equations import mistakes_figure
from gru_viz.measures.equations import Checked, Conventions, check, to_check
from gru_viz.runs import cell_in_view
from gru_viz.sequences import Sequence
from gru_viz.ui.markup import copy_buttons, markup, region, text_table
from gru_viz.ui.parts import figure, finding, sentence, theme
from gru_viz.ui.widgets import cell_choice
from gru_viz.ui.words import markdown
from gru_viz.ui.worker import Job, Worker

CHECKS = Worker(seconds=60, megabytes=800)  # the largest run of the app takes 3 s and 500 MB
LOOK_AGAIN = 0.5  # s
LARGEST = 1.5  # times a diagram's own size


def read(experiment: Experiment) -> Cell:
    """The cell whose equations are read: any of them, as for that it need not be compared."""
    return cell(experiment.focus) if experiment.focus else cell_in_view(experiment)


def ask_cell(shown: Cell) -> None:
    cell_choice(shown, cell_names())


def formulas_and_diagram(of: Cell) -> None:
    formulas = notation.formulas(of).values()
    left, right = st.columns(2, gap="large")
    with left:
        lines = "".join(formula.mathml for formula in formulas)
        latex = " \\\\\n".join(formula.latex.replace(" = ", " &= ", 1) for formula in formulas)
        copies = {
            "Copy LaTeX": f"\\begin{{aligned}}\n{latex}\n\\end{{aligned}}",
            "Copy text": "\n".join(formula.plain for formula in formulas),
        }
        markup(region(lines, f"The equations of the {of.title}") + copy_buttons(copies), "formulas")
        st.caption(markdown(f"Source: {of.source}."))
    with right:
        laid = diagram.layout(of)
        picture = diagram.svg(laid, theme(), f"One step of the {of.title}")
        rows = -(-len(formulas) // 2)  # in a room, where they stand above it in two columns
        size = f"max-width: calc({laid.width:.0f}px * var(--largest, {LARGEST})); --rows: {rows}"
        markup(f'<div style="{size}">{picture}</div>', "diagram")


def names(of: Cell, sequence: Sequence, hidden: int) -> None:
    finding("What each name is")
    colours = {name: theme().roles[role] for name, role in of.roles.items() if name not in of.states}
    columns = written.names(of, sequence, hidden)
    markup(text_table(columns, f"The names of the {of.title}", swatches=colours), "names")


def elsewhere(of: Cell, inputs: int, hidden: int) -> None:
    finding("In PyTorch, Keras and ONNX")
    sentence(written.elsewhere(of))
    markup(text_table(written.systems(of), "Conventions of each system"), "systems")
    arrays = written.arrays(of, inputs, hidden)
    if not arrays["array"]:
        return
    markup(text_table(arrays, "Arrays of each system", breaks=False), "arrays")
    if signs := written.signs(of):
        st.caption(markdown(signs))
    opened = st.expander("Each of our parameters in their arrays", key="there", on_change="rerun")
    if opened.open:
        with opened:
            markup(
                text_table(written.parameters_there(of), "Our parameters in their arrays", breaks=False),
                "parameters_there",
            )


def conventions_shown(found: Conventions, labels: tuple[str, ...]) -> None:
    """What each convention changes in this run."""
    finding("Conventions, on this run")
    for title, text in conclusions.spoken(found):
        st.markdown(f"**{markdown(title)}.** {markdown(text)}")
    if not (mistakes := found.mistakes()):
        return
    finding(conclusions.mistakes(found))
    distances = {name: each.distance for name, each in mistakes.items()}
    figure(
        mistakes_figure(distances, labels, theme()),
        key="mistakes",
        alt=conclusions.described(found),
        columns=lambda: {
            "step": range(1, len(labels) + 1),
            "token": labels,
            **{name: values.tolist() for name, values in distances.items()},
        },
        label="Largest difference of any unit's state after each step",
    )


# -- the check against PyTorch -----------------------------------------------------------------------------------------


def torch_check(experiment: Experiment, of: Cell, steps: int) -> None:
    """A button; then how the work goes on; then the result, as long as the run is the same."""
    finding("Does PyTorch compute the same?")
    sentence(conclusions.before_check(of))
    work = to_check(experiment, of)
    job: Job | None = st.session_state.get("torch_check")
    if job is None or job.work[1:] != (work,):
        st.button("Check against PyTorch", key="check", on_click=_start, args=(work,))
        if problem := st.session_state.pop("torch_check_refused", ""):
            st.error(markdown(problem))
    elif not job.ask():
        st.fragment(_progress, run_every=LOOK_AGAIN)()
    elif job.failed:
        st.button("Check against PyTorch again", key="check", on_click=_start, args=(work,))
        st.error(markdown(str(job.future.exception())))
    else:
        _result(job.future.result(), steps)


def _start(work: Experiment) -> None:
    try:
        st.session_state["torch_check"] = CHECKS.submit(check, work)
    except InputError as refusal:
        st.session_state["torch_check_refused"] = str(refusal)


def _stop() -> None:
    st.session_state.pop("torch_check", None)


def _progress() -> None:
    """Drawn again and again while the work waits or runs; at its end the page is drawn anew."""
    job: Job | None = st.session_state.get("torch_check")
    if job is None or job.ask():
        st.rerun()
    if ahead := CHECKS.ahead(job):
        sentence(conclusions.waiting(ahead))
    else:
        st.progress(min(1.0, job.seconds / CHECKS.seconds), conclusions.running(job.seconds, CHECKS.seconds))
    st.button("Stop", key="stop_check", on_click=_stop)


def _result(found: Checked, steps: int) -> None:
    shown = st.success if found.torch.agrees else st.warning if found.magnifies else st.error
    shown(markdown(conclusions.checked(found, steps)))
    sentence(conclusions.compared(found.torch))
    opened = st.expander("Each quantity and gradient", key="differences", on_change="rerun")
    if opened.open:
        with opened:
            markup(text_table(conclusions.differences(found.torch), "Largest differences"), "differences_table")
