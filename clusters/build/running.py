"""The builds that run now and those that ran: begun through the gateway, kept in the database, found again."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol

from django.db import DatabaseError

from clusters import owed
from clusters.access import Actor, Need
from clusters.build.context import Alone, Context
from clusters.build.dockerfile import read_dockerfile
from clusters.build.form import BuildForm, docker_line
from clusters.build.git_source import fetched
from clusters.build.graph import Graph
from clusters.build.words import BuildFailed
from clusters.drivers.base import Driver
from clusters.errors import Conflict
from clusters.gateway import Gateway
from clusters.jobs import Reporter
from clusters.kinds.base import Role
from clusters.long_work import LongWork
from clusters.models import Build

if TYPE_CHECKING:
    from clusters.build.work import Built

log = logging.getLogger(__name__)

NEED = Need(Role.OPERATOR, "build")
AT_ONCE, OF_ONE_PERSON = 4, 3  # builds: of one host, and of one person anywhere
KEEP_EVERY = 3.0  # seconds between two times that the steps are kept while it runs
OUTPUTS_KEPT = 100  # builds whose output is kept; of older ones the steps stay


class Closing(Context, Protocol):
    """A context that may have something to put away when it is not needed any more."""

    def close(self) -> None:
        """Remove what was kept for it."""


_graphs: dict[str, tuple[Graph, int, int]] = {}  # by the key of the job: with the host and the person


def graph_of(key: str) -> Graph | None:
    """The steps of a build that runs here."""
    found = _graphs.get(key)
    return found[0] if found else None


async def begin(
    gateway: Gateway, actor: Actor, cluster_id: int, form: BuildForm, context: Closing | None = None
) -> str:
    """Begin a build; the key of its job. Raises Denied, and Conflict where too many run already."""
    sent = context or (None if form.git else Alone(form.dockerfile))
    kept = asyncio.Event()

    async def work(driver: Driver, reporter: Reporter) -> str:
        return await _work(driver, form, sent, reporter, kept)

    try:
        _check_room(actor.user_id, cluster_id)
        detail = {"line": docker_line(form, hidden=True)}
        asked = LongWork(
            need=NEED, verb="build", title=f"Build {form.tag}", run=work, detail=detail, about=("image", form.tag)
        )
        key = await gateway.begin(actor, cluster_id, asked)
    except BaseException:
        if sent:
            sent.close()
        raise
    await kept.wait()  # its page may be opened at once
    return key


def _check_room(user_id: int, cluster_id: int) -> None:
    hosts = [host for _, host, _ in _graphs.values()]
    people = [person for _, _, person in _graphs.values()]
    hint = "Wait until one has ended, or cancel one."
    if hosts.count(cluster_id) >= AT_ONCE:
        raise Conflict(f"{AT_ONCE} builds are running on that host already.", hint=hint)
    if people.count(user_id) >= OF_ONE_PERSON:
        raise Conflict(f"{OF_ONE_PERSON} builds of yours are running already.", hint=hint)


async def _work(
    driver: Driver, form: BuildForm, context: Closing | None, reporter: Reporter, kept: asyncio.Event
) -> str:
    job = reporter.job
    graph = Graph(read_dockerfile(form.dockerfile), form.secrets)
    _graphs[job.key] = graph, job.cluster_id or 0, job.actor_id or 0
    try:
        settings = form.kept | {"sent": context.words if context else ""}
        build = await Build.objects.acreate(job=job, tag=form.tag, settings=settings, dockerfile=form.dockerfile)
        kept.set()
        keeper = asyncio.create_task(_keep_while_running(build, graph))
        try:
            built = await _build(driver, form, context, graph, reporter, build)
        except BuildFailed as error:
            build.failure = asdict(error.failure)
            raise
        else:
            build.image, build.size, build.seconds = built.image, built.size, built.seconds
        finally:
            graph.end(done=bool(build.image))
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
            await asyncio.shield(_keep(build, graph, whole=True))
        return _words(form, built)
    finally:
        kept.set()
        if context:
            context.close()
        _graphs.pop(job.key, None)
        graph.tell()


async def _build(
    driver: Driver, form: BuildForm, context: Closing | None, graph: Graph, reporter: Reporter, build: Build
) -> Built:
    """With what was sent, or with what a repository holds now."""
    from clusters.build.work import build_image  # here: it needs 5 MB that only builds need (see work.py)

    if context is not None:
        return await build_image(driver, form, context, graph, reporter)
    assert form.git is not None
    reporter.say(f"Fetch {form.git}")
    async with fetched(form, form.git, graph) as (whole, sent, commit):
        reporter.say(f"This is commit {commit}.")
        build.dockerfile = whole.dockerfile
        build.settings |= {"sent": sent.words, "commit": commit}
        return await build_image(driver, whole, sent, graph, reporter)


async def _keep_while_running(build: Build, graph: Graph) -> None:
    changes = 0
    while True:
        await asyncio.sleep(KEEP_EVERY)
        if graph.changes != changes:
            changes = graph.changes
            await asyncio.shield(_keep(build, graph))


async def _keep(build: Build, graph: Graph, *, whole: bool = False) -> None:
    steps = graph.ordered()
    build.steps = [step.frame() for step in steps]
    build.warnings = list(graph.warnings)
    fields = ["steps", "warnings", "settings", "dockerfile"]
    if whole:
        build.output = {step.id: step.output.lines() for step in steps if step.output.count}
        fields += ["output", "failure", "image", "size", "seconds"]

    async def write() -> None:
        await build.asave(update_fields=fields)
        if whole:
            await _forget_old_output()

    if whole:
        await owed.write(f"build {build.pk}", write)
        return
    try:
        await write()
    except DatabaseError as error:  # there is more of it soon
        log.warning("how far build %s is cannot be kept now (%s)", build.pk, error)


async def _forget_old_output() -> None:
    keys = Build.objects.order_by("-id").values_list("pk", flat=True)
    async for oldest in keys[OUTPUTS_KEPT - 1 : OUTPUTS_KEPT]:
        await Build.objects.filter(pk__lt=oldest).exclude(output={}).aupdate(output={})


def _words(form: BuildForm, built: Built) -> str:
    return f"{form.tag} was built in {built.seconds:.1f} s."


def snapshot(build: Build, graph: Graph | None) -> dict[str, Any]:
    """All that a page shows of the steps: as they stand now, or as they were kept."""
    if graph is not None:
        return {"steps": [step.frame() for step in graph.ordered()], "warnings": graph.warnings}
    return {"steps": build.steps, "warnings": build.warnings}


def output_of(build: Build, graph: Graph | None, step_id: str) -> list[tuple[int, str]]:
    """The kept lines of one step, with their numbers."""
    if graph is not None:
        step = graph.steps.get(step_id)
        return step.output.lines() if step else []
    return [(number, text) for number, text in build.output.get(step_id, [])]
