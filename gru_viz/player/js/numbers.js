// Numbers as people read them: three significant digits, a real minus sign, powers of ten (as gru_viz.theme.number).

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" }

function powerOfTen(exponent) {
  if (exponent === 0 || exponent === 1) return exponent ? "10" : "1"
  return "10" + [...String(exponent)].map(digit => RAISED[digit]).join("")
}

// [mantissa as text, exponent] -> text
function digitsText(mantissa, exponent, digits) {
  if (exponent <= -4 || exponent >= 5) return `${mantissa}·${powerOfTen(exponent)}`
  const fixed = Number(`${mantissa}e${exponent}`).toFixed(Math.max(0, digits - 1 - exponent))
  return fixed.replace(/^\d{5,}/, whole => whole.replace(/\B(?=(\d{3})+$)/g, "\u202f"))
}

export function number(value, digits = 3) {
  if (value === 0) return "0"
  if (!Number.isFinite(value)) return { Infinity: "∞", "-Infinity": "−∞" }[value] ?? "not a number"
  const [mantissa, exponent] = Math.abs(value).toExponential(digits - 1).split("e")
  return (value < 0 ? "−" : "") + digitsText(mantissa, Number(exponent), digits)
}

// sign * 10**log10, far outside the range of a float too
export function fromLog10(sign, log10, digits = 3) {
  if (log10 === -Infinity || sign === 0) return "0"
  if (!Number.isFinite(log10)) return "not a number"
  return (sign < 0 ? "−" : "") + digitsText(...scientific(log10, digits), digits)
}

// [mantissa as text, exponent] of 10**log10
function scientific(log10, digits) {
  const exponent = Math.floor(log10)
  const mantissa = (10 ** (log10 - exponent)).toFixed(digits - 1)
  return Number(mantissa) >= 10 ? [(1).toFixed(digits - 1), exponent + 1] : [mantissa, exponent]
}

// What has to be added to the parts, as shown, to give the total, as shown; "" where they add up: within half a unit of
// the total's last digit. As gru_viz.notation.remainder, in whole numbers.
export function remainder(parts, total, digits = 3) {
  if (![...parts, total].every(Number.isFinite)) return ""
  return lacking(parts.map(part => decimal(part, digits)), decimal(total, digits))
}

// The same for numbers given as their sign and log10, far outside the range of a float too.
export function remainderFromLog10(parts, total, digits = 3) {
  if ([...parts, total].some(({ log10 }) => Number.isNaN(log10) || log10 === Infinity)) return ""
  return lacking(parts.map(part => decimalFromLog10(part, digits)), decimalFromLog10(total, digits))
}

function lacking(shown, goal) {
  const lowest = Math.min(goal.exponent, ...shown.map(part => part.exponent))
  const inUnits = part => part.digits * 10n ** BigInt(part.exponent - lowest)
  const unit = 10n ** BigInt(goal.exponent - lowest)
  const added = shown.reduce((sum, part) => sum + inUnits(part), 0n)
  const apart = inUnits(goal) - added
  if (2n * (apart < 0n ? -apart : apart) <= unit) return ""
  const left = goal.digits - rounded(added, unit)
  const sign = left < 0n ? "−" : ""
  const steps = left < 0n ? -left : left
  const text = String(steps).replace(/0+$/, "")
  const places = text.length
  const exponent = goal.exponent + String(steps).length - 1
  return sign + digitsText(Number(`${steps}e${1 - String(steps).length}`).toFixed(places - 1), exponent, places)
}

// value / unit, to the nearest whole number, a half to the even one
function rounded(value, unit) {
  const size = value < 0n ? -value : value
  let result = size / unit
  const twice = 2n * (size % unit)
  if (twice > unit || (twice === unit && result % 2n === 1n)) result += 1n
  return value < 0n ? -result : result
}

// The number as shown: a whole number times a power of ten, that of its last digit.
function decimal(value, digits) {
  if (value === 0) return { digits: 0n, exponent: 0 }
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e")
  return whole(mantissa, Number(exponent), digits)
}

function decimalFromLog10({ sign, log10 }, digits) {
  if (log10 === -Infinity || sign === 0) return { digits: 0n, exponent: 0 }
  const { digits: size, exponent } = whole(...scientific(log10, digits), digits)
  return { digits: sign < 0 ? -size : size, exponent }
}

function whole(mantissa, exponent, digits) {
  const last = exponent - digits + 1
  const size = BigInt(mantissa.replace(".", ""))
  if (last <= 0 || exponent >= 5) return { digits: size, exponent: last }
  return { digits: size * 10n ** BigInt(last), exponent: 0 }  // 12 300 ends with its ones
}
