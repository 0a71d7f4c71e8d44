"""Which version of an API is asked for where a cluster does not serve the one that a kind is written for, and which of
our kinds it does not have at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clusters.drivers.base import Found
from clusters.kinds import DESCRIBED


class Versions:
    """What one cluster serves instead, as far as it has told which kinds it has."""

    def __init__(self) -> None:
        self._instead: dict[tuple[str, str, str], str] = {}  # group, version, plural -> the version that is served
        self._there: frozenset[str] = frozenset()  # the full names of all that it has; empty as long as it has not told

    def learn(self, found: Iterable[Found]) -> None:
        """Of each kind that reads several versions: where its first is not served, the best of the others that is."""
        instead, there = {}, []
        for one in found:
            there.append(one.name)
            kind = DESCRIBED.get(one.name)
            if kind is None or not kind.also_in:
                continue
            group, version, plural = kind.api.split("/")
            other = next((name for name in one.versions if name in kind.also_in), "")
            if other and version not in one.versions:
                instead[group, version, plural] = other
        self._instead, self._there = instead, frozenset(there)

    def lacks(self, path: Sequence[str]) -> bool:
        """Is that the place of a kind that we know and the cluster does not have?"""
        if not self._there or len(path) < 4 or path[0] != "apis":
            return False
        name = f"{_plural(path)}.{path[1]}"
        return name in DESCRIBED and name not in self._there

    def path(self, path: Sequence[str]) -> Sequence[str]:
        """The same place in the version that is served."""
        if not self._instead or len(path) < 4 or path[0] != "apis":
            return path
        root, group, version, *rest = path
        return (root, group, self._instead.get((group, version, _plural(path)), version), *rest)


def _plural(path: Sequence[str]) -> str:
    """Of "apis/GROUP/VERSION/namespaces/NAME/PLURAL", and of the same for all namespaces."""
    rest = path[3:]
    return rest[2] if rest[0] == "namespaces" and len(rest) > 2 else rest[0]
