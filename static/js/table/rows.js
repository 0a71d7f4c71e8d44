// The rows of a live table: which are on the page, where they stand, and patching them without the page noticing.
//
// Newest patch per row wins. Rows in sight are patched in the next frame within a budget and the rest carries over;
// rows out of sight wait up to a second. Rows are placed by their index, so that a hundred thousand rows cost as much
// as the hundred that are on the page.

import { fillers, makeCell } from "../cells.js";
import { make } from "../make.js";
import { draw, History } from "./history.js";

const BUDGET = 6; // ms a frame may spend on patching
const OUT_OF_SIGHT = 1_000; // ms that rows which nobody sees may be late
const REST = 3_000; // ms of a pointer lying still: it does not aim at a row any longer
const FLASH_MOST = 12; // rows changed at once that still flash; more is a storm, not a message
const FLASH = [{ backgroundColor: "var(--flash)" }, { backgroundColor: "transparent" }];
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class Rows {
  #rows = new Map(); // id -> { element, cells: [element], data, index }
  #order = [];
  #patches = new Map(); // id -> { index: value }
  #frame = 0;
  #late = 0; // when rows out of sight were last patched
  #held = null; // an order that waits because a row would jump away under the pointer
  #hovered = null;
  #resting = 0;
  #flashing = true;
  #history = new History();

  constructor(body, columns, { decorate, inSight }) {
    this.body = body;
    this.columns = columns;
    this.decorate = decorate; // (row element, data): selection, staleness
    this.inSight = inSight; // () => [first, last] index
    this.offset = 0;
    body.onpointerover = ({ target }) => this.#pointed(target.closest(".r")?.dataset.id ?? null);
    body.onpointermove = () => this.#held && this.#wait();
    body.onpointerleave = () => this.#pointed(null);
  }

  get order() {
    return this.#order;
  }

  element(id) {
    return this.#rows.get(id)?.element;
  }

  data(id) {
    return this.#rows.get(id)?.data;
  }

  decorateAll() {
    for (const { element, data } of this.#rows.values()) this.decorate(element, data);
  }

  // The whole window: rows that stay keep their elements, and with them focus and open menus.
  replace(rows, offset) {
    this.offset = offset;
    for (const row of rows) this.#put(row);
    this.#arrange(rows.map((row) => row.id));
  }

  patch({ set, add, order }) {
    for (const row of add) this.#put(row);
    for (const [id, cells] of set) this.#patches.set(id, { ...this.#patches.get(id), ...cells });
    this.#flashing = set.length <= FLASH_MOST && !calm.matches;
    if (order) this.#reorder(order);
    this.#schedule();
  }

  usage(rows) {
    for (const [id, samples] of Object.entries(rows)) {
      const row = this.#rows.get(id);
      if (!row) continue;
      const patch = {};
      this.columns.forEach(({ cell, key }, index) => {
        if (cell !== "usage" || !samples[key]) return;
        patch[index] = samples[key];
        row.samples[index] = this.#history.add(id, key, samples[key][0]);
      });
      this.#patches.set(id, { ...this.#patches.get(id), ...patch });
    }
    this.#schedule();
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#resting);
    this.#patches.clear();
  }

  // --- patches --------------------------------------------------------------------------------------------------

  #schedule() {
    if (this.#patches.size) this.#frame ||= requestAnimationFrame((time) => this.#apply(time));
  }

  #apply(time) {
    this.#frame = 0;
    const end = performance.now() + BUDGET;
    const all = time - this.#late > OUT_OF_SIGHT;
    const [first, last] = this.inSight();
    if (all) this.#late = time;
    for (const [id, patch] of this.#patches) {
      const row = this.#rows.get(id);
      if (row && !all && (row.index < first || row.index > last)) continue;
      this.#patches.delete(id);
      if (row) for (const index in patch) this.#fill(row, Number(index), patch[index], this.#flashing);
      if (performance.now() > end) break;
    }
    this.#schedule();
  }

  #fill(row, index, value, flash) {
    const column = this.columns[index];
    if (!column) return;
    row.data.cells[index] = value;
    (fillers[column.cell] ?? fillers.text)(row.cells[index], value, row.data);
    if (column.cell === "usage" && column.key === "cpu" && row.samples[index]) draw(row.plots[index], row.samples[index]);
    else if (flash && column.cell === "status") row.element.animate(FLASH, 600);
  }

  // --- rows -----------------------------------------------------------------------------------------------------

  #put(data) {
    const known = this.#rows.get(data.id);
    const row = known ?? this.#build(data);
    const before = row.data.cells;
    row.data = data;
    data.cells.forEach((value, index) => {
      // What is measured comes beside the rows: a row that is sent again does not know it.
      if (value === null && known && this.columns[index]?.cell === "usage") data.cells[index] = before[index];
      else this.#fill(row, index, value, false);
    });
    this.#patches.delete(data.id);
    this.decorate(row.element, data);
  }

  #build(data) {
    const box = make("input", { type: "checkbox", tabIndex: -1, ariaLabel: `Select ${nameOf(data.cells, this.columns)}` });
    const cells = this.columns.map((column) => makeCell(column.cell));
    const holders = this.columns.map((column, index) =>
      make("div", { role: column.key === "name" ? "rowheader" : "cell", className: column.end ? "end" : "", data: { key: column.key } }, cells[index]),
    );
    const element = make("div", { className: "r", role: "row", tabIndex: -1, data: { id: data.id } }, make("div", { role: "cell" }, box), ...holders);
    const plots = cells.map((cell) => cell.querySelector('[data-part="plot"]'));
    const row = { element, cells, plots, samples: [], data: { cells: [] }, index: -1 };
    this.#rows.set(data.id, row);
    return row;
  }

  #arrange(order) {
    this.#held = null;
    this.#order = order;
    const kept = new Set(order);
    for (const [id, row] of this.#rows) {
      if (kept.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
      this.#patches.delete(id);
    }
    let next = this.body.firstElementChild;
    order.forEach((id, position) => {
      const row = this.#rows.get(id);
      if (!row) return;
      const index = this.offset + position;
      if (row.index !== index) {
        row.index = index;
        row.element.style.setProperty("--i", index);
        row.element.ariaRowIndex = index + 2;
      }
      // Screen readers and Tab go by the order in the document: move only what stands wrong.
      if (row.element === next) next = next.nextElementSibling;
      else this.body.insertBefore(row.element, next);
    });
  }

  // --- a row that would jump while the pointer is on it waits ------------------------------------------------------

  #reorder(order) {
    const jumps = this.#hovered && order.indexOf(this.#hovered) !== this.#order.indexOf(this.#hovered);
    if (!jumps) return this.#arrange(order);
    if (!this.#held) this.#wait();
    this.#held = order;
  }

  #pointed(id) {
    this.#hovered = id;
    if (this.#held && !id) this.#arrange(this.#held);
  }

  #wait() {
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.#held && this.#arrange(this.#held), REST);
  }
}

function nameOf(cells, columns) {
  const name = cells[columns.findIndex((column) => column.key === "name")];
  return Array.isArray(name) ? name[0] : (name ?? "row");
}
