// <pass-key>: a form that sends what a passkey made (data-makes) or signed. What to ask it for is JSON in a <script> of
// type application/json, or fetched from data-options-from at the click. Hidden where the browser knows no passkeys.

import { make } from "../make.js";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const text = (buffer) => buffer && btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const withId = (one) => ({ ...one, id: bytes(one.id) });
const isAddress = /^[\d.]+$|^\[/;

const WORDS = {
  NotAllowedError: "Nothing was chosen, or it took too long.",
  InvalidStateError: "This device has a passkey for you already.",
  NotSupportedError: "This device cannot make such a passkey.",
  SecurityError: "Passkeys do not work at this address: open Pilothouse by its name.",
};

function optionsFrom({ publicKey }) {
  const options = { ...publicKey, challenge: bytes(publicKey.challenge) };
  if (options.user) options.user = withId(options.user);
  for (const list of ["allowCredentials", "excludeCredentials"]) if (options[list]) options[list] = options[list].map(withId);
  return { publicKey: options };
}

function plain(credential) {
  const { id, type, rawId, response, authenticatorAttachment } = credential;
  const parts = { clientDataJSON: text(response.clientDataJSON) };
  if (response.attestationObject) Object.assign(parts, { attestationObject: text(response.attestationObject), transports: response.getTransports?.() ?? [] });
  for (const name of ["authenticatorData", "signature", "userHandle"]) if (name in response) parts[name] = text(response[name]);
  return { id, type, rawId: text(rawId), response: parts, authenticatorAttachment, clientExtensionResults: credential.getClientExtensionResults() };
}

class PassKey extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    if (!window.PublicKeyCredential || isAddress.test(location.hostname)) return;
    this.hidden = false;
    this.form.addEventListener("submit", (event) => this.#submit(event), { capture: true });
  }

  async #submit(event) {
    if (this.credential) return; // the second time: it is sent
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#say("");
    try {
      this.credential = await this.#ask(optionsFrom(await this.#options()));
      this.#input().value = JSON.stringify(plain(this.credential));
      this.form.requestSubmit(event.submitter);
    } catch (error) {
      this.#say(WORDS[error.name] ?? "This did not work. Try again.");
    }
    this.credential = null;
  }

  async #options() {
    const { optionsFrom: address } = this.dataset;
    if (!address) return JSON.parse(this.querySelector('script[type="application/json"]').textContent);
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    return (await answer.json()).request_options;
  }

  #ask(options) {
    if ("makes" in this.dataset) return navigator.credentials.create(this.#asWanted(options));
    return navigator.credentials.get(options);
  }

  // A passkey that signs in alone is kept on the device, and asks who holds it.
  #asWanted(options) {
    const alone = this.form.elements.passwordless?.checked ?? false;
    const { authenticatorSelection: before } = options.publicKey;
    const residentKey = alone ? "required" : "discouraged";
    const authenticatorSelection = { ...before, residentKey, requireResidentKey: alone, ...(alone && { userVerification: "required" }) };
    return { publicKey: { ...options.publicKey, authenticatorSelection } };
  }

  #input() {
    return this.form.querySelector("[data-credential]") ?? this.form.elements.credential;
  }

  #say(words) {
    const place = this.form.querySelector('.errors[role="alert"]:last-of-type') ?? this.form.appendChild(make("p", { className: "errors", role: "alert" }));
    place.textContent = words;
    place.hidden = !words;
  }
}

customElements.define("pass-key", PassKey);
