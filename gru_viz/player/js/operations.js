// The operations of a tape: what a function's value is, and its derivative, from its value y and its argument a.

export const FUNCTIONS = {
  sigmoid: { value: a => 1 / (1 + Math.exp(-a)), slope: y => y * (1 - y) },
  tanh: { value: Math.tanh, slope: y => 1 - y * y },
  relu: { value: a => Math.max(a, 0), slope: (y, a) => (a > 0 ? 1 : 0) },
}

// matrix @ vector; the matrix is one array, row by row
export function times(matrix, vector, rows) {
  const width = vector.length
  const out = new Float64Array(rows)
  for (let row = 0, at = 0; row < rows; row++) {
    let sum = 0
    for (let k = 0; k < width; k++, at++) sum += matrix[at] * vector[k]
    out[row] = sum
  }
  return out
}

// out += matrix transposed @ vector
export function addTransposed(out, matrix, vector) {
  const width = out.length
  for (let row = 0, at = 0; row < vector.length; row++) {
    const factor = vector[row]
    if (factor === 0) { at += width; continue }
    for (let k = 0; k < width; k++, at++) out[k] += matrix[at] * factor
  }
}
