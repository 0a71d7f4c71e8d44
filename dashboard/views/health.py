"""Is this process there (``/healthz``), and can it do its work (``/readyz``)? For load balancers; says nothing else."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.http import HttpResponse

from dashboard.access import allow
from dashboard.engine import engine
from dashboard.request import Request


@allow(scope="anyone")
def healthz(request: Request) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@allow(scope="anyone")
def readyz(request: Request) -> HttpResponse:
    """The database answers and the engine runs."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("the database does not answer\n", status=503, content_type="text/plain")
    if not engine.started:
        return HttpResponse("starting\n", status=503, content_type="text/plain")
    return HttpResponse("ready\n", content_type="text/plain")
