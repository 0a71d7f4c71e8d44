"""Custom resource definition: a kind that somebody taught the cluster, and what there is of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from clusters.errors import ClusterError
from clusters.kinds.base import Column, Health, Kind, Level, Look, Role
from clusters.kinds.columns import AGE, STATUS, name_column
from clusters.kinds.formats import listed
from clusters.kinds.kubernetes.asked_once import first_of
from clusters.kinds.kubernetes.base import Condition, Object, Part, condition, understood
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.facts import Fact, User, Users, overview, panel
from clusters.kinds.kubernetes.names import page_of
from clusters.kinds.kubernetes.panels import CONDITIONS, EVENTS, YAML
from clusters.kinds.kubernetes.webhooks import Client

API = "apiextensions.k8s.io/v1/customresourcedefinitions"
MOST = 100  # custom resources that are shown: they may be large
SETTING_UP = 30.0  # seconds it may take until the cluster serves it


class Names(Part, frozen=True, gc=False, rename="camel"):
    """What its objects are called."""

    kind: str = ""
    plural: str = ""
    short_names: list[str] | None = None
    categories: list[str] | None = None


class Printer(Part, frozen=True, gc=False, rename="camel"):
    """One column that the cluster prints of its objects."""

    name: str = ""


class DefinedVersion(Part, frozen=True, gc=False, rename="camel"):
    """One version of it. Its schema is not read: it may be long."""

    name: str = ""
    served: bool = False
    storage: bool = False
    deprecated: bool = False
    additional_printer_columns: list[Printer] | None = None

    @property
    def words(self) -> str:
        """ "v1 (stored), v1beta1 (deprecated)" """
        marks = (("stored", self.storage), ("deprecated", self.deprecated), ("not served", not self.served))
        said = ", ".join(word for word, holds in marks if holds)
        return f"{self.name} ({said})" if said else self.name


class ConversionHook(Part, frozen=True, gc=False, rename="camel"):
    """Who turns one version into another."""

    client_config: Client = Client()


class Conversion(Part, frozen=True, gc=False, rename="camel"):
    """How one version becomes another."""

    strategy: str = "None"
    webhook: ConversionHook | None = None


class DefinitionSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    group: str = ""
    names: Names = Names()
    scope: str = "Namespaced"
    versions: list[DefinedVersion] | None = None
    conversion: Conversion | None = None


class DefinitionStatus(Part, frozen=True, gc=False, rename="camel"):
    """What the cluster made of it."""

    conditions: list[Condition] | None = None
    stored_versions: list[str] | None = None


class Definition(Object, frozen=True, gc=False, rename="camel"):
    """One kind."""

    spec: DefinitionSpec = DefinitionSpec()
    status: DefinitionStatus = DefinitionStatus()

    @property
    def versions(self) -> list[DefinedVersion]:
        """Its versions, the newest first as a rule."""
        return self.spec.versions or []

    @property
    def served(self) -> DefinedVersion | None:
        """The version in which its objects are asked for: the stored one, if it is served."""
        return min((one for one in self.versions if one.served), key=lambda one: not one.storage, default=None)

    @property
    def unserved(self) -> list[str]:
        """Versions in which objects may still be stored, and that nobody can read any more."""
        served = {one.name for one in self.versions if one.served}
        return [name for name in self.status.stored_versions or () if name not in served]


@understood
def health(one: Definition) -> Health:
    """Whether the cluster took it up."""
    conditions = one.status.conditions
    names, there = condition(conditions, "NamesAccepted"), condition(conditions, "Established")
    if names and names.status == "False":
        words = f"Another kind has one of its names. {names.message[:300]}"
        return Health(Level.FAILING, "Name taken", words, names.reason, names.since)
    if there is None or there.status != "True":
        if time.time() - one.created < SETTING_UP:
            return Health(Level.CHANGING, "Setting up", "The cluster does not serve it yet.", since=one.created)
        why = there.message[:300] if there else "The cluster said nothing of it."
        code = f"Established: {(there.reason or there.status) if there else 'not said'}"
        since = there.since if there else one.created
        return Health(Level.FAILING, "Not served", f"The cluster does not serve it. {why}", code, since)
    structural = condition(conditions, "NonStructuralSchema")
    if structural and structural.status == "True":
        words = f"Its schema is not one that the cluster checks. {structural.message[:300]}"
        return Health(Level.AT_RISK, "Schema unfit", words, structural.reason, structural.since)
    if one.unserved:
        words = f"Some may still be stored as {listed(one.unserved)}, which is not served any longer."
        return Health(Level.AT_RISK, "Old versions", words, "status.storedVersions")
    return Health(Level.HEALTHY, "Served")


async def _users(look: Look) -> Users:
    """What there is of it, as the cluster has it now."""
    one: Definition = look.resource
    title, nobody = f"What there is of {one.spec.names.kind or one.name}", "There is none."
    if one.served is None:
        return Users(title, nobody, unknown="None of its versions is served, so they cannot be read.")
    try:
        found = await first_of(look, f"{one.spec.group}/{one.served.name}/{one.spec.names.plural}", most=MOST)
    except ClusterError as error:
        return Users(title, nobody, unknown=error.message)
    rows = []
    for item in found.items:
        name, namespace = str(item["metadata"]["name"]), str(item["metadata"].get("namespace", ""))
        rows.append(User(page_of(one.name), name, f"{namespace}/{name}" if namespace else name, "", namespace))
    cut = f"Only the first {MOST} are shown: all of them are in their list." if found.more else ""
    beyond = "; ".join(filter(None, (found.others(lambda item: True), cut)))
    return Users(title, nobody, rows, "Namespace", beyond=beyond)


async def _load(look: Look) -> Mapping[str, Any]:
    one: Definition = look.resource
    names, served, hook = one.spec.names, one.served, one.spec.conversion and one.spec.conversion.webhook
    to = hook.client_config.service if hook else None
    printed = [column.name for column in (served.additional_printer_columns if served else None) or ()]
    facts = [
        Fact("All of them", f"list of {names.plural}", listed=page_of(one.name)),
        Fact("Its kind", names.kind or "–", mono=True),
        Fact("Also called", ", ".join((*(names.short_names or ()), *(names.categories or ()))) or "–", mono=True),
        Fact("Group", one.spec.group or "–", mono=True),
        Fact("Belongs to", "a namespace" if one.spec.scope == "Namespaced" else "the whole cluster"),
        Fact("Versions", ", ".join(version.words for version in one.versions) or "none"),
        Fact("Its lists show", ", ".join(printed) or "names and ages only"),
        *(
            (
                Fact(
                    "Versions are turned into each other by",
                    hook.client_config.words or "–",
                    "service" if to else "",
                    f"{to.namespace}/{to.name}" if to else "",
                ),
            )
            if hook
            else ()
        ),
    ]
    return await overview(look, facts, await _users(look))


CUSTOM_RESOURCE_DEFINITION: Kind[Definition] = Kind(
    model=Definition,
    api=API,
    name="custom-resource-definition",
    label="Custom kind",
    plural="Custom kinds",
    icon="shapes",
    group="Everything else",
    platform="kubernetes",
    namespaced=False,
    words="A kind that somebody taught the cluster (a custom resource definition), and what there is of it.",
    health=health,
    columns=(
        name_column(lambda one: one.spec.names.kind, "minmax(220px, 2.4fr)"),
        STATUS,
        Column(
            key="group",
            label="Group",
            cell="mono",
            value=lambda one: one.spec.group or None,
            sort=lambda one: one.spec.group,
            facet=lambda one: one.spec.group,
            width="minmax(160px, 1.6fr)",
        ),
        Column(
            key="versions",
            label="Versions",
            cell="tags",
            value=lambda one: [version.words for version in one.versions][:4],
            width="minmax(140px, 1.4fr)",
        ),
        Column(
            key="scope",
            label="Belongs to",
            value=lambda one: "a namespace" if one.spec.scope == "Namespaced" else "the cluster",
            facet=lambda one: "a namespace" if one.spec.scope == "Namespaced" else "the cluster",
        ),
        AGE,
    ),
    panels=(panel(_load), CONDITIONS, EVENTS, YAML),
    actions=(
        deleting(
            API,
            "customresourcedefinition",
            effect=lambda one: f"Deletes the kind {one.spec.names.kind}, and everything that there is of it.",
            stays=lambda one: "What was made for them and does not name them as its owner stays.",
            role=Role.ADMIN,
        ),
    ),
    search=lambda one: f"{one.spec.names.kind} {' '.join(one.spec.names.short_names or ())}",
)
