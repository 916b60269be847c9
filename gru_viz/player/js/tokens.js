// The token strip: one cell a step, the current one always in view; it is the slider that moves the cursor.
import { html } from "./elements.js"

const LEAST = 24  // px: a finger's target
const TIGHT = 18  // px, where the whole sequence fits in at that: then it stands right above its history

export class Tokens {
  constructor(labels, { onMove, onEnd }) {
    this.labels = labels
    this.cells = labels.map(label => html("span", { class: "token", "aria-hidden": "true" }, label))
    this.strip = html("div", { class: "strip" }, ...this.cells)
    this.element = html("div", {
      class: "tokens", role: "slider", tabindex: "0", "aria-label": "Step",
      "aria-valuemin": "1", "aria-valuemax": String(labels.length),
    }, this.strip)
    this.current = 0
    const letters = Math.max(...labels.map(label => [...label].length))
    this.least = Math.min(76, Math.max(LEAST, letters * 8.5 + 8))
    dragging(this.element, event => onMove(this.stepAt(event.clientX)), onEnd)
  }

  // Between the same margins as the history below; a longer strip moves under its window.
  layout(width) {
    const each = width / this.labels.length
    const fits = each >= Math.max(TIGHT, this.least - LEAST + TIGHT)
    this.element.classList.toggle("longer", !fits)
    this.width = this.element.clientWidth
    this.each = fits ? each : this.least
    this.strip.style.setProperty("--each", `${this.each}px`)
    this.place()
  }

  stepAt(x) {
    const { left, width } = this.strip.getBoundingClientRect()  // as it is on the screen, however enlarged
    const count = this.labels.length
    return Math.min(count, Math.max(1, Math.floor(((x - left) / width) * count) + 1))
  }

  show(step, said) {
    if (step !== this.current) {
      this.cells[this.current - 1]?.classList.remove("now")
      this.cells[step - 1].classList.add("now")
      this.current = step
      this.place()
    }
    this.element.setAttribute("aria-valuenow", String(step))
    this.element.setAttribute("aria-valuetext", said)
  }

  place() {
    const whole = this.each * this.labels.length
    const wanted = this.width / 2 - (this.current - 0.5) * this.each
    const shift = whole <= this.width + 1 ? 0 : Math.min(0, Math.max(this.width - whole, wanted))
    if (shift !== this.shift) this.strip.style.transform = `translateX(${shift}px)`
    this.shift = shift
  }
}

// Calls `move` while a pointer is down on the element, and `end` when it is lifted.
export function dragging(element, move, end) {
  let held = null
  element.addEventListener("pointerdown", event => {
    if (event.button || event.target.closest(".legend")) return
    held = event.pointerId
    element.setPointerCapture(held)
    move(event)
  })
  element.addEventListener("pointermove", event => { if (event.pointerId === held) move(event) })
  for (const over of ["pointerup", "pointercancel"]) {
    element.addEventListener(over, event => {
      if (event.pointerId !== held) return
      held = null
      end()
    })
  }
}
