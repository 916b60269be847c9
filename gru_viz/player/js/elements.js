// Elements, made one by one: text is only ever text, and nothing is parsed as markup.

const SPACES = { svg: "http://www.w3.org/2000/svg", math: "http://www.w3.org/1998/Math/MathML" }

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value)
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value)
  }
  element.append(...children)
  return element
}

export function html(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children)
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SPACES.svg, tag), attributes, children)
}

const MATH_TAGS = new Set(["math", "mrow", "mi", "mn", "mo", "mtext", "msub", "msup"])
const MATH_ATTRIBUTES = new Set(["mathvariant", "form", "stretchy", "data-symbol", "data-brackets"])

// [tag, attributes, children or text …] -> MathML; `bold` stands in for the one style that formulas have
export function math([tag, attributes, ...children]) {
  if (!MATH_TAGS.has(tag)) throw new Error(`no part of a formula: ${tag}`)
  const kept = Object.entries(attributes).filter(([name]) => MATH_ATTRIBUTES.has(name))
  const element = fill(document.createElementNS(SPACES.math, tag), Object.fromEntries(kept), [])
  if (attributes.style) element.classList.add("bold")
  element.append(...children.map(child => (typeof child === "string" ? child : math(child))))
  return element
}

// Change what has changed, and touch nothing else.
export function setText(node, text) {
  if (node.data !== undefined ? node.data !== text : node.textContent !== text) {
    if (node.data !== undefined) node.data = text
    else node.textContent = text
  }
}

// A name or an expression as HTML: what follows an underscore stands lower, a prime is a prime.
export function nameOf(text) {
  const shown = text.replaceAll("'", "′").replaceAll(" @ ", " ").replaceAll(" * ", "·").replaceAll(" - ", " − ")
  return shown.split(/(?<=[A-Za-z0-9])_(\w+)/).map((piece, at) => (at % 2 ? html("sub", {}, piece) : piece))
}
