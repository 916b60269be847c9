// Reads {numbers, logs, sums} on its standard input and prints how the player writes them.
import { readFileSync } from "node:fs"
import { fromLog10, number, remainder } from "../../gru_viz/player/js/numbers.js"

const { numbers, logs, sums } = JSON.parse(readFileSync(0, "utf8"))
process.stdout.write(JSON.stringify({
  numbers: numbers.map(value => number(value)),
  logs: logs.map(log10 => fromLog10(1, log10)),
  remainders: sums.map(([parts, total]) => remainder(parts, total)),
}))
