// <deploy-form>: a form whose YAML is shown beside it. What the server finds wrong stands beside its field, where the
// page tells it as JSON: #deploy-problems while it is filled in, #deploy-wrong when it was to be used as it is.

import { make } from "../make.js";
import { icon } from "../icons.js";
import { agePlan } from "../plan-age.js";

class DeployForm extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.fields = this.querySelector(".deploy-fields");
    this.ending = new AbortController();
    const { signal } = this.ending;
    this.fields.addEventListener("input", () => this.#typed(), { signal });
    this.form.addEventListener("change", ({ target }) => target.closest("[data-check-again]") && this.#check(), { signal });
    this.querySelector(".deploy-view").addEventListener("change", ({ target }) => this.#turn(target.value), { signal });
    document.addEventListener("htmx:after:swap", () => this.#answered(), { signal });
    addEventListener("beforeunload", (event) => this.typed && event.preventDefault(), { signal });
    document.getElementById("deploy-as-yaml").addEventListener("submit", () => (this.typed = false), { signal });
    this.#tell("deploy-problems");
  }

  disconnectedCallback() {
    this.ending.abort();
  }

  #typed() {
    this.typed = true;
    agePlan();
  }

  // On a narrow screen: the YAML from its top, and back to where the form was left.
  #turn(view) {
    if (view === "yaml") this.left = scrollY;
    else return scrollTo(0, this.left ?? 0);
    const above = this.querySelector(".deploy-columns").getBoundingClientRect().top;
    const bar = this.querySelector(".deploy-view").getBoundingClientRect().bottom;
    if (above < bar) scrollBy(0, above - bar - 12);
  }

  #check() {
    this.form.requestSubmit(this.form.querySelector('[name="do"][value="check"]'));
  }

  #answered() {
    if (this.querySelector("#yaml-result [data-fresh]")) this.typed = false; // it is made: nothing can be lost
    this.#lookAt(this.querySelector(".yaml-step, .yaml-results, #yaml-result .notice"));
    const wrong = this.querySelector("#deploy-wrong:not([data-told])");
    this.#tell("deploy-problems");
    if (!wrong) return;
    wrong.dataset.told = "";
    this.querySelector('[name="view"][value="form"]').checked = true;
    this.#tell("deploy-wrong");
    const first = this.querySelector('[aria-invalid="true"]');
    for (const fold of this.querySelectorAll("details:has([aria-invalid])")) fold.open = true;
    const beside = first?.closest("line-rows:not([data-as-text])")?.querySelector("input");
    (beside ?? first)?.focus();
  }

  // What came of a press of the button, which may be far above it: once.
  #lookAt(result) {
    if (!result || result === this.seen) return;
    this.seen = result;
    result.closest("#yaml-result").scrollIntoView({ block: "start" });
  }

  // What is already told is left alone, so that nothing is read out twice.
  #tell(id) {
    const said = document.getElementById(id);
    if (!said || said.dataset.told === "all") return;
    said.dataset.told = "all";
    const problems = JSON.parse(said.textContent);
    for (const field of this.fields.querySelectorAll(".form-field")) {
      const input = field.querySelector("[name]");
      const words = problems[input?.name] ?? "";
      const shown = field.querySelector(":scope > [data-error]");
      if ((shown?.textContent ?? "") === words) continue;
      shown?.remove();
      input.toggleAttribute("aria-invalid", false);
      if (!words) continue;
      input.setAttribute("aria-invalid", "true");
      const line = make("li", {}, icon("circle-alert"), make("span", {}, words));
      field.append(make("div", { role: "alert", data: { error: "" } }, make("ul", { className: "errors" }, line)));
    }
  }
}

customElements.define("deploy-form", DeployForm);
