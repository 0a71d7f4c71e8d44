// How each cell shows its value: structure comes from templates/cells/, these functions fill it.
// Values are hostile text from clusters: they only ever become text nodes and checked attributes.

import { ago } from "./clock.js";

const LEVELS = {
  failing: ["octagon-x", "Failing"],
  at_risk: ["triangle-alert", "At risk"],
  unknown: ["unplug", "Unknown"],
  changing: ["loader-circle", "Changing"],
  paused: ["circle-pause", "Paused"],
  stopped: ["square", "Stopped"],
  healthy: ["circle-check", "Healthy"],
};
export const levelWord = (level) => LEVELS[level]?.[1] ?? level;

const part = (element, name) => element.querySelector(`[data-part="${name}"]`);
const show = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

export function setIcon(svg, name) {
  const use = svg.querySelector("use");
  const href = use.getAttribute("href").replace(/#.*/, `#i-${name}`);
  if (use.getAttribute("href") !== href) use.setAttribute("href", href);
}

export function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  const amount = value / 1024 ** power;
  return `${amount >= 100 || power === 0 ? Math.round(amount) : amount.toFixed(1)} ${units[power]}`;
}

export const cores = (value) => (value >= 0.995 ? value.toFixed(2) : `${Math.round(value * 1000)} m`);

const PIPS = 8;

export const fillers = {
  text: (element, value) => show(element, value ?? "–"),

  mono: (element, value) => show(element, value ?? "–"),

  number: (element, value) => show(element, value == null ? "–" : value.toLocaleString()),

  count_bad(element, value) {
    show(element, value == null ? "–" : value.toLocaleString());
    element.dataset.bad = value > 5 ? "yes" : value > 0 ? "some" : "no";
  },

  name(element, value, row) {
    const [name, second] = Array.isArray(value) ? value : [value, ""];
    const link = part(element, "link");
    show(link, name);
    if (row?.href && link.getAttribute("href") !== row.href) link.setAttribute("href", row.href);
    show(part(element, "second"), second ?? "");
  },

  status(element, [level, word, reason, code]) {
    element.dataset.level = level in LEVELS ? level : "unknown";
    setIcon(part(element, "icon"), (LEVELS[level] ?? LEVELS.unknown)[0]);
    show(part(element, "word"), word);
    element.title = [reason, code].filter(Boolean).join(" · ");
  },

  pips(element, [ready, wanted, starting]) {
    const shown = Math.min(wanted, PIPS);
    const label = wanted ? `${ready}/${wanted}` : "–";
    const scale = wanted > PIPS ? PIPS / wanted : 1;
    const states = Array.from({ length: shown }, (_, index) =>
      index < Math.floor(ready * scale) ? "ready" : index < Math.floor((ready + starting) * scale) ? "starting" : "missing",
    );
    const pips = part(element, "pips");
    while (pips.childElementCount > shown) pips.lastElementChild.remove();
    while (pips.childElementCount < shown) pips.append(document.createElement("i"));
    states.forEach((state, index) => (pips.children[index].dataset.state = state));
    show(part(element, "label"), label);
    element.setAttribute("aria-label", wanted ? `${ready} of ${wanted} ready` : "none asked for");
  },

  age(element, value) {
    if (value == null) return show(element, "–");
    element.dataset.at = value;
    element.title = new Date(value * 1000).toLocaleString();
    show(element, ago(value));
  },

  usage(element, value) {
    const [amount, limit, unit] = value ?? [null, 0];
    const inWords = unit === "bytes" ? bytes : cores;
    const words = amount == null ? "–" : inWords(amount);
    show(part(element, "amount"), words);
    const meter = part(element, "meter");
    const share = limit && amount != null ? Math.min(1, amount / limit) : 0;
    meter.hidden = !limit || amount == null;
    meter.style.setProperty("--share", share);
    meter.dataset.level = share > 0.9 ? "failing" : share > 0.75 ? "at_risk" : "healthy";
    element.title = limit && amount != null ? `${words} of ${inWords(limit)}` : "";
  },

  where(element, [cluster, namespace, platform]) {
    setIcon(part(element, "icon"), { docker: "container", swarm: "boxes", kubernetes: "ship-wheel" }[platform] ?? "server");
    show(part(element, "words"), namespace ? `${cluster} / ${namespace}` : cluster);
  },

  tags(element, value) {
    const tags = value ?? [];
    const words = tags.length > 3 ? [...tags.slice(0, 3), `+${tags.length - 3}`] : tags;
    element.replaceChildren(
      ...words.map((word) => {
        const tag = document.createElement("span");
        tag.className = "tag";
        tag.textContent = word;
        return tag;
      }),
    );
    element.title = tags.join(", ");
  },
};

export function makeCell(name, root = document) {
  const template = root.querySelector(`template[data-cell-template="${CSS.escape(name)}"]`);
  return template.content.firstElementChild.cloneNode(true);
}

// Ages grow without a word from the server.
setInterval(() => {
  if (document.hidden) return;
  for (const element of document.querySelectorAll('[data-cell="age"][data-at]')) show(element, ago(Number(element.dataset.at)));
}, 1000);
