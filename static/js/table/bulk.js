// The bar that appears when rows are selected: what can be done to all of them, each with an exact preview first.

import { openDialog } from "../dialog.js";
import { icon } from "../icons.js";
import { make } from "../make.js";

export function bulkBar(selection, actions, { total, selectAll }) {
  const count = make("b", { aria: { live: "polite" } });
  const all = button("Select all", "list-checks", selectAll);
  const buttons = actions.map((action) => [
    action,
    button(`${action.label}${action.danger ? "…" : ""}`, action.icon, () => act(selection, action), action.danger ? "danger" : ""),
  ]);
  const clear = make("button", { type: "button", className: "btn ghost sm sq", ariaLabel: "Clear the selection", title: "Clear the selection" }, icon("x"));
  clear.addEventListener("click", () => selection.clear());
  const bar = make(
    "div",
    { className: "bulk pop", role: "toolbar", hidden: true, aria: { label: "Selected rows" } },
    count, all, ...buttons.map(([, element]) => element), clear,
  );
  selection.addEventListener("change", () => {
    const kinds = new Set(selection.ids.map(kindOf));
    bar.hidden = selection.size === 0;
    count.textContent = `${selection.size.toLocaleString()} selected`;
    all.hidden = selection.size >= total();
    for (const [action, element] of buttons) element.hidden = !action.kinds.some((kind) => kinds.has(kind));
  });
  return bar;
}

function act(selection, action) {
  const rows = selection.ids.filter((id) => action.kinds.includes(kindOf(id)));
  openDialog(`/act/?${new URLSearchParams({ verb: action.verb, rows: rows.join(",") })}`);
}

const kindOf = (id) => id.split("~", 2)[1];

function button(label, iconName, act, kind = "") {
  const element = make("button", { type: "button", className: `btn sm ghost ${kind}`.trim() }, icon(iconName), label);
  element.addEventListener("click", act);
  return element;
}
