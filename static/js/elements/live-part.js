// <live-part data-topic="git" data-args="{…}" data-href="…" data-every="60">: what stands in it is fetched again when its
// topic says that it is different, and every so many seconds, where that is given. A skeleton in it is filled when the
// topic answers: what is fetched then is not older than what the topic tells later.

import { refresh } from "../ask.js";
import { live } from "../socket.js";

const PATIENCE = 1_000; // ms for the topic to answer, until a skeleton is filled without it

class LivePart extends HTMLElement {
  connectedCallback() {
    this.known = undefined;
    this.subscription = live.follow(this.dataset.topic, JSON.parse(this.dataset.args), (frame) => this.#receive(frame));
    if (this.querySelector(".skeleton")) this.patience = setTimeout(() => this.#refresh(), PATIENCE);
    if (this.dataset.every) this.timer = setInterval(() => this.#refresh(), this.dataset.every * 1000);
  }

  disconnectedCallback() {
    this.subscription.close();
    clearInterval(this.timer);
    clearTimeout(this.patience);
  }

  // Something may have changed between the page and the first frame, or while the line was lost: only a mark that is known
  // already says that nothing did.
  #receive(frame) {
    if (frame.t === "end") return; // a skeleton is filled all the same: its part says what is wrong
    if (frame.mark && frame.mark === this.known) return;
    this.known = frame.mark;
    this.#refresh();
  }

  #refresh() {
    clearTimeout(this.patience);
    refresh(this.dataset.href, this);
  }
}

customElements.define("live-part", LivePart);
