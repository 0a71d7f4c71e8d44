// What this page has seen of a row's usage, drawn as a sparkline: kept here, never asked for again.

const SAMPLES = 24;
const FEWEST = 5; // that are a line, and not a speck
const HEADROOM = 1.3; // what hardly moves is a line in the box, not a full box
const ROWS = 2_000; // rows that are remembered; the one seen longest ago goes first
const SVG = "http://www.w3.org/2000/svg";

export class History {
  #rows = new Map(); // "row id, column" -> samples, oldest first

  add(id, key, value) {
    const name = `${id}\0${key}`;
    const samples = this.#rows.get(name) ?? [];
    this.#rows.delete(name);
    this.#rows.set(name, samples);
    samples.push(value);
    if (samples.length > SAMPLES) samples.shift();
    if (this.#rows.size > ROWS) this.#rows.delete(this.#rows.keys().next().value);
    return samples;
  }
}

export function draw(plot, samples) {
  if (samples.length < FEWEST) return;
  const svg = plot.firstElementChild ?? plot.appendChild(sparkline());
  plot.dataset.drawn = "";
  const highest = Math.max(...samples) * HEADROOM || 1;
  const step = 100 / (SAMPLES - 1);
  const begin = 100 - (samples.length - 1) * step; // it grows from the right, and what was drawn is not stretched again
  const line = samples.map((value, index) => `${(begin + index * step).toFixed(1)},${(29 - (value / highest) * 27).toFixed(1)}`).join(" ");
  svg.firstElementChild.setAttribute("points", `${begin.toFixed(1)},30 ${line} 100,30`);
  svg.lastElementChild.setAttribute("points", line);
}

function sparkline() {
  const svg = document.createElementNS(SVG, "svg");
  const attributes = { viewBox: "0 0 100 30", preserveAspectRatio: "none", class: "spark", "aria-hidden": "true" };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  svg.append(document.createElementNS(SVG, "polygon"), document.createElementNS(SVG, "polyline"));
  return svg;
}
