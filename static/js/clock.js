// What time the server has, and how long ago something was in its time: the browser's own clock may be wrong.

let offset = 0; // seconds to add to this browser's clock

export function heardAt(serverNow) {
  if (serverNow) offset = serverNow - Date.now() / 1000;
}

export const now = () => Date.now() / 1000 + offset;

const STEPS = [
  [60, 1, "s"],
  [3600, 60, "min"],
  [86400, 3600, "h"],
  [Infinity, 86400, "d"],
];

export function ago(seconds) {
  const age = Math.max(0, now() - seconds);
  const [, unit, word] = STEPS.find(([limit]) => age < limit);
  return `${Math.floor(age / unit)} ${word}`;
}

export const timeOfDay = (seconds) =>
  new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
