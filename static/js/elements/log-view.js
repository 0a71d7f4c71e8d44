// <log-view>: the live log of any containers, merged. It shows what it can and says to the server how far it is;
// what cannot be shown in time is left out there, and counted in sight.

import { copying } from "../log-copy.js";
import { Feed } from "../log-feed.js";
import { Following } from "../log-following.js";
import { Histogram } from "../log-histogram.js";
import { ERROR, Lines, WARN } from "../log-lines.js";
import { argumentsOf, downloadOf, keepInAddress, questionOf } from "../log-question.js";
import { Search } from "../log-search.js";
import { shortNames } from "../log-sources.js";
import { LogToolbar } from "../log-toolbar.js";
import { make } from "../make.js";
import { live } from "../socket.js";

const DRAW_EVERY = 250; // ms between two drawings of counts and matches

class LogView extends HTMLElement {
  connectedCallback() {
    if (this.lines) return;
    this.state = questionOf(location.search);
    this.counts = { warn: 0, error: 0 };
    this.names = new Map();
    this.subscription = live.follow("logs", this.#asked(), (frame) => this.#receive(frame)); // first: it is answered meanwhile
    this.#build();
    this.#listen();
    if (this.state.q) this.search.begin(this.state.q, []);
  }

  disconnectedCallback() {
    this.abort?.abort();
    this.subscription?.close();
    this.search?.begin("", []);
    this.feed?.stop();
    clearTimeout(this.waiting);
    this.lines = null;
    this.replaceChildren();
  }

  #build() {
    this.bar = new LogToolbar(this.state, {
      search: (text) => this.#find(text),
      leave: () => this.list.focus(),
      step: (by) => this.#step(by),
      only: () => this.#only(),
      level: (level) => this.#ask({ level }),
      source: (source) => this.#ask({ source }),
      range: (range) => this.#ask({ range }),
      wrap: () => this.#show({ wrap: !this.state.wrap }),
      times: () => this.#show({ times: !this.state.times }),
      follow: () => this.following.set(!this.following.active),
    });
    this.histogram = new Histogram((at) => this.#goTo(this.lines.entries.find((entry) => entry.at >= at)));
    this.top = make("p", { className: "log-note", hidden: true });
    this.empty = make("p", { className: "log-note", hidden: true });
    this.blocks = make("div", { className: "log-blocks" });
    this.list = make("div", { className: "log", tabIndex: 0, role: "log", aria: { label: "Log lines", live: "off" } }, this.top, this.blocks, this.empty);
    this.following = new Following(this.list, () => this.#followed());
    this.lines = new Lines(this.blocks, this.names, {
      added: (entry) => this.#added(entry),
      dropped: (entries) => this.#dropped(entries),
    });
    this.feed = new Feed(this.lines, {
      waits: () => !this.following.active,
      skipped: (count, at) => this.histogram.add({ at, source: 0, level: 0 }, count),
      shown: () => this.#afterwards(),
      acknowledge: (seq) => this.subscription.acknowledge(seq),
    });
    this.search = new Search(() => {
      this.bar.showMatches(this.search);
      this.list.toggleAttribute("data-searched", this.search.active);
    });
    this.append(this.bar.element, this.histogram.element, this.list);
    this.#show({});
    this.#drawFollowing();
    this.waiting = setTimeout(() => this.#say("No line has come yet. New ones appear by themselves."), 700);
  }

  #listen() {
    this.abort = new AbortController();
    const { signal } = this.abort;
    this.list.addEventListener("scroll", () => this.#scrolled(), { signal, passive: true });
    copying(this.list, this.lines, signal);
    document.addEventListener("keydown", (event) => this.#key(event), { signal });
    live.addEventListener("state", ({ detail }) => this.#line(detail), { signal });
  }

  // --- what is asked ----------------------------------------------------------------------------------------------

  #asked() {
    return argumentsOf(this.state, this.dataset);
  }

  #ask(changes) {
    this.#show(changes);
    this.expected = true;
    this.following.set(true);
    this.subscription.set(this.#asked());
    this.list.ariaBusy = "true";
  }

  #show(changes) {
    Object.assign(this.state, changes);
    const { level, wrap, times, only } = this.state;
    this.list.classList.toggle("nowrap", !wrap);
    this.list.classList.toggle("timeless", !times);
    this.list.dataset.level = level;
    this.bar.wrap.ariaPressed = String(wrap);
    this.bar.times.ariaPressed = String(times);
    this.bar.only.ariaPressed = String(only);
    this.bar.showLevel(level);
    this.bar.download.href = downloadOf(this.#asked(), this.state);
    keepInAddress(this.state);
  }

  // --- what comes -------------------------------------------------------------------------------------------------

  #receive(frame) {
    if (frame.t === "end") this.#ended(frame);
    if (frame.sources) this.#sources(frame.sources);
    if (frame.t === "snap") this.#begin(frame.seq);
    else if (frame.t === "patch") {
      if (frame.older) this.#older(frame.older);
      if (frame.search) this.#searched(...frame.search);
      this.feed.take(frame);
    }
  }

  // Of a search: lines from further back, above all others. What is read meanwhile stays where it is.
  #older(lines) {
    const before = this.list.scrollHeight;
    this.adding = true;
    this.lines.prepend(lines);
    this.adding = false;
    if (!this.following.active) this.list.scrollTop += this.list.scrollHeight - before;
    this.following.keepPlace();
    this.search.begin(this.bar.input.value, this.lines.entries);
    this.#afterwards();
  }

  #searched(looked, looking) {
    this.top.hidden = !looked;
    const number = looked.toLocaleString();
    this.top.textContent = looking ? `Looking further back: ${number} older lines so far…` : `${number} older lines were looked through, too.`;
    if (!looking && !this.lines.entries.length) this.#say("No line has that. New ones appear by themselves.");
  }

  // A new snapshot: of something else that was asked for, or of the same after the connection was lost.
  #begin(seq) {
    this.list.ariaBusy = "false";
    const goesOn = this.feed.begin(seq, { anew: this.expected });
    this.expected = false;
    if (goesOn) return;
    this.lines.clear();
    this.histogram.clear();
    this.following.fresh = 0;
    if (!this.state.level) this.counts = { warn: 0, error: 0 };
    this.search.begin(this.bar.input.value, []);
    this.top.hidden = this.empty.hidden = true;
  }

  #afterwards() {
    if (this.lines.entries.length) {
      clearTimeout(this.waiting);
      this.empty.hidden = !this.over;
    }
    if (this.following.active) this.following.toEnd();
    else this.#drawFollowing();
    this.drawing ||= setTimeout(() => {
      this.drawing = 0;
      this.bar.showCounts(this.counts);
      if (!this.search.active) return;
      this.bar.showMatches(this.search);
      this.#highlight();
    }, DRAW_EVERY);
  }

  #added(entry) {
    if (entry.level === WARN) this.counts.warn++;
    else if (entry.level === ERROR) this.counts.error++;
    if (!this.following.active && !this.adding && entry.count) this.following.fresh++;
    this.histogram.add(entry);
    if (this.search.active && !this.adding) this.search.add(entry);
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
    this.following.scrolled();
    if (!this.search.active) return;
    clearTimeout(this.highlighting);
    this.highlighting = setTimeout(() => this.#highlight(), 60);
  }

  #followed() {
    if (this.following.active) this.feed.goOn();
    this.#drawFollowing();
  }

  #drawFollowing() {
    this.bar.showFollowing(this.following.active, this.following.fresh, this.over);
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
    this.following.set(false);
    this.blocks.querySelector(".current")?.classList.remove("current");
    entry.element.classList.add("current");
    entry.element.scrollIntoView({ block: "center" });
    this.following.keepPlace();
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
      f: () => this.following.set(!this.following.active),
      w: () => this.#show({ wrap: !this.state.wrap }),
      t: () => this.#show({ times: !this.state.times }),
      g: () => ((this.list.scrollTop = 0), this.following.set(false)),
      G: () => this.following.set(true),
      n: () => this.#step(1),
      N: () => this.#step(-1),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    keys[event.key]();
  }
}

customElements.define("log-view", LogView);
