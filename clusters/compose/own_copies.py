"""How many copies a project from git gets: as many as the person as whom it is deployed asked for last."""

from __future__ import annotations

from collections.abc import Mapping

from clusters.compose.versions import open_version
from clusters.connect.secrets import Sealed
from clusters.models import ComposeSource, ComposeVersion

LOST = (
    "It was deployed with as many copies as the file says: version {}, which may have had others, cannot be read any "
    "more (its key is lost). Where these are too few or too many, scale the service on the page of the project."
)


async def own_copies(row: ComposeSource) -> tuple[Mapping[str, int], int]:
    """Of the newest version of that person; and its number where it cannot be opened: then as the file says.

    Nothing of a version goes on that somebody else may have written: it would be done with the rights of this person.
    For the same reason no values of versions are taken: who scales a text takes over whatever others gave to it.
    """
    mine = ComposeVersion.objects.filter(cluster_id=row.cluster_id, project=row.project, by_id=row.by_id)
    number = await mine.values_list("number", flat=True).afirst()
    if number is None:
        return {}, 0
    try:
        return (await open_version(row.cluster_id, row.project, number)).scale, 0
    except Sealed:
        return {}, number
