"""Equations ──► what people read: plain text, LaTeX, MathML and words; in symbols, or with a unit's numbers at a step.

``symbols.py`` says how a name is set, ``writing.py`` where brackets stand, ``forms.py`` what each form writes for each
part of a tree; ``numbers.py`` puts a run's numbers in place, ``products.py`` opens a number as the terms that it is the
sum of. Nothing here knows a cell by name.
"""

from gru_viz.notation.forms import Formula
from gru_viz.notation.numbers import formula, formulas, with_numbers
from gru_viz.notation.products import Opened, Term, pre_activations, products, remainder

__all__ = [
    "Formula",
    "Opened",
    "Term",
    "formula",
    "formulas",
    "pre_activations",
    "products",
    "remainder",
    "with_numbers",
]
