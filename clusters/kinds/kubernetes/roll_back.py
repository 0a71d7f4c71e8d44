"""Going back to a version a deployment had before, as ``kubectl rollout undo`` does; what it means is said first."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from clusters.drivers.base import Call, Driver
from clusters.errors import Conflict, Missing
from clusters.kinds.actions import Values, kubectl_line
from clusters.kinds.base import JSON, Action, Look
from clusters.kinds.field import Field
from clusters.kinds.formats import epoch, span
from clusters.kinds.kubernetes.base import REVISION, at
from clusters.kinds.kubernetes.deployment_model import Deployment
from clusters.kinds.permission import Permission
from clusters.kinds.preview import MOST, Preview, differences

CAUSE = "kubernetes.io/change-cause"  # what whoever brought a version said about it
HASH = "pod-template-hash"  # made by the controller, of the rest of the template
Version = TypeVar("Version")  # a replica set: as we keep it, or as the cluster tells it


async def _preview(look: Look, values: Values) -> Preview:
    """Which version that is, since when it has been there, and what differs."""
    one: Deployment = look.resource
    versions = await _versions(look.driver, one)
    target = _target(versions, one, str(values.get("revision") or ""))
    now = await _template(look, one)
    found = differences(now, _template_of(target))
    effect = f"Puts {one.name} back to version {_revision(target)}, copy by copy: {_image(target)}, made {ago(target)}."
    said = (target["metadata"].get("annotations") or {}).get(CAUSE, "")
    note = " Its copies still serve." if _serves(target) else ""
    note += f" Its note: “{said[:200]}”." if said else ""
    return Preview(
        effect=effect + note if found else f"Version {_revision(target)} is in use already: nothing would change.",
        differences=found[:MOST],
        more=max(0, len(found) - MOST),
        values={"revision": str(_revision(target))},
        choices={"revision": tuple((str(_revision(each)), _label(each)) for each in _others(versions, one))},
    )


async def _roll_back(driver: Driver, one: Deployment, values: Values) -> str:
    """Put the template of that version in the place of the present one."""
    target = _target(await _versions(driver, one), one, str(values.get("revision") or ""))
    template = _template_of(target)
    if template == (await driver.get(_kind(), one.namespace, one.name))["spec"]["template"]:
        raise Conflict("That version is in use already.")
    body = [
        {"op": "test", "path": "/metadata/uid", "value": one.uid},
        {"op": "replace", "path": "/spec/template", "value": template},
    ]
    query = {"fieldManager": "pilothouse"}
    await driver.call(Call("PATCH", at(_kind(), one), query, body, "application/json-patch+json"))
    return f"{one.name} goes back to version {_revision(target)} ({_image(target)})"


def _kind() -> Any:
    from clusters.kinds.kubernetes.deployment import DEPLOYMENT  # the kind lists this action, so it comes later

    return DEPLOYMENT


async def _versions(driver: Driver, one: Deployment) -> list[dict[str, Any]]:
    """Its replica sets, newest version first."""
    selector = ",".join(f"{key}={value}" for key, value in (one.spec.selector.match_labels or {}).items())
    path = ("apis", "apps", "v1", "namespaces", one.namespace, "replicasets")
    answer = await driver.call(Call("GET", path, {"labelSelector": selector}))
    mine = [item for item in answer.get("items") or [] if is_owned(item, one.uid)]
    return sorted(mine, key=_revision, reverse=True)


async def _template(look: Look, one: Deployment) -> Any:
    return (await look.driver.get(look.kind, one.namespace, one.name))["spec"]["template"]


def _target(versions: list[dict[str, Any]], one: Deployment, wanted: str) -> dict[str, Any]:
    """The version that is wanted; else the one that still serves, where a newer one is stuck, or the one before."""
    if wanted:
        for version in versions:
            if _revision(version) == int(wanted):
                return version
        raise Missing(f"Version {wanted} is not kept any longer.")
    found = way_back(versions, _revision, _serves)
    if found is None:
        raise Missing("There is no version to go back to: none is kept but the one in use.")
    return found


def way_back(
    versions: Sequence[Version], number: Callable[[Version], int], serves: Callable[[Version], bool]
) -> Version | None:
    """What is gone back to unless somebody chooses: the newest version before the one in use that still serves, where
    any does (a newer one is stuck), else the one before; None where there is none."""
    newest = max((number(one) for one in versions), default=0)
    others = sorted((one for one in versions if number(one) != newest), key=number, reverse=True)
    return next((one for one in others if serves(one)), others[0] if others else None)


def _leads_to(one: Deployment, owned: Callable[[str], Sequence[Any]]) -> str:
    versions = owned("replica-set")
    found = way_back(versions, lambda each: int(each.revision), lambda each: bool(each.status.ready_replicas))
    return str(found.spec.template.image) if found else ""


def _serves(version: Mapping[str, Any]) -> bool:
    return bool((version.get("status") or {}).get("readyReplicas"))


def _others(versions: list[dict[str, Any]], one: Deployment) -> list[dict[str, Any]]:
    current = max((_revision(version) for version in versions), default=one.revision)
    return [version for version in versions if _revision(version) != current]


def _template_of(version: Mapping[str, Any]) -> dict[str, Any]:
    """The template of a version as the deployment itself would have it."""
    template: dict[str, Any] = version["spec"]["template"]
    meta = template.get("metadata") or {}
    labels = {key: value for key, value in (meta.get("labels") or {}).items() if key != HASH}
    return {**template, "metadata": {**meta, "labels": labels}}


def is_owned(item: Mapping[str, Any], uid: str) -> bool:
    """Is it kept by the controller of that object?"""
    owners = item["metadata"].get("ownerReferences") or ()
    return any(owner.get("uid") == uid and owner.get("controller") for owner in owners)


def _revision(item: Mapping[str, Any]) -> int:
    text = (item["metadata"].get("annotations") or {}).get(REVISION, "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _image(version: Mapping[str, Any]) -> str:
    containers = version["spec"]["template"]["spec"].get("containers") or [{}]
    return str(containers[0].get("image", "")) or "without an image"


def ago(version: Mapping[str, Any]) -> str:
    """When it was made: "5 minutes ago"."""
    created = epoch(version["metadata"].get("creationTimestamp"))
    return f"{span(max(0.0, time.time() - created))} ago" if created else "nobody knows when"


def _label(version: Mapping[str, Any]) -> str:
    return f"{_revision(version)} · {_image(version).rpartition('/')[2]} · {ago(version)}"


def _line(one: Deployment, values: Values) -> str:
    which = [f"--to-revision={values['revision']}"] if values.get("revision") else []
    return kubectl_line("rollout undo", "deployment", one, *which)


def _undo(one: Deployment, values: Values) -> tuple[str, Mapping[str, JSON]]:
    return "roll-back", {"revision": str(one.revision)}


ROLL_BACK: Action[Deployment] = Action(
    verb="roll-back",
    label="Roll back",
    icon="undo-2",
    permissions=(Permission("patch"), Permission("list", api="apps/v1/replicasets")),
    run=_roll_back,
    preview=_preview,
    effect=lambda one: f"Puts {one.name} back to a version before {one.image or 'this one'}, copy by copy.",
    refuse=lambda one: "" if one.revision > 1 else "This is its first version: there is none before it.",
    stays=lambda one: "The number of copies stays, and so do disks and addresses.",
    undo=_undo,
    fields=(Field(name="revision", label="Version", required=False, pattern=r"[0-9]{1,9}", max_length=9),),
    line=_line,
    leads_to=_leads_to,
)
