// Only what has these labels: a selector as kubectl and k9s read it, in the menu of filters and as a chip.

import { icon } from "../icons.js";
import { make } from "../make.js";

const TYPING = 400; // ms of quiet before it is asked
const EXAMPLES = ["app=web", "app!=web", "tier in (front, edge)", "tier notin (edge)", "canary", "!canary"];

export const looksLikeSelector = (text) => /[=!]|\s(not)?in\s*\(/.test(text);

export class Labels {
  #timer = 0;

  constructor(popover, changed) {
    this.changed = changed;
    this.input = make("input", { id: "table-labels", type: "text", placeholder: "app=web, !canary", autocomplete: "off", autocapitalize: "off", spellcheck: false, maxLength: 500 });
    this.input.setAttribute("aria-describedby", "table-labels-help table-labels-wrong");
    this.wrong = make("p", { id: "table-labels-wrong", className: "labels-wrong", role: "status", hidden: true });
    this.popover = popover;
    this.form = make(
      "form",
      { className: "labels-form" },
      make("label", { htmlFor: "table-labels" }, "Labels"),
      make("span", { className: "field" }, icon("tag", "sm"), this.input),
      this.wrong,
      make("p", { id: "table-labels-help" }, "As in kubectl; separate several with commas: ", ...EXAMPLES.flatMap((text) => [make("code", {}, text), " "])),
    );
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#ask();
      popover.hidePopover();
    });
    this.input.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#ask(), TYPING);
    });
    popover.prepend(this.form);
  }

  // As the address says it now; the chips for it.
  draw(text) {
    this.text = text;
    if (document.activeElement !== this.input) this.input.value = text;
    if (!text) return [];
    const edit = make("button", { type: "button", className: "chip-text", title: "Change it" }, text);
    edit.addEventListener("click", () => this.open());
    const remove = make("button", { type: "button", ariaLabel: `Remove the labels ${text}` }, icon("x"));
    remove.addEventListener("click", () => this.changed(""));
    return [make("span", { className: "chip" }, make("span", {}, "Labels"), edit, remove)];
  }

  open() {
    this.popover.showPopover();
    this.input.select();
  }

  // What cannot be read is said where it is written.
  say(wrong = "") {
    this.wrong.textContent = wrong;
    this.wrong.hidden = !wrong;
    this.input.setAttribute("aria-invalid", String(Boolean(wrong)));
  }

  #ask() {
    clearTimeout(this.#timer);
    const text = this.input.value.trim();
    if (text !== this.text) this.changed(text);
  }
}
