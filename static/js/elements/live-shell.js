// <live-shell>: what every page shows around itself, live: the pill, the state of the clusters, the counts.

import { setIcon } from "../cells.js";
import { timeOfDay } from "../clock.js";
import { live } from "../socket.js";

const STATES = {
  live: ["circle-check", "Live"],
  connecting: ["loader-circle", "Asking"],
  stale: ["clock", "As of"],
  down: ["unplug", "Does not answer"],
  refused: ["shield-x", "Not allowed"],
};
const PILL = { live: "Live", reconnecting: "Reconnecting", offline: "Offline", connecting: "Connecting", ended: "Signed out" };

class LiveShell extends HTMLElement {
  connectedCallback() {
    this.said = (event) => this.#pill(event.detail);
    live.addEventListener("state", this.said);
    this.subscription = live.follow("shell", {}, (frame) => frame.clusters && this.#show(frame));
    this.#pill(live.state);
  }

  disconnectedCallback() {
    live.removeEventListener("state", this.said);
    this.subscription.close();
  }

  // The line from this tab to Pilothouse.
  #pill(state) {
    document.documentElement.dataset.line = state;
    for (const pill of document.querySelectorAll("[data-live-pill]")) {
      pill.dataset.state = state;
      pill.querySelector("[data-part=words]").textContent = PILL[state] ?? state;
    }
    if (state !== "live") this.#stale();
  }

  // Without a line nothing on this page is as of now.
  #stale() {
    const clusters = (this.clusters ?? []).map((cluster) => ({ ...cluster, state: "stale" }));
    document.dispatchEvent(new CustomEvent("clusters", { detail: clusters }));
  }

  #show({ clusters, counts }) {
    this.clusters = clusters;
    for (const cluster of clusters) this.#cluster(cluster);
    for (const element of document.querySelectorAll("[data-count]")) {
      const count = counts[element.dataset.count];
      element.textContent = count ? count.toLocaleString() : "";
    }
    document.dispatchEvent(new CustomEvent("clusters", { detail: clusters }));
  }

  #cluster(cluster) {
    const [icon, word] = STATES[cluster.state] ?? STATES.down;
    const words = cluster.state === "stale" ? `${word} ${timeOfDay(cluster.asof)}` : word;
    for (const element of document.querySelectorAll(`[data-cluster-state="${cluster.id}"]`)) {
      element.dataset.state = cluster.state;
      element.title = cluster.why ? `${words}: ${cluster.why}` : words;
      const svg = element.querySelector("svg");
      if (svg) setIcon(svg, icon);
      const text = element.querySelector("[data-part=words]");
      if (text) text.textContent = words;
    }
  }
}

customElements.define("live-shell", LiveShell);
