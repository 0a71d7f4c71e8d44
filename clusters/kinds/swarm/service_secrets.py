"""Variables of a new service that are kept as secrets: each a secret of the Swarm, and a file that its image reads.

A Swarm has no secrets for variables. Many images take the name of a file instead (``DB_PASSWORD_FILE``); whether this
one does, only whoever fills in the form knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Conflict, Invalid
from clusters.fields import NotFilledIn
from clusters.kinds.docker.names import NAME, NAME_HELP
from clusters.kinds.makers import Remark
from clusters.kinds.readable import is_plain_secret, readable, readable_labels
from clusters.kinds.swarm.kept_rotation import encoded
from clusters.kinds.swarm.service_form import Given, ServiceForm, Typed
from clusters.kinds.swarm.service_read import read_service
from clusters.kinds.swarm.service_things import ids_of
from clusters.kinds.variables import FILE, SECRET, Variable, switched

_FOLDER = "/run/secrets"  # where a Swarm puts them
_LONGEST = 64  # of the name of a secret


def read_with_secrets(values: Mapping[str, Any]) -> ServiceForm:
    """The form of a new service. Raises NotFilledIn."""
    typed = switched(str(values.get("environment") or ""))
    kept = [one for one in typed if one.switch == FILE]
    pairs = [_pointer(one) if one in kept else one.pair for one in typed]
    form = read_service({**values, "environment": "\n".join(pairs)})
    try:
        unseen = tuple(one.name for one in typed if one.switch == SECRET)
        return replace(form, typed=tuple(_typed(form, one) for one in kept), unseen=unseen)
    except Invalid as wrong:
        raise NotFilledIn({"environment": f"{wrong.message} {wrong.hint}".strip()}) from wrong


def _pointer(one: Variable) -> str:
    return f"{one.name}_FILE={_FOLDER}/{one.name.lower()}" if "=" in one.pair else one.pair


def _typed(form: ServiceForm, one: Variable) -> Typed:
    name = f"{form.name}_{one.name.lower()}"
    if not one.value:
        raise Invalid(f"{one.name} is to be a secret, and has no value.")
    if len(name) > _LONGEST or not NAME.fullmatch(name):
        raise Invalid(f"No secret can be called {name[:80]}.", hint=NAME_HELP)
    return Typed(one.name, Given(name, one.name.lower()), encoded(one.value))


async def taken(driver: Driver, form: ServiceForm) -> list[str]:
    """Names that it would give to secrets, and that others have already."""
    return sorted(await ids_of(driver, "secrets", [one.given.name for one in form.typed]))


async def make(driver: Driver, form: ServiceForm) -> list[str]:
    """Make them; their names. Raises Conflict where one is there, and what the Swarm says; then none is left."""
    if there := await taken(driver, form):
        raise Conflict(f"There is a secret {there[0]} already.", hint="Take another name for the service.")
    made: list[str] = []
    try:
        for one in form.typed:
            body = {"Name": one.given.name, "Labels": {}, "Data": one.data}
            await driver.call(Call("POST", ("secrets", "create"), body=body))
            made.append(one.given.name)
    except BaseException:
        await asyncio.shield(take_back(driver, made))
        raise
    return made


async def take_back(driver: Driver, names: Sequence[str]) -> None:
    """Remove them again. The Swarm keeps what a service has."""
    with suppress(ClusterError):
        for uid in (await ids_of(driver, "secrets", names)).values():
            await driver.call(Call("DELETE", ("secrets", uid)))


def remarks(form: ServiceForm) -> Iterator[Remark]:
    """Who can read what in its environment and its labels."""
    for one in form.typed:
        yield Remark(
            f"{one.variable} is kept in the secret {one.given.name}, and its image is told {one.variable}_FILE: that "
            "works where it reads such a file. The secret stays when the service is removed."
        )
    pairs = [pair.partition("=") for pair in form.environment]
    names = [name for name, _, value in pairs if name in form.unseen or is_plain_secret(name, value)]
    if names:
        yield Remark(f"{readable(names)} Where its image reads {names[0]}_FILE, choose “Secret file”.", "warn")
    if words := readable_labels(form.labels):
        yield Remark(words, "warn")
