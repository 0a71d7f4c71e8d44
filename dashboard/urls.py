"""Every address, in sidebar order."""

from __future__ import annotations

from django.urls import include, path

from dashboard.socket import LiveSocket
from dashboard.views import health, lists, resources

urlpatterns = [
    path("workloads/", lists.rows, name="workloads"),
    path("list/<slug:table>/", lists.rows, name="list"),
    path("list/<slug:table>/ids/", lists.ids, name="list_ids"),
    path("clusters/<slug:cluster>/<slug:kind>/<path:key>/", resources.resource, name="resource"),
    path("account/", include("allauth.urls")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
]

websocket_urlpatterns = [
    path("live/", LiveSocket.as_asgi()),
]
