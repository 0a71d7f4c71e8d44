// <live-pill>: whether what the page shows is as of now.

import { STATES } from "../line-states.js";
import { silentNames } from "../shell.js";
import { live } from "../socket.js";
import { toast } from "../toast.js";

// The line of this tab may be live while a cluster at its other end is silent: "live" alone would be said of that, too.
function heard(silent) {
  if (!silent.length) return STATES.live;
  return { level: "unknown", word: `${silent.length} silent`, means: `${silent.join(", ")}: no answer. What is shown of it is as it was.` };
}

class LivePill extends HTMLElement {
  connectedCallback() {
    this.abort = new AbortController();
    live.addEventListener("state", () => this.#show(), { signal: this.abort.signal });
    document.addEventListener("clusters", () => this.#show(), { signal: this.abort.signal });
    this.#show();
  }

  disconnectedCallback() {
    this.abort.abort();
  }

  #show() {
    const { level, word, means, tell } = live.state === "live" ? heard(silentNames()) : STATES[live.state];
    const isNew = this.dataset.state !== live.state; // and not only that of a cluster
    Object.assign(this.dataset, { state: live.state, level });
    this.title = means;
    const text = this.querySelector("span");
    if (text.textContent !== word) text.textContent = word;
    if (tell && isNew) toast({ level: "error", words: means }); // what somebody has to do is said where it is seen
  }
}

customElements.define("live-pill", LivePill);
