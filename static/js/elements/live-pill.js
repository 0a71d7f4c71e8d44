// <live-pill>: whether what the page shows is as of now.

import { live } from "../socket.js";

const STATES = {
  live: ["healthy", "Live", "Changes appear by themselves."],
  connecting: ["stopped", "Connecting", ""],
  reconnecting: ["at_risk", "Reconnecting", "The page shows what was last heard, and tries again by itself."],
  offline: ["at_risk", "Offline", "This device has no network. The page shows what was last heard."],
  ended: ["failing", "Signed out", "Sign in again to go on."],
};

class LivePill extends HTMLElement {
  connectedCallback() {
    this.abort = new AbortController();
    live.addEventListener("state", () => this.#show(), { signal: this.abort.signal });
    this.#show();
  }

  disconnectedCallback() {
    this.abort.abort();
  }

  #show() {
    const [level, words, title] = STATES[live.state];
    Object.assign(this.dataset, { state: live.state, level });
    this.title = title;
    const text = this.querySelector("span");
    if (text.textContent !== words) text.textContent = words;
  }
}

customElements.define("live-pill", LivePill);
