"""What can be done to an image: another name, fewer names, away with it."""

from __future__ import annotations

import shlex
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import Conflict, Invalid
from clusters.kinds.actions import Values, one_call
from clusters.kinds.base import Action
from clusters.kinds.docker.image_model import Image
from clusters.kinds.docker.image_name import split_image
from clusters.kinds.docker.pull_newer import PULL_NEWER
from clusters.kinds.docker.used_by import in_use
from clusters.kinds.field import Field
from clusters.kinds.formats import count, short_id, size

_PATIENCE = 90.0  # seconds: removing large images makes a disk work


def _name(values: Values) -> tuple[str, str]:
    name, tag = split_image(str(values.get("name") or ""))
    if tag.startswith("sha256:"):
        raise Invalid("A digest cannot be given as a name.", hint="Write it like registry.example.com/shop/web:2.")
    return name, tag


def _tag(one: Image, values: Values) -> Call:
    name, tag = _name(values)
    return Call("POST", ("images", one.id, "tag"), {"repo": name, "tag": tag})


def _tagged(one: Image, values: Values) -> str:
    return f"{one.name} is {':'.join(_name(values))}, too."


def _chosen(one: Image, values: Values) -> list[str]:
    """The names that were chosen to go; none when all of it goes."""
    chosen = [line.strip() for line in str(values.get("names") or "").splitlines() if line.strip()]
    if unknown := [name for name in chosen if name not in one.tags]:
        raise Invalid(f"The image is not called {unknown[0][:100]}.")
    return chosen


async def _remove(driver: Driver, one: Image, values: Values) -> str:
    force = bool(values.get("force"))
    chosen = _chosen(one, values)
    whole = not chosen or set(chosen) == set(one.tags)
    if whole and (why := _runs(one)):
        raise Conflict(why, hint="Only names can go, as long as it keeps one.")
    if whole and one.users and not force:
        raise Conflict(in_use(one), hint="Remove it first, or tick that the image goes all the same.")
    query = {"force": "true"} if force else {}
    # Name by name: an engine takes the removal of several names at once for force.
    gone = False
    for reference in chosen or one.tags or [one.id]:
        call = Call("DELETE", ("images", *reference.split("/")), query, timeout=_PATIENCE)
        said = await driver.call(call)
        gone = any(isinstance(entry, dict) and "Deleted" in entry for entry in said or [])
    if not whole:
        return f"{one.name} lost {count(len(chosen), 'name')}; the image stays."
    if not gone:
        return f"{one.name} lost its names; its layers stay, for something else still needs them."
    return f"{one.name} is removed."


def _no_removing(one: Image) -> str:
    return "" if len(one.tags) > 1 else _runs(one)


def _runs(one: Image) -> str:
    running = [user.name for user in one.users if user.running]
    if running:
        more = f" and {len(running) - 1} more" if len(running) > 1 else ""
        return f"{running[0][:60]}{more} {'runs' if len(running) == 1 else 'run'} from it."
    return ""


def _goes(one: Image) -> str:
    if why := _runs(one):
        return f"{why} So only names can go, as long as it keeps one of these: {', '.join(one.tags[:6])}."
    if len(one.tags) > 1:
        return f"Removes the image with all its {len(one.tags)} names: {', '.join(one.tags[:6])}."
    return f"Removes {one.name}: up to {size(one.size)}, less what other images share with it."


def _stays(one: Image) -> str:
    if _runs(one):
        return "The image stays, and what runs from it goes on."
    if one.users:
        return f"{in_use(one)} Made from it before, they stay, but cannot be made again without getting it anew."
    return "It can be had again from its registry." if one.digests else "It is in no registry that the engine knows of."


def _line(one: Image, values: Values) -> str:
    whole = ["NAME"] if _runs(one) else one.tags or [short_id(one.id)]
    try:
        names = _chosen(one, values) or whole
    except Invalid:
        names = whole
    return shlex.join(["docker", "rmi", *(["--force"] if values.get("force") else []), *names])


def _tag_line(one: Image, values: Values) -> str:
    return shlex.join(["docker", "tag", one.name, str(values.get("name") or "NAME:TAG")])


TAG: Action[Image] = Action(
    verb="tag",
    label="Add a name",
    joint="to",
    icon="tag",
    effect=lambda one: f"Gives {one.name} one more name. If another image has that name, it loses it.",
    stays=lambda one: "All names it has now stay.",
    run=one_call(_tag, _tagged),
    bulk=False,
    fields=(Field(name="name", label="Name", help="Like registry.example.com/shop/web:2.", max_length=500),),
    line=_tag_line,
)
REMOVE: Action[Image] = Action(
    verb="remove",
    label="Remove",
    icon="trash-2",
    effect=_goes,
    stays=_stays,
    run=_remove,
    refuse=_no_removing,
    danger=True,
    fields=(
        Field(
            name="names",
            label="Only these names",
            type="lines",
            required=False,
            help="One a line. The image itself stays while it has a name left. Left empty, all of it goes.",
        ),
        Field(
            name="force",
            label="Remove it although stopped containers were made from it",
            type="flag",
            required=False,
            initial=lambda one: bool(one.users) and not _runs(one),
            help="They stay, and can be started, as long as the engine keeps its layers.",
        ),
    ),
    line=_line,
)
ACTIONS: tuple[Action[Any], ...] = (PULL_NEWER, TAG, REMOVE)
