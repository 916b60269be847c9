// The terms of an opened number, for one unit (k, from 0) at one step (from 1): each product of a matrix's row is one.

export function termsOf(run, opening, step, k, names) {
  return opening.terms.flatMap(term => (term.matrix ? row(run, term, step, k, names) : [product(run, term, step, k)]))
}

function product(run, { sign, factors }, step, k) {
  const values = factors.map(factor => run.value(step, factor.value)[k])
  return { factors, values, index: k, sign, value: values.reduce((whole, each) => whole * each, sign) }
}

// Of a one-hot input one product is left; the others, all 0, are one term together.
function row(run, { sign, matrix, of }, step, k, names) {
  const operand = run.value(step, of.value)
  const ofInput = of.value === "x"
  const first = k * operand.length
  const all = Array.from(operand, (value, column) => {
    const weight = run.params[matrix][first + column]
    const name = ofInput ? names[column] : String(column + 1)
    return { matrix, row: k, name, of, weight, operand: value, sign, value: sign * weight * value }
  })
  if (!ofInput || !run.index) return all
  const kept = all.filter(each => each.operand !== 0)
  return all.length > kept.length ? [...kept, { zeros: all.length - kept.length, matrix, row: k, value: 0 }] : kept
}
