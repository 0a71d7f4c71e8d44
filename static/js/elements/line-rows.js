// <line-rows data-parts="[…]" data-label="Ports"><textarea>: every line as a row of inputs, which write the lines. Without
// this script, or when somebody chooses so, the lines are written as text.

import { icon } from "../icons.js";
import { putTogether, takeApart } from "../lines.js";
import { make } from "../make.js";

class LineRows extends HTMLElement {
  connectedCallback() {
    if (this.rows) return;
    this.text = this.querySelector("textarea");
    this.notation = this.querySelector('[data-part="notation"]');
    this.parts = JSON.parse(this.dataset.parts);
    this.rows = make("div", { className: "line-rows", role: "group", ariaLabel: this.dataset.label });
    const add = make("button", { type: "button", className: "btn sm", ariaLabel: `Add to ${this.dataset.label}` }, icon("plus"), "Add");
    this.toggle = make("button", { type: "button", className: "btn ghost sm" });
    this.append(this.rows, make("div", { className: "line-buttons" }, add, this.toggle));
    this.add = add;
    add.addEventListener("click", () => this.#add());
    this.toggle.addEventListener("click", () => this.#show(this.text.hidden));
    this.#show(false);
  }

  #show(asText) {
    this.toggleAttribute("data-as-text", asText);
    this.text.hidden = this.notation.hidden = !asText;
    this.rows.hidden = this.add.hidden = asText;
    this.toggle.textContent = asText ? "As rows" : "As text";
    this.toggle.ariaLabel = `${this.dataset.label}: ${asText ? "as rows" : "as text"}`;
    if (asText) return;
    const lines = this.text.value.split("\n").filter((line) => line.trim());
    this.rows.replaceChildren(...(lines.length ? lines : [""]).map((line) => this.#row(takeApart(line.trim(), this.parts))));
  }

  #row(values) {
    const row = make("div", { className: "line-row" });
    const inputs = this.parts.map((part, at) => input(part, values[at]));
    const away = make("button", { type: "button", className: "btn ghost sm sq", ariaLabel: "Remove this line", title: "Remove this line" }, icon("x"));
    away.addEventListener("click", () => this.#remove(row));
    row.addEventListener("input", () => {
      this.#suggest(inputs);
      this.#write();
    });
    row.append(make("span", {}, ...inputs), away);
    this.#suggest(inputs);
    return row;
  }

  // Names of what fits the choice of the row; what is secret with that choice is typed unseen.
  #suggest(inputs) {
    const chosen = inputs.filter((one) => one.tagName === "SELECT").map((one) => one.value);
    for (const [at, { among, hides, choices }] of this.parts.entries()) {
      if (!choices.length) inputs[at].type = hides.some((choice) => chosen.includes(choice)) ? "password" : "text";
      const kind = among.find(([choice]) => choice === "" || chosen.includes(choice))?.[1];
      if (kind) inputs[at].setAttribute("list", `names-${kind}`);
      else inputs[at].removeAttribute("list");
    }
  }

  #write() {
    const rows = [...this.rows.children].map((row) => [...row.querySelectorAll("input, select")].map((one) => one.value));
    this.text.value = rows.map((values) => putTogether(values, this.parts)).filter(Boolean).join("\n");
  }

  #add() {
    const row = this.#row(takeApart("", this.parts));
    this.rows.append(row);
    row.querySelector("input").focus();
  }

  #remove(row) {
    const beside = row.nextElementSibling ?? row.previousElementSibling;
    if (beside) row.remove();
    else row.replaceWith(this.#row(takeApart("", this.parts)));
    this.#write();
    this.text.dispatchEvent(new Event("input", { bubbles: true }));
    (beside ?? this.rows.firstChild).querySelector("input").focus();
  }
}

function input(part, value) {
  const className = part.wide ? "wide" : "";
  const data = part.name ? { part: part.name } : {};
  if (!part.choices.length) {
    return make("input", { type: "text", className, data, value, placeholder: part.hint || part.label, ariaLabel: part.label, title: part.label, autocomplete: "off", autocapitalize: "none", spellcheck: false });
  }
  const options = part.choices.map(([name, label]) => make("option", { value: name, selected: name === value }, label));
  return make("select", { className, data, ariaLabel: part.label }, ...options);
}

customElements.define("line-rows", LineRows);
