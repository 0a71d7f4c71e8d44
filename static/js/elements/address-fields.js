// <address-fields>: of the fields to connect something, those that the typed address needs. Others are hidden and not
// sent; without this script all are there, and the server takes those that the address needs.

class AddressFields extends HTMLElement {
  connectedCallback() {
    this.address = this.querySelector('[name="address"]');
    if (!this.address) return;
    this.address.addEventListener("input", () => this.#show());
    this.#show();
  }

  #show() {
    const typed = this.address.value.trim().toLowerCase();
    for (const field of this.querySelectorAll("[data-schemes]")) {
      const wanted = field.dataset.schemes.split(" ").some((scheme) => typed.startsWith(scheme));
      field.hidden = !wanted;
      for (const input of field.querySelectorAll("input, textarea, select")) input.disabled = !wanted;
    }
  }
}

customElements.define("address-fields", AddressFields);
