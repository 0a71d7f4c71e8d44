// <live-table>: a list that is always as the clusters are. The page brings its first rows as JSON; the same code shows
// them and what the socket sends later. The page scrolls; only rows near the screen are asked for and kept.

import { icon } from "../icons.js";
import { make } from "../make.js";
import { isStale, oldWords, staleWords } from "../shell.js";
import { live } from "../socket.js";
import { Address } from "../table/address.js";
import { bulkBar } from "../table/bulk.js";
import { Empty } from "../table/empty.js";
import { headCells } from "../table/head.js";
import { keyboard } from "../table/keyboard.js";
import { Rows } from "../table/rows.js";
import { Selection } from "../table/selection.js";
import { Toolbar } from "../table/toolbar.js";
import { tracks } from "../table/widths.js";
import { toast } from "../toast.js";

const STEP = 50; // windows begin at multiples of this, so that people who look at the same share one
const MOST = 200; // rows of one window
const SCROLLING = 40; // ms of quiet before another window is asked
const STILL = { args: {}, set() {}, close() {} }; // for a table that follows nothing

class LiveTable extends HTMLElement {
  connectedCallback() {
    const json = (id) => JSON.parse(this.querySelector(`#${id}`).textContent);
    this.columns = json("table-columns");
    this.address = new Address();
    this.selection = new Selection();
    this.toolbar = new Toolbar(this.address, this.columns, "labelled" in this.dataset, () => this.ask());
    this.#build(json("table-actions"));
    this.abort = new AbortController();
    this.#listen(this.abort.signal);
    this.#measure();
    this.#show(json("table-snapshot"));
    const { table } = this.dataset;
    const args = { table, query: this.address.query, ...this.#window() };
    this.subscription = table ? live.follow("table", args, (frame) => this.#receive(frame)) : STILL;
    this.settling = requestAnimationFrame(() => this.#scrolled());
  }

  disconnectedCallback() {
    this.abort.abort();
    this.subscription.close();
    this.subscription = null;
    this.rows.stop();
    this.empty.stop();
    clearTimeout(this.scrolling);
    cancelAnimationFrame(this.settling);
    for (const element of [this.table, this.empty.element, this.toolbar.element, this.note, this.bulk]) element.remove();
    this.rows = null;
  }

  #build(actions) {
    this.classList.add("card");
    this.head = make("div", { className: "r h", role: "row" });
    this.body = make("div", { className: "rows", role: "rowgroup", tabIndex: 0, aria: { label: `${this.dataset.label}, rows` } });
    this.table = make("div", { role: "table", aria: { label: this.dataset.label } }, make("div", { role: "rowgroup", className: "head" }, this.head), this.body);
    const { address, columns } = this;
    this.empty = new Empty(this.dataset.label, { address, columns, labelled: Boolean(this.toolbar.labels), changed: () => this.ask() });
    this.append(this.table, this.empty.element);
    this.bulk = bulkBar(this.selection, actions, { total: () => this.total, selectAll: () => this.#selectAll(true) });
    this.note = make("p", { className: "stale-note", role: "status", hidden: true });
    this.before(this.toolbar.element, this.note);
    this.after(this.bulk);
  }

  #listen(signal) {
    addEventListener("scroll", () => this.#scrolled(), { signal, passive: true });
    addEventListener("resize", () => this.#measure(), { signal });
    addEventListener("popstate", () => this.ask(), { signal });
    document.addEventListener("looks", () => this.#measure(), { signal });
    document.addEventListener("clusters", () => this.#heard(), { signal });
    document.addEventListener("look:closed", ({ detail }) => this.#lookClosed(detail), { signal });
    this.selection.addEventListener("change", () => this.#selected(), { signal });
    this.body.addEventListener("click", (event) => this.#clicked(event), { signal });
    this.head.addEventListener("click", (event) => this.#sort(event.target.closest("button")?.dataset.sort), { signal });
    keyboard(this, signal);
  }

  // --- what the server says -------------------------------------------------------------------------------------

  #receive(frame) {
    if (frame.t === "snap") this.#show(frame);
    else if (frame.t === "patch") {
      this.rows.patch(frame);
      if (frame.troubles) this.#troubled(frame);
      this.#counted(frame.total, frame.listed ?? this.listed);
      if (frame.troubles || frame.old) this.#heard(frame.old);
    } else if (frame.t === "usage") this.rows.usage(frame.rows);
    else if (frame.t === "end") this.empty.say("This list is not available", frame.why);
  }

  #show(snapshot) {
    if (snapshot.columns.join() !== this.shown?.join()) this.#useColumns(snapshot.columns);
    this.toolbar.facets = snapshot.facets;
    this.toolbar.labels?.say(snapshot.wrong);
    this.wrong = snapshot.wrong;
    this.toolbar.draw(this.shown);
    this.rows.replace(snapshot.rows, snapshot.offset);
    this.rows.usage(snapshot.usage ?? {});
    this.#troubled(snapshot);
    this.#counted(snapshot.total, snapshot.listed);
    this.#heard(snapshot.old ?? []);
  }

  #useColumns(keys) {
    this.shown = keys;
    this.shownColumns = keys.map((key) => this.columns.find((column) => column.key === key)).filter(Boolean);
    this.rows?.stop();
    this.body.replaceChildren();
    this.rows = new Rows(this.body, this.shownColumns, {
      decorate: (element, data) => this.#decorate(element, data),
      inSight: () => this.#inSight(),
    });
    this.style.setProperty("--cols", tracks(this.shownColumns.map((column) => column.width)));
    this.style.setProperty("--min-width", `${120 + this.shownColumns.length * 104}px`);
    this.#drawHead();
  }

  #counted(total, listed) {
    if (total !== this.total) {
      this.body.style.setProperty("--total", total);
      this.table.ariaRowCount = total + 1;
    }
    this.toolbar.counted(total, listed);
    const same = total === this.total && listed === this.listed && !total === this.empty.isShown;
    this.total = total;
    this.listed = listed;
    if (same) return;
    if (total) this.empty.hide();
    else this.empty.tell({ listed, wrong: this.wrong, troubles: this.troubles, narrowing: this.#narrowing(), narrowed: "narrowed" in this.dataset });
  }

  // --- what is asked --------------------------------------------------------------------------------------------

  #measure() {
    this.rowHeight = Number.parseFloat(getComputedStyle(this.body).getPropertyValue("--row")) || 44;
    if (this.subscription) this.#scrolled();
  }

  #inSight() {
    // Before the first frame the page stands at its top; to ask where, or how high it is, would lay it out once more.
    if (!this.subscription) return [0, Math.ceil(outerHeight / this.rowHeight)];
    const first = Math.floor(-this.body.getBoundingClientRect().top / this.rowHeight);
    return [first, first + Math.ceil(innerHeight / this.rowHeight)];
  }

  #window() {
    const [first, last] = this.#inSight().map((index) => Math.max(0, index));
    const offset = Math.max(0, Math.floor((first - STEP / 2) / STEP) * STEP);
    return { offset, limit: Math.min(MOST, Math.ceil((last - offset + STEP / 2) / STEP) * STEP) };
  }

  #scrolled() {
    const { offset, limit } = this.#window();
    clearTimeout(this.scrolling);
    if (offset === this.subscription.args.offset && limit === this.subscription.args.limit) return;
    this.scrolling = setTimeout(() => this.subscription.set({ offset, limit }), SCROLLING);
  }

  // What the address says now.
  ask() {
    if (this.body.getBoundingClientRect().top < 0) scrollTo({ top: 0 });
    this.subscription.set({ query: this.address.query, ...this.#window() });
    this.toolbar.draw(this.shown);
    this.#drawHead();
  }

  // --- rows -----------------------------------------------------------------------------------------------------

  #decorate(element, data) {
    const selected = this.selection.has(data.id);
    if (element.ariaSelected !== String(selected)) {
      element.ariaSelected = String(selected);
      element.querySelector("input").checked = selected;
    }
    element.toggleAttribute("data-stale", isStale(data.cluster) || Boolean(this.old?.has(data.cluster)));
  }

  // What cannot be seen, and of which clusters more could be if namespaces were chosen.
  #troubled({ troubles, narrow }) {
    this.troubles = troubles ?? [];
    this.narrow = narrow ?? [];
    this.total = undefined; // what an empty list says may be another now
  }

  // Rows of a cluster that is silent, or that are old for themselves, are grey, and it is said since when; kinds that
  // cannot be seen are named.
  #heard(old = this.old) {
    this.old = new Map(old);
    this.rows.decorateAll();
    const silent = staleWords(new Set(this.rows.order.map((id) => this.rows.data(id)?.cluster)));
    const words = [silent, oldWords(this.old, this.dataset.label), ...(this.total ? this.troubles : [])].filter(Boolean).join(" ");
    this.note.hidden = !words;
    this.note.replaceChildren(icon("unknown"), make("span", {}, words), ...(this.total ? this.#narrowing() : []));
  }

  // Which namespaces are looked into is for those who may connect clusters.
  #narrowing() {
    if (!("mayConnect" in this.dataset)) return [];
    return this.narrow.map(([slug, name]) => make("a", { className: "btn sm", href: `/clusters/${slug}/namespaces/` }, `Choose namespaces of ${name}`));
  }

  #selected() {
    this.rows.decorateAll();
    const all = this.head.querySelector("input");
    all.checked = this.selection.size > 0 && this.selection.size >= this.total;
    all.indeterminate = this.selection.size > 0 && !all.checked;
  }

  #clicked(event) {
    const id = event.target.closest(".r")?.dataset.id;
    if (!id || event.defaultPrevented) return;
    if (event.target.matches("input")) {
      if (event.shiftKey) this.selection.extend(id, this.rows.order);
      else this.selection.toggle(id, event.target.checked);
    } else if (event.ctrlKey || event.metaKey) window.open(this.rows.data(id).href, "_blank", "noopener");
    else if (!event.target.closest("a, button") && !getSelection().toString()) this.look(id);
  }

  // The quick look slides in beside the list.
  look(id) {
    this.#looked(id);
    document.dispatchEvent(new CustomEvent("look", { detail: this.rows.data(id).href }));
  }

  #lookClosed({ inside }) {
    if (inside) this.rows.element(this.lookedAt)?.focus({ preventScroll: true });
    this.#looked(null);
  }

  #looked(id) {
    this.body.querySelector("[data-looked]")?.removeAttribute("data-looked");
    this.rows.element(id)?.setAttribute("data-looked", "");
    this.lookedAt = id;
  }

  async #selectAll(on) {
    if (!on) return this.selection.clear();
    const answer = await fetch(`${this.dataset.ids}?${this.address.query}`, { headers: { Accept: "application/json" } });
    if (!answer.ok) return toast({ level: "error", words: "Pilothouse did not say which rows these are. Nothing more was selected." });
    const { ids, total } = await answer.json();
    this.selection.set(ids, ids.length < total ? total : 0);
  }

  // --- head -----------------------------------------------------------------------------------------------------

  #drawHead() {
    this.head.replaceChildren(...headCells(this.shownColumns, this.address.params.get("sort") ?? "", (on) => this.#selectAll(on)));
    this.#selected();
  }

  #sort(key) {
    if (!key) return;
    this.address.sort(key);
    this.ask();
    this.head.querySelector(`[data-sort="${CSS.escape(key)}"]`)?.focus();
  }
}

customElements.define("live-table", LiveTable);
