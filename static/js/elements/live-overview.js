// <live-overview>: the body of Home. When what it shows is different, it is fetched again and morphed into place; when
// only usage was measured, the parts that show it are.

import { refresh } from "../ask.js";
import { chosenCluster } from "../scope.js";
import { live } from "../socket.js";

const PACE = 500; // ms between two fetches, however much changes
const MEASURED = ["numbers", "clusters"];

class LiveOverview extends HTMLElement {
  connectedCallback() {
    this.subscription = live.follow("overview", { cluster: chosenCluster() }, (frame) => this.#receive(frame));
  }

  disconnectedCallback() {
    this.subscription.close();
    clearTimeout(this.timer);
  }

  #receive(frame) {
    if (frame.t === "usage") return this.#measured();
    if (frame.mark === undefined || frame.mark === this.mark) return;
    this.mark = frame.mark;
    this.timer ??= setTimeout(() => this.#refresh(), this.fetched ? PACE : 0);
  }

  #refresh() {
    this.timer = undefined;
    if (!this.isConnected) return;
    this.fetched = true;
    this.#fetch("home", "#home");
  }

  #measured() {
    if (this.timer !== undefined) return; // all of it is fetched in a moment
    for (const part of MEASURED) this.#fetch(part, `#home-${part}`);
  }

  #fetch(part, target) {
    const address = `${this.dataset.href}?${new URLSearchParams({ part, cluster: chosenCluster() })}`;
    refresh(address, target, "outerMorph");
  }
}

customElements.define("live-overview", LiveOverview);
