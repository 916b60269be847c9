"""One colour, dash and number format per kind of quantity; what every figure shares.

The colours were checked for normal, protan, deutan and tritan eyes against both grounds (3:1 for roles, 4.5:1 for
cells, which are text too).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from gru_viz.cells import CATALOGUE, Cell
from gru_viz.labels import grouped


@dataclass(frozen=True)
class Theme:
    """The colours of one ground."""

    name: str
    ground: str
    text: str
    quiet: str  # guide lines, 3:1 at least
    faint: str  # grids
    cells: tuple[str, str, str]  # by family: plain, several states (LSTM), gated (GRU)
    roles: Mapping[str, str]
    signed: tuple[str, ...]  # from -1 over 0, the ground, to +1: purple to orange


LIGHT = Theme(
    "light", ground="#FFFFFF", text="#111827", quiet="#6B7280", faint="#E5E7EB",
    cells=("#6B7280", "#0B5FA5", "#C2410C"),
    roles={"keep": "#1391F5", "write": "#CA802B", "show": "#84338B", "look back": "#005C2A", "candidate": "#FF4E7A",
           "state": "#111827", "gate": "#6B7280"},
    signed=("#2D004B", "#54278F", "#8073AC", "#C9C4E0", "#FFFFFF", "#FDCF98", "#E08214", "#A85206", "#7F3B08"),
)  # fmt: skip
DARK = Theme(
    "dark", ground="#0E1420", text="#F3F4F6", quiet="#9CA3AF", faint="#273041",
    cells=("#A3ADBA", "#6CB4F5", "#FB9A5B"),
    roles={"keep": "#91B6FF", "write": "#FDAC3D", "show": "#8C61E7", "look back": "#308744", "candidate": "#9C6781",
           "state": "#F3F4F6", "gate": "#9CA3AF"},
    signed=("#E4DDFB", "#B5A8E0", "#7F6DBD", "#453C72", "#0E1420", "#6B4114", "#C27619", "#F2B25C", "#FDE6C4"),
)  # fmt: skip
THEMES = {theme.name: theme for theme in (LIGHT, DARK)}


PLAIN, SEVERAL_STATES, GATED = range(3)  # families of cells, in the order of Theme.cells
_DASHES = (("dot", "longdashdot"), ("solid", "longdash"), ("dash", "dashdot"))
_MARKERS = (("circle", "x"), ("square", "diamond"), ("triangle-up", "triangle-down"))


@dataclass(frozen=True)
class CellStyle:
    """How a cell's line is told from the others, by more than its colour."""

    family: int
    dash: str
    marker: str


def cell_style(cell: Cell) -> CellStyle:
    """RNN, LSTM and GRU and what is built like them; a variant has the colour of its family and its own dash."""
    family = _family(cell)
    variant = int(bool(cell.variant_of) or cell not in CATALOGUE)
    return CellStyle(family, _DASHES[family][variant], _MARKERS[family][variant])


def _family(cell: Cell) -> int:
    return PLAIN if not cell.gates else SEVERAL_STATES if len(cell.states) > 1 else GATED


def cell_colour(theme: Theme, cell: Cell) -> str:
    return theme.cells[_family(cell)]


# -- numbers -----------------------------------------------------------------------------------------------------------

ROUNDING = 1e-12  # of a share
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power_of_ten(exponent: int) -> str:
    """10⁻⁹; 1 and 10 as they are."""
    return {0: "1", 1: "10"}.get(exponent) or f"10{str(exponent).translate(_SUPERSCRIPTS)}"


def number(value: float, digits: int = 3) -> str:
    """A number with that many significant digits, a real minus sign and powers of ten: 0.0037, −2.44·10⁻¹⁴."""
    if value == 0 or not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "−∞"}.get(value, "0" if value == 0 else "not a number")
    sign = "−" if value < 0 else ""
    return sign + number_from_log10(math.log10(abs(value)), digits)


def percent(share: float) -> str:
    """Whole percents, but neither 0 % of something nor 100 % of less than all; what is rounding does not count."""
    if ROUNDING < share < 0.01:
        return "less than 1 %"
    return "more than 99 %" if 0.99 < share < 1 - ROUNDING else f"{100 * share:.0f} %"


def number_from_log10(log10: float, digits: int = 3) -> str:
    """10**log10 in the same format, far outside the range of a float too; "0" for -inf."""
    if log10 == -math.inf:
        return "0"
    exponent = math.floor(log10)
    mantissa = round(10 ** (log10 - exponent), digits - 1)
    if mantissa >= 10:
        mantissa, exponent = mantissa / 10, exponent + 1
    if -4 < exponent < 5:
        decimals = max(0, digits - 1 - exponent)
        value = round(mantissa * 10.0**exponent, decimals)
        return f"{value:.{decimals}f}" if value < 10_000 else grouped(int(value))
    return f"{mantissa:.{digits - 1}f}·{power_of_ten(exponent)}"
