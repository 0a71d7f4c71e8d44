// Dialogs come from the server, whole: what will happen is said there, where it is known.

export function openDialog(href) {
  window.htmx.ajax("GET", href, { target: "#dialog-host", swap: "innerHTML" });
}
