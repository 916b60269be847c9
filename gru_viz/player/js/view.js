// What a diagram shows of one step and unit: each part's number and colour, each wire's width. Forward or backward.
import { fromLog10, number } from "./numbers.js"
import { norm, signed } from "./run.js"

export const DECADES = 12  // a gradient this many powers of ten below that of the last step is a hairline

// What is the same for all cells and steps: the scale of signed values, and the largest gradient after the last step.
export function scales(runs) {
  const largest = {}  // by name; the same name has the same scale in all cells
  let top = -Infinity
  for (const run of runs) {
    for (const { name, symbol } of run.cell.formulas) {
      if (run.cell.gates.includes(name)) continue
      const size = run.history().get(symbol).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      largest[name] = Math.max(largest[name] ?? 0, size)
    }
    const last = run.cell.stateNames.flatMap(state => [...run.carriedAt(run.steps, state)])
    top = Math.max(top, ...last.map(value => signed(value, run.exponents[run.steps - 1]).log10))
  }
  return { largest, most: Math.max(...Object.values(largest), Number.MIN_VALUE), top: Number.isFinite(top) ? top : 0 }
}

// What the colours of a signed value end at: its name's largest; of a value without a name, the largest of all.
export function limit(scale, name) {
  return scale.largest[name.replace("'", "")] || scale.most
}

// 1 for the size that the last step has, 0 for DECADES below; -Infinity for an exact zero
export function share(log10, { top }) {
  return log10 === -Infinity ? -Infinity : Math.min(1, Math.max(0, 1 + (log10 - top) / DECADES))
}

// Where there is little room: for so many letters, and so many digits before a power of ten.
export function short({ letters, digits }, write, ...value) {
  const text = write(...value)
  if (text.includes("·")) return write(...value, digits)
  return text.length > letters ? write(...value, 2) : text
}

// A token as far as there is room; the whole stands beside the number of the step.
function cut({ letters }, label) {
  const all = Array.from(label)
  return all.length > letters ? `${all.slice(0, letters - 2).join("")}…` : label
}

class View {
  constructor(run, step, unit, label, scale, colours, room) {
    Object.assign(this, { run, step, label, scale, colours, room, unit: Math.min(unit, run.hidden) - 1, ink: colours.theme.text })
    this.values = run.values(step)
  }

  valuesOf(node) { return this.values[this.run.cell.rows[node.expression]] }

  opening(gate) { return gate ? this.valuesOf(gate)[this.unit] : 1 }

  colourOf(node, value) {
    return node.gate ? this.colours.gate(node.role, value) : this.colours.signed(value / limit(this.scale, node.symbol))
  }
}

export class Forward extends View {
  backward = false

  part(node) {
    if (node.kind === "input") return { text: `“${cut(this.room, this.label)}”` }
    if (!node.expression) return { text: "" }
    const values = this.valuesOf(node)
    const units = Array.from(values, value => this.colourOf(node, value))
    const negative = Array.from(values, value => value < 0)
    return { text: short(this.room, number, values[this.unit]), colour: units[this.unit], units, negative, unit: this.unit }
  }

  wire(edge) {
    const colour = edge.role ? this.colours.role(edge.role) : this.colours.theme.quiet
    const one = edge.carries.length === 1 && edge.carries[0] !== "x"
    const value = one ? this.values[this.run.cell.rows[edge.carries[0]]][this.unit] : 0
    const size = Math.min(1, Math.abs(value) / (limit(this.scale, edge.carries[0])))
    return { width: 1.2 + edge.stateLine + 2.8 * size, colour, opacity: 1 }
  }
}

export class Backward extends View {
  backward = true

  constructor(...what) {
    super(...what)
    this.gradient = this.run.gradient(this.step)
  }

  part(node) {
    const own = this.gradient.of.get(node.id)
    if (node.kind === "join") return { text: "" }
    if (!own) return { text: "0", colour: this.colours.theme.ground }
    if (node.kind === "input") return { text: short(this.room, fromLog10, 1, this.log10(norm(own))) }
    const units = Array.from(own, value => this.colours.size(share(this.log10(value), this.scale)))
    const { sign, log10 } = signed(own[this.unit], this.gradient.exponent)
    return { text: short(this.room, fromLog10, sign, log10), colour: this.colours.theme.ground, units, unit: this.unit }
  }

  log10(mantissa) { return signed(mantissa, this.gradient.exponent).log10 }

  wire(edge) {
    const { sign, log10 } = this.flow(edge)
    const size = share(log10, this.scale)
    const { theme } = this.colours
    const colour = sign > 0 ? theme.signed[6] : sign < 0 ? theme.signed[2] : theme.quiet
    if (size === -Infinity) return { width: 0.5, colour: theme.faint, opacity: 1 }
    return { width: 0.6 + 5 * size, colour, opacity: 0.35 + 0.65 * size }
  }

  // The gradient on a wire: what reaches its source through it. Of the unit's values; the norm, without a sign, where
  // several run side by side, and of all channels of the input.
  flow(edge) {
    const pairs = this.run.pairs(edge).filter(([, source]) => this.run.nodes.get(source).kind !== "input")
    const bySource = new Map()
    for (const [target, source] of pairs) {
      const value = this.gradient.through.get(`${target} ${source}`)?.[this.unit] ?? 0
      bySource.set(source, (bySource.get(source) ?? 0) + value)
    }
    const totals = [...bySource.values()]
    if (totals.length === 1) return signed(totals[0], this.gradient.exponent)
    if (totals.length) return { sign: 0, log10: this.log10(norm(totals)) }
    return { sign: 0, log10: this.log10(norm(this.inputGradient(edge))) }
  }

  inputGradient(edge) {
    const shares = this.run.pairs(edge).map(([target, source]) => this.gradient.through.get(`${target} ${source}`) ?? [])
    const total = new Float64Array(this.run.cell.input.width)
    for (const values of shares) values.forEach((value, k) => { total[k] += value })
    return total
  }
}
