// Where an arrow key leads in the picture: along a layer, or to what the thing is linked with in the next one. Image and
// registry stand at the side: the right arrow leads to them, the left one back.

import { BESIDE, layerOf, middle } from "./lines.js";

const ALONG = { ArrowLeft: -1, ArrowRight: 1 };
const ACROSS = { ArrowUp: -1, ArrowDown: 1 };

// The next thing, or the same where there is none; undefined where the key means nothing here.
export function neighbour(list, here, key, links) {
  const all = [...list.querySelectorAll("[data-thing]")];
  const inside = all.filter((one) => layerOf(one) === layerOf(here));
  if (key === "Home") return inside[0];
  if (key === "End") return inside.at(-1);
  if (isList(list)) return key in ACROSS ? (all[all.indexOf(here) + ACROSS[key]] ?? here) : undefined;
  if (key in ALONG) return inside[inside.indexOf(here) + ALONG[key]] ?? toTheOtherSide(all, here, key) ?? here;
  return key in ACROSS ? (inNextLayer(list, all, here, ACROSS[key], links) ?? here) : undefined;
}

// Without room for a picture all stand below each other.
function isList(list) {
  return getComputedStyle(list).display === "block";
}

function isBeside(thing) {
  return BESIDE.includes(layerOf(thing));
}

function toTheOtherSide(all, here, key) {
  if (isBeside(here) !== (key === "ArrowLeft")) return undefined;
  const rect = here.getBoundingClientRect();
  const others = all.filter((one) => isBeside(one) !== isBeside(here));
  return closest(others, (one) => Math.abs(middle(one.getBoundingClientRect()).y - middle(rect).y));
}

function inNextLayer(list, all, here, by, links) {
  const alike = all.filter((one) => isBeside(one) === isBeside(here));
  const places = [...new Set(alike.map(layerOf))].map((name) => list.querySelector(`:scope > [data-layer="${name}"]`));
  places.sort((one, other) => one.getBoundingClientRect().top - other.getBoundingClientRect().top);
  const next = places[places.indexOf(here.closest("[data-layer]")) + by];
  const things = alike.filter((one) => next?.contains(one));
  const near = new Set(links.filter((link) => link.includes(here.dataset.thing)).flat());
  const linked = things.filter((one) => near.has(one.dataset.thing));
  const { x } = middle(here.getBoundingClientRect());
  return closest(linked.length > 0 ? linked : things, (one) => Math.abs(middle(one.getBoundingClientRect()).x - x));
}

function closest(things, far) {
  return things.length > 0 ? things.reduce((best, one) => (far(one) < far(best) ? one : best)) : undefined;
}
