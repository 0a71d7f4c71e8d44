// Looking for text or for a /pattern/ in the lines that are loaded, in slices so that the page never stands still.

import { pictured } from "./ansi.js";

const SLICE = 8; // ms
const LONGEST = 200; // characters of a pattern

// { test(text), all(text) -> [[start, end]…] } or { error }. What could run for ever is refused before it runs.
function matcher(typed) {
  const pattern = /^\/(.+)\/?$/.exec(typed)?.[1].replace(/\/$/, "");
  if (!pattern || typed.length < 3) return plain(typed);
  if (pattern.length > LONGEST) return { error: "That pattern is too long" };
  if (/\\[1-9]|\(\?<?[=!]/.test(pattern)) return { error: "Patterns cannot look back or ahead here" };
  const bare = pattern.replace(/\\./g, "x").replace(/\[[^\]]*\]/g, "x");
  if (/\([^()]*[*+{|?][^()]*\)\s*[*+{]/.test(bare) || /\)\s*\)+[*+{]/.test(bare)) {
    return { error: "Repeating what itself repeats or chooses could take for ever" };
  }
  // Each open-ended repetition multiplies the worst case by the length of the line.
  const repeats = bare.match(/[*+]|\{\d*,/g)?.length ?? 0;
  const longest = [16_384, 4096, 2000, 400][repeats] ?? 120;
  try {
    return regular(new RegExp(pattern, "gi"), longest);
  } catch {
    return { error: "That is not a pattern" };
  }
}

function plain(typed) {
  const wanted = typed.toLowerCase();
  return {
    test: (text) => text.toLowerCase().includes(wanted),
    all(text) {
      const found = [];
      const low = text.toLowerCase();
      for (let at = low.indexOf(wanted); at >= 0 && found.length < 50; at = low.indexOf(wanted, at + wanted.length)) {
        found.push([at, at + wanted.length]);
      }
      return found;
    },
  };
}

function regular(pattern, longest) {
  return {
    test: (text) => text.slice(0, longest).search(pattern) >= 0,
    all: (text) => Array.from(text.slice(0, longest).matchAll(pattern), (one) => [one.index, one.index + one[0].length]).filter(([a, b]) => b > a).slice(0, 50),
  };
}

export class Search {
  found = []; // entries, oldest first
  current = -1;
  error = "";
  #matcher = null;
  #run = 0;
  #done = 0; // how many of the found came from the lines that were there when the search began

  constructor(changed) {
    this.changed = changed;
  }

  get active() {
    return Boolean(this.#matcher);
  }

  begin(typed, entries) {
    this.#run++;
    const made = typed ? matcher(typed) : null;
    this.error = made?.error ?? "";
    this.#matcher = made?.error ? null : made;
    this.found = [];
    this.#done = 0;
    this.current = -1;
    highlight([]);
    if (this.#matcher) this.#scan(entries.slice(), 0, this.#run);
    this.changed();
  }

  // A line that came just now.
  add(entry) {
    if (this.#matcher?.test(pictured(entry.text))) this.found.push(entry);
  }

  // Lines that were dropped are the oldest.
  forget(gone) {
    const before = this.found.length;
    this.found = this.found.filter((entry) => !gone.has(entry));
    const less = before - this.found.length;
    this.#done = Math.max(0, this.#done - less);
    this.current = Math.max(-1, this.current - less);
  }

  step(by) {
    const count = this.found.length;
    if (!count) return null;
    this.current = this.current < 0 ? (by < 0 ? count - 1 : 0) : (this.current + by + count) % count;
    this.changed();
    return this.found[this.current];
  }

  mark(entries) {
    if (!this.#matcher) return;
    const ranges = [];
    for (const { element } of entries) {
      const walker = document.createTreeWalker(element.querySelector(".m"), NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        for (const [start, end] of this.#matcher.all(node.data)) {
          const range = new Range();
          range.setStart(node, start);
          range.setEnd(node, end);
          ranges.push(range);
        }
      }
    }
    highlight(ranges);
  }

  #scan(entries, from, run) {
    if (run !== this.#run) return;
    const ends = performance.now() + SLICE;
    const found = [];
    let at = from;
    while (at < entries.length && performance.now() < ends) {
      for (const stop = Math.min(entries.length, at + 50); at < stop; at++) {
        if (this.#matcher.test(pictured(entries[at].text))) found.push(entries[at]);
      }
    }
    // Lines that came meanwhile stand at the end already.
    this.found.splice(this.#done, 0, ...found);
    this.#done += found.length;
    this.changed();
    if (at < entries.length) setTimeout(() => this.#scan(entries, at, run), 0);
  }
}

function highlight(ranges) {
  if (!globalThis.Highlight) return; // an older browser: lines are marked, words are not
  if (ranges.length) CSS.highlights.set("found", new Highlight(...ranges));
  else CSS.highlights.delete("found");
}
