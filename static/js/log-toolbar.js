// The bar above a log. It only asks; <log-view> does.

import { icon } from "./icons.js";
import { make } from "./make.js";

const PREVIOUS = "previous";
const LEVELS = [["", "All"], ["warn", "Warnings"], ["error", "Errors"]];
const RANGES = [
  ["100", "Last 100 lines"], ["500", "Last 500 lines"], ["5000", "Last 5,000 lines"],
  ["15m", "Last 15 minutes"], ["1h", "Last hour"], ["all", "Since the start"], [PREVIOUS, "Before the last restart"],
];

const tool = (name, label, keys, properties = {}) => {
  const button = make("button", { type: "button", className: "btn ghost sm sq", title: label, aria: { label }, ...properties }, icon(name, "sm"));
  if (keys) button.setAttribute("aria-keyshortcuts", keys);
  return button;
};

export class LogToolbar {
  constructor(state, ask) {
    this.input = make("input", { type: "search", placeholder: "Find text or /pattern/", value: state.q, maxLength: 200, spellcheck: false, aria: { label: "Find in the log", keyshortcuts: "/" } });
    this.count = make("span", { className: "log-count num", role: "status" });
    this.previous = tool("chevron-up", "Match before (Shift+Enter)");
    this.next = tool("chevron-down", "Next match (Enter)");
    this.only = tool("list-filter", "Show only lines with this text, also of those that would be left out", "", { aria: { label: "Only lines with this text", pressed: "false" } });
    this.levels = make("div", { className: "seg", role: "group", aria: { label: "Level" } }, ...LEVELS.map(([value, label]) =>
      make("button", { type: "button", value, data: { label }, aria: { pressed: String(state.level === value) } }, label)));
    this.sources = choice("Which copies", [["", "All"]], "");
    this.sources.hidden = true;
    this.range = choice("How much of the log", RANGES, state.range);
    this.times = tool("clock", "Times", "t");
    this.wrap = tool("wrap-text", "Wrap long lines (W)", "w");
    this.download = make("a", { className: "btn ghost sm sq", title: "Download as text", aria: { label: "Download as text" } }, icon("download", "sm"));
    this.download.setAttribute("download", "");
    this.follow = make("button", { type: "button", className: "btn sm primary log-follow", aria: { keyshortcuts: "f" } });
    this.element = make("div", { className: "log-bar" },
      make("span", { className: "field" }, icon("search", "sm"), this.input, this.count, this.previous, this.next, this.only),
      this.levels,
      make("span", { className: "log-tools" }, this.sources, this.range, this.times, this.wrap, this.download, this.follow));
    this.#listen(ask);
    this.showMatches(null);
  }

  #listen(ask) {
    let typing = 0;
    this.input.addEventListener("input", () => {
      clearTimeout(typing);
      typing = setTimeout(() => ask.search(this.input.value), 120);
    });
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") ask.step(event.shiftKey ? -1 : 1);
      else if (event.key === "Escape" && this.input.value) ask.search((this.input.value = ""));
      else if (event.key === "Escape") ask.leave();
      else return;
      event.preventDefault();
    });
    this.previous.addEventListener("click", () => ask.step(-1));
    this.next.addEventListener("click", () => ask.step(1));
    this.only.addEventListener("click", () => ask.only());
    this.levels.addEventListener("click", ({ target }) => target.closest("button") && ask.level(target.closest("button").value));
    this.sources.addEventListener("change", () => ask.source(this.sources.value));
    this.range.addEventListener("change", () => ask.range(this.range.value));
    this.times.addEventListener("click", () => ask.times());
    this.wrap.addEventListener("click", () => ask.wrap());
    this.follow.addEventListener("click", () => ask.follow());
  }

  showLevel(level) {
    for (const button of this.levels.children) button.ariaPressed = String(button.value === level);
  }

  showCounts({ warn, error }) {
    for (const [button, count] of [[this.levels.children[1], warn], [this.levels.children[2], error]]) {
      const words = count ? `${button.dataset.label} ${count.toLocaleString()}` : button.dataset.label;
      if (button.textContent !== words) button.textContent = words;
    }
  }

  // null: nobody searches.
  showMatches(search) {
    const idle = !search?.active;
    this.count.textContent = search?.error || (idle ? "" : `${search.current < 0 ? "" : `${search.current + 1} of `}${search.found.length.toLocaleString()}`);
    this.count.classList.toggle("bad", Boolean(search?.error));
    this.previous.hidden = this.next.hidden = this.only.hidden = idle;
    this.previous.disabled = this.next.disabled = !search?.found.length;
  }

  showFollowing(following, fresh, ended) {
    const words = ended ? "Ended" : following ? "Following" : fresh ? `Paused · ${fresh.toLocaleString()} new` : "Paused";
    if (this.follow.dataset.words === words) return;
    this.follow.dataset.words = words;
    this.follow.classList.toggle("primary", following && !ended);
    this.follow.ariaPressed = String(following);
    this.follow.replaceChildren(icon(following ? "pause" : "play", "sm"), words);
  }

  showSources(sources, chosen) {
    this.#offerPrevious(sources.length === 0 || sources.some((one) => !one.once));
    this.sources.hidden = sources.length < 2 && !chosen;
    if (this.sources.hidden) return;
    const live = sources.filter((one) => one.state === "live");
    const several = new Set(sources.map((one) => one.where)).size > 1;
    this.sources.replaceChildren(new Option(`All ${live.length} containers`, ""), ...live.map((one) => new Option(several ? `${one.where} / ${one.label}` : one.label, sourceOf(one))));
    this.sources.value = chosen;
  }

  // What is never started again has no life before this one. What was asked for stays in sight.
  #offerPrevious(offered) {
    const option = [...this.range.options].find((one) => one.value === PREVIOUS);
    option.hidden = option.disabled = !offered && this.range.value !== PREVIOUS;
  }
}

// How one of them is kept in the address: by name, so that it is found again when it was made again.
const sourceOf = (one) => `${one.name}|${one.container}`;

function choice(label, options, value) {
  const select = make("select", { className: "btn sm", aria: { label } }, ...options.map(([key, words]) => new Option(words, key)));
  select.value = value;
  return select;
}
