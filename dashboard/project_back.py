"""Back to the version before, offered on Home where a Compose project began to fail after it was deployed from here."""

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
from clusters.triage import explain
from clusters.triage.engine import AFTER_VERSION
from clusters.triage.finding import Finding
from dashboard.compose_rights import LOOKS
from dashboard.engine import engine

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
    shown = [one for one in findings if _is_of_project(one) and _may_see(actor, *_project(one))]
    if not shown:
        return {}
    newest = await newest_of_each({one.cluster for one in shown})
    came = {(version.cluster_id, version.project): version.at.timestamp() for version in newest}
    suspected = [one for one in shown if _is_suspected(one, came.get(_project(one)))]
    # Only now: it opens the sealed texts of many versions, and Home asks each time it is drawn.
    ways = {key: await way_back(*key) for key in sorted({_project(one) for one in suspected})}
    return {one.id: _back(actor, one, way) for one in suspected if (way := ways[_project(one)])}


def _project(one: Finding) -> tuple[int, str]:
    """Its cluster and name."""
    return one.cluster, one.namespace


def _is_of_project(one: Finding) -> bool:
    connection = engine.supervisor.connections[one.cluster]
    is_engine = connection.driver.platform in ENGINES and connection.cluster.driver != "demo"
    return is_engine and one.kind == "container" and bool(one.namespace)


def _may_see(actor: Actor, cluster: int, project: str) -> bool:
    return decide(actor, area_in(engine.supervisor.connections[cluster].cluster, project), LOOKS).allowed


def _is_suspected(one: Finding, came: float | None) -> bool:
    """It began soon after the newest version came, if any was ever deployed from here."""
    return came is not None and bool(one.since) and 0 <= one.since - came + SLACK <= AFTER_VERSION


def _back(actor: Actor, one: Finding, way: WayBack) -> Back:
    cluster = engine.supervisor.connections[one.cluster].cluster
    decision = decide(actor, area_in(cluster, one.namespace), NEED)
    asked = {"cluster": cluster.slug, "name": one.namespace, "version": way.to, "back": 1}
    began = explain.after_version(one.since, way.since.timestamp(), f"{way.newest} of {one.namespace}")
    return Back(
        label=f"Go back to version {way.to}",
        href=f"{reverse('compose_compare')}?{urlencode(asked)}",
        why_not=missing() if decision.allowed else decision.reason,
        cause=f"{one.cause} {began}".strip(),
    )
