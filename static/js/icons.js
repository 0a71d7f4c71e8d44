// Icons from the sprite. Levels and platforms are names of icons, too (static/icons.json).
//
// An icon drawn here has its shapes copied into it: <use> of another file costs a parse each time it changes, which
// in a list that changes a thousand times a second is a fifth of all work. The icons of cells are in the script itself,
// as the first rows need them; until the sprite has come, the others are shown by <use>.

import inCells from "cell-icons";

const SVG = "http://www.w3.org/2000/svg";
const sprite = document.documentElement.dataset.icons;
const shapes = new Map(); // name -> the nodes of its symbol

function learn(text) {
  for (const symbol of new DOMParser().parseFromString(text, "image/svg+xml").querySelectorAll("symbol")) {
    shapes.set(symbol.id.slice(2), symbol);
  }
}
learn(inCells);
addEventListener("load", () => {
  const come = fetch(sprite).then((answer) => answer.text()).then(learn);
  come.catch(() => {}); // then the browser's own <use> goes on showing them
});

function use(name) {
  const element = document.createElementNS(SVG, "use");
  element.setAttribute("href", `${sprite}#i-${name}`);
  return element;
}

export function setIcon(svg, name) {
  if (svg.dataset.icon === name) return;
  svg.dataset.icon = name;
  const symbol = shapes.get(name);
  if (symbol) svg.replaceChildren(...document.importNode(symbol, true).childNodes);
  else svg.replaceChildren(use(name));
}

export function icon(name, kind = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", kind ? `icon ${kind}` : "icon");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  setIcon(svg, name);
  return svg;
}
