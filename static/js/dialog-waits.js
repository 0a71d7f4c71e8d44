// An act that takes long goes on without its dialog: that closes after a moment, and a toast stands for it until the
// answer comes. The closed dialog stays in the page for so long, out of the way: its form is what the answer belongs to.

import { wordsOf } from "./htmx.js";
import { toast } from "./toast.js";

const PATIENCE = 1_500; // ms
const host = document.getElementById("dialog-host");
const waiting = new WeakMap(); // form -> { timer, gone(): takes the toast away }

document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  const form = ctx.sourceElement;
  if (!form.matches?.('#dialog-host form[action="/act/"]') || ctx.request.method !== "POST") return;
  waiting.set(form, { timer: setTimeout(() => stepAside(form), PATIENCE), gone: () => {} });
});

function stepAside(form) {
  const dialog = form.closest("dialog");
  if (!dialog?.open) return;
  dialog.dataset.underWay = "";
  dialog.close();
  dialog.removeAttribute("id");
  document.body.append(dialog); // the next dialog takes the place of what is in the host
  const asked = form.querySelector("h2").innerText.replace(/\?.*$/s, "").trim();
  waiting.get(form).gone = toast({ words: `${asked}: under way…`, level: "info", stays: Infinity });
}

// What went wrong opens as a dialog again, unless another one was opened meanwhile: that is not taken away.
document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  clearTimeout(waiting.get(ctx.sourceElement)?.timer); // it is answered: a form with errors takes the dialog's place now
  const isAside = ctx.sourceElement.closest?.("[data-under-way]");
  if (!isAside || ctx.response.status === 204 || !host.querySelector("dialog[open]")) return;
  event.preventDefault();
  toast({ level: "error", words: wordsOf(ctx.text, '[data-error], [role="alert"]') });
});

document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  const form = ctx.sourceElement;
  if (!waiting.has(form)) return;
  const { timer, gone } = waiting.get(form);
  waiting.delete(form);
  clearTimeout(timer);
  gone();
  form.closest("[data-under-way]")?.remove();
});
