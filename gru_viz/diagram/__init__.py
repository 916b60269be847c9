"""A cell's diagram, from its equations alone: nodes, wires and coordinates, and a static SVG picture of them."""

from gru_viz.diagram.layout import layout
from gru_viz.diagram.parts import KINDS, LINES, Diagram, Edge, Label, Node
from gru_viz.diagram.svg import arrow_head, describe, path, svg

__all__ = ["KINDS", "LINES", "Diagram", "Edge", "Label", "Node", "arrow_head", "describe", "layout", "path", "svg"]
