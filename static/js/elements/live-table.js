// <live-table>: a list that is always as the clusters are. The page brings its first rows as JSON; the same code shows
// them and what the socket sends later. The page scrolls; only rows near the screen are asked for and kept.

import { live } from "../socket.js";
import { Address } from "../table/address.js";
import { bulkBar } from "../table/bulk.js";
import { keyboard } from "../table/keyboard.js";
import { Rows } from "../table/rows.js";
import { Selection } from "../table/selection.js";
import { Toolbar } from "../table/toolbar.js";

const STEP = 50; // windows begin at multiples of this, so that people who look at the same share one
const SKELETON_AFTER = 200; // ms

class LiveTable extends HTMLElement {
  connectedCallback() {
    if (this.rows) return;
    const json = (id) => JSON.parse(this.querySelector(`#${id}`).textContent);
    this.columns = json("table-columns");
    this.actions = json("table-actions");
    const snapshot = json("table-snapshot");
    this.address = new Address();
    this.selection = new Selection();
    this.toolbar = new Toolbar(this.address, this.columns, () => this.#ask());
    this.#build();
    this.bulk = bulkBar(this.selection, this.actions, () => this.#selectAll());
    this.before(this.toolbar.element);
    this.after(this.bulk);
    this.abort = new AbortController();
    this.#listen(this.abort.signal);
    this.#show(snapshot);
    const args = { table: this.dataset.table, query: this.address.query, ...this.#window() };
    this.subscription = live.follow("table", args, (frame) => this.#receive(frame));
  }

  disconnectedCallback() {
    this.abort?.abort();
    this.subscription?.close();
    this.toolbar?.element.remove();
    this.bulk?.remove();
    this.rows = null;
  }

  #build() {
    this.setAttribute("role", "table");
    this.ariaLabel = this.dataset.label;
    this.classList.add("card", "tbl");
    this.head = Object.assign(document.createElement("div"), { className: "r h", role: "row" });
    this.body = Object.assign(document.createElement("div"), { className: "rows", role: "rowgroup" });
    this.empty = Object.assign(document.createElement("div"), { className: "tbl-empty", hidden: true });
    this.append(this.head, this.body, this.empty);
  }

  #listen(signal) {
    const options = { signal, passive: true };
    addEventListener("scroll", () => this.#scrolled(), options);
    addEventListener("resize", () => this.#scrolled(), options);
    addEventListener("popstate", () => this.#ask(), { signal });
    document.addEventListener("clusters", () => this.#markStale(), { signal });
    this.selection.addEventListener("change", () => this.#markSelected());
    this.body.addEventListener("click", (event) => this.#clicked(event), { signal });
    this.head.addEventListener("click", (event) => this.#headClicked(event), { signal });
    keyboard(this, signal);
  }

  // --- what the server says -------------------------------------------------------------------------------------

  #receive(frame) {
    if (frame.t === "snap") this.#show(frame);
    else if (frame.t === "patch") {
      this.rows.patch(frame);
      this.#counted(frame.total, frame.listed ?? this.listed);
    } else if (frame.t === "usage") this.rows.usage(frame.rows);
    else if (frame.t === "end") this.#say("This list is not available", frame.why);
  }

  #show(snapshot) {
    const keys = snapshot.columns;
    if (!this.rows || keys.join() !== this.shown?.join()) this.#useColumns(keys);
    this.toolbar.facets = snapshot.facets;
    this.rows.replace(snapshot.rows, snapshot.offset);
    this.rows.usage(snapshot.usage ?? {});
    this.#counted(snapshot.total, snapshot.listed);
    this.#drawHead();
    this.#markStale();
  }

  #useColumns(keys) {
    this.shown = keys;
    this.shownColumns = keys.map((key) => this.columns.find((column) => column.key === key)).filter(Boolean);
    this.body.replaceChildren();
    this.rows = new Rows(this.body, this.shownColumns, (element, data) => this.#decorate(element, data));
    this.style.setProperty("--cols", `36px ${this.shownColumns.map((column) => column.width).join(" ")}`);
    this.toolbar.draw(keys);
  }

  #counted(total, listed) {
    this.total = total;
    this.listed = listed;
    this.ariaRowCount = total + 1;
    this.style.setProperty("--total", total);
    clearTimeout(this.waiting);
    if (total) this.empty.hidden = true;
    else if (!listed) this.waiting = setTimeout(() => this.#say("Looking…", "The first list is on its way.", "skeleton"), SKELETON_AFTER);
    else if (this.address.query) this.#say("Nothing fits", "No row fits the search and the filters.", "filtered");
    else this.#say(`No ${this.dataset.label.toLowerCase()}`, "Nothing of this kind is here yet. It appears by itself when there is.");
  }

  #say(title, words, kind = "") {
    const heading = Object.assign(document.createElement("b"), { textContent: title });
    const text = Object.assign(document.createElement("p"), { textContent: words });
    this.empty.dataset.kind = kind;
    this.empty.replaceChildren(heading, text);
    if (kind === "filtered") {
      const clear = Object.assign(document.createElement("button"), { type: "button", className: "btn", textContent: "Clear search and filters" });
      clear.addEventListener("click", () => {
        history.pushState(null, "", location.pathname);
        this.#ask();
      });
      this.empty.append(clear);
    }
    this.empty.hidden = false;
  }

  // --- what is asked --------------------------------------------------------------------------------------------

  #window() {
    const height = this.rowHeight;
    const first = Math.max(0, Math.floor(-this.body.getBoundingClientRect().top / height));
    const visible = Math.ceil(innerHeight / height);
    const offset = Math.max(0, Math.floor((first - STEP / 2) / STEP) * STEP);
    return { offset, limit: Math.min(200, Math.ceil((first - offset + visible + STEP / 2) / STEP) * STEP) };
  }

  get rowHeight() {
    return Number.parseFloat(getComputedStyle(this.body).getPropertyValue("--row")) || 44;
  }

  #scrolled() {
    const { offset, limit } = this.#window();
    if (offset === this.subscription?.args.offset && limit === this.subscription.args.limit) return;
    clearTimeout(this.scrolling);
    this.scrolling = setTimeout(() => this.subscription?.set({ offset, limit }), 40);
  }

  #ask() {
    this.toolbar.draw();
    this.subscription.set({ query: this.address.query, offset: 0, limit: this.#window().limit });
    if (this.getBoundingClientRect().top < 0) this.scrollIntoView();
  }

  // --- rows -----------------------------------------------------------------------------------------------------

  #decorate(element, data) {
    const selected = this.selection.has(data.id);
    element.ariaSelected = String(selected);
    element.querySelector("input").checked = selected;
    element.toggleAttribute("data-stale", staleClusters.has(data.cluster));
  }

  #markSelected() {
    for (const { element, data } of this.rows.all()) this.#decorate(element, data);
  }

  #markStale() {
    this.#markSelected();
  }

  #clicked(event) {
    const row = event.target.closest(".r");
    if (!row || event.defaultPrevented) return;
    if (event.target.matches("input")) {
      if (event.shiftKey) this.selection.extend(row.dataset.id, this.rows.order);
      else this.selection.toggle(row.dataset.id, event.target.checked);
    } else if (!event.target.closest("a, button") && !getSelection()?.toString()) this.look(row.dataset.id);
  }

  // The quick look slides in beside the list.
  look(id) {
    const href = this.rows.data(id)?.href;
    if (href) document.dispatchEvent(new CustomEvent("look", { detail: href }));
  }

  async #selectAll() {
    const answer = await fetch(`${this.dataset.ids}?${this.address.query}`, { headers: { Accept: "application/json" } });
    if (answer.ok) this.selection.set((await answer.json()).ids);
  }

  // --- head -----------------------------------------------------------------------------------------------------

  #drawHead() {
    const sort = this.address.params.get("sort") || "";
    const key = sort.replace(/^-/, "");
    const all = Object.assign(document.createElement("input"), { type: "checkbox", ariaLabel: "Select all rows" });
    const holder = Object.assign(document.createElement("span"), { role: "columnheader" });
    holder.append(all);
    this.head.replaceChildren(holder, ...this.shownColumns.map((column) => headCell(column, key === column.key ? sort : "")));
  }

  #headClicked(event) {
    if (event.target.matches("input")) {
      if (event.target.checked) this.#selectAll();
      else this.selection.clear();
    }
    const key = event.target.closest("button")?.dataset.sort;
    if (!key) return;
    this.address.sort(key, this.address.params.get("sort"));
    this.#ask();
    this.#drawHead();
    this.head.querySelector(`[data-sort="${key}"]`)?.focus();
  }
}

function headCell(column, sort) {
  const cell = Object.assign(document.createElement("span"), { role: "columnheader", className: column.end ? "end" : "" });
  if (column.words) cell.title = column.words;
  if (!column.sortable) {
    cell.textContent = column.label;
    return cell;
  }
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: column.label });
  button.dataset.sort = column.key;
  if (sort) cell.ariaSort = sort.startsWith("-") ? "descending" : "ascending";
  cell.append(button);
  return cell;
}

// Clusters whose rows are not as of now; said by <live-shell>.
export const staleClusters = new Set();
document.addEventListener("clusters", ({ detail }) => {
  staleClusters.clear();
  for (const cluster of detail) if (cluster.state !== "live") staleClusters.add(cluster.id);
});

customElements.define("live-table", LiveTable);
