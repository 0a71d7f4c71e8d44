"""What was applied, kept for a day so that it can be taken back, also after a restart.

It is sealed as secrets are (it may hold them), bound to its row, to whoever applied it and to the cluster; it is
forgotten when something of it is taken back, when its time is over, and the oldest first where there is too much.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
from asgiref.sync import sync_to_async
from django.db import DatabaseError
from django.db.models import QuerySet, Sum

from clusters.apply.written import Written
from clusters.connect.rotation import Sealed, sealed_row
from clusters.connect.secrets import Sealed as CannotBeRead
from clusters.connect.secrets import open_sealed, refuse_while_locked, seal
from clusters.errors import ClusterError, Missing
from clusters.models import Undo

KEEP_FOR = timedelta(days=1)
LARGEST = 4 << 20  # bytes of one, packed; what is larger is not kept
MOST = 64 << 20  # bytes of all together
TIDY_EVERY = 600.0  # seconds

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """What can still be taken back: its key, and when it was applied."""

    key: str
    at: datetime


@sync_to_async
def keep(user_id: int, cluster_id: int, written: Sequence[Written]) -> str:
    """The key; "" where nothing was written, or it is too large, or nothing can be sealed or kept now."""
    key = secrets.token_hex(16)
    try:
        tidy()
        packed = zlib.compress(msgspec.json.encode(written)) if written else b""
        if not packed or len(packed) > LARGEST:
            return ""
        refuse_while_locked()
        Undo.objects.create(
            key=key,
            at=datetime.now(UTC),
            user_id=user_id,
            cluster_id=cluster_id,
            uids=" ".join(["", *(one.uid for one in written), ""]),
            sealed=seal(packed, _about(user_id, cluster_id, key)),
            size=len(packed),
        )
    except CannotBeRead:
        return ""
    except DatabaseError as error:  # what was done is done, and is told
        log.warning("what was applied cannot be undone later (%s)", error)
        return ""
    return key


@sync_to_async
def read(user_id: int, cluster_id: int, key: str) -> Sequence[Written]:
    """What was kept; it stays kept. Raises Missing, or Sealed where it was sealed with another master key."""
    row = _valid(user_id, cluster_id).filter(key=key).first()
    if row is None:
        raise _over()
    packed = open_sealed(bytes(row.sealed), _about(user_id, cluster_id, key))
    return msgspec.json.decode(zlib.decompress(packed), type=list[Written])


@sync_to_async
def use_up(user_id: int, cluster_id: int, key: str) -> Undo:
    """Right before the first write: from now on it is used up, and nobody else can use it. Raises Missing."""
    try:
        row = _valid(user_id, cluster_id).filter(key=key).first()
        if row is None or not Undo.objects.filter(pk=row.pk).delete()[0]:
            raise _over()
    except DatabaseError as error:
        raise ClusterError(
            "What was kept cannot be looked up now, so this is not undone.", hint="Try again."
        ) from error
    return row


@sync_to_async
def give_back(row: Undo) -> bool:
    """Nothing was undone by whoever used it up, so it can be tried again. False where it cannot be kept now."""
    try:
        row.save(force_insert=True)
    except DatabaseError as error:
        log.warning("what was not undone cannot be undone later (%s)", error)
        return False
    return True


async def latest(user_id: int, cluster_id: int, uid: str) -> Kept | None:
    """What this person applied last to that object alone, as long as it can be taken back."""
    found = _valid(user_id, cluster_id).filter(uids=f" {uid} ") if uid else Undo.objects.none()
    row = await found.afirst()
    return Kept(row.key, row.at) if row else None


async def run() -> None:
    """Forget what is over, until cancelled."""
    while True:
        try:
            await sync_to_async(tidy)()
        except DatabaseError as error:
            log.warning("what can no longer be undone is not forgotten yet (%s)", error)
        await asyncio.sleep(TIDY_EVERY)


def tidy() -> None:
    """Forget what is over, and the oldest where there is too much."""
    Undo.objects.filter(at__lt=datetime.now(UTC) - KEEP_FOR).delete()
    while (Undo.objects.aggregate(size=Sum("size"))["size"] or 0) > MOST:
        Undo.objects.filter(pk=Undo.objects.order_by("at", "pk").values_list("pk", flat=True)[0]).delete()


def sealed_undos() -> Iterator[Sealed]:
    """All of them, to be sealed with another key."""
    for row in Undo.objects.order_by("pk"):
        name = f"what can be undone since {row.at:%H:%M}"
        yield sealed_row(row, name, _about(row.user_id, row.cluster_id, row.key))


def _over() -> Missing:
    return Missing("This can no longer be undone here.", hint="What was applied is kept for a day.")


def _about(user_id: int, cluster_id: int, key: str) -> str:
    return f"undo:{key}:{user_id}:{cluster_id}"


def _valid(user_id: int, cluster_id: int) -> QuerySet[Undo]:
    since = datetime.now(UTC) - KEEP_FOR
    return Undo.objects.filter(user_id=user_id, cluster_id=cluster_id, at__gte=since)
