// Code that is fetched when its element is first on the page: <log-view> costs nothing where there are no logs.

export function loadWhenSeen(elements) {
  const look = (root) => {
    for (const [name, load] of Object.entries(elements)) {
      if (!customElements.get(name) && root.querySelector?.(name)) load();
    }
  };
  look(document);
  document.addEventListener("htmx:after:swap", () => look(document));
}
