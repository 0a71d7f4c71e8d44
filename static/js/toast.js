// Short news in the corner. The server says them with the event "toast": { words, level, undo: { verb, rows, values } }.
// What worked goes away by itself, what can be undone after ten seconds; an error stays until it is closed.

import { icon } from "./icons.js";
import { make } from "./make.js";

const STAYS = 6_000; // ms
const STAYS_TO_UNDO = 10_000;
const LEVELS = { ok: "healthy", success: "healthy", info: "changing", warning: "at_risk", error: "failing" };

export function toast({ words, level = "ok", undo = null }) {
  const shape = LEVELS[level] ?? "changing";
  const close = make("button", { type: "button", className: "btn ghost sm sq", aria: { label: "Dismiss" } }, icon("x"));
  const role = level === "error" ? "alert" : undefined;
  const element = make("div", { className: "toast pop", role, data: { level: shape } }, icon(shape), make("span", {}, words));
  if (undo) element.append(undoButton(undo, element));
  element.append(close);
  document.getElementById("toasts").append(element);
  begin(element, level === "error" ? Infinity : undo ? STAYS_TO_UNDO : STAYS);
}

function undoButton({ verb, rows, values }, element) {
  const button = make("button", { type: "button", className: "btn sm" }, icon("undo-2"), "Undo");
  button.addEventListener("click", () => {
    button.disabled = true;
    const asked = { source: button, values: { verb, rows, ...values }, target: "#dialog-host", swap: "innerHTML" };
    window.htmx.ajax("POST", "/act/", asked).finally(() => element.remove());
  });
  return button;
}

// Time stands still while somebody points at it or has the focus in it.
function begin(element, stays) {
  if (stays === Infinity) return;
  let timer = 0;
  const stop = () => clearTimeout(timer);
  const start = () => {
    stop();
    timer = setTimeout(() => element.remove(), stays);
  };
  for (const name of ["pointerenter", "focusin"]) element.addEventListener(name, stop);
  for (const name of ["pointerleave", "focusout"]) element.addEventListener(name, start);
  start();
}

document.addEventListener("toast", ({ detail }) => toast(detail));
document.addEventListener("click", (event) => {
  if (event.target.closest(".toast .sq")) event.target.closest(".toast").remove();
});
for (const element of document.querySelectorAll(".toasts .toast")) begin(element, element.dataset.level === "failing" ? Infinity : STAYS);
