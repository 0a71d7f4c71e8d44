// What stands where a list has no rows: that they are on their way, or why there are none and what to do about it.

import { make } from "../make.js";
import { looksLikeSelector } from "./labels.js";

const SKELETON_AFTER = 200; // ms

export class Empty {
  #waiting = 0;

  // `label` is the list's, `changed` is called when another address is asked for, `labelled`: rows have labels.
  constructor(label, { address, columns, labelled, changed }) {
    Object.assign(this, { label, address, columns, labelled, changed });
    this.element = make("div", { className: "tbl-empty", hidden: true, role: "status" });
  }

  get isShown() {
    return !this.element.hidden;
  }

  stop() {
    clearTimeout(this.#waiting);
  }

  hide() {
    this.stop();
    this.element.hidden = true;
  }

  // `wrong` is with the labels that are looked for; `troubles` are sentences, `narrowing` are links for them.
  tell({ listed, wrong, troubles, narrowing, narrowed }) {
    this.stop();
    const label = this.label.replace(/^[A-Z](?=[a-z]+( |$))/, (first) => first.toLowerCase()); // "HTTP routes" and "PodTemplates" stay
    if (wrong) this.say("These labels cannot be looked for", wrong, this.#clearButton());
    else if (!listed) this.#waiting = setTimeout(() => this.#skeleton(), SKELETON_AFTER);
    else if (this.address.isFiltered(this.columns)) this.say("Nothing fits", ["No row fits the search and the filters.", ...troubles].join(" "), ...this.#asLabels(), this.#clearButton(), ...narrowing);
    else if (troubles.length) this.say(`No ${label} can be seen`, troubles.join(" "), ...narrowing);
    else if (narrowed) this.say(`No ${label} can be seen`, "You are not shown all of it; the note above says why.");
    else this.say(`No ${label} here`, "When there is one, it appears by itself.");
  }

  say(title, words, ...more) {
    this.element.className = "tbl-empty";
    this.element.replaceChildren(make("b", {}, title), make("p", {}, words), ...more);
    this.element.hidden = false;
  }

  #skeleton() {
    this.element.className = "skeleton";
    this.element.replaceChildren(make("span", { className: "sr" }, "Loading"), ...Array.from({ length: 9 }, () => make("i")));
    this.element.hidden = false;
  }

  // What was typed into the search reads like a label selector: it can be one.
  #asLabels() {
    const text = this.address.params.get("q") ?? "";
    if (!this.labelled || !looksLikeSelector(text)) return [];
    const button = make("button", { type: "button", className: "btn primary" }, `Look for the labels ${text}`);
    button.addEventListener("click", () => {
      this.address.change({ q: null, labels: text });
      this.changed();
    });
    return [button];
  }

  #clearButton() {
    const button = make("button", { type: "button", className: "btn" }, "Clear search and filters");
    button.addEventListener("click", () => {
      this.address.clear(this.columns);
      this.changed();
    });
    return button;
  }
}
