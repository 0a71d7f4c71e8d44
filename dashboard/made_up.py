"""Made-up parts of pages, for /patterns: what is known of an image, and what is in the cards of a resource."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from clusters.apply.difference import difference
from clusters.kinds.makers import Remark

MIB = 1024 * 1024
HOSTILE = '<img src=x onerror=alert(1)>"\u202egnp.exe'
_AS_IT_WAS = "spec:\n  replicas: 2\n  paused: false\n"


def stories() -> tuple[dict[str, Any], ...]:
    """Images as they come: known from its build to where it runs; only on an engine; without a name; only a name."""
    built: dict[str, Any] = {
        "job": {
            "key": "0" * 32,
            "actor": {"username": "ada"},
            "started": datetime.now(UTC) - timedelta(hours=3),
        },
        "settings": {"commit": "9f3c1e2a77"},
    }
    ours, row = {"slug": "team", "name": "Team"}, {"cluster": {"name": "build-01"}}
    web = {"host": "registry.local", "repository": "shop/web"}
    lives: tuple[tuple[dict[str, Any], dict[str, Any] | None], ...] = (
        ({"built": built, "registry": ours, "reference": web, "uses": range(6)}, row),
        ({"built": {"job": {**built["job"], "actor": None}}, "reference": {**web, "host": HOSTILE}}, row),
        ({}, row),
        ({"reference": web, "uses": range(1)}, None),
    )
    return tuple({"life": life, "row": row, "href": "#"} for life, row in lives)


def remarks() -> tuple[Remark, ...]:
    """One of each level."""
    return (
        Remark("There is a container called web already.", "stop"),
        Remark("Whoever may inspect it can read DB_PASSWORD.", "warn"),
        Remark("Nodes that have this image do not fetch it again."),
        Remark(HOSTILE, "warn"),
    )


def cards(now: float) -> dict[str, Any]:
    """What the cards of a resource's page show."""
    return {
        "gauges": {
            "cpu": [0.4, 1.0, "cores", 0.1, 0.0],
            "memory": [203 * MIB, 256 * MIB, "bytes", 64 * MIB, 0.0],
        },
        "kv": (("Strategy", "one after the other"), ("Image", "registry.local/web:5", True), ("Note", HOSTILE)),
        "labels": (("app.kubernetes.io/name", "web"), ("team", HOSTILE)),
        "owners": (
            {"label": "Replica set", "name": "web-7d9f", "kind": "replica-set", "key": "shop/web-7d9f"},
            {"label": "Deployment", "name": "web", "kind": "deployment", "key": ""},
        ),
        "narrowed": ("prod-eu shows you no nodes.", "staging shows you the pods of shop and web only."),
        "nodes": ("oak-1",),
        "copies": tuple(
            {"name": name, "key": name, "status": status, "node": node, "restarts": restarts, "created": now - 840}
            for name, status, node, restarts in (
                ("web-7d9f-x2kq8", ["healthy", "Running", "", ""], "oak-1", 0),
                ("web-7d9f-p0lm1", ["failing", "Crashing", "Why it is so.", "exit 137"], "hidden", 26),
                ("web-7d9f-zz91c", ["changing", "Waiting", "", ""], "", 0),
            )
        ),
        "versions": tuple(
            {"revision": number, "image": f"shop/web:{number}", "copies": many, "created": now - 840, "current": many}
            for number, many in ((12, 3), (11, 0))
        ),
        "steps": (
            {"label": "Entry point", "text": "shop.example.com", "status": ["healthy", "Answers", "", ""], "links": ()},
            {
                "label": "Service",
                "text": "",
                "status": ["failing", "Nobody", "No copy is ready.", ""],
                "links": ({"kind": "service", "key": "shop/web", "name": "web"},),
            },
        ),
        "tasks": (
            _task("web.1", ["healthy", "Running", "", ""], now - 840, node="oak-1"),
            _task("web.2", ["changing", "Waiting", "", ""], now - 5, reason="No node has room for it.", old=True),
        ),
        "earlier": (_task("web.2", ["failing", "Failed", "", ""], now - 900, node="oak-2", reason="exit 137"),),
        "entries": (
            {"name": "log-level", "size": "4 bytes", "value": "info", "short": True},
            {"name": "nginx.conf", "size": "1.2 KiB", "value": "server {\n  listen 80;\n}\n"},
            {"name": "logo.png", "size": "18 KiB", "value": None, "fixed": True},
            {"name": "dsn", "size": "61 bytes", "value": "postgres://shop:••••@db", "short": True, "unseen": True},
        ),
        "rules": (
            {"may": "look at, change", "what": "deployments", "where": "apps", "only": "web"},
            {"may": "look at", "what": "pods", "where": "the core", "only": ""},
        ),
        "difference": difference(_AS_IT_WAS, _AS_IT_WAS.replace("2", "3") + "  minReadySeconds: 5\n"),
    }  # fmt: skip


def _task(short: str, status: list[str], at: float, node: str = "", **more: Any) -> dict[str, Any]:
    return {
        "short": short, "key": short, "status": status, "at": at, "node": node, "node_id": node,
        "image": "shop/web:5.11.2", **more,
    }  # fmt: skip
