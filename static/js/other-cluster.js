// The form for another cluster than the one it was opened for: [data-elsewhere] chooses it, and its answer is merged into
// the form that stands there. What is typed meanwhile stays where it is, with the focus. Until the answer is there nothing
// can be made from the form; when none comes, the choice goes back to the cluster that the form is for.

import { wordsOf } from "./htmx.js";
import { make } from "./make.js";
import { merging } from "./merged-form.js";

const SOON = 300; // ms: what comes before needs no words
const LONG = 8_000; // ms: until it can be given up
const asked = new WeakMap(); // choice -> { ctx, before, timers }

const nameOf = (choice, value) => [...choice.options].find((one) => one.value === value)?.text ?? "another cluster";
const stateOf = (choice) => choice.form?.querySelector("[data-elsewhere-state]"); // none: its dialog was closed meanwhile
const isFor = (choice) => [...choice.options].find((one) => one.defaultSelected)?.value ?? choice.options[0].value;

document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  const choice = ctx.sourceElement;
  if (!choice.matches?.("[data-elsewhere]")) return;
  clear(choice);
  const timers = [setTimeout(() => tell(choice), SOON), setTimeout(() => tell(choice, true), LONG)];
  asked.set(choice, { ctx, before: valuesOf(choice.form), timers });
  hold(choice.form);
  ctx.ended = (status) => ended(choice, ctx, status);
});

document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
  const asking = asked.get(ctx.sourceElement);
  if (asking?.ctx === ctx) merging.before = asking.before;
});

document.addEventListener("htmx:finally:swap", () => (merging.before = null));

function ended(choice, ctx, status) {
  const asking = asked.get(choice);
  if (asking?.ctx !== ctx) return; // another one was chosen meanwhile
  clear(choice);
  if (!choice.isConnected) return;
  if (status !== 200) failed(choice, status ? wordsOf(ctx.text) : "Pilothouse did not answer.");
  checkAgain(choice);
}

function failed(choice, why) {
  const wanted = choice.value;
  const again = make("button", { type: "button", className: "btn sm", onclick: () => choose(choice, wanted) }, "Try again");
  stateOf(choice).replaceChildren(`The form for ${nameOf(choice, wanted)} did not come. ${why} What you typed is still here.`, again);
  choice.value = isFor(choice);
  release(choice.form);
}

function tell(choice, isLong = false) {
  if (!choice.isConnected) return clear(choice);
  const here = nameOf(choice, isFor(choice));
  const stay = make("button", { type: "button", className: "btn sm", onclick: () => giveUp(choice) }, `Stay on ${here}`);
  const words = `The form for ${nameOf(choice, choice.value)} is coming … Go on typing.`;
  stateOf(choice).replaceChildren(words, ...(isLong ? [stay] : []));
}

function giveUp(choice) {
  clear(choice);
  choice.value = isFor(choice);
  release(choice.form);
  choice.dispatchEvent(new Event("htmx:abort"));
  choice.focus();
  checkAgain(choice);
}

// For the cluster that is chosen now, and with what was typed meanwhile.
const checkAgain = (choice) => choice.form?.querySelector(".run-fields").dispatchEvent(new Event("elsewhere"));

function choose(choice, value) {
  choice.value = value;
  choice.focus();
  choice.dispatchEvent(new Event("change", { bubbles: true }));
}

function clear(choice) {
  for (const timer of asked.get(choice)?.timers ?? []) clearTimeout(timer);
  asked.delete(choice);
  stateOf(choice)?.replaceChildren();
}

// With them held, the Enter key makes nothing either. The answer brings them back as they are to be.
function hold(form) {
  for (const button of form.querySelectorAll("[type=submit]:enabled")) {
    button.disabled = true;
    button.dataset.held = "";
  }
}

function release(form) {
  for (const button of form.querySelectorAll("[data-held]")) {
    button.disabled = false;
    delete button.dataset.held;
  }
}

function valuesOf(form) {
  const named = [...form.elements].filter((one) => one.name && one.type !== "hidden");
  return new Map(named.map((one) => [one.name, one.type === "checkbox" ? one.checked : one.value]));
}
