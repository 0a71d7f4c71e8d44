"""Ten thousand pods, from an API server made for it: first list, first page, and what they cost."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator

from playwright.sync_api import Page

from clusters.drivers.kubernetes import decode
from tests.bench import fake_cluster, world
from tests.bench.changes import observe, shown_after
from tests.bench.figures import Figure, Spread, at_most, kilobytes, megabytes, seconds
from tests.bench.kube import Api
from tests.bench.list_page import PAINTED, address_to_rows, listen

PODS = 10_000
FIRST = 1.0  # seconds: this API server answers much faster than a real one, so a plain read of it says little
PAGE = 500  # pods of one page of a plain read
TIMES, CHANGES = 5, 20
ADDRESS = "/list/pod/?sort=name"
# Told by the page itself: asked for from outside fifty times a second, it takes the processor from what is measured.
ALL_THERE = """(pods) => new Promise((told) => {
  const look = setInterval(() => {
    const table = document.querySelector('live-table');
    if (!table.listed || table.total < pods) return;
    clearInterval(look);
    told(performance.now());
  }, 20);
})"""


def measure() -> Iterator[Figure]:
    """On any machine; see many_real_pods for a real API server."""
    with fake_cluster.running(PODS) as address:
        cluster = Api(address, None, "")

        def change() -> None:
            cluster.send("POST", "/bench/change?pod=3")

        yield from over("made up", cluster, kubeconfig_of(address), lambda plain: FIRST, change)


def over(
    name: str, cluster: Api, kubeconfig: str, limit: Callable[[float], float], change: Callable[[], None] | None = None
) -> Iterator[Figure]:
    """The figures over one cluster, connected in the page while another one without pods is connected already.

    ``limit`` gives the seconds that the first rows may take, from those of reading the whole list as curl does.
    """
    pods, paged, size = paged_read(cluster)
    plain = plain_read(cluster)
    what = f"{pods:,} pods ({name})"
    yield Figure(what=f"{what}: a plain read of {size / 1e6:.0f} MB, as with curl", measured=seconds(plain))
    yield Figure(what="the same, in pages", measured=seconds(paged))
    with fake_cluster.running(0) as empty, world.server(empty=world.kubernetes(empty)) as server, \
            world.window() as window:  # fmt: skip
        page = window.tab(server, "/list/pod/")
        page.add_init_script(PAINTED)
        without = server.memory()
        connect(page, kubeconfig)
        first = address_to_rows(page, ADDRESS)
        yield at_most(f"{what}: address to rows, the first time", first, limit(plain), seconds)
        yield at_most(f"{what}: address to all of them", all_there(page, pods), limit(plain), seconds)
        time.sleep(5)
        took = []
        for _ in range(TIMES):
            page = window.tab(server)
            page.add_init_script(PAINTED)
            loading = listen(page)
            took.append(address_to_rows(page, ADDRESS))
            time.sleep(0.5)
        yield at_most(f"{what}: address to rows once watched, median", statistics.median(took), 0.6, seconds)
        yield at_most(f"{what}: compressed, without fonts", loading.bytes, 120e3, kilobytes)
        yield at_most(f"{what}: heap of the page", heap(page), 30e6, megabytes)
        yield at_most(f"{what}: memory of the server for them", server.memory() - without, 120e6, megabytes)
        if change is not None:
            yield from _stays_live(what, page, change)


def kubeconfig_of(address: str) -> str:
    """A kubeconfig of a cluster that does not ask who we are."""
    return json.dumps({
        "kind": "Config", "apiVersion": "v1", "current-context": "many",
        "clusters": [{"name": "many", "cluster": {"server": address}}],
        "users": [{"name": "many", "user": {}}],
        "contexts": [{"name": "many", "context": {"cluster": "many", "user": "many"}}],
    })  # fmt: skip


def connect(page: Page, kubeconfig: str) -> None:
    """As people do: paste it, and choose the context that is in use."""
    page.goto("/clusters/connect/?driver=kubernetes")
    page.get_by_label("Kubeconfig", exact=True).fill(kubeconfig)
    page.get_by_role("button", name="Read it").click()
    page.locator("li", has_text="in use").get_by_role("button", name="Connect").click()
    page.wait_for_url(lambda url: "/connect/" not in url)


def plain_read(cluster: Api) -> float:
    """Seconds that the whole list takes in one answer."""
    began = time.perf_counter()
    connection = cluster.connect()
    cluster.open("GET", "/api/v1/pods", over=connection).read()
    connection.close()
    return time.perf_counter() - began


def paged_read(cluster: Api) -> tuple[int, float, int]:
    """Page after page, nothing decoded but where the next one is: pods, seconds, bytes."""
    began, found, size, more = time.perf_counter(), 0, 0, ""
    connection = cluster.connect()
    while True:
        body = cluster.open("GET", f"/api/v1/pods?limit={PAGE}&continue={more}", over=connection).read()
        page = decode.page(body)
        found, size, more = found + len(page.items or ()), size + len(body), page.metadata.next_page or ""
        if not more:
            connection.close()
            return found, time.perf_counter() - began, size


def heap(page: Page) -> float:
    """Bytes of the page's JavaScript heap, after a collection."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("HeapProfiler.enable")
    devtools.send("HeapProfiler.collectGarbage")
    return float(devtools.send("Runtime.getHeapUsage")["usedSize"])


def all_there(page: Page, pods: int) -> float:
    """Seconds from its address until the list knows them all; of a cluster that others use, some may be gone by now."""
    return float(page.evaluate(ALL_THERE, pods * 0.95)) / 1000


def _stays_live(what: str, page: Page, change: Callable[[], None]) -> Iterator[Figure]:
    observe(page)
    took = []
    for number in range(CHANGES):
        took.append(shown_after(page, change, str(fake_cluster.RESTARTS + number + 1)))
        time.sleep(0.2)
    yield Spread(took).figure(f"{what}: a pod's change to the changed row", 40, 90)
