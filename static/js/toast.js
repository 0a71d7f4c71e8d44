// Short news in the corner. The server says them with the event "toast": { words, level, undo: { verb, rows, values } }.
// What worked goes away by itself, what can be undone after ten seconds; an error stays until it is closed.

import { icon } from "./icons.js";
import { make } from "./make.js";

const STAYS = 6_000; // ms
const STAYS_TO_UNDO = 10_000;
const LEVELS = { ok: "healthy", success: "healthy", info: "changing", warning: "at_risk", error: "failing" };

// Returns what takes it away. "stays" is in milliseconds.
export function toast({ words, level = "ok", undo = null, stays = level === "error" ? Infinity : undo ? STAYS_TO_UNDO : STAYS }) {
  const shape = LEVELS[level] ?? "changing";
  const close = make("button", { type: "button", className: "btn ghost sm sq", aria: { label: "Dismiss" } }, icon("x"));
  const role = level === "error" ? "alert" : undefined;
  const element = make("div", { className: "toast pop", role, data: { level: shape } }, icon(shape), make("span", {}, words));
  if (undo) element.append(undoButton(undo, element));
  element.append(close);
  document.getElementById("toasts").append(element);
  begin(element, stays);
  return () => remove(element);
}

function undoButton({ verb, rows, values }, element) {
  const button = make("button", { type: "button", className: "btn sm" }, icon("undo-2"), "Undo");
  button.addEventListener("click", () => {
    if (button.ariaDisabled) return; // it is under way; really disabled it would lose the focus
    button.ariaDisabled = "true";
    const asked = { source: button, values: { verb, rows, ...values }, target: "#dialog-host", swap: "innerHTML" };
    window.htmx.ajax("POST", "/act/", asked).finally(() => remove(element));
  });
  return button;
}

const cameFrom = new WeakMap(); // toast -> what had the focus before somebody went into it

// Whoever was in it with the keyboard goes back to where they were.
function remove(element) {
  const inside = element.contains(document.activeElement);
  element.remove();
  if (!inside) return;
  const before = cameFrom.get(element);
  (before?.isConnected ? before : document.getElementById("main")).focus({ preventScroll: true });
}

document.addEventListener("focusin", ({ target, relatedTarget }) => {
  const element = target.closest(".toast");
  if (element && relatedTarget && !relatedTarget.closest(".toast")) cameFrom.set(element, relatedTarget);
});

// Time stands still while somebody points at it or has the focus in it.
function begin(element, stays) {
  if (stays === Infinity) return;
  let timer = 0;
  const stop = () => clearTimeout(timer);
  const start = () => {
    stop();
    timer = setTimeout(() => remove(element), stays);
  };
  for (const name of ["pointerenter", "focusin"]) element.addEventListener(name, stop);
  for (const name of ["pointerleave", "focusout"]) element.addEventListener(name, start);
  start();
}

document.addEventListener("toast", ({ detail }) => toast(detail));
document.addEventListener("click", (event) => {
  if (event.target.closest(".toast .sq")) remove(event.target.closest(".toast"));
});
for (const element of document.querySelectorAll(".toasts .toast")) begin(element, element.dataset.level === "failing" ? Infinity : STAYS);
