// Code that is fetched when it is needed: <log-view> costs nothing where there are no logs.

// elements: name -> { load, near: what leads to it }. Where something does, its code is fetched when the page has time.
export function loadWhenSeen(elements) {
  const idle = globalThis.requestIdleCallback ?? ((work) => setTimeout(work, 200));
  const look = () => {
    for (const [name, { load, near }] of Object.entries(elements)) {
      if (customElements.get(name)) continue;
      if (document.querySelector(name)) load();
      else if (near && document.querySelector(near)) idle(load);
    }
  };
  look();
  document.addEventListener("htmx:after:swap", look);
}
