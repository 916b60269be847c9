// Buttons and keys. Each says what it does, and a key that is taken goes no further.
import { html, setText, svg } from "./elements.js"

const [PLAY, PLAY_BACK, PAUSE] = ["M4 2l10 6 -10 6z", "M12 2l-10 6 10 6z", "M5 3v10M11 3v10"]
const SPEEDS = [0.25, 0.5, 1, 2, 4]
const KEYS = [
  ["← →", "one step back or on"], ["Home End", "first or last step"], ["Space", "play or pause"],
  ["↑ ↓", "unit before or after"], ["b", "forward or backward"], ["?", "this list"],
]

const NOT_MEANT = ["r", "c"]  // for the page around it, which would run again or clear its cache

export class Controls {
  constructor(units, act, large) {
    this.act = act
    this.large = large
    this.play = button("Play", icon(PLAY), act.play)
    this.backward = button("Backward", "⇄ Backward", act.turn, { "aria-pressed": "false" })
    this.speed = html("select", { "aria-label": "Speed", onchange: () => act.speed(Number(this.speed.value)) },
      ...SPEEDS.map(speed => html("option", { value: speed, selected: speed === 1 }, `×${speed}`)))
    this.unit = html("select", { "aria-label": "Unit", onchange: () => act.unit(Number(this.unit.value)) },
      ...Array.from({ length: units }, (_, k) => html("option", { value: k + 1 }, `unit ${k + 1}`)))
    this.where = html("p", { class: "where" })
    this.list = html("dl", { class: "keys", hidden: true }, ...KEYS.flatMap(([keys, what]) => [html("dt", {}, keys), html("dd", {}, what)]))
    this.help = button("Keys", "?", () => this.toggleHelp(), { "aria-expanded": "false" })
    this.element = html("div", { class: "controls" },
      html("div", { class: "buttons", role: "group", "aria-label": "Motion" },
        button("First step", icon("M4 3v10M13 3l-7 5 7 5z"), act.first), button("One step back", icon("M10 3l-6 5 6 5"), act.back), this.play,
        button("One step on", icon("M6 3l6 5 -6 5"), act.on), button("Last step", icon("M12 3v10M3 3l7 5 -7 5z"), act.last), this.speed),
      this.where,
      html("div", { class: "buttons", role: "group", "aria-label": "What is shown" }, this.unit, this.backward, this.help),
      this.list)
  }

  toggleHelp() {
    this.list.hidden = !this.list.hidden
    this.help.setAttribute("aria-expanded", String(!this.list.hidden))
  }

  show({ unit, backward, playing, speed }, where) {
    const shown = [unit, backward, playing, speed, where].join()
    if (shown === this.shown) return
    this.shown = shown
    setText(this.where, where)
    this.unit.value = String(unit)
    this.speed.value = String(speed)
    this.backward.setAttribute("aria-pressed", String(backward))
    const [name, sign] = playing ? ["Pause", PAUSE] : ["Play", backward ? PLAY_BACK : PLAY]
    if (sign === this.sign) return
    this.sign = sign
    this.play.title = name
    this.play.setAttribute("aria-label", name)
    this.play.replaceChildren(icon(sign))
  }

  // Takes the keys of the list; a select keeps its arrows and letters, a button its space.
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const on = event.composedPath()[0].tagName
    const taken = { SELECT: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", " ", "Home", "End", "b"], BUTTON: [" "] }
    const { act } = this
    const actions = {
      ArrowLeft: act.back, ArrowRight: act.on, Home: act.first, End: act.last, " ": act.play,
      ArrowUp: () => act.unitBy(-1), ArrowDown: () => act.unitBy(1), b: act.turn, "?": () => this.toggleHelp(),
      ...(this.large && { PageUp: act.back, PageDown: act.on }),  // a clicker's; elsewhere the page is scrolled
      ...(!this.list.hidden && { Escape: () => this.toggleHelp() }),
    }
    const action = actions[event.key]
    if (action || NOT_MEANT.includes(event.key)) event.stopPropagation()
    if (!action || taken[on]?.includes(event.key)) return
    event.preventDefault()
    action()
  }
}

function icon(path) {
  return svg("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" }, svg("path", { d: path }))
}

function button(name, sign, onclick, more = {}) {
  return html("button", { type: "button", "aria-label": name, title: name, onclick, ...more }, sign)
}
