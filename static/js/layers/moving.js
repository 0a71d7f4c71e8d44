// What changed in the picture is seen to change: what moved goes there, what is new comes up, what went fades where it was.

const LASTS = 400; // ms
const FLASH = 600;
const EASE = "cubic-bezier(0.2, 0.8, 0.2, 1)";
const NEAR = 2; // px that nobody sees

// Call before anything is changed; call what it gives afterwards: all that then moves, as animations.
export function moving(list) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches || document.hidden) return () => [];
  const before = new Map([...list.querySelectorAll("[data-thing]")].map((one) => [one.dataset.thing, seen(one)]));
  return () => settle(list, before);
}

function seen(thing) {
  const whole = thing.closest("li");
  return { whole, rect: whole.getBoundingClientRect(), text: whole.textContent };
}

function settle(list, before) {
  const there = new Set();
  const moves = [];
  for (const thing of list.querySelectorAll("[data-thing]")) {
    there.add(thing.dataset.thing);
    const whole = thing.closest("li");
    const was = before.get(thing.dataset.thing);
    if (!was) moves.push(come(whole));
    else if (was.whole !== whole) moves.push(...follow(whole, was));
  }
  for (const [id, was] of before) if (!there.has(id)) go(list, was);
  return moves;
}

function come(whole) {
  return whole.animate([{ opacity: 0, transform: "scale(0.8)" }, { opacity: 1, transform: "none" }], { duration: LASTS, easing: EASE });
}

function follow(whole, was) {
  const now = whole.getBoundingClientRect();
  const [x, y] = [was.rect.left - now.left, was.rect.top - now.top];
  if (whole.textContent.trim() !== was.text.trim()) whole.animate([{ backgroundColor: "var(--flash)" }, { backgroundColor: "transparent" }], { duration: FLASH });
  if (Math.abs(x) <= NEAR && Math.abs(y) <= NEAR) return [];
  return [whole.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], { duration: LASTS, easing: EASE })];
}

function go(list, was) {
  const frame = list.parentElement.getBoundingClientRect();
  const ghost = was.whole.cloneNode(true);
  const { style } = ghost;
  ghost.classList.add("layer-ghost");
  ghost.inert = true;
  ghost.ariaHidden = "true";
  for (const one of ghost.querySelectorAll("[data-thing]")) delete one.dataset.thing;
  Object.assign(style, { left: `${was.rect.left - frame.left}px`, top: `${was.rect.top - frame.top}px`, width: `${was.rect.width}px` });
  list.after(ghost);
  const fade = ghost.animate([{ opacity: 1, transform: "none" }, { opacity: 0, transform: "scale(0.85)" }], { duration: LASTS * 1.5, easing: EASE });
  fade.onfinish = () => ghost.remove();
}
