// <setup-token>: fills the set-up token in from the address (#…), where it is never sent to the server by itself.

customElements.define("setup-token", class extends HTMLElement {
  connectedCallback() {
    const token = decodeURIComponent(location.hash.slice(1));
    const input = this.querySelector("input");
    if (!token || !input) return;
    input.value = token;
    history.replaceState(null, "", location.pathname);
    document.querySelector("#id_name")?.focus();
  }
});
