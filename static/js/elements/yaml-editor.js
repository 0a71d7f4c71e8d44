// <yaml-editor data-check="/…/">: YAML with colours, and, where it may be changed, checked and completed by the cluster's own schema.
//
// It stands in a form with the result of the last look ahead (#yaml-result), and with buttons that drive it: data-to-line goes to
// a line, data-whole-form sends all of the form to be checked with it, data-take puts a text in its place, data-opened says which text the changes are reckoned from.

import { autocompletion } from "@codemirror/autocomplete";
import { indentUnit, StreamLanguage } from "@codemirror/language";
import { yaml } from "@codemirror/legacy-modes/mode/yaml";
import { linter, lintGutter, lintKeymap } from "@codemirror/lint";
import { StateEffect } from "@codemirror/state";
import { keymap } from "@codemirror/view";
import { CodeEditor } from "../editor.js";
import { agePlan } from "../plan-age.js";
import { toast } from "../toast.js";

const PACE = 400; // ms without a key until it is checked
const MOST = 1 << 20; // bytes
const checkAgain = StateEffect.define();

class YamlEditor extends CodeEditor {
  connectedCallback() {
    super.connectedCallback();
    this.form = this.closest("form");
    if (this.text.readOnly || !this.form) return;
    this.saved = this.text.value;
    this.ending = new AbortController();
    const { signal } = this.ending;
    this.text.addEventListener("input", agePlan, { signal });
    if (this.dataset.wholeForm !== undefined) this.form.addEventListener("input", ({ target }) => target !== this.text && this.#elsewhere(), { signal });
    this.form.addEventListener("click", (event) => this.#clicked(event), { signal });
    this.form.addEventListener("submit", ({ submitter }) => submitter?.value === "deploy" && (this.saved = this.text.value), { signal }); // its job's page follows
    this.form.addEventListener("change", (event) => event.target.closest("[data-check-again]") && this.#check(), { signal });
    this.form.querySelector(".yaml-file input")?.addEventListener("change", ({ target }) => this.#files(target.files, target), { signal });
    this.addEventListener("dragover", (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault(), { signal });
    this.addEventListener("drop", (event) => this.#drop(event), { signal, capture: true });
    document.addEventListener("htmx:after:swap", () => this.#answered(), { signal });
    addEventListener("beforeunload", (event) => this.#unsaved && event.preventDefault(), { signal });
  }

  disconnectedCallback() {
    this.ending?.abort();
    super.disconnectedCallback();
  }

  extensions() {
    const base = [StreamLanguage.define(yaml), indentUnit.of("  ")];
    if (this.text.readOnly) return base;
    return [
      base,
      keymap.of([{ key: "Mod-Enter", run: () => this.#check() || true }, { key: "Mod-s", run: () => this.#check() || true }, ...lintKeymap]),
      lintGutter(),
      linter((view) => this.#problems(view), { delay: PACE, needsRefresh: ({ transactions }) => transactions.some(({ effects }) => effects.some((one) => one.is(checkAgain))) }),
      autocompletion({ override: [(context) => this.#complete(context)], icons: false }),
    ];
  }

  get #unsaved() {
    return this.text.value !== this.saved;
  }

  // Another field was changed that the text is checked with.
  #elsewhere() {
    agePlan();
    this.view.dispatch({ effects: checkAgain.of(null) });
  }

  #check() {
    this.form.requestSubmit(this.form.querySelector('.yaml-foot [value="check"]'));
  }

  // After it was applied, or undone, the text is what is there now.
  #answered() {
    const fresh = document.querySelector("#yaml-result [data-fresh]");
    if (!fresh) return;
    fresh.removeAttribute("data-fresh");
    if (fresh.value) this.#put(fresh.value);
    this.saved = this.text.value;
  }

  #put(text) {
    this.text.value = text;
    this.text.dispatchEvent(new Event("change"));
  }

  #clicked({ target }) {
    const button = target.closest("button");
    if (!button) return;
    const { toLine, take, opened } = button.dataset;
    const kept = this.form.querySelector('[name="opened"]');
    if (toLine) {
      this.goTo(Number(toLine));
      this.view.focus();
    }
    if (opened && kept) kept.value = opened;
    if (take && kept) {
      kept.value = take;
      this.#put(take);
      this.#check();
    }
  }

  #drop(event) {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    event.stopPropagation();
    this.#files(event.dataTransfer.files);
  }

  // The text of files takes the place of what is there; the files themselves are never sent.
  async #files(files, input) {
    const chosen = [...files];
    if (!chosen.length) return;
    if (chosen.reduce((sum, file) => sum + file.size, 0) > MOST) return toast({ level: "error", words: "Together these files are larger than 1 MiB." });
    const texts = await Promise.all(chosen.map((file) => file.text()));
    this.#put(texts.map((text) => text.trimEnd()).join("\n---\n") + "\n");
    this.view.focus();
    if (input) input.value = "";
  }

  async #ask(fields) {
    const body = this.dataset.wholeForm === undefined ? new FormData() : new FormData(this.form);
    for (const [name, value] of Object.entries({ text: this.view.state.doc.toString(), ...fields })) body.set(name, value);
    const headers = { "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content, Accept: "application/json" };
    try {
      const answer = await fetch(this.dataset.check, { method: "POST", body, headers });
      return answer.ok ? await answer.json() : {};
    } catch {
      return {}; // a check while typing is a help; what counts is the look ahead
    }
  }

  async #problems(view) {
    if (!view.state.doc.toString().trim()) return [];
    const { doc } = view.state;
    const { problems = [] } = await this.#ask({ what: "check" });
    return problems
      .filter(({ line }) => line >= 1 && line <= doc.lines)
      .map(({ line, from, to, words, level }) => {
        const at = doc.line(line);
        const begin = Math.min(at.from + (from ?? at.text.length - at.text.trimStart().length), at.to);
        return { from: begin, to: Math.max(begin, Math.min(at.from + (to ?? at.length), at.to)), severity: level, message: words };
      });
  }

  async #complete(context) {
    const word = context.matchBefore(/[\w./-]*/);
    if (!context.explicit && word.from === word.to) return null;
    const line = context.state.doc.lineAt(context.pos);
    const { options = [] } = await this.#ask({ what: "complete", line: line.number, column: context.pos - line.from });
    return options.length ? { from: word.from, options, validFor: /^[\w./-]*$/ } : null;
  }
}

customElements.define("yaml-editor", YamlEditor);
