"""The logs of anything, of any clusters, as one: the page, whose address says all of it, and searches kept by name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from clusters.live.row import Row
from clusters.models import LogSearch
from dashboard.access import allow, listed, row_or_none
from dashboard.engine import address, engine
from dashboard.logs import MAX_ROWS
from dashboard.page import page
from dashboard.request import Request

OF = "of"  # in the address: cluster/kind/name, as in the address of its page
ASKED = ("q", "level", "range", "source", "only", "wrap", "times")  # what <log-view> keeps in the address
MOST_KEPT = 100  # searches of one person
LONGEST = 12_000  # characters of an address


@dataclass(frozen=True, slots=True)
class Part:
    """One thing whose log is in it; ``row`` None: it is not there now. ``without``: this page without it."""

    name: str
    where: str
    row: Row | None
    href: str
    without: str


@allow(scope="signed-in")
@require_safe
async def logs(request: Request) -> HttpResponse:
    """``?of=…`` (several): their logs merged by time. ``?rows=…``, as a list knows them, leads to that."""
    if "rows" in request.GET:
        return HttpResponseRedirect(await _by_name(request))
    names = list(dict.fromkeys(request.GET.getlist(OF)))[:MAX_ROWS]
    rows = await asyncio.gather(*(_row_of(request, name) for name in names))
    asked = _question(request.GET)
    parts = [_part(name, row, names, asked) for name, row in zip(names, rows, strict=True)]
    context = {
        "parts": parts,
        "rows": " ".join(part.row.id for part in parts if part.row),
        "lost": sum(part.row is None for part in parts),
        "kept": [one async for one in LogSearch.objects.filter(user_id=request.actor.user_id)],
        "here": _address(names, asked),
    }
    return page(request, "pages/logs.html", context)


@allow(scope="signed-in")
@require_POST
async def keep(request: Request) -> HttpResponse:
    """Keep what the page shows now, under a name; one of that name is replaced."""
    name = " ".join(request.POST.get("name", "").split())[:80]
    sent_from = urlsplit(request.htmx.current_url or request.headers.get("Referer", ""))
    shown = QueryDict(sent_from.query[:LONGEST])
    names = list(dict.fromkeys(shown.getlist(OF)))[:MAX_ROWS]
    if not name or not names or sent_from.path != reverse("logs"):
        return HttpResponse("Give it a name, and choose whose logs first.", status=422, content_type="text/plain")
    mine, query = LogSearch.objects.filter(user_id=request.actor.user_id), _address(names, _question(shown))
    if await mine.acount() >= MOST_KEPT and not await mine.filter(name=name).aexists():
        words = f"You keep {MOST_KEPT} searches already: forget one first."
        return HttpResponse(words, status=409, content_type="text/plain")
    await LogSearch.objects.aupdate_or_create(user_id=request.actor.user_id, name=name, defaults={"address": query})
    return redirect(query)


@allow(scope="signed-in")
@require_POST
async def forget(request: Request, number: int) -> HttpResponse:
    """Keep one no longer."""
    gone, _ = await LogSearch.objects.filter(user_id=request.actor.user_id, pk=number).adelete()
    if not gone:
        raise Http404
    sent_from = urlsplit(request.headers.get("Referer", ""))
    query = QueryDict(sent_from.query[:LONGEST])
    return redirect(_address(query.getlist(OF)[:MAX_ROWS], _question(query)))


async def _by_name(request: Request) -> str:
    """The address that names what a list names by row: names outlive containers that are made again."""
    ids = list(dict.fromkeys(part for text in request.GET.getlist("rows") for part in text.split(",") if part))
    rows = [row for row_id in ids[:MAX_ROWS] if (row := await row_or_none(request, row_id))]
    if not rows:
        raise Http404
    return _address([_name(row) for row in rows], _question(request.GET))


def _name(row: Row) -> str:
    return f"{row.cluster.slug}/{row.kind.name}/{row.kind.key(row.resource)}"


async def _row_of(request: Request, name: str) -> Row | None:
    """What is called so now, when it is shared with this person: the two are not told apart."""
    slug, _, rest = name.partition("/")
    kind, _, key = rest.partition("/")
    connection = engine.supervisor.by_slug(slug)
    store = connection.stores.get(kind) if connection else None
    if connection is None or store is None or connection.cluster.id not in engine.scope(request.actor):
        return None
    await listed(connection, store)
    resource = store.find(key)
    return await row_or_none(request, f"{connection.cluster.id}~{kind}~{resource.uid}") if resource else None


def _part(name: str, row: Row | None, names: Sequence[str], asked: Sequence[tuple[str, str]]) -> Part:
    slug, _, rest = name.partition("/")
    without = _address([one for one in names if one != name], asked)
    if row is None:
        return Part(rest.partition("/")[2][:200] or name[:200], slug[:80], None, "", without)
    return Part(row.resource.name, row.cluster.name, row, f"{address(row)}?panel=logs", without)


def _question(given: QueryDict) -> list[tuple[str, str]]:
    return [(name, str(given[name])[:300]) for name in ASKED if given.get(name)]


def _address(names: Iterable[str], asked: Sequence[tuple[str, str]]) -> str:
    query = urlencode([*((OF, name[:500]) for name in names), *asked])
    return f"{reverse('logs')}?{query}" if query else reverse("logs")
