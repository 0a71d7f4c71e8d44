"""Every component and every cell in every state, with made-up data through the real templates: /patterns."""

from __future__ import annotations

import time
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse

from clusters.kinds.base import Health, Level
from clusters.kinds.layered import Count, Thing
from clusters.layers.picture import Column, Layer
from dashboard.access import allow
from dashboard.assets import asset
from dashboard.made_up import HOSTILE, MIB, cards, remarks, stories
from dashboard.page import page

LEVELS = (
    ("failing", "Crashing"),
    ("at_risk", "Degraded"),
    ("unknown", "No answer"),
    ("changing", "Updating"),
    ("paused", "Paused"),
    ("stopped", "Stopped"),
    ("healthy", "Running"),
)
TOKENS = (
    "bg", "side", "s1", "s2", "s3", "line", "line2", "line3", "t1", "t2", "t3", "accent", "accent-solid",
    "ok", "warn", "bad", "info", "hold", "idle", "ok-g", "warn-g", "bad-g", "info-g", "accent-g", "bad-solid",
)  # fmt: skip


def _thing(name: str, level: str, word: str, **more: Any) -> Thing:
    return Thing(name, name, "box", "Pod", health=Health(Level[level.upper()], word, "Why it is so."), **more)


_GROUP = Thing(
    "group", "475 pods", "box", href="#",
    counts=(Count("failing", 75, "Crashing", "#", 0, 158), Count("healthy", 400, "Running", "#", 158, 842)),
)  # fmt: skip
LAYERS = (
    Layer("entry", "Entry point", "log-in", "Where requests come in.", (), "None: nothing leads to it from outside."),
    Layer("workload", "Workload", "boxes", "It is kept so.", (Column("", (_thing(HOSTILE, "healthy", "Running"),)),)),
    Layer(
        "copy", "Pods", "box", "Each copy of the app, placed on one machine.",
        (
            Column("oak-1", tuple(_thing(f"web-{level}", level, word, href="#") for level, word in LEVELS[:4])),
            Column("oak-2", tuple(_thing(f"web-{level}", level, word, href="#") for level, word in LEVELS[4:])),
            Column("other machines", (_GROUP,)),
        ),
    ),
)  # fmt: skip


class Example(forms.Form):
    """One field of each sort."""

    name = forms.CharField(help_text="Letters, digits and hyphens.")
    platform = forms.ChoiceField(choices=[("docker", "Docker host"), ("kubernetes", "Kubernetes cluster")])
    note = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), required=False)
    production = forms.BooleanField(required=False, help_text="Dangerous actions ask for the name.")


@allow(scope="signed-in")
def patterns(request: HttpRequest) -> HttpResponse:
    """The page."""
    return page(request, "pages/patterns.html", context())


def context() -> dict[str, Any]:
    """All that the page shows."""
    now = time.time()
    wrong = Example({"name": "", "platform": "docker", "note": "Asked for by the shop's team."})
    wrong.add_error("name", "Another cluster has this name.")
    return {
        "levels": LEVELS,
        "layers": LAYERS,
        "icons": asset("icons.svg"),
        "tokens": TOKENS,
        "cells": _cells(now),
        "form": Example(initial={"name": "prod-eu"}),
        "wrong_form": wrong,
        "snapshot": _snapshot(now),
        "columns": COLUMNS,
        "actions": ACTIONS,
        "hour_ago": now - 3700,
        "samples": (4, 5, 4, 7, 6, 9, 8, 12, 14, 13, 19, 17, 26, 24, 31),
        "runs": (((0.0, 0.5), (0.1, 0.6), (0.2, 0.55)), ((0.6, 0.7), (0.7, 0.62), (0.85, 0.9), (1.0, 0.8))),
        "facts": _facts(),
        "tabs": _tabs(),
        "branches": _branches(),
        "links": _links(),
        "table_head": ({"label": "Port"}, {"label": "Opens"}, {"label": "Protocol"}),
        "table_rows": (("8080", "80 on every address", "TCP"), ("8443", "443 here only", "TCP"), (HOSTILE, "53", "")),
        "segments": tuple({"label": one, "href": "#", "current": one == "24 h"} for one in ("1 h", "24 h", "7 d")),
        "menu_items": _menu_items(),
        "code": "services:\n  web:\n    image: registry.local/shop/web:5.11.3\n    ports:\n      - 8080:80\n",
        "detail": "ClientConnectorError: Cannot connect to host 10.0.4.11:6443 ssl:default [Connection refused]",
        "goes": ("1 Deployment", "3 copies", "1 Service"),
        "stays": ("The Secret checkout-keys", "The disk data-checkout-0"),
        "hostile": HOSTILE,
        "stories": stories(),
        "remarks": remarks(),
        "cards": cards(now),
        "row": {"id": "1~config-map~made-up"},
    }  # fmt: skip


def _cells(now: float) -> list[dict[str, Any]]:
    """Each cell with values from plain to hostile."""
    day = 86400
    values: dict[str, tuple[Any, ...]] = {
        "name": ("web", ["web", "registry.local/shop/web:5.11.3"], [HOSTILE, HOSTILE * 4]),
        "text": ("Deployment", None, HOSTILE),
        "mono": ("sha256:9f3c1e2", None, HOSTILE),
        "status": tuple([level, word, "Why it is so", "exit 137"] for level, word in LEVELS),
        "pips": ([3, 3, 0], [1, 3, 0], [3, 5, 2], [0, 2, 0], [0, 0, 0], [180, 240, 20]),
        "number": (0, 12, 1_234_567, None),
        "count_bad": (0, 3, 26, None),
        "age": (now - 4, now - 840, now - 9000, now - 41 * day, None),
        "usage": (
            [0.25, 1.0, "cores"], [2.4, 0, "cores"], None,
            [203 * MIB, 256 * MIB, "bytes"], [251 * MIB, 256 * MIB, "bytes"],
        ),
        "gauge": (
            [203 * MIB, 256 * MIB, "bytes", 64 * MIB, 0.0], [0.4, 0.0, "cores", 0.1, 0.0],
            [90 * MIB, 256 * MIB, "bytes", 64 * MIB, 0.94, HOSTILE], [None, 1.0, "cores", 0.25, 0.0], None,
        ),
        "where": (["prod-eu", "shop", "kubernetes"], ["build-01", "", "docker"], ["staging", "web", "swarm"]),
        "tags": (["80→8080"], ["a", "b", "c", "d", "e"], [], [HOSTILE]),
    }  # fmt: skip
    return [{"name": name, "values": several} for name, several in values.items()]


def _column(key: str, label: str, cell: str, width: str, **more: Any) -> dict[str, Any]:
    plain = {"sortable": True, "end": False, "facet": False, "words": "", "shown": True}
    return {"key": key, "label": label, "cell": cell, "width": width, **plain, **more}


COLUMNS = (
    _column("name", "Name", "name", "minmax(200px, 2.3fr)"),
    _column("status", "Status", "status", "minmax(112px, .9fr)", facet=True, words="How it is: failing comes first."),
    _column("kind", "Kind", "text", "minmax(96px, .8fr)", facet=True),
    _column("cluster", "Where", "where", "minmax(118px, 1.2fr)", facet=True),
    _column("ready", "Ready", "pips", "minmax(104px, .9fr)"),
    _column("cpu", "CPU", "usage", "minmax(132px, 1fr)", sortable=False),
    _column("memory", "Memory", "usage", "minmax(132px, 1fr)", sortable=False),
    _column("restarts", "Restarts", "count_bad", "74px", end=True),
)
ACTIONS = (
    {"verb": "restart", "label": "Restart", "icon": "rotate-cw", "danger": False, "kinds": ["deployment", "container"]},
    {"verb": "delete", "label": "Delete", "icon": "trash-2", "danger": True, "kinds": ["deployment", "container"]},
)
NAMES = (
    "checkout-api", "search-ui", "postgres", "web", "payments", "ingress-nginx", "redis-cache", "nightly-report",
    "mail-relay", "grafana", "registry", "legacy-sync", "auth", "image-resize", "queue",
)  # fmt: skip
ORDER = (0, 3, 1, 6, 6, 6, 6, 5, 6, 6, 6, 4, 6, 6, 6)


def _snapshot(now: float) -> dict[str, Any]:
    """A list's first frame (docs/live-protocol.md)."""
    rows, usage = [], {}
    for index, (name, level) in enumerate(zip(NAMES, ORDER, strict=True)):
        code, word = LEVELS[level]
        wanted = 0 if code == "stopped" else 1 + index % 6
        ready = wanted if code == "healthy" else wanted // 2
        docker = index in (9, 10)
        where = ["build-01", "", "docker"] if docker else ["prod-eu", "shop", "kubernetes"]
        kind = "container" if docker else "deployment"
        row_id = f"1~{kind}~{name}"
        restarts = 26 if code == "failing" else index % 4 // 3
        copies = [ready, wanted, 1 if code == "changing" else 0]
        status = [code, word, "It used more memory than it may." if code == "failing" else "", ""]
        names = [name, f"registry.local/shop/{name}:1.{index}.2"]
        cells = [names, status, kind.title(), where, copies, None, None, restarts]
        rows.append({"id": row_id, "href": "/patterns", "cluster": 1, "kind": kind, "cells": cells})
        usage[row_id] = {
            "cpu": [0.05 + index / 9, 2.0, "cores"],
            "memory": [(40 + index * 14) * MIB, 256 * MIB, "bytes"],
        }
    facets = {
        "status": {"failing": 1, "healthy": 10},
        "kind": {"deployment": 13, "container": 2},
        "cluster": {"prod-eu": 13},
    }
    return {
        "t": "snap", "seq": 1, "now": now, "total": len(rows), "offset": 0, "listed": True,
        "columns": [column["key"] for column in COLUMNS], "rows": rows, "facets": facets, "usage": usage,
    }  # fmt: skip


def _facts() -> tuple[dict[str, Any], ...]:
    return (
        {"label": "Ready copies", "value": "1", "unit": "of 3", "level": "failing"},
        {"label": "Restarts", "value": "26", "unit": "in 12 min"},
        {"label": "Memory", "value": "251", "unit": "of 256 MiB"},
        {"label": "CPU", "value": "710", "unit": "m of 1 core"},
        {"label": "Rolled out", "value": "14 min ago", "unit": "by CI"},
    )


def _tabs() -> tuple[dict[str, Any], ...]:
    parts = (
        ("Overview", "layout-dashboard", 0),
        ("Logs", "scroll-text", 0),
        ("Copies", "boxes", 3),
        ("YAML", "file-code-2", 0),
    )
    return tuple(
        {"label": label, "icon": icon, "count": count, "href": "#", "current": label == "Logs"}
        for label, icon, count in parts
    )


def _branches() -> tuple[dict[str, Any], ...]:
    copies = tuple(
        {"label": f"web-7d9f-{end}", "icon": "box", "href": "#", "level": "healthy"} for end in ("x2kq8", "p0lm1")
    )
    owned = ({"label": "web-7d9f", "icon": "layers", "detail": "ReplicaSet", "branches": copies},)
    return ({"label": "web", "icon": "rocket", "detail": "Deployment", "href": "#", "branches": owned},)


def _links() -> tuple[dict[str, Any], ...]:
    return (
        {"label": "Pods", "icon": "box", "href": "#", "detail": "148"},
        {"label": "Services", "icon": "globe", "href": "#", "detail": "2 need attention", "level": "at_risk"},
        {"label": HOSTILE, "icon": "hard-drive", "href": "#"},
    )


def _menu_items() -> tuple[dict[str, Any], ...]:
    return (
        {"label": "Open", "icon": "maximize-2", "href": "#"},
        {"label": "Edit YAML", "icon": "file-code-2", "href": "#", "current": True},
        {"label": "Delete…", "icon": "trash-2", "hx_get": "/act/", "danger": True},
    )
