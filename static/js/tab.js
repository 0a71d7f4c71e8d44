// Appended to the pages of an open port, which have a host name of their own: tells for how long they are open, so that the
// port is closed with its tab. It is no part of app.js and knows nothing of the page it is in.

let socket = null;

function open() {
  socket ??= new WebSocket(`${location.origin.replace(/^http/, "ws")}/.pilothouse/tab`);
}

function close() {
  socket?.close();
  socket = null;
}

addEventListener("pagehide", close);
addEventListener("pageshow", open);
open();
