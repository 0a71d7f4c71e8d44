// The rows of a live table: which are on the page, where they stand, and patching them without the page noticing.
//
// Newest patch per row wins. Rows in sight are patched in the next frame within a budget and the rest carries over;
// in a storm each of them ten times a second; rows out of sight wait up to a second. Rows are placed by their index, so
// that a hundred thousand rows cost as much as the hundred that are on the page. Those in sight are built first; the
// others in the frames after, within the budget.

import { fillers, makeCell } from "../cells.js";
import { make } from "../make.js";
import { visible } from "../visible.js";
import { draw, History } from "./history.js";

const BUDGET = 6; // ms a frame may spend on building and patching
const OUT_OF_SIGHT = 1_000; // ms that rows which nobody sees may be late
const REST = 3_000; // ms of a pointer lying still: it does not aim at a row any longer
const FLASH_MOST = 12; // rows changed at once that still flash; more is a storm, not a message
const STORM = 100; // ms between two changes of one row in a storm: nobody reads faster, and each is laid out and painted
const FLASH = [{ backgroundColor: "var(--flash)" }, { backgroundColor: "transparent" }];
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class Rows {
  #rows = new Map(); // id -> { element (null until it is built), cells: [element], data, index, patched: ms }
  #order = [];
  #pattern = null; // a row without values: copies of it cost a tenth of making one
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
    const row = this.#rows.get(id);
    if (row && !row.element) this.#build([row]);
    return row?.element;
  }

  data(id) {
    return this.#rows.get(id)?.data;
  }

  decorateAll() {
    for (const { element, data } of this.#rows.values()) if (element) this.decorate(element, data);
  }

  // The whole window: rows that stay keep their elements, and with them focus and open menus.
  replace(rows, offset) {
    const fresh = !this.#rows.size;
    const [first, last] = this.inSight();
    this.offset = offset;
    for (const row of rows) this.#put(row);
    this.#arrange(rows.map((row) => row.id));
    const seen = this.#unbuilt().filter(({ index }) => index >= first && index <= last);
    // The first rows are shown together, and the rest is built when they have been.
    this.#build(seen, fresh ? Infinity : performance.now() + BUDGET);
    if (!fresh) this.#schedule();
    else this.#frame ||= requestAnimationFrame(() => this.#next());
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

  #next() {
    this.#frame = 0;
    this.#schedule();
  }

  #schedule() {
    if (this.#patches.size || this.#unbuilt().length) this.#frame ||= requestAnimationFrame((time) => this.#apply(time));
  }

  #apply(time) {
    this.#frame = 0;
    const end = performance.now() + BUDGET;
    const all = time - this.#late > OUT_OF_SIGHT;
    const [first, last] = this.inSight();
    if (all) this.#late = time;
    const storm = this.#patches.size > FLASH_MOST;
    const middle = (first + last) / 2;
    this.#build(this.#unbuilt().sort((one, other) => Math.abs(one.index - middle) - Math.abs(other.index - middle)), end);
    for (const [id, patch] of this.#patches) {
      const row = this.#rows.get(id);
      if (row && !all && (row.index < first || row.index > last)) continue;
      if (row && storm && time - row.patched < STORM) continue;
      this.#patches.delete(id);
      if (row) {
        row.patched = time;
        for (const index in patch) this.#fill(row, Number(index), patch[index], this.#flashing);
      }
      if (performance.now() > end) break;
    }
    this.#schedule();
  }

  #fill(row, index, value, flash) {
    const column = this.columns[index];
    if (!column) return;
    row.data.cells[index] = value;
    if (!row.element) return;
    (fillers[column.cell] ?? fillers.text)(row.cells[index], value, row.data);
    if (column.cell === "usage" && column.key === "cpu" && row.samples[index]) draw(row.plots[index], row.samples[index]);
    else if (flash && column.cell === "status") row.element.animate(FLASH, 600);
  }

  // --- rows -----------------------------------------------------------------------------------------------------

  #put(data) {
    const known = this.#rows.get(data.id);
    const row = known ?? { element: null, cells: [], plots: [], samples: [], data, index: -1, patched: 0 };
    if (!known) this.#rows.set(data.id, row);
    const before = row.data.cells;
    row.data = data;
    data.cells.forEach((value, index) => {
      // What is measured comes beside the rows: a row that is sent again does not know it.
      if (value === null && known && this.columns[index]?.cell === "usage") data.cells[index] = before[index];
      else this.#fill(row, index, value, false);
    });
    this.#patches.delete(data.id);
    if (row.element) this.decorate(row.element, data);
  }

  #unbuilt() {
    return this.#order.map((id) => this.#rows.get(id)).filter((row) => row && !row.element);
  }

  // As many of these rows as there is time for; at least one.
  #build(rows, end = Infinity) {
    for (const row of rows) {
      const { data } = row;
      row.element = this.#copy();
      const [box, ...holders] = row.element.children;
      row.element.dataset.id = data.id;
      box.firstElementChild.ariaLabel = visible(`Select ${nameOf(data.cells, this.columns)}`);
      row.cells = holders.map((holder) => holder.firstElementChild);
      row.plots = row.cells.map((cell, index) => this.columns[index].cell === "usage" && cell.querySelector('[data-part="plot"]'));
      data.cells.forEach((value, index) => this.#fill(row, index, value, false));
      this.decorate(row.element, data);
      number(row);
      if (performance.now() > end) break;
    }
    if (rows.length) this.#stand();
  }

  #copy() {
    this.#pattern ??= make(
      "div", { className: "r", role: "row", tabIndex: -1 },
      make("div", { role: "cell" }, make("input", { type: "checkbox", tabIndex: -1 })),
      ...this.columns.map(({ key, cell, end }) =>
        make("div", { role: key === "name" ? "rowheader" : "cell", className: end ? "end" : "", data: { key } }, makeCell(cell)),
      ),
    );
    return this.#pattern.cloneNode(true);
  }

  #arrange(order) {
    this.#held = null;
    this.#order = order;
    const kept = new Set(order);
    for (const [id, row] of this.#rows) {
      if (kept.has(id)) continue;
      row.element?.remove();
      this.#rows.delete(id);
      this.#patches.delete(id);
    }
    order.forEach((id, position) => {
      const row = this.#rows.get(id);
      const index = this.offset + position;
      if (!row || row.index === index) return;
      row.index = index;
      if (row.element) number(row);
    });
    this.#stand();
  }

  // Screen readers and Tab go by the order in the document: move only what stands wrong.
  #stand() {
    let next = this.body.firstElementChild;
    for (const id of this.#order) {
      const element = this.#rows.get(id)?.element;
      if (!element) continue;
      if (element === next) next = next.nextElementSibling;
      else this.body.insertBefore(element, next);
    }
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

function number({ element, index }) {
  element.style.setProperty("--i", index);
  element.ariaRowIndex = index + 2;
}

function nameOf(cells, columns) {
  const name = cells[columns.findIndex((column) => column.key === "name")];
  return Array.isArray(name) ? name[0] : (name ?? "row");
}
