"""Pull secrets: how the nodes of a Kubernetes cluster sign in at a registry, made of what is stored about it.

Whoever can read the secrets of that namespace can read the password then. So administrators make them, or operators
where an administrator allowed it for that registry; and both only where they may apply YAML.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from clusters import audit
from clusters.access import Actor
from clusters.apply.newest import newest
from clusters.apply.owners import OURS
from clusters.apply.step import APPLY, LEAST
from clusters.carrying_out import event_of, recorded
from clusters.drivers.base import Call, Driver
from clusters.errors import Conflict, Invalid, Missing, Refused, Unsupported
from clusters.gateway import Gateway
from clusters.kinds.kubernetes.base import write_on_newest
from clusters.models import Registry
from clusters.permissions import HINT, NotPermitted, may_not
from clusters.registries.access import may_give
from clusters.registries.reference import HUB
from clusters.registries.sign_in import credentials, server_of
from clusters.shells import in_time

TYPE, ENTRY = "kubernetes.io/dockerconfigjson", ".dockerconfigjson"
MADE_FROM = "pilothouse/registry"  # the annotation that says of which registry it is
ACCOUNT = "default"  # the service account of pods that name none
SECONDS = 30.0
VERB = "make pull secret"
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")
_NAMESPACE = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A pull secret as it was filled in. ``attach``: pods that name no service account use it, too."""

    namespace: str
    name: str
    attach: bool = False

    def __post_init__(self) -> None:
        if not _NAMESPACE.fullmatch(self.namespace):
            raise Invalid("That is not the name of a namespace.", field="namespace")
        if not _NAME.fullmatch(self.name):
            raise Invalid("Names of secrets are small letters, digits, dots and dashes.", field="name")


@dataclass(frozen=True, slots=True)
class Ahead:
    """What making it would do, in sentences."""

    effects: Sequence[str]


def usual_name(registry: Registry) -> str:
    """What one is called when nobody says otherwise."""
    return f"pull-{registry.slug}"[:60].rstrip("-")


async def look_ahead(gateway: Gateway, actor: Actor, cluster_id: int, registry: Registry, wanted: Wanted) -> Ahead:
    """What it would do. Nothing is changed. Raises Denied, Refused, or why it cannot be done."""
    await _allow(gateway, actor, cluster_id, registry, wanted)
    return await in_time(_ahead(gateway.driver(actor, cluster_id), registry, wanted), SECONDS)


async def make(gateway: Gateway, actor: Actor, cluster_id: int, registry: Registry, wanted: Wanted) -> str:
    """Make it, or put the sign-in as it is stored now into it; words for what was done.

    Raises Denied, Refused, Unrecorded, or the cluster's own error.
    """
    await _allow(gateway, actor, cluster_id, registry, wanted)
    driver = gateway.driver(actor, cluster_id)
    event = _event(gateway, actor, cluster_id, registry, wanted)
    request = await audit.intent(event)
    return await recorded(event, request, _make(driver, registry, wanted), SECONDS)


async def _allow(gateway: Gateway, actor: Actor, cluster_id: int, registry: Registry, wanted: Wanted) -> None:
    await gateway.see(actor, cluster_id, wanted.namespace, LEAST, verb=VERB, kind="secret", name=wanted.name)
    if gateway.driver(actor, cluster_id).platform != "kubernetes":
        raise Unsupported("Only Kubernetes has pull secrets: engines are given the sign-in with each request.")
    if not may_give(actor, registry):
        why = f"Only administrators put the sign-in of {registry.name} into a cluster: who reads secrets there sees it."
        await audit.denied(_event(gateway, actor, cluster_id, registry, wanted), why)
        raise Refused(why, hint="They can let operators do it, in the settings of the registry.")
    if not registry.user:
        raise Invalid(
            f"Nothing is stored about how to sign in at {registry.host}.", hint="Then it takes no pull secret."
        )


async def _ahead(driver: Driver, registry: Registry, wanted: Wanted) -> Ahead:
    live = await _there(driver, registry, wanted)
    where = f"{wanted.name} in {wanted.namespace}"
    effects = [f"Puts the sign-in of {registry.host} as it is stored now into {where}." if live else f"Makes {where}."]
    effects += [f"Whoever can read secrets in {wanted.namespace} can read the password of {registry.user} there."]
    if not wanted.attach:
        return Ahead([*effects, "Only what names it as its pull secret uses it."])
    account = await newest(driver, _account(wanted.namespace))
    if account is None:
        raise Missing(
            f"There is no service account {ACCOUNT} in {wanted.namespace}.", hint="Is there such a namespace?"
        )
    before = pull_secrets_of(account)
    if wanted.name in before:
        return Ahead([*effects, f"The service account {ACCOUNT} names it already."])
    others = f"beside {', '.join(before)}" if before else "as the first one"
    attached = f"The service account {ACCOUNT} of {wanted.namespace} names it from then on, {others}"
    return Ahead([*effects, f"{attached}: new pods there that name no other account fetch their images with it."])


async def _make(driver: Driver, registry: Registry, wanted: Wanted) -> str:
    live = await _there(driver, registry, wanted)
    await _permitted(driver, wanted, live)
    found = await credentials(registry.host)
    if found is None:
        raise Conflict(f"Nothing is stored any more about how to sign in at {registry.host}.")
    query = {"fieldManager": OURS, "fieldValidation": "Strict", "force": "true"}
    await driver.call(Call("PATCH", _secret(wanted), query, _object(registry.host, wanted, found), APPLY))
    words = f"{wanted.name} in {wanted.namespace} has the sign-in of {registry.host} now."
    return f"{words} {await _attach(driver, wanted)}" if wanted.attach else words


async def _there(driver: Driver, registry: Registry, wanted: Wanted) -> Mapping[str, Any] | None:
    """The secret of that name as it is, without what it holds. Raises Conflict where it is something else."""
    live = await newest(driver, _secret(wanted))
    if live is None:
        return None
    live.pop("data", None)
    of = ((live.get("metadata") or {}).get("annotations") or {}).get(MADE_FROM)
    if live.get("type") != TYPE or of is None:
        raise Conflict(
            f"There is a secret {wanted.name} in {wanted.namespace} that was not made here.", hint="Take another name.",
            field="name",
        )  # fmt: skip
    if of != registry.host:
        raise Conflict(f"{wanted.name} is the pull secret of {str(of)[:200]}.", hint="Take another name.", field="name")
    return live


async def _permitted(driver: Driver, wanted: Wanted, live: Mapping[str, Any] | None) -> None:
    """The cluster is asked about both steps before the first: half of it would be no use."""
    asked = [("patch", "secrets", wanted.name)] + ([] if live else [("create", "secrets", "")])
    asked += [("patch", "serviceaccounts", ACCOUNT)] if wanted.attach else []
    for verb, plural, name in asked:
        if await driver.may(verb, "", plural, wanted.namespace, name, newest=True) is False:
            raise NotPermitted(may_not(verb, plural, wanted.namespace, who=driver.acts_as), hint=HINT)


async def _attach(driver: Driver, wanted: Wanted) -> str:
    """Add it to what the account names; what others write there meanwhile stays."""

    async def made() -> Call | None:
        account = await newest(driver, _account(wanted.namespace))
        if account is None:
            raise Missing(f"The secret was made, but there is no service account {ACCOUNT} in {wanted.namespace}.")
        if wanted.name in pull_secrets_of(account):
            return None
        before = account.get("imagePullSecrets") or []
        version = (account.get("metadata") or {}).get("resourceVersion")
        body = {"metadata": {"resourceVersion": version}, "imagePullSecrets": [*before, {"name": wanted.name}]}
        return Call("PATCH", _account(wanted.namespace), {"fieldManager": OURS}, body, "application/merge-patch+json")

    if await write_on_newest(driver, made) is None:
        return f"The service account {ACCOUNT} named it already."
    return f"The service account {ACCOUNT} names it: new pods that name no other account use it."


def pull_secrets_of(account: Mapping[str, Any]) -> list[str]:
    """The pull secrets that a service account names."""
    return [str(one.get("name")) for one in account.get("imagePullSecrets") or () if isinstance(one, dict)]


async def hosts_of(driver: Driver, path: tuple[str, ...]) -> set[str]:
    """For which registries a pull secret is. What else it holds is let go of at once."""
    try:
        secret = await driver.call(Call("GET", path, timeout=10))
    except Missing:
        return set()
    coded = (secret.get("data") or {}).get(ENTRY) if secret.get("type") == TYPE else None
    try:
        config = msgspec.json.decode(base64.b64decode(coded or "e30="))
        servers = (config.get("auths") or {}).keys()
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError, AttributeError, ValueError):
        return set()
    return {HUB if "index.docker.io" in one else one.partition("://")[2].partition("/")[0] or one for one in servers}


def _object(host: str, wanted: Wanted, found: tuple[str, str]) -> dict[str, Any]:
    user, password = found
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    config = {"auths": {server_of(host): {"username": user, "password": password, "auth": pair}}}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": wanted.name,
            "namespace": wanted.namespace,
            "annotations": {MADE_FROM: host},
            "labels": {"app.kubernetes.io/managed-by": OURS},
        },
        "type": TYPE,
        "data": {ENTRY: base64.b64encode(msgspec.json.encode(config)).decode()},
    }


def _event(gateway: Gateway, actor: Actor, cluster_id: int, registry: Registry, wanted: Wanted) -> audit.Event:
    detail = {"registry": registry.host, "user": registry.user, "attach": wanted.attach}
    cluster = gateway.connections.cluster(cluster_id)
    return event_of(actor, cluster, "secret", None, VERB, namespace=wanted.namespace, detail=detail, name=wanted.name)


def _secret(wanted: Wanted) -> tuple[str, ...]:
    return ("api", "v1", "namespaces", wanted.namespace, "secrets", wanted.name)


def _account(namespace: str) -> tuple[str, ...]:
    return ("api", "v1", "namespaces", namespace, "serviceaccounts", ACCOUNT)
