// Dialogs come from the server, whole: what will happen is said there, where it is known. Whatever <dialog> is put into
// #dialog-host opens as a modal; [data-close] and the events "dialog:close" and "toast" (HX-Triggers) close it. What asks
// whether it is still you comes into #confirm-host, over what is open.

import { arm } from "./arm.js";
import { ask } from "./ask.js";
import { focusFirstWrong, markKept } from "./wrong-fields.js";

const host = document.getElementById("dialog-host");

export function openDialog(href) {
  return ask(href, "#dialog-host");
}

// What one says that goes on without its dialog (dialog-waits.js) closes no other.
const close = ({ target }) => target.closest?.("[data-under-way]") ?? host.querySelector("dialog[open]")?.close();

function prepare([{ target }]) {
  const dialog = target.querySelector("dialog");
  if (!dialog || dialog.matches(":modal")) return;
  dialog.addEventListener("close", () => dialog.dataset.underWay === undefined && dialog.remove());
  dialog.open = false;
  dialog.showModal(); // puts the focus on [autofocus]: the safe button
  markKept(dialog);
  focusFirstWrong(dialog);
  arm(dialog.querySelector("form"));
}

for (const one of [host, document.getElementById("confirm-host")]) new MutationObserver(prepare).observe(one, { childList: true });

document.addEventListener("dialog:close", close);
document.addEventListener("toast", close);

document.addEventListener("submit", ({ target }) => target.target === "_blank" && setTimeout(() => target.closest("dialog")?.close()));

document.addEventListener("click", (event) => {
  const dialog = event.target.closest("dialog");
  if (!dialog) return;
  const veil = event.target === dialog && !dialog.querySelector(":is(input:not([type=hidden]), textarea, select)");
  if (veil || event.target.closest("[data-close]")) dialog.close(); // the veil closes only what holds nothing typed
});
