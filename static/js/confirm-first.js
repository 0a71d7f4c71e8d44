// Is it still you? A request that was answered with X-Confirm waits until the question in that dialog was answered, and
// is then sent again, as it was: the dialog it came from stays open underneath, with all that was typed.

import { ask } from "./ask.js";

const host = () => document.getElementById("confirm-host");
let waiting = null;

export function confirmFirst(ctx, address) {
  waiting = ctx;
  ask(address, host());
}

document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  if (ctx.target !== host() || ctx.response.status !== 204) return;
  host().querySelector("dialog")?.close();
  const { request, sourceElement: source, sourceEvent: event, target, swap, values } = waiting;
  window.htmx.ajax(request.method, request.action, { source, event, target, swap, values });
});
