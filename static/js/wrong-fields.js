// A form that is answered with what is wrong: those fields are marked, and the first one gets the focus, so that it is in
// sight also when the button is far below it.

// What is secret stays in the page as it was typed (hx-preserve), for no answer holds it. So the answer cannot mark its
// field either: it says what is wrong beside it, and the field is marked here. (What stays is the field of before, without
// that attribute.)
export function markKept(root) {
  for (const kept of root.querySelectorAll("[hx-preserve], [data-secret]")) {
    const wrong = kept.closest(".form-field")?.querySelector(":scope > [data-error]");
    if (wrong) kept.setAttribute("aria-invalid", "true");
    else kept.removeAttribute("aria-invalid");
  }
}

// Of lines that are shown as rows, the text itself is out of sight.
export function focusFirstWrong(root) {
  const first = root.querySelector('[aria-invalid="true"]');
  (first?.closest("line-rows:not([data-as-text])")?.querySelector("input") ?? first)?.focus();
}

document.addEventListener("htmx:after:swap", () => markKept(document));

document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  if (ctx.response?.status !== 422 || !ctx.sourceElement.matches?.("form.run-page, form.columns")) return;
  document.addEventListener("htmx:finally:swap", () => requestAnimationFrame(() => focusFirstWrong(document.getElementById("run") ?? document.getElementById("main"))), { once: true });
});
