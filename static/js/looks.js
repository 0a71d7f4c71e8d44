// Theme, density and Explain mode: chosen in this browser, kept in a cookie that the server reads before the first paint.

const root = document.documentElement;

function choose(name, value) {
  root.dataset[name] = value;
  document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`;
  dispatchEvent(new CustomEvent("look-changed", { detail: { name, value } }));
}

const isDark = () =>
  root.dataset.theme === "dark" || (root.dataset.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);

const toggles = {
  theme: () => choose("theme", isDark() ? "light" : "dark"),
  explain: (button) => {
    const on = root.dataset.explain !== "on";
    choose("explain", on ? "on" : "off");
    button.ariaPressed = String(on);
  },
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-toggle]");
  if (button) toggles[button.dataset.toggle]?.(button);
});
