// Reads {numbers, logs, sums, far} on its standard input and prints how the player writes them.
import { readFileSync } from "node:fs"
import { fromLog10, number, remainder, remainderFromLog10 } from "../../gru_viz/player/js/numbers.js"

const sized = ([sign, log10]) => ({ sign, log10: log10 ?? -Infinity })
const { numbers, logs, sums, far } = JSON.parse(readFileSync(0, "utf8"))
process.stdout.write(JSON.stringify({
  numbers: numbers.map(value => number(value)),
  logs: logs.map(log10 => fromLog10(1, log10)),
  remainders: sums.map(([parts, total]) => remainder(parts, total)),
  farRemainders: far.map(([parts, total]) => remainderFromLog10(parts.map(sized), sized(total))),
}))
