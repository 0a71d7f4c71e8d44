"""The first step of a build from git: fetch the repository, and take the Dockerfile from it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from clusters.build.dockerfile import read_dockerfile
from clusters.build.form import BuildForm, check_dockerfile
from clusters.build.git_address import GitAddress
from clusters.build.git_fetch import Fetched, fetch
from clusters.build.graph import Graph, Step
from clusters.build.sent import Sent
from clusters.build.uploads import Upload
from clusters.errors import ClusterError, Missing

STEP = "git"


@asynccontextmanager
async def fetched(form: BuildForm, address: GitAddress, graph: Graph) -> AsyncIterator[tuple[BuildForm, Sent, str]]:
    """The form with its Dockerfile, what is sent, and the commit; gone from the disk afterwards."""
    step = graph.add(STEP, f"Fetch {address}")
    assert step is not None  # the first of all
    found = await _fetch(form, address, graph, step)
    try:
        upload = Upload("", 0, found.path, entries=found.entries)
        text = upload.dockerfile(form.path)
        if text is None:
            where = f" in {address.folder}" if address.folder else ""
            raise Missing(f"There is no {form.path}{where} in that repository.", hint="Its path is in “More settings”.")
        form = replace(form, dockerfile=check_dockerfile(text))
        graph.dockerfile = read_dockerfile(form.dockerfile)
        yield form, Sent(upload, form.dockerfile, form.path), found.commit
    finally:
        found.close()


async def _fetch(form: BuildForm, address: GitAddress, graph: Graph, step: Step) -> Fetched:
    def heard(data: bytes) -> None:
        step.output.feed(2, data)
        graph.set(step, step.state)
        graph.tell()

    graph.begin_span(step)
    graph.set(step, "running")
    graph.tell()
    try:
        found = await fetch(address, form.token, heard, form.git_ca)
    except ClusterError as error:
        graph.set(step, "failed", error.message)
        raise
    finally:
        graph.end_span(step)
    heard(f"\nThis is commit {found.commit}\n".encode())
    graph.set(step, "done")
    for warning in found.warnings:
        graph.warn(warning)
    return found
