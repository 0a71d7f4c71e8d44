// Toasts: what was done, at the bottom right, with ten seconds to undo it where it can be undone. Errors stay.

import { post } from "./request.js";

const SHOWN = 10_000;

export function toast({ words, level = "ok", undo = null }) {
  const region = document.getElementById("toasts");
  const element = document.createElement("div");
  element.className = "toast pop";
  element.dataset.level = level;
  element.setAttribute("role", level === "error" ? "alert" : "status");
  const text = document.createElement("span");
  text.textContent = words;
  element.append(text);
  if (undo) element.append(button("Undo", () => (post("/act/", { verb: undo.verb, rows: undo.rows, ...undo.values }), element.remove())));
  element.append(button("Close", () => element.remove(), "×"));
  region.append(element);
  if (level !== "error") leaveAfter(element, SHOWN);
}

function button(label, act, text = label) {
  const element = Object.assign(document.createElement("button"), { type: "button", className: "btn sm ghost", textContent: text, ariaLabel: label });
  element.addEventListener("click", act);
  return element;
}

// The time does not run while somebody points at it or is in it with the keyboard.
function leaveAfter(element, time) {
  let timer = setTimeout(() => element.remove(), time);
  for (const stop of ["pointerenter", "focusin"]) element.addEventListener(stop, () => clearTimeout(timer));
  for (const go of ["pointerleave", "focusout"])
    element.addEventListener(go, () => {
      clearTimeout(timer);
      timer = setTimeout(() => element.remove(), time / 2);
    });
}

document.addEventListener("toast", ({ detail }) => toast(detail));

// Answers that are no page of ours (a fault, a proxy's page) become a sentence instead of being shown in our page.
document.addEventListener("htmx:before:response", (event) => {
  const { status, headers } = event.detail.ctx.response;
  if (status >= 500 || (status >= 400 && !headers.get("content-type")?.startsWith("text/html"))) {
    event.preventDefault();
    toast({ words: status === 503 ? "Pilothouse cannot keep records right now. Try again in a moment." : "That did not work. Try again, or load the page again.", level: "error" });
  }
});
document.addEventListener("htmx:error", ({ detail }) => {
  if (detail.error?.name !== "AbortError") toast({ words: "Pilothouse does not answer. Nothing was sent twice; try again.", level: "error" });
});
