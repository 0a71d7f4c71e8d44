// While somebody fills in a dialog, what it says will happen follows: the server says it, so it is what will be done.

const PACE = 120; // ms after the last key

let timer, asked;

function follow(form) {
  clearTimeout(timer);
  timer = setTimeout(() => ask(form), PACE);
}

async function ask(form) {
  asked?.abort();
  asked = new AbortController();
  try {
    const answer = await fetch(address(form), { headers: { "HX-Request": "true" }, signal: asked.signal });
    if (answer.ok && !answer.redirected) form.querySelector("#confirm-plan").outerHTML = await answer.text();
  } catch {
    // Given up for a newer one, or the server is away: pressing the button will say so.
  }
}

// What is secret stays in the form: an address is kept in histories and logs.
function address(form) {
  const fields = [...form.elements].filter((one) => one.name && !one.matches('[type="hidden"]:not([data-field]), [data-secret], [data-must-equal], button'));
  const values = fields.map((one) => [one.name, one.type === "checkbox" && !one.checked ? "" : one.value]);
  const about = ["verb", "rows"].map((name) => [name, form.elements[name].value]);
  return `${form.dataset.plan}&${new URLSearchParams([...about, ...values])}`;
}

document.addEventListener("input", ({ target }) => target.form?.dataset.plan && follow(target.form));
