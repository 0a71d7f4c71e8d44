// Dialogs come from the server, whole: what will happen is said there, where it is known. Here they are opened as
// modals, closed, and kept from being sent before a name that must be typed is typed.

import { csrf } from "./request.js";

const host = () => document.getElementById("dialog-host");

export function openDialog(href) {
  return window.htmx.ajax("GET", href, { target: "#dialog-host", swap: "innerHTML" });
}

export function closeDialog() {
  host()?.querySelector("dialog[open]")?.close();
}

function prepare(dialog) {
  if (!dialog.open) dialog.showModal();
  dialog.addEventListener("close", () => dialog.isConnected && host().replaceChildren(), { once: true });
  dialog.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) {
      event.preventDefault();
      dialog.close();
    }
  });
  const typed = dialog.querySelector("[data-must-equal]");
  const submit = dialog.querySelector("footer button[type=submit]:not([data-close])");
  if (typed && submit) {
    const check = () => (submit.disabled = typed.value.trim() !== typed.dataset.mustEqual);
    typed.addEventListener("input", check);
    check();
  }
}

document.addEventListener("htmx:after:swap", () => {
  for (const dialog of host()?.querySelectorAll("dialog[data-open=modal]:not([data-ready])") ?? []) {
    dialog.dataset.ready = "";
    prepare(dialog);
  }
});
document.addEventListener("toast", closeDialog);
document.addEventListener("dialog:close", closeDialog);

// Every request that changes something proves that it comes from our page.
document.addEventListener("htmx:config:request", ({ detail }) => {
  if (detail.ctx.request.method !== "GET") detail.ctx.request.headers["X-CSRFToken"] = csrf();
});
