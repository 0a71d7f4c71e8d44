"""What we read of a volume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from clusters.kinds.docker.container_model import Container
from clusters.kinds.docker.used_by import Labelled, User, grouped, user, with_users
from clusters.kinds.formats import epoch

_ANONYMOUS = "com.docker.volume.anonymous"
_HEX = frozenset("0123456789abcdef")


class Volume(Labelled, frozen=True, gc=False, rename="pascal"):
    """One volume. The engine knows it by its name alone, so that is its identity, too."""

    title: str = msgspec.field(default="", name="Name")
    driver: str = ""
    mountpoint: str = ""
    scope: str = ""
    created_at: str | None = None
    options: dict[str, str] | None = None

    @property
    def uid(self) -> str:
        """Its name."""
        return self.title

    @property
    def name(self) -> str:
        """Its name."""
        return self.title

    @property
    def created(self) -> float:
        """When it was made, in epoch seconds."""
        return epoch(self.created_at)

    @property
    def anonymous(self) -> bool:
        """Was it made without a name, for one container? Older engines do not say so; its name gives it away."""
        return _ANONYMOUS in self.labels or (len(self.title) == 64 and set(self.title) <= _HEX)


def join(own: Sequence[Volume], others: Mapping[str, Sequence[Container]]) -> Sequence[Volume]:
    """Each volume with the containers that mount it, and where inside."""
    pairs: list[tuple[str, User]] = []
    for container in others["container"]:
        for mount in container.mounts or ():
            if mount.type == "volume" and mount.name:
                how = f"{mount.destination} (read-only)" if mount.rw is False else mount.destination
                pairs.append((mount.name, user(container, [how])))
    return with_users(own, grouped(pairs))
