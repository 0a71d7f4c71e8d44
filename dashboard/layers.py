"""The picture of the layers as a page shows it first and as it is pushed: both come from here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.template.loader import render_to_string
from django.urls import reverse

from clusters.access import Actor
from clusters.kinds.base import Kind
from clusters.kinds.layered import App
from clusters.layers.draw import drawn
from clusters.layers.picture import Layer, Picture
from clusters.layers.sight import Addresses, Known, Seen
from clusters.live.cluster import ClusterInfo
from clusters.live.connection import Connection
from clusters.live.row import Row
from clusters.live.store import Store
from clusters.models import Registry
from dashboard.access import listed
from dashboard.assets import asset
from dashboard.engine import engine, page_of
from dashboard.visible import visible, visible_page

PATIENCE = 1.5  # seconds a page waits for the lists of what is beside its app; what comes later is pushed


@dataclass(slots=True)
class Sheet:
    """What one page shows of a picture: the HTML of each layer, drawn again only where something is different."""

    addresses: Addresses
    app: App = field(default_factory=App)
    picture: Picture = field(default_factory=lambda: Picture((), ()))
    parts: dict[str, str] = field(default_factory=dict)  # by the names of the layers, from top to bottom
    met: set[str] = field(default_factory=set)  # ids of containers that other engines tell of
    known: Known = field(default_factory=dict)

    def draw(self, actor: Actor, connection: Connection, store: Store, resource: Any) -> None:
        """As everything is now, as far as this person sees it."""
        layered = store.kind.layers
        assert layered
        sight = Seen(engine.supervisor, actor, connection, self.addresses, self.known)
        self.app = layered.tell(sight, resource)
        before = {layer.key: layer for layer in self.picture.layers}
        self.picture = drawn(self.app, _listing(connection.cluster))
        self.met, self.known = sight.met, sight.known
        self.parts = {
            layer.key: self.parts[layer.key] if before.get(layer.key) == layer else _part(layer)
            for layer in self.picture.layers
        }

    @property
    def links(self) -> Sequence[Sequence[str]]:
        """What leads to what, by id."""
        return self.picture.links

    @property
    def notes(self) -> list[str]:
        """What cannot be told."""
        return [visible(note) for note in self.picture.notes]


async def first_sheet(actor: Actor, row: Row) -> Sheet:
    """For the page: what is beside the app may have to be listed first."""
    connection = engine.supervisor.connections[row.cluster.id]
    store = connection.stores[row.kind.name]
    sheet = Sheet(await addresses())
    beside = made_of(connection, row.kind)
    with connection.wanted(*(one.kind.name for one in beside)):
        await asyncio.gather(*(listed(connection, one, within=PATIENCE) for one in beside))
        sheet.draw(actor, connection, store, row.resource)
    return sheet


def made_of(connection: Connection, kind: Kind[Any]) -> list[Store]:
    """What the pictures of that kind are made of: the stores of all kinds it tells of that the cluster has."""
    names = dict.fromkeys((kind.name, *(kind.layers.kinds if kind.layers else ())))
    stores = [connection.stores[name] for name in names if name in connection.stores]
    return [store for store in stores if connection.discovered.has(store.kind)]


async def addresses() -> Addresses:
    """Where the things of a picture have their pages, with the registries that are kept now."""
    kept = {
        one.host: (one.name, reverse("registry", args=[one.slug]))
        async for one in Registry.objects.only("host", "name", "slug")
    }
    return Addresses(page_of, _cluster_page, kept)


def _cluster_page(cluster: ClusterInfo) -> str:
    return f"/clusters/{cluster.slug}/"


def _listing(cluster: ClusterInfo) -> Any:
    def listing(kind_name: str, filters: Mapping[str, str]) -> str:
        return f"/list/{kind_name}/?{urlencode({'cluster': cluster.slug, **filters})}"

    return listing


def _part(layer: Layer) -> str:
    html = render_to_string("partials/layer.html", {"layer": layer, "icons": asset("icons.svg")})
    return visible_page(html).strip()  # which is plain text again, as frames carry it
