"""The Swarm itself: the kind. Its managers, whether they can decide, how machines join, and its keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clusters.drivers.base import Call
from clusters.kinds.base import Column, Health, Kind, Level, Look, Panel, Role
from clusters.kinds.columns import AGE, WIDE_STATUS, name_column
from clusters.kinds.formats import count, listed
from clusters.kinds.join import Join
from clusters.kinds.swarm.overview import Fact, Section, overview, panel
from clusters.kinds.swarm.swarm_actions import ACTIONS
from clusters.kinds.swarm.swarm_model import Swarm, join

MANY = 3  # nodes from which on one manager is a risk that need not be


def health(one: Swarm) -> Health:
    """Whether it can decide, and what it can still lose."""
    if not one.decides:
        words = "More than half of its managers are gone: what runs goes on, but nothing is started, moved or changed"
        return Health(Level.FAILING, "Cannot decide", words, "no leader")
    if one.local_node_state == "locked":
        return Health(Level.FAILING, "Locked", "Its manager was started again and needs the unlock key", "locked")
    if one.error:
        return Health(Level.AT_RISK, "In trouble", one.error[:300], one.local_node_state)
    if one.unreachable:
        return _missing(one)
    if one.managers == 1 and one.nodes >= MANY:
        words = f"If it is lost, nobody decides for {count(one.nodes, 'node')}. With three managers, one may be lost."
        return Health(Level.AT_RISK, "One manager", words, "1 manager")
    return Health(Level.HEALTHY, "Ready", "", count(one.managers, "manager"))


def _missing(one: Swarm) -> Health:
    names, majority = listed(one.unreachable), one.managers // 2 + 1
    most = one.managers - len(one.unreachable) - majority
    if most < 0:
        words = f"{names} cannot be reached: {majority} of {one.managers} managers are needed to decide"
        return Health(Level.FAILING, "Cannot decide", words, "unreachable")
    more = f"{most} more may be lost" if most else "one more lost, and it cannot decide"
    return Health(Level.AT_RISK, "Managers missing", f"{names} cannot be reached: {more}", "unreachable")


def spare(one: Swarm) -> str:
    """How many managers it can lose."""
    can = max(0, (one.managers - 1) // 2)
    if not can:
        return "No manager. It has only one." if one.managers == 1 else "No manager. Both are needed to decide."
    even = " (one fewer could lose as many)" if one.managers > 2 and one.managers % 2 == 0 else ""
    return f"{count(can, 'manager')}{even}"


async def _load(look: Look) -> Mapping[str, Any]:
    one: Swarm = look.resource
    cluster, spec = one.cluster, one.cluster.spec
    managers = [node for node in await look.related("swarm-node") if node.manages]
    state, days = health(one), spec.authority.node_cert_expiry / 86_400e9
    facts = [
        Fact("Now", state.word, tag=state.code),
        Fact("Why", state.reason),
        Fact("What to do", _to_do(one)),
        Fact("Nodes", f"{one.nodes}, of them {count(one.managers, 'manager')}" if one.nodes else ""),
        Fact("It may lose", spare(one) if one.managers else ""),
        Fact("Managers are at", ", ".join(one.addresses), mono=True),
        Fact("Managers that start", _locked(spec.encryption_config.auto_lock_managers)),
        Fact("Tasks kept of each copy's past", str(spec.orchestration.task_history_retention_limit or 0)),
        Fact("Certificates of nodes are good for", f"{days:g} days" if days else ""),
        Fact("Addresses of its networks", ", ".join(cluster.default_addr_pool or ()), mono=True),
        Fact("Its authority", "is being replaced" if cluster.root_rotation_in_progress else ""),
        Fact("Made", at=one.created),
        Fact("Id", cluster.id, mono=True),
    ]  # fmt: skip
    nodes = [Fact(node.name, _standing(node), kind="swarm-node", key=node.uid) for node in managers]
    return overview([Section("Facts", facts), Section("Managers", nodes)], labels=one.labels)


def _locked(on: bool) -> str:
    return "are locked until the unlock key is given" if on else "decide at once"


def _standing(node: Any) -> str:
    status = node.manager_status
    return ("leads" if node.leads else status.reachability or "manager") if status else "is becoming one"


def _to_do(one: Swarm) -> str:
    if not one.decides:
        return (
            "First bring lost managers back: start their machines, or mend the network between them. Only if they are "
            "gone for good, on one that is left: docker swarm init --force-new-cluster, then remove the lost nodes and "
            "promote others."
        )
    if one.local_node_state == "locked":
        return "“Unlock its Swarm” on the page of its host, or there: docker swarm unlock, with the key that was kept."
    if one.managers == 1 and one.nodes >= MANY:
        return "Promote two more nodes, best on machines that do not fail together."
    return "Mend or replace the managers that cannot be reached." if one.unreachable else ""


async def _joining(look: Look) -> Mapping[str, Any]:
    """The lines that make a machine join. Whoever has one can let machines in."""
    one: Swarm = look.resource
    said = await look.driver.call(Call("GET", ("swarm",)))
    tokens = said.get("JoinTokens") or {}
    address = next((each.addr for each in one.remote_managers or () if each.node_id == one.node_id), "")
    address = address or next(iter(one.addresses), f"{one.node_addr}:2377")
    lines = [
        (label, f"docker swarm join --token {tokens.get(role, '')} {address}")
        for label, role in (("As a worker", "Worker"), ("As a manager", "Manager"))
    ]
    key, spec = "", said.get("Spec") or {}
    if (spec.get("EncryptionConfig") or {}).get("AutoLockManagers"):  # now: what is in memory may be of before
        key = str((await look.driver.call(Call("GET", ("swarm", "unlockkey")))).get("UnlockKey") or "")
    return {"lines": lines, "key": key}


JOINING: Panel[Swarm] = Panel(
    key="joining",
    label="Joining",
    icon="log-in",
    template="swarm_joining",
    load=_joining,
    role=Role.ADMIN,
    right="reveal",
    live=False,
)

SWARM: Kind[Swarm] = Kind(
    name="swarm",
    label="Swarm",
    plural="Swarms",
    icon="swarm",
    group="Hosts and nodes",
    platform="swarm",
    api="swarm",
    namespaced=False,
    model=Swarm,
    words="Engines that work as one: managers decide what runs where, and all nodes carry it out.",
    health=health,
    always=True,
    join=Join(kinds=("swarm-node",), make=join, without=frozenset({"swarm-node"})),
    columns=(
        name_column(lambda one: ", ".join(one.addresses)),
        WIDE_STATUS,
        Column(
            key="nodes",
            label="Nodes",
            cell="number",
            value=lambda one: one.nodes,
            sort=lambda one: one.nodes,
            width="80px",
            end=True,
        ),
        Column(
            key="managers",
            label="Managers",
            cell="number",
            value=lambda one: one.managers,
            sort=lambda one: one.managers,
            width="92px",
            end=True,
            words="Those that decide. More than half of them must answer.",
        ),
        AGE,
    ),
    panels=(panel(_load), JOINING),
    actions=ACTIONS,
    search=lambda one: " ".join((one.cluster.id, *one.addresses)),
)
