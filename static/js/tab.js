// Appended to the pages of an open port, which have a host name of their own: tells for how long they are open, so that the
// port is closed with its tab. It is no part of app.js and knows nothing of the page it is in.

const LEFT = 1000; // the codes of a websocket's end: we left the page,
const OVER = 1001; // the port is over
const AGAIN = 2000; // milliseconds
const SLOWEST = 30000;

let socket = null;
let stood = false; // a page may forbid it by its own policy: then it is tried once
let wait = AGAIN;
let timer = 0;

function open() {
  clearTimeout(timer);
  if (socket) return;
  const mine = new WebSocket(`${location.origin.replace(/^http/, "ws")}/.pilothouse/tab`);
  socket = mine;
  mine.addEventListener("open", () => {
    stood = true;
    wait = AGAIN;
  });
  mine.addEventListener("close", ({ code }) => {
    if (socket !== mine) return; // left
    socket = null;
    if (!stood || code === OVER) return;
    timer = setTimeout(open, wait);
    wait = Math.min(wait * 2, SLOWEST);
  });
}

function leave() {
  clearTimeout(timer);
  const mine = socket;
  socket = null;
  mine?.close(LEFT);
}

addEventListener("pagehide", leave);
addEventListener("pageshow", open);
open();
