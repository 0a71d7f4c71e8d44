// A list without a mouse: arrows or j/k move, Enter opens, o looks, x or space selects, / searches, l filters by
// labels, Escape lets go.

export function keyboard(table, signal) {
  let current = null; // the row with the focus, by id: it stays the same while the list changes around it

  const go = (by) => {
    const { order } = table.rows;
    const at = order.indexOf(current);
    const next = order[Math.max(0, Math.min(order.length - 1, at < 0 ? 0 : at + by))];
    if (!next) return;
    current = next;
    const element = table.rows.element(next);
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
    if (table.lookedAt && table.lookedAt !== next) table.look(next);
  };

  const keys = {
    ArrowDown: () => go(1),
    j: () => go(1),
    ArrowUp: () => go(-1),
    k: () => go(-1),
    Home: () => go(-Infinity),
    End: () => go(Infinity),
    Enter: () => table.rows.element(current)?.querySelector("a").click(),
    o: () => table.rows.data(current) && table.look(current),
    x: () => table.rows.data(current) && table.selection.toggle(current),
    " ": () => table.rows.data(current) && table.selection.toggle(current),
    l: () => table.toolbar.labels?.open(),
    Escape: () => table.selection.clear(),
  };

  const pressed = (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog:modal, :popover-open")) return;
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      table.toolbar.search.select();
    } else if (typing === table.toolbar.search && typing && ["Escape", "ArrowDown", "Enter"].includes(event.key)) {
      event.preventDefault();
      typing.blur();
      if (event.key !== "Escape") go(0);
    } else if (!typing && keys[event.key] && (event.key === "Escape" || !event.target.closest("a, button, summary, quick-look"))) {
      event.preventDefault();
      keys[event.key]();
    }
  };

  document.addEventListener("keydown", pressed, { signal });
  table.body.addEventListener("focusin", ({ target }) => (current = target.closest(".r")?.dataset.id ?? current), { signal });
  table.body.addEventListener("focus", () => go(0), { signal });
}
