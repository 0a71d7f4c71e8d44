"""The texts of projects that were deployed from here, each kept as a version that can be gone back to.

They are sealed as secrets are, with the values given to them, and bound to their cluster, project and number. What
was a secret of a project once stays one under its name, whatever a later text does with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from asgiref.sync import sync_to_async
from django.db import transaction
from django.db.models import Exists, Max, OuterRef

from clusters.compose.check import secret_values
from clusters.connect.rotation import Sealed, sealed_row
from clusters.connect.secrets import Sealed as CannotBeRead
from clusters.connect.secrets import open_sealed, refuse_while_locked, seal
from clusters.errors import Missing
from clusters.models import ComposeVersion, Job

MOST = 50  # of one project; the oldest go


@dataclass(frozen=True, slots=True)
class Kept:
    """What was deployed."""

    number: int
    text: str = field(repr=False)
    values: Mapping[str, str] = field(repr=False)
    scale: Mapping[str, int] = field(default_factory=dict)  # copies that are another number than the text says
    secret: frozenset[str] = frozenset()  # names that were a secret's, in this version or an earlier one

    @property
    def secrets(self) -> dict[str, str]:
        """Of its values those that no page gets."""
        hidden = {*secret_values(self.text, self.values), *self.secret}
        return {name: value for name, value in self.values.items() if name in hidden}


@dataclass(frozen=True, slots=True)
class WayBack:
    """From the newest version, and since when that is, to the last other one that ended well."""

    newest: int
    since: datetime
    to: int


class _Packed(msgspec.Struct):
    """What is sealed."""

    text: str = ""
    values: dict[str, str] = {}
    scale: dict[str, int] = {}
    secret: list[str] = []

    def runs_as(self, other: _Packed) -> bool:
        """Does it make the same, whatever is known of its values?"""
        return (self.text, self.values, self.scale) == (other.text, other.values, other.scale)


@sync_to_async
def keep(
    job: Job,
    cluster_id: int,
    project: str,
    text: str,
    values: Mapping[str, str],
    *,
    scale: Mapping[str, int] | None = None,
    secret: Collection[str] = (),
    note: str = "",
) -> int:
    """Keep it as the newest; its number. ``secret``: names of its values. Raises Sealed where nothing can be now."""
    refuse_while_locked()
    with transaction.atomic():
        mine = ComposeVersion.objects.filter(cluster_id=cluster_id, project=project)
        names = sorted({*secret, *_secret_before(mine.first())})
        packed = msgspec.json.encode(_Packed(text, dict(values), dict(scale or {}), names))
        number = (mine.aggregate(last=Max("number"))["last"] or 0) + 1
        ComposeVersion.objects.create(
            cluster_id=cluster_id,
            project=project,
            number=number,
            by_id=job.actor_id,
            job=job,
            note=note[:200],
            sealed=seal(packed, _about(cluster_id, project, number)),
        )
        mine.filter(number__lte=number - MOST).delete()
    return number


@sync_to_async
def versions_of(cluster_id: int, project: str) -> list[ComposeVersion]:
    """Newest first, without their texts."""
    found = ComposeVersion.objects.filter(cluster_id=cluster_id, project=project)
    return list(found.select_related("by", "job").defer("sealed"))


@sync_to_async
def open_version(cluster_id: int, project: str, number: int | None = None) -> Kept:
    """What was deployed as that version, or last. Raises Missing, or Sealed where it cannot be opened."""
    found = ComposeVersion.objects.filter(cluster_id=cluster_id, project=project)
    row = (found if number is None else found.filter(number=number)).first()
    if row is None:
        raise Missing("There is no such version of that project.")
    return _kept(row)


@sync_to_async
def once_secret(cluster_id: int, project: str) -> frozenset[str]:
    """The names of values that were a secret's in any version."""
    return _secret_before(ComposeVersion.objects.filter(cluster_id=cluster_id, project=project).first())


@sync_to_async
def way_back(cluster_id: int, project: str) -> WayBack | None:
    """Where going back leads: what is the same as the newest version, did not end well, or cannot be opened, is no
    way out. A newest version that cannot be opened keeps nobody from it. None where there is no such version.
    """
    rows = list(ComposeVersion.objects.filter(cluster_id=cluster_id, project=project).select_related("job")[:MOST])
    if not rows:
        return None
    newest, *before = rows
    now = _unpacked_or_none(newest)
    for one in before:
        ended_well = one.job is None or one.job.state == "done"
        if ended_well and (then := _unpacked_or_none(one)) and not (now and then.runs_as(now)):
            return WayBack(newest.number, newest.at, one.number)
    return None


async def newest_of_each(cluster_ids: Iterable[int]) -> list[ComposeVersion]:
    """The newest version of every project of these clusters, without its text; the newest of all first."""
    newer = ComposeVersion.objects.filter(
        cluster_id=OuterRef("cluster_id"), project=OuterRef("project"), number__gt=OuterRef("number")
    )
    found = ComposeVersion.objects.filter(~Exists(newer), cluster_id__in=list(cluster_ids))
    return [one async for one in found.select_related("by").defer("sealed").order_by("-at")]


async def is_ours(cluster_id: int, project: str) -> bool:
    """Was it ever deployed from here?"""
    return await ComposeVersion.objects.filter(cluster_id=cluster_id, project=project).aexists()


def sealed_versions() -> Iterator[Sealed]:
    """All of them, to be sealed with another key."""
    for row in ComposeVersion.objects.order_by("pk"):
        name = f"version {row.number} of the project {row.project}"
        yield sealed_row(row, name, _about(row.cluster_id, row.project, row.number))


def _unpacked(row: ComposeVersion) -> _Packed:
    packed = open_sealed(bytes(row.sealed), _about(row.cluster_id, row.project, row.number))
    return msgspec.json.decode(packed, type=_Packed)


def _unpacked_or_none(row: ComposeVersion) -> _Packed | None:
    """None where it cannot be opened any more, or not now."""
    try:
        return _unpacked(row)
    except CannotBeRead:
        return None


def _kept(row: ComposeVersion) -> Kept:
    packed = _unpacked(row)
    return Kept(row.number, packed.text, packed.values, packed.scale, frozenset(packed.secret))


def _secret_before(newest: ComposeVersion | None) -> frozenset[str]:
    """None are known where it cannot be opened any more: then nobody reads its values either."""
    if newest is None:
        return frozenset()
    try:
        kept = _kept(newest)
    except CannotBeRead:
        return frozenset()
    return kept.secret | kept.secrets.keys()


def _about(cluster_id: int, project: str, number: int) -> str:
    return f"compose:{cluster_id}:{project}:{number}"
