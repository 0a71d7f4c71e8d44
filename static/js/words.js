// Numbers in words that fit a cell.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function bytes(value) {
  const power = value < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(value) / 10));
  const amount = value / 1024 ** power;
  return `${amount >= 100 || power === 0 ? Math.round(amount) : amount.toFixed(1)} ${UNITS[power]}`;
}

// 1 is a whole core. What is next to nothing has a digit more.
export const cores = (value) => `${value.toFixed(value >= 0.01 || value < 0.0005 ? 2 : 3)} cores`;

// Small numbers need no separators, and the first use of the browser's own words for them costs 10 ms.
export const count = (value) => (typeof value !== "number" ? "–" : Math.abs(value) < 1000 ? String(value) : value.toLocaleString());

const LEVEL_WORDS = {
  failing: "Failing", at_risk: "At risk", unknown: "Unknown", changing: "Changing", paused: "Paused", stopped: "Stopped", healthy: "Healthy",
};
export const levelWord = (level) => LEVEL_WORDS[level] ?? level;
