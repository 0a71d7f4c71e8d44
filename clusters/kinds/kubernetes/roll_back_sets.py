"""Going back to a version that a stateful or daemon set had before, as ``kubectl rollout undo`` does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clusters.drivers.base import Driver
from clusters.errors import Conflict, Missing
from clusters.kinds.actions import Values, kubectl_line
from clusters.kinds.base import JSON, Action, Look
from clusters.kinds.field import Field
from clusters.kinds.kubernetes.base import patch, read_same
from clusters.kinds.kubernetes.roll_back import ago
from clusters.kinds.kubernetes.set_versions import REVISIONS, image_of, template_of, versions_of
from clusters.kinds.permission import Permission
from clusters.kinds.preview import MOST, Preview, differences


def roll_back_set(api: str, noun: str, how: str) -> Action[Any]:
    """``noun`` is what kubectl calls it, ``how`` says how its copies are replaced."""

    async def run(driver: Driver, one: Any, values: Values) -> str:
        target = _target(await versions_of(driver, one), str(values.get("revision") or ""))
        if template_of(target) == (await read_same(driver, api, one))["spec"]["template"]:
            raise Conflict("That version is in use already.")
        await driver.call(patch(api, one, target["data"], "strategic"))
        return f"{one.name} goes back to version {target['revision']} ({image_of(target)})"

    async def preview(look: Look, values: Values) -> Preview:
        one = look.resource
        versions = await versions_of(look.driver, one)
        target = _target(versions, str(values.get("revision") or ""))
        now = (await read_same(look.driver, api, one))["spec"]["template"]
        found, number = differences(now, template_of(target)), target["revision"]
        return Preview(
            effect=f"Puts {one.name} back to version {number}: {image_of(target)}, made {ago(target)}. {how}"
            if found
            else f"Version {number} is in use already: nothing would change.",
            differences=found[:MOST],
            more=max(0, len(found) - MOST),
            values={"revision": str(number)},
            choices={"revision": tuple((str(each["revision"]), _label(each)) for each in versions[1:])},
        )

    return Action(
        verb="roll-back",
        label="Roll back",
        icon="undo-2",
        permissions=(Permission("patch"), Permission("list", api=REVISIONS)),
        run=run,
        preview=preview,
        effect=lambda one: f"Puts {one.name} back to the version before this one. {how}",
        stays=lambda one: "The number of copies stays, and so do disks and addresses.",
        undo=_undo,
        fields=(Field(name="revision", label="Version", required=False, pattern=r"[0-9]{1,9}", max_length=9),),
        line=lambda one, values: kubectl_line("rollout undo", noun, one, *_which(values)),
    )


def _which(values: Values) -> list[str]:
    return [f"--to-revision={values['revision']}"] if values.get("revision") else []


def _undo(one: Any, values: Values) -> tuple[str, Mapping[str, JSON]]:
    """What is gone back to becomes the newest version, and what was in use the one before it."""
    return "roll-back", {"revision": ""}


def _target(versions: list[dict[str, Any]], wanted: str) -> dict[str, Any]:
    """The version that is wanted, or the one before."""
    for version in versions if wanted else versions[1:]:
        if not wanted or int(version.get("revision") or 0) == int(wanted):
            return version
    if wanted:
        raise Missing(f"Version {wanted} is not kept any longer.")
    raise Missing("There is no version to go back to: none is kept but the one in use.")


def _label(version: Mapping[str, Any]) -> str:
    return f"{version['revision']} · {image_of(version).rpartition('/')[2]} · {ago(version)}"
