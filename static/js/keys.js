// The help for the keyboard, on "?"; and "a" goes to what can be done, past everything that stands before it.

const help = () => document.getElementById("keys");
const firstAction = () => document.querySelector("quick-look:not([hidden]) .dh-actions .btn:enabled") ?? document.querySelector(".dh-actions .btn:enabled");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable], web-terminal") || document.querySelector("dialog:modal")) return;
  if (event.key === "?") help()?.showModal();
  if (event.key === "a") firstAction()?.focus();
});

document.addEventListener("click", (event) => event.target.closest("[data-keys]") && help()?.showModal());
