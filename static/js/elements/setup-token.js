// <setup-token>: the one-time token arrives behind the "#" of the printed link, which is never sent to a server. Whoever opened
// the address first, and the link in the same tab afterwards, gets no new page: only the part behind the "#" changes.

class SetupToken extends HTMLElement {
  connectedCallback() {
    this.abort = new AbortController();
    addEventListener("hashchange", () => this.#take(), { signal: this.abort.signal });
    this.#take();
  }

  disconnectedCallback() {
    this.abort.abort();
  }

  #take() {
    const token = decodeURIComponent(location.hash.slice(1));
    if (!token) return;
    this.querySelector("input").value = token;
    history.replaceState(null, "", location.pathname);
    document.querySelector("#id_name")?.focus();
  }
}

customElements.define("setup-token", SetupToken);
