// A button with a popover of things to tick.

import { icon } from "../icons.js";
import { make } from "../make.js";

export function menu(id, label, iconName) {
  const items = make("div", { className: "menu-items" });
  const popover = make("div", { id, className: "menu pop", popover: "auto", role: "group", aria: { label } }, items);
  const button = make("button", { type: "button", className: "btn sm ghost", aria: { expanded: "false" } }, icon(iconName), label);
  button.setAttribute("popovertarget", id);
  return { button, popover, items };
}

export function choice({ label, checked, detail = "", disabled = false }, changed) {
  const box = make("input", { type: "checkbox", checked, disabled });
  box.addEventListener("change", () => changed(box.checked));
  return make("label", {}, box, make("span", {}, label), detail === "" ? null : make("small", {}, detail));
}
