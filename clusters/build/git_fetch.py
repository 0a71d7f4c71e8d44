"""Fetches one version of a repository with the program ``git``, and nothing more of what git can do.

The repository is bare and gets no hooks, no configuration of the machine or of its own, no submodules, no large-file
storage and no other protocol. Git connects to the address that was checked, follows no redirect, and is ended when it
takes too long or writes too much. Its files are never laid out on the disk: they stay in one tar, which is read as
an uploaded archive is.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from django.conf import settings

from clusters.addresses import literal
from clusters.build.archive import MOST_BYTES, Entry, from_repository
from clusters.build.git_address import GitAddress, reachable
from clusters.build.git_errors import failure_of
from clusters.build.git_token import secrets_of, signed_in
from clusters.build.output import hide
from clusters.errors import ClusterError, Invalid, Missing, Unsupported
from clusters.kinds.formats import size
from clusters.own_disk import FREE, little_room_for_files

OLDEST = (2, 37)  # since then git connects to the address it is told (http.curloptResolve)
SECONDS = 300.0  # for all of it
LOOK = 0.2  # seconds between two looks at what was written
_VERSION = re.compile(r"git version (\d+)\.(\d+)")
_NEVER = {
    "credential.helper": "",
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.bigFileThreshold": "8m",
    "safe.bareRepository": "explicit",
    "protocol.file.allow": "never",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "fetch.uriProtocols": "",
    "fetch.unpackLimit": "1",
    "transfer.bundleURI": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "http.followRedirects": "false",
    "http.proxy": "",
    "http.sslVerify": "true",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "30",
}
# Files as they are: what a repository says about leaving some out of archives is not about builds.
_ATTRIBUTES = "* -export-ignore -export-subst\n"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched: the commit, and its files in one tar."""

    commit: str
    path: Path
    entries: list[Entry]
    warnings: tuple[str, ...]

    def close(self) -> None:
        """Away with it."""
        shutil.rmtree(self.path.parent, ignore_errors=True)


async def fetch(address: GitAddress, token: str, heard: Callable[[bytes], None], ca: str = "") -> Fetched:
    """Get it. ``heard``: what git says meanwhile. Raises what is wrong, in words. Cancelled, git is ended.

    ``ca``: who issued the server's certificate, where that is nobody whom this machine trusts.
    """
    program = await git_program()
    machines = await reachable(address)
    folder = work_folder()
    try:
        git = Git(program, folder, address, machines, token, heard)
        if ca:
            git.trust(ca)
        async with asyncio.timeout(SECONDS):
            commit = await git.fetch()
            tar = await git.archive(commit)
            entries = await asyncio.to_thread(from_repository, tar)
            if not entries:
                raise Missing(f"There is no file in {address.folder or 'that repository'}.")
        return Fetched(commit, tar, entries, await asyncio.to_thread(_warnings, tar, entries))
    except TimeoutError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise Invalid(f"Fetching took longer than {SECONDS / 60:.0f} minutes and was ended.") from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


class Git:
    """The program, told what it may do."""

    def __init__(
        self,
        program: str,
        folder: Path,
        address: GitAddress,
        machines: tuple[str, ...],
        token: str,
        heard: Callable[[bytes], None],
    ) -> None:
        self._program, self._folder, self._address, self._heard = program, folder, address, heard
        self._hidden = secrets_of(token)
        self._stopped: ClusterError | None = None  # why we ended it
        self._config = dict(_NEVER)
        if literal(address.host) is None:  # a name: whatever it leads to by now, git goes where we looked
            pinned = ",".join(f"[{one}]" if ":" in one else one for one in machines)
            self._config["http.curloptResolve"] = f"{address.host}:{address.port}:{pinned}"
        self._environment = {
            "PATH": os.defpath,
            "HOME": str(folder),
            "LC_ALL": "C",
            "GIT_DIR": str(folder / "repository"),
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_ALLOW_PROTOCOL": urlsplit(address.url).scheme,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            **signed_in(token),
        }

    def trust(self, ca: str) -> None:
        """The certificates of this authority, and no others."""
        file = self._folder / "ca.pem"
        file.write_text(ca)
        none = self._folder / "no-others"
        none.mkdir(exist_ok=True)
        self._config |= {"http.sslCAInfo": str(file), "http.sslCAPath": str(none)}  # the machine's have a folder, too

    async def fetch(self) -> str:
        """The commit, whole and alone."""
        await self.run("init", "--bare", "--quiet", "--template=")
        info = self._folder / "repository" / "info"
        info.mkdir(exist_ok=True)
        (info / "attributes").write_text(_ATTRIBUTES)
        try:
            await self._fetch("--depth=1", self._address.ref or "HEAD")
        except Missing:
            if not self._address.may_be_short:
                raise
            await self._fetch("--depth=1", await self._whole())
        return (await self.run("rev-parse", "--verify", "FETCH_HEAD^{commit}")).decode().strip()

    async def _fetch(self, how: str, *what: str) -> None:
        quiet = ("--no-tags", "--no-recurse-submodules", "--progress")
        await self.run("fetch", how, *quiet, "--", self._address.url, *what)

    async def _whole(self) -> str:
        """The commit that begins so. A server knows whole names only: the commits alone are fetched, without files."""
        kept = self._environment["GIT_DIR"]
        self._environment["GIT_DIR"] = str(self._folder / "commits")
        try:
            await self.run("init", "--bare", "--quiet", "--template=")
            await self._fetch("--filter=tree:0", "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
            return (await self.run("rev-parse", "--verify", f"{self._address.ref}^{{commit}}")).decode().strip()
        finally:
            self._environment["GIT_DIR"] = kept
            shutil.rmtree(self._folder / "commits", ignore_errors=True)

    async def archive(self, commit: str) -> Path:
        """Its files as a tar; those of the folder alone where one is named."""
        tar = self._folder / "files.tar"
        tree = f"{commit}:{self._address.folder}" if self._address.folder else commit
        with tar.open("wb") as out:
            await self.run("archive", "--format=tar", tree, out=out)
        return tar

    async def run(self, *words: str, out: IO[bytes] | None = None) -> bytes:
        """One of its commands; what it prints first. Raises what went wrong."""
        configured = [word for name, value in self._config.items() for word in ("-c", f"{name}={value}")]
        process = await asyncio.create_subprocess_exec(
            self._program,
            *configured,
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out or asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._environment,
            cwd=self._folder,
            start_new_session=True,
        )
        watcher = asyncio.create_task(self._watch_size(process))
        try:
            said, printed, _ = await asyncio.gather(
                self._listen(process.stderr), _first(process.stdout), process.wait()
            )
        finally:
            watcher.cancel()
            if process.returncode is None:
                _end(process)
                await process.wait()
        if process.returncode:
            raise self._stopped or failure_of(words[0], said, self._address)
        return printed

    async def _listen(self, stream: asyncio.StreamReader | None) -> str:
        said = b""
        while stream is not None and (data := await stream.read(4096)):
            text = hide(data.decode(errors="replace"), self._hidden)
            said = (said + text.encode())[-8000:]
            self._heard(text.encode())
        return said.decode(errors="replace")

    async def _watch_size(self, process: asyncio.subprocess.Process) -> None:
        while self._stopped is None:
            await asyncio.sleep(LOOK)
            if await asyncio.to_thread(_size, self._folder) > MOST_BYTES:
                self._stopped = Invalid(f"That repository is larger than {size(MOST_BYTES)}.")
            else:
                self._stopped = little_room_for_files(self._folder)
        _end(process)


async def git_program() -> str:
    """Where git is. Raises Unsupported where it is missing, or too old."""
    program = shutil.which("git")
    if program is None:
        hint = "Install git there, or upload the files."
        raise Unsupported("There is no program “git” beside Pilothouse.", hint=hint)
    process = await asyncio.create_subprocess_exec(program, "--version", stdout=asyncio.subprocess.PIPE, env={})
    said, _ = await process.communicate()
    found = _VERSION.match(said.decode(errors="replace"))
    if found is None or (int(found[1]), int(found[2])) < OLDEST:
        words = f"The program “git” beside Pilothouse is too old: {OLDEST[0]}.{OLDEST[1]} or newer is needed."
        raise Unsupported(words, hint="Update git there, or upload the files.", detail=said.decode(errors="replace"))
    return program


_open: set[Path] = set()  # folders that are in use


def work_folder() -> Path:
    """A new folder of ours on the disk; what a stopped Pilothouse left goes. Raises NoRoom where there is none."""
    home = Path(settings.DATA, "git")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in set(home.iterdir()) - _open:
        shutil.rmtree(old, ignore_errors=True)  # what a stopped Pilothouse left
    _open.difference_update([path for path in _open if not path.exists()])
    if full := little_room_for_files(home, FREE):
        raise full
    folder = Path(tempfile.mkdtemp(dir=home))
    _open.add(folder)
    return folder


async def _first(stream: asyncio.StreamReader | None) -> bytes:
    return b"" if stream is None else await stream.read(4096)


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.lstat().st_size
    return total


def _end(process: asyncio.subprocess.Process) -> None:
    """The program and all it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _warnings(tar: Path, entries: list[Entry]) -> tuple[str, ...]:
    found = []
    names = {entry.name: entry for entry in entries}
    if ".gitmodules" in names:
        found.append("The repository has submodules. They are not fetched: their folders are empty.")
    attributes = names.get(".gitattributes")
    if attributes and not attributes.link and attributes.size < 64 << 10:
        with tar.open("rb") as file:
            file.seek(attributes.offset)
            if b"filter=lfs" in file.read(attributes.size):
                found.append("Some files are in Git LFS. They are not fetched: what is built holds their pointers.")
    return tuple(found)
