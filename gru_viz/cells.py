"""The cells as equations, with meanings, roles and sources: the only file that knows formulas."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from gru_viz.equations import Equations, parse_equations
from gru_viz.errors import InputError, check_kind, finite_number, shown
from gru_viz.graph import Graph, Node, build
from gru_viz.roles import ROLES, bias_of, is_gate, keeping_gates, read_roles


@dataclass(frozen=True)
class Cell:
    """A recurrent cell, given by its equations.

    ``text`` holds one line a value, such as ``h' = tanh(W @ x + U @ h + b)``; the rules are those of
    ``gru_viz.equations``. ``meanings`` says in words what a name means, ``roles`` which part a gate plays
    (one of ``gru_viz.roles.ROLES``; where none is given it is read off the equations), ``source`` where
    the formulas come from, ``variant_of`` which ready cell it is a variant of. Raises EquationError, or InputError for
    a meaning or role of an unknown name.
    """

    name: str
    text: str
    title: str = ""
    meanings: Mapping[str, str] = field(default_factory=dict, hash=False)
    roles: Mapping[str, str] = field(default_factory=dict, hash=False)
    source: str = ""
    variant_of: str = ""

    def __post_init__(self) -> None:
        for what in ("name", "text", "title", "source", "variant_of"):
            check_kind(getattr(self, what), str, what, "a text")
        known = {*self.states, *self.names, *self.parameters, "x"}
        for what, given in (("meanings", self.meanings), ("roles", self.roles)):
            check_kind(given, Mapping, what, "a mapping of names to texts")
            if unknown := [name for name in given if name not in known]:
                raise InputError(
                    f"{what} of {shown(self.name)} names {shown(unknown[0])}; its names are {', '.join(sorted(known))}."
                )
            for name, word in given.items():
                check_kind(word, str, f"{what} of {name}", "a text")
        if wrong := [role for role in self.roles.values() if role not in ROLES]:
            raise InputError(f"roles of {shown(self.name)} holds {shown(wrong[0])}; the roles are {', '.join(ROLES)}.")
        object.__setattr__(self, "title", self.title or self.name)
        object.__setattr__(self, "roles", {**read_roles(self.graph, self.states), **self.roles})

    @functools.cached_property
    def equations(self) -> Equations:
        """Its lines, parsed and checked."""
        return _analyse(self.text)[0]

    @functools.cached_property
    def graph(self) -> Graph:
        """The values of one step. A cell keeps its own for good, as a run refers to its nodes; it is never added to."""
        return _analyse(self.text)[1]

    def __getstate__(self) -> dict[str, object]:
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @property
    def states(self) -> tuple[str, ...]:
        """h first, then in order of definition."""
        return self.equations.states

    @property
    def names(self) -> tuple[str, ...]:
        """What the lines define, in order: gates, candidates, states."""
        return self.equations.names

    @property
    def parameters(self) -> Mapping[str, tuple[str, ...]]:
        """Name -> shape in letters: ("H", "I"), ("H", "H") or ("H",); in order of appearance."""
        return self.equations.parameters

    @functools.cached_property
    def gates(self) -> tuple[str, ...]:
        """The names that are a sigmoid, or one minus a gate: values from 0 to 1."""
        return tuple(name for name in self.names if name in self.graph.values and is_gate(self.node(name)))

    def node(self, name: str) -> Node:
        """The graph's node of a defined name; of a state, its value after the step. Raises InputError."""
        if not isinstance(name, str) or name not in self.names:
            raise InputError(f"{self.name} has no value {shown(name)}; its values are {', '.join(self.names)}.")
        values = self.graph.values
        return values[name + "'"] if name in self.states else values[name]

    def gate_biases(self) -> dict[str, tuple[str, int]]:
        """Gate -> (the bias vector that shifts it, and with which sign), for gates that are a sigmoid with a bias."""
        found = {gate: bias_of(self.node(gate)) for gate in self.gates if self.node(gate).op == "sigmoid"}
        return {gate: bias for gate, bias in found.items() if bias is not None}

    def keep_biases(self, keep: float) -> dict[str, float]:
        """The biases with which the gates start by keeping sigmoid(keep) of the old state at each step.

        +keep for a gate that multiplies the old value of the state it updates, -keep for one whose complement
        does; all others are left alone, and a cell without such a gate has none. Raises InputError.
        """
        keep = finite_number(keep, "keep")
        direction = keeping_gates(self.graph, self.states)
        biases = self.gate_biases()
        return {
            bias: keep * sign * direction[self.node(gate)]
            for gate, (bias, sign) in biases.items()
            if self.node(gate) in direction
        }


@functools.lru_cache(maxsize=128)
def _analyse(text: str) -> tuple[Equations, Graph]:
    equations = parse_equations(text)
    return equations, build(equations)


_LSTM_MEANINGS = {
    "f": "forget gate: the share of the old cell state that is kept",
    "i": "input gate: the share of the candidate that is written",
    "o": "output gate: the share of the squashed cell state that is shown",
    "g": "candidate: what could be written",
    "c": "cell state: the memory",
    "h": "hidden state: what the rest of a network sees",
}
_GRU_MEANINGS = {
    "r": "reset gate: how much of the old state the candidate looks back at",
    "h": "hidden state: the memory",
}

CATALOGUE = (
    Cell(
        "rnn",
        "h' = tanh(W_h @ x + U_h @ h + b_h)",
        title="RNN",
        meanings={"h": "hidden state: the memory"},
        source="J. L. Elman, Finding Structure in Time, Cognitive Science 14 (1990)",
    ),
    Cell(
        "lstm",
        """
        f  = sigmoid(W_f @ x + U_f @ h + b_f)
        i  = sigmoid(W_i @ x + U_i @ h + b_i)
        o  = sigmoid(W_o @ x + U_o @ h + b_o)
        g  = tanh(W_g @ x + U_g @ h + b_g)
        c' = f * c + i * g
        h' = o * tanh(c')
        """,
        title="LSTM",
        meanings=_LSTM_MEANINGS,
        roles={"f": "keep", "i": "write", "o": "show", "g": "candidate"},
        source="S. Hochreiter and J. Schmidhuber, Long Short-Term Memory, Neural Computation 9 (1997); the forget "
        "gate: F. Gers, J. Schmidhuber and F. Cummins, Learning to Forget, Neural Computation 12 (2000)",
    ),
    Cell(
        "gru",
        """
        r  = sigmoid(W_r @ x + U_r @ h + b_r)
        z  = sigmoid(W_z @ x + U_z @ h + b_z)
        n  = tanh(W_n @ x + U_n @ (r * h) + b_n)
        h' = (1 - z) * h + z * n
        """,
        title="GRU",
        meanings={
            **_GRU_MEANINGS,
            "z": "update gate: the share of the candidate that is written; 1 - z of the old state is kept",
            "n": "candidate: what could be written",
        },
        roles={"r": "look back", "z": "write", "n": "candidate"},
        source="K. Cho et al., Learning Phrase Representations using RNN Encoder-Decoder (2014); z as in J. Chung "
        "et al., Empirical Evaluation of Gated Recurrent Neural Networks on Sequence Modeling (2014)",
    ),
    Cell(
        "gru_reset_after",
        """
        r  = sigmoid(W_r @ x + U_r @ h + b_r)
        z  = sigmoid(W_z @ x + U_z @ h + b_z)
        n  = tanh(W_n @ x + b_n + r * (U_n @ h + c_n))
        h' = (1 - z) * n + z * h
        """,
        title="GRU (reset after)",
        variant_of="gru",
        meanings={
            **_GRU_MEANINGS,
            "z": "update gate, in PyTorch's sense: the share of the old state that is kept",
            "n": "candidate: what could be written; the reset gate acts after the recurrent product",
        },
        roles={"r": "look back", "z": "keep", "n": "candidate"},
        source="torch.nn.GRU in the documentation of PyTorch, and cuDNN; so that three products become one",
    ),
    Cell(
        "lstm_peephole",
        """
        f  = sigmoid(W_f @ x + U_f @ h + p_f * c + b_f)
        i  = sigmoid(W_i @ x + U_i @ h + p_i * c + b_i)
        g  = tanh(W_g @ x + U_g @ h + b_g)
        c' = f * c + i * g
        o  = sigmoid(W_o @ x + U_o @ h + p_o * c' + b_o)
        h' = o * tanh(c')
        """,
        title="LSTM (peepholes)",
        variant_of="lstm",
        meanings=_LSTM_MEANINGS,
        roles={"f": "keep", "i": "write", "o": "show", "g": "candidate"},
        source="F. Gers and J. Schmidhuber, Recurrent Nets that Time and Count (2000)",
    ),
)


def cell_names() -> tuple[str, ...]:
    """The ready cells, in the order in which a page shows them."""
    return tuple(cell.name for cell in CATALOGUE)


def cell(name: str) -> Cell:
    """The ready cell of that name. Raises InputError."""
    check_kind(name, str, "name", "the name of a cell, such as 'gru',")
    for known in CATALOGUE:
        if known.name == name:
            return known
    raise InputError(f"There is no cell {shown(name)}; the cells are {', '.join(cell_names())}.")
