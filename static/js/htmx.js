// htmx, and what our pages add to it: the token against forged requests, and errors in words.

import htmx from "htmx.org/dist/htmx.esm.min.js";
import { confirmFirst } from "./confirm-first.js";
import { keptOpen } from "./kept-open.js";
import { scoped } from "./scope.js";
import { toast } from "./toast.js";

const FORM_WITH_ERRORS = 422; // swapped in: the form says what is wrong

window.htmx = htmx;
htmx.registerExtension("kept-open", keptOpen);

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  if (ctx.request.method === "GET") {
    if (ctx.target?.id === "dialog-host") ctx.request.action = scoped(ctx.request.action); // what is begun here is begun there
    return;
  }
  ctx.request.headers["X-CSRFToken"] = document.querySelector('meta[name="csrf-token"]').content;
});

document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  const { status } = ctx.response;
  if (status < 400 || status === FORM_WITH_ERRORS || ctx.hx.redirect) return;
  const question = ctx.response.headers.get("X-Confirm");
  if (!question && isDialog(ctx)) return;
  event.preventDefault(); // an error page is not what was asked for: the page stays, and says it
  if (question) return void confirmFirst(ctx, question);
  if (!ctx.hx.trigger && !ctx.ended) toast({ level: "error", words: wordsOf(ctx.text) });
});

document.addEventListener("htmx:error", ({ detail }) => {
  if (detail.ctx?.response || detail.ctx?.ended || detail.error?.name === "AbortError") return;
  toast({ level: "error", words: "Pilothouse did not answer, so this may not have been done. Look before you try again." });
});

// Who asked without being asked to (ask.js) is told how it ended, and decides.
document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => ctx.ended?.(ctx.response?.status ?? 0));

// The dialog that was sent, with what went wrong in it: a toast would stand behind it, where nobody reads it.
function isDialog(ctx) {
  return ctx.target?.id === "dialog-host" && /^\s*<dialog/.test(ctx.text ?? "");
}

// What a page that was answered says of an error; "within" is where it stands.
export function wordsOf(page, within = "[data-error]") {
  const said = new DOMParser().parseFromString(page, "text/html").querySelector(within);
  for (const technical of said?.querySelectorAll("details") ?? []) technical.remove();
  const title = said?.querySelector("b + p") && said.querySelector("b").textContent;
  said?.querySelector("b:has(+ p)")?.remove();
  const words = [title, said?.textContent].filter(Boolean).map((part) => part.trim()).join(": ");
  return words.replace(/\s+/g, " ") || "Pilothouse failed at this. Its log says why.";
}
