"""Can a host, a Swarm or a Kubernetes cluster get this image? If not, why not, and which ways there are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from clusters.access import Actor, Need
from clusters.drivers.base import ENGINES, Call, Driver
from clusters.errors import ClusterError, Missing
from clusters.gateway import Gateway
from clusters.kinds.base import Role
from clusters.models import Registry
from clusters.registries.at_registry import AtRegistry, at_registry
from clusters.registries.placement import Placement
from clusters.registries.pull_secret import ACCOUNT, hosts_of, pull_secrets_of
from clusters.registries.reference import Reference, called, named, read_reference
from clusters.shells import in_time

SECONDS = 20.0
EACH_SECONDS = 5.0  # for one engine
MOST_SECRETS = 10
MOST_NODES = 200
ANYWHERE = Placement()
ALL_HAVE = "Every node that it may run on has"

# push: to a registry that it reaches; load: put it onto its engines; pull-secret: make one there; add-registry: store
# where it is kept and how to sign in; sign-in: what is stored about that registry is not accepted.
Way = Literal["push", "load", "pull-secret", "add-registry", "sign-in"]
Answer = Literal["yes", "no", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pullable:
    """The answer in a sentence, and the ``ways``, the best first. ``holders``: hosts that have it, by their number."""

    answer: Answer
    why: str
    ways: tuple[Way, ...] = ()
    registry: Registry | None = None  # that keeps it, where it is one of ours
    holders: tuple[int, ...] = ()


@dataclass(slots=True)
class _Asked:
    gateway: Gateway
    actor: Actor
    cluster_id: int
    image: str
    reference: Reference
    driver: Driver
    on_all_nodes: bool
    namespace: str
    secrets: Sequence[str]
    account: str
    placement: Placement
    policy: str
    holders: tuple[int, ...] = ()


async def can_pull(
    gateway: Gateway,
    actor: Actor,
    cluster_id: int,
    image: str,
    *,
    on_all_nodes: bool = False,
    namespace: str = "",
    secrets: Iterable[str] = (),
    account: str = ACCOUNT,
    placement: Placement = ANYWHERE,
    policy: str = "",
) -> Pullable:
    """Asked before something is run there. ``on_all_nodes``: as a service of a Swarm, which any of its nodes may get.

    On Kubernetes: the ``namespace``, the pull ``secrets`` that it will name, its service ``account``, and the pull
    ``policy`` that it names. Only the nodes that its ``placement`` allows count.
    Nothing is pulled and nothing changed. Raises Invalid or Denied; what cannot be told is an answer.
    """
    reference = read_reference(image)
    await gateway.see(actor, cluster_id, namespace or None, Need(Role.OPERATOR, acts=False), verb="can pull")
    driver = gateway.driver(actor, cluster_id)
    asked = _Asked(
        gateway=gateway,
        actor=actor,
        cluster_id=cluster_id,
        image=image,
        reference=reference,
        driver=driver,
        on_all_nodes=on_all_nodes,
        namespace=namespace,
        secrets=list(secrets)[:MOST_SECRETS],
        account=account,
        placement=placement,
        policy=policy,
    )
    return await in_time(_answer(asked), SECONDS)


async def _answer(asked: _Asked) -> Pullable:
    on_engine = asked.driver.platform in ENGINES
    asked.holders = await _holders(asked)
    if why := await _is_there(asked):
        return Pullable(answer="yes", why=why, holders=asked.holders)
    said = await at_registry(asked.actor, asked.reference, anonymous=not on_engine)
    if said.state == "there":
        return await _in_registry(asked, said)
    if await _is_on_nodes(asked):  # in no registry that would ask for a sign-in
        return Pullable(answer="yes", why=f"{ALL_HAVE} it already.", holders=asked.holders)
    return _not_in_registry(asked, said)


async def _in_registry(asked: _Asked, said: AtRegistry) -> Pullable:
    known: dict[str, Any] = {"registry": said.registry, "holders": asked.holders}
    host = called(asked.reference.host)
    if asked.driver.platform in ENGINES:
        goes = "The sign-in stored here goes along." if said.registry and said.registry.user else "It takes no sign-in."
        return Pullable(answer="yes", why=f"{host} has it. {goes}", **known)
    if said.open:
        return Pullable(answer="yes", why=f"{host} gives it out without signing in.", **known)
    if not asked.namespace:
        why = f"{host} asks its nodes to sign in: that takes a pull secret in the namespace."
        return Pullable(answer="unknown", why=why, ways=("pull-secret",), **known)
    found = await _secret_for(asked)
    if found is None:
        why = f"{host} asks its nodes to sign in, and whether {asked.namespace} has a pull secret cannot be seen."
        return Pullable(answer="unknown", why=why, ways=("pull-secret",), **known)
    if found:
        return Pullable(answer="yes", why=f"Its nodes sign in at {host} with the pull secret {found}.", **known)
    why = f"{host} asks its nodes to sign in, and no pull secret that would be used in {asked.namespace} is for it."
    return Pullable(answer="no", why=why, ways=("pull-secret",), **known)


def _not_in_registry(asked: _Asked, said: AtRegistry) -> Pullable:
    host = called(asked.reference.host)
    known: dict[str, Any] = {"registry": said.registry, "holders": asked.holders}
    onto: tuple[Way, ...] = ("load",) if asked.driver.platform in ENGINES else ()
    held: tuple[Way, ...] = ("push", *onto) if asked.holders else ()
    if said.state == "not kept":
        why = f"{host} is not among the registries, so it was not asked: it is tried without signing in."
        return Pullable(answer="unknown", why=why, ways=(*held, "add-registry"), **known)
    if said.state == "refused":
        return Pullable(answer="no", why=said.words, ways=("sign-in", *held), **known)
    if said.state == "silent":
        return Pullable(answer="unknown", why=said.words, ways=held, **known)
    only = " Only engines have it." if asked.holders else ""
    return Pullable(answer="no", why=f"{asked.image} is not at {host}.{only}", ways=held, **known)


async def _holders(asked: _Asked) -> tuple[int, ...]:
    """The engines that have it under that name, of those that this person may look into."""

    async def has(cluster_id: int) -> bool:
        driver = asked.gateway.driver(asked.actor, cluster_id)
        try:
            call = Call("GET", ("images", *asked.image.split("/"), "json"), timeout=EACH_SECONDS)
            return isinstance(await driver.call(call), dict)
        except ClusterError:
            return False

    connections = asked.gateway.connections
    engines = [
        one
        for one in connections.clusters()
        if asked.gateway.driver(asked.actor, one).platform in ENGINES and asked.gateway.reach(asked.actor, one) is None
    ]
    answers = await asyncio.gather(*(has(one) for one in engines))
    return tuple(one for one, there in zip(engines, answers, strict=True) if there)


async def _is_there(asked: _Asked) -> str:
    """That no engine has to fetch it, in a sentence; "" where one has to, or that cannot be told."""
    if not asked.on_all_nodes:
        return "It is there already." if asked.cluster_id in asked.holders else ""
    if not asked.holders:
        return ""
    try:
        nodes = await asked.driver.call(Call("GET", ("nodes",), timeout=EACH_SECONDS))
    except ClusterError:
        return ""
    nodes = nodes if isinstance(nodes, list) else []
    wanted = [one for one in nodes if isinstance(one, dict) and asked.placement.on_swarm(one)]
    have = await asyncio.gather(*(_node_id(asked, one) for one in asked.holders))
    if not wanted or any(one.get("ID") not in have for one in wanted):
        return ""
    return f"{ALL_HAVE} it already." if len(nodes) > 1 else "It is there already."


async def _node_id(asked: _Asked, engine: int) -> str:
    """Which node of its Swarm that engine is; "" where it does not say."""
    try:
        said = await asked.gateway.driver(asked.actor, engine).call(Call("GET", ("info",), timeout=EACH_SECONDS))
    except ClusterError:
        return ""
    return str(_object(_object(said).get("Swarm")).get("NodeID") or "")


def _object(said: Any) -> Mapping[str, Any]:
    """What is none says nothing."""
    return said if isinstance(said, dict) else {}


async def _is_on_nodes(asked: _Asked) -> bool:
    """Was it put onto all nodes of Kubernetes that it may run on, and do they take it from there?

    Where nothing else is said, they ask their registry for "latest" each time.
    """
    policy = asked.policy or ("Always" if asked.reference.tag == "latest" else "IfNotPresent")
    if asked.driver.platform != "kubernetes" or policy == "Always":
        return False
    try:
        call = Call("GET", ("api", "v1", "nodes"), {"limit": str(MOST_NODES)}, timeout=EACH_SECONDS)
        said = await asked.driver.call(call)
    except ClusterError:
        return False
    said = _object(said)
    nodes = [one for one in map(_object, said.get("items") or ()) if asked.placement.on_kubernetes(one)]
    is_all = not _object(said.get("metadata")).get("continue")
    return bool(nodes) and is_all and all(_has(one, asked) for one in nodes)


def _has(node: Mapping[str, Any], asked: _Asked) -> bool:
    told = (node.get("status") or {}).get("images") or ()
    return any(named(str(name)) == asked.reference for one in told for name in one.get("names") or ())


async def _secret_for(asked: _Asked) -> str | None:
    """The pull secret that is for its registry; "" when none is, None when that cannot be seen."""
    within = ("api", "v1", "namespaces", asked.namespace)
    try:
        names = list(asked.secrets)
        if not names:  # what names its own is not given those of its account
            account = await asked.driver.call(Call("GET", (*within, "serviceaccounts", asked.account), timeout=10))
            names = pull_secrets_of(account)
        for name in names[:MOST_SECRETS]:
            if asked.reference.host in await hosts_of(asked.driver, (*within, "secrets", name)):
                return name
    except Missing:
        return ""
    except ClusterError:
        return None
    return ""
