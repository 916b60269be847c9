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
    const symbols = wrapping(formula.symbols)
    const numbers = wrapping(formula.numbers)
    mark(symbols)
    const slots = [...numbers.querySelectorAll("[data-symbol]")].map(element => this.slot(element))
    const gradient = html("button", { type: "button", class: "gradient", onclick: () => onOpen({ text: formula.symbol, gradient: true }) })
    const button = html("button", {
      type: "button", class: "name", "data-name": formula.symbol, "data-role": cell.roles[formula.name] ?? null,
      title: cell.meanings[formula.name] ?? null, "aria-label": `Open ${formula.symbol} of ${cell.title}`,
      onclick: () => onOpen({ text: formula.symbol, gradient: this.backward }),
    }, html("i", { class: "swatch" }), ...nameOf(formula.symbol))
    numbers.addEventListener("click", event => {
      const text = event.target.closest("[data-open]")?.dataset.open
      if (text) onOpen({ text })
    })
    const ofState = cell.stateNames.includes(formula.name)
    const element = html("div", { class: ofState ? "formula state" : "formula" }, button, html("div", {}, symbols, html("div", { class: "numbers" }, numbers), gradient))
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
    this.backward = backward
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

// A formula that goes on in the next line where there is no room: one <math> for each piece, as MathML has no lines.
function wrapping([tag, attributes, ...children]) {
  const found = pieces(["mrow", {}, ...children]).map(piece => math([tag, attributes, ...piece]))
  return html("span", { class: "wrapping" }, ...found.flatMap((piece, at) => (at ? [html("wbr"), piece] : [piece])))
}

// Before each = + − that stands between two things a new piece begins; each holds the groups that it is a part of.
function pieces(tree) {
  const [tag, attributes, ...children] = tree
  if (tag !== "mrow") return [[tree]]
  const found = [[]]
  for (const child of children) {
    if (betweenTwo(child) && found.at(-1).length) found.push([[child[0], { ...child[1], form: "infix" }, child[2]]])
    else {
      const [first, ...others] = pieces(child)
      found.at(-1).push(...first)
      found.push(...others)
    }
  }
  return found.length === 1 ? [[tree]] : found.map(piece => [[tag, attributes, ...piece]])
}

function betweenTwo([tag, { form }, text]) {
  return tag === "mo" && form !== "prefix" && "=+−".includes(text)
}

// What is pointed at lights up everywhere under its name.
function mark(formula) {
  for (const element of formula.querySelectorAll("[data-symbol]")) element.dataset.name = element.dataset.symbol
}
