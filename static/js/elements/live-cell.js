// <live-cell>: one cell outside a table: the value the server wrote into data-value, drawn as tables draw it.

import { fillers, makeCell } from "../cells.js";

class LiveCell extends HTMLElement {
  static observedAttributes = ["data-value"];

  connectedCallback() {
    this.#fill();
  }

  attributeChangedCallback() {
    if (this.isConnected) this.#fill();
  }

  #fill() {
    const { cellName, value } = this.dataset;
    if (!cellName || !value || value === "null") return; // what the server wrote stays
    if (!this.querySelector("[data-cell]")) this.replaceChildren(makeCell(cellName));
    fillers[cellName](this.firstElementChild, JSON.parse(value), null);
  }
}

customElements.define("live-cell", LiveCell);
