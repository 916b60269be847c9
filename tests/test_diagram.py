"""Diagrams as geometry: nothing overlaps, wires keep off, lines are straight; and the picture computes the cell."""

import dataclasses
import itertools

import numpy as np
import pytest

import gru_viz
from gru_viz import Cell, cell
from gru_viz.diagram import layout
from gru_viz.diagram.pixels import TEXT

READY = gru_viz.cell_names()
TYPED = {
    "minimal gated unit": """
        f = sigmoid(W_f @ x + U_f @ h + b_f)
        n = tanh(W_n @ x + U_n @ (f * h) + b_n)
        h' = (1 - f) * h + f * n""",
    "coupled LSTM": """
        i = sigmoid(W_i @ x + U_i @ h + b_i)
        f = 1 - i
        o = sigmoid(W_o @ x + U_o @ h + b_o)
        g = tanh(W_g @ x + U_g @ h + b_g)
        c' = f * c + i * g
        h' = o * tanh(c')""",
    "update gate": """
        g = sigmoid(W_g @ x + U_g @ h + b_g)
        n = relu(W_n @ x + U_n @ h + b_n)
        h' = g * h + (1 - g) * n""",
    "two states": """
        c' = 0.9 * c + tanh(W @ x + U @ h)
        h' = tanh(V @ c' + U_2 @ h + b)""",
    "three states": """
        s' = sigmoid(W_s @ x + U_s @ h) * s + tanh(W_1 @ x + U_1 @ h)
        c' = sigmoid(W_f @ x + U_f @ h) * c + s' * tanh(W_g @ x)
        h' = sigmoid(W_o @ x + U_o @ h) * tanh(c' + s')""",
    "relu": "h' = relu(W @ x + U @ h + b)",
    "chain": """
        a = tanh(W @ x + U @ h + b)
        d = tanh(U_a @ a + b_d)
        e = relu(U_d @ d + b_e)
        k = sigmoid(U_e @ e + b_k)
        h' = k * h + (1 - k) * e""",
    "residual": "h' = h + tanh(W @ x + U @ h + b) - 0.1 * h",
    "long names": """
        forget_gate = sigmoid(W_forget @ x + U_forget @ h + b_forget)
        candidate = tanh(W_c @ x + U_c @ h)
        memory' = forget_gate * memory + (1 - forget_gate) * candidate
        h' = tanh(memory')""",
    "parameters only": "h' = b",
    "swap": "h' = c\nc' = h + W @ x",
    "kept": "h' = h\nq = sigmoid(W @ x)",
    "squares": "a = h * h\nh' = a * a - a + h - W @ x",
    "unused": "q = sigmoid(W @ x)\np = 1 - q\nh' = 0.5 * h",
    "leaky": "c' = tanh(W @ x + V @ c)\nh' = h + sigmoid(U @ c) * (c - h) + (h - c) * relu(W @ x)",
    "minuses": "a = tanh(W @ x)\nh' = h - a * a - a - relu(U @ h)",
    "negative": "h' = -(W @ x) - U @ h - h * h",
    "many terms": "a = tanh(W @ x)\nb_ = tanh(U @ h)\nh' = a + b_ + a * b_ + h - sigmoid(V @ (a + b_)) + b",
    "peepholes": "o = sigmoid(W @ x + U @ h + p_1 * c + V @ (c * c) + b)\nc' = o * c\nh' = o * tanh(c')",
}
NAMES = [*READY, *TYPED, *(f"random {seed}" for seed in range(50))]
CELLS = {name: cell(name) for name in READY} | {name: Cell(name, text) for name, text in TYPED.items()}
CELLS |= {f"random {seed}": None for seed in range(50)}  # made when they are wanted


def random_text(seed):
    """A valid cell of a few lines, whose names, gates, sums and products follow from the seed."""
    rng = np.random.default_rng(seed)

    def pick(*choices):
        return choices[rng.integers(len(choices))]

    known = ["h", "c"][: rng.integers(1, 3)]
    states = known.copy()
    lines = []
    for name in "fgikm"[: rng.integers(1, 6)]:
        function = pick("sigmoid", "sigmoid", "tanh", "relu")
        recurrent = pick(f"U_{name} @ {pick(*known)}", f"U_{name} @ ({pick(*known)} * {pick(*known)})",
                         f"{pick(*known)} * (U_{name} @ h)", f"p_{name} * {pick(*known)}", "h")  # fmt: skip
        value = f"{function}(W_{name} @ x + {recurrent} + b_{name})"
        lines.append(f"{name} = {pick(value, value, value, f'1 - {pick(*known)}', f'{pick(*known)} * {pick(*known)}')}")
        known.append(name)
    for state in reversed(states):
        one, two, three = pick(*known), pick(*known), pick(*known)
        lines.append(f"{state}' = " + pick(f"{one} * {state} + (1 - {one}) * {two}", f"{one} * tanh({two})",
                                           f"{state} - {one} * {two} + {three}", f"tanh(U @ {one} + {two})",
                                           f"{one} + 0.5 * {state} + U @ {two}"))  # fmt: skip
        known.append(f"{state}'")
    return "\n".join(lines)


_drawn = {}


def drawn(name):
    """(cell, diagram), made once."""
    if name not in _drawn:
        own = CELLS[name] or Cell(name, random_text(int(name.split()[1])))
        _drawn[name] = own, layout(own)
    return _drawn[name]


# -- geometry ----------------------------------------------------------------------------------------------------------


def overlap(one, other, apart=0.0):
    """Whether two boxes (left, top, right, bottom) come nearer than ``apart``."""
    return (one[0] < other[2] + apart and other[0] < one[2] + apart
            and one[1] < other[3] + apart and other[1] < one[3] + apart)  # fmt: skip


def around(start, end, by=0.0):
    """The box of a piece of wire."""
    (a, b), (c, d) = start, end
    return min(a, c) - by, min(b, d) - by, max(a, c) + by, max(b, d) + by


def pieces(diagram):
    return [(edge, start, end) for edge in diagram.edges for start, end in edge.segments]


def crossings(diagram):
    """The points at which wires of different nodes cross, straight and not at a corner."""
    across = [piece for piece in pieces(diagram) if piece[1][1] == piece[2][1]]
    upright = [piece for piece in pieces(diagram) if piece[1][0] == piece[2][0]]
    return {
        (start[0], one[1])
        for edge, one, two in across
        for other, start, end in upright
        if edge.source != other.source and one[0] < start[0] < two[0]
        and min(start[1], end[1]) < one[1] < max(start[1], end[1])
    }  # fmt: skip


def flaws(diagram):
    """Everything that is wrong with a drawing, in words."""
    found = []
    whole = (0, 0, diagram.width, diagram.height)
    solid = [node for node in diagram.nodes if node.width]
    for one, other in itertools.combinations(solid, 2):
        if overlap(one.box, other.box, apart=6):
            found.append(f"{one.id} and {other.id} overlap")
    for thing in (*diagram.nodes, *diagram.labels):
        left, top, right, bottom = thing.box
        if left < whole[0] or top < whole[1] or right > whole[2] or bottom > whole[3]:
            found.append(f"{thing} is cut off")
    for edge in diagram.edges:
        for node, point in ((diagram.node(edge.source), edge.points[0]), (diagram.node(edge.target), edge.points[-1])):
            left, top, right, bottom = node.box
            on = (point[0] in (left, right) and point[1] == node.y) or (
                point[1] in (top, bottom) and point[0] == node.x
            )
            if not on:
                found.append(f"{edge.id} does not end on the border of {node.id}")
    for edge, start, end in pieces(diagram):
        if (start[0] == end[0]) == (start[1] == end[1]):
            found.append(f"{edge.id} is not across or upright, or has no length")
        if end[0] < start[0]:
            found.append(f"{edge.id} runs back in time")
        for node in solid:
            left, top, right, bottom = node.box
            if overlap(around(start, end), (left + 0.1, top + 0.1, right - 0.1, bottom - 0.1)):
                found.append(f"{edge.id} runs through {node.id}")
            elif node.id not in (edge.source, edge.target) and overlap(around(start, end), node.box, apart=4):
                found.append(f"{edge.id} runs along {node.id}")
        for label in diagram.labels:
            if overlap(around(start, end, by=0.5), label.box):
                found.append(f"{edge.id} runs through the label {label.text}")
    for one, other in itertools.combinations(diagram.labels, 2):
        if overlap(one.box, other.box):
            found.append(f"the labels {one.text} and {other.text} overlap")
    for label, node in itertools.product(diagram.labels, solid):
        if overlap(label.box, node.box):
            found.append(f"the label {label.text} lies on {node.id}")
    crossed = crossings(diagram)
    for (edge, start, end), (other, first, last) in itertools.combinations(pieces(diagram), 2):
        if edge.source != other.source and not {edge.source, edge.target} & {other.source, other.target}:
            one, two = around(start, end), around(first, last)
            meet = (max(one[0], two[0]), max(one[1], two[1]))
            if overlap(one, two, apart=8) and meet not in crossed:
                found.append(f"{edge.id} touches {other.id}")
    if {hop for edge in diagram.edges for hop in edge.hops} != crossed:
        found.append("a crossing without a hop, or a hop without a crossing")
    for edge, start, end in pieces(diagram):
        for x, y in edge.hops:
            if start[0] == end[0] == x and min(start[1], end[1]) <= y <= max(start[1], end[1]):
                room = min(abs(y - start[1]), abs(y - end[1]))
                if room < 4.5:
                    found.append(f"{edge.id} has no room for its hop")
    return found


@pytest.mark.parametrize("name", NAMES)
def test_nothing_overlaps_and_nothing_is_cut(name):
    assert flaws(drawn(name)[1]) == []


@pytest.mark.parametrize("name", NAMES)
def test_states_enter_at_the_left_edge_and_leave_at_the_right_one_in_the_same_row(name):
    own, diagram = drawn(name)
    before = {node.symbol: node for node in diagram.nodes if node.kind == "before"}
    after = {node.symbol.rstrip("'"): node for node in diagram.nodes if node.kind == "after"}
    assert set(before) == set(after) == set(own.states)
    lefts = {node.x for node in diagram.nodes if node.kind in ("before", "input")}
    rights = {node.x for node in after.values()}
    assert len(lefts) == len(rights) == 1
    assert max(lefts) < min(node.x for node in diagram.nodes if node.kind not in ("before", "input"))
    assert min(rights) > max(node.x for node in diagram.nodes if node.kind != "after")
    assert all(before[state].y == after[state].y for state in own.states)
    heights = [before[state].y for state in (*own.states[1:], "h")]  # h, what the rest sees, is the lowest
    assert heights == sorted(set(heights))
    entering = next(node for node in diagram.nodes if node.kind == "input")
    assert entering.y > max(heights)


def state_line(diagram, state):
    """The wires of a state's line from the left to the right."""
    row = next(node.y for node in diagram.nodes if node.kind == "before" and node.symbol == state)
    wires = [edge for edge in diagram.edges if edge.state_line and edge.points[0][1] == row]
    return sorted(wires, key=lambda edge: edge.points)


@pytest.mark.parametrize(
    ("name", "state"), [("lstm", "c"), ("lstm_peephole", "c"), ("gru", "h"), ("gru_reset_after", "h"), ("rnn", "h"),
                        ("minimal gated unit", "h"), ("coupled LSTM", "c"), ("three states", "c"), ("update gate", "h")]
)  # fmt: skip
def test_a_state_line_is_one_straight_line_from_edge_to_edge(name, state):
    diagram = drawn(name)[1]
    line = state_line(diagram, state)
    assert diagram.node(line[0].source).kind == "before"
    assert diagram.node(line[-1].target).kind == "after"
    assert [edge.target for edge in line[:-1]] == [edge.source for edge in line[1:]]
    assert {y for edge in line for _, y in edge.points} == {line[0].points[0][1]}


@pytest.mark.parametrize(
    ("name", "on_line"),
    [
        ("lstm", {"c": ["f * c", "c'"]}),
        ("gru", {"h": ["(1 - z) * h", "h'"]}),
        ("gru_reset_after", {"h": ["z * h", "h'"]}),
        ("rnn", {"h": ["h'"]}),
    ],
)
def test_what_stands_on_a_state_line(name, on_line):
    """The keeping gate's valve and the sum that takes in the candidate."""
    diagram = drawn(name)[1]
    for state, expected in on_line.items():
        assert [diagram.node(edge.target).expression for edge in state_line(diagram, state)][:-1] == expected


@pytest.mark.parametrize(
    ("name", "number"),
    [("rnn", 0), ("lstm", 0), ("gru", 1), ("gru_reset_after", 1), ("lstm_peephole", 0), ("coupled LSTM", 0),
     ("update gate", 0), ("chain", 0), ("relu", 0), ("long names", 0)],
)  # fmt: skip
def test_wires_cross_only_where_they_must(name, number):
    """The one of the GRU is shown below to be unavoidable."""
    assert len(drawn(name)[1].crossings) == number


@pytest.mark.parametrize("name", ["gru", "gru_reset_after"])
def test_a_gru_cannot_be_drawn_without_a_crossing(name):
    """Its wires hold six connected groups of nodes, three and three, each of the one side joined to each of the other.

    That is K(3,3), which has no plane drawing (Kuratowski). x and h count as joined: both stand on the picture's edge.
    """
    diagram = drawn(name)[1]
    by = {node.expression: node.id for node in diagram.nodes if node.kind != "after"}
    join = next(node.id for node in diagram.nodes if node.kind == "join")
    gated = "r * h" if name == "gru" else "r * (U_n @ h + c_n)"
    keeps, writes = ("(1 - z) * h", "z * n") if name == "gru" else ("z * h", "(1 - z) * n")
    one = [{join}, {by["h"]}, {by["n"], by[writes], by["h'"]}]
    two = [{by["x"]}, {by["z"], by[keeps], by.get("1 - z")}, {by["r"], by[gated], by.get("U_n @ h + c_n")}]
    joined = {frozenset((edge.source, edge.target)) for edge in diagram.edges} | {frozenset((by["x"], by["h"]))}
    if name == "gru_reset_after":  # here 1 - z belongs to the writing side as well as to the keeping one
        assert frozenset((by["1 - z"], by[writes])) in joined
    for group in (*one, *two):
        start, *left = sorted(filter(None, group))
        reached = {start}
        while more := {node for node in left if any(frozenset((node, other)) in joined for other in reached)} - reached:
            reached |= more
        assert reached == {start, *left}
    for left, right in itertools.product(one, two):
        assert any(frozenset((a, b)) in joined for a in left for b in right), (left, right)


def entering(diagram, node):
    wires = [edge for edge in diagram.edges if edge.target == node.id]
    return sorted(wires, key=lambda edge: int(edge.id.rpartition("-")[2]))


@pytest.mark.parametrize("name", NAMES)
def test_a_difference_takes_from_what_comes_from_the_left(name):
    diagram = drawn(name)[1]
    for node in diagram.nodes:
        if node.kind == "sum" and node.label == "−":
            ways = [edge.points[-2:] for edge in entering(diagram, node)]
            assert [start[1] == end[1] for start, end in ways] == [True, False]


@pytest.mark.parametrize("name", NAMES)
def test_crossings_are_few(name):
    """Fewer than half as many as there are wires, for anything; random cells are seldom plane."""
    diagram = drawn(name)[1]
    assert 2 * len(diagram.crossings) <= len(diagram.edges)


def test_crossings_of_the_random_cells_altogether():
    """A guard for the search: 74 when this was written."""
    assert sum(len(drawn(f"random {seed}")[1].crossings) for seed in range(50)) <= 90


@pytest.mark.parametrize(("name", "width", "height"), [("rnn", 150, 80), ("lstm", 340, 260), ("gru", 360, 260)])
def test_three_cells_stand_side_by_side(name, width, height):
    diagram = drawn(name)[1]
    assert diagram.width <= width
    assert diagram.height <= height


@pytest.mark.parametrize("name", READY)
def test_a_ready_cell_can_be_read_on_a_phone(name):
    """Letters of 12 px where 358 px are left between the margins of a screen of 390."""
    assert TEXT * 358 / drawn(name)[1].width >= 12


# -- the checks themselves ---------------------------------------------------------------------------------------------


def spoiled(diagram, kind, move):
    """The diagram with one thing changed."""
    things = list(getattr(diagram, kind))
    place, changes = move(things)
    things[place] = dataclasses.replace(things[place], **changes)
    return dataclasses.replace(diagram, **{kind: tuple(things)})


def index(things, **wanted):
    return next(
        place
        for place, thing in enumerate(things)
        if all(getattr(thing, key) == value for key, value in wanted.items())
    )


def onto(things, one, other):
    target = things[index(things, expression=other)]
    return index(things, expression=one), {"x": target.x, "y": target.y + 10}


@pytest.mark.parametrize(
    ("kind", "move", "flaw"),
    [
        ("nodes", lambda nodes: onto(nodes, "f", "g"), "overlap"),
        ("nodes", lambda nodes: (index(nodes, expression="f"), {"x": 5.0}), "cut off"),
        ("nodes", lambda nodes: (index(nodes, expression="f"), {"width": 30.0}), "does not end on the border"),
        ("labels", lambda labels: (index(labels, text="f"), {"y": -3.0}), "cut off"),
        ("labels", lambda labels: (index(labels, text="f"), {"x": labels[index(labels, text="i")].x,
                                                             "y": labels[index(labels, text="i")].y}), "overlap"),
        ("labels", lambda labels: (index(labels, text="o"), {"y": labels[index(labels, text="o")].y + 12}), "label o"),
        ("edges", lambda edges: (0, {"points": tuple((x + 0.0, y + 5 * k) for k, (x, y) in
                                                     enumerate(edges[0].points))}), "not across"),
        ("edges", lambda edges: (0, {"points": edges[0].points[::-1]}), "back in time"),
        ("edges", lambda edges: (3, {"hops": (edges[3].points[0],)}), "hop"),
    ],
)  # fmt: skip
def test_a_flaw_is_found(kind, move, flaw):
    assert any(flaw in found for found in flaws(spoiled(drawn("lstm")[1], kind, move)))


def test_a_wire_through_a_node_is_found():
    diagram = drawn("lstm")[1]
    place = index(diagram.edges, expression="tanh(c')")
    edge, box = diagram.edges[place], diagram.node(diagram.edges[index(diagram.edges, expression="f")].source)
    (x, y), end = edge.points[0], edge.points[-1]
    points = ((x, y), (x, box.y), (box.x, box.y), (box.x, end[1]), end)
    found = flaws(spoiled(diagram, "edges", lambda edges: (place, {"points": points})))
    assert any(f"through {box.id}" in flaw for flaw in found)
    assert any("back in time" in flaw for flaw in found)
