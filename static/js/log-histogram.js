// How many lines there are over time, and how many of them warn or fail: a bar for each of eighty stretches.

import { make } from "./make.js";
import { ERROR, WARN, timeOf } from "./log-lines.js";

const BARS = 80;
const EVERY = 400; // ms between two drawings

export class Histogram {
  #seconds = new Map(); // second -> [lines, warnings, errors]
  #timer = 0;
  #bars = [];

  constructor(chosen) {
    this.element = make("div", { className: "log-hist", role: "img", aria: { label: "No lines yet" } });
    this.element.addEventListener("click", (event) => {
      const at = Number(event.target.closest("i")?.dataset.at);
      if (at) chosen(at);
    });
  }

  add(entry, by = 1) {
    if (!entry.at || entry.source < 0) return;
    const second = Math.floor(entry.at);
    const counts = this.#seconds.get(second) ?? [0, 0, 0];
    counts[0] += by;
    if (entry.level === WARN) counts[1] += by;
    if (entry.level === ERROR) counts[2] += by;
    if (counts[0] > 0) this.#seconds.set(second, counts);
    else this.#seconds.delete(second);
    this.#timer ||= setTimeout(() => this.#draw(), EVERY);
  }

  clear() {
    this.#seconds.clear();
    this.#timer ||= setTimeout(() => this.#draw(), EVERY);
  }

  // The bars come with the first drawing: their style and place would only keep the first lines waiting.
  #fill() {
    for (let index = 0; index < BARS; index++) this.#bars.push(make("i", {}, make("u"), make("b")));
    this.element.append(...this.#bars);
  }

  #draw() {
    this.#timer = 0;
    if (!this.#bars.length) this.#fill();
    const seconds = [...this.#seconds.keys()];
    const [first, last] = seconds.reduce(([low, high], one) => [Math.min(low, one), Math.max(high, one)], [Infinity, -Infinity]);
    const step = Math.max(1, (last - first + 1) / BARS);
    const sums = this.#bars.map(() => [0, 0, 0]);
    for (const [second, counts] of this.#seconds) {
      const sum = sums[Math.min(BARS - 1, Math.floor((second - first) / step))];
      for (const part of [0, 1, 2]) sum[part] += counts[part];
    }
    const highest = Math.max(1, ...sums.map(([all]) => all));
    for (const [index, bar] of this.#bars.entries()) {
      const [all, warnings, errors] = sums[index];
      bar.style.setProperty("--h", `${all ? Math.max(6, (100 * all) / highest) : 0}%`);
      bar.style.setProperty("--w", `${all ? (100 * warnings) / all : 0}%`);
      bar.style.setProperty("--e", `${all ? (100 * errors) / all : 0}%`);
      bar.dataset.at = all ? first + index * step : "";
    }
    const [total, warnings, errors] = sums.reduce((sum, one) => sum.map((value, part) => value + one[part]), [0, 0, 0]);
    this.element.ariaLabel = total
      ? `${total.toLocaleString()} lines from ${timeOf(first)} to ${timeOf(last)}: ${warnings} warnings, ${errors} errors`
      : "No lines yet";
  }
}
