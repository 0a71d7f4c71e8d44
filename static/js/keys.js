// The help for the keyboard, on "?".

const help = () => document.getElementById("keys");

document.addEventListener("keydown", (event) => {
  if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable], web-terminal") || document.querySelector("dialog:modal")) return;
  help()?.showModal();
});

document.addEventListener("click", (event) => event.target.closest("[data-keys]") && help()?.showModal());
