// The head of a live table: names of the columns, and buttons that sort by them.

import { icon } from "../icons.js";
import { make } from "../make.js";

export function headCells(columns, sort, selectAll) {
  const all = make("input", { type: "checkbox", ariaLabel: "Select all rows" });
  all.addEventListener("change", () => selectAll(all.checked));
  return [make("div", { role: "columnheader" }, all), ...columns.map((column) => headCell(column, sort.replace(/^-/, "") === column.key ? sort : ""))];
}

function headCell(column, sort) {
  const cell = make("div", { role: "columnheader", className: column.end ? "end" : "", title: column.words });
  if (sort) cell.ariaSort = sort.startsWith("-") ? "descending" : "ascending";
  if (column.sortable) cell.append(make("button", { type: "button", data: { sort: column.key } }, column.label, sort ? icon("arrow-up") : ""));
  else cell.append(column.label);
  return cell;
}
