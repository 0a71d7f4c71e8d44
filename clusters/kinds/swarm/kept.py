"""What secrets and configs of a Swarm have in common: their page, how one is made, and that it is removed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import Invalid
from clusters.kinds.actions import docker_line, one_call
from clusters.kinds.base import JSON, Action, Column, Health, Level, Look, Panel, Says
from clusters.kinds.docker.volume_actions import pairs
from clusters.kinds.field import Field
from clusters.kinds.formats import count
from clusters.kinds.makers import Maker
from clusters.kinds.masking import mask_pair
from clusters.kinds.readable import check_labels
from clusters.kinds.swarm import service_health
from clusters.kinds.swarm.kept_model import Kept
from clusters.kinds.swarm.kept_rotation import back_in_words, encoded, users_in_words
from clusters.kinds.swarm.overview import Fact, Section, overview, panel

_NAME = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,62}[a-zA-Z0-9])?")
NAME_HINT = "At most 64 letters, digits, “-”, “_” and “.”, with a letter or digit at both ends."

USED: Column[Any] = Column(
    key="used",
    label="Used by",
    value=lambda one: [*one.own_users, *(["of other stacks"] if one.other_users else [])],
    cell="tags",
    sort=lambda one: len(one.users),
    width="minmax(140px, 1.6fr)",
    words="The services whose copies get it.",
)


@dataclass(frozen=True, slots=True)
class Form:
    """A new one, as it was filled in."""

    name: str
    data: str  # encoded
    labels: Mapping[str, str]

    def __repr__(self) -> str:
        return f"<form {self.name}>"


def health(one: Kept) -> Health:
    """In use or not: neither is an alarm."""
    if one.users:
        return Health(Level.HEALTHY, "In use", "", count(len({user.uid for user in one.users}), "service"))
    back = back_in_words(one)
    return Health(Level.STOPPED, "Unused", f"No service uses it now; {back}" if back else "No service uses it")


def overview_panel(values: str) -> Panel[Any]:
    """The first tab. ``values`` says who may see what it holds."""

    async def load(look: Look) -> Mapping[str, Any]:
        one: Kept = look.resource
        services = {service.uid: service for service in await look.related("swarm-service")}
        facts = [
            Fact("What it holds", values),
            Fact("Can be changed", "no: “Rotate” makes another one, and gives that to who uses it"),
            Fact("Stack", one.namespace, kind="stack", key=one.namespace),
            Fact("Made", at=one.created),
            Fact("Id", one.uid, mono=True),
        ]
        users = [_user(services[user.uid], user.where) for user in one.users if user.uid in services]
        hidden = any(user.uid not in services for user in one.users)
        return overview(
            [Section("Facts", facts)],
            labels=one.labels,
            users=users,
            users_title="Used by",
            how="Where inside",
            users_more=f"{'And' if users else 'Only'} services that are not shared with you." if hidden else "",
            nobody=_nobody(one),
        )

    return panel(load)


def _nobody(one: Kept) -> str:
    if back := back_in_words(one):
        return (
            f"No service uses it now. {back}, by “Roll back” or because an update stopped half way, and copies from "
            "before may still need it: remove it when the new version has proved good."
        )
    return "No service uses it. It can be removed without breaking anything that is here now."


def _removed(one: Kept) -> str:
    words = f"Removes {one.name} with what it holds. Nobody can bring that back."
    back = back_in_words(one)
    return f"{words} {back} now, and not after that." if back else words


def _user(service: Any, where: str) -> dict[str, Any]:
    state = service_health.health(service)
    status = [state.level.name.lower(), state.word, state.reason, state.code]
    return {"kind": "swarm-service", "key": service.uid, "name": service.name, "status": status, "how": where}


def in_use(one: Kept) -> str:
    """Why it cannot go; "" when it can."""
    words = users_in_words(one, one.own_users[:3])
    alone = len(one.own_users) == 1 and not one.other_users
    return f"{words} {'uses' if alone else 'use'} it." if words else ""


def remove(collection: str, noun: str) -> Action[Any]:
    """It goes, when nobody uses it."""
    return Action(
        verb="remove",
        label="Remove",
        icon="trash-2",
        effect=_removed,
        run=one_call(lambda one, values: Call("DELETE", (collection, one.uid)), "{name} is removed"),
        refuse=in_use,
        danger=True,
        more=True,
        line=docker_line(noun, "rm"),
    )


def maker(collection: str, noun: str, value: Field) -> Maker[Any]:
    """How a new one is made. ``noun`` is what docker calls it."""

    def line(form: Form, *, hidden: bool = False) -> str:
        given = [f"{key}={text}" for key, text in sorted(form.labels.items())]
        labels = [word for one in given for word in ("--label", mask_pair(one) if hidden else one)]
        return f"{shlex.join(['docker', noun, 'create', *labels, form.name])} -"

    async def make(driver: Driver, form: Form, says: Says) -> str:
        body = {"Name": form.name, "Labels": dict(form.labels), "Data": form.data}
        await driver.call(Call("POST", (collection, "create"), body=body))
        return form.name

    return Maker(
        label=f"Create a {noun}",
        icon="plus",
        fields=(
            Field(name="name", label="Name", max_length=64, help="By which services ask for it."),
            value,
            Field(name="labels", label="Labels", type="lines", required=False, help="One a line: key=value."),
        ),
        read=_read,
        line=line,
        record=lambda form: line(form, hidden=True),
        title=lambda form: f"Create {noun} {form.name}",
        run=make,
        check=check_labels,
        button="Create",
        ended="{name} is made",
    )


def _read(values: Mapping[str, JSON]) -> Form:
    name = str(values.get("name") or "")
    if not _NAME.fullmatch(name):
        raise Invalid(f"“{name[:60]}” cannot be its name.", hint=NAME_HINT)
    return Form(name, encoded(str(values.get("value") or "")), pairs(values, "labels"))
