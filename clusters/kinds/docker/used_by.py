"""Who uses an image, a network or a volume: the containers, as their own store has them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from clusters.kinds.base import Health, Level
from clusters.kinds.docker.container_health import health
from clusters.kinds.docker.container_model import PROJECT, STACK, Container
from clusters.kinds.formats import count
from clusters.live.resource import Resource


class User(msgspec.Struct, frozen=True, gc=False):
    """One container. ``details`` say how it uses it: its addresses in a network, where a volume is inside."""

    uid: str
    name: str
    namespace: str
    level: str
    word: str
    running: bool
    details: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """How the container is named in an address."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class Used(Resource, frozen=True, gc=False):
    """The base of what containers use: an object whose ``users`` are joined to what the engine says of it."""

    revision: str = ""  # set by the driver: a digest of what the engine says
    users: tuple[User, ...] = ()

    @property
    def version(self) -> str:
        """Changes with what the engine says and with who uses it."""
        return f"{self.revision}.{hash(self.users):x}"

    @property
    def running(self) -> int:
        """How many of its users run."""
        return sum(user.running for user in self.users)


class Labelled(Used, frozen=True, gc=False, rename="pascal"):
    """The base of those whose labels say what they belong to."""

    tags: dict[str, str] | None = msgspec.field(default=None, name="Labels")

    @property
    def labels(self) -> dict[str, str]:
        """Its labels; empty when it has none."""
        return self.tags or {}

    @property
    def namespace(self) -> str:
        """The Compose project or Swarm stack it belongs to."""
        return self.labels.get(PROJECT) or self.labels.get(STACK) or ""


def user(container: Container, details: Iterable[str] = ()) -> User:
    """That container, as a user of something."""
    state = health(container)
    return User(
        uid=container.uid,
        name=container.name,
        namespace=container.namespace,
        level=state.level.name.lower(),
        word=state.word,
        running=container.running,
        details=tuple(details),
    )


def with_users(own: Sequence[Any], users: Mapping[str, Sequence[User]]) -> list[Any]:
    """Each of them with those that use it, by its uid."""
    return [msgspec.structs.replace(one, users=tuple(users.get(one.uid, ()))) for one in own]


def grouped(pairs: Iterable[tuple[str, User]]) -> Mapping[str, Sequence[User]]:
    """Users by what they use, in the order of their names."""
    found: dict[str, list[User]] = defaultdict(list)
    for uid, one in pairs:
        found[uid].append(one)
    return {uid: sorted(users, key=lambda one: (one.name, one.details)) for uid, users in found.items()}


def used_health(one: Used, unused: str) -> Health:
    """In use or not: neither is an alarm."""
    containers = len({user.uid for user in one.users})
    if one.running:
        return Health(Level.HEALTHY, "In use", "", count(containers, "container"))
    if containers:
        return Health(Level.STOPPED, "Waiting", f"{_who(one)} of {_which(one)} runs now")
    return Health(Level.STOPPED, "Unused", unused)


def in_use(one: Used, verb: str = "uses") -> str:
    """Why it cannot go: "web and 2 more use it."; "" when nothing does."""
    names = list(dict.fromkeys(user.name for user in one.users))
    if not names:
        return ""
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    word = verb if len(names) == 1 else verb.removesuffix("s")
    return f"{names[0][:60]}{more} {word} it."


def user_rows(one: Used) -> list[dict[str, Any]]:
    """Its users as a page shows them."""
    return [
        {
            "name": user.name,
            "key": user.key,
            "namespace": user.namespace,
            "status": [user.level, user.word, "", ""],
            "details": user.details,
        }
        for user in one.users
    ]


def _who(one: Used) -> str:
    return "None" if len({user.uid for user in one.users}) > 1 else "Nothing"


def _which(one: Used) -> str:
    names = list(dict.fromkeys(user.name for user in one.users))
    return names[0][:60] if len(names) == 1 else f"its {len(names)} containers"
