"""Whose jobs somebody sees: one rule for the pages and for what follows them live."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from clusters.access import Actor
from clusters.models import Job
from clusters.people import is_admin
from dashboard.engine import engine


def visible_jobs(actor: Actor) -> QuerySet[Job]:
    """Your own, those of clusters that are shared with you as a whole, and for administrators all.

    Of a cluster that is asked as whoever acts, only your own: another one's tell what it may not show to you.
    """
    found = Job.objects.select_related("cluster", "actor").order_by("-id")
    if is_admin(actor):
        return found
    shared = engine.scope(actor).items()
    whole = [cluster for cluster, namespaces in shared if namespaces is None and actor.limits_on(cluster) is None]
    return found.filter(Q(actor_id=actor.user_id) | Q(cluster_id__in=whole))


async def shown_job(actor: Actor, key: str) -> str:
    """The key of a job that is in the way, for who may see that job: a link to it would lead others nowhere."""
    return key if key and await visible_job(actor, key) else ""


async def visible_job(actor: Actor, key: object) -> Job | None:
    """The job of that key, when they see it; None otherwise, and for what is no key."""
    return await visible_jobs(actor).filter(key=key).afirst() if isinstance(key, str) and key.isascii() else None
