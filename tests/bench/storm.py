"""A thousand row changes a second, all of them in sight: does the page stay smooth?"""

from __future__ import annotations

import time
from collections.abc import Iterator

from playwright.sync_api import Page

from tests.bench import fake_cluster, tasks, world
from tests.bench.figures import Figure, at_least, at_most, count, milliseconds, percent
from tests.bench.kube import Api

ROWS, RATE, SECONDS = 50, 1000, 10
FRAMES = """() => {
  window.bench = { times: [], tasks: [], patches: 0 };
  new PerformanceObserver((list) => window.bench.tasks.push(...list.getEntries().map((entry) => entry.duration)))
    .observe({ type: 'longtask' });
  const frame = (time) => { window.bench.times.push(time); requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
}"""


def measure() -> Iterator[Figure]:
    """A driver's watch says them, the engine and the socket carry them, a browser shows them."""
    with fake_cluster.running(ROWS) as address, world.server(cluster=world.kubernetes(address)) as server, \
            world.window() as window:  # fmt: skip
        cluster = Api(address, None, "")
        page = window.tab(server, "/list/pod/?sort=name")
        page.set_viewport_size({"width": 1440, "height": 2900})
        page.wait_for_selector(f"{world.ROW} >> nth={ROWS - 1}")
        cluster.send("POST", f"/bench/rate?per_second={RATE}")
        time.sleep(2)
        page.evaluate(FRAMES)
        time.sleep(SECONDS)
        bench = page.evaluate("window.bench")
        with tasks.measured(window.browser) as worked:  # afterwards: to be watched that closely costs frames
            time.sleep(SECONDS)
        made = cluster.send("POST", "/bench/rate?per_second=0")["restarts"]
        world.until(lambda: _shown(page) == made, within=5)
    times = bench["times"]
    rate = (len(times) - 1) / (times[-1] - times[0]) * 1000
    late = sum(after - before > 1000 / 60 * 1.5 for before, after in zip(times, times[1:], strict=False))
    yield at_least(f"{RATE:,} row changes a second in view: frames a second", round(rate), 60, count)
    yield Figure(what="the same: frames that came late, of all", measured=f"{late} of {len(times)}")
    yield at_most("the same: tasks over 50 ms", len(bench["tasks"]), 0, count)
    yield at_most("the same: processor of the page", sum(worked) / SECONDS / 1000, 0.3, percent)
    yield Figure(what="the same: the longest task, in processor time", measured=milliseconds(max(worked)))


def _shown(page: Page) -> int:
    cells = page.evaluate(
        "[...document.querySelectorAll('live-table .rows [data-key=restarts]')].map((one) => one.innerText)"
    )
    return sum(int(cell.replace(",", "")) for cell in cells if cell.replace(",", "").isdigit())
