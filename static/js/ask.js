// What a page fetches by itself, not for a button or a form.
//
// htmx lets the requests of one element wait for each other, keeps one that waits, and forgets all others without a word.
// A request without an element would be one of the whole page: the undo in a toast would be forgotten while the page
// fetches what changed. So each is one of its target, and what waits is the newest.

import { toast } from "./toast.js";

const AGAIN = 2_000; // ms until a page asks again for what it did not get
const TELL_AFTER = 2; // failures in a row before it is said: one is a blip
const failed = new Map(); // target -> { times, timer }
let takeAway = null; // what takes the words about it away again

// Somebody asked for it: an error is said at once.
export function ask(href, target, { swap = "innerHTML", ...more } = {}) {
  const element = typeof target === "string" ? document.querySelector(target) : target;
  if (!element) return Promise.resolve();
  element.setAttribute("hx-sync", "queue last");
  return window.htmx.ajax("GET", href, { source: element, target: element, swap, ...more });
}

// Nobody asked: the page keeps itself as things are. What fails is asked for again, until it comes or is gone.
export function refresh(href, target, swap = "innerMorph") {
  const element = typeof target === "string" ? document.querySelector(target) : target;
  if (!element) return Promise.resolve();
  clearTimeout(failed.get(element)?.timer);
  return ask(href, element, { swap, ended: (status) => done(href, element, swap, status) });
}

// "status" is 0 when there was no answer at all.
function done(href, element, swap, status) {
  if (status >= 200 && status < 500 && status !== 429) return came(element);
  const times = (failed.get(element)?.times ?? 0) + 1;
  if (times === TELL_AFTER) takeAway ??= toast({ level: "error", words: "A part of this page could not be fetched again: it is shown as it was. It is tried again." });
  const timer = setTimeout(() => element.isConnected && refresh(href, element, swap), AGAIN * Math.min(times, 8));
  failed.set(element, { times, timer });
}

// What was said is true no longer once everything that is still on the page has come.
function came(element) {
  failed.delete(element);
  for (const other of failed.keys()) if (!other.isConnected) failed.delete(other);
  if (failed.size > 0) return;
  takeAway?.();
  takeAway = null;
}
