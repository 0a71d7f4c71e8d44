"""What Home counts: what is shared and known, and it says so while not all of a kind is known."""

from __future__ import annotations

from clusters.live.resource import Coming, Listed
from clusters.triage.engine import counts, find
from clusters.triage.overview import overview
from clusters.triage.restarts import Restarts
from tests.clusters.test_triage_findings import ALL, Clock, _now, heard, host, shop

__all__ = ["_now"]  # a fixture


def test_what_is_not_shared_is_neither_found_nor_counted() -> None:
    clusters = [heard(1, "Shop", shop("leak", "image", "node", after=100)), heard(2, "Host", host("disk", "stuck"))]
    assert find(clusters, {}, Clock.at) == []
    only = {1: frozenset({"data"})}
    assert {one.namespace for one in find(clusters, only, Clock.at)} <= {"data"}
    assert sum(counts(clusters, only).values()) == 8


def test_apps_count_when_all_of_their_kind_are_known_and_until_then_nothing_is_called_all_of_it() -> None:
    cluster = heard(1, "Shop", shop())
    deployments = list(cluster.stores["deployment"].resources.values())
    cluster.stores["deployment"].forget()
    cluster.stores["deployment"].apply(Coming(deployments[:2]))
    known = sum(counts([cluster], ALL).values())
    home = overview([cluster], ALL, [], Restarts(0, 0.0), [], Clock.at)
    assert home.headline == "What can be seen is well"
    assert home.sentence.endswith(" so far.")
    cluster.stores["deployment"].apply(Listed(deployments))
    assert sum(counts([cluster], ALL).values()) == known + len(deployments)
    assert not overview([cluster], ALL, [], Restarts(0, 0.0), [], Clock.at).sentence.endswith(" so far.")
