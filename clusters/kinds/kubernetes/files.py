"""The files of a pod's container, through the ``tar`` that is in it, as ``kubectl cp`` does.

Folders are listed by its ``find`` and ``stat``, because an archive of a folder holds all that is below it. All of it
runs as the container's own user, and all that it prints is as untrusted as any archive.
"""

from __future__ import annotations

import asyncio
import posixpath
import secrets
import tarfile
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from clusters.drivers.base import Driver, LogSource, Program
from clusters.errors import ClusterError, Conflict, Invalid, Missing, Refused, Unreachable, Unsupported
from clusters.kinds import files
from clusters.kinds.files import Files, Listing, Preview, check_upload, clean_path
from clusters.kinds.files_listed import MOST_PRINTED, SAYS, SCRIPT, entries
from clusters.kinds.filing import Filing
from clusters.kinds.kubernetes.pod_model import Pod
from clusters.kinds.tar import BLOCK, Entry, one_file

LIST_SECONDS = 8.0
UPLOAD_SECONDS = 600.0
ENDING_SECONDS = 30.0  # that writing may take once all was sent
_LIST = f"export {' '.join(f'{name}={value}' for name, value in SAYS.items())}; {SCRIPT}"
# Where a program cannot be told that its input is over: it is given just as much as there is.
_UNPACK_SO_MUCH = 'head -c "$0" | tar -xmf - -C "$1"'
NO_TAR = (
    "Files go through the tar of its image, and this one has none. Debug, on this page, puts a container with tools "
    "beside it: choose that one here, the files of this one are below /proc/1/root there."
)


@dataclass(frozen=True, slots=True)
class PodFiles:
    """Those of one container."""

    driver: Driver
    source: LogSource
    asks_first = True

    async def pack(self, path: str) -> AsyncGenerator[bytes, None]:
        """Its tar's archive of it. Where that is empty, the words of tar say why."""
        folder, name = posixpath.split(path)
        program = await self._start("tar", "-cf", "-", "-C", folder, f"./{name}")
        held: bytes | None = b""
        try:
            async for data in _told(program):
                if held is None:
                    yield data
                    continue
                held += data
                if len(held) >= BLOCK and any(held[:BLOCK]):
                    yield held
                    held = None
                held = held[:BLOCK] if held is not None else None
            if held is not None:
                raise _trouble(program.errors, path)
        finally:
            await program.close()

    async def inside(self, path: str) -> tuple[list[Entry], bool] | None:
        """What its find and stat say is in a folder."""
        mark = f"\n:{secrets.token_hex(8)}:"
        printed = bytearray()
        try:
            program = await self._start("sh", "-c", _LIST, path, mark)
            try:
                async with asyncio.timeout(LIST_SECONDS):
                    async for data in program.output():
                        printed += data
                        if len(printed) > MOST_PRINTED:
                            break
            finally:
                await program.close()
        except (Unsupported, TimeoutError):
            return None
        return list(entries(printed.decode("utf-8", "replace"), mark)), program.ended == "exit 0"

    async def look(self, path: str) -> Listing | Preview:
        """A folder's list, or a file as text."""
        return await files.look(self, path)

    async def open_file(self, path: str) -> tuple[Entry, AsyncIterator[bytes]]:
        """A file, or a folder as an archive; what its user may not read is not in that."""
        return await files.open_file(self, path)

    async def put_file(self, folder: str, name: str, size: int, data: AsyncIterator[bytes]) -> None:
        """Put a file into a folder; one of that name is replaced, and its owner and mode stay where its user may."""
        check_upload(name, size)
        folder = clean_path(folder)
        before = await files.there(self, f"{folder.rstrip('/')}/{name}")
        if before and before.kind == "folder":
            raise Conflict(f"There is a folder called {name} already.")
        archive = one_file(name, size, data, before if before and before.kind == "file" else None, tarfile.GNU_FORMAT)
        header = await anext(archive)
        length = len(header) + size + -size % BLOCK + 2 * BLOCK
        program = await self._unpacking(folder, length)
        try:
            async with asyncio.timeout(UPLOAD_SECONDS):
                await _fed(program, header, archive)
        except TimeoutError as error:
            raise Unreachable("The container takes the file too slowly.", hint="It may be there in part.") from error
        finally:
            await program.close()
        if program.ended != "exit 0":
            raise _trouble(program.errors, folder)

    async def _unpacking(self, folder: str, length: int) -> Program:
        program = await self._start("tar", "-xmf", "-", "-C", folder, takes_input=True)
        if program.ends_input:
            return program
        await program.close()
        return await self._start("sh", "-c", _UNPACK_SO_MUCH, str(length), folder, takes_input=True)

    async def _start(self, *command: str, takes_input: bool = False) -> Program:
        return await self.driver.program(self.source, command, takes_input=takes_input)


async def _told(program: Program) -> AsyncIterator[bytes]:
    try:
        async for data in program.output():
            yield data
    except Unsupported as error:
        raise Unsupported("The files of this container cannot be reached.", hint=NO_TAR, detail=error.detail) from error


async def _fed(program: Program, header: bytes, archive: AsyncIterator[bytes]) -> None:
    """Give it the archive, unless it ends before; then wait until it is through."""

    async def hear() -> None:
        async for _ in _told(program):
            pass

    hearing = asyncio.create_task(hear())
    try:
        try:
            await program.write(header)
            async for piece in archive:
                if hearing.done():
                    break
                await program.write(piece)
            if program.ends_input and not hearing.done():
                await program.end_input()
        except Unreachable:
            await asyncio.wait({hearing}, timeout=1.0)  # why it takes no more, if it says so
            if not hearing.done() or hearing.exception() or program.ended == "exit 0":
                raise
        async with asyncio.timeout(ENDING_SECONDS):
            await hearing
    finally:
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)


def _trouble(said: str, path: str) -> ClusterError:
    """What tar says, in words."""
    for mark, error in (
        ("Read-only file system", Refused("It is read-only there.", hint="Volumes may be written to.", detail=said)),
        ("No space left", Conflict("There is no room left there.", detail=said)),
        ("Permission denied", Refused("The user that it runs as may not do that.", detail=said)),
        ("not permitted", Refused("The user that it runs as may not do that.", detail=said)),
        ("Not a directory", Invalid(f"{path} is no folder.", detail=said)),
        ("No such file", Missing(f"There is nothing at {path}.", detail=said)),
    ):
        if mark.lower() in said.lower():
            return error
    return Conflict("The tar in this container did not do it.", detail=said)


def running(pod: Pod) -> Sequence[str]:
    """Its containers that run: its own first, as written, then those of set-up steps and those put beside it."""
    status = pod.status
    told = (status.container_statuses, status.init_container_statuses, status.ephemeral_container_statuses)
    names = [one.name for some in told for one in some or () if one.state.running]
    written = {one.name: place for place, one in enumerate(pod.spec.containers or ())}
    return sorted(names, key=lambda name: written.get(name, len(written)))  # the cluster tells its own by their names


@asynccontextmanager
async def _of_pod(driver: Driver, pod: Pod, container: str, write: bool) -> AsyncIterator[Files]:
    names = running(pod)
    if not names or (container and container not in names):
        raise Missing("This container does not run, so its files cannot be reached." if container
                      else "No container of it runs, so its files cannot be reached.")  # fmt: skip
    yield PodFiles(driver, LogSource(pod, "pod", container or names[0]))


OF_POD: Filing[Pod] = Filing(way=_of_pod, containers=running)
