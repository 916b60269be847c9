// Every named value at every step, as one heatmap each: time to the right, units downwards, the cursor through all.
import { html, nameOf, setText } from "./elements.js"
import { fromLog10, number } from "./numbers.js"
import { dragging } from "./tokens.js"
import { DECADES, limit, share } from "./view.js"

export class History {
  constructor(runs, scale, { onMove, onEnd }, onOpen) {
    this.scale = scale
    this.onOpen = onOpen
    this.steps = runs[0].steps
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
    const canvas = html("canvas", { width: this.steps, height: run.hidden, "aria-hidden": "true" })
    const text = document.createTextNode("")
    const mark = html("div", { class: "unit" })
    const name = html("span", {
      class: "legend", "data-name": formula.symbol, "data-role": cell.roles[formula.name] ?? null,
      onclick: () => this.onOpen(run, { text: formula.symbol, gradient: this.backward }),
    },
      html("i", { class: "swatch" }), ...nameOf(formula.name), html("b", {}, text))
    const height = Math.max(22, Math.min(56, 3 * run.hidden))
    const map = html("div", { class: "map", style: `height: ${height}px` }, canvas, mark)
    return { run, formula, canvas, text, mark, element: html("div", { class: "row" }, name, map) }
  }

  layout(width) {
    this.each = width / this.steps
    this.cursor.style.width = `${Math.max(2, this.each)}px`
    if (this.step) this.place()
  }

  stepAt(x) {
    const left = this.rows[0].canvas.getBoundingClientRect().left
    return Math.min(this.steps, Math.max(1, Math.floor((x - left) / this.each) + 1))
  }

  // One pixel for each step and unit; the browser makes it as large as it is shown.
  paint(colours, backward) {
    setText(this.legend, backward ? this.sizesLegend() : this.valuesLegend())
    for (const { run, formula, canvas } of this.rows) {
      const context = canvas.getContext("2d")
      const image = context.createImageData(this.steps, run.hidden)
      const pixels = new Uint32Array(image.data.buffer)
      const { name, symbol } = formula
      const [role, gate, end] = [run.cell.roles[name], run.cell.gates.includes(name), limit(this.scale, name)]
      const shown = backward ? run.sizes().get(symbol) : run.history().get(symbol)
      shown.forEach((value, at) => {
        const [t, unit] = [Math.floor(at / run.hidden), at % run.hidden]
        pixels[unit * this.steps + t] = backward ? colours.size(share(value, this.scale), true)
          : gate ? colours.gate(role, value, true) : colours.signed(value / end, true)
      })
      context.putImageData(image, 0, 0)
    }
  }

  valuesLegend() {
    const ends = Object.entries(this.scale.largest).map(([name, value]) => `${name} ±${number(value)}`)
    return `One row of cells a unit. Gates: empty is shut, full is open. Others: orange is positive, purple negative, up to ${ends.join(", ")}.`
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
      setText(text, backward ? fromLog10(sign, log10) : number(run.value(step, formula.symbol)[k]))
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
