// Copy buttons: what is copied is free of control characters, so that a pasted name cannot run as a command.

const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = button.dataset.copy || document.getElementById(button.dataset.copyFrom)?.textContent || "";
  await navigator.clipboard.writeText(source.replace(CONTROLS, ""));
  button.dataset.done = "";
  setTimeout(() => delete button.dataset.done, 1500);
});
