// Numbers as people read them: three significant digits, a real minus sign, powers of ten (as gru_viz.theme.number).

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" }

export function powerOfTen(exponent) {
  if (exponent === 0 || exponent === 1) return exponent ? "10" : "1"
  return "10" + [...String(exponent)].map(digit => RAISED[digit]).join("")
}

// [mantissa as text, exponent] -> text
function digitsText(mantissa, exponent, digits) {
  if (exponent <= -4 || exponent >= 5) return `${mantissa}·${powerOfTen(exponent)}`
  const fixed = Number(`${mantissa}e${exponent}`).toFixed(Math.max(0, digits - 1 - exponent))
  return fixed.replace(/^\d+/, whole => whole.replace(/\B(?=(\d{3})+$)/g, "\u202f"))
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
  let exponent = Math.floor(log10)
  let mantissa = (10 ** (log10 - exponent)).toFixed(digits - 1)
  if (Number(mantissa) >= 10) {
    mantissa = (1).toFixed(digits - 1)
    exponent += 1
  }
  return (sign < 0 ? "−" : "") + digitsText(mantissa, exponent, digits)
}

// What has to be added to the parts, as shown, to give the total, as shown; "" where they add up: within half a unit of
// the total's last digit. As gru_viz.notation.remainder, in whole numbers.
export function remainder(parts, total, digits = 3) {
  if (![...parts, total].every(Number.isFinite)) return ""
  const goal = decimal(total, digits)
  const shown = parts.map(part => decimal(part, digits))
  const lowest = Math.min(goal.exponent, ...shown.map(part => part.exponent))
  const whole = part => part.digits * 10n ** BigInt(part.exponent - lowest)
  const unit = 10n ** BigInt(goal.exponent - lowest)
  const added = shown.reduce((sum, part) => sum + whole(part), 0n)
  const apart = whole(goal) - added
  if (2n * (apart < 0n ? -apart : apart) <= unit) return ""
  const lacking = goal.digits - rounded(added, unit)
  const sign = lacking < 0n ? "−" : ""
  const steps = lacking < 0n ? -lacking : lacking
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
  const last = Number(exponent) - digits + 1
  const whole = BigInt(mantissa.replace(".", ""))
  if (last <= 0 || Number(exponent) >= 5) return { digits: whole, exponent: last }
  return { digits: whole * 10n ** BigInt(last), exponent: 0 }  // 12 300 ends with its ones
}
