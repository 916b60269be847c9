// Reads {bytes: path} on its standard input and prints what the player's scripts make of these bytes, as JSON.
import { readFileSync } from "node:fs"
import { inputNames, read } from "../../gru_viz/player/js/data.js"
import { gradientTerms } from "../../gru_viz/player/js/paths.js"
import { Run } from "../../gru_viz/player/js/run.js"
import { termsOf } from "../../gru_viz/player/js/terms.js"

const { bytes } = JSON.parse(readFileSync(0, "utf8"))
const data = read(new Uint8Array(readFileSync(bytes)))
const range = count => Array.from({ length: count }, (_, k) => k)
const steps = range(data.steps).map(t => t + 1)
const mapOf = (keys, make) => Object.fromEntries(keys.map(key => [key, make(key)]))

const cells = data.cells.map(cell => {
  const run = new Run(data, cell)
  const names = inputNames(data, cell.input)
  const rows = Object.keys(cell.rows)
  const ids = cell.diagram.nodes.filter(node => node.kind !== "join").map(node => node.id)
  return {
    title: cell.title,
    stateNames: cell.stateNames,
    nodes: cell.diagram.nodes,
    values: mapOf(rows, text => steps.map(step => [...run.value(step, text)])),
    exponents: [...run.exponents],
    adjoints: mapOf(rows.filter(text => text !== "x"), text => steps.map(step => [...run.adjoint(step, text)])),
    totals: mapOf(ids, id => steps.map(step => [...(run.gradient(step).of.get(id) ?? [])])),
    wires: mapOf(cell.diagram.edges.map(edge => edge.id), id =>
      run.pairs(cell.diagram.edges.find(edge => edge.id === id))),
    openings: mapOf(Object.keys(cell.openings), text => range(cell.hidden).map(unit => {
      const step = 1 + ((7 * unit) % data.steps)
      const terms = termsOf(run, cell.openings[text], step, unit, names)
      return { step, unit, total: cell.openings[text].total, terms: terms.map(({ value, zeros }) => [value, zeros ?? 0]) }
    })),
    // Each gradient of each unit at each step, opened: [its terms, its value]
    gradients: mapOf(rows.filter(text => run.adjointsAt(1).has(cell.rows[text]) && text !== "x"), text =>
      steps.map(step => range(cell.hidden).map(unit => [
        gradientTerms(run, cell.rows[text], step, unit).map(({ value }) => value), run.adjoint(step, text)[unit],
      ]))),
  }
})
const replacer = (_, value) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value)
process.stdout.write(JSON.stringify({ start: data.start, labels: data.labels, cells }, replacer))
