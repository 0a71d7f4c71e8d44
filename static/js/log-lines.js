// Log lines as elements: in blocks that the browser skips while they are out of sight, the oldest dropped when full.

import { paint, pictured } from "./ansi.js";
import { make } from "./make.js";

export const FULL = 20_000; // lines
const BLOCK = 200;
const FOLD_AFTER = 12; // further lines of one entry that are shown unasked
const MOST_FURTHER = 500;
const WORDS = ["", "DEBUG", "INFO", "WARN", "ERROR"];
const CLASSES = ["", "d", "", "w", "e"];
const OURS = -1;
export const WARN = 3;
export const ERROR = 4;

const row = make("li", {}, make("time"), make("span", { className: "m" })); // as few elements as can be: of a flood there are many
const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
let second = [0, ""]; // lines come in order: most share their second with the one before

export function timeOf(at) {
  const whole = Math.floor(at);
  if (second[0] !== whole) second = [whole, clock.format(whole * 1000)];
  return `${second[1]}.${String(Math.floor((at - whole) * 1000)).padStart(3, "0")}`;
}

export class Lines {
  entries = []; // { element, at, source, level, text, count }
  dropped = 0;
  #block = null;
  #inBlock = 0;
  #last = null;
  #before = null; // the block before which lines are added; null: at the end

  constructor(list, names, on) {
    Object.assign(this, { list, names, on }); // on.added(entry), on.dropped(entries)
  }

  clear() {
    this.entries = [];
    this.dropped = 0;
    this.#block = this.#last = null;
    this.list.replaceChildren();
  }

  // A line as the server sends it: [time, source, level, text, message of JSON or null, continues the one before].
  add([at, source, level, text, message, continues]) {
    const last = this.#last;
    if (continues && last && last.source === source && last.count < MOST_FURTHER) {
      further(last, text);
      return;
    }
    const element = row.cloneNode(true);
    const [time, body] = element.children;
    const ours = source === OURS;
    const word = ours ? "SYSTEM" : WORDS[level];
    element.className = ours ? `ours ${CLASSES[level]}` : CLASSES[level];
    time.textContent = at ? timeOf(at) : "";
    if (word) body.before(make("b", { className: "lv" }, word));
    if (!ours && this.names.has(source)) body.before(make("span", { className: "src", data: { hue: source % 6 } }, this.names.get(source)));
    if (message === null) paint(body, text);
    else json(body, message, text);
    this.#append({ element, at, source, level: ours ? 0 : level, text, count: 1 });
  }

  // Lines that are older than all others, in their order.
  prepend(items) {
    const [entries, block, inBlock, last] = [this.entries, this.#block, this.#inBlock, this.#last];
    this.entries = [];
    this.#block = this.#last = null;
    this.#before = this.list.firstElementChild;
    for (const item of items) this.add(item);
    this.#before = null;
    this.entries = this.entries.concat(entries);
    if (entries.length) [this.#block, this.#inBlock, this.#last] = [block, inBlock, last];
  }

  // Something that is not a line of anybody: so many were left out, the connection was lost.
  mark(words, at = 0) {
    const element = make("li", { className: "gap" }, words);
    this.#append({ element, at, source: OURS, level: 0, text: words, count: 0 });
    this.#last = null;
  }

  at(element) {
    return this.entries.find((entry) => entry.element === element);
  }

  #append(entry) {
    if (!this.#block || this.#inBlock >= BLOCK) {
      this.#block = make("ol", { className: "block", role: "presentation" });
      this.list.insertBefore(this.#block, this.#before);
      this.#inBlock = 0;
    }
    this.#block.append(entry.element);
    this.#inBlock++;
    this.entries.push(entry);
    this.#last = entry;
    this.on.added(entry);
    if (this.entries.length > FULL) this.#dropOldest();
  }

  #dropOldest() {
    const first = this.list.querySelector(".block");
    const gone = this.entries.splice(0, first.children.length);
    first.remove();
    this.dropped += gone.reduce((sum, entry) => sum + entry.count, 0);
    this.on.dropped(gone);
  }
}

// What belongs to the line before stands under it; a long one is folded.
function further(entry, text) {
  const body = entry.element.querySelector(".m");
  entry.count++;
  entry.text += `\n${text}`;
  if (entry.count === FOLD_AFTER + 2) {
    const button = make("button", { type: "button", className: "more", aria: { expanded: "false" } });
    const rest = make("span", { className: "rest", hidden: true });
    button.addEventListener("click", () => {
      rest.hidden = !rest.hidden;
      button.ariaExpanded = String(!rest.hidden);
    });
    body.append(button, rest);
  }
  const into = entry.count > FOLD_AFTER + 1 ? body.lastElementChild : body;
  into.append("\n");
  paint(into, text);
  if (entry.count > FOLD_AFTER + 1) into.previousElementSibling.textContent = `${entry.count - FOLD_AFTER - 1} more lines`;
}

function json(body, message, text) {
  const button = make("button", { type: "button", className: "unfold", aria: { expanded: "false", label: "Show all fields" } });
  body.append(button);
  paint(body, message);
  body.append(someFields(text, message));
  button.addEventListener("click", () => unfold(body, button, text));
}

const SAID = new Set(["level", "severity", "lvl", "log.level", "time", "ts", "timestamp", "@timestamp", "msg", "message"]);

// A few short fields beside the message: order=A-10382.
function someFields(text, message) {
  const part = make("span", { className: "rest-of-json" });
  for (const [name, value] of parsed(text)) {
    if (part.childElementCount === 4) break;
    if (SAID.has(name) || value === message || value === null || typeof value === "object" || String(value).length > 40) continue;
    const label = make("b");
    paint(label, name.slice(0, 40));
    part.append(part.childElementCount ? " " : "", label);
    paint(part, `=${value}`);
  }
  return part;
}

function parsed(text) {
  try {
    return Object.entries(JSON.parse(text));
  } catch {
    return [["line", text]]; // cut, or not what it seemed to be
  }
}

// All fields of a JSON line, as text.
function unfold(body, button, text) {
  const open = button.ariaExpanded === "true";
  button.ariaExpanded = String(!open);
  if (open) {
    body.querySelector("dl").remove();
    return;
  }
  const list = make("dl", { className: "fields" });
  for (const [name, value] of parsed(text).slice(0, 200)) {
    const shown = typeof value === "string" ? value : JSON.stringify(value, null, typeof value === "object" ? 1 : 0);
    const term = make("dt");
    const data = make("dd");
    paint(term, name);
    paintLines(data, shown);
    list.append(term, data);
  }
  body.append(list);
}

function paintLines(parent, text) {
  for (const [index, line] of text.split("\n").entries()) {
    if (index) parent.append("\n");
    paint(parent, line);
  }
}

// What is copied: times and text, without anything a terminal would obey.
export const copied = (entries) =>
  entries.map((entry) => `${entry.at ? `${new Date(entry.at * 1000).toISOString()} ` : ""}${entry.text.split("\n").map(pictured).join("\n")}`).join("\n");
