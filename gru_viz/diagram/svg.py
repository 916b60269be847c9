"""A diagram ──► a static SVG picture: no script, nothing from elsewhere, everything that was typed escaped."""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection
from html import escape

from gru_viz.diagram.parts import AFTER, BEFORE, INPUT, JOIN, PRODUCT, SUM, VALVE, Diagram, Edge, Node, Point
from gru_viz.diagram.pixels import LOWERED, TEXT
from gru_viz.theme import Theme

_CORNER, _HOP, _ARROW, _SIGN = 5.0, 4.5, 6.0, 4.2  # px: radii, an arrow's length, half a plus
_DASHES = {"solid": "", "dash": "6 3", "dot": "1.6 3", "dashdot": "8 3 2 3", "longdash": "11 3"}
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
_MIDDLE = 'text-anchor="middle" dominant-baseline="central"'


def svg(diagram: Diagram, theme: Theme, title: str, description: str = "", prefix: str = "") -> str:
    """One ``<svg>`` element of ``diagram.width`` × ``diagram.height`` px, which shrinks with its surroundings.

    ``description`` is for those who do not see the picture; without one, ``describe(diagram)``. ``prefix`` begins every
    id, so that several pictures can stand on a page; it follows from title, description and theme where none is given.
    Nodes and wires carry ``data-node`` or ``data-edge`` and ``data-expression``, as in the diagram.
    """
    description = description or describe(diagram)
    prefix = _text(prefix or f"d{zlib.crc32('|'.join((title, description, theme.name)).encode(errors='replace')):08x}")
    width, height = _number(diagram.width), _number(diagram.height)
    wires = sorted(diagram.edges, key=lambda edge: edge.state_line)  # a state's line above the others
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{prefix}-title {prefix}-desc" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" style="max-width:100%;height:auto" '
        f'font-family="{_text(_FONT)}" font-size="{_number(TEXT)}" fill="none">',
        f'<title id="{prefix}-title">{_text(title)}</title>',
        f'<desc id="{prefix}-desc">{_text(description)}</desc>',
        f'<rect width="{width}" height="{height}" fill="{theme.ground}"/>',
        *(_edge(edge, diagram, theme, prefix) for edge in wires),
        *(f'<circle cx="{_number(x)}" cy="{_number(y)}" r="2.5" fill="{theme.text}"/>' for x, y in diagram.branches),
        *(_node(node, theme, prefix) for node in diagram.nodes),
        *(_written(label.text, (label.x, label.y), theme) for label in diagram.labels),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def describe(diagram: Diagram) -> str:
    """The picture in words: what enters and leaves, and which gate acts on what."""
    before = [node.symbol for node in diagram.nodes if node.kind == BEFORE]
    after = [node.symbol.replace("'", "′") for node in diagram.nodes if node.kind == AFTER]
    words = f"Time runs to the right. At the left edge {_list(before)} and the input x enter, "
    words += f"at the right edge {_list(after)} {'leaves' if len(after) == 1 else 'leave'}."
    acts = []
    for node in diagram.nodes:
        entering = [edge for edge in diagram.edges if edge.target == node.id]
        gates = [edge for edge in entering if edge.gate]
        if node.kind == VALVE and gates:
            values = [edge for edge in entering if not edge.gate]
            acts.append(f"{gates[0].expression} acts on {values[0].expression}".replace("'", "′"))
    return words + (f" Gates: {'; '.join(acts)}." if acts else "")


def path(edge: Edge, shorten: float = 0.0, sharp: Collection[Point] = ()) -> str:
    """The wire as SVG path data, with a half circle at each hop; ``shorten`` px less at its end.

    Corners are round, but for those in ``sharp``: where a wire parts, ``diagram.branches``.
    """
    points = [*edge.points[:-1], _towards(edge.points[-1], edge.points[-2], shorten)]
    words = [f"M{_pair(points[0])}"]
    for start, corner, after in zip(points, points[1:], [*points[2:], None], strict=False):
        words.extend(_hops(edge.hops, start, corner))
        if after is None:
            words.append(f"L{_pair(corner)}")
        else:
            radius = 0.0 if corner in sharp else min(_CORNER, _apart(start, corner) / 2, _apart(corner, after) / 2)
            words.append(f"L{_pair(_towards(corner, start, radius))}")
            words.append(f"Q{_pair(corner)} {_pair(_towards(corner, after, radius))}" if radius else "")
    return "".join(words)


def _hops(hops: tuple[Point, ...], start: Point, end: Point) -> list[str]:
    """The half circles on a piece of wire that runs up or down, in its direction."""
    down = 1 if end[1] > start[1] else -1
    length = _apart(start, end)
    on = [hop for hop in hops if hop[0] == start[0] == end[0] and 0 < (hop[1] - start[1]) * down < length]
    return [
        f"L{_pair((x, y - down * _HOP))}A{_HOP} {_HOP} 0 0 {int(down > 0)} {_pair((x, y + down * _HOP))}"
        for x, y in sorted(on, key=lambda hop: down * hop[1])
    ]


def arrow_head(edge: Edge) -> str:
    """The triangle at the wire's end as SVG path data."""
    end, size = edge.points[-1], _arrow(edge)
    (x, y), back = end, _towards(end, edge.points[-2], size)
    side = ((y - back[1]) / 2, (x - back[0]) / 2)
    corners = [end, (back[0] + side[0], back[1] + side[1]), (back[0] - side[0], back[1] - side[1])]
    return f"M{'L'.join(map(_pair, corners))}Z"


def _arrow(edge: Edge) -> float:
    return _ARROW * (1.25 if edge.state_line else 1.0)


def _edge(edge: Edge, diagram: Diagram, theme: Theme, prefix: str) -> str:
    target = diagram.node(edge.target)
    colour = _colour(edge.role, theme)
    width = 3.0 if edge.state_line else 1.6 if edge.expression else 1.2
    pointed = target.kind == AFTER or not (edge.state_line or target.kind == JOIN)
    dash = f' stroke-dasharray="{_DASHES[edge.line]}"' if _DASHES[edge.line] else ""
    line = path(edge, _arrow(edge) - 1 if pointed else 0.0, diagram.branches)
    head = f'<path d="{arrow_head(edge)}" fill="{colour}"/>' if pointed else ""
    return (
        f'<g id="{prefix}-{edge.id}" data-edge="{edge.id}" data-expression="{_text(", ".join(edge.carries))}">'
        f'<path d="{line}" stroke="{colour}" stroke-width="{_number(width)}"{dash}/>{head}</g>'
    )


def _node(node: Node, theme: Theme, prefix: str) -> str:
    argument = f' data-argument="{_text(node.argument)}"' if node.argument else ""
    return (
        f'<g id="{prefix}-{node.id}" data-node="{node.id}" data-kind="{node.kind}" '
        f'data-expression="{_text(node.expression)}"{argument}>{_shape(node, theme)}</g>'
    )


def _shape(node: Node, theme: Theme) -> str:
    left, top, _, _ = node.box
    x, y = _number(node.x), _number(node.y)
    ring = f'<circle cx="{x}" cy="{y}" r="{_number(node.width / 2 - 0.75)}" fill="{theme.ground}" '
    ring += f'stroke="{theme.text}" stroke-width="1.5"/>'
    if node.kind in (INPUT, BEFORE, AFTER):
        return ""
    if node.kind == JOIN:
        return f'<circle cx="{x}" cy="{y}" r="{_number(node.width / 2)}" fill="{theme.quiet}"/>'
    if node.kind == VALVE:
        return f'{ring}<circle cx="{x}" cy="{y}" r="{_number(node.width / 5)}" fill="{theme.text}"/>'
    if node.kind in (PRODUCT, SUM):
        bars = {
            "+": f"M{_number(node.x - _SIGN)} {y}h{2 * _SIGN}M{x} {_number(node.y - _SIGN)}v{2 * _SIGN}",
            "−": f"M{_number(node.x - _SIGN)} {y}h{2 * _SIGN}",
            "×": f"M{_pair((node.x - 3, node.y - 3))}l6 6m0 -6l-6 6",
        }
        return f'{ring}<path d="{bars[node.label]}" stroke="{theme.text}" stroke-width="1.5"/>'
    colour = _colour(node.role, theme)
    place = f'x="{_number(left)}" y="{_number(top)}" rx="5" '
    place += f'width="{_number(node.width)}" height="{_number(node.height)}"'
    return (
        f'<rect {place} fill="{theme.ground}"/><rect {place} fill="{colour}" fill-opacity="0.16" stroke="{colour}" '
        f'stroke-width="2"/>{_written(node.label, (node.x, node.y), theme)}'
    )


def _written(text: str, at: Point, theme: Theme) -> str:
    return f'<text x="{_number(at[0])}" y="{_number(at[1])}" {_MIDDLE} fill="{theme.text}">{symbol(text)}</text>'


def symbol(text: str) -> str:
    """A text as SVG: in each name, what follows the first underscore stands lower."""
    words: list[str] = []
    lowered = False
    for piece in re.split(r"((?<=[A-Za-z0-9])_\w+)", text):
        lower = piece.startswith("_") and bool(words)
        moved = f' dy="{3 * (lower - lowered)}"' if lower != lowered else ""
        size = f' font-size="{_number(LOWERED)}"' if lower else ""
        written = _text(piece[1:] if lower else piece)
        if piece:
            words.append(f"<tspan{moved}{size}>{written}</tspan>" if moved or size else written)
            lowered = lower
    return "".join(words)


def _text(text: str) -> str:
    """Escaped, without the characters that XML does not know."""
    return escape(re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text))


def _colour(role: str, theme: Theme) -> str:
    return theme.roles[role] if role else theme.quiet


def _list(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _pair(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _apart(one: Point, other: Point) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _towards(point: Point, other: Point, by: float) -> Point:
    """The point moved so far towards another one on the same line."""
    share = by / (_apart(point, other) or 1.0)
    return point[0] + (other[0] - point[0]) * share, point[1] + (other[1] - point[1]) * share
