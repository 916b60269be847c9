// An opened number as it is written: a title, the terms of a sum, their total and what rounding leaves.
// A term: {what, numbers, value, text}. `what` is a list of strings and of {text, name, opens}: `name` lights up with what
// has the same, `opens` says what a click opens, {text, gradient, step}. `value` serves for its place and its bar.
import { fromLog10, number, remainder, remainderFromLog10 } from "./numbers.js"
import { gradientTerms } from "./paths.js"
import { signed } from "./run.js"
import { termsOf } from "./terms.js"

// k: unit, from 0; step: from 1; names: of the columns of the input
export function valueSum(run, text, step, k, names) {
  const opening = run.cell.openings[text]
  const terms = termsOf(run, opening, step, k, names)
  const total = run.value(step, opening.total)[k]
  const own = run.cell.rows[text] === undefined ? total : run.value(step, text)[k]
  const inside = opening.function ? ` = ${opening.function === "sigmoid" ? "σ" : opening.function}(${number(total)})` : ""
  return {
    name: text, value: `${number(own)}${inside}`, total: number(total),
    terms: terms.map(term => ({ what: factorsOf(term), numbers: numbersOf(term), value: term.value, text: number(term.value) })),
    rest: remainder(terms.map(term => term.value), total),
  }
}

function factorsOf({ sign, matrix, row, name, of, factors, index, zeros }) {
  const minus = sign < 0 ? "−" : ""
  if (zeros) return [{ text: matrix }, `[${row + 1}, ${zeros} other input${zeros > 1 ? "s" : ""}]·0`]
  const one = factor => ({ text: factor.text, name: factor.value, opens: factor.opens && { text: factor.opens } })
  if (matrix) return [minus, { text: matrix }, `[${row + 1}, ${name}]·`, one(of), `[${name}]`]
  return factors.flatMap((factor, at) => [at ? "·" : minus, one(factor), factor.number ? "" : `[${index + 1}]`])
}

function numbersOf({ sign, matrix, weight, operand, values, zeros }) {
  if (zeros) return ""
  return written(sign, (matrix ? [weight, operand] : values).map(value => number(value)))
}

// Factors one after the other, in brackets where one begins with a minus; nothing for a single one.
function written(sign, texts) {
  if (texts.length < 2) return ""
  const guard = (text, at) => ((at || sign < 0) && text.startsWith("−") ? `(${text})` : text)
  return (sign < 0 ? "−" : "") + texts.map(guard).join("·")
}

// The gradient of L by the value of a text of the cell.
export function gradientSum(run, text, step, k) {
  const sized = mantissa => signed(mantissa, run.exponents[step - 1])
  const write = mantissa => {
    const { sign, log10 } = sized(mantissa)
    return fromLog10(sign, log10)
  }
  const total = run.adjoint(step, text)[k]
  const terms = gradientTerms(run, run.cell.rows[text], step, k)
  return {
    name: `∂L/∂${bracketed(text)}`, value: write(total), total: write(total),
    terms: terms.map(term => ({
      what: waysOf(run, term, step), value: term.value, text: write(term.value),
      numbers: term.handed ? "" : written(term.sign, [write(term.adjoint), ...term.factors.map(factor => number(factor.value))]),
    })),
    rest: remainderFromLog10(terms.map(term => sized(term.value)), sized(total)),
  }
}

function waysOf(run, { handed, end, index, sign, factors }, step) {
  if (handed) {
    if (step === run.steps) return ["handed on to L"]
    return ["handed on to ", { text: `step ${step + 1}`, opens: { text: handed, gradient: true, step: step + 1 } }]
  }
  const text = run.nameOf(end)
  const gradient = { text: `∂L/∂${bracketed(text)}`, name: text, opens: { text, gradient: true } }
  return [sign < 0 ? "−" : "", gradient, `[${index + 1}]`, ...factors.flatMap(factor => ["·", { text: factor.text }])]
}

function bracketed(text) {
  return /[ (]/.test(text) ? `(${text})` : text
}
