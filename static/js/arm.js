// The button of a dialog sleeps while it could do nothing: the name is not typed yet ([data-must-equal]), what it says
// will happen cannot ([data-held], the reason beside it), or nothing of what it lists is ticked ([data-needs-tick]).

const TICKED = '[type="checkbox"][name]:checked';

export function arm(form) {
  const button = form?.querySelector("footer [type=submit]");
  if (!button) return;
  const typed = form.querySelector("[data-must-equal]");
  const wrong = typed && typed.value.trim() !== typed.dataset.mustEqual;
  const idle = button.dataset.needsTick !== undefined && !form.querySelector(TICKED);
  button.disabled = Boolean(wrong || idle || form.querySelector("[data-held]"));
}

const armed = (form) => form?.querySelector("[data-must-equal], [data-needs-tick], [data-held]");
document.addEventListener("input", ({ target }) => target.closest?.("dialog") && armed(target.form) && arm(target.form));
