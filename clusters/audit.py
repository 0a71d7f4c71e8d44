"""The audit: who did what and how it ended. Rows are only ever added, and each one seals the one before it.

Every act is two rows of one request: an ``intent``, committed before the call, and an ``outcome`` after it; what was
not allowed is one ``denied`` row. Without its intent row nothing is done. No secret is ever written.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC
from typing import Any, Literal

from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from clusters import owed
from clusters.errors import Conflict, Unrecorded
from clusters.models import AuditEntry
from clusters.own_disk import database_fault
from clusters.storable import storable

_SEALED = (
    "request",
    "stage",
    "actor",
    "address",
    "cluster",
    "kind",
    "namespace",
    "name",
    "uid",
    "verb",
    "result",
    "detail",
)
GENESIS = "0" * 64
HIDDEN = "•••"
INTERRUPTED = "Pilothouse stopped before it heard how this ended."
MAX_TEXT = 4096  # bytes of one string
MAX_ITEMS = 100  # entries of one list or mapping
MAX_DEPTH = 6
LOCK = 0x70696C6F74  # the advisory lock that puts PostgreSQL's writers in a row

Result = Literal["done", "failed", "unknown"]
_SECRET_NAME = re.compile(
    r"pass|secret|token|credential|authori[sz]ation|cookie|private|api.?key|access.?key|^auth$", re.I
)
_SECRET_TEXT = re.compile(  # "Bearer …", "user:password@" in an address, a JSON web token
    r"(?i)\b(?:bearer|basic)\s+[\w.~+/=-]{8,}|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)|\beyJ[\w-]{10,}\.[\w.-]+"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What one act is about: who, from where, what, to which resource. ``detail`` is what was asked for, as data."""

    actor: str
    verb: str
    address: str = ""
    cluster: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What reading the whole chain found. ``broken`` is the id of the first row that is not as it was written."""

    rows: int
    head: str  # the digest of the last good row
    broken: int | None = None
    why: str = ""


async def intent(event: Event, request: str = "") -> str:
    """Write down what is about to be done, and commit it. Returns the request that the outcome must name.

    A ``request`` that was chosen before (see repeats.py) is begun once: the second time it raises Conflict.
    """
    request = request or secrets.token_hex(16)
    await _append_async(event, request, "intent")
    return request


async def rows_of(request: str) -> list[AuditEntry]:
    """What is written about one request: nothing, its intent, or its intent and its outcome."""
    return [entry async for entry in AuditEntry.objects.filter(request=request).order_by("id")]


async def outcome(request: str, event: Event, result: Result, words: str = "", seconds: float = 0.0) -> None:
    """Write down how it ended, now or as soon as that can be; ``seconds`` is how long it took."""
    extra = {"words": words, "seconds": round(seconds, 3)}
    what = f"how “{event.verb}” ended (request {request})"
    # Not as _append_async does, which says that nothing was done.
    await owed.write(what, lambda: sync_to_async(_append_alone)(event, request, "outcome", result, extra))


async def denied(event: Event, why: str) -> None:
    """Write down that somebody was not let."""
    await _append_async(event, secrets.token_hex(16), "denied", "", {"why": why})


def record(event: Event, *, result: Result = "done", words: str = "") -> None:
    """Write down a change to our own tables, in the transaction that makes it: both happen, or neither."""
    _append(event, secrets.token_hex(16), "outcome", result, {"words": words} if words else {})


def record_denied(event: Event, why: str) -> None:
    """The same as ``denied``, for code that is not asynchronous."""
    _append(event, secrets.token_hex(16), "denied", "", {"why": why})


def settle_interrupted() -> int:
    """When we start: every intent that never got its outcome gets the truthful one, "unknown". Returns how many."""
    outcomes = AuditEntry.objects.filter(request=OuterRef("request"), stage="outcome")
    lost = list(AuditEntry.objects.filter(~Exists(outcomes), stage="intent").order_by("id"))
    names = [one.name for one in fields(Event) if one.name != "detail"]
    for entry in lost:
        event = Event(**{name: getattr(entry, name) for name in names})
        _append(event, entry.request, "outcome", "unknown", {"words": INTERRUPTED})
    return len(lost)


def verify(checkpoint: str = "") -> Verdict:
    """Read every row and compute the chain anew.

    ``checkpoint`` is what ``mark`` returned earlier and was kept elsewhere: only that can show that rows were cut
    off at the end, or that somebody computed the whole chain anew.
    """
    at, _, wanted = checkpoint.partition(":")
    head, rows, last = GENESIS, 0, 0
    for entry in AuditEntry.objects.order_by("id").iterator(chunk_size=2000):
        if entry.previous != head:
            return Verdict(rows, head, entry.pk, "It does not follow the row before it: rows were removed or swapped.")
        if entry.digest != digest(entry):
            return Verdict(rows, head, entry.pk, "It was changed after it was written.")
        if str(entry.pk) == at and entry.digest != wanted:
            return Verdict(rows, head, entry.pk, "It is not the row that the checkpoint names.")
        head, rows, last = entry.digest, rows + 1, entry.pk
    if at and (not at.isdigit() or int(at) > last):
        return Verdict(rows, head, last + 1, "The rows up to the checkpoint are missing.")
    return Verdict(rows, head)


def mark() -> str:
    """A checkpoint of the chain as it is now, "id:digest", to be kept outside the database."""
    entry = AuditEntry.objects.order_by("-id").first()
    return f"{entry.pk}:{entry.digest}" if entry else ""


def digest(entry: AuditEntry) -> str:
    """What seals a row: the digest of the one before it and every field, as canonical JSON."""
    row = {name: getattr(entry, name) for name in _SEALED}
    row["at"] = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256((entry.previous + text).encode()).hexdigest()


def clean(value: Any, depth: int = 0) -> Any:
    """The value as plain JSON: secrets hidden, strings and lists cut to a bounded size."""
    if isinstance(value, str):
        return _cut(_SECRET_TEXT.sub(HIDDEN, value))
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth >= MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        return {
            _cut(str(name)): HIDDEN if _SECRET_NAME.search(str(name)) and item else clean(item, depth + 1)
            for name, item in list(value.items())[:MAX_ITEMS]
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(item, depth + 1) for item in list(value)[:MAX_ITEMS]]
    return _cut(_SECRET_TEXT.sub(HIDDEN, str(value)))


def _cut(text: str) -> str:
    """Valid text without NUL, at most ``MAX_TEXT`` bytes long."""
    data = storable(text).encode()
    return data.decode() if len(data) <= MAX_TEXT else data[: MAX_TEXT - 3].decode("utf-8", "ignore") + "…"


def _append(event: Event, request: str, stage: str, result: str = "", extra: Mapping[str, Any] | None = None) -> None:
    """Add one row at the end of the chain, in the caller's transaction if there is one."""
    columns = {name: value for name, value in asdict(event).items() if name != "detail"}
    entry = AuditEntry(
        request=request,
        stage=stage,
        result=result,
        at=timezone.now().astimezone(UTC),
        detail=clean({**event.detail, **(extra or {})}),
    )
    for name, value in columns.items():
        limit = getattr(AuditEntry._meta.get_field(name), "max_length", None)
        setattr(entry, name, _cut(str(value))[:limit])
    with transaction.atomic():
        _wait_for_turn()
        if stage == "intent" and AuditEntry.objects.filter(request=request).exists():
            raise Conflict("This is being done already.", hint="Look at how it is now.")
        if stage == "outcome" and AuditEntry.objects.filter(request=request, stage="outcome").exists():
            return  # it was tried again although the database had taken it
        last = AuditEntry.objects.order_by("-id").values_list("digest", flat=True).first()
        entry.previous = last or GENESIS
        entry.digest = digest(entry)
        entry.save(force_insert=True)


def _append_alone(*args: Any) -> None:
    """The same, committed when it returns: it refuses to be part of a transaction that may still be undone."""
    with transaction.atomic(durable=True):
        _append(*args)


async def _append_async(*args: Any) -> None:
    try:
        await sync_to_async(_append_alone)(*args)
    except DatabaseError as error:
        why = database_fault(error)
        words = f"{why.message} This could not be written to the audit, so it was not done."
        raise Unrecorded(words, hint=why.hint, detail=why.detail) from error


def _wait_for_turn() -> None:
    """One writer at a time. SQLite's IMMEDIATE transactions are that already; PostgreSQL needs a lock."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
