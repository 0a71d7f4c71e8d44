// <yaml-text><pre id="…">: YAML that is only shown, with colours. Where another text takes its place (of the same id), the
// lines that are new are marked, and the first of them is brought into sight; else it stays where it was scrolled to.

import { StreamLanguage } from "@codemirror/language";
import { yaml } from "@codemirror/legacy-modes/mode/yaml";
import { highlightTree, tagHighlighter } from "@lezer/highlight";
import { COLOURS } from "../code-colours.js";
import { make } from "../make.js";

const { parser } = StreamLanguage.define(yaml);
const classes = tagHighlighter(COLOURS.map(({ tag, colour }) => ({ tag, class: `code-${colour}` })));
const MOST = 200_000; // characters that are coloured
const shown = new Map(); // id -> the text that was shown last, and how far down it was

class YamlText extends HTMLElement {
  connectedCallback() {
    this.pre = this.querySelector("pre");
    const text = this.pre.textContent;
    const last = shown.get(this.pre.id);
    const now = { text, top: last?.top ?? 0 };
    shown.set(this.pre.id, now);
    if (text.length <= MOST) this.#colour(text, last ? changed(last.text, text) : [0, 0]);
    this.pre.scrollTop = now.top;
    this.#reveal(this.pre.querySelector("mark"));
    this.pre.addEventListener("scroll", () => (now.top = this.pre.scrollTop));
  }

  #colour(text, [begin, end]) {
    const parts = [];
    let at = 0;
    const add = (to, className) => {
      if (to > at) parts.push({ from: at, to, className });
      at = Math.max(at, to);
    };
    highlightTree(parser.parse(text), classes, (from, to, className) => {
      add(from, "");
      add(to, className);
    });
    add(text.length, "");
    const made = { before: [], inside: [], after: [] };
    for (const { from, to, className } of parts) {
      for (const [where, one, other] of [["before", 0, begin], ["inside", begin, end], ["after", end, text.length]]) {
        const piece = text.slice(Math.max(from, one), Math.max(one, Math.min(to, other)));
        if (piece) made[where].push(className ? make("span", { className }, piece) : piece);
      }
    }
    const mark = made.inside.length ? make("mark", {}, ...made.inside) : "";
    this.pre.replaceChildren(...make("pre", {}, ...made.before, mark, ...made.after).childNodes);
  }

  #reveal(mark) {
    if (!mark) return;
    const [top, bottom] = [mark.offsetTop, mark.offsetTop + mark.offsetHeight];
    const { scrollTop, clientHeight } = this.pre;
    if (top < scrollTop || Math.min(bottom, top + clientHeight / 2) > scrollTop + clientHeight) this.pre.scrollTop = top - clientHeight / 3;
  }
}

// From where to where the new text has whole lines that the old one had not. Nothing where something only went.
function changed(before, after) {
  const [old, lines] = [before.split("\n"), after.split("\n")];
  const least = Math.min(old.length, lines.length);
  let first = 0;
  while (first < least && old[first] === lines[first]) first++;
  let last = 0;
  while (last < least - first && old.at(-1 - last) === lines.at(-1 - last)) last++;
  const length = (some) => some.reduce((sum, line) => sum + line.length + 1, 0);
  const begin = length(lines.slice(0, first));
  return [begin, Math.max(begin, Math.min(begin + length(lines.slice(first, lines.length - last)) - 1, after.length))];
}

customElements.define("yaml-text", YamlText);
