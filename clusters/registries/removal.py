"""Deleting a tag: alone where the registry can; else, when that was agreed to, with all that share its content."""

from __future__ import annotations

import asyncio

from clusters import audit
from clusters.access import Actor
from clusters.errors import ClusterError, Conflict, Invalid, Refused, Unsupported
from clusters.models import Registry
from clusters.registries import seen
from clusters.registries.access import may_delete
from clusters.registries.client import RegistryClient
from clusters.registries.kept import way_to

MOST_COMPARED = 500  # tags


class SharedContent(Conflict):
    """The registry can only delete the content, and other tags lead to it, too."""

    def __init__(self, tags: list[str]) -> None:
        super().__init__("This registry deletes by content, and other tags have the same: they go, too.")
        self.tags = tags


async def delete_tag(by: Actor, registry: Registry, repository: str, tag: str, *, agreed: list[str]) -> str:
    """Delete it; words for what was done. Raises SharedContent when others than those ``agreed`` to would go, too.

    Raises Refused for who may not, and where Pilothouse is read-only.
    """
    event = audit.Event(
        actor=by.name,
        address=by.address,
        verb="delete tag",
        kind="registry",
        name=registry.name,
        detail={"repository": repository, "tag": tag, "and": agreed},
    )
    if not may_delete(by):
        why = "Only administrators of everything delete tags, and nobody while Pilothouse is read-only."
        await audit.denied(event, why)
        raise Refused(why)
    request = await audit.intent(event)
    try:
        async with RegistryClient(way_to(registry)) as client:
            words = await _delete(client, repository, tag, agreed)
    except ClusterError as error:
        await audit.outcome(request, event, "failed", error.message)
        raise
    except BaseException:
        await asyncio.shield(audit.outcome(request, event, "unknown", "Interrupted."))
        raise
    await audit.outcome(request, event, "done", words)
    seen.changed(f"{registry.host}/{repository}")
    return words


async def _delete(client: RegistryClient, repository: str, tag: str, agreed: list[str]) -> str:
    digest = await client.digest(repository, tag)
    try:
        await client.delete(repository, tag)
    except (Unsupported, Invalid):  # many registries know no other deletion than that of a content
        others = await _same_content(client, repository, tag, digest)
        if set(others) - set(agreed):
            raise SharedContent(others) from None
        await client.delete(repository, digest)
        gone = ", ".join([tag, *others])
        return f"{repository}: {gone} deleted."
    return f"{repository}:{tag} is deleted."


async def _same_content(client: RegistryClient, repository: str, tag: str, digest: str) -> list[str]:
    tags = await client.tags(repository)
    if tags.more or len(tags.names) > MOST_COMPARED:
        raise Conflict(
            "This registry deletes by content, and there are too many tags to see which others would go, too.",
            hint="Use the registry's own tools.",
        )
    others = [name for name in tags.names if name != tag]
    digests = await asyncio.gather(*(client.digest(repository, name) for name in others))
    return [name for name, found in zip(others, digests, strict=True) if found == digest]
