// Where diagrams stand and how large: {scale of a diagram, rows of {diagram, room in px}, px that a letter has at least}.

export const GAP = 24  // px, as in the style sheet
const LARGEST = 1.2
const SMALLEST = 0.92  // of a diagram's own size; below it there is no room for its text, and cells stand below each other
const ALONE = 0.87  // below it there is no room for numbers that can be read on a phone
const [CLEAR, HUGE] = [0.9, 3]  // in a room
const GIVEN = 0.85  // of its size there a diagram gives up the rest where its formulas then stand beside it
export const FORMULA = 300  // px that a formula needs, in lines; as in the style sheet
const LINES = 58  // px of its height

// In rows, all at one scale: as low as they can be drawn and still be read.
export function arrange(diagrams, width) {
  const ways = partitions(diagrams).flatMap(rows => {
    const largest = Math.min(...rows.map(row => fitting(row, width)))
    const scales = [largest, SMALLEST].filter(scale => scale <= largest)
    return scales.map(scale => ({ scale, rows: rows.map(row => rooms(row, scale, width)) }))
  })
  const readable = ways.filter(way => way.scale >= SMALLEST)
  const best = (readable.length ? readable : ways.slice(-1)).reduce((one, other) => (height(other) < height(one) ? other : one))
  const scale = Math.max(best.scale, 0.01)
  return { scale: () => scale, rows: best.rows, letters: 11 }
}

// One below the other, each as large as it fits; the largest ones scroll.
export function alone(diagrams, width) {
  return {
    scale: diagram => Math.min(LARGEST, Math.max(ALONE, width / diagram.drawing.width)),
    rows: diagrams.map(diagram => [{ diagram, room: width }]),
    letters: 12,
  }
}

// In a room each has all the room there is.
export function filling(diagrams, width, height) {
  return {
    scale: ({ drawing }) => {
      const largest = Math.min(HUGE, width / drawing.width, height / drawing.height)
      const beside = (width - GAP - FORMULA) / drawing.width
      return Math.max(CLEAR, beside < GIVEN * largest ? largest : Math.min(largest, beside))
    },
    rows: diagrams.map(diagram => [{ diagram, room: width }]),
    letters: 16,
  }
}

// All ways to cut a list into rows; the last has one in each.
function partitions([first, ...others]) {
  if (!others.length) return [[[first]]]
  return partitions(others).flatMap(([row, ...rest]) => [[[first, ...row], ...rest], [[first], row, ...rest]])
}

function needed(row, scale) {
  return row.reduce((sum, { drawing }) => sum + Math.max(drawing.width * scale, FORMULA), GAP * (row.length - 1))
}

// The largest scale at which a row fits.
function fitting(row, width) {
  if (row.length === 1) return Math.min(LARGEST, width / row[0].drawing.width)
  let scale = LARGEST
  while (scale > 0 && needed(row, scale) > width) scale -= 0.01
  return scale
}

function height({ rows, scale }) {
  return rows.reduce((sum, row) => sum + Math.max(...row.map(one => needs(one, scale))) + GAP, 0)
}

// Formulas stand beside their diagram where there is room, else below it.
function needs({ diagram: { drawing, run }, room }, scale) {
  const [drawn, written] = [drawing.height * scale, run.cell.formulas.length * LINES]
  return room - drawing.width * scale - GAP >= FORMULA ? Math.max(drawn, written) : drawn + written
}

function rooms(row, scale, width) {
  const spare = Math.max(0, width - needed(row, scale)) / row.length
  return row.map(diagram => ({ diagram, room: Math.floor(Math.max(diagram.drawing.width * scale, FORMULA) + spare) }))
}
