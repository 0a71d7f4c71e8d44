"""What needs a config map or a secret: pods that run, what makes pods, and for secrets what is served or signed in with."""

from __future__ import annotations

from typing import Any

import msgspec

from clusters.drivers.base import Call
from clusters.errors import Refused
from clusters.kinds.base import Look
from clusters.kinds.kubernetes.config_map import CONFIG_MAP
from clusters.kinds.kubernetes.facts import Users
from clusters.kinds.kubernetes.references import Sort, users_of
from tests.clusters.fakes import all_shared

CONFIG = msgspec.convert({"metadata": {"name": "settings", "namespace": "shop"}}, CONFIG_MAP.model)


class Lists:
    """A driver with these lists, by the last part of their path."""

    def __init__(self, *, more: str = "", refused: str = "", **lists: Any) -> None:
        self.lists, self.more, self.refused = lists, more, refused

    async def call(self, call: Call) -> Any:
        plural = call.path[-1]
        if plural == self.refused:
            raise Refused(f"This cluster's account may not list {plural} in shop.")
        return {"items": self.lists.get(plural, []), "metadata": {"continue": "on" if plural == self.more else ""}}


def thing(name: str, **rest: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "shop"}, **rest}


def needing(**env: Any) -> dict[str, Any]:
    return {"containers": [{"name": "main", "env": [{"name": "DSN", "valueFrom": env}]}]}


async def users(driver: Lists, sort: Sort = "configMap", entries: tuple[str, ...] = ("dsn",)) -> Users:
    async def related(name: str) -> list[Any]:
        return []

    look = Look(cluster_id=1, kind=CONFIG_MAP, resource=CONFIG, driver=driver, related=related, sees=all_shared)
    return await users_of(look, sort, entries)


async def test_what_is_scaled_to_nothing_needs_it_too() -> None:
    spec = needing(configMapKeyRef={"name": "settings", "key": "dsn"})
    made = thing("web", spec={"template": {"spec": spec}})
    cron = thing("report", spec={"jobTemplate": {"spec": {"template": {"spec": spec}}}})
    found = await users(Lists(deployments=[made], cronjobs=[cron]))
    assert [(row.kind, row.name, row.how) for row in found.rows] == [
        ("deployment", "web", "variable DSN"),
        ("cron-job", "report", "variable DSN"),
    ]


async def test_an_entry_that_is_needed_and_not_there_is_named_unless_it_may_be_missing() -> None:
    lacking = needing(configMapKeyRef={"name": "settings", "key": "url"})
    optional = needing(configMapKeyRef={"name": "settings", "key": "url", "optional": True})
    volume = {"volumes": [{"name": "conf", "configMap": {"name": "settings", "items": [{"key": "conf.yaml"}]}}]}
    pods = [thing(name, spec=spec) for name, spec in (("a", lacking), ("b", optional), ("c", volume))]
    assert [row.how for row in (await users(Lists(pods=pods))).rows] == [
        "variable DSN (there is no entry “url”)",
        "variable DSN",
        "files of conf (there is no entry “conf.yaml”)",
    ]


async def test_a_secret_is_needed_by_what_is_served_and_signed_in_with_it() -> None:
    front = thing("front", spec={"tls": [{"hosts": ["shop.example"], "secretName": "settings"}]})
    account = thing("robot", imagePullSecrets=[{"name": "settings"}])
    found = await users(Lists(ingresses=[front], serviceaccounts=[account]), "secret")
    assert [(row.label, row.how) for row in found.rows] == [
        ("Ingress", "certificate for shop.example"),
        ("Service account", "to fetch images"),
    ]


async def test_what_was_not_looked_at_is_said() -> None:
    assert (await users(Lists())).nobody.startswith("Nothing in its namespace refers to it: it is probably not used.")
    assert (await users(Lists(more="deployments"))).beyond == "Only the first 500 deployments were looked through."
    assert "may not list cronjobs: these may need it, too" in (await users(Lists(refused="cronjobs"))).beyond
    assert "may not list pods" in (await users(Lists(refused="pods"))).unknown
