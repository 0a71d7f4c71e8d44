"""What is in a large folder, asked of the container's own ``find`` and ``stat``, as whoever the container runs as.

The engine's archive of a folder holds everything below it: of a root folder that takes many seconds. This takes
milliseconds, but only where a container runs and has those programs. It is asked as the container's own user, for a
program of an image must not become root by being looked at. All that it prints is as untrusted as an archive.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import aclosing
from struct import Struct

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError
from clusters.kinds.files_listed import MOST_PRINTED, SAYS, SCRIPT, entries
from clusters.kinds.tar import Entry

SECONDS = 8.0
_HEADER = Struct(">BxxxI")  # which stream, three zeros, how many bytes follow
_OUT = 1


async def list_inside(driver: Driver, uid: str, path: str) -> tuple[list[Entry], bool] | None:
    """The entries, and whether these are all; None where it cannot be asked."""
    mark = f"\n:{secrets.token_hex(8)}:"
    try:
        made = await driver.call(Call("POST", ("containers", uid, "exec"), body=_wanted(path, mark), timeout=5.0))
        number = str(made["Id"]) if isinstance(made, dict) else ""
        text = await _printed(driver, number)
        ended = await driver.call(Call("GET", ("exec", number, "json"), timeout=5.0))
    except (ClusterError, TimeoutError, KeyError):
        return None
    whole = isinstance(ended, dict) and ended.get("ExitCode") == 0 and not ended.get("Running")
    return list(entries(text, mark)), whole


def _wanted(path: str, mark: str) -> dict[str, object]:
    return {
        "AttachStdout": True,
        "AttachStderr": False,
        "Env": [f"{name}={value}" for name, value in SAYS.items()],
        "Cmd": ["sh", "-c", SCRIPT, path, mark],
    }


async def _printed(driver: Driver, number: str) -> str:
    call = Call("POST", ("exec", number, "start"), body={"Detach": False, "Tty": False}, timeout=SECONDS)
    printed = bytearray()
    async with asyncio.timeout(SECONDS), aclosing(driver.download(call)) as pieces:
        async for data in _frames(pieces):
            printed += data
            if len(printed) > MOST_PRINTED:
                break
    return printed.decode("utf-8", "replace")


async def _frames(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """What was printed, without the engine's headers around it; an answer that has none gives nothing."""
    rest = b""
    async for piece in pieces:
        rest += piece
        start = 0
        while len(rest) >= (begin := start + _HEADER.size):
            stream, length = _HEADER.unpack_from(rest, start)
            if stream > 2 or length > MOST_PRINTED:
                return
            if len(rest) < begin + length:
                break
            if stream == _OUT:
                yield rest[begin : begin + length]
            start = begin + length
        rest = rest[start:]
