"""Carries out one build: sends what is needed, follows the steps, and tells truthfully how it ended.

Imported when the first one begins: the messages of BuildKit need a library that takes 5 MB of memory.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

from google.protobuf.message import DecodeError

from clusters.build.classic import Classic
from clusters.build.context import Context
from clusters.build.engine import build_engine, classic_builder
from clusters.build.form import BuildForm, docker_line
from clusters.build.graph import Graph, Step
from clusters.build.mounts import wanted_mounts
from clusters.build.session import answers, registries_of
from clusters.build.trace_pb2 import StatusResponse
from clusters.build.words import BuildFailed, explain
from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Invalid, Unreachable, Unsupported
from clusters.kinds.base import Says
from clusters.kinds.formats import short_id, size
from clusters.registries.sign_in import credentials

TRACE, IMAGE = "moby.buildkit.trace", "moby.image.id"
SLOWEST = 50_000  # bytes a second that a line to an engine carries at least
PATIENCE = 300.0  # seconds until the engine says its first word


@dataclass(frozen=True, slots=True)
class Built:
    """The image that was made."""

    image: str  # its id
    size: int | None
    seconds: float


async def build_image(driver: Driver, form: BuildForm, context: Context, graph: Graph, says: Says) -> Built:
    """Build it. Raises BuildFailed, or what is wrong with the engine. Cancelled, it is cancelled over there, too."""
    began = time.monotonic()
    says.say(docker_line(form, hidden=True))
    says.say(f"Sent: {context.words}.")
    done = False
    try:
        image = await _follow(driver, form, context, graph, says)
        done = True
    finally:
        graph.end(done=done)
    built = Built(image, await _size(driver, image), time.monotonic() - began)
    says.say(f"{form.tag} is {short_id(image)}{f', {size(built.size)}' if built.size is not None else ''}.")
    return built


async def _follow(driver: Driver, form: BuildForm, context: Context, graph: Graph, says: Says) -> str:
    for host in registries_of(graph.dockerfile, dict(form.arguments)):
        await credentials(host)  # what cannot be opened is said now: an engine would only say that it was denied
    classic = await classic_builder(driver)
    if classic:
        says.say("The engine builds without BuildKit: with its classic builder, one step after the other.")
    _warn_of_secrets(form, graph)
    try:
        if classic:
            return await _stream(driver, form, context, graph, says, classic=True)
        async with build_engine(driver).session(answers(form, graph.dockerfile)) as session:
            return await _stream(driver, form, context, graph, says, session=session)
    except (Invalid, Unsupported) as error:
        if not classic and "buildkit" in f"{error.message} {error.detail}".lower():
            says.say("The engine has no BuildKit: its classic builder is asked instead.")
            return await _stream(driver, form, context, graph, says, classic=True)
        if classic and isinstance(error, Invalid):  # a Dockerfile that it cannot read is refused as a whole
            raise BuildFailed(explain(error.detail, graph, form.secrets, alone=context.alone)) from error
        raise


async def _stream(
    driver: Driver,
    form: BuildForm,
    context: Context,
    graph: Graph,
    says: Says,
    *,
    classic: bool = False,
    session: str = "",
) -> str:
    builder = {"version": "1"} if classic else {"version": "2", "session": session}
    call = Call(
        "POST",
        ("build",),
        query={**form.query, **builder},
        content_type="application/x-tar",
        timeout=PATIENCE + context.size / SLOWEST,
        data=context.pieces(),
        registries=registries_of(graph.dockerfile, dict(form.arguments)) if classic else frozenset(),
    )
    image, printed = "", Classic(graph)
    told: dict[str, str] = {}
    try:
        async with aclosing(cast(Any, driver.stream(call))) as stream:
            async for news in stream:
                if problem := news.get("error"):
                    printed.failed(str(problem))
                    raise BuildFailed(explain(str(problem), graph, form.secrets, alone=context.alone))
                image = _take(news, graph) or image
                printed.take(news)  # also of an engine that was asked for BuildKit and has none
                _say_steps(graph, says, told)
    except Unreachable as error:
        hint = "The engine stops building when that happens. Build again when it answers."
        raise Unreachable("The engine was lost in the middle of the build.", hint=hint, detail=error.message) from error
    printed.done()
    _say_steps(graph, says, told)
    if not image:
        raise ClusterError("The engine ended the build without saying what came of it.", hint="Look at its log.")
    return image


def _warn_of_secrets(form: BuildForm, graph: Graph) -> None:
    given = {name for name, _ in form.mounts}
    for name in wanted_mounts(graph.dockerfile):
        if name not in given:
            graph.warn(f"A step asks for the secret “{name}”, and it was not given: see “Secrets” in the form.")


def _take(news: Mapping[str, Any], graph: Graph) -> str:
    """Take in one message; the id of the image when it says that."""
    kind, aux = news.get("id"), news.get("aux")
    if kind == TRACE and isinstance(aux, str):
        try:
            graph.feed(StatusResponse.FromString(base64.b64decode(aux, validate=True)))
        except (DecodeError, binascii.Error, ValueError) as error:
            raise Unsupported("The engine tells of the build in a way we do not know.", detail=str(error)) from error
    elif isinstance(aux, Mapping):
        return str(aux.get("ID") or "")[:100]
    return ""


def _say_steps(graph: Graph, says: Says, told: dict[str, str]) -> None:
    """A line of the job for each step that ended."""
    for step in graph.steps.values():
        if told.get(step.id) != step.state and step.state in ("done", "cached", "failed"):
            told[step.id] = step.state
            says.progress(step.id, _line(step))


def _line(step: Step) -> str:
    frame = step.frame()
    where = f"line {frame['line']}: " if frame["line"] else ""
    seconds = f" ({frame['seconds']:.1f} s)" if frame["seconds"] is not None and step.state == "done" else ""
    return f"{where}{frame['name'][:300]}: {step.state}{seconds}"


async def _size(driver: Driver, image: str) -> int | None:
    try:
        async with asyncio.timeout(20):
            found = await driver.call(Call("GET", ("images", image, "json")))
    except (ClusterError, TimeoutError):
        return None
    size = found.get("Size") if isinstance(found, dict) else None
    return size if isinstance(size, int) else None
