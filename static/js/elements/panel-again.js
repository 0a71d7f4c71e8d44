// <panel-again data-href="…" data-every="3">: the panel it stands in is fetched again every so many seconds, while it is seen.

import { refresh } from "../ask.js";

class PanelAgain extends HTMLElement {
  connectedCallback() {
    this.timer = setInterval(() => this.#ask(), Number(this.dataset.every) * 1000);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  #ask() {
    const panel = this.closest("#panel, #look-host");
    if (document.visibilityState === "visible" && panel?.id === "panel") refresh(this.dataset.href, panel);
  }
}

customElements.define("panel-again", PanelAgain);
