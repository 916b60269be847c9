// One Uint8Array -> where to start, what is shown, and the numbers. The layout is that of gru_viz/player/pack.py.

const PREFIX = 24
const TYPES = { f4: Float32Array, f8: Float64Array, u2: Uint16Array }

export function read(bytes) {
  const aligned = bytes.byteOffset % 8 ? bytes.slice() : bytes
  const [length, step, unit, backward, call, large] = new Int32Array(aligned.buffer, aligned.byteOffset, 6)
  const text = aligned.subarray(PREFIX, PREFIX + length)
  const first = aligned.byteOffset + PREFIX + length
  const array = ({ at, count, type }) => new TYPES[type](aligned.buffer, first + at, count)
  const header = JSON.parse(new TextDecoder().decode(text))
  return { ...header, start: { step, unit, backward: backward === 1, call }, large: large === 1, array }
}

// A name for what stands in a column of the input: in quotes the label of a step that has it; else its number.
export function inputNames(data, input) {
  const names = Array.from({ length: input.width }, (_, column) => String(column + 1))
  if (!input.index) return names
  data.array(input.index).forEach((column, step) => { names[column] = `"${data.labels[step]}"` })
  return names
}
