// The quick look: a resource's page slides in from the right, beside the list it belongs to.

const drawer = () => document.getElementById("drawer");

document.addEventListener("look", async ({ detail: href }) => {
  await window.htmx.ajax("GET", `${href}?look=1`, { target: "#drawer-content", swap: "innerHTML" });
  if (!drawer().matches(":popover-open")) drawer().showPopover();
  drawer().querySelector("a, button")?.focus({ preventScroll: true });
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && drawer()?.matches(":popover-open")) drawer().hidePopover();
});
