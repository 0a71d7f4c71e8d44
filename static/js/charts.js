// How usage is drawn: what each chart shows, its summary in words, and its lines as SVG.

import { timeOfDay } from "./clock.js";
import { make } from "./make.js";
import { cores } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 600;
const HEIGHT = 120;
const SHORTEST = 300; // seconds on the time axis at least

const units = ["B", "KiB", "MiB", "GiB", "TiB"];

function bytes(value) {
  let unit = 0;
  for (; value >= 1023.95 && unit < units.length - 1; unit += 1) value /= 1024;
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

const rate = (value) => `${bytes(value)}/s`;

/** A value for people; what was not measured is never 0. */
export const values = (chart, value) => (value === null || value === undefined ? "–" : chart.unit(value));

// Where the last sample has nothing, nothing is known now.
function summary(chart, points, limit) {
  const said = chart.series.map(({ at, label }) => {
    const known = points.map((point) => point[at]).filter((value) => value !== null);
    if (!known.length) return `${label}: not measured yet`;
    const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
    const now = values(chart, points.at(-1)[at]);
    return `${chart.series.length > 1 ? `${label}: ` : ""}${now} now, ${chart.unit(mean)} on average, ${chart.unit(Math.max(...known))} at most`;
  });
  return `${said.join("; ")}${limit ? ` (limit ${chart.unit(limit)})` : ""}`;
}

export const CHARTS = [
  { key: "cpu", label: "Processor", unit: cores, series: [{ at: 1, label: "Processor" }] },
  { key: "memory", label: "Memory", unit: bytes, series: [{ at: 2, label: "Memory" }] },
  { key: "net", label: "Network", unit: rate, series: [{ at: 3, label: "In" }, { at: 4, label: "Out" }] },
  { key: "disk", label: "Disk", unit: rate, series: [{ at: 5, label: "Read" }, { at: 6, label: "Written" }] },
];
for (const chart of CHARTS) chart.words = (points, limits) => summary(chart, points, limits[chart.key]);

function shape(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** The stretches of a series that hang together: broken where time or a value is missing. */
export function stretches(points, at, gap) {
  const found = [];
  let last = -Infinity;
  for (const point of points) {
    if (point[at] === null || point[at] === undefined) {
      last = -Infinity;
      continue;
    }
    if (point[0] - last > gap) found.push([]);
    found.at(-1).push([point[0], point[at]]);
    last = point[0];
  }
  return found;
}

export function draw(chart, points, limits, gap) {
  const end = points.at(-1)?.[0] ?? Date.now() / 1000;
  const start = Math.min(points[0]?.[0] ?? end, end - SHORTEST);
  const known = points.flatMap((point) => chart.series.map(({ at }) => point[at] ?? 0));
  const highest = Math.max(...known, 0);
  const limit = limits[chart.key] ?? 0;
  const top = (limit && limit <= highest * 4 ? Math.max(limit, highest) : highest) * 1.1 || 1;
  const x = (time) => (((time - start) / (end - start)) * WIDTH).toFixed(1);
  const y = (value) => (HEIGHT - (value / top) * HEIGHT).toFixed(1);
  const lines = chart.series.flatMap(({ at }, index) =>
    stretches(points, at, gap).map((stretch) => {
      const place = stretch.map(([time, value]) => `${x(time)},${y(value)}`);
      // One sample alone is a short dash: a line needs two.
      if (place.length === 1) place.push(`${Math.min(WIDTH, Number(x(stretch[0][0])) + 2)},${y(stretch[0][1])}`);
      return shape("polyline", { points: place.join(" "), "data-series": index });
    }),
  );
  const grid = [0.25, 0.5, 0.75].map((part) => shape("line", { class: "grid", x1: 0, x2: WIDTH, y1: HEIGHT * part, y2: HEIGHT * part }));
  const bar = limit && limit <= top ? [shape("line", { class: "limit", x1: 0, x2: WIDTH, y1: y(limit), y2: y(limit) })] : [];
  const plot = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": `${chart.label}: ${chart.words(points, limits)}` }, ...grid, ...bar, ...lines);
  const legend = (one, index) => make("span", { className: "chart-legend", data: { series: index }, textContent: one.label });
  return make(
    "div",
    { className: "chart-frame" },
    make("span", { className: "chart-top", textContent: chart.unit(top) }),
    plot,
    make("span", { className: "chart-start", textContent: timeOfDay(start) }),
    make("span", { className: "chart-end", textContent: timeOfDay(end) }),
    chart.series.length > 1 ? make("span", { className: "legends" }, ...chart.series.map(legend)) : "",
  );
}
