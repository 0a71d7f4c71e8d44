"""One run of the program against a host: the text it gets, what it says meanwhile, what went wrong in plain words."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from clusters.compose.engine import way_to
from clusters.compose.program import environment, private_folder, run, the_program
from clusters.compose.progress import Effect, Event, Heard, effects
from clusters.drivers.base import Driver
from clusters.errors import ClusterError, Conflict, Missing
from clusters.kinds.docker.full_disk import full_disk, is_full
from clusters.kinds.docker.transfer_errors import transfer_error
from clusters.registries.reference import read_reference

if TYPE_CHECKING:
    from clusters.kinds.base import Says

WORK = 3600.0  # seconds that a change of a project may take


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What the program is to do with a project. Without a text it goes by the labels of what is there."""

    project: str
    words: Sequence[str]
    text: str = ""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    auths: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)  # sign-ins, by registry


def listener(says: Says, hide: Callable[[str], str] = str) -> Heard:
    """Hears the program, and tells a job: one line for each thing."""

    def tell(event: Event) -> None:
        if not event.part:
            says.progress(f"{event.sort} {event.name}", event.words)

    return Heard(tell, lambda words: says.say(words, "warning"), hide)


async def carry(driver: Driver, errand: Errand, heard: Heard, within: float = WORK) -> None:
    """Let the program do it to its end. Raises what is wrong, in words. Cancelled, it is stopped."""
    program = await the_program()
    async with private_folder() as folder, way_to(driver, folder) as socket:
        write_sign_ins(folder, errand.auths)
        words = ("--progress", "json", "--project-directory", str(folder), "--project-name", errand.project)
        file = ("--file", "-") if errand.text else ()
        env = environment(folder, errand.values, socket)
        told = (*words, *file, *errand.words)
        ended = await run(program, told, env, folder, errand.text, within=within, heard=heard.take)
    if ended.code:
        raise _failed(heard)


def sum_of(found: Sequence[Effect]) -> str:
    """ "2 containers created, 1 network left"."""
    parts = []
    for sort in ("Container", "Network", "Volume", "Image"):
        for what in ("created", "re-created", "started", "left", "removed", "pulled"):
            many = sum(one.sort == sort and one.what == what for one in found)
            if many:
                parts.append(f"{many} {sort.lower()}{'' if many == 1 else 's'} {what}")
    return ", ".join(parts) or "nothing to do"


def so_far(heard: Heard, again: str = "Deploy again to go on.") -> str:
    """What is there although it was not brought to its end."""
    done = [one for one in effects(heard.events) if one.what not in ("failed", "pulled")]
    if not done:
        return "Nothing of the project was changed."
    return f"By then: {sum_of(done)}. That stays. {again}"


def write_sign_ins(folder: Path, auths: Mapping[str, Mapping[str, str]]) -> None:
    """The stored sign-ins of the registries that its images are from, in a file that only we can read."""
    handle = os.open(folder / "config.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump({"auths": auths}, file)


def _failed(heard: Heard) -> ClusterError:
    said = heard.error.removeprefix("Error response from daemon: ")
    low = said.casefold()
    if "port is already allocated" in low or "address already in use" in low:
        return Conflict("A port that it publishes is taken on that machine.", hint="Choose another one.", detail=said)
    names = [one.name for one in heard.events if one.failed and one.sort == "Image"]
    if ("not found" in low and "resolve reference" in low) or "manifest unknown" in low:
        return Missing(
            f"There is no image {names[0] if names else 'of that name'} where it is fetched from.", detail=said
        )
    if is_full(said):
        return full_disk(said)
    if "no such image" in low:
        return Missing("An image is not on that machine.", detail=said)
    if "is already in use by container" in low:
        return Conflict("A container of that name is there already, and not of this project.", detail=said)
    if "cannot connect to the docker daemon" in low or "eof" in low.split():
        return ClusterError("The engine was lost in the middle.", hint="Try again when it answers.", detail=said)
    if names:
        told = transfer_error(ClusterError(said, detail=said), names[0], read_reference(names[0]).host, push=False)
        if told.message != said:
            return told
    first = said.strip().splitlines()[0][:300] if said.strip() else "The program ended without saying why."
    return ClusterError(f"{first}." if first[-1].isalnum() else first, detail=said)
