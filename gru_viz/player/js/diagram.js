// A cell's diagram: wires and parts with their numbers, valves as open as theirs, and values that travel along the wires.
import { html, setText, svg } from "./elements.js"
import { canOpen } from "./opened.js"

const DASHES = { solid: "", dash: "6 3", dot: "1.6 3", dashdot: "8 3 2 3", longdash: "11 3" }
const SIGNS = { "+": "M-4.2 0h8.4M0 -4.2v8.4", "−": "M-4.2 0h8.4", "×": "M-3 -3l6 6m0 -6l-6 6" }
const STRIP = 5  // px: the height of the strip of all units
const STRIP_WIDTH = 44  // … where it stands beside a part
const ROOM = { letters: 7, digits: 2 }  // for a number, and for its digits before a power of ten
const [SMALL, USUAL] = [11, 12]  // px of a drawing: the letters that leave a number all that room, and those that leave it least

export class Diagram {
  constructor(run, onOpen) {
    this.run = run
    this.drawing = run.cell.diagram
    this.room = ROOM
    const { width, height, nodes, edges, labels, branches, describe } = this.drawing
    this.canvas = html("canvas", { "aria-hidden": "true" })
    this.picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": describe })
    this.sheet = html("div", { class: "sheet" }, this.picture, this.canvas)
    this.element = html("div", { class: "diagram" }, this.sheet)
    this.parts = new Map(nodes.map(node => [node.id, { node, rank: 0 }]))
    for (const node of nodes) {
      this.parts.get(node.id).rank = Math.max(-1, ...this.entering(node).map(id => this.parts.get(id).rank)) + 1
    }
    this.last = Math.max(1, ...[...this.parts.values()].map(part => part.rank))
    this.wires = [...edges].sort((one, other) => one.stateLine - other.stateLine).map(edge => this.wire(edge))
    for (const [x, y] of branches) this.picture.append(svg("circle", { cx: x, cy: y, r: 2.5, class: "branch" }))
    for (const part of this.parts.values()) this.draw(part)
    for (const [id, text, x, y, size] of labels) this.label(this.parts.get(id), text, x, y, size)
    this.picture.addEventListener("click", event => {
      const text = event.target.closest("[data-open]")?.dataset.open
      if (text) onOpen({ text, gradient: this.view.backward })
    })
  }

  entering(node) {
    return this.drawing.edges.filter(edge => edge.target === node.id).map(edge => edge.source)
  }

  wire(edge) {
    const line = svg("path", { d: edge.path, class: "wire", "stroke-dasharray": DASHES[edge.line] })
    const head = svg("path", { d: edge.head })
    const pulse = svg("path", { d: edge.path, class: "pulse", pathLength: "1" })
    const group = svg("g", { "data-role": edge.role || null }, line, head, pulse)
    if (edge.carries.length === 1) group.dataset.name = edge.carries[0]
    this.picture.append(group)
    return { edge, group, line, head, pulse, from: this.parts.get(edge.source), to: this.parts.get(edge.target) }
  }

  draw(part) {
    const { node } = part
    const [x, y, width, height] = node.box
    const group = svg("g", { transform: `translate(${x} ${y})`, "data-node": node.id, "data-kind": node.kind })
    if (node.expression) group.dataset.name = node.expression
    if (node.role) group.dataset.role = node.role
    part.group = group
    if (node.kind === "join") group.append(svg("circle", { r: width / 2, class: "join" }))
    else if (node.kind === "valve") this.valve(part, width / 2)
    else if (SIGNS[node.label] && width < 20 && node.kind !== "plain") {
      group.append(svg("circle", { r: width / 2 - 0.75, class: "ring" }), svg("path", { d: SIGNS[node.label], class: "sign" }))
    } else if (width) this.box(part, width, height)
    this.picture.append(group)
  }

  // A pipe seen from the side: two shutters leave an opening as wide as the gate's value, along the wire it acts on.
  valve(part, radius) {
    const { node } = part
    const gate = this.drawing.edges.find(edge => edge.target === node.id && edge.gate)
    const value = this.drawing.edges.find(edge => edge.target === node.id && !edge.gate) ?? gate
    const inner = radius - 1.5
    part.gate = gate && this.parts.get(gate.source).node
    part.opening = svg("rect", { class: "opening", x: -inner, y: -inner, width: 2 * inner, height: 2 * inner })
    part.along = value.enters
    part.group.append(
      svg("circle", { r: radius - 0.75, class: "shut" }),
      svg("g", { style: `clip-path: circle(${inner}px)` }, part.opening),
      svg("circle", { r: radius - 0.75, class: "rim" }),
    )
    part.opening.dataset.role = part.gate?.role ?? "gate"
  }

  box(part, width, height) {
    const { node } = part
    const frame = { x: -width / 2, y: -height / 2, width, height, rx: 5 }
    part.level = svg("rect", { ...frame, class: "level" })
    part.group.append(svg("rect", { ...frame, class: "ground" }), part.level, svg("rect", { ...frame, class: "frame" }))
    part.group.append(textAt("function", 0, -height / 2 + 10, node.label))
    this.number(part, 0, -height / 2 + 25, "middle")
    part.strip = [node.box[0] - width / 2 + 5, node.box[1] + height / 2 - STRIP - 3, width - 10]
  }

  label(part, text, x, y, size) {
    const { node } = part
    const [left, top] = [x - node.box[0] - size / 2, y - node.box[1]]
    const port = ["input", "before", "after"].includes(node.kind)
    if (port) {
      part.group.append(textAt("name", left + size / 2, top - 9, text))
      this.number(part, left + size / 2, top + 6, "middle")
      if (node.kind !== "input") part.strip = [x - size / 2 + 2, y + 16, size - 4]
      return
    }
    if (text) part.group.append(textAt("name", left, part.number ? top - 2 : top - 4, text, "start"))
    if (part.number) return
    this.number(part, text ? left + size : left + size / 2, top - 4, text ? "end" : "middle")
    part.strip = [x + (text ? size / 2 - STRIP_WIDTH : -STRIP_WIDTH / 2), y + 5, STRIP_WIDTH]
  }

  number(part, x, y, anchor) {
    part.text = document.createTextNode("")
    part.number = svg("text", { class: "number", x, y, "text-anchor": anchor }, part.text)
    part.group.append(part.number)
  }

  // -- what a step shows ----------------------------------------------------------------------------------------------

  // What has no room in `room` px scrolls in its own box. Letters have `letters` px or more at any scale.
  layout(scale, room, letters) {
    const { width, height } = this.drawing
    const [across, down] = [width * scale, height * scale]
    this.element.style.width = `${Math.min(room, across)}px`
    this.sheet.style.width = `${across}px`
    this.sheet.style.height = `${down}px`
    this.overhang = Math.max(0, across - room)
    if (this.overhang) this.element.tabIndex = 0
    else this.element.removeAttribute("tabindex")
    const least = letters / scale
    this.room = least > SMALL ? { letters: least > USUAL ? 6 : 7, digits: 1 } : ROOM
    this.picture.style.setProperty("--least", `${least}px`)
    this.scale = scale * devicePixelRatio * (this.sheet.currentCSSZoom ?? 1)
    this.canvas.width = Math.round(width * this.scale)
    this.canvas.height = Math.round(height * this.scale)
  }

  // `view` says what each part and wire shows; see view.js. With a phase from 0 to 1 only what has been reached by then
  // has its number, and the values between two parts are on their way.
  show(view, phase = 1) {
    const fresh = view !== this.view
    this.view = view
    if (fresh && phase < 1) for (const thing of [...this.parts.values(), ...this.wires]) this.pend(thing)
    for (const part of this.parts.values()) {
      if ((fresh || part.pending) && this.arrival(part) <= phase) this.fill(part)
    }
    for (const wire of this.wires) {
      if ((fresh || wire.pending) && this.arrival(wire) <= phase) this.colour(wire)
      this.travel(wire, phase)
    }
    // What is too wide moves with the values, to its very end, however few frames there were on the way.
    const moves = phase < 1 || (this.moved && !fresh)
    if (this.overhang && moves) this.element.scrollLeft = this.overhang * (view.backward ? 1 - phase : phase)
    this.moved = phase < 1
    if (view.backward !== this.turned) this.turn(view.backward)
  }

  // What can be opened: in the other direction it is the gradients.
  turn(backward) {
    this.turned = backward
    for (const { node, group } of this.parts.values()) {
      if (canOpen(this.run, { text: node.expression, gradient: backward })) group.dataset.open = node.expression
      else delete group.dataset.open
    }
  }

  // When a value has arrived, from 0 to 1: in the order of computation, or the other way round.
  arrival(thing) {
    const rank = thing.edge ? (this.view.backward ? thing.to : thing.from).rank : thing.rank
    return this.view.backward ? 1 - rank / this.last : rank / this.last
  }

  pend(thing) {
    thing.pending = true
    thing.group.classList.add("pending")
  }

  fill(part) {
    const shown = this.view.part(part.node)
    if (part.pending) part.group.classList.remove("pending")
    part.pending = false
    if (part.text) {
      setText(part.text, shown.text)
      part.number.classList.toggle("long", shown.text.length > 6)
      part.number.classList.toggle("longer", shown.text.length > 8)
    }
    if (part.level) part.level.style.fill = shown.colour
    if (part.strip && shown.units) this.strip(part.strip, shown)
    if (part.opening) this.open(part)
  }

  open(part) {
    const share = Math.min(1, Math.max(0, this.view.opening(part.gate)))
    part.opening.style.transform = part.along ? `scaleY(${share})` : `scaleX(${share})`
  }

  // A cell for each unit; a negative one, as in the figures, fills only the lower half.
  strip([left, top, width], { units, negative, unit }) {
    const context = this.canvas.getContext("2d")
    const each = (width * this.scale) / units.length
    const [x, y, height] = [left * this.scale, top * this.scale, STRIP * this.scale]
    context.clearRect(x - 2, y - 2, width * this.scale + 4, height + 4)
    context.fillStyle = this.view.colours.theme.ground
    context.fillRect(x, y, width * this.scale, height)
    units.forEach((colour, k) => {
      const tall = negative?.[k] ? height / 2 : height
      context.fillStyle = colour
      context.fillRect(x + k * each, y + height - tall, each + 0.5, tall)
    })
    context.strokeStyle = this.view.ink
    context.lineWidth = 0.5
    context.strokeRect(x, y, width * this.scale, height)
    context.lineWidth = 1.5 * devicePixelRatio
    context.strokeRect(x + unit * each, y, each, height)
  }

  colour(wire) {
    const { width, colour, opacity } = this.view.wire(wire.edge)
    if (wire.pending) wire.group.classList.remove("pending")
    wire.pending = false
    wire.line.style.setProperty("--width", `${width}px`)
    wire.line.style.stroke = wire.head.style.fill = colour
    wire.line.style.opacity = opacity
  }

  travel(wire, phase) {
    const [first, last] = this.view.backward ? [wire.to, wire.from] : [wire.from, wire.to]
    const [start, end] = [this.arrival(first), this.arrival(last)]
    const moving = phase < 1 && phase > start && phase < end
    if (moving) {
      const share = (phase - start) / (end - start)
      wire.pulse.style.strokeDashoffset = String(-(this.view.backward ? 1 - share : share) + 0.25)
    }
    if (moving !== Boolean(wire.moving)) wire.pulse.classList.toggle("moving", moving)
    wire.moving = moving
  }
}

function textAt(kind, x, y, text, anchor = "middle") {
  const element = svg("text", { class: kind, x, y, "text-anchor": anchor })
  let lowered = 0
  for (const part of text.split(/(_[^\s_]+)/).filter(Boolean)) {
    const low = part.startsWith("_") ? 3 : 0
    element.append(svg("tspan", { dy: low - lowered, class: low ? "low" : null }, low ? part.slice(1) : part))
    lowered = low
  }
  return element
}
