// <usage-charts data-row="…" data-from="id">: processor, memory, network and disk of the last hour. It begins with the JSON
// of the element of that id and goes on with "usage:point" events. A gap in time, or what was not measured, is a gap.

import { CHARTS, draw, values } from "../charts.js";
import { make } from "../make.js";

const HOUR = 3600; // seconds
const ROWS = 60; // of the table: one a minute

class UsageCharts extends HTMLElement {
  connectedCallback() {
    const { points, limits, gap } = JSON.parse(document.getElementById(this.dataset.from).textContent);
    Object.assign(this, { points, limits, gap });
    this.figures = CHARTS.map((chart) => this.#figure(chart));
    this.table = make("div", { className: "plain-table" });
    const more = make("details", { className: "fold" }, make("summary", { textContent: "As a table, by minute" }), this.table);
    more.addEventListener("toggle", () => this.#fillTable());
    this.details = more;
    this.replaceChildren(make("div", { className: "charts" }, ...this.figures.map(({ figure }) => figure)), more);
    this.hear = ({ detail }) => detail.row === this.dataset.row && this.#add(detail);
    document.addEventListener("usage:point", this.hear);
    this.#draw();
  }

  disconnectedCallback() {
    document.removeEventListener("usage:point", this.hear);
  }

  #figure(chart) {
    const caption = make("figcaption", {}, make("b", { textContent: chart.label }), make("span", {}));
    const plot = make("div", { className: "plot" });
    return { chart, plot, words: caption.lastChild, figure: make("figure", { className: "chart" }, caption, plot) };
  }

  #add({ point, cpu, memory }) {
    if (this.points.length && point[0] <= this.points.at(-1)[0]) return;
    this.points.push(point);
    this.limits = { cpu: cpu[1], memory: memory[1] };
    const oldest = point[0] - HOUR;
    while (this.points[0][0] < oldest) this.points.shift();
    if (this.points.length % 60 === 0) this.points = thinned(this.points);
    this.#draw();
  }

  #draw() {
    for (const { chart, plot, words } of this.figures) {
      words.textContent = chart.words(this.points, this.limits);
      plot.replaceChildren(draw(chart, this.points, this.limits, this.gap));
    }
    this.#fillTable();
  }

  #fillTable() {
    if (!this.details.open) return;
    const head = ["Time", ...CHARTS.flatMap((chart) => chart.series.map((one) => one.label))];
    const byMinute = new Map(this.points.map((point) => [Math.floor(point[0] / 60), point]));
    const rows = [...byMinute.values()].slice(-ROWS).reverse();
    const cells = (point) => CHARTS.flatMap((chart) => chart.series.map((one) => values(chart, point[one.at])));
    const line = (point) => [new Date(point[0] * 1000).toLocaleTimeString([], { hourCycle: "h23" }), ...cells(point)];
    const row = (tag, texts) => make("tr", {}, ...texts.map((text, index) => make(index ? tag : "th", { textContent: text, data: index && tag === "td" ? { label: head[index] } : {} })));
    this.table.replaceChildren(
      make("table", {}, make("thead", {}, row("th", head)), make("tbody", {}, ...rows.map((point) => row("td", line(point))))),
    );
  }
}

// Every point of the last five minutes, of older ones one in five seconds.
function thinned(points) {
  const close = points.at(-1)[0] - 300;
  let last = 0;
  return points.filter(([at]) => {
    if (at < close && at - last < 4.5) return false;
    last = at;
    return true;
  });
}

customElements.define("usage-charts", UsageCharts);
