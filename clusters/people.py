"""Who has an account and what is granted to them. Every change is recorded in the transaction that makes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from clusters import audit
from clusters.access import Actor
from clusters.errors import Conflict, Invalid
from clusters.kinds.base import Role
from clusters.models import Cluster, Grant


def is_admin(actor: Actor) -> bool:
    """Administrator of everything: may manage people, clusters and the audit."""
    return any(one.role == Role.ADMIN and one.cluster is None and not one.namespaces for one in actor.grants)


def add_person(by: Actor, name: str, password: str = "") -> User:
    """An account without rights. Without a password nobody can sign in to it until one was set by its link."""
    try:
        with _recorded(by, "add", name):
            return User.objects.create_user(username=name, password=password or None)
    except IntegrityError as error:
        raise Conflict(f"There is a person called {name} already.") from error


def grant(
    by: Actor,
    user: User,
    role: Role,
    cluster: Cluster | None,
    namespaces: Sequence[str] = (),
    rights: Sequence[str] = (),
) -> Grant:
    """Give a role on a cluster (None: all of them), in some namespaces (none named: all of them)."""
    if namespaces and cluster is None:
        raise Invalid("Namespaces belong to one cluster: choose it.")
    detail = {"role": role.name.lower(), "namespaces": list(namespaces), "rights": list(rights)}
    with _recorded(by, "grant", user.get_username(), cluster, detail):
        return Grant.objects.create(
            user=user, role=role, cluster=cluster, namespaces=list(namespaces), rights=list(rights)
        )


def revoke(by: Actor, grant: Grant) -> None:
    """Take a grant away. What is open under it closes within seconds."""
    detail = {"role": Role(grant.role).name.lower(), "namespaces": grant.namespaces, "rights": grant.rights}
    with _recorded(by, "revoke", grant.user.get_username(), grant.cluster, detail):
        grant.delete()
        _one_admin_left()


def switch(by: Actor, user: User, *, on: bool) -> None:
    """Let somebody sign in, or not any more."""
    with _recorded(by, "switch on" if on else "switch off", user.get_username()):
        user.is_active = on
        user.save(update_fields=["is_active"])
        _one_admin_left()


def remove(by: Actor, user: User) -> None:
    """Remove an account with everything granted to it. What it did stays in the audit."""
    with _recorded(by, "remove", user.get_username()):
        user.delete()
        _one_admin_left()


def set_password(by: Actor, user: User, password: str) -> None:
    """A new password: every session that was opened with the old one ends."""
    with _recorded(by, "set password", user.get_username()):
        user.set_password(password)
        user.save()


def recover(by: Actor, name: str) -> User:
    """Make somebody administrator of everything, switched on: for the console, when nobody else can."""
    with _recorded(by, "recover", name):
        user, _ = User.objects.get_or_create(username=name)
        user.is_active = True
        user.save()
        if not user.grants.filter(role=Role.ADMIN, cluster=None, namespaces=[]).exists():
            Grant.objects.create(user=user, role=Role.ADMIN)
    return user


def _one_admin_left() -> None:
    """Without an administrator nobody could ever grant anything again."""
    admins = Grant.objects.filter(role=Role.ADMIN, cluster=None, namespaces=[], user__is_active=True)
    if not admins.select_for_update().exists():
        raise Conflict(
            "Somebody must stay administrator of everything.", hint="Make somebody else administrator first."
        )


@contextmanager
def _recorded(
    by: Actor, verb: str, name: str, cluster: Cluster | None = None, detail: dict[str, Any] | None = None
) -> Iterator[None]:
    event = audit.Event(
        actor=by.name,
        address=by.address,
        verb=verb,
        kind="person",
        name=name,
        cluster=cluster.name if cluster else "",
        detail=detail or {},
    )
    with transaction.atomic():
        yield
        audit.record(event)
