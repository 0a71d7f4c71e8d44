// <command-palette>: Ctrl-K or Cmd-K. Finds pages and resources of all clusters, and does things to them.

import { openDialog } from "../dialog.js";
import { chosenCluster, scoped } from "../scope.js";

const TYPING = 80; // ms of quiet before it is asked

class CommandPalette extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    this.input = this.querySelector("input");
    this.found = this.querySelector('[role="listbox"]');
    this.abort = new AbortController();
    const { signal } = this.abort;
    document.addEventListener("keydown", (event) => this.#shortcut(event), { signal });
    document.addEventListener("click", (event) => event.target.closest("[data-palette]") && this.open(), { signal });
    this.input.addEventListener("input", () => this.#typed(), { signal });
    this.dialog.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close(), { signal });
    this.found.addEventListener("click", (event) => this.#choose(event.target.closest('[role="option"]'), event), { signal });
    this.found.addEventListener("pointermove", (event) => this.#mark(event.target.closest('[role="option"]')), { signal });
  }

  disconnectedCallback() {
    this.abort.abort();
    this.asking?.abort();
  }

  open() {
    if (this.dialog.open || document.querySelector("dialog:modal")) return;
    this.dialog.showModal();
    this.input.select();
    this.#ask();
  }

  #shortcut(event) {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    if (this.dialog.open) this.dialog.close();
    else this.open();
  }

  #typed() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#ask(), TYPING);
  }

  async #ask() {
    this.asking?.abort();
    this.asking = new AbortController();
    const address = `${this.dataset.href}?${new URLSearchParams({ q: this.input.value, cluster: chosenCluster() })}`;
    try {
      const answer = await fetch(address, { signal: this.asking.signal, headers: { "HX-Request": "true" } });
      if (answer.status === 401) return location.reload();
      if (!answer.ok) throw new Error(answer.statusText);
      this.found.innerHTML = await answer.text(); // our own template, which escapes what clusters say
      this.#mark(this.#options[0]);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.found.textContent = "Pilothouse does not answer. Try again.";
    }
  }

  get #options() {
    return [...this.found.querySelectorAll('[role="option"]')];
  }

  #mark(option) {
    if (!option) return;
    for (const one of this.#options) one.ariaSelected = String(one === option);
    this.input.setAttribute("aria-activedescendant", option.id);
    this.marked = option;
  }

  #key(event) {
    const options = this.#options;
    const at = options.indexOf(this.marked);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      this.#mark(options[(at + by + options.length) % options.length]);
      this.marked?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.#choose(options[at], event);
    }
  }

  #choose(option, event) {
    if (!option || option.ariaDisabled === "true") return;
    const { href, dialog } = option.dataset;
    this.dialog.close();
    if (dialog !== undefined) openDialog(href);
    else if (event.ctrlKey || event.metaKey) window.open(scoped(href), "_blank", "noopener");
    else location.href = scoped(href);
  }
}

customElements.define("command-palette", CommandPalette);
