"""Service account: who an app is to the cluster itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clusters.kinds.base import Health, Kind, Level, Look
from clusters.kinds.columns import AGE, NAMESPACE, STATUS, name_column
from clusters.kinds.kubernetes.base import Object, Part, understood
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.facts import Fact, User, Users, overview, panel
from clusters.kinds.kubernetes.panels import EVENTS, YAML
from clusters.kinds.kubernetes.permissions import Binding, bindings_of

API, NOUN = "v1/serviceaccounts", "serviceaccount"


class Reference(Part, frozen=True, gc=False, rename="camel"):
    """A secret by name."""

    name: str = ""


class ServiceAccount(Object, frozen=True, gc=False, rename="camel"):
    """One account."""

    automount_service_account_token: bool | None = None
    image_pull_secrets: list[Reference] | None = None


@understood
def health(one: ServiceAccount) -> Health:
    """That it is there is all there is to it."""
    return Health(Level.HEALTHY, "Ready")


def _facts(one: ServiceAccount) -> list[Fact]:
    handed = one.automount_service_account_token is not False
    pulls = [secret.name for secret in one.image_pull_secrets or ()]
    return [
        Fact("Its token", "is put into its pods, unless they say otherwise" if handed else "is not put into its pods"),
        *(Fact("Fetches images with", name, "secret", f"{one.namespace}/{name}") for name in pulls),
        Fact("Is called", f"system:serviceaccount:{one.namespace}:{one.name}", mono=True),
    ]


async def _load(look: Look) -> Mapping[str, Any]:
    one: ServiceAccount = look.resource

    def named(binding: Binding) -> bool:
        return any(
            each.kind == "ServiceAccount" and (each.namespace, each.name) == (one.namespace, one.name)
            for each in binding.named
        )

    given, unknown = await bindings_of(look, named)
    facts = [
        *_facts(one),
        *(Fact("Was given rights by", f"{each.label.lower()} {each.name}", each.kind, each.key) for each in given),
        *(() if given else (Fact("Was given rights by", unknown or "no binding that names it"),)),
        *((Fact("Perhaps by others, too", unknown),) if given and unknown else ()),
    ]
    return await overview(look, facts, await _users(look))


async def _users(look: Look) -> Users:
    one = look.resource
    pods = [
        pod
        for pod in await look.related("pod")
        if pod.namespace == one.namespace and (pod.spec.service_account_name or "default") == one.name
    ]
    rows = [User("pod", pod.name, f"{pod.namespace}/{pod.name}", "Pod", "", pod.spec.node_name) for pod in pods]
    return Users("Pods that are this account", "No pod is it now.", rows)


SERVICE_ACCOUNT: Kind[ServiceAccount] = Kind(
    model=ServiceAccount,
    api=API,
    name="service-account",
    label="Service account",
    plural="Service accounts",
    icon="user",
    group="Config and secrets",
    platform="kubernetes",
    words="Who an app is when it speaks to the cluster itself; roles say what it may do there.",
    health=health,
    columns=(name_column(), STATUS, NAMESPACE, AGE),
    panels=(panel(_load), EVENTS, YAML),
    actions=(
        deleting(
            API,
            NOUN,
            effect=lambda one: f"Deletes {one.name}: no pod can be made with it, and its tokens open nothing more.",
            stays=lambda one: "Pods that run go on, without access to the cluster.",
        ),
    ),
)
