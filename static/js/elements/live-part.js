// <live-part data-topic="git" data-args="{…}" data-href="…">: what stands in it is fetched again when its topic says that
// it is different.

import { refresh } from "../ask.js";
import { live } from "../socket.js";

class LivePart extends HTMLElement {
  connectedCallback() {
    this.subscription = live.follow(this.dataset.topic, JSON.parse(this.dataset.args), (frame) => this.#receive(frame));
  }

  disconnectedCallback() {
    this.subscription.close();
  }

  // The first frame says how it is as the page came; one after a line that was lost, that it may be otherwise.
  #receive(frame) {
    if (frame.t === "end") return;
    const known = this.known;
    this.known = frame.mark ?? frame.seq;
    if (known === undefined || (frame.mark && frame.mark === known)) return;
    refresh(this.dataset.href, this);
  }
}

customElements.define("live-part", LivePart);
