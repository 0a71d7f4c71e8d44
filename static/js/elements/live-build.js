// <live-build>: the steps of a build, as they were kept or as they happen. What a step prints is fetched when it is opened.

import { paint } from "../ansi.js";
import { ask } from "../ask.js";
import { now } from "../clock.js";
import { icon, setIcon } from "../icons.js";
import { make } from "../make.js";
import { live } from "../socket.js";
import { count } from "../words.js";

const TICK = 200; // ms between two looks at the time of what runs
const OPENED_AFTER = 0.7; // seconds that a step must run until its output is shown by itself
const MOST_LINES = 1500; // of one step on the page
const AGAIN = 300; // ms until the head is asked for again, when the end was not kept yet
const LEVELS = {
  waiting: "stopped", running: "changing", done: "healthy", cached: "healthy", failed: "failing", cancelled: "stopped", "not reached": "stopped",
};
const ICONS = { waiting: "circle-dashed", running: "loader-circle", done: "circle-check", cached: "zap", failed: "octagon-x", cancelled: "square", "not reached": "minus" };

const seconds = (value) => (value >= 100 ? `${Math.floor(value / 60)} min ${Math.floor(value % 60)} s` : `${value.toFixed(1)} s`);

class Step {
  constructor(build, id) {
    this.build = build;
    this.id = id;
    this.icon = icon("circle-dashed");
    this.parts = Object.fromEntries(["number", "line", "name", "progress", "word", "time"].map((name) => [name, make("span", { data: { part: name } })]));
    this.output = make("pre", { className: "step-output", tabIndex: 0, role: "region", aria: { label: "Output" } });
    this.error = make("p", { className: "step-error", hidden: true });
    this.details = make("details", {}, make("summary", {}, this.icon, ...Object.values(this.parts)), this.error, this.output);
    this.element = make("li", { className: "step" }, this.details);
    this.details.addEventListener("toggle", () => this.details.open && this.#fill());
    // Once somebody opened, closed or touched it, it stays as they have it.
    for (const name of ["click", "wheel", "keydown"]) this.details.addEventListener(name, () => (this.theirs = true), { passive: true });
    this.last = 0; // number of the newest line shown
  }

  update(frame) {
    const before = this.frame?.state;
    this.frame = frame;
    const { parts } = this;
    this.element.dataset.state = frame.state;
    this.element.dataset.level = LEVELS[frame.state];
    this.element.classList.toggle("own", !frame.line); // of the engine, not of the Dockerfile
    setIcon(this.icon, ICONS[frame.state]);
    parts.line.textContent = frame.line ? `line ${frame.line}` : "";
    parts.name.replaceChildren();
    paint(parts.name, frame.name);
    parts.name.title = frame.stage ? `${frame.name} (stage ${frame.stage})` : frame.name;
    parts.progress.textContent = frame.progress || this.#before();
    parts.word.textContent = frame.state;
    this.error.hidden = !frame.error || frame.state !== "failed";
    this.error.replaceChildren();
    paint(this.error, frame.error);
    this.tick();
    if (frame.state === "failed" && before !== "failed") this.details.open = true;
    else if (this.shown && frame.state !== "running") this.#show(false);
  }

  // What a step prints is shown while it runs; steps that are over at once would only make the page jump.
  #show(open) {
    this.shown = open;
    if (!this.theirs) this.details.open = open;
  }

  // What was otherwise in the build before; nothing where there is no difference to speak of.
  #before() {
    const { state, seconds: took, name, line } = this.frame;
    const then = this.build.before?.[name];
    if (!then || !line || !["done", "cached"].includes(state)) return "";
    const [was, tookThen] = then;
    if (was === "cached" || state === "cached") return was === state ? "" : was === "cached" ? "before: cached" : tookThen > 0.1 ? `before: ${seconds(tookThen)}` : "";
    return Math.abs(took - tookThen) > Math.max(0.3, tookThen / 5) ? `before: ${seconds(tookThen)}` : "";
  }

  tick() {
    const { since, seconds: took, state } = this.frame;
    this.parts.time.textContent = state === "running" ? seconds(Math.max(0, now() - since)) : took === null || state === "cached" ? "" : seconds(took);
    if (state === "running" && !this.shown && this.frame.lines && now() - since > OPENED_AFTER) this.#show(true);
  }

  add(lines) {
    const wasAtEnd = this.output.scrollHeight - this.output.scrollTop - this.output.clientHeight < 40;
    for (const [number, text] of lines) {
      if (number <= this.last) continue;
      if (number > this.last + 1) this.output.append(make("i", {}, `… ${count(number - this.last - 1)} lines are left out …\n`));
      this.last = number;
      const line = make("span", {});
      paint(line, text);
      line.append("\n");
      this.output.append(line);
    }
    while (this.output.childElementCount > MOST_LINES) this.output.firstElementChild.remove();
    if (wasAtEnd) this.output.scrollTop = this.output.scrollHeight;
  }

  async #fill() {
    if (this.last >= this.frame.lines) return;
    const answer = await fetch(`${this.build.dataset.href}output/?step=${encodeURIComponent(this.id)}`);
    if (!answer.ok) return;
    const { lines } = await answer.json();
    this.output.replaceChildren();
    this.last = 0;
    this.add(lines);
    if (!lines.length) this.output.append(make("i", {}, "What it printed is not kept any more."));
  }
}

class LiveBuild extends HTMLElement {
  connectedCallback() {
    this.steps = new Map();
    this.list = this.querySelector('[data-part="steps"]');
    this.#kept();
    if (this.#state !== "running") return;
    this.subscription = live.follow("build", { key: this.dataset.key }, (frame) => this.#receive(frame));
    this.timer = setInterval(() => this.steps.forEach((step) => step.frame.state === "running" && step.tick()), TICK);
  }

  disconnectedCallback() {
    this.subscription?.close();
    clearInterval(this.timer);
    clearTimeout(this.retry);
  }

  get #state() {
    return this.querySelector("#build-head").dataset.state;
  }

  #kept() {
    this.before = JSON.parse(this.querySelector("#build-before").textContent);
    const { steps } = JSON.parse(this.querySelector("#build-steps").textContent);
    this.#show({ set: steps, order: steps.map((step) => step.id), lines: {} });
  }

  #receive(frame) {
    if (frame.t === "end" || frame.state === "ended") this.#ended();
    else this.#show(frame);
  }

  #show({ set, order, lines }) {
    for (const frame of set) {
      if (!this.steps.has(frame.id)) this.steps.set(frame.id, new Step(this, frame.id));
      this.steps.get(frame.id).update(frame);
    }
    if (order) this.order = order;
    if (order || set.some((frame) => frame.state === "failed")) this.#place();
    for (const [id, newest] of Object.entries(lines)) this.steps.get(id)?.add(newest);
    this.#count();
  }

  // In the order of the Dockerfile, but what failed first.
  #place() {
    const failed = (id) => this.steps.get(id)?.frame.state === "failed";
    const wanted = [...this.order.filter(failed), ...this.order.filter((id) => !failed(id))];
    let at = this.list.firstElementChild;
    for (const id of wanted) {
      const { element, parts } = this.steps.get(id);
      parts.number.textContent = this.order.indexOf(id) + 1;
      if (element === at) at = at.nextElementSibling;
      else this.list.insertBefore(element, at);
    }
  }

  #count() {
    const states = [...this.steps.values()].map((step) => step.frame.state);
    const of = (...names) => states.filter((state) => names.includes(state)).length;
    const words = [`${count(of("done", "cached"))} of ${count(states.length)} done`];
    if (of("cached")) words.push(`${count(of("cached"))} from the cache`);
    if (of("running")) words.push(`${count(of("running"))} running`);
    this.querySelector('[data-part="count"]').textContent = words.join(" · ");
  }

  async #ended() {
    this.subscription?.close();
    if (!this.isConnected) return;
    await ask(this.dataset.href, "#build-head", { swap: "outerHTML" });
    if (!this.isConnected) return;
    if (this.#state === "running") {
      this.retry = setTimeout(() => this.#ended(), AGAIN);
      return;
    }
    clearInterval(this.timer);
    this.#kept();
  }
}

customElements.define("live-build", LiveBuild);
