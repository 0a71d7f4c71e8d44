// <live-cell>: one cell outside a table: the value the server wrote into data-value, shown as tables show it.

import { fillers } from "../cells.js";

class LiveCell extends HTMLElement {
  static observedAttributes = ["data-value"];

  connectedCallback() {
    this.#fill();
  }

  attributeChangedCallback() {
    this.#fill();
  }

  #fill() {
    const element = this.firstElementChild;
    if (element && this.dataset.value) fillers[element.dataset.cell]?.(element, JSON.parse(this.dataset.value), null);
  }
}

customElements.define("live-cell", LiveCell);
