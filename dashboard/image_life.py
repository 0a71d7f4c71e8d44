"""What is known of the life of an image here: which build made it, where it was pushed, which registry has its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clusters.access import Actor
from clusters.errors import Invalid
from clusters.live.row import Row
from clusters.models import Build, Job, Registry
from clusters.registries.reference import Reference, read_reference
from clusters.ship.uses import Use, uses_of
from dashboard.engine import engine
from dashboard.visible_jobs import visible_jobs

MOST_NAMES, MOST_BUILDS = 10, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """``built``: the build that made it, with the versions ``before`` and ``later``. ``registry`` is one of ours."""

    built: Build | None = None
    before: Build | None = None
    later: Build | None = None
    pushes: Sequence[Job] = ()
    uses: Sequence[Use] = ()
    reference: Reference | None = None
    registry: Registry | None = None


async def life_of(actor: Actor, row: Row | None, image: str = "") -> Life:
    """Of an image on an engine, or of a name alone."""
    name = image or (next(iter(row.resource.tags), "") if row else "")
    reference = _reference(name)
    registry = await Registry.objects.filter(host=reference.host).afirst() if reference else None
    if row is None:
        connections = list(engine.supervisor.connections.values())
        uses = uses_of(engine.gateway, actor, connections, name) if reference else []
        return Life(uses=uses, reference=reference, registry=registry)
    builds = await _builds(actor, row)
    built = next((one for one in builds if one.image == row.resource.uid), None)
    return Life(
        built=built,
        before=next((one for one in builds if built and one.pk < built.pk and one.image != built.image), None),
        later=next((one for one in builds if built and one.pk > built.pk and one.tag == built.tag), None),
        pushes=await _pushes(actor, row),
        uses=uses_of_image(actor, row),
        reference=reference,
        registry=registry,
    )


def _reference(name: str) -> Reference | None:
    try:
        return read_reference(name)
    except Invalid:
        return None


async def _builds(actor: Actor, row: Row) -> list[Build]:
    """Newest first: those that made it, and those of its names, whatever their tag: web:1 comes before web:2."""
    found = Build.objects.filter(job__cluster_id=row.cluster.id, job__in=visible_jobs(actor)).exclude(image="")
    names = row.resource.tags[:MOST_NAMES]
    of_it = found.filter(image=row.resource.uid) | found.filter(tag__in=names)
    for repository, colon, tag in {name.rpartition(":") for name in names}:
        if colon and "/" not in tag:
            of_it |= found.filter(tag__startswith=f"{repository}:")
    rows = of_it.select_related("job__actor").defer("output", "dockerfile", "steps").order_by("-id")
    return [one async for one in rows[:MOST_BUILDS]]


async def _pushes(actor: Actor, row: Row) -> list[Job]:
    """The last one of each of its names that ended well."""
    titles = [f"Push {name}"[:200] for name in row.resource.tags[:MOST_NAMES]]
    found = visible_jobs(actor).filter(verb="push", state="done", cluster_id=row.cluster.id, title__in=titles)
    newest: dict[str, Job] = {}
    async for one in found.order_by("-id")[:50]:
        newest.setdefault(one.title, one)
    return list(newest.values())


def uses_of_image(actor: Actor, row: Row) -> list[Use]:
    """What runs anything of its repositories."""
    connections = list(engine.supervisor.connections.values())
    return uses_of(engine.gateway, actor, connections, *row.resource.tags[:MOST_NAMES])
