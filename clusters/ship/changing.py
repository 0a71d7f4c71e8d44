"""One place of a roll-out: changed by its own action, waited for until it is well, and what goes on without us."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from clusters import jobs, making
from clusters.access import Actor
from clusters.errors import Conflict, Missing, Unreachable, Unsure
from clusters.gateway import Gateway
from clusters.kinds.docker.container_edit import EDIT
from clusters.kinds.formats import listed
from clusters.kinds.swarm import service_rollout
from clusters.kinds.swarm.service_rollout import NotWell
from clusters.live.connection import Connection
from clusters.ship import texts
from clusters.ship.place import SAME, Place
from clusters.ship.texts import TextUse
from clusters.ship.well import End, Watch, same_image, until_well, version_of

_WAITS, _ENDED = "It was not begun, and stays as it is.", ""


class Changing:
    """How far it is. ``find``: how a cluster is heard now; None when it is not connected."""

    def __init__(
        self,
        gateway: Gateway,
        place: Place,
        image: str,
        says: jobs.Reporter,
        find: Callable[[int], Connection | None],
    ) -> None:
        self.gateway, self.place, self.image, self.says, self.find = gateway, place, image, says, find
        self._goes_on = _WAITS  # what is to be said of it when nobody waits any more; "" after its end

    def tell(self, words: str) -> None:
        """Its line of the job."""
        self.says.progress(self.place.use.key, f"{self.place.name}: {words}")

    def end(self, words: str) -> None:
        """How it ended."""
        self._goes_on = _ENDED
        self.tell(words)

    def left_alone(self) -> None:
        """The job was cancelled: say what stays, and what goes on without it."""
        if self._goes_on:
            self.tell(f"CANCELLED. {self._goes_on}")

    async def carry_out(self, actor: Actor) -> End:
        """Change it and wait for it. Raises why not, and how it is not well."""
        self.tell("changes …")
        if self.place.verb == "edit":
            return await self._made_again(actor)
        if isinstance(self.place.use, TextUse):
            return await self._deployed(actor, self.place.use)
        row, values = self.place.use.row, self._values()
        current = self.gateway.connections.resource(row.cluster.id, row.kind.name, row.resource.uid)
        before = version_of(current) if current else ""
        self._goes_on = "It was just being changed: what was begun goes on, so look at it."
        await self.gateway.act(actor, row.cluster.id, row.kind, row.resource, self.place.verb, values)
        self._goes_on = f"It was changed, and {row.cluster.name} goes on with it: look at how it ends."
        if row.kind.name == "swarm-service":
            return await self._service_well(actor)
        watch = Watch(
            find=lambda: self.find(row.cluster.id),
            kind=row.kind.name,
            uid=row.resource.uid,
            name=self.place.name,
            image=self.image,
            image_of=self._image_of,
            before=before,
        )
        return await until_well(watch, self.says, self.place.use.key)

    def _values(self) -> Mapping[str, Any]:
        """What its action asks for: everything as it is now, and the image."""
        row = self.place.use.row
        action = row.kind.action(self.place.verb)
        if action is None:
            raise Missing(f"{row.resource.name} has no such action any more.")
        now = {one.name: one.initial(row.resource) for one in action.fields if one.initial}
        given = {"image": self.image, "container": self.place.use.part} if self.place.verb == SAME else {}
        named = {one.name for one in action.fields}
        return {**now, **{name: value for name, value in given.items() if name in named}}

    def _image_of(self, resource: Any) -> str:
        """Of one of several containers, that one's."""
        spec, part = resource.spec.template.spec, self.place.use.part
        every = (*(spec.containers or ()), *(spec.init_containers or ()))
        return next((str(one.image) for one in every if one.name == part), "")

    async def _service_well(self, actor: Actor) -> End:
        """A Swarm tells more of an update than how its service is now: that it stopped, or went back by itself."""
        row, name = self.place.use.row, self.place.use.row.resource.name
        driver = self.gateway.driver(actor, row.cluster.id)
        try:
            stand = await service_rollout.until_well(driver, row.resource.uid, name, _Line(self, f"{name}: "))
        except NotWell as error:
            raise NotWell(error.message.removeprefix(f"{name}: "), hint=error.hint) from error
        except Unreachable as error:
            words = f"How it is now cannot be told: {error.message}"
            raise Unsure(words, hint="It was changed; look at it when its Swarm answers again.") from error
        if not same_image(stand.service.image, self.image):
            raise Conflict(
                f"It is asked to run {stand.service.image or 'nothing'} now, not {self.image}.",
                hint="Somebody changed it as well, or took it back.",
            )
        return End(stand.is_well, "it is well" if stand.is_well else f"it was changed, and runs nothing. {stand.words}")

    async def _made_again(self, actor: Actor) -> End:
        """A container of an engine: its own job does it, with all that belongs to that, and we hear of its end."""
        row = self.place.use.row
        if EDIT.like is None:
            raise Missing("Containers cannot be made again.")
        origin = await making.origin_of(self.gateway, actor, row, EDIT)
        edit = EDIT.like.read({**EDIT.like.values(origin), "image": self.image}, origin)
        self._goes_on = "It was just being changed: what was begun goes on, so look at its jobs."
        key = await making.begin(self.gateway, actor, row.cluster.id, row.kind, EDIT, edit, row)
        await self._followed(key, EDIT.title(edit))
        words = "the new one is well, and the old one removed"
        return End(edit.running, words if edit.running else "made again; it is stopped, as the old one was")

    async def _deployed(self, actor: Actor, use: TextUse) -> End:
        """Of which the text is kept here: its next version, by a job that watches whether its services stay up."""
        self._goes_on = "It was just being deployed: what was begun goes on, so look at its jobs."
        key, title = await texts.begin(self.gateway, actor, use, self.image)
        await self._followed(key, title)
        version, still = f"version {use.number + 1} of it", texts.without_copies(self.gateway, actor, use)
        if not still:
            return End(True, f"{version} is well")
        words = f"{version} is deployed; no copies are asked for of {listed(still)}"
        return End(len(still) < len(use.services), words)

    async def _followed(self, key: str, title: str) -> None:
        """Return when the job of its own is done. Raises how else it ended."""
        self._goes_on = f"Its own job, “{title}”, goes on to its end: look at that."
        async for news in jobs.follow(key):
            for line in news.lines[-1:]:
                self.tell(line.text)
            if news.state == "done":
                return
            if news.state == "unknown":
                raise Unsure(news.reason)
            if news.state != "running":
                raise Conflict(news.reason or f"Its job was {news.state}.")
        raise Unsure("Its job did not say how it ended.")


@dataclass(frozen=True, slots=True)
class _Line:
    """What is said of one service by what watches it, in the line of its place. ``cut``: the name before it."""

    of: Changing
    cut: str

    @property
    def key(self) -> str:
        """Of the job of all of it."""
        return self.of.says.key

    def say(self, text: str, level: str = "info") -> None:
        self.of.tell(text)

    def progress(self, slot: str, text: str, done: int | None = None, total: int | None = None) -> None:
        words = f"{self.of.place.name}: {text.removeprefix(self.cut)}"
        self.of.says.progress(self.of.place.use.key, words, done, total)
