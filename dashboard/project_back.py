"""Back to the version before, offered on Home where a project or stack began to fail after one came from here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from clusters.access import Actor, decide
from clusters.compose.deploy import NEED
from clusters.compose.program import missing
from clusters.compose.versions import WayBack, newest_of_each, way_back
from clusters.drivers.base import ENGINES
from clusters.reach import area_in
from clusters.stacks.deploy import versions_name
from clusters.triage import explain
from clusters.triage.engine import AFTER_VERSION
from clusters.triage.finding import Finding
from dashboard.compose_rights import LOOKS
from dashboard.engine import engine

SERVICE = "swarm-service"  # of a stack
SLACK = 30.0  # seconds between two clocks


@dataclass(frozen=True, slots=True)
class Back:
    """The first thing to do about a finding: a dialog that shows the difference, with the button that goes back."""

    label: str
    href: str
    why_not: str  # why this person cannot do it, or not now
    cause: str  # what is said beside the finding


async def ways_back(actor: Actor, findings: Sequence[Finding]) -> dict[str, Back]:
    """By finding. None where the newest version is not suspected, or there is none to go back to."""
    shown = [one for one in findings if _has_text(one) and _may_see(actor, one)]
    if not shown:
        return {}
    newest = await newest_of_each({one.cluster for one in shown})
    came = {(version.cluster_id, version.project): version.at.timestamp() for version in newest}
    suspected = [one for one in shown if _is_suspected(one, came.get(_kept_as(one)))]
    # Only now: it opens the sealed texts of many versions, and Home asks each time it is drawn.
    ways = {key: await way_back(*key) for key in sorted({_kept_as(one) for one in suspected})}
    there = engine.supervisor.connections  # it may be disconnected by now
    return {
        one.id: _back(actor, one, way) for one in suspected if one.cluster in there and (way := ways[_kept_as(one)])
    }


def _kept_as(one: Finding) -> tuple[int, str]:
    """Its cluster, and what the versions of its project or stack are kept under there."""
    return one.cluster, versions_name(one.namespace) if one.kind == SERVICE else one.namespace


def _has_text(one: Finding) -> bool:
    """Is it of what may have been deployed from here?"""
    connection = engine.supervisor.connections[one.cluster]
    is_engine = connection.driver.platform in ENGINES and connection.cluster.driver != "demo"
    return is_engine and one.kind in ("container", SERVICE) and bool(one.namespace)


def _may_see(actor: Actor, one: Finding) -> bool:
    return decide(actor, area_in(engine.supervisor.connections[one.cluster].cluster, one.namespace), LOOKS).allowed


def _is_suspected(one: Finding, came: float | None) -> bool:
    """It began soon after the newest version came, if any was ever deployed from here."""
    return came is not None and bool(one.since) and 0 <= one.since - came + SLACK <= AFTER_VERSION


def _back(actor: Actor, one: Finding, way: WayBack) -> Back:
    cluster = engine.supervisor.connections[one.cluster].cluster
    decision = decide(actor, area_in(cluster, one.namespace), NEED)
    asked = {"cluster": cluster.slug, "name": one.namespace, "version": way.to, "back": 1}
    compare = reverse("stack_compare" if one.kind == SERVICE else "compose_compare")
    began = explain.after_version(one.since, way.since.timestamp(), f"{way.newest} of {one.namespace}")
    return Back(
        label=f"Go back to version {way.to}{f' of {one.namespace}' if one.places else ''}",
        href=f"{compare}?{urlencode(asked)}",
        why_not=missing() if decision.allowed else decision.reason,
        cause=explain.of_another_version(one.cause, began),
    )
