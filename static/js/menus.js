// Menus are popovers: the browser opens and closes them, this puts them beside their button and lets arrow keys move.

const GAP = 6;
const EDGE = 8;

document.addEventListener("toggle", (event) => event.target.matches?.(".menu[popover]") && place(event), true);

function place({ target: menu, newState }) {
  const button = document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`);
  button?.setAttribute("aria-expanded", String(newState === "open"));
  if (newState !== "open" || !button) return;
  const from = button.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const below = from.bottom + GAP;
  const top = below + height > innerHeight - EDGE && from.top - GAP - height > EDGE ? from.top - GAP - height : below;
  menu.style.setProperty("--top", `${top}px`);
  menu.style.setProperty("--left", `${Math.max(EDGE, Math.min(from.left, innerWidth - width - EDGE))}px`);
}

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.(".menu[popover]");
  const button = event.target.closest?.("button[popovertarget]");
  const open = menu ?? (button && document.getElementById(button.getAttribute("popovertarget")));
  if (!open?.matches(":popover-open") || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  event.preventDefault();
  const items = [...open.querySelectorAll("a, button, input")].filter((item) => !item.disabled);
  const by = event.key === "ArrowDown" ? 1 : -1;
  items[(items.indexOf(document.activeElement) + by + items.length) % items.length]?.focus();
});

// What was chosen from a menu closes it; a box that was ticked does not.
document.addEventListener("click", (event) => {
  const item = event.target.closest(".menu[popover] :is(a, button)");
  item?.closest("[popover]").hidePopover();
});
