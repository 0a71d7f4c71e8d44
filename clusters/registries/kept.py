"""The registries that are kept: added, changed, removed; tested first, recorded, their secrets sealed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from clusters import audit
from clusters.access import Actor
from clusters.connect.secrets import read_secret, write_secret
from clusters.errors import Conflict
from clusters.fields import NotFilledIn, clean
from clusters.models import Registry
from clusters.registries.client import RegistryClient
from clusters.registries.fields import FIELDS
from clusters.registries.way import Way, read_way

RESERVED = {"add", "pull-secret", "search"}  # addresses under /registries/ that are pages of their own
_SETTINGS = ("ca", "sign_in_host", "plain")
_REACH = ("host", "user", *_SETTINGS)  # what decides where a password goes, and how


@dataclass(frozen=True, slots=True)
class Wanted:
    """A registry as it was filled in and checked."""

    name: str
    way: Way
    operators_push: bool
    operators_give: bool = False


def read_form(given: Mapping[str, Any], before: Registry | None = None) -> Wanted:
    """What was filled in, with the stored password where that was left empty. Raises Invalid.

    A stored password is only ever sent where, and as, it was sent before: with another address it is entered again.
    """
    values = clean(FIELDS, given)
    kept = str(read_secret(before).get("password", "")) if before else ""
    if not values["password"].strip() and kept and values["user"]:
        if any(values[name] != _shown(before)[name] for name in _REACH):
            raise NotFilledIn({"password": "The connection was changed: enter the password or token again."})
        values["password"] = kept
    settings = {name: values[name] for name in _SETTINGS}
    way = read_way(values["host"], values["user"], settings, {"password": values["password"].strip()})
    return Wanted(values["name"], way, bool(values["operators_push"]), bool(values["operators_give"]))


def shown(registry: Registry) -> dict[str, Any]:
    """A kept registry as values of its form; without what is secret."""
    given = bool(registry.settings.get("operators_give"))
    more = {"operators_push": registry.operators_push, "operators_give": given}
    return {**_shown(registry), "name": registry.name, **more}


def way_to(registry: Registry) -> Way:
    """How it is reached, with its password. Raises Sealed."""
    return read_way(registry.host, registry.user, registry.settings, read_secret(registry))


async def test(way: Way) -> None:
    """Sign in once. Raises what is wrong, in words."""
    async with RegistryClient(way) as client:
        await client.check()


def add(by: Actor, wanted: Wanted) -> Registry:
    """Keep it."""
    registry = Registry(slug=_slug(wanted.name))
    with _recorded(by, "add", wanted):
        _set(registry, wanted)
    return registry


def change(by: Actor, registry: Registry, wanted: Wanted) -> None:
    """Keep it as it is now. Its address in the page stays."""
    with _recorded(by, "change", wanted):
        _set(registry, wanted)


def remove(by: Actor, registry: Registry) -> None:
    """Forget it, with its password. What is in it stays."""
    event = _event(by, "remove", registry.name, {"host": registry.host})
    with transaction.atomic():
        registry.delete()
        audit.record(event)


def _shown(registry: Registry | None) -> dict[str, Any]:
    if registry is None:
        return {}
    stored = {name: registry.settings.get(name) or "" for name in _SETTINGS}
    return {"host": registry.host, "user": registry.user, **stored, "plain": bool(stored["plain"])}


def _set(registry: Registry, wanted: Wanted) -> None:
    way = wanted.way
    registry.name, registry.operators_push = wanted.name, wanted.operators_push
    registry.host, registry.user = way.host, way.user
    registry.settings = {"ca": way.ca, "sign_in_host": way.sign_in_host, "plain": way.plain}
    registry.settings["operators_give"] = wanted.operators_give
    registry.save()  # a secret is bound to the number that this gives
    write_secret(registry, {"password": way.password} if way.password else {})
    registry.save(update_fields=["secret"])


def _slug(name: str) -> str:
    wanted = slugify(name)[:60] or "registry"
    taken = set(Registry.objects.filter(slug__startswith=wanted).values_list("slug", flat=True)) | RESERVED
    numbered = [wanted, *(f"{wanted}-{number}" for number in range(2, len(taken) + 3))]
    return next(slug for slug in numbered if slug not in taken)


@contextmanager
def _recorded(by: Actor, verb: str, wanted: Wanted) -> Iterator[None]:
    way = wanted.way
    detail = {"host": way.host, "user": way.user, "without TLS": way.plain, "operators push": wanted.operators_push}
    detail["operators give it to clusters"] = wanted.operators_give
    if way.sign_in_host:
        detail["signs in at"] = way.sign_in_host
    try:
        with transaction.atomic():
            yield
            audit.record(_event(by, verb, wanted.name, detail))
    except IntegrityError as error:
        raise Conflict(
            f"There is a registry of that name, or at {way.host}, already.", hint="Change that one instead."
        ) from error


def _event(by: Actor, verb: str, name: str, detail: Mapping[str, Any]) -> audit.Event:
    return audit.Event(actor=by.name, address=by.address, verb=verb, kind="registry", name=name, detail=detail)
