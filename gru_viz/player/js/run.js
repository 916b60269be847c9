// One cell's run: every value of a step from its tape, and every gradient from the carried ones, when they are asked for.
import { FUNCTIONS, addTransposed, times } from "./operations.js"

export class Run {
  constructor(data, cell) {
    this.cell = cell
    this.hidden = cell.hidden
    this.steps = data.steps
    this.params = arraysOf(data, cell.params)
    this.states = arraysOf(data, cell.states)
    this.carried = arraysOf(data, cell.carried)
    this.exponents = data.array(cell.exponents)
    this.index = cell.input.index && data.array(cell.input.index)
    this.inputs = cell.input.values && data.array(cell.input.values)
    this.nodes = new Map(cell.diagram.nodes.map(node => [node.id, node]))
    this.still = this.evaluateStill()
    this.known = new Map()  // wire -> its pairs
    this.step = this.gradientStep = this.adjointStep = -1
  }

  // The rows that are the same at every step.
  evaluateStill() {
    const still = []
    this.cell.tape.forEach((row, at) => {
      const args = argumentsOf(row)
      const timed = row[0] === "x" || row[0] === "state" || args.some(arg => !still[arg])
      if (!timed) still[at] = this.compute(row, still, 0)
    })
    return still
  }

  // All rows of the tape at a step, counted from 1: row -> numbers of all units.
  values(step) {
    if (step !== this.step) {
      const found = this.still.slice()
      this.cell.tape.forEach((row, at) => { found[at] ??= this.compute(row, found, step - 1) })
      this.found = found
      this.step = step
    }
    return this.found
  }

  value(step, expression) {
    return this.values(step)[this.cell.rows[expression]]
  }

  // Every named value at every step, step after step: symbol -> numbers of all units.
  history() {
    this.whole ??= this.everyStep((step, symbol) => this.value(step, symbol))
    return this.whole
  }

  // The same of the gradients, as the log10 of their size.
  sizes() {
    this.wholeSizes ??= this.everyStep((step, symbol) =>
      this.adjoint(step, symbol).map(mantissa => signed(mantissa, this.exponents[step - 1]).log10))
    return this.wholeSizes
  }

  everyStep(make) {
    const symbols = this.cell.formulas.map(formula => formula.symbol)
    const found = new Map(symbols.map(symbol => [symbol, new Float64Array(this.steps * this.hidden)]))
    for (let step = 1; step <= this.steps; step++) {
      for (const symbol of symbols) found.get(symbol).set(make(step, symbol), (step - 1) * this.hidden)
    }
    return found
  }

  compute(row, found, t) {
    const size = this.hidden
    switch (row[0]) {
      case "x": return this.input(t)
      case "state": return this.states[row[1]].subarray(t * size, (t + 1) * size)
      case "vector": return this.params[row[1]]
      case "constant": return new Float64Array(size).fill(row[1])
      case "matrix": return this.product(row, found, t)
      case "product": {
        const [one, other] = [found[row[1]], found[row[2]]]
        return Float64Array.from(one, (value, unit) => value * other[unit])
      }
      case "sum": {
        const out = new Float64Array(size)
        row[2].forEach((arg, term) => {
          const values = found[arg]
          for (let unit = 0; unit < size; unit++) out[unit] += row[1][term] * values[unit]
        })
        return out
      }
      default: return Float64Array.from(found[row[1]], FUNCTIONS[row[0]].value)
    }
  }

  input(t) {
    const { width } = this.cell.input
    if (this.inputs) return this.inputs.subarray(t * width, (t + 1) * width)
    const out = new Float64Array(width)
    out[this.index[t]] = 1
    return out
  }

  product([, name, of], found, t) {
    const matrix = this.params[name]
    if (!this.index || this.cell.tape[of][0] !== "x") return times(matrix, found[of], this.hidden)
    const width = this.cell.input.width  // of a one-hot input one column is left
    return Float64Array.from({ length: this.hidden }, (_, row) => matrix[row * width + this.index[t]])
  }

  // The gradients at a step, as mantissas of 2**exponent: `of` maps a part of the diagram to dL/d(its value), and
  // `through` "target source" to what of the source's comes through that target.
  gradient(step) {
    if (step !== this.gradientStep) {
      this.gradients = this.sweep(step)
      this.gradientStep = step
    }
    return this.gradients
  }

  sweep(step) {
    const values = this.values(step)
    const of = new Map()
    const through = new Map()
    const give = (target, source, share) => {
      through.set(`${target.id} ${source}`, share)
      const total = of.get(source)
      if (total) share.forEach((value, unit) => { total[unit] += value })
      else of.set(source, Float64Array.from(share))
    }
    for (const node of [...this.cell.diagram.nodes].reverse()) {
      if (node.kind === "join") continue
      if (node.kind === "after") of.set(node.id, this.carriedAt(step, node.symbol.replace("'", "")))
      const own = of.get(node.id)
      if (own) this.shares(node, own, values).forEach((share, source) => give(node, source, share))
    }
    return { exponent: this.exponents[step - 1], of, through }
  }

  carriedAt(step, state) {
    return Float64Array.from(this.carried[state].subarray((step - 1) * this.hidden, step * this.hidden))
  }

  // (target, source) of all that a wire carries, with the parts behind bundles.
  pairs(edge) {
    const { edges } = this.cell.diagram
    const sources = id => (this.nodes.get(id).kind === "join" ? this.nodes.get(id).inputs : [id])
    const targets = id => (this.nodes.get(id).kind === "join"
      ? edges.filter(other => other.source === id).flatMap(other => targets(other.target)) : [id])
    if (!this.known.has(edge.id)) {
      this.known.set(edge.id, targets(edge.target).flatMap(target => sources(edge.source).map(source => [target, source])))
    }
    return this.known.get(edge.id)
  }

  // What a part hands to each part that enters it: source -> gradient.
  shares(node, own, values) {
    const { kind, inputs } = node
    if (kind === "after") return new Map([[inputs[0], own]])
    if (kind === "sum") {
      const sign = node.label === "+" ? 1 : -1
      if (inputs.length === 1) return new Map([[inputs[0], own.map(value => value * (1 + sign))]])
      return new Map([[inputs[0], own], [inputs[1], own.map(value => value * sign)]])
    }
    if (kind === "valve" || kind === "product") {
      const [one, other] = [inputs[0], inputs[1] ?? inputs[0]].map(id => values[this.cell.rows[this.nodes.get(id).expression]])
      if (inputs.length === 1) return new Map([[inputs[0], own.map((value, unit) => 2 * value * one[unit])]])
      return new Map([
        [inputs[0], own.map((value, unit) => value * other[unit])],
        [inputs[1], own.map((value, unit) => value * one[unit])],
      ])
    }
    return this.inside(node, own, values)
  }

  // Backward over the rows between a part's value and those of the parts that enter it.
  inside(node, own, values) {
    const ends = new Map(node.inputs.map(id => [this.cell.rows[this.nodes.get(id).expression], id]))
    const adjoints = this.backward(node.local, new Map([[node.local.at(-1), own]]), values, row => ends.has(row))
    return new Map([...ends].filter(([row]) => adjoints.has(row)).map(([row, id]) => [id, adjoints.get(row)]))
  }

  // Adds to the adjoints of some rows, given in the order of the tape, those that follow by the chain rule.
  backward(rows, adjoints, values, isEnd) {
    const add = (row, make) => {
      if (this.still[row]) return
      if (!adjoints.has(row)) adjoints.set(row, new Float64Array(values[row].length))
      make(adjoints.get(row))
    }
    for (const at of [...rows].reverse()) {
      const here = adjoints.get(at)
      const row = this.cell.tape[at]
      if (!here || isEnd(at)) continue
      if (row[0] === "matrix") {
        add(row[2], out => addTransposed(out, this.params[row[1]], here))
      } else if (row[0] === "sum") {
        row[2].forEach((arg, term) => add(arg, out => here.forEach((value, unit) => { out[unit] += row[1][term] * value })))
      } else if (row[0] === "product") {
        const [, one, other] = row
        add(one, out => here.forEach((value, unit) => { out[unit] += value * values[other][unit] }))
        add(other, out => here.forEach((value, unit) => { out[unit] += value * values[one][unit] }))
      } else if (FUNCTIONS[row[0]]) {
        const { slope } = FUNCTIONS[row[0]]
        const [y, a] = [values[at], values[row[1]]]
        add(row[1], out => here.forEach((value, unit) => { out[unit] += value * slope(y[unit], a[unit]) }))
      }
    }
    return adjoints
  }

  // dL/d(a value of the cell) at a step: what autograd gives, with every use in this step and later.
  adjoint(step, expression) {
    return this.adjointsAt(step).get(this.cell.rows[expression]) ?? new Float64Array(this.hidden)
  }

  // The same of all rows of the tape that have a gradient.
  adjointsAt(step) {
    if (step !== this.adjointStep) {
      const values = this.values(step)
      const seeds = new Map()
      for (const state of this.cell.stateNames) {
        const row = this.cell.rows[`${state}'`]
        const own = this.carriedAt(step, state)
        if (seeds.has(row)) own.forEach((value, unit) => { seeds.get(row)[unit] += value })
        else seeds.set(row, own)
      }
      this.adjoints = this.backward(this.cell.tape.keys(), seeds, values, () => false)
      this.adjointStep = step
    }
    return this.adjoints
  }

  // A row of the tape as text: its name, or what it is made of.
  nameOf(row) {
    this.names ??= new Map(Object.entries(this.cell.rows).map(([text, at]) => [at, text]).reverse())
    if (this.names.has(row)) return this.names.get(row)
    const [kind, ...rest] = this.cell.tape[row]
    const inner = argumentsOf(this.cell.tape[row]).map(argument => this.nameOf(argument))
    const guarded = inner.map(text => (/ [+-] /.test(text) ? `(${text})` : text))
    if (kind === "constant" || kind === "vector") return String(rest[0])
    if (kind === "product") return guarded.join(" * ")
    if (kind === "matrix") return `${rest[0]} @ ${guarded[0]}`
    if (kind === "sum") return rest[0].map((sign, at) => (sign > 0 ? (at ? " + " : "") : " - ") + guarded[at]).join("")
    return `${kind}(${inner[0]})`
  }

  // dL/d(a value) of one unit as its sign and the log10 of its size.
  signedAdjoint(step, expression, unit) {
    return signed(this.adjoint(step, expression)[unit], this.exponents[step - 1])
  }
}

const LOG10_2 = Math.log10(2)

// A mantissa of 2**exponent as its sign and the log10 of its size.
export function signed(mantissa, exponent) {
  return { sign: Math.sign(mantissa), log10: Math.log10(Math.abs(mantissa)) + exponent * LOG10_2 }
}

export function norm(values) {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
}

export function argumentsOf(row) {
  if (row[0] === "matrix") return [row[2]]
  if (row[0] === "sum") return row[2]
  return ["x", "state", "vector", "constant"].includes(row[0]) ? [] : row.slice(1)
}

function arraysOf(data, references) {
  return Object.fromEntries(Object.entries(references).map(([name, reference]) => [name, data.array(reference)]))
}
