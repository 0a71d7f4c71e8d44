// The lines of the picture: from each thing to what carries it, drawn anew whenever anything stands elsewhere.

const SVG = "http://www.w3.org/2000/svg";
export const BESIDE = ["image", "registry"]; // these stand at the side
const BROKEN = ["failing", "unknown"];

// pointed: the id of what is pointed at; all that it is linked with, upwards and downwards, is lit.
export function lines(svg, list, links, pointed) {
  const things = new Map([...list.querySelectorAll("[data-thing]")].map((one) => [one.dataset.thing, one]));
  const lit = linked(links, pointed);
  for (const [id, one] of things) one.toggleAttribute("data-lit", lit.has(id));
  if (getComputedStyle(svg).display === "none") return;
  const frame = svg.getBoundingClientRect();
  const there = links.filter(([above, below]) => things.has(above) && things.has(below));
  const shown = there.filter(([above, below]) => layerOf(things.get(below)) !== "volume" || (lit.has(above) && lit.has(below)));
  svg.replaceChildren(...shown.map(([above, below]) => line(frame, things.get(above), things.get(below), lit.has(above) && lit.has(below))));
}

function line(frame, above, below, lit) {
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", way(frame, whole(above), whole(below), side(above, below)));
  path.toggleAttribute("data-lit", lit);
  path.toggleAttribute("data-broken", BROKEN.includes(below.dataset.level));
  return path;
}

// A group stands with its counts.
function whole(thing) {
  return thing.closest("li").getBoundingClientRect();
}

function side(above, below) {
  return BESIDE.includes(layerOf(below)) && !BESIDE.includes(layerOf(above));
}

function way(frame, from, to, sideways) {
  if (sideways) {
    const [x1, y1, x2, y2] = [from.right - frame.left, middle(from).y - frame.top, to.left - frame.left, middle(to).y - frame.top];
    return `M${x1} ${y1}C${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2} ${x2} ${y2}`;
  }
  const down = middle(from).y < middle(to).y;
  const [x1, x2] = [middle(from).x - frame.left, middle(to).x - frame.left];
  const [y1, y2] = [(down ? from.bottom : from.top) - frame.top, (down ? to.top : to.bottom) - frame.top];
  return `M${x1} ${y1}C${x1} ${(y1 + y2) / 2} ${x2} ${(y1 + y2) / 2} ${x2} ${y2}`;
}

export function middle(rect) {
  return { x: rect.left + rect.width / 2, y: rect.top + rect.height / 2 };
}

export function layerOf(thing) {
  return thing.closest("[data-layer]").dataset.layer;
}

// All above and all below it, and itself.
function linked(links, id) {
  if (id === undefined) return new Set();
  return new Set([...walk(links, id, 0, 1), ...walk(links, id, 1, 0)]);
}

function walk(links, id, from, to) {
  const found = new Set([id]);
  const left = [id];
  while (left.length > 0) {
    const here = left.pop();
    for (const link of links)
      if (link[from] === here && !found.has(link[to])) {
        found.add(link[to]);
        left.push(link[to]);
      }
  }
  return found;
}
