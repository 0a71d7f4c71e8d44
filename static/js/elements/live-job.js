// <live-job>: a job's page while it runs. When it says something, its lines are fetched again; when it ends, at once.

import { refresh } from "../ask.js";
import { live } from "../socket.js";

const PACE = 250; // ms between two fetches, however much it says

class LiveJob extends HTMLElement {
  connectedCallback() {
    if (this.dataset.state !== "running") return;
    this.subscription = live.follow("job", { key: this.dataset.key, from: Number(this.dataset.from) }, (frame) => this.#receive(frame));
  }

  disconnectedCallback() {
    this.subscription?.close();
    clearTimeout(this.timer);
  }

  #receive(frame) {
    if (frame.t !== "end" && (!frame.state || frame.state === "running")) {
      this.timer ??= setTimeout(() => this.#refresh(), PACE);
      return;
    }
    this.subscription.close();
    clearTimeout(this.timer);
    this.#refresh();
  }

  #refresh() {
    this.timer = undefined;
    if (this.isConnected) refresh(this.dataset.href, "#job", "outerMorph");
  }
}

customElements.define("live-job", LiveJob);
