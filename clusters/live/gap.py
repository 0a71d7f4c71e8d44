"""Which kinds show what was before the line was lost: until each is confirmed, the cluster does not count as live."""

from __future__ import annotations

from clusters.errors import Missing, Refused, Unreachable
from clusters.live.resource import Broken, Changed, Coming, FeedItem, Remembered
from clusters.live.store import Store


class Gap:
    """Open from the first kind that is lost to the last one that is confirmed.

    A kind that goes on failing while others came back is in a trouble of its own, and is waited for no longer: its
    store says of when it is.
    """

    def __init__(self) -> None:
        self._old: dict[str, bool] = {}  # kinds, by name: did another one come back since this one was lost?
        self._apart: set[str] = set()  # kinds in a trouble of their own

    @property
    def is_open(self) -> bool:
        """Is anything shown that is of before?"""
        return bool(self._old)

    def take(self, store: Store, item: FeedItem) -> None:
        """What was told of that kind: a list, or news of what is followed on, confirms what is shown of it."""
        name = store.kind.name
        match item:
            case Coming() | Changed(trouble=Unreachable()):
                pass  # the end of its list, or some of its namespaces, are still to come
            case Broken(Refused() | Missing(), hidden=hidden) if hidden:
                self.leave(name)  # of a part there is nothing; the rest is followed on
            case Broken(error):
                if self._old.get(name) or isinstance(error, Refused | Missing):
                    self.leave(name)
                    self._apart.add(name)
                elif store.listed and name not in self._apart:
                    self._old[name] = False
            case Remembered():
                self.leave(name)  # it is shown with the time that it is of
            case _:
                self.leave(name)
                self._apart.discard(name)
                self._old = dict.fromkeys(self._old, True)

    def doubt(self, store: Store) -> None:
        """Nothing of that kind is sure to be true: it may be of another cluster."""
        if store.listed:
            self._old[store.kind.name] = False

    def leave(self, name: str) -> None:
        """That kind is not waited for any longer."""
        self._old.pop(name, None)
