"""What is in a large folder, asked of the container's own ``find`` and ``stat``, as whoever the container runs as.

The engine's archive of a folder holds everything below it: of a root folder that takes many seconds. This takes
milliseconds, but only where a container runs and has those programs. It is asked as the container's own user, for a
program of an image must not become root by being looked at. All that it prints is as untrusted as an archive.
"""

from __future__ import annotations

import asyncio
import secrets
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from struct import Struct

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError
from clusters.kinds.docker.tar import MOST_SIZE, Entry, What

SECONDS = 8.0
MOST_PRINTED = 16 << 20  # bytes
_HEADER = Struct(">BxxxI")  # which stream, three zeros, how many bytes follow
_OUT = 1
# The mark before each entry cannot be guessed by whoever chose the names. $0: the folder, $1: the mark.
_SCRIPT = 'cd -P "$0" && exec find . -mindepth 1 -maxdepth 1 -exec stat -c "$1 %f %s %Y %n$1>%N" "{}" +'
_KINDS: dict[int, What] = {
    stat.S_IFDIR: "folder",
    stat.S_IFREG: "file",
    stat.S_IFLNK: "link",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
    stat.S_IFIFO: "pipe",
}


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
        "Env": ["LC_ALL=C", "QUOTING_STYLE=literal"],
        "Cmd": ["sh", "-c", _SCRIPT, path, mark],
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
        while len(rest) >= _HEADER.size:
            stream, length = _HEADER.unpack_from(rest)
            if stream > 2 or length > MOST_PRINTED:
                return
            if len(rest) < _HEADER.size + length:
                break
            if stream == _OUT:
                yield rest[_HEADER.size : _HEADER.size + length]
            rest = rest[_HEADER.size + length :]


def entries(text: str, mark: str) -> Iterator[Entry]:
    """What ``stat`` printed, entry by entry; what is cut or makes no sense is left out."""
    for record in f"\n{text}".split(f"{mark} ")[1:]:
        words, _, link = record.partition(f"{mark}>")
        try:
            mode, size, changed, name = words.split(" ", 3)
            number, bytes_, at = int(mode[:8], 16), int(size[:20]), float(changed[:20])
        except ValueError:
            continue
        short = name.removeprefix("./")
        if not short or "/" in short or short in (".", ".."):
            continue
        kind = _KINDS.get(stat.S_IFMT(number), "thing")
        yield Entry(
            name=short[:4096],
            kind=kind,
            size=bytes_ if kind == "file" and 0 <= bytes_ <= MOST_SIZE else 0,
            mode=stat.S_IMODE(number),
            changed=min(max(at, 0.0), 4e9),
            target=_target(name, link.rstrip("\n")) if kind == "link" else "",
        )


def _target(name: str, shown: str) -> str:
    """Where a link leads; ``stat`` writes it as name -> target, with quotes or without."""
    for quote in ("'", ""):
        begin = f"{quote}{name}{quote} -> {quote}"
        if shown.startswith(begin) and shown.endswith(quote):
            return shown[len(begin) : len(shown) - len(quote)][:4096]
    return ""
