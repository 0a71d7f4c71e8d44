"""Which images have something newer in their registry: asked for one, or for all in a job, and never by itself."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from clusters import actors, jobs
from clusters.access import Actor
from clusters.drivers.base import ENGINES, Call
from clusters.errors import ClusterError, Missing
from clusters.gateway import Gateway
from clusters.kinds.formats import count
from clusters.live.connection import Connection
from clusters.live.row import Row
from clusters.live.store import Store
from clusters.registries import newer, seen
from clusters.registries.newer import Compared

MOST_NAMES = 20  # of one image
AT_ONCE = 5  # images
_WORDS = {"newer": "newer there", "same": "the same", "gone": "not there any more", "unknown": "cannot tell"}


async def compare_names(gateway: Gateway, actor: Actor, row: Row, *, anew: bool) -> Sequence[Compared]:
    """Each name of an image beside what its registry has under it; the list knows it, too, from then on.

    Raises Denied, Missing and what the engine says.
    """
    panel = row.kind.panel("registry")
    if panel is None:
        raise Missing("It has no names in registries.")
    known = await gateway.read(actor, row.cluster.id, row.kind, row.resource, panel)
    asked = [newer.compare(name, known["digests"], anew=anew) for name in row.resource.tags[:MOST_NAMES]]
    found = await asyncio.gather(*asked)
    seen.note(row.resource.uid, [(one.name, one.state) for one in found])
    store = next((one for one in _stores(gateway, row) if row.resource.uid in one.resources), None)
    if store is not None:
        store.judge_again([row.resource.uid])  # its row shows it now
    return found


async def ask_again(connections: Iterable[Connection], names: set[str]) -> None:
    """What we did changed what is under these names, here or there: judge them again at once, wherever they are."""
    await asyncio.gather(*(_ask_again(one, names) for one in connections if one.driver.platform in ENGINES))


async def _ask_again(connection: Connection, names: set[str]) -> None:
    store = connection.stores["image"]
    store.judge_again(list(store.resources))  # nothing is claimed meanwhile
    for name in sorted(names):
        try:
            image = await connection.driver.call(Call("GET", ("images", *name.split("/"), "json")))
        except ClusterError:
            continue  # no image has that name there
        if isinstance(image, dict):
            digests = [str(one) for one in image.get("RepoDigests") or ()]
            found = await newer.compare(name, digests, anew=True)
            seen.note(str(image.get("Id")), [(name, found.state)])
    store.judge_again(list(store.resources))


def _stores(gateway: Gateway, row: Row) -> Iterator[Store]:
    for store in gateway.connections.stores():
        if isinstance(store, Store) and store.cluster_id == row.cluster.id and store.kind is row.kind:
            yield store


async def begin_comparing(gateway: Gateway, actor: Actor, rows: Sequence[Row]) -> str:
    """Ask for all of these, which this person sees; the key of the job."""
    title = "What is newer in the registries"
    return await jobs.start(title, "compare", actor, None, lambda says: _all(gateway, actor, rows, says))


async def _all(gateway: Gateway, actor: Actor, rows: Sequence[Row], says: jobs.Reporter) -> str:
    turn, states = asyncio.Semaphore(AT_ONCE), Counter[str]()
    done = 0

    async def one(row: Row) -> None:
        nonlocal done
        async with turn:
            try:
                now = await actors.actor_for(actor.user_id) or actors.NOBODY
                found = await compare_names(gateway, now, row, anew=True)
            except ClusterError as error:
                states["unknown"] += 1
                says.say(f"{row.cluster.name} / {row.resource.name}: {error.message}", "warning")
                found = ()
            for compared in found:
                states[compared.state] += 1
                if compared.state in ("newer", "gone"):
                    says.say(f"{row.cluster.name} / {compared.name}: {_WORDS[compared.state]}")
            done += 1
            says.progress("all", f"{done} of {count(len(rows), 'image')} compared", done, len(rows))

    async with asyncio.TaskGroup() as group:
        for row in rows:
            group.create_task(one(row))
    told = ", ".join(f"{states[state]} {words}" for state, words in _WORDS.items() if states[state])
    return f"{told or 'Nothing to compare'}. The list of images shows it, and can be filtered by it."
