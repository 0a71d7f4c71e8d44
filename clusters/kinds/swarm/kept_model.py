"""A secret or a config of a Swarm as far as we read it: never what it holds. Who uses it is told by the services."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from clusters.kinds.swarm.base import Named
from clusters.kinds.swarm.service_model import Service


class User(msgspec.Struct, frozen=True, gc=False):
    """A service whose copies get it, and where it is inside."""

    uid: str
    name: str
    namespace: str = ""  # its stack
    where: str = ""


class Kept(Named, frozen=True, gc=False, rename="pascal"):
    """One of either sort."""

    users: tuple[User, ...] = ()

    @property
    def own_users(self) -> list[str]:
        """The names of those that whoever sees this sees, too: of its stack; all, where it belongs to none."""
        own = (user.name for user in self.users if user.namespace == self.namespace or not self.namespace)
        return list(dict.fromkeys(own))

    @property
    def other_users(self) -> bool:
        """Do services of other stacks use it?"""
        return bool(self.namespace) and any(user.namespace != self.namespace for user in self.users)

    @property
    def version(self) -> str:
        """Changes with what the Swarm says of it and with who uses it."""
        return f"{self.revision}.{hash(self.users):x}"


class Secret(Kept, frozen=True, gc=False, rename="pascal"):
    """What nobody is shown again: the Swarm gives it to the copies of services alone."""


class Config(Kept, frozen=True, gc=False, rename="pascal"):
    """A file for the copies of services."""


def join_secrets(own: Sequence[Secret], others: Mapping[str, Sequence[Service]]) -> Sequence[Secret]:
    """Each with the services that use it."""
    services = others["swarm-service"]
    uses = ((one, each, "/run/secrets/") for one in services for each in one.template.container.secrets or ())
    return _joined(own, uses)


def join_configs(own: Sequence[Config], others: Mapping[str, Sequence[Service]]) -> Sequence[Config]:
    """Each with the services that use it."""
    services = others["swarm-service"]
    return _joined(own, ((one, each, "/") for one in services for each in one.template.container.configs or ()))


def _joined(own: Sequence[Any], uses: Iterable[tuple[Service, Any, str]]) -> list[Any]:
    users: dict[str, list[User]] = defaultdict(list)
    for service, reference, folder in uses:
        name = reference.file.name if reference.file else reference.name
        where = name if name.startswith("/") else f"{folder}{name}"
        users[reference.uid].append(User(service.uid, service.name, service.namespace, where))
    return [msgspec.structs.replace(one, users=tuple(sorted(users.get(one.uid, ()), key=_order))) for one in own]


def _order(user: User) -> tuple[str, str]:
    return user.name, user.where
