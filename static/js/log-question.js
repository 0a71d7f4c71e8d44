// What somebody wants to see of a log: read from the page's address, kept there, and put as the server is asked.

import { now } from "./clock.js";

const LAST = 500; // lines, until somebody chooses
const RANGES = { "15m": 900, "1h": 3600 };

export function questionOf(search) {
  const params = new URLSearchParams(search);
  const read = (name) => params.get(name) ?? "";
  return {
    q: read("q"), level: read("level"), range: read("range") || String(LAST), source: read("source"), only: params.has("only"),
    wrap: params.get("wrap") !== "0", times: params.get("times") !== "0",
  };
}

export function argumentsOf({ level, range, source, only, q }, { row: rows, container = "" }) {
  const [row, ofRow] = source ? source.split("|") : ["", ""];
  return {
    rows: row ? [row] : rows.split(" "),
    container: ofRow || container,
    level,
    q: only && !q.startsWith("/") ? q : "",
    tail: Number(range) || LAST,
    since: RANGES[range] ? Math.floor(now() - RANGES[range]) : range === "all" ? 1 : 0,
    previous: range === "previous",
  };
}

export function downloadOf(asked, { range }) {
  const address = new URLSearchParams(asked.rows.map((row) => ["row", row]));
  for (const name of ["container", "since", "q", "level"]) if (asked[name]) address.set(name, asked[name]);
  if (asked.previous) address.set("previous", "1");
  if (Number(range)) address.set("tail", range);
  return `/logs/download/?${address}`;
}

// What is as it is without being asked for does not stand there.
export function keepInAddress({ q, level, source, range, only, wrap, times }) {
  const params = new URLSearchParams(location.search);
  const values = { q, level, source, range: range === String(LAST) ? "" : range, only: only ? "1" : "", wrap: wrap ? "" : "0", times: times ? "" : "0" };
  for (const [name, value] of Object.entries(values)) {
    if (value) params.set(name, value);
    else params.delete(name);
  }
  const text = params.toString();
  if (text !== location.search.slice(1)) history.replaceState(history.state, "", text ? `?${text}` : location.pathname);
}
