"""Connecting a cluster, changing how it is reached, letting go of it: tested first, recorded, its secrets sealed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from asgiref.sync import sync_to_async
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from clusters import audit
from clusters.access import Actor
from clusters.connect.expiry import Expiry, first_expiry
from clusters.connect.program import written_down
from clusters.connect.renewing import KeptBeside, KeptInRow
from clusters.connect.secrets import read_secret, write_secret
from clusters.drivers.base import About, Driver
from clusters.errors import ClusterError, Conflict, Refused, Unreachable
from clusters.fields import NotFilledIn, clean
from clusters.kinds.field import Field
from clusters.live.supervisor import DRIVERS, make_driver
from clusters.models import Cluster

TEST_SECONDS = 12.0
RESERVED = {"connect"}  # addresses under /clusters/ that are pages of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What people say about a cluster, beside how it is reached."""

    name: str
    colour: str = "grey"
    production: bool = False
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Reach:
    """How a cluster is reached, checked against what its driver asks for. ``secret`` is never shown or kept open."""

    driver: str
    settings: Mapping[str, Any]
    secret: dict[str, Any]


def driver_fields(driver: str) -> tuple[Field, ...]:
    """What that driver asks for."""
    module, _, name = DRIVERS[driver].partition(":")
    fields: tuple[Field, ...] = getattr(import_module(module), name).fields
    return fields


def fields_of(driver: str, settings: Mapping[str, Any]) -> tuple[Field, ...]:
    """What that driver asks for, for this cluster: of the one that we run in ourselves, not how it is reached."""
    fields = driver_fields(driver)
    return tuple(field for field in fields if field.narrows) if settings.get("in_cluster") else fields


def reach(driver: str, given: Mapping[str, Any], before: Cluster | None = None) -> Reach:
    """What was filled in, with the stored secrets where they were left empty. Raises Invalid.

    A stored secret is only ever sent where it was sent before: with another address it has to be entered again,
    or whoever may change the address could have it sent to a machine of their own.
    """
    fields = fields_of(driver, before.settings if before else {})
    kept = read_secret(before) if before else {}
    asked = {**given, **{name: value for name, value in kept.items() if not str(given.get(name) or "").strip()}}
    declared = {field.name for field in fields}
    others = {name: value for name, value in (before.settings if before else {}).items() if name not in declared}
    # What is not for such an address is not asked for and not kept, whatever was left in its field.
    address = str(asked.get("address") or "").strip().lower()
    meant = [field for field in fields if address.startswith(field.schemes or "")]
    values = clean(meant, asked)
    settings = {**others, **{field.name: values[field.name] for field in meant if field.type != "secret"}}
    secret = {field.name: values[field.name] for field in meant if field.type == "secret" and values[field.name]}
    unasked = {name: value for name, value in kept.items() if name not in declared}  # of a sign-in that is renewed
    narrowing = {field.name for field in fields if field.narrows}
    reaching = {name: value for name, value in settings.items() if name not in narrowing}
    if before and any(str(before.settings.get(name) or "") != str(value or "") for name, value in reaching.items()):
        problems = {
            field.name: f"The connection was changed: enter “{field.label}” again."
            for field in meant
            if field.name in kept and not str(given.get(field.name) or "").strip()
        }
        if before.settings.get("exec"):
            problems["server"] = "It signs in by a program: for another address, paste its kubeconfig again."
        if problems:
            raise NotFilledIn(problems)
    elif before and all(secret.get(name) == kept.get(name) for name in secret):
        secret |= unasked
    if driver == "docker":
        from clusters.connect import docker  # here, as drivers are: imported when one is needed

        docker.check(settings, secret)
    return Reach(driver, settings, secret)


async def test(to: Reach, by: Actor, before: Cluster | None) -> About:
    """Connect once and say what it is, and whether whoever does so can act as themselves where that is wanted.

    Raises the cluster's error, with words for what is wrong and what to do.
    """
    async with written_down(by, to.settings, before.name if before else ""):
        return await _tested(to, by, before)


async def _tested(to: Reach, by: Actor, before: Cluster | None) -> About:
    keeper = await sync_to_async(_keeper)(to, before)
    driver = make_driver(to.driver, dict(to.settings), dict(to.secret), keeper)
    try:
        about = await asyncio.wait_for(_answers(driver, to, by), TEST_SECONDS)
        to.secret.update(await keeper.load() if to.secret.get("refresh_token") else {})
        return about
    except Refused as error:
        raise _because_expired(to, error) or error from error
    except TimeoutError as error:
        raise Unreachable(
            f"Nothing answered within {TEST_SECONDS:.0f} seconds.",
            hint="Check the address, and whether a firewall is in between.",
        ) from error
    finally:
        with contextlib.suppress(ClusterError, TimeoutError):
            await asyncio.wait_for(driver.close(), 5)


def _keeper(to: Reach, before: Cluster | None) -> KeptInRow | KeptBeside:
    """A refresh token is good once: what is renewed while we try it is what is stored, at once where it was already."""
    stored = read_secret(before) if before else {}
    same = bool(before and stored.get("refresh_token")) and stored == to.secret
    return KeptInRow(before.pk) if before and same else KeptBeside(to.secret)


async def _answers(driver: Driver, to: Reach, by: Actor) -> About:
    about = await driver.about()
    if to.settings.get("impersonate"):
        from clusters.connect import acting  # here: it brings the client of Kubernetes

        await acting.check(driver, to.settings, by)
    return about


def _because_expired(to: Reach, error: Refused) -> Refused | None:
    """Why it says no, when what we sign in with says itself that it is over: few servers tell that."""
    ends = first_expiry(to.settings, to.secret)
    certificate = "cert_data" if "cert_data" in to.settings else "certificate"
    if ends is None or not ends.over or error.field not in ("token", certificate):
        return None
    field = "token" if ends.what == "token" else certificate
    return Refused(ends.words, hint="Give one that is good now.", detail=error.detail, field=field)


def expiry_of(cluster: Cluster) -> Expiry | None:
    """When what we sign in with there ends; None when that is not known."""
    try:
        return first_expiry(cluster.settings, read_secret(cluster))
    except Refused:  # it does not open: the form says so
        return None


def same_as(about: About, but: Cluster | None = None) -> Cluster | None:
    """The cluster that is connected already and is the very same one."""
    others = Cluster.objects.exclude(pk=but.pk) if but else Cluster.objects.all()
    return others.filter(settings__identity=about.uid).first() if about.uid else None


def connect(by: Actor, marks: Marks, to: Reach, about: About) -> Cluster:
    """Keep it. The caller tells the engine."""
    cluster = Cluster(driver=to.driver, slug=_slug(marks.name))
    with _recorded(by, "connect", marks.name, {"driver": to.driver, "settings": dict(to.settings)}):
        _set(cluster, marks, to, about)
    return cluster


def change(by: Actor, cluster: Cluster, marks: Marks, to: Reach, about: About) -> None:
    """Keep it as it is now. Its address in the page stays. The caller tells the engine."""
    with _recorded(
        by,
        "change",
        marks.name,
        {"settings": dict(to.settings), "read_only": marks.read_only, "production": marks.production},
    ):
        _set(cluster, marks, to, about)


def narrow(by: Actor, cluster: Cluster, settings: Mapping[str, Any]) -> None:
    """Keep how much of it is looked at; how it is reached stays. The caller tells the engine."""
    with _recorded(by, "change", cluster.name, {"settings": dict(settings)}):
        cluster.settings = {**cluster.settings, **settings}
        cluster.save(update_fields=["settings"])


def remove(by: Actor, cluster: Cluster) -> None:
    """Forget it, with its grants. What was done there stays in the audit. The caller tells the engine."""
    with _recorded(by, "disconnect", cluster.name, {}):
        cluster.delete()


def _set(cluster: Cluster, marks: Marks, to: Reach, about: About) -> None:
    cluster.name, cluster.colour = marks.name, marks.colour or "grey"
    cluster.production, cluster.read_only = marks.production, marks.read_only
    cluster.platform = about.platform
    cluster.settings = {**to.settings, "identity": about.uid}
    cluster.save()  # a secret is bound to the number that this gives
    write_secret(cluster, dict(to.secret))
    cluster.save(update_fields=["secret"])


def _slug(name: str) -> str:
    wanted = slugify(name)[:60] or "cluster"
    wanted = f"cluster-{wanted}" if wanted.isdecimal() else wanted  # forms also name clusters by their numbers
    taken = set(Cluster.objects.filter(slug__startswith=wanted).values_list("slug", flat=True)) | RESERVED
    numbered: Sequence[str] = [wanted, *(f"{wanted}-{number}" for number in range(2, len(taken) + 3))]
    return next(slug for slug in numbered if slug not in taken)


@contextlib.contextmanager
def _recorded(by: Actor, verb: str, name: str, detail: Mapping[str, Any]) -> Iterator[None]:
    event = audit.Event(
        actor=by.name, address=by.address, verb=verb, kind="cluster", name=name, cluster=name, detail=detail
    )
    try:
        with transaction.atomic():
            yield
            audit.record(event)
    except IntegrityError as error:
        raise Conflict(f"There is a cluster called {name} already.", hint="Choose another name.") from error
