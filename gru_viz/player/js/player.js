// The player: one cursor over tokens, diagrams, formulas and history of several cells. Knows a container and bytes.
import { FORMULA, GAP, alone, arrange, filling } from "./arrange.js"
import { Colours } from "./colours.js"
import { Controls } from "./controls.js"
import { read } from "./data.js"
import { Diagram } from "./diagram.js"
import { html, setText } from "./elements.js"
import { Formulas } from "./formulas.js"
import { History } from "./history.js"
import { Opened, canOpen } from "./opened.js"
import { Run } from "./run.js"
import { Tokens } from "./tokens.js"
import { Backward, Forward, scales } from "./view.js"
import { sentence, where } from "./words.js"

const NARROW = 560  // px: a phone, which shows one cell at a time
const STEP = 1200  // ms that one step takes at speed 1
const REST = 0.25  // of them nothing moves at the end
const CALM = 250  // ms after the last key until the hand has let go

class Player {
  constructor(container, bytes, { onSettle = () => {} } = {}) {
    this.onSettle = onSettle
    this.state = { step: 0, unit: 1, backward: false, playing: false, speed: 1, phase: 1, cell: 0 }
    this.root = html("div", { class: "gru-viz" })
    this.root.addEventListener("keydown", event => this.controls.key(event))
    this.root.addEventListener("pointerover", event => this.light(event.target))
    this.root.addEventListener("pointerleave", () => this.light(null))
    this.root.addEventListener("transitionend", event => { if (event.target === this.root) this.recolour() })
    container.append(this.root)
    this.resized = new ResizeObserver(() => this.layout())
    this.load(read(bytes))
    this.resized.observe(this.root)
  }

  // New data: everything is built again; the cursor stays where it is as far as that exists.
  load(data) {
    const called = this.data?.start.call !== data.start.call
    this.data = data
    this.runs = data.cells.map(cell => new Run(data, cell))
    this.units = Math.max(...this.runs.map(run => run.hidden))
    this.scale = scales(this.runs)
    const { state } = this
    const { step, unit, backward } = data.start
    if (called) Object.assign(state, { step: step || data.steps, unit, backward })
    Object.assign(state, {
      step: Math.min(Math.max(1, state.step), data.steps), unit: Math.min(Math.max(1, state.unit), this.units),
      playing: false, phase: 1, cell: Math.min(state.cell, this.runs.length - 1),
    })
    const before = this.opened ?? {}
    this.build()
    const again = this.runs.find(run => run.cell.title === before.title && canOpen(run, before))
    if (again) this.opened.open(again, before)
    this.recolour()
    this.layout()
    this.told = this.position()
  }

  build() {
    const drag = { onMove: step => this.move(step), onEnd: () => this.settle() }
    this.controls = new Controls(this.units, this.actions(), this.data.large)
    this.tokens = new Tokens(this.data.labels, drag)
    this.diagrams = this.runs.map(run => new Diagram(run, what => this.open(run, what)))
    this.formulas = this.runs.map(run => new Formulas(run, what => this.open(run, what)))
    this.opened = new Opened(this.data, (run, what) => this.open(run, what))
    this.history = new History(this.runs, this.scale, drag, (run, what) => this.open(run, what))
    this.status = html("p", { class: "status", role: "status" })
    this.note = html("p", { class: "note" })
    const alike = this.runs.every(run => run.hidden === this.units)
    this.columns = this.runs.map((run, k) => html("section", { class: "cell", "aria-label": run.cell.title },
      html("h3", { "data-family": run.cell.family }, run.cell.title + (alike ? "" : `, up to unit ${run.hidden}`)), this.diagrams[k].element, this.formulas[k].element))
    this.switches = this.runs.map((run, k) => html("button", { type: "button", onclick: () => this.choose(k) }, run.cell.title))
    this.cells = html("div", { class: "cells" }, ...this.columns)
    this.root.replaceChildren(
      html("div", { class: "top" }, this.controls.element, this.tokens.element),
      html("div", { class: "switch", role: "group", "aria-label": "Cell" }, ...(this.runs.length > 1 || this.data.large ? this.switches : [])),
      this.note, this.cells, this.opened.element, this.history.element, this.status)
    this.choose(this.state.cell)
  }

  actions() {
    const { state } = this
    const settled = action => (...values) => { action(...values); this.settleSoon() }
    return {
      play: () => (state.playing ? this.pause() : this.play()),
      on: settled(() => this.stepBy(1)), back: settled(() => this.stepBy(-1)),
      first: settled(() => this.move(1)), last: settled(() => this.move(this.data.steps)),
      turn: settled(() => this.turn()), speed: speed => { state.speed = speed },
      unit: settled(unit => this.choosesUnit(unit)), unitBy: settled(by => this.choosesUnit(state.unit + by)),
    }
  }

  // -- motion ---------------------------------------------------------------------------------------------------------

  play() {
    const { state } = this
    const [first, last] = state.backward ? [this.data.steps, 1] : [1, this.data.steps]
    this.toStep(state.step === last ? first : state.step)
    state.playing = true
    this.run(0)
  }

  pause() {
    this.state.playing = false
    this.halt()
    this.settle()
  }

  // One step, with the values on their way if there is to be motion and it goes with the computation.
  stepBy(by) {
    const { state } = this
    const step = state.step + by
    if (step < 1 || step > this.data.steps) return
    this.halt()
    this.toStep(step)
    if (by === (state.backward ? -1 : 1) && !stillness()) this.run(0)
    else this.draw()
  }

  move(step) {
    this.halt()
    if (step === this.state.step) return this.draw()
    this.toStep(step)
    this.draw()
  }

  toStep(step) {
    this.state.step = step
    this.fresh = true
  }

  run(phase) {
    cancelAnimationFrame(this.frame)
    this.state.phase = stillness() ? 1 : phase
    let before = null
    const tick = now => {
      const { state } = this
      this.elapsed += before === null ? 0 : ((now - before) * state.speed) / STEP
      before = now
      state.phase = stillness() ? 1 : Math.min(1, this.elapsed / (1 - REST))
      if (this.elapsed >= 1) {
        if (!state.playing) return this.halt()
        if (!this.advance()) return this.pause()
      }
      this.draw()
      this.frame = requestAnimationFrame(tick)
    }
    this.elapsed = phase
    this.draw()
    this.frame = requestAnimationFrame(tick)
  }

  advance() {
    const { state } = this
    const step = state.step + (state.backward ? -1 : 1)
    if (step < 1 || step > this.data.steps) return false
    this.elapsed = 0
    state.phase = stillness() ? 1 : 0
    this.toStep(step)
    return true
  }

  // Motion stops: all values have arrived.
  halt() {
    cancelAnimationFrame(this.frame)
    this.state.playing = false
    this.state.phase = 1
    this.draw()
  }

  turn() {
    this.halt()
    this.state.backward = !this.state.backward
    this.repaint()
  }

  choosesUnit(unit) {
    this.state.unit = Math.min(this.units, Math.max(1, unit))
    this.fresh = true
    this.draw()
  }

  // -- what is seen -----------------------------------------------------------------------------------------------------

  draw() {
    const { state, data } = this
    if (this.fresh || !this.views) {
      const Kind = state.backward ? Backward : Forward
      const label = data.labels[state.step - 1]
      this.views = this.runs.map((run, k) => new Kind(run, state.step, state.unit, label, this.scale, this.colours, this.diagrams[k].room))
      const { step, unit, backward } = state
      const said = where(data, step)
      this.tokens.show(step, said)
      this.said = said[0].toUpperCase() + said.slice(1)
      this.later = [
        ...this.formulas.map(formulas => () => formulas.show(step, unit, backward)),
        () => this.history.show(step, unit, backward), () => this.opened.show(step, unit),
      ]
    }
    // In motion one of these a frame, after the one in which the diagrams begin: together they are too much for a frame.
    const now = state.phase === 1 ? this.later.length : Number(!this.fresh)
    for (const show of this.later.splice(0, now)) show()
    this.fresh = false
    this.controls.show(state, this.said)
    this.diagrams.forEach((diagram, k) => diagram.show(this.views[k], state.phase))
  }

  repaint() {
    this.history.paint(this.colours, this.state.backward)
    setText(this.note, this.state.backward
      ? "Backward: each wire carries the gradient of L by its value; orange is positive, purple negative. Full width: as large as at the last step; a hairline: 10⁻¹² of it."
      : "Forward: each number is the chosen unit's; the strip below it shows all units. A gate is a valve as open as its number.")
    this.fresh = true
    this.draw()
  }

  // {text, gradient, step}: a value, or the gradient by it; at another step, if one is named
  open(run, what) {
    this.opened.open(run, what)
    if (what.step) {
      this.move(what.step)
      this.settleSoon()
    }
    this.opened.show(this.state.step, this.state.unit)
    this.opened.element.scrollIntoView({ block: "nearest" })
  }

  choose(k) {
    this.state.cell = k
    if (this.data.large) this.opened.close()  // it would lie over another cell's diagram
    this.columns.forEach((column, at) => column.classList.toggle("chosen", at === k))
    this.switches.forEach((button, at) => button.setAttribute("aria-pressed", String(at === k)))
    if (this.views) this.layout()
  }

  light(target) {
    const name = target?.closest?.("[data-name]")?.dataset.name ?? null
    if (name === this.lit) return
    for (const element of this.root.querySelectorAll(".lit")) element.classList.remove("lit")
    if (name !== null) for (const element of this.root.querySelectorAll(`[data-name="${CSS.escape(name)}"]`)) element.classList.add("lit")
    this.lit = name
  }

  recolour() {
    const [red, green, blue] = getComputedStyle(this.root).backgroundColor.match(/[\d.]+/g).map(Number)
    const theme = 0.3 * red + 0.6 * green + 0.1 * blue < 128 ? "dark" : "light"
    this.colours = new Colours(this.data.themes[theme])
    this.root.dataset.theme = theme
    for (const [role, colour] of Object.entries(this.data.themes[theme].roles)) {
      this.root.style.setProperty(`--role-${role.replaceAll(" ", "-")}`, colour)
    }
    this.data.themes[theme].cells.forEach((colour, k) => this.root.style.setProperty(`--family-${k}`, colour))
    this.repaint()
  }

  layout() {
    const width = this.root.clientWidth
    if (!width) return
    const narrow = width < NARROW
    const { large } = this.data
    this.root.classList.toggle("large", large)
    this.root.classList.toggle("narrow", narrow && !large)
    const { scale, rows, letters } = large ? filling(this.diagrams, this.cells.clientWidth, this.cells.clientHeight)
      : narrow ? alone(this.diagrams, width) : arrange(this.diagrams, width)
    for (const row of rows) {
      for (const { diagram, room } of row) {
        const column = diagram.element.parentElement
        column.style.width = `${room}px`
        column.classList.toggle("full", room - diagram.drawing.width * scale(diagram) < GAP + FORMULA - 1)
        diagram.layout(scale(diagram), room, letters)
      }
    }
    const across = (large ? this.tokens.element : this.history.rows[0].canvas).clientWidth
    this.tokens.layout(across)
    this.history.layout(across)
    this.views = null
    this.fresh = true
    this.draw()
  }

  // -- the hand lets go -------------------------------------------------------------------------------------------------

  settleSoon() {
    clearTimeout(this.calm)
    this.calm = setTimeout(() => this.settle(), CALM)
  }

  settle() {
    clearTimeout(this.calm)
    setText(this.status, sentence(this.data, this.runs, this.state))
    if (this.position() === this.told) return
    this.told = this.position()
    const { step, unit, backward } = this.state
    this.onSettle({ step, unit, backward, last: step === this.data.steps })
  }

  position() {
    return [this.state.step, this.state.unit, this.state.backward].join()
  }

  update(bytes) {
    this.load(read(bytes))
  }

  focus() {
    this.tokens.element.focus({ preventScroll: true })
  }

  destroy() {
    cancelAnimationFrame(this.frame)
    clearTimeout(this.calm)
    this.resized.disconnect()
    this.root.remove()
  }
}

export function mount(container, bytes, options) {
  return new Player(container, bytes, options)
}

function stillness() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches
}
