// Requests that no element makes: undo, choices of look.

export const csrf = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

export function post(href, values) {
  return window.htmx.ajax("POST", href, { values, target: "#dialog-host", swap: "innerHTML" });
}
