"""Where an object belongs: its kind, as the cluster itself knows it in that very version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clusters.apply.documents import Document
from clusters.drivers.base import Call, Driver, Found, full_name
from clusters.errors import Missing, Unsupported
from clusters.kinds import DESCRIBED


@dataclass(frozen=True, slots=True)
class ServedKind:
    """One kind in one version of its group."""

    version: str  # "apps/v1"
    plural: str
    kind: str
    namespaced: bool
    promised: bool = False  # by another document of the same text: the cluster does not know it yet

    @property
    def group(self) -> str:
        """The API group; "" for the core."""
        return self.version.rpartition("/")[0]

    @property
    def api(self) -> str:
        """ "apps/v1/deployments"."""
        return f"{self.version}/{self.plural}"

    @property
    def name(self) -> str:
        """What the kind is called in addresses and in the audit."""
        name = full_name(self.api)
        return DESCRIBED[name].name if name in DESCRIBED else name

    def path(self, namespace: str, name: str) -> tuple[str, ...]:
        """The path of one object."""
        root = ("apis", *self.version.split("/")) if self.group else ("api", self.version)
        inside = ("namespaces", namespace) if self.namespaced else ()
        return (*root, *inside, self.plural, name)


class ServedKinds:
    """Asks a cluster for each version of a group once."""

    def __init__(self, driver: Driver, documents: Sequence[Document], found: Iterable[Found] = ()) -> None:
        self._driver, self._found = driver, tuple(found)
        self._asked: dict[str, Sequence[Mapping[str, Any]] | None] = {}
        self._promised = {(one.version, one.kind): one for document in documents for one in _promised(document)}

    async def of(self, document: Document) -> ServedKind:
        """Raises Missing for a kind that the cluster does not have, Unsupported for one that is never kept."""
        known = await self._kinds(document.version)
        one = next((one for one in known or () if one.get("kind") == document.kind), None)
        if one is None:
            if promised := self._promised.get((document.version, document.kind)):
                return promised
            raise self._missing(document, known is None)
        if "patch" not in (one.get("verbs") or ()):
            raise Unsupported(f"A {document.kind} is nothing that a cluster keeps, so it cannot be applied.")
        return ServedKind(document.version, str(one["name"]), document.kind, one.get("namespaced") is True)

    async def _kinds(self, version: str) -> Sequence[Mapping[str, Any]] | None:
        if version not in self._asked:
            root = ("apis", *version.split("/")) if "/" in version else ("api", version)
            try:
                answer = await self._driver.call(Call("GET", root, timeout=10))
            except Missing:
                self._asked[version] = None
            else:
                listed = answer.get("resources") if isinstance(answer, dict) else None
                every = [one for one in listed or () if isinstance(one, dict) and "/" not in str(one.get("name", "/"))]
                self._asked[version] = every
        return self._asked[version]

    def _missing(self, document: Document, whole_version: bool) -> Missing:
        others = sorted({one.api.rpartition("/")[0] for one in self._found if one.label == document.kind})
        alike = next((one.label for one in self._found if one.label.casefold() == document.kind.casefold()), "")
        words = f"This cluster has no {document.kind} in {document.version}."
        if whole_version and not others:
            words = f"This cluster has no {document.version}, so no {document.kind} of it."
        if others:
            return Missing(words, hint=f"It has {document.kind} in {' and '.join(others)}.")
        if alike and alike != document.kind:
            return Missing(words, hint=f"Did you mean {alike}? Capital letters count.")
        return Missing(words, hint="Is it spelled right, and is its custom resource definition installed?")


def _promised(document: Document) -> Iterable[ServedKind]:
    """The kinds that a definition of custom resources in the same text will bring."""
    spec = document.tree.get("spec")
    if document.kind != "CustomResourceDefinition" or not isinstance(spec, dict):
        return
    names, versions = spec.get("names"), spec.get("versions")
    if not isinstance(names, dict) or not isinstance(versions, list):
        return
    for one in versions:
        if isinstance(one, dict) and one.get("served"):
            version = f"{spec.get('group')}/{one.get('name')}"
            yield ServedKind(
                version, str(names.get("plural")), str(names.get("kind")), spec.get("scope") == "Namespaced", True
            )
