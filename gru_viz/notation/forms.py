"""The forms in which an equation is written: plain text, plain text with numbers, LaTeX, MathML and words.

Matrices and vectors are bold and upright, ⊙ is the elementwise product, a product with a matrix has no sign, and the
step is a subscript, as in A. Zhang et al., Dive into Deep Learning (2023), "Notation" and section 10.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from gru_viz.grammar import Call, Equation, Expression, MatrixProduct, Name, Number
from gru_viz.notation.symbols import BEFORE, GREEK, NOW, Digits, Names, Symbol
from gru_viz.notation.writing import Form, Shown, has_matrix


@dataclass(frozen=True)
class Formula:
    """One equation in every form. ``words`` is also the name that the MathML gives to a screen reader."""

    plain: str
    latex: str
    mathml: str
    words: str


def write_all(line: Equation | tuple[Shown, Expression], names: Names) -> Formula:
    """A symbolic equation's plain text is that of the language: ``parse_equations`` reads it again."""
    words = Words(names).equation(line)
    plain = Plain(names) if isinstance(line, Equation) else PlainNumbers(names)
    return Formula(plain.equation(line), Latex(names).equation(line), MathML(names, words).equation(line), words)


class Plain(Form):
    """The language of the equations, with as few brackets as it allows: the same tree is read from it again."""

    guards_signs = False
    minus, times = "-", " * "

    def equal(self, left: str, right: str) -> str:
        return f"{left} = {right}"

    def name(self, symbol: Symbol) -> str:
        return symbol.text

    def number(self, digits: Digits) -> str:
        power = "" if digits.exponent is None else f"e{digits.exponent}"
        return "-" * digits.negative + digits.mantissa + power

    def shown(self, part: Shown, guarded: bool) -> str:
        raise AssertionError(part)

    def brackets(self, text: str) -> str:
        return f"({text})"

    def sum(self, terms: Sequence[tuple[int, str]]) -> str:
        (_, first), *rest = terms
        return first + "".join(f" {'+' if sign > 0 else self.minus} {text}" for sign, text in rest)

    def product(self, factors: Sequence[str], scales: Sequence[bool]) -> str:
        return self.times.join(factors)

    def matrix_product(self, whole: MatrixProduct, matrix: str, operand: str) -> str:
        return f"{matrix} @ {operand}"

    def call(self, function: str, text: str, argument: Expression) -> str:
        return f"{function}({text})"

    def negative(self, text: str) -> str:
        return self.minus + text


class PlainNumbers(Plain):
    """For reading only: real minus signs, · and σ."""

    guards_signs = True
    minus, times = "−", "·"

    def number(self, digits: Digits) -> str:
        power = "" if digits.exponent is None else "·10" + str(digits.exponent).translate(_RAISED)
        return "−" * digits.negative + digits.mantissa + power

    def shown(self, part: Shown, guarded: bool) -> str:
        digits = Digits.shown(part.value)
        text = self.number(digits)
        return f"({text})" if guarded and digits.negative else text

    def call(self, function: str, text: str, argument: Expression) -> str:
        return f"{'σ' if function == 'sigmoid' else function}({text})"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


_LATEX_FUNCTIONS = {"sigmoid": r"\sigma", "tanh": r"\tanh", "relu": r"\operatorname{ReLU}"}
_LATEX_MANTISSAS = {"∞": r"\infty", "not a number": r"\text{not a number}"}


class Latex(PlainNumbers):
    """For KaTeX, MathJax and LaTeX with amsmath; no macro of one's own."""

    minus = "-"

    def name(self, symbol: Symbol) -> str:
        base = symbol.base
        bold = rf"\boldsymbol{{\{base}}}" if base in GREEK else rf"\mathbf{{{_underscores(base)}}}"
        below = [_latex_subscript(each) for each in symbol.subscripts]
        below += {NOW: ["t"], BEFORE: ["t-1"]}.get(symbol.moment, [])
        return bold + (f"_{{{','.join(below)}}}" if below else "")

    def number(self, digits: Digits) -> str:
        mantissa = _LATEX_MANTISSAS.get(digits.mantissa, digits.mantissa.replace("\u202f", r"\,"))
        power = "" if digits.exponent is None else rf" \cdot 10^{{{digits.exponent}}}"
        return "-" * digits.negative + mantissa + power

    def product(self, factors: Sequence[str], scales: Sequence[bool]) -> str:
        signs = [r" \cdot " if scale else r" \odot " for scale in scales]
        return factors[0] + "".join(sign + factor for sign, factor in zip(signs, factors[1:], strict=True))

    def matrix_product(self, whole: MatrixProduct, matrix: str, operand: str) -> str:
        return f"{matrix} {operand}"

    def call(self, function: str, text: str, argument: Expression) -> str:
        return f"{_LATEX_FUNCTIONS[function]}({text})"


def _underscores(text: str) -> str:
    return text.replace("_", r"\_")


def _latex_subscript(text: str) -> str:
    if text in GREEK:
        return rf"\{text}"
    return text if len(text) == 1 or text.isdecimal() else rf"\mathrm{{{text}}}"


_MATHML_FUNCTIONS = {"sigmoid": "σ", "tanh": "tanh", "relu": "ReLU"}


class MathML(Form):
    """MathML Core. Chromium names a formula by ``aria-label`` and ignores ``alttext``; its parts stay readable.

    What can be pointed at or opened carries ``data-symbol``, its text in the language: a name, a number of the run,
    a product with a matrix, and the argument of a function that holds one. A number that takes brackets when it is
    negative says so: ``data-brackets="negative"``; the brackets stand within its element.
    """

    def __init__(self, names: Names, words: str) -> None:
        super().__init__(names)
        self.words, self.plain = words, Plain(names)

    def equal(self, left: str, right: str) -> str:
        start = '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"'
        return f'{start} aria-label="{escape(self.words)}"><mrow>{left}{_mo("=")}{right}</mrow></math>'

    def name(self, symbol: Symbol) -> str:
        data = _symbol(symbol.text)
        below = [_subscript(each) for each in symbol.subscripts]
        below += {NOW: ["<mi>t</mi>"], BEFORE: [f"<mrow><mi>t</mi>{_mo('−')}<mn>1</mn></mrow>"]}.get(symbol.moment, [])
        base = escape(GREEK.get(symbol.base, symbol.base))
        bold = f'<mi mathvariant="normal" style="font-weight: bold"{"" if below else data}>{base}</mi>'
        if not below:
            return bold
        return f"<msub{data}>{bold}{below[0] if len(below) == 1 else _row(_mo(',').join(below))}</msub>"

    def number(self, digits: Digits) -> str:
        mantissa = digits.mantissa
        text = f"<mn>{mantissa}</mn>" if mantissa[0].isdigit() else f"<mtext>{mantissa}</mtext>"
        if digits.exponent is not None:
            power = self.number(Digits(digits.exponent < 0, str(abs(digits.exponent))))
            text = _row(f"{text}{_mo('⋅')}<msup><mn>10</mn>{power}</msup>")
        return self.negative(text) if digits.negative else text

    def shown(self, part: Shown, guarded: bool) -> str:
        digits = Digits.shown(part.value)
        text = self.number(digits)
        if guarded and digits.negative:
            text = _bracketed(text)
        return _row(text, _symbol(part.text) + ' data-brackets="negative"' * guarded)

    def brackets(self, text: str) -> str:
        return _row(_bracketed(text))

    def sum(self, terms: Sequence[tuple[int, str]]) -> str:
        (_, first), *rest = terms
        return _row(first + "".join(_mo("+" if sign > 0 else "−") + text for sign, text in rest))

    def product(self, factors: Sequence[str], scales: Sequence[bool]) -> str:
        signs = [_mo("⋅" if scale else "⊙") for scale in scales]
        return _row(factors[0] + "".join(sign + factor for sign, factor in zip(signs, factors[1:], strict=True)))

    def matrix_product(self, whole: MatrixProduct, matrix: str, operand: str) -> str:
        return _row(matrix + _mo("\u2062") + operand, _symbol(self.plain.write(whole)))  # invisible times

    def call(self, function: str, text: str, argument: Expression) -> str:
        inside = _row(text, _symbol(self.plain.write(argument))) if has_matrix(argument) else text
        return _row(f"<mi>{_MATHML_FUNCTIONS[function]}</mi>{_mo(chr(0x2061))}{_row(_bracketed(inside))}")  # applied to

    def negative(self, text: str) -> str:
        return _row(f'<mo form="prefix">−</mo>{text}')


def _mo(text: str) -> str:
    return f"<mo>{text}</mo>"


def _row(text: str, attributes: str = "") -> str:
    return f"<mrow{attributes}>{text}</mrow>"


def _bracketed(text: str) -> str:
    """Brackets of the height of the text, as in LaTeX without \\left and \\right."""
    return f'<mo stretchy="false">(</mo>{text}<mo stretchy="false">)</mo>'


def _symbol(text: str) -> str:
    return f' data-symbol="{escape(text)}"'


def _subscript(text: str) -> str:
    return f"<mn>{text}</mn>" if text.isdecimal() else f"<mi>{escape(GREEK.get(text, text))}</mi>"


class Words(Form):
    """For the ear: "previous h", as "h of t minus 1" can be heard two ways, and "negative", as "plus minus" is ±."""

    def equal(self, left: str, right: str) -> str:
        return f"{left} equals {right}"

    def name(self, symbol: Symbol) -> str:
        name = " ".join((symbol.base, *symbol.subscripts))
        return {NOW: f"{name} of t", BEFORE: f"previous {name}"}.get(symbol.moment, name)

    def number(self, digits: Digits) -> str:
        mantissa = {"∞": "infinity"}.get(digits.mantissa, digits.mantissa.replace("\u202f", ""))
        text = "negative " * digits.negative + mantissa
        if digits.exponent is None:
            return text
        return f"{text} times 10 to the power {str(digits.exponent).replace('-', 'negative ')}"

    def shown(self, part: Shown, guarded: bool) -> str:
        return self.number(Digits.shown(part.value))

    def brackets(self, text: str) -> str:
        return f"open bracket {text} close bracket"

    def sum(self, terms: Sequence[tuple[int, str]]) -> str:
        (_, first), *rest = terms
        return first + "".join(f" {'plus' if sign > 0 else 'minus'} {text}" for sign, text in rest)

    def product(self, factors: Sequence[str], scales: Sequence[bool]) -> str:
        return " times ".join(factors)

    def matrix_product(self, whole: MatrixProduct, matrix: str, operand: str) -> str:
        return f"{matrix} times {operand}"

    def call(self, function: str, text: str, argument: Expression) -> str:
        simple = isinstance(argument, (Name, Number, Shown, Call))
        return f"{function} of {text if simple else self.brackets(text)}"

    def negative(self, text: str) -> str:
        return f"negative {text}"
