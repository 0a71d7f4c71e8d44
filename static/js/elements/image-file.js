// <image-file>: the file of a saved image goes to the server in pieces before its form does, with the progress of it.

import { sendPieces } from "../pieces.js";
import { bytes } from "../words.js";

class ImageFile extends HTMLElement {
  connectedCallback() {
    this.form = this.closest("form");
    this.form.addEventListener("submit", (event) => this.#submit(event), { capture: true });
  }

  disconnectedCallback() {
    this.gone = true; // the dialog was closed: send no more of it
  }

  #submit(event) {
    if (this.form.elements.upload.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const file = this.querySelector("input[type=file]").files[0];
    if (file && !this.busy) this.#send(file);
  }

  async #send(file) {
    const [status, bar] = [this.querySelector('[role="status"]'), this.querySelector("progress")];
    const [button, cluster] = [this.form.querySelector("[type=submit]"), this.form.elements.cluster];
    const to = (token, at) => `${this.dataset.to}?${new URLSearchParams({ cluster: cluster.value, token, at })}`;
    this.busy = button.disabled = true;
    cluster.inert = true;
    bar.hidden = false;
    try {
      const token = await sendPieces(file, to, (size) => {
        bar.value = size / Math.max(1, file.size);
        status.textContent = `${bytes(size)} of ${bytes(file.size)} sent`;
        return !this.gone;
      });
      if (!token) return;
      Object.assign(this.form.elements.upload, { value: token });
      this.form.elements.file.value = file.name;
      button.disabled = false;
      this.form.requestSubmit(button);
    } catch (error) {
      status.textContent = error.message || "It could not be sent.";
      status.classList.add("problem");
      button.disabled = bar.hidden = true;
    } finally {
      this.busy = cluster.inert = false;
      button.disabled = false;
    }
  }
}

customElements.define("image-file", ImageFile);
