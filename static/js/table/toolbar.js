// The bar above a live table: search, filters as chips, how many there are, density, columns.

import { icon } from "../icons.js";
import { choose, chosen } from "../looks.js";
import { make } from "../make.js";
import { clusters } from "../shell.js";
import { count, levelWord } from "../words.js";
import { Labels } from "./labels.js";
import { choice, menu } from "./menu.js";

const TYPING = 100; // ms of quiet before a search is asked
const VALUES = 40; // of one facet in the menu
const DENSITIES = [["compact", "rows-4", "Compact rows"], ["cosy", "rows-3", "Cosy rows"], ["roomy", "rows-2", "Roomy rows"]];

export class Toolbar {
  #facets = {};
  #timer = 0;

  constructor(address, columns, labelled, changed) {
    Object.assign(this, { address, columns, changed });
    this.search = make("input", { type: "search", placeholder: "Filter by name…", autocomplete: "off", spellcheck: false, aria: { label: "Filter", keyshortcuts: "/" } });
    this.search.addEventListener("input", () => this.#typed());
    this.chips = make("span", { className: "chips" });
    this.filters = menu("table-filters", "Add filter", "list-filter");
    this.labels = labelled ? new Labels(this.filters.popover, (text) => this.select(text)) : null;
    this.chooser = menu("table-columns-menu", "Columns", "columns-3");
    this.total = make("span", { className: "bar-total num" });
    this.filters.popover.addEventListener("beforetoggle", ({ newState }) => newState === "open" && this.#listFilters());
    this.chooser.popover.addEventListener("beforetoggle", ({ newState }) => newState === "open" && this.#listColumns());
    this.filters.button.hidden = !labelled && !columns.some((column) => column.facet);
    this.element = make(
      "div",
      { className: "bar" },
      make("label", { className: "field" }, icon("search", "sm"), this.search, make("kbd", { aria: { hidden: "true" } }, "/")),
      this.chips, this.filters.button, this.filters.popover,
      make("span", { className: "bar-end" }, this.total, density(), this.chooser.button, this.chooser.popover),
    );
  }

  set facets(facets) {
    this.#facets = facets ?? {};
  }

  counted(total, listed) {
    const words = `${count(total)} ${total === 1 ? "row" : "rows"}${listed ? "" : " so far"}`;
    if (this.total.textContent !== words) this.total.textContent = words;
  }

  // As the address says it now.
  draw(shown) {
    this.shown = shown;
    if (document.activeElement !== this.search) this.search.value = this.address.params.get("q") ?? "";
    const active = this.columns.filter((column) => column.facet && this.address.filter(column.key).values.size);
    const selected = this.labels?.draw(this.address.params.get("labels") ?? "") ?? [];
    this.chips.replaceChildren(...selected, ...active.map((column) => this.#chip(column)));
  }

  // Only what has these labels: a selector as kubectl reads it.
  select(text) {
    this.address.change({ labels: text.trim() });
    this.changed();
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.address.change({ q: this.search.value.trim() }, { typing: true });
      this.changed();
    }, TYPING);
  }

  #chip(column) {
    const { values, without } = this.address.filter(column.key);
    const words = [...values].map((value) => wordOf(column, value)).join(", ");
    const swap = make("button", { type: "button", className: "chip-is", title: "Turn it around" }, without ? "is not" : "is");
    swap.addEventListener("click", () => this.#filter(column.key, values, !without));
    const remove = make("button", { type: "button", ariaLabel: `Remove the filter ${column.label} ${words}` }, icon("x"));
    remove.addEventListener("click", () => this.#filter(column.key, new Set()));
    return make("span", { className: "chip" }, make("span", {}, column.label), swap, make("b", {}, words), remove);
  }

  #listFilters() {
    const groups = this.columns.filter((column) => column.facet).map((column) => {
      const { values, without } = this.address.filter(column.key);
      const found = Object.entries(this.#facets[column.key] ?? {}).sort(([, a], [, b]) => b - a).slice(0, VALUES);
      const choices = found.map(([value, number]) =>
        choice({ label: wordOf(column, value) || "none", checked: values.has(value), detail: count(number) }, (on) => {
          if (on) values.add(value);
          else values.delete(value);
          this.#filter(column.key, values, without);
        }),
      );
      return choices.length ? make("fieldset", {}, make("legend", {}, column.label), ...choices) : "";
    });
    this.filters.items.replaceChildren(...groups.filter(Boolean));
  }

  #listColumns() {
    this.chooser.items.replaceChildren(...this.columns.map((column) => this.#columnChoice(column)));
  }

  #columnChoice(column) {
    const options = { label: column.label, checked: this.shown.includes(column.key), disabled: column.key === "name" };
    return choice(options, (on) => {
      const keys = this.columns.map(({ key }) => key).filter((key) => (key === column.key ? on : this.shown.includes(key)));
      this.shown = keys;
      this.address.change({ cols: keys.join(",") });
      this.changed();
    });
  }

  #filter(key, values, without = false) {
    this.address.setFilter(key, values, without);
    this.changed();
  }
}

// Values as people call them: by the names that came with the column, a level by its word, a cluster by its name.
const WORDS = {
  status: levelWord,
  cluster: (slug) => [...clusters.values()].find((one) => one.slug === slug)?.name ?? slug,
};
const wordOf = ({ key, names = {} }, value) => (Object.hasOwn(names, value) ? names[value] : (WORDS[key]?.(value) ?? value));

function density() {
  const buttons = DENSITIES.map(([value, iconName, label]) => {
    const button = make("button", { type: "button", value, title: label, aria: { label } }, icon(iconName, "sm"));
    button.addEventListener("click", () => {
      choose("density", value);
      draw();
    });
    return button;
  });
  const draw = () => {
    for (const button of buttons) button.ariaPressed = String(button.value === chosen("density"));
  };
  draw();
  return make("span", { className: "seg density", role: "group", aria: { label: "Density" } }, ...buttons);
}
