// <command-palette>: Ctrl-K. Pages, resources of all clusters, and "restart web"; all with the keyboard.

import { openDialog } from "../dialog.js";

const TYPING = 80; // ms

class CommandPalette extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    this.input = this.querySelector("input");
    this.list = this.querySelector("[role=listbox]");
    this.abort = new AbortController();
    const { signal } = this.abort;
    document.addEventListener("keydown", (event) => this.#shortcut(event), { signal });
    document.addEventListener("click", (event) => event.target.closest("[data-palette]") && this.open(), { signal });
    this.input.addEventListener("input", () => this.#typed(), { signal });
    this.input.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.list.addEventListener("click", (event) => this.#follow(event.target.closest("[role=option]")), { signal });
  }

  disconnectedCallback() {
    this.abort.abort();
  }

  open() {
    if (!this.dialog.open) this.dialog.showModal();
    this.input.select();
    this.#ask();
  }

  #shortcut(event) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      this.open();
    }
  }

  #typed() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#ask(), TYPING);
  }

  async #ask() {
    this.asking?.abort();
    this.asking = new AbortController();
    try {
      const answer = await fetch(`/palette/?${new URLSearchParams({ q: this.input.value })}`, { signal: this.asking.signal, headers: { "HX-Request": "true" } });
      if (!answer.ok) return;
      this.list.innerHTML = await answer.text(); // our own server's escaped markup
      this.#mark(this.#options[0]);
    } catch (error) {
      if (error.name !== "AbortError") this.list.textContent = "Pilothouse does not answer.";
    }
  }

  get #options() {
    return [...this.list.querySelectorAll("[role=option]")];
  }

  #mark(option) {
    for (const one of this.#options) one.ariaSelected = String(one === option);
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  #key(event) {
    const options = this.#options;
    const at = options.findIndex((one) => one.ariaSelected === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length) {
      event.preventDefault();
      this.#mark(options[(at + step + options.length) % options.length]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.#follow(options[at]);
    }
  }

  #follow(option) {
    if (!option) return;
    this.dialog.close();
    if (option.dataset.dialog !== undefined) openDialog(option.dataset.href);
    else location.assign(option.dataset.href);
  }
}

customElements.define("command-palette", CommandPalette);
