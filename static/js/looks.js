// Theme, density and Explain mode: chosen here, kept in a cookie, so that the server's next page is right from the start.

const VALUES = { theme: ["auto", "light", "dark"], density: ["cosy", "compact", "roomy"], explain: ["off", "on"] };
const A_YEAR = 31_536_000;
const root = document.documentElement;
const prefersLight = matchMedia("(prefers-color-scheme: light)");

export const chosen = (look) => root.dataset[look] || VALUES[look][0];

export function keep(name, value) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${name}=${value}; path=/; max-age=${A_YEAR}; samesite=lax${secure}`;
}

export function choose(look, value) {
  root.dataset[look] = value;
  keep(look, value);
  document.dispatchEvent(new CustomEvent("looks", { detail: { look, value } }));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-look]");
  const values = VALUES[button?.dataset.look];
  if (!values) return;
  const { look } = button.dataset;
  const inTurn = look === "theme" && prefersLight.matches ? ["auto", "dark", "light"] : values; // the first click shows
  const next = inTurn[(inTurn.indexOf(chosen(look)) + 1) % inTurn.length];
  choose(look, next);
  if (button.ariaPressed !== null) button.ariaPressed = String(next === "on");
});
