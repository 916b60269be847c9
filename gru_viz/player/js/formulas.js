// A cell's formulas, in symbols and with the unit's numbers at this step; each number can be opened.
import { html, math, nameOf, setText } from "./elements.js"
import { fromLog10, number } from "./numbers.js"

export class Formulas {
  constructor(run, onOpen) {
    this.run = run
    this.rows = run.cell.formulas.map(formula => this.row(formula, onOpen))
    this.element = html("div", { class: "formulas" }, ...this.rows.map(row => row.element))
  }

  row(formula, onOpen) {
    const { cell } = this.run
    const symbols = math(formula.symbols)
    const numbers = math(formula.numbers)
    mark(symbols)
    const slots = [...numbers.querySelectorAll("[data-symbol]")].map(element => this.slot(element))
    const gradient = html("span", { class: "gradient" }, "")
    const button = html("button", {
      type: "button", class: "name", "data-name": formula.symbol, "data-role": cell.roles[formula.name] ?? null,
      title: cell.meanings[formula.name] ?? null, "aria-label": `Open ${formula.symbol} of ${cell.title}`,
      onclick: () => onOpen(formula.symbol),
    }, html("i", { class: "swatch" }), ...nameOf(formula.symbol))
    numbers.addEventListener("click", event => {
      const symbol = event.target.closest("[data-open]")?.dataset.open
      if (symbol) onOpen(symbol)
    })
    const element = html("div", { class: "formula" }, button, html("div", {}, symbols, html("div", { class: "numbers" }, numbers), gradient))
    return { formula, slots, gradient, numbers, element }
  }

  // A place for a number: its text alone is changed from step to step.
  slot(element) {
    const symbol = element.dataset.symbol
    const text = document.createTextNode("")
    element.replaceChildren(math(["mn", {}]))
    element.firstChild.append(text)
    element.dataset.name = symbol
    if (this.run.cell.openings[symbol]) element.dataset.open = symbol
    return { symbol, text, guarded: element.dataset.brackets === "negative" }
  }

  show(step, unit, backward) {
    const k = Math.min(unit, this.run.hidden) - 1
    for (const row of this.rows) {
      for (const { symbol, text, guarded } of row.slots) {
        const shown = number(this.run.value(step, symbol)[k])
        setText(text, guarded && shown.startsWith("−") ? `(${shown})` : shown)
      }
      row.gradient.hidden = !backward
      if (backward) setText(row.gradient, this.gradient(row.formula, step, k))
    }
  }

  gradient({ symbol }, step, k) {
    const { sign, log10 } = this.run.signedAdjoint(step, symbol, k)
    return `∂L/∂${symbol.replace("'", "′")} = ${fromLog10(sign, log10)}`
  }
}

// What is pointed at lights up everywhere under its name.
function mark(formula) {
  for (const element of formula.querySelectorAll("[data-symbol]")) element.dataset.name = element.dataset.symbol
}
