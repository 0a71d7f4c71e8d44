// What stands around every page and is live: the state of the clusters, and the counts in the sidebar.

import { timeOfDay } from "./clock.js";
import { STATES } from "./line-states.js";
import { anew, chosenCluster } from "./scope.js";
import { live } from "./socket.js";
import { count } from "./words.js";

const A_BLIP = 3_000; // ms without a line that nobody needs to see

export const clusters = new Map(); // id -> { id, slug, name, platform, state, asof, why }
let cut = false; // no line from this tab: nothing on the page is as of now

export const isStale = (id) => cut || ["stale", "down", "refused"].includes(clusters.get(id)?.state);

export const silentNames = () => [...clusters.values()].filter(({ id }) => isStale(id)).map(({ name }) => name);

// "edge-fra does not answer: its rows are as of 07:26." Of these clusters only; empty when all are heard.
export function staleWords(ids, what = "its rows are") {
  if (cut) return STATES[live.state].means;
  const silent = [...clusters.values()].filter(({ id, state }) => ids.has(id) && isStale(id) && state !== "connecting");
  return silent.map(({ name, asof }) => `${name} does not answer: ${what} ${asof ? `as of ${timeOfDay(asof)}` : "as they were"}.`).join(" ");
}

// "Images of edge-fra are as of 07:26: they are asked for again." Of clusters that answer; it is said of all others.
export function oldWords(old, label) {
  const answer = [...old].filter(([id]) => clusters.has(id) && !isStale(id));
  return answer.map(([id, asof]) => `${label} of ${clusters.get(id).name} are as of ${timeOfDay(asof)}: they are asked for again.`).join(" ");
}

const tell = () => document.dispatchEvent(new CustomEvent("clusters"));

let known = ""; // what this person might do when the page was opened

function show({ clusters: states, counts, ports, rights }) {
  if (!states) return;
  if (known && rights !== known) return location.reload(); // other clusters, other buttons: the page anew
  known = rights;
  // An engine that begins a Swarm, or leaves one, has other kinds than those that the sidebar lists.
  if (states.some(({ id, platform }) => clusters.has(id) && clusters.get(id).platform !== platform)) anew("#side");
  clusters.clear();
  for (const cluster of states) clusters.set(cluster.id, cluster);
  numbers = counts;
  showCounts();
  showPorts(ports);
  tell();
}

let numbers = {}; // how many there are, by name of the list

function showCounts() {
  for (const element of document.querySelectorAll("[data-count]")) {
    const number = numbers[element.dataset.count];
    element.textContent = number ? count(number) : "";
  }
}

function showPorts(number) {
  const link = document.querySelector("[data-ports]");
  link.hidden = !number;
  link.querySelector("span").textContent = number === 1 ? "1 open port" : `${number} open ports`;
}

if (document.body.classList.contains("shell")) {
  const subscription = live.follow("shell", { cluster: chosenCluster() }, show);
  document.addEventListener("scope", () => subscription.set({ cluster: chosenCluster() }));
  document.addEventListener("htmx:after:swap", showCounts); // the sidebar may have come anew
}

let blip = 0;
live.addEventListener("state", ({ detail: state }) => {
  clearTimeout(blip);
  const lost = () => {
    cut = state !== "live";
    tell();
  };
  if (state === "live") lost();
  else blip = setTimeout(lost, A_BLIP);
});

// On a phone the sidebar is a sheet above the bar of tabs.
document.addEventListener("click", (event) => {
  const more = document.querySelector("button[data-more]");
  if (!more) return;
  const open = event.target.closest("button[data-more]") ? !document.body.hasAttribute("data-more") : Boolean(event.target.closest(".side"));
  document.body.toggleAttribute("data-more", open);
  more.ariaExpanded = String(open);
});
