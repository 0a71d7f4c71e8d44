"""Who may do what in the cluster: the rules of roles in words, whom bindings name, and which bindings name a role."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from clusters.errors import ClusterError
from clusters.kinds.base import Look
from clusters.kinds.formats import count
from clusters.kinds.kubernetes.asked_once import first_of
from clusters.kinds.kubernetes.base import Object, Part
from clusters.kinds.kubernetes.facts import User

GROUP = "rbac.authorization.k8s.io/v1"
_VERBS = (  # all of these together -> one word, in the order they are said
    ({"get", "list", "watch"}, "read"),
    ({"get", "list"}, "read"),
    ({"update", "patch"}, "change"),
    ({"delete", "deletecollection"}, "delete"),
)
_WORDS = {
    "*": "everything",
    "get": "read one by its name",
    "list": "list",
    "watch": "follow",
    "create": "make",
    "update": "change",
    "patch": "change",
    "deletecollection": "delete many",
    "impersonate": "act as",
    "escalate": "give more rights than they have",
    "bind": "give to others",
    "approve": "approve",
    "sign": "sign",
    "use": "use",
}
_CHANGING = {"*", "create", "update", "patch", "delete", "deletecollection", "impersonate", "escalate", "bind"}
_READING = {"*", "get", "list", "watch"}


class Rule(Part, frozen=True, gc=False, rename="camel"):
    """What may be done to which kinds."""

    verbs: list[str] | None = None
    api_groups: list[str] | None = None
    resources: list[str] | None = None
    resource_names: list[str] | None = None
    non_resource_urls: list[str] | None = msgspec.field(default=None, name="nonResourceURLs")

    @property
    def may(self) -> str:
        """ "read, make, change" """
        left, found = set(self.verbs or ()), []
        if "*" in left:
            return _WORDS["*"]
        for together, word in _VERBS:
            if together <= left:
                found.append(word)
                left -= together
        found += [_WORDS.get(verb, verb) for verb in self.verbs or () if verb in left]
        return ", ".join(dict.fromkeys(found)) or "nothing"

    @property
    def what(self) -> str:
        """ "pods, pods/log" """
        names = [*(self.resources or ()), *(self.non_resource_urls or ())]
        return "all kinds" if "*" in names else ", ".join(names) or "nothing"

    @property
    def where(self) -> str:
        """Of which groups of kinds."""
        if self.non_resource_urls:
            return "addresses of the API server"
        groups = self.api_groups or []
        return "all groups" if "*" in groups else ", ".join(group or "core" for group in groups) or "–"

    @property
    def total(self) -> bool:
        """Does it let do all to all?"""
        return all("*" in (names or ()) for names in (self.verbs, self.api_groups, self.resources))


class Reference(Part, frozen=True, gc=False, rename="camel"):
    """The role that a binding gives, or somebody whom it names."""

    kind: str = ""
    name: str = ""
    namespace: str = ""

    @property
    def words(self) -> str:
        """ "service account shop/web" """
        if self.kind == "ServiceAccount":
            return f"service account {self.namespace}/{self.name}"
        if self.kind == "Group" and self.name.startswith("system:serviceaccounts"):
            _, _, inside = self.name.partition("system:serviceaccounts:")
            return f"all service accounts of {inside}" if inside else "all service accounts"
        return f"{self.kind.lower()} {self.name}"


class Role(Object, frozen=True, gc=False, rename="camel"):
    """What may be done; of a namespace, or of the whole cluster."""

    rules: list[Rule] | None = None


class Binding(Object, frozen=True, gc=False, rename="camel"):
    """Who may do what a role says. ``gives`` is joined from the roles."""

    role_ref: Reference = Reference()
    subjects: list[Reference] | None = None
    gives: str = msgspec.field(default="", name="$gives")  # what the role lets do; no cluster sends this
    missing: bool = msgspec.field(default=False, name="$missing")  # there is no such role

    @property
    def version(self) -> str:
        """Changes with the binding and with its role."""
        return f"{self.metadata.resource_version}.{hash(self.gives):x}{self.missing:d}"

    @property
    def named(self) -> list[Reference]:
        """Whom it names. To the cluster a service account without a namespace is one of the binding's own."""
        return [
            msgspec.structs.replace(each, namespace=self.namespace)
            if each.kind == "ServiceAccount" and not each.namespace
            else each
            for each in self.subjects or ()
        ]


def summary(rules: Iterable[Rule] | None) -> str:
    """The whole of a role in a word or two."""
    rules = list(rules or ())
    if not rules:
        return "nothing"
    if any(rule.total for rule in rules):
        return "everything"
    verbs = {verb for rule in rules for verb in rule.verbs or ()}
    secret = any(
        {"secrets", "*"} & set(rule.resources or ()) and {"", "*"} & set(rule.api_groups or ())
        for rule in rules
        if _READING & set(rule.verbs or ())
    )
    words = "changing" if verbs & _CHANGING else "reading"
    return f"{words}, secrets too" if secret else words


def rule_rows(rules: Iterable[Rule] | None) -> dict[str, Any]:
    """The rules as a page shows them: ``rules``, and whether any of them names single things (``named``)."""
    rows = [
        {
            "may": rule.may,
            "what": rule.what,
            "where": rule.where,
            "only": ", ".join(rule.resource_names or ()) or "",
        }
        for rule in rules or ()
    ]
    return {"rules": rows, "named": any(row["only"] for row in rows)}


def gives(own: Sequence[Binding], others: Mapping[str, Sequence[Any]]) -> Sequence[Binding]:
    """Each binding with what its role lets do."""
    known = {
        (kind, role.namespace, role.name): role
        for kind, name in (("Role", "role"), ("ClusterRole", "cluster-role"))
        for role in others.get(name, ())
    }
    listed = {kind for kind, name in (("Role", "role"), ("ClusterRole", "cluster-role")) if name in others}

    def told(one: Binding) -> Binding:
        ref = one.role_ref
        role = known.get((ref.kind, one.namespace if ref.kind == "Role" else "", ref.name))
        if role is None:
            return msgspec.structs.replace(one, missing=ref.kind in listed)
        return msgspec.structs.replace(one, gives=summary(role.rules))

    return [told(one) for one in own]


def subject_words(one: Binding) -> list[str]:
    """Whom it names, each in words; the first few."""
    named = [each.words for each in one.named]
    return [*named[:4], *([count(len(named) - 4, "more", "more")] if len(named) > 4 else [])]


async def bindings_of(look: Look, fits: Any, namespace: str = "") -> tuple[list[User], str]:
    """The bindings that fit, of the whole cluster and of a namespace ("" for all); and why not all can be told."""
    rows: list[User] = []
    unknown = ""
    for plural, kind, label, path in (
        ("rolebindings", "role-binding", "Role binding", namespace),
        ("clusterrolebindings", "cluster-role-binding", "Cluster role binding", ""),
    ):
        try:
            found = await first_of(look, f"{GROUP}/{plural}", path)
        except ClusterError as error:
            unknown = error.message
            continue
        for one in filter(fits, _understood(found.items)):
            key = f"{one.namespace}/{one.name}" if one.namespace else one.name
            rows.append(User(kind, one.name, key, label, one.namespace or "the whole cluster"))
        others = found.others(lambda item: any(map(fits, _understood([item]))))
        unknown = unknown or (others and f"{label}s: {others}") or found.only(f"{label.lower()}s")
    return rows, unknown


def _understood(items: Iterable[Mapping[str, Any]]) -> Iterator[Binding]:
    for item in items:
        try:
            yield msgspec.convert(item, Binding)
        except msgspec.ValidationError:
            continue
