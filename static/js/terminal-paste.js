// What is pasted into a terminal: several lines are shown first, for each of them would run; markers that end a
// bracketed paste early are taken out, as are all control characters that no key would make.

import { pictured } from "./ansi.js";
import { make } from "./make.js";

const FORGED = /\u001b\[20[01]~/g;
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g;
const SHOWN = 4000; // characters

const cleaned = (text) => text.replace(FORGED, "").replace(CONTROLS, "");

// Resolves to the text that may be pasted, or null.
export function confirmed(text) {
  const clean = cleaned(text);
  const lines = clean.replace(/\r?\n$/, "").split(/\r\n|\r|\n/).length;
  if (!/[\r\n]/.test(clean)) return Promise.resolve(clean);
  return ask({
    title: lines === 1 ? "Paste and run this line?" : `Paste ${lines} lines?`,
    words: "Each line may run as soon as it arrives.",
    shown: clean.split(/\r\n|\r|\n/).map(pictured).join("\n").slice(0, SHOWN),
    action: "Paste",
  }).then((yes) => (yes ? clean : null));
}

export const confirmedLink = (address) =>
  ask({ title: "Open this address?", words: "A program in the container wrote it.", shown: address, action: "Open" });

// A dialog of ours: the safe button has the focus.
export function ask({ title, words, shown, action }) {
  const heading = make("h2", { id: "terminal-ask" }, title);
  const form = make("form", { method: "dialog" },
    make("div", { className: "in" }, heading, make("p", { className: "s muted" }, words), make("pre", { className: "code terminal-asked" }, shown)),
    make("footer", {}, make("button", { className: "btn", value: "no", autofocus: true }, "Cancel"), make("button", { className: "btn primary", value: "yes" }, action)));
  const dialog = make("dialog", { className: "confirm pop", aria: { labelledby: "terminal-ask" } }, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
