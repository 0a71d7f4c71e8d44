// <cluster-state data-cluster="3">: how well we hear a cluster, as of now. data-brief: the shape alone.

import { timeOfDay } from "../clock.js";
import { icon } from "../icons.js";
import { make } from "../make.js";
import { clusters } from "../shell.js";

const STATES = {
  live: ["healthy", () => "Live"],
  connecting: ["changing", () => "Connecting"],
  stale: ["unknown", ({ asof }) => `Silent since ${timeOfDay(asof)}`],
  down: ["unknown", () => "No answer"],
  refused: ["failing", () => "Refused"],
};

class ClusterState extends HTMLElement {
  connectedCallback() {
    this.abort = new AbortController();
    document.addEventListener("clusters", () => this.#show(), { signal: this.abort.signal });
    this.#show();
  }

  disconnectedCallback() {
    this.abort.abort();
  }

  #show() {
    const cluster = clusters.get(Number(this.dataset.cluster)) ?? { state: this.dataset.state };
    const [level, say] = STATES[cluster.state] ?? STATES.connecting;
    const words = say(cluster);
    const title = [words, cluster.why, cluster.asof && level !== "healthy" ? `last heard ${timeOfDay(cluster.asof)}` : ""];
    if (this.words === words + level) return;
    this.words = words + level;
    const brief = this.dataset.brief !== undefined;
    const element = make("span", { className: "st", data: { level }, title: title.filter(Boolean).join(" · ") }, icon(level));
    element.append(make("span", { className: brief ? "sr" : "" }, words));
    this.replaceChildren(element);
  }
}

customElements.define("cluster-state", ClusterState);
