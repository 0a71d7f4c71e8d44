// Copying from a log: one line by the button that goes where the pointer is, or what was selected.

import { icon } from "./icons.js";
import { copied } from "./log-lines.js";
import { make } from "./make.js";

export function copying(list, lines, signal) {
  const button = make("button", { type: "button", className: "btn sm sq log-copy", title: "Copy this line", aria: { label: "Copy this line" } }, icon("copy", "sm"));
  button.addEventListener("click", () => {
    navigator.clipboard.writeText(copied([lines.at(button.closest("li"))])).then(() => {
      button.dataset.done = "";
      setTimeout(() => delete button.dataset.done, 1200);
    });
  });
  // One button for all lines. In a flood lines pass below a pointer that lies still: only one that moves asks for it.
  list.addEventListener("pointermove", ({ target }) => {
    const line = target.closest("li:not(.gap)");
    if (line && line !== button.parentElement) line.append(button);
  }, { signal, passive: true });
  // Several lines at once: as they were printed, without the columns around them.
  list.addEventListener("copy", (event) => {
    const selection = getSelection();
    const chosen = lines.entries.filter((entry) => entry.count && selection.containsNode(entry.element, true));
    if (chosen.length < 2) return;
    event.clipboardData.setData("text/plain", copied(chosen));
    event.preventDefault();
  }, { signal });
}
