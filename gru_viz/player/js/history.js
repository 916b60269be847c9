// Every named value at every step, as one heatmap each: time to the right, units downwards, the cursor through all.
import { html, nameOf, setText } from "./elements.js"
import { fromLog10, number } from "./numbers.js"
import { dragging } from "./tokens.js"
import { DECADES, limit, share, short } from "./view.js"

const [UNIT, LOWEST, HIGHEST] = [4, 22, 64]  // px of a unit's row, and of the least and the highest map
const LEGEND = { letters: 9, digits: 2 }  // for a number beside its name

export class History {
  constructor(runs, scale, { onMove, onEnd }, onOpen) {
    this.scale = scale
    this.onOpen = onOpen
    this.steps = runs[0].steps
    this.halves = UNIT * runs[0].hidden <= HIGHEST ? 2 : 1  // pixels of a unit's row: below 4 px no half is seen
    this.rows = runs.flatMap(run => run.cell.formulas.map(formula => this.row(run, formula)))
    this.cursor = html("div", { class: "cursor" })
    const groups = runs.map(run => html("div", { class: "group", "data-cell": run.cell.title },
      html("h4", {}, run.cell.title), ...this.rows.filter(row => row.run === run).map(row => row.element)))
    this.legend = html("p", { class: "note" })
    this.maps = html("div", { class: "maps" }, ...groups, this.cursor)
    this.element = html("section", { class: "history", "aria-label": "History" }, html("h3", {}, "Every step"), this.legend, this.maps)
    dragging(this.maps, event => onMove(this.stepAt(event.clientX)), onEnd)
  }

  row(run, formula) {
    const { cell } = run
    const canvas = html("canvas", { width: this.steps, height: this.halves * run.hidden, "aria-hidden": "true" })
    const text = document.createTextNode("")
    const mark = html("div", { class: "unit" })
    const name = html("span", {
      class: "legend", "data-name": formula.symbol, "data-role": cell.roles[formula.name] ?? null,
      onclick: () => this.onOpen(run, { text: formula.symbol, gradient: this.backward }),
    },
      html("i", { class: "swatch" }), ...nameOf(formula.name), html("b", {}, text))
    const height = Math.max(LOWEST, Math.min(HIGHEST, UNIT * run.hidden))
    const map = html("div", { class: "map", style: `height: ${height}px` }, canvas, mark)
    return { run, formula, canvas, text, mark, element: html("div", { class: "row" }, name, map) }
  }

  layout(width) {
    this.each = width / this.steps
    this.cursor.style.width = `${Math.max(2, this.each)}px`
    if (this.step) this.place()
  }

  stepAt(x) {
    const { left, width } = this.rows[0].canvas.getBoundingClientRect()  // as it is on the screen, however enlarged
    return Math.min(this.steps, Math.max(1, Math.floor(((x - left) / width) * this.steps) + 1))
  }

  // Two pixels, one below the other, for each step and unit; the browser makes them as large as they are shown. The
  // upper one of a negative value is blank: its sign is seen without colour too. Of many units each has one pixel.
  paint(colours, backward) {
    setText(this.legend, backward ? this.sizesLegend() : this.valuesLegend())
    for (const { run, formula, canvas } of this.rows) {
      const context = canvas.getContext("2d")
      const image = context.createImageData(this.steps, this.halves * run.hidden)
      const pixels = new Uint32Array(image.data.buffer)
      const { name, symbol } = formula
      const [role, gate, end] = [run.cell.roles[name], run.cell.gates.includes(name), limit(this.scale, name)]
      const shown = backward ? run.sizes().get(symbol) : run.history().get(symbol)
      shown.forEach((value, at) => {
        const [t, unit] = [Math.floor(at / run.hidden), at % run.hidden]
        const upper = this.halves * unit * this.steps + t
        const colour = backward ? colours.size(share(value, this.scale), true)
          : gate ? colours.gate(role, value, true) : colours.signed(value / end, true)
        pixels[upper] = !backward && value < 0 ? colours.signed(0, true) : colour
        pixels[upper + (this.halves - 1) * this.steps] = colour
      })
      context.putImageData(image, 0, 0)
    }
  }

  valuesLegend() {
    const ends = Object.entries(this.scale.largest).map(([name, value]) => `${name} ±${number(value)}`)
    const negative = this.halves === 2 ? "purple, in the lower half of its row, negative" : "purple is negative"
    return `One row of cells a unit. Gates: empty is shut, full is open. Others: orange is positive; ${negative}; up to ${ends.join(", ")}.`
  }

  sizesLegend() {
    const ends = [this.scale.top - DECADES, this.scale.top].map(log10 => fromLog10(1, log10, 1).replace(/^1·/, ""))
    return `Size of the gradient of L by each value, log scale: dark ${ends[0]} and less, bright yellow ${ends[1]} and more; blank is exactly 0.`
  }

  show(step, unit, backward) {
    this.step = step
    this.backward = backward
    this.place()
    for (const { run, formula, text, mark } of this.rows) {
      const k = Math.min(unit, run.hidden) - 1
      const { sign, log10 } = backward ? run.signedAdjoint(step, formula.symbol, k) : {}
      setText(text, backward ? short(LEGEND, fromLog10, sign, log10) : short(LEGEND, number, run.value(step, formula.symbol)[k]))
      if (mark.unit !== k) {
        mark.style.top = `${(100 * k) / run.hidden}%`
        mark.style.height = `${100 / run.hidden}%`
        mark.unit = k
      }
    }
  }

  place() {
    this.cursor.style.transform = `translateX(${(this.step - 1) * this.each}px)`
  }
}
