"""What the measures of logs share: a container's page, and what its log view shows."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.bench.containers import Container

TAB = 'nav.tabs a[href$="panel=logs"]'

# Notes the click, the first line after it, and twice a second how far the newest line is behind the clock; and long
# tasks. To look more often would be a part of them: each look waits for a processor, as what the page does itself.
WATCH = """() => {
  window.bench = { clicked: 0, first: 0, behind: [], tasks: [] };
  const bench = window.bench;
  document.addEventListener('click', () => { bench.clicked = performance.now(); }, { capture: true, once: true });
  new MutationObserver((records, observer) => {
    if (!document.querySelector('log-view .log-blocks li')) return;
    bench.first = performance.now();
    observer.disconnect();
  }).observe(document.body, { childList: true, subtree: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) bench.tasks.push([entry.startTime, entry.duration]);
  }).observe({ type: 'longtask' });
  setInterval(() => {
    const shown = [...document.querySelectorAll('log-view .log-blocks > :last-child li:not(.gap):not(.ours) time')].at(-1);
    const parts = shown?.textContent.match(/(\\d+):(\\d+):(\\d+)\\.(\\d+)/);
    if (!parts) return;
    const [, hours, minutes, seconds, thousandths] = parts.map(Number);
    const now = new Date();
    const midnight = new Date(now).setHours(0, 0, 0, 0);
    bench.behind.push(now - midnight - (((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths));
  }, 500);
}"""


def open_page(page: Page, one: Container) -> None:
    """The container's page, its log not open yet."""
    page.goto(f"/clusters/engine/container/{one.name}/")
    page.wait_for_selector(TAB)
    page.wait_for_load_state("networkidle")
    page.evaluate(WATCH)
