"""A secret or a config of a Swarm as far as we read it: never what it holds. Who uses it is told by the services."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from clusters.kinds.swarm.base import Named
from clusters.kinds.swarm.service_model import Service
from clusters.kinds.swarm.task_model import TaskSpec

Uses = Callable[[TaskSpec], Sequence[Any] | None]  # what is asked for of each copy: the references in it


class User(msgspec.Struct, frozen=True, gc=False):
    """A service whose copies get it, and where it is inside."""

    uid: str
    name: str
    namespace: str = ""  # its stack
    where: str = ""


class Kept(Named, frozen=True, gc=False, rename="pascal"):
    """One of either sort."""

    users: tuple[User, ...] = ()
    before: tuple[User, ...] = ()  # those that used it before their last change, and do not any longer

    def own(self, users: Sequence[User]) -> list[str]:
        """The names of those that whoever sees this sees, too: of its stack; all, where it belongs to none."""
        own = (user.name for user in users if user.namespace == self.namespace or not self.namespace)
        return list(dict.fromkeys(own))

    def others(self, users: Sequence[User]) -> bool:
        """Are services of other stacks among these?"""
        return bool(self.namespace) and any(user.namespace != self.namespace for user in users)

    @property
    def own_users(self) -> list[str]:
        """The names of its users, as far as whoever sees this sees them."""
        return self.own(self.users)

    @property
    def other_users(self) -> bool:
        """Do services of other stacks use it?"""
        return self.others(self.users)

    @property
    def version(self) -> str:
        """Changes with what the Swarm says of it, with who uses it and with who did."""
        return f"{self.revision}.{hash((self.users, self.before)):x}"


class Secret(Kept, frozen=True, gc=False, rename="pascal"):
    """What nobody is shown again: the Swarm gives it to the copies of services alone."""


class Config(Kept, frozen=True, gc=False, rename="pascal"):
    """A file for the copies of services."""


def join_secrets(own: Sequence[Secret], others: Mapping[str, Sequence[Service]]) -> Sequence[Secret]:
    """Each with the services that use it."""
    return _joined(own, others["swarm-service"], lambda template: template.container.secrets, "/run/secrets/")


def join_configs(own: Sequence[Config], others: Mapping[str, Sequence[Service]]) -> Sequence[Config]:
    """Each with the services that use it."""
    return _joined(own, others["swarm-service"], lambda template: template.container.configs, "/")


def _joined(own: Sequence[Any], services: Sequence[Service], uses: Uses, folder: str) -> list[Any]:
    users: dict[str, list[User]] = defaultdict(list)
    before: dict[str, list[User]] = defaultdict(list)
    for service in services:
        now = uses(service.template) or ()
        for reference in now:
            users[reference.uid].append(_user(service, reference, folder))
        for reference in (service.previous_spec and uses(service.previous_spec.task_template)) or ():
            if all(reference.uid != one.uid for one in now):
                before[reference.uid].append(_user(service, reference, folder))
    return [
        msgspec.structs.replace(one, users=_sorted(users.get(one.uid, ())), before=_sorted(before.get(one.uid, ())))
        for one in own
    ]


def _user(service: Service, reference: Any, folder: str) -> User:
    name = reference.file.name if reference.file else reference.name
    where = name if name.startswith("/") else f"{folder}{name}"
    return User(service.uid, service.name, service.namespace, where)


def _sorted(users: Iterable[User]) -> tuple[User, ...]:
    return tuple(sorted(users, key=_order))


def _order(user: User) -> tuple[str, str]:
    return user.name, user.where
