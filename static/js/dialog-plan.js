// While somebody fills in a dialog, what it says will happen follows: the server says it, so it is what will be done.

import { arm } from "./arm.js";

const PACE = 120; // ms after the last key

let timer, asked;

function follow(form) {
  clearTimeout(timer);
  form.querySelector("[data-held]")?.removeAttribute("data-held"); // of what was filled in before
  arm(form);
  timer = setTimeout(() => ask(form), PACE);
}

async function ask(form) {
  asked?.abort();
  asked = new AbortController();
  try {
    const answer = await fetch(form.dataset.plan, { method: "POST", body: filledIn(form), headers: { "HX-Request": "true" }, signal: asked.signal });
    if (!answer.ok || answer.redirected) return;
    form.querySelector("#confirm-plan").outerHTML = await answer.text();
    arm(form);
  } catch {
    // Given up for a newer one, or the server is away: pressing the button will say so.
  }
}

// Nothing of it is put into an address: those are kept in histories and logs. What is secret stays in the form.
function filledIn(form) {
  const filled = new FormData(form); // with the token that says that it comes from this page
  for (const one of form.querySelectorAll("[data-secret][name], [data-must-equal]")) filled.delete(one.name);
  for (const one of form.querySelectorAll('[type="checkbox"][name]:not(:checked)')) filled.set(one.name, "");
  return filled;
}

document.addEventListener("input", ({ target }) => target.form?.dataset.plan && follow(target.form));
