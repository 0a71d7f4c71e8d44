// A button that leads to a page made of what is typed here ([data-takes-along]): what is typed after it was pressed goes
// along, too. When the page comes and something was typed meanwhile, it is asked for again with that.

const sent = new WeakMap(); // button -> what stood in its form when it was asked

document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  const button = ctx.sourceElement;
  if (button.matches?.("[data-takes-along]")) sent.set(button, valuesOf(button.form));
});

document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  const button = ctx.sourceElement;
  if (ctx.response.status !== 200 || !sent.has(button) || sent.get(button) === valuesOf(button.form)) return;
  event.preventDefault(); // that page knows less than what stands here
  ctx.ended = () => setTimeout(() => button.click()); // when the one that ended is out of the way
});

const valuesOf = (form) => JSON.stringify([...new FormData(form)].map(([name, value]) => [name, value.name ?? value]));
