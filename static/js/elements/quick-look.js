// <quick-look>: the drawer beside a list. It shows a resource without leaving the list; the event "look" names it.

import { ask } from "../ask.js";

class QuickLook extends HTMLElement {
  connectedCallback() {
    this.abort = new AbortController();
    const { signal } = this.abort;
    document.addEventListener("look", ({ detail }) => this.#open(detail), { signal });
    document.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.addEventListener("click", (event) => event.target.closest("[data-close]") && this.close());
  }

  disconnectedCallback() {
    this.abort.abort();
  }

  #open(href) {
    if (this.href === href && !this.hidden) return this.close();
    this.href = href;
    this.hidden = false;
    const address = new URL(href, location.origin);
    address.searchParams.set("part", "look");
    ask(address.pathname + address.search, "#look-host");
  }

  #key(event) {
    if (event.key !== "Escape" || this.hidden || document.querySelector("dialog:modal, :popover-open")) return;
    event.stopImmediatePropagation();
    this.close();
  }

  close() {
    const inside = this.contains(document.activeElement); // who was in it with the keyboard goes back to the row
    this.hidden = true;
    this.href = null;
    this.querySelector("#look-host").replaceChildren();
    document.dispatchEvent(new CustomEvent("look:closed", { detail: { inside } }));
  }
}

customElements.define("quick-look", QuickLook);
