"""Topic ``git``: says that the git address of a project is looked at, was looked at, or that its job has ended."""

from __future__ import annotations

from clusters.access import decide
from clusters.compose.source import source_of
from clusters.errors import Invalid, Missing
from clusters.live.frame import Frame
from clusters.reach import area_in
from dashboard.compose_rights import LOOKS
from dashboard.engine import engine
from dashboard.topics.base import Topic


class GitTopic(Topic):
    """args: ``cluster`` (slug) and ``name`` (of the project). Frames carry nothing: what is shown is fetched again."""

    name = "git"
    need = LOOKS

    async def open(self) -> None:
        """For whoever may see the texts of that project."""
        slug, name = self.args.get("cluster"), self.args.get("name")
        if not (isinstance(slug, str) and isinstance(name, str)):
            raise Invalid("That is not a project.")
        connection = engine.supervisor.by_slug(slug)
        if connection is None or not decide(self.actor, area_in(connection.cluster, name), self.need).allowed:
            raise Missing("There is no such project.")
        row = await source_of(connection.cluster.id, name)
        if row is None:
            raise Missing("It is not deployed from git.")
        self._seq, self._pk = 0, row.pk
        self.open_things.callback(engine.follower.on_news(self._heard))
        self.owe_snapshot()

    def snapshot(self) -> Frame:
        """That there is something to fetch."""
        self._seq += 1
        return Frame(t="snap", seq=self._seq)

    def _heard(self, pk: int) -> None:
        if pk == self._pk:
            self.owe_snapshot()
