// How a form that comes anew is merged into the one in which somebody types: fields that are the same stay as they are,
// with what stands in them, their rows and the focus; others come, go, or are replaced.

export const merging = { before: null }; // the values by name as they were when the form was asked for; null: no merge

const KEEPS_OPEN = ["DETAILS", "DIALOG"];
const CHECKS = "#run-check, #deploy-check, #pull-secret-check";

window.htmx.registerExtension("merged-form", {
  htmx_before_morph_node(old, { newNode }) {
    if (!merging.before) return true;
    if (old.matches?.(".form-field:has([name])")) return !merged(old, newNode);
    if (!old.matches?.(CHECKS)) return true;
    old.replaceChildren(...newNode.childNodes); // its elements draw what they are given once
    return false;
  },
  htmx_before_morph_attr(old, { attrName }) {
    return !(merging.before && attrName === "open" && KEEPS_OPEN.includes(old.tagName));
  },
});

// True: it is done, and nothing more is to be taken over.
function merged(old, fresh) {
  const [mine, its] = [old, fresh].map((field) => field.querySelector("[name]"));
  if (!its || mine.matches("[data-elsewhere]")) return false;
  if (mine.name !== its.name) return replaced(old, fresh, its);
  const isTyped = valueOf(mine) !== merging.before.get(mine.name);
  if (shapeOf(mine) === shapeOf(its)) {
    if (!isTyped && !old.contains(document.activeElement) && !mine.matches("line-rows *, [data-secret]")) setValue(mine, valueOf(its));
    old.querySelector("datalist")?.replaceChildren(...(fresh.querySelector("datalist")?.childNodes ?? []));
    for (const wrong of old.querySelectorAll("[data-error]")) wrong.remove(); // it was about the other cluster
    mine.removeAttribute("aria-invalid");
    return true;
  }
  const hadFocus = document.activeElement === mine;
  if (isTyped) setValue(its, valueOf(mine));
  old.replaceChildren(...fresh.childNodes);
  if (hadFocus) its.focus();
  return true;
}

// A field that goes stands where another one comes: only what was typed into that one, elsewhere in the form, stays.
// "old" itself has to stay: the merge goes on behind it.
function replaced(old, fresh, its) {
  const moved = old.closest("form")?.elements.namedItem(its.name);
  if (moved instanceof HTMLElement && valueOf(moved) !== merging.before.get(its.name)) setValue(its, valueOf(moved));
  for (const { name } of [...old.attributes]) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
  old.replaceChildren(...fresh.childNodes);
  return true;
}

function shapeOf(control) {
  const choices = control.tagName === "SELECT" ? [...control.options].map((one) => one.value) : [];
  return JSON.stringify([control.tagName, control.type, choices, control.closest("line-rows")?.dataset.parts]);
}

const valueOf = (control) => (control.type === "checkbox" ? control.checked : control.value);

// What cannot be chosen there is not.
function setValue(control, value) {
  if (control.type === "checkbox") control.checked = value;
  else if (control.tagName !== "SELECT" || [...control.options].some((one) => one.value === value)) control.value = value;
}
