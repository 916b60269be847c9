// A number, opened: the sum of every product of its row, in the equation's order or by size.
import { html, nameOf } from "./elements.js"
import { inputNames } from "./data.js"
import { number, remainder } from "./numbers.js"
import { termsOf } from "./terms.js"

export class Opened {
  constructor(data, onMove) {
    this.data = data
    this.onMove = onMove
    this.bySize = false
    this.element = html("section", { class: "opened", "aria-label": "An opened number", hidden: true })
  }

  open(run, text) {
    this.run = run
    this.title = run.cell.title
    this.text = text
    this.names = inputNames(this.data, run.cell.input)
    this.element.hidden = false
  }

  close() {
    this.text = null
    this.element.hidden = true
    this.element.replaceChildren()
  }

  show(step, unit) {
    if (!this.text) return
    const { run } = this
    const k = Math.min(unit, run.hidden) - 1
    const opening = run.cell.openings[this.text]
    const terms = termsOf(run, opening, step, k, this.names)
    const total = run.value(step, opening.total)[k]
    const rest = remainder(terms.map(term => term.value), total)
    const shown = this.bySize ? [...terms].sort((one, other) => Math.abs(other.value) - Math.abs(one.value)) : terms
    const most = Math.max(...terms.map(term => Math.abs(term.value)))
    const focused = this.element.contains(this.element.getRootNode().activeElement)
    this.element.replaceChildren(
      this.head(opening, step, k, total),
      html("ul", { class: "terms" }, ...shown.map(term => this.line(term, most)),
        ...(rest ? [html("li", { class: "rest" }, html("span", {}, "what rounding leaves"), html("output", {}, rest))] : []),
        html("li", { class: "total" }, html("span", {}, "sum"), html("output", {}, number(total)))),
    )
    if (focused) this.element.querySelector("button").focus()
  }

  head(opening, step, k, total) {
    const { run } = this
    const value = run.cell.rows[this.text] === undefined ? null : run.value(step, this.text)[k]
    const whole = opening.function ? ` = ${opening.function === "sigmoid" ? "σ" : opening.function}(${number(total)})` : ""
    const title = html("h3", {}, `${run.cell.title}: `, ...nameOf(this.text.includes("@") ? opening.text : this.text),
      ` of unit ${k + 1} at step ${step} = ${number(value ?? total)}${whole}`)
    const sort = html("button", { type: "button", "aria-pressed": String(this.bySize), onclick: () => {
      this.bySize = !this.bySize
      this.show(step, k + 1)
    } }, "Largest first")
    const close = html("button", { type: "button", "aria-label": "Close the opened number", onclick: () => this.close() }, "×")
    return html("header", {}, title, sort, close)
  }

  line(term, most) {
    const share = most ? Math.abs(term.value) / most : 0
    const bar = html("i", { class: term.value < 0 ? "bar negative" : "bar", style: `--share: ${share}` })
    return html("li", {}, this.what(term), html("span", { class: "values" }, valuesText(term)), bar, html("output", {}, number(term.value)))
  }

  what(term) {
    const minus = term.sign < 0 ? "−" : ""
    if (term.zeros) return html("span", {}, ...nameOf(term.matrix), `[${term.row + 1}, ${term.zeros} other inputs]·0`)
    if (term.matrix) {
      return html("span", {}, minus, ...nameOf(term.matrix), `[${term.row + 1}, ${term.name}]·`, this.factor(term.of), `[${term.name}]`)
    }
    const parts = term.factors.flatMap((factor, at) => [at ? "·" : minus, this.factor(factor), factor.number ? "" : `[${term.index + 1}]`])
    return html("span", {}, ...parts)
  }

  factor(factor) {
    if (!factor.opens) return html("span", { "data-name": factor.value }, ...nameOf(factor.text))
    return html("button", {
      type: "button", class: "inner", "data-name": factor.value, "aria-label": `Open ${factor.text}`,
      onclick: () => { this.onMove(this.run, factor.opens) },
    }, ...nameOf(factor.text))
  }
}

function valuesText(term) {
  if (term.zeros) return ""
  const guard = (text, at) => (at && text.startsWith("−") ? `(${text})` : text)
  const numbers = term.matrix ? [term.weight, term.operand] : term.values
  if (numbers.length < 2) return ""
  return (term.sign < 0 ? "−" : "") + numbers.map(value => number(value)).map((text, at) => guard(text, at || term.sign < 0)).join("·")
}
