// What is secret stays in the page as it was typed when its form is answered (hx-preserve), for no answer holds it. So the
// answer cannot mark its field as wrong either: it says so beside it, and the field is marked here.

export function markKept(root) {
  for (const kept of root.querySelectorAll("[hx-preserve]")) {
    const wrong = kept.closest(".form-field")?.querySelector(":scope > [data-error]");
    if (wrong) kept.setAttribute("aria-invalid", "true");
    else kept.removeAttribute("aria-invalid");
  }
}

document.addEventListener("htmx:after:swap", () => markKept(document));
