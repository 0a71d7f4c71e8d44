// A list without a mouse: arrows or j/k move, Enter opens, o looks, x or space selects, / searches, Escape lets go.

export function keyboard(table, signal) {
  let current = null; // the row with the focus, by id: it stays the same while the list changes around it

  const go = (by) => {
    const order = table.rows.order;
    const at = order.indexOf(current);
    const next = order[Math.max(0, Math.min(order.length - 1, at < 0 ? 0 : at + by))];
    if (!next) return;
    current = next;
    const element = table.rows.element(next);
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
  };

  const keys = {
    ArrowDown: () => go(1),
    j: () => go(1),
    ArrowUp: () => go(-1),
    k: () => go(-1),
    Home: () => go(-Infinity),
    End: () => go(Infinity),
    Enter: () => table.rows.data(current) && table.rows.element(current).querySelector("a").click(),
    o: () => current && table.look(current),
    x: () => current && table.selection.toggle(current),
    " ": () => current && table.selection.toggle(current),
    Escape: () => table.selection.clear(),
  };

  document.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
      if (event.key === "/" && !typing) {
        event.preventDefault();
        table.toolbar.search.focus();
      } else if (event.key === "Escape" && typing === table.toolbar.search) {
        table.toolbar.search.blur();
      } else if (!typing && !event.target.closest("button, summary, [popover]") && keys[event.key]) {
        if (event.key === "Enter" && event.target.closest("a")) return;
        event.preventDefault();
        keys[event.key]();
      }
    },
    { signal },
  );

  table.body.addEventListener("focusin", (event) => (current = event.target.closest(".r")?.dataset.id ?? current), { signal });
  table.body.tabIndex = 0;
  table.body.addEventListener("focus", () => go(0), { signal });
}
