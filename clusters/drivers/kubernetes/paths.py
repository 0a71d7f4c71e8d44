"""From names to the path of a request, so that no name, however hostile, ever points elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clusters.errors import Invalid
from clusters.kinds.kubernetes.names import NAMESPACE

# Clients escape "/" but not "..", which then climbs out of the namespace; so everything but plain segments is refused.
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:@~-]{0,252}")


def joined(segments: Sequence[str]) -> str:
    """``("api", "v1", "pods")`` as ``/api/v1/pods``. Raises Invalid for a segment that could climb or split."""
    for segment in segments:
        if not isinstance(segment, str) or not _SEGMENT.fullmatch(segment):
            raise Invalid("That name cannot be one of Kubernetes'.", detail=repr(segment)[:300])
    return "/" + "/".join(segments)


def collection(api: str, namespace: str = "") -> tuple[str, ...]:
    """The path of a kind's resources: all of them, or those of one namespace. ``api`` is "apps/v1/deployments"."""
    *group, version, plural = api.split("/")
    root = ("apis", *group, version) if group else ("api", version)
    if not namespace:
        return (*root, plural)
    if not NAMESPACE.fullmatch(namespace):
        raise Invalid("That is not the name of a namespace.", detail=repr(namespace)[:300])
    return (*root, "namespaces", namespace, plural)
