// A number, opened: the sum of every product of its row, or of all ways of a gradient; in their order or by size.
import { inputNames } from "./data.js"
import { html, nameOf } from "./elements.js"
import { gradientSum, valueSum } from "./sums.js"

// Whether a run has this number: {text, gradient}
export function canOpen(run, { text, gradient }) {
  return gradient ? text !== "x" && run.adjointsAt(1).has(run.cell.rows[text]) : Boolean(run.cell.openings[text])
}

export class Opened {
  constructor(data, onMove) {
    this.data = data
    this.onMove = onMove
    this.bySize = false
    this.element = html("section", { class: "opened", "aria-label": "An opened number", hidden: true })
  }

  // {text, gradient}: the value of a text of the cell, or the gradient by it
  open(run, { text, gradient = false }) {
    Object.assign(this, { run, text, gradient, title: run.cell.title, names: inputNames(this.data, run.cell.input) })
    this.element.hidden = false
  }

  close() {
    this.text = null
    this.element.hidden = true
    this.element.replaceChildren()
  }

  show(step, unit) {
    if (!this.text) return
    const { run, text } = this
    const k = Math.min(unit, run.hidden) - 1
    const sum = this.gradient ? gradientSum(run, text, step, k) : valueSum(run, text, step, k, this.names)
    const shown = this.bySize ? [...sum.terms].sort((one, other) => Math.abs(other.value) - Math.abs(one.value)) : sum.terms
    const most = Math.max(...shown.map(term => Math.abs(term.value)))
    const focused = this.element.contains(this.element.getRootNode().activeElement)
    this.element.replaceChildren(
      this.head(sum, step, k),
      html("ul", { class: this.gradient ? "terms ways" : "terms" }, ...shown.map(term => this.line(term, most)),
        ...(sum.rest ? [html("li", { class: "rest" }, html("span", {}, "what rounding leaves"), html("output", {}, sum.rest))] : []),
        html("li", { class: "total" }, html("span", {}, "sum"), html("output", {}, sum.total))),
    )
    if (focused) this.element.querySelector("button").focus()
  }

  head({ name, value }, step, k) {
    const title = html("h3", {}, `${this.title}: `, ...nameOf(name), ` of unit ${k + 1} at step ${step} = ${value}`)
    const sort = html("button", { type: "button", "aria-pressed": String(this.bySize), onclick: () => {
      this.bySize = !this.bySize
      this.show(step, k + 1)
    } }, "Largest first")
    const close = html("button", { type: "button", "aria-label": "Close the opened number", onclick: () => this.close() }, "×")
    return html("header", {}, title, sort, close)
  }

  line({ what, numbers, value, text }, most) {
    const share = most ? Math.abs(value) / most : 0
    const bar = html("i", { class: value < 0 ? "bar negative" : "bar", style: `--share: ${share}` })
    const factors = what.map(part => (typeof part === "string" ? part : this.factor(part)))
    return html("li", {}, html("span", {}, ...factors), html("span", { class: "values" }, numbers), bar, html("output", {}, text))
  }

  factor({ text, name, opens }) {
    if (!opens) return html("span", { "data-name": name }, ...nameOf(text))
    return html("button", {
      type: "button", class: "inner", "data-name": name, "aria-label": `Open ${text}`, onclick: () => this.onMove(this.run, opens),
    }, ...nameOf(text))
  }
}
