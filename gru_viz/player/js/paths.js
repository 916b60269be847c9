// An opened gradient: the sum over all ways from a value to named ones of the same step, by the chain rule.
import { FUNCTIONS } from "./operations.js"
import { argumentsOf } from "./run.js"

// The terms of dL/d(value of `row`) of one unit (k, from 0) at a step (from 1). Each is a gradient of a named value times
// the local derivatives on the way to it; through a matrix each unit of its result is a term. `value` and `adjoint` are
// mantissas of the step's power of two.
export function gradientTerms(run, row, step, k) {
  const values = run.values(step)
  const adjoints = run.adjointsAt(step)
  const named = new Set(run.cell.formulas.map(formula => run.cell.rows[formula.symbol]))
  const handed = run.cell.stateNames.filter(state => run.cell.rows[`${state}'`] === row)
  return [
    ...handed.map(state => ({ handed: state, index: k, factors: [], value: run.carriedAt(step, state)[k] })),
    ...ways(run, adjoints, named, row, false).flatMap(way => alongWay(run, values, adjoints, way, k)),
  ]
}

// Each way is a list of links [row, place of the argument in it]; it ends at a name, or before a second matrix.
function ways(run, adjoints, named, row, pastMatrix) {
  return consumers(run, adjoints, row).flatMap(link => {
    const [next] = link
    const past = pastMatrix || run.cell.tape[next][0] === "matrix"
    const ends = named.has(next) || (past && consumers(run, adjoints, next).some(([after]) => run.cell.tape[after][0] === "matrix"))
    return ends ? [[link]] : ways(run, adjoints, named, next, past).map(way => [link, ...way])
  })
}

// What takes the value of a row and has a gradient.
function consumers(run, adjoints, row) {
  return run.cell.tape.flatMap((each, at) => (adjoints.has(at)
    ? argumentsOf(each).flatMap((argument, place) => (argument === row ? [[at, place]] : [])) : []))
}

function alongWay(run, values, adjoints, way, k) {
  const { tape } = run.cell
  const [end] = way.at(-1)
  const through = way.findIndex(([row]) => tape[row][0] === "matrix")
  const units = through < 0 ? [k] : [...Array(run.hidden).keys()]
  return units.map(unit => {
    const links = way.map(([row, place], at) => derivative(run, values, row, place, at < through ? k : unit, k))
    const sign = links.reduce((whole, link) => whole * (link.sign ?? 1), 1)
    const factors = links.filter(link => link.text).reverse()
    const adjoint = adjoints.get(end)[unit]
    return {
      end, index: unit, adjoint, sign, factors,
      value: factors.reduce((whole, factor) => whole * factor.value, sign * adjoint),
    }
  })
}

// d(row)/d(its argument) of one unit, for a matrix by the argument's unit k: {text, value}, or only a sign.
function derivative(run, values, row, place, unit, k) {
  const [kind, ...rest] = run.cell.tape[row]
  const [argument, other] = argumentsOf(run.cell.tape[row])
  if (kind === "sum") return { sign: rest[0][place] }
  if (kind === "product") {
    const factor = place ? argument : other
    const index = run.cell.tape[factor][0] === "constant" ? "" : `[${unit + 1}]`
    return { text: run.nameOf(factor) + index, value: values[factor][unit] }
  }
  if (kind === "matrix") {
    return { text: `${rest[0]}[${unit + 1}, ${k + 1}]`, value: run.params[rest[0]][unit * values[argument].length + k] }
  }
  const sign = kind === "sigmoid" ? "σ" : kind
  return { text: `${sign}′[${unit + 1}]`, value: FUNCTIONS[kind].slope(values[row][unit], values[argument][unit]) }
}
