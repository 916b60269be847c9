// What a number's colour is, on a light or a dark ground. All scales are those of gru_viz.theme and its figures.

// Cividis (Nuñez, Anderton and Renslow 2018): the same for all kinds of eyes
const CIVIDIS = ["#00224E", "#123570", "#3B496C", "#575D6D", "#707173", "#8A8678", "#A59C74", "#C3B369", "#E1CC55", "#FEE838"]
const LEVELS = 64

export class Colours {
  constructor(theme) {
    this.theme = theme
    this.signedScale = levels(theme.signed)
    this.sizeScale = levels(CIVIDIS)
    this.roles = Object.fromEntries(
      Object.entries(theme.roles).map(([role, colour]) => [role, levels([theme.ground, colour])]))
  }

  // What follows gives a colour for a style, or with `packed` one for an ImageData's Uint32Array.
  role(role) { return this.theme.roles[role] ?? this.theme.quiet }

  // 0 … 1
  gate(role, value, packed) { return pick(this.roles[role] ?? this.roles.gate, value, packed) }

  // -1 … 1
  signed(value, packed) { return pick(this.signedScale, (value + 1) / 2, packed) }

  // 0 … 1 for the smallest to the largest; nothing for an exact zero
  size(share, packed) { return share === -Infinity ? pick(this.roles.gate, 0, packed) : pick(this.sizeScale, share, packed) }
}

function pick(scale, share, packed = false) {
  return scale[packed ? "packed" : "css"][Math.round(Math.min(1, Math.max(0, share || 0)) * LEVELS)]
}

function levels(stops) {
  const parsed = stops.map(stop => [1, 3, 5].map(at => parseInt(stop.slice(at, at + 2), 16)))
  const mixed = Array.from({ length: LEVELS + 1 }, (_, level) => {
    const place = (level / LEVELS) * (stops.length - 1)
    const first = Math.min(Math.floor(place), stops.length - 2)
    return parsed[first].map((value, k) => Math.round(value + (place - first) * (parsed[first + 1][k] - value)))
  })
  const packed = new Uint32Array(Uint8ClampedArray.from(mixed.flatMap(colour => [...colour, 255])).buffer)
  return { css: mixed.map(colour => `rgb(${colour.join(",")})`), packed }
}
