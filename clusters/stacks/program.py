"""The official program that deploys stacks: `docker stack`, found on this machine and asked for its version."""

from __future__ import annotations

import asyncio
import os
import re
import shutil

from clusters.compose.program import Found, environment, private_folder, run
from clusters.errors import ClusterError, Unsupported

OLDEST = (26, 0)  # the first that can be told not to wait
INSTALL = "sudo apt-get install docker-ce-cli docker-compose-plugin"
_VERSION = re.compile(r"Docker version (\d+)\.(\d+)\.\S*?(?=,|\s|$)")
at_once = asyncio.Semaphore(4)  # texts that it looks at
_asked: dict[tuple[str, int, int], Found] = {}  # what a file said of its version, as long as it is that file


async def find_docker() -> Found:
    """Look for it, and ask it for its version; the same file is asked once."""
    path = shutil.which("docker") or ""
    if not path:
        return Found(
            why_not="The program that deploys stacks, docker, is not installed beside Pilothouse.", install=INSTALL
        )
    try:
        file = await asyncio.to_thread(os.stat, path)
        which = path, file.st_mtime_ns, file.st_size
        if which in _asked:
            return _asked[which]
        async with asyncio.timeout(10), private_folder() as folder:
            ended = await run(path, ("--version",), environment(folder), folder)
    except (OSError, TimeoutError, ClusterError):
        return Found(path, why_not=f"{path} cannot be started, or does not say its version.", install=INSTALL)
    version = _VERSION.search(ended.printed)
    if version is None or (int(version[1]), int(version[2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        said = version[0].removeprefix("Docker version ") if version else "of an unknown version"
        return Found(path, said, f"The docker program {said} is too old: {oldest} or newer is needed.", INSTALL)
    _asked.clear()
    _asked[which] = Found(path, version[0].removeprefix("Docker version "))
    return _asked[which]


async def the_docker() -> str:
    """Its path. Raises Unsupported with the reason and the line that installs it."""
    found = await find_docker()
    if found.why_not:
        raise Unsupported(found.why_not, hint=f"Install it there: {found.install}", copy=found.install)
    return found.path
