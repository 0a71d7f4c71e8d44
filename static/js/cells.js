// How each cell shows its value: structure comes from templates/cells/, these functions fill it.
// Values are hostile text from clusters: they only ever become text nodes and checked attributes.

import { ago } from "./clock.js";
import { setIcon } from "./icons.js";
import { make } from "./make.js";
import { visible } from "./visible.js";
import { bytes, cores, count } from "./words.js";

const LEVELS = new Set(["failing", "at_risk", "unknown", "changing", "paused", "stopped", "healthy"]);
const PLATFORMS = new Set(["docker", "swarm", "kubernetes"]);
const PIPS = 8; // more copies than that are shown in proportion
const TAGS = 3;

const part = (element, name) => element.querySelector(`[data-part="${name}"]`);

function show(element, words) {
  const text = visible(words ?? "–").replace(/[\t\n\r]/g, "\ufffd");
  const only = element.firstChild;
  if (only?.nodeType === Node.TEXT_NODE && !only.nextSibling) {
    if (only.data !== text) only.data = text;
  } else element.textContent = text;
}

// What is used, beside what was requested and the limit. Without a limit the bar ends where the more of the two others is.
function beside(value, limitWord = "limit") {
  const [amount, limit = 0, unit = "", request = 0, nearest = 0, part = "a container"] = value ?? [null];
  const inWords = unit === "bytes" ? bytes : cores;
  const known = typeof amount === "number";
  const whole = limit || Math.max(known ? amount : 0, request);
  const place = (some) => (whole ? Math.min(1, some / whole) : 0);
  const share = known && (limit || request) ? place(amount) : 0;
  const worst = Math.max(known && limit ? share : 0, nearest);
  const level = worst > 0.9 ? "failing" : worst > 0.75 ? "at_risk" : "none";
  const percent = `${Math.floor(worst * 100)} %`;
  const near = level === "none" ? "" : nearest > share + 0.01 ? `${visible(part)} at ${percent} of its limit` : `${percent} of ${limitWord === "limit" ? "the limit" : `what is ${limitWord}`}`;
  const said = known ? `${inWords(amount)} used` : "not measured";
  const words = [request && `${inWords(request)} requested`, limit && `${limitWord} ${inWords(limit)}`].filter(Boolean).join(", ");
  return { amount, limit, request, known, inWords, place, share, level, near, said, words };
}

const ownPath = (href) => typeof href === "string" && href.startsWith("/") && !href.startsWith("//");

export const fillers = {
  text: show,

  mono: show,

  number: (element, value) => show(element, count(value)),

  count_bad(element, value) {
    show(element, count(value));
    const bad = value > 5 ? "yes" : value > 0 ? "some" : "no";
    if (element.dataset.bad !== bad) element.dataset.bad = bad;
  },

  name(element, value, row) {
    const [name, second] = Array.isArray(value) ? value : [value, ""];
    const link = part(element, "link");
    show(link, name);
    if (ownPath(row?.href) && link.getAttribute("href") !== row.href) link.setAttribute("href", row.href);
    const below = part(element, "second");
    show(below, second ?? "");
    below.hidden = !second;
  },

  status(element, value) {
    const [level, word, reason, code] = value ?? ["unknown", "Unknown"];
    const shape = LEVELS.has(level) ? level : "unknown";
    if (element.dataset.level !== shape) element.dataset.level = shape;
    setIcon(part(element, "icon"), shape);
    show(part(element, "word"), word);
    element.title = visible([reason, code].filter(Boolean).join(" · "));
  },

  pips(element, value) {
    const [ready, wanted, starting] = value ?? [0, 0, 0];
    const shown = Math.max(0, Math.min(wanted, PIPS)) || 0;
    const scale = wanted > PIPS ? PIPS / wanted : 1;
    const pips = part(element, "pips");
    while (pips.childElementCount > shown) pips.lastElementChild.remove();
    while (pips.childElementCount < shown) pips.append(document.createElement("i"));
    for (let index = 0; index < shown; index++) {
      const state = index < Math.floor(ready * scale) ? "ready" : index < Math.floor((ready + starting) * scale) ? "starting" : "missing";
      if (pips.children[index].dataset.state !== state) pips.children[index].dataset.state = state;
    }
    show(part(element, "label"), wanted ? `${ready}/${wanted}` : "–");
    element.ariaLabel = wanted ? `${ready} of ${wanted} ready` : "none asked for";
  },

  age(element, value) {
    if (value === null) {
      delete element.dataset.at;
      show(element, "–");
      return;
    }
    element.dataset.at = value;
    element.title = new Date(value * 1000).toLocaleString();
    show(element, ago(value));
  },

  usage(element, value) {
    const used = beside(value);
    const meter = part(element, "meter");
    show(part(element, "amount"), used.known ? used.inWords(used.amount) : "–");
    element.dataset.level = meter.dataset.level = used.level;
    meter.hidden = !used.share;
    meter.style.setProperty("--share", used.share.toFixed(3));
    meter.toggleAttribute("data-requested", used.request > 0);
    meter.style.setProperty("--at", used.place(used.request).toFixed(3));
    element.title = used.request || used.limit ? `${used.said}${used.words ? `, ${used.words}` : ""}${used.near ? `. ${used.near}` : ""}` : used.known ? "" : "not measured";
  },

  gauge(element, value) {
    const limitWord = element.closest("[data-limit-word]")?.dataset.limitWord ?? "limit";
    const used = beside(value, limitWord);
    const bar = part(element, "bar");
    bar.dataset.level = used.level;
    bar.style.setProperty("--share", used.share.toFixed(3));
    for (const mark of ["request", "limit"]) {
      part(element, mark).hidden = !used[mark];
      part(element, mark).style.setProperty("--at", used.place(used[mark]).toFixed(3));
    }
    show(part(element, "amount"), used.said);
    show(part(element, "beside"), ` · ${used.request === null ? "what is requested is not known" : used.request ? `${used.inWords(used.request)} requested` : "nothing requested"} · ${used.limit ? `${limitWord} ${used.inWords(used.limit)}` : "no limit"}`);
    const near = part(element, "near");
    near.hidden = !used.near;
    near.dataset.level = used.level;
    show(near, used.near ? ` · ${used.near}` : "");
  },

  where(element, value) {
    const [cluster, namespace, platform] = value ?? ["–"];
    setIcon(part(element, "icon"), PLATFORMS.has(platform) ? platform : "server");
    show(part(element, "words"), namespace ? `${cluster} / ${namespace}` : cluster);
    element.title = part(element, "words").textContent;
  },

  tags(element, value) {
    const tags = Array.isArray(value) ? value : [];
    if (!tags.length) {
      element.textContent = "–";
      element.title = "";
      return;
    }
    const words = tags.length > TAGS ? [...tags.slice(0, TAGS), `+${tags.length - TAGS}`] : tags;
    element.replaceChildren(
      ...words.map((word, place) => {
        const tag = make("span", { className: place < TAGS ? "tag" : "tag rest" });
        show(tag, word);
        return tag;
      }),
    );
    element.title = visible(tags.join(", "));
  },
};

const templates = new Map();

export function makeCell(name) {
  if (!templates.has(name)) {
    const selector = `template[data-cell-template="${CSS.escape(name)}"]`;
    const template = document.querySelector(selector) ?? document.querySelector('template[data-cell-template="text"]');
    templates.set(name, template.content.firstElementChild);
  }
  return templates.get(name).cloneNode(true);
}

// Ages grow without a word from the server.
setInterval(() => {
  if (document.hidden) return;
  for (const element of document.querySelectorAll('[data-cell="age"][data-at]')) show(element, ago(Number(element.dataset.at)));
}, 1000);
