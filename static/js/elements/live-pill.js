// <live-pill>: whether what the page shows is as of now.

import { STATES } from "../line-states.js";
import { live } from "../socket.js";
import { toast } from "../toast.js";

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
    const { level, word, means, tell } = STATES[live.state];
    Object.assign(this.dataset, { state: live.state, level });
    this.title = means;
    const text = this.querySelector("span");
    if (text.textContent !== word) text.textContent = word;
    if (tell) toast({ level: "error", words: means }); // what somebody has to do is said where it is seen
  }
}

customElements.define("live-pill", LivePill);
