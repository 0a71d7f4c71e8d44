"""The versions that a stateful or daemon set had: kept as controller revisions, each the patch that makes it so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError
from clusters.kinds.base import Look
from clusters.kinds.formats import epoch
from clusters.kinds.kubernetes.base import collection
from clusters.kinds.kubernetes.roll_back import is_owned

REVISIONS = "apps/v1/controllerrevisions"
HASH = "controller-revision-hash"  # of a copy: which version it has


async def versions_of(driver: Driver, one: Any) -> list[dict[str, Any]]:
    """Those that are kept, the newest first: it is the one that was asked for last."""
    selector = ",".join(f"{key}={value}" for key, value in (one.spec.selector.match_labels or {}).items())
    call = Call("GET", collection(REVISIONS, one.namespace), {"labelSelector": selector}, timeout=10)
    items = (await driver.call(call)).get("items") or []
    mine = [item for item in items if is_owned(item, one.uid) and template_of(item)]
    return sorted(mine, key=lambda item: int(item.get("revision") or 0), reverse=True)


def template_of(version: Mapping[str, Any]) -> dict[str, Any]:
    """The template of a version as the set itself would have it."""
    template = ((version.get("data") or {}).get("spec") or {}).get("template") or {}
    return {key: value for key, value in template.items() if key != "$patch"}


def image_of(version: Mapping[str, Any]) -> str:
    """The image of the app's own container."""
    containers = (template_of(version).get("spec") or {}).get("containers") or [{}]
    return str(containers[0].get("image", "")) or "without an image"


async def version_rows(look: Look, pods: Sequence[Any]) -> Mapping[str, Any]:
    """``versions`` for its page, with how many of these pods have each; or ``hidden``, why they cannot be told."""
    try:
        found = await versions_of(look.driver, look.resource)
    except ClusterError as error:
        return {"versions": [], "hidden": error.message}
    having = Counter(pod.labels.get(HASH, "") for pod in pods)
    return {"versions": [_row(one, having, current=one is found[0]) for one in found], "hidden": ""}


def _row(version: Mapping[str, Any], having: Mapping[str, int], *, current: bool) -> dict[str, Any]:
    metadata = version["metadata"]
    # Copies of a stateful set name the version itself, those of a daemon set the mark that it has.
    marks = {str(metadata.get("name", "")), str((metadata.get("labels") or {}).get(HASH, ""))} - {""}
    return {
        "revision": int(version.get("revision") or 0),
        "image": image_of(version),
        "copies": sum(having.get(mark, 0) for mark in marks),
        "created": epoch(metadata.get("creationTimestamp")),
        "current": current,
    }
