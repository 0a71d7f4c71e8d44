// The bar that appears when rows are selected: what can be done to all of them, each with an exact preview first.

import { openDialog } from "../dialog.js";
import { icon } from "../icons.js";
import { make } from "../make.js";
import { askRefused } from "./refused.js";

const MOST = 500; // resources of one act, as the server allows; a page of several says its own

export function bulkBar(selection, actions, { total, selectAll }) {
  const count = make("b", { aria: { live: "polite" } });
  const all = button("Select all", "list-checks", selectAll);
  const buttons = actions.map((action) => [
    action,
    button(`${action.label}${action.danger ? "…" : ""}`, action.icon, () => act(selection, action), action.danger ? "danger" : ""),
  ]);
  const clear = make("button", { type: "button", className: "btn ghost sm sq", ariaLabel: "Clear the selection", title: "Clear the selection" }, icon("x"));
  clear.addEventListener("click", () => selection.clear());
  const note = make("span", { className: "bulk-note", role: "status" });
  const bar = make(
    "div",
    { className: "bulk pop", role: "toolbar", hidden: true, aria: { label: "Selected rows" } },
    count, note, all, ...buttons.map(([, element]) => element), clear,
  );
  let refused = {}; // by verb, why it may be done to none of them
  const ask = askRefused((found) => {
    refused = found;
    draw();
  });
  const draw = () => {
    const kinds = Map.groupBy(selection.ids, kindOf);
    bar.hidden = selection.size === 0;
    count.textContent = `${selection.size.toLocaleString()} selected`;
    all.hidden = selection.size >= total();
    let tooMany = false;
    for (const [action, element] of buttons) {
      const number = action.kinds.reduce((sum, kind) => sum + (kinds.get(kind)?.length ?? 0), 0);
      element.hidden = !number;
      const most = action.most ?? MOST;
      const why = refused[action.verb] ?? (number > most && action.most ? `${action.label}: at most ${most} at once` : "");
      element.disabled = number > most || Boolean(refused[action.verb]);
      element.title = why;
      if (action.page) element.lastChild.data = number > 1 ? `${action.label} of ${number.toLocaleString()}` : action.label;
      tooMany ||= !action.page && number > MOST;
    }
    const words = [selection.cut && `the first of ${selection.cut.toLocaleString()}`, tooMany && `at most ${MOST} can be acted on at once`];
    note.textContent = words.filter(Boolean).join("; ");
  };
  selection.addEventListener("change", () => {
    draw();
    ask(selection.ids);
  });
  return bar;
}

function act(selection, action) {
  const rows = selection.ids.filter((id) => action.kinds.includes(kindOf(id)));
  if (action.page) return location.assign(`${action.page}?${new URLSearchParams({ rows: rows.join(",") })}`);
  openDialog(`/act/?${new URLSearchParams({ verb: action.verb, rows: rows.join(",") })}`);
}

const kindOf = (id) => id.split("~", 2)[1];

function button(label, iconName, act, kind = "") {
  const element = make("button", { type: "button", className: `btn sm ghost ${kind}`.trim() }, icon(iconName), label);
  element.addEventListener("click", act);
  return element;
}
