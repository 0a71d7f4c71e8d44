"""One walk over all that connections tell of, as one person sees it: each thing once, from who knows it best."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from clusters.access import Actor
from clusters.gateway import Gateway
from clusters.live.connection import Connection
from clusters.live.once import Once, best_heard
from clusters.live.row import Row

LONGEST_CHAIN = 4  # of owners


class Walk:
    """What was met stays met: ask first for what keeps others."""

    def __init__(self, gateway: Gateway, actor: Actor, connections: Iterable[Connection]) -> None:
        self._gateway, self._actor = gateway, actor
        self._connections = {one.cluster.id: one for one in best_heard(connections)}
        self._once = Once()

    def rows(self, *kinds: str) -> Iterator[Row]:
        """All of these kinds that were not met yet."""
        for connection in self._connections.values():
            for kind in kinds:
                if store := connection.stores.get(kind):
                    for one in self._gateway.visible(self._actor, connection.cluster.id, kind):
                        if self._once.is_new(kind, one):
                            yield Row(connection.cluster, store.kind, one, store.health[one.uid])

    def containers(self) -> Iterator[Row]:
        """Those that nothing keeps that was met."""
        return (row for row in self.rows("container") if row.resource.keeper not in self._once)

    def top(self, row: Row) -> Row:
        """What keeps it, at the upper end of its owners; itself where nothing known does."""
        stores = self._connections[row.cluster.id].stores
        for _ in range(LONGEST_CHAIN):
            owner = row.kind.owner(row.resource) if row.kind.owner else None
            store = stores.get(owner[0]) if owner else None
            above = store.resources.get(owner[1]) if owner and store else None
            if store is None or above is None or above.namespace != row.resource.namespace:
                break
            row = Row(row.cluster, store.kind, above, store.health[above.uid])
        return row
