// <log-view>: the live log of any containers, merged. It shows what it can and says to the server how far it is;
// what cannot be shown in time is left out there, and counted in sight.

import { FULL, Lines, ERROR, WARN, copied } from "../log-lines.js";
import { Histogram } from "../log-histogram.js";
import { Search } from "../log-search.js";
import { LogToolbar } from "../log-toolbar.js";
import { now } from "../clock.js";
import { icon } from "../icons.js";
import { make } from "../make.js";
import { live } from "../socket.js";

const SLICE = 7; // ms of work in one animation frame
const ACKNOWLEDGE_EVERY = 4; // frames, or when all is shown
const NEAR = 48; // px from the end that still count as the end
const KNOWN = 2000; // lines remembered over a lost connection
const RANGES = { "15m": 900, "1h": 3600 };

class LogView extends HTMLElement {
  connectedCallback() {
    if (this.lines) return;
    const params = new URLSearchParams(location.search);
    const read = (name) => params.get(name) ?? "";
    this.state = {
      q: read("q"), level: read("level"), range: read("range") || "500", source: read("source"), only: params.has("only"),
      wrap: params.get("wrap") !== "0", times: params.get("times") !== "0",
    };
    this.following = true;
    this.fresh = this.skipped = 0;
    this.counts = { warn: 0, error: 0 };
    this.queue = []; // lines that came and are not shown yet
    this.names = new Map();
    this.#build();
    this.#listen();
    this.subscription = live.follow("logs", this.#asked(), (frame) => this.#receive(frame));
    if (this.state.q) this.search.begin(this.state.q, []);
  }

  disconnectedCallback() {
    this.abort?.abort();
    this.subscription?.close();
    this.search?.begin("", []);
    cancelAnimationFrame(this.frame);
    clearTimeout(this.waiting);
    this.lines = null;
    this.replaceChildren();
  }

  #build() {
    this.bar = new LogToolbar(this.state, {
      search: (text) => this.#find(text),
      step: (by) => this.#step(by),
      only: () => this.#only(),
      level: (level) => this.#ask({ level }),
      source: (source) => this.#ask({ source }),
      range: (range) => this.#ask({ range }),
      wrap: () => this.#show({ wrap: !this.state.wrap }),
      times: () => this.#show({ times: !this.state.times }),
      follow: () => this.#follow(!this.following),
    });
    this.histogram = new Histogram((at) => this.#goTo(this.lines.entries.find((entry) => entry.at >= at)));
    this.top = make("p", { className: "log-note", hidden: true });
    this.empty = make("p", { className: "log-note", hidden: true });
    this.blocks = make("div", { className: "log-blocks" });
    this.list = make("div", { className: "log", tabIndex: 0, role: "log", aria: { label: "Log lines", live: "off" } }, this.top, this.blocks, this.empty);
    this.copy = make("button", { type: "button", className: "btn sm sq log-copy", title: "Copy this line", aria: { label: "Copy this line" } }, icon("copy", "sm"));
    this.lines = new Lines(this.blocks, this.names, {
      added: (entry) => this.#added(entry),
      dropped: (entries) => this.#dropped(entries),
    });
    this.search = new Search(() => this.bar.showMatches(this.search));
    this.append(this.bar.element, this.histogram.element, this.list);
    this.#show({});
    this.#drawFollowing();
    this.waiting = setTimeout(() => this.#say("Nothing was printed yet. New lines appear by themselves."), 700);
  }

  #listen() {
    this.abort = new AbortController();
    const { signal } = this.abort;
    this.list.addEventListener("scroll", () => this.#scrolled(), { signal, passive: true });
    this.list.addEventListener("pointerover", ({ target }) => this.#offerCopy(target.closest("li:not(.gap)")), { signal, passive: true });
    this.list.addEventListener("click", (event) => this.#clicked(event), { signal });
    this.list.addEventListener("copy", (event) => this.#copied(event), { signal });
    document.addEventListener("keydown", (event) => this.#key(event), { signal });
    live.addEventListener("state", ({ detail }) => this.#line(detail), { signal });
  }

  // --- what is asked ----------------------------------------------------------------------------------------------

  #asked() {
    const { level, range, source, only, q } = this.state;
    const [row, container] = source ? source.split("|") : ["", ""];
    return {
      rows: row ? [row] : this.dataset.row.split(" "),
      container: container || this.dataset.container || "",
      level,
      q: only && !q.startsWith("/") ? q : "",
      tail: Number(range) || 500,
      since: RANGES[range] ? Math.floor(now() - RANGES[range]) : range === "all" ? 1 : 0,
      previous: range === "previous",
    };
  }

  #ask(changes) {
    this.#show(changes);
    this.expected = true;
    this.#follow(true);
    this.subscription.set(this.#asked());
    this.list.ariaBusy = "true";
  }

  #show(changes) {
    Object.assign(this.state, changes);
    const { level, range, source, wrap, times, q, only } = this.state;
    this.list.classList.toggle("nowrap", !wrap);
    this.list.classList.toggle("timeless", !times);
    this.list.dataset.level = level;
    this.bar.wrap.ariaPressed = String(wrap);
    this.bar.times.ariaPressed = String(times);
    this.bar.only.ariaPressed = String(only);
    this.bar.showLevel(level);
    const asked = this.#asked();
    const address = new URLSearchParams(asked.rows.map((row) => ["row", row]));
    for (const name of ["container", "since", "q", "level"]) if (asked[name]) address.set(name, asked[name]);
    if (asked.previous) address.set("previous", "1");
    if (Number(range)) address.set("tail", range);
    this.bar.download.href = `/logs/download/?${address}`;
    keepInAddress({ q, level, source, range: range === "500" ? "" : range, only: only ? "1" : "", wrap: wrap ? "" : "0", times: times ? "" : "0" });
  }

  // --- what comes -------------------------------------------------------------------------------------------------

  #receive(frame) {
    if (frame.t === "end") this.#ended(frame);
    if (frame.sources) this.#sources(frame.sources);
    if (frame.t === "snap") {
      this.seq = this.acknowledged = frame.seq;
      this.#begin();
    }
    if (frame.t !== "patch") return;
    let from = 0;
    for (const [before, count] of frame.gaps) {
      this.#enqueue(frame.lines.slice(from, before));
      this.queue.push({ skipped: count, at: frame.lines[before]?.[0] ?? frame.now });
      from = before;
    }
    this.#enqueue(frame.lines.slice(from));
    this.queue.push({ seq: frame.seq });
    this.frame ||= requestAnimationFrame(() => this.#pump());
  }

  #enqueue(lines) {
    for (const line of lines) this.queue.push(line);
  }

  // A new snapshot: of something else that was asked for, or of the same after the connection was lost.
  #begin() {
    this.list.ariaBusy = "false";
    this.queue.length = 0;
    const known = this.lines.entries.slice(-KNOWN).filter((entry) => entry.count);
    if (this.expected || !known.length) {
      this.expected = false;
      this.known = null;
      this.lines.clear();
      this.histogram.clear();
      this.skipped = this.fresh = 0;
      if (!this.state.level) this.counts = { warn: 0, error: 0 };
      this.search.begin(this.bar.input.value, []);
      this.top.hidden = this.empty.hidden = true;
      return;
    }
    this.known = new Set(known.map((entry) => `${entry.at} ${entry.text.split("\n", 1)[0]}`));
    this.knownUntil = known.at(-1).at;
    this.knownFrom = known[0].at;
  }

  // Lines that were shown before the connection was lost come again: leave them out, and say it when some are missing.
  #isKnown([at, source, , text]) {
    if (!this.known || source < 0) return false;
    if (at <= this.knownUntil && (at < this.knownFrom || this.known.has(`${at} ${text}`))) {
      this.knownSeen = true;
      return true;
    }
    if (at > this.knownUntil) {
      this.lines.mark(this.knownSeen ? "Reconnected" : "Reconnected. Lines in between may be missing.");
      this.known = null;
      this.knownSeen = false;
    }
    return false;
  }

  #pump() {
    this.frame = 0;
    const ends = performance.now() + SLICE;
    let at = 0;
    while (at < this.queue.length && performance.now() < ends) {
      // Paused and full: what comes waits at the server, so that what is being read stays.
      if (!this.following && this.lines.entries.length >= FULL) break;
      for (const stop = Math.min(this.queue.length, at + 20); at < stop; at++) this.#take(this.queue[at]);
    }
    this.queue.splice(0, at);
    if (at) this.#afterwards();
    const full = !this.following && this.lines.entries.length >= FULL;
    if (this.queue.length && !full) this.frame = requestAnimationFrame(() => this.#pump());
    else if (!this.queue.length) this.#acknowledge();
  }

  #take(item) {
    if (Array.isArray(item)) {
      if (!this.#isKnown(item)) this.lines.add(item);
    } else if (item.skipped) {
      this.skipped += item.skipped;
      this.histogram.add({ at: item.at, source: 0, level: 0 }, item.skipped);
      this.lines.mark(`${item.skipped.toLocaleString()} ${item.skipped === 1 ? "line" : "lines"} left out`, item.at);
    } else {
      this.seq = item.seq;
      if (item.seq - this.acknowledged >= ACKNOWLEDGE_EVERY) this.#acknowledge();
    }
  }

  #acknowledge() {
    if (this.seq === this.acknowledged) return;
    clearTimeout(this.acknowledging);
    const send = () => {
      this.acknowledged = this.seq;
      this.subscription.acknowledge(this.seq);
    };
    if (this.seq - this.acknowledged >= ACKNOWLEDGE_EVERY) send();
    else this.acknowledging = setTimeout(send, 150);
  }

  #afterwards() {
    if (this.lines.entries.length) {
      clearTimeout(this.waiting);
      this.empty.hidden = !this.over;
    }
    if (this.following) this.list.scrollTop = this.list.scrollHeight;
    else this.#drawFollowing();
    if (!this.drawing) {
      this.drawing = setTimeout(() => {
        this.drawing = 0;
        this.bar.showCounts(this.counts);
        if (this.search.active) {
          this.bar.showMatches(this.search);
          this.#highlight();
        }
      }, 250);
    }
  }

  #added(entry) {
    if (entry.level === WARN) this.counts.warn++;
    else if (entry.level === ERROR) this.counts.error++;
    if (!this.following && entry.count) this.fresh++;
    this.histogram.add(entry);
    if (this.search.active) this.search.add(entry);
  }

  #dropped(entries) {
    for (const entry of entries) this.histogram.add(entry, -1);
    if (this.search.active) this.search.forget(new Set(entries));
    this.top.hidden = false;
    this.top.textContent = `${this.lines.dropped.toLocaleString()} older lines are not kept in this page. Download has them.`;
  }

  #sources(sources) {
    const known = this.names.size;
    for (const [n, name] of shortNames(sources)) this.names.set(n, name);
    if (sources.length > 1 || known > 1) this.list.classList.add("several");
    else this.names.clear();
    if (!this.state.source) this.all = sources;
    this.bar.showSources(this.all ?? sources, this.state.source);
    this.over = sources.length > 0 && sources.every((one) => one.state !== "live");
    this.#drawFollowing();
  }

  #ended(frame) {
    this.over = true;
    clearTimeout(this.waiting);
    this.#say([frame.why, frame.hint].filter(Boolean).join(" "));
    this.#drawFollowing();
  }

  #line(state) {
    if (state === "live" || this.lost) this.lost = state !== "live";
    else if (this.lines.entries.length) {
      this.lost = true;
      this.lines.mark("The connection was lost. Reconnecting…");
      this.#afterwards();
    }
  }

  #say(words) {
    this.empty.hidden = false;
    this.empty.textContent = words;
  }

  // --- moving about -----------------------------------------------------------------------------------------------

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    const atEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    const up = scrollTop < (this.lastTop ?? 0) - 2;
    this.lastTop = scrollTop;
    if (this.following && up && !atEnd) this.#follow(false);
    else if (!this.following && atEnd && !up) this.#follow(true);
    if (this.search.active) {
      clearTimeout(this.highlighting);
      this.highlighting = setTimeout(() => this.#highlight(), 60);
    }
  }

  #follow(on) {
    this.following = on;
    if (on) {
      this.fresh = 0;
      this.list.scrollTop = this.list.scrollHeight;
      this.lastTop = this.list.scrollTop;
      this.frame ||= requestAnimationFrame(() => this.#pump());
    }
    this.#drawFollowing();
  }

  #drawFollowing() {
    this.bar.showFollowing(this.following, this.fresh, this.over);
  }

  #find(text) {
    this.#show({ q: text });
    if (this.state.only) this.#ask({ only: Boolean(text) });
    this.search.begin(text, this.lines.entries);
    this.#highlight();
  }

  #only() {
    if (this.state.q.startsWith("/")) return;
    this.#ask({ only: !this.state.only });
  }

  #step(by) {
    this.#goTo(this.search.step(by));
  }

  #goTo(entry) {
    if (!entry) return;
    this.#follow(false);
    this.blocks.querySelector(".current")?.classList.remove("current");
    entry.element.classList.add("current");
    entry.element.scrollIntoView({ block: "center" });
    this.lastTop = this.list.scrollTop;
    this.#highlight();
  }

  // Words are marked in what is on the screen only.
  #highlight() {
    const { top, bottom } = this.list.getBoundingClientRect();
    const visible = [];
    for (const block of this.blocks.children) {
      const box = block.getBoundingClientRect();
      if (box.bottom < top || box.top > bottom) continue;
      for (const element of block.children) if (!element.classList.contains("gap")) visible.push({ element });
    }
    this.search.mark(visible);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog, web-terminal")) return;
    const keys = {
      "/": () => this.bar.input.focus(),
      f: () => this.#follow(!this.following),
      w: () => this.#show({ wrap: !this.state.wrap }),
      t: () => this.#show({ times: !this.state.times }),
      g: () => ((this.list.scrollTop = 0), this.#follow(false)),
      G: () => this.#follow(true),
      n: () => this.#step(1),
      N: () => this.#step(-1),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    keys[event.key]();
  }

  // One button for all lines: it goes where the pointer is.
  #offerCopy(line) {
    if (line && line !== this.copy.parentElement) line.append(this.copy);
  }

  #clicked({ target }) {
    const more = target.closest("button.more");
    if (more) {
      const rest = more.nextElementSibling;
      rest.hidden = !rest.hidden;
      more.ariaExpanded = String(!rest.hidden);
    }
    if (!target.closest(".log-copy")) return;
    navigator.clipboard.writeText(copied([this.lines.at(target.closest("li"))])).then(() => {
      this.copy.dataset.done = "";
      setTimeout(() => delete this.copy.dataset.done, 1200);
    });
  }

  // Several lines at once: as they were printed, without the columns around them.
  #copied(event) {
    const selection = getSelection();
    const chosen = this.lines.entries.filter((entry) => entry.count && selection.containsNode(entry.element, true));
    if (chosen.length < 2) return;
    event.clipboardData.setData("text/plain", copied(chosen));
    event.preventDefault();
  }
}

function keepInAddress(values) {
  const params = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value) params.set(name, value);
    else params.delete(name);
  }
  const text = params.toString();
  if (text !== location.search.slice(1)) history.replaceState(history.state, "", text ? `?${text}` : location.pathname);
}

// What tells the sources apart: the end of their names, without the beginning they share.
function shortNames(sources) {
  const labels = sources.map((one) => one.label);
  let shared = labels[0] ?? "";
  for (const label of labels) while (!label.startsWith(shared)) shared = shared.slice(0, -1);
  const cut = labels.length > 1 ? shared.lastIndexOf("-") + 1 : 0;
  return sources.map((one) => [one.n, one.label.slice(cut)]);
}

customElements.define("log-view", LogView);
