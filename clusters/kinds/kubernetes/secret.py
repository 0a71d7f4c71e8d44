"""Secret: entries that not everybody may read. Only its metadata is watched: no value is ever in a store."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import msgspec

from clusters.errors import Missing
from clusters.kinds.base import Column, Health, Kind, Level, Look, Panel
from clusters.kinds.columns import AGE, NAMESPACE, STATUS, name_column
from clusters.kinds.formats import count, day, size
from clusters.kinds.kubernetes.base import Metadata, Object, Part, understood
from clusters.kinds.kubernetes.certificates import TYPE, Certificate, certificate_of, health_of
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.editing_entries import entry_actions
from clusters.kinds.kubernetes.facts import Fact, overview, panel
from clusters.kinds.kubernetes.panels import EVENTS, YAML
from clusters.kinds.kubernetes.references import users_of
from clusters.kinds.makers import PULL_SECRET

API, NOUN = "v1/secrets", "secret"
MOST_TEXT = 100_000  # characters of a value that are shown


class Fields(Part, frozen=True, gc=False):
    """Which entries somebody wrote: their names only, each after "f:"."""

    data: dict[str, msgspec.UnsetType | dict[str, Any]] | None = msgspec.field(default=None, name="f:data")


class Change(Part, frozen=True, gc=False, rename="camel"):
    """Who wrote which fields."""

    fields: Fields = msgspec.field(default=Fields(), name="fieldsV1")


class SecretMetadata(Metadata, frozen=True, gc=False, rename="camel"):
    """Metadata with the names of the fields that were written."""

    managed_fields: list[Change] | None = None


class Secret(Object, frozen=True, gc=False, rename="camel"):
    """One secret, without what it holds."""

    metadata: SecretMetadata = SecretMetadata()

    @property
    def entries(self) -> list[str]:
        """The names of its entries, as far as the cluster noted who wrote them."""
        names = {name for change in self.metadata.managed_fields or () for name in change.fields.data or ()}
        return sorted(name.removeprefix("f:") for name in names if name.startswith("f:"))


@understood
def health(one: Secret) -> Health:
    """That it is there is all that is known of it."""
    return Health(Level.HEALTHY, "Ready")


_SORTS = {
    "Opaque": "any entries",
    "kubernetes.io/tls": "a certificate with its key",
    "kubernetes.io/dockerconfigjson": "a sign-in at registries",
    "kubernetes.io/dockercfg": "a sign-in at registries",
    "kubernetes.io/basic-auth": "a name with its password",
    "kubernetes.io/ssh-auth": "a key for SSH",
    "kubernetes.io/service-account-token": "a token of a service account",
    "helm.sh/release.v1": "a release of Helm",
}


def _value(text: Any) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError):
        return str(text).encode()


def _of_certificate(found: Certificate | None, how: Health) -> list[Fact]:
    """What everybody who connects is told, too."""
    facts = [Fact("How the certificate is", how.reason, how=how)]
    if found:
        facts += [
            Fact("The certificate is for", ", ".join(found.names[:20]) or "no host"),
            Fact("Good until", day(found.ends)),
        ]
    return facts


async def _load(look: Look) -> Mapping[str, Any]:
    """Names and sizes; the values are let go of at once."""
    tree = await look.driver.get(look.kind, look.resource.namespace, look.resource.name)
    sort, fixed = str(tree.get("type", "")), bool(tree.get("immutable"))
    certificate = certificate_of(tree) if sort == TYPE else None
    how = health_of(tree, certificate) if sort == TYPE else None
    sizes = {str(name): len(_value(text)) for name, text in sorted((tree.pop("data", None) or {}).items())}
    del tree
    entries = [{"name": name, "size": size(length), "fixed": fixed} for name, length in sizes.items()]
    facts = [
        Fact("What it holds", _SORTS.get(sort, sort or "–")),
        Fact("Its type", sort or "–", mono=True),
        *(_of_certificate(certificate, how) if how else ()),
        Fact("Entries", f"{count(len(sizes), 'entry', 'entries')}, {size(sum(sizes.values()))}"),
        Fact("Can be changed", "no, only made anew" if fixed else "yes"),
        Fact("Its values", "are asked for one at a time, by who may; that is in the audit"),
    ]
    return await overview(look, facts, await users_of(look, "secret", sizes), entries=entries, hidden=True)


async def _reveal(look: Look) -> Mapping[str, Any]:
    """One value, asked for by its name. Raises Missing."""
    tree = await look.driver.get(look.kind, look.resource.namespace, look.resource.name)
    entry = (tree.get("data") or {}).get(look.about)
    if entry is None:
        raise Missing("This secret has no entry of that name.", hint="Go back to its overview and choose one.")
    value = _value(entry)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return {"name": look.about, "size": size(len(value)), "text": "", "coded": str(entry)[:MOST_TEXT]}
    return {"name": look.about, "size": size(len(value)), "text": text[:MOST_TEXT], "coded": ""}


VALUE: Panel[Secret] = Panel(
    key="value",
    label="One value",
    icon="eye",
    template="secret_value",
    load=_reveal,
    right="reveal",
    asks="entry",
    live=False,
    tab=False,
)

SECRET: Kind[Secret] = Kind(
    model=Secret,
    api=API,
    name="secret",
    label="Secret",
    plural="Secrets",
    icon="key-round",
    group="Config and secrets",
    platform="kubernetes",
    metadata_only=True,
    words="Entries that not everybody may read: passwords, keys, certificates. Lists know their names only.",
    health=health,
    columns=(
        name_column(lambda one: one.labels.get("owner", "")),
        STATUS,
        NAMESPACE,
        Column(
            key="entries",
            label="Entries",
            cell="tags",
            value=lambda one: one.entries[:6],
            sort=lambda one: len(one.entries),
            width="minmax(180px, 2.2fr)",
            words="Their names. Values are never in a list.",
        ),
        AGE,
    ),
    offers=(PULL_SECRET,),
    panels=(panel(_load), VALUE, EVENTS, YAML),
    actions=(
        *entry_actions(API, NOUN, hidden=True),
        deleting(
            API,
            NOUN,
            effect=lambda one: f"Deletes {one.name} with what it holds: copies that need it cannot start any longer.",
            stays=lambda one: "Copies that run keep what they have read.",
        ),
    ),
    search=lambda one: " ".join(one.entries),
)
