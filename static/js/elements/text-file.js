// <text-file data-into="id"><input type="file"></text-file>: the text of a chosen file goes into the field of that id.
// The file itself is never sent.

const MOST = 1 << 20; // bytes

class TextFile extends HTMLElement {
  connectedCallback() {
    this.querySelector("input").addEventListener("change", ({ target }) => this.#take(target));
  }

  async #take(input) {
    const [file] = input.files;
    const field = document.getElementById(this.dataset.into);
    if (!file || !field) return;
    const problem = file.size > MOST ? "That file is larger than 1 MiB." : "";
    input.setCustomValidity(problem);
    input.reportValidity();
    if (problem) return;
    field.value = await file.text();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

customElements.define("text-file", TextFile);
