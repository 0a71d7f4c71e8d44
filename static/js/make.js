// Elements in one expression. Text is always text: children that are strings become text nodes, all of whose characters
// can be seen.

import { visible } from "./visible.js";

export function make(tag, { data, aria, role, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  for (const name of ["title", "ariaLabel"]) if (element[name]) element[name] = visible(element[name]);
  if (role) element.setAttribute("role", role);
  for (const [name, value] of Object.entries(data ?? {})) element.dataset[name] = value;
  for (const [name, value] of Object.entries(aria ?? {})) element.setAttribute(`aria-${name}`, visible(value));
  const there = children.filter((child) => child !== null && child !== undefined && child !== "");
  element.append(...there.map((child) => (child instanceof Node ? child : visible(child))));
  return element;
}
