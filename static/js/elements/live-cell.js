// <live-cell data-cell-name="age" data-value="…">: one cell outside a table, drawn as tables draw it. Change data-value
// and it changes.

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
    if (!(cellName in fillers) || !value) return; // what the server wrote stays
    if (this.firstElementChild?.dataset.cell !== cellName) this.replaceChildren(makeCell(cellName));
    fillers[cellName](this.firstElementChild, JSON.parse(value), null);
  }
}

customElements.define("live-cell", LiveCell);
