// <live-overview>: the body of Home. When what it shows is different, it is fetched again and morphed into place.

import { live } from "../socket.js";

const PACE = 500; // ms between two fetches, however much changes

class LiveOverview extends HTMLElement {
  connectedCallback() {
    this.subscription = live.follow("overview", {}, (frame) => this.#receive(frame));
  }

  disconnectedCallback() {
    this.subscription.close();
    clearTimeout(this.timer);
  }

  #receive(frame) {
    if (frame.mark === undefined || frame.mark === this.mark) return;
    this.mark = frame.mark;
    this.timer ??= setTimeout(() => this.#refresh(), this.fetched ? PACE : 0);
  }

  #refresh() {
    this.timer = undefined;
    if (!this.isConnected) return;
    this.fetched = true;
    window.htmx.ajax("GET", `${this.dataset.href}?part=home`, { target: "#home", swap: "outerMorph" });
  }
}

customElements.define("live-overview", LiveOverview);
