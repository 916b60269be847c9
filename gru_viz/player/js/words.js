// What a screen reader says when motion stops.
import { fromLog10, number } from "./numbers.js"

export function where(data, step) {
  return `step ${step} of ${data.steps}, “${data.labels[step - 1]}”`
}

export function sentence(data, runs, { step, unit, backward }) {
  const each = runs.map(run => {
    const k = Math.min(unit, run.hidden) - 1
    const values = run.cell.formulas.map(({ symbol, name }) => {
      if (!backward) return `${name} ${number(run.value(step, symbol)[k])}`
      const { sign, log10 } = run.signedAdjoint(step, symbol, k)
      return `${name} ${fromLog10(sign, log10)}`
    })
    return `${run.cell.title}: ${values.join(", ")}.`
  })
  const head = `Step ${step} of ${data.steps}, “${data.labels[step - 1]}”, unit ${unit}`
  return `${head}${backward ? ", gradients of the loss" : ""}. ${each.join(" ")}`
}
