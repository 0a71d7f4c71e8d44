// The rows of a live table: which are on the page, where they stand, and patching them without the page noticing.
//
// Newest patch per row wins; patches are applied in the next frame within a budget and the rest carries over. Rows are
// placed by their index, so a hundred thousand rows cost as much as the hundred that are on the page.

import { fillers, makeCell } from "../cells.js";

const BUDGET = 6; // ms a frame may spend on patching
const FLASH_MOST = 12; // rows changed at once that still flash; more is a storm, not a message

export class Rows {
  #rows = new Map(); // id -> { element, cells: [element], values: [value], data }
  #order = [];
  #patches = new Map(); // id -> { index: value }
  #frame = 0;
  #held = null; // an order that waits because a row would jump away under the pointer
  #templates = new Map();
  #flashing = true;

  constructor(body, columns, decorate) {
    this.body = body;
    this.columns = columns;
    this.decorate = decorate; // (row element, data): selection, staleness
    this.offset = 0;
    body.addEventListener("pointerleave", () => this.#release());
    body.addEventListener("pointermove", () => this.#held && !this.#wouldJump(this.#held) && this.#release());
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

  all() {
    return [...this.#rows.values()];
  }

  // The whole window: rows that stay keep their elements, and with them focus and open menus.
  replace(rows, offset) {
    this.offset = offset;
    this.#held = null;
    for (const row of rows) this.#put(row);
    this.#arrange(rows.map((row) => row.id));
  }

  patch(frame) {
    for (const row of frame.add) this.#put(row);
    for (const [id, cells] of frame.set) this.#patches.set(id, { ...this.#patches.get(id), ...cells });
    if (frame.order) {
      if (this.#wouldJump(frame.order)) this.#held = frame.order;
      else this.#arrange(frame.order);
    }
    this.#flashing = frame.set.length <= FLASH_MOST;
    this.#schedule();
  }

  usage(rows) {
    for (const [id, samples] of Object.entries(rows)) {
      const patch = {};
      this.columns.forEach((column, index) => column.cell === "usage" && (patch[index] = samples[column.key]));
      this.#patches.set(id, { ...this.#patches.get(id), ...patch });
    }
    this.#schedule();
  }

  #schedule() {
    if (this.#patches.size) this.#frame ||= requestAnimationFrame(() => this.#apply());
  }

  #apply() {
    this.#frame = 0;
    const end = performance.now() + BUDGET;
    for (const [id, patch] of this.#patches) {
      this.#patches.delete(id);
      const row = this.#rows.get(id);
      if (row) for (const index in patch) this.#fill(row, Number(index), patch[index], this.#flashing);
      if (performance.now() > end) break;
    }
    this.#schedule();
  }

  #put(data) {
    let row = this.#rows.get(data.id);
    if (!row) {
      row = this.#build(data);
      this.#rows.set(data.id, row);
    }
    row.data = data;
    data.cells.forEach((value, index) => {
      // What is measured comes beside the rows: a row sent again does not know it.
      if (value !== null || this.columns[index].cell !== "usage") this.#fill(row, index, value, false);
    });
    this.decorate(row.element, data);
  }

  #build(data) {
    const element = document.createElement("div");
    element.className = "r";
    element.setAttribute("role", "row");
    element.dataset.id = data.id;
    element.dataset.cluster = data.cluster;
    element.tabIndex = -1;
    const select = document.createElement("span");
    select.setAttribute("role", "cell");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.tabIndex = -1;
    select.append(box);
    element.append(select);
    const cells = this.columns.map((column) => {
      const cell = this.#template(column.cell).cloneNode(true);
      const holder = document.createElement("span");
      holder.setAttribute("role", column.key === "name" ? "rowheader" : "cell");
      holder.dataset.key = column.key;
      if (column.end) holder.className = "end";
      holder.append(cell);
      element.append(holder);
      return cell;
    });
    return { element, cells, values: [], data };
  }

  #template(name) {
    if (!this.#templates.has(name)) this.#templates.set(name, makeCell(name));
    return this.#templates.get(name);
  }

  #fill(row, index, value, flash) {
    const column = this.columns[index];
    if (!column) return;
    const before = row.values[index];
    row.values[index] = value;
    const filler = fillers[column.cell] ?? fillers.text;
    filler(row.cells[index], value, row.data);
    if (column.key === "name") row.element.querySelector("input").ariaLabel = `Select ${Array.isArray(value) ? value[0] : value}`;
    if (flash && before !== undefined && column.cell === "status") this.#flash(row.element);
    if (column.cell === "usage") remember(row, column.key, index, value);
  }

  #flash(element) {
    element.animate?.([{ backgroundColor: "var(--flash)" }, { backgroundColor: "transparent" }], { duration: 600 });
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
    order.forEach((id, index) => {
      const element = this.#rows.get(id)?.element;
      if (!element) return;
      element.style.setProperty("--i", this.offset + index);
      element.ariaRowIndex = this.offset + index + 2;
      // Screen readers and Tab go by the order in the document: move only what stands wrong.
      if (this.body.children[index] !== element) this.body.insertBefore(element, this.body.children[index] ?? null);
    });
  }

  #wouldJump(order) {
    const hovered = this.body.querySelector(".r:hover")?.dataset.id;
    return Boolean(hovered) && order.indexOf(hovered) !== this.#order.indexOf(hovered);
  }

  #release() {
    if (this.#held) this.#arrange(this.#held.filter((id) => this.#rows.has(id)));
  }
}

// A sparkline of what this page has seen of a row: drawn from kept samples, never asked for again.
const SAMPLES = 24;

function remember(row, key, index, value) {
  if (value?.[0] == null) return;
  row.history ??= {};
  const samples = (row.history[key] ??= []);
  samples.push(value[0]);
  if (samples.length > SAMPLES) samples.shift();
  const plot = row.cells[index].querySelector('[data-part="plot"]');
  if (plot && key === "cpu") plot.replaceChildren(sparkline(samples));
}

export function sparkline(samples) {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 100 30");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("class", "spark");
  svg.setAttribute("aria-hidden", "true");
  const highest = Math.max(...samples) * 1.08 || 1;
  const points = samples.map((value, index) => `${(index / Math.max(1, SAMPLES - 1)) * 100},${29 - (value / highest) * 27}`);
  const line = document.createElementNS(namespace, "polyline");
  line.setAttribute("points", points.join(" "));
  svg.append(line);
  return svg;
}
