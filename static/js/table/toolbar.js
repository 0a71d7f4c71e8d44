// The bar above a live table: search, filters as chips, columns, density.

import { levelWord } from "../cells.js";

const TYPING = 100; // ms of quiet before a search is asked

const make = (tag, props = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), props);
  element.append(...children);
  return element;
};

const icon = (name) => document.querySelector(`template[data-icon="${name}"]`)?.content.firstElementChild.cloneNode(true) ?? "";

export class Toolbar {
  #facets = {};
  #timer = 0;

  constructor(address, columns, changed) {
    Object.assign(this, { address, columns, changed });
    this.search = make("input", {
      type: "search", placeholder: "Filter by name, image, label…", ariaLabel: "Filter", value: address.params.get("q") ?? "",
    });
    this.search.setAttribute("aria-keyshortcuts", "/");
    this.search.addEventListener("input", () => this.#typed());
    this.chips = make("span", { className: "chips" });
    this.filters = menu("Add filter", "list-filter");
    this.chosen = menu("Columns", "columns-3");
    this.element = make(
      "div",
      { className: "bar" },
      make("label", { className: "field" }, icon("search"), this.search, make("kbd", { textContent: "/", ariaHidden: "true" })),
      this.chips,
      this.filters.element,
      make("span", { className: "bar-end" }, density(), this.chosen.element),
    );
    this.filters.element.addEventListener("toggle", (event) => event.newState === "open" && this.#listFilters());
    this.draw(columns.filter((column) => column.shown).map((column) => column.key));
  }

  set facets(facets) {
    this.#facets = facets;
    this.draw();
  }

  draw(shown = this.shown) {
    this.shown = shown;
    if (document.activeElement !== this.search) this.search.value = this.address.params.get("q") ?? "";
    const active = this.columns.filter((column) => column.facet && this.address.filter(column.key).values.size);
    this.chips.replaceChildren(...active.map((column) => this.#chip(column)));
    this.#listFilters();
    this.chosen.items.replaceChildren(...this.columns.map((column) => this.#columnChoice(column)));
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
    const words = [...values].map((value) => word(column, value)).join(", ");
    const remove = make("button", { type: "button", className: "btn ghost sq", ariaLabel: `Remove the filter ${column.label} ${words}` }, icon("x"));
    remove.addEventListener("click", () => this.#filter(column.key, new Set()));
    return make("span", { className: "chip" }, make("span", { textContent: `${column.label} is${without ? " not" : ""}` }), words, remove);
  }

  #listFilters() {
    const groups = this.columns
      .filter((column) => column.facet)
      .map((column) => {
        const { values } = this.address.filter(column.key);
        const counts = Object.entries(this.#facets[column.key] ?? {}).sort(([, a], [, b]) => b - a).slice(0, 40);
        return make(
          "fieldset",
          {},
          make("legend", { textContent: column.label }),
          ...counts.map(([value, count]) => this.#filterChoice(column, values, value, count)),
        );
      });
    this.filters.items.replaceChildren(...groups);
  }

  #filterChoice(column, values, value, count) {
    const box = make("input", { type: "checkbox", checked: values.has(value) });
    box.addEventListener("change", () => {
      if (box.checked) values.add(value);
      else values.delete(value);
      this.#filter(column.key, values);
    });
    return make("label", {}, box, make("span", { textContent: word(column, value) || "none" }), make("small", { textContent: count }));
  }

  #columnChoice(column) {
    const box = make("input", { type: "checkbox", checked: this.shown.includes(column.key), disabled: column.key === "name" });
    box.addEventListener("change", () => {
      const keys = this.columns.map((one) => one.key).filter((key) => (key === column.key ? box.checked : this.shown.includes(key)));
      this.address.change({ cols: keys.join(",") });
      this.changed();
    });
    return make("label", {}, box, make("span", { textContent: column.label }));
  }

  #filter(key, values) {
    this.address.setFilter(key, values);
    this.changed();
  }
}

const word = (column, value) => (column.key === "status" ? levelWord(value) : value);

function menu(label, iconName) {
  const items = make("div", { className: "menu-items" });
  const id = `menu-${label.toLowerCase().replaceAll(" ", "-")}`;
  const button = make("button", { type: "button", className: "btn sm ghost" }, icon(iconName), label);
  button.setAttribute("popovertarget", id);
  const popover = make("div", { id, className: "menu pop" }, items);
  popover.setAttribute("popover", "");
  popover.addEventListener("beforetoggle", () => {
    const box = button.getBoundingClientRect();
    popover.style.setProperty("--top", `${box.bottom + 6}px`);
    popover.style.setProperty("--left", `${Math.max(8, Math.min(box.left, innerWidth - 280))}px`);
  });
  const element = make("span", { className: "menu-holder" }, button, popover);
  return { element, items };
}

const DENSITIES = [["compact", "Compact"], ["cosy", "Cosy"], ["roomy", "Roomy"]];

function density() {
  const group = make("span", { className: "seg density", role: "group", ariaLabel: "Density" });
  const root = document.documentElement;
  const draw = () => {
    for (const button of group.children) button.ariaPressed = String(button.value === (root.dataset.density || "cosy"));
  };
  for (const [value, label] of DENSITIES) {
    const button = make("button", { type: "button", value, textContent: label });
    button.addEventListener("click", () => {
      root.dataset.density = value;
      document.cookie = `density=${value}; path=/; max-age=31536000; samesite=lax`;
      draw();
      dispatchEvent(new Event("resize"));
    });
    group.append(button);
  }
  draw();
  return group;
}
