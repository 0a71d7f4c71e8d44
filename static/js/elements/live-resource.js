// <live-resource>: the head of a resource's page. When the resource changes, it and the open panel are fetched again.

import { refresh } from "../ask.js";
import { fillers } from "../cells.js";
import { staleWords } from "../shell.js";
import { live } from "../socket.js";
import { visible } from "../visible.js";

const PACE = 250; // ms between two fetches, however fast the resource changes

class LiveResource extends HTMLElement {
  connectedCallback() {
    const { cluster, kind, key } = this.dataset;
    // What changed between the page and the first frame is fetched, too. (A quick look is fetched whole, and comes again.)
    if (!this.#inLook && this.dataset.version) this.version = JSON.stringify(JSON.parse(this.dataset.version));
    this.subscription = live.follow("resource", { cluster, kind, key }, (frame) => this.#receive(frame));
    document.addEventListener("clusters", this.#heard);
    this.#heard();
  }

  disconnectedCallback() {
    this.subscription.close();
    document.removeEventListener("clusters", this.#heard);
    Object.values(this.#timers).forEach(clearTimeout);
    this.#timers = {};
    this.#tellPage();
  }

  // While its cluster is silent, what is shown is old: nothing of it looks as if it were so now.
  #heard = () => {
    const words = staleWords(new Set([Number(this.dataset.row.split("~")[0])]), "what is shown is");
    const note = this.querySelector("[data-silent-note]");
    this.toggleAttribute("data-silent", Boolean(words));
    this.#tellPage();
    if (!note) return;
    note.hidden = !words;
    note.querySelector("[data-part=words]").textContent = words;
  };

  // The rest of the page loses its colours, too.
  #tellPage() {
    document.body.toggleAttribute("data-past", document.querySelector("live-resource:is([data-gone], [data-silent])") !== null);
  }

  #receive(frame) {
    if (frame.t === "usage") this.#usage(frame.rows[this.dataset.row]);
    else if (frame.t === "end") this.#gone(frame.why);
    else {
      if (frame.href !== this.dataset.href && !frame.gone && !this.#inLook) return location.replace(frame.href + location.search); // renamed
      const [known, first] = [this.version, !this.heard];
      this.heard = true;
      this.version = JSON.stringify([frame.version, frame.health]);
      if (frame.usage) this.#usage(frame.usage);
      if (frame.gone) this.#gone("It was deleted.");
      else if (known !== undefined && this.version !== known) this.#refresh();
      else if (!first) this.#refreshPanel(); // one of its copies changed
    }
  }

  #usage(samples) {
    if (samples?.point) document.dispatchEvent(new CustomEvent("usage:point", { detail: { row: this.dataset.row, ...samples } }));
    for (const [key, value] of Object.entries(samples ?? {}))
      for (const element of document.querySelectorAll(`[data-usage="${key}"] [data-cell]`)) fillers[element.dataset.cell]?.(element, value);
  }

  #refresh() {
    if (this.#inLook) return this.#refreshPanel();
    this.#soon(() => {
      refresh(`${this.dataset.href}?part=head`, "#resource-head-content");
      this.#refreshPanel();
    });
  }

  // The quick look is one part: head and panel come together.
  get #inLook() {
    return this.closest("#look-host") !== null;
  }

  #refreshPanel() {
    if (this.#inLook) return this.#soon(() => refresh(`${this.dataset.href}?part=look`, "#look-host"), "look");
    const panel = document.querySelector("#panel[data-live-panel]");
    if (panel) panel.onfocusout = null;
    const typing = panel?.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
    if (typing) panel.onfocusout = () => this.#refreshPanel(); // what somebody types is left alone
    else if (panel) this.#soon(() => panel.isConnected && refresh(panel.dataset.href, panel), "panel"); // unless another tab was opened
  }

  #timers = {};

  #soon(act, name = "head") {
    this.#timers[name] ??= setTimeout(() => {
      delete this.#timers[name];
      if (this.isConnected) act();
    }, PACE);
  }

  #gone(why) {
    Object.values(this.#timers).forEach(clearTimeout); // there is nothing more to fetch
    this.#timers = {};
    this.dataset.gone = "";
    this.#tellPage();
    const note = this.querySelector("[data-gone-note]");
    if (note) {
      note.hidden = false;
      note.querySelector("[data-part=words]").textContent = visible(why);
    }
  }
}

customElements.define("live-resource", LiveResource);
