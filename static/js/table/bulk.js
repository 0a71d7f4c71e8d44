// The bar that appears when rows are selected: what can be done to all of them, each with an exact preview first.

import { openDialog } from "../dialog.js";

export function bulkBar(selection, actions, selectAll) {
  const bar = Object.assign(document.createElement("div"), { className: "bulk pop", role: "toolbar", ariaLabel: "Selected rows", hidden: true });
  const count = document.createElement("b");
  const all = button("Select all", () => selectAll());
  const buttons = actions.map((action) => {
    const element = button(action.label, () => {
      const rows = selection.ids.filter((id) => action.kinds.includes(kindOf(id)));
      openDialog(`/act/?${new URLSearchParams({ verb: action.verb, rows: rows.join(",") })}`);
    });
    if (action.danger) element.classList.add("danger");
    return [action, element];
  });
  const clear = button("Clear", () => selection.clear());
  bar.append(count, all, ...buttons.map(([, element]) => element), clear);
  selection.addEventListener("change", () => {
    bar.hidden = selection.size === 0;
    count.textContent = `${selection.size} selected`;
    const kinds = new Set(selection.ids.map(kindOf));
    for (const [action, element] of buttons) element.hidden = !action.kinds.some((kind) => kinds.has(kind));
  });
  return bar;
}

const kindOf = (id) => id.split("~", 2)[1];

function button(label, act) {
  const element = Object.assign(document.createElement("button"), { type: "button", className: "btn sm ghost", textContent: label });
  element.addEventListener("click", act);
  return element;
}
