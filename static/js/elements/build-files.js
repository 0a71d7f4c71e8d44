// <build-files>: chooses files, a folder or an archive for a build and sends them in pieces, with the progress of it.

import { make } from "../make.js";
import { post, sendPieces } from "../pieces.js";
import { bytes } from "../words.js";

const TO = "/builds/files/";
const LARGEST = 1024 ** 3;
const NEVER = /(^|\/)\.git\//; // what no build needs and is often larger than all the rest

class BuildFiles extends HTMLElement {
  connectedCallback() {
    this.token = this.querySelector("[name=upload]");
    this.status = this.querySelector('[data-part="status"]');
    this.bar = this.querySelector("progress");
    for (const input of this.querySelectorAll("input[type=file]")) input.addEventListener("change", () => this.#chosen(input));
    this.querySelector("[data-forget]").addEventListener("click", () => this.#forget());
    this.addEventListener("dragover", (event) => event.preventDefault());
    this.addEventListener("drop", (event) => this.#dropped(event));
  }

  #chosen(input) {
    const files = [...input.files];
    input.value = "";
    if (files.length) this.#send(files, input.dataset.as === "archive");
  }

  #dropped(event) {
    event.preventDefault();
    const files = [...event.dataTransfer.files].filter((file) => file.size || file.type);
    if (files.length) this.#send(files, files.length === 1 && /\.(tar|tgz|tar\.(gz|xz|bz2)|zip)$/i.test(files[0].name));
  }

  async #send(files, archive) {
    const sending = (this.sending = Symbol("sending")); // a newer choice replaces this one
    const named = archive ? [] : files.map((file) => [pathOf(file), file]).filter(([path]) => !NEVER.test(path));
    const whole = archive ? files[0] : new Blob(named.map(([, file]) => file));
    if (whole.size > LARGEST) return this.#say(`${bytes(whole.size)} are more than can be sent (${bytes(LARGEST)}).`, true);
    try {
      this.#busy(true);
      const token = await sendPieces(whole, (token, at) => (token ? `${TO}?token=${token}&at=${at}` : TO), (size) => {
        if (this.sending !== sending) return false;
        this.bar.value = size / Math.max(1, whole.size);
        this.#say(`${bytes(size)} of ${bytes(whole.size)} sent`);
        return true;
      });
      if (!token) return;
      const index = archive ? "" : JSON.stringify(named.map(([path, file]) => [path, file.size]));
      const found = await post(`${TO}?token=${token}&end=${archive ? "archive" : "files"}`, index);
      if (this.sending === sending) this.#whole(found);
    } catch (error) {
      if (this.sending === sending) this.#say(error.message || "It could not be sent.", true);
    } finally {
      if (this.sending === sending) this.#busy(false);
    }
  }

  #whole({ token, words, names, dockerfile }) {
    this.token.value = token;
    const list = make("details", {}, make("summary", {}, words), make("pre", {}, names.join("\n")));
    this.status.replaceChildren(list);
    this.dataset.state = "sent";
    const text = this.closest("form").elements.dockerfile;
    if (dockerfile !== null && text.value !== dockerfile) {
      text.value = dockerfile;
      text.dispatchEvent(new Event("change", { bubbles: true }));
    }
    this.token.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #forget() {
    this.sending = undefined;
    this.token.value = "";
    this.#busy(false);
    this.#say("Only the Dockerfile is sent.");
    this.token.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #busy(on) {
    this.bar.hidden = !on;
    if (on) {
      this.token.value = "";
      this.dataset.state = "sending";
    } else if (!this.token.value) this.dataset.state = "";
  }

  #say(words, wrong = false) {
    this.status.replaceChildren(words);
    this.status.classList.toggle("problem", wrong);
  }
}

// Of a folder the path within it; of single files their names.
const pathOf = (file) => (file.webkitRelativePath ? file.webkitRelativePath.split("/").slice(1).join("/") : file.name);

customElements.define("build-files", BuildFiles);
