// How the tab's line to the server is: the word on the pill, what it means, and when it is tried again.
// The codes are those of docs/live-protocol.md.

const STALE = "What you see is as it was.";

export const STATES = {
  connecting: { level: "stopped", word: "Connecting", means: "" },
  live: { level: "healthy", word: "Live", means: "Changes appear by themselves." },
  reconnecting: { level: "at_risk", word: "Reconnecting", means: `Pilothouse does not answer. ${STALE}` },
  offline: { level: "at_risk", word: "Offline", means: `This device has no network. ${STALE}` },
  restarting: { level: "changing", word: "Restarting", means: `Pilothouse is being started again. ${STALE}` },
  slow: { level: "at_risk", word: "Catching up", means: "This tab or its network was too slow for all that changed. It starts anew in a moment.", wait: 2_000 },
  crowded: { level: "at_risk", word: "Too many tabs", means: "You have too many tabs of Pilothouse open. Close some: this one tries again every half minute.", wait: 30_000, tell: true },
  denied: { level: "failing", word: "Not allowed", means: "You may not follow this any longer. Load the page again to see what you may.", over: true, tell: true },
  gone: { level: "failing", word: "Gone", means: "What this page followed is not there any more. Load the page again.", over: true, tell: true },
  misunderstood: { level: "failing", word: "Load again", means: "This page is older than the Pilothouse that serves it. Load the page again.", over: true, tell: true },
  unwelcome: { level: "failing", word: "Not let in", means: "Pilothouse ends the line of this page although you are signed in. Sign out and in again; if it stays so, its log says why.", over: true, tell: true },
  ended: { level: "failing", word: "Signed out", means: "Sign in again to go on.", over: true },
};

const CODES = { 1012: "restarting", 4400: "misunderstood", 4401: "ended", 4403: "denied", 4404: "gone", 4408: "slow", 4429: "crowded" };

export const stateAfter = (code) => CODES[code] ?? (navigator.onLine ? "reconnecting" : "offline");
