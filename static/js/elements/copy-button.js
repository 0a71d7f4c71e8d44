// <copy-button data-text="…"> or data-from="#id": copies it. What cannot be seen is left out, so that pasted text does
// nothing but what it shows.

const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const SAYS = 1_500; // ms

class CopyButton extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    this.button.addEventListener("click", () => this.#copy());
  }

  async #copy() {
    const { text, from } = this.dataset;
    const wanted = text ?? document.querySelector(from).textContent;
    const label = this.button.ariaLabel;
    let says = "Copied";
    try {
      await navigator.clipboard.writeText(wanted.replace(UNSEEN, ""));
    } catch {
      says = "The browser did not allow it";
    }
    this.button.ariaLabel = this.button.title = says;
    this.dataset.said = says === "Copied" ? "yes" : "no";
    setTimeout(() => {
      this.button.ariaLabel = this.button.title = label;
      delete this.dataset.said;
    }, SAYS);
  }
}

customElements.define("copy-button", CopyButton);
